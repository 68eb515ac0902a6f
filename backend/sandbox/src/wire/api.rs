//! The announced APIs and their versions: written by hand, held to what Apache Kafka itself announces by a test.

use bytes::{Bytes, BytesMut};

use super::messages::*;
use super::{FetchResponse, ProduceRequest, ProtocolError};

/// Versions of an API, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiVersionRange {
    /// The oldest.
    pub(crate) min: i16,
    /// The newest.
    pub(crate) max: i16,
}

impl ApiVersionRange {
    pub(crate) fn contains(self, version: i16) -> bool {
        (self.min..=self.max).contains(&version)
    }
}

/// `unread` has a request checked for being one, and then let go: nothing in it changes the answer.
macro_rules! apis {
    ($($name:ident = $key:literal, $min:literal ..= $max:literal
        $(: $request:ty)? $(, unread $unread:ty)? => $response:ty;)*) => {
        /// An announced API, by its name in the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i16)]
        #[expect(clippy::enum_variant_names, reason = "one is called ApiVersions in the protocol")]
        pub(crate) enum Api {
            $($name = $key,)*
        }

        impl Api {
            /// All of them, in the order of their keys.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The announced versions.
            pub(crate) fn versions(self) -> ApiVersionRange {
                match self {
                    $(Self::$name => ApiVersionRange { min: $min, max: $max },)*
                }
            }
        }

        /// A request, read.
        #[derive(Clone, Debug)]
        pub(crate) enum Request {
            $($name $(($request))?,)*
        }

        impl Request {
            pub(super) fn read(api: Api, frame: &mut Bytes, version: i16) -> Result<Self, ProtocolError> {
                Ok(match api {
                    $(Api::$name => {
                        $(Self::$name(<$request>::read(frame, version)?))?
                        $(<$unread>::read(frame, version)?; Self::$name)?
                    })*
                })
            }
        }

        /// A response, to be written.
        #[derive(Clone, Debug)]
        pub(crate) enum Response {
            $($name($response),)*
        }

        impl Response {
            pub(super) fn write(&self, frame: &mut BytesMut, version: i16) -> Result<(), ProtocolError> {
                match self {
                    $(Self::$name(response) => response.write(frame, version),)*
                }
            }
        }

        $(
            impl From<$response> for Response {
                fn from(response: $response) -> Self {
                    Self::$name(response)
                }
            }
        )*
    };
}

apis! {
    Produce = 0, 0..=13: ProduceRequest => ProduceResponseData;
    Fetch = 1, 4..=18: FetchRequestData => FetchResponse;
    ListOffsets = 2, 1..=11: ListOffsetsRequestData => ListOffsetsResponseData;
    Metadata = 3, 0..=13: MetadataRequestData => MetadataResponseData;
    OffsetCommit = 8, 2..=10: OffsetCommitRequestData => OffsetCommitResponseData;
    OffsetFetch = 9, 1..=10: OffsetFetchRequestData => OffsetFetchResponseData;
    FindCoordinator = 10, 0..=6: FindCoordinatorRequestData => FindCoordinatorResponseData;
    JoinGroup = 11, 0..=9: JoinGroupRequestData => JoinGroupResponseData;
    Heartbeat = 12, 0..=4: HeartbeatRequestData => HeartbeatResponseData;
    LeaveGroup = 13, 0..=5: LeaveGroupRequestData => LeaveGroupResponseData;
    SyncGroup = 14, 0..=5: SyncGroupRequestData => SyncGroupResponseData;
    DescribeGroups = 15, 0..=6: DescribeGroupsRequestData => DescribeGroupsResponseData;
    ListGroups = 16, 0..=5: ListGroupsRequestData => ListGroupsResponseData;
    SaslHandshake = 17, 0..=1, unread SaslHandshakeRequestData => SaslHandshakeResponseData;
    ApiVersions = 18, 0..=4: ApiVersionsRequestData => ApiVersionsResponseData;
    CreateTopics = 19, 2..=7: CreateTopicsRequestData => CreateTopicsResponseData;
    DeleteTopics = 20, 1..=6: DeleteTopicsRequestData => DeleteTopicsResponseData;
    DeleteRecords = 21, 0..=2: DeleteRecordsRequestData => DeleteRecordsResponseData;
    InitProducerId = 22, 0..=5: InitProducerIdRequestData => InitProducerIdResponseData;
    OffsetForLeaderEpoch = 23, 2..=4: OffsetForLeaderEpochRequestData => OffsetForLeaderEpochResponseData;
    DescribeAcls = 29, 1..=3, unread DescribeAclsRequestData => DescribeAclsResponseData;
    CreateAcls = 30, 1..=3: CreateAclsRequestData => CreateAclsResponseData;
    DeleteAcls = 31, 1..=3: DeleteAclsRequestData => DeleteAclsResponseData;
    DescribeConfigs = 32, 1..=4: DescribeConfigsRequestData => DescribeConfigsResponseData;
    AlterConfigs = 33, 0..=2: AlterConfigsRequestData => AlterConfigsResponseData;
    DescribeLogDirs = 35, 1..=5: DescribeLogDirsRequestData => DescribeLogDirsResponseData;
    CreatePartitions = 37, 0..=3: CreatePartitionsRequestData => CreatePartitionsResponseData;
    DeleteGroups = 42, 0..=2: DeleteGroupsRequestData => DeleteGroupsResponseData;
    ElectLeaders = 43, 0..=2: ElectLeadersRequestData => ElectLeadersResponseData;
    IncrementalAlterConfigs = 44, 0..=1: IncrementalAlterConfigsRequestData => IncrementalAlterConfigsResponseData;
    ListPartitionReassignments = 46, 0..=0: ListPartitionReassignmentsRequestData => ListPartitionReassignmentsResponseData;
    OffsetDelete = 47, 0..=0: OffsetDeleteRequestData => OffsetDeleteResponseData;
    DescribeCluster = 60, 0..=2: DescribeClusterRequestData => DescribeClusterResponseData;
    DescribeProducers = 61, 0..=0: DescribeProducersRequestData => DescribeProducersResponseData;
    ListConfigResources = 74, 0..=1: ListConfigResourcesRequestData => ListConfigResourcesResponseData;
    DescribeTopicPartitions = 75, 0..=0: DescribeTopicPartitionsRequestData => DescribeTopicPartitionsResponseData;
}

impl Response {
    /// A capacity for the frame that is seldom too small.
    pub(super) fn size_hint(&self) -> usize {
        match self {
            Self::Fetch(response) => 512 + response.records_bytes(),
            _ => 512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Api;

    #[test]
    fn the_readme_lists_what_is_announced() {
        let readme = include_str!("../../README.md");
        let rows: Vec<_> =
            readme.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |")).collect();
        let listed = rows.iter().filter(|row| row.contains('–')).count();
        assert_eq!(listed, Api::ALL.len(), "as many rows as APIs");
        for api in Api::ALL {
            let versions = api.versions();
            let row = format!("| {api:?} | {} | {}–{} |", api.key(), versions.min, versions.max);
            assert!(rows.contains(&row.as_str()), "the README lacks {row}");
        }
    }
}
