//! How a learner's names become names on a cluster that others use too, and back.

use shared::kafka::{GroupId, TopicName};
use shared::{Error, ErrorCode};

use super::LearnerId;

/// The names that one learner may use. On a cluster of one's own they are the cluster's. On a shared cluster each gets the learner's prefix, which the page never
/// shows. All prefixes are equally long, so that none is the beginning of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    prefix: String,
}

impl Namespace {
    /// For a cluster that learners share.
    pub fn shared(learner: &LearnerId) -> Self {
        Self { prefix: format!("kw-{learner}-") }
    }

    /// For a cluster of the learner's own: names are what the learner says.
    pub fn private() -> Self {
        Self { prefix: String::new() }
    }

    /// A topic as the learner named it, and its name on the cluster.
    pub fn topic(&self, name: &str) -> Result<(TopicName, String), Error> {
        let topic = TopicName::parse(name)?;
        let physical = format!("{}{name}", self.prefix);
        if physical.len() > TopicName::MAX_CHARS {
            let most = TopicName::MAX_CHARS - self.prefix.len();
            return Err(Error::new(
                ErrorCode::InvalidTopic,
                format!(
                    "On this shared cluster a topic name may have {most} characters; this one has {}.",
                    name.len()
                ),
            )
            .hint("Choose a shorter name."));
        }
        Ok((topic, physical))
    }

    /// A group as the learner named it, and its id on the cluster.
    pub fn group(&self, id: &str) -> Result<(GroupId, String), Error> {
        Ok((GroupId::parse(id)?, format!("{}{id}", self.prefix)))
    }

    /// How the learner names a topic of the cluster. `None`: it is someone else's. Kafka's own are seen by all.
    pub fn topic_seen(&self, physical: &str) -> Option<TopicName> {
        let own = physical.strip_prefix(&self.prefix).and_then(|name| TopicName::parse(name).ok());
        own.or_else(|| TopicName::parse(physical).ok().filter(TopicName::is_internal))
    }

    /// A text of the cluster's, without the learner's prefix.
    pub fn hide(&self, text: &str) -> String {
        if self.prefix.is_empty() { text.to_owned() } else { text.replace(&self.prefix, "") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_topic_comes_back_under_the_name_that_the_learner_gave() {
        let names = Namespace::shared(&LearnerId::random());
        let (topic, physical) = names.topic("airports-data").unwrap();
        assert_ne!(physical, "airports-data");
        assert_eq!(names.topic_seen(&physical), Some(topic));
    }

    #[test]
    fn internal_topics_are_seen_and_those_of_others_are_not() {
        let names = Namespace::shared(&LearnerId::random());
        assert!(names.topic_seen("__consumer_offsets").is_some_and(|topic| topic.is_internal()));
        assert_eq!(names.topic_seen("airports-data"), None);
        let (_, theirs) = Namespace::shared(&LearnerId::random()).topic("airports-data").unwrap();
        assert_eq!(names.topic_seen(&theirs), None);
    }

    #[test]
    fn on_a_private_cluster_names_are_what_the_learner_says() {
        let names = Namespace::private();
        let longest = "a".repeat(TopicName::MAX_CHARS);
        for name in ["airports-data", &longest] {
            let (topic, physical) = names.topic(name).unwrap();
            assert_eq!((topic.as_str(), physical.as_str()), (name, name));
            assert_eq!(names.topic_seen(name), Some(topic));
        }
        assert_eq!(names.group("east-coast-dpt").unwrap().1, "east-coast-dpt");
        assert_eq!(names.hide("Topic 't' already exists."), "Topic 't' already exists.");
    }

    #[test]
    fn a_name_too_long_with_its_prefix_is_refused_as_a_name() {
        let names = Namespace::shared(&LearnerId::random());
        assert!(names.topic(&"a".repeat(200)).is_ok());
        assert_eq!(names.topic(&"a".repeat(249)).unwrap_err().code, ErrorCode::InvalidTopic);
    }

    #[test]
    fn the_prefix_does_not_show_in_messages() {
        let names = Namespace::shared(&LearnerId::random());
        let (_, physical) = names.topic("t").unwrap();
        assert_eq!(names.hide(&format!("Topic '{physical}' already exists.")), "Topic 't' already exists.");
    }

    proptest! {
        #[test]
        fn no_name_of_one_learner_is_a_name_of_another(mine in "[a-zA-Z0-9._-]{1,60}", theirs in "[a-zA-Z0-9._-]{1,60}") {
            let (a, b) = (Namespace::shared(&LearnerId::random()), Namespace::shared(&LearnerId::random()));
            if let (Ok((_, mine)), Ok((_, theirs))) = (a.topic(&mine), b.topic(&theirs)) {
                prop_assert_ne!(&mine, &theirs);
                prop_assert_eq!(a.topic_seen(&theirs), None);
                prop_assert_eq!(b.topic_seen(&mine), None);
            }
            prop_assert_ne!(a.group(&mine).unwrap().1, b.group(&theirs).unwrap().1);
        }
    }
}
