//! Of requests about records and their offsets.

use super::each;
use crate::wire::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponseData, DeleteRecordsTopicResult,
};
use crate::wire::messages::describe_producers_response::{
    DescribeProducersResponseData, PartitionResponse, TopicResponse,
};
use crate::wire::messages::fetch_response::{FetchResponseData, FetchableTopicResponse, PartitionData};
use crate::wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponseData, ListOffsetsTopicResponse,
};
use crate::wire::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderEpochResponseData, OffsetForLeaderTopicResult,
};
use crate::wire::messages::produce_response::{
    PartitionProduceResponse, ProduceResponseData, TopicProduceResponse,
};
use crate::wire::messages::{
    DeleteRecordsRequestData, DescribeProducersRequestData, FetchRequestData, InitProducerIdResponseData,
    ListOffsetsRequestData, OffsetForLeaderEpochRequestData,
};
use crate::wire::{FetchResponse, ProduceRequest};

pub(super) fn produce(request: &ProduceRequest, error_code: i16) -> ProduceResponseData {
    let responses = each(&request.topics, |topic| TopicProduceResponse {
        name: topic.name.clone(),
        topic_id: topic.id,
        partition_responses: each(&topic.partitions, |partition| PartitionProduceResponse {
            index: partition.index,
            error_code,
            base_offset: -1,
            log_append_time_ms: -1,
            log_start_offset: -1,
            ..Default::default()
        }),
        ..Default::default()
    });
    ProduceResponseData { responses, ..Default::default() }
}

/// The error stands above all, where there is a place for it (version 7), and up to version 12 with each partition too.
pub(super) fn fetch(version: i16, request: &FetchRequestData, error_code: i16) -> FetchResponse {
    let topics = if version < 13 { &*request.topics } else { &[] };
    let responses = each(topics, |topic| FetchableTopicResponse {
        topic: topic.topic.clone(),
        topic_id: topic.topic_id,
        partitions: each(&topic.partitions, |partition| PartitionData {
            partition_index: partition.partition,
            error_code,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            ..Default::default()
        }),
        ..Default::default()
    });
    let partitions = topics.iter().map(|topic| topic.partitions.len()).sum();
    let head = FetchResponseData { error_code, responses, ..Default::default() };
    FetchResponse { head, records: vec![Vec::new(); partitions] }
}

pub(super) fn list_offsets(request: &ListOffsetsRequestData, error_code: i16) -> ListOffsetsResponseData {
    let topics = each(&request.topics, |topic| ListOffsetsTopicResponse {
        name: topic.name.clone(),
        partitions: each(&topic.partitions, |partition| ListOffsetsPartitionResponse {
            partition_index: partition.partition_index,
            error_code,
            ..Default::default()
        }),
        ..Default::default()
    });
    ListOffsetsResponseData { topics, ..Default::default() }
}

pub(super) fn offset_for_leader_epoch(
    request: &OffsetForLeaderEpochRequestData,
    error_code: i16,
) -> OffsetForLeaderEpochResponseData {
    let topics = each(&request.topics, |topic| OffsetForLeaderTopicResult {
        topic: topic.topic.clone(),
        partitions: each(&topic.partitions, |partition| EpochEndOffset {
            error_code,
            partition: partition.partition,
            leader_epoch: -1,
            end_offset: -1,
            ..Default::default()
        }),
        ..Default::default()
    });
    OffsetForLeaderEpochResponseData { topics, ..Default::default() }
}

pub(super) fn delete_records(
    request: &DeleteRecordsRequestData,
    error_code: i16,
) -> DeleteRecordsResponseData {
    let topics = each(&request.topics, |topic| DeleteRecordsTopicResult {
        name: topic.name.clone(),
        partitions: each(&topic.partitions, |partition| DeleteRecordsPartitionResult {
            partition_index: partition.partition_index,
            low_watermark: -1,
            error_code,
            ..Default::default()
        }),
        ..Default::default()
    });
    DeleteRecordsResponseData { topics, ..Default::default() }
}

pub(super) fn describe_producers(
    request: &DescribeProducersRequestData,
    error_code: i16,
) -> DescribeProducersResponseData {
    let topics = each(&request.topics, |topic| TopicResponse {
        name: topic.name.clone(),
        partitions: each(&topic.partition_indexes, |&partition_index| PartitionResponse {
            partition_index,
            error_code,
            ..Default::default()
        }),
        ..Default::default()
    });
    DescribeProducersResponseData { topics, ..Default::default() }
}

pub(super) fn init_producer_id(error_code: i16) -> InitProducerIdResponseData {
    InitProducerIdResponseData { error_code, producer_id: -1, producer_epoch: -1, ..Default::default() }
}
