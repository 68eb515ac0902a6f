//! Whose cluster is where, for how long, and what a reset does to it.

use std::net::TcpListener;
use std::time::Duration;

use kacrab_protocol::generated::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message};
use serde_json::json;
use shared::event::CloseReason;
use shared::kafka::{ClusterKind, ClusterState, ClusterView};
use shared::{ErrorCode, Event, Outcome, Reply};
use tests::conformance::text;
use tests::conformance::wire::{self, PATIENCE, Wire};
use tests::{Client, On, TestServer};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// The topics that any client of Kafka finds at an address. The client has no group: one with a group looks for its
/// coordinator, and the first such question makes `__consumer_offsets`.
async fn topics_at(bootstrap_servers: &str) -> Vec<String> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap_servers);
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create().expect("a client");
        let metadata = consumer.fetch_metadata(None, PATIENCE).expect("an answer");
        metadata.topics().iter().map(|topic| topic.name().to_owned()).collect()
    });
    asked.await.expect("no panic")
}

fn address(view: &ClusterView) -> String {
    view.bootstrap_servers.clone().expect("the page is on this machine")
}

async fn reset(page: &mut Client) -> ClusterView {
    match page.run(json!({ "reset_cluster": {} })).await.reply() {
        Reply::ClusterReset(view) => view,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_learner_has_a_cluster_with_plain_names_that_any_client_can_join() {
    let server = TestServer::start(On::Sandbox).await;
    let (mut one, mut other) = (Client::new(&server).await, Client::new(&server).await);
    assert_eq!(one.welcome.server.kind, ClusterKind::Sandbox);
    assert_eq!(one.welcome.server.capabilities, ["brokers", "faults", "reset", "watch"]);
    assert_eq!(one.welcome.cluster, ClusterState::Sandbox { brokers: 3 });
    one.make_topic("airports-data", 3).await;
    other.make_topic("mine", 1).await;
    let (of_one, of_other) = (address(&one.view().await), address(&other.view().await));
    assert_ne!(of_one, of_other);
    assert_eq!(of_one.split(',').count(), 3, "{of_one}");
    assert_eq!(topics_at(&of_one).await, ["airports-data"]);
    assert_eq!(topics_at(&of_other).await, ["mine"]);
}

#[tokio::test]
async fn a_page_that_is_loaded_again_finds_the_same_cluster() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    let (before, cookie) = (address(&page.view().await), page.cookie.clone());
    page.leave().await;
    let mut again = Client::with_cookie(&server, cookie).await;
    assert_eq!(address(&again.view().await), before);
    assert_eq!(again.read_all("t", 1, "g").await.len(), 5);
}

#[tokio::test]
async fn a_reset_empties_the_cluster_at_the_same_address_and_tells_what_ran_on_it() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    let mut someone_else = Client::new(&server).await;
    someone_else.make_topic("t", 1).await;
    page.make_topic("t", 2).await;
    page.fill("t", 20).await;
    let here = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    let there = tab.consume(json!({ "group": "h", "topics": ["t"] })).await;
    page.records(here, 20).await;
    tab.records(there, 20).await;
    // Slow, so that it is under way still: each record waits for the answer to the one before.
    page.run(json!({ "delay_broker": { "broker": 1, "delay_ms": 20 } })).await.reply();
    let producing = page
        .start_json(json!({ "produce": { "topic": "t", "count": 1_000_000, "sending": "one_by_one" } }))
        .await;
    page.until_event(producing, |event| matches!(event, Event::Delivered(_))).await;
    let watching = tab.start_json(json!({ "watch": {} })).await;
    let before = tab.until_view(watching, |view| view.topics.iter().any(|topic| !topic.internal)).await;

    let after = reset(&mut page).await;
    assert!(after.topics.is_empty() && after.groups.is_empty(), "{after:?}");
    assert_eq!(address(&after), address(&before));
    assert!(after.brokers.iter().all(|broker| broker.delay_ms == 0));
    assert_eq!(page.closed(here).await, CloseReason::ClusterReset);
    assert_eq!(tab.closed(there).await, CloseReason::ClusterReset);
    match page.finish(producing).await.outcome {
        Outcome::Failed { error, partial: Some(Reply::Produced(summary)) } => {
            assert_eq!(error.code, ErrorCode::ClusterReset);
            assert!((1..1_000_000).contains(&summary.delivered), "{summary:?}");
        }
        other => panic!("{other:?}"),
    }
    // Watching goes on, on the new cluster: the old one was slow.
    let is_new =
        |view: &ClusterView| view.topics.is_empty() && view.brokers.iter().all(|broker| broker.delay_ms == 0);
    let new = tab.until_view(watching, is_new).await;

    // The same names mean new things.
    assert_eq!(page.topic_names().await, [""; 0]);
    page.make_topic("t", 1).await;
    assert_eq!(page.fill("t", 5).await.summary.partitions[0].first_offset, 0);
    assert_eq!(page.read_all("t", 1, "g").await.len(), 5, "the group has committed nothing");
    assert_eq!(topics_at(&address(&new)).await.iter().filter(|topic| *topic == "t").count(), 1);
    assert_eq!(someone_else.topic_names().await, ["t"], "others are not touched");
}

