//! Starting over: whatever was there before, a lesson begins in the same state.

use serde_json::json;
use shared::event::CloseReason;
use shared::{ErrorCode, Event, Outcome, Reply};
use tests::{Client, TestServer};

#[tokio::test]
async fn it_makes_the_same_state_from_any() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let over = json!({ "start_over": {
        "delete_topics": ["t", "never-there"],
        "delete_groups": ["g", "never-there"],
        "create": [{ "topic": "t", "partitions": 2 }],
        "produce": [{ "topic": "t", "count": 30, "key": "iata" }],
    } });
    for round in 0..3 {
        let reply = page.run(over.clone()).await.reply();
        let Reply::StartedOver(topics) = reply else { panic!("{reply:?}") };
        let own: Vec<_> =
            topics.iter().filter(|it| !it.internal).map(|it| (it.name.as_str(), it.partitions)).collect();
        assert_eq!(own, [("t", 2)], "round {round}");
        let written: i64 =
            page.describe_topic("t").await.partitions.iter().filter_map(|it| it.high_watermark).sum();
        assert_eq!(written, 30, "round {round}");
        let gone = page.run(json!({ "describe_group": { "group": "g" } })).await;
        assert_eq!(gone.error_code(), ErrorCode::UnknownGroup, "round {round}");
        // Something else each time, for the next round to clear away: offsets, more records, another shape.
        let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
        page.records_to_the_end(consumer, 2).await;
        page.run(json!({ "commit": { "consumer": consumer } })).await.reply();
        page.fill("t", round + 1).await;
        if round == 1 {
            page.stop_consumer(consumer).await;
            page.delete_topic("t").await;
            page.make_topic("t", 1).await;
        }
    }
}

#[tokio::test]
async fn it_closes_the_learners_consumers_in_the_groups_that_it_deletes() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    let other = page.consume(json!({ "group": "h", "topics": ["t"] })).await;
    page.assigned(consumer).await;
    page.assigned(other).await;
    page.run(json!({ "start_over": { "delete_groups": ["g"] } })).await.reply();
    assert_eq!(page.closed(consumer).await, CloseReason::Stopped);
    page.fill("t", 1).await;
    assert_eq!(page.records(other, 1).await.len(), 1, "what is in other groups runs on");
}

#[tokio::test]
async fn it_waits_for_crashed_members_and_says_so() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    // It is not gone before it is waited for.
    let settings = json!({ "session.timeout.ms": "15000" });
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"], "settings": settings })).await;
    page.assigned(consumer).await;
    let crash = page.start_json(json!({ "crash_consumer": { "consumer": consumer } })).await;
    page.closed(consumer).await;
    page.cancel(crash).await;
    page.finish(crash).await;
    let finished = page.run(json!({ "start_over": { "delete_groups": ["g"] } })).await;
    let waited =
        finished.events.iter().any(|event| matches!(event, Event::Phase(text) if text.contains("empty")));
    assert!(waited, "{:?}", finished.events);
    assert!(matches!(finished.outcome, Outcome::Ok(Reply::StartedOver(_))), "{:?}", finished.outcome);
}

#[tokio::test]
async fn a_mistake_in_it_is_told_before_anything_is_deleted() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    for (arguments, code) in [
        (json!({ "delete_topics": ["t", "a b"] }), ErrorCode::InvalidTopic),
        (json!({ "delete_topics": ["t", "__consumer_offsets"] }), ErrorCode::InvalidTopic),
        (json!({ "delete_topics": ["t"], "delete_groups": [""] }), ErrorCode::InvalidGroup),
        (
            json!({ "delete_topics": ["t"], "create": [{ "topic": "t", "partitions": 0 }] }),
            ErrorCode::InvalidPartitions,
        ),
        (
            json!({ "delete_topics": ["t"], "produce": [{ "topic": "t", "count": 0 }] }),
            ErrorCode::InvalidArgument,
        ),
    ] {
        let said = arguments.to_string();
        assert_eq!(page.run(json!({ "start_over": arguments })).await.error_code(), code, "{said}");
    }
    assert_eq!(page.topic_names().await, ["t"]);
}

#[tokio::test]
async fn it_fails_where_a_record_was_not_written() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let configs = json!({ "max.message.bytes": "280" });
    let settings = json!({ "batch.num.messages": "1" });
    let over = json!({ "start_over": {
        "create": [{ "topic": "t", "partitions": 1, "configs": configs }],
        "produce": [{ "topic": "t", "count": 78, "sending": "one_by_one", "settings": settings }],
    } });
    let outcome = page.run(over).await.outcome;
    let Outcome::Failed { error, partial: Some(Reply::Produced(summary)) } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(error.code, ErrorCode::RecordTooLarge);
    assert!(summary.delivered > 0 && summary.not_written > 0, "{summary:?}");
}
