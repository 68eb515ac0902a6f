//! A defect under the lock of one learner's cluster: they are told, everywhere, and a reset gives them a new one. Nobody
//! else notices.

use serde_json::json;
use shared::event::CloseReason;
use shared::kafka::ClusterView;
use shared::{Error, ErrorCode, Event, Outcome, Reply};
use tests::{Client, Finished, On, TestServer};

fn port(view: &ClusterView) -> u16 {
    view.brokers[0].port
}

/// That the error says what has happened and what to do.
fn names_the_reset(error: &Error) {
    assert_eq!(error.code, ErrorCode::ClusterFailed);
    assert!(error.message.contains("stopped by a defect"), "{error:?}");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("Reset the cluster")), "{error:?}");
}

fn has_failed(finished: &Finished) {
    match &finished.outcome {
        Outcome::Failed { error, .. } => names_the_reset(error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_runs_on_a_cluster_that_fails_is_told_at_once_and_a_reset_gives_a_new_one() {
    let server = TestServer::start(On::Sandbox).await;
    let (mut page, mut someone_else) = (Client::new(&server).await, Client::new(&server).await);
    let mut tab = Client::with_cookie(&server, page.cookie.clone()).await;
    for learner in [&mut page, &mut someone_else] {
        learner.make_topic("t", 1).await;
        learner.fill("t", 5).await;
    }
    let theirs = someone_else.consume(json!({ "group": "g", "topics": ["t"] })).await;
    someone_else.records(theirs, 5).await;
    let before = page.view().await;
    let here = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    let there = tab.consume(json!({ "group": "h", "topics": ["t"] })).await;
    page.records(here, 5).await;
    tab.records(there, 5).await;
    let watching = tab.start_json(json!({ "watch": {} })).await;
    tab.until_view(watching, |view| view.groups.len() == 2).await;
    // It would go on for minutes, and its client would try again for as long.
    let produce = json!({ "produce": { "topic": "t", "count": 1_000_000, "sending": "one_by_one" } });
    let producing = page.start_json(produce).await;
    page.until_event(producing, |event| matches!(event, Event::Delivered(_))).await;

    server.fail_cluster_at(port(&before)).await;
    has_failed(&tab.finish(watching).await);
    for closed in [page.closed(here).await, tab.closed(there).await] {
        match closed {
            CloseReason::Failed(error) => names_the_reset(&error),
            other => panic!("{other:?}"),
        }
    }
    let produced = page.finish(producing).await;
    has_failed(&produced);
    match produced.outcome {
        Outcome::Failed { partial: Some(Reply::Produced(summary)), .. } => {
            assert!((1..1_000_000).contains(&summary.delivered), "{summary:?}");
        }
        other => panic!("what was done before is told: {other:?}"),
    }

    // Whatever is asked of it now says so too.
    for command in [
        json!({ "list_topics": {} }),
        json!({ "describe_cluster": {} }),
        json!({ "produce": { "topic": "t", "count": 1 } }),
        json!({ "start_consumer": { "group": "g", "topics": ["t"] } }),
        json!({ "start_over": { "delete_topics": ["t"] } }),
        json!({ "watch": {} }),
        json!({ "kill_broker": { "broker": 1 } }),
        json!({ "start_broker": { "broker": 1 } }),
        json!({ "delay_broker": { "broker": 1, "delay_ms": 1 } }),
        json!({ "inject_error": { "api": "Fetch", "error": "NOT_COORDINATOR" } }),
        json!({ "clear_faults": {} }),
    ] {
        has_failed(&page.run(command).await);
    }
    // A page that is loaded again finds it as it is.
    let mut again = Client::with_cookie(&server, page.cookie.clone()).await;
    has_failed(&again.run(json!({ "list_topics": {} })).await);

    match page.run(json!({ "reset_cluster": {} })).await.reply() {
        Reply::ClusterReset(view) => {
            assert!(view.topics.is_empty() && view.brokers.iter().all(|broker| broker.live), "{view:?}");
            assert_eq!(view.bootstrap_servers, before.bootstrap_servers);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(tab.topic_names().await, [""; 0]);
    page.make_topic("t", 1).await;
    page.fill("t", 3).await;
    assert_eq!(again.read_all("t", 1, "g").await.len(), 3);

    // All the while nobody else was touched.
    someone_else.fill("t", 2).await;
    assert_eq!(someone_else.records(theirs, 2).await.len(), 2, "their consumer reads on");
    assert_eq!(someone_else.view().await.topics.iter().filter(|topic| !topic.internal).count(), 1);
}

#[tokio::test]
async fn a_cluster_that_fails_while_its_learner_is_away_is_found_so() {
    let server = TestServer::start(On::Sandbox).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let (view, cookie) = (page.view().await, page.cookie.clone());
    page.leave().await;
    server.fail_cluster_at(port(&view)).await;
    let mut again = Client::with_cookie(&server, cookie).await;
    has_failed(&again.run(json!({ "list_topics": {} })).await);
    again.run(json!({ "reset_cluster": {} })).await.reply();
    assert_eq!(again.topic_names().await, [""; 0]);
}
