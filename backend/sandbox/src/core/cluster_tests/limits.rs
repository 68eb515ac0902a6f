//! What happens where a cluster's memory ends.

use crate::core::log::testing::BatchBuilder;
use crate::core::testing::{TestCluster, ask, produce_request};
use crate::core::{End, Limits, TopicPartition};
use crate::window::Happening;
use crate::wire::messages::create_partitions_request::{CreatePartitionsRequestData, CreatePartitionsTopic};
use crate::wire::messages::create_topics_request::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequestData,
};
use crate::wire::messages::delete_topics_request::DeleteTopicsRequestData;
use crate::wire::messages::describe_topic_partitions_request::{
    DescribeTopicPartitionsRequestData, TopicRequest,
};
use crate::wire::messages::produce_response::PartitionProduceResponse;
use crate::wire::{Api, ErrorCode, KafkaString, MOST_STRING_BYTES, Request, Response, text};

use super::scene::Scene;

/// A segment has a sixty-fourth of it.
const LOG_BYTES: u64 = 16 << 20;
/// Three of these are in a segment.
const VALUE_BYTES: usize = 80_000;
const HOUR_MS: i64 = 3_600_000;

fn cluster(topics: usize, partitions: usize) -> TestCluster {
    let mut cluster = TestCluster::new(1, &[]);
    cluster.core.limits = Limits { log_bytes: LOG_BYTES, topics, partitions };
    cluster.core.set_watched(true);
    cluster
}

/// Creates a topic: the error, and what is said with it.
fn create(
    cluster: &mut TestCluster,
    name: &str,
    partitions: i32,
    cleanup_policy: &str,
) -> (ErrorCode, String) {
    let request = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text(name),
            num_partitions: partitions,
            replication_factor: 1,
            configs: vec![CreatableTopicConfig {
                name: text("cleanup.policy"),
                value: Some(text(cleanup_policy)),
                ..Default::default()
            }],
            ..Default::default()
        }],
        timeout_ms: 1000,
        ..Default::default()
    };
    let topic = ask!(cluster, 1, CreateTopics, 5, request).topics.remove(0);
    (ErrorCode::from(topic.error_code), said(topic.error_message))
}

fn add_partitions(cluster: &mut TestCluster, name: &str, count: i32) -> (ErrorCode, String) {
    let request = CreatePartitionsRequestData {
        topics: vec![CreatePartitionsTopic { name: text(name), count, ..Default::default() }],
        timeout_ms: 1000,
        ..Default::default()
    };
    let topic = ask!(cluster, 1, CreatePartitions, 3, request).results.remove(0);
    (ErrorCode::from(topic.error_code), said(topic.error_message))
}

fn delete(cluster: &mut TestCluster, name: &str) {
    let request =
        DeleteTopicsRequestData { topic_names: vec![text(name)], timeout_ms: 1000, ..Default::default() };
    assert_eq!(ask!(cluster, 1, DeleteTopics, 4, request).responses[0].error_code, 0);
}

fn said(message: Option<KafkaString>) -> String {
    message.map(|message| message.as_str().to_owned()).unwrap_or_default()
}

const NO_ERROR: (ErrorCode, String) = (ErrorCode::None, String::new());

/// Sends a record of so many hours ago to a topic's first partition.
fn produce(cluster: &mut TestCluster, topic: &str, hours_ago: i64) -> PartitionProduceResponse {
    let at = cluster.now.wall_ms - hours_ago * HOUR_MS;
    let batch = BatchBuilder { base_timestamp: at, ..Default::default() };
    let batch = batch.record(Some("k"), Some(&"v".repeat(VALUE_BYTES)), at);
    let request = produce_request(topic, -1, 1000, [(0, batch.build())]);
    match cluster.ask(1, Api::Produce, 12, Request::Produce(request)) {
        Some(Response::Produce(mut response)) => response.responses.remove(0).partition_responses.remove(0),
        other => panic!("not {other:?}"),
    }
}

/// Has a cluster of so many brokers, with a cap of one mebibyte, take far more of small records than that: how many bytes
/// of them it has kept.
fn overfill(brokers: u16, meanwhile: impl FnOnce(&mut TestCluster)) -> usize {
    const CAP: usize = 1 << 20;
    let mut cluster = TestCluster::new(brokers, &[]);
    cluster.core.limits = Limits { log_bytes: 1 << 20, topics: 10, partitions: 100 };
    let request = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text("t"),
            num_partitions: 1,
            replication_factor: i16::try_from(brokers).unwrap(),
            ..Default::default()
        }],
        timeout_ms: 1000,
        ..Default::default()
    };
    assert_eq!(ask!(cluster, 1, CreateTopics, 5, request).topics[0].error_code, 0);
    meanwhile(&mut cluster);
    let topic = cluster.core.image.topic("t").unwrap();
    let leader = topic.partitions[0].leader.unwrap();
    let id = TopicPartition { topic: topic.id, partition: 0 };
    let mut most = 0;
    for n in 0..3_000 {
        let now = cluster.now.wall_ms;
        let batch = BatchBuilder { base_timestamp: now, ..Default::default() };
        let batch = batch.record(None, Some(&"v".repeat(n % 2_500)), now).build();
        let answer = cluster.ask(
            leader,
            Api::Produce,
            12,
            Request::Produce(produce_request("t", 1, 1000, [(0, batch)])),
        );
        let Some(Response::Produce(response)) = answer else { panic!("{answer:?}") };
        assert_eq!(response.responses[0].partition_responses[0].error_code, 0, "record {n}");
        most = most.max(cluster.core.account.bytes());
    }
    assert!((CAP / 2..=CAP).contains(&most), "{most} bytes of at most {CAP}");
    let partition = &cluster.core.partitions[&id];
    partition.replica(leader).unwrap().log.size_bytes()
}