/// A Fetch, version 4, of the first partition of `t`, which waits for a gigabyte for as long as one can say.
fn endless_fetch() -> FetchRequestData {
    let partition = FetchPartition { partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let topic = FetchTopic { topic: text("t"), partitions: vec![partition], ..FetchTopic::default() };
    FetchRequestData {
        max_wait_ms: i32::MAX,
        min_bytes: 1 << 30,
        max_bytes: i32::MAX,
        topics: vec![topic],
        ..FetchRequestData::default()
    }
}

#[tokio::test]
async fn a_reset_waits_for_no_answer_that_is_still_to_come() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 5).await;
    let view = page.view().await;
    let leader = view.topics[0].partitions[0].leader.expect("it has a leader");
    let at = view.brokers.iter().find(|broker| broker.id == leader).expect("it is there");
    let mut waiting = Wire::connect(&format!("{}:{}", at.host, at.port)).expect("it listens");
    assert!(waiting.send(&endless_fetch(), 4).expect("it reads"));
    // What a learner's commands ask comes after a minute: later than anything here.
    for broker in 1..=3 {
        page.run(json!({ "delay_broker": { "broker": broker, "delay_ms": 60_000 } })).await.reply();
    }
    let asking = [
        page.start_json(json!({ "describe_topic": { "topic": "t" } })).await,
        page.start_json(json!({ "produce": { "topic": "t", "count": 5 } })).await,
        page.start_json(json!({ "start_consumer": { "group": "g", "topics": ["t"] } })).await,
    ];
    let after = reset(&mut page).await;
    assert!(after.topics.is_empty(), "{after:?}");
    let mut started = None;
    for id in asking {
        match page.finish(id).await.outcome {
            Outcome::Failed { error, .. } => assert_eq!(error.code, ErrorCode::ClusterReset),
            // It had begun to look for its group.
            Outcome::Ok(Reply::ConsumerStarted(consumer)) => started = Some(consumer),
            other => panic!("{other:?}"),
        }
    }
    if let Some(consumer) = started {
        assert_eq!(page.closed(consumer).await, CloseReason::ClusterReset);
    }
    let answer = tokio::task::spawn_blocking(move || waiting.receive::<FetchRequestData>(4, PATIENCE));
    let answer = answer.await.expect("no panic");
    assert!(matches!(answer, wire::Reply::Closed), "{answer:?}");
    assert_eq!(topics_at(&address(&after)).await, [""; 0]);
}

/// A program of the learner's own, which knows nothing of the workshop: the values that it reads, as they come.
fn script(bootstrap_servers: String) -> UnboundedReceiver<Vec<u8>> {
    let (said, values) = unbounded_channel();
    tokio::task::spawn_blocking(move || {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap_servers)
            .set("group.id", "script")
            .set("auto.offset.reset", "earliest")
            .set("topic.metadata.refresh.interval.ms", "500");
        let consumer: BaseConsumer = config.create().expect("a client");
        consumer.subscribe(&["t"]).expect("a subscription");
        while !said.is_closed() {
            // Errors come while the cluster is away.
            if let Some(Ok(record)) = consumer.poll(Duration::from_millis(100)) {
                let _gone = said.send(record.payload().unwrap_or_default().to_vec());
            }
        }
    });
    values
}

