//! Running consumers: what they tell, commits of every kind, where they begin, and what is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::event::{CloseReason, CommittedBy};
use shared::kafka::Lane;
use shared::{ConsumerEvent, ConsumerId, ErrorCode, Reply};
use tests::{Client, TestServer};

/// Waits until a commit of this kind reached `offset` in partition 0, and returns all of the kind up to it.
async fn committed_up_to(page: &mut Client, consumer: ConsumerId, by: CommittedBy, offset: i64) -> Vec<i64> {
    let mut seen = Vec::new();
    while seen.last() != Some(&offset) {
        let offsets = page.next_that(consumer, |event| match event {
            ConsumerEvent::Committed { by: of, offsets, error: None } if of == by => Some(offsets),
            _ => None,
        });
        seen.extend(offsets.await.iter().filter_map(|it| it.offset));
    }
    seen
}

async fn lanes_that(page: &mut Client, consumer: ConsumerId, wanted: impl Fn(&[Lane]) -> bool) -> Vec<Lane> {
    page.next_that(consumer, |event| match event {
        ConsumerEvent::Lanes(lanes) if wanted(&lanes) => Some(lanes),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_consumer_tells_its_assignment_its_records_the_ends_and_where_it_is() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 2).await;
    let produced = page.produce(json!({ "topic": "t", "count": 40, "key": "iata" })).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    let assigned = page.assigned(consumer).await;
    assert_eq!(assigned.iter().map(|it| it.partition).collect::<BTreeSet<_>>(), BTreeSet::from([0, 1]));
    assert!(assigned.iter().all(|it| it.offset.is_none()), "the group committed nothing yet");

    let mut next = BTreeMap::new();
    let mut ends = BTreeMap::new();
    let mut lanes = Vec::new();
    let there = |lanes: &[Lane]| {
        lanes.len() == 2 && lanes.iter().all(|it| it.position.is_some() && it.position == it.high_watermark)
    };
    while ends.len() < 2 || !there(&lanes) {
        match page.next_event(consumer).await {
            ConsumerEvent::Record(record) => {
                let expected = next.entry(record.partition).or_insert(0);
                assert_eq!(record.offset, *expected, "no record of a partition is left out or repeated");
                *expected += 1;
            }
            ConsumerEvent::EndOfPartition { partition, offset } => {
                ends.insert(partition.partition, offset);
            }
            ConsumerEvent::Lanes(now) => lanes = now,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(next, ends, "the end is told when all has been read");
    assert_eq!(ends.values().sum::<i64>() as u64, produced.summary.delivered);
    for lane in lanes {
        assert_eq!((lane.log_start, lane.committed), (Some(0), None));
        assert_eq!(lane.high_watermark, Some(ends[&lane.partition]));
    }
    page.stop_consumer(consumer).await;
    assert_eq!(page.closed(consumer).await, CloseReason::Stopped);
}

#[tokio::test]
async fn the_end_of_each_of_two_topics_is_told_by_its_name() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("one", 1).await;
    page.make_topic("two", 1).await;
    page.fill("one", 7).await;
    page.fill("two", 3).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["one", "two"] })).await;
    let mut ends = BTreeMap::new();
    while ends.len() < 2 {
        let (topic, offset) = page
            .next_that(consumer, |event| match event {
                ConsumerEvent::EndOfPartition { partition, offset } => Some((partition.topic, offset)),
                _ => None,
            })
            .await;
        ends.insert(topic.to_string(), offset);
    }
    assert_eq!(ends, BTreeMap::from([("one".to_owned(), 7), ("two".to_owned(), 3)]));
}

#[tokio::test]
async fn latest_begins_after_what_is_there_already() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 10).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"], "start_at": "latest" })).await;
    // Only from its first look at the partition on is it sure where it begins.
    let end = page
        .next_that(consumer, |event| match event {
            ConsumerEvent::EndOfPartition { offset, .. } => Some(offset),
            ConsumerEvent::Record(record) => panic!("{record:?} was there before"),
            _ => None,
        })
        .await;
    assert_eq!(end, 10);
    page.fill("t", 2).await;
    let offsets: Vec<_> = page.records(consumer, 2).await.iter().map(|record| record.offset).collect();
    assert_eq!(offsets, [10, 11]);
}

