//! DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources.
//!
//! Functions over a [`ConfigStore`]: what is to be changed comes out, and is not changed here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::topics::invalid_name;
use crate::core::config::{
    ConfigChange, ConfigEntry, ConfigError, ConfigResource, ConfigStore, Kind, Operation, Overrides,
};
use crate::core::image::Image;
use crate::core::{BrokerId, Caller, Core};
use crate::wire::messages::alter_configs_request::{AlterConfigsRequestData, AlterConfigsResource};
use crate::wire::messages::alter_configs_response::{AlterConfigsResourceResponse, AlterConfigsResponseData};
use crate::wire::messages::describe_configs_request::{DescribeConfigsRequestData, DescribeConfigsResource};
use crate::wire::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponseData, DescribeConfigsResult, DescribeConfigsSynonym,
};
use crate::wire::messages::list_config_resources_request::ListConfigResourcesRequestData;
use crate::wire::messages::list_config_resources_response::{
    ConfigResource as ListedResource, ListConfigResourcesResponseData,
};
use crate::wire::messages::{incremental_alter_configs_request, incremental_alter_configs_response};
use crate::wire::{ErrorCode, KafkaString, message, text};

use incremental_alter_configs_request::{
    AlterConfigsResource as IncrementalResource, IncrementalAlterConfigsRequestData,
};
use incremental_alter_configs_response::IncrementalAlterConfigsResponseData;

/// What has configs, by the protocol's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResourceType {
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
    ClientMetrics = 16,
    Group = 32,
}

impl ResourceType {
    /// In the order in which [`list_config_resources`] lists them.
    const ALL: [Self; 5] = [Self::Group, Self::ClientMetrics, Self::BrokerLogger, Self::Broker, Self::Topic];

    fn from_id(id: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    fn id(self) -> i8 {
        self as i8
    }
}

/// What the answers need to know of the cluster.
pub(crate) trait ClusterFacts {
    /// The broker that is asked.
    fn broker(&self) -> i32;
    /// What is wrong with the name of a topic, in Kafka's words.
    fn invalid_topic_name(&self, name: &str) -> Option<String>;
    /// Whether there is a topic of this name.
    fn has_topic(&self, name: &str) -> bool;
    /// The names of all topics.
    fn topics(&self) -> Vec<KafkaString>;
    /// The brokers that clients are told of.
    fn brokers(&self) -> Vec<i32>;
}

/// The cluster as a broker sees it.
struct Seen<'a> {
    broker: BrokerId,
    image: &'a Image,
}

impl ClusterFacts for Seen<'_> {
    fn broker(&self) -> i32 {
        self.broker
    }

    fn invalid_topic_name(&self, name: &str) -> Option<String> {
        invalid_name(name)
    }

    fn has_topic(&self, name: &str) -> bool {
        self.image.topic(name).is_some()
    }

    fn topics(&self) -> Vec<KafkaString> {
        self.image.topics().map(|topic| topic.name.clone()).collect()
    }

    fn brokers(&self) -> Vec<i32> {
        self.image.live_brokers().map(|(id, _)| id).collect()
    }
}

impl Core {
    fn seen_by(&self, broker: BrokerId) -> Seen<'_> {
        Seen { broker, image: self.image_of(broker) }
    }

    /// Changes are the controller's, whatever the broker that was asked knows.
    fn seen_by_controller(&self, broker: BrokerId) -> Seen<'_> {
        Seen { broker, image: &self.image }
    }

    /// DescribeConfigs.
    pub(super) fn describe_configs(
        &self,
        caller: &Caller,
        request: &DescribeConfigsRequestData,
    ) -> DescribeConfigsResponseData {
        let seen = self.seen_by(caller.broker);
        describe_configs(&seen.image.configs, &seen, request)
    }

    /// AlterConfigs.
    pub(super) fn alter_configs(
        &mut self,
        caller: &Caller,
        request: &AlterConfigsRequestData,
    ) -> AlterConfigsResponseData {
        let seen = self.seen_by_controller(caller.broker);
        let (response, changes) = alter_configs(&seen.image.configs, &seen, request);
        self.change_configs(changes);
        response
    }

    /// IncrementalAlterConfigs.
    pub(super) fn incremental_alter_configs(
        &mut self,
        caller: &Caller,
        request: &IncrementalAlterConfigsRequestData,
    ) -> IncrementalAlterConfigsResponseData {
        let seen = self.seen_by_controller(caller.broker);
        let (response, changes) = incremental_alter_configs(&seen.image.configs, &seen, request);
        self.change_configs(changes);
        response
    }

    /// ListConfigResources.
    pub(super) fn list_config_resources(
        &self,
        caller: &Caller,
        request: &ListConfigResourcesRequestData,
    ) -> ListConfigResourcesResponseData {
        let seen = self.seen_by(caller.broker);
        list_config_resources(&seen.image.configs, &seen, request, caller.version)
    }

    fn change_configs(&mut self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        let image = Arc::make_mut(&mut self.image);
        for (resource, overrides) in changes {
            image.configs.replace(resource, overrides);
        }
        self.configs_changed();
    }
}

