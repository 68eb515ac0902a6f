//! Groups of a whole cluster: who coordinates them, what moves with that, and what each version of an API says.

mod committing;
mod failing;
mod finding;
mod judging;
mod large;
mod log;
mod members;
mod overview;

use bytes::Bytes;

use crate::core::group::{Committed, GroupRecord};
use crate::core::testing::{TestCluster, ask};
use crate::core::{ConnectionId, End, TopicPartition};
use crate::wire::messages::{
    DeleteGroupsRequestData, DeleteTopicsRequestData, DescribeGroupsRequestData, FindCoordinatorRequestData,
    HeartbeatRequestData, JoinGroupRequestData, JoinGroupRequestProtocol, JoinGroupResponseData,
    LeaveGroupRequestData, ListGroupsRequestData, MemberIdentity, OffsetCommitRequestData,
    OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetDeleteRequestData,
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic, OffsetFetchRequestData, OffsetFetchRequestGroup,
    OffsetFetchRequestTopic, OffsetFetchRequestTopics, SyncGroupRequestAssignment, SyncGroupRequestData,
};
use crate::wire::{Api, ErrorCode, KafkaUuid, Request, Response, text};

const GROUP: &str = "readers";
const AT_ONCE: (&str, &str) = ("group.initial.rebalance.delay.ms", "0");

/// Three brokers with a topic of two partitions, whose groups can be asked for.
fn cluster() -> TestCluster {
    let mut cluster = TestCluster::new(3, &[AT_ONCE]);
    cluster.core.begin_with_topic("orders", 2, 3).unwrap();
    find(&mut cluster, 1);
    cluster
}

/// FindCoordinator of [`GROUP`]: the error and the broker.
fn find(cluster: &mut TestCluster, broker: i32) -> (i16, i32) {
    let request = FindCoordinatorRequestData { coordinator_keys: vec![text(GROUP)], ..Default::default() };
    let response = ask!(cluster, broker, FindCoordinator, 4, request);
    (response.coordinators[0].error_code, response.coordinators[0].node_id)
}

fn coordinator(cluster: &mut TestCluster) -> i32 {
    let (error, broker) = find(cluster, 1);
    assert_eq!(error, 0);
    broker
}

fn other_than(broker: i32) -> i32 {
    if broker == 1 { 2 } else { 1 }
}

