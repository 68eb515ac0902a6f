//! A cluster with a topic `t`, and clients that write to it and read from it.

use bytes::Bytes;

use crate::core::image::PartitionRegistration;
use crate::core::log::testing::BatchBuilder;
use crate::core::testing::{TestCluster, ask, produce_request};
use crate::core::{BrokerId, ConnectionId, TopicPartition};
use crate::wire::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequestData,
};
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
use crate::wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequestData,
};
use crate::wire::messages::produce_response::PartitionProduceResponse;
use crate::wire::{Api, ErrorCode, Request, Response, text};

pub(super) const TOPIC: &str = "t";

/// What a Fetch of the topic's only partition gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) error: ErrorCode,
    pub(super) high_watermark: i64,
    pub(super) values: Vec<String>,
}

/// The cluster.
pub(super) struct Scene {
    pub(super) cluster: TestCluster,
}

impl Scene {
    /// A topic with one partition on these of `brokers` brokers, the first leads.
    pub(super) fn new(brokers: u16, replicas: &[BrokerId], configs: &[(&str, &str)]) -> Self {
        Self::with_brokers(brokers, &[], replicas, configs)
    }

    /// The same, with broker configs.
    pub(super) fn with_brokers(
        brokers: u16,
        broker_configs: &[(&str, &str)],
        replicas: &[BrokerId],
        configs: &[(&str, &str)],
    ) -> Self {
        let mut scene = Self { cluster: TestCluster::new(brokers, broker_configs) };
        assert_eq!(scene.create(1, replicas, configs), ErrorCode::None);
        scene
    }

    /// Creates the topic.
    pub(super) fn create(
        &mut self,
        asked: BrokerId,
        replicas: &[BrokerId],
        configs: &[(&str, &str)],
    ) -> ErrorCode {
        let config = |&(name, value): &(&str, &str)| CreatableTopicConfig {
            name: text(name),
            value: Some(text(value)),
            ..Default::default()
        };
        let request = CreateTopicsRequestData {
            topics: vec![CreatableTopic {
                name: text(TOPIC),
                num_partitions: -1,
                replication_factor: -1,
                assignments: vec![CreatableReplicaAssignment {
                    partition_index: 0,
                    broker_ids: replicas.to_vec(),
                    ..Default::default()
                }],
                configs: configs.iter().map(config).collect(),
                ..Default::default()
            }],
            timeout_ms: 1000,
            ..Default::default()
        };
        let response = ask!(self.cluster, asked, CreateTopics, 5, request);
        ErrorCode::from(response.topics[0].error_code)
    }

    /// Sets a config of the topic.
    pub(super) fn configure(&mut self, asked: BrokerId, name: &str, value: &str) {
        self.configure_resource(asked, 2, TOPIC, name, value);
    }

    /// Sets a config of a broker, or with an empty id of all of them.
    pub(super) fn configure_broker(&mut self, asked: BrokerId, broker: &str, name: &str, value: &str) {
        self.configure_resource(asked, 4, broker, name, value);
    }