#[tokio::test]
async fn a_script_that_reads_goes_on_with_the_new_cluster_after_a_reset() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let mut values = script(address(&page.view().await));
    for round in 0..3 {
        page.fill("t", 4).await;
        for _ in 0..4 {
            let value = timeout(PATIENCE, values.recv()).await.expect("it reads on");
            assert!(value.is_some_and(|value| !value.is_empty()), "round {round}");
        }
        reset(&mut page).await;
        page.make_topic("t", 1).await;
    }
}

#[tokio::test]
async fn resets_at_once_are_one_and_commands_beside_them_find_one_cluster_or_the_other() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let address_before = address(&page.view().await);
    // A page may send 200 frames in two seconds.
    for round in 0..10 {
        let mut running = Vec::new();
        for at in 0..4 {
            running.push(
                page.start_json(json!({ "create_topic": { "topic": format!("t{round}-{at}") } })).await,
            );
            running.push(page.start_json(json!({ "reset_cluster": {} })).await);
            running.push(page.start_json(json!({ "list_topics": {} })).await);
        }
        for id in running {
            let finished = page.finish(id).await;
            match &finished.outcome {
                Outcome::Ok(_) => {}
                // Made on a cluster that went just then: told, and true.
                Outcome::Failed { error, .. } if error.code == ErrorCode::ClusterReset => {}
                other => panic!("round {round}, {id:?}: {other:?}"),
            }
        }
    }
    let last = reset(&mut page).await;
    assert_eq!(address(&last), address_before);
    assert!(last.topics.is_empty());
    page.make_topic("t", 1).await;
    page.fill("t", 3).await;
}

#[tokio::test]
async fn a_reset_with_all_brokers_dead_is_no_different() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.assigned(consumer).await;
    for broker in 1..=3 {
        page.run(json!({ "kill_broker": { "broker": broker } })).await.reply();
    }
    let after = reset(&mut page).await;
    assert!(after.brokers.iter().all(|broker| broker.live), "{after:?}");
    assert_eq!(page.closed(consumer).await, CloseReason::ClusterReset);
    page.make_topic("t", 1).await;
    page.fill("t", 3).await;
}

#[tokio::test]
async fn an_idle_cluster_is_dropped_with_its_ports_and_its_place() {
    let server = TestServer::with_sandboxes(|settings| {
        settings.idle = Duration::from_millis(50);
        settings.max_clusters = 1;
    })
    .await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let (ports, cookie) = (page.view().await.brokers, page.cookie.clone());
    let mut other = Client::new(&server).await;
    let refused = other.run(json!({ "list_topics": {} })).await;
    assert_eq!(refused.error_code(), ErrorCode::LimitReached);
    let Outcome::Failed { error, .. } = refused.outcome else { unreachable!("it was an error") };
    assert!(error.hint.is_some_and(|hint| hint.contains("--max-clusters")));
    page.leave().await;
    for broker in ports {
        while TcpListener::bind((broker.host.as_str(), broker.port)).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    // Its place is another's now, and the learner who comes back is the one who has to wait.
    other.make_topic("theirs", 1).await;
    let mut again = Client::with_cookie(&server, cookie).await;
    assert_eq!(again.run(json!({ "list_topics": {} })).await.error_code(), ErrorCode::LimitReached);
}

/// Time enough to come back, on a machine that does much else.
const IDLE: Duration = Duration::from_secs(6);

#[tokio::test]
async fn a_learner_who_comes_back_in_time_keeps_the_cluster_for_good() {
    let server = TestServer::with_sandboxes(|settings| settings.idle = IDLE).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let cookie = page.cookie.clone();
    page.leave().await;
    let mut again = Client::with_cookie(&server, cookie).await;
    assert_eq!(again.topic_names().await, ["t"]);
    // Long past the time at which it would have gone.
    tokio::time::sleep(IDLE + Duration::from_secs(1)).await;
    assert_eq!(again.topic_names().await, ["t"]);
}

#[tokio::test]
async fn a_stopped_server_leaves_no_port_behind() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.assigned(consumer).await;
    let brokers = page.view().await.brokers;
    server.stop().await;
    assert_eq!(page.closed(consumer).await, CloseReason::ShuttingDown);
    for broker in brokers {
        while TcpListener::bind((broker.host.as_str(), broker.port)).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
