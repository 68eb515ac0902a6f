//! What a producer is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{SETTINGS, TOPIC};
use crate::form::{Field, Input};

/// Arguments of [`Command::Produce`](super::Command::Produce). What is `None` is left to librdkafka's default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Produce {
    /// Where to write. It must be there already.
    pub topic: String,
    /// How many records, 1 to [`Produce::MAX_COUNT`]: the airports in their order, again and again.
    pub count: u64,
    /// The field of the airport that becomes the key, for example `country`; `None`: no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether to wait for each report before the next record.
    #[serde(default)]
    pub sending: Sending,
    /// Who must have a record before it counts as delivered.
    #[serde(default)]
    pub acks: Acks,
    /// How long the client waits for more records before it sends a batch (`linger.ms`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linger_ms: Option<u64>,
    /// The size at which a batch is full (`batch.size`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size_bytes: Option<u64>,
    /// How batches are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Whether retries can neither repeat nor reorder records (`enable.idempotence`).
    #[serde(default)]
    pub idempotence: bool,
    /// More client settings by librdkafka's names, from the allow-list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// Whether a producer waits between records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// Hand over all records, take the reports as they come.
    #[default]
    Asynchronous,
    /// Wait for the report of each record before the next: synchronous.
    OneByOne,
}

/// `acks` of a producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Acks {
    /// Nobody answers.
    #[serde(rename = "0")]
    None,
    /// The leader has written it.
    #[serde(rename = "1")]
    Leader,
    /// All in-sync replicas have it.
    #[default]
    #[serde(rename = "all")]
    All,
}

/// `compression.type` of a producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the algorithms")]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Produce {
    /// The most records that one command may write.
    pub const MAX_COUNT: u64 = 1_000_000;

    pub(super) const FIELDS: &[Field] = &[
        TOPIC,
        Field {
            name: "count",
            label: "Records",
            help: "How many airports to write; after the last the data begins again.",
            input: Input::Integer { min: 1, max: Self::MAX_COUNT },
        },
        Field {
            name: "key",
            label: "Key",
            help: "The field of the airport that becomes the record's key.",
            input: Input::OptionalChoice {
                none: "no key",
                values: &[
                    ("iata", "IATA code"),
                    ("icao", "ICAO code"),
                    ("city", "city"),
                    ("country", "country"),
                    ("time_zone", "time zone"),
                ],
            },
        },
        Field {
            name: "sending",
            label: "Sending",
            help: "Synchronous waits for each delivery report before the next record.",
            input: Input::Choice(&[
                ("asynchronous", "asynchronous"),
                ("one_by_one", "synchronous, one by one"),
            ]),
        },
        Field {
            name: "acks",
            label: "acks",
            help: "Who must have a record before it counts as delivered.",
            input: Input::Choice(&[("all", "all in-sync replicas"), ("1", "the leader"), ("0", "nobody")]),
        },
        Field {
            name: "linger_ms",
            label: "linger.ms",
            help: "How long the client waits for more records before it sends a batch.",
            input: Input::OptionalInteger { min: 0, max: 10_000 },
        },
        Field {
            name: "batch_size_bytes",
            label: "batch.size",
            help: "The bytes at which a batch is full.",
            input: Input::OptionalInteger { min: 1, max: 10_000_000 },
        },
        Field {
            name: "compression",
            label: "compression.type",
            help: "How batches are compressed.",
            input: Input::Choice(&[
                ("none", "none"),
                ("gzip", "gzip"),
                ("snappy", "snappy"),
                ("lz4", "lz4"),
                ("zstd", "zstd"),
            ]),
        },
        Field {
            name: "idempotence",
            label: "enable.idempotence",
            help: "Retries can neither repeat nor reorder records. Takes acks=all.",
            input: Input::Toggle,
        },
        SETTINGS,
    ];
}
