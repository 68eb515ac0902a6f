//! The server of Kafka Workshop. `docs/ARCHITECTURE.md` is the map.

pub mod cluster;
pub mod config;
pub mod kafka;
pub mod learner;
pub mod lessons;
mod run;
pub mod server;
pub mod session;

pub use run::Server;
