//! Requests that name a partition twice, be it in two places, and what stands once in their answers.

use bytes::Bytes;

use super::scene::{Scene, TOPIC, fetch};
use crate::core::log::testing::BatchBuilder;
use crate::core::testing::{ask, produce_request};
use crate::wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsRequestData, DeleteRecordsTopic,
};
use crate::wire::messages::list_offsets_request::{
    ListOffsetsPartition, ListOffsetsRequestData, ListOffsetsTopic,
};
use crate::wire::{ErrorCode, text};

fn with_records(count: usize) -> Scene {
    let mut scene = Scene::new(1, &[1], &[]);
    for _ in 0..count {
        scene.produce(1, 1, "v");
    }
    scene
}

fn latest(current_leader_epoch: i32) -> ListOffsetsTopic {
    let partition = ListOffsetsPartition { timestamp: -1, current_leader_epoch, ..Default::default() };
    ListOffsetsTopic { name: text(TOPIC), partitions: vec![partition], ..Default::default() }
}

#[test]
fn an_offset_is_refused_that_is_asked_for_in_two_places() {
    let mut scene = with_records(2);
    let topics = vec![latest(-1), latest(-1)];
    let request = ListOffsetsRequestData { replica_id: -1, topics, ..Default::default() };
    let response = ask!(scene.cluster, 1, ListOffsets, 8, request);
    assert_eq!(response.topics.len(), 1);
    let errors: Vec<_> = response.topics[0].partitions.iter().map(|it| it.error_code).collect();
    assert_eq!(errors, [ErrorCode::InvalidRequest.code()]);
}

#[test]
fn of_two_offsets_to_delete_up_to_the_last_counts() {
    let mut scene = with_records(5);
    let up_to = |offsets: &[i64]| DeleteRecordsTopic {
        name: text(TOPIC),
        partitions: offsets
            .iter()
            .map(|&offset| DeleteRecordsPartition { partition_index: 0, offset, ..Default::default() })
            .collect(),
        ..Default::default()
    };
    let topics = vec![up_to(&[4, 3]), up_to(&[2])];
    let request = DeleteRecordsRequestData { topics, timeout_ms: 1000, ..Default::default() };
    let response = ask!(scene.cluster, 1, DeleteRecords, 2, request);
    assert_eq!(response.topics.len(), 1);
    let watermarks: Vec<_> = response.topics[0].partitions.iter().map(|it| it.low_watermark).collect();
    assert_eq!(watermarks, [2]);
    assert_eq!(scene.fetch(1, 1).error, ErrorCode::OffsetOutOfRange);
    assert_eq!(scene.fetch(1, 2).values.len(), 3);
}

#[test]
fn of_two_batches_for_a_partition_in_two_places_the_last_counts() {
    let mut scene = with_records(0);
    let now = scene.cluster.now.wall_ms;
    let batch = |value| {
        let batch = BatchBuilder { base_timestamp: now, ..Default::default() };
        (0, batch.record(Some("k"), Some(value), now).build())
    };
    let mut request = produce_request(TOPIC, 1, 1000, [batch("first")]);
    request.topics.extend(produce_request(TOPIC, 1, 1000, [batch("last")]).topics);
    let response = ask!(scene.cluster, 1, Produce, 12, request);
    assert_eq!(response.responses.len(), 1);
    assert_eq!(response.responses[0].partition_responses.len(), 1);
    assert_eq!(scene.visible(1), ["last"]);
}

#[test]
fn acks_that_can_not_be_are_told_where_there_is_something_to_append() {
    let mut scene = with_records(0);
    let good = BatchBuilder::of(1).build();
    for (topic, batch, expected) in [
        ("unknown", good.clone(), ErrorCode::UnknownTopicOrPartition),
        (TOPIC, Bytes::new(), ErrorCode::InvalidRecord),
        (TOPIC, good, ErrorCode::InvalidRequiredAcks),
    ] {
        let request = produce_request(topic, 2, 1000, [(0, batch)]);
        let response = ask!(scene.cluster, 1, Produce, 12, request);
        let error = ErrorCode::from(response.responses[0].partition_responses[0].error_code);
        assert_eq!(error, expected);
    }
}

#[test]
fn an_epoch_below_none_is_an_old_one_but_for_who_fetches() {
    let mut scene = with_records(1);
    let topics = vec![latest(-2)];
    let request = ListOffsetsRequestData { replica_id: -1, topics, ..Default::default() };
    let response = ask!(scene.cluster, 1, ListOffsets, 8, request);
    assert_eq!(response.topics[0].partitions[0].error_code, ErrorCode::FencedLeaderEpoch.code());
    let mut request = fetch(0, 0);
    request.topics[0].partitions[0].current_leader_epoch = -2;
    let response = ask!(scene.cluster, 1, Fetch, 12, request);
    assert_eq!(response.head.responses[0].partitions[0].error_code, 0);
}
