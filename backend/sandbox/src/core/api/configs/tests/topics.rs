//! How configs of topics and groups are altered.

use super::*;

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
fn commas_at_the_end_add_nothing_to_a_list() {
    let mut cluster = Cluster::new();
    assert_eq!(cluster.alter(TOPIC, "t", &["append cleanup.policy compact,,"]), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "cleanup.policy"), ("delete,compact".to_owned(), 1));
    for change in ["append cleanup.policy ", "append cleanup.policy ,compact"] {
        let (code, message) = Cluster::new().alter(TOPIC, "t", &[change]);
        assert_eq!(code, ErrorCode::InvalidConfig.code(), "{change:?}");
        assert_eq!(message, "Configuration 'cleanup.policy' values must not be empty.");
    }
    // Items are compared with the white space that stands around them.
    assert_eq!(cluster.alter(TOPIC, "t", &["set cleanup.policy compact, delete"]), ACCEPTED);
    assert_eq!(cluster.alter(TOPIC, "t", &["subtract cleanup.policy delete"]), ACCEPTED);
    assert_eq!(cluster.value(TOPIC, "t", "cleanup.policy"), ("compact,delete".to_owned(), 1));
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
