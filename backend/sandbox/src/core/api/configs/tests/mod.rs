//! What Apache Kafka 4.3.1 answered to the same requests; the broker that is asked is 1, and there is a topic `t`.

mod brokers;
mod describe;
mod topics;

use super::*;
use crate::core::config::{ConfigResource, Overrides};
use crate::wire::messages::alter_configs_request::{AlterConfigsResource, AlterableConfig};
use crate::wire::messages::incremental_alter_configs_request::{
    self, AlterConfigsResource as IncrementalResource,
};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LOGGER: i8 = 8;
const GROUP: i8 = 32;

struct OneBroker;

impl ClusterFacts for OneBroker {
    fn broker(&self) -> i32 {
        1
    }

    fn invalid_topic_name(&self, name: &str) -> Option<String> {
        match name {
            "" => Some("Topic name is invalid: the empty string is not allowed".to_owned()),
            _ => name.contains(' ').then(|| "Topic name is invalid".to_owned()),
        }
    }

    fn has_topic(&self, name: &str) -> bool {
        name == "t"
    }

    fn topics(&self) -> Vec<KafkaString> {
        vec![text("t")]
    }

    fn brokers(&self) -> Vec<i32> {
        vec![1, 2]
    }
}

/// A store, and what requests do to it.
struct Cluster(ConfigStore);

impl Cluster {
    fn new() -> Self {
        Self(ConfigStore::new([]).unwrap())
    }

    /// Changes in the form `set|delete|append|subtract name value`. The answer is its code and message.
    fn alter(&mut self, resource_type: i8, name: &str, changes: &[&str]) -> (i16, String) {
        self.alter_or_validate(resource_type, name, changes, false)
    }

    fn alter_or_validate(
        &mut self,
        resource_type: i8,
        name: &str,
        changes: &[&str],
        validate_only: bool,
    ) -> (i16, String) {
        let configs = changes.iter().map(|change| {
            let (operation, rest) = change.split_once(' ').unwrap();
            let (name, value) =
                rest.split_once(' ').map_or((rest, None), |(name, value)| (name, Some(text(value))));
            let config_operation = match operation {
                "set" => 0,
                "delete" => 1,
                "append" => 2,
                "subtract" => 3,
                _ => 9,
            };
            incremental_alter_configs_request::AlterableConfig {
                name: text(name),
                config_operation,
                value,
                ..Default::default()
            }
        });
        let resource = IncrementalResource {
            resource_type,
            resource_name: text(name),
            configs: configs.collect(),
            ..Default::default()
        };
        let request = IncrementalAlterConfigsRequestData {
            resources: vec![resource],
            validate_only,
            ..Default::default()
        };
        let (response, changes) = incremental_alter_configs(&self.0, &OneBroker, &request);
        self.apply(changes);
        let response = &response.responses[0];
        (response.error_code, response.error_message.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    /// All configs, in the form `name=value`.
    fn replace(&mut self, resource_type: i8, name: &str, configs: &[&str]) -> (i16, String) {
        let configs = configs.iter().map(|config| {
            let (name, value) = config.split_once('=').unwrap();
            AlterableConfig { name: text(name), value: Some(text(value)), ..Default::default() }
        });
        let resource = AlterConfigsResource {
            resource_type,
            resource_name: text(name),
            configs: configs.collect(),
            ..Default::default()
        };
        let request = AlterConfigsRequestData { resources: vec![resource], ..Default::default() };
        let (response, changes) = alter_configs(&self.0, &OneBroker, &request);
        self.apply(changes);
        let response = &response.responses[0];
        (response.error_code, response.error_message.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    fn apply(&mut self, changes: Changes) {
        for (resource, overrides) in changes {
            self.0.replace(resource, overrides);
        }
    }

    fn describe(&self, resource_type: i8, name: &str, keys: &[&str]) -> DescribeConfigsResult {
        let resource = DescribeConfigsResource {
            resource_type,
            resource_name: text(name),
            configuration_keys: Some(keys.iter().map(|&key| text(key)).collect()),
            ..Default::default()
        };
        let request = DescribeConfigsRequestData { resources: vec![resource], ..Default::default() };
        describe_configs(&self.0, &OneBroker, &request).results.remove(0)
    }

    fn value(&self, resource_type: i8, name: &str, config: &str) -> (String, i8) {
        let result = self.describe(resource_type, name, &[config]);
        assert_eq!(result.configs.len(), 1, "{config}");
        (result.configs[0].value.as_ref().unwrap().to_string(), result.configs[0].config_source)
    }

    /// Each of these is refused with its code and message.
    fn assert_refused(&mut self, resource_type: i8, cases: &[(&str, &[&str], ErrorCode, &str)]) {
        for (name, changes, code, message) in cases {
            let answer = self.alter(resource_type, name, changes);
            assert_eq!(answer, (code.code(), (*message).to_owned()), "{name} {changes:?}");
        }
    }
}

const ACCEPTED: (i16, String) = (0, String::new());
