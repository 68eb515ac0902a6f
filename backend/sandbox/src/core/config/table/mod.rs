//! The configs that Apache Kafka 4.3.1 lists: names, kinds, defaults and rules, as its own definitions have them. The
//! sentences are ours.

mod broker_group;
mod broker_log;
mod broker_quorum;
mod broker_quota;
mod broker_remote;
mod broker_security;
mod broker_server;
mod broker_share;
mod broker_transaction;
mod group;
mod topic;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::definition::{ConfigDef, Visibility};

/// Configs of one kind of resource.
pub(crate) struct ConfigTable {
    defs: Vec<&'static ConfigDef>,
    by_name: HashMap<&'static str, &'static ConfigDef>,
    in_answer_order: Vec<&'static ConfigDef>,
}

impl ConfigTable {
    /// `buckets`: how many buckets the Java hash map has from which Apache Kafka answers. Clients see its order.
    fn new(parts: &[&'static [ConfigDef]], buckets: u32) -> Self {
        let defs: Vec<_> = parts.iter().copied().flatten().collect();
        let by_name = defs.iter().map(|&def| (def.name, def)).collect();
        let mut in_answer_order: Vec<_> =
            defs.iter().copied().filter(|def| def.visibility == Visibility::Listed).collect();
        in_answer_order.sort_by_key(|def| java_bucket(def.name, buckets));
        Self { defs, by_name, in_answer_order }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'static ConfigDef> {
        self.by_name.get(name).copied()
    }

    /// All of them, in the order in which they are checked.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static ConfigDef> + '_ {
        self.defs.iter().copied()
    }

    /// Those that are listed only once they are set.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &'static ConfigDef> + '_ {
        self.iter().filter(|def| def.visibility == Visibility::Internal)
    }

    /// Whether a config is listed when nobody set it.
    pub(crate) fn lists(&self, name: &str) -> bool {
        self.get(name).is_some_and(|def| def.visibility == Visibility::Listed)
    }

    /// Those that are listed when nobody set them, in the order in which Apache Kafka lists them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &'static ConfigDef> + '_ {
        self.in_answer_order.iter().copied()
    }
}

/// The configs of a topic.
pub(crate) static TOPIC_CONFIGS: LazyLock<ConfigTable> =
    LazyLock::new(|| ConfigTable::new(&[topic::TOPIC_CONFIGS], 64));

/// The configs of a group.
pub(crate) static GROUP_CONFIGS: LazyLock<ConfigTable> =
    LazyLock::new(|| ConfigTable::new(&[group::GROUP_CONFIGS], 32));

/// The configs of a broker.
pub(crate) static BROKER_CONFIGS: LazyLock<ConfigTable> = LazyLock::new(|| {
    // As they are defined one after the other.
    let parts = [
        broker_remote::REMOTE,
        broker_server::SERVER,
        broker_group::GROUP,
        broker_log::LOG,
        broker_share::SHARE,
        broker_transaction::TRANSACTION,
        broker_quorum::QUORUM,
        broker_security::SECURITY,
    ];
    ConfigTable::new(&parts, 512)
});

/// Configs that a broker's configuration file can't have: they are set while it runs, or not at all.
pub(crate) static BROKER_QUOTA_CONFIGS: LazyLock<ConfigTable> =
    LazyLock::new(|| ConfigTable::new(&[broker_quota::QUOTA], 16));

/// Sorts texts as a `java.util.HashSet` that began empty gives them.
pub(super) fn sort_as_java(texts: &mut [&str]) {
    let buckets = u32::try_from((texts.len() * 4 / 3 + 1).next_power_of_two()).unwrap_or(u32::MAX).max(16);
    texts.sort_by_key(|text| java_bucket(text, buckets));
}

/// In which of so many buckets (a power of two) `java.util.HashMap` keeps a text.
fn java_bucket(text: &str, buckets: u32) -> u32 {
    let hash = text.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
    (hash ^ (hash >> 16)) & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topics_config_has_an_effect_if_the_brokers_has_that_stands_in_for_it() {
        let mut compared = 0;
        for def in TOPIC_CONFIGS.iter().chain(GROUP_CONFIGS.iter()) {
            let Some(synonym) = def.synonym.and_then(|name| BROKER_CONFIGS.get(name)) else { continue };
            assert_eq!(def.effect, synonym.effect, "{} and {}", def.name, synonym.name);
            compared += 1;
        }
        assert!(compared > 20);
    }

    #[test]
    fn every_default_passes_its_own_rule() {
        let tables = [&*TOPIC_CONFIGS, &*GROUP_CONFIGS, &*BROKER_CONFIGS, &*BROKER_QUOTA_CONFIGS];
        for def in tables.iter().flat_map(|table| table.iter()) {
            // Lists whose default is no list at all, and what a broker can't start without.
            if def.default.is_none()
                && ["node.id", "process.roles", "controller.listener.names"].contains(&def.name)
            {
                continue;
            }
            let checked = def.default_value().and_then(|value| {
                def.validator.check(def.name, value.as_ref())?;
                Ok(value)
            });
            let value = checked.unwrap_or_else(|refusal| panic!("{}: {refusal}", def.name));
            assert_eq!(value.map(|value| value.to_string()).as_deref(), def.default, "{}", def.name);
        }
    }

    #[test]
    fn there_are_as_many_configs_as_in_kafka() {
        assert_eq!((TOPIC_CONFIGS.iter().count(), TOPIC_CONFIGS.listed().count()), (34, 33));
        assert_eq!((GROUP_CONFIGS.iter().count(), GROUP_CONFIGS.listed().count()), (17, 17));
        assert_eq!((BROKER_CONFIGS.iter().count(), BROKER_CONFIGS.listed().count()), (360, 340));
    }

    #[test]
    fn synonyms_are_broker_configs_of_the_same_kind() {
        for def in TOPIC_CONFIGS.iter().chain(GROUP_CONFIGS.iter()) {
            if let Some(synonym) = def.synonym {
                let broker =
                    BROKER_CONFIGS.get(synonym).unwrap_or_else(|| panic!("{synonym} is no broker config"));
                assert_eq!(broker.kind, def.kind, "{}", def.name);
            }
        }
    }

    #[test]
    fn configs_are_listed_in_the_order_of_kafkas_hash_map() {
        let first: Vec<_> = TOPIC_CONFIGS.listed().map(|def| def.name).take(5).collect();
        assert_eq!(
            first,
            [
                "compression.type",
                "remote.log.delete.on.disable",
                "leader.replication.throttled.replicas",
                "remote.storage.enable",
                "min.insync.replicas"
            ]
        );
        let first: Vec<_> = BROKER_CONFIGS.listed().map(|def| def.name).take(3).collect();
        assert_eq!(
            first,
            [
                "log.cleaner.min.compaction.lag.ms",
                "offsets.topic.num.partitions",
                "sasl.oauthbearer.jwks.endpoint.refresh.ms"
            ]
        );
    }
}
