//! A sandbox looked into from outside of the protocol: what happens in it.

use serde::{Deserialize, Serialize};

use super::topic::TopicName;

/// What happened in a cluster since the batch before, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterEvents {
    /// At least one, at most [`ClusterEvents::MAX`]. Where there were more, [`Happening::LeftOut`] stands in their place.
    pub events: Vec<ClusterEvent>,
}

impl ClusterEvents {
    /// The most events of a batch.
    pub const MAX: usize = 200;
}

/// Something that happened, or the same several times in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterEvent {
    /// When, by the cluster's clock: since it began, in milliseconds. Of several the first.
    pub at_ms: u64,
    /// For how many it stands. Records that are appended to one partition, or read from it, are told as one run of
    /// offsets, until something else happens than records' being written, read and committed.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u64,
    /// What.
    pub what: Happening,
}

fn once() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference in")]
fn is_once(times: &u64) -> bool {
    *times == 1
}

/// What can happen in a cluster. Names that clients choose may be shortened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        topic: TopicName,
    },
    /// A topic was deleted.
    TopicDeleted {
        /// Its name.
        topic: TopicName,
    },
    /// A leader appended records.
    Appended {
        /// The topic.
        topic: TopicName,
        /// The partition's number.
        partition: i32,
        /// This broker, which leads, or believes that it does.
        broker: i32,
        /// The offset of the first of them.
        first_offset: i64,
        /// The offset after the last of them.
        log_end: i64,
    },
    /// Clients were given records.
    Fetched {
        /// The topic.
        topic: TopicName,
        /// The partition's number.
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
        topic: TopicName,
        /// The partition's number.
        partition: i32,
        /// The broker that led before, if one did.
        old_leader: Option<i32>,
        /// The broker that leads, if one does.
        leader: Option<i32>,
        /// Grows with each change of the leader.
        leader_epoch: i32,
    },
    /// Other brokers are in sync.
    InSyncChanged {
        /// The topic.
        topic: TopicName,
        /// The partition's number.
        partition: i32,
        /// The brokers that were in sync before.
        old_in_sync: Vec<i32>,
        /// The brokers in sync.
        in_sync: Vec<i32>,
    },
    /// A consumer group has another state or generation.
    GroupStateChanged {
        /// Its id.
        group: String,
        /// Its state in Kafka's words, for example `Stable`.
        state: String,
        /// Its generation: grows with each rebalance.
        generation: i32,
    },
    /// A member joined a consumer group.
    MemberJoined {
        /// The group's id.
        group: String,
        /// The id that the coordinator gave it.
        member_id: String,
    },
    /// A member is no longer in its consumer group.
    MemberLeft {
        /// The group's id.
        group: String,
        /// The id that the coordinator gave it.
        member_id: String,
        /// Why, in a few words, as in `its session timed out`.
        why: String,
    },
    /// A consumer group committed an offset; of several, the last one.
    Committed {
        /// The group's id.
        group: String,
        /// The topic.
        topic: TopicName,
        /// The partition's number.
        partition: i32,
        /// The offset: the *next* to read.
        offset: i64,
    },
    /// A request was answered with an injected error.
    ErrorAnswered {
        /// By this broker.
        broker: i32,
        /// Which request, by its name in the protocol.
        api: String,
        /// With which error, by its number in the protocol.
        error_code: i16,
    },
    /// The logs were at their cap: the oldest records of a partition went.
    RecordsDropped {
        /// The topic.
        topic: TopicName,
        /// The partition's number.
        partition: i32,
        /// The offset of the oldest record that is left.
        log_start: i64,
    },
    /// Here stood more than a batch may have, or the cluster was faster than it could be told: `times` says how much is
    /// left out.
    LeftOut,
}

impl Happening {
    /// Whether it may happen thousands of times a second, and is told as one with others of its kind.
    pub fn comes_in_runs(&self) -> bool {
        matches!(
            self,
            Self::Appended { .. }
                | Self::Fetched { .. }
                | Self::Committed { .. }
                | Self::ErrorAnswered { .. }
                | Self::RecordsDropped { .. }
        )
    }

    /// Takes `next` up where it goes on with this: then this is both. Whether it does.
    pub fn takes_up(&mut self, next: &Self) -> bool {
        match (self, next) {
            (
                Self::Appended { topic, partition, broker, log_end, .. },
                Self::Appended { topic: next_topic, partition: p, broker: b, first_offset, log_end: end },
            ) if (&*topic, &*partition, &*broker, &*log_end) == (next_topic, p, b, first_offset) => {
                *log_end = *end;
            }
            (
                Self::Fetched { topic, partition, broker, next_offset, .. },
                Self::Fetched { topic: next_topic, partition: p, broker: b, first_offset, next_offset: end },
            ) if (&*topic, &*partition, &*broker, &*next_offset) == (next_topic, p, b, first_offset) => {
                *next_offset = *end;
            }
            (
                Self::Committed { group, topic, partition, offset },
                Self::Committed { group: next_group, topic: next_topic, partition: p, offset: next },
            ) if (&*group, &*topic, &*partition) == (next_group, next_topic, p) => {
                *offset = *next;
            }
            (
                Self::RecordsDropped { topic, partition, log_start },
                Self::RecordsDropped { topic: next_topic, partition: p, log_start: next },
            ) if (&*topic, &*partition) == (next_topic, p) => {
                *log_start = *next;
            }
            (run @ Self::ErrorAnswered { .. }, next) => return *run == *next,
            _ => return false,
        }
        true
    }
}
