//! Metadata and DescribeTopicPartitions: topics, partitions and brokers as a broker knows them.

use std::collections::HashSet;

use super::topics::{UnifiedNames, invalid_name};
use crate::core::image::{Image, PartitionRegistration, Topic, is_internal};
use crate::core::{BrokerId, Caller, Core};
use crate::wire::messages::describe_topic_partitions_request::{
    DescribeTopicPartitionsRequestData, TopicRequest,
};
use crate::wire::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponseData, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
};
use crate::wire::messages::metadata_request::{MetadataRequestData, MetadataRequestTopic};
use crate::wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponseData, MetadataResponsePartition, MetadataResponseTopic,
};
use crate::wire::{ErrorCode, KafkaString, KafkaUuid};

/// No operations were asked for.
const NOT_ASKED: i32 = i32::MIN;
/// DESCRIBE, READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE_CONFIGS and ALTER_CONFIGS, as bits by their numbers: what
/// everybody may do to a topic where there is no authorizer.
const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS and IDEMPOTENT_WRITE.
pub(super) const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

impl Core {
    /// Metadata.
    pub(super) fn metadata(
        &mut self,
        caller: &Caller,
        request: &MetadataRequestData,
    ) -> MetadataResponseData {
        let mut response = MetadataResponseData {
            cluster_id: Some(self.cluster_id.clone()),
            cluster_authorized_operations: NOT_ASKED,
            ..Default::default()
        };
        let all = match &request.topics {
            None => true,
            Some(topics) => caller.version == 0 && topics.is_empty(),
        };
        if let Some(refused) = refused(caller.version, request) {
            return refused;
        }
        let mut seen = HashSet::from([KafkaUuid::ZERO]);
        let by_id = request.topics.iter().flatten().map(|topic| topic.topic_id);
        let by_id: Vec<_> = by_id.filter(|id| seen.insert(*id)).collect();
        let by_name = by_id.is_empty();
        if all {
            let image = self.image_of(caller.broker);
            response.topics = image.topics().map(|topic| describe(image, topic, caller.version)).collect();
        } else if !by_id.is_empty() {
            let image = self.image_of(caller.broker);
            for id in by_id {
                response.topics.push(match image.topic_by_id(id) {
                    Some(topic) => describe(image, topic, caller.version),
                    None => failed(ErrorCode::UnknownTopicId, None, id),
                });
            }
        } else {
            let (mut seen, mut all_names) = (HashSet::new(), None);
            let names = request.topics.iter().flatten().filter_map(|topic| topic.name.as_ref());
            for name in names.filter(|name| seen.insert(name.as_str().to_owned())) {
                let image = self.image_of(caller.broker);
                let topic = match image.topic(name.as_str()) {
                    Some(topic) => describe(image, topic, caller.version),
                    None => {
                        let may_create = request.allow_auto_topic_creation || caller.version < 4;
                        self.unknown_topic(caller.broker, name, may_create, &mut all_names)
                    }
                };
                response.topics.push(topic);
            }
        }
        // What isn't there is told after what is, when asked by name; before it, when asked by id.
        let is_unknown = |topic: &MetadataResponseTopic| topic.partitions.is_empty() && topic.error_code != 0;
        let unknown_last = by_name;
        response.topics.sort_by_key(|topic| is_unknown(topic) == unknown_last);
        if request.include_topic_authorized_operations {
            for topic in &mut response.topics {
                topic.topic_authorized_operations = TOPIC_OPERATIONS;
            }
        }
        if request.include_cluster_authorized_operations && (8..=10).contains(&caller.version) {
            response.cluster_authorized_operations = CLUSTER_OPERATIONS;
        }
        let image = self.image_of(caller.broker);
        let brokers = image.live_brokers().map(|(id, broker)| MetadataResponseBroker {
            node_id: id,
            host: broker.host.clone(),
            port: i32::from(broker.port),
            ..Default::default()
        });
        response.brokers = brokers.collect();
        // With a controller of its own a cluster names some live broker, to which clients send what is the controller's.
        response.controller_id = image.live_brokers().next().map_or(-1, |(id, _)| id);
        response
    }

