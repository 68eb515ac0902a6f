//! A cluster that is away, or goes away in the middle.

use std::time::{Duration, Instant};

use shared::event::CloseReason;
use shared::kafka::ClusterState;
use shared::{ConsumerEvent, ErrorCode, Outcome, Reply};

use crate::support::{LONG, Learner, bootstrap_servers, connect, ready};

/// Every call ends by its limit: ten seconds, and a little for the answer.
const LIMIT: Duration = Duration::from_secs(15);

#[tokio::test]
async fn without_a_cluster_every_command_ends_in_time() {
    // Bound and never listening: connections are refused.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    drop(socket);
    let kafka = connect(&address);
    assert_eq!(*kafka.state().borrow(), ClusterState::Starting);
    let learner = Learner::on(&kafka);
    let mut running = Vec::new();
    for command in [
        r#"{"describe_cluster": {}}"#,
        r#"{"list_topics": {}}"#,
        r#"{"create_topic": {"topic": "t"}}"#,
        r#"{"delete_topic": {"topic": "t"}}"#,
        r#"{"describe_topic": {"topic": "t"}}"#,
        r#"{"produce": {"topic": "t", "count": 10}}"#,
        r#"{"start_consumer": {"group": "g", "topics": ["t"]}}"#,
        r#"{"describe_group": {"group": "g"}}"#,
        r#"{"start_over": {"delete_topics": ["t"], "delete_groups": ["g"]}}"#,
    ] {
        running.push((command, learner.start(command)));
    }
    let began = Instant::now();
    for (command, running) in running {
        let outcome = tokio::time::timeout(LIMIT, running.outcome).await.expect(command).unwrap();
        let Outcome::Failed { error, partial: None } = outcome else { panic!("{command}: {outcome:?}") };
        assert!(
            matches!(error.code, ErrorCode::KafkaUnavailable | ErrorCode::TimedOut),
            "{command}: {error:?}"
        );
    }
    assert!(began.elapsed() < LIMIT);
    assert_eq!(*kafka.state().borrow(), ClusterState::Starting);
    // A cancel is obeyed at once all the same.
    let running = learner.start(r#"{"list_topics": {}}"#);
    running.cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(1), running.outcome).await.unwrap().unwrap();
    assert_eq!(outcome, Outcome::Cancelled { partial: None });
}

/// Runs a command of the shell that an environment variable names.
fn shell(variable: &str) {
    let command = std::env::var(variable).expect(variable);
    assert!(std::process::Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

/// Kills the broker (`KAFKA_KILL`) in the middle of things and starts it again (`KAFKA_START`), both commands of the
/// shell. Not beside other tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "kills the broker"]
async fn a_broker_that_dies_loses_nothing_unsaid() {
    let kafka = connect(&bootstrap_servers());
    ready(&kafka).await;
    let learner = Learner::on(&kafka);
    learner.create("t", 3).await;
    let id = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    learner
        .wait_for(id, "an assignment", |events| {
            events.iter().any(|event| matches!(event, ConsumerEvent::Assigned { .. })).then_some(())
        })
        .await;

    let running = learner.start(
        r#"{"produce": {"topic": "t", "count": 1000000, "linger_ms": 0, "settings": {"message.timeout.ms": "5000"}}}"#,
    );
    while running.events.lock().unwrap().len() < 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    shell("KAFKA_KILL");
    let killed = Instant::now();
    let outcome = tokio::time::timeout(LONG * 3, running.outcome).await.unwrap().unwrap();
    println!("the production ended {:?} after the kill", killed.elapsed());
    let (Outcome::Ok(Reply::Produced(summary))
    | Outcome::Failed { partial: Some(Reply::Produced(summary)), .. }) = outcome
    else {
        panic!("{outcome:?}")
    };
    println!("{summary:?}");
    assert_eq!(
        summary.delivered + summary.not_written + summary.unknown + summary.not_sent,
        summary.requested
    );
    assert!(summary.delivered > 0 && summary.delivered < summary.requested, "killed too early or too late");

    let mut state = kafka.state();
    let away = state.wait_for(|state| matches!(state, ClusterState::Unreachable { .. }));
    tokio::time::timeout(LONG, away).await.expect("nobody noticed").unwrap();
    println!("unreachable is known {:?} after the kill", killed.elapsed());
    learner
        .wait_for(id, "an error", |events| {
            events
                .iter()
                .any(|event| matches!(event, ConsumerEvent::Error(error) if error.code == ErrorCode::KafkaUnavailable))
                .then_some(())
        })
        .await;
    let began = Instant::now();
    let error = learner.err(&format!(r#"{{"commit": {{"consumer": {}}}}}"#, id.0)).await;
    println!("commit: {:?} {error:?}", began.elapsed());
    let began = Instant::now();
    let error = learner.err(r#"{"list_topics": {}}"#).await;
    assert!(matches!(error.code, ErrorCode::KafkaUnavailable | ErrorCode::TimedOut), "{error:?}");
    assert!(began.elapsed() < LIMIT);

    // Closing does not wait for the dead.
    let began = Instant::now();
    learner.kafka.close(CloseReason::ShuttingDown).await;
    println!("close: {:?} {:?}", began.elapsed(), learner.closes_of(id));
    assert!(began.elapsed() < Duration::from_secs(6));

    shell("KAFKA_START");
    let began = Instant::now();
    ready(&kafka).await;
    println!("ready again is known {:?} after the start", began.elapsed());
    learner.clean_up().await;
}
