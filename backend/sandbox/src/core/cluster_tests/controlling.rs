//! What a broker hands on to the controller.

use super::scene::{Scene, TOPIC};
use crate::core::End;
use crate::core::testing::ask;
use crate::wire::messages::create_topics_request::{CreatableTopic, CreateTopicsRequestData};
use crate::wire::messages::elect_leaders_request::{ElectLeadersRequestData, TopicPartitions};
use crate::wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequestData,
};
use crate::wire::{ErrorCode, text};

fn elections(topics: &[&str], timeout_ms: i32) -> ElectLeadersRequestData {
    let topic =
        |name: &&str| TopicPartitions { topic: text(*name), partitions: vec![0], ..Default::default() };
    ElectLeadersRequestData {
        topic_partitions: Some(topics.iter().map(topic).collect()),
        timeout_ms,
        ..Default::default()
    }
}

/// A topic whose preferred leader is back and does not lead.
fn with_another_leader() -> Scene {
    let mut scene = Scene::new(3, &[1, 2], &[]);
    scene.cluster.end(1, End::Controlled);
    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2]));
    scene
}

#[test]
fn a_broker_that_is_cut_off_elects_nobody_and_configures_nothing() {
    let mut scene = with_another_leader();
    scene.cluster.cut_off(3, true);
    let response = ask!(scene.cluster, 3, ElectLeaders, 2, elections(&[TOPIC], 1000));
    let late = ErrorCode::RequestTimedOut.code();
    assert_eq!(response.error_code, late);
    assert_eq!(response.replica_election_results[0].partition_result[0].error_code, late);
    assert_eq!(scene.leader_and_isr().0, Some(2));

    let request = IncrementalAlterConfigsRequestData {
        resources: vec![AlterConfigsResource {
            resource_type: 2,
            resource_name: text(TOPIC),
            configs: vec![AlterableConfig {
                name: text("max.message.bytes"),
                value: Some(text("1000")),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = ask!(scene.cluster, 3, IncrementalAlterConfigs, 1, request.clone());
    assert_eq!(response.responses[0].error_code, late);
    assert_eq!(scene.cluster.core.image.topic(TOPIC).unwrap().settings.max_message_bytes, 1_048_588);

    scene.cluster.cut_off(3, false);
    assert_eq!(ask!(scene.cluster, 3, IncrementalAlterConfigs, 1, request).responses[0].error_code, 0);
    assert_eq!(ask!(scene.cluster, 3, ElectLeaders, 2, elections(&[TOPIC], 1000)).error_code, 0);
    assert_eq!(scene.leader_and_isr().0, Some(1));
}

#[test]
fn an_election_that_may_take_no_time_is_not_held() {
    let mut scene = with_another_leader();
    let response = ask!(scene.cluster, 1, ElectLeaders, 2, elections(&[TOPIC], 0));
    assert_eq!(response.error_code, ErrorCode::RequestTimedOut.code());
    assert_eq!(scene.leader_and_isr().0, Some(2));
    assert_eq!(ask!(scene.cluster, 1, ElectLeaders, 2, elections(&[], 0)).error_code, 0);
}

#[test]
fn elections_are_told_as_they_were_asked_for() {
    let mut scene = with_another_leader();
    let response = ask!(scene.cluster, 1, ElectLeaders, 2, elections(&["z", TOPIC, "a", TOPIC], 1000));
    let told = response.replica_election_results.iter();
    let told: Vec<_> =
        told.map(|it| (it.topic.as_str(), ErrorCode::from(it.partition_result[0].error_code))).collect();
    let unknown = ErrorCode::UnknownTopicOrPartition;
    let expected =
        [("z", unknown), (TOPIC, ErrorCode::None), ("a", unknown), (TOPIC, ErrorCode::ElectionNotNeeded)];
    assert_eq!(told, expected);
}

#[test]
fn topics_with_too_many_partitions_together_are_all_refused() {
    let mut scene = Scene::new(1, &[1], &[]);
    let topic = |name: &str, num_partitions| CreatableTopic {
        name: text(name),
        num_partitions,
        replication_factor: 1,
        ..Default::default()
    };
    let mut create = |topics| {
        let request =
            CreateTopicsRequestData { topics, timeout_ms: 1000, validate_only: true, ..Default::default() };
        let response = ask!(scene.cluster, 1, CreateTopics, 7, request);
        response.topics.iter().map(|it| ErrorCode::from(it.error_code)).collect::<Vec<_>>()
    };
    let many = create(vec![topic("a", 5_000), topic("b", 5_001), topic("c", -7)]);
    assert_eq!(many, [ErrorCode::PolicyViolation; 3]);
    // What stands twice is not made, and counts for nothing.
    let errors = create(vec![topic("a", 5_000), topic("b", 5_001), topic("b", 5_001)]);
    assert_eq!(errors, [ErrorCode::None, ErrorCode::InvalidRequest]);
}
