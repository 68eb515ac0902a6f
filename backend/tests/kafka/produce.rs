use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use shared::kafka::{Fate, ProduceSummary, UndeliveredFate};
use shared::{ErrorCode, Event, Outcome, Reply};

use crate::support::Learner;

/// Each record's fate, and that each has exactly one.
fn fates(events: &[Event]) -> BTreeMap<u64, (Option<i32>, Fate)> {
    let mut fates = BTreeMap::new();
    let reports = events.iter().flat_map(|event| match event {
        Event::Delivered(run) => run.reports().collect::<Vec<_>>(),
        Event::Undelivered(group) => group.reports().collect(),
        _ => Vec::new(),
    });
    for report in reports {
        let again = fates.insert(report.record, (report.partition, report.fate));
        assert!(again.is_none(), "record {} has two fates", report.record);
    }
    fates
}

fn assert_complete(summary: &ProduceSummary) {
    let counted = summary.delivered + summary.not_written + summary.unknown + summary.not_sent;
    assert_eq!(counted, summary.requested, "{summary:?}");
}

async fn produce(learner: &Learner, arguments: &str) -> (ProduceSummary, Vec<Event>) {
    match learner.run(&format!(r#"{{"produce": {{{arguments}}}}}"#)).await {
        (Outcome::Ok(Reply::Produced(summary)), events) => {
            assert_complete(&summary);
            (summary, events)
        }
        other => panic!("{arguments}: {other:?}"),
    }
}

#[tokio::test]
async fn every_record_is_reported_once_with_its_place() {
    let learner = Learner::new();
    learner.create("airports-data", 3).await;
    let (summary, events) =
        produce(&learner, r#""topic": "airports-data", "count": 2500, "key": "country""#).await;
    assert_eq!((summary.delivered, summary.requested), (2500, 2500));
    let fates = fates(&events);
    assert_eq!(fates.len(), 2500);
    for partition in &summary.partitions {
        let offsets: Vec<i64> = fates
            .values()
            .filter(|(of, _)| *of == Some(partition.partition))
            .map(|(_, fate)| match fate {
                Fate::Delivered { offset, .. } => *offset,
                other @ Fate::Undelivered { .. } => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(offsets.len() as u64, partition.delivered);
        assert_eq!((offsets.iter().min(), offsets.iter().max()), (Some(&0), Some(&partition.last_offset)));
    }
    let latency = summary.latency.unwrap();
    assert!(latency.p50_us > 0 && latency.p50_us <= latency.p95_us && latency.p99_us <= latency.max_us);
    assert!(summary.elapsed_us > 0 && summary.delivered_bytes > 2500 * 200);
    // What the cluster says is the same.
    let topic = learner.describe("airports-data").await;
    let written: i64 = topic.partitions.iter().map(|it| it.high_watermark.unwrap()).sum();
    assert_eq!(written, 2500);
    learner.clean_up().await;
}

#[tokio::test]
async fn settings_work_in_all_combinations_that_make_sense() {
    let learner = Learner::new();
    learner.create("t", 2).await;
    for arguments in [
        r#""acks": "1", "linger_ms": 0"#,
        r#""acks": "all", "idempotence": true, "batch_size_bytes": 2000"#,
        r#""compression": "gzip""#,
        r#""compression": "snappy""#,
        r#""compression": "lz4""#,
        r#""compression": "zstd", "linger_ms": 50"#,
        r#""sending": "one_by_one", "linger_ms": 0"#,
        r#""key": "iata", "settings": {"partitioner": "murmur2", "max.in.flight": "1"}"#,
    ] {
        let (summary, events) =
            produce(&learner, &format!(r#""topic": "t", "count": 100, {arguments}"#)).await;
        assert_eq!(summary.delivered, 100, "{arguments}");
        assert_eq!(fates(&events).len(), 100, "{arguments}");
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn without_acknowledgements_nobody_knows() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    let (summary, events) = produce(&learner, r#""topic": "t", "count": 50, "acks": "0""#).await;
    assert_eq!((summary.delivered, summary.unknown), (0, 50));
    for (_, fate) in fates(&events).into_values() {
        let Fate::Undelivered { fate, error } = fate else { panic!("{fate:?}") };
        assert_eq!((fate, error.code), (UndeliveredFate::Unknown, ErrorCode::NotAcknowledged));
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn mistakes_are_refused_at_once() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    for (arguments, code) in [
        (r#""topic": "nowhere", "count": 1"#, ErrorCode::UnknownTopic),
        (r#""topic": "t", "count": 0"#, ErrorCode::InvalidArgument),
        (r#""topic": "t", "count": 1000001"#, ErrorCode::InvalidArgument),
        (r#""topic": "t", "count": 1, "key": "runway""#, ErrorCode::InvalidArgument),
        (r#""topic": "t", "count": 1, "acks": "1", "idempotence": true"#, ErrorCode::InvalidSetting),
        (r#""topic": "t", "count": 1, "linger_ms": 10001"#, ErrorCode::InvalidSetting),
        (r#""topic": "t", "count": 1, "settings": {"acks": "1"}"#, ErrorCode::SettingNotAllowed),
        (r#""topic": "t", "count": 1, "settings": {"debug": "all"}"#, ErrorCode::SettingNotAllowed),
        (
            r#""topic": "t", "count": 1, "linger_ms": 9000, "settings": {"message.timeout.ms": "1000"}"#,
            ErrorCode::InvalidSetting,
        ),
        (
            r#""topic": "t", "count": 1, "idempotence": true, "settings": {"max.in.flight": "6"}"#,
            ErrorCode::InvalidSetting,
        ),
    ] {
        let began = Instant::now();
        let error = learner.err(&format!(r#"{{"produce": {{{arguments}}}}}"#)).await;
        assert_eq!(error.code, code, "{arguments}: {error:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{arguments}");
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn records_too_large_are_not_written_and_the_rest_is() {
    let learner = Learner::new();
    learner.ok(r#"{"create_topic": {"topic": "small", "partitions": 1, "configs": {"max.message.bytes": "200"}}}"#)
        .await;
    let (outcome, events) =
        learner.run(r#"{"produce": {"topic": "small", "count": 3, "sending": "one_by_one"}}"#).await;
    let Outcome::Failed { error, partial: Some(Reply::Produced(summary)) } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(error.code, ErrorCode::RecordTooLarge);
    assert_complete(&summary);
    assert_eq!(summary.not_written, 3, "{summary:?}");
    assert_eq!(fates(&events).len(), 3);
    learner.clean_up().await;
}

#[tokio::test]
async fn cancelling_stops_soon_and_still_counts_every_record() {
    let learner = Learner::new();
    learner.create("t", 3).await;
    let running = learner.start(r#"{"produce": {"topic": "t", "count": 1000000, "linger_ms": 5}}"#);
    while running.events.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.cancel.cancel();
    let cancelled = Instant::now();
    let outcome = running.outcome.await.unwrap();
    assert!(cancelled.elapsed() < Duration::from_secs(6), "{:?}", cancelled.elapsed());
    let Outcome::Cancelled { partial: Some(Reply::Produced(summary)) } = outcome else {
        panic!("{outcome:?}")
    };
    assert_complete(&summary);
    assert!(summary.not_sent > 0 && summary.delivered > 0, "{summary:?}");
    let events = running.events.lock().unwrap().clone();
    assert_eq!(fates(&events).len() as u64, summary.requested - summary.not_sent);
    // The topic has at least what was delivered, at most what may have been.
    let topic = learner.describe("t").await;
    let written: i64 = topic.partitions.iter().map(|it| it.high_watermark.unwrap()).sum();
    let written = written as u64;
    assert!(
        (summary.delivered..=summary.delivered + summary.unknown).contains(&written),
        "{written} {summary:?}"
    );
    learner.clean_up().await;
}

#[tokio::test]
async fn a_kept_producer_follows_a_topic_that_was_made_anew() {
    let learner = Learner::new();
    for partitions in [1, 3, 1] {
        learner.create("again", partitions).await;
        let (summary, _) = produce(&learner, r#""topic": "again", "count": 600, "key": "iata""#).await;
        assert_eq!(summary.delivered, 600);
        assert_eq!(summary.partitions.len() as u32, partitions);
        learner.ok(r#"{"delete_topic": {"topic": "again"}}"#).await;
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn starting_over_makes_the_same_state_from_any() {
    let learner = Learner::new();
    learner.create("old", 1).await;
    let id = learner.consumer(r#""group": "g", "topics": ["old"], "auto_commit_interval_ms": 100"#).await;
    learner.produce(r#""topic": "old", "count": 10"#).await;
    learner.records(id, 10).await;
    let command = r#"{"start_over": {"delete_topics": ["old", "airports-data", "never-was"],
        "delete_groups": ["g", "never-was"],
        "create": [{"topic": "airports-data", "partitions": 2}],
        "produce": [{"topic": "airports-data", "count": 60, "key": "country"}]}}"#;
    for _ in 0..2 {
        let (outcome, events) = learner.run(command).await;
        let Outcome::Ok(Reply::StartedOver(topics)) = outcome else { panic!("{outcome:?}") };
        let names: Vec<_> = topics.iter().filter(|it| !it.internal).map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["airports-data"]);
        assert!(events.iter().filter(|it| matches!(it, Event::Phase(_))).count() >= 4, "{events:?}");
        let topic = learner.describe("airports-data").await;
        assert_eq!(topic.partitions.iter().map(|it| it.high_watermark.unwrap()).sum::<i64>(), 60);
        let error = learner.err(r#"{"describe_group": {"group": "g"}}"#).await;
        assert_eq!(error.code, ErrorCode::UnknownGroup, "{error:?}");
    }
    assert_eq!(learner.closes_of(id), [shared::event::CloseReason::Stopped]);
    learner.clean_up().await;
}

/// Prints records per second beside those of a plain rdkafka loop: run with `--ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_million_records_take_hardly_longer_than_a_plain_loop() {
    let learner = Learner::new();
    learner.create("million", 3).await;
    let topic = format!("{}million", learner.prefix);
    for _ in 0..3 {
        let plain = tokio::task::spawn_blocking({
            let topic = topic.clone();
            move || crate::support::plain_loop(&topic, 1_000_000)
        })
        .await
        .unwrap();
        let (summary, events) = produce(&learner, r#""topic": "million", "count": 1000000"#).await;
        assert_eq!(summary.delivered, 1_000_000);
        let ours = 1e6 / (summary.elapsed_us as f64 / 1e6);
        println!("plain {plain:.0}/s, ours {ours:.0}/s, ratio {:.2}, {} events", ours / plain, events.len());
    }
    learner.clean_up().await;
}
