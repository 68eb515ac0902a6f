//! Topics: listed, made, described, deleted, and what is refused.

use serde_json::json;
use shared::{ErrorCode, Reply};
use tests::{Client, TestServer, shared_kafka};

#[tokio::test]
async fn a_topic_is_made_described_and_deleted() {
    let Some(kafka) = shared_kafka() else { return };
    let server = TestServer::start(kafka).await;
    let mut page = Client::new(&server).await;
    let created =
        page.run(json!({ "create_topic": { "topic": "airports-data", "partitions": 3 } })).await.reply();
    let Reply::TopicCreated(created) = created else { panic!("{created:?}") };
    assert_eq!(created.partitions.len(), 3);
    for partition in &created.partitions {
        assert!(partition.leader.is_some());
        assert_eq!((partition.log_start, partition.high_watermark), (Some(0), Some(0)));
    }

    let again = page.run(json!({ "create_topic": { "topic": "airports-data" } })).await;
    assert_eq!(again.error_code(), ErrorCode::TopicExists);

    let deleted = page.run(json!({ "delete_topic": { "topic": "airports-data" } })).await.reply();
    assert!(matches!(deleted, Reply::TopicDeleted(name) if name.as_str() == "airports-data"));
    let gone = page.run(json!({ "describe_topic": { "topic": "airports-data" } })).await;
    assert_eq!(gone.error_code(), ErrorCode::UnknownTopic);
}
