//! Who set what: the dynamic configs of topics, brokers and groups, and what each broker was started with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::ConfigError;
use super::layers::BrokerLayers;
use super::{BrokerSettings, GroupSettings, TopicSettings};

/// Values by the names of their configs, as they were written.
pub(crate) type Overrides = BTreeMap<String, String>;

/// What has dynamic configs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConfigResource {
    /// A topic.
    Topic(String),
    /// One broker.
    Broker(i32),
    /// All brokers.
    Cluster,
    /// A group.
    Group(String),
}

/// The configs of a cluster, as an image of its metadata holds them. Cloning copies no values.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigStore {
    /// What each broker was started with.
    started_with: Arc<BTreeMap<i32, Overrides>>,
    /// Resources without overrides are not in it.
    dynamic: BTreeMap<ConfigResource, Arc<Overrides>>,
}

static NOTHING: Overrides = Overrides::new();

impl ConfigStore {
    /// The configs of a new cluster whose brokers are started with these. Refused when a broker could not start so.
    ///
    /// As eligible leader replicas (KIP-966) are on, `min.insync.replicas` is set for all brokers, to what they were
    /// started with: no broker then has one of its own.
    pub(crate) fn new(started_with: BTreeMap<i32, Overrides>) -> Result<Self, ConfigError> {
        for configs in started_with.values() {
            BrokerLayers { broker: &NOTHING, cluster: &NOTHING, started_with: configs }.validate()?;
        }
        let min_insync_replicas = started_with
            .values()
            .find_map(|configs| configs.get("min.insync.replicas").cloned())
            .unwrap_or_else(|| "1".to_owned());
        let mut store = Self { started_with: Arc::new(started_with), dynamic: BTreeMap::new() };
        let cluster = Overrides::from([("min.insync.replicas".to_owned(), min_insync_replicas)]);
        store.replace(ConfigResource::Cluster, cluster);
        Ok(store)
    }

    /// What is set for a resource itself.
    pub(crate) fn overrides(&self, resource: &ConfigResource) -> &Overrides {
        self.dynamic.get(resource).map_or(&NOTHING, |overrides| overrides)
    }

    /// Sets all that is set for a resource. Whoever calls it has validated it.
    pub(crate) fn replace(&mut self, resource: ConfigResource, overrides: Overrides) {
        if overrides.is_empty() {
            self.dynamic.remove(&resource);
        } else {
            self.dynamic.insert(resource, Arc::new(overrides));
        }
    }

    /// Forgets the configs of a topic that is deleted.
    pub(crate) fn forget_topic(&mut self, topic: &str) {
        self.dynamic.remove(&ConfigResource::Topic(topic.to_owned()));
    }

    /// The groups that have configs of their own.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.dynamic.keys().filter_map(|resource| match resource {
            ConfigResource::Group(group) => Some(group.as_str()),
            ConfigResource::Topic(_) | ConfigResource::Broker(_) | ConfigResource::Cluster => None,
        })
    }

    /// What a broker goes by.
    pub(crate) fn broker_settings(&self, broker: i32) -> BrokerSettings {
        BrokerSettings::of(&self.layers(broker))
    }

    /// What a topic's partitions on a broker go by.
    pub(crate) fn topic_settings(&self, broker: i32, topic: &str) -> TopicSettings {
        let overrides = self.overrides(&ConfigResource::Topic(topic.to_owned()));
        TopicSettings::of(&self.layers(broker), overrides)
    }

    /// What a group goes by whose coordinator is on a broker.
    pub(crate) fn group_settings(&self, broker: i32, group: &str) -> GroupSettings {
        let overrides = self.overrides(&ConfigResource::Group(group.to_owned()));
        GroupSettings::of(&self.layers(broker), overrides)
    }

    pub(super) fn layers(&self, broker: i32) -> BrokerLayers<'_> {
        BrokerLayers {
            broker: self.overrides(&ConfigResource::Broker(broker)),
            cluster: self.overrides(&ConfigResource::Cluster),
            started_with: self.started_with.get(&broker).unwrap_or(&NOTHING),
        }
    }
}
