//! What cluster to start, and why one doesn't.

use std::io;

use thiserror::Error;

use crate::core::Core;

/// The most brokers of a cluster.
pub const MAX_BROKERS: u16 = 9;

/// What cluster to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many brokers, 1 to [`MAX_BROKERS`].
    pub brokers: u16,
    /// The id of the first broker; the others follow.
    pub first_broker_id: u16,
    /// The host at which clients are told to come to the brokers; the address at which these listen when `None`.
    pub advertised_host: Option<String>,
    /// The ports of the brokers, from the first; 0 and those not given are free ones.
    pub ports: Vec<u16>,
    /// Broker configs that differ from Apache Kafka's defaults, by their names there.
    pub broker_configs: Vec<(String, String)>,
    /// Topics to begin with: name, partitions, replication factor.
    pub topics: Vec<(String, u16, u16)>,
    /// How many bytes of record batches it holds.
    pub log_bytes: u64,
    /// How many topics it holds.
    pub max_topics: usize,
    /// How many partitions it holds.
    pub max_partitions: usize,
    /// How many connections it holds.
    pub max_connections: usize,
    /// Where its randomness comes from; drawn when `None`.
    pub seed: Option<u64>,
}

impl Default for Config {
    /// Three brokers on free ports, 256 MiB.
    fn default() -> Self {
        Self {
            brokers: 3,
            first_broker_id: 1,
            advertised_host: None,
            ports: Vec::new(),
            broker_configs: Vec::new(),
            topics: Vec::new(),
            log_bytes: 256 << 20,
            max_topics: 1000,
            max_partitions: 10_000,
            max_connections: 1000,
            seed: None,
        }
    }
}

impl Config {
    /// The names of those of [`Self::broker_configs`] that are kept and told, and do nothing else.
    pub fn without_effect(&self) -> impl Iterator<Item = &str> {
        let names = self.broker_configs.iter().map(|(name, _)| name.as_str());
        names.filter(|name| !crate::core::config::has_effect(name))
    }
}

/// Why a cluster doesn't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Not 1 to [`MAX_BROKERS`] brokers.
    #[error("a cluster has 1 to {MAX_BROKERS} brokers, not {0}")]
    Brokers(u16),
    /// An address can't be had.
    #[error("broker {broker} can't listen on port {port}: {source}")]
    Port {
        /// Whose.
        broker: i32,
        /// 0: any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// A broker config is refused.
    #[error("{0}")]
    Config(String),
    /// A topic can't be made.
    #[error("topic {name} can't be made: {reason}")]
    Topic {
        /// Its name.
        name: String,
        /// Why, in Kafka's words.
        reason: String,
    },
}

/// The configs that the brokers start with: on fewer than three brokers the internal topics have fewer replicas, as in
/// the configuration that Apache Kafka comes with.
pub(super) fn broker_configs(config: &Config) -> Vec<(String, String)> {
    let factor = config.brokers.min(3);
    let mut configs: Vec<(String, String)> =
        [("offsets.topic.replication.factor", factor), ("transaction.state.log.replication.factor", factor)]
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .into();
    configs.retain(|(name, _)| config.broker_configs.iter().all(|(given, _)| given != name));
    configs.extend(config.broker_configs.iter().cloned());
    configs
}

/// Makes the topics that it begins with.
pub(super) fn begin(core: &mut Core, config: &Config) -> Result<(), StartError> {
    for (name, partitions, replication_factor) in &config.topics {
        core.begin_with_topic(name, *partitions, *replication_factor)
            .map_err(|reason| StartError::Topic { name: name.clone(), reason })?;
    }
    Ok(())
}
