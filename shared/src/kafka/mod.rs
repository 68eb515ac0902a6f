//! Kafka's own nouns, as the page shows them.

mod cluster;
mod delivery;
mod group;
mod record;
mod topic;

pub use cluster::{Broker, ClusterDescription, ClusterState};
pub use delivery::{
    DeliveredRun, DeliveryReport, Fate, LatencySummary, PartitionSummary, ProduceSummary, Undelivered,
    UndeliveredFate,
};
pub use group::{GroupDescription, GroupId, GroupMember, Lane, PartitionOffset, TopicPartition};
pub use record::{Bytes, Header, Record};
pub use topic::{ConfigEntry, ConfigSource, PartitionDescription, TopicDescription, TopicName, TopicSummary};
