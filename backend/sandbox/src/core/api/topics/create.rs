//! CreateTopics, and topics that are made because a client asks about them.

use std::collections::{BTreeMap, HashMap};

use super::Refusal;
use super::names::{UnifiedNames, invalid_name};
use crate::core::api::repeats::counts;
use crate::core::controller::Assignment;
use crate::core::image::is_internal;
use crate::core::{Caller, Core, random_uuid};
use crate::wire::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreateTopicsRequestData,
};
use crate::wire::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponseData,
};
use crate::wire::{ErrorCode, KafkaString, message};

/// Where the controller keeps its own records; nobody else may use the name.
const CLUSTER_METADATA: &str = "__cluster_metadata";
/// The most partitions that a request may make.
const MAX_PARTITIONS_AT_ONCE: usize = 10_000;

impl Core {
    /// CreateTopics.
    pub(in crate::core::api) fn create_topics(
        &mut self,
        caller: &Caller,
        request: &CreateTopicsRequestData,
    ) -> CreateTopicsResponseData {
        let mut response = CreateTopicsResponseData::default();
        let mut duplicates = Vec::new();
        // Names collide with what was there before, not with each other.
        let before = self.unified_names();
        let mut counts = counts(request.topics.iter().map(|topic| topic.name.as_str()));
        let reached = self.is_connected(caller.broker) && request.timeout_ms > 0;
        if reached && self.asks_for_too_many(request, &counts) {
            let refusal = |topic: &CreatableTopic| refused(&topic.name, too_many());
            response.topics = request.topics.iter().map(refusal).collect();
            return response;
        }
        for topic in &request.topics {
            let count = counts.get_mut(topic.name.as_str()).map_or(0, std::mem::take);
            if count != 1 {
                // Once for all of them, where the first stands.
                if count > 1 {
                    let refusal = (ErrorCode::InvalidRequest, "Duplicate topic name.".to_owned());
                    duplicates.push(refused(&topic.name, refusal));
                }
                continue;
            }
            if topic.name.as_str() == CLUSTER_METADATA {
                let refusal = format!("Creation of internal topic {CLUSTER_METADATA} is prohibited.");
                duplicates.push(refused(&topic.name, (ErrorCode::InvalidRequest, refusal)));
                continue;
            }
            let created = if reached {
                self.create_topic(topic, &before, request.validate_only)
            } else {
                Err((ErrorCode::RequestTimedOut, String::new()))
            };
            response.topics.push(created.unwrap_or_else(|refusal| refused(&topic.name, refusal)));
        }
        response.topics.append(&mut duplicates);
        response
    }

    /// Whether the topics of a request that are named once would have too many partitions together, whatever else is
    /// wrong with them.
    fn asks_for_too_many(&self, request: &CreateTopicsRequestData, counts: &HashMap<&str, usize>) -> bool {
        let default = self.image.configs.broker_settings().num_partitions;
        let named_once = request.topics.iter().filter(|topic| {
            counts.get(topic.name.as_str()) == Some(&1) && topic.name.as_str() != CLUSTER_METADATA
        });
        let partitions = named_once.map(|topic| match (topic.assignments.len(), topic.num_partitions) {
            (0, -1) => default,
            (0, partitions) => usize::try_from(partitions).unwrap_or(0),
            (assigned, _) => assigned,
        });
        partitions.fold(0, usize::saturating_add) > MAX_PARTITIONS_AT_ONCE
    }

    /// Makes a topic that the cluster begins with, by the rules by which clients make them. The error says, in Kafka's
    /// words, why it can't be.
    pub(crate) fn begin_with_topic(
        &mut self,
        name: &str,
        partitions: u16,
        replication_factor: u16,
    ) -> Result<(), String> {
        let topic = CreatableTopic {
            name: KafkaString::from(name.to_owned()),
            num_partitions: i32::from(partitions),
            replication_factor: i16::try_from(replication_factor).unwrap_or(i16::MAX),
            ..Default::default()
        };
        let names = self.unified_names();
        self.create_topic(&topic, &names, false).map(|_| ()).map_err(|(_, reason)| reason)
    }

