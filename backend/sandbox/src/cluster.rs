//! A cluster as its owner holds it.

mod config;
#[cfg(test)]
mod defects;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use thiserror::Error;
use tokio::sync::{Mutex, Semaphore, broadcast};
use tokio::task::JoinHandle;

pub use self::config::{Config, MAX_BROKERS, StartError};
use self::config::{begin, broker_configs};
use crate::core::{Address, Beginning, BrokerId, Core, Effects, End, FaultError, InjectedError, Limits};
use crate::engine::{Engine, LockUse};
use crate::net::{Listener, Reserved};
use crate::window::{ClusterEvent, Snapshot};
use crate::wire::text;

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
