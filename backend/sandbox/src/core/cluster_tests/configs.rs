//! Configs of topics that come from their brokers (`DynamicLogConfig`).

use super::scene::{Scene, TOPIC};
use crate::core::End;
use crate::core::testing::ask;
use crate::wire::messages::describe_configs_request::{DescribeConfigsRequestData, DescribeConfigsResource};
use crate::wire::{ErrorCode, text};

/// A config of the topic as a broker tells it: its value, its source, and the sources of its synonyms.
fn described(scene: &mut Scene, broker: i32, name: &str) -> (String, i8, Vec<i8>) {
    let request = DescribeConfigsRequestData {
        resources: vec![DescribeConfigsResource {
            resource_type: 2,
            resource_name: text(TOPIC),
            configuration_keys: Some(vec![text(name)]),
            ..Default::default()
        }],
        include_synonyms: true,
        ..Default::default()
    };
    let mut response = ask!(scene.cluster, broker, DescribeConfigs, 4, request);
    let config = response.results.remove(0).configs.remove(0);
    let sources = config.synonyms.iter().map(|synonym| synonym.source).collect();
    (config.value.expect("a value").as_str().to_owned(), config.config_source, sources)
}

#[test]
fn what_is_set_for_all_brokers_counts_for_topics_that_set_nothing() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    assert_eq!(scene.produce_error(1, 1, "a record"), ErrorCode::None);
    scene.configure_broker(2, "", "message.max.bytes", "70");
    assert_eq!(scene.produce_error(1, 1, "a record"), ErrorCode::MessageTooLarge);
    assert_eq!(described(&mut scene, 1, "max.message.bytes"), ("70".to_owned(), 3, vec![3, 5]));
    scene.configure(1, "max.message.bytes", "1000");
    assert_eq!(scene.produce_error(1, 1, "a record"), ErrorCode::None);
    assert_eq!(described(&mut scene, 1, "max.message.bytes"), ("1000".to_owned(), 1, vec![1, 3, 5]));
}

#[test]
fn what_is_set_for_one_broker_counts_where_it_leads() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.configure_broker(1, "1", "message.max.bytes", "70");
    assert_eq!(scene.produce_error(1, 1, "a record"), ErrorCode::MessageTooLarge);
    assert_eq!(described(&mut scene, 1, "max.message.bytes"), ("70".to_owned(), 2, vec![2, 5]));
    assert_eq!(described(&mut scene, 2, "max.message.bytes").1, 5);
    scene.cluster.end(1, End::Controlled);
    assert_eq!(scene.produce_error(2, 1, "a record"), ErrorCode::None);
    scene.cluster.start(1);
    assert_eq!(scene.stored(1), ["a record"], "followers take what the leader has");
}

#[test]
fn a_topic_that_is_made_later_goes_by_what_its_leader_has() {
    let mut scene = Scene { cluster: crate::core::testing::TestCluster::new(2, &[]) };
    scene.configure_broker(2, "2", "message.max.bytes", "70");
    assert_eq!(scene.create(1, &[2, 1], &[]), ErrorCode::None);
    assert_eq!(scene.produce_error(2, 1, "a record"), ErrorCode::MessageTooLarge);
}
