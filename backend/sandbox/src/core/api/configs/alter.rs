//! AlterConfigs and IncrementalAlterConfigs: all configs of a resource, or single ones.

use std::collections::HashSet;

use super::{ClusterFacts, ResourceType, no_client_metrics};
use crate::core::api::repeats::counts;
use crate::core::config::{ConfigChange, ConfigError, ConfigResource, ConfigStore, Operation, Overrides};
use crate::wire::messages::alter_configs_request::{AlterConfigsRequestData, AlterConfigsResource};
use crate::wire::messages::alter_configs_response::{AlterConfigsResourceResponse, AlterConfigsResponseData};
use crate::wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource as IncrementalResource, AlterableConfig, IncrementalAlterConfigsRequestData,
};
use crate::wire::messages::incremental_alter_configs_response::{
    AlterConfigsResourceResponse as IncrementalResponse, IncrementalAlterConfigsResponseData,
};
use crate::wire::{ErrorCode, KafkaString, message};

/// Overrides that a resource is to have from now on: see [`ConfigStore::replace`].
pub(crate) type Changes = Vec<(ConfigResource, Overrides)>;

/// What a resource is to have from now on; nothing, if what it is asked for changes nothing.
type Altered = Result<Option<(ConfigResource, Overrides)>, ConfigError>;

/// Answers `AlterConfigs`, which sets all configs of a resource.
pub(super) fn alter_configs(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &AlterConfigsRequestData,
) -> (AlterConfigsResponseData, Changes) {
    let named = |it: &AlterConfigsResource| (it.resource_type, it.resource_name.clone());
    let altered = |it: &AlterConfigsResource| replacement(store, facts, it);
    let (outcomes, changes) = each_once(&request.resources, named, altered, request.validate_only);
    let responses = outcomes.into_iter().map(|outcome| AlterConfigsResourceResponse {
        error_code: outcome.error_code,
        error_message: outcome.error_message,
        resource_type: outcome.resource_type,
        resource_name: outcome.resource_name,
        ..Default::default()
    });
    (AlterConfigsResponseData { responses: responses.collect(), ..Default::default() }, changes)
}

/// Answers `IncrementalAlterConfigs`, which changes single configs of a resource (KIP-339).
pub(super) fn incremental_alter_configs(
    store: &ConfigStore,
    facts: &impl ClusterFacts,
    request: &IncrementalAlterConfigsRequestData,
) -> (IncrementalAlterConfigsResponseData, Changes) {
    let named = |it: &IncrementalResource| (it.resource_type, it.resource_name.clone());
    let altered = |it: &IncrementalResource| alteration(store, facts, it);
    let (outcomes, changes) = each_once(&request.resources, named, altered, request.validate_only);
    let responses = outcomes.into_iter().map(|outcome| IncrementalResponse {
        error_code: outcome.error_code,
        error_message: outcome.error_message,
        resource_type: outcome.resource_type,
        resource_name: outcome.resource_name,
        ..Default::default()
    });
    (IncrementalAlterConfigsResponseData { responses: responses.collect(), ..Default::default() }, changes)
}

/// What is answered of a resource.
struct Outcome {
    error_code: i16,
    error_message: Option<KafkaString>,
    resource_type: i8,
    resource_name: KafkaString,
}

/// Alters the resources of a request, each for itself; those that are named more than once not at all.
fn each_once<R>(
    resources: &[R],
    named: impl Fn(&R) -> (i8, KafkaString),
    altered: impl Fn(&R) -> Altered,
    validate_only: bool,
) -> (Vec<Outcome>, Changes) {
    let mut counts = counts(resources.iter().map(&named));
    counts.retain(|_, count| *count > 1);
    let mut changes = Changes::new();
    let outcomes = resources.iter().map(|resource| {
        let (resource_type, resource_name) = named(resource);
        let altered = match counts.contains_key(&(resource_type, resource_name.clone())) {
            true => Err(ConfigError::invalid_request("Each resource must appear at most once.")),
            false => altered(resource),
        };
        let (error_code, error_message) = match altered {
            Ok(change) => {
                changes.extend(change.filter(|_| !validate_only));
                (ErrorCode::None, None)
            }
            Err(error) => (error.code, message(error.message).filter(|message| !message.is_empty())),
        };
        Outcome { error_code: error_code.code(), error_message, resource_type, resource_name }
    });
    (outcomes.collect(), changes)
}

fn replacement(store: &ConfigStore, facts: &impl ClusterFacts, request: &AlterConfigsResource) -> Altered {
    let null = request.configs.iter().filter(|config| config.value.is_none());
    refuse_configs(
        request.configs.iter().map(|config| config.name.as_str()),
        null.map(|config| config.name.as_str()),
    )?;
    let kind = match ResourceType::from_id(request.resource_type) {
        Some(ResourceType::BrokerLogger) | None => return Err(unknown_type(request.resource_type)),
        Some(kind) => kind,
    };
    let resource = resource(facts, kind, request.resource_name.as_str())?;
    let value = |value: &Option<KafkaString>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    let new = request.configs.iter().map(|config| (config.name.to_string(), value(&config.value))).collect();
    store.check_replacement(facts.broker(), &resource, &new)?;
    refuse_missing(facts, &resource)?;
    Ok(Some((resource, new)))
}

fn alteration(store: &ConfigStore, facts: &impl ClusterFacts, request: &IncrementalResource) -> Altered {
    let null = |config: &&AlterableConfig| {
        config.value.is_none() && config.config_operation != Operation::Delete as i8
    };
    refuse_configs(
        request.configs.iter().map(|config| config.name.as_str()),
        request.configs.iter().filter(null).map(|config| config.name.as_str()),
    )?;
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

/// Of the names of a request's configs each may be there once, and those without a value not at all.
fn refuse_configs<'a>(
    mut names: impl Iterator<Item = &'a str>,
    null: impl Iterator<Item = &'a str>,
) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    if !names.all(|name| seen.insert(name)) {
        return Err(ConfigError::invalid_request("Error due to duplicate config keys"));
    }
    let null: Vec<_> = null.collect();
    if null.is_empty() {
        return Ok(());
    }
    Err(ConfigError::invalid_request(format!("Null value not supported for : {}", null.join(", "))))
}

fn unknown_type(id: i8) -> ConfigError {
    ConfigError::invalid_request(format!("Unknown resource type {id}"))
}
