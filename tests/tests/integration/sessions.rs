//! Sessions: lost and found again, taken over, left for good; several tabs of one learner.

use std::time::Duration;

use serde_json::json;
use shared::event::CloseReason;
use shared::wire::{VERSION, close};
use shared::{ClientFrame, ErrorCode, Event, Outcome, Reply};
use tests::{Client, Produced, TestServer};
use tokio::time::timeout;

use super::wire::{hear, say};

/// Less than any session timeout that a test chooses for a consumer that leaves.
const SOONER_THAN_ITS_SESSION_TIMEOUT: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_produce_goes_on_while_the_page_is_away_and_its_done_is_delivered() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    page.make_topic("t", 3).await;
    let id = page.start_json(json!({ "produce": { "topic": "t", "count": 500_000 } })).await;
    page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
    page.lose_connection();
    loop {
        let described = tab.describe_topic("t").await;
        let written: i64 = described.partitions.iter().filter_map(|partition| partition.high_watermark).sum();
        if written == 500_000 {
            break;
        }
    }
    page.reconnect(&server).await;
    assert!(page.welcome.resumed);
    assert_eq!(page.welcome.last_request, Some(id));
    let produced = Produced::from(page.finish(id).await);
    assert_eq!((produced.summary.delivered, produced.error), (500_000, None));
    assert!(produced.skipped > 0, "what happened meanwhile is not seen");
    // An event carries up to 1,024 reports.
    let missing = produced.summary.delivered - produced.fates.len() as u64;
    assert!(missing <= produced.skipped * 1024, "{missing} reports in {} events", produced.skipped);
    page.fill("t", 1).await;
}

#[tokio::test]
async fn a_connection_changed_in_the_middle_of_a_produce_loses_no_done() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    let id = page.start_json(json!({ "produce": { "topic": "t", "count": 200_000, "key": "iata" } })).await;
    for _ in 0..3 {
        page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
        page.reconnect(&server).await;
        assert!(page.welcome.resumed);
    }
    let produced = Produced::from(page.finish(id).await);
    assert_eq!((produced.summary.delivered, produced.error), (200_000, None));
    let missing = produced.summary.delivered - produced.fates.len() as u64;
    assert!(missing <= produced.skipped * 1024);
    assert_eq!(missing > 0, produced.skipped > 0, "what is missing is said");
}

#[tokio::test]
async fn a_consumer_goes_on_while_the_page_is_away_and_what_was_missed_is_counted() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    page.make_topic("t", 1).await;
    let arguments = json!({ "group": "g", "topics": ["t"], "commit_each_record": "synchronous" });
    let consumer = page.consume(arguments).await;
    page.assigned(consumer).await;
    page.lose_connection();
    tab.fill("t", 50).await;
    tab.until_group("g", |group| group.offsets.iter().any(|it| it.offset == Some(50))).await;
    page.reconnect(&server).await;
    assert!(page.welcome.resumed);
    tab.fill("t", 1).await;
    // What was sent before the server noticed the loss comes again.
    let mut came = 0;
    while page.records(consumer, 1).await.remove(0).offset != 50 {
        came += 1;
    }
    assert!(
        page.skipped(consumer) + came >= 50,
        "it ran on, and each record that the page missed is counted"
    );
    page.stop_consumer(consumer).await;
    assert_eq!(page.closed(consumer).await, CloseReason::Stopped);
}

#[tokio::test]
async fn a_session_is_resumed_under_the_same_cookie_only() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.lose_connection();
    for cookie in [None, Client::new(&server).await.cookie, Some("kafka-workshop=forged".to_owned())] {
        let (mut socket, _) = Client::connect(&server, cookie.as_deref()).await;
        let hello = ClientFrame::Hello { version: VERSION, resume: Some(page.resume()) };
        say(&mut socket, &serde_json::to_string(&hello).expect("JSON")).await;
        let welcome = hear(&mut socket).await;
        assert_eq!(welcome["resumed"], false, "{welcome}");
        assert_ne!(welcome["session"], page.welcome.session.0);
        assert_eq!(welcome["last_request"], serde_json::Value::Null);
    }
    page.reconnect(&server).await;
    assert!(page.welcome.resumed, "its own learner gets it");
}

#[tokio::test]
async fn a_session_that_is_gone_is_replaced_by_a_new_one() {
    let Some(cluster) = crate::cluster() else { return };
    let server =
        TestServer::start_with(cluster, |config| config.grace = Duration::from_millis(100), None).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    page.make_topic("t", 1).await;
    let settings = json!({ "session.timeout.ms": "60000" });
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"], "settings": settings })).await;
    page.assigned(consumer).await;
    let before = page.welcome.session.clone();
    page.lose_connection();
    // The end of the grace period is the end of what ran.
    timeout(SOONER_THAN_ITS_SESSION_TIMEOUT, tab.until_group("g", |group| group.members.is_empty()))
        .await
        .expect("its consumer leaves the group");
    page.reconnect(&server).await;
    assert!(!page.welcome.resumed);
    assert_ne!(page.welcome.session, before);
    assert_eq!(page.topic_names().await, ["t"], "the learner is the same");
}

#[tokio::test]
async fn whoever_takes_a_session_over_has_it_and_the_other_is_told() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let (mut other, _) = Client::connect(&server, page.cookie.as_deref()).await;
    let hello = ClientFrame::Hello { version: VERSION, resume: Some(page.resume()) };
    say(&mut other, &serde_json::to_string(&hello).expect("JSON")).await;
    assert_eq!(hear(&mut other).await["resumed"], true);
    assert_eq!(Client::close_code(page.socket()).await, close::TAKEN_OVER);
    say(&mut other, r#"{"type":"run","id":50,"command":{"list_topics":{}}}"#).await;
    loop {
        let frame = hear(&mut other).await;
        if frame["type"] == "done" {
            assert_eq!(frame["id"], 50);
            break;
        }
    }
}