/// Overrides that a resource is to have from now on: see [`ConfigStore::replace`].
pub(crate) type Changes = Vec<(ConfigResource, Overrides)>;

/// Answers `DescribeConfigs`.
fn describe_configs(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &DescribeConfigsRequestData,
) -> DescribeConfigsResponseData {
    let known =
        request.resources.iter().all(|resource| ResourceType::from_id(resource.resource_type).is_some());
    let results = request.resources.iter().map(|resource| {
        let described = if known {
            describe(store, facts, resource)
        } else {
            // One unknown type spoils the request.
            Err(ConfigError::invalid_request(ErrorCode::InvalidRequest.to_string()))
        };
        let mut result = DescribeConfigsResult {
            // Not null, even where there is nothing to say.
            error_message: message(""),
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
            ..Default::default()
        };
        match described {
            Ok(entries) => {
                let asked = |name: &str| match resource.configuration_keys.as_deref() {
                    None | Some([]) => true,
                    Some(keys) => keys.iter().any(|key| key.as_str() == name),
                };
                let entries = entries.into_iter().filter(|entry| asked(&entry.name));
                result.configs = entries.map(|entry| entry_result(entry, request)).collect();
            }
            Err(error) => {
                result.error_code = error.code.code();
                result.error_message = message(error.message);
            }
        }
        result
    });
    DescribeConfigsResponseData { results: results.collect(), ..Default::default() }
}

fn describe(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    resource: &DescribeConfigsResource,
) -> Result<Vec<ConfigEntry>, ConfigError> {
    let name = resource.resource_name.as_str();
    let this = facts.broker();
    match ResourceType::from_id(resource.resource_type) {
        Some(ResourceType::Topic) => {
            if let Some(reason) = facts.invalid_topic_name(name) {
                return Err(ConfigError { code: ErrorCode::InvalidTopicException, message: reason });
            }
            if !facts.has_topic(name) {
                return Err(ConfigError { code: ErrorCode::UnknownTopicOrPartition, message: String::new() });
            }
            Ok(store.describe_topic(this, name))
        }
        Some(ResourceType::Broker) if name.is_empty() => Ok(store.describe_cluster(this)),
        Some(ResourceType::Broker) if broker_id(name)? == this => Ok(store.describe_broker(this)),
        Some(ResourceType::Broker) => Err(ConfigError::invalid_request(format!(
            "Unexpected broker id, expected {this} or empty string, but received {name}"
        ))),
        Some(ResourceType::BrokerLogger) if name.is_empty() => {
            Err(ConfigError::invalid_request("Broker id must not be empty"))
        }
        // Brokers here have no loggers of their own.
        Some(ResourceType::BrokerLogger) if broker_id(name)? == this => Ok(Vec::new()),
        Some(ResourceType::BrokerLogger) => Err(ConfigError::invalid_request(format!(
            "Unexpected broker id, expected {this} but received {name}"
        ))),
        Some(ResourceType::ClientMetrics) => Err(no_client_metrics()),
        Some(ResourceType::Group) if name.is_empty() => {
            Err(ConfigError::invalid_request("Group name must not be empty"))
        }
        Some(ResourceType::Group) => Ok(store.describe_group(this, name)),
        None => Err(ConfigError::invalid_request(ErrorCode::InvalidRequest.to_string())),
    }
}

