//! Brokers stopped, killed, started, delayed and cut off, and errors injected, while the workshop's own clients work.

use serde_json::json;
use shared::kafka::{BrokerState, BrokerView};
use shared::{ErrorCode, Event, Reply};
use tests::{Client, On, Produced, TestServer};

async fn broker(page: &mut Client, command: serde_json::Value) -> BrokerView {
    match page.run(command).await.reply() {
        Reply::Broker(broker) => broker,
        other => panic!("{other:?}"),
    }
}

fn is_away(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::KafkaUnavailable | ErrorCode::TimedOut)
}

async fn make_replicated(page: &mut Client, topic: &str) {
    let command = json!({ "create_topic": { "topic": topic, "partitions": 3, "replication_factor": 3 } });
    page.run(command).await.reply();
}

#[tokio::test]
async fn what_all_in_sync_replicas_acknowledged_outlives_each_broker_in_turn() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    make_replicated(&mut page, "t").await;
    let producing = page
        .start_json(
            json!({ "produce": { "topic": "t", "count": 3_000, "sending": "one_by_one", "acks": "all" } }),
        )
        .await;
    page.until_event(producing, |event| matches!(event, Event::Delivered(_))).await;
    for id in 1..=3 {
        let stopped = broker(&mut page, json!({ "stop_broker": { "broker": id } })).await;
        assert_eq!((stopped.state, stopped.live), (BrokerState::Stopped, false));
        let started = broker(&mut page, json!({ "start_broker": { "broker": id } })).await;
        assert_eq!((started.state, started.port), (BrokerState::Up, stopped.port));
    }
    let produced = Produced::from(page.finish(producing).await);
    assert_eq!((produced.summary.delivered, produced.summary.unknown, produced.error), (3_000, 0, None));
    let log = page.read_all("t", 3, "g").await;
    // A retry may have written one twice: it is not idempotent. None is lost.
    let places = produced.places();
    let there: std::collections::BTreeSet<_> =
        log.iter().map(|record| (record.partition, record.offset)).collect();
    assert!(places.values().all(|place| there.contains(place)));
}

#[tokio::test]
async fn a_killed_broker_is_missed_and_comes_back_with_its_log() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    make_replicated(&mut page, "t").await;
    page.fill("t", 100).await;
    let watching = page.start_json(json!({ "watch": {} })).await;
    let before = page.until_view(watching, |view| view.brokers.iter().all(|broker| broker.live)).await;
    let killed = broker(&mut page, json!({ "kill_broker": { "broker": 2 } })).await;
    assert_eq!(killed.state, BrokerState::Killed);
    // The controller notices when the session of the broker has timed out: leaders move, and the set shrinks.
    let after = page
        .until_view(watching, |view| {
            let partitions = view.topics.iter().flat_map(|topic| &topic.partitions);
            !view.brokers[1].live
                && partitions
                    .clone()
                    .all(|it| it.leader.is_some_and(|id| id != 2) && !it.in_sync.contains(&2))
        })
        .await;
    assert!(after.at_ms > before.at_ms);
    page.fill("t", 100).await;
    broker(&mut page, json!({ "start_broker": { "broker": 2 } })).await;
    page.until_view(watching, |view| {
        let replicas = view.topics.iter().filter(|topic| !topic.internal).flat_map(|topic| &topic.partitions);
        replicas.clone().all(|it| {
            it.in_sync.len() == 3 && it.replicas.iter().all(|r| r.log_end == it.replicas[0].log_end)
        })
    })
    .await;
    page.cancel(watching).await;
    page.finish(watching).await;
    assert_eq!(page.read_all("t", 3, "g").await.len(), 200);
}

#[tokio::test]
async fn while_all_brokers_are_down_commands_fail_in_their_time_and_the_cluster_comes_back() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    make_replicated(&mut page, "t").await;
    page.fill("t", 10).await;
    for id in 1..=3 {
        broker(&mut page, json!({ "kill_broker": { "broker": id } })).await;
        // Twice is once.
        broker(&mut page, json!({ "kill_broker": { "broker": id } })).await;
    }
    let asked = page.start_json(json!({ "describe_cluster": {} })).await;
    let settings = json!({ "message.timeout.ms": "1000" });
    let refused = page.run(json!({ "produce": { "topic": "t", "count": 5, "settings": settings } })).await;
    assert!(is_away(refused.error_code()), "{:?}", refused.outcome);
    // A look needs no broker.
    let view = page.view().await;
    assert!(view.brokers.iter().all(|broker| broker.state == BrokerState::Killed));
    let refused = page.finish(asked).await;
    assert!(is_away(refused.error_code()), "{:?}", refused.outcome);
    for id in 1..=3 {
        broker(&mut page, json!({ "start_broker": { "broker": id } })).await;
    }
    page.fill("t", 10).await;
    assert_eq!(page.read_all("t", 3, "g").await.len(), 20);
}

