//! DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources.
//!
//! Functions over a [`ConfigStore`]: what is to be changed comes out, and is not changed here.

mod alter;

use std::sync::Arc;

use super::topics::invalid_name;
use crate::core::config::{ConfigEntry, ConfigError, ConfigStore, Kind};
use crate::core::image::Image;
use crate::core::{BrokerId, Caller, Core};
use crate::wire::messages::alter_configs_request::AlterConfigsRequestData;
use crate::wire::messages::alter_configs_response::AlterConfigsResponseData;
use crate::wire::messages::describe_configs_request::{DescribeConfigsRequestData, DescribeConfigsResource};
use crate::wire::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponseData, DescribeConfigsResult, DescribeConfigsSynonym,
};
use crate::wire::messages::incremental_alter_configs_request::IncrementalAlterConfigsRequestData;
use crate::wire::messages::incremental_alter_configs_response::IncrementalAlterConfigsResponseData;
use crate::wire::messages::list_config_resources_request::ListConfigResourcesRequestData;
use crate::wire::messages::list_config_resources_response::{
    ConfigResource as ListedResource, ListConfigResourcesResponseData,
};
use crate::wire::{ErrorCode, KafkaString, message, text};

use alter::{Changes, alter_configs, incremental_alter_configs};

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
