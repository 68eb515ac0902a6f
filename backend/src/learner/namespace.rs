//! The names that a learner says, and those that the cluster knows. A placeholder with the signatures of the real one.

use shared::Error;
use shared::kafka::{GroupId, TopicName};

/// Where a learner's topics and groups live on the cluster.
#[derive(Clone, Debug)]
pub struct Namespace {
    prefix: String,
}

impl Namespace {
    /// One that puts `prefix` in front.
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The topic that a learner names, and its name on the cluster.
    pub fn topic(&self, name: &str) -> Result<(TopicName, String), Error> {
        let name = TopicName::parse(name)?;
        let physical = format!("{}{name}", self.prefix);
        Ok((name, physical))
    }

    /// The group that a learner names, and its id on the cluster.
    pub fn group(&self, id: &str) -> Result<(GroupId, String), Error> {
        let id = GroupId::parse(id)?;
        let physical = format!("{}{id}", self.prefix);
        Ok((id, physical))
    }

    /// What the learner calls a topic of the cluster; `None`: it is someone else's.
    pub fn topic_seen(&self, physical: &str) -> Option<TopicName> {
        if let Ok(name) = TopicName::parse(physical)
            && name.is_internal()
        {
            return Some(name);
        }
        TopicName::parse(physical.strip_prefix(&self.prefix)?).ok()
    }

    /// A text of Kafka's without the prefix.
    pub fn hide(&self, text: &str) -> String {
        if self.prefix.is_empty() { text.to_owned() } else { text.replace(&self.prefix, "") }
    }
}
