//! The server of Kafka Workshop. `docs/ARCHITECTURE.md` is the map.

pub mod learner;
pub mod session;
