//! An Apache Kafka cluster of several brokers inside the process, in memory, by the real wire protocol.
//!
//! - `core` is the cluster: what brokers, partitions and groups do. It has no I/O and no clock, and does not know tokio.
//! - `wire` is the protocol: the only module that knows the codec.
//! - `net` carries bytes: listeners and connections. `engine` stands between it and the core, and keeps the time.
//! - [`Cluster`] is what its owner holds.
//!
//! The measure of all of it is Apache Kafka 4.3.1; README.md lists where it differs.

mod cluster;
mod core;
mod engine;
mod net;
mod open_files;
mod window;
mod wire;

pub use cluster::{Addresses, BrokerError, Cluster, Config, MAX_BROKERS, StartError};
pub use core::{FaultError, InjectedError};
pub use engine::LockUse;
pub use open_files::raise_open_file_limit;
pub use window::{
    BrokerSnapshot, BrokerState, ClusterEvent, CommittedSnapshot, GroupSnapshot, Happening, MemberSnapshot,
    PartitionSnapshot, ReplicaSnapshot, Snapshot, TopicSnapshot,
};
