//! Threads of crashed and stopped consumers, against a real Apache Kafka. In a process of its own, since it counts
//! threads.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    reason = "tests and their helpers may fail at once"
)]

use std::time::{Duration, Instant};

use shared::ConsumerEvent;

#[path = "kafka/support.rs"]
mod support;

use support::Learner;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn crashed_and_stopped_consumers_leave_no_threads_behind() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    let mut before = None;
    for round in 0..6 {
        let id = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
        let assigned = |events: &[ConsumerEvent]| {
            events.iter().any(|event| matches!(event, ConsumerEvent::Assigned { .. })).then_some(())
        };
        learner.wait_for(id, "an assignment", assigned).await;
        let command = if round % 2 == 0 { "crash_consumer" } else { "stop_consumer" };
        let running = learner.start(&format!(r#"{{"{command}": {{"consumer": {}}}}}"#, id.0));
        while learner.closes_of(id).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        running.cancel.cancel();
        running.outcome.await.unwrap();
        // The runtime's own blocking threads are there after the first round.
        let allowed = before.get_or_insert_with(threads);
        let deadline = Instant::now() + Duration::from_secs(5);
        while threads() > *allowed + 2 {
            assert!(Instant::now() < deadline, "{} threads, {allowed} before", threads());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    learner.clean_up().await;
}
