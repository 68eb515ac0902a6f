//! Fetches that wait for records.

use super::scene::{Scene, TOPIC, fetch};
use crate::core::testing::ask;
use crate::core::{BrokerId, ConnectionId, End};
use crate::wire::messages::delete_topics_request::{DeleteTopicState, DeleteTopicsRequestData};
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
use crate::wire::{Api, FetchResponse, Request, Response, text};

/// The bytes of a record that [`Scene::produce`] sends, as a batch.
const BATCH_BYTES: i32 = 70;

/// Waits up to 30 seconds for so many bytes.
fn wanting(offset: i64, min_bytes: i32) -> FetchRequestData {
    FetchRequestData { min_bytes, ..fetch(offset, 30_000) }
}

fn begin(scene: &mut Scene, broker: BrokerId, request: FetchRequestData) -> (ConnectionId, Option<usize>) {
    let connection = scene.cluster.connect(broker);
    let answer = scene.cluster.ask_on(connection, Api::Fetch, 12, Request::Fetch(request));
    (connection, answer.map(batches))
}

fn answered(scene: &mut Scene, connection: ConnectionId) -> Option<usize> {
    scene.cluster.answer(connection).map(batches)
}

fn whole(answer: Response) -> FetchResponse {
    match answer {
        Response::Fetch(response) => response,
        other => panic!("not {other:?}"),
    }
}

/// How many batches there are in an answer.
fn batches(answer: Response) -> usize {
    whole(answer).records.iter().map(Vec::len).sum()
}

fn with_records(count: usize) -> Scene {
    let mut scene = Scene::new(1, &[1], &[]);
    for _ in 0..count {
        scene.produce(1, 1, "v");
    }
    scene
}

#[test]
fn a_batch_that_has_no_room_counts_for_the_part_that_has() {
    let mut scene = with_records(5);
    // Three batches and a half are wanted, and no more may come: Apache Kafka cuts the fourth.
    let most = BATCH_BYTES * 7 / 2;
    let mut request = wanting(0, most);
    request.topics[0].partitions[0].partition_max_bytes = most;
    assert_eq!(begin(&mut scene, 1, request).1, Some(3));
    let request = FetchRequestData { max_bytes: most, ..wanting(0, most) };
    assert_eq!(begin(&mut scene, 1, request).1, Some(3));
}

#[test]
fn nobody_waits_for_more_than_an_answer_may_have() {
    let mut scene = with_records(2);
    let request = FetchRequestData { max_bytes: BATCH_BYTES, ..wanting(0, i32::MAX) };
    assert_eq!(begin(&mut scene, 1, request).1, Some(1));
    let request = FetchRequestData { max_bytes: 0, ..wanting(2, 1) };
    assert_eq!(begin(&mut scene, 1, request).1, Some(0), "no bytes are there at once");
}

#[test]
fn who_waits_for_many_bytes_is_answered_with_the_record_that_completes_them() {
    let mut scene = with_records(1);
    let (connection, answer) = begin(&mut scene, 1, wanting(0, BATCH_BYTES * 3));
    assert_eq!(answer, None);
    scene.produce(1, 1, "v");
    assert_eq!(answered(&mut scene, connection), None);
    scene.produce(1, 1, "v");
    assert_eq!(answered(&mut scene, connection), Some(3));
}

#[test]
fn a_batch_larger_than_what_a_partition_may_give_counts_for_that_once_somebody_waits() {
    let mut scene = with_records(1);
    let small = |offset| {
        let mut request = wanting(offset, BATCH_BYTES);
        request.topics[0].partitions[0].partition_max_bytes = BATCH_BYTES - 1;
        request
    };
    assert_eq!(begin(&mut scene, 1, small(0)).1, Some(1), "what is there is read whole");
    let (connection, answer) = begin(&mut scene, 1, small(1));
    assert_eq!(answer, None);
    scene.produce(1, 1, "v");
    assert_eq!(answered(&mut scene, connection), None, "what comes is counted as far as it may be given");
    scene.cluster.advance(30_000);
    assert_eq!(answered(&mut scene, connection), Some(1));
}

#[test]
fn who_asks_past_the_high_watermark_is_not_kept_waiting() {
    let mut scene = Scene::new(2, &[1, 2], &[("min.insync.replicas", "2")]);
    scene.cluster.end(2, End::Controlled);
    scene.produce(1, 1, "nobody sees it");
    assert_eq!(begin(&mut scene, 1, wanting(1, 1)).1, Some(0));
    assert_eq!(begin(&mut scene, 1, wanting(0, 1)).1, None, "at the high watermark");
}

#[test]
fn a_topic_that_is_deleted_ends_the_wait_for_it_though_others_are_there() {
    let mut scene = with_records(0);
    let mut request = wanting(0, 1);
    request.topics.insert(
        0,
        FetchTopic {
            topic: text("unknown"),
            partitions: vec![FetchPartition { last_fetched_epoch: -1, ..Default::default() }],
            ..Default::default()
        },
    );
    let (connection, answer) = begin(&mut scene, 1, request);
    assert_eq!(answer, None, "what was never there is not waited for");
    let delete = DeleteTopicsRequestData {
        topics: vec![DeleteTopicState { name: Some(text(TOPIC)), ..Default::default() }],
        timeout_ms: 1000,
        ..Default::default()
    };
    ask!(scene.cluster, 1, DeleteTopics, 6, delete);
    assert_eq!(answered(&mut scene, connection), Some(0));
}

#[test]
fn of_a_partition_that_is_named_twice_the_last_counts_wherever_it_stands() {
    let mut scene = with_records(3);
    let mut request = wanting(0, 1);
    request.topics.push(request.topics[0].clone());
    request.topics.push(request.topics[0].clone());
    request.topics[2].partitions[0].fetch_offset = 2;
    let connection = scene.cluster.connect(1);
    let answer = scene.cluster.ask_on(connection, Api::Fetch, 12, Request::Fetch(request));
    let response = whole(answer.expect("there are records"));
    assert_eq!(response.head.responses.len(), 1);
    assert_eq!(response.head.responses[0].partitions.len(), 1);
    assert_eq!(response.records.iter().map(Vec::len).collect::<Vec<_>>(), [1]);
}

#[test]
fn who_would_wait_for_weeks_and_is_answered_soon_leaves_nothing_behind() {
    let mut scene = with_records(0);
    let mut request = fetch(0, i32::MAX);
    for offset in 0..10_000 {
        request.topics[0].partitions[0].fetch_offset = offset;
        let (connection, answer) = begin(&mut scene, 1, request.clone());
        assert_eq!(answer, None);
        scene.produce(1, 1, "v");
        assert_eq!(answered(&mut scene, connection), Some(1));
    }
    let left = scene.cluster.core.deadlines.count();
    assert!(left < 3_000, "{left}");
}

#[test]
fn those_who_do_wait_are_answered_when_their_time_is_over() {
    let mut scene = with_records(0);
    let waiting: Vec<_> = (0..5_000).map(|_| begin(&mut scene, 1, wanting(0, 1)).0).collect();
    scene.cluster.advance(30_000);
    assert!(waiting.into_iter().all(|connection| answered(&mut scene, connection) == Some(0)));
}
