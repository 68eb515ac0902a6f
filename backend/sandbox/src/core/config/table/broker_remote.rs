//! The broker configs of Apache Kafka 4.3.1 of tiered storage.

use super::super::definition::{ConfigDef, boolean, double, int, long, string};
use super::super::validator::Validator::{Any, NonEmpty};
use super::super::validator::{at_least, between};

/// In the order of their definition.
pub(super) const REMOTE: &[ConfigDef] = &[
    boolean(
        "remote.log.storage.system.enable",
        Some("false"),
        Any,
        "Whether this broker can keep segments in remote storage.",
    ),
    string(
        "remote.log.storage.manager.impl.prefix",
        Some("rsm.config."),
        NonEmpty,
        "The prefix of settings that are handed to the remote storage.",
    ),
    string(
        "remote.log.metadata.manager.impl.prefix",
        Some("rlmm.config."),
        NonEmpty,
        "The prefix of settings that are handed to the keeper of remote metadata.",
    ),
    string(
        "remote.log.storage.manager.class.name",
        None,
        NonEmpty,
        "The class that copies segments to remote storage.",
    ),
    string(
        "remote.log.storage.manager.class.path",
        None,
        Any,
        "Where that class and what it needs are found.",
    ),
    string(
        "remote.log.metadata.manager.class.name",
        Some("org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager"),
        NonEmpty,
        "The class that remembers what is in remote storage.",
    ),
    string(
        "remote.log.metadata.manager.class.path",
        None,
        Any,
        "Where that class and what it needs are found.",
    ),
    string(
        "remote.log.metadata.manager.listener.name",
        None,
        NonEmpty,
        "The listener over which remote metadata are read and written.",
    ),
    int(
        "remote.log.metadata.custom.metadata.max.bytes",
        Some("128"),
        at_least(0.0),
        "How much of its own the remote storage may add to a segment's metadata.",
    ),
    long(
        "remote.log.index.file.cache.total.size.bytes",
        Some("1073741824"),
        at_least(1.0),
        "How much disk the cached indexes of remote segments may take.",
    )
    .cluster_wide(),
    long(
        "remote.log.index.file.cache.ttl.ms",
        Some("900000"),
        at_least(-1.0),
        "How long an unused index of a remote segment is cached.",
    )
    .internal(),
    int(
        "remote.log.manager.thread.pool.size",
        Some("2"),
        at_least(1.0),
        "Threads that look after remote segments.",
    ),
    int(
        "remote.log.manager.copier.thread.pool.size",
        Some("10"),
        at_least(1.0),
        "Threads that copy segments to remote storage.",
    )
    .cluster_wide(),
    int(
        "remote.log.manager.expiration.thread.pool.size",
        Some("10"),
        at_least(1.0),
        "Threads that delete remote segments past their retention.",
    )
    .cluster_wide(),
    int(
        "remote.log.manager.follower.thread.pool.size",
        Some("2"),
        at_least(1.0),
        "Threads that look after remote segments of followers.",
    )
    .cluster_wide(),
    long(
        "remote.log.manager.task.interval.ms",
        Some("30000"),
        at_least(1.0),
        "How often remote segments are looked after.",
    ),
    long(
        "remote.log.manager.task.retry.backoff.ms",
        Some("500"),
        at_least(1.0),
        "The first wait before a remote task is tried again.",
    )
    .internal(),
    long(
        "remote.log.manager.task.retry.backoff.max.ms",
        Some("30000"),
        at_least(1.0),
        "The longest wait before a remote task is tried again.",
    )
    .internal(),
    double(
        "remote.log.manager.task.retry.jitter",
        Some("0.2"),
        between(0.0, 0.5),
        "By how much that wait varies at random.",
    )
    .internal(),
    int("remote.log.reader.threads", Some("10"), at_least(1.0), "Threads that read from remote storage.")
        .cluster_wide(),
    int(
        "remote.log.reader.max.pending.tasks",
        Some("100"),
        at_least(1.0),
        "How many reads from remote storage may wait.",
    ),
    long(
        "log.local.retention.ms",
        Some("-2"),
        at_least(-2.0),
        "What a topic has that sets no `local.retention.ms` of its own.",
    )
    .cluster_wide(),
    long(
        "log.local.retention.bytes",
        Some("-2"),
        at_least(-2.0),
        "What a topic has that sets no `local.retention.bytes` of its own.",
    )
    .cluster_wide(),
    long(
        "remote.log.manager.copy.max.bytes.per.second",
        Some("9223372036854775807"),
        at_least(1.0),
        "Bytes a second that go to remote storage.",
    )
    .cluster_wide(),
    int(
        "remote.log.manager.copy.quota.window.num",
        Some("11"),
        at_least(1.0),
        "Samples that the quota of copies is measured by.",
    ),
    int(
        "remote.log.manager.copy.quota.window.size.seconds",
        Some("1"),
        at_least(1.0),
        "The length of each of these samples.",
    ),
    long(
        "remote.log.manager.fetch.max.bytes.per.second",
        Some("9223372036854775807"),
        at_least(1.0),
        "Bytes a second that come from remote storage.",
    )
    .cluster_wide(),
    int(
        "remote.log.manager.fetch.quota.window.num",
        Some("11"),
        at_least(1.0),
        "Samples that the quota of remote reads is measured by.",
    ),
    int(
        "remote.log.manager.fetch.quota.window.size.seconds",
        Some("1"),
        at_least(1.0),
        "The length of each of these samples.",
    ),
    int("remote.fetch.max.wait.ms", Some("500"), at_least(1.0), "How long a fetch waits for remote storage.")
        .cluster_wide(),
    long(
        "remote.list.offsets.request.timeout.ms",
        Some("30000"),
        at_least(1.0),
        "How long a look-up of offsets waits for remote storage.",
    )
    .cluster_wide(),
];
