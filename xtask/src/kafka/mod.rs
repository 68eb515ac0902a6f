//! An Apache Kafka of our own, for `cargo xtask serve`, `cargo xtask kafka` and the tests: KRaft, on loopback, data
//! in a temporary folder. One broker is one process; several have a separate controller beside them, so that all
//! of them can be stopped but one.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! let mut cluster = xtask::kafka::Cluster::start(&xtask::kafka::Options { brokers: 3, ..Default::default() })?;
//! println!("{}", cluster.bootstrap_servers());
//! cluster.kill_broker(0)?;
//! cluster.start_broker(0)?;
//! # Ok(()) }
//! ```

mod classes;
mod cluster;
mod install;
mod node;
mod ports;
mod storage;

pub use cluster::{Cluster, Options};
pub use install::{Installation, Missing};
pub use node::suited_settings;
pub use ports::free_ports;

/// The Apache Kafka that the workshop is judged by. Pinned here and nowhere else.
pub const VERSION: &str = "4.3.1";
