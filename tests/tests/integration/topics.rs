//! Topics: listed, made, described, deleted, and what is refused.

use serde_json::{Value, json};
use shared::kafka::{ClusterState, ConfigSource};
use shared::{ErrorCode, Reply};
use tests::{Client, On, TestServer};

#[tokio::test]
async fn a_topic_is_made_described_and_deleted() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let created = page.make_topic("airports-data", 3).await;
    assert_eq!(created.name.as_str(), "airports-data");
    let numbers: Vec<_> = created.partitions.iter().map(|partition| partition.partition).collect();
    assert_eq!(numbers, [0, 1, 2]);
    for partition in &created.partitions {
        let leader = partition.leader.expect("a leader");
        assert!(partition.replicas.contains(&leader) && partition.in_sync.contains(&leader));
        assert_eq!((partition.log_start, partition.high_watermark), (Some(0), Some(0)));
    }

    let again = page.run(json!({ "create_topic": { "topic": "airports-data" } })).await;
    assert_eq!(again.error_code(), ErrorCode::TopicExists);

    let deleted = page.run(json!({ "delete_topic": { "topic": "airports-data" } })).await.reply();
    assert!(matches!(deleted, Reply::TopicDeleted(name) if name.as_str() == "airports-data"));
    let gone = page.run(json!({ "describe_topic": { "topic": "airports-data" } })).await;
    assert_eq!(gone.error_code(), ErrorCode::UnknownTopic);
}

#[tokio::test]
async fn the_list_has_partitions_replicas_and_what_is_internal() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("b-topic", 4).await;
    page.make_topic("a-topic", 1).await;
    // Its group makes Kafka's own topic, where that is not there yet.
    page.read_all("a-topic", 1, "readers").await;
    let Reply::Topics(topics) = page.run(json!({ "list_topics": {} })).await.reply() else { panic!() };
    let own: Vec<_> = topics
        .iter()
        .filter(|topic| !topic.internal)
        .map(|topic| (topic.name.as_str(), topic.partitions, topic.replicas))
        .collect();
    assert_eq!(own, [("a-topic", 1, 1), ("b-topic", 4, 1)]);
    let offsets =
        topics.iter().find(|topic| topic.name.as_str() == "__consumer_offsets").expect("Kafka's own");
    assert!(offsets.internal && offsets.partitions > 0);
}

#[tokio::test]
async fn configs_are_described_with_their_source() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let configs = json!({ "retention.ms": "60000", "cleanup.policy": "compact" });
    let command = json!({ "create_topic": { "topic": "t", "partitions": 1, "replication_factor": 1, "configs": configs } });
    page.run(command).await.reply();
    let described = page.describe_topic("t").await;
    let config = |name: &str| {
        let found = described.configs.iter().find(|config| config.name == name);
        let found = found.unwrap_or_else(|| panic!("{name} is described"));
        (found.value.as_deref(), found.source, found.is_default)
    };
    assert_eq!(config("retention.ms"), (Some("60000"), ConfigSource::Topic, false));
    assert_eq!(config("cleanup.policy"), (Some("compact"), ConfigSource::Topic, false));
    assert_eq!(config("max.message.bytes"), (Some("1048588"), ConfigSource::Default, true));
    assert!(described.configs.is_sorted_by_key(|config| &config.name));
}

#[tokio::test]
async fn what_is_left_empty_is_the_brokers() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let reply = page.run(json!({ "create_topic": { "topic": "t" } })).await.reply();
    let Reply::TopicCreated(created) = reply else { panic!("{reply:?}") };
    assert_eq!(created.partitions.len(), 1, "Kafka's num.partitions");
    assert_eq!(created.partitions[0].replicas.len(), 1, "Kafka's default.replication.factor");
}

#[tokio::test]
async fn each_mistake_has_its_own_error() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("taken", 1).await;
    page.make_topic("dot.ted", 1).await;
    let create = |arguments: Value| json!({ "create_topic": arguments });
    let named = |name: &str| create(json!({ "topic": name, "partitions": 1 }));
    let long = "a".repeat(250);
    for (command, code) in [
        (named(""), ErrorCode::InvalidTopic),
        (named("."), ErrorCode::InvalidTopic),
        (named(".."), ErrorCode::InvalidTopic),
        (named("airports data"), ErrorCode::InvalidTopic),
        (named("flughäfen"), ErrorCode::InvalidTopic),
        (named("a/b"), ErrorCode::InvalidTopic),
        (named("a\u{0}b"), ErrorCode::InvalidTopic),
        (named(&long), ErrorCode::InvalidTopic),
        (named("__consumer_offsets"), ErrorCode::InvalidTopic),
        // Kafka's metrics write both as dot_ted.
        (named("dot_ted"), ErrorCode::InvalidTopic),
        (named("taken"), ErrorCode::TopicExists),
        (create(json!({ "topic": "t", "partitions": 0 })), ErrorCode::InvalidPartitions),
        (create(json!({ "topic": "t", "partitions": -1 })), ErrorCode::InvalidPartitions),
        (create(json!({ "topic": "t", "partitions": i64::MIN })), ErrorCode::InvalidPartitions),
        (create(json!({ "topic": "t", "partitions": 1_000_000 })), ErrorCode::TooManyPartitions),
        (create(json!({ "topic": "t", "partitions": i64::MAX })), ErrorCode::TooManyPartitions),
        (create(json!({ "topic": "t", "replication_factor": 0 })), ErrorCode::InvalidReplicationFactor),
        (create(json!({ "topic": "t", "replication_factor": -1 })), ErrorCode::InvalidReplicationFactor),
        (create(json!({ "topic": "t", "replication_factor": 100 })), ErrorCode::InvalidReplicationFactor),
        (
            create(json!({ "topic": "t", "replication_factor": i64::MAX })),
            ErrorCode::InvalidReplicationFactor,
        ),
        (create(json!({ "topic": "t", "configs": { "retention.ms": "soon" } })), ErrorCode::InvalidConfig),
        (create(json!({ "topic": "t", "configs": { "no.such.config": "1" } })), ErrorCode::InvalidConfig),
        // Many small files take file handles from everybody.
        (create(json!({ "topic": "t", "configs": { "segment.ms": "1" } })), ErrorCode::InvalidConfig),
        (
            create(json!({ "topic": "t", "configs": { "segment.index.bytes": "8" } })),
            ErrorCode::SettingNotAllowed,
        ),
        (json!({ "describe_topic": { "topic": "absent" } }), ErrorCode::UnknownTopic),
        (json!({ "describe_topic": { "topic": "a b" } }), ErrorCode::InvalidTopic),
        (json!({ "delete_topic": { "topic": "absent" } }), ErrorCode::UnknownTopic),
        (json!({ "delete_topic": { "topic": "" } }), ErrorCode::InvalidTopic),
        (json!({ "delete_topic": { "topic": "__consumer_offsets" } }), ErrorCode::InvalidTopic),
    ] {
        let said = command.to_string();
        assert_eq!(page.run(command).await.error_code(), code, "{said}");
    }
    assert_eq!(page.topic_names().await, ["dot.ted", "taken"], "nothing was made or deleted by mistake");
}

