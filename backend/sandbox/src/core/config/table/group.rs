//! The group configs of Apache Kafka 4.3.1 (KIP-848, KIP-932, KIP-1071).

use super::super::definition::{ConfigDef, boolean, int, string};
use super::super::validator::Validator::{Any, OneOf, ShareOffsetReset};
use super::super::validator::at_least;

/// In the order in which Apache Kafka checks them.
pub(crate) const GROUP_CONFIGS: &[ConfigDef] = &[
    int(
        "consumer.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "A member that was silent for this long is out of the consumer group.",
    )
    .synonym("group.consumer.session.timeout.ms"),
    int(
        "consumer.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "How often the members of a consumer group send a heartbeat.",
    )
    .synonym("group.consumer.heartbeat.interval.ms"),
    int(
        "consumer.assignment.interval.ms",
        Some("1000"),
        at_least(0.0),
        "The least time between two assignments of a consumer group.",
    )
    .synonym("group.consumer.assignment.interval.ms"),
    int(
        "share.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "A member that was silent for this long is out of the share group.",
    )
    .synonym("group.share.session.timeout.ms"),
    int(
        "share.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "How often the members of a share group send a heartbeat.",
    )
    .synonym("group.share.heartbeat.interval.ms"),
    int(
        "share.record.lock.duration.ms",
        Some("30000"),
        at_least(1000.0),
        "For how long a record that was handed to a member is kept from the others.",
    )
    .synonym("group.share.record.lock.duration.ms"),
    int(
        "share.delivery.count.limit",
        Some("5"),
        at_least(2.0),
        "How often a record is handed out before it counts as failed.",
    )
    .synonym("group.share.delivery.count.limit"),
    int(
        "share.partition.max.record.locks",
        Some("2000"),
        at_least(100.0),
        "How many records of a partition may be in members' hands at a time.",
    )
    .synonym("group.share.partition.max.record.locks"),
    string(
        "share.auto.offset.reset",
        Some("latest"),
        ShareOffsetReset,
        "Where a share group begins on a partition: `earliest`, `latest`, or a duration ago.",
    ),
    string(
        "share.isolation.level",
        Some("read_uncommitted"),
        OneOf(&["read_committed", "read_uncommitted"]),
        "Whether a share group sees records of open and aborted transactions.",
    ),
    boolean(
        "share.renew.acknowledge.enable",
        Some("true"),
        Any,
        "Whether members may prolong the lock of a record.",
    ),
    int(
        "share.assignment.interval.ms",
        Some("1000"),
        at_least(0.0),
        "The least time between two assignments of a share group.",
    )
    .synonym("group.share.assignment.interval.ms"),
    int(
        "streams.session.timeout.ms",
        Some("45000"),
        at_least(1.0),
        "A member that was silent for this long is out of the streams group.",
    )
    .synonym("group.streams.session.timeout.ms"),
    int(
        "streams.heartbeat.interval.ms",
        Some("5000"),
        at_least(1.0),
        "How often the members of a streams group send a heartbeat.",
    )
    .synonym("group.streams.heartbeat.interval.ms"),
    int(
        "streams.num.standby.replicas",
        Some("0"),
        at_least(0.0),
        "How many standby copies each stateful task of a streams group has.",
    )
    .synonym("group.streams.num.standby.replicas"),
    int(
        "streams.initial.rebalance.delay.ms",
        Some("3000"),
        at_least(0.0),
        "How long an empty streams group waits for more members before its first assignment.",
    )
    .synonym("group.streams.initial.rebalance.delay.ms"),
    int(
        "streams.assignment.interval.ms",
        Some("1000"),
        at_least(0.0),
        "The least time between two assignments of a streams group.",
    )
    .synonym("group.streams.assignment.interval.ms"),
];
