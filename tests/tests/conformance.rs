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
