//! The view of a cluster that `watch` sends.

use serde_json::json;
use shared::kafka::{BrokerState, ClusterView};
use shared::{Event, Outcome};
use tests::{Client, On, TestServer};

#[tokio::test]
async fn a_view_is_what_the_cluster_is() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    let watching = page.start_json(json!({ "watch": {} })).await;
    let empty = page.until_view(watching, |_| true).await;
    assert!(empty.topics.is_empty() && empty.groups.is_empty());
    assert_eq!(empty.brokers.iter().map(|broker| broker.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(empty.brokers.iter().all(|it| (it.state, it.live, it.delay_ms) == (BrokerState::Up, true, 0)));

    page.run(json!({ "create_topic": { "topic": "t", "partitions": 1, "replication_factor": 3 } }))
        .await
        .reply();
    page.fill("t", 10).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records(consumer, 10).await;
    page.run(json!({ "commit": { "consumer": consumer } })).await.reply();
    page.fill("t", 5).await;
    page.records(consumer, 5).await;
    let view = page
        .until_view(watching, |view| {
            let lags = view.groups.iter().flat_map(|group| &group.offsets).filter_map(|it| it.lag);
            lags.sum::<i64>() == 5
        })
        .await;
    let topic = view.topics.iter().find(|topic| topic.name.as_str() == "t").expect("the topic");
    assert_eq!((topic.internal, topic.partitions.len()), (false, 1));
    for partition in &topic.partitions {
        assert_eq!((partition.in_sync.len(), partition.replicas.len()), (3, 3));
        assert!(partition.leader.is_some());
        let ends: Vec<_> = partition.replicas.iter().map(|it| (it.log_end, it.high_watermark)).collect();
        assert!(ends.iter().all(|(log_end, high_watermark)| log_end == high_watermark), "{ends:?}");
    }
    let records: i64 = topic.partitions.iter().map(|partition| partition.replicas[0].log_end).sum();
    assert_eq!(records, 15);
    assert!(view.topics.iter().any(|topic| topic.internal && topic.name.as_str() == "__consumer_offsets"));
    let [group] = &view.groups[..] else { panic!("{:?}", view.groups) };
    assert_eq!((group.group.as_str(), group.state.as_str()), ("g", "Stable"));
    assert!(group.coordinator.is_some());
    assert_eq!(group.members.len(), 1);
    assert_eq!(group.members[0].partitions.len(), 1);
    let committed: i64 = group.offsets.iter().map(|committed| committed.offset).sum();
    assert_eq!(committed, 10);
    assert!((1..=view.max_log_bytes).contains(&view.log_bytes));

    page.stop_consumer(consumer).await;
    page.until_view(watching, |view| view.groups[0].state == "Empty" && view.groups[0].members.is_empty())
        .await;
    page.delete_topic("t").await;
    page.until_view(watching, |view| view.topics.iter().all(|topic| topic.internal)).await;
    page.cancel(watching).await;
    assert_eq!(page.finish(watching).await.outcome, Outcome::Cancelled { partial: None });
}

/// How many records the learner's topics have in all, as their first replicas have them.
fn records(view: &ClusterView) -> i64 {
    let own = view.topics.iter().filter(|topic| !topic.internal);
    own.flat_map(|topic| &topic.partitions).map(|it| it.replicas[0].log_end).sum()
}

fn shows(event: &Event, count: i64) -> bool {
    matches!(event, Event::View(view) if records(view) == count)
}

#[tokio::test]
async fn views_are_few_however_much_happens() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    let watching = page.start_json(json!({ "watch": {} })).await;
    page.until_event(watching, |event| shows(event, 0)).await;
    page.produce(json!({ "topic": "t", "count": 50_000 })).await;
    page.until_event(watching, |event| shows(event, 50_000)).await;
    page.cancel(watching).await;
    let finished = page.finish(watching).await;
    assert_eq!(finished.skipped, 0);
    let times: Vec<_> = finished
        .events
        .iter()
        .map(|event| match event {
            Event::View(view) => view.at_ms,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(times.len() >= 2);
    // Five a second by the cluster's own clock, which a view tells: the time of what happened last before it.
    let spent = times[times.len() - 1] - times[0];
    assert!(times.len() as u64 <= spent / 190 + 3, "{times:?}");
}

#[tokio::test]
async fn watching_goes_on_over_a_lost_connection() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    let watching = tab.start_json(json!({ "watch": {} })).await;
    tab.until_view(watching, |_| true).await;
    tab.lose_connection();
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    tab.reconnect(&server).await;
    assert!(tab.welcome.resumed);
    page.fill("t", 5).await;
    tab.until_view(watching, |view| records(view) == 10).await;
}
