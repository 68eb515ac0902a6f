//! The requests of the protocol as things that can be sent: which API, in which announced versions, and what comes
//! back.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use bytes::{Bytes, BytesMut};
use kacrab_protocol::ProtocolError;
use kacrab_protocol::generated::*;

use super::records;

/// A request, with the response that belongs to it.
pub trait Api: Sized {
    /// The number of the API in the protocol.
    const KEY: i16;
    /// Its name.
    const NAME: &'static str;
    /// The versions that Apache Kafka announces and serves.
    const VERSIONS: RangeInclusive<i16>;
    /// What comes back.
    type Response: Debug;

    /// Writes the body; an error when this version has no place for a field that is set.
    fn write(&self, buffer: &mut BytesMut, version: i16) -> Result<(), ProtocolError>;
    /// Reads the response's body.
    fn read_response(frame: &mut Bytes, version: i16) -> Result<Self::Response, ProtocolError>;
    /// The response as text, before anything is masked.
    fn show(response: &Self::Response) -> String {
        format!("{response:?}")
    }
}

macro_rules! apis {
    ($($name:ident = $key:literal, $versions:expr, $request:ident => $response:ident $(, $show:expr)?;)*) => {
        /// Name, key and versions of each API that the scenarios know.
        pub const APIS: &[(&str, i16, RangeInclusive<i16>)] = &[$((stringify!($name), $key, $versions),)*];

        $(impl Api for $request {
            const KEY: i16 = $key;
            const NAME: &'static str = stringify!($name);
            const VERSIONS: RangeInclusive<i16> = $versions;
            type Response = $response;

            fn write(&self, buffer: &mut BytesMut, version: i16) -> Result<(), ProtocolError> {
                self.write(buffer, version)
            }

            fn read_response(frame: &mut Bytes, version: i16) -> Result<$response, ProtocolError> {
                $response::read(frame, version)
            }

            $(fn show(response: &$response) -> String {
                $show(response)
            })?
        })*
    };
}

apis! {
    // 0 to 2 are announced for the sake of old librdkafka, and not served.
    Produce = 0, 3..=13, ProduceRequestData => ProduceResponseData, show_produced;
    Fetch = 1, 4..=18, FetchRequestData => FetchResponseData, show_fetched;
    ListOffsets = 2, 1..=11, ListOffsetsRequestData => ListOffsetsResponseData;
    Metadata = 3, 0..=13, MetadataRequestData => MetadataResponseData, show_metadata;
    OffsetCommit = 8, 2..=10, OffsetCommitRequestData => OffsetCommitResponseData;
    OffsetFetch = 9, 1..=10, OffsetFetchRequestData => OffsetFetchResponseData;
    FindCoordinator = 10, 0..=6, FindCoordinatorRequestData => FindCoordinatorResponseData;
    JoinGroup = 11, 0..=9, JoinGroupRequestData => JoinGroupResponseData;
    Heartbeat = 12, 0..=4, HeartbeatRequestData => HeartbeatResponseData;
    LeaveGroup = 13, 0..=5, LeaveGroupRequestData => LeaveGroupResponseData;
    SyncGroup = 14, 0..=5, SyncGroupRequestData => SyncGroupResponseData;
    DescribeGroups = 15, 0..=6, DescribeGroupsRequestData => DescribeGroupsResponseData, show_described;
    ListGroups = 16, 0..=5, ListGroupsRequestData => ListGroupsResponseData;
    SaslHandshake = 17, 0..=1, SaslHandshakeRequestData => SaslHandshakeResponseData;
    ApiVersions = 18, 0..=4, ApiVersionsRequestData => ApiVersionsResponseData;
    CreateTopics = 19, 2..=7, CreateTopicsRequestData => CreateTopicsResponseData;
    DeleteTopics = 20, 1..=6, DeleteTopicsRequestData => DeleteTopicsResponseData;
    DeleteRecords = 21, 0..=2, DeleteRecordsRequestData => DeleteRecordsResponseData;
    InitProducerId = 22, 0..=5, InitProducerIdRequestData => InitProducerIdResponseData;
    OffsetForLeaderEpoch = 23, 2..=4, OffsetForLeaderEpochRequestData => OffsetForLeaderEpochResponseData;
    DescribeAcls = 29, 1..=3, DescribeAclsRequestData => DescribeAclsResponseData;
    CreateAcls = 30, 1..=3, CreateAclsRequestData => CreateAclsResponseData;
    DeleteAcls = 31, 1..=3, DeleteAclsRequestData => DeleteAclsResponseData;
    DescribeConfigs = 32, 1..=4, DescribeConfigsRequestData => DescribeConfigsResponseData;
    AlterConfigs = 33, 0..=2, AlterConfigsRequestData => AlterConfigsResponseData;
    DescribeLogDirs = 35, 1..=5, DescribeLogDirsRequestData => DescribeLogDirsResponseData;
    CreatePartitions = 37, 0..=3, CreatePartitionsRequestData => CreatePartitionsResponseData;
    DeleteGroups = 42, 0..=2, DeleteGroupsRequestData => DeleteGroupsResponseData, show_deleted;
    ElectLeaders = 43, 0..=2, ElectLeadersRequestData => ElectLeadersResponseData;
    IncrementalAlterConfigs = 44, 0..=1, IncrementalAlterConfigsRequestData => IncrementalAlterConfigsResponseData;
    ListPartitionReassignments = 46, 0..=0, ListPartitionReassignmentsRequestData => ListPartitionReassignmentsResponseData;
    OffsetDelete = 47, 0..=0, OffsetDeleteRequestData => OffsetDeleteResponseData;
    DescribeCluster = 60, 0..=2, DescribeClusterRequestData => DescribeClusterResponseData, show_cluster;
    DescribeProducers = 61, 0..=0, DescribeProducersRequestData => DescribeProducersResponseData;
    ListConfigResources = 74, 0..=1, ListConfigResourcesRequestData => ListConfigResourcesResponseData;
    DescribeTopicPartitions = 75, 0..=0, DescribeTopicPartitionsRequestData => DescribeTopicPartitionsResponseData;
}

