//! What a topic's partitions go by, and which overrides a topic may have.

use super::definition::ConfigDef;
use super::error::ConfigError;
use super::layers::BrokerLayers;
use super::store::Overrides;
use super::table::TOPIC_CONFIGS;
use super::value::Value;
use crate::core::log::{AppendRules, CompactRules, Compression, ProduceRules, Recompression, TimestampType};

/// What happens to a partition's old segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CleanupPolicy {
    /// Of each key the last record stays.
    pub(crate) compact: bool,
    /// They are deleted by age and size.
    pub(crate) delete: bool,
}

/// How batches are compressed in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompressionType {
    /// As they came.
    Producer,
    /// Not at all.
    Uncompressed,
    /// By gzip.
    Gzip,
    /// By Snappy.
    Snappy,
    /// By LZ4.
    Lz4,
    /// By Zstandard.
    Zstd,
}

/// What a topic's partitions go by. Numbers are as Kafka's configs have them: `i64::MAX` is for ever, and a retention
/// of -1 sets no limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicSettings {
    pub(crate) cleanup_policy: CleanupPolicy,
    pub(crate) compression_type: CompressionType,
    /// -1 is gzip's own default.
    pub(crate) compression_gzip_level: i32,
    pub(crate) compression_lz4_level: i32,
    pub(crate) compression_zstd_level: i32,
    pub(crate) delete_retention_ms: i64,
    pub(crate) max_compaction_lag_ms: i64,
    pub(crate) max_message_bytes: usize,
    pub(crate) message_timestamp_after_max_ms: i64,
    pub(crate) message_timestamp_before_max_ms: i64,
    pub(crate) message_timestamp_type: TimestampType,
    pub(crate) min_cleanable_dirty_ratio: f64,
    pub(crate) min_compaction_lag_ms: i64,
    /// As it was set: the effective one is not above the number of replicas.
    pub(crate) min_insync_replicas: usize,
    pub(crate) retention_bytes: i64,
    pub(crate) retention_ms: i64,
    /// `internal.segment.bytes` where that is set.
    pub(crate) segment_bytes: usize,
    pub(crate) segment_jitter_ms: i64,
    pub(crate) segment_ms: i64,
    pub(crate) unclean_leader_election_enable: bool,
}

impl TopicSettings {
    pub(super) fn of(layers: &BrokerLayers<'_>, overrides: &Overrides) -> Self {
        let value = |name: &str| TOPIC_CONFIGS.get(name).and_then(|def| topic_value(layers, overrides, def));
        let long = |name: &str| match value(name) {
            Some(Value::Integer(value)) => value,
            _ => 0,
        };
        let size = |name: &str| usize::try_from(long(name)).unwrap_or(0);
        // The values of such a config have 32 bits.
        let int = |name: &str| i32::try_from(long(name)).unwrap_or(i32::MAX);
        let text = |name: &str| match value(name) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        };
        let cleanup_policies = match value("cleanup.policy") {
            Some(Value::List(policies)) => policies,
            _ => Vec::new(),
        };
        Self {
            cleanup_policy: CleanupPolicy {
                compact: cleanup_policies.iter().any(|policy| policy == "compact"),
                delete: cleanup_policies.iter().any(|policy| policy == "delete"),
            },
            compression_type: match text("compression.type").as_str() {
                "uncompressed" => CompressionType::Uncompressed,
                "gzip" => CompressionType::Gzip,
                "snappy" => CompressionType::Snappy,
                "lz4" => CompressionType::Lz4,
                "zstd" => CompressionType::Zstd,
                _ => CompressionType::Producer,
            },
            compression_gzip_level: int("compression.gzip.level"),
            compression_lz4_level: int("compression.lz4.level"),
            compression_zstd_level: int("compression.zstd.level"),
            delete_retention_ms: long("delete.retention.ms"),
            max_compaction_lag_ms: long("max.compaction.lag.ms"),
            max_message_bytes: size("max.message.bytes"),
            message_timestamp_after_max_ms: long("message.timestamp.after.max.ms"),
            message_timestamp_before_max_ms: long("message.timestamp.before.max.ms"),
            message_timestamp_type: match text("message.timestamp.type").as_str() {
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => TimestampType::CreateTime,
            },
            min_cleanable_dirty_ratio: match value("min.cleanable.dirty.ratio") {
                Some(Value::Double(ratio)) => ratio,
                _ => 0.5,
            },
            min_compaction_lag_ms: long("min.compaction.lag.ms"),
            min_insync_replicas: size("min.insync.replicas"),
            retention_bytes: long("retention.bytes"),
            retention_ms: long("retention.ms"),
            segment_bytes: match value("internal.segment.bytes") {
                Some(_) => size("internal.segment.bytes"),
                None => size("segment.bytes"),
            },
            segment_jitter_ms: long("segment.jitter.ms"),
            segment_ms: long("segment.ms"),
            unclean_leader_election_enable: value("unclean.leader.election.enable")
                == Some(Value::Boolean(true)),
        }
    }
}

