//! The broker configs of Apache Kafka 4.3.1 of groups and their coordinator.

use super::super::definition::{ConfigDef, int, list, long, short, string};
use super::super::validator::Validator::{Any, OneOfIgnoringCase};
use super::super::validator::{Empty, at_least, between, list_of};

/// In the order of their definition.
pub(super) const GROUP: &[ConfigDef] = &[
    list(
        "group.coordinator.rebalance.protocols",
        Some("classic,consumer,streams"),
        list_of(&["consumer", "classic", "share", "streams"], Empty::Refused),
        "The kinds of groups that are served.",
    ),
    int("group.coordinator.threads", Some("4"), at_least(1.0), "Threads of the group coordinator."),
    int(
        "group.coordinator.background.threads",
        Some("2"),
        at_least(1.0),
        "Threads for the coordinator's longer work.",
    ),
    int(
        "group.coordinator.append.linger.ms",
        Some("-1"),
        at_least(-1.0),
        "How long the coordinator gathers writes; -1 adapts to the load.",
    ),
    int(
        "offsets.commit.timeout.ms",
        Some("5000"),
        at_least(1.0),
        "How long a commit waits until its record is replicated.",
    )
    .works(),
    int(
        "offsets.load.buffer.size",
        Some("5242880"),
        at_least(1.0),
        "How much is read at a time while offsets are loaded.",
    ),
    short(
        "offsets.topic.replication.factor",
        Some("3"),
        at_least(1.0),
        "How many replicas `__consumer_offsets` has; it is not created on fewer brokers.",
    )
    .works(),
    int(
        "offsets.topic.num.partitions",
        Some("50"),
        at_least(1.0),
        "How many partitions `__consumer_offsets` has.",
    )
    .works(),
    int(
        "offsets.topic.segment.bytes",
        Some("104857600"),
        at_least(1.0),
        "The segment size of `__consumer_offsets`.",
    )
    .works(),
    int(
        "offsets.topic.compression.codec",
        Some("0"),
        Any,
        "How `__consumer_offsets` is compressed, as a number.",
    ),
    int(
        "group.coordinator.cached.buffer.max.bytes",
        Some("1048588"),
        at_least(524_288.0),
        "The largest buffer that the group coordinator keeps for its next write.",
    )
    .cluster_wide(),
    int(
        "offset.metadata.max.bytes",
        Some("4096"),
        Any,
        "The longest text that may be committed with an offset.",
    )
    .works(),
    int(
        "offsets.retention.minutes",
        Some("10080"),
        at_least(1.0),
        "How long offsets of a group without members are kept.",
    )
    .works(),
    long(
        "offsets.retention.check.interval.ms",
        Some("600000"),
        at_least(1.0),
        "How often expired offsets are looked for.",
    )
    .works(),
    int(
        "group.min.session.timeout.ms",
        Some("6000"),
        Any,
        "The shortest session timeout that a member of a classic group may ask for.",
    )
    .works(),
    int(
        "group.max.session.timeout.ms",
        Some("1800000"),
        Any,
        "The longest session timeout that a member of a classic group may ask for.",
    )
    .works(),
    int(
        "group.initial.rebalance.delay.ms",
        Some("3000"),
        Any,
        "How long an empty classic group waits for more members before its first rebalance.",
    )
    .works(),
    int("group.max.size", Some("2147483647"), at_least(1.0), "How many members a classic group may have.")
        .works(),
    int(
        "group.consumer.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "What a consumer group's `consumer.session.timeout.ms` begins with.",
    ),
    int(
        "group.consumer.min.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "The least that a consumer group's session timeout may be.",
    ),
    int(
        "group.consumer.max.session.timeout.ms",
        Some("60000"),
        at_least(1.0),
        "The most that a consumer group's session timeout may be.",
    ),
    int(
        "group.consumer.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "What a consumer group's `consumer.heartbeat.interval.ms` begins with.",
    ),
    int(
        "group.consumer.min.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "The least that a consumer group's heartbeat interval may be.",
    ),
    int(
        "group.consumer.max.heartbeat.interval.ms",
        Some("15000"),
        at_least(1.0),
        "The most that a consumer group's heartbeat interval may be.",
    ),
    int(
        "group.consumer.max.size",
        Some("2147483647"),
        at_least(1.0),
        "How many members a consumer group may have.",
    ),
    list(
        "group.consumer.assignors",
        Some("uniform,range"),
        list_of(&[], Empty::Refused),
        "The assignors on offer to consumer groups; the first is taken when none is asked for.",
    ),
    string(
        "group.consumer.migration.policy",
        Some("bidirectional"),
        OneOfIgnoringCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]),
        "Whether groups change between the classic and the consumer protocol, and in which direction.",
    ),
    int(
        "group.consumer.assignment.interval.ms",
        Some("1000"),
        at_least(0.0),
        "What a consumer group's `consumer.assignment.interval.ms` begins with.",
    )
    .cluster_wide(),
    int(
        "group.consumer.min.assignment.interval.ms",
        Some("0"),
        at_least(0.0),
        "The least that a consumer group's assignment interval may be.",
    ),
    int(
        "group.consumer.max.assignment.interval.ms",
        Some("15000"),
        at_least(0.0),
        "The most that a consumer group's assignment interval may be.",
    ),
    int(
        "group.consumer.regex.refresh.interval.ms",
        Some("600000"),
        at_least(10_000.0),
        "How often a subscribed pattern is matched anew.",
    )
    .internal(),
    int(
        "group.share.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "What a share group's `share.session.timeout.ms` begins with.",
    ),
    int(
        "group.share.min.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "The least that a share group's session timeout may be.",
    ),
    int(
        "group.share.max.session.timeout.ms",
        Some("60000"),
        at_least(1.0),
        "The most that a share group's session timeout may be.",
    ),
    int(
        "group.share.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "What a share group's `share.heartbeat.interval.ms` begins with.",
    ),
    int(
        "group.share.min.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "The least that a share group's heartbeat interval may be.",
    ),
    int(
        "group.share.max.heartbeat.interval.ms",
        Some("15000"),
        at_least(1.0),
        "The most that a share group's heartbeat interval may be.",
    ),
    int(
        "group.share.max.size",
        Some("200"),
        between(1.0, 1000.0),
        "How many members a share group may have.",
    ),
    list(
        "group.share.assignors",
        Some("simple"),
        list_of(&[], Empty::Refused),
        "The assignors on offer to share groups.",
    ),
    int(
        "group.share.assignment.interval.ms",
        Some("1000"),
        at_least(0.0),
        "What a share group's `share.assignment.interval.ms` begins with.",
    )
    .cluster_wide(),
    int(
        "group.share.min.assignment.interval.ms",
        Some("0"),
        at_least(0.0),
        "The least that a share group's assignment interval may be.",
    ),
    int(
        "group.share.max.assignment.interval.ms",
        Some("15000"),
        at_least(0.0),
        "The most that a share group's assignment interval may be.",
    ),
    int(
        "group.share.initialize.retry.interval.ms",
        Some("30000"),
        at_least(1.0),
        "How long to wait before a share group's state is initialised again.",
    )
    .internal(),
    int(
        "group.streams.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "What a streams group's `streams.session.timeout.ms` begins with.",
    ),
    int(
        "group.streams.min.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "The least that a streams group's session timeout may be.",
    ),
    int(
        "group.streams.max.session.timeout.ms",
        Some("60000"),
        at_least(1.0),
        "The most that a streams group's session timeout may be.",
    ),
    int(
        "group.streams.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "What a streams group's `streams.heartbeat.interval.ms` begins with.",
    ),
    int(
        "group.streams.min.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "The least that a streams group's heartbeat interval may be.",
    ),
    int(
        "group.streams.max.heartbeat.interval.ms",
        Some("15000"),
        at_least(1.0),
        "The most that a streams group's heartbeat interval may be.",
    ),
    int(
        "group.streams.max.size",
        Some("2147483647"),
        at_least(1.0),
        "How many members a streams group may have.",
    ),
    int(
        "group.streams.num.standby.replicas",
        Some("0"),
        at_least(0.0),
        "What a streams group's `streams.num.standby.replicas` begins with.",
    ),
    int(
        "group.streams.max.standby.replicas",
        Some("2"),
        at_least(0.0),
        "The most standby copies that a streams group may have.",
    ),
    int(
        "group.streams.initial.rebalance.delay.ms",
        Some("3000"),
        at_least(0.0),
        "What a streams group's `streams.initial.rebalance.delay.ms` begins with.",
    ),
    int(
        "group.streams.assignment.interval.ms",
        Some("1000"),
        at_least(0.0),
        "What a streams group's `streams.assignment.interval.ms` begins with.",
    )
    .cluster_wide(),
    int(
        "group.streams.min.assignment.interval.ms",
        Some("0"),
        at_least(0.0),
        "The least that a streams group's assignment interval may be.",
    ),
    int(
        "group.streams.max.assignment.interval.ms",
        Some("15000"),
        at_least(0.0),
        "The most that a streams group's assignment interval may be.",
    ),
];
