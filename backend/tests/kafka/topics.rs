use std::time::{Duration, Instant};

use shared::kafka::ConfigSource;
use shared::{ErrorCode, Event, Reply};

use crate::support::{Learner, bootstrap_servers, connect, ready};

#[tokio::test]
async fn the_cluster_is_described_and_its_state_followed() {
    let kafka = connect(&bootstrap_servers());
    let state = ready(&kafka).await;
    assert!(state.cluster_id.is_some());
    assert!(!state.brokers.is_empty());
    let learner = Learner::on(&kafka);
    let Reply::Cluster(described) = learner.ok(r#"{"describe_cluster": {}}"#).await else { panic!() };
    assert_eq!(described.brokers, state.brokers);
    assert_eq!(described.cluster_id, state.cluster_id);
    assert!(described.controller.is_some());
}

#[tokio::test]
async fn a_topic_is_made_listed_described_and_deleted() {
    let learner = Learner::new();
    let command = r#"{"create_topic": {"topic": "airports-data", "partitions": 3, "replication_factor": 1,
        "configs": {"retention.ms": "60000"}}}"#;
    let (outcome, events) = learner.run(command).await;
    let shared::Outcome::Ok(Reply::TopicCreated(topic)) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(events[..], [Event::Phase(_)]), "{events:?}");
    assert_eq!(topic.name.as_str(), "airports-data");
    assert_eq!(topic.partitions.iter().map(|it| it.partition).collect::<Vec<_>>(), [0, 1, 2]);
    for partition in &topic.partitions {
        assert!(partition.leader.is_some());
        assert_eq!((partition.log_start, partition.high_watermark), (Some(0), Some(0)));
        assert_eq!(partition.replicas.len(), 1);
        assert_eq!(partition.in_sync, partition.replicas);
    }
    let config = |name: &str| topic.configs.iter().find(|it| it.name == name).unwrap();
    let retention = config("retention.ms");
    assert_eq!((retention.value.as_deref(), retention.source), (Some("60000"), ConfigSource::Topic));
    assert!(!retention.is_default);
    assert!(config("segment.bytes").is_default);
    assert_eq!(learner.topics().await, ["airports-data"]);
    let Reply::TopicDeleted(name) = learner.ok(r#"{"delete_topic": {"topic": "airports-data"}}"#).await
    else {
        panic!()
    };
    assert_eq!(name.as_str(), "airports-data");
    assert!(learner.topics().await.is_empty());
}

#[tokio::test]
async fn each_mistake_has_its_own_error() {
    let learner = Learner::new();
    learner.create("a.b", 1).await;
    for (arguments, code) in [
        (r#""topic": "a.b""#, ErrorCode::TopicExists),
        (r#""topic": "a_b""#, ErrorCode::InvalidTopic),
        (r#""topic": "no spaces""#, ErrorCode::InvalidTopic),
        (r#""topic": "__consumer_offsets""#, ErrorCode::InvalidTopic),
        (r#""topic": "t", "partitions": 0"#, ErrorCode::InvalidPartitions),
        (r#""topic": "t", "partitions": 101"#, ErrorCode::TooManyPartitions),
        (r#""topic": "t", "replication_factor": 0"#, ErrorCode::InvalidReplicationFactor),
        (r#""topic": "t", "replication_factor": 99"#, ErrorCode::InvalidReplicationFactor),
        (r#""topic": "t", "configs": {"no.such": "1"}"#, ErrorCode::InvalidConfig),
        (r#""topic": "t", "configs": {"retention.ms": "soon"}"#, ErrorCode::InvalidConfig),
    ] {
        let error = learner.err(&format!(r#"{{"create_topic": {{{arguments}}}}}"#)).await;
        assert_eq!(error.code, code, "{arguments}: {error:?}");
        assert!(error.hint.is_some(), "{error:?}");
        assert!(!error.message.contains(&learner.prefix), "{error:?}");
    }
    for command in ["delete_topic", "describe_topic"] {
        let error = learner.err(&format!(r#"{{"{command}": {{"topic": "nowhere"}}}}"#)).await;
        assert_eq!(error.code, ErrorCode::UnknownTopic, "{error:?}");
    }
    assert_eq!(learner.topics().await, ["a.b"]);
    learner.clean_up().await;
}

#[tokio::test]
async fn left_empty_numbers_are_the_brokers() {
    let learner = Learner::new();
    learner.ok(r#"{"create_topic": {"topic": "plain"}}"#).await;
    let topic = learner.describe("plain").await;
    assert!(!topic.partitions.is_empty());
    learner.clean_up().await;
}

/// The broker has `auto.create.topics.enable=true`, as is the default: a client that does not refuse makes topics by
/// asking for them.
#[tokio::test]
async fn asking_for_a_topic_never_makes_it_and_a_deleted_one_stays_deleted() {
    let learner = Learner::new();
    learner.create("gone", 2).await;
    learner.produce(r#""topic": "gone", "count": 20"#).await;
    let id = learner.consumer(r#""group": "readers", "topics": ["gone"]"#).await;
    learner.records(id, 20).await;
    learner.ok(r#"{"delete_topic": {"topic": "gone"}}"#).await;
    // The consumer and the kept producer live on, and their clients refresh their metadata.
    let until = Instant::now() + Duration::from_secs(15);
    while Instant::now() < until {
        let error = learner.err(r#"{"describe_topic": {"topic": "gone"}}"#).await;
        assert_eq!(error.code, ErrorCode::UnknownTopic);
        let error = learner.err(r#"{"produce": {"topic": "gone", "count": 1}}"#).await;
        assert_eq!(error.code, ErrorCode::UnknownTopic);
        let error = learner.err(r#"{"describe_topic": {"topic": "never-was"}}"#).await;
        assert_eq!(error.code, ErrorCode::UnknownTopic);
        assert!(learner.topics().await.is_empty());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn learners_do_not_see_each_other() {
    let kafka = connect(&bootstrap_servers());
    let (one, other) = (Learner::on(&kafka), Learner::on(&kafka));
    one.create("same-name", 1).await;
    other.create("same-name", 2).await;
    assert_eq!(one.describe("same-name").await.partitions.len(), 1);
    assert_eq!(other.describe("same-name").await.partitions.len(), 2);
    one.clean_up().await;
    assert_eq!(other.topics().await, ["same-name"]);
    other.clean_up().await;
}

#[tokio::test]
async fn kafkas_own_topics_are_listed_and_described_and_nothing_more() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    // Makes the topic of committed offsets.
    learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let Reply::Topics(topics) = learner.ok(r#"{"list_topics": {}}"#).await else { panic!() };
        if topics.iter().any(|topic| topic.internal && topic.name.as_str() == "__consumer_offsets") {
            break;
        }
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!learner.describe("__consumer_offsets").await.partitions.is_empty());
    for command in [
        r#"{"delete_topic": {"topic": "__consumer_offsets"}}"#,
        r#"{"produce": {"topic": "__consumer_offsets", "count": 1}}"#,
        r#"{"start_consumer": {"group": "g", "topics": ["__consumer_offsets"]}}"#,
    ] {
        assert_eq!(learner.err(command).await.code, ErrorCode::InvalidTopic, "{command}");
    }
    learner.clean_up().await;
}
