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
    OffsetForLeaderEpoch,
    DescribeProducers,
    OffsetDelete,
    ListGroups,
    DescribeGroups,
    DeleteGroups,
    DescribeTopicPartitions,
    DeleteRecords,
    ElectLeaders,
    ListPartitionReassignments,
    ApiVersions,
    DescribeCluster,
    DescribeLogDirs,
    DescribeConfigs,
    AlterConfigs,
    IncrementalAlterConfigs,
    ListConfigResources,
    SaslHandshake,
    DescribeAcls,
    CreateAcls,
    DeleteAcls,
}

/// One table of what can be chosen: the variants and their names.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Kafka's name, which JSON has too.
            pub const fn name(self) -> &'static str {
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
    OffsetForLeaderEpoch = "OffsetForLeaderEpoch",
    DescribeProducers = "DescribeProducers",
    OffsetDelete = "OffsetDelete",
    ListGroups = "ListGroups",
    DescribeGroups = "DescribeGroups",
    DeleteGroups = "DeleteGroups",
    DescribeTopicPartitions = "DescribeTopicPartitions",
    DeleteRecords = "DeleteRecords",
    ElectLeaders = "ElectLeaders",
    ListPartitionReassignments = "ListPartitionReassignments",
    ApiVersions = "ApiVersions",
    DescribeCluster = "DescribeCluster",
    DescribeLogDirs = "DescribeLogDirs",
    DescribeConfigs = "DescribeConfigs",
    AlterConfigs = "AlterConfigs",
    IncrementalAlterConfigs = "IncrementalAlterConfigs",
    ListConfigResources = "ListConfigResources",
    SaslHandshake = "SaslHandshake",
    DescribeAcls = "DescribeAcls",
    CreateAcls = "CreateAcls",
    DeleteAcls = "DeleteAcls",
});

/// What a form offers, as [`Input::GroupedChoice`](crate::form::Input::GroupedChoice) has it.
macro_rules! groups {
    ($type:ident { $($group:literal: [$($variant:ident),+ $(,)?]),+ $(,)? }) => {
        impl $type {
            /// What a form offers, by who sends it or what it says, those first that are wanted most.
            pub const GROUPS: &[(&'static str, &[(&'static str, &'static str)])] = &[
                $(($group, &[$(($type::$variant.name(), $type::$variant.name())),+])),+
            ];
        }
    };
}

groups!(FaultyApi {
    "Of producers": [Produce, InitProducerId],
    "Of consumers": [Fetch, ListOffsets, OffsetForLeaderEpoch],
    "Of all clients": [Metadata, FindCoordinator, ApiVersions, SaslHandshake],
    "Of group members": [JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch],
    "About groups": [ListGroups, DescribeGroups, DeleteGroups, OffsetDelete],
    "About topics": [
        CreateTopics,
        DeleteTopics,
        CreatePartitions,
        DeleteRecords,
        DescribeTopicPartitions,
        DescribeProducers,
        ElectLeaders,
        ListPartitionReassignments,
    ],
    "About the cluster": [
        DescribeCluster,
        DescribeLogDirs,
        DescribeConfigs,
        AlterConfigs,
        IncrementalAlterConfigs,
        ListConfigResources,
        DescribeAcls,
        CreateAcls,
        DeleteAcls,
    ],
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

groups!(InjectedErrorCode {
    "Leaders and replicas": [
        NotLeaderOrFollower,
        LeaderNotAvailable,
        NotEnoughReplicas,
        NotEnoughReplicasAfterAppend,
        KafkaStorageError,
    ],
    "Coordinators": [CoordinatorNotAvailable, NotCoordinator, CoordinatorLoadInProgress],
    "Groups": [RebalanceInProgress, IllegalGeneration, UnknownMemberId],
    "Topics and records": [
        UnknownTopicOrPartition,
        OffsetOutOfRange,
        CorruptMessage,
        MessageTooLarge,
        OutOfOrderSequenceNumber,
        InvalidProducerEpoch,
    ],
    "Permissions": [TopicAuthorizationFailed, GroupAuthorizationFailed, ClusterAuthorizationFailed],
    "Brokers": [RequestTimedOut, ThrottlingQuotaExceeded, NotController, UnknownServerError],
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
    fn each_is_offered_once() {
        fn check(groups: &[(&str, &[(&str, &str)])], all: Vec<&str>) {
            let mut offered: Vec<_> = groups.iter().flat_map(|(_, values)| *values).map(|it| it.0).collect();
            let mut all = all;
            offered.sort_unstable();
            all.sort_unstable();
            assert_eq!(offered, all);
        }
        check(FaultyApi::GROUPS, FaultyApi::ALL.iter().map(|api| api.name()).collect());
        check(InjectedErrorCode::GROUPS, InjectedErrorCode::ALL.iter().map(|code| code.name()).collect());
    }

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
