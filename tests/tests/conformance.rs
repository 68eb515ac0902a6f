//! Scenarios in which the sandbox must behave as Apache Kafka does: by the wire, and by librdkafka's clients.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

#[path = "conformance/clients/mod.rs"]
mod clients;
#[path = "conformance/configs.rs"]
mod configs;
#[path = "conformance/each_broker.rs"]
mod each_broker;
#[path = "conformance/eligible.rs"]
mod eligible;
#[path = "conformance/fetch.rs"]
mod fetch;
#[path = "conformance/first_use.rs"]
mod first_use;
#[path = "conformance/groups.rs"]
mod groups;
#[path = "conformance/list_offsets.rs"]
mod list_offsets;
#[path = "conformance/members.rs"]
mod members;
#[path = "conformance/metadata.rs"]
mod metadata;
#[path = "conformance/offsets.rs"]
mod offsets;
#[path = "conformance/others.rs"]
mod others;
#[path = "conformance/placement.rs"]
mod placement;
#[path = "conformance/produce.rs"]
mod produce;
#[path = "conformance/replication.rs"]
mod replication;
#[path = "conformance/topics.rs"]
mod topics;
#[path = "conformance/versions.rs"]
mod versions;
#[path = "conformance/wrong_broker.rs"]
mod wrong_broker;

use tests::conformance::{Known, Scenario};

/// In what the sandbox differs from Apache Kafka, and why. An entry that no longer differs fails.
const KNOWN: &[Known] = &[
    Known {
        scenario: "api-versions-1",
        step: "finalized group.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "finalized share.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "finalized streams.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "finalized transaction.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "supported group.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "supported kraft.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "supported share.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "supported streams.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-1",
        step: "supported transaction.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "finalized group.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "finalized share.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "finalized streams.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "finalized transaction.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "supported group.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "supported kraft.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "supported share.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "supported streams.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "api-versions-3",
        step: "supported transaction.version (what is announced)",
        reason: FEATURES,
    },
    Known {
        scenario: "describe-configs",
        step: "DescribeConfigs a resource of type 16",
        reason: "client metrics are left out, as Apache Kafka hides them without a receiver",
    },
    Known { scenario: "fetch-sizes", step: "Fetch max_bytes 80, of the partition 80", reason: WHOLE_BATCHES },
    Known {
        scenario: "fetch-sizes",
        step: "Fetch max_bytes 150, of the partition 150",
        reason: WHOLE_BATCHES,
    },
    Known {
        scenario: "fetch-sizes",
        step: "Fetch max_bytes 170, of the partition 170",
        reason: WHOLE_BATCHES,
    },
    Known { scenario: "fetch-sizes", step: "Fetch two partitions, max_bytes 100", reason: WHOLE_BATCHES },
    Known { scenario: "fetch-sizes", step: "Fetch two partitions, max_bytes 250", reason: WHOLE_BATCHES },
    Known {
        scenario: "produce-bad-batches",
        step: "Produce null",
        reason: "Apache Kafka fails on it and never answers",
    },
    Known {
        scenario: "fetch-sessions",
        step: "a session is given",
        reason: "fetch sessions are declined, as a broker may",
    },
    Known {
        scenario: "group-unreadable",
        step: "JoinGroup an array longer than the rest, type consumer",
        reason: NEVER_ANSWERS,
    },
    Known {
        scenario: "group-unreadable",
        step: "DescribeGroups an array longer than the rest, type consumer",
        reason: NEVER_ANSWERS,
    },
    Known { scenario: "group-unreadable", step: "JoinGroup text, type consumer", reason: NEVER_ANSWERS },
    Known { scenario: "group-unreadable", step: "DescribeGroups text, type consumer", reason: NEVER_ANSWERS },
    Known {
        scenario: "malformed",
        step: "an array of -2",
        reason: "the codec takes every negative length as none",
    },
    Known {
        scenario: "not-announced",
        step: "ApiVersions v5, tagged fields in its header: false",
        reason: LENIENT_HEADER,
    },
    Known {
        scenario: "not-announced",
        step: "and the connection goes on, after v5 false",
        reason: LENIENT_HEADER,
    },
];

const FEATURES: &str = "the sandbox has no transactions, consumer groups of the new protocol, share groups or streams groups yet, and no quorum";
const WHOLE_BATCHES: &str = "the last batch is not cut off at the limit: clients drop what is cut off";
const NEVER_ANSWERS: &str = "Apache Kafka fails on a subscription that claims more topics than it has bytes, and never answers the join";
const LENIENT_HEADER: &str = "the sandbox doesn't look into the header of an ApiVersions that it can't serve";

/// Runs a scenario on both; clusters are shared with other scenarios.
fn compare(name: &'static str, brokers: usize, scenario: fn(&mut Scenario<'_>)) {
    tests::conformance::compare(name, brokers, KNOWN, scenario);
}

/// The same on one broker and on three.
fn compare_both(name: &'static str, scenario: fn(&mut Scenario<'_>)) {
    tests::conformance::compare_both(name, KNOWN, scenario);
}

/// The same on clusters of its own.
fn compare_alone(name: &'static str, brokers: usize, scenario: fn(&mut Scenario<'_>)) {
    tests::conformance::compare_alone(name, brokers, KNOWN, scenario);
}

/// The same with broker settings of its own.
fn compare_alone_with(
    name: &'static str,
    brokers: usize,
    settings: &[(&str, &str)],
    scenario: fn(&mut Scenario<'_>),
) {
    tests::conformance::compare_alone_with(name, brokers, settings, KNOWN, scenario);
}
