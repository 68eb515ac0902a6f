//! Topics, their partitions and their configuration.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode};

/// The name of a topic that Kafka allows: 1 to 249 of `[a-zA-Z0-9._-]`, neither `.` nor `..`.
///
/// Source: `org.apache.kafka.common.internals.Topic` in Apache Kafka.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicName(String);

impl TopicName {
    /// The longest name that Kafka allows.
    pub const MAX_CHARS: usize = 249;

    /// Checks a name as a learner typed it. Fails with [`ErrorCode::InvalidTopic`].
    pub fn parse(name: &str) -> Result<Self, Error> {
        let problem = if name.is_empty() {
            "A topic needs a name.".to_owned()
        } else if name == "." || name == ".." {
            format!("Kafka does not allow a topic named “{name}”.")
        } else if name.len() > Self::MAX_CHARS {
            format!(
                "The topic name has {} characters; Kafka allows {}.",
                name.chars().count(),
                Self::MAX_CHARS
            )
        } else if let Some(bad) =
            name.chars().find(|c| !matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-'))
        {
            format!("Kafka does not allow the character “{bad}” in a topic name.")
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(Error::new(ErrorCode::InvalidTopic, problem)
            .hint("Use letters, digits, dots, underscores and hyphens."))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Kafka keeps its own state in this topic. Kafka knows these by their names too.
    ///
    /// Source: `Topic.INTERNAL_TOPICS` in Apache Kafka 4.3.
    pub fn is_internal(&self) -> bool {
        matches!(self.0.as_str(), "__consumer_offsets" | "__transaction_state" | "__share_group_state")
    }
}

impl TryFrom<String> for TopicName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::parse(&name)
    }
}

impl From<TopicName> for String {
    fn from(name: TopicName) -> Self {
        name.0
    }
}

impl std::fmt::Display for TopicName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A topic as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicSummary {
    /// Its name.
    pub name: TopicName,
    /// How many partitions it has.
    pub partitions: u32,
    /// How many replicas its partitions have: the most, where they differ.
    pub replicas: u32,
    /// Whether Kafka keeps its own state in it.
    pub internal: bool,
}

/// A topic with all that the cluster says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicDescription {
    /// Its name.
    pub name: TopicName,
    /// By partition number.
    pub partitions: Vec<PartitionDescription>,
    /// By name.
    pub configs: Vec<ConfigEntry>,
}

/// A partition with its replicas and its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionDescription {
    /// Its number, from 0.
    pub partition: i32,
    /// The broker that leads it, if one does.
    pub leader: Option<i32>,
    /// The brokers that hold a replica; the first is the preferred leader.
    pub replicas: Vec<i32>,
    /// Those of `replicas` that are in sync.
    pub in_sync: Vec<i32>,
    /// The offset of the oldest record that is kept, where the leader answered.
    pub log_start: Option<i64>,
    /// The offset after the newest record that consumers may read, where the leader answered.
    pub high_watermark: Option<i64>,
}

/// One configuration of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigEntry {
    /// Its name, for example `retention.ms`.
    pub name: String,
    /// Its value in force; hidden where it is sensitive.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether nobody set it: the value is Kafka's own default.
    pub is_default: bool,
}

/// Where a configuration's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigSource {
    /// Set on the topic.
    Topic,
    /// Set on the broker, while it runs.
    DynamicBroker,
    /// Set for all brokers, while they run.
    DynamicDefaultBroker,
    /// Set in the broker's properties file.
    StaticBroker,
    /// Kafka's own default.
    Default,
    /// The cluster did not say.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        let error = TopicName::parse(name).expect_err(name);
        assert_eq!(error.code, ErrorCode::InvalidTopic);
        error.message
    }

    #[test]
    fn names_that_kafka_allows_are_kept_as_they_are() {
        let longest = "a".repeat(TopicName::MAX_CHARS);
        for name in ["airports-data", "A.b_c-9", "...", "_", &longest] {
            let topic = TopicName::parse(name).expect(name);
            assert_eq!((topic.as_str(), topic.to_string().as_str()), (name, name));
        }
    }

    #[test]
    fn each_mistake_in_a_name_is_told() {
        assert_eq!(refusal(""), "A topic needs a name.");
        assert_eq!(refusal("."), "Kafka does not allow a topic named “.”.");
        assert_eq!(refusal(".."), "Kafka does not allow a topic named “..”.");
        assert_eq!(refusal("airports data"), "Kafka does not allow the character “ ” in a topic name.");
        assert_eq!(refusal("flughäfen"), "Kafka does not allow the character “ä” in a topic name.");
        assert_eq!(refusal("a\n"), "Kafka does not allow the character “\n” in a topic name.");
        assert_eq!(refusal(&"a".repeat(250)), "The topic name has 250 characters; Kafka allows 249.");
    }

    #[test]
    fn a_name_is_checked_where_it_is_read_from_json() {
        assert!(serde_json::from_str::<TopicName>("\"airports-data\"").is_ok());
        assert!(serde_json::from_str::<TopicName>("\"airports data\"").is_err());
    }

    #[test]
    fn kafkas_own_topics_are_known() {
        let internal = |name: &str| TopicName::parse(name).expect(name).is_internal();
        assert!(internal("__consumer_offsets") && internal("__transaction_state"));
        assert!(!internal("__mine") && !internal("airports-data"));
    }
}