impl TopicSettings {
    /// How many replicas have to be in sync of a partition with so many.
    pub(crate) fn effective_min_isr(&self, replicas: usize) -> usize {
        self.min_insync_replicas.min(replicas)
    }

    /// By what a producer's records are judged.
    pub(crate) fn produce_rules(&self) -> ProduceRules {
        ProduceRules {
            max_message_bytes: self.max_message_bytes,
            segment_bytes: self.segment_bytes,
            compacted: self.cleanup_policy.compact,
            timestamp_type: self.message_timestamp_type,
            timestamp_before_max_ms: self.message_timestamp_before_max_ms,
            timestamp_after_max_ms: self.message_timestamp_after_max_ms,
        }
    }

    /// How batches are to be compressed, unless as they came.
    pub(crate) fn recompression(&self) -> Option<Recompression> {
        let (codec, level) = match self.compression_type {
            CompressionType::Producer => return None,
            CompressionType::Uncompressed => (Compression::None, 0),
            CompressionType::Gzip => (Compression::Gzip, self.compression_gzip_level),
            CompressionType::Snappy => (Compression::Snappy, 0),
            CompressionType::Lz4 => (Compression::Lz4, self.compression_lz4_level),
            CompressionType::Zstd => (Compression::Zstd, self.compression_zstd_level),
        };
        Some(Recompression { codec, level, most: self.max_message_bytes })
    }

    /// By what the log is compacted.
    pub(crate) fn compact_rules(&self) -> CompactRules {
        CompactRules {
            dirty_ratio: self.min_cleanable_dirty_ratio,
            delete_retention_ms: self.delete_retention_ms,
        }
    }

    /// By what batches go into the log.
    pub(crate) fn append_rules(&self) -> AppendRules {
        AppendRules {
            timestamp_type: self.message_timestamp_type,
            segment_bytes: self.segment_bytes,
            segment_ms: self.segment_ms,
            chunk_bytes: usize::MAX,
        }
    }
}

/// The value of a topic's config: the topic's own, the broker's, Kafka's.
pub(super) fn topic_value(
    layers: &BrokerLayers<'_>,
    overrides: &Overrides,
    def: &ConfigDef,
) -> Option<Value> {
    if let Some(value) = overrides.get(def.name).and_then(|text| def.parse(text).ok()) {
        return Some(value);
    }
    match def.synonym {
        Some(synonym) => layers.for_topics(synonym),
        None => def.default_value().ok().flatten(),
    }
}

