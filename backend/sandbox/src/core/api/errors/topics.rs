//! Of requests about topics and their partitions.

use super::each;
use crate::wire::messages::create_partitions_response::{
    CreatePartitionsResponseData, CreatePartitionsTopicResult,
};
use crate::wire::messages::create_topics_response::{CreatableTopicResult, CreateTopicsResponseData};
use crate::wire::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponseData};
use crate::wire::messages::describe_topic_partitions_response::{
    DescribeTopicPartitionsResponseData, DescribeTopicPartitionsResponseTopic,
};
use crate::wire::messages::elect_leaders_response::{
    ElectLeadersResponseData, PartitionResult, ReplicaElectionResult,
};
use crate::wire::messages::list_partition_reassignments_response::{
    ListPartitionReassignmentsResponseData, OngoingPartitionReassignment, OngoingTopicReassignment,
};
use crate::wire::messages::metadata_response::{MetadataResponseData, MetadataResponseTopic};
use crate::wire::messages::{
    CreatePartitionsRequestData, CreateTopicsRequestData, DeleteTopicsRequestData,
    DescribeTopicPartitionsRequestData, ElectLeadersRequestData, ListPartitionReassignmentsRequestData,
    MetadataRequestData,
};

/// With each topic that is named, and above all from version 13 on.
pub(super) fn metadata(request: &MetadataRequestData, error_code: i16) -> MetadataResponseData {
    let named = request.topics.as_deref().unwrap_or_default();
    let topics = each(named, |topic| MetadataResponseTopic {
        error_code,
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        ..Default::default()
    });
    MetadataResponseData { topics, error_code, ..Default::default() }
}

pub(super) fn describe_topic_partitions(
    request: &DescribeTopicPartitionsRequestData,
    error_code: i16,
) -> DescribeTopicPartitionsResponseData {
    let topics = each(&request.topics, |topic| DescribeTopicPartitionsResponseTopic {
        error_code,
        name: Some(topic.name.clone()),
        ..Default::default()
    });
    DescribeTopicPartitionsResponseData { topics, ..Default::default() }
}

pub(super) fn create_topics(request: &CreateTopicsRequestData, error_code: i16) -> CreateTopicsResponseData {
    let topics = each(&request.topics, |topic| CreatableTopicResult {
        name: topic.name.clone(),
        error_code,
        num_partitions: -1,
        replication_factor: -1,
        configs: Some(Vec::new()),
        ..Default::default()
    });
    CreateTopicsResponseData { topics, ..Default::default() }
}

pub(super) fn delete_topics(request: &DeleteTopicsRequestData, error_code: i16) -> DeleteTopicsResponseData {
    let mut responses = each(&request.topic_names, |name| DeletableTopicResult {
        name: Some(name.clone()),
        error_code,
        ..Default::default()
    });
    responses.extend(each(&request.topics, |topic| DeletableTopicResult {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        error_code,
        ..Default::default()
    }));
    DeleteTopicsResponseData { responses, ..Default::default() }
}

pub(super) fn create_partitions(
    request: &CreatePartitionsRequestData,
    error_code: i16,
) -> CreatePartitionsResponseData {
    let results = each(&request.topics, |topic| CreatePartitionsTopicResult {
        name: topic.name.clone(),
        error_code,
        ..Default::default()
    });
    CreatePartitionsResponseData { results, ..Default::default() }
}

/// With each partition that is named, and above all from version 1 on.
pub(super) fn elect_leaders(
    version: i16,
    request: &ElectLeadersRequestData,
    error_code: i16,
) -> ElectLeadersResponseData {
    let named = request.topic_partitions.as_deref().unwrap_or_default();
    let replica_election_results = each(named, |topic| ReplicaElectionResult {
        topic: topic.topic.clone(),
        partition_result: each(&topic.partitions, |&partition_id| PartitionResult {
            partition_id,
            error_code,
            ..Default::default()
        }),
        ..Default::default()
    });
    let above_all = if version >= 1 { error_code } else { 0 };
    ElectLeadersResponseData { error_code: above_all, replica_election_results, ..Default::default() }
}

pub(super) fn list_partition_reassignments(
    request: &ListPartitionReassignmentsRequestData,
    error_code: i16,
) -> ListPartitionReassignmentsResponseData {
    let named = request.topics.as_deref().unwrap_or_default();
    let topics = each(named, |topic| OngoingTopicReassignment {
        name: topic.name.clone(),
        partitions: each(&topic.partition_indexes, |&partition_index| OngoingPartitionReassignment {
            partition_index,
            ..Default::default()
        }),
        ..Default::default()
    });
    ListPartitionReassignmentsResponseData { error_code, topics, ..Default::default() }
}