    fn configure_resource(
        &mut self,
        asked: BrokerId,
        resource_type: i8,
        resource: &str,
        name: &str,
        value: &str,
    ) {
        let request = IncrementalAlterConfigsRequestData {
            resources: vec![AlterConfigsResource {
                resource_type,
                resource_name: text(resource),
                configs: vec![AlterableConfig {
                    name: text(name),
                    config_operation: 0,
                    value: Some(text(value)),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let response = ask!(self.cluster, asked, IncrementalAlterConfigs, 1, request);
        assert_eq!(response.responses[0].error_code, 0, "{:?}", response.responses[0].error_message);
    }

    /// The partition's id.
    pub(super) fn partition(&self) -> TopicPartition {
        let topic = self.cluster.core.image.topic(TOPIC).expect("the topic is there");
        TopicPartition { topic: topic.id, partition: 0 }
    }

    /// The partition, as the controller knows it.
    pub(super) fn registration(&self) -> PartitionRegistration {
        self.cluster.core.registration(self.partition()).expect("the topic is there").clone()
    }

    /// Who leads, and who is in sync in the order of ids.
    pub(super) fn leader_and_isr(&self) -> (Option<BrokerId>, Vec<BrokerId>) {
        let PartitionRegistration { leader, mut isr, .. } = self.registration();
        isr.sort_unstable();
        (leader, isr)
    }

    /// Sends a record, and waits up to 30 seconds for its acknowledgement: the answer comes on the connection.
    pub(super) fn send(&mut self, broker: BrokerId, acks: i16, value: &str) -> ConnectionId {
        let connection = self.cluster.connect(broker);
        if let Some(answer) = self.cluster.ask_on(connection, Api::Produce, 12, produce(self, acks, value)) {
            panic!("{answer:?} was to come later");
        }
        connection
    }

    /// Sends a record that is answered at once.
    pub(super) fn produce(&mut self, broker: BrokerId, acks: i16, value: &str) -> PartitionProduceResponse {
        let request = produce(self, acks, value);
        let answer = self.cluster.ask(broker, Api::Produce, 12, request);
        produced(answer.expect("it is answered at once"))
    }

    /// The same: the error, if any.
    pub(super) fn produce_error(&mut self, broker: BrokerId, acks: i16, value: &str) -> ErrorCode {
        ErrorCode::from(self.produce(broker, acks, value).error_code)
    }

    /// What has been answered to a record that was sent.
    pub(super) fn acknowledgement(&mut self, connection: ConnectionId) -> Option<PartitionProduceResponse> {
        self.cluster.answer(connection).map(produced)
    }

    /// The error of such an answer.
    pub(super) fn acknowledged(&mut self, connection: ConnectionId) -> Option<ErrorCode> {
        self.acknowledgement(connection).map(|answer| ErrorCode::from(answer.error_code))
    }

    /// Reads from `offset` on without waiting.
    pub(super) fn fetch(&mut self, broker: BrokerId, offset: i64) -> Fetched {
        let response = ask!(self.cluster, broker, Fetch, 12, fetch(offset, 0));
        let partition = &response.head.responses[0].partitions[0];
        Fetched {
            error: ErrorCode::from(partition.error_code),
            high_watermark: partition.high_watermark,
            values: response.records[0].iter().map(value_of).collect(),
        }
    }

    /// All values that a broker lets clients see.
    pub(super) fn visible(&mut self, broker: BrokerId) -> Vec<String> {
        self.fetch(broker, 0).values
    }

    /// All values that a broker has.
    pub(super) fn stored(&self, broker: BrokerId) -> Vec<String> {
        let partition = self.cluster.core.partitions.get(&self.partition()).expect("it is there");
        let log = &partition.replica(broker).expect("a replica").log;
        log.read(0, i64::MAX, usize::MAX, true).pieces.iter().map(value_of).collect()
    }

    /// Lets `broker.session.timeout.ms` pass.
    pub(super) fn session_times_out(&mut self) {
        self.cluster.advance(9_000);
    }

    /// Lets `replica.lag.time.max.ms` pass.
    pub(super) fn lag_times_out(&mut self) {
        self.cluster.advance(30_000);
    }
}

fn produce(scene: &Scene, acks: i16, value: &str) -> Request {
    let now = scene.cluster.now.wall_ms;
    let mut batch = BatchBuilder { base_timestamp: now, ..Default::default() };
    batch = batch.record(Some("k"), Some(value), now);
    Request::Produce(produce_request(TOPIC, acks, 30_000, [(0, batch.build())]))
}

/// A Fetch of the partition, with how long it may wait.
pub(super) fn fetch(offset: i64, max_wait_ms: i32) -> FetchRequestData {
    FetchRequestData {
        replica_id: -1,
        max_wait_ms,
        min_bytes: 1,
        max_bytes: 1 << 20,
        topics: vec![FetchTopic {
            topic: text(TOPIC),
            partitions: vec![FetchPartition {
                partition: 0,
                current_leader_epoch: -1,
                fetch_offset: offset,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1 << 20,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn produced(answer: Response) -> PartitionProduceResponse {
    match answer {
        Response::Produce(mut response) => response.responses.remove(0).partition_responses.remove(0),
        other => panic!("not {other:?}"),
    }
}

/// The value of the only record of a batch, whose key is one letter.
fn value_of(batch: &Bytes) -> String {
    // Length, attributes, timestamp, offset, length of the key, key; then the length of the value. All are short.
    let record = &batch[61..];
    let length = usize::from(record[6] >> 1);
    String::from_utf8(record[7..7 + length].to_vec()).expect("text")
}
