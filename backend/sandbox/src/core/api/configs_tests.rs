//! What Apache Kafka 4.3.1 answered to the same requests; the broker that is asked is 1, and there is a topic `t`.

use super::*;
use crate::wire::messages::alter_configs_request::AlterableConfig;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LOGGER: i8 = 8;
const GROUP: i8 = 32;

struct OneBroker;

impl ClusterFacts for OneBroker {
    fn broker(&self) -> i32 {
        1
    }

    fn invalid_topic_name(&self, name: &str) -> Option<String> {
        match name {
            "" => Some("Topic name is invalid: the empty string is not allowed".to_owned()),
            _ => name.contains(' ').then(|| "Topic name is invalid".to_owned()),
        }
    }

    fn has_topic(&self, name: &str) -> bool {
        name == "t"
    }

    fn topics(&self) -> Vec<KafkaString> {
        vec![text("t")]
    }

    fn brokers(&self) -> Vec<i32> {
        vec![1, 2]
    }
}

/// A store, and what requests do to it.
struct Cluster(ConfigStore);

impl Cluster {
    fn new() -> Self {
        Self(ConfigStore::new([]).unwrap())
    }

    /// Changes in the form `set|delete|append|subtract name value`. The answer is its code and message.
    fn alter(&mut self, resource_type: i8, name: &str, changes: &[&str]) -> (i16, String) {
        self.alter_or_validate(resource_type, name, changes, false)
    }