#[tokio::test]
async fn a_page_that_leaves_takes_its_consumers_out_of_their_groups() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    page.make_topic("t", 1).await;
    let settings = json!({ "session.timeout.ms": "60000" });
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"], "settings": settings })).await;
    page.assigned(consumer).await;
    page.leave().await;
    timeout(SOONER_THAN_ITS_SESSION_TIMEOUT, tab.until_group("g", |group| group.members.is_empty()))
        .await
        .expect("it leaves, it is not given up");
    let gone = tab.run(json!({ "stop_consumer": { "consumer": consumer } })).await;
    assert_eq!(gone.error_code(), ErrorCode::UnknownConsumer);
}

#[tokio::test]
async fn a_page_that_leaves_in_the_middle_of_a_produce_ends_it() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    page.make_topic("t", 1).await;
    let id = page
        .start_json(json!({ "produce": { "topic": "t", "count": 1_000_000, "sending": "one_by_one" } }))
        .await;
    page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
    page.leave().await;
    // It stops writing: two looks see the same end.
    let mut last = -1;
    loop {
        let now = tab.describe_topic("t").await.partitions[0].high_watermark.expect("an end");
        if now == last {
            break;
        }
        last = now;
        tab.read_all("t", 1, &format!("g{now}")).await;
    }
    assert!(last < 1_000_000);
    tab.fill("t", 1).await;
}

#[tokio::test]
async fn a_second_tab_sees_the_same_topics_and_may_stop_a_consumer_of_the_first() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut first = Client::new(&server).await;
    let mut second = Client::with_cookie(&server, first.cookie.clone()).await;
    first.make_topic("t", 1).await;
    assert_eq!(second.topic_names().await, ["t"]);
    assert_ne!(first.welcome.session, second.welcome.session);
    second.fill("t", 5).await;
    let consumer = first.consume(json!({ "group": "g", "topics": ["t"] })).await;
    first.records(consumer, 5).await;
    let Reply::Committed(offsets) = second.run(json!({ "commit": { "consumer": consumer } })).await.reply()
    else {
        panic!()
    };
    assert_eq!(offsets[0].offset, Some(5));
    second.stop_consumer(consumer).await;
    assert_eq!(first.closed(consumer).await, CloseReason::Stopped, "its own tab is told");
    // Ids count through all tabs.
    let next = second.consume(json!({ "group": "g", "topics": ["t"] })).await;
    assert!(next > consumer);
}

#[tokio::test]
async fn a_tab_that_leaves_does_not_end_the_other() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut first = Client::new(&server).await;
    let mut second = Client::with_cookie(&server, first.cookie.clone()).await;
    first.make_topic("t", 1).await;
    let consumer = first.consume(json!({ "group": "g", "topics": ["t"] })).await;
    first.assigned(consumer).await;
    second.fill("t", 1).await;
    second.leave().await;
    first.fill("t", 1).await;
    assert_eq!(first.records(consumer, 2).await.len(), 2);
}

#[tokio::test]
async fn a_learner_may_have_only_so_many_tabs() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let first = Client::new(&server).await;
    let mut tabs = Vec::new();
    for _ in 1..16 {
        tabs.push(Client::with_cookie(&server, first.cookie.clone()).await);
    }
    let (mut one_more, _) = Client::connect(&server, first.cookie.as_deref()).await;
    say(&mut one_more, r#"{"type":"hello","version":2}"#).await;
    assert_eq!(Client::close_code(&mut one_more).await, close::TOO_MANY_SESSIONS);
    let mut someone_else = Client::new(&server).await;
    assert_eq!(someone_else.topic_names().await, [""; 0], "others have their own places");
}

#[tokio::test]
async fn a_session_runs_only_so_many_commands_at_once() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    // A crashed member is waited for until its session times out, which is longer than this test.
    let settings = json!({ "session.timeout.ms": "60000" });
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"], "settings": settings })).await;
    page.assigned(consumer).await;
    let mut running = vec![page.start_json(json!({ "crash_consumer": { "consumer": consumer } })).await];
    page.closed(consumer).await;
    for _ in 1..16 {
        running.push(page.start_json(json!({ "start_over": { "delete_groups": ["g"] } })).await);
    }
    assert_eq!(page.run(json!({ "list_topics": {} })).await.error_code(), ErrorCode::LimitReached);
    for id in &running {
        page.cancel(*id).await;
    }
    for id in running {
        assert!(matches!(page.finish(id).await.outcome, Outcome::Cancelled { .. }));
    }
    assert_eq!(page.topic_names().await, ["t"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_answers_what_runs_and_says_goodbye() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.assigned(consumer).await;
    let id = page
        .start_json(json!({ "produce": { "topic": "t", "count": 1_000_000, "sending": "one_by_one" } }))
        .await;
    page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
    let stopped = tokio::spawn(server.stop());
    let produced = Produced::from(page.finish(id).await);
    assert!(produced.summary.delivered > 0 && produced.summary.not_sent > 0);
    assert_eq!(page.closed(consumer).await, CloseReason::ShuttingDown);
    assert_eq!(Client::close_code(page.socket()).await, close::SHUTTING_DOWN);
    stopped.await.expect("it stops");
}