fn broker_id(name: &str) -> Result<i32, ConfigError> {
    name.parse()
        .map_err(|_| ConfigError::invalid_request(format!("Broker id must be an integer, but it is: {name}")))
}

/// There is nobody here whom clients could send their metrics.
fn no_client_metrics() -> ConfigError {
    ConfigError::invalid_request("This cluster has no client metrics.")
}

fn entry_result(entry: ConfigEntry, request: &DescribeConfigsRequestData) -> DescribeConfigsResourceResult {
    let synonyms = entry.synonyms.into_iter().filter(|_| request.include_synonyms);
    DescribeConfigsResourceResult {
        name: text(entry.name),
        value: entry.value.map(text),
        read_only: entry.read_only,
        config_source: entry.source.id(),
        is_sensitive: entry.sensitive,
        synonyms: synonyms
            .map(|synonym| DescribeConfigsSynonym {
                name: text(synonym.name),
                value: synonym.value.map(text),
                source: synonym.source.id(),
                ..Default::default()
            })
            .collect(),
        config_type: entry.kind.map_or(0, Kind::id),
        documentation: entry
            .documentation
            .filter(|_| request.include_documentation)
            .map(KafkaString::from_static),
        ..Default::default()
    }
}

/// Answers `AlterConfigs`, which sets all configs of a resource.
fn alter_configs(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &AlterConfigsRequestData,
) -> (AlterConfigsResponseData, Changes) {
    let twice = named_twice(request.resources.iter().map(|it| (it.resource_type, it.resource_name.as_str())));
    let mut changes = Changes::new();
    let responses = request.resources.iter().map(|resource| {
        let replaced = if twice.contains(&(resource.resource_type, resource.resource_name.as_str())) {
            Err(resource_twice())
        } else {
            replacement(store, facts, resource)
        };
        let (error_code, error_message) = outcome(replaced, request.validate_only, &mut changes);
        AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
            ..Default::default()
        }
    });
    let responses = responses.collect();
    (AlterConfigsResponseData { responses, ..Default::default() }, changes)
}

fn replacement(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &AlterConfigsResource,
) -> Result<Option<(ConfigResource, Overrides)>, ConfigError> {
    refuse_names_twice(request.configs.iter().map(|config| config.name.as_str()))?;
    let null = request.configs.iter().filter(|config| config.value.is_none());
    refuse_null(null.map(|config| config.name.as_str()))?;
    let name = request.resource_name.as_str();
    let resource = match ResourceType::from_id(request.resource_type) {
        Some(ResourceType::BrokerLogger) | None => return Err(unknown_type(request.resource_type)),
        Some(kind) => resource(facts, kind, name)?,
    };
    let value = |value: &Option<KafkaString>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    let new = request.configs.iter().map(|config| (config.name.to_string(), value(&config.value))).collect();
    store.check_replacement(facts.broker(), &resource, &new)?;
    refuse_missing(facts, &resource)?;
    Ok(Some((resource, new)))
}

/// Answers `IncrementalAlterConfigs`, which changes single configs of a resource (KIP-339).
fn incremental_alter_configs(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &IncrementalAlterConfigsRequestData,
) -> (IncrementalAlterConfigsResponseData, Changes) {
    let twice = named_twice(request.resources.iter().map(|it| (it.resource_type, it.resource_name.as_str())));
    let mut changes = Changes::new();
    let responses = request.resources.iter().map(|resource| {
        let altered = if twice.contains(&(resource.resource_type, resource.resource_name.as_str())) {
            Err(resource_twice())
        } else {
            alteration(store, facts, resource)
        };
        let (error_code, error_message) = outcome(altered, request.validate_only, &mut changes);
        incremental_alter_configs_response::AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
            ..Default::default()
        }
    });
    let responses = responses.collect();
    (IncrementalAlterConfigsResponseData { responses, ..Default::default() }, changes)
}