    /// What is answered for a topic that isn't there. It may be there for the next request.
    fn unknown_topic(
        &mut self,
        broker: BrokerId,
        name: &KafkaString,
        may_create: bool,
        names: &mut Option<UnifiedNames>,
    ) -> MetadataResponseTopic {
        if invalid_name(name.as_str()).is_some() {
            return failed(ErrorCode::InvalidTopicException, Some(name.clone()), KafkaUuid::ZERO);
        }
        let creates = may_create && self.image.configs.broker_settings().auto_create_topics_enable;
        if creates && self.is_connected(broker) {
            self.auto_create(name.as_str(), names);
        }
        failed(ErrorCode::UnknownTopicOrPartition, Some(name.clone()), KafkaUuid::ZERO)
    }

    /// DescribeTopicPartitions (KIP-966).
    pub(super) fn describe_topic_partitions(
        &self,
        caller: &Caller,
        request: &DescribeTopicPartitionsRequestData,
    ) -> DescribeTopicPartitionsResponseData {
        let image = self.image_of(caller.broker);
        let limit = usize::try_from(request.response_partition_limit).unwrap_or(0);
        let most = self.image.configs.broker_settings().max_request_partition_size_limit;
        let mut room = limit.min(usize::try_from(most).unwrap_or(0)).max(1);
        let cursor = request.cursor.as_ref();
        let is_refused = cursor.is_some_and(|cursor| {
            let is_asked = |topic: &TopicRequest| topic.name == cursor.topic_name;
            cursor.partition_index < 0 || !(request.topics.is_empty() || request.topics.iter().any(is_asked))
        });
        if is_refused {
            let topics = request.topics.iter().map(|topic| DescribeTopicPartitionsResponseTopic {
                error_code: ErrorCode::InvalidRequest.code(),
                name: Some(topic.name.clone()),
                topic_authorized_operations: NOT_ASKED,
                ..Default::default()
            });
            return DescribeTopicPartitionsResponseData { topics: topics.collect(), ..Default::default() };
        }
        if request.topics.iter().any(|topic| topic.name.is_empty()) {
            let topics = request.topics.iter().map(|topic| DescribeTopicPartitionsResponseTopic {
                error_code: ErrorCode::UnknownServerError.code(),
                name: Some(topic.name.clone()),
                topic_authorized_operations: NOT_ASKED,
                ..Default::default()
            });
            return DescribeTopicPartitionsResponseData { topics: topics.collect(), ..Default::default() };
        }
        let from = cursor.map_or("", |cursor| cursor.topic_name.as_str());
        let mut names: Vec<_> = if request.topics.is_empty() {
            image.topics_from(from).map(|topic| topic.name.clone()).collect()
        } else {
            request
                .topics
                .iter()
                .map(|topic| topic.name.clone())
                .filter(|name| name.as_str() >= from)
                .collect()
        };
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();

        let mut response = DescribeTopicPartitionsResponseData::default();
        for name in names {
            let first = cursor
                .filter(|cursor| cursor.topic_name == name)
                .map_or(0, |cursor| usize::try_from(cursor.partition_index).unwrap_or(0));
            if room == 0 {
                response.next_cursor =
                    Some(Box::new(Cursor { topic_name: name, partition_index: 0, ..Default::default() }));
                break;
            }
            let Some(topic) = image.topic(name.as_str()) else {
                let unknown = if invalid_name(name.as_str()).is_some() {
                    ErrorCode::InvalidTopicException
                } else {
                    ErrorCode::UnknownTopicOrPartition
                };
                response.topics.push(DescribeTopicPartitionsResponseTopic {
                    error_code: unknown.code(),
                    is_internal: is_internal(name.as_str()),
                    name: Some(name),
                    topic_authorized_operations: TOPIC_OPERATIONS,
                    ..Default::default()
                });
                continue;
            };
            let described: Vec<_> = (0..)
                .zip(&topic.partitions)
                .skip(first)
                .take(room)
                .map(|(index, partition)| describe_partition(image, index, partition))
                .collect();
            room -= described.len();
            let next = first + described.len();
            response.topics.push(DescribeTopicPartitionsResponseTopic {
                name: Some(name.clone()),
                topic_id: topic.id,
                is_internal: topic.is_internal(),
                partitions: described,
                topic_authorized_operations: TOPIC_OPERATIONS,
                ..Default::default()
            });
            if next < topic.partitions.len() {
                response.next_cursor = Some(Box::new(Cursor {
                    topic_name: name,
                    partition_index: i32::try_from(next).unwrap_or(i32::MAX),
                    ..Default::default()
                }));
                break;
            }
        }
        response
    }
}

