//! Requests that nobody would send in good faith: they are refused or answered, and do no harm.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;

use super::End;
use super::log::testing::BatchBuilder;
use super::testing::TestCluster;
use crate::wire::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use crate::wire::messages::fetch_request::{FetchPartition, FetchTopic};
use crate::wire::messages::join_group_request::JoinGroupRequestProtocol;
use crate::wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use crate::wire::messages::metadata_request::MetadataRequestTopic;
use crate::wire::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use crate::wire::messages::*;
use crate::wire::{Api, KafkaUuid, ProtocolError, decode, text};

/// The body of a request.
#[derive(Clone, Debug)]
enum Body {
    /// As clients send it, but for these changes.
    Changed(Vec<Change>),
    /// Bytes that look like fields.
    Made(Vec<Field>),
}

#[derive(Clone, Debug)]
enum Change {
    CutOff(prop::sample::Index),
    Put(prop::sample::Index, Field),
    Insert(prop::sample::Index, Field),
    Twice(prop::sample::Index, prop::sample::Index),
}

#[derive(Clone, Debug)]
enum Field {
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    /// A short text after its length, or after its length and one more in a byte, as newer versions have it.
    Text(&'static str, bool),
    Raw(Vec<u8>),
}

fn field() -> impl Strategy<Value = Field> {
    let texts = prop::sample::select(vec!["", "t", "g", "range", "retention.ms", "1", "__consumer_offsets"]);
    prop_oneof![
        3 => prop_oneof![-2..4_i8, any::<i8>()].prop_map(Field::I8),
        2 => prop_oneof![-2..4_i16, any::<i16>()].prop_map(Field::I16),
        3 => prop_oneof![-2..4_i32, Just(i32::MAX), Just(i32::MIN), any::<i32>()].prop_map(Field::I32),
        1 => prop_oneof![-6..4_i64, Just(i64::MAX), Just(i64::MIN), any::<i64>()].prop_map(Field::I64),
        3 => (texts, any::<bool>()).prop_map(|(text, compact)| Field::Text(text, compact)),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Field::Raw),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let index = any::<prop::sample::Index>;
    let change = prop_oneof![
        index().prop_map(Change::CutOff),
        (index(), field()).prop_map(|(at, field)| Change::Put(at, field)),
        (index(), field()).prop_map(|(at, field)| Change::Insert(at, field)),
        (index(), index()).prop_map(|(from, to)| Change::Twice(from, to)),
    ];
    prop_oneof![
        3 => prop::collection::vec(change, 0..4).prop_map(Body::Changed),
        2 => prop::collection::vec(field(), 0..24).prop_map(Body::Made),
    ]
}

impl Field {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::I8(value) => value.to_be_bytes().into(),
            Self::I16(value) => value.to_be_bytes().into(),
            Self::I32(value) => value.to_be_bytes().into(),
            Self::I64(value) => value.to_be_bytes().into(),
            Self::Text(text, true) => [&[text.len() as u8 + 1], text.as_bytes()].concat(),
            Self::Text(text, false) => [&[0, text.len() as u8], text.as_bytes()].concat(),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

impl Change {
    fn make(&self, body: &mut Vec<u8>) {
        let end = body.len() + 1;
        match self {
            Self::CutOff(at) => body.truncate(at.index(end)),
            Self::Put(at, field) => {
                for (place, byte) in body.iter_mut().skip(at.index(end)).zip(field.bytes()) {
                    *place = byte;
                }
            }
            Self::Insert(at, field) => {
                let at = at.index(end);
                body.splice(at..at, field.bytes());
            }
            Self::Twice(from, to) => {
                let (from, to) = (from.index(end), to.index(end));
                let again = body[from.min(to)..from.max(to)].to_vec();
                let at = from.max(to);
                body.splice(at..at, again);
            }
        }
    }
}

/// A good request of an API about the topic `t` and the group `g`, or an empty one.
fn good(api: Api, version: i16, topic: KafkaUuid) -> Result<BytesMut, ProtocolError> {
    let mut body = BytesMut::new();
    macro_rules! put {
        ($data:ident { $($fields:tt)* }) => {
            $data { $($fields)* ..Default::default() }.write(&mut body, version)?
        };
    }
    macro_rules! empty {
        ($($api:ident: $data:ident,)*) => {
            match api {
                $(Api::$api => $data::default().write(&mut body, version)?,)*
                Api::Produce => {
                    let records = Some(BatchBuilder::of(3).build());
                    let partition_data = vec![PartitionProduceData { records, ..Default::default() }];
                    let name = if version < 13 { text("t") } else { text("") };
                    let topic_id = if version < 13 { KafkaUuid::ZERO } else { topic };
                    let topic_data =
                        vec![TopicProduceData { name, topic_id, partition_data, ..Default::default() }];
                    put!(ProduceRequestData { acks: -1, timeout_ms: 100, topic_data, })
                }
                Api::Fetch => {
                    let partitions = vec![FetchPartition {
                        current_leader_epoch: -1,
                        last_fetched_epoch: -1,
                        log_start_offset: -1,
                        partition_max_bytes: 1000,
                        ..Default::default()
                    }];
                    let name = if version < 13 { text("t") } else { text("") };
                    let topic_id = if version < 13 { KafkaUuid::ZERO } else { topic };
                    let topics = vec![FetchTopic { topic: name, topic_id, partitions, ..Default::default() }];
                    put!(FetchRequestData { max_wait_ms: 100, min_bytes: 1, max_bytes: 1000, topics, })
                }
                Api::ListOffsets => {
                    let partitions = vec![ListOffsetsPartition {
                        current_leader_epoch: -1,
                        timestamp: -1,
                        ..Default::default()
                    }];
                    let topics =
                        vec![ListOffsetsTopic { name: text("t"), partitions, ..Default::default() }];
                    put!(ListOffsetsRequestData { topics, })
                }
                Api::Metadata => {
                    let topics =
                        vec![MetadataRequestTopic { name: Some(text("t")), ..Default::default() }];
                    put!(MetadataRequestData { topics: Some(topics), })
                }
                Api::OffsetCommit => {
                    let partitions = vec![OffsetCommitRequestPartition::default()];
                    let name = if version < 10 { text("t") } else { text("") };
                    let topic_id = if version < 10 { KafkaUuid::ZERO } else { topic };
                    let topics =
                        vec![OffsetCommitRequestTopic { name, topic_id, partitions, ..Default::default() }];
                    put!(OffsetCommitRequestData {
                        group_id: text("g"), generation_id_or_member_epoch: -1, topics,
                    })
                }
                Api::JoinGroup => {
                    let name = text("range");
                    let protocols = vec![JoinGroupRequestProtocol { name, ..Default::default() }];
                    put!(JoinGroupRequestData {
                        group_id: text("g"), session_timeout_ms: 10_000, rebalance_timeout_ms: 10_000,
                        protocol_type: text("consumer"), protocols,
                    })
                }
                Api::CreateTopics => {
                    let configs = vec![CreatableTopicConfig {
                        name: text("retention.ms"),
                        value: Some(text("1000")),
                        ..Default::default()
                    }];
                    let topics = vec![CreatableTopic {
                        name: text("new"),
                        num_partitions: 2,
                        replication_factor: 2,
                        configs,
                        ..Default::default()
                    }];
                    put!(CreateTopicsRequestData { timeout_ms: 100, topics, })
                }
            }
        };
    }
    empty! {
        OffsetFetch: OffsetFetchRequestData,
        FindCoordinator: FindCoordinatorRequestData,
        Heartbeat: HeartbeatRequestData,
        LeaveGroup: LeaveGroupRequestData,
        SyncGroup: SyncGroupRequestData,
        DescribeGroups: DescribeGroupsRequestData,
        ListGroups: ListGroupsRequestData,
        SaslHandshake: SaslHandshakeRequestData,
        ApiVersions: ApiVersionsRequestData,
        DeleteTopics: DeleteTopicsRequestData,
        DeleteRecords: DeleteRecordsRequestData,
        InitProducerId: InitProducerIdRequestData,
        OffsetForLeaderEpoch: OffsetForLeaderEpochRequestData,
        DescribeAcls: DescribeAclsRequestData,
        CreateAcls: CreateAclsRequestData,
        DeleteAcls: DeleteAclsRequestData,
        DescribeConfigs: DescribeConfigsRequestData,
        AlterConfigs: AlterConfigsRequestData,
        DescribeLogDirs: DescribeLogDirsRequestData,
        CreatePartitions: CreatePartitionsRequestData,
        DeleteGroups: DeleteGroupsRequestData,
        ElectLeaders: ElectLeadersRequestData,
        IncrementalAlterConfigs: IncrementalAlterConfigsRequestData,
        ListPartitionReassignments: ListPartitionReassignmentsRequestData,
        OffsetDelete: OffsetDeleteRequestData,
        DescribeCluster: DescribeClusterRequestData,
        DescribeProducers: DescribeProducersRequestData,
        ListConfigResources: ListConfigResourcesRequestData,
        DescribeTopicPartitions: DescribeTopicPartitionsRequestData,
    }
    Ok(body)
}

/// A frame: header, and body.
pub(super) fn frame(api: Api, version: i16, body: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_i16(api.key());
    frame.put_i16(version);
    frame.put_i32(1);
    frame.put_i16(1);
    frame.put_u8(b'c');
    if kacrab_protocol::version::request_header_version(api.key(), version) >= 2 {
        frame.put_u8(0);
    }
    frame.put_slice(body);
    frame.freeze()
}

fn cluster() -> (TestCluster, KafkaUuid) {
    let mut cluster = TestCluster::new(2, &[("offsets.topic.replication.factor", "1")]);
    cluster.core.begin_with_topic("t", 2, 2).expect("it can be made");
    let topic = cluster.core.image.topic("t").expect("it was made").id;
    (cluster, topic)
}

/// Hands a frame in as a connection does. Whether it was a request.
fn hand_in(cluster: &mut TestCluster, frame: Bytes) -> bool {
    let Ok((header, request)) = decode(frame) else { return false };
    let began = processor_time();
    let connection = cluster.connect(1);
    cluster.ask_on(connection, header.api, header.version, request);
    let took = processor_time().saturating_sub(began);
    assert!(took < Duration::from_secs(5), "{header:?} took {took:?}");
    true
}

/// What this thread has run for, however long it had to wait for a processor; always nothing where the system doesn't
/// tell it.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

#[test]
fn good_requests_of_every_api_and_version_are_read() {
    let (mut cluster, topic) = cluster();
    for &api in Api::ALL {
        for version in api.versions().min..=api.versions().max {
            match good(api, version, topic) {
                Ok(body) => {
                    let frame = frame(api, version, &body);
                    assert!(hand_in(&mut cluster, frame), "{api:?} version {version}");
                }
                // Announced for the sake of old clients, and refused (KIP-896).
                Err(_) => assert!(api == Api::Produce && version < 3, "{api:?} version {version}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_client_sends_breaks_the_cluster(
        frames in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), body()), 1..30),
        ends in any::<bool>(),
    ) {
        let (mut cluster, topic) = cluster();
        for (api, version, body) in frames {
            let api = *api.get(Api::ALL);
            let versions: Vec<_> = (api.versions().min..=api.versions().max).collect();
            let version = *version.get(&versions);
            let body = match body {
                Body::Made(fields) => fields.iter().flat_map(Field::bytes).collect(),
                Body::Changed(changes) => {
                    let mut body = good(api, version, topic).unwrap_or_default().to_vec();
                    changes.iter().for_each(|change| change.make(&mut body));
                    body
                }
            };
            hand_in(&mut cluster, frame(api, version, &body));
            cluster.advance(40);
        }
        if ends {
            cluster.end(1, End::Kill);
        }
        cluster.advance(100_000);
    }

    #[test]
    fn no_bytes_break_the_reading_of_requests(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(bytes.into());
    }
}