/// Sends records until one is refused: how many were taken, and the refusal.
fn fill(cluster: &mut TestCluster, topic: &str) -> (i64, ErrorCode, String) {
    for taken in 0..1000 {
        let answer = produce(cluster, topic, 0);
        if answer.error_code != 0 {
            return (taken, ErrorCode::from(answer.error_code), said(answer.error_message));
        }
        assert_eq!(answer.base_offset, taken);
    }
    panic!("there is no end to its memory");
}

/// Which records went, each as its topic and where that begins now.
fn dropped(cluster: &TestCluster) -> Vec<(&str, i64)> {
    let happened = cluster.events.iter().filter_map(|event| match &event.what {
        Happening::RecordsDropped { topic, partition: 0, log_start } => Some((topic.as_str(), *log_start)),
        _ => None,
    });
    happened.collect()
}

/// Where the records of a topic's first partition begin and end.
fn range(cluster: &TestCluster, topic: &str) -> (i64, i64) {
    let topic = cluster.core.image.topic(topic).expect("it is there").id;
    let partition = cluster.core.partitions.get(&TopicPartition { topic, partition: 0 });
    let replica = partition.and_then(|partition| partition.replica(1)).expect("it is there");
    (replica.log.start_offset(), replica.log.end_offset())
}

#[test]
fn at_the_cap_the_oldest_closed_segment_goes_of_topics_that_delete() {
    let mut cluster = cluster(10, 10);
    for (topic, policy) in [("kept", "compact"), ("new", "delete"), ("old", "compact,delete")] {
        assert_eq!(create(&mut cluster, topic, 1, policy), NO_ERROR);
    }
    // The oldest of all may not go.
    for _ in 0..9 {
        assert_eq!(produce(&mut cluster, "kept", 9).error_code, 0);
    }
    for _ in 0..9 {
        assert_eq!(produce(&mut cluster, "new", 1).error_code, 0);
        assert_eq!(produce(&mut cluster, "old", 5).error_code, 0);
    }
    assert_eq!(dropped(&cluster), [], "so much there is room for");
    for _ in 0..400 {
        assert_eq!(produce(&mut cluster, "new", 0).error_code, 0);
    }
    let dropped = dropped(&cluster);
    // Three records are a segment; the last one is not closed.
    assert_eq!(dropped[..5], [("old", 3), ("old", 6), ("new", 3), ("new", 6), ("new", 9)]);
    assert!(dropped[5..].iter().all(|(topic, _)| *topic == "new"));
    let (_, new_begins) = *dropped.last().unwrap();
    assert_eq!(range(&cluster, "kept"), (0, 9));
    assert_eq!(range(&cluster, "old"), (6, 9));
    assert_eq!(range(&cluster, "new"), (new_begins, 409));
}

#[test]
fn a_small_cluster_keeps_what_there_is_room_for_and_takes_what_comes() {
    for brokers in [1, 3] {
        let kept = overfill(brokers, |_| {});
        assert!(kept > 700_000, "{kept} bytes are kept");
    }
}

#[test]
fn a_broker_that_is_down_does_not_hold_on_to_what_goes() {
    let kept = overfill(2, |cluster| {
        let leader = cluster.core.image.topic("t").unwrap().partitions[0].leader;
        cluster.end(if leader == Some(1) { 2 } else { 1 }, End::Controlled);
    });
    assert!(kept > 700_000, "{kept} bytes are kept");
}

#[test]
fn where_nothing_may_go_producers_are_refused_and_what_is_there_stays() {
    let mut cluster = cluster(10, 10);
    assert_eq!(create(&mut cluster, "kept", 1, "compact"), NO_ERROR);
    let (taken, error, said) = fill(&mut cluster, "kept");
    assert_eq!(error, ErrorCode::PolicyViolation);
    assert_eq!(said, "This cluster holds 16 MiB of records in memory, and there is no room for more.");
    let most = i64::try_from(LOG_BYTES).unwrap() / i64::try_from(VALUE_BYTES).unwrap();
    assert!((most / 2..=most).contains(&taken), "{taken} of at most {most}");
    assert_eq!(dropped(&cluster), []);
    assert_eq!(range(&cluster, "kept"), (0, taken));

    // Neither has a topic room that could delete, but has nothing yet.
    assert_eq!(create(&mut cluster, "other", 1, "delete"), NO_ERROR);
    assert_eq!(produce(&mut cluster, "other", 0).error_code, ErrorCode::PolicyViolation.code());
    delete(&mut cluster, "kept");
    assert_eq!(produce(&mut cluster, "other", 0).error_code, 0, "there is room again");
}