    fn alter_or_validate(
        &mut self,
        resource_type: i8,
        name: &str,
        changes: &[&str],
        validate_only: bool,
    ) -> (i16, String) {
        let configs = changes.iter().map(|change| {
            let (operation, rest) = change.split_once(' ').unwrap();
            let (name, value) =
                rest.split_once(' ').map_or((rest, None), |(name, value)| (name, Some(text(value))));
            let config_operation = match operation {
                "set" => 0,
                "delete" => 1,
                "append" => 2,
                "subtract" => 3,
                _ => 9,
            };
            incremental_alter_configs_request::AlterableConfig {
                name: text(name),
                config_operation,
                value,
                ..Default::default()
            }
        });
        let resource = IncrementalResource {
            resource_type,
            resource_name: text(name),
            configs: configs.collect(),
            ..Default::default()
        };
        let request = IncrementalAlterConfigsRequestData {
            resources: vec![resource],
            validate_only,
            ..Default::default()
        };
        let (response, changes) = incremental_alter_configs(&self.0, &OneBroker, &request);
        self.apply(changes);
        let response = &response.responses[0];
        (response.error_code, response.error_message.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    /// All configs, in the form `name=value`.
    fn replace(&mut self, resource_type: i8, name: &str, configs: &[&str]) -> (i16, String) {
        let configs = configs.iter().map(|config| {
            let (name, value) = config.split_once('=').unwrap();
            AlterableConfig { name: text(name), value: Some(text(value)), ..Default::default() }
        });
        let resource = AlterConfigsResource {
            resource_type,
            resource_name: text(name),
            configs: configs.collect(),
            ..Default::default()
        };
        let request = AlterConfigsRequestData { resources: vec![resource], ..Default::default() };
        let (response, changes) = alter_configs(&self.0, &OneBroker, &request);
        self.apply(changes);
        let response = &response.responses[0];
        (response.error_code, response.error_message.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    fn apply(&mut self, changes: Changes) {
        for (resource, overrides) in changes {
            self.0.replace(resource, overrides);
        }
    }

    fn describe(&self, resource_type: i8, name: &str, keys: &[&str]) -> DescribeConfigsResult {
        let resource = DescribeConfigsResource {
            resource_type,
            resource_name: text(name),
            configuration_keys: Some(keys.iter().map(|&key| text(key)).collect()),
            ..Default::default()
        };
        let request = DescribeConfigsRequestData { resources: vec![resource], ..Default::default() };
        describe_configs(&self.0, &OneBroker, &request).results.remove(0)
    }

    fn value(&self, resource_type: i8, name: &str, config: &str) -> (String, i8) {
        let result = self.describe(resource_type, name, &[config]);
        assert_eq!(result.configs.len(), 1, "{config}");
        (result.configs[0].value.as_ref().unwrap().to_string(), result.configs[0].config_source)
    }

    /// Each of these is refused with its code and message.
    fn assert_refused(&mut self, resource_type: i8, cases: &[(&str, &[&str], ErrorCode, &str)]) {
        for (name, changes, code, message) in cases {
            let answer = self.alter(resource_type, name, changes);
            assert_eq!(answer, (code.code(), (*message).to_owned()), "{name} {changes:?}");
        }
    }
}

const ACCEPTED: (i16, String) = (0, String::new());

#[test]
fn a_topics_bad_value_is_refused_in_kafkas_words() {
    use ErrorCode::InvalidConfig;
    Cluster::new().assert_refused(
        TOPIC,
        &[
            (
                "t",
                &["set segment.bytes 100"],
                InvalidConfig,
                "Invalid value 100 for configuration segment.bytes: Value must be at least 1048576",
            ),
            ("t", &["set nope 1"], InvalidConfig, "Unknown topic config name: nope"),
            (
                "t",
                &["set retention.ms x"],
                InvalidConfig,
                "Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
            (
                "t",
                &["set cleanup.policy foo"],
                InvalidConfig,
                "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete",
            ),
            (
                "t",
                &["set cleanup.policy delete,,compact"],
                InvalidConfig,
                "Configuration 'cleanup.policy' values must not be empty.",
            ),
            (
                "t",
                &["append retention.ms 5"],
                InvalidConfig,
                "Can't APPEND to key retention.ms because its type is not LIST.",
            ),
            ("t", &["subtract nope 5"], InvalidConfig, "Can't SUBTRACT to key nope because its type is not LIST."),
            (
                "t",
                &["set min.compaction.lag.ms 10", "set max.compaction.lag.ms 5"],
                InvalidConfig,
                "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)",
            ),
            (
                "t",
                &["set min.cleanable.dirty.ratio 1.5"],
                InvalidConfig,
                "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
            ),
            (
                "t",
                &["set compression.gzip.level 0"],
                InvalidConfig,
                "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1",
            ),
            (
                "t",
                &["set leader.replication.throttled.replicas 0"],
                InvalidConfig,
                "Invalid value [0] for configuration leader.replication.throttled.replicas: \
                 leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following \
                 format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
            ),
        ],
    );
}

#[test]
fn a_request_that_names_no_resource_or_a_config_badly_is_refused() {
    use ErrorCode::{
        InvalidConfig, InvalidRequest, InvalidTopicException, UnknownServerError, UnknownTopicOrPartition,
    };
    Cluster::new().assert_refused(
        TOPIC,
        &[
            ("t", &["set retention.ms"], InvalidRequest, "Null value not supported for : retention.ms"),
            (
                "t",
                &["set retention.ms 5", "set retention.ms 6"],
                InvalidRequest,
                "Error due to duplicate config keys",
            ),
            ("t", &["other retention.ms 5"], UnknownServerError, ""),
            (
                "nosuch",
                &["set retention.ms 5"],
                UnknownTopicOrPartition,
                "The topic 'nosuch' does not exist.",
            ),
            ("", &["set retention.ms 5"], InvalidRequest, "Default topic resources are not allowed."),
            ("bad topic", &["set retention.ms 5"], InvalidTopicException, "Topic name is invalid"),
            // A bad value is told before a topic that is not there.
            (
                "nosuch",
                &["set retention.ms x"],
                InvalidConfig,
                "Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
        ],
    );
    for resource_type in [0, 1, 99] {
        let (code, message) = Cluster::new().alter(resource_type, "1", &["set kafka INFO"]);
        assert_eq!(code, InvalidRequest.code());
        assert_eq!(message, format!("Unknown resource type {resource_type}"));
    }
}

#[test]
fn items_are_added_to_a_list_and_taken_from_it() {
    let mut cluster = Cluster::new();
    let policy = |cluster: &Cluster| cluster.value(TOPIC, "t", "cleanup.policy");
    assert_eq!(cluster.alter(TOPIC, "t", &["append cleanup.policy compact"]), ACCEPTED);
    assert_eq!(policy(&cluster), ("delete,compact".to_owned(), 1));
    assert_eq!(cluster.alter(TOPIC, "t", &["append cleanup.policy compact,delete"]), ACCEPTED);
    assert_eq!(policy(&cluster), ("delete,compact".to_owned(), 1));
    assert_eq!(cluster.alter(TOPIC, "t", &["subtract cleanup.policy delete"]), ACCEPTED);
    assert_eq!(policy(&cluster), ("compact".to_owned(), 1));
    assert_eq!(cluster.alter(TOPIC, "t", &["subtract cleanup.policy compact"]), ACCEPTED);
    assert_eq!(policy(&cluster), (String::new(), 1));
    assert_eq!(cluster.alter(TOPIC, "t", &["append cleanup.policy compact"]), ACCEPTED);
    assert_eq!(policy(&cluster), ("compact".to_owned(), 1));
    assert_eq!(cluster.alter(TOPIC, "t", &["delete cleanup.policy"]), ACCEPTED);
    assert_eq!(policy(&cluster), ("delete".to_owned(), 5));
}

#[test]
fn what_stands_twice_in_a_list_counts_once() {
    let mut cluster = Cluster::new();
    assert_eq!(cluster.alter(TOPIC, "t", &["set cleanup.policy delete,delete"]), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "cleanup.policy"), ("delete".to_owned(), 1));
}

#[test]
fn what_is_not_set_can_be_deleted_even_if_there_is_no_such_config() {
    assert_eq!(Cluster::new().alter(TOPIC, "t", &["delete nope"]), ACCEPTED);
}

#[test]
fn nothing_changes_when_a_request_only_validates() {
    let mut cluster = Cluster::new();
    assert_eq!(cluster.alter_or_validate(TOPIC, "t", &["set retention.ms 5"], true), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "retention.ms"), ("604800000".to_owned(), 5));
    let (code, _) = cluster.alter_or_validate(TOPIC, "t", &["set retention.ms x"], true);
    assert_eq!(code, ErrorCode::InvalidConfig.code());
}

#[test]
fn one_bad_config_keeps_the_others_of_its_resource_from_being_changed() {
    let mut cluster = Cluster::new();
    let (code, _) = cluster.alter(TOPIC, "t", &["set retention.ms 5", "set segment.ms x"]);
    assert_eq!(code, ErrorCode::InvalidConfig.code());
    assert_eq!(cluster.value(TOPIC, "t", "retention.ms"), ("604800000".to_owned(), 5));
}

#[test]
fn alter_configs_unsets_what_it_does_not_name() {
    let mut cluster = Cluster::new();
    assert_eq!(cluster.replace(TOPIC, "t", &["retention.ms=5", "segment.ms=6"]), ACCEPTED);
    assert_eq!(cluster.replace(TOPIC, "t", &["segment.ms=7"]), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "retention.ms"), ("604800000".to_owned(), 5));
    assert_eq!(cluster.value(TOPIC, "t", "segment.ms"), ("7".to_owned(), 1));
    let unknown = (ErrorCode::InvalidConfig.code(), "Unknown topic config name: nope".to_owned());
    assert_eq!(cluster.replace(TOPIC, "t", &["nope=7"]), unknown);
    let missing =
        (ErrorCode::UnknownTopicOrPartition.code(), "The topic 'nosuch' does not exist.".to_owned());
    assert_eq!(cluster.replace(TOPIC, "nosuch", &[]), missing);
    let logger = (ErrorCode::InvalidRequest.code(), "Unknown resource type 8".to_owned());
    assert_eq!(cluster.replace(LOGGER, "1", &["kafka=INFO"]), logger);
}

#[test]
fn a_resource_named_twice_is_refused_both_times() {
    let resource =
        AlterConfigsResource { resource_type: TOPIC, resource_name: text("t"), ..Default::default() };
    let group = AlterConfigsResource { resource_type: GROUP, resource_name: text("t"), ..Default::default() };
    let request =
        AlterConfigsRequestData { resources: vec![resource.clone(), group, resource], ..Default::default() };
    let (response, changes) = alter_configs(&Cluster::new().0, &OneBroker, &request);
    let codes: Vec<_> = response.responses.iter().map(|response| response.error_code).collect();
    assert_eq!(codes, [42, 0, 42]);
    assert_eq!(
        response.responses[0].error_message.as_ref().map(KafkaString::as_str),
        Some("Each resource must appear at most once.")
    );
    assert_eq!(changes, [(ConfigResource::Group("t".to_owned()), Overrides::new())]);
}

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
fn a_groups_configs_lie_within_the_brokers_bounds() {
    use ErrorCode::{InvalidConfig, InvalidRequest};
    let mut cluster = Cluster::new();
    cluster.assert_refused(
        GROUP,
        &[
            (
                "g",
                &["set consumer.session.timeout.ms 5"],
                InvalidConfig,
                "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
            ),
            ("g", &["set nope 5"], InvalidConfig, "Unknown group config name: nope"),
            ("", &["set consumer.session.timeout.ms 50000"], InvalidRequest, "Default group resources are not allowed."),
            (
                "g",
                &["set share.auto.offset.reset x"],
                InvalidConfig,
                "Invalid value x for configuration share.auto.offset.reset: Invalid value `x` for configuration \
                 share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format \
                 'by_duration:<PnDTnHnMn.nS>'.",
            ),
        ],
    );
    assert_eq!(cluster.alter(GROUP, "g", &["set consumer.session.timeout.ms 50000"]), ACCEPTED);
    assert_eq!(cluster.value(GROUP, "g", "consumer.session.timeout.ms"), ("50000".to_owned(), 8));
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

#[test]
fn what_can_not_be_described_is_told_why() {
    use ErrorCode::{InvalidRequest, InvalidTopicException, UnknownTopicOrPartition};
    let cluster = Cluster::new();
    let malformed = ErrorCode::InvalidRequest.to_string();
    let cases = [
        (TOPIC, "", InvalidTopicException, "Topic name is invalid: the empty string is not allowed"),
        (TOPIC, "x", UnknownTopicOrPartition, ""),
        (BROKER, "x", InvalidRequest, "Broker id must be an integer, but it is: x"),
        (BROKER, "2", InvalidRequest, "Unexpected broker id, expected 1 or empty string, but received 2"),
        (LOGGER, "", InvalidRequest, "Broker id must not be empty"),
        (LOGGER, "2", InvalidRequest, "Unexpected broker id, expected 1 but received 2"),
        (GROUP, "", InvalidRequest, "Group name must not be empty"),
        (99, "x", InvalidRequest, &malformed),
    ];
    for (resource_type, name, code, message) in cases {
        let result = cluster.describe(resource_type, name, &[]);
        assert_eq!(result.error_code, code.code(), "{resource_type} {name}");
        assert_eq!(result.error_message.unwrap().as_str(), message, "{resource_type} {name}");
        assert!(result.configs.is_empty());
    }
}

#[test]
fn all_configs_are_described_or_those_that_were_asked_for() {
    let cluster = Cluster::new();
    assert_eq!(cluster.describe(TOPIC, "t", &[]).configs.len(), 33);
    assert_eq!(cluster.describe(BROKER, "1", &[]).configs.len(), 340);
    assert_eq!(cluster.describe(BROKER, "", &[]).configs.len(), 1);
    assert_eq!(cluster.describe(GROUP, "any", &[]).configs.len(), 17);
    let some = cluster.describe(TOPIC, "t", &["segment.ms", "nope", "retention.ms"]);
    assert_eq!(some.error_code, 0);
    assert_eq!(some.error_message.unwrap().as_str(), "");
    let names: Vec<_> = some.configs.iter().map(|config| config.name.to_string()).collect();
    assert_eq!(names, ["retention.ms", "segment.ms"]);
}

#[test]
fn synonyms_and_documentation_are_told_to_those_who_ask_for_them() {
    let cluster = Cluster::new();
    let resource = DescribeConfigsResource {
        resource_type: TOPIC,
        resource_name: text("t"),
        configuration_keys: Some(vec![text("segment.bytes")]),
        ..Default::default()
    };
    let mut request = DescribeConfigsRequestData { resources: vec![resource], ..Default::default() };
    let plain = describe_configs(&cluster.0, &OneBroker, &request);
    let config = &plain.results[0].configs[0];
    assert!(config.synonyms.is_empty() && config.documentation.is_none());
    request.include_synonyms = true;
    request.include_documentation = true;
    let full = describe_configs(&cluster.0, &OneBroker, &request);
    let config = &full.results[0].configs[0];
    assert_eq!(config.synonyms[0].name.as_str(), "log.segment.bytes");
    assert!(config.documentation.as_ref().unwrap().as_str().contains("segment"));
}

#[test]
fn resources_are_listed_by_their_types() {
    let mut cluster = Cluster::new();
    cluster.alter(GROUP, "g", &["set consumer.session.timeout.ms 50000"]);
    let list = |version: i16, types: &[i8]| {
        let request = ListConfigResourcesRequestData { resource_types: types.to_vec(), ..Default::default() };
        let response = list_config_resources(&cluster.0, &OneBroker, &request, version);
        let listed: Vec<_> = response
            .config_resources
            .iter()
            .map(|resource| format!("{}:{}", resource.resource_type, resource.resource_name))
            .collect();
        (response.error_code, listed.join(" "))
    };
    assert_eq!(list(1, &[]), (0, "32:g 8:1 8:2 4:1 4:2 2:t".to_owned()));
    assert_eq!(list(1, &[TOPIC, BROKER]), (0, "4:1 4:2 2:t".to_owned()));
    assert_eq!(list(1, &[1]), (ErrorCode::UnsupportedVersion.code(), String::new()));
    assert_eq!(list(0, &[]), (0, String::new()));
}
