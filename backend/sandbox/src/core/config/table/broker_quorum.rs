//! The broker configs of Apache Kafka 4.3.1 of the controllers, metrics and quotas.

use super::super::definition::{ConfigDef, boolean, class, int, list, long, string};
use super::super::validator::Validator::Any;
use super::super::validator::{Empty, at_least, list_of};

/// In the order of their definition.
pub(super) const QUORUM: &[ConfigDef] = &[
    list("controller.quorum.voters", Some(""), Any, "The controllers with a vote, as id@host:port."),
    list(
        "controller.quorum.bootstrap.servers",
        Some(""),
        Any,
        "Addresses at which the controllers are found.",
    ),
    int(
        "controller.quorum.election.timeout.ms",
        Some("1000"),
        at_least(0.0),
        "How long a vote is waited for.",
    ),
    int(
        "controller.quorum.fetch.timeout.ms",
        Some("2000"),
        at_least(0.0),
        "After this time without the leader a controller stands for election.",
    ),
    int(
        "controller.quorum.election.backoff.max.ms",
        Some("1000"),
        at_least(0.0),
        "The longest wait before another election.",
    ),
    int(
        "controller.quorum.append.linger.ms",
        Some("25"),
        at_least(0.0),
        "How long the leader gathers metadata records before it writes them.",
    ),
    int(
        "controller.quorum.request.timeout.ms",
        Some("2000"),
        at_least(0.0),
        "How long a request of the quorum waits for its answer.",
    ),
    int(
        "controller.quorum.retry.backoff.ms",
        Some("20"),
        at_least(0.0),
        "The wait before a request of the quorum is sent again.",
    ),
    boolean(
        "controller.quorum.auto.join.enable",
        Some("false"),
        Any,
        "Whether a controller joins the voters by itself.",
    ),
    int(
        "controller.quorum.fetch.snapshot.max.bytes",
        Some("1048576"),
        at_least(1.0),
        "How much of a snapshot is asked for at a time.",
    ),
    int(
        "controller.quorum.fetch.max.bytes",
        Some("1048576"),
        at_least(1.0),
        "How much of the metadata log is asked for at a time.",
    ),
    int("metrics.num.samples", Some("2"), at_least(1.0), "Samples that a metric is made from."),
    long("metrics.sample.window.ms", Some("30000"), at_least(1.0), "The length of each of these samples."),
    list(
        "metric.reporters",
        Some("org.apache.kafka.common.metrics.JmxReporter"),
        list_of(&[], Empty::Allowed),
        "Classes that are told of metrics.",
    )
    .cluster_wide(),
    string("metrics.recording.level", Some("INFO"), Any, "How fine the metrics are."),
    list(
        "kafka.metrics.reporters",
        Some(""),
        list_of(&[], Empty::Allowed),
        "Classes that are told of the older kind of metrics.",
    ),
    int("kafka.metrics.polling.interval.secs", Some("10"), at_least(1.0), "How often these classes look."),
    int("telemetry.max.bytes", Some("1048576"), at_least(1.0), "The largest push of a client's metrics."),
    int("quota.window.num", Some("11"), at_least(1.0), "Samples that client quotas are measured by."),
    int(
        "replication.quota.window.num",
        Some("11"),
        at_least(1.0),
        "Samples that the replication quota is measured by.",
    ),
    int(
        "alter.log.dirs.replication.quota.window.num",
        Some("11"),
        at_least(1.0),
        "Samples that the quota of moves between log directories is measured by.",
    ),
    int(
        "controller.quota.window.num",
        Some("11"),
        at_least(1.0),
        "Samples that the quota of changes to metadata is measured by.",
    ),
    int("quota.window.size.seconds", Some("1"), at_least(1.0), "The length of each sample of client quotas."),
    int(
        "replication.quota.window.size.seconds",
        Some("1"),
        at_least(1.0),
        "The length of each sample of the replication quota.",
    ),
    int(
        "alter.log.dirs.replication.quota.window.size.seconds",
        Some("1"),
        at_least(1.0),
        "The length of each sample of moves between log directories.",
    ),
    int(
        "controller.quota.window.size.seconds",
        Some("1"),
        at_least(1.0),
        "The length of each sample of changes to metadata.",
    ),
    class("client.quota.callback.class", None, Any, "The class that decides on client quotas."),
];
