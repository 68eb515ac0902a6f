//! Who set what: the dynamic configs of topics, brokers and groups, and what each broker was started with.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::error::ConfigError;
use super::layers::BrokerLayers;
use super::{BrokerSettings, TopicSettings};

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
    /// What all brokers were started with.
    started_with: Arc<Overrides>,
    /// What single brokers were started with: that, and what is theirs alone.
    started_alone_with: BTreeMap<i32, Arc<Overrides>>,
    /// Resources without overrides are not in it.
    dynamic: BTreeMap<ConfigResource, Arc<Overrides>>,
    /// What brokers go by, once it was asked for: it is asked for with every heartbeat.
    broker_settings: OnceLock<Arc<BrokerSettings>>,
}

static NOTHING: Overrides = Overrides::new();

impl ConfigStore {
    /// The configs of a new cluster whose brokers are all started with these. Refused when a broker could not start so.
    ///
    /// As eligible leader replicas (KIP-966) are on, `min.insync.replicas` is set for all brokers, to what they were
    /// started with: no broker then has one of its own.
    pub(crate) fn new(started_with: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let started_with: Overrides = started_with.into_iter().collect();
        let mut store = Self { started_with: Arc::new(started_with), ..Self::default() };
        store.layers(None).validate()?;
        let min_insync_replicas = store.topic_settings("").min_insync_replicas.to_string();
        let cluster = Overrides::from([("min.insync.replicas".to_owned(), min_insync_replicas)]);
        store.replace(ConfigResource::Cluster, cluster);
        Ok(store)
    }

    /// Configs that one broker was started with and the others were not, such as `node.id` and `broker.rack`. Refused
    /// when the broker could not start so.
    pub(crate) fn started_with(
        &mut self,
        broker: i32,
        own: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        let mut started_with = Overrides::clone(&self.started_with);
        started_with.extend(own);
        // One is the older name of the other.
        if let (Some(id), false) =
            (started_with.get("node.id").cloned(), started_with.contains_key("broker.id"))
        {
            started_with.insert("broker.id".to_owned(), id);
        }
        BrokerLayers { broker: &NOTHING, cluster: &NOTHING, started_with: &started_with }.validate()?;
        self.started_alone_with.insert(broker, Arc::new(started_with));
        Ok(())
    }

    /// What is set for a resource itself.
    pub(crate) fn overrides(&self, resource: &ConfigResource) -> &Overrides {
        self.dynamic.get(resource).map_or(&NOTHING, |overrides| overrides)
    }

    /// Sets all that is set for a resource. Whoever calls it has validated it.
    pub(crate) fn replace(&mut self, resource: ConfigResource, overrides: Overrides) {
        if matches!(resource, ConfigResource::Broker(_) | ConfigResource::Cluster) {
            self.broker_settings = OnceLock::new();
        }
        if overrides.is_empty() {
            self.dynamic.remove(&resource);
        } else {
            self.dynamic.insert(resource, Arc::new(overrides));
        }
    }

    /// Sets all that is set for a topic. Whoever calls it has validated it: see [`Self::check_topic`].
    pub(crate) fn set_topic(&mut self, topic: &str, overrides: Overrides) {
        self.replace(ConfigResource::Topic(topic.to_owned()), overrides);
    }

    /// Sets what brokers set for a topic that they keep their own records in.
    pub(crate) fn set_internal_topic(&mut self, topic: &str) {
        let settings = self.broker_settings();
        let overrides =
            internal_topic(topic, &settings).into_iter().map(|(name, value)| (name.to_owned(), value));
        self.set_topic(topic, overrides.collect());
    }

    /// Forgets the configs of a topic that is deleted.
    pub(crate) fn remove_topic(&mut self, topic: &str) {
        self.dynamic.remove(&ConfigResource::Topic(topic.to_owned()));
    }

    /// The groups that have configs of their own.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.dynamic.keys().filter_map(|resource| match resource {
            ConfigResource::Group(group) => Some(group.as_str()),
            ConfigResource::Topic(_) | ConfigResource::Broker(_) | ConfigResource::Cluster => None,
        })
    }

    /// What brokers go by that have no configs of their own, and the controller.
    pub(crate) fn broker_settings(&self) -> Arc<BrokerSettings> {
        Arc::clone(self.broker_settings.get_or_init(|| Arc::new(BrokerSettings::of(&self.layers(None)))))
    }

    /// What a topic's partitions go by on brokers that have no configs of their own, and at the controller.
    pub(crate) fn topic_settings(&self, topic: &str) -> TopicSettings {
        TopicSettings::of(&self.layers(None), self.overrides(&ConfigResource::Topic(topic.to_owned())))
    }

    /// The same on each broker that has configs of its own (`DynamicLogConfig`).
    pub(crate) fn topic_settings_on_brokers(&self, topic: &str) -> Vec<(i32, TopicSettings)> {
        let topic = self.overrides(&ConfigResource::Topic(topic.to_owned()));
        let brokers = self.dynamic.keys().filter_map(|resource| match resource {
            ConfigResource::Broker(broker) => Some(*broker),
            ConfigResource::Topic(_) | ConfigResource::Cluster | ConfigResource::Group(_) => None,
        });
        brokers.map(|broker| (broker, TopicSettings::of(&self.layers(Some(broker)), topic))).collect()
    }

    /// The layers of a broker; those of none have nothing that is one broker's alone.
    pub(super) fn layers(&self, broker: Option<i32>) -> BrokerLayers<'_> {
        let alone = broker.and_then(|broker| self.started_alone_with.get(&broker));
        BrokerLayers {
            broker: broker.map_or(&NOTHING, |broker| self.overrides(&ConfigResource::Broker(broker))),
            cluster: self.overrides(&ConfigResource::Cluster),
            started_with: alone.unwrap_or(&self.started_with),
        }
    }
}

