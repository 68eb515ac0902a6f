//! Consumer groups: who shares what, who joins and leaves, and what a crash is.

use std::collections::BTreeSet;

use serde_json::json;
use shared::event::CloseReason;
use shared::kafka::GroupDescription;
use shared::{ConsumerEvent, Event, Outcome, Reply};
use tests::{Client, TestServer};

fn shares(group: &GroupDescription) -> Vec<usize> {
    let mut shares: Vec<_> = group.members.iter().map(|member| member.partitions.len()).collect();
    shares.sort_unstable();
    shares
}

#[tokio::test]
async fn a_second_member_takes_over_a_part_and_gives_it_back_when_it_stops() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    let one = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    assert_eq!(page.assigned(one).await.len(), 3);
    let other = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    assert_eq!(page.revoked(one).await.len(), 3, "eager rebalancing takes all");
    let kept = page.assigned(one).await;
    let taken = page.assigned(other).await;
    assert_eq!(kept.len() + taken.len(), 3);
    let all: BTreeSet<_> = kept.iter().chain(&taken).map(|it| it.partition).collect();
    assert_eq!(all, BTreeSet::from([0, 1, 2]), "each partition has one member");

    let group = page.until_group("g", |group| group.state == "Stable" && shares(group) == [1, 2]).await;
    assert_eq!(group.assignor, "range");
    let clients: Vec<_> = group.members.iter().map(|member| member.client_id.clone()).collect();
    assert_eq!(clients, ["consumer-1", "consumer-2"], "the first two of this server");
    assert!(
        group.members.iter().all(|member| !member.member_id.is_empty() && member.host.contains("127.0.0.1"))
    );

    page.stop_consumer(other).await;
    assert_eq!(page.assigned(one).await.len(), 3);
    page.stop_consumer(one).await;
    let group = page.describe_group("g").await;
    assert_eq!((group.state.as_str(), group.members.len()), ("Empty", 0), "whoever stops has left");
}

#[tokio::test]
async fn cooperative_members_keep_what_they_have() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 4).await;
    let settings = json!({ "partition.assignment.strategy": "cooperative-sticky" });
    let arguments = json!({ "group": "g", "topics": ["t"], "settings": settings });
    let one = page.consume(arguments.clone()).await;
    assert_eq!(page.assigned(one).await.len(), 4);
    let other = page.consume(arguments).await;
    assert_eq!(page.revoked(one).await.len(), 2, "only what goes to the other");
    assert_eq!(page.assigned(other).await.len(), 2);
    page.until_group("g", |group| group.state == "Stable" && shares(group) == [2, 2]).await;
}

#[tokio::test]
async fn two_members_together_read_each_record_once() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 4).await;
    let one = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.assigned(one).await;
    let other = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.until_group("g", |group| group.state == "Stable" && shares(group) == [2, 2]).await;
    // Neither has read anything yet, so nothing can be read twice.
    let produced = page.produce(json!({ "topic": "t", "count": 300, "key": "iata" })).await;
    let group = page.describe_group("g").await;
    let mut read = Vec::new();
    for (consumer, member) in [(one, &group.members[0]), (other, &group.members[1])] {
        let own: BTreeSet<_> = member.partitions.iter().map(|it| it.partition).collect();
        let share = produced.places().values().filter(|(partition, _)| own.contains(partition)).count();
        let records = page.records(consumer, share).await;
        assert!(records.iter().all(|record| own.contains(&record.partition)));
        read.extend(records.iter().map(|record| (record.partition, record.offset)));
    }
    let distinct: BTreeSet<_> = read.iter().copied().collect();
    assert_eq!((read.len(), distinct.len()), (300, 300));
}

#[tokio::test]
async fn a_crashed_member_stays_until_its_session_times_out() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 3).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records(consumer, 3).await;
    let member = page.describe_group("g").await.members.remove(0).member_id;

    let crash = page.start_json(json!({ "crash_consumer": { "consumer": consumer } })).await;
    assert_eq!(page.closed(consumer).await, CloseReason::Crashed { session_timeout_ms: 6_000 });
    page.until_event(crash, |event| matches!(event, Event::MemberStillThere { .. })).await;
    let group = page.describe_group("g").await;
    assert_eq!(group.members.len(), 1, "it did not leave");
    assert_eq!(group.members[0].member_id, member);

    // An heir waits for the dead: only when the session timed out does it get the partition.
    let heir = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    let finished = page.finish(crash).await;
    for event in &finished.events {
        assert!(matches!(event, Event::MemberStillThere { session_timeout_ms: 6_000, .. }), "{event:?}");
    }
    assert!(matches!(finished.reply(), Reply::MemberGone { consumer: gone, .. } if gone == consumer));
    assert_eq!(page.assigned(heir).await.len(), 1);
    assert_eq!(page.records(heir, 3).await.len(), 3, "what was not committed is read again");
    let group = page.describe_group("g").await;
    assert!(group.members.iter().all(|it| it.member_id != member));
}

#[tokio::test]
async fn cancelling_a_crash_only_ends_the_watching() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.assigned(consumer).await;
    let crash = page.start_json(json!({ "crash_consumer": { "consumer": consumer } })).await;
    page.until_event(crash, |event| matches!(event, Event::MemberStillThere { .. })).await;
    page.cancel(crash).await;
    assert_eq!(page.finish(crash).await.outcome, Outcome::Cancelled { partial: None });
    assert!(matches!(page.closed(consumer).await, CloseReason::Crashed { .. }));
    page.until_group("g", |group| group.members.is_empty()).await;
}

#[tokio::test]
async fn a_longer_session_timeout_is_the_learners_to_choose() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let settings = json!({ "session.timeout.ms": "9000", "heartbeat.interval.ms": "1000" });
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"], "settings": settings })).await;
    page.assigned(consumer).await;
    let crash = page.start_json(json!({ "crash_consumer": { "consumer": consumer } })).await;
    assert_eq!(page.closed(consumer).await, CloseReason::Crashed { session_timeout_ms: 9_000 });
    page.cancel(crash).await;
    page.finish(crash).await;
}

#[tokio::test]
async fn a_group_with_members_of_different_strategies_says_so() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let with = |strategy: &str| json!({ "group": "g", "topics": ["t"], "settings": { "partition.assignment.strategy": strategy } });
    let one = page.consume(with("range")).await;
    page.assigned(one).await;
    let other = page.consume(with("roundrobin")).await;
    let error = page
        .next_that(other, |event| match event {
            ConsumerEvent::Error(error) => Some(error),
            _ => None,
        })
        .await;
    assert_eq!(error.code, shared::ErrorCode::InvalidSetting, "{error:?}");
    page.stop_consumer(other).await;
    page.stop_consumer(one).await;
}