#[tokio::test]
async fn a_refusal_does_not_show_the_prefix_that_the_cluster_sees() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("a.b", 1).await;
    for command in [
        json!({ "create_topic": { "topic": "a.b" } }),
        json!({ "create_topic": { "topic": "a_b" } }),
        json!({ "create_topic": { "topic": "c", "configs": { "retention.ms": "x" } } }),
        json!({ "create_topic": { "topic": "c", "replication_factor": 99 } }),
        json!({ "describe_topic": { "topic": "c" } }),
    ] {
        let refused = page.run(command).await;
        let said = format!("{:?}", refused.outcome);
        assert!(!said.contains(page.prefix().trim_end_matches('-')), "{said}");
    }
}

#[tokio::test]
async fn asking_for_a_topic_does_not_make_it() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    for command in [
        json!({ "describe_topic": { "topic": "ghost" } }),
        json!({ "delete_topic": { "topic": "ghost" } }),
        json!({ "produce": { "topic": "ghost", "count": 3 } }),
        json!({ "start_consumer": { "group": "g", "topics": ["ghost"] } }),
    ] {
        let said = command.to_string();
        assert_eq!(page.run(command).await.error_code(), ErrorCode::UnknownTopic, "{said}");
    }
    assert_eq!(page.topic_names().await, [""; 0]);
}

#[tokio::test]
async fn a_deleted_topic_stays_deleted_while_its_clients_live() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 2).await;
    page.make_topic("other", 1).await;
    // A kept producer and a running consumer, which know the topic and ask the brokers for it again and again.
    page.fill("t", 10).await;
    let settings = json!({ "topic.metadata.refresh.interval.ms": "1000" });
    let consumer =
        page.consume(json!({ "group": "g", "topics": ["t", "other"], "settings": settings })).await;
    page.records(consumer, 10).await;
    page.delete_topic("t").await;
    // The same producer, and the same consumer: both look at what the cluster has now.
    page.fill("other", 1).await;
    let record = page.records(consumer, 1).await.remove(0);
    assert_eq!(record.topic.as_str(), "other");
    let refused = page.run(json!({ "produce": { "topic": "t", "count": 1 } })).await;
    assert_eq!(refused.error_code(), ErrorCode::UnknownTopic);
    assert_eq!(page.topic_names().await, ["other"]);

    // Made anew it is another topic: empty, and written from the beginning by the producer that knew the old one.
    let anew = page.make_topic("t", 1).await;
    assert_eq!(anew.partitions[0].high_watermark, Some(0));
    let produced = page.fill("t", 5).await;
    assert_eq!(produced.summary.partitions[0].first_offset, 0);
    page.stop_consumer(consumer).await;
}

#[tokio::test]
async fn the_cluster_says_what_it_is() {
    let Some(cluster_of_the_server) = crate::cluster() else { return };
    let server = TestServer::start(cluster_of_the_server).await;
    let mut page = Client::new(&server).await;
    let Reply::Cluster(cluster) = page.run(json!({ "describe_cluster": {} })).await.reply() else { panic!() };
    assert!(cluster.cluster_id.is_some_and(|id| !id.is_empty()));
    assert!(!cluster.brokers.is_empty());
    let addresses: Vec<_> =
        cluster.brokers.iter().map(|broker| format!("{}:{}", broker.host, broker.port)).collect();
    match cluster_of_the_server {
        On::Kafka(servers) if std::env::var_os("KAFKA_BOOTSTRAP_SERVERS").is_none() => {
            assert_eq!(addresses.join(","), servers);
        }
        On::Kafka(_) => {}
        On::Sandbox => assert_eq!(addresses.len(), 3),
    }
    assert!(cluster.controller.is_some_and(|id| cluster.brokers.iter().any(|broker| broker.id == id)));
    let librdkafka = &page.welcome.server.librdkafka;
    assert!(librdkafka.starts_with("2."), "{librdkafka}");
    page.until_cluster(|state| match cluster_of_the_server {
        On::Kafka(_) => matches!(state, ClusterState::Ready(_)),
        On::Sandbox => *state == ClusterState::Sandbox { brokers: 3 },
    })
    .await;
}