#[tokio::test]
async fn a_commit_covers_what_was_handed_out_and_a_successor_goes_on_there() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 2).await;
    let produced = page.produce(json!({ "topic": "t", "count": 30, "key": "iata" })).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records_to_the_end(consumer, 2).await;
    let commit = json!({ "commit": { "consumer": consumer } });
    let Reply::Committed(offsets) = page.run(commit.clone()).await.reply() else { panic!() };
    let committed: BTreeMap<_, _> = offsets.iter().map(|it| (it.partition, it.offset.unwrap())).collect();
    let written: BTreeMap<_, _> =
        produced.summary.partitions.iter().map(|it| (it.partition, it.last_offset + 1)).collect();
    assert_eq!(committed, written, "the next offset to read");
    assert_eq!(page.committed("g").await, committed);
    assert_eq!(page.run(commit).await.error_code(), ErrorCode::NothingToCommit);
    page.stop_consumer(consumer).await;

    page.produce(json!({ "topic": "t", "count": 5, "key": "iata" })).await;
    let successor = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    assert!(successor > consumer, "ids are not used again");
    let assigned = page.assigned(successor).await;
    assert_eq!(
        assigned.iter().map(|it| (it.partition, it.offset.unwrap())).collect::<BTreeMap<_, _>>(),
        committed
    );
    let records = page.records_to_the_end(successor, 2).await;
    assert_eq!(records.len(), 5, "only what was not committed");
    assert!(records.iter().all(|record| record.offset >= committed[&record.partition]));
}

#[tokio::test]
async fn without_a_commit_a_successor_reads_everything_again() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 10).await;
    for _ in 0..2 {
        assert_eq!(page.read_all("t", 1, "g").await.len(), 10);
    }
}

#[tokio::test]
async fn an_asynchronous_commit_is_answered_at_once_and_told_when_it_happened() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records(consumer, 5).await;
    let commit = json!({ "commit": { "consumer": consumer, "synchronous": false } });
    let Reply::Committed(asked) = page.run(commit).await.reply() else { panic!() };
    assert_eq!(asked[0].offset, Some(5));
    assert_eq!(committed_up_to(&mut page, consumer, CommittedBy::Asynchronous, 5).await, [5]);
    assert_eq!(page.committed("g").await, BTreeMap::from([(0, 5)]));
}

#[tokio::test]
async fn commits_after_each_record_are_told_one_by_one() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    let arguments = json!({ "group": "g", "topics": ["t"], "commit_each_record": "synchronous" });
    let consumer = page.consume(arguments).await;
    let commits = committed_up_to(&mut page, consumer, CommittedBy::Synchronous, 5).await;
    assert_eq!(commits, [1, 2, 3, 4, 5]);
    let arguments = json!({ "group": "h", "topics": ["t"], "commit_each_record": "asynchronous" });
    let consumer = page.consume(arguments).await;
    let commits = committed_up_to(&mut page, consumer, CommittedBy::Asynchronous, 5).await;
    assert!(commits.is_sorted());
    for group in ["g", "h"] {
        assert_eq!(page.committed(group).await, BTreeMap::from([(0, 5)]));
    }
}

#[tokio::test]
async fn auto_commit_commits_by_its_timer() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    let arguments = json!({ "group": "g", "topics": ["t"], "auto_commit_interval_ms": 200 });
    let consumer = page.consume(arguments).await;
    committed_up_to(&mut page, consumer, CommittedBy::Asynchronous, 5).await;
    assert_eq!(page.committed("g").await, BTreeMap::from([(0, 5)]));
    lanes_that(&mut page, consumer, |lanes| lanes[0].committed == Some(5)).await;
    // What the timer has not committed yet is committed when it stops.
    let arguments = json!({ "group": "h", "topics": ["t"], "auto_commit_interval_ms": 60_000 });
    let consumer = page.consume(arguments).await;
    page.records(consumer, 5).await;
    page.stop_consumer(consumer).await;
    assert_eq!(page.committed("h").await, BTreeMap::from([(0, 5)]));
}

#[tokio::test]
async fn a_second_group_reads_everything_for_itself() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 2).await;
    page.fill("t", 200).await;
    let first = page.consume(json!({ "group": "one", "topics": ["t"] })).await;
    let second = page.consume(json!({ "group": "two", "topics": ["t"] })).await;
    let by_first = page.records_to_the_end(first, 2).await;
    let by_second = page.records_to_the_end(second, 2).await;
    assert_eq!((by_first.len(), by_second.len()), (200, 200));
    page.run(json!({ "commit": { "consumer": first } })).await.reply();
    assert_eq!(page.committed("one").await.values().sum::<i64>(), 200);
    assert_eq!(page.committed("two").await, BTreeMap::new(), "what one group commits is not the other's");
}

