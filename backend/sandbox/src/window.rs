//! What can be seen of a cluster from outside of the protocol: its state at a moment, and what happens in it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::InjectedError;

/// A cluster at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Since the cluster began.
    pub at: Duration,
    /// The brokers, by id.
    pub brokers: Vec<BrokerSnapshot>,
    /// The topics, by name.
    pub topics: Vec<TopicSnapshot>,
    /// The groups, by id.
    pub groups: Vec<GroupSnapshot>,
    /// How many bytes the logs take, by capacity.
    pub log_bytes: u64,
    /// The injected errors that are still to come; `times` says how many of each.
    pub errors: Vec<InjectedError>,
}

/// A broker at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSnapshot {
    /// Its id.
    pub id: i32,
    /// Where it listens, or would.
    pub address: SocketAddr,
    /// What its process does.
    pub state: BrokerState,
    /// Whether the controller counts it in: it may lead, and clients are told of it.
    pub live: bool,
    /// How long it keeps each answer back.
    pub response_delay: Duration,
}

/// What a broker's process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerState {
    /// It runs.
    Up,
    /// It runs, and reaches neither the other brokers nor the controller.
    CutOff,
    /// It was stopped.
    Stopped,
    /// It was killed.
    Killed,
}

/// A topic at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSnapshot {
    /// Its name.
    pub name: String,
    /// Whether brokers keep their own records in it.
    pub internal: bool,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionSnapshot>,
}

/// A partition at one moment, as the controller knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSnapshot {
    /// Who leads.
    pub leader: Option<i32>,
    /// Grows with each change of the leader.
    pub leader_epoch: i32,
    /// The in-sync brokers.
    pub isr: Vec<i32>,
    /// Eligible leaders that are not in sync (KIP-966).
    pub eligible: Vec<i32>,
    /// The replicas, the preferred leader first.
    pub replicas: Vec<ReplicaSnapshot>,
}

/// A broker's copy of a partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaSnapshot {
    /// Whose.
    pub broker: i32,
    /// The first offset.
    pub log_start: i64,
    /// The offset of the next record.
    pub log_end: i64,
    /// Up to where it knows records to be committed, exclusive.
    pub high_watermark: i64,
}

/// A group at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSnapshot {
    /// Its id.
    pub id: String,
    /// As Kafka calls it: `Stable`, `PreparingRebalance` and so on.
    pub state: String,
    /// How the members share the partitions, once they have agreed.
    pub protocol: String,
    /// The broker that coordinates it, if one does.
    pub coordinator: Option<i32>,
    /// Its members, by id.
    pub members: Vec<MemberSnapshot>,
    /// What it has committed, by topic and partition.
    pub offsets: Vec<CommittedSnapshot>,
}

/// A member of a group at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSnapshot {
    /// Its id.
    pub id: String,
    /// What its client calls itself.
    pub client_id: String,
    /// Its partitions: topic and number.
    pub assignment: Vec<(String, i32)>,
}

/// An offset that a group has committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedSnapshot {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// Something that happened in a cluster, with when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterEvent {
    /// Since the cluster began.
    pub at: Duration,
    /// What.
    pub what: Happening,
}

/// What can happen in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// A broker runs.
    BrokerUp {
        /// Its id.
        broker: i32,
    },
    /// A broker's process has ended.
    BrokerDown {
        /// Its id.
        broker: i32,
        /// Whether it was killed; otherwise it was told to stop, and its leaders moved first.
        killed: bool,
    },
    /// The controller counts a broker out: it may not lead, and clients are no longer told of it.
    BrokerFenced {
        /// Its id.
        broker: i32,
    },
    /// A broker that runs no longer reaches the other brokers and the controller.
    BrokerCutOff {
        /// Its id.
        broker: i32,
    },
    /// A broker that was cut off reaches them again.
    BrokerReconnected {
        /// Its id.
        broker: i32,
    },
    /// A topic was made.
    TopicCreated {
        /// Its name.
        topic: String,
    },
    /// A topic was deleted.
    TopicDeleted {
        /// Its name.
        topic: String,
    },
    /// A leader has appended records.
    Appended {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// This broker, which leads, or believes that it does.
        broker: i32,
        /// The offset of the first of them.
        first_offset: i64,
        /// The offset after the last of them.
        log_end: i64,
    },
    /// A client was given records.
    Fetched {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// By this broker.
        broker: i32,
        /// The offset of the first of them.
        first_offset: i64,
        /// The offset after the last of them.
        next_offset: i64,
    },
    /// A partition has another leader, or none.
    LeaderChanged {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Who led before.
        old_leader: Option<i32>,
        /// Who leads.
        leader: Option<i32>,
        /// The leader's epoch.
        leader_epoch: i32,
    },
    /// Another set of brokers is in sync.
    InSyncChanged {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The brokers that were in sync before.
        old_isr: Vec<i32>,
        /// The in-sync brokers.
        isr: Vec<i32>,
    },
    /// A group has another state or generation.
    GroupStateChanged {
        /// The group.
        group: String,
        /// Its state, as Kafka calls it.
        state: String,
        /// Its generation.
        generation: i32,
    },
    /// A member has joined a group.
    MemberJoined {
        /// The group.
        group: String,
        /// The member.
        member: String,
    },
    /// A member has left a group, or was taken out of it.
    MemberLeft {
        /// The group.
        group: String,
        /// The member.
        member: String,
        /// Why, in a few words.
        why: String,
    },
    /// A group has committed an offset.
    Committed {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// A request was answered with an injected error.
    ErrorAnswered {
        /// By this broker.
        broker: i32,
        /// Which API, by its name in the protocol.
        api: String,
        /// With which error, by its number in the protocol.
        error_code: i16,
    },
    /// The logs were at their cap: the oldest records of a partition went.
    RecordsDropped {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is left.
        log_start: i64,
    },
}
