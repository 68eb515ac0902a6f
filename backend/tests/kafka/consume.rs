use std::time::{Duration, Instant};

use shared::event::{CloseReason, CommittedBy};
use shared::kafka::{Bytes, GroupDescription, Lane};
use shared::{ConsumerEvent, ConsumerId, ErrorCode, Event, Outcome, Reply};

use crate::support::Learner;

async fn group(learner: &Learner, id: &str) -> GroupDescription {
    match learner.ok(&format!(r#"{{"describe_group": {{"group": "{id}"}}}}"#)).await {
        Reply::Group(group) => group,
        other => panic!("{other:?}"),
    }
}

fn last_lanes(events: &[ConsumerEvent]) -> Option<Vec<Lane>> {
    events.iter().rev().find_map(|event| match event {
        ConsumerEvent::Lanes(lanes) => Some(lanes.clone()),
        _ => None,
    })
}

async fn assigned(learner: &Learner, id: ConsumerId) {
    learner
        .wait_for(id, "an assignment", |events| {
            events.iter().any(|event| matches!(event, ConsumerEvent::Assigned { .. })).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_consumer_tells_all_that_happens() {
    let learner = Learner::new();
    learner.create("t", 2).await;
    learner.produce(r#""topic": "t", "count": 40, "key": "iata""#).await;
    let id = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    let records = learner.records(id, 40).await;
    assert!(matches!(&records[0].key, Some(Bytes::Text(key)) if key.starts_with('A')));
    assert!(matches!(&records[0].value, Some(Bytes::Text(json)) if json.starts_with('{')));
    assert!(records[0].timestamp_ms.is_some());
    for partition in [0, 1] {
        let offsets: Vec<_> =
            records.iter().filter(|it| it.partition == partition).map(|it| it.offset).collect();
        assert_eq!(offsets, (0..offsets.len() as i64).collect::<Vec<_>>());
    }
    let ends = learner
        .wait_for(id, "both ends", |events| {
            let ends: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    ConsumerEvent::EndOfPartition { partition, offset } => {
                        Some((partition.partition, *offset))
                    }
                    _ => None,
                })
                .collect();
            (ends.len() >= 2).then_some(ends)
        })
        .await;
    assert_eq!(ends.iter().map(|(_, offset)| offset).sum::<i64>(), 40);
    let lanes = learner
        .wait_for(id, "lanes at the end", |events| {
            last_lanes(events).filter(|lanes| {
                lanes.iter().all(|it| it.position.is_some() && it.position == it.high_watermark)
            })
        })
        .await;
    assert_eq!(lanes.len(), 2);
    assert!(lanes.iter().all(|it| it.log_start == Some(0) && it.committed.is_none()), "{lanes:?}");

    // Commit, twice: the second has nothing to do.
    let command = format!(r#"{{"commit": {{"consumer": {}, "synchronous": true}}}}"#, id.0);
    let Reply::Committed(offsets) = learner.ok(&command).await else { panic!() };
    assert_eq!(offsets.iter().filter_map(|it| it.offset).sum::<i64>(), 40);
    assert_eq!(learner.err(&command).await.code, ErrorCode::NothingToCommit);
    let described = group(&learner, "g").await;
    assert_eq!((described.state.as_str(), described.members.len()), ("Stable", 1));
    assert_eq!(described.offsets, offsets);
    assert_eq!(described.members[0].partitions.len(), 2);
    assert_eq!(described.members[0].partitions[0].topic.as_str(), "t");
    assert!(!described.assignor.is_empty());

    let Reply::ConsumerStopped(stopped) =
        learner.ok(&format!(r#"{{"stop_consumer": {{"consumer": {}}}}}"#, id.0)).await
    else {
        panic!()
    };
    assert_eq!(stopped, id);
    let described = group(&learner, "g").await;
    assert_eq!((described.state.as_str(), described.members.len()), ("Empty", 0));
    assert_eq!(learner.closes_of(id), [CloseReason::Stopped]);
    for command in ["stop_consumer", "crash_consumer", "commit"] {
        let error = learner.err(&format!(r#"{{"{command}": {{"consumer": {}}}}}"#, id.0)).await;
        assert_eq!(error.code, ErrorCode::UnknownConsumer);
    }

    // A successor begins where it was committed.
    learner.produce(r#""topic": "t", "count": 5, "key": "iata""#).await;
    let next = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    assert!(next > id);
    let records = learner.records(next, 5).await;
    assert_eq!(records.len(), 5);
    let begun = learner.events_of(next).iter().find_map(|event| match event {
        ConsumerEvent::Assigned { partitions } => Some(partitions.clone()),
        _ => None,
    });
    assert_eq!(begun.unwrap().iter().filter_map(|it| it.offset).sum::<i64>(), 40);
    learner.clean_up().await;
}

#[tokio::test]
async fn commits_of_all_kinds_are_answered() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    learner.produce(r#""topic": "t", "count": 5"#).await;
    let committed = |events: &[ConsumerEvent], by: CommittedBy| {
        let offsets = events.iter().filter_map(|event| match event {
            ConsumerEvent::Committed { by: of, offsets, error: None } if *of == by => Some(offsets.clone()),
            _ => None,
        });
        offsets.flatten().filter_map(|it| it.offset).collect::<Vec<_>>()
    };
    for (group, arguments, by) in [
        ("timer", r#""auto_commit_interval_ms": 200"#, CommittedBy::Asynchronous),
        ("each", r#""commit_each_record": "synchronous""#, CommittedBy::Synchronous),
        ("each-async", r#""commit_each_record": "asynchronous""#, CommittedBy::Asynchronous),
    ] {
        let id = learner.consumer(&format!(r#""group": "{group}", "topics": ["t"], {arguments}"#)).await;
        learner
            .wait_for(id, "the last commit", |events| {
                (committed(events, by).last() == Some(&5)).then_some(())
            })
            .await;
        if group == "each" {
            assert_eq!(committed(&learner.events_of(id), by), [1, 2, 3, 4, 5]);
        }
        learner
            .wait_for(id, "the lane", |events| {
                last_lanes(events).filter(|lanes| lanes[0].committed == Some(5)).map(|_| ())
            })
            .await;
    }
    // A command that does not wait.
    let id = learner.consumer(r#""group": "asked", "topics": ["t"]"#).await;
    learner.records(id, 5).await;
    learner.ok(&format!(r#"{{"commit": {{"consumer": {}, "synchronous": false}}}}"#, id.0)).await;
    learner
        .wait_for(id, "its answer", |events| {
            (committed(events, CommittedBy::Asynchronous) == [5]).then_some(())
        })
        .await;
    learner.clean_up().await;
}

#[tokio::test]
async fn members_share_partitions_and_hand_them_over() {
    let learner = Learner::new();
    learner.create("t", 3).await;
    let one = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    assigned(&learner, one).await;
    let other = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    assigned(&learner, other).await;
    learner
        .wait_for(one, "a revocation", |events| {
            events.iter().any(|event| matches!(event, ConsumerEvent::Revoked { .. })).then_some(())
        })
        .await;
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let described = group(&learner, "g").await;
        let mut shares: Vec<_> = described.members.iter().map(|it| it.partitions.len()).collect();
        shares.sort_unstable();
        if described.state == "Stable" && shares == [1, 2] {
            let ids: Vec<_> = described.members.iter().map(|it| it.client_id.clone()).collect();
            assert_eq!(ids, [format!("consumer-{}", one.0), format!("consumer-{}", other.0)]);
            break;
        }
        assert!(Instant::now() < deadline, "{described:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn the_end_of_each_of_two_topics_is_told_by_its_name() {
    let learner = Learner::new();
    learner.create("one", 1).await;
    learner.create("two", 1).await;
    learner.produce(r#""topic": "one", "count": 7"#).await;
    learner.produce(r#""topic": "two", "count": 3"#).await;
    let id = learner.consumer(r#""group": "g", "topics": ["one", "two"]"#).await;
    let ends = learner
        .wait_for(id, "two ends", |events| {
            let mut ends: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    ConsumerEvent::EndOfPartition { partition, offset } => {
                        Some((partition.topic.to_string(), *offset))
                    }
                    _ => None,
                })
                .collect();
            ends.sort();
            (ends.len() >= 2).then_some(ends)
        })
        .await;
    assert_eq!(ends, [("one".to_owned(), 7), ("two".to_owned(), 3)]);
    learner.clean_up().await;
}

#[tokio::test]
async fn a_crashed_member_stays_until_its_session_times_out() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    learner.produce(r#""topic": "t", "count": 3"#).await;
    let id = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    learner.records(id, 3).await;
    let heir = learner.consumer(r#""group": "heirs", "topics": ["t"]"#).await;
    learner.records(heir, 3).await;

    let running = learner.start(&format!(r#"{{"crash_consumer": {{"consumer": {}}}}}"#, id.0));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(learner.closes_of(id), [CloseReason::Crashed { session_timeout_ms: 6000 }]);
    assert_eq!(group(&learner, "g").await.members.len(), 1);
    let Outcome::Ok(Reply::MemberGone { consumer, after_ms }) = running.outcome.await.unwrap() else {
        panic!()
    };
    assert_eq!(consumer, id);
    assert!((3_500..15_000).contains(&after_ms), "{after_ms}");
    let events = running.events.lock().unwrap().clone();
    assert!(events.len() >= 5, "{events:?}");
    assert!(
        events.iter().all(|event| matches!(event, Event::MemberStillThere { session_timeout_ms: 6000, .. }))
    );
    assert!(!learner.events_of(id).iter().any(|event| matches!(event, ConsumerEvent::Revoked { .. })));

    // Cancelling only ends the watching.
    let running = learner.start(&format!(r#"{{"crash_consumer": {{"consumer": {}}}}}"#, heir.0));
    while running.events.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.cancel.cancel();
    assert_eq!(running.outcome.await.unwrap(), Outcome::Cancelled { partial: None });
    assert_eq!(learner.closes_of(heir).len(), 1);
    learner.clean_up().await;
}

#[tokio::test]
async fn starting_over_waits_for_crashed_members() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    let id = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
    assigned(&learner, id).await;
    let running = learner.start(&format!(r#"{{"crash_consumer": {{"consumer": {}}}}}"#, id.0));
    while learner.closes_of(id).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.cancel.cancel();
    let (outcome, events) = learner.run(r#"{"start_over": {"delete_groups": ["g"]}}"#).await;
    assert!(matches!(outcome, Outcome::Ok(Reply::StartedOver(_))), "{outcome:?}");
    assert!(events.iter().any(|event| matches!(event, Event::Phase(text) if text.contains("time out"))));
    learner.clean_up().await;
}

#[tokio::test]
async fn crashes_leave_no_threads_behind() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    let mine = |names: &str| {
        let all = std::fs::read_dir("/proc/self/task").unwrap();
        let comm = |entry: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(entry.unwrap().path().join("comm"))
        };
        all.filter_map(|entry| comm(entry).ok()).filter(|comm| comm.trim() == names).count()
    };
    for _ in 0..5 {
        let id = learner.consumer(r#""group": "g", "topics": ["t"]"#).await;
        let name = format!("consumer-{}", id.0);
        assigned(&learner, id).await;
        assert!(mine(&name) >= 1);
        let running = learner.start(&format!(r#"{{"crash_consumer": {{"consumer": {}}}}}"#, id.0));
        while learner.closes_of(id).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        running.cancel.cancel();
        running.outcome.await.unwrap();
        // librdkafka's threads inherit no name of ours until they set their own, so only ours is told apart here;
        // those of librdkafka are joined before the consumer's end is told.
        let deadline = Instant::now() + Duration::from_secs(5);
        while mine(&name) > 0 {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    learner.clean_up().await;
}

#[tokio::test]
async fn mistakes_are_refused() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    for (arguments, code) in [
        (r#""group": "", "topics": ["t"]"#, ErrorCode::InvalidGroup),
        (r#""group": "g", "topics": []"#, ErrorCode::InvalidArgument),
        (r#""group": "g", "topics": ["nowhere"]"#, ErrorCode::UnknownTopic),
        (r#""group": "g", "topics": ["^.*"]"#, ErrorCode::InvalidTopic),
        (r#""group": "g", "topics": ["t"], "auto_commit_interval_ms": 1"#, ErrorCode::InvalidSetting),
        (
            r#""group": "g", "topics": ["t"], "settings": {"session.timeout.ms": "1"}"#,
            ErrorCode::InvalidSetting,
        ),
        (
            r#""group": "g", "topics": ["t"], "settings": {"heartbeat.interval.ms": "7000"}"#,
            ErrorCode::InvalidSetting,
        ),
        (r#""group": "g", "topics": ["t"], "settings": {"group.id": "h"}"#, ErrorCode::SettingNotAllowed),
    ] {
        let error = learner.err(&format!(r#"{{"start_consumer": {{{arguments}}}}}"#)).await;
        assert_eq!(error.code, code, "{arguments}: {error:?}");
    }
    assert_eq!(learner.err(r#"{"describe_group": {"group": "nobody"}}"#).await.code, ErrorCode::UnknownGroup);
    learner.clean_up().await;
}

#[tokio::test]
async fn there_is_a_limit_and_the_end_of_the_session_frees_it() {
    let learner = Learner::new();
    learner.create("t", 1).await;
    let mut ids = Vec::new();
    for _ in 0..backend::kafka::MAX_CONSUMERS {
        ids.push(learner.consumer(r#""group": "g", "topics": ["t"]"#).await);
    }
    let error = learner.err(r#"{"start_consumer": {"group": "g", "topics": ["t"]}}"#).await;
    assert_eq!(error.code, ErrorCode::LimitReached);
    learner.session_ended.cancel();
    let deadline = Instant::now() + Duration::from_secs(20);
    for id in ids {
        while learner.closes_of(id).is_empty() {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(learner.closes_of(id), [CloseReason::SessionEnded]);
    }
    learner.clean_up().await;
}
