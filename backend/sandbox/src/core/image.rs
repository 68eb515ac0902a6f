//! The metadata image: what the controller has decided. Brokers act on the image that they have seen last.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::config::{ConfigStore, TopicSettings};
use super::ids::BrokerId;
use crate::wire::{KafkaString, KafkaUuid};

/// The names of the topics that brokers keep their own records in.
pub(crate) const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// See [`CONSUMER_OFFSETS`].
pub(crate) const TRANSACTION_STATE: &str = "__transaction_state";

/// The cluster's metadata at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    /// The registered brokers.
    pub(crate) brokers: BTreeMap<BrokerId, Registration>,
    /// What brokers, topics and groups are configured to do.
    pub(crate) configs: ConfigStore,
    topics: BTreeMap<KafkaName, Arc<Topic>>,
    names: HashMap<KafkaUuid, KafkaString>,
}

/// Sorts as text does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct KafkaName(String);

impl std::borrow::Borrow<str> for KafkaName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A broker as the controller knows it.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    /// The address that it announces.
    pub(crate) host: KafkaString,
    /// The port that it announces.
    pub(crate) port: u16,
    /// Fenced brokers lead nothing and are not told to clients.
    pub(crate) fenced: bool,
}

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    /// Its name.
    pub(crate) name: KafkaString,
    /// Its id, never used again.
    pub(crate) id: KafkaUuid,
    /// What its configs and the brokers' come to, at the controller and where a broker has no configs of its own.
    pub(crate) settings: Arc<TopicSettings>,
    /// The same on brokers that have.
    pub(crate) on_brokers: BTreeMap<BrokerId, Arc<TopicSettings>>,
    /// Its partitions, by number.
    pub(crate) partitions: Vec<PartitionRegistration>,
}

/// A partition as the controller knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartitionRegistration {
    /// The assigned brokers, the preferred leader first.
    pub(crate) replicas: Vec<BrokerId>,
    /// The in-sync ones.
    pub(crate) isr: Vec<BrokerId>,
    /// Eligible leaders that are not in sync (KIP-966).
    pub(crate) elr: Vec<BrokerId>,
    /// The last leader, while there is none and nobody is eligible.
    pub(crate) last_known_elr: Vec<BrokerId>,
    /// Who leads.
    pub(crate) leader: Option<BrokerId>,
    /// Grows with each change of the leader.
    pub(crate) leader_epoch: i32,
    /// Grows with each change.
    pub(crate) partition_epoch: i32,
}

impl Topic {
    /// What its partitions go by on a broker.
    pub(crate) fn settings_on(&self, broker: BrokerId) -> &Arc<TopicSettings> {
        self.on_brokers.get(&broker).unwrap_or(&self.settings)
    }

    /// Whether brokers keep their own records in it.
    pub(crate) fn is_internal(&self) -> bool {
        is_internal(self.name.as_str())
    }

    /// A partition by its number on the wire.
    pub(crate) fn partition(&self, index: i32) -> Option<&PartitionRegistration> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

/// Whether brokers keep their own records in the topic of this name.
pub(crate) fn is_internal(name: &str) -> bool {
    name == CONSUMER_OFFSETS || name == TRANSACTION_STATE
}

impl Image {
    /// No brokers and no topics yet.
    pub(crate) fn new(configs: ConfigStore) -> Self {
        Self { configs, ..Self::default() }
    }

    /// A topic by name.
    pub(crate) fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        self.topics.get(name)
    }

    /// A topic by id.
    pub(crate) fn topic_by_id(&self, id: KafkaUuid) -> Option<&Arc<Topic>> {
        self.topics.get(self.names.get(&id)?.as_str())
    }

    /// All topics by name.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.topics.values()
    }

    /// All topics whose names come at or after `name`.
    pub(crate) fn topics_from(&self, name: &str) -> impl Iterator<Item = &Arc<Topic>> {
        self.topics
            .range::<str, _>((std::ops::Bound::Included(name), std::ops::Bound::Unbounded))
            .map(|(_, topic)| topic)
    }

    /// How many topics there are.
    pub(crate) fn topic_count(&self) -> usize {
        self.topics.len()
    }

    /// How many partitions there are.
    pub(crate) fn partition_count(&self) -> usize {
        self.topics.values().map(|topic| topic.partitions.len()).sum()
    }

    /// Adds a topic, or puts it in the place of the one with its name.
    pub(crate) fn insert_topic(&mut self, topic: Topic) {
        self.names.insert(topic.id, topic.name.clone());
        self.topics.insert(KafkaName(topic.name.as_str().to_owned()), Arc::new(topic));
    }

    /// Removes a topic.
    pub(crate) fn remove_topic(&mut self, name: &str) -> Option<Arc<Topic>> {
        let topic = self.topics.remove(name)?;
        self.names.remove(&topic.id);
        Some(topic)
    }

    /// A partition, to be changed.
    pub(crate) fn partition_mut(
        &mut self,
        topic: KafkaUuid,
        index: i32,
    ) -> Option<&mut PartitionRegistration> {
        let name = self.names.get(&topic)?;
        let topic = Arc::make_mut(self.topics.get_mut(name.as_str())?);
        topic.partitions.get_mut(usize::try_from(index).ok()?)
    }

    /// The brokers that are not fenced.
    pub(crate) fn live_brokers(&self) -> impl Iterator<Item = (BrokerId, &Registration)> {
        self.brokers.iter().filter(|(_, broker)| !broker.fenced).map(|(id, broker)| (*id, broker))
    }

    /// Whether a broker is registered and not fenced.
    pub(crate) fn is_live(&self, broker: BrokerId) -> bool {
        self.brokers.get(&broker).is_some_and(|broker| !broker.fenced)
    }
}
