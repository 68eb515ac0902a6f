//! How configs of brokers are altered.

use super::*;

#[test]
fn a_broker_refuses_what_it_can_not_change_while_it_runs() {
    use ErrorCode::{InvalidConfig, InvalidRequest};
    Cluster::new().assert_refused(
        BROKER,
        &[
            ("1", &["set num.partitions 5"], InvalidRequest, "Cannot update these configs dynamically: [num.partitions]"),
            (
                "1",
                &["set num.partitions 5", "set node.id 3"],
                InvalidRequest,
                "Cannot update these configs dynamically: [node.id, num.partitions]",
            ),
            (
                "",
                &["set auto.create.topics.enable x", "set log.retention.ms x"],
                InvalidRequest,
                "Cannot update these configs dynamically: [auto.create.topics.enable]",
            ),
            (
                "",
                &["set listeners x", "set cordoned.log.dirs x"],
                InvalidRequest,
                "Cannot update these configs at default cluster level, broker id must be specified: \
                 [cordoned.log.dirs, listeners]",
            ),
            (
                "",
                &["set ssl.keystore.type x", "set ssl.key.password y"],
                InvalidRequest,
                "These security configs can be dynamically updated only per-listener using the listener prefix: \
                 [ssl.keystore.type, ssl.key.password]",
            ),
            (
                "",
                &["set listener.name.plaintext.ssl.keystore.password abc"],
                InvalidRequest,
                "Cannot update these configs at default cluster level, broker id must be specified: \
                 [listener.name.plaintext.ssl.keystore.password]",
            ),
            (
                "1",
                &["set min.insync.replicas 2"],
                InvalidConfig,
                "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
            ),
            (
                "",
                &["delete min.insync.replicas"],
                InvalidConfig,
                "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
            ),
        ],
    );
}

#[test]
fn a_broker_refuses_values_as_bad_requests() {
    use ErrorCode::InvalidRequest;
    Cluster::new().assert_refused(
        BROKER,
        &[
            (
                "1",
                &["set log.retention.ms x"],
                InvalidRequest,
                "Invalid value x for configuration log.retention.ms: Not a number of type LONG",
            ),
            (
                "1",
                &["set log.segment.bytes 5"],
                InvalidRequest,
                "Invalid value 5 for configuration log.segment.bytes: Value must be at least 1048576",
            ),
            (
                "",
                &["set log.retention.ms 0"],
                InvalidRequest,
                "requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
            ),
            (
                "",
                &["set num.io.threads 100"],
                InvalidRequest,
                "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation \
                 failed for num.io.threads=100, value should not be greater than double the current value 8 for \
                 configuration Invalid dynamic configuration",
            ),
            (
                "",
                &["set remote.log.reader.threads 1"],
                InvalidRequest,
                "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation \
                 failed for remote.log.reader.threads=1, value should be at least half the current value 10 for \
                 configuration Invalid dynamic configuration",
            ),
            (
                "1",
                &["set max.connections 0"],
                InvalidRequest,
                "Invalid value org.apache.kafka.common.config.ConfigException: Invalid max.connections 0 for \
                 configuration Invalid dynamic configuration",
            ),
            (
                "1",
                &["set max.connection.creation.rate 0"],
                InvalidRequest,
                "Invalid value org.apache.kafka.common.config.ConfigException: Invalid max.connection.creation.rate 0 \
                 for configuration Invalid dynamic configuration",
            ),
            ("", &["set log.cleaner.threads 0"], InvalidRequest, "/ by zero"),
            (
                "",
                &["set log.cleaner.threads 5"],
                InvalidRequest,
                "Invalid value org.apache.kafka.common.config.ConfigException: Log cleaner threads cannot be increased \
                 to more than double the current value 1 for configuration Invalid dynamic configuration",
            ),
            (
                "",
                &["set log.local.retention.ms 999999999999"],
                InvalidRequest,
                "Invalid value org.apache.kafka.common.config.ConfigException: Invalid value 999999999999 for \
                 configuration log.local.retention.ms: Value must not be more than log.retention.ms property value: \
                 604800000 for configuration Invalid dynamic configuration",
            ),
            (
                "",
                &["set log.cleaner.dedupe.buffer.size 100"],
                InvalidRequest,
                "requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.",
            ),
            (
                "",
                &["set max.connections.per.ip 0"],
                InvalidRequest,
                "requirement failed: max.connections.per.ip can be set to zero only if \
                 max.connections.per.ip.overrides property is set.",
            ),
            (
                "",
                &["set group.consumer.assignment.interval.ms 20000"],
                InvalidRequest,
                "group.consumer.assignment.interval.ms must be less than or equal to \
                 group.consumer.max.assignment.interval.ms",
            ),
            (
                "",
                &["set principal.builder.class x"],
                InvalidRequest,
                "Invalid value x for configuration principal.builder.class: Class x could not be found.",
            ),
            (
                "",
                &["append log.cleanup.policy "],
                InvalidRequest,
                "Configuration 'log.cleanup.policy' values must not be empty.",
            ),
        ],
    );
}

