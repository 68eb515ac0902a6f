//! The broker configs of Apache Kafka 4.3.1 of share groups and their state.

use super::super::definition::{ConfigDef, int, short, string};
use super::super::validator::Validator::Any;
use super::super::validator::{at_least, between};

/// In the order of their definition.
pub(super) const SHARE: &[ConfigDef] = &[
    int(
        "group.share.delivery.count.limit",
        Some("5"),
        between(2.0, 10.0),
        "What a share group's `share.delivery.count.limit` begins with.",
    ),
    int(
        "group.share.max.delivery.count.limit",
        Some("10"),
        between(5.0, 25.0),
        "The most that a share group's limit of deliveries may be.",
    ),
    int(
        "group.share.min.delivery.count.limit",
        Some("2"),
        between(2.0, 5.0),
        "The least that a share group's limit of deliveries may be.",
    ),
    int(
        "group.share.record.lock.duration.ms",
        Some("30000"),
        between(1000.0, 3_600_000.0),
        "What a share group's `share.record.lock.duration.ms` begins with.",
    ),
    int(
        "group.share.min.record.lock.duration.ms",
        Some("15000"),
        between(1000.0, 30_000.0),
        "The least that a share group's record lock may last.",
    ),
    int(
        "group.share.max.record.lock.duration.ms",
        Some("60000"),
        between(30_000.0, 3_600_000.0),
        "The most that a share group's record lock may last.",
    ),
    int(
        "group.share.partition.max.record.locks",
        Some("2000"),
        between(100.0, 10_000.0),
        "What a share group's `share.partition.max.record.locks` begins with.",
    ),
    int(
        "group.share.max.partition.max.record.locks",
        Some("4000"),
        between(2000.0, 10_000.0),
        "The most that a share group's limit of locks may be.",
    ),
    int(
        "group.share.min.partition.max.record.locks",
        Some("100"),
        between(100.0, 2000.0),
        "The least that a share group's limit of locks may be.",
    ),
    int(
        "share.fetch.purgatory.purge.interval.requests",
        Some("1000"),
        Any,
        "After how many share fetches finished ones are swept from the waiting.",
    ),
    int(
        "group.share.max.share.sessions",
        Some("2000"),
        at_least(1.0),
        "How many share sessions the broker keeps.",
    ),
    string(
        "group.share.persister.class.name",
        Some("org.apache.kafka.server.share.persister.DefaultStatePersister"),
        Any,
        "The class that keeps the state of share groups.",
    )
    .internal(),
    int(
        "share.coordinator.state.topic.num.partitions",
        Some("50"),
        at_least(1.0),
        "How many partitions `__share_group_state` has.",
    ),
    short(
        "share.coordinator.state.topic.replication.factor",
        Some("3"),
        at_least(1.0),
        "How many replicas `__share_group_state` has.",
    ),
    short(
        "share.coordinator.state.topic.min.isr",
        Some("2"),
        at_least(1.0),
        "The `min.insync.replicas` of `__share_group_state`.",
    ),
    int(
        "share.coordinator.state.topic.segment.bytes",
        Some("104857600"),
        at_least(1.0),
        "The segment size of `__share_group_state`.",
    ),
    int("share.coordinator.threads", Some("1"), at_least(1.0), "Threads of the share coordinator."),
    int(
        "share.coordinator.snapshot.update.records.per.snapshot",
        Some("500"),
        between(0.0, 500.0),
        "After how many updates a share group's state is written in full.",
    ),
    int(
        "share.coordinator.load.buffer.size",
        Some("5242880"),
        at_least(1.0),
        "How much is read at a time while share state is loaded.",
    ),
    int(
        "share.coordinator.state.topic.compression.codec",
        Some("0"),
        Any,
        "How `__share_group_state` is compressed, as a number.",
    ),
    int(
        "share.coordinator.append.linger.ms",
        Some("-1"),
        at_least(-1.0),
        "How long the share coordinator gathers writes; -1 adapts to the load.",
    ),
    int(
        "share.coordinator.write.timeout.ms",
        Some("5000"),
        at_least(1.0),
        "How long a write of the share coordinator may take.",
    ),
    int(
        "share.coordinator.state.topic.prune.interval.ms",
        Some("300000"),
        at_least(1.0),
        "How often outdated share state is deleted.",
    )
    .internal(),
    int(
        "share.coordinator.cold.partition.snapshot.interval.ms",
        Some("300000"),
        at_least(1.0),
        "How often the state of idle partitions is written in full.",
    )
    .internal(),
    int(
        "share.coordinator.cached.buffer.max.bytes",
        Some("1048588"),
        at_least(524_288.0),
        "The largest buffer that the share coordinator keeps for its next write.",
    )
    .cluster_wide(),
];