    fn create_topic(
        &mut self,
        topic: &CreatableTopic,
        before: &UnifiedNames,
        validate_only: bool,
    ) -> Result<CreatableTopicResult, Refusal> {
        let name = topic.name.as_str();
        if let Some(reason) = invalid_name(name) {
            return Err((ErrorCode::InvalidTopicException, reason));
        }
        if self.image.topic(name).is_some() {
            return Err((ErrorCode::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
        }
        if let Some(other) = before.colliding(name) {
            let reason = format!("Topic '{name}' collides with existing topic: {}", other.as_str());
            return Err((ErrorCode::InvalidTopicException, reason));
        }
        let configs = self.new_configs(topic)?;
        let assignment = self.new_assignment(topic)?;
        self.check_room(1, assignment.len())?;

        let replication_factor = assignment.first().map_or(0, Vec::len);
        let mut result = CreatableTopicResult {
            name: topic.name.clone(),
            num_partitions: i32::try_from(assignment.len()).unwrap_or(i32::MAX),
            replication_factor: i16::try_from(replication_factor).unwrap_or(i16::MAX),
            ..Default::default()
        };
        let described = self.image.configs.describe_new_topic(&configs);
        result.configs = Some(
            described
                .into_iter()
                .map(|entry| CreatableTopicConfigs {
                    name: KafkaString::from(entry.name),
                    value: entry.value.map(KafkaString::from),
                    read_only: entry.read_only,
                    config_source: entry.source.id(),
                    is_sensitive: entry.sensitive,
                    ..Default::default()
                })
                .collect(),
        );
        if validate_only {
            result.topic_id = random_uuid(&mut self.rng);
            return Ok(result);
        }
        std::sync::Arc::make_mut(&mut self.image).configs.set_topic(name, configs);
        result.topic_id = self.add_topic(name, &assignment);
        Ok(result)
    }

    /// The configs that a new topic is given, checked.
    fn new_configs(&self, topic: &CreatableTopic) -> Result<BTreeMap<String, String>, Refusal> {
        let (set, null): (Vec<_>, Vec<_>) = topic.configs.iter().partition(|config| config.value.is_some());
        if !null.is_empty() {
            let names: Vec<_> = null.iter().map(|config| config.name.as_str()).collect();
            let reason = format!("Null value not supported for topic configs: {}", names.join(","));
            return Err((ErrorCode::InvalidConfig, reason));
        }
        let text = |value: &KafkaString| value.as_str().to_owned();
        let configs: BTreeMap<_, _> = set
            .into_iter()
            .map(|config| (text(&config.name), config.value.as_ref().map(text).unwrap_or_default()))
            .collect();
        self.image.configs.check_topic(&configs).map_err(|refused| (refused.code, refused.message))?;
        Ok(configs)
    }

    /// The replicas of a new topic's partitions.
    fn new_assignment(&mut self, topic: &CreatableTopic) -> Result<Assignment, Refusal> {
        if !topic.assignments.is_empty() {
            return self.given_assignment(topic);
        }
        if topic.replication_factor < -1 || topic.replication_factor == 0 {
            let reason = "Replication factor must be larger than 0, or -1 to use the default value.";
            return Err((ErrorCode::InvalidReplicationFactor, reason.to_owned()));
        }
        if topic.num_partitions < -1 || topic.num_partitions == 0 {
            let reason = "Number of partitions was set to an invalid non-positive value.";
            return Err((ErrorCode::InvalidPartitions, reason.to_owned()));
        }
        let settings = self.image.configs.broker_settings();
        let partitions = usize::try_from(topic.num_partitions).unwrap_or(settings.num_partitions);
        if partitions > MAX_PARTITIONS_AT_ONCE {
            return Err(too_many());
        }
        let factor = usize::try_from(topic.replication_factor).unwrap_or(settings.default_replication_factor);
        self.check_room(1, partitions)?;
        self.place(partitions, factor).map_err(|reason| {
            let reason = format!("Unable to replicate the partition {factor} time(s): {reason}");
            (ErrorCode::InvalidReplicationFactor, reason)
        })
    }

    fn given_assignment(&self, topic: &CreatableTopic) -> Result<Assignment, Refusal> {
        if topic.replication_factor != -1 {
            let reason =
                "A manual partition assignment was specified, but replication factor was not set to -1.";
            return Err((ErrorCode::InvalidRequest, reason.to_owned()));
        }
        if topic.num_partitions != -1 {
            let reason = "A manual partition assignment was specified, but numPartitions was not set to -1.";
            return Err((ErrorCode::InvalidRequest, reason.to_owned()));
        }
        let mut by_index = BTreeMap::new();
        let mut factor = None;
        for CreatableReplicaAssignment { partition_index, broker_ids, .. } in &topic.assignments {
            if by_index.contains_key(partition_index) {
                let reason =
                    format!("Found multiple manual partition assignments for partition {partition_index}");
                return Err((ErrorCode::InvalidReplicaAssignment, reason));
            }
            self.check_replicas(*partition_index, broker_ids, factor)?;
            factor = Some(broker_ids.len());
            by_index.insert(*partition_index, broker_ids.clone());
        }
        if !(0..).zip(by_index.keys()).all(|(expected, index)| expected == *index) {
            let reason = "partitions should be a consecutive 0-based integer sequence";
            return Err((ErrorCode::InvalidReplicaAssignment, reason.to_owned()));
        }
        Ok(by_index.into_values().collect())
    }

    /// Makes a topic because a client asked about it. Whatever comes of it, that client is told that the topic isn't
    /// there: the controller decides while it is answered.
    ///
    /// `names` are those of all topics, once they were needed: a request may ask about many topics that aren't there.
    pub(in crate::core::api) fn auto_create(&mut self, name: &str, names: &mut Option<UnifiedNames>) {
        let settings = self.image.configs.broker_settings();
        if is_internal(name) {
            let (partitions, factor) =
                (settings.offsets_topic_num_partitions, settings.offsets_topic_replication_factor);
            let _ = self.make_internal_topic(name, partitions, factor);
            return;
        }
        let topic = CreatableTopic {
            name: KafkaString::from(name.to_owned()),
            num_partitions: -1,
            replication_factor: -1,
            ..Default::default()
        };
        if self.check_room(1, settings.num_partitions).is_ok() {
            let mut all = names.take().unwrap_or_else(|| self.unified_names());
            if self.create_topic(&topic, &all, false).is_ok() {
                all.add(topic.name);
            }
            *names = Some(all);
        }
    }
}

fn too_many() -> Refusal {
    (ErrorCode::PolicyViolation, "Excessively large number of partitions per request.".to_owned())
}

fn refused(name: &KafkaString, (error, reason): Refusal) -> CreatableTopicResult {
    CreatableTopicResult {
        name: name.clone(),
        error_code: error.code(),
        error_message: if reason.is_empty() { None } else { message(reason) },
        num_partitions: -1,
        replication_factor: -1,
        configs: Some(Vec::new()),
        ..Default::default()
    }
}
