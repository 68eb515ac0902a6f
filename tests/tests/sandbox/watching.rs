//! The view of a cluster that `watch` sends.

use serde_json::json;
use shared::kafka::{BrokerState, ClusterEvent, ClusterEvents, ClusterView, Happening};
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
            // Followers learn of the high watermark last.
            lags.sum::<i64>() == 5 && is_settled(view)
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

/// Whether each replica has all there is, and knows that all others have it.
pub(crate) fn is_settled(view: &ClusterView) -> bool {
    view.topics.iter().flat_map(|topic| &topic.partitions).all(|partition| {
        let ends = partition.replicas.iter().flat_map(|it| [it.log_end, it.high_watermark]);
        ends.clone().min() == ends.max()
    })
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
    let views = finished.events.iter().filter_map(|event| match event {
        Event::View(view) => Some(view.at_ms),
        _ => None,
    });
    let times: Vec<_> = views.collect();
    assert!(times.len() >= 2);
    // Five a second by the cluster's own clock, which a view tells: the time of what happened last before it.
    let spent = times[times.len() - 1] - times[0];
    assert!(times.len() as u64 <= spent / 190 + 3, "{times:?}");
    let batches = finished.events.iter().filter(|event| matches!(event, Event::Happened(_))).count();
    // A batch may come after the view that already shows what came of it.
    assert!(batches as u64 <= spent / 190 + 5, "{batches} batches with views at {times:?}");
    let events = happened(&finished.events);
    let appended = events.iter().filter_map(|event| match &event.what {
        Happening::Appended { topic, first_offset, log_end, .. } if topic.as_str() == "t" => {
            Some(log_end - first_offset)
        }
        _ => None,
    });
    let told: i64 = appended.sum();
    let is_whole = events.iter().all(|event| event.what != Happening::LeftOut);
    assert!(if is_whole { told == 50_000 } else { told < 50_000 }, "{told}, whole: {is_whole}");
}

/// What a watch told to have happened, each batch within its bound.
fn happened(events: &[Event]) -> Vec<ClusterEvent> {
    let batches = events.iter().filter_map(|event| match event {
        Event::Happened(batch) => Some(&batch.events),
        _ => None,
    });
    batches
        .flat_map(|batch| {
            assert!((1..=ClusterEvents::MAX).contains(&batch.len()), "a batch of {}", batch.len());
            batch.clone()
        })
        .collect()
}

fn tells(event: &Event, of: impl Fn(&Happening) -> bool) -> bool {
    matches!(event, Event::Happened(batch) if batch.events.iter().any(|event| of(&event.what)))
}

#[tokio::test]
async fn what_happens_is_told_in_its_order() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    let watching = page.start_json(json!({ "watch": {} })).await;
    page.until_event(watching, |event| matches!(event, Event::View(_))).await;
    page.run(json!({ "create_topic": { "topic": "t", "partitions": 1, "replication_factor": 3 } }))
        .await
        .reply();
    page.fill("t", 10).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records(consumer, 10).await;
    page.run(json!({ "commit": { "consumer": consumer } })).await.reply();
    let committed = |what: &Happening| {
        matches!(what, Happening::Committed { group, topic, partition: 0, offset: 10 }
            if group == "g" && topic.as_str() == "t")
    };
    page.until_event(watching, |event| tells(event, committed)).await;
    page.stop_consumer(consumer).await;
    let stopped = page.describe_topic("t").await.partitions[0].leader.expect("a leader");
    page.run(json!({ "stop_broker": { "broker": stopped } })).await.reply();
    let down = |what: &Happening| matches!(what, Happening::BrokerDown { broker, killed: false } if *broker == stopped);
    page.until_event(watching, |event| tells(event, down)).await;
    page.cancel(watching).await;
    let events = happened(&page.finish(watching).await.events);

    assert!(events.is_sorted_by_key(|event| event.at_ms));
    assert!(events.iter().all(|event| event.what != Happening::LeftOut));
    let at = |name: &str, is_it: &dyn Fn(&Happening) -> bool| {
        let at = events.iter().position(|event| is_it(&event.what));
        at.unwrap_or_else(|| panic!("{name} is told: {events:#?}"))
    };
    let of_t = |topic: &shared::kafka::TopicName| topic.as_str() == "t";
    let story = [
        at("the topic", &|what| matches!(what, Happening::TopicCreated { topic } if of_t(topic))),
        at("the records", &|what| {
            matches!(what, Happening::Appended { topic, partition: 0, broker, first_offset: 0, .. }
                if of_t(topic) && *broker == stopped)
        }),
        at("a member", &|what| matches!(what, Happening::MemberJoined { group, .. } if group == "g")),
        at("the group", &|what| {
            matches!(what, Happening::GroupStateChanged { group, state, generation: 1 }
                if group == "g" && state == "Stable")
        }),
        at(
            "the records' being read",
            &|what| matches!(what, Happening::Fetched { topic, first_offset: 0, .. } if of_t(topic)),
        ),
        at("the commit", &committed),
        at(
            "that it left",
            &|what| matches!(what, Happening::MemberLeft { group, why, .. } if group == "g" && why == "it left"),
        ),
        at(
            "the controller",
            &|what| matches!(what, Happening::BrokerFenced { broker } if *broker == stopped),
        ),
        at("the new leader", &|what| {
            matches!(what, Happening::LeaderChanged { topic, old_leader, leader, leader_epoch: 1, .. }
                if of_t(topic)
                    && *old_leader == Some(stopped)
                    && leader.is_some_and(|leader| leader != stopped))
        }),
        at("who is in sync", &|what| {
            matches!(what, Happening::InSyncChanged { topic, old_in_sync, in_sync, .. }
                if of_t(topic) && old_in_sync.len() == 3 && in_sync.len() == 2 && !in_sync.contains(&stopped))
        }),
        at("the broker", &down),
    ];
    assert!(story.is_sorted(), "{story:?}: {events:#?}");
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
