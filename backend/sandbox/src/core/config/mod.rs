//! Kafka's configs: which there are, what they may be, who set them, and what follows from them.
//!
//! A value comes from the first that has one: the topic or group itself, the broker's own dynamic configs, those of all
//! brokers, the file that the broker started with, Kafka's default. [`ConfigStore`] keeps the first four as plain text,
//! as Apache Kafka's metadata does; [`TopicSettings`] and [`BrokerSettings`] are what the rest of the core works with.

mod alter;
mod broker;
mod definition;
mod describe;
mod error;
mod group;
mod layers;
mod reconfigure;
mod store;
mod synonyms;
mod table;
mod topic;
mod validator;
mod value;

pub(crate) use alter::{ConfigChange, Operation};
pub(crate) use broker::BrokerSettings;
pub(crate) use definition::Kind;
pub(crate) use describe::ConfigEntry;
pub(crate) use error::ConfigError;
pub(crate) use store::{ConfigResource, ConfigStore, Overrides};
pub(crate) use topic::TopicSettings;

/// Whether a broker config of this name does something here. What Apache Kafka doesn't know does not.
pub(crate) fn has_effect(broker_config: &str) -> bool {
    table::BROKER_CONFIGS.get(broker_config).is_some_and(|def| def.effect == definition::Effect::Works)
}
