//! A cluster that nobody has used: Kafka's own topics are made when they are needed.

use bytes::Bytes;
use kacrab_protocol::KafkaString;
use kacrab_protocol::generated::*;
use tests::conformance::{Scenario, text};

use crate::groups::ask_for_any;
use crate::{compare_alone, compare_alone_with};

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

pub(crate) fn first_use(s: &mut Scenario<'_>) {
    s.mask_placement();
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
    ask_for_any(s, "then", &find(0), 6);
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

/// Topics are to have more replicas than there are brokers: Kafka's own, and those that say nothing of it.
fn too_few_brokers(s: &mut Scenario<'_>) {
    let group = s.name("group");
    let find = FindCoordinatorRequestData {
        key: text(&group),
        coordinator_keys: vec![text(&group)],
        ..FindCoordinatorRequestData::default()
    };
    for attempt in 1..=5 {
        for version in [0, 1, 3, 4, 6] {
            let request = if version < 4 {
                FindCoordinatorRequestData { coordinator_keys: Vec::new(), ..find.clone() }
            } else {
                FindCoordinatorRequestData { key: text(""), ..find.clone() }
            };
            s.ask(&format!("with too few brokers, attempt {attempt}"), &request, version);
        }
        // Long enough for a topic to be made.
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    s.ask("with too few brokers", &of("__consumer_offsets", true), 13);
    s.ask("with too few brokers", &of("__consumer_offsets", false), 13);
    s.ask("with too few brokers", &ListGroupsRequestData::default(), 5);
    let topic = s.name("topic");
    for attempt in 1..=3 {
        s.ask(&format!("a topic with too few brokers, attempt {attempt}"), &of(&topic, true), 13);
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    let create = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text(&topic),
            num_partitions: -1,
            replication_factor: -1,
            ..CreatableTopic::default()
        }],
        ..CreateTopicsRequestData::default()
    };
    s.ask("with too few brokers", &create, 7);
}

#[test]
fn topics_that_are_to_have_more_replicas_than_there_are_brokers() {
    let settings = [("offsets.topic.replication.factor", "3"), ("default.replication.factor", "3")];
    compare_alone_with("first-use-too-few", 1, &settings, too_few_brokers);
}

#[test]
fn a_cluster_is_used_for_the_first_time() {
    compare_alone("first-use", 1, first_use);
}
