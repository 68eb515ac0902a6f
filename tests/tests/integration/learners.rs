//! Two learners who use the same names, and never meet.

use serde_json::json;
use shared::kafka::Bytes;
use shared::{ErrorCode, Reply};
use tests::{Client, TestServer};

#[tokio::test]
async fn two_learners_with_the_same_names_never_meet() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let (mut one, mut other) = (Client::new(&server).await, Client::new(&server).await);
    assert_ne!(one.cookie, other.cookie);

    // The same topic, made by both, of different shape.
    one.make_topic("airports-data", 2).await;
    assert_eq!(other.topic_names().await, [""; 0]);
    other.make_topic("airports-data", 1).await;
    assert_eq!(one.describe_topic("airports-data").await.partitions.len(), 2);
    one.produce(json!({ "topic": "airports-data", "count": 20, "key": "iata" })).await;
    assert_eq!(other.describe_topic("airports-data").await.partitions[0].high_watermark, Some(0));
    other.produce(json!({ "topic": "airports-data", "count": 3, "key": "country" })).await;

    // The same group, with a member of each: neither is rebalanced, each reads its own.
    let group = json!({ "group": "east-coast-dpt", "topics": ["airports-data"] });
    let (first, second) = (one.consume(group.clone()).await, other.consume(group).await);
    let of_one = one.records_to_the_end(first, 2).await;
    let of_other = other.records_to_the_end(second, 1).await;
    assert_eq!((of_one.len(), of_other.len()), (20, 3));
    assert!(of_other.iter().all(|record| matches!(&record.key, Some(Bytes::Text(key)) if key.len() == 2)));
    assert_eq!(one.describe_group("east-coast-dpt").await.members.len(), 1);
    one.run(json!({ "commit": { "consumer": first } })).await.reply();
    assert!(other.committed("east-coast-dpt").await.is_empty());

    // Consumers have numbers that may be the same and are not: nobody stops another's.
    other.stop_consumer(second).await;
    let not_mine = other.run(json!({ "stop_consumer": { "consumer": first } })).await;
    assert_eq!(not_mine.error_code(), ErrorCode::UnknownConsumer);
    one.fill("airports-data", 1).await;
    assert_eq!(one.records(first, 1).await.len(), 1, "it runs on");

    // What one deletes or starts over is the other's still.
    let over = json!({ "delete_topics": ["airports-data"], "delete_groups": ["east-coast-dpt"] });
    let reply = other.run(json!({ "start_over": over })).await.reply();
    let Reply::StartedOver(topics) = reply else { panic!("{reply:?}") };
    assert!(topics.iter().all(|topic| topic.internal));
    assert_eq!(one.topic_names().await, ["airports-data"]);
    assert_eq!(one.describe_group("east-coast-dpt").await.members.len(), 1);
    let gone = other.run(json!({ "describe_group": { "group": "east-coast-dpt" } })).await;
    assert_eq!(gone.error_code(), ErrorCode::UnknownGroup);
}

#[tokio::test]
async fn the_name_on_the_cluster_of_one_learner_is_no_way_in_for_another() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let (mut one, mut other) = (Client::new(&server).await, Client::new(&server).await);
    one.make_topic("t", 1).await;
    one.read_all("t", 1, "g").await;
    let (topic, group) = (format!("{}t", one.prefix()), format!("{}g", one.prefix()));
    for command in [
        json!({ "describe_topic": { "topic": topic } }),
        json!({ "delete_topic": { "topic": topic } }),
        json!({ "produce": { "topic": topic, "count": 1 } }),
        json!({ "start_consumer": { "group": "g", "topics": [topic] } }),
    ] {
        let said = command.to_string();
        assert_eq!(other.run(command).await.error_code(), ErrorCode::UnknownTopic, "{said}");
    }
    let refused = other.run(json!({ "describe_group": { "group": group } })).await;
    assert_eq!(refused.error_code(), ErrorCode::UnknownGroup);
    assert_eq!(one.topic_names().await, ["t"]);
}

#[tokio::test]
async fn the_same_learner_comes_back_by_cookie() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let cookie = page.cookie.clone();
    page.leave().await;
    let mut again = Client::with_cookie(&server, cookie.clone()).await;
    assert_eq!(again.topic_names().await, ["t"]);
    // A cookie with another learner's id under the old signature is nobody's.
    let mut forged = cookie.expect("a cookie");
    let last = forged.pop().expect("it is not empty");
    forged.push(if last == 'a' { 'b' } else { 'a' });
    let mut stranger = Client::with_cookie(&server, Some(forged.clone())).await;
    assert_ne!(stranger.cookie, Some(forged), "it gets a cookie of its own");
    assert_eq!(stranger.topic_names().await, [""; 0]);
}
