//! CreateTopics, DeleteTopics, CreatePartitions.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::repeats::counts;
use crate::core::controller::Assignment;
use crate::core::image::is_internal;
use crate::core::{BrokerId, Caller, Core, random_uuid};
use crate::wire::messages::create_partitions_request::{CreatePartitionsRequestData, CreatePartitionsTopic};
use crate::wire::messages::create_partitions_response::{
    CreatePartitionsResponseData, CreatePartitionsTopicResult,
};
use crate::wire::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreateTopicsRequestData,
};
use crate::wire::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponseData,
};
use crate::wire::messages::delete_topics_request::DeleteTopicsRequestData;
use crate::wire::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponseData};
use crate::wire::{ErrorCode, KafkaString, KafkaUuid, message};

/// Where the controller keeps its own records; nobody else may use the name.
const CLUSTER_METADATA: &str = "__cluster_metadata";
/// The most partitions that a request may make.
const MAX_PARTITIONS_AT_ONCE: usize = 10_000;
/// The longest name of a topic.
const MAX_NAME: usize = 249;

/// Why a change is refused: the code, and what Apache Kafka says with it.
pub(super) type Refusal = (ErrorCode, String);

/// What is wrong with the name of a topic.
pub(super) fn invalid_name(name: &str) -> Option<String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let reason = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if name.chars().count() > MAX_NAME => {
            format!("the length of '{name}' is longer than the max allowed length {MAX_NAME}")
        }
        _ if !name.chars().all(valid) => {
            format!(
                "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
            )
        }
        _ => return None,
    };
    Some(format!("Topic name is invalid: {reason}"))
}

/// The names of topics with `.` told as `_`: names that are then the same collide in the names of metrics.
pub(super) struct UnifiedNames(HashMap<String, KafkaString>);

impl UnifiedNames {
    fn of(name: &str) -> String {
        name.replace('.', "_")
    }

    /// A topic that a new one of this name would collide with.
    fn colliding(&self, name: &str) -> Option<&KafkaString> {
        if !name.contains(['.', '_']) {
            return None;
        }
        self.0.get(&Self::of(name)).filter(|other| other.as_str() != name)
    }
}

impl Core {
    fn unified_names(&self) -> UnifiedNames {
        let names = self.image.topics().map(|topic| &topic.name);
        UnifiedNames(names.map(|name| (UnifiedNames::of(name.as_str()), name.clone())).collect())
    }

    /// CreateTopics.
    pub(super) fn create_topics(
        &mut self,
        caller: &Caller,
        request: &CreateTopicsRequestData,
    ) -> CreateTopicsResponseData {
        let mut response = CreateTopicsResponseData::default();
        let mut duplicates = Vec::new();
        // Names collide with what was there before, not with each other.
        let before = self.unified_names();
        let mut counts = counts(request.topics.iter().map(|topic| topic.name.as_str()));
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
            let created = if self.is_connected(caller.broker) && request.timeout_ms > 0 {
                self.create_topic(topic, &before, request.validate_only)
            } else {
                Err((ErrorCode::RequestTimedOut, String::new()))
            };
            response.topics.push(created.unwrap_or_else(|refusal| refused(&topic.name, refusal)));
        }
        response.topics.append(&mut duplicates);
        response
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
            let reason = "Excessively large number of partitions per request.";
            return Err((ErrorCode::PolicyViolation, reason.to_owned()));
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

    /// Whether replicas that a client has chosen will do.
    fn check_replicas(
        &self,
        partition: i32,
        replicas: &[BrokerId],
        factor: Option<usize>,
    ) -> Result<(), Refusal> {
        let refuse = |reason: String| Err((ErrorCode::InvalidReplicaAssignment, reason));
        if replicas.is_empty() {
            return refuse("The manual partition assignment includes an empty replica list.".to_owned());
        }
        let mut sorted = replicas.to_vec();
        sorted.sort_unstable();
        let mut before = None;
        for broker in sorted {
            if !self.image.brokers.contains_key(&broker) {
                return refuse(format!(
                    "The manual partition assignment includes broker {broker}, but no such broker is registered."
                ));
            }
            if before.replace(broker) == Some(broker) {
                return refuse(format!(
                    "The manual partition assignment includes the broker {broker} more than once."
                ));
            }
        }
        if let Some(factor) = factor.filter(|&factor| factor != replicas.len()) {
            return refuse(format!(
                "The manual partition assignment includes a partition with {} replica(s), but this is not consistent \
                 with previous partitions, which have {factor} replica(s).",
                replicas.len()
            ));
        }
        if !replicas.iter().any(|&broker| self.image.is_live(broker)) {
            return refuse(format!(
                "All brokers specified in the manual partition assignment for partition {partition} are fenced or in \
                 controlled shutdown."
            ));
        }
        Ok(())
    }

