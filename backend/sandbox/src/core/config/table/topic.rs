//! The topic configs of Apache Kafka 4.3.1.

use super::super::definition::{ConfigDef, boolean, double, int, list, long, string};
use super::super::validator::Validator::{Any, GzipLevel, OneOf, ThrottledReplicas};
use super::super::validator::{Empty, at_least, between, list_of};

/// In the order in which Apache Kafka checks them.
pub(crate) const TOPIC_CONFIGS: &[ConfigDef] = &[
    int(
        "segment.bytes",
        Some("1073741824"),
        at_least(1_048_576.0),
        "A segment of a partition's log is closed when it would grow past this many bytes.",
    )
    .synonym("log.segment.bytes")
    .works(),
    long(
        "segment.ms",
        Some("604800000"),
        at_least(1.0),
        "A segment is closed when its first record is this old, full or not.",
    )
    .synonym("log.roll.ms")
    .works(),
    long(
        "segment.jitter.ms",
        Some("0"),
        at_least(0.0),
        "Up to this much is taken off `segment.ms` at random, so that segments are not all closed at once.",
    )
    .synonym("log.roll.jitter.ms"),
    int(
        "segment.index.bytes",
        Some("10485760"),
        at_least(4.0),
        "How large the index of a segment may become before the segment is closed.",
    )
    .synonym("log.index.size.max.bytes"),
    long(
        "flush.messages",
        Some("9223372036854775807"),
        at_least(1.0),
        "After this many records the log is forced to the disk.",
    )
    .synonym("log.flush.interval.messages"),
    long(
        "flush.ms",
        Some("9223372036854775807"),
        at_least(0.0),
        "After this time the log is forced to the disk.",
    )
    .synonym("log.flush.interval.ms"),
    long(
        "retention.bytes",
        Some("-1"),
        Any,
        "Old segments are deleted while a partition is larger than this; -1 sets no limit.",
    )
    .synonym("log.retention.bytes"),
    long(
        "retention.ms",
        Some("604800000"),
        at_least(-1.0),
        "Segments whose newest record is older than this are deleted; -1 keeps them for good.",
    )
    .synonym("log.retention.ms"),
    int(
        "max.message.bytes",
        Some("1048588"),
        at_least(0.0),
        "The largest record batch that is accepted, as it was compressed.",
    )
    .synonym("message.max.bytes")
    .works(),
    int(
        "index.interval.bytes",
        Some("4096"),
        at_least(0.0),
        "One entry of the offset index stands for about this many bytes of log.",
    )
    .synonym("log.index.interval.bytes"),
    long(
        "delete.retention.ms",
        Some("86400000"),
        at_least(0.0),
        "For this long compaction keeps a tombstone, so that consumers see what was deleted.",
    )
    .synonym("log.cleaner.delete.retention.ms")
    .works(),
    long(
        "min.compaction.lag.ms",
        Some("0"),
        at_least(0.0),
        "A record is left alone by compaction until it is this old.",
    )
    .synonym("log.cleaner.min.compaction.lag.ms"),
    long(
        "max.compaction.lag.ms",
        Some("9223372036854775807"),
        at_least(1.0),
        "A record does not stay uncompacted for longer than this.",
    )
    .synonym("log.cleaner.max.compaction.lag.ms"),
    long(
        "file.delete.delay.ms",
        Some("60000"),
        at_least(0.0),
        "How long the files of a deleted segment are kept.",
    )
    .synonym("log.segment.delete.delay.ms"),
    double(
        "min.cleanable.dirty.ratio",
        Some("0.5"),
        between(0.0, 1.0),
        "Compaction begins when this share of the log was not compacted yet.",
    )
    .synonym("log.cleaner.min.cleanable.ratio")
    .works(),
    list(
        "cleanup.policy",
        Some("delete"),
        list_of(&["compact", "delete"], Empty::Allowed),
        "What happens to old segments: they are deleted, compacted, both, or neither.",
    )
    .synonym("log.cleanup.policy")
    .works(),
    boolean(
        "unclean.leader.election.enable",
        Some("false"),
        Any,
        "Whether a replica that is not in sync may become the leader, and with it records be lost.",
    )
    .synonym("unclean.leader.election.enable")
    .works(),
    int(
        "min.insync.replicas",
        Some("1"),
        at_least(1.0),
        "With `acks=all` a write succeeds only while at least this many replicas are in sync.",
    )
    .synonym("min.insync.replicas")
    .works(),
    string(
        "compression.type",
        Some("producer"),
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        "How batches are compressed in the log; `producer` keeps them as they came.",
    )
    .synonym("compression.type")
    .works(),
    int("compression.gzip.level", Some("-1"), GzipLevel, "How hard gzip tries.")
        .synonym("compression.gzip.level")
        .works(),
    int("compression.lz4.level", Some("9"), between(1.0, 17.0), "How hard LZ4 tries.")
        .synonym("compression.lz4.level"),
    int("compression.zstd.level", Some("3"), between(-131_072.0, 22.0), "How hard Zstandard tries.")
        .synonym("compression.zstd.level")
        .works(),
    boolean(
        "preallocate",
        Some("false"),
        Any,
        "Whether the file of a new segment is given its full size at once.",
    )
    .synonym("log.preallocate"),
    string(
        "message.timestamp.type",
        Some("CreateTime"),
        OneOf(&["CreateTime", "LogAppendTime"]),
        "Whether a record has the time of its producer or that of its append.",
    )
    .synonym("log.message.timestamp.type")
    .works(),
    long(
        "message.timestamp.before.max.ms",
        Some("9223372036854775807"),
        at_least(0.0),
        "How far a record's timestamp may lie behind the broker's clock.",
    )
    .synonym("log.message.timestamp.before.max.ms")
    .works(),
    long(
        "message.timestamp.after.max.ms",
        Some("3600000"),
        at_least(0.0),
        "How far a record's timestamp may lie ahead of the broker's clock.",
    )
    .synonym("log.message.timestamp.after.max.ms")
    .works(),
    list(
        "leader.replication.throttled.replicas",
        Some(""),
        ThrottledReplicas,
        "The replicas whose replication the leader slows down, as partition:broker, or `*`.",
    ),
    list(
        "follower.replication.throttled.replicas",
        Some(""),
        ThrottledReplicas,
        "The replicas whose replication the follower slows down, as partition:broker, or `*`.",
    ),
    boolean(
        "remote.storage.enable",
        Some("false"),
        Any,
        "Whether closed segments are also kept in remote storage.",
    ),
    long(
        "local.retention.ms",
        Some("-2"),
        at_least(-2.0),
        "How long a segment that is in remote storage is kept here as well; -2 is as `retention.ms`.",
    )
    .synonym("log.local.retention.ms"),
    long(
        "local.retention.bytes",
        Some("-2"),
        at_least(-2.0),
        "How much of a partition in remote storage is kept here as well; -2 is as `retention.bytes`.",
    )
    .synonym("log.local.retention.bytes"),
    boolean(
        "remote.log.copy.disable",
        Some("false"),
        Any,
        "Whether no more segments go to remote storage, and what is there can only be read.",
    ),
    boolean(
        "remote.log.delete.on.disable",
        Some("false"),
        Any,
        "Whether what is in remote storage is deleted when it is switched off.",
    ),
    int("internal.segment.bytes", None, Any, "As `segment.bytes`, without its lower bound, for tests.")
        .internal()
        .works(),
];
