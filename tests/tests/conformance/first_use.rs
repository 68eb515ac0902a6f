//! A cluster that nobody has used: Kafka's own topics are made when they are needed.

use bytes::Bytes;
use kacrab_protocol::KafkaString;
use kacrab_protocol::generated::*;
use tests::conformance::{Scenario, text};

use crate::compare_alone;

fn of(topic: &str, allow_auto_topic_creation: bool) -> MetadataRequestData {
    MetadataRequestData {
        topics: Some(vec![MetadataRequestTopic {
            name: Some(text(topic)),
            ..MetadataRequestTopic::default()
        }]),
        allow_auto_topic_creation,
        ..MetadataRequestData::default()
    }
}

fn first_use(s: &mut Scenario<'_>) {
    let group = s.name("group");
    s.ask("before there are offsets", &of("__consumer_offsets", false), 13);
    s.ask("all", &MetadataRequestData { topics: None, ..of("", false) }, 13);
    s.ask("before there are offsets", &ListGroupsRequestData::default(), 5);
    let describe =
        DescribeGroupsRequestData { groups: vec![text(&group)], ..DescribeGroupsRequestData::default() };
    s.ask("before there are offsets", &describe, 6);
    s.ask("before there are offsets", &describe, 5);
    let heartbeat = HeartbeatRequestData { group_id: text(&group), ..HeartbeatRequestData::default() };
    s.ask("before there are offsets", &heartbeat, 4);
    let delete =
        DeleteGroupsRequestData { groups_names: vec![text(&group)], ..DeleteGroupsRequestData::default() };
    s.ask("before there are offsets", &delete, 2);
    let join = JoinGroupRequestData {
        group_id: text(&group),
        session_timeout_ms: 10_000,
        protocol_type: text("other"),
        protocols: vec![JoinGroupRequestProtocol {
            name: text("p"),
            metadata: Bytes::new(),
            ..JoinGroupRequestProtocol::default()
        }],
        ..JoinGroupRequestData::default()
    };
    s.ask("before there are offsets", &join, 9);
    let fetch = OffsetFetchRequestData {
        groups: vec![OffsetFetchRequestGroup {
            group_id: text(&group),
            topics: None,
            ..OffsetFetchRequestGroup::default()
        }],
        ..OffsetFetchRequestData::default()
    };
    s.ask("before there are offsets", &fetch, 9);
    let find = |key_type: i8| FindCoordinatorRequestData {
        key_type,
        coordinator_keys: vec![text(&group)],
        ..FindCoordinatorRequestData::default()
    };
    s.ask("the first", &find(0), 6);
    s.coordinator(&group);
    s.ask("then", &find(0), 6);
    s.ask("made by the way", &of("__consumer_offsets", false), 13);
    let configs = DescribeConfigsRequestData {
        resources: vec![DescribeConfigsResource {
            resource_type: 2,
            resource_name: text("__consumer_offsets"),
            configuration_keys: None,
            ..DescribeConfigsResource::default()
        }],
        ..DescribeConfigsRequestData::default()
    };
    let answer = s.quietly(0, &configs, 4).answer();
    let mut own: Vec<_> =
        answer.results[0].configs.iter().filter(|config| config.config_source == 1).collect();
    own.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    for config in own {
        s.note(&format!("{} => {:?}", config.name.as_str(), config.value.as_ref().map(KafkaString::as_str)));
    }
    let create = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text("__consumer_offsets"),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        ..CreateTopicsRequestData::default()
    };
    s.ask("what is there", &create, 7);
    let doomed = DeleteTopicsRequestData {
        topic_names: vec![text("__consumer_offsets")],
        timeout_ms: 10_000,
        ..DeleteTopicsRequestData::default()
    };
    s.ask("Kafka's own", &doomed, 5);
}

#[test]
fn a_cluster_is_used_for_the_first_time() {
    compare_alone("first-use", 1, first_use);
}
