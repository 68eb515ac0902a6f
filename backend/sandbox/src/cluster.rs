//! A cluster as its owner holds it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use thiserror::Error;
use tokio::sync::{Mutex, Semaphore, broadcast};
use tokio::task::JoinHandle;

use crate::core::{Address, Beginning, BrokerId, Core, Effects, End, FaultError, InjectedError, Limits};
use crate::engine::{Engine, LockUse};
use crate::net::{Listener, Reserved};
use crate::window::{ClusterEvent, Snapshot};
use crate::wire::text;

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

/// Why a broker can't be stopped or started.
#[derive(Debug, Error)]
pub enum BrokerError {
    /// There is none with this id.
    #[error("there is no broker {0}")]
    Unknown(i32),
    /// Its port can't be listened on again, or not be kept: it stays down, and may be started later.
    #[error("broker {broker}: {source}")]
    Port {
        /// Whose.
        broker: i32,
        /// What the system says.
        source: io::Error,
    },
}

/// A running cluster. Dropping it stops all brokers and frees all memory and ports.
pub struct Cluster {
    engine: Arc<Engine>,
    first_broker: BrokerId,
    addresses: Vec<SocketAddr>,
    places: Mutex<Vec<Place>>,
    room: Arc<Semaphore>,
    clock: JoinHandle<()>,
}

/// The addresses of a cluster that has ended, kept for another: no other program can take them meanwhile. On systems
/// other than Linux one can in the moment in which a broker is stopped.
#[derive(Debug)]
pub struct Addresses(Vec<Reserved>);

/// A broker's port.
enum Place {
    Up(Listener),
    Down(Reserved),
    /// Between the two, or lost.
    None,
}

