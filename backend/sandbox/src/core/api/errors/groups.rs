//! Of requests to coordinators, and about them.

use super::{each, words};
use crate::wire::messages::delete_groups_response::{DeletableGroupResult, DeleteGroupsResponseData};
use crate::wire::messages::describe_groups_response::{DescribeGroupsResponseData, DescribedGroup};
use crate::wire::messages::find_coordinator_response::{Coordinator, FindCoordinatorResponseData};
use crate::wire::messages::offset_commit_response::{
    OffsetCommitResponseData, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use crate::wire::messages::offset_fetch_response::{
    OffsetFetchResponseData, OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use crate::wire::messages::{
    DeleteGroupsRequestData, DescribeGroupsRequestData, FindCoordinatorRequestData, HeartbeatResponseData,
    JoinGroupResponseData, LeaveGroupResponseData, ListGroupsResponseData, OffsetCommitRequestData,
    OffsetDeleteResponseData, OffsetFetchRequestData, SyncGroupResponseData,
};
use crate::wire::text;

pub(super) fn offset_commit(request: &OffsetCommitRequestData, error_code: i16) -> OffsetCommitResponseData {
    let topics = each(&request.topics, |topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: each(&topic.partitions, |partition| OffsetCommitResponsePartition {
            partition_index: partition.partition_index,
            error_code,
            ..Default::default()
        }),
        ..Default::default()
    });
    OffsetCommitResponseData { topics, ..Default::default() }
}

/// With each partition in version 1, above all in versions 2 to 7, with each group after that.
pub(super) fn offset_fetch(
    version: i16,
    request: &OffsetFetchRequestData,
    error_code: i16,
) -> OffsetFetchResponseData {
    if version >= 8 {
        let groups = each(&request.groups, |group| OffsetFetchResponseGroup {
            group_id: group.group_id.clone(),
            error_code,
            ..Default::default()
        });
        return OffsetFetchResponseData { groups, ..Default::default() };
    }
    if version >= 2 {
        return OffsetFetchResponseData { error_code, ..Default::default() };
    }
    let named = request.topics.as_deref().unwrap_or_default();
    let topics = each(named, |topic| OffsetFetchResponseTopic {
        name: topic.name.clone(),
        partitions: each(&topic.partition_indexes, |&partition_index| OffsetFetchResponsePartition {
            partition_index,
            committed_offset: -1,
            metadata: Some(text("")),
            error_code,
            ..Default::default()
        }),
        ..Default::default()
    });
    OffsetFetchResponseData { topics, ..Default::default() }
}

pub(super) fn offset_delete(error_code: i16) -> OffsetDeleteResponseData {
    OffsetDeleteResponseData { error_code, ..Default::default() }
}

pub(super) fn find_coordinator(
    version: i16,
    request: &FindCoordinatorRequestData,
    error_code: i16,
) -> FindCoordinatorResponseData {
    let error_message = words(error_code);
    if version < 4 {
        let (node_id, port) = (-1, -1);
        return FindCoordinatorResponseData {
            error_code,
            error_message,
            node_id,
            port,
            ..Default::default()
        };
    }
    let coordinators = each(&request.coordinator_keys, |key| Coordinator {
        key: key.clone(),
        node_id: -1,
        port: -1,
        error_code,
        error_message: error_message.clone(),
        ..Default::default()
    });
    FindCoordinatorResponseData { coordinators, ..Default::default() }
}

pub(super) fn join_group(version: i16, error_code: i16) -> JoinGroupResponseData {
    JoinGroupResponseData {
        error_code,
        generation_id: -1,
        protocol_name: (version < 7).then(Default::default),
        ..Default::default()
    }
}

pub(super) fn heartbeat(error_code: i16) -> HeartbeatResponseData {
    HeartbeatResponseData { error_code, ..Default::default() }
}

pub(super) fn leave_group(error_code: i16) -> LeaveGroupResponseData {
    LeaveGroupResponseData { error_code, ..Default::default() }
}

pub(super) fn sync_group(error_code: i16) -> SyncGroupResponseData {
    SyncGroupResponseData { error_code, ..Default::default() }
}

pub(super) fn describe_groups(
    request: &DescribeGroupsRequestData,
    error_code: i16,
) -> DescribeGroupsResponseData {
    let groups = each(&request.groups, |group_id| DescribedGroup {
        group_id: group_id.clone(),
        error_code,
        ..Default::default()
    });
    DescribeGroupsResponseData { groups, ..Default::default() }
}

pub(super) fn list_groups(error_code: i16) -> ListGroupsResponseData {
    ListGroupsResponseData { error_code, ..Default::default() }
}

pub(super) fn delete_groups(request: &DeleteGroupsRequestData, error_code: i16) -> DeleteGroupsResponseData {
    let results = each(&request.groups_names, |group_id| DeletableGroupResult {
        group_id: group_id.clone(),
        error_code,
        ..Default::default()
    });
    DeleteGroupsResponseData { results, ..Default::default() }
}