/// In order: Kafka's is that of a hash map.
fn show_produced(response: &ProduceResponseData) -> String {
    let mut response = response.clone();
    for topic in &mut response.responses {
        topic.partition_responses.sort_by_key(|partition| partition.index);
    }
    format!("{response:?}")
}

/// Brokers in order: Kafka's is that of a hash map. The controller is any of them.
fn show_metadata(response: &MetadataResponseData) -> String {
    let mut response = response.clone();
    response.brokers.sort_by_key(|broker| broker.node_id);
    let is_live = response.brokers.iter().any(|broker| broker.node_id == response.controller_id);
    format!("{response:?}{}", controller(response.controller_id, is_live))
}

/// As above.
fn show_cluster(response: &DescribeClusterResponseData) -> String {
    let mut response = response.clone();
    response.brokers.sort_by_key(|broker| broker.broker_id);
    let is_live =
        response.brokers.iter().any(|broker| broker.broker_id == response.controller_id && !broker.is_fenced);
    format!("{response:?}{}", controller(response.controller_id, is_live))
}

fn controller(id: i32, is_live: bool) -> &'static str {
    match id {
        -1 => " no controller",
        _ if is_live => " the controller is a live broker",
        _ => " the controller is no live broker",
    }
}

/// In order: Kafka's is that of the partitions that coordinate the groups.
fn show_described(response: &DescribeGroupsResponseData) -> String {
    let mut response = response.clone();
    response.groups.sort_by(|one, other| one.group_id.as_str().cmp(other.group_id.as_str()));
    format!("{response:?}")
}

/// In order, as above.
fn show_deleted(response: &DeleteGroupsResponseData) -> String {
    let mut response = response.clone();
    response.results.sort_by(|one, other| one.group_id.as_str().cmp(other.group_id.as_str()));
    format!("{response:?}")
}

/// Records as batches and what is in them, rather than as bytes.
fn show_fetched(response: &FetchResponseData) -> String {
    let mut response = response.clone();
    let mut logs = String::new();
    for topic in &mut response.responses {
        for partition in &mut topic.partitions {
            match partition.records.take() {
                None => logs += &format!(" records of {}: null", partition.partition_index),
                Some(records) => {
                    logs +=
                        &format!(" records of {}: {}", partition.partition_index, records::show(&records));
                }
            }
        }
    }
    format!("{response:?}{logs}")
}
