//! Errors that a sandbox's brokers can be made to answer with.

use serde::{Deserialize, Serialize};

/// Requests that can be answered with an error, by their names in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Kafka's names")]
pub enum FaultyApi {
    Produce,
    Fetch,
    ListOffsets,
    Metadata,
    OffsetCommit,
    OffsetFetch,
    FindCoordinator,
    JoinGroup,
    Heartbeat,
    LeaveGroup,
    SyncGroup,
    CreatePartitions,
    CreateTopics,
    DeleteTopics,
    InitProducerId,
}

/// One table of what can be chosen: the variants, their names, and what a form offers.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// What a form offers.
            pub const CHOICES: &[(&'static str, &'static str)] = &[$(($name, $name)),+];

            /// Kafka's name, which JSON has too.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

names!(FaultyApi {
    Produce = "Produce",
    Fetch = "Fetch",
    ListOffsets = "ListOffsets",
    Metadata = "Metadata",
    OffsetCommit = "OffsetCommit",
    OffsetFetch = "OffsetFetch",
    FindCoordinator = "FindCoordinator",
    JoinGroup = "JoinGroup",
    Heartbeat = "Heartbeat",
    LeaveGroup = "LeaveGroup",
    SyncGroup = "SyncGroup",
    CreatePartitions = "CreatePartitions",
    CreateTopics = "CreateTopics",
    DeleteTopics = "DeleteTopics",
    InitProducerId = "InitProducerId",
});

/// Errors that can be injected: those that clients treat each in a way of its own.
///
/// Source of names and numbers: `org.apache.kafka.common.protocol.Errors` in Apache Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "Kafka's names")]
pub enum InjectedErrorCode {
    UnknownServerError,
    OffsetOutOfRange,
    CorruptMessage,
    UnknownTopicOrPartition,
    LeaderNotAvailable,
    NotLeaderOrFollower,
    RequestTimedOut,
    MessageTooLarge,
    CoordinatorLoadInProgress,
    CoordinatorNotAvailable,
    NotCoordinator,
    NotEnoughReplicas,
    NotEnoughReplicasAfterAppend,
    IllegalGeneration,
    UnknownMemberId,
    RebalanceInProgress,
    TopicAuthorizationFailed,
    GroupAuthorizationFailed,
    ClusterAuthorizationFailed,
    NotController,
    OutOfOrderSequenceNumber,
    InvalidProducerEpoch,
    KafkaStorageError,
    ThrottlingQuotaExceeded,
}

names!(InjectedErrorCode {
    NotLeaderOrFollower = "NOT_LEADER_OR_FOLLOWER",
    LeaderNotAvailable = "LEADER_NOT_AVAILABLE",
    NotEnoughReplicas = "NOT_ENOUGH_REPLICAS",
    NotEnoughReplicasAfterAppend = "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    RequestTimedOut = "REQUEST_TIMED_OUT",
    UnknownTopicOrPartition = "UNKNOWN_TOPIC_OR_PARTITION",
    OffsetOutOfRange = "OFFSET_OUT_OF_RANGE",
    CorruptMessage = "CORRUPT_MESSAGE",
    MessageTooLarge = "MESSAGE_TOO_LARGE",
    CoordinatorLoadInProgress = "COORDINATOR_LOAD_IN_PROGRESS",
    CoordinatorNotAvailable = "COORDINATOR_NOT_AVAILABLE",
    NotCoordinator = "NOT_COORDINATOR",
    RebalanceInProgress = "REBALANCE_IN_PROGRESS",
    IllegalGeneration = "ILLEGAL_GENERATION",
    UnknownMemberId = "UNKNOWN_MEMBER_ID",
    OutOfOrderSequenceNumber = "OUT_OF_ORDER_SEQUENCE_NUMBER",
    InvalidProducerEpoch = "INVALID_PRODUCER_EPOCH",
    TopicAuthorizationFailed = "TOPIC_AUTHORIZATION_FAILED",
    GroupAuthorizationFailed = "GROUP_AUTHORIZATION_FAILED",
    ClusterAuthorizationFailed = "CLUSTER_AUTHORIZATION_FAILED",
    NotController = "NOT_CONTROLLER",
    KafkaStorageError = "KAFKA_STORAGE_ERROR",
    ThrottlingQuotaExceeded = "THROTTLING_QUOTA_EXCEEDED",
    UnknownServerError = "UNKNOWN_SERVER_ERROR",
});

impl InjectedErrorCode {
    /// Its number in the protocol.
    pub fn code(self) -> i16 {
        match self {
            Self::UnknownServerError => -1,
            Self::OffsetOutOfRange => 1,
            Self::CorruptMessage => 2,
            Self::UnknownTopicOrPartition => 3,
            Self::LeaderNotAvailable => 5,
            Self::NotLeaderOrFollower => 6,
            Self::RequestTimedOut => 7,
            Self::MessageTooLarge => 10,
            Self::CoordinatorLoadInProgress => 14,
            Self::CoordinatorNotAvailable => 15,
            Self::NotCoordinator => 16,
            Self::NotEnoughReplicas => 19,
            Self::NotEnoughReplicasAfterAppend => 20,
            Self::IllegalGeneration => 22,
            Self::UnknownMemberId => 25,
            Self::RebalanceInProgress => 27,
            Self::TopicAuthorizationFailed => 29,
            Self::GroupAuthorizationFailed => 30,
            Self::ClusterAuthorizationFailed => 31,
            Self::NotController => 41,
            Self::OutOfOrderSequenceNumber => 45,
            Self::InvalidProducerEpoch => 47,
            Self::KafkaStorageError => 56,
            Self::ThrottlingQuotaExceeded => 89,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_json() {
        let quoted = |name: &str| format!("\"{name}\"");
        for api in FaultyApi::ALL {
            assert_eq!(serde_json::to_string(api).expect("JSON"), quoted(api.name()));
        }
        for error in InjectedErrorCode::ALL {
            assert_eq!(serde_json::to_string(error).expect("JSON"), quoted(error.name()));
        }
    }
}