#[test]
fn topics_and_partitions_over_the_cap_are_refused_with_the_cap() {
    let refused = |said: &str| (ErrorCode::PolicyViolation, said.to_owned());
    let mut few_topics = cluster(2, 100);
    for topic in ["a", "b"] {
        assert_eq!(create(&mut few_topics, topic, 1, "delete"), NO_ERROR);
    }
    assert_eq!(create(&mut few_topics, "c", 1, "delete"), refused("This cluster holds at most 2 topics."));
    assert_eq!(add_partitions(&mut few_topics, "b", 9), NO_ERROR);
    delete(&mut few_topics, "a");
    assert_eq!(create(&mut few_topics, "c", 1, "delete"), NO_ERROR);

    let mut few_partitions = cluster(100, 5);
    assert_eq!(create(&mut few_partitions, "a", 3, "delete"), NO_ERROR);
    let too_many = refused("This cluster holds at most 5 partitions.");
    assert_eq!(create(&mut few_partitions, "b", 3, "delete"), too_many);
    assert_eq!(add_partitions(&mut few_partitions, "a", 6), too_many);
    assert_eq!(add_partitions(&mut few_partitions, "a", 4), NO_ERROR);
    assert_eq!(create(&mut few_partitions, "b", 1, "delete"), NO_ERROR);
    assert_eq!(create(&mut few_partitions, "c", 1, "delete"), too_many);
}

#[test]
fn an_answer_has_no_more_records_than_the_broker_is_configured_to_give() {
    let gives = |configs: &[(&str, &str)]| {
        let mut scene = Scene::with_brokers(1, configs, &[1], &[]);
        for _ in 0..40 {
            assert_eq!(scene.produce_error(1, -1, "twenty bytes of text"), ErrorCode::None);
        }
        scene.visible(1).len()
    };
    assert_eq!(gives(&[]), 40);
    let some = gives(&[("fetch.max.bytes", "1024")]);
    assert!((5..15).contains(&some), "{some} records of about ninety bytes");
}

#[test]
fn an_answer_describes_no_more_partitions_than_the_broker_is_configured_to_describe() {
    let describes = |configs: &[(&str, &str)]| {
        let mut cluster = TestCluster::new(1, configs);
        assert_eq!(create(&mut cluster, "t", 5, "delete"), NO_ERROR);
        let request = DescribeTopicPartitionsRequestData {
            topics: vec![TopicRequest { name: text("t"), ..Default::default() }],
            response_partition_limit: 4,
            ..Default::default()
        };
        let response = ask!(cluster, 1, DescribeTopicPartitions, 0, request);
        let next = response.next_cursor.map(|cursor| cursor.partition_index);
        (response.topics[0].partitions.len(), next)
    };
    assert_eq!(describes(&[]), (4, Some(4)));
    assert_eq!(describes(&[("max.request.partition.size.limit", "2")]), (2, Some(2)));
}

#[test]
fn a_request_that_asks_for_too_many_partitions_makes_no_topic() {
    let mut cluster = cluster(10, 100_000);
    let topic = |name: &str, num_partitions: i32, replication_factor: i16| CreatableTopic {
        name: text(name),
        num_partitions,
        replication_factor,
        ..Default::default()
    };
    // What is named twice is not made, and does not count.
    let fine = [topic("twice", 6000, 1), topic("twice", 6000, 1), topic("one", 6000, 1)];
    let more = [topic("two", 4001, 0), topic("three", -5, 1)];
    for (topics, is_too_many) in [(fine.to_vec(), false), ([&fine[..], &more[..]].concat(), true)] {
        let request =
            CreateTopicsRequestData { topics, timeout_ms: 1000, validate_only: true, ..Default::default() };
        let asked: Vec<_> = request.topics.iter().map(|topic| topic.name.clone()).collect();
        let answered = ask!(cluster, 1, CreateTopics, 5, request).topics;
        let refused: Vec<_> = answered
            .into_iter()
            .filter(|topic| topic.error_code == ErrorCode::PolicyViolation.code())
            .map(|topic| (topic.name, said(topic.error_message)))
            .collect();
        let why = "Excessively large number of partitions per request.";
        let all: Vec<_> = asked.into_iter().map(|name| (name, why.to_owned())).collect();
        assert_eq!(refused, if is_too_many { all } else { Vec::new() });
    }
}

#[test]
fn a_message_is_no_longer_than_a_string_may_be() {
    let mut cluster = cluster(10, 10);
    let (error, said) = create(&mut cluster, &"x".repeat(MOST_STRING_BYTES), 1, "delete");
    assert_eq!((error, said.len()), (ErrorCode::InvalidTopicException, MOST_STRING_BYTES));
    let (error, said) = create(&mut cluster, "t", 1, &"é".repeat(MOST_STRING_BYTES / 2));
    assert_eq!(error, ErrorCode::InvalidConfig);
    assert!((MOST_STRING_BYTES - 1..=MOST_STRING_BYTES).contains(&said.len()), "{}", said.len());
}
