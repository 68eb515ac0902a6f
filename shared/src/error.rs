//! Errors as both sides see them: a code to match on, a sentence for the person, a hint about what to do.

use serde::{Deserialize, Serialize};

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// To match on.
    pub code: ErrorCode,
    /// One or two sentences for the person. Never matched on.
    pub message: String,
    /// What to do about it, where something can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The name of the error in Kafka or librdkafka, where it is theirs, for example `INVALID_REPLICATION_FACTOR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka: Option<String>,
}

impl Error {
    /// An error without hint or Kafka name.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, kafka: None }
    }

    /// The same, saying what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with Kafka's own name for it.
    #[must_use]
    pub fn kafka(mut self, name: impl Into<String>) -> Self {
        self.kafka = Some(name.into());
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A topic name that Kafka does not allow.
    InvalidTopic,
    /// A topic that is not there.
    UnknownTopic,
    /// A topic of this name is there already.
    TopicExists,
    /// A number of partitions under one.
    InvalidPartitions,
    /// More partitions than a learner may have.
    TooManyPartitions,
    /// A replication factor under one, or over the number of brokers.
    InvalidReplicationFactor,
    /// A topic configuration that Kafka refuses.
    InvalidConfig,
    /// A group id that is empty or too long.
    InvalidGroup,
    /// A group that is not there.
    UnknownGroup,
    /// A group with members, where it has to be empty.
    GroupNotEmpty,
    /// A consumer that is not running.
    UnknownConsumer,
    /// The group is being rebalanced, or the member is no longer part of it.
    RebalanceInProgress,
    /// There is nothing to commit.
    NothingToCommit,
    /// A client setting that learners may not set.
    SettingNotAllowed,
    /// A client setting with a value that is no value of it, or out of its range.
    InvalidSetting,
    /// An argument of a command that makes no sense.
    InvalidArgument,
    /// A broker that the cluster does not have.
    UnknownBroker,
    /// A record larger than topic or client allow.
    RecordTooLarge,
    /// Fewer in-sync replicas than `min.insync.replicas`.
    NotEnoughReplicas,
    /// The record was sent, and nobody said whether it arrived.
    NotAcknowledged,
    /// Cancelled before it happened.
    Cancelled,
    /// A limit on what one learner may have at once.
    LimitReached,
    /// Only an instructor or operator may do this.
    NotAllowed,
    /// Only a sandbox can do this, and this is a shared Kafka.
    NeedsSandbox,
    /// The learner's cluster was reset meanwhile, so this ended.
    ClusterReset,
    /// The learner's cluster was stopped by a defect. A reset makes it anew.
    ClusterFailed,
    /// No broker of the cluster can be reached.
    KafkaUnavailable,
    /// The cluster did not answer in time.
    TimedOut,
    /// Another error of Kafka: `kafka` names it.
    Kafka,
    /// A defect of the server. The request failed, the server goes on.
    Internal,
    /// The server is stopping.
    ShuttingDown,
    /// The connection broke before the request reached the server: nothing was done. Said by the page.
    NotSent,
    /// The server no longer knows the session. What was running may or may not have been done. Said by the page.
    SessionLost,
}
