//! The broker configs of Apache Kafka 4.3.1 of transactions and producers.

use super::super::definition::{ConfigDef, boolean, int, short};
use super::super::validator::Validator::Any;
use super::super::validator::at_least;

/// In the order of their definition.
pub(super) const TRANSACTION: &[ConfigDef] = &[
    int(
        "transaction.state.log.min.isr",
        Some("2"),
        at_least(1.0),
        "The `min.insync.replicas` of `__transaction_state`.",
    ),
    int(
        "transaction.state.log.load.buffer.size",
        Some("5242880"),
        at_least(1.0),
        "How much is read at a time while transactions are loaded.",
    ),
    short(
        "transaction.state.log.replication.factor",
        Some("3"),
        at_least(1.0),
        "How many replicas `__transaction_state` has; it is not created on fewer brokers.",
    ),
    int(
        "transaction.state.log.num.partitions",
        Some("50"),
        at_least(1.0),
        "How many partitions `__transaction_state` has.",
    ),
    int(
        "transaction.state.log.segment.bytes",
        Some("104857600"),
        at_least(1.0),
        "The segment size of `__transaction_state`.",
    ),
    boolean(
        "transaction.partition.verification.enable",
        Some("true"),
        Any,
        "Whether a write is checked to belong to an open transaction.",
    )
    .cluster_wide(),
    int(
        "producer.id.expiration.ms",
        Some("86400000"),
        at_least(1.0),
        "How long a producer id that writes nothing is remembered.",
    )
    .cluster_wide()
    .works(),
    int(
        "producer.id.expiration.check.interval.ms",
        Some("600000"),
        at_least(1.0),
        "How often forgotten producer ids are looked for.",
    )
    .internal()
    .works(),
    int(
        "transactional.id.expiration.ms",
        Some("604800000"),
        at_least(1.0),
        "How long a transactional id without a transaction is remembered.",
    ),
    int(
        "transaction.max.timeout.ms",
        Some("900000"),
        at_least(1.0),
        "The longest timeout that a producer may ask for its transactions.",
    ),
    int(
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        Some("10000"),
        at_least(1.0),
        "How often transactions past their timeout are looked for.",
    ),
    int(
        "transaction.remove.expired.transaction.cleanup.interval.ms",
        Some("3600000"),
        at_least(1.0),
        "How often expired transactional ids are looked for.",
    ),
    boolean(
        "transaction.two.phase.commit.enable",
        Some("false"),
        Any,
        "Whether transactions may take part in a two-phase commit.",
    ),
];
