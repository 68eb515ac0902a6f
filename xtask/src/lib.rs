//! What `cargo xtask` and the tests share: starting an Apache Kafka, a Python with a Kafka client, and child processes
//! that can't outlive their parent. Nothing here prints; the binary beside it talks to the person.

pub mod cache;
pub mod kafka;
pub mod process;
pub mod python;
