//! The server of Kafka Workshop.

pub mod cluster;
pub mod kafka;
pub mod learner;
pub mod session;
