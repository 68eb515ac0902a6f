//! Clients that others wrote, run as they come, on a sandbox of three brokers: kcat, Python's confluent-kafka by the
//! scripts in `data/scripts`, and Apache Kafka's own tools.
//!
//! What they must say is what they say on Apache Kafka: with `CLIENTS_ON_KAFKA=1` the same tests run there. Where a
//! program is not to be had a test says so and passes; with `CI` set it fails.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]
#![expect(clippy::print_stderr, reason = "a test says why it is skipped")]

#[path = "clients/configs.rs"]
mod configs;
#[path = "clients/console.rs"]
mod console;
#[path = "clients/elections.rs"]
mod elections;
#[path = "clients/groups.rs"]
mod groups;
#[path = "clients/kcat.rs"]
mod kcat;
#[path = "clients/kcat_consuming.rs"]
mod kcat_consuming;
#[path = "clients/offsets.rs"]
mod offsets;
#[path = "clients/performance.rs"]
mod performance;
#[path = "clients/program.rs"]
mod program;
#[path = "clients/python.rs"]
mod python;
#[path = "clients/scene.rs"]
mod scene;
#[path = "clients/topics.rs"]
mod topics;
#[path = "clients/verifiable.rs"]
mod verifiable;
