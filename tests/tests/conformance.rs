//! Scenarios in which the sandbox must behave as Apache Kafka does, by the wire.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

#[path = "conformance/metadata.rs"]
mod metadata;
#[path = "conformance/produce.rs"]
mod produce;
#[path = "conformance/topics.rs"]
mod topics;
#[path = "conformance/versions.rs"]
mod versions;
