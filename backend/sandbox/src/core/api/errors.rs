//! Responses that say one error of all that a request asks for.

use crate::core::Answer;
use crate::wire::messages::{
    CreatePartitionsResponseData, CreateTopicsResponseData, DeleteTopicsResponseData, FetchResponseData,
    FindCoordinatorResponseData, HeartbeatResponseData, InitProducerIdResponseData, LeaveGroupResponseData,
    ListOffsetsResponseData, MetadataResponseData, OffsetCommitResponseData, OffsetFetchResponseData,
    ProduceResponseData, SyncGroupResponseData,
};
use crate::wire::messages::{
    create_partitions_response::CreatePartitionsTopicResult, create_topics_response::CreatableTopicResult,
    delete_topics_response::DeletableTopicResult, fetch_response, find_coordinator_response,
    join_group_response::JoinGroupResponseData, list_offsets_response, metadata_response,
    offset_commit_response, offset_fetch_response, produce_response,
};
use crate::wire::{FetchResponse, Request};

/// A response that says `error` of all that the request asks for. `None`: this API has no place for it here.
pub(in crate::core) fn with_error(version: i16, request: &Request, error_code: i16) -> Option<Answer> {
    Some(match request {
        Request::Produce(request) if request.acks == 0 => Answer::Close,
        Request::Produce(request) => {
            let responses = each(&request.topics, |topic| produce_response::TopicProduceResponse {
                name: topic.name.clone(),
                topic_id: topic.id,
                partition_responses: each(&topic.partitions, |partition| {
                    produce_response::PartitionProduceResponse {
                        index: partition.index,
                        error_code,
                        base_offset: -1,
                        log_append_time_ms: -1,
                        log_start_offset: -1,
                        ..Default::default()
                    }
                }),
                ..Default::default()
            });
            ProduceResponseData { responses, ..Default::default() }.into()
        }
        Request::Fetch(request) => {
            let responses = each(&request.topics, |topic| fetch_response::FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                partitions: each(&topic.partitions, |partition| fetch_response::PartitionData {
                    partition_index: partition.partition,
                    error_code,
                    high_watermark: -1,
                    last_stable_offset: -1,
                    log_start_offset: -1,
                    preferred_read_replica: -1,
                    ..Default::default()
                }),
                ..Default::default()
            });
            let partitions = request.topics.iter().map(|topic| topic.partitions.len()).sum();
            let head = FetchResponseData { responses, ..Default::default() };
            FetchResponse { head, records: vec![Vec::new(); partitions] }.into()
        }
        Request::ListOffsets(request) => {
            let topics = each(&request.topics, |topic| list_offsets_response::ListOffsetsTopicResponse {
                name: topic.name.clone(),
                partitions: each(&topic.partitions, |partition| {
                    list_offsets_response::ListOffsetsPartitionResponse {
                        partition_index: partition.partition_index,
                        error_code,
                        ..Default::default()
                    }
                }),
                ..Default::default()
            });
            ListOffsetsResponseData { topics, ..Default::default() }.into()
        }
        Request::Metadata(request) => {
            let named = request.topics.as_deref().unwrap_or_default();
            let topics = each(named, |topic| metadata_response::MetadataResponseTopic {
                error_code,
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                ..Default::default()
            });
            MetadataResponseData { topics, ..Default::default() }.into()
        }
        Request::OffsetCommit(request) => {
            let topics = each(&request.topics, |topic| offset_commit_response::OffsetCommitResponseTopic {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partitions: each(&topic.partitions, |partition| {
                    offset_commit_response::OffsetCommitResponsePartition {
                        partition_index: partition.partition_index,
                        error_code,
                        ..Default::default()
                    }
                }),
                ..Default::default()
            });
            OffsetCommitResponseData { topics, ..Default::default() }.into()
        }
        Request::OffsetFetch(request) if version >= 8 => {
            let groups = each(&request.groups, |group| offset_fetch_response::OffsetFetchResponseGroup {
                group_id: group.group_id.clone(),
                error_code,
                ..Default::default()
            });
            OffsetFetchResponseData { groups, ..Default::default() }.into()
        }
        Request::OffsetFetch(_) => OffsetFetchResponseData { error_code, ..Default::default() }.into(),
        Request::FindCoordinator(request) if version >= 4 => {
            let coordinators =
                each(&request.coordinator_keys, |key| find_coordinator_response::Coordinator {
                    key: key.clone(),
                    node_id: -1,
                    port: -1,
                    error_code,
                    ..Default::default()
                });
            FindCoordinatorResponseData { coordinators, ..Default::default() }.into()
        }
        Request::FindCoordinator(_) => {
            FindCoordinatorResponseData { error_code, node_id: -1, port: -1, ..Default::default() }.into()
        }
        Request::JoinGroup(request) => JoinGroupResponseData {
            error_code,
            generation_id: -1,
            protocol_name: (version < 7).then(Default::default),
            member_id: request.member_id.clone(),
            ..Default::default()
        }
        .into(),
        Request::Heartbeat(_) => HeartbeatResponseData { error_code, ..Default::default() }.into(),
        Request::LeaveGroup(_) => LeaveGroupResponseData { error_code, ..Default::default() }.into(),
        Request::SyncGroup(_) => SyncGroupResponseData { error_code, ..Default::default() }.into(),
        Request::InitProducerId(_) => InitProducerIdResponseData {
            error_code,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        }
        .into(),
        Request::CreateTopics(request) => {
            let topics = each(&request.topics, |topic| CreatableTopicResult {
                name: topic.name.clone(),
                error_code,
                num_partitions: -1,
                replication_factor: -1,
                ..Default::default()
            });
            CreateTopicsResponseData { topics, ..Default::default() }.into()
        }
        Request::DeleteTopics(request) => {
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
            DeleteTopicsResponseData { responses, ..Default::default() }.into()
        }
        Request::CreatePartitions(request) => {
            let results = each(&request.topics, |topic| CreatePartitionsTopicResult {
                name: topic.name.clone(),
                error_code,
                ..Default::default()
            });
            CreatePartitionsResponseData { results, ..Default::default() }.into()
        }
        _ => return None,
    })
}

fn each<T, R>(items: &[T], answer: impl FnMut(&T) -> R) -> Vec<R> {
    items.iter().map(answer).collect()
}
