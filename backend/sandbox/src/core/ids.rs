//! What things are called inside the cluster.

use crate::wire::KafkaUuid;

/// A broker: its `node.id`.
pub(crate) type BrokerId = i32;

/// A partition of a topic that exists or existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TopicPartition {
    /// The topic's id: a topic that is made again has another.
    pub(crate) topic: KafkaUuid,
    /// The partition's number, from 0.
    pub(crate) partition: i32,
}

/// A connection of a client to a broker. A connection has at most one request at a time in the cluster, so it also
/// names the request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConnectionId(pub(crate) u64);
