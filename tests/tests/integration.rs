//! Every command, every line of bad input, and what goes wrong between page and server, over a real WebSocket,
//! against the real server and a real Apache Kafka that all tests share. What breaks Kafka itself is in `faults`; the same
//! on sandboxes is in `sandbox`.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]
#![expect(clippy::print_stderr, reason = "a test says why it is skipped")]

#[path = "integration/consuming.rs"]
mod consuming;
#[path = "integration/defects.rs"]
mod defects;
#[path = "integration/frames.rs"]
mod frames;
#[path = "integration/groups.rs"]
mod groups;
#[path = "integration/learners.rs"]
mod learners;
#[path = "integration/needs_sandbox.rs"]
mod needs_sandbox;
#[path = "integration/origin.rs"]
mod origin;
#[path = "integration/outside.rs"]
mod outside;
#[path = "integration/producing.rs"]
mod producing;
#[path = "integration/sessions.rs"]
mod sessions;
#[path = "integration/start_over.rs"]
mod start_over;
#[path = "integration/topics.rs"]
mod topics;
#[path = "integration/wire.rs"]
mod wire;

/// What the tests run on. `None`, with the reason printed: this machine can't run Kafka.
fn cluster() -> Option<tests::On<'static>> {
    tests::shared_kafka().map(tests::On::Kafka)
}