/// Requests that Apache Kafka answers as a whole with an error: ids before version 12, and topics without id and name.
fn refused(version: i16, request: &MetadataRequestData) -> Option<MetadataResponseData> {
    let topics = request.topics.as_deref().unwrap_or_default();
    let no_name = |topic: &MetadataRequestTopic| topic.name.is_none();
    let error = if version < 12 {
        topics
            .iter()
            .any(|topic| no_name(topic) || topic.topic_id != KafkaUuid::ZERO)
            .then_some(ErrorCode::InvalidRequest)
    } else {
        let has_ids = topics.iter().any(|topic| topic.topic_id != KafkaUuid::ZERO);
        (!has_ids && topics.iter().any(no_name)).then_some(ErrorCode::UnknownServerError)
    }?;
    let topics = topics.iter().map(|topic| MetadataResponseTopic {
        error_code: error.code(),
        name: Some(topic.name.clone().unwrap_or_default()),
        topic_id: topic.topic_id,
        topic_authorized_operations: NOT_ASKED,
        ..Default::default()
    });
    Some(MetadataResponseData {
        topics: topics.collect(),
        controller_id: -1,
        cluster_authorized_operations: NOT_ASKED,
        error_code: if version >= 13 { error.code() } else { 0 },
        ..Default::default()
    })
}

fn failed(error: ErrorCode, name: Option<KafkaString>, id: KafkaUuid) -> MetadataResponseTopic {
    MetadataResponseTopic {
        error_code: error.code(),
        is_internal: name.as_ref().is_some_and(|name| is_internal(name.as_str())),
        name,
        topic_id: id,
        topic_authorized_operations: NOT_ASKED,
        ..Default::default()
    }
}

fn describe(image: &Image, topic: &Topic, version: i16) -> MetadataResponseTopic {
    let partitions = (0..).zip(&topic.partitions).map(|(index, partition)| {
        let offline = offline(image, partition);
        let live = |brokers: &[BrokerId]| -> Vec<BrokerId> {
            // Version 0 leaves out the brokers that are not there.
            brokers.iter().copied().filter(|broker| version > 0 || !offline.contains(broker)).collect()
        };
        let error = match partition.leader {
            None => ErrorCode::LeaderNotAvailable,
            Some(_) if version == 0 && !offline.is_empty() => ErrorCode::ReplicaNotAvailable,
            Some(_) => ErrorCode::None,
        };
        MetadataResponsePartition {
            error_code: error.code(),
            partition_index: index,
            leader_id: partition.leader.unwrap_or(-1),
            leader_epoch: partition.leader_epoch,
            replica_nodes: live(&partition.replicas),
            isr_nodes: live(&partition.isr),
            offline_replicas: offline,
            ..Default::default()
        }
    });
    MetadataResponseTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: partitions.collect(),
        topic_authorized_operations: NOT_ASKED,
        ..Default::default()
    }
}

fn describe_partition(
    image: &Image,
    index: i32,
    partition: &PartitionRegistration,
) -> DescribeTopicPartitionsResponsePartition {
    DescribeTopicPartitionsResponsePartition {
        partition_index: index,
        leader_id: partition.leader.unwrap_or(-1),
        leader_epoch: partition.leader_epoch,
        replica_nodes: partition.replicas.clone(),
        isr_nodes: partition.isr.clone(),
        eligible_leader_replicas: Some(partition.elr.clone()),
        last_known_elr: Some(partition.last_known_elr.clone()),
        offline_replicas: offline(image, partition),
        ..Default::default()
    }
}

fn offline(image: &Image, partition: &PartitionRegistration) -> Vec<BrokerId> {
    partition.replicas.iter().copied().filter(|&broker| !image.is_live(broker)).collect()
}
