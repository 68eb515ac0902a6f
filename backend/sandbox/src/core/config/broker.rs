//! What a broker goes by.

use std::time::Duration;

use super::layers::BrokerLayers;

/// What a broker goes by, but for what it gives its topics ([`super::TopicSettings`]) and groups. Numbers are as Kafka's configs have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrokerSettings {
    /// The rack, if the broker has one.
    pub(crate) rack: Option<String>,
    /// The class that chooses which replica a consumer reads from: any means the one in the consumer's rack.
    pub(crate) replica_selector_class: Option<String>,

    pub(crate) auto_create_topics_enable: bool,
    pub(crate) delete_topic_enable: bool,
    pub(crate) default_replication_factor: usize,
    pub(crate) num_partitions: usize,

    pub(crate) auto_leader_rebalance_enable: bool,
    pub(crate) broker_session_timeout: Duration,
    pub(crate) controlled_shutdown_enable: bool,
    pub(crate) leader_imbalance_check_interval: Duration,
    pub(crate) replica_lag_time_max: Duration,
    pub(crate) unclean_leader_election_interval: Duration,

    pub(crate) log_cleaner_backoff: Duration,
    pub(crate) log_cleaner_enable: bool,
    pub(crate) log_retention_check_interval: Duration,
    /// The largest batch in topics that set no `max.message.bytes`.
    pub(crate) message_max_bytes: i32,

    pub(crate) connections_max_idle_ms: i64,
    pub(crate) fetch_max_bytes: i32,
    pub(crate) max_connections: i32,
    pub(crate) max_connections_per_ip: i32,
    pub(crate) max_incremental_fetch_session_cache_slots: i32,
    pub(crate) max_request_partition_size_limit: i32,
    pub(crate) socket_request_max_bytes: i32,

    pub(crate) group_initial_rebalance_delay_ms: i32,
    pub(crate) group_max_session_timeout_ms: i32,
    pub(crate) group_max_size: i32,
    pub(crate) group_min_session_timeout_ms: i32,
    /// `classic`, `consumer`, `share`, `streams`: those that are served.
    pub(crate) group_coordinator_rebalance_protocols: Vec<String>,
    /// `uniform`, `range`; the first is what a group gets that asks for none.
    pub(crate) group_consumer_assignors: Vec<String>,
    pub(crate) group_consumer_max_size: i32,
    pub(crate) group_consumer_migration_policy: GroupMigrationPolicy,
    pub(crate) group_consumer_regex_refresh_interval_ms: i32,
    pub(crate) group_share_max_size: i32,
    pub(crate) offset_metadata_max_bytes: i32,
    pub(crate) offsets_commit_timeout_ms: i32,
    pub(crate) offsets_retention_check_interval_ms: i64,
    pub(crate) offsets_retention_minutes: i32,
    pub(crate) offsets_topic_num_partitions: usize,
    pub(crate) offsets_topic_replication_factor: usize,
    pub(crate) offsets_topic_segment_bytes: i32,

    pub(crate) producer_id_expiration_check_interval_ms: i32,
    pub(crate) producer_id_expiration_ms: i32,
    pub(crate) share_coordinator_state_topic_min_isr: i32,
    pub(crate) share_coordinator_state_topic_num_partitions: usize,
    pub(crate) share_coordinator_state_topic_replication_factor: usize,
    pub(crate) share_coordinator_state_topic_segment_bytes: i32,

    pub(crate) transaction_abort_timed_out_cleanup_interval_ms: i32,
    pub(crate) transaction_max_timeout_ms: i32,
    pub(crate) transaction_partition_verification_enable: bool,
    pub(crate) transaction_remove_expired_cleanup_interval_ms: i32,
    pub(crate) transaction_state_log_min_isr: i32,
    pub(crate) transaction_state_log_num_partitions: usize,
    pub(crate) transaction_state_log_replication_factor: usize,
    pub(crate) transaction_state_log_segment_bytes: i32,
    pub(crate) transactional_id_expiration_ms: i32,
}

