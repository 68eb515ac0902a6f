//! Consumer groups, their members, and where they are in the log.

use serde::{Deserialize, Serialize};

use super::topic::TopicName;
use crate::error::{Error, ErrorCode};

/// The id of a consumer group: 1 to 200 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupId(String);

impl GroupId {
    /// The longest that a learner may use. Kafka sets no limit of its own below 32,767 bytes.
    pub const MAX_CHARS: usize = 200;

    /// Checks an id as a learner typed it. Fails with [`ErrorCode::InvalidGroup`].
    pub fn parse(id: &str) -> Result<Self, Error> {
        let problem = if id.trim().is_empty() {
            "A consumer group needs an id.".to_owned()
        } else if id.chars().count() > Self::MAX_CHARS {
            format!("A group id may have {} characters at most.", Self::MAX_CHARS)
        } else if id.chars().any(char::is_control) {
            "A group id may not have control characters.".to_owned()
        } else {
            return Ok(Self(id.to_owned()));
        };
        Err(Error::new(ErrorCode::InvalidGroup, problem).hint(
            "Give the group a name, for example east-coast-dpt: members with the same id share the work.",
        ))
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for GroupId {
    type Error = Error;

    fn try_from(id: String) -> Result<Self, Error> {
        Self::parse(&id)
    }
}

impl From<GroupId> for String {
    fn from(id: GroupId) -> Self {
        id.0
    }
}

impl std::fmt::Display for GroupId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition's number.
    pub partition: i32,
}

/// An offset in a partition, for example the one that a group committed: the *next* one to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionOffset {
    /// The topic.
    pub topic: TopicName,
    /// The partition's number.
    pub partition: i32,
    /// `None`: there is none yet.
    pub offset: Option<i64>,
}

/// Where one consumer is in one partition. `None` is "not known (yet)".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The topic.
    pub topic: TopicName,
    /// The partition's number.
    pub partition: i32,
    /// The offset of the oldest record that is kept.
    pub log_start: Option<i64>,
    /// The offset that the group committed: the next to read after a restart.
    pub committed: Option<i64>,
    /// The next offset that this consumer hands out.
    pub position: Option<i64>,
    /// The offset after the newest record that consumers may read.
    pub high_watermark: Option<i64>,
}

/// A consumer group as its coordinator describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDescription {
    /// Its id.
    pub group: GroupId,
    /// Its state in Kafka's words, for example `Stable`, `PreparingRebalance`, `Empty`, `Dead`.
    pub state: String,
    /// The assignment strategy in force, for example `range`; empty where there is none.
    pub assignor: String,
    /// The members that the coordinator counts on, a crashed one until its session times out.
    pub members: Vec<GroupMember>,
    /// What the group committed, by topic and partition.
    pub offsets: Vec<PartitionOffset>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// The id that the coordinator gave it.
    pub member_id: String,
    /// The `client.id` that it gave itself.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// The partitions that it was assigned.
    pub partitions: Vec<TopicPartition>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_a_learner_may_use_are_kept_as_they_are() {
        let longest = "ä".repeat(GroupId::MAX_CHARS);
        for id in ["east-coast-dpt", "with space", "ä/ß 🛫", &longest] {
            let group = GroupId::parse(id).expect(id);
            assert_eq!((group.as_str(), group.to_string().as_str()), (id, id));
        }
    }

    #[test]
    fn each_mistake_in_an_id_is_told() {
        let cases = [
            ("", "A consumer group needs an id."),
            (" \t", "A consumer group needs an id."),
            ("a\u{7}b", "A group id may not have control characters."),
            (&"ä".repeat(201), "A group id may have 200 characters at most."),
        ];
        for (id, message) in cases {
            let error = GroupId::parse(id).expect_err(id);
            assert_eq!((error.code, error.message.as_str()), (ErrorCode::InvalidGroup, message));
            assert!(error.hint.is_some());
        }
    }
}
