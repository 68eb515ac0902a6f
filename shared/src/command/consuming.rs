//! What the members of a group are told, and the group is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SETTINGS;
use crate::form::{Field, Input};
use crate::wire::ConsumerId;

/// Arguments of [`Command::StartConsumer`](super::Command::StartConsumer).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartConsumer {
    /// The group to join.
    pub group: String,
    /// What to subscribe to. Each must be there already.
    pub topics: Vec<String>,
    /// Where to begin in a partition of which the group has committed nothing (`auto.offset.reset`).
    #[serde(default)]
    pub start_at: StartAt,
    /// Commit by timer, each so many milliseconds (`auto.commit.interval.ms`); `None`: auto-commit is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_commit_interval_ms: Option<u64>,
    /// Whether to commit after each record.
    #[serde(default)]
    pub commit_each_record: CommitEachRecord,
    /// More client settings by librdkafka's names, from the allow-list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// `auto.offset.reset` of a consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartAt {
    /// At the oldest record that is kept.
    #[default]
    Earliest,
    /// After the newest: only what is written from now on.
    Latest,
}

/// What a consumer does after each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitEachRecord {
    /// Nothing.
    #[default]
    Off,
    /// Commit, and wait until the group's coordinator has it.
    Synchronous,
    /// Commit, and go on.
    Asynchronous,
}

/// Arguments of [`Command::Commit`](super::Command::Commit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Which consumer.
    pub consumer: ConsumerId,
    /// Whether to wait until the group's coordinator has it.
    #[serde(default = "super::yes")]
    pub synchronous: bool,
}

/// Arguments of [`Command::StopConsumer`](super::Command::StopConsumer).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopConsumer {
    /// Which consumer.
    pub consumer: ConsumerId,
}

/// Arguments of [`Command::CrashConsumer`](super::Command::CrashConsumer).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashConsumer {
    /// Which consumer.
    pub consumer: ConsumerId,
}

/// Arguments of [`Command::DescribeGroup`](super::Command::DescribeGroup).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeGroup {
    /// Its id.
    pub group: String,
}

pub(super) const GROUP: Field = Field {
    name: "group",
    label: "Group id",
    help: "Consumers with the same group id share the work.",
    input: Input::Text,
};

impl StartConsumer {
    pub(super) const FIELDS: &[Field] = &[
        GROUP,
        Field {
            name: "topics",
            label: "Topics",
            help: "What to subscribe to, separated by commas.",
            input: Input::Names,
        },
        Field {
            name: "start_at",
            label: "auto.offset.reset",
            help: "Where to begin where the group has committed nothing.",
            input: Input::Choice(&[("earliest", "earliest"), ("latest", "latest")]),
        },
        Field {
            name: "auto_commit_interval_ms",
            label: "auto.commit.interval.ms",
            help: "Commit by timer. Left empty, auto-commit is off.",
            input: Input::OptionalInteger { min: 100, max: 60_000 },
        },
        Field {
            name: "commit_each_record",
            label: "Commit after each record",
            help: "As consumer.py does with commit(asynchronous=False).",
            input: Input::Choice(&[
                ("off", "no"),
                ("synchronous", "synchronous"),
                ("asynchronous", "asynchronous"),
            ]),
        },
        SETTINGS,
    ];
}

impl Commit {
    pub(super) const FIELDS: &[Field] = &[Field {
        name: "synchronous",
        label: "Synchronous",
        help: "Wait until the group's coordinator has it.",
        input: Input::Toggle,
    }];
}
