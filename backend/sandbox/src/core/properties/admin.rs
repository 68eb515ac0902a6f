//! What an administrator does, with the cluster's topics and with its faults.

use super::steps::{FAULTY, INJECTED};
use super::{Asked, MOST_PARTITIONS, TOPICS, World};
use crate::core::InjectedError;
use crate::wire::messages::create_partitions_request::{CreatePartitionsRequestData, CreatePartitionsTopic};
use crate::wire::messages::create_topics_request::{CreatableTopic, CreateTopicsRequestData};
use crate::wire::messages::delete_topics_request::DeleteTopicsRequestData;
use crate::wire::messages::elect_leaders_request::{ElectLeadersRequestData, TopicPartitions};
use crate::wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequestData,
};
use crate::wire::{Api, Request, text};

/// The kind of election in which any live replica may be chosen.
pub(super) const UNCLEAN: i8 = 1;

impl World {
    pub(super) fn create(&mut self, topic: &str) {
        let request = CreateTopicsRequestData {
            topics: vec![CreatableTopic {
                name: text(topic),
                num_partitions: 1,
                replication_factor: -1,
                ..Default::default()
            }],
            timeout_ms: 1_000,
            ..Default::default()
        };
        self.ask_somebody(Api::CreateTopics, 5, Request::CreateTopics(request), Asked::Other);
    }

    pub(super) fn delete(&mut self, topic: &str) {
        let request = DeleteTopicsRequestData {
            topic_names: vec![text(topic)],
            timeout_ms: 1_000,
            ..Default::default()
        };
        self.ask_somebody(Api::DeleteTopics, 5, Request::DeleteTopics(request), Asked::Other);
    }

    pub(super) fn grow(&mut self, topic: &str) {
        let present = self.partition_count(topic);
        if present == MOST_PARTITIONS {
            return;
        }
        let request = CreatePartitionsRequestData {
            topics: vec![CreatePartitionsTopic {
                name: text(topic),
                count: i32::try_from(present + 1).expect("few"),
                assignments: None,
                ..Default::default()
            }],
            timeout_ms: 1_000,
            ..Default::default()
        };
        self.ask_somebody(Api::CreatePartitions, 3, Request::CreatePartitions(request), Asked::Other);
    }

    pub(super) fn minimum(&mut self, topic: &str, of: u8) {
        // An eligible replica that is elected below a minimum that was lowered meanwhile leaves the others eligible though
        // it now commits alone: Apache Kafka then loses records.
        let registrations = self.cluster.core.image.topic(topic).map(|topic| &topic.partitions);
        if registrations.is_some_and(|all| all.iter().all(|partition| partition.leader.is_some())) {
            self.configure(topic, "min.insync.replicas", &of.to_string());
        }
    }

    pub(super) fn unclean_elections(&mut self, topic: &str, enable: bool) {
        self.configure(topic, "unclean.leader.election.enable", &enable.to_string());
    }

    fn configure(&mut self, topic: &str, name: &str, value: &str) {
        let request = IncrementalAlterConfigsRequestData {
            resources: vec![AlterConfigsResource {
                resource_type: 2,
                resource_name: text(topic),
                configs: vec![AlterableConfig {
                    name: text(name),
                    value: Some(text(value)),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let request = Request::IncrementalAlterConfigs(request);
        self.ask_somebody(Api::IncrementalAlterConfigs, 1, request, Asked::Other);
    }

    /// Has leaders elected: the preferred ones of all partitions, or whoever lives, of those of the topics.
    pub(super) fn elect(&mut self, kind: i8) {
        let partitions = |topic: &&str| TopicPartitions {
            topic: text(*topic),
            partitions: (0..).take(self.partition_count(topic)).collect(),
            ..Default::default()
        };
        let topics = (kind == UNCLEAN).then(|| TOPICS.iter().map(partitions).collect());
        let request = ElectLeadersRequestData {
            election_type: kind,
            topic_partitions: topics,
            timeout_ms: 1_000,
            ..Default::default()
        };
        let asked = if kind == UNCLEAN { Asked::Other } else { Asked::ElectPreferred };
        self.ask_somebody(Api::ElectLeaders, 2, Request::ElectLeaders(request), asked);
    }

    pub(super) fn inject(&mut self, api: usize, error: usize, times: u32) {
        let api = FAULTY[api].to_owned();
        let error = InjectedError { broker: None, api, error_code: INJECTED[error], times };
        // There may be too many.
        let _ = self.cluster.core.inject(error);
    }

    /// How many injected errors are still to come.
    pub(super) fn errors_left(&self) -> usize {
        let left = self.cluster.core.injected_errors().iter().map(|error| error.times).sum::<u32>();
        usize::try_from(left).expect("few")
    }

    fn partition_count(&self, topic: &str) -> usize {
        self.cluster.core.image.topic(topic).map_or(0, |topic| topic.partitions.len())
    }

    fn ask_somebody(&mut self, api: Api, version: i16, request: Request, asked: Asked) {
        if let Some(broker) = self.some_connected() {
            self.ask(broker, api, version, request, asked);
        }
    }
}
