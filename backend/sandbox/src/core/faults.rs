//! Faults by request: chosen requests are answered with a chosen error.

use thiserror::Error;

use super::{Answer, BrokerId, Caller, Core};
use crate::window::Happening;
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
use crate::wire::{Api, ErrorCode, FetchResponse, Request};

/// The most errors that are injected at a time.
const MAX_FAULTS: usize = 100;

/// An error that a broker answers some requests with, without doing what they ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectedError {
    /// Which broker; `None`: any of them.
    pub broker: Option<BrokerId>,
    /// Which API, by its name in the protocol: `Produce`, `Fetch` and so on.
    pub api: String,
    /// With which error, by its number in the protocol.
    pub error_code: i16,
    /// How many times.
    pub times: u32,
}

/// Why an error can't be injected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultError {
    /// There is no such API, or its answer has no place for an error.
    #[error("no error can be injected into {0}: choose one of {names}", names = Injectable::names())]
    Api(String),
    /// There is no such error.
    #[error("{0} is no error code of the protocol")]
    Code(i16),
    /// Too many are injected already.
    #[error("more than {MAX_FAULTS} errors can't be injected at a time")]
    TooMany,
}

/// The APIs whose answers have a place for an error.
struct Injectable;

impl Injectable {
    const ALL: [Api; 15] = [
        Api::Produce,
        Api::Fetch,
        Api::ListOffsets,
        Api::Metadata,
        Api::OffsetCommit,
        Api::OffsetFetch,
        Api::FindCoordinator,
        Api::JoinGroup,
        Api::Heartbeat,
        Api::LeaveGroup,
        Api::SyncGroup,
        Api::CreatePartitions,
        Api::CreateTopics,
        Api::DeleteTopics,
        Api::InitProducerId,
    ];

    fn names() -> String {
        let names: Vec<_> = Self::ALL.iter().map(|api| format!("{api:?}")).collect();
        names.join(", ")
    }
}

impl InjectedError {
    /// That there are such an API and such an error.
    pub fn check(&self) -> Result<(), FaultError> {
        if !Injectable::ALL.iter().any(|api| format!("{api:?}") == self.api) {
            return Err(FaultError::Api(self.api.clone()));
        }
        let code = ErrorCode::from(self.error_code);
        if !code.is_error() || matches!(code, ErrorCode::Unknown(_)) {
            return Err(FaultError::Code(self.error_code));
        }
        Ok(())
    }
}

impl Core {
    /// Has chosen requests answered with an error.
    pub(crate) fn inject(&mut self, error: InjectedError) -> Result<(), FaultError> {
        error.check()?;
        if self.faults.len() >= MAX_FAULTS {
            return Err(FaultError::TooMany);
        }
        if error.times > 0 {
            self.faults.push(error);
        }
        Ok(())
    }

    /// The injected errors that are still to come.
    pub(super) fn injected_errors(&self) -> &[InjectedError] {
        &self.faults
    }

    /// Takes all injected errors back.
    pub(crate) fn clear_errors(&mut self) {
        self.faults.clear();
    }

    /// The error that this request is to be answered with, if one is.
    pub(super) fn faulty_answer(&mut self, caller: &Caller, api: Api, request: &Request) -> Option<Answer> {
        if self.faults.is_empty() {
            return None;
        }
        let name = format!("{api:?}");
        let at = self.faults.iter().position(|fault| {
            fault.api == name && fault.broker.is_none_or(|broker| broker == caller.broker)
        })?;
        let fault = self.faults.get_mut(at)?;
        let error = fault.error_code;
        fault.times -= 1;
        if fault.times == 0 {
            self.faults.remove(at);
        }
        let (broker, error_code) = (caller.broker, error);
        self.happened(|_| Happening::ErrorAnswered { broker, api: name, error_code });
        with_error(caller.version, request, error)
    }
}

