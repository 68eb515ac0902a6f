//! The broker configs of Apache Kafka 4.3.1 of the node itself: roles, network, replication, metadata.

use super::super::definition::{ConfigDef, boolean, int, list, long, string};
use super::super::validator::Validator::{Any, GzipLevel, NonNull, OneOf};
use super::super::validator::{Empty, at_least, between, list_of};

/// In the order of their definition.
pub(super) const SERVER: &[ConfigDef] = &[
    int("broker.id", Some("-1"), Any, "The number of the broker; `node.id` is its newer name."),
    int(
        "message.max.bytes",
        Some("1048588"),
        at_least(0.0),
        "What a topic has that sets no `max.message.bytes` of its own.",
    )
    .cluster_wide()
    .works(),
    int("num.io.threads", Some("8"), at_least(1.0), "Threads that work on requests.").cluster_wide(),
    int(
        "num.replica.alter.log.dirs.threads",
        None,
        Any,
        "Threads that move replicas between log directories.",
    ),
    int("background.threads", Some("10"), at_least(1.0), "Threads for scheduled work.").cluster_wide(),
    int("request.timeout.ms", Some("30000"), Any, "How long a request to another node waits for its answer."),
    long(
        "socket.connection.setup.timeout.ms",
        Some("10000"),
        Any,
        "How long a first connection to another node may take.",
    ),
    long(
        "socket.connection.setup.timeout.max.ms",
        Some("30000"),
        Any,
        "How far that time grows after failures.",
    ),
    list(
        "config.providers",
        Some(""),
        list_of(&[], Empty::Allowed),
        "Names of what resolves variables in settings.",
    )
    .cluster_wide(),
    string("authorizer.class.name", Some(""), NonNull, "The class that decides who may do what."),
    list(
        "early.start.listeners",
        None,
        list_of(&[], Empty::AllowedOrNull),
        "Listeners that open before the authorizer is ready.",
    ),
    string(
        "broker.rack",
        None,
        Any,
        "The rack of this broker: replicas are spread over racks, and consumers may read in their own.",
    )
    .works(),
    boolean(
        "controlled.shutdown.enable",
        Some("true"),
        Any,
        "Whether leaders move away before the broker stops.",
    ),
    boolean("delete.topic.enable", Some("true"), Any, "Whether topics can be deleted.").works(),
    string(
        "compression.type",
        Some("producer"),
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        "What a topic has that sets no `compression.type` of its own.",
    )
    .cluster_wide()
    .works(),
    int(
        "compression.gzip.level",
        Some("-1"),
        GzipLevel,
        "What a topic has that sets no `compression.gzip.level` of its own.",
    )
    .cluster_wide()
    .works(),
    int(
        "compression.lz4.level",
        Some("9"),
        between(1.0, 17.0),
        "What a topic has that sets no `compression.lz4.level` of its own.",
    )
    .cluster_wide(),
    int(
        "compression.zstd.level",
        Some("3"),
        between(-131_072.0, 22.0),
        "What a topic has that sets no `compression.zstd.level` of its own.",
    )
    .cluster_wide()
    .works(),
    int(
        "max.incremental.fetch.session.cache.slots",
        Some("1000"),
        at_least(0.0),
        "How many incremental fetch sessions the broker keeps.",
    ),
    int(
        "fetch.max.bytes",
        Some("57671680"),
        at_least(1024.0),
        "The most bytes that a fetch answers with, whatever was asked.",
    )
    .works(),
    int(
        "max.request.partition.size.limit",
        Some("2000"),
        at_least(1.0),
        "The most partitions in one answer of DescribeTopicPartitions.",
    )
    .works(),
    boolean(
        "unstable.api.versions.enable",
        Some("false"),
        Any,
        "Whether API versions under development are offered.",
    )
    .internal(),
    boolean(
        "unstable.feature.versions.enable",
        Some("false"),
        Any,
        "Whether feature versions under development are offered.",
    )
    .internal(),
    list(
        "process.roles",
        None,
        list_of(&["broker", "controller"], Empty::Refused),
        "What this node is: a broker, a controller, or both.",
    ),
    int("node.id", None, at_least(0.0), "The number of this node, unique in its cluster."),
    int(
        "initial.broker.registration.timeout.ms",
        Some("60000"),
        Any,
        "How long the broker tries to register before it gives up.",
    ),
    int(
        "broker.heartbeat.interval.ms",
        Some("2000"),
        Any,
        "How often the broker tells the controller that it lives.",
    ),
    int(
        "broker.session.timeout.ms",
        Some("9000"),
        Any,
        "A broker that was silent for this long is fenced: its leaders are elected anew.",
    )
    .works(),
    list(
        "controller.listener.names",
        None,
        list_of(&[], Empty::Refused),
        "The listeners of the controllers.",
    ),
    string(
        "sasl.mechanism.controller.protocol",
        Some("GSSAPI"),
        Any,
        "The SASL mechanism between brokers and controllers.",
    ),
    long(
        "controller.performance.sample.period.ms",
        Some("60000"),
        at_least(100.0),
        "How often the controller logs how it does.",
    )
    .internal(),
    long(
        "controller.performance.always.log.threshold.ms",
        Some("2000"),
        at_least(0.0),
        "A controller event slower than this is logged.",
    )
    .internal(),
    long(
        "server.max.startup.time.ms",
        Some("9223372036854775807"),
        at_least(0.0),
        "How long a start may take.",
    )
    .internal(),
    long(
        "metadata.log.max.record.bytes.between.snapshots",
        Some("20971520"),
        at_least(1.0),
        "After this much metadata log a snapshot is written.",
    ),
    long(
        "metadata.log.max.snapshot.interval.ms",
        Some("3600000"),
        at_least(0.0),
        "After this time a metadata snapshot is written.",
    ),
    string(
        "metadata.log.dir",
        None,
        Any,
        "Where the metadata log is kept, if not in the first log directory.",
    ),
    int(
        "metadata.log.segment.bytes",
        Some("1073741824"),
        at_least(8_388_608.0),
        "The size at which a segment of the metadata log is closed.",
    ),
    long(
        "metadata.log.segment.ms",
        Some("604800000"),
        Any,
        "The age at which a segment of the metadata log is closed.",
    ),
    long(
        "metadata.max.retention.bytes",
        Some("104857600"),
        Any,
        "How large metadata log and snapshots may grow before old ones are deleted.",
    ),
    long(
        "metadata.max.retention.ms",
        Some("604800000"),
        Any,
        "How old metadata log and snapshots may grow before they are deleted.",
    ),
    int(
        "metadata.max.idle.interval.ms",
        Some("500"),
        at_least(0.0),
        "How often an idle controller writes to the metadata log.",
    ),
    int(
        "internal.metadata.log.segment.bytes",
        None,
        Any,
        "As `metadata.log.segment.bytes`, without its lower bound, for tests.",
    )
    .internal(),
    int(
        "internal.metadata.max.batch.size.in.bytes",
        Some("8388608"),
        Any,
        "The largest batch in the metadata log, for tests.",
    )
    .internal(),
    long(
        "internal.metadata.delete.delay.millis",
        Some("60000"),
        Any,
        "How long deleted metadata files are kept, for tests.",
    )
    .internal(),
    list(
        "listeners",
        Some("PLAINTEXT://:9092"),
        list_of(&[], Empty::Refused),
        "The addresses at which the node listens.",
    )
    .per_broker(),
    list(
        "advertised.listeners",
        None,
        list_of(&[], Empty::RefusedButNull),
        "The addresses that clients are told.",
    ),
    string(
        "listener.security.protocol.map",
        Some("SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT"),
        Any,
        "Which security protocol each listener speaks.",
    )
    .per_broker(),
    int(
        "socket.send.buffer.bytes",
        Some("102400"),
        Any,
        "The send buffer of a socket; -1 leaves it to the system.",
    ),
    int(
        "socket.receive.buffer.bytes",
        Some("102400"),
        Any,
        "The receive buffer of a socket; -1 leaves it to the system.",
    ),
    int(
        "socket.request.max.bytes",
        Some("104857600"),
        at_least(1.0),
        "A request larger than this ends its connection.",
    ),
    int(
        "socket.listen.backlog.size",
        Some("50"),
        at_least(1.0),
        "How many connections may wait to be accepted.",
    ),
    int(
        "max.connections.per.ip",
        Some("2147483647"),
        at_least(0.0),
        "How many connections one address may have.",
    )
    .cluster_wide(),
    string("max.connections.per.ip.overrides", Some(""), Any, "Other such limits for single addresses.")
        .cluster_wide(),
    int("max.connections", Some("2147483647"), at_least(0.0), "How many connections the broker may have.")
        .cluster_wide(),
    int(
        "max.connection.creation.rate",
        Some("2147483647"),
        at_least(0.0),
        "How many connections a second may come in.",
    )
    .cluster_wide(),
    long(
        "connections.max.idle.ms",
        Some("600000"),
        Any,
        "A connection that was idle for this long is closed.",
    ),
    int(
        "connection.failed.authentication.delay.ms",
        Some("100"),
        at_least(0.0),
        "How long a connection that failed to authenticate is held before it is closed.",
    ),
    int(
        "queued.max.requests",
        Some("500"),
        at_least(1.0),
        "How many requests wait before the network threads stop reading.",
    ),
    long("queued.max.request.bytes", Some("-1"), Any, "How many bytes of requests may wait."),
    int(
        "num.network.threads",
        Some("3"),
        at_least(1.0),
        "Threads that read requests and write answers, for each listener.",
    )
    .cluster_wide(),
    int(
        "controller.socket.timeout.ms",
        Some("30000"),
        Any,
        "How long a message of the controller waits for its answer.",
    ),
    int(
        "default.replication.factor",
        Some("1"),
        Any,
        "How many replicas a topic has that asks for no number.",
    )
    .works(),
    long(
        "replica.lag.time.max.ms",
        Some("30000"),
        Any,
        "A follower that has not caught up for this long is not in sync.",
    )
    .works(),
    int("replica.socket.timeout.ms", Some("30000"), Any, "How long a follower's fetch waits for its answer."),
    int(
        "replica.socket.receive.buffer.bytes",
        Some("65536"),
        Any,
        "The receive buffer of a follower's socket.",
    ),
    int(
        "replica.fetch.max.bytes",
        Some("1048576"),
        at_least(0.0),
        "How many bytes of a partition a follower asks for at a time.",
    ),
    int(
        "replica.fetch.wait.max.ms",
        Some("500"),
        Any,
        "How long a follower's fetch may wait for new records.",
    ),
    int(
        "replica.fetch.backoff.ms",
        Some("1000"),
        at_least(0.0),
        "How long a follower waits after a failed fetch.",
    ),
    int("replica.fetch.min.bytes", Some("1"), Any, "The fewest bytes that a follower's fetch waits for."),
    int(
        "replica.fetch.response.max.bytes",
        Some("10485760"),
        at_least(0.0),
        "How many bytes a follower asks for at a time in all.",
    ),
    int("num.replica.fetchers", Some("1"), at_least(1.0), "Threads that fetch from each leader.")
        .cluster_wide(),
    long(
        "replica.high.watermark.checkpoint.interval.ms",
        Some("5000"),
        Any,
        "How often high watermarks are written to the disk.",
    ),
    int(
        "fetch.purgatory.purge.interval.requests",
        Some("1000"),
        Any,
        "After how many fetches finished ones are swept from the waiting.",
    ),
    int(
        "producer.purgatory.purge.interval.requests",
        Some("1000"),
        Any,
        "After how many produce requests finished ones are swept from the waiting.",
    ),
    int(
        "delete.records.purgatory.purge.interval.requests",
        Some("1"),
        Any,
        "After how many DeleteRecords finished ones are swept from the waiting.",
    ),
    boolean(
        "auto.leader.rebalance.enable",
        Some("true"),
        Any,
        "Whether leadership goes back to the preferred replicas by itself.",
    )
    .works(),
    long(
        "leader.imbalance.check.interval.seconds",
        Some("300"),
        at_least(1.0),
        "How often it is looked whether leadership should go back.",
    )
    .works(),
    long(
        "unclean.leader.election.interval.ms",
        Some("300000"),
        at_least(1.0),
        "How often it is looked whether a partition needs an unclean election.",
    )
    .internal(),
    boolean(
        "unclean.leader.election.enable",
        Some("false"),
        Any,
        "What a topic has that sets no `unclean.leader.election.enable` of its own.",
    )
    .cluster_wide()
    .works(),
    string(
        "security.inter.broker.protocol",
        Some("PLAINTEXT"),
        OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
        "The security protocol between brokers.",
    ),
    string("inter.broker.listener.name", None, Any, "The listener that brokers use among themselves."),
    string(
        "replica.selector.class",
        None,
        Any,
        "The class that chooses which replica a consumer reads from.",
    ),
    boolean(
        "follower.fetch.last.tiered.offset.enable",
        Some("false"),
        Any,
        "Whether a new follower begins where the leader's remote segments end.",
    )
    .cluster_wide(),
];
