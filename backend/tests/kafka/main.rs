//! The Kafka layer against a real Apache Kafka, whose address `KAFKA_BOOTSTRAP_SERVERS` names. One broker is enough.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests and their helpers may fail at once")]

mod away;
mod consume;
mod produce;
mod support;
mod topics;
