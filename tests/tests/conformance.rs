//! Scenarios in which the sandbox must behave as Apache Kafka does, by the wire.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

#[path = "conformance/configs.rs"]
mod configs;
#[path = "conformance/fetch.rs"]
mod fetch;
#[path = "conformance/groups.rs"]
mod groups;
#[path = "conformance/list_offsets.rs"]
mod list_offsets;
#[path = "conformance/metadata.rs"]
mod metadata;
#[path = "conformance/others.rs"]
mod others;
#[path = "conformance/produce.rs"]
mod produce;
#[path = "conformance/topics.rs"]
mod topics;
#[path = "conformance/versions.rs"]
mod versions;

use tests::conformance::{Known, Scenario};

/// In what the sandbox differs from Apache Kafka, and why. An entry that no longer differs fails.
const KNOWN: &[Known] = &[];

/// Runs a scenario on both; clusters are shared with other scenarios.
fn compare(name: &'static str, brokers: usize, scenario: fn(&mut Scenario<'_>)) {
    tests::conformance::compare(name, brokers, KNOWN, scenario);
}