fn join_request(member: &str) -> JoinGroupRequestData {
    JoinGroupRequestData {
        group_id: text(GROUP),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        member_id: text(member),
        protocol_type: text("consumer"),
        protocols: vec![JoinGroupRequestProtocol {
            name: text("range"),
            metadata: Bytes::from_static(b"\0\0\0\0\0\0\0\0\0\0"),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn join_on(cluster: &mut TestCluster, on: ConnectionId, member: &str) -> Option<JoinGroupResponseData> {
    cluster.ask_on(on, Api::JoinGroup, 3, Request::JoinGroup(join_request(member))).map(joined)
}

fn joined(response: Response) -> JoinGroupResponseData {
    match response {
        Response::JoinGroup(response) => response,
        other => panic!("{other:?} is no answer to JoinGroup"),
    }
}

/// Has a member join alone, and take its assignment: its id.
fn group_of_one(cluster: &mut TestCluster, broker: i32) -> String {
    let on = cluster.connect(broker);
    let joined = join_on(cluster, on, "").expect("without a delay the first member is answered at once");
    assert_eq!(joined.error_code, 0);
    let member = joined.member_id.as_str().to_owned();
    let request = SyncGroupRequestData {
        group_id: text(GROUP),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        assignments: vec![SyncGroupRequestAssignment {
            member_id: joined.member_id,
            assignment: Bytes::from_static(b"yours"),
            ..Default::default()
        }],
        ..Default::default()
    };
    let synced = ask!(cluster, broker, SyncGroup, 3, request);
    assert_eq!((synced.error_code, &*synced.assignment), (0, &b"yours"[..]));
    member
}

/// A commit by nobody in particular, of each partition, at offset 5.
fn commit_request(topics: &[(&str, &[i32])]) -> OffsetCommitRequestData {
    let topics = topics.iter().map(|(name, partitions)| OffsetCommitRequestTopic {
        name: text(*name),
        partitions: partitions
            .iter()
            .map(|&partition_index| OffsetCommitRequestPartition {
                partition_index,
                committed_offset: 5,
                committed_leader_epoch: -1,
                committed_metadata: Some(text("")),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    });
    OffsetCommitRequestData {
        group_id: text(GROUP),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: topics.collect(),
        ..Default::default()
    }
}

/// The errors of a commit, by topic and partition.
fn commit(cluster: &mut TestCluster, broker: i32, topics: &[(&str, &[i32])]) -> Vec<(String, i32, i16)> {
    let response = ask!(cluster, broker, OffsetCommit, 7, commit_request(topics));
    let topics = response.topics.iter();
    topics
        .flat_map(|topic| {
            let name = topic.name.as_str();
            topic.partitions.iter().map(move |it| (name.to_owned(), it.partition_index, it.error_code))
        })
        .collect()
}

/// A commit of an offset for partition 0 of `orders`.
fn commit_on(cluster: &mut TestCluster, on: ConnectionId, offset: i64) -> Option<Response> {
    let mut request = commit_request(&[("orders", &[0])]);
    request.topics[0].partitions[0].committed_offset = offset;
    cluster.ask_on(on, Api::OffsetCommit, 7, Request::OffsetCommit(request))
}

fn commit_error(answer: Option<Response>) -> Option<ErrorCode> {
    let Some(Response::OffsetCommit(response)) = answer else { return None };
    Some(ErrorCode::from(response.topics[0].partitions[0].error_code))
}

/// A commit that is answered when its time is over.
fn commit_late(cluster: &mut TestCluster, broker: i32, offset: i64) -> ErrorCode {
    let on = cluster.connect(broker);
    assert!(commit_on(cluster, on, offset).is_none());
    cluster.advance(4_999);
    assert!(cluster.answer(on).is_none());
    cluster.advance(1);
    commit_error(cluster.answer(on)).expect("an answer after five seconds")
}

/// What a broker has of the group's partition of `__consumer_offsets`, by offset.
fn written(cluster: &TestCluster, broker: i32) -> Vec<(i64, GroupRecord)> {
    let topic = cluster.core.image.topic("__consumer_offsets").unwrap();
    let partition = crate::core::group::partition_for(GROUP, 50);
    let id = TopicPartition { topic: topic.id, partition };
    let log = &cluster.core.partitions[&id].replica(broker).unwrap().log;
    let batches = log.batches_from(log.start_offset());
    batches
        .flat_map(|batch| {
            let records = (batch.base_offset()..).zip(batch.keyed_records());
            records.map(|(offset, record)| (offset, GroupRecord::read(&record).expect("it can be read")))
        })
        .collect()
}

/// All that is committed: the error, and the offsets by topic and partition.
fn committed(cluster: &mut TestCluster, broker: i32) -> (i16, Vec<(String, i32, i64)>) {
    let request = OffsetFetchRequestData { group_id: text(GROUP), topics: None, ..Default::default() };
    let response = ask!(cluster, broker, OffsetFetch, 7, request);
    let offsets = response.topics.iter().flat_map(|topic| {
        let name = topic.name.as_str();
        topic.partitions.iter().map(move |it| (name.to_owned(), it.partition_index, it.committed_offset))
    });
    (response.error_code, offsets.collect())
}

fn state(cluster: &mut TestCluster, broker: i32) -> (i16, String, usize) {
    let request = DescribeGroupsRequestData { groups: vec![text(GROUP)], ..Default::default() };
    let response = ask!(cluster, broker, DescribeGroups, 5, request);
    let group = &response.groups[0];
    (group.error_code, group.group_state.as_str().to_owned(), group.members.len())
}