impl Cluster {
    /// Starts a cluster; all its brokers listen when this returns. Within a tokio runtime.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        if !(1..=MAX_BROKERS).contains(&config.brokers) {
            return Err(StartError::Brokers(config.brokers));
        }
        let mut reserved = Vec::new();
        for (broker, at) in (i32::from(config.first_broker_id)..).zip(0..usize::from(config.brokers)) {
            let port = config.ports.get(at).copied().unwrap_or(0);
            let failed = |source| StartError::Port { broker, port, source };
            let place =
                Reserved::new(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).map_err(failed)?;
            reserved.push(place);
        }
        Self::start_at(config, Addresses(reserved))
    }

    /// Starts a cluster at addresses that were kept, one for each broker; `config.ports` says nothing then. Within a
    /// tokio runtime.
    pub fn start_at(config: &Config, Addresses(reserved): Addresses) -> Result<Self, StartError> {
        let brokers = u16::try_from(reserved.len()).unwrap_or(u16::MAX);
        if brokers != config.brokers || !(1..=MAX_BROKERS).contains(&brokers) {
            return Err(StartError::Brokers(brokers));
        }
        let first_broker = BrokerId::from(config.first_broker_id);
        let mut addresses = Vec::new();
        for (broker, place) in (first_broker..).zip(&reserved) {
            let failed = |source| StartError::Port { broker, port: 0, source };
            addresses.push(place.address().map_err(failed)?);
        }
        let beginning = Beginning {
            addresses: addresses
                .iter()
                .map(|address| Address {
                    host: text(config.advertised_host.clone().unwrap_or_else(|| address.ip().to_string())),
                    port: address.port(),
                })
                .collect(),
            first_broker,
            configs: broker_configs(config),
            seed: config.seed.unwrap_or_else(|| rand::rng().random()),
            limits: Limits {
                log_bytes: config.log_bytes,
                topics: config.max_topics,
                partitions: config.max_partitions,
            },
        };
        let engine = Engine::new(|now| {
            let mut core = Core::new(beginning, now).map_err(StartError::Config)?;
            begin(&mut core, config)?;
            Ok(core)
        })?;
        let engine = Arc::new(engine);
        let room = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
        let mut places = Vec::new();
        for (broker, place) in (first_broker..).zip(reserved) {
            let port = place.address().map_or(0, |address| address.port());
            let listening =
                place.listen().map_err(|(_, source)| StartError::Port { broker, port, source })?;
            places.push(Place::Up(listening.serve(&engine, broker, &room)));
        }
        let timed = Arc::clone(&engine);
        let clock = tokio::spawn(async move { timed.keep_time().await });
        Ok(Self { engine, first_broker, addresses, places: Mutex::new(places), room, clock })
    }

    /// The brokers' addresses, as in `127.0.0.1:9092,127.0.0.1:9093`.
    pub fn bootstrap_servers(&self) -> String {
        let addresses: Vec<_> = self.addresses.iter().map(ToString::to_string).collect();
        addresses.join(",")
    }

    /// Where each broker listens, from the first.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Whether a defect has stopped the cluster: its listeners and connections are closed. Others are not touched by
    /// it.
    pub fn has_failed(&self) -> bool {
        self.engine.has_failed()
    }

    /// Waits until [a defect has stopped the cluster](Self::has_failed): for good, as a rule.
    pub async fn failed(&self) {
        self.engine.failed().await;
    }

    /// Waits until [a defect has stopped the cluster](Self::has_failed), and doesn't hold the cluster meanwhile. `false`:
    /// it is gone, and has not failed.
    pub fn failure(&self) -> impl Future<Output = bool> + Send + use<> {
        self.engine.failure()
    }

    /// Stops the cluster as [a defect](Self::has_failed) does, so that its owner can see what comes of one.
    pub fn fail(&self) {
        let defect = || self.engine.act(|_, _| std::panic::resume_unwind(Box::new("asked for")));
        // It is the one that was asked for.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(defect));
    }

    /// Ends the cluster: its listeners and connections are closed, and its addresses kept for
    /// [another](Self::start_at). What is left of it answers nobody.
    pub async fn close(&self) -> Result<Addresses, BrokerError> {
        let mut places = self.places.lock().await;
        let mut reserved = Vec::new();
        for (broker, place) in (self.first_broker..).zip(places.iter_mut()) {
            let address = self.address(broker)?;
            let kept = match std::mem::replace(place, Place::None) {
                Place::Up(listener) => listener.close().await,
                Place::Down(reserved) => Ok(reserved),
                Place::None => Reserved::new(address),
            };
            reserved.push(kept.map_err(|source| BrokerError::Port { broker, source })?);
        }
        Ok(Addresses(reserved))
    }

    /// How the one lock of the cluster was used until now: what says whether it is worth splitting.
    pub fn lock_use(&self) -> LockUse {
        self.engine.lock_use()
    }

    /// What happens from now on. A watcher that is slow misses events, and is told how many.
    pub fn watch(&self) -> broadcast::Receiver<ClusterEvent> {
        self.engine.watch()
    }

    /// The cluster now; `None` when a defect has stopped it. A watcher that is to miss nothing begins to
    /// [watch](Self::watch) first.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let now = self.engine.now();
        self.engine.look(|core| core.snapshot(now, &self.addresses))
    }

    /// Slows a broker down: it keeps each answer back for `response`, and records take `replication` longer to reach
    /// it as a follower. Zero for both ends that.
    pub fn delay_broker(
        &self,
        broker: i32,
        response: Duration,
        replication: Duration,
    ) -> Result<(), BrokerError> {
        self.address(broker)?;
        self.engine.act(|core, now| core.delay(now, broker, response, replication));
        Ok(())
    }

    /// Cuts a broker off from the other brokers and the controller, or mends that; clients reach it all the while.
    pub fn cut_off_broker(&self, broker: i32, cut_off: bool) -> Result<(), BrokerError> {
        self.address(broker)?;
        self.engine.act(|core, now| core.cut_off(now, broker, cut_off));
        Ok(())
    }

    /// Has chosen requests answered with an error.
    pub fn inject_error(&self, error: InjectedError) -> Result<(), FaultError> {
        let mut outcome = Ok(());
        self.engine.act(|core, _| {
            outcome = core.inject(error);
            Effects::default()
        });
        outcome
    }

    /// Takes back all errors that were injected.
    pub fn clear_errors(&self) {
        self.engine.act(|core, _| {
            core.clear_errors();
            Effects::default()
        });
    }

    /// Stops a broker as `kafka-server-stop` does: its leaders move first.
    pub async fn stop_broker(&self, broker: i32) -> Result<(), BrokerError> {
        self.end_broker(broker, End::Controlled).await
    }

    /// Ends a broker as a power cut does: the others notice when its session times out.
    pub async fn kill_broker(&self, broker: i32) -> Result<(), BrokerError> {
        self.end_broker(broker, End::Kill).await
    }

    /// Starts a broker that was stopped or killed, at its old address, with the log that it had.
    pub async fn start_broker(&self, broker: i32) -> Result<(), BrokerError> {
        let failed = |source| BrokerError::Port { broker, source };
        let mut places = self.places.lock().await;
        let place = self.place(&mut places, broker)?;
        let reserved = match std::mem::replace(place, Place::None) {
            Place::Down(reserved) => reserved,
            Place::Up(listener) => {
                *place = Place::Up(listener);
                return Ok(());
            }
            Place::None => Reserved::new(self.address(broker)?).map_err(failed)?,
        };
        let listening = match reserved.listen() {
            Ok(listening) => listening,
            Err((reserved, source)) => {
                *place = Place::Down(reserved);
                return Err(failed(source));
            }
        };
        self.engine.act(|core, now| core.start_broker(now, broker));
        *place = Place::Up(listening.serve(&self.engine, broker, &self.room));
        Ok(())
    }

    async fn end_broker(&self, broker: i32, end: End) -> Result<(), BrokerError> {
        let mut places = self.places.lock().await;
        let place = self.place(&mut places, broker)?;
        match std::mem::replace(place, Place::None) {
            Place::Up(listener) => {
                self.engine.act(|core, now| core.end_broker(now, broker, end));
                let reserved = listener.close().await;
                *place = Place::Down(reserved.map_err(|source| BrokerError::Port { broker, source })?);
            }
            other => *place = other,
        }
        Ok(())
    }

    fn address(&self, broker: i32) -> Result<SocketAddr, BrokerError> {
        let at = self.place_of(broker).ok_or(BrokerError::Unknown(broker))?;
        self.addresses.get(at).copied().ok_or(BrokerError::Unknown(broker))
    }

    fn place<'a>(&self, places: &'a mut [Place], broker: BrokerId) -> Result<&'a mut Place, BrokerError> {
        let at = self.place_of(broker).ok_or(BrokerError::Unknown(broker))?;
        places.get_mut(at).ok_or(BrokerError::Unknown(broker))
    }

    fn place_of(&self, broker: BrokerId) -> Option<usize> {
        usize::try_from(broker.checked_sub(self.first_broker)?).ok()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.clock.abort();
    }
}

