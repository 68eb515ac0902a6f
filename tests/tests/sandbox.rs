//! The workshop on sandboxes: what `integration` asks of it on an Apache Kafka, and what only a sandbox can do. Needs
//! nothing but this machine.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

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
#[path = "integration/origin.rs"]
mod origin;
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

#[path = "sandbox/addresses.rs"]
mod addresses;
#[path = "sandbox/brokers.rs"]
mod brokers;
#[path = "sandbox/clusters.rs"]
mod clusters;
#[path = "sandbox/failing.rs"]
mod failing;
#[path = "sandbox/fullness.rs"]
mod fullness;
#[path = "sandbox/isolation.rs"]
mod isolation;
#[path = "sandbox/watching.rs"]
mod watching;

/// What the tests run on.
#[expect(clippy::unnecessary_wraps, reason = "the same tests run where there may be no cluster")]
fn cluster() -> Option<tests::On<'static>> {
    Some(tests::On::Sandbox)
}