fn alteration(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &IncrementalResource,
) -> Result<Option<(ConfigResource, Overrides)>, ConfigError> {
    refuse_names_twice(request.configs.iter().map(|config| config.name.as_str()))?;
    let null = |config: &&incremental_alter_configs_request::AlterableConfig| {
        config.value.is_none() && config.config_operation != Operation::Delete as i8
    };
    refuse_null(request.configs.iter().filter(null).map(|config| config.name.as_str()))?;
    let kind =
        ResourceType::from_id(request.resource_type).ok_or_else(|| unknown_type(request.resource_type))?;
    if kind == ResourceType::BrokerLogger {
        return check_loggers(facts, request).map(|()| None);
    }
    let resource = resource(facts, kind, request.resource_name.as_str())?;
    let mut changes = Vec::with_capacity(request.configs.len());
    for config in &request.configs {
        let operation = Operation::from_id(config.config_operation).ok_or_else(|| match kind {
            ResourceType::Broker => {
                ConfigError::invalid_request(format!("Unknown operations type {}", config.config_operation))
            }
            // Kafka's controller is not prepared for it.
            _ => ConfigError { code: ErrorCode::UnknownServerError, message: String::new() },
        })?;
        changes.push(ConfigChange {
            name: config.name.to_string(),
            operation,
            value: config.value.as_ref().map(ToString::to_string).unwrap_or_default(),
        });
    }
    let new = store.altered_incrementally(facts.broker(), &resource, &changes)?;
    refuse_missing(facts, &resource)?;
    Ok(Some((resource, new)))
}

/// The code and message of an answer; what is to be changed goes to `changes`.
fn outcome(
    altered: Result<Option<(ConfigResource, Overrides)>, ConfigError>,
    validate_only: bool,
    changes: &mut Changes,
) -> (i16, Option<KafkaString>) {
    match altered {
        Ok(change) => {
            changes.extend(change.filter(|_| !validate_only));
            (ErrorCode::None.code(), None)
        }
        Err(error) => (error.code.code(), message(error.message).filter(|message| !message.is_empty())),
    }
}

/// What a request names to be changed, if it can be.
fn resource(
    facts: &impl ClusterFacts,
    kind: ResourceType,
    name: &str,
) -> Result<ConfigResource, ConfigError> {
    match kind {
        ResourceType::Topic if name.is_empty() => {
            Err(ConfigError::invalid_request("Default topic resources are not allowed."))
        }
        ResourceType::Topic => match facts.invalid_topic_name(name) {
            Some(reason) => Err(ConfigError { code: ErrorCode::InvalidTopicException, message: reason }),
            None => Ok(ConfigResource::Topic(name.to_owned())),
        },
        ResourceType::Broker if name.is_empty() => Ok(ConfigResource::Cluster),
        ResourceType::Broker => {
            let id: i32 = name.parse().map_err(|_| {
                ConfigError::invalid_request(format!("Node id must be an integer, but it is: {name}"))
            })?;
            let this = facts.broker();
            if id != this {
                return Err(ConfigError::invalid_request(format!(
                    "Unexpected broker id, expected {this}, but received {name}"
                )));
            }
            Ok(ConfigResource::Broker(id))
        }
        ResourceType::Group if name.is_empty() => {
            Err(ConfigError::invalid_request("Default group resources are not allowed."))
        }
        ResourceType::Group => Ok(ConfigResource::Group(name.to_owned())),
        ResourceType::ClientMetrics => Err(no_client_metrics()),
        ResourceType::BrokerLogger => Err(unknown_type(kind.id())),
    }
}