/// The configs that the brokers start with: on fewer than three brokers the internal topics have fewer replicas, as in
/// the configuration that Apache Kafka comes with.
fn broker_configs(config: &Config) -> Vec<(String, String)> {
    let factor = config.brokers.min(3);
    let mut configs: Vec<(String, String)> =
        [("offsets.topic.replication.factor", factor), ("transaction.state.log.replication.factor", factor)]
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .into();
    configs.retain(|(name, _)| config.broker_configs.iter().all(|(given, _)| given != name));
    configs.extend(config.broker_configs.iter().cloned());
    configs
}

fn begin(core: &mut Core, config: &Config) -> Result<(), StartError> {
    for (name, partitions, replication_factor) in &config.topics {
        core.begin_with_topic(name, *partitions, *replication_factor)
            .map_err(|reason| StartError::Topic { name: name.clone(), reason })?;
    }
    Ok(())
}

#[cfg(test)]
mod defects;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpSocket, TcpStream};
    use tokio::time::timeout;

    use super::*;
    use crate::BrokerState;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn socket(reuses: bool) -> TcpSocket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(reuses).unwrap();
        socket
    }

    fn states(cluster: &Cluster) -> Vec<(i32, BrokerState)> {
        let brokers = cluster.snapshot().unwrap().brokers;
        brokers.iter().map(|broker| (broker.id, broker.state)).collect()
    }

    /// That nobody can take these addresses, whatever they say of their sockets.
    fn cannot_be_taken(addresses: &[SocketAddr]) {
        for address in addresses {
            for reuses in [false, true] {
                let refused = socket(reuses).bind(*address).unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::AddrInUse, "{address}");
            }
        }
    }

    #[tokio::test]
    async fn brokers_are_known_by_the_ids_they_were_given() {
        let config = Config { first_broker_id: 0, ..Config::default() };
        let cluster = Cluster::start(&config).unwrap();
        cluster.stop_broker(0).await.unwrap();
        cluster.kill_broker(2).await.unwrap();
        assert!(matches!(cluster.stop_broker(3).await, Err(BrokerError::Unknown(3))));
        assert!(matches!(cluster.stop_broker(-1).await, Err(BrokerError::Unknown(-1))));
        let [stopped, up, killed] = [BrokerState::Stopped, BrokerState::Up, BrokerState::Killed];
        assert_eq!(states(&cluster), [(0, stopped), (1, up), (2, killed)]);
        cluster.start_broker(0).await.unwrap();
        assert_eq!(states(&cluster), [(0, up), (1, up), (2, killed)]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_broker_that_is_down_keeps_its_port_against_everybody_and_listens_there_again() {
        let cluster = Cluster::start(&Config::default()).unwrap();
        let addresses = cluster.addresses().to_vec();
        cannot_be_taken(&addresses);
        for _ in 0..3 {
            // Connections that the broker closes are remembered at its address for a minute.
            let mut streams = Vec::new();
            for address in &addresses {
                streams.push(TcpStream::connect(address).await.unwrap());
            }
            for broker in 1..=3 {
                cluster.stop_broker(broker).await.unwrap();
            }
            for mut stream in streams {
                let ended = timeout(PATIENCE, stream.read(&mut [0])).await.unwrap();
                assert!(matches!(ended, Ok(0) | Err(_)));
            }
            cannot_be_taken(&addresses);
            for (broker, address) in (1..).zip(&addresses) {
                assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
                cluster.start_broker(broker).await.unwrap();
                TcpStream::connect(address).await.unwrap();
            }
        }
        // And for the cluster that comes after it.
        let kept = cluster.close().await.unwrap();
        drop(cluster);
        cannot_be_taken(&addresses);
        let next = Cluster::start_at(&Config::default(), kept).unwrap();
        assert_eq!(next.addresses(), addresses);
        drop(next);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_broker_whose_port_is_lost_stays_down_until_it_can_have_it() {
        let cluster = Cluster::start(&Config { brokers: 1, ..Config::default() }).unwrap();
        let address = cluster.addresses()[0];
        cluster.kill_broker(1).await.unwrap();
        let lose = async |place| cluster.places.lock().await[0] = place;

        // Another program has bound it, and doesn't share it any more.
        lose(Place::None).await;
        let other = socket(true);
        other.bind(address).unwrap();
        lose(Place::Down(Reserved::new(address).unwrap())).await;
        other.set_reuseaddr(false).unwrap();
        for _ in 0..2 {
            assert!(matches!(cluster.start_broker(1).await, Err(BrokerError::Port { broker: 1, .. })));
            assert_eq!(states(&cluster), [(1, BrokerState::Killed)]);
        }
        assert!(matches!(cluster.places.lock().await[..], [Place::Down(_)]), "its place is kept");

        // Or listens there, and there is no place that was kept.
        lose(Place::None).await;
        other.set_reuseaddr(true).unwrap();
        let other = other.listen(1).unwrap();
        assert!(matches!(cluster.start_broker(1).await, Err(BrokerError::Port { broker: 1, .. })));
        assert_eq!(states(&cluster), [(1, BrokerState::Killed)]);

        drop(other);
        cluster.start_broker(1).await.unwrap();
        assert_eq!(states(&cluster), [(1, BrokerState::Up)]);
        TcpStream::connect(address).await.unwrap();
    }
}
