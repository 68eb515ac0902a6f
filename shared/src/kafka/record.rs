//! Records as they were read.

use serde::{Deserialize, Serialize};

use super::topic::TopicName;

/// Bytes that a person may want to read: text where they are UTF-8, else base64; a preview where they are long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bytes {
    /// All of them, as UTF-8.
    Text(String),
    /// All of them, in base64.
    Base64(String),
    /// The beginning, as UTF-8.
    TextPreview {
        /// The first ones.
        start: String,
        /// How many there are in all.
        size: u64,
    },
    /// The beginning, in base64.
    Base64Preview {
        /// The first ones.
        start: String,
        /// How many there are in all.
        size: u64,
    },
}

impl Bytes {
    /// Longer ones are sent as a preview of this many bytes.
    pub const PREVIEW_BYTES: usize = 4096;
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name, which need not be unique.
    pub key: String,
    /// Its value; `None` is Kafka's null.
    pub value: Option<Bytes>,
}

/// A record as a consumer got it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where it was read.
    pub topic: TopicName,
    /// Where it was read.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since 1970, if the record has a timestamp.
    pub timestamp_ms: Option<i64>,
    /// `None` is Kafka's null: no key was given.
    pub key: Option<Bytes>,
    /// `None` is Kafka's null: a tombstone.
    pub value: Option<Bytes>,
    /// In the order in which they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
}
