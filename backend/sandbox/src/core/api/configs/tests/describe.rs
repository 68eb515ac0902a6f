//! How configs are described and listed.

use super::*;

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
