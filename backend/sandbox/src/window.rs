//! What can be seen of a cluster from outside of the protocol: its state at a moment, and what happens in it.

/// Something that happened in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterEvent {
    /// A broker runs.
    BrokerUp {
        /// Its id.
        broker: i32,
    },
    /// A broker's process has ended.
    BrokerDown {
        /// Its id.
        broker: i32,
    },
}
