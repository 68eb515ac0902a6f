//! DeleteRecords, and the followers that have to follow.

use super::scene::{Scene, TOPIC};
use crate::core::{ConnectionId, End};
use crate::wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsRequestData, DeleteRecordsTopic,
};
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
fn a_broker_that_is_gone_is_waited_for_until_its_session_has_timed_out() {
    let mut scene = scene();
    scene.cluster.end(3, End::Kill);
    let (on, answer) = delete(&mut scene, 2, 30_000);
    assert_eq!(answer, None);
    scene.cluster.advance(8_999);
    assert!(scene.cluster.answer(on).is_none());
    scene.cluster.advance(1);
    assert_eq!(scene.cluster.answer(on).map(deleted), Some((ErrorCode::None, 2)));
    assert_eq!(delete(&mut scene, 3, 1_000).1, Some((ErrorCode::None, 3)));
}

#[test]
fn who_waits_learns_that_another_broker_leads() {
    let mut scene = scene();
    scene.cluster.delay(3, 0, 60_000);
    let (on, _) = delete(&mut scene, 2, 30_000);
    scene.cluster.cut_off(1, true);
    scene.session_times_out();
    assert!(scene.cluster.answer(on).is_none(), "it does not know of it");
    scene.cluster.cut_off(1, false);
    assert_eq!(scene.cluster.answer(on).map(deleted), Some((ErrorCode::NotLeaderOrFollower, -1)));
}
