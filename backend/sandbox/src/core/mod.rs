//! The cluster itself: what brokers, partitions and groups do. No I/O, no clock, no tokio: time is given in with each
//! call, randomness comes from a seed, and what is to be done comes out as [`Effects`].

mod api;
mod brokers;
#[cfg(test)]
mod cluster_tests;
pub(crate) mod config;
mod controller;
mod coordinators;
mod deadlines;
mod effects;
mod election;
mod faults;
mod group;
#[cfg(test)]
mod hostile;
mod ids;
mod image;
pub(crate) mod log;
mod memory;
mod partition;
mod placement;
#[cfg(test)]
mod properties;
mod replication;
#[cfg(test)]
mod testing;
mod time;
mod waits;
mod window;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::brokers::Broker;
use self::config::ConfigStore;
use self::coordinators::Coordinators;
use self::deadlines::{Deadlines, Due};
use self::image::Image;
use self::log::ChunkAccount;
use self::partition::Partition;
use self::waits::Waits;
use crate::wire::{KafkaString, KafkaUuid, Request, RequestHeader};

pub(crate) use self::brokers::{Address, End};
pub(crate) use self::effects::{Answer, Effects};
pub use self::faults::{FaultError, InjectedError};
pub(crate) use self::ids::{BrokerId, ConnectionId, TopicPartition};
pub(crate) use self::time::Now;

/// What a cluster begins with.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    /// Where clients are told that the brokers listen: as many as there are.
    pub(crate) addresses: Vec<Address>,
    /// The `node.id` of the first of them; the others follow.
    pub(crate) first_broker: BrokerId,
    /// The configs that all brokers start with.
    pub(crate) configs: Vec<(String, String)>,
    /// Where randomness comes from.
    pub(crate) seed: u64,
    /// Where memory ends.
    pub(crate) limits: Limits,
}

/// Where the cluster's memory ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of record batches, by capacity.
    pub(crate) log_bytes: u64,
    /// Topics.
    pub(crate) topics: usize,
    /// Partitions of all topics.
    pub(crate) partitions: usize,
}

/// A cluster.
pub(crate) struct Core {
    now: Now,
    rng: StdRng,
    cluster_id: KafkaString,
    limits: Limits,
    /// Counts the bytes of all logs.
    account: ChunkAccount,
    /// What the controller has decided.
    image: Arc<Image>,
    brokers: Vec<Broker>,
    first_broker: BrokerId,
    partitions: HashMap<TopicPartition, Partition>,
    /// Who keeps the groups.
    coordinators: Coordinators,
    connections: HashMap<ConnectionId, Connection>,
    next_connection: u64,
    waits: Waits,
    deadlines: Deadlines,
    effects: Effects,
    next_producer_id: i64,
    is_watched: bool,
    faults: Vec<InjectedError>,
    /// Whether any topic wants its records to be compressed otherwise than they come.
    recompresses: Arc<AtomicBool>,
}

/// A client's connection.
#[derive(Clone, Debug)]
struct Connection {
    broker: BrokerId,
    /// As groups tell it: `/127.0.0.1`.
    host: Arc<str>,
}

/// Who asks what of whom.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The broker that is asked.
    pub(crate) broker: BrokerId,
    /// By this connection.
    pub(crate) connection: ConnectionId,
    /// In this version of the API.
    pub(crate) version: i16,
    /// What the client calls itself.
    pub(crate) client_id: KafkaString,
}

impl Core {
    /// A cluster whose brokers all run.
    ///
    /// The error says which config is refused.
    pub(crate) fn new(beginning: Beginning, now: Now) -> Result<Self, String> {
        let mut configs = ConfigStore::new(beginning.configs).map_err(|refused| refused.message)?;
        for (id, address) in (beginning.first_broker..).zip(&beginning.addresses) {
            configs.started_with(id, own_configs(id, address)).map_err(|refused| refused.message)?;
        }
        let mut rng = StdRng::seed_from_u64(beginning.seed);
        let cluster_id = KafkaString::from(random_uuid(&mut rng).to_string());
        let mut core = Self {
            now,
            rng,
            cluster_id,
            limits: beginning.limits,
            account: ChunkAccount::default(),
            image: Arc::new(Image::new(configs)),
            brokers: Vec::new(),
            first_broker: beginning.first_broker,
            partitions: HashMap::new(),
            coordinators: Coordinators::new(),
            connections: HashMap::new(),
            next_connection: 0,
            waits: Waits::default(),
            deadlines: Deadlines::default(),
            effects: Effects::default(),
            next_producer_id: 0,
            is_watched: false,
            faults: Vec::new(),
            recompresses: Arc::default(),
        };
        for (id, address) in (beginning.first_broker..).zip(beginning.addresses) {
            core.brokers.push(Broker::new(id, address));
            core.register(id);
        }
        Ok(core)
    }

