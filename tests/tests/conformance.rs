//! Scenarios in which the sandbox must behave as Apache Kafka does, by the wire.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

#[path = "conformance/configs.rs"]
mod configs;
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
#[path = "conformance/produce.rs"]
mod produce;
#[path = "conformance/replication.rs"]
mod replication;
#[path = "conformance/topics.rs"]
mod topics;
#[path = "conformance/versions.rs"]
mod versions;

use tests::conformance::{Known, Scenario};

/// In what the sandbox differs from Apache Kafka, and why. An entry that no longer differs fails.
const KNOWN: &[Known] = &[
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

const NEVER_ANSWERS: &str = "Apache Kafka fails on a subscription that claims more topics than it has bytes, and never answers the join";
const LENIENT_HEADER: &str = "the sandbox doesn't look into the header of an ApiVersions that it can't serve";

/// Runs a scenario on both; clusters are shared with other scenarios.
fn compare(name: &'static str, brokers: usize, scenario: fn(&mut Scenario<'_>)) {
    tests::conformance::compare(name, brokers, KNOWN, scenario);
}

/// The same on clusters of its own.
fn compare_alone(name: &'static str, brokers: usize, scenario: fn(&mut Scenario<'_>)) {
    tests::conformance::compare_alone(name, brokers, KNOWN, scenario);
}
