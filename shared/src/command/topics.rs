//! Which cluster this is, which topics there are, and what is made and deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Produce, TOPIC};
use crate::form::{Field, Input};

/// Arguments of [`Command::DescribeCluster`](super::Command::DescribeCluster).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeCluster {}

/// Arguments of [`Command::ListTopics`](super::Command::ListTopics).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTopics {}

/// Arguments of [`Command::CreateTopic`](super::Command::CreateTopic).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTopic {
    /// Its name.
    pub topic: String,
    /// How many partitions; `None` leaves it to the broker (`num.partitions`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i64>,
    /// How many brokers hold each partition; `None` leaves it to the broker (`default.replication.factor`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_factor: Option<i64>,
    /// Topic configurations by Kafka's names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, String>,
}

/// Arguments of [`Command::DeleteTopic`](super::Command::DeleteTopic).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteTopic {
    /// Its name.
    pub topic: String,
}

/// Arguments of [`Command::DescribeTopic`](super::Command::DescribeTopic).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeTopic {
    /// Its name.
    pub topic: String,
}

/// Arguments of [`Command::StartOver`](super::Command::StartOver). Consumers of the learner in these groups are closed first; then the
/// groups and topics are deleted, where they are; then topics are made and filled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartOver {
    /// Topics to delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_topics: Vec<String>,
    /// Groups to delete, with their committed offsets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_groups: Vec<String>,
    /// Topics to make afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub create: Vec<CreateTopic>,
    /// Records to write afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub produce: Vec<Produce>,
}

impl CreateTopic {
    pub(super) const FIELDS: &[Field] = &[
        TOPIC,
        Field {
            name: "partitions",
            label: "Partitions",
            help: "How many logs the topic is split into. Left empty, the broker's num.partitions decides.",
            input: Input::OptionalInteger { min: 1, max: 100 },
        },
        Field {
            name: "replication_factor",
            label: "Replication factor",
            help: "How many brokers hold each partition. There must be at least so many.",
            input: Input::Replicas,
        },
        Field {
            name: "configs",
            label: "Topic configs",
            help: "One name=value a line, for example retention.ms=60000.",
            input: Input::Pairs,
        },
    ];
}