/// What brokers set for their own topics.
fn internal_topic(topic: &str, settings: &BrokerSettings) -> Vec<(&'static str, String)> {
    match topic {
        "__consumer_offsets" => vec![
            ("cleanup.policy", "compact".to_owned()),
            ("compression.type", "producer".to_owned()),
            ("segment.bytes", settings.offsets_topic_segment_bytes.to_string()),
        ],
        "__transaction_state" => vec![
            ("cleanup.policy", "compact".to_owned()),
            ("compression.type", "uncompressed".to_owned()),
            ("min.insync.replicas", settings.transaction_state_log_min_isr.to_string()),
            ("segment.bytes", settings.transaction_state_log_segment_bytes.to_string()),
            ("unclean.leader.election.enable", "false".to_owned()),
        ],
        "__share_group_state" => vec![
            ("cleanup.policy", "delete".to_owned()),
            ("compression.type", "producer".to_owned()),
            ("min.insync.replicas", settings.share_coordinator_state_topic_min_isr.to_string()),
            ("retention.ms", "-1".to_owned()),
            ("segment.bytes", settings.share_coordinator_state_topic_segment_bytes.to_string()),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn brokers_do_not_start_with_what_they_could_not_go_by() {
        for bad in [
            ("num.partitions", "0"),
            ("log.retention.ms", "0"),
            ("group.consumer.session.timeout.ms", "1"),
            ("replica.lag.time.max.ms", "400"),
            ("group.coordinator.rebalance.protocols", ""),
        ] {
            assert!(ConfigStore::new(configs(&[bad])).is_err(), "{bad:?}");
        }
        assert!(ConfigStore::new(configs(&[("group.coordinator.rebalance.protocols", "classic")])).is_ok());
    }

    #[test]
    fn what_brokers_started_with_as_min_insync_replicas_counts_for_the_cluster() {
        let store = ConfigStore::new(configs(&[("min.insync.replicas", "2")])).unwrap();
        assert_eq!(store.overrides(&ConfigResource::Cluster).get("min.insync.replicas").unwrap(), "2");
        assert_eq!(store.topic_settings("t").min_insync_replicas, 2);
    }

    #[test]
    fn a_broker_may_be_started_with_more_than_the_others() {
        let mut store = ConfigStore::new(configs(&[("num.partitions", "3")])).unwrap();
        store.started_with(2, configs(&[("broker.rack", "b")])).unwrap();
        let [one, two] = [1, 2].map(|broker| BrokerSettings::of(&store.layers(Some(broker))));
        assert_eq!(one.rack, None);
        assert_eq!(two.rack.as_deref(), Some("b"));
        assert_eq!(two.num_partitions, 3);
        assert!(store.started_with(3, configs(&[("node.id", "x")])).is_err());
    }

    #[test]
    fn the_topics_of_the_brokers_are_compacted_as_their_coordinators_need_it() {
        let mut store = ConfigStore::new(configs(&[("transaction.state.log.min.isr", "1")])).unwrap();
        store.set_internal_topic("__consumer_offsets");
        store.set_internal_topic("__transaction_state");
        let offsets = store.topic_settings("__consumer_offsets");
        assert!(offsets.cleanup_policy.compact && !offsets.cleanup_policy.delete);
        assert_eq!(offsets.segment_bytes, 104_857_600);
        assert_eq!(store.topic_settings("__transaction_state").min_insync_replicas, 1);
    }

    #[test]
    fn a_deleted_topic_leaves_no_configs_to_the_next_of_its_name() {
        let mut store = ConfigStore::new([]).unwrap();
        store.set_topic("t", configs(&[("retention.ms", "5")]).into_iter().collect());
        assert_eq!(store.topic_settings("t").retention_ms, 5);
        store.remove_topic("t");
        assert_eq!(store.topic_settings("t").retention_ms, 604_800_000);
    }
}
