//! What `AlterConfigs` and `IncrementalAlterConfigs` do: the overrides that a resource would have, or why it can't.
//!
//! Apache Kafka looks twice at a broker's configs: the broker that was asked holds them against its own rules, the
//! controller then against those of the cluster. Topics and groups are the controller's alone.

use super::definition::{ConfigDef, Kind, Update};
use super::error::{ConfigError, InvalidValue};
use super::layers::BrokerLayers;
use super::reconfigure::check_reconfiguration;
use super::store::{ConfigResource, ConfigStore, Overrides};
use super::synonyms::without_listener;
use super::table::{BROKER_CONFIGS, BROKER_QUOTA_CONFIGS, GROUP_CONFIGS, TOPIC_CONFIGS, sort_as_java};
use super::{group, topic};

/// The longest value that is kept, in UTF-16 units.
const MAX_VALUE_LENGTH: usize = 32_767;

/// How a config is changed; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// It is set.
    Set = 0,
    /// It is set no more.
    Delete = 1,
    /// Items are added to a list.
    Append = 2,
    /// Items are taken from a list.
    Subtract = 3,
}

impl Operation {
    /// The operation of a number in an `IncrementalAlterConfigs` request.
    pub(crate) fn from_id(id: i8) -> Option<Self> {
        [Self::Set, Self::Delete, Self::Append, Self::Subtract].into_iter().find(|op| *op as i8 == id)
    }

    /// As Apache Kafka's messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Delete => "DELETE",
            Self::Append => "APPEND",
            Self::Subtract => "SUBTRACT",
        }
    }
}

/// A change of one config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigChange {
    /// Of this config.
    pub(crate) name: String,
    /// In this way.
    pub(crate) operation: Operation,
    /// The value, or the items of the list; nothing for [`Operation::Delete`].
    pub(crate) value: String,
}

impl ConfigStore {
    /// The overrides that a resource has after these changes, none of which names a config twice. `broker` was asked;
    /// a [`ConfigResource::Broker`] is this one. Nothing is changed: see [`Self::replace`].
    pub(crate) fn altered_incrementally(
        &self,
        broker: i32,
        resource: &ConfigResource,
        changes: &[ConfigChange],
    ) -> Result<Overrides, ConfigError> {
        let old = self.overrides(resource);
        if is_broker(resource) {
            self.check_broker(broker, resource, &prepare(old, changes)?)?;
        }
        let mut new = old.clone();
        for ConfigChange { name, operation, value } in changes {
            let changed = match operation {
                Operation::Set => Some(value.clone()),
                Operation::Delete => None,
                Operation::Append | Operation::Subtract => {
                    let def =
                        def_of(resource, name).filter(|def| def.kind == Kind::List).ok_or_else(|| {
                            let operation = operation.name();
                            ConfigError::invalid_config(format!(
                                "Can't {operation} to key {name} because its type is not LIST."
                            ))
                        })?;
                    let current = old.get(name).map(String::as_str).or(def.default).unwrap_or_default();
                    let items = current.split(',').filter(|item| !item.is_empty());
                    Some(changed_items(items.collect(), *operation, value))
                }
            };
            match changed {
                Some(value) => new.insert(name.clone(), value),
                None => new.remove(name),
            };
        }
        let touched = changes.iter().map(|change| change.name.as_str());
        self.check_controller(resource, touched, &new)?;
        Ok(new)
    }

    /// Whether a resource may have these overrides and no others. `broker` was asked, as in
    /// [`Self::altered_incrementally`].
    pub(crate) fn check_replacement(
        &self,
        broker: i32,
        resource: &ConfigResource,
        new: &Overrides,
    ) -> Result<(), ConfigError> {
        if is_broker(resource) {
            self.check_broker(broker, resource, new)?;
        }
        let old = self.overrides(resource);
        self.check_controller(resource, old.keys().chain(new.keys()).map(String::as_str), new)
    }

    /// Whether a new topic may have these overrides.
    pub(crate) fn check_topic(&self, overrides: &Overrides) -> Result<(), ConfigError> {
        topic::validate(&self.layers(None), overrides)
    }

    /// What the broker that was asked says.
    fn check_broker(
        &self,
        broker: i32,
        resource: &ConfigResource,
        new: &Overrides,
    ) -> Result<(), ConfigError> {
        let refuse = |InvalidValue(message): InvalidValue| ConfigError::invalid_request(message);
        check_dynamic(resource, new).map_err(refuse)?;
        let old_layers = self.layers(Some(broker));
        let new_layers = match resource {
            ConfigResource::Cluster => BrokerLayers { cluster: new, ..old_layers },
            _ => BrokerLayers { broker: new, ..old_layers },
        };
        new_layers.validate().map_err(refuse)?;
        check_reconfiguration(&old_layers, &new_layers).map_err(|message| {
            ConfigError::invalid_request(format!(
                "Invalid value org.apache.kafka.common.config.ConfigException: {message} for configuration Invalid \
                 dynamic configuration"
            ))
        })
    }

