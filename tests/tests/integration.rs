//! Every command over a real WebSocket, against the real server and a real Apache Kafka.

#[path = "integration/producing.rs"]
mod producing;
#[path = "integration/topics.rs"]
mod topics;