#[test]
fn a_broker_changes_only_itself_and_only_lists_item_by_item() {
    use ErrorCode::{InvalidConfig, InvalidRequest};
    let set = &["set log.retention.ms 5"][..];
    Cluster::new().assert_refused(
        BROKER,
        &[
            ("2", set, InvalidRequest, "Unexpected broker id, expected 1, but received 2"),
            ("x", set, InvalidRequest, "Node id must be an integer, but it is: x"),
            ("-1", set, InvalidRequest, "Unexpected broker id, expected 1, but received -1"),
            (
                "1",
                &["append log.retention.ms 5"],
                InvalidConfig,
                "Config value append is not allowed for config key: log.retention.ms",
            ),
            ("1", &["append nope 5"], InvalidConfig, "Unknown config name: nope"),
            ("1", &["other log.retention.ms 5"], InvalidRequest, "Unknown operations type 9"),
        ],
    );
}

#[test]
fn a_brokers_configs_can_be_set_for_it_and_for_all() {
    let mut cluster = Cluster::new();
    assert_eq!(cluster.alter(BROKER, "", &["set log.retention.ms 6"]), ACCEPTED);
    assert_eq!(cluster.alter(BROKER, "1", &["set log.retention.ms 5"]), ACCEPTED);
    assert_eq!(cluster.value(BROKER, "1", "log.retention.ms"), ("5".to_owned(), 2));
    assert_eq!(cluster.value(TOPIC, "t", "retention.ms"), ("5".to_owned(), 2));
    assert_eq!(cluster.alter(BROKER, "1", &["delete log.retention.ms"]), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "retention.ms"), ("6".to_owned(), 3));
    assert_eq!(cluster.alter(BROKER, "", &["set min.insync.replicas 2"]), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "min.insync.replicas"), ("2".to_owned(), 3));
    assert_eq!(cluster.alter(BROKER, "1", &["set ssl.protocol TLSv1.2"]), ACCEPTED);
    // Names that Kafka does not know may be meant for a plug-in.
    assert_eq!(cluster.alter(BROKER, "1", &["set nope 5"]), ACCEPTED);
    assert_eq!(cluster.alter(BROKER, "1", &["append log.cleanup.policy compact"]), ACCEPTED);
    assert_eq!(cluster.value(BROKER, "1", "log.cleanup.policy"), ("delete,compact".to_owned(), 2));
    assert_eq!(cluster.replace(BROKER, "1", &[]), ACCEPTED);
    assert_eq!(cluster.value(BROKER, "1", "log.cleanup.policy"), ("delete".to_owned(), 5));
    let kept = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.".to_owned();
    assert_eq!(
        cluster.replace(BROKER, "", &["log.retention.ms=55"]),
        (ErrorCode::InvalidConfig.code(), kept)
    );
}

#[test]
fn there_are_no_loggers_but_the_root() {
    use ErrorCode::{InvalidConfig, InvalidRequest};
    let mut cluster = Cluster::new();
    cluster.assert_refused(
        LOGGER,
        &[
            ("1", &["set kafka.server INFO"], InvalidConfig, "Logger kafka.server does not exist!"),
            ("2", &["set kafka INFO"], InvalidRequest, "Unexpected node id. Expected 1, but received 2"),
            ("", &["set kafka INFO"], InvalidRequest, "Node id must be an integer, but it is: "),
            (
                "1",
                &["append kafka INFO"],
                InvalidRequest,
                "APPEND operation is not allowed for the BROKER_LOGGER resource",
            ),
            (
                "1",
                &["delete root"],
                InvalidRequest,
                "Removing the log level of the root logger is not allowed",
            ),
        ],
    );
    assert_eq!(cluster.alter(LOGGER, "1", &["set root DEBUG"]), ACCEPTED);
}