/// A response that says `error` of all that the request asks for.
pub(super) fn with_error(version: i16, request: &Request, error: i16) -> Option<Answer> {
    Some(match request {
        Request::Produce(request) if request.acks == 0 => Answer::Close,
        Request::Produce(request) => ProduceResponseData {
            responses: request
                .topics
                .iter()
                .map(|topic| produce_response::TopicProduceResponse {
                    name: topic.name.clone(),
                    topic_id: topic.id,
                    partition_responses: topic
                        .partitions
                        .iter()
                        .map(|partition| produce_response::PartitionProduceResponse {
                            index: partition.index,
                            error_code: error,
                            base_offset: -1,
                            log_append_time_ms: -1,
                            log_start_offset: -1,
                            ..Default::default()
                        })
                        .collect(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::Fetch(request) => {
            let topics = request.topics.iter().map(|topic| fetch_response::FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| fetch_response::PartitionData {
                        partition_index: partition.partition,
                        error_code: error,
                        high_watermark: -1,
                        last_stable_offset: -1,
                        log_start_offset: -1,
                        preferred_read_replica: -1,
                        ..Default::default()
                    })
                    .collect(),
                ..Default::default()
            });
            let partitions = request.topics.iter().map(|topic| topic.partitions.len()).sum();
            FetchResponse {
                head: FetchResponseData { responses: topics.collect(), ..Default::default() },
                records: vec![Vec::new(); partitions],
            }
            .into()
        }
        Request::ListOffsets(request) => ListOffsetsResponseData {
            topics: request
                .topics
                .iter()
                .map(|topic| list_offsets_response::ListOffsetsTopicResponse {
                    name: topic.name.clone(),
                    partitions: topic
                        .partitions
                        .iter()
                        .map(|partition| list_offsets_response::ListOffsetsPartitionResponse {
                            partition_index: partition.partition_index,
                            error_code: error,
                            ..Default::default()
                        })
                        .collect(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::Metadata(request) => MetadataResponseData {
            topics: request
                .topics
                .iter()
                .flatten()
                .map(|topic| metadata_response::MetadataResponseTopic {
                    error_code: error,
                    name: topic.name.clone(),
                    topic_id: topic.topic_id,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::OffsetCommit(request) => OffsetCommitResponseData {
            topics: request
                .topics
                .iter()
                .map(|topic| offset_commit_response::OffsetCommitResponseTopic {
                    name: topic.name.clone(),
                    topic_id: topic.topic_id,
                    partitions: topic
                        .partitions
                        .iter()
                        .map(|partition| offset_commit_response::OffsetCommitResponsePartition {
                            partition_index: partition.partition_index,
                            error_code: error,
                            ..Default::default()
                        })
                        .collect(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::OffsetFetch(request) if version >= 8 => OffsetFetchResponseData {
            groups: request
                .groups
                .iter()
                .map(|group| offset_fetch_response::OffsetFetchResponseGroup {
                    group_id: group.group_id.clone(),
                    error_code: error,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::OffsetFetch(_) => OffsetFetchResponseData { error_code: error, ..Default::default() }.into(),
        Request::FindCoordinator(request) if version >= 4 => FindCoordinatorResponseData {
            coordinators: request
                .coordinator_keys
                .iter()
                .map(|key| find_coordinator_response::Coordinator {
                    key: key.clone(),
                    node_id: -1,
                    port: -1,
                    error_code: error,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::FindCoordinator(_) => {
            FindCoordinatorResponseData { error_code: error, node_id: -1, port: -1, ..Default::default() }
                .into()
        }
        Request::JoinGroup(request) => JoinGroupResponseData {
            error_code: error,
            generation_id: -1,
            protocol_name: (version < 7).then(Default::default),
            member_id: request.member_id.clone(),
            ..Default::default()
        }
        .into(),
        Request::Heartbeat(_) => HeartbeatResponseData { error_code: error, ..Default::default() }.into(),
        Request::LeaveGroup(_) => LeaveGroupResponseData { error_code: error, ..Default::default() }.into(),
        Request::SyncGroup(_) => SyncGroupResponseData { error_code: error, ..Default::default() }.into(),
        Request::InitProducerId(_) => InitProducerIdResponseData {
            error_code: error,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        }
        .into(),
        Request::CreateTopics(request) => CreateTopicsResponseData {
            topics: request
                .topics
                .iter()
                .map(|topic| CreatableTopicResult {
                    name: topic.name.clone(),
                    error_code: error,
                    num_partitions: -1,
                    replication_factor: -1,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::DeleteTopics(request) => DeleteTopicsResponseData {
            responses: request
                .topic_names
                .iter()
                .map(|name| (Some(name.clone()), Default::default()))
                .chain(request.topics.iter().map(|topic| (topic.name.clone(), topic.topic_id)))
                .map(|(name, topic_id)| DeletableTopicResult {
                    name,
                    topic_id,
                    error_code: error,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        Request::CreatePartitions(request) => CreatePartitionsResponseData {
            results: request
                .topics
                .iter()
                .map(|topic| CreatePartitionsTopicResult {
                    name: topic.name.clone(),
                    error_code: error,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        _ => return None,
    })
}