#[tokio::test]
async fn many_records_arrive_complete_and_in_order() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    page.fill("t", 50_000).await;
    let records = page.read_all("t", 3, "g").await;
    let mut next = BTreeMap::new();
    for record in &records {
        let expected = next.entry(record.partition).or_insert(0);
        assert_eq!(record.offset, *expected);
        *expected += 1;
    }
    assert_eq!(records.len(), 50_000);
}

#[tokio::test]
async fn each_mistake_has_its_own_error() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let start = |arguments: Value| json!({ "start_consumer": arguments });
    let settings = |name: &str, value: &str| {
        start(json!({ "group": "g", "topics": ["t"], "settings": { name: value } }))
    };
    let long = "g".repeat(201);
    for (command, code) in [
        (start(json!({ "group": "", "topics": ["t"] })), ErrorCode::InvalidGroup),
        (start(json!({ "group": "  ", "topics": ["t"] })), ErrorCode::InvalidGroup),
        (start(json!({ "group": "a\nb", "topics": ["t"] })), ErrorCode::InvalidGroup),
        (start(json!({ "group": long, "topics": ["t"] })), ErrorCode::InvalidGroup),
        (start(json!({ "group": "g", "topics": [] })), ErrorCode::InvalidArgument),
        (start(json!({ "group": "g", "topics": ["absent"] })), ErrorCode::UnknownTopic),
        (start(json!({ "group": "g", "topics": ["t", "absent"] })), ErrorCode::UnknownTopic),
        (start(json!({ "group": "g", "topics": ["^.*"] })), ErrorCode::InvalidTopic),
        (start(json!({ "group": "g", "topics": [""] })), ErrorCode::InvalidTopic),
        (start(json!({ "group": "g", "topics": ["__consumer_offsets"] })), ErrorCode::InvalidTopic),
        (
            start(json!({ "group": "g", "topics": ["t"], "auto_commit_interval_ms": 1 })),
            ErrorCode::InvalidSetting,
        ),
        (settings("heartbeat.interval.ms", "7000"), ErrorCode::InvalidSetting),
        (settings("session.timeout.ms", "5999"), ErrorCode::InvalidSetting),
        (settings("partition.assignment.strategy", "mine"), ErrorCode::InvalidSetting),
        (settings("group.id", "h"), ErrorCode::SettingNotAllowed),
        (settings("enable.auto.commit", "true"), ErrorCode::SettingNotAllowed),
        (json!({ "describe_group": { "group": "" } }), ErrorCode::InvalidGroup),
        (json!({ "describe_group": { "group": "nobody" } }), ErrorCode::UnknownGroup),
        (json!({ "commit": { "consumer": 999 } }), ErrorCode::UnknownConsumer),
        (json!({ "stop_consumer": { "consumer": 999 } }), ErrorCode::UnknownConsumer),
        (json!({ "crash_consumer": { "consumer": 999 } }), ErrorCode::UnknownConsumer),
    ] {
        let said = command.to_string();
        assert_eq!(page.run(command).await.error_code(), code, "{said}");
    }
}

#[tokio::test]
async fn a_consumer_that_is_gone_takes_no_more_orders() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.assigned(consumer).await;
    let nothing = page.run(json!({ "commit": { "consumer": consumer } })).await;
    assert_eq!(nothing.error_code(), ErrorCode::NothingToCommit);
    page.stop_consumer(consumer).await;
    for command in ["commit", "stop_consumer", "crash_consumer"] {
        let refused = page.run(json!({ command: { "consumer": consumer } })).await;
        assert_eq!(refused.error_code(), ErrorCode::UnknownConsumer, "{command}");
    }
}

#[tokio::test]
async fn a_learner_may_run_only_so_many_consumers() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let mut running = Vec::new();
    for _ in 0..backend::kafka::MAX_CONSUMERS {
        running.push(page.consume(json!({ "group": "g", "topics": ["t"] })).await);
    }
    let one_more = json!({ "start_consumer": { "group": "g", "topics": ["t"] } });
    assert_eq!(page.run(one_more.clone()).await.error_code(), ErrorCode::LimitReached);
    page.stop_consumer(running[0]).await;
    assert!(matches!(page.run(one_more).await.reply(), Reply::ConsumerStarted(id) if id > running[11]));
}
