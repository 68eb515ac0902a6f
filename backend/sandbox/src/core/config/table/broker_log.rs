//! The broker configs of Apache Kafka 4.3.1 of logs and topics.

use super::super::definition::{ConfigDef, boolean, class, double, int, list, long, string};
use super::super::validator::Validator::{Any, OneOf};
use super::super::validator::{Empty, at_least, between, list_of};

/// In the order of their definition.
pub(super) const LOG: &[ConfigDef] = &[
    int("log.cleaner.threads", Some("1"), at_least(0.0), "Threads that compact logs.").cluster_wide(),
    double(
        "log.cleaner.io.max.bytes.per.second",
        Some("1.7976931348623157E308"),
        Any,
        "Bytes a second that compaction may read and write.",
    )
    .cluster_wide(),
    long(
        "log.cleaner.dedupe.buffer.size",
        Some("134217728"),
        Any,
        "Memory in which compaction remembers keys, of all threads together.",
    )
    .cluster_wide(),
    int(
        "log.cleaner.io.buffer.size",
        Some("524288"),
        at_least(0.0),
        "Memory for what compaction reads and writes, of all threads together.",
    )
    .cluster_wide(),
    double("log.cleaner.io.buffer.load.factor", Some("0.9"), Any, "How full the memory for keys may become.")
        .cluster_wide(),
    long(
        "log.cleaner.backoff.ms",
        Some("15000"),
        at_least(0.0),
        "How long compaction sleeps when there is nothing to do.",
    )
    .cluster_wide(),
    double(
        "log.cleaner.min.cleanable.ratio",
        Some("0.5"),
        between(0.0, 1.0),
        "What a topic has that sets no `min.cleanable.dirty.ratio` of its own.",
    )
    .cluster_wide()
    .works(),
    boolean("log.cleaner.enable", Some("true"), Any, "Whether logs are compacted at all."),
    long(
        "log.cleaner.delete.retention.ms",
        Some("86400000"),
        at_least(0.0),
        "What a topic has that sets no `delete.retention.ms` of its own.",
    )
    .cluster_wide()
    .works(),
    long(
        "log.cleaner.min.compaction.lag.ms",
        Some("0"),
        at_least(0.0),
        "What a topic has that sets no `min.compaction.lag.ms` of its own.",
    )
    .cluster_wide(),
    long(
        "log.cleaner.max.compaction.lag.ms",
        Some("9223372036854775807"),
        at_least(1.0),
        "What a topic has that sets no `max.compaction.lag.ms` of its own.",
    )
    .cluster_wide(),
    int(
        "num.partitions",
        Some("1"),
        at_least(1.0),
        "How many partitions a topic has that asks for no number.",
    )
    .works(),
    list(
        "log.dir",
        Some("/tmp/kafka-logs"),
        list_of(&[], Empty::Refused),
        "Where logs are kept, when `log.dirs` says nothing.",
    ),
    list("log.dirs", None, list_of(&[], Empty::RefusedButNull), "The directories in which logs are kept."),
    list(
        "cordoned.log.dirs",
        Some(""),
        list_of(&[], Empty::AllowedOrNull),
        "Log directories that take no new partitions.",
    )
    .per_broker(),
    int(
        "log.segment.bytes",
        Some("1073741824"),
        at_least(1_048_576.0),
        "What a topic has that sets no `segment.bytes` of its own.",
    )
    .cluster_wide()
    .works(),
    long("log.roll.ms", None, Any, "What a topic has that sets no `segment.ms` of its own.")
        .cluster_wide()
        .works(),
    int("log.roll.hours", Some("168"), at_least(1.0), "As `log.roll.ms`, in hours.").works(),
    long("log.roll.jitter.ms", None, Any, "What a topic has that sets no `segment.jitter.ms` of its own.")
        .cluster_wide(),
    int("log.roll.jitter.hours", Some("0"), at_least(0.0), "As `log.roll.jitter.ms`, in hours."),
    long("log.retention.ms", None, Any, "What a topic has that sets no `retention.ms` of its own.")
        .cluster_wide(),
    int("log.retention.minutes", None, Any, "As `log.retention.ms`, in minutes."),
    int("log.retention.hours", Some("168"), Any, "As `log.retention.ms`, in hours."),
    long(
        "log.retention.bytes",
        Some("-1"),
        Any,
        "What a topic has that sets no `retention.bytes` of its own.",
    )
    .cluster_wide(),
    long(
        "log.retention.check.interval.ms",
        Some("300000"),
        at_least(1.0),
        "How often it is looked whether segments are past their retention.",
    ),
    list(
        "log.cleanup.policy",
        Some("delete"),
        list_of(&["compact", "delete"], Empty::Allowed),
        "What a topic has that sets no `cleanup.policy` of its own.",
    )
    .cluster_wide()
    .works(),
    int(
        "log.index.size.max.bytes",
        Some("10485760"),
        at_least(4.0),
        "What a topic has that sets no `segment.index.bytes` of its own.",
    )
    .cluster_wide(),
    int(
        "log.index.interval.bytes",
        Some("4096"),
        at_least(0.0),
        "What a topic has that sets no `index.interval.bytes` of its own.",
    )
    .cluster_wide(),
    long(
        "log.flush.interval.messages",
        Some("9223372036854775807"),
        at_least(1.0),
        "What a topic has that sets no `flush.messages` of its own.",
    )
    .cluster_wide(),
    long(
        "log.segment.delete.delay.ms",
        Some("60000"),
        at_least(0.0),
        "What a topic has that sets no `file.delete.delay.ms` of its own.",
    )
    .cluster_wide(),
    long(
        "log.flush.scheduler.interval.ms",
        Some("9223372036854775807"),
        Any,
        "How often it is looked whether a log should be forced to the disk.",
    ),
    long("log.flush.interval.ms", None, Any, "What a topic has that sets no `flush.ms` of its own.")
        .cluster_wide(),
    int(
        "log.flush.offset.checkpoint.interval.ms",
        Some("60000"),
        at_least(0.0),
        "How often it is noted up to where logs were forced to the disk.",
    ),
    int(
        "log.flush.start.offset.checkpoint.interval.ms",
        Some("60000"),
        at_least(0.0),
        "How often log start offsets are noted.",
    ),
    boolean("log.preallocate", Some("false"), Any, "What a topic has that sets no `preallocate` of its own.")
        .cluster_wide(),
    int(
        "num.recovery.threads.per.data.dir",
        Some("2"),
        at_least(1.0),
        "Threads for each log directory at start and stop.",
    )
    .cluster_wide(),
    boolean(
        "auto.create.topics.enable",
        Some("true"),
        Any,
        "Whether a topic is created when a client first asks for it.",
    )
    .works(),
    int(
        "min.insync.replicas",
        Some("1"),
        at_least(1.0),
        "What a topic has that sets no `min.insync.replicas` of its own.",
    )
    .cluster_wide()
    .works(),
    string(
        "log.message.timestamp.type",
        Some("CreateTime"),
        OneOf(&["CreateTime", "LogAppendTime"]),
        "What a topic has that sets no `message.timestamp.type` of its own.",
    )
    .cluster_wide()
    .works(),
    long(
        "log.message.timestamp.before.max.ms",
        Some("9223372036854775807"),
        at_least(0.0),
        "What a topic has that sets no `message.timestamp.before.max.ms` of its own.",
    )
    .cluster_wide()
    .works(),
    long(
        "log.message.timestamp.after.max.ms",
        Some("3600000"),
        at_least(0.0),
        "What a topic has that sets no `message.timestamp.after.max.ms` of its own.",
    )
    .cluster_wide()
    .works(),
    class("create.topic.policy.class.name", None, Any, "The class that may refuse the creation of a topic."),
    class("alter.config.policy.class.name", None, Any, "The class that may refuse a change of configs."),
    long(
        "log.dir.failure.timeout.ms",
        Some("30000"),
        at_least(1.0),
        "How long a broker goes on that can't tell the controller of a failed log directory.",
    ),
    long(
        "log.initial.task.delay.ms",
        Some("30000"),
        at_least(0.0),
        "How long after the start the first work on logs begins.",
    )
    .internal(),
];