    /// What the controller says.
    fn check_controller<'a>(
        &self,
        resource: &ConfigResource,
        mut touched: impl Iterator<Item = &'a str>,
        new: &Overrides,
    ) -> Result<(), ConfigError> {
        if touched.any(|name| name == "min.insync.replicas") {
            match resource {
                ConfigResource::Broker(_) => {
                    return Err(ConfigError::invalid_config(
                        "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
                    ));
                }
                ConfigResource::Cluster if !new.contains_key("min.insync.replicas") => {
                    return Err(ConfigError::invalid_config(
                        "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
                    ));
                }
                _ => {}
            }
        }
        if new.values().any(|value| value.encode_utf16().count() > MAX_VALUE_LENGTH) {
            return Err(ConfigError::invalid_config(
                "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
            ));
        }
        match resource {
            ConfigResource::Topic(_) => topic::validate(&self.layers(None), new),
            ConfigResource::Group(_) => group::validate(&self.layers(None), new),
            ConfigResource::Broker(_) | ConfigResource::Cluster => Ok(()),
        }
    }
}

fn is_broker(resource: &ConfigResource) -> bool {
    matches!(resource, ConfigResource::Broker(_) | ConfigResource::Cluster)
}

fn def_of(resource: &ConfigResource, name: &str) -> Option<&'static ConfigDef> {
    match resource {
        ConfigResource::Topic(_) => TOPIC_CONFIGS.get(name),
        ConfigResource::Group(_) => GROUP_CONFIGS.get(name),
        ConfigResource::Broker(_) | ConfigResource::Cluster => BROKER_CONFIGS.get(name),
    }
}

/// The items of a list after a change: those that are there already are not added again.
fn changed_items<'a>(mut items: Vec<&'a str>, operation: Operation, change: &'a str) -> String {
    for item in java_split(change) {
        let at = items.iter().position(|there| *there == item);
        match (operation, at) {
            (Operation::Subtract, Some(at)) => {
                items.remove(at);
            }
            (Operation::Append, None) => items.push(item),
            _ => {}
        }
    }
    items.join(",")
}

/// As `String.split` of Java: nothing comes of commas at the end, but something of an empty text.
fn java_split(text: &str) -> impl Iterator<Item = &str> {
    let (without, only_commas) = (text.trim_end_matches(','), text.bytes().all(|b| b == b','));
    without.split(',').take(if only_commas && !text.is_empty() { 0 } else { usize::MAX })
}

/// A broker's overrides after the changes, as the broker that was asked reckons them.
fn prepare(old: &Overrides, changes: &[ConfigChange]) -> Result<Overrides, ConfigError> {
    let mut new = old.clone();
    for ConfigChange { name, operation, value } in changes {
        let verb = match operation {
            Operation::Set => {
                new.insert(name.clone(), value.clone());
                continue;
            }
            Operation::Delete => {
                new.remove(name);
                continue;
            }
            Operation::Append => "append",
            Operation::Subtract => "subtract",
        };
        let def = BROKER_CONFIGS
            .get(name)
            .ok_or_else(|| ConfigError::invalid_config(format!("Unknown config name: {name}")))?;
        if def.kind != Kind::List {
            return Err(ConfigError::invalid_config(format!(
                "Config value {verb} is not allowed for config key: {name}"
            )));
        }
        let current = new.get(name).map(String::as_str).or(def.default).unwrap_or_default();
        let items = current.split(',').filter(|item| !item.is_empty());
        let changed = changed_items(items.collect(), *operation, value);
        new.insert(name.clone(), changed);
    }
    Ok(new)
}

/// Whether these configs can be set while a broker runs, for it or for all of them, and have good values.
fn check_dynamic(resource: &ConfigResource, new: &Overrides) -> Result<(), InvalidValue> {
    let names = || new.keys().map(String::as_str);
    refuse_any(
        "Cannot update these configs dynamically",
        names().filter(|name| is_update(name, Update::ReadOnly)),
    )?;
    refuse_any(
        "These security configs can be dynamically updated only per-listener using the listener prefix",
        names().filter(|name| is_store_or_key(name)),
    )?;
    let of_base = |def: &ConfigDef| {
        names()
            .find(|name| *name == def.name || without_listener(name) == Some(def.name))
            .and_then(|name| new.get(name))
    };
    for def in BROKER_QUOTA_CONFIGS.iter().chain(BROKER_CONFIGS.iter()) {
        if def.update != Update::ReadOnly
            && let Some(text) = of_base(def)
        {
            def.parse(text)?;
        }
    }
    if *resource == ConfigResource::Cluster {
        let of_one_broker = names().filter(|name| match without_listener(name) {
            Some(base) => {
                !["max.connections", "max.connection.creation.rate", "num.network.threads"].contains(&base)
            }
            None => is_update(name, Update::PerBroker),
        });
        refuse_any(
            "Cannot update these configs at default cluster level, broker id must be specified",
            of_one_broker,
        )?;
    }
    Ok(())
}

/// TLS keys and certificates, which only listeners have in a running broker.
fn is_store_or_key(name: &str) -> bool {
    name.starts_with("ssl.keystore.") || name.starts_with("ssl.truststore.") || name == "ssl.key.password"
}

fn is_update(name: &str, update: Update) -> bool {
    BROKER_CONFIGS
        .get(name)
        .or_else(|| BROKER_QUOTA_CONFIGS.get(name))
        .is_some_and(|def| def.update == update)
}

fn refuse_any<'a>(why: &str, names: impl Iterator<Item = &'a str>) -> Result<(), InvalidValue> {
    let mut names: Vec<_> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    sort_as_java(&mut names);
    Err(InvalidValue::new(format!("{why}: [{}]", names.join(", "))))
}
