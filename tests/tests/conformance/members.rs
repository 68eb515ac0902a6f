//! The members of classic groups, as the scenarios make them.

use bytes::Bytes;
use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::{Scenario, some, text};

/// A subscription in version 0, to no topics and without user data: Apache Kafka looks into it.
pub(crate) const SUBSCRIPTION: &[u8] = &[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];

/// A join with the protocols `range` and `roundrobin`, of a member that stays for longer than a scenario takes.
pub(crate) fn join(group: &str, member: &str) -> JoinGroupRequestData {
    let protocol = |name: &str| JoinGroupRequestProtocol {
        name: text(name),
        metadata: Bytes::from_static(SUBSCRIPTION),
        ..JoinGroupRequestProtocol::default()
    };
    JoinGroupRequestData {
        group_id: text(group),
        session_timeout_ms: 600_000,
        rebalance_timeout_ms: 600_000,
        member_id: text(member),
        protocol_type: text("consumer"),
        protocols: vec![protocol("range"), protocol("roundrobin")],
        ..JoinGroupRequestData::default()
    }
}

pub(crate) fn sync(group: &str, generation: i32, member: &str, assigned: &[&str]) -> SyncGroupRequestData {
    SyncGroupRequestData {
        group_id: text(group),
        generation_id: generation,
        member_id: text(member),
        protocol_type: some("consumer"),
        protocol_name: some("range"),
        assignments: assigned
            .iter()
            .map(|member| SyncGroupRequestAssignment {
                member_id: text(member),
                assignment: Bytes::from_static(b"assigned"),
                ..SyncGroupRequestAssignment::default()
            })
            .collect(),
        ..SyncGroupRequestData::default()
    }
}

pub(crate) fn heartbeat(group: &str, generation: i32, member: &str) -> HeartbeatRequestData {
    HeartbeatRequestData {
        group_id: text(group),
        generation_id: generation,
        member_id: text(member),
        ..HeartbeatRequestData::default()
    }
}

pub(crate) fn leave(version: i16, group: &str, member: &str) -> LeaveGroupRequestData {
    let mut request = LeaveGroupRequestData { group_id: text(group), ..LeaveGroupRequestData::default() };
    if version < 3 {
        request.member_id = text(member);
    } else {
        request.members = vec![MemberIdentity { member_id: text(member), ..MemberIdentity::default() }];
    }
    request
}

pub(crate) fn describe(group: &str) -> DescribeGroupsRequestData {
    DescribeGroupsRequestData { groups: vec![text(group)], ..DescribeGroupsRequestData::default() }
}

pub(crate) fn delete(group: &str) -> DeleteGroupsRequestData {
    DeleteGroupsRequestData { groups_names: vec![text(group)], ..DeleteGroupsRequestData::default() }
}

/// Joins as a new member would: its id first.
pub(crate) fn joined(s: &mut Scenario<'_>, group: &str) -> (String, i32) {
    let id = s.quietly(s.home(), &join(group, ""), 9).answer().member_id.as_str().to_owned();
    let answer = s.quietly(s.home(), &join(group, &id), 9).answer();
    assert_eq!(answer.error_code, 0);
    (id, answer.generation_id)
}

/// A group with one member that has its assignment.
pub(crate) fn stable(s: &mut Scenario<'_>, shown: &str) -> (String, String, i32) {
    let group = s.group(shown);
    let (member, generation) = joined(s, &group);
    let answer = s.quietly(s.home(), &sync(&group, generation, &member, &[&member]), 5).answer();
    assert_eq!(answer.error_code, 0);
    (group, member, generation)
}

pub(crate) fn commit(
    group: &str,
    generation: i32,
    member: &str,
    topics: Vec<OffsetCommitRequestTopic>,
) -> OffsetCommitRequestData {
    OffsetCommitRequestData {
        group_id: text(group),
        generation_id_or_member_epoch: generation,
        member_id: text(member),
        topics,
        ..OffsetCommitRequestData::default()
    }
}

pub(crate) fn commit_topic(
    name: &str,
    topic_id: KafkaUuid,
    partition: i32,
    offset: i64,
) -> OffsetCommitRequestTopic {
    OffsetCommitRequestTopic {
        name: text(name),
        topic_id,
        partitions: vec![OffsetCommitRequestPartition {
            partition_index: partition,
            committed_offset: offset,
            committed_leader_epoch: -1,
            committed_metadata: some("note"),
            ..OffsetCommitRequestPartition::default()
        }],
        ..OffsetCommitRequestTopic::default()
    }
}
