//! Everything that can come back while a command or a consumer runs, and how each ends.

use serde::{Deserialize, Serialize};

use crate::command::Reply;
use crate::error::Error;
use crate::kafka::{
    ClusterEvents, ClusterView, DeliveredRun, Lane, PartitionOffset, Record, TopicPartition, Undelivered,
};

/// What happened in a running command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// What the server does now, in words for the person, for example "Waiting for the leaders".
    Phase(String),
    /// How far it is.
    Progress {
        /// So many are through.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// Records were acknowledged.
    Delivered(DeliveredRun),
    /// Records were not.
    Undelivered(Undelivered),
    /// A crashed member is still counted on.
    MemberStillThere {
        /// How long ago it crashed, in milliseconds.
        waited_ms: u64,
        /// After how long without a heartbeat the coordinator gives it up, in milliseconds (`session.timeout.ms`).
        session_timeout_ms: u64,
    },
    /// The learner's cluster as it is now, whole: only the last one counts.
    View(ClusterView),
    /// What happened in the learner's cluster since it was told last. Comes after the view that shows what came of it.
    Happened(ClusterEvents),
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what was asked.
    Ok(Reply),
    /// It did not.
    Failed {
        /// Why.
        error: Error,
        /// What was done all the same, for example the records that were delivered before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partial: Option<Reply>,
    },
    /// It was cancelled.
    Cancelled {
        /// What was done before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partial: Option<Reply>,
    },
}

/// What happened to a running consumer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsumerEvent {
    /// The application got a record.
    Record(Record),
    /// The group gave it these partitions, with the offsets at which it begins, where the group had committed any.
    Assigned {
        /// All that were added.
        partitions: Vec<PartitionOffset>,
    },
    /// The group took these partitions from it.
    Revoked {
        /// All that were removed.
        partitions: Vec<TopicPartition>,
    },
    /// It has read all that a partition has.
    EndOfPartition {
        /// Which.
        partition: TopicPartition,
        /// The offset that the next record will have.
        offset: i64,
    },
    /// A commit was answered.
    Committed {
        /// What asked for it.
        by: CommittedBy,
        /// The offsets: the *next* to read.
        offsets: Vec<PartitionOffset>,
        /// Why it failed, if it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Error>,
    },
    /// Where it is now in its partitions.
    Lanes(Vec<Lane>),
    /// Something went wrong; it goes on.
    Error(Error),
}

/// What asked for a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommittedBy {
    /// A command, or the commit after each record: the application waited for it.
    Synchronous,
    /// A command, the commit after each record, or the timer: the application went on.
    Asynchronous,
}

/// Why a consumer is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// It was stopped, and has left its group.
    Stopped,
    /// It crashed: its group will count on it until its session times out.
    Crashed {
        /// How long that is from its last heartbeat, in milliseconds (`session.timeout.ms`).
        session_timeout_ms: u64,
    },
    /// Its page is gone, so it was stopped.
    SessionEnded,
    /// The server is stopping, so it was stopped.
    ShuttingDown,
    /// The learner reset the cluster that it read from.
    ClusterReset,
    /// It could not go on.
    Failed(Error),
}
