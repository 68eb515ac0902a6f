//! An Apache Kafka cluster of several brokers inside the process, in memory, by the real wire protocol.
//!
//! - [`core`](crate::core) is the cluster: what brokers, partitions and groups do. It has no I/O and no clock, and
//!   does not know tokio.
//! - `wire` is the protocol: the only module that knows the codec.
//! - `net` carries bytes between the two: listeners and connections.
//!
//! The measure of all of it is Apache Kafka 4.3.1; README.md lists where it differs.

mod core;
mod wire;