/// Which groups may change their protocol by what their members speak (KIP-848).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupMigrationPolicy {
    /// None.
    Disabled,
    /// Those from the classic protocol.
    Upgrade,
    /// Those to the classic protocol.
    Downgrade,
    /// All.
    Bidirectional,
}

impl BrokerSettings {
    pub(super) fn of(layers: &BrokerLayers<'_>) -> Self {
        let long = |name: &str| layers.integer(name).unwrap_or(0);
        let ms = |name: &str| Duration::from_millis(u64::try_from(long(name)).unwrap_or(0));
        let secs = |name: &str| Duration::from_secs(u64::try_from(long(name)).unwrap_or(0));
        let size = |name: &str| usize::try_from(long(name)).unwrap_or(0);
        // The values of such a config have 32 bits.
        let int = |name: &str| i32::try_from(long(name)).unwrap_or(i32::MAX);
        Self {
            rack: layers.text("broker.rack"),
            replica_selector_class: layers.text("replica.selector.class"),
            auto_create_topics_enable: layers.boolean("auto.create.topics.enable"),
            delete_topic_enable: layers.boolean("delete.topic.enable"),
            default_replication_factor: size("default.replication.factor"),
            num_partitions: size("num.partitions"),
            auto_leader_rebalance_enable: layers.boolean("auto.leader.rebalance.enable"),
            broker_session_timeout: ms("broker.session.timeout.ms"),
            controlled_shutdown_enable: layers.boolean("controlled.shutdown.enable"),
            leader_imbalance_check_interval: secs("leader.imbalance.check.interval.seconds"),
            replica_lag_time_max: ms("replica.lag.time.max.ms"),
            unclean_leader_election_interval: ms("unclean.leader.election.interval.ms"),
            log_cleaner_backoff: ms("log.cleaner.backoff.ms"),
            log_cleaner_enable: layers.boolean("log.cleaner.enable"),
            log_retention_check_interval: ms("log.retention.check.interval.ms"),
            message_max_bytes: int("message.max.bytes"),
            connections_max_idle_ms: long("connections.max.idle.ms"),
            fetch_max_bytes: int("fetch.max.bytes"),
            max_connections: int("max.connections"),
            max_connections_per_ip: int("max.connections.per.ip"),
            max_incremental_fetch_session_cache_slots: int("max.incremental.fetch.session.cache.slots"),
            max_request_partition_size_limit: int("max.request.partition.size.limit"),
            socket_request_max_bytes: int("socket.request.max.bytes"),
            group_initial_rebalance_delay_ms: int("group.initial.rebalance.delay.ms"),
            group_max_session_timeout_ms: int("group.max.session.timeout.ms"),
            group_max_size: int("group.max.size"),
            group_min_session_timeout_ms: int("group.min.session.timeout.ms"),
            group_coordinator_rebalance_protocols: layers.list("group.coordinator.rebalance.protocols"),
            group_consumer_assignors: layers.list("group.consumer.assignors"),
            group_consumer_max_size: int("group.consumer.max.size"),
            group_consumer_migration_policy: migration_policy(layers),
            group_consumer_regex_refresh_interval_ms: int("group.consumer.regex.refresh.interval.ms"),
            group_share_max_size: int("group.share.max.size"),
            offset_metadata_max_bytes: int("offset.metadata.max.bytes"),
            offsets_commit_timeout_ms: int("offsets.commit.timeout.ms"),
            offsets_retention_check_interval_ms: long("offsets.retention.check.interval.ms"),
            offsets_retention_minutes: int("offsets.retention.minutes"),
            offsets_topic_num_partitions: size("offsets.topic.num.partitions"),
            offsets_topic_replication_factor: size("offsets.topic.replication.factor"),
            offsets_topic_segment_bytes: int("offsets.topic.segment.bytes"),
            producer_id_expiration_check_interval_ms: int("producer.id.expiration.check.interval.ms"),
            producer_id_expiration_ms: int("producer.id.expiration.ms"),
            share_coordinator_state_topic_min_isr: int("share.coordinator.state.topic.min.isr"),
            share_coordinator_state_topic_num_partitions: size(
                "share.coordinator.state.topic.num.partitions",
            ),
            share_coordinator_state_topic_replication_factor: size(
                "share.coordinator.state.topic.replication.factor",
            ),
            share_coordinator_state_topic_segment_bytes: int("share.coordinator.state.topic.segment.bytes"),
            transaction_abort_timed_out_cleanup_interval_ms: int(
                "transaction.abort.timed.out.transaction.cleanup.interval.ms",
            ),
            transaction_max_timeout_ms: int("transaction.max.timeout.ms"),
            transaction_partition_verification_enable: layers
                .boolean("transaction.partition.verification.enable"),
            transaction_remove_expired_cleanup_interval_ms: int(
                "transaction.remove.expired.transaction.cleanup.interval.ms",
            ),
            transaction_state_log_min_isr: int("transaction.state.log.min.isr"),
            transaction_state_log_num_partitions: size("transaction.state.log.num.partitions"),
            transaction_state_log_replication_factor: size("transaction.state.log.replication.factor"),
            transaction_state_log_segment_bytes: int("transaction.state.log.segment.bytes"),
            transactional_id_expiration_ms: int("transactional.id.expiration.ms"),
        }
    }
}