    /// A client has connected to a broker.
    pub(crate) fn connect(&mut self, broker: BrokerId, host: &str) -> ConnectionId {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections.insert(id, Connection { broker, host: format!("/{host}").into() });
        id
    }

    /// A connection is gone, and what waited on it with it.
    pub(crate) fn disconnect(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        self.waits.remove(connection);
    }

    /// Carries out a request. Its answer is among the effects, of this call or of a later one. A connection hands in
    /// its next request after that.
    pub(crate) fn handle(
        &mut self,
        now: Now,
        connection: ConnectionId,
        header: &RequestHeader,
        request: Request,
    ) -> Effects {
        self.now = now;
        self.fire_due();
        let Some(client) = self.connections.get(&connection) else {
            self.effects.responses.push((connection, Answer::Close));
            return self.take_effects();
        };
        let caller = Caller {
            broker: client.broker,
            connection,
            version: header.version,
            client_id: header.client_id.clone().unwrap_or_default(),
        };
        if let Some(answer) = self.faulty_answer(&caller, header.api, &request) {
            self.answer(connection, answer);
        } else if let Some(answer) = self.dispatch(&caller, request) {
            self.answer(connection, answer);
        }
        self.take_effects()
    }

    /// Does what is due.
    pub(crate) fn fire(&mut self, now: Now) -> Effects {
        self.now = now;
        self.fire_due();
        self.take_effects()
    }

    /// When [`Self::fire`] is to be called next, by the monotonic clock.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.next()
    }

    fn fire_due(&mut self) {
        while self.fire_next() {}
    }

    /// Does the next thing that is due. Whether there was any.
    fn fire_next(&mut self) -> bool {
        let Some(due) = self.deadlines.pop(self.now.monotonic) else { return false };
        match due {
            Due::Wait(connection, ticket) => self.wait_is_over(connection, ticket),
            Due::Answer(connection, ticket) => self.delayed_answer(connection, ticket),
            Due::Coordinator(partition, broker) => self.coordinator_is_due((partition, broker)),
            Due::GroupWrite(partition, broker) => self.group_write_is_due((partition, broker)),
            Due::BrokerSession(broker) => self.session_is_over(broker),
            Due::Lag(partition) => self.shrink_lagging(partition),
            Due::Replicate(partition) => self.delayed_replication(partition),
            Due::Balance => self.balance_leaders(),
        }
        true
    }

    fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    fn after(&self, delay: Duration) -> Duration {
        self.now.monotonic.saturating_add(delay)
    }
}

/// What is in the file that one broker is started with, and in no other's.
fn own_configs(id: BrokerId, address: &Address) -> [(String, String); 5] {
    let listener = format!("PLAINTEXT://{}:{}", address.host.as_str(), address.port);
    [
        ("node.id", id.to_string()),
        ("process.roles", "broker".to_owned()),
        ("listeners", listener.clone()),
        ("advertised.listeners", listener),
        ("log.dirs", log_dir(id)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// The directory that a broker says its logs are in. There is none: they are in memory.
fn log_dir(id: BrokerId) -> String {
    format!("/memory/broker-{id}")
}

/// A version 4 UUID that Kafka's tools can be given as an argument: it doesn't begin with a dash.
fn random_uuid(rng: &mut StdRng) -> KafkaUuid {
    loop {
        let (high, low): (u64, u64) = (rng.random(), rng.random());
        let high = high & !0xf000 | 0x4000;
        let low = low & !(0b11 << 62) | 0b10 << 62;
        let id = KafkaUuid::from_parts(high, low);
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}
