//! Kafka away, killed and hanging. Each test breaks a Kafka of its own; afterwards the log itself is asked whether
//! what the page was told is true.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::kafka::{Bytes, ClusterState, Record, UndeliveredFate};
use shared::{ConsumerEvent, ErrorCode, Event, Outcome};
use tests::{Client, Produced, TestServer, own_kafka, own_kafka_at};
use tokio::task::block_in_place;

/// Kafka's side of what a learner may not wait for.
fn is_away(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::KafkaUnavailable | ErrorCode::TimedOut)
}

fn is_ready(state: &ClusterState) -> bool {
    matches!(state, ClusterState::Ready(_))
}

fn is_unreachable(state: &ClusterState) -> bool {
    matches!(state, ClusterState::Unreachable { .. })
}

/// A production that goes on for seconds: by small batches rather than by many records, of each of which the page hears,
/// and which a page must read in time.
fn long_produce(message_timeout_ms: &str) -> Value {
    let settings = json!({ "message.timeout.ms": message_timeout_ms, "batch.num.messages": "10" });
    json!({ "produce": { "topic": "t", "count": 200_000, "linger_ms": 0, "settings": settings } })
}

/// Checks what a page was told of a production against the log: what was acknowledged is there, at its place and with
/// its content, and no more is there than may be.
fn compare_with_the_log(produced: &Produced, log: &[Record]) {
    let airports: Vec<Value> = serde_json::from_str(include_str!("../../data/airports.json")).expect("JSON");
    let by_place: BTreeMap<_, _> =
        log.iter().map(|record| ((record.partition, record.offset), record)).collect();
    assert_eq!(by_place.len(), log.len());
    assert_eq!(produced.skipped, 0);
    for (number, place) in produced.places() {
        let record =
            by_place.get(&place).unwrap_or_else(|| panic!("record {number} was acknowledged and is lost"));
        let Some(Bytes::Text(value)) = &record.value else { panic!("{record:?}") };
        let airport = &airports[number as usize % airports.len()];
        assert_eq!(&serde_json::from_str::<Value>(value).expect("JSON"), airport, "record {number}");
    }
    let summary = &produced.summary;
    let possible = summary.delivered..=summary.delivered + summary.unknown;
    assert!(possible.contains(&(log.len() as u64)), "{} records of {summary:?}", log.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_kafka_and_finds_it_when_it_comes() {
    let port = xtask::kafka::free_ports(1).expect("a port")[0];
    let server = TestServer::start(format!("127.0.0.1:{port}").as_str()).await;
    let mut page = Client::new(&server).await;
    assert_eq!(page.welcome.cluster, ClusterState::Starting);
    let mut running = Vec::new();
    for command in [
        json!({ "describe_cluster": {} }),
        json!({ "list_topics": {} }),
        json!({ "create_topic": { "topic": "t" } }),
        json!({ "delete_topic": { "topic": "t" } }),
        json!({ "describe_topic": { "topic": "t" } }),
        json!({ "produce": { "topic": "t", "count": 10 } }),
        json!({ "start_consumer": { "group": "g", "topics": ["t"] } }),
        json!({ "describe_group": { "group": "g" } }),
        json!({ "start_over": { "delete_topics": ["t"], "delete_groups": ["g"] } }),
    ] {
        running.push((page.start_json(command.clone()).await, command));
    }
    let cancelled = page.start_json(json!({ "list_topics": {} })).await;
    page.cancel(cancelled).await;
    assert_eq!(page.finish(cancelled).await.outcome, Outcome::Cancelled { partial: None });
    // Mistakes are told without Kafka.
    let mistake = page.run(json!({ "create_topic": { "topic": "a b" } })).await;
    assert_eq!(mistake.error_code(), ErrorCode::InvalidTopic);
    for (id, command) in running {
        let code = page.finish(id).await.error_code();
        assert!(is_away(code), "{command}: {code:?}");
    }
    assert!(!is_ready(&page.welcome.cluster), "it never answered");

    let Some(_kafka) = block_in_place(|| own_kafka_at(port)) else { return };
    page.until_cluster(is_ready).await;
    page.make_topic("t", 2).await;
    page.fill("t", 50).await;
    assert_eq!(page.read_all("t", 2, "g").await.len(), 50);
    assert!(is_ready(&Client::new(&server).await.welcome.cluster));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_in_the_middle_of_a_produce_loses_nothing_unsaid() {
    let Some(mut kafka) = block_in_place(own_kafka) else { return };
    let server = TestServer::start(kafka.bootstrap_servers()).await;
    let mut page = Client::new(&server).await;
    page.until_cluster(is_ready).await;
    page.make_topic("t", 3).await;
    let id = page.start_json(long_produce("5000")).await;
    page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
    block_in_place(|| kafka.kill_broker(0)).expect("it is killed");
    let finished = page.finish(id).await;
    let produced = Produced::from(finished);
    let summary = &produced.summary;
    assert!(summary.delivered > 0 && summary.delivered < summary.requested, "{summary:?}");
    page.until_cluster(is_unreachable).await;
    let refused = page.run(json!({ "describe_topic": { "topic": "t" } })).await;
    assert!(is_away(refused.error_code()), "{:?}", refused.outcome);

    block_in_place(|| kafka.start_broker(0)).expect("it starts again");
    page.until_cluster(is_ready).await;
    let log = page.read_all("t", 3, "readers").await;
    compare_with_the_log(&produced, &log);
    page.fill("t", 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_hangs_leaves_records_of_which_nobody_knows() {
    let Some(mut kafka) = block_in_place(own_kafka) else { return };
    let server = TestServer::start(kafka.bootstrap_servers()).await;
    let mut page = Client::new(&server).await;
    page.until_cluster(is_ready).await;
    page.make_topic("t", 1).await;
    let id = page.start_json(long_produce("3000")).await;
    page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
    block_in_place(|| kafka.pause_broker(0)).expect("it hangs");
    let refused = page.run(json!({ "list_topics": {} })).await;
    assert!(is_away(refused.error_code()), "{:?}", refused.outcome);
    let produced = Produced::from(page.finish(id).await);
    let summary = &produced.summary;
    assert!(summary.delivered > 0 && summary.delivered < summary.requested, "{summary:?}");
    assert!(summary.unknown > 0, "what was in flight may have been written: {summary:?}");
    assert_eq!(produced.undelivered(UndeliveredFate::Unknown).len() as u64, summary.unknown);
    page.until_cluster(is_unreachable).await;

    block_in_place(|| kafka.resume_broker(0)).expect("it goes on");
    page.until_cluster(is_ready).await;
    let log = page.read_all("t", 1, "readers").await;
    compare_with_the_log(&produced, &log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_says_that_its_broker_is_gone_and_goes_on_when_it_is_back() {
    let Some(mut kafka) = block_in_place(own_kafka) else { return };
    let server = TestServer::start(kafka.bootstrap_servers()).await;
    let mut page = Client::new(&server).await;
    page.until_cluster(is_ready).await;
    page.make_topic("t", 1).await;
    page.fill("t", 100).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records(consumer, 100).await;
    block_in_place(|| kafka.kill_broker(0)).expect("it is killed");
    let error = page
        .next_that(consumer, |event| match event {
            ConsumerEvent::Error(error) => Some(error),
            _ => None,
        })
        .await;
    assert_eq!(error.code, ErrorCode::KafkaUnavailable, "{error:?}");
    let commit = json!({ "commit": { "consumer": consumer } });
    let refused = page.run(commit.clone()).await.error_code();
    assert!(is_away(refused) || refused == ErrorCode::RebalanceInProgress, "{refused:?}");
    // librdkafka would abort the process for it when the coordinator is back (its issue 4605).
    let unknown = page.run(json!({ "describe_group": { "group": "g" } })).await;
    assert!(is_away(unknown.error_code()), "{:?}", unknown.outcome);

    block_in_place(|| kafka.start_broker(0)).expect("it starts again");
    page.until_cluster(is_ready).await;
    page.fill("t", 10).await;
    // Nothing was committed: if the group begins anew it reads again, and leaves nothing out.
    let mut next = 100;
    while next < 110 {
        let offset = page.records(consumer, 1).await[0].offset;
        assert!(offset <= next, "offset {next} was left out");
        next = next.max(offset + 1);
    }
    loop {
        match page.run(commit.clone()).await.outcome {
            Outcome::Ok(_) => break,
            Outcome::Failed { error, .. } => {
                assert!(is_away(error.code) || error.code == ErrorCode::RebalanceInProgress, "{error:?}");
            }
            other @ Outcome::Cancelled { .. } => panic!("{other:?}"),
        }
    }
    assert_eq!(page.committed("g").await, BTreeMap::from([(0, 110)]));
    page.stop_consumer(consumer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_kafka_is_dead_pages_come_and_go_and_the_server_stops_when_it_is_told() {
    let Some(mut kafka) = block_in_place(own_kafka) else { return };
    let server = TestServer::start(kafka.bootstrap_servers()).await;
    let mut page = Client::new(&server).await;
    let mut other = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    let consumer =
        page.consume(json!({ "group": "g", "topics": ["t"], "auto_commit_interval_ms": 60_000 })).await;
    page.records(consumer, 5).await;
    other.make_topic("t", 1).await;
    let theirs = other.consume(json!({ "group": "g", "topics": ["t"] })).await;
    other.assigned(theirs).await;
    block_in_place(|| kafka.kill_broker(0)).expect("it is killed");
    // One stops its consumer, which can't say goodbye; one just leaves.
    let stopped = page.run(json!({ "stop_consumer": { "consumer": consumer } })).await;
    assert!(!matches!(stopped.outcome, Outcome::Cancelled { .. }), "{:?}", stopped.outcome);
    page.closed(consumer).await;
    other.leave().await;
    page.until_cluster(is_unreachable).await;
    let newcomer = Client::new(&server).await;
    assert!(is_unreachable(&newcomer.welcome.cluster));
    server.stop().await;
}