fn migration_policy(layers: &BrokerLayers<'_>) -> GroupMigrationPolicy {
    let policy = layers.text("group.consumer.migration.policy").unwrap_or_default();
    match policy.to_ascii_lowercase().as_str() {
        "disabled" => GroupMigrationPolicy::Disabled,
        "upgrade" => GroupMigrationPolicy::Upgrade,
        "downgrade" => GroupMigrationPolicy::Downgrade,
        _ => GroupMigrationPolicy::Bidirectional,
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::Overrides;
    use super::*;

    #[test]
    fn a_broker_that_sets_nothing_goes_by_kafkas_defaults() {
        let nothing = Overrides::new();
        let layers = BrokerLayers { broker: &nothing, cluster: &nothing, started_with: &nothing };
        let settings = BrokerSettings::of(&layers);
        assert_eq!(settings.rack, None);
        assert!(settings.auto_create_topics_enable && settings.controlled_shutdown_enable);
        assert_eq!((settings.num_partitions, settings.default_replication_factor), (1, 1));
        assert_eq!(settings.broker_session_timeout, Duration::from_secs(9));
        assert_eq!(settings.replica_lag_time_max, Duration::from_secs(30));
        assert_eq!(settings.leader_imbalance_check_interval, Duration::from_secs(300));
        assert_eq!(settings.group_coordinator_rebalance_protocols, ["classic", "consumer", "streams"]);
        assert_eq!(settings.group_consumer_assignors, ["uniform", "range"]);
        assert_eq!(settings.group_consumer_migration_policy, GroupMigrationPolicy::Bidirectional);
        assert_eq!(settings.offsets_topic_num_partitions, 50);
        assert_eq!(settings.transaction_max_timeout_ms, 900_000);
        assert_eq!(settings.transactional_id_expiration_ms, 604_800_000);
    }

    #[test]
    fn a_number_is_never_zero_for_want_of_a_config() {
        // Each of these has a default other than 0: a misspelt name would show as 0.
        let nothing = Overrides::new();
        let layers = BrokerLayers { broker: &nothing, cluster: &nothing, started_with: &nothing };
        let text = format!("{:?}", BrokerSettings::of(&layers));
        assert!(!text.contains(": 0,") && !text.contains(": 0ns"), "{text}");
        assert_eq!(text.matches("false").count(), 0, "{text}");
    }
}
