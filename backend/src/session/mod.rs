//! Sessions: what one page of one learner has under way. A session outlives its connection for a while, so that a
//! page whose connection dropped finds its commands and consumers again.
//!
//! - `sessions` takes connections in, and finds or opens the session of each.
//! - `run` is the loop of one session over one closed set of happenings. It never awaits Kafka, and never a slow page:
//!   commands are jobs of their own, and what they say goes through `emit` and the `outbound` task.

mod connection;
mod emit;
mod outbound;
mod refusal;
mod run;
mod sessions;
#[cfg(test)]
mod tests;

pub use connection::{Broken, Connection, Incoming, Reader, Writer};
pub use emit::{ConsumerStream, ConsumerStreams, Emitter, JobContext};
pub use sessions::{GRACE, Sessions};
