//! Requests to a broker that doesn't lead the partition.

use super::scene::{Scene, TOPIC, fetch};
use crate::core::testing::ask;
use crate::core::{BrokerId, End};
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData};
use crate::wire::messages::list_offsets_request::{
    ListOffsetsPartition, ListOffsetsRequestData, ListOffsetsTopic,
};
use crate::wire::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderEpochRequestData, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use crate::wire::{ErrorCode, text};

const CONSUMER: i32 = -1;
/// As clients call themselves that look for faults.
const DEBUGGING: i32 = -2;

/// The partition's latest offset as a broker says it, or its error.
fn latest(scene: &mut Scene, broker: BrokerId, replica_id: i32, epoch: i32) -> Result<i64, ErrorCode> {
    let request = ListOffsetsRequestData {
        replica_id,
        topics: vec![ListOffsetsTopic {
            name: text(TOPIC),
            partitions: vec![ListOffsetsPartition {
                timestamp: -1,
                current_leader_epoch: epoch,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = ask!(scene.cluster, broker, ListOffsets, 8, request);
    let partition = &response.topics[0].partitions[0];
    match ErrorCode::from(partition.error_code) {
        ErrorCode::None => Ok(partition.offset),
        error => Err(error),
    }
}

/// Where an epoch ends as a broker says it, or its error.
fn end_of_epoch(scene: &mut Scene, broker: BrokerId, epoch: i32) -> Result<i64, ErrorCode> {
    let request = OffsetForLeaderEpochRequestData {
        replica_id: CONSUMER,
        topics: vec![OffsetForLeaderTopic {
            topic: text(TOPIC),
            partitions: vec![OffsetForLeaderPartition { current_leader_epoch: epoch, ..Default::default() }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = ask!(scene.cluster, broker, OffsetForLeaderEpoch, 4, request);
    let partition = &response.topics[0].partitions[0];
    match ErrorCode::from(partition.error_code) {
        ErrorCode::None => Ok(partition.end_offset),
        error => Err(error),
    }
}

#[test]
fn a_follower_looks_at_the_epoch_first_and_a_broker_without_a_replica_never() {
    const FOLLOWER: BrokerId = 2;
    const OTHER: BrokerId = 3;
    let mut scene = Scene::new(3, &[1, FOLLOWER], &[]);
    assert_eq!(scene.produce_error(1, -1, "a"), ErrorCode::None);
    assert_eq!((latest(&mut scene, 1, CONSUMER, 0), end_of_epoch(&mut scene, 1, 0)), (Ok(1), Ok(1)));
    let no_leader = Err(ErrorCode::NotLeaderOrFollower);
    for (broker, epoch, answer) in [
        (FOLLOWER, -1, no_leader),
        (FOLLOWER, 0, no_leader),
        (FOLLOWER, 1, Err(ErrorCode::UnknownLeaderEpoch)),
        (OTHER, -1, no_leader),
        (OTHER, 1, no_leader),
    ] {
        assert_eq!(latest(&mut scene, broker, CONSUMER, epoch), answer, "{broker} in epoch {epoch}");
        assert_eq!(end_of_epoch(&mut scene, broker, epoch), answer, "{broker} in epoch {epoch}");
    }
}

#[test]
fn who_looks_for_faults_hears_of_the_end_of_any_replica_and_reads_as_consumers_do() {
    let mut scene = Scene::new(4, &[1, 2, 3], &[("min.insync.replicas", "3")]);
    assert_eq!(scene.produce_error(1, -1, "seen"), ErrorCode::None);
    scene.cluster.end(3, End::Controlled);
    assert_eq!(scene.produce_error(1, 1, "held back"), ErrorCode::None);
    assert_eq!(latest(&mut scene, 1, CONSUMER, -1), Ok(1));
    assert_eq!(latest(&mut scene, 2, CONSUMER, -1), Err(ErrorCode::NotLeaderOrFollower));
    for replica in [1, 2] {
        assert_eq!(latest(&mut scene, replica, DEBUGGING, -1), Ok(2));
        for replica_id in [CONSUMER, DEBUGGING] {
            let request = FetchRequestData { replica_id, ..fetch(0, 0) };
            let response = ask!(scene.cluster, replica, Fetch, 12, request);
            assert_eq!(response.head.responses[0].partitions[0].error_code, 0);
            assert_eq!(response.records[0].len(), 1, "as {replica_id} of {replica}");
        }
    }
    assert_eq!(latest(&mut scene, 4, DEBUGGING, -1), Err(ErrorCode::NotLeaderOrFollower));
}

#[test]
fn a_new_leader_that_may_lack_committed_records_of_old_epochs_tells_no_end_of_the_log() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "3")]);
    assert_eq!(scene.produce_error(1, -1, "seen"), ErrorCode::None);
    scene.cluster.end(3, End::Controlled);
    assert_eq!(scene.produce_error(1, 1, "held back"), ErrorCode::None);
    assert_eq!(latest(&mut scene, 1, CONSUMER, -1), Ok(1));
    scene.cluster.end(1, End::Controlled);
    assert_eq!(latest(&mut scene, 2, CONSUMER, -1), Err(ErrorCode::OffsetNotAvailable));
    assert_eq!(latest(&mut scene, 2, DEBUGGING, -1), Ok(2));
    for broker in [1, 3] {
        scene.cluster.start(broker);
    }
    assert_eq!(latest(&mut scene, 2, CONSUMER, -1), Ok(2));
}

#[test]
fn partitions_that_are_there_and_not_are_told_in_one_topic() {
    let mut scene = Scene::new(1, &[1], &[]);
    let mut request = fetch(0, 0);
    let missing = FetchPartition { partition: 7, ..request.topics[0].partitions[0].clone() };
    request.topics[0].partitions.insert(0, missing);
    let response = ask!(scene.cluster, 1, Fetch, 12, request);
    let topics: Vec<_> = response.head.responses.iter().map(|topic| &topic.partitions).collect();
    let told: Vec<_> =
        topics.iter().flat_map(|them| them.iter().map(|it| (it.partition_index, it.error_code))).collect();
    assert_eq!(topics.len(), 1);
    assert_eq!(told, [(0, 0), (7, ErrorCode::UnknownTopicOrPartition.code())]);
}
