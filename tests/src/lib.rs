//! What the tests of more than one crate have in common: a real Apache Kafka, the real server, and a page's end of
//! the WebSocket.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]
#![expect(clippy::print_stderr, reason = "a test says why it is skipped")]

mod browser;
mod cdp;
mod client;
pub mod conformance;
mod kafka;
mod reports;
mod server;
mod shorthand;

pub use browser::{Browser, Scheme, Width};
pub use client::{Client, Finished};
pub use kafka::{own_kafka, own_kafka_at, shared_kafka};
pub use reports::Produced;
pub use server::{On, TestServer};
