//! A sandbox looked into from outside of the protocol: the whole cluster at one moment.

use serde::{Deserialize, Serialize};

use super::topic::TopicName;
use crate::command::InjectError;

/// A cluster at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterView {
    /// Since the cluster began, in milliseconds. Less than in the view before: it was reset.
    pub at_ms: u64,
    /// Where a program on the learner's machine reaches it, as in `127.0.0.1:29092,127.0.0.1:29093`. `None`: the page is
    /// on another machine, and the cluster listens on loopback only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap_servers: Option<String>,
    /// All brokers, by id.
    pub brokers: Vec<BrokerView>,
    /// The topics, by name; those of the learner before Kafka's own.
    pub topics: Vec<TopicView>,
    /// How many topics the view leaves out for its size.
    pub topics_left_out: u32,
    /// The consumer groups, by id.
    pub groups: Vec<GroupView>,
    /// How many groups the view leaves out for its size.
    pub groups_left_out: u32,
    /// How many bytes the logs take.
    pub log_bytes: u64,
    /// How many they may take.
    pub max_log_bytes: u64,
    /// The injected errors that are still to come: `times` says how many requests are left to each.
    pub injected: Vec<InjectError>,
}

impl ClusterView {
    /// The most partitions of a view, internal ones among them.
    pub const MAX_PARTITIONS: usize = 400;
    /// The most groups of a view.
    pub const MAX_GROUPS: usize = 50;
    /// The longest text of a view that a client chose, in characters: longer ones are shortened.
    pub const MAX_TEXT_CHARS: usize = 200;
}

impl GroupView {
    /// The most members of a group that a view has.
    pub const MAX_MEMBERS: usize = 50;
    /// The most committed offsets of a group that a view has.
    pub const MAX_OFFSETS: usize = 400;
}

/// A broker at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerView {
    /// `node.id`.
    pub id: i32,
    /// The host that it listens on, or did.
    pub host: String,
    /// The port that it listens on, or did. It is the same after a restart and a reset.
    pub port: u16,
    /// What its process does.
    pub state: BrokerState,
    /// Whether the controller counts it in: it may lead, and clients are told of it. A killed broker stays counted in
    /// until its session with the controller times out.
    pub live: bool,
    /// How long it keeps each answer back, in milliseconds.
    pub delay_ms: u64,
}

/// What a broker's process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerState {
    /// It runs.
    Up,
    /// It runs, and reaches neither the other brokers nor the controller.
    CutOff,
    /// It was stopped: its leaders moved first.
    Stopped,
    /// It was killed.
    Killed,
}

/// A topic at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicView {
    /// Its name.
    pub name: TopicName,
    /// Whether Kafka keeps its own state in it.
    pub internal: bool,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionView>,
}

/// A partition at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionView {
    /// Its number, from 0.
    pub partition: i32,
    /// The broker that leads it, if one does.
    pub leader: Option<i32>,
    /// Grows with each change of the leader.
    pub leader_epoch: i32,
    /// The brokers in sync.
    pub in_sync: Vec<i32>,
    /// The replicas, the preferred leader first.
    pub replicas: Vec<ReplicaView>,
}

/// A broker's copy of a partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaView {
    /// Whose.
    pub broker: i32,
    /// The offset of the oldest record that is kept.
    pub log_start: i64,
    /// The offset that the next record gets.
    pub log_end: i64,
    /// The offset after the newest record that this broker knows to be committed.
    pub high_watermark: i64,
}

/// A consumer group at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// Its id.
    pub group: String,
    /// Its state in Kafka's words, for example `Stable`.
    pub state: String,
    /// The assignment strategy in force; empty where there is none.
    pub assignor: String,
    /// The broker that coordinates it, if one does.
    pub coordinator: Option<i32>,
    /// The members that the coordinator counts on.
    pub members: Vec<MemberView>,
    /// What the group committed, by topic and partition.
    pub offsets: Vec<CommittedView>,
}

/// A member of a group at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    /// The id that the coordinator gave it.
    pub member_id: String,
    /// The `client.id` that it gave itself.
    pub client_id: String,
    /// The partitions that it was assigned.
    pub partitions: Vec<super::TopicPartition>,
}

/// What a group committed for one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedView {
    /// The topic.
    pub topic: TopicName,
    /// The partition's number.
    pub partition: i32,
    /// The offset: the *next* to read.
    pub offset: i64,
    /// How many records follow up to the leader's high watermark, where there is a leader.
    pub lag: Option<i64>,
}