    /// Whether the cluster may have so much more.
    fn check_room(&self, topics: usize, partitions: usize) -> Result<(), Refusal> {
        let limits = self.limits;
        if self.image.topic_count() + topics > limits.topics {
            let reason = format!("This cluster holds at most {} topics.", limits.topics);
            return Err((ErrorCode::PolicyViolation, reason));
        }
        if self.image.partition_count().saturating_add(partitions) > limits.partitions {
            let reason = format!("This cluster holds at most {} partitions.", limits.partitions);
            return Err((ErrorCode::PolicyViolation, reason));
        }
        Ok(())
    }

    /// Makes a topic because a client asked about it. Whatever comes of it, that client is told that the topic isn't
    /// there: the controller decides while it is answered.
    ///
    /// `names` are those of all topics, once they were needed: a request may ask about many topics that aren't there.
    pub(super) fn auto_create(&mut self, name: &str, names: &mut Option<UnifiedNames>) {
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
                all.0.insert(UnifiedNames::of(name), topic.name);
            }
            *names = Some(all);
        }
    }

    /// DeleteTopics.
    pub(super) fn delete_topics(
        &mut self,
        caller: &Caller,
        request: &DeleteTopicsRequestData,
    ) -> DeleteTopicsResponseData {
        let mut names: Vec<(Option<KafkaString>, KafkaUuid)> =
            request.topic_names.iter().map(|name| (Some(name.clone()), KafkaUuid::ZERO)).collect();
        names.extend(request.topics.iter().map(|topic| (topic.name.clone(), topic.topic_id)));

        let mut response = DeleteTopicsResponseData::default();
        let result = |name: Option<KafkaString>, id: KafkaUuid, error: ErrorCode, reason: Option<&str>| {
            DeletableTopicResult {
                name,
                topic_id: id,
                error_code: error.code(),
                error_message: reason.and_then(message),
                ..Default::default()
            }
        };
        let mut counts = counts(names.iter().cloned());
        // A topic that is named and whose id is given too is not deleted.
        let image = std::sync::Arc::clone(&self.image);
        let ids: HashSet<_> = names.iter().filter(|(name, _)| name.is_none()).map(|(_, id)| *id).collect();
        let twice =
            |name: &KafkaString| image.topic(name.as_str()).is_some_and(|topic| ids.contains(&topic.id));
        let named: HashSet<_> = names.iter().filter_map(|(name, _)| name.as_ref()).cloned().collect();
        let enabled = self.image.configs.broker_settings().delete_topic_enable;
        for (name, id) in names {
            let key = (name.clone(), id);
            let count = counts.get_mut(&key).map_or(0, std::mem::take);
            if count == 0 {
                continue;
            }
            if count > 1 {
                let what = if name.is_some() { "Duplicate topic name." } else { "Duplicate topic id." };
                response.responses.push(result(name, id, ErrorCode::InvalidRequest, Some(what)));
                continue;
            }
            let found = match (&name, id) {
                (None, KafkaUuid::ZERO) => {
                    Err((ErrorCode::InvalidRequest, Some("Neither topic name nor id were specified.")))
                }
                (Some(_), id) if id != KafkaUuid::ZERO => Err((
                    ErrorCode::InvalidRequest,
                    Some("You may not specify both topic name and topic id."),
                )),
                _ if !enabled => {
                    let error = if caller.version < 3 {
                        ErrorCode::InvalidRequest
                    } else {
                        ErrorCode::TopicDeletionDisabled
                    };
                    Err((error, Some("Topic deletion is disabled.")))
                }
                _ if !self.is_connected(caller.broker) || request.timeout_ms <= 0 => {
                    Err((ErrorCode::RequestTimedOut, None))
                }
                (None, id) if image.topic_by_id(id).is_some_and(|topic| named.contains(&topic.name)) => {
                    continue;
                }
                (Some(name), _) if twice(name) => {
                    let id = image.topic(name.as_str()).map_or(KafkaUuid::ZERO, |topic| topic.id);
                    let reason = "The provided topic name maps to an ID that was already supplied.";
                    response.responses.push(result(
                        Some(name.clone()),
                        id,
                        ErrorCode::InvalidRequest,
                        Some(reason),
                    ));
                    continue;
                }
                (None, id) => match self.image.topic_by_id(id) {
                    Some(topic) => Ok((topic.name.clone(), id)),
                    None => {
                        Err((ErrorCode::UnknownTopicId, Some("This server does not host this topic ID.")))
                    }
                },
                (Some(name), _) => match self.image.topic(name.as_str()) {
                    Some(topic) => Ok((name.clone(), topic.id)),
                    None => Err((
                        ErrorCode::UnknownTopicOrPartition,
                        Some("This server does not host this topic-partition."),
                    )),
                },
            };
            response.responses.push(match found {
                Ok((name, id)) => {
                    self.remove_topic(name.as_str());
                    result(Some(name), id, ErrorCode::None, None)
                }
                Err((error, reason)) => result(name, id, error, reason),
            });
        }
        response
    }

    /// CreatePartitions.
    pub(super) fn create_partitions(
        &mut self,
        caller: &Caller,
        request: &CreatePartitionsRequestData,
    ) -> CreatePartitionsResponseData {
        let mut response = CreatePartitionsResponseData::default();
        let mut counts = counts(request.topics.iter().map(|topic| topic.name.as_str()));
        for topic in &request.topics {
            let count = counts.get_mut(topic.name.as_str()).map_or(0, std::mem::take);
            if count == 0 {
                continue;
            }
            let outcome = if count > 1 {
                Err((ErrorCode::InvalidRequest, "Duplicate topic name.".to_owned()))
            } else if !self.is_connected(caller.broker) || request.timeout_ms <= 0 {
                Err((ErrorCode::RequestTimedOut, String::new()))
            } else {
                self.grow(topic, request.validate_only)
            };
            let (error, reason) = outcome.err().unwrap_or((ErrorCode::None, String::new()));
            response.results.push(CreatePartitionsTopicResult {
                name: topic.name.clone(),
                error_code: error.code(),
                error_message: if reason.is_empty() { None } else { message(reason) },
                ..Default::default()
            });
        }
        response
    }

    fn grow(&mut self, request: &CreatePartitionsTopic, validate_only: bool) -> Result<(), Refusal> {
        let name = request.name.as_str();
        let topic =
            self.image.topic(name).ok_or_else(|| (ErrorCode::UnknownTopicOrPartition, String::new()))?;
        let (id, present) = (topic.id, topic.partitions.len());
        let factor = topic.partitions.first().map_or(1, |partition| partition.replicas.len());
        let wanted = usize::try_from(request.count).unwrap_or(0);
        if wanted == present {
            let reason = format!("Topic already has {present} partition(s).");
            return Err((ErrorCode::InvalidPartitions, reason));
        }
        if wanted < present {
            let reason = format!(
                "The topic {name} currently has {present} partition(s); {} would not be an increase.",
                request.count
            );
            return Err((ErrorCode::InvalidPartitions, reason));
        }
        let additional = wanted - present;
        self.check_room(0, additional)?;
        let assignment = match &request.assignments {
            Some(given) => {
                if given.len() != additional {
                    let reason = format!(
                        "Attempted to add {additional} additional partition(s), but only {} assignment(s) were \
                         specified.",
                        given.len()
                    );
                    return Err((ErrorCode::InvalidReplicaAssignment, reason));
                }
                let mut assignment = Assignment::new();
                for (index, replicas) in (request.count - i32::try_from(additional).unwrap_or(0)..).zip(given)
                {
                    self.check_replicas(index, &replicas.broker_ids, Some(factor))?;
                    assignment.push(replicas.broker_ids.clone());
                }
                assignment
            }
            None => self
                .place(additional, factor)
                .map_err(|reason| (ErrorCode::InvalidReplicationFactor, reason))?,
        };
        if !validate_only {
            self.add_partitions(id, &assignment);
        }
        Ok(())
    }
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