/// Whether a topic may have these overrides as Apache Kafka's controller decides it.
pub(super) fn validate(layers: &BrokerLayers<'_>, new: &Overrides) -> Result<(), ConfigError> {
    if let Some(unknown) = new.keys().find(|name| TOPIC_CONFIGS.get(name).is_none()) {
        return Err(ConfigError::invalid_config(format!("Unknown topic config name: {unknown}")));
    }
    for def in TOPIC_CONFIGS.iter() {
        if let Some(text) = new.get(def.name) {
            def.parse(text)?;
        }
    }
    let value = |name: &str| TOPIC_CONFIGS.get(name).and_then(|def| topic_value(layers, new, def));
    let long = |name: &str| match value(name) {
        Some(Value::Integer(value)) => value,
        _ => 0,
    };
    let (min_lag_ms, max_lag_ms) = (long("min.compaction.lag.ms"), long("max.compaction.lag.ms"));
    if min_lag_ms > max_lag_ms {
        return Err(ConfigError::invalid_config(format!(
            "conflict topic config setting min.compaction.lag.ms ({min_lag_ms}) > max.compaction.lag.ms ({max_lag_ms})"
        )));
    }
    // No broker here has remote storage.
    if value("remote.storage.enable") == Some(Value::Boolean(true)) {
        return Err(ConfigError::invalid_config(
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    static NOTHING: Overrides = Overrides::new();

    fn overrides(pairs: &[(&str, &str)]) -> Overrides {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn layers(started_with: &Overrides) -> BrokerLayers<'_> {
        BrokerLayers { broker: &NOTHING, cluster: &NOTHING, started_with }
    }

    fn refusal(pairs: &[(&str, &str)]) -> String {
        validate(&layers(&NOTHING), &overrides(pairs)).unwrap_err().message
    }

    #[test]
    fn a_topic_that_sets_nothing_goes_by_kafkas_defaults() {
        let settings = TopicSettings::of(&layers(&NOTHING), &NOTHING);
        assert_eq!(
            settings,
            TopicSettings {
                cleanup_policy: CleanupPolicy { compact: false, delete: true },
                compression_type: CompressionType::Producer,
                compression_gzip_level: -1,
                compression_lz4_level: 9,
                compression_zstd_level: 3,
                delete_retention_ms: 86_400_000,
                max_compaction_lag_ms: i64::MAX,
                max_message_bytes: 1_048_588,
                message_timestamp_after_max_ms: 3_600_000,
                message_timestamp_before_max_ms: i64::MAX,
                message_timestamp_type: TimestampType::CreateTime,
                min_cleanable_dirty_ratio: 0.5,
                min_compaction_lag_ms: 0,
                min_insync_replicas: 1,
                retention_bytes: -1,
                retention_ms: 604_800_000,
                segment_bytes: 1_073_741_824,
                segment_jitter_ms: 0,
                segment_ms: 604_800_000,
                unclean_leader_election_enable: false,
            }
        );
    }

    #[test]
    fn the_brokers_hours_give_way_to_its_minutes_and_those_to_the_topics_milliseconds() {
        let mut broker = overrides(&[("log.retention.hours", "2"), ("log.roll.hours", "3")]);
        assert_eq!(TopicSettings::of(&layers(&broker), &NOTHING).retention_ms, 7_200_000);
        assert_eq!(TopicSettings::of(&layers(&broker), &NOTHING).segment_ms, 10_800_000);
        broker.insert("log.retention.minutes".to_owned(), "5".to_owned());
        assert_eq!(TopicSettings::of(&layers(&broker), &NOTHING).retention_ms, 300_000);
        let topic = overrides(&[("retention.ms", " 7 ")]);
        assert_eq!(TopicSettings::of(&layers(&broker), &topic).retention_ms, 7);
    }

    #[test]
    fn a_brokers_negative_retention_is_no_limit() {
        let broker = overrides(&[("log.retention.hours", "-5")]);
        assert_eq!(TopicSettings::of(&layers(&broker), &NOTHING).retention_ms, -1);
    }

    #[test]
    fn the_policies_of_a_topic_may_be_both_or_none() {
        let policy = |text| {
            TopicSettings::of(&layers(&NOTHING), &overrides(&[("cleanup.policy", text)])).cleanup_policy
        };
        assert_eq!(policy("compact, delete"), CleanupPolicy { compact: true, delete: true });
        assert_eq!(policy(""), CleanupPolicy { compact: false, delete: false });
        assert_eq!(policy("compact,compact"), CleanupPolicy { compact: true, delete: false });
    }

    #[test]
    fn no_more_replicas_have_to_be_in_sync_than_there_are() {
        let settings = TopicSettings::of(&layers(&NOTHING), &overrides(&[("min.insync.replicas", "2")]));
        assert_eq!([1, 2, 3].map(|replicas| settings.effective_min_isr(replicas)), [1, 2, 2]);
    }

    #[test]
    fn a_topic_config_that_does_not_exist_is_named() {
        assert_eq!(refusal(&[("nope", "1"), ("segment.bytes", "x")]), "Unknown topic config name: nope");
    }

    #[test]
    fn of_several_bad_values_the_first_by_definition_is_told() {
        assert_eq!(
            refusal(&[("cleanup.policy", "foo"), ("segment.bytes", "100")]),
            "Invalid value 100 for configuration segment.bytes: Value must be at least 1048576"
        );
    }

    #[test]
    fn compaction_can_not_have_to_wait_longer_than_it_may() {
        assert_eq!(
            refusal(&[("min.compaction.lag.ms", "10"), ("max.compaction.lag.ms", "5")]),
            "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)"
        );
        let broker = overrides(&[("log.cleaner.max.compaction.lag.ms", "5")]);
        let topic = overrides(&[("min.compaction.lag.ms", "6")]);
        assert!(validate(&layers(&broker), &topic).is_err());
    }

    #[test]
    fn there_is_no_remote_storage() {
        assert_eq!(
            refusal(&[("remote.storage.enable", "true")]),
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage."
        );
    }

    #[test]
    fn tests_may_have_segments_below_the_bound() {
        let small = overrides(&[("internal.segment.bytes", "100")]);
        assert!(validate(&layers(&NOTHING), &small).is_ok());
        assert_eq!(TopicSettings::of(&layers(&NOTHING), &small).segment_bytes, 100);
    }
}
