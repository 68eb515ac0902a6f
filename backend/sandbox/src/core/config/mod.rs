//! Interim: to be replaced by the whole of Kafka's configs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::log::{AppendRules, ProduceRules, TimestampType};
use crate::wire::ErrorCode;

pub(crate) type Overrides = BTreeMap<String, String>;

#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigStore {
    started_with: Overrides,
    topics: BTreeMap<String, Overrides>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicSettings {
    pub(crate) min_insync_replicas: usize,
    pub(crate) unclean_leader_election_enable: bool,
    pub(crate) max_message_bytes: usize,
    pub(crate) compacted: bool,
}

pub(crate) struct BrokerSettings {
    pub(crate) num_partitions: usize,
    pub(crate) default_replication_factor: usize,
    pub(crate) auto_create_topics_enable: bool,
    pub(crate) delete_topic_enable: bool,
    pub(crate) offsets_topic_num_partitions: usize,
    pub(crate) offsets_topic_replication_factor: usize,
    pub(crate) replica_lag_time_max: Duration,
    pub(crate) broker_session_timeout: Duration,
    pub(crate) auto_leader_rebalance_enable: bool,
    pub(crate) leader_imbalance_check_interval: Duration,
}

pub(crate) struct ConfigEntry {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) read_only: bool,
    pub(crate) source: i8,
    pub(crate) sensitive: bool,
}

impl TopicSettings {
    pub(crate) fn effective_min_isr(&self, replicas: usize) -> usize {
        self.min_insync_replicas.min(replicas)
    }
    pub(crate) fn produce_rules(&self) -> ProduceRules {
        ProduceRules {
            max_message_bytes: self.max_message_bytes,
            segment_bytes: 1 << 30,
            compacted: self.compacted,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
        }
    }
    pub(crate) fn append_rules(&self) -> AppendRules {
        AppendRules {
            timestamp_type: TimestampType::CreateTime,
            segment_bytes: 1 << 30,
            segment_ms: 604_800_000,
        }
    }
}

impl ConfigStore {
    pub(crate) fn new(configs: Vec<(String, String)>) -> Self {
        Self { started_with: configs.into_iter().collect(), topics: BTreeMap::new() }
    }
    pub(crate) fn remove_topic(&mut self, name: &str) {
        self.topics.remove(name);
    }
    pub(crate) fn set_topic(&mut self, name: &str, configs: Overrides) {
        self.topics.insert(name.to_owned(), configs);
    }
    pub(crate) fn set_internal_topic(&mut self, name: &str) {
        self.topics.insert(name.to_owned(), [("cleanup.policy".to_owned(), "compact".to_owned())].into());
    }
    pub(crate) fn check_topic(&self, _configs: &Overrides) -> Result<(), (ErrorCode, String)> {
        Ok(())
    }
    pub(crate) fn describe_new_topic(&self, _configs: &Overrides) -> Vec<ConfigEntry> {
        Vec::new()
    }
    fn number(&self, topic: Option<&str>, name: &str, default: usize) -> usize {
        let own = topic.and_then(|topic| self.topics.get(topic)).and_then(|it| it.get(name));
        own.or(self.started_with.get(name)).and_then(|it| it.parse().ok()).unwrap_or(default)
    }
    pub(crate) fn topic_settings(&self, name: &str) -> TopicSettings {
        let own = self.topics.get(name);
        TopicSettings {
            min_insync_replicas: self.number(Some(name), "min.insync.replicas", 1),
            unclean_leader_election_enable: false,
            max_message_bytes: self.number(Some(name), "max.message.bytes", 1_048_588),
            compacted: own.and_then(|it| it.get("cleanup.policy")).is_some_and(|it| it.contains("compact")),
        }
    }
    pub(crate) fn broker_settings(&self) -> BrokerSettings {
        BrokerSettings {
            num_partitions: self.number(None, "num.partitions", 1),
            default_replication_factor: self.number(None, "default.replication.factor", 1),
            auto_create_topics_enable: true,
            delete_topic_enable: true,
            offsets_topic_num_partitions: self.number(None, "offsets.topic.num.partitions", 50),
            offsets_topic_replication_factor: self.number(None, "offsets.topic.replication.factor", 3),
            replica_lag_time_max: Duration::from_secs(30),
            broker_session_timeout: Duration::from_secs(9),
            auto_leader_rebalance_enable: true,
            leader_imbalance_check_interval: Duration::from_secs(300),
        }
    }
}