#[tokio::test]
async fn injected_errors_are_met_so_many_times_and_a_client_gets_over_them() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let inject = |error: &str, times: u32| json!({ "inject_error": { "api": "Produce", "error": error, "times": times } });
    // Retriable: the client tries again.
    let reply = page.run(inject("NOT_LEADER_OR_FOLLOWER", 2)).await.reply();
    assert!(matches!(reply, Reply::ErrorInjected(fault) if fault.times == 2));
    page.fill("t", 5).await;
    // Not retriable: it is told.
    page.run(inject("TOPIC_AUTHORIZATION_FAILED", 1)).await.reply();
    let refused = page.produce(json!({ "topic": "t", "count": 1 })).await;
    assert_eq!(refused.summary.not_written, 1, "{:?}", refused.summary);
    page.fill("t", 5).await;
    // Taken back before it is met.
    page.run(inject("TOPIC_AUTHORIZATION_FAILED", 100)).await.reply();
    page.run(json!({ "clear_faults": {} })).await.reply();
    page.fill("t", 5).await;
    assert_eq!(page.read_all("t", 1, "g").await.len(), 15);
}

#[tokio::test]
async fn delays_and_cuts_are_seen_and_taken_back() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    make_replicated(&mut page, "t").await;
    let delayed = broker(&mut page, json!({ "delay_broker": { "broker": 1, "delay_ms": 300 } })).await;
    assert_eq!(delayed.delay_ms, 300);
    let cut = broker(&mut page, json!({ "cut_off_broker": { "broker": 3 } })).await;
    assert_eq!(cut.state, BrokerState::CutOff);
    let Reply::FaultsCleared(brokers) = page.run(json!({ "clear_faults": {} })).await.reply() else {
        panic!()
    };
    assert!(
        brokers.iter().all(|broker| broker.delay_ms == 0 && broker.state == BrokerState::Up),
        "{brokers:?}"
    );
    page.fill("t", 30).await;
}

#[tokio::test]
async fn mistakes_are_told() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    let unknown = [
        json!({ "stop_broker": { "broker": 4 } }),
        json!({ "kill_broker": { "broker": 0 } }),
        json!({ "start_broker": { "broker": -1 } }),
        json!({ "cut_off_broker": { "broker": 2_147_483_647 } }),
        json!({ "delay_broker": { "broker": 9, "delay_ms": 1 } }),
        json!({ "inject_error": { "api": "Fetch", "error": "NOT_COORDINATOR", "broker": 4 } }),
    ];
    for command in unknown {
        assert_eq!(page.run(command.clone()).await.error_code(), ErrorCode::UnknownBroker, "{command}");
    }
    let out_of_range = [
        json!({ "delay_broker": { "broker": 1, "delay_ms": 60_001 } }),
        json!({ "inject_error": { "api": "Fetch", "error": "NOT_COORDINATOR", "times": 0 } }),
        json!({ "inject_error": { "api": "Fetch", "error": "NOT_COORDINATOR", "times": 10_001 } }),
    ];
    for command in out_of_range {
        assert_eq!(page.run(command.clone()).await.error_code(), ErrorCode::InvalidArgument, "{command}");
    }
    let one = json!({ "inject_error": { "api": "Fetch", "error": "NOT_COORDINATOR", "times": 1 } });
    for _ in 0..100 {
        page.run(one.clone()).await.reply();
    }
    assert_eq!(page.run(one).await.error_code(), ErrorCode::LimitReached);
}

#[tokio::test]
async fn every_error_and_request_of_the_form_can_be_injected() {
    use shared::kafka::{FaultyApi, InjectedErrorCode};
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    for api in FaultyApi::ALL {
        let command = json!({ "inject_error": { "api": api, "error": "REQUEST_TIMED_OUT" } });
        page.run(command).await.reply();
    }
    for error in InjectedErrorCode::ALL {
        page.run(json!({ "inject_error": { "api": "Heartbeat", "error": error } })).await.reply();
    }
    page.run(json!({ "clear_faults": {} })).await.reply();
    page.make_topic("t", 1).await;
}
