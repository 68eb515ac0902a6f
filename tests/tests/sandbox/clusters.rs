//! Whose cluster is where, for how long, and what a reset does to it.

use std::net::TcpListener;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::json;
use shared::event::CloseReason;
use shared::kafka::{ClusterKind, ClusterState, ClusterView};
use shared::{ErrorCode, Event, Outcome, Reply};
use tests::{Client, On, TestServer};

/// The topics that any client of Kafka finds at an address. The client has no group: one with a group looks for its
/// coordinator, and the first such question makes `__consumer_offsets`.
async fn topics_at(bootstrap_servers: &str) -> Vec<String> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap_servers);
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create().expect("a client");
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(10)).expect("an answer");
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
    let new = tab.until_view(watching, |view| view.topics.is_empty()).await;
    assert!(new.at_ms < before.at_ms, "watching goes on, on the new cluster");

    // The same names mean new things.
    assert_eq!(page.topic_names().await, [""; 0]);
    page.make_topic("t", 1).await;
    assert_eq!(page.fill("t", 5).await.summary.partitions[0].first_offset, 0);
    assert_eq!(page.read_all("t", 1, "g").await.len(), 5, "the group has committed nothing");
    assert_eq!(topics_at(&address(&new)).await.iter().filter(|topic| *topic == "t").count(), 1);
    assert_eq!(someone_else.topic_names().await, ["t"], "others are not touched");
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

#[tokio::test]
async fn a_learner_who_comes_back_in_time_keeps_the_cluster_for_good() {
    let server = TestServer::with_sandboxes(|settings| settings.idle = Duration::from_millis(300)).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let cookie = page.cookie.clone();
    page.leave().await;
    let mut again = Client::with_cookie(&server, cookie).await;
    assert_eq!(again.topic_names().await, ["t"]);
    // Long past the time at which it would have gone.
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(again.topic_names().await, ["t"]);
}

#[tokio::test]
async fn the_first_cluster_is_where_scripts_expect_it_and_others_are_elsewhere() {
    let ports = xtask::kafka::free_ports(3).expect("ports");
    let (first_ports, expected) = (ports.clone(), ports.clone());
    let server = TestServer::with_sandboxes(move |settings| settings.first_ports = first_ports).await;
    let (mut one, mut other) = (Client::new(&server).await, Client::new(&server).await);
    let at = |view: ClusterView| view.brokers.iter().map(|broker| broker.port).collect::<Vec<_>>();
    assert_eq!(at(one.view().await), expected);
    assert!(at(other.view().await).iter().all(|port| !expected.contains(port)));
    assert_eq!(at(reset(&mut one).await), expected);
    // Of a server where one of them is taken, even the first cluster is elsewhere, and all of it.
    let taken = ports.clone();
    let second = TestServer::with_sandboxes(move |settings| settings.first_ports = taken).await;
    let mut third = Client::new(&second).await;
    assert!(at(third.view().await).iter().all(|port| !ports.contains(port)));
}

#[tokio::test]
async fn a_cluster_holds_no_more_than_its_cap() {
    let server = TestServer::with_sandboxes(|settings| settings.cluster_megabytes = 8).await;
    let mut page = Client::new(&server).await;
    let view = page.view().await;
    assert_eq!(view.max_log_bytes, 8 << 20);
    let too_many = json!({ "create_topic": { "topic": "t", "partitions": 100, "replication_factor": 3 } });
    page.run(too_many).await.reply();
    let produced = page.produce(json!({ "topic": "t", "count": 200_000 })).await;
    let view = page.view().await;
    assert!(view.log_bytes <= view.max_log_bytes, "{} of {}", view.log_bytes, view.max_log_bytes);
    assert!(produced.summary.delivered > 0);
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
