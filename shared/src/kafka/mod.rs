//! Kafka's own nouns, as the page shows them.

mod cluster;
mod delivery;
mod fault;
mod group;
mod happening;
mod record;
mod topic;
mod view;

pub use cluster::{Broker, ClusterDescription, ClusterKind, ClusterState};
pub use delivery::{
    DeliveredRun, DeliveryReport, Fate, LatencySummary, PartitionSummary, ProduceSummary, Undelivered,
    UndeliveredFate,
};
pub use fault::{FaultyApi, InjectedErrorCode};
pub use group::{GroupDescription, GroupId, GroupMember, Lane, PartitionOffset, TopicPartition};
pub use happening::{ClusterEvent, ClusterEvents, Happening};
pub use record::{Bytes, Header, Record};
pub use topic::{ConfigEntry, ConfigSource, PartitionDescription, TopicDescription, TopicName, TopicSummary};
pub use view::{
    BrokerState, BrokerView, ClusterView, CommittedView, GroupView, MemberView, PartitionView, ReplicaView,
    TopicView,
};