/// The levels of a broker's loggers. There are none but the root, whose level changes nothing.
fn check_loggers(facts: &impl ClusterFacts, request: &IncrementalResource) -> Result<(), ConfigError> {
    const ROOT: &str = "root";
    const LEVELS: [&str; 6] = ["DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"];
    let name = request.resource_name.as_str();
    let id: i32 = name.parse().map_err(|_| {
        ConfigError::invalid_request(format!("Node id must be an integer, but it is: {name}"))
    })?;
    if id != facts.broker() {
        let this = facts.broker();
        return Err(ConfigError::invalid_request(format!(
            "Unexpected node id. Expected {this}, but received {id}"
        )));
    }
    for config in &request.configs {
        let logger = config.name.as_str();
        let refusal = match Operation::from_id(config.config_operation) {
            Some(Operation::Set | Operation::Delete) if logger != ROOT => {
                ConfigError::invalid_config(format!("Logger {logger} does not exist!"))
            }
            Some(Operation::Set) => {
                let level = config.value.as_ref().map(KafkaString::as_str).unwrap_or_default();
                if LEVELS.contains(&level) {
                    continue;
                }
                ConfigError::invalid_config(format!(
                    "Cannot set the log level of {logger} to {level} as it is not a supported log level. Valid log \
                     levels are {}",
                    LEVELS.join(", ")
                ))
            }
            Some(Operation::Delete) => {
                ConfigError::invalid_request("Removing the log level of the root logger is not allowed")
            }
            Some(operation @ (Operation::Append | Operation::Subtract)) => ConfigError::invalid_request(
                format!("{} operation is not allowed for the BROKER_LOGGER resource", operation.name()),
            ),
            None => ConfigError::invalid_request(format!(
                "Unknown operation type {} is not allowed for the BROKER_LOGGER resource",
                config.config_operation
            )),
        };
        return Err(refusal);
    }
    Ok(())
}

/// A topic that is not there is refused last.
fn refuse_missing(facts: &impl ClusterFacts, resource: &ConfigResource) -> Result<(), ConfigError> {
    match resource {
        ConfigResource::Topic(name) if !facts.has_topic(name) => Err(ConfigError {
            code: ErrorCode::UnknownTopicOrPartition,
            message: format!("The topic '{name}' does not exist."),
        }),
        _ => Ok(()),
    }
}

fn refuse_names_twice<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(ConfigError::invalid_request("Error due to duplicate config keys"));
        }
    }
    Ok(())
}

fn refuse_null<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(ConfigError::invalid_request(format!("Null value not supported for : {}", names.join(", "))))
}

fn unknown_type(id: i8) -> ConfigError {
    ConfigError::invalid_request(format!("Unknown resource type {id}"))
}

fn resource_twice() -> ConfigError {
    ConfigError::invalid_request("Each resource must appear at most once.")
}

/// The resources that a request names more than once.
fn named_twice<'a>(resources: impl Iterator<Item = (i8, &'a str)>) -> HashSet<(i8, &'a str)> {
    let mut counts: HashMap<_, usize> = HashMap::new();
    for resource in resources {
        *counts.entry(resource).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(resource, _)| resource).collect()
}

/// Answers `ListConfigResources` (KIP-1142); version 0 is `ListClientMetricsResources`.
fn list_config_resources(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &ListConfigResourcesRequestData,
    version: i16,
) -> ListConfigResourcesResponseData {
    let supported: &[ResourceType] =
        if version == 0 { &[ResourceType::ClientMetrics] } else { &ResourceType::ALL };
    let is_supported = |id: &i8| supported.iter().any(|kind| kind.id() == *id);
    if !request.resource_types.iter().all(is_supported) {
        return ListConfigResourcesResponseData {
            error_code: ErrorCode::UnsupportedVersion.code(),
            ..Default::default()
        };
    }
    let asked = |kind: &&ResourceType| {
        request.resource_types.is_empty() || request.resource_types.contains(&kind.id())
    };
    let brokers = || facts.brokers().into_iter().map(|id| text(id.to_string())).collect();
    let config_resources = supported.iter().filter(asked).flat_map(|kind| {
        let names: Vec<KafkaString> = match kind {
            ResourceType::Group => store.groups().map(text).collect(),
            ResourceType::ClientMetrics => Vec::new(),
            ResourceType::BrokerLogger | ResourceType::Broker => brokers(),
            ResourceType::Topic => facts.topics(),
        };
        names.into_iter().map(|resource_name| ListedResource {
            resource_name,
            resource_type: kind.id(),
            ..Default::default()
        })
    });
    ListConfigResourcesResponseData { config_resources: config_resources.collect(), ..Default::default() }
}

#[cfg(test)]
mod tests;
