//! DeleteRecords, and the followers that have to follow.

use super::scene::{Scene, TOPIC};
use crate::core::testing::ask;
use crate::core::{ConnectionId, End};
use crate::wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsRequestData, DeleteRecordsTopic,
};
use crate::wire::messages::delete_topics_request::DeleteTopicsRequestData;
use crate::wire::{Api, ErrorCode, Request, Response, text};

/// Three records on three brokers, two of which are to go; followers have them.
fn scene() -> Scene {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    for value in ["a", "b", "c"] {
        scene.produce(1, -1, value);
    }
    scene
}

fn delete(scene: &mut Scene, offset: i64, timeout_ms: i32) -> (ConnectionId, Option<(ErrorCode, i64)>) {
    let request = DeleteRecordsRequestData {
        topics: vec![DeleteRecordsTopic {
            name: text(TOPIC),
            partitions: vec![DeleteRecordsPartition { partition_index: 0, offset, ..Default::default() }],
            ..Default::default()
        }],
        timeout_ms,
        ..Default::default()
    };
    let on = scene.cluster.connect(1);
    let answer = scene.cluster.ask_on(on, Api::DeleteRecords, 2, Request::DeleteRecords(request));
    (on, answer.map(deleted))
}

fn deleted(answer: Response) -> (ErrorCode, i64) {
    let Response::DeleteRecords(response) = answer else { panic!("{answer:?}") };
    let partition = &response.topics[0].partitions[0];
    (ErrorCode::from(partition.error_code), partition.low_watermark)
}

#[test]
fn it_is_answered_at_once_where_all_follow_at_once() {
    let mut scene = scene();
    assert_eq!(delete(&mut scene, 2, 1_000).1, Some((ErrorCode::None, 2)));
    assert_eq!(delete(&mut scene, 1, 1_000).1, Some((ErrorCode::None, 2)), "there is nothing to do");
    assert_eq!(delete(&mut scene, 9, 1_000).1, Some((ErrorCode::OffsetOutOfRange, -1)));
}

#[test]
fn records_may_be_deleted_unless_their_topic_is_compacted_and_nothing_else() {
    let refused = ErrorCode::PolicyViolation;
    for (policy, expected) in
        [("compact", (refused, -1)), ("compact,delete", (ErrorCode::None, 1)), ("", (ErrorCode::None, 1))]
    {
        let mut scene = Scene::new(1, &[1], &[("cleanup.policy", policy)]);
        scene.produce(1, 1, "a");
        assert_eq!(delete(&mut scene, 1, 1_000).1, Some(expected), "{policy:?}");
    }
}

#[test]
fn it_waits_for_a_follower_that_is_slow() {
    let mut scene = scene();
    scene.cluster.delay(3, 0, 700);
    let (on, answer) = delete(&mut scene, 2, 1_000);
    assert_eq!(answer, None);
    scene.cluster.advance(699);
    assert!(scene.cluster.answer(on).is_none());
    scene.cluster.advance(1);
    assert_eq!(scene.cluster.answer(on).map(deleted), Some((ErrorCode::None, 2)));
}

#[test]
fn what_a_follower_still_has_when_the_time_is_over_is_told_and_goes_all_the_same() {
    let mut scene = scene();
    scene.cluster.delay(3, 0, 2_000);
    let (on, _) = delete(&mut scene, 2, 1_000);
    scene.cluster.advance(1_000);
    assert_eq!(scene.cluster.answer(on).map(deleted), Some((ErrorCode::RequestTimedOut, 0)));
    scene.cluster.advance(1_000);
    assert_eq!(delete(&mut scene, 2, 1_000).1, Some((ErrorCode::None, 2)));
}

#[test]
fn that_a_brokers_session_has_timed_out_is_seen_with_the_next_record() {
    let mut scene = scene();
    scene.cluster.end(3, End::Kill);
    let (early, answer) = delete(&mut scene, 2, 8_999);
    assert_eq!(answer, None);
    let (unseen, _) = delete(&mut scene, 2, 10_000);
    let (seen, _) = delete(&mut scene, 2, 30_000);
    scene.cluster.advance(8_999);
    assert_eq!(scene.cluster.answer(early).map(deleted), Some((ErrorCode::RequestTimedOut, 0)));
    scene.cluster.advance(1_001);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2]));
    assert_eq!(scene.cluster.answer(unseen).map(deleted), Some((ErrorCode::RequestTimedOut, 0)));
    assert!(scene.cluster.answer(seen).is_none());
    scene.produce(1, 1, "d");
    assert_eq!(scene.cluster.answer(seen).map(deleted), Some((ErrorCode::None, 2)));
    assert_eq!(
        delete(&mut scene, 3, 1_000).1,
        Some((ErrorCode::None, 3)),
        "nobody is waited for who is gone"
    );
}

#[test]
fn who_waits_is_not_told_that_another_broker_leads_nor_that_the_topic_is_gone() {
    let mut moved = scene();
    moved.cluster.delay(3, 0, 60_000);
    let (on, _) = delete(&mut moved, 2, 30_000);
    moved.cluster.cut_off(1, true);
    moved.session_times_out();
    moved.cluster.cut_off(1, false);
    assert_ne!(moved.leader_and_isr().0, Some(1));
    moved.cluster.advance(20_999);
    assert!(moved.cluster.answer(on).is_none());
    moved.cluster.advance(1);
    assert_eq!(moved.cluster.answer(on).map(deleted), Some((ErrorCode::RequestTimedOut, 0)));

    let mut gone = scene();
    gone.cluster.delay(3, 0, 60_000);
    let (on, _) = delete(&mut gone, 2, 1_000);
    let request =
        DeleteTopicsRequestData { topic_names: vec![text(TOPIC)], timeout_ms: 1_000, ..Default::default() };
    assert_eq!(ask!(gone.cluster, 1, DeleteTopics, 4, request).responses[0].error_code, 0);
    assert!(gone.cluster.answer(on).is_none());
    gone.cluster.advance(1_000);
    assert_eq!(gone.cluster.answer(on).map(deleted), Some((ErrorCode::RequestTimedOut, 0)));
}
