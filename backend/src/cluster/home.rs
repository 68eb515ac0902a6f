//! One learner's sandbox: made when a command first needs it, replaced by a reset, and the commands that work on it.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sandbox::{Cluster, StartError};
use shared::command::{DelayBroker, InjectError};
use shared::event::CloseReason;
use shared::kafka::BrokerView;
use shared::{Command, Error, ErrorCode, Outcome, Reply};
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sandboxes::Visit;
use super::{SandboxSettings, view, watch};
use crate::kafka::{Common, ConnectionSettings, Kafka, LearnerKafka};
use crate::learner::{Commands, Namespace};
use crate::session::JobContext;

/// How many brokers a sandbox has.
pub(super) const BROKERS: u16 = 3;
/// The most topics of a sandbox, those that other programs make among them.
const MAX_TOPICS: usize = 200;
/// The most partitions of a sandbox.
const MAX_PARTITIONS: usize = 2_000;
/// The most connections to a sandbox.
const MAX_CONNECTIONS: usize = 500;
/// How long a reset waits for what runs on the old cluster. What takes longer ends by itself, on a cluster that is gone.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long a command that a reset ends may take to say what it has done so far.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where a sandbox differs from Apache Kafka's defaults: as the Kafka that `cargo xtask` starts, so that no lesson waits
/// for a default that suits a data centre.
const BROKER_CONFIGS: [(&str, &str); 4] = [
    ("offsets.topic.num.partitions", "8"),
    ("transaction.state.log.num.partitions", "8"),
    ("transaction.state.log.min.isr", "1"),
    ("group.initial.rebalance.delay.ms", "0"),
];

/// What all homes share.
pub(super) struct Limits {
    settings: SandboxSettings,
    /// A permit for each cluster that there may be.
    clusters: Arc<Semaphore>,
    /// The permit for the first cluster's ports.
    first: Arc<Semaphore>,
}

impl Limits {
    pub(super) fn new(settings: SandboxSettings) -> Self {
        let clusters = Arc::new(Semaphore::new(settings.max_clusters.min(Semaphore::MAX_PERMITS)));
        Self { settings, clusters, first: Arc::new(Semaphore::new(1)) }
    }
}

/// Where a learner's cluster is, or will be.
pub(super) struct Home {
    common: Common,
    limits: Arc<Limits>,
    /// Held while the cluster is made, replaced or a broker of it stopped or started.
    state: Mutex<State>,
    /// How often the cluster was reset.
    resets: AtomicU64,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Incarnation>>,
    /// Where the cluster was, should it be lost in between.
    ports: Vec<u16>,
    places: Option<Places>,
}

/// A home's share of what is limited.
struct Places {
    _cluster: OwnedSemaphorePermit,
    _first: Option<OwnedSemaphorePermit>,
}

/// A cluster from one reset to the next.
pub(super) struct Incarnation {
    pub(super) cluster: Cluster,
    pub(super) max_log_bytes: u64,
    /// The learner's clients, while the learner is there.
    clients: Mutex<Option<Arc<LearnerKafka>>>,
    /// Cancelled when a reset begins.
    pub(super) ended: CancellationToken,
    /// Something was changed of which the cluster's own events say nothing.
    pub(super) changed: Notify,
    /// The commands that run on it.
    running: TaskTracker,
}

impl Home {
    /// Without a cluster so far.
    pub(super) fn new(common: Common, limits: Arc<Limits>) -> Self {
        Self { common, limits, state: Mutex::default(), resets: AtomicU64::new(0) }
    }

    /// Whether there is no cluster.
    pub(super) fn is_empty(&self) -> bool {
        self.state.try_lock().is_ok_and(|state| state.current.is_none())
    }

    /// The cluster, made now if there is none.
    pub(super) async fn cluster(&self) -> Result<Arc<Incarnation>, Error> {
        let mut state = self.state.lock().await;
        self.cluster_in(&mut state)
    }

    fn cluster_in(&self, state: &mut State) -> Result<Arc<Incarnation>, Error> {
        let current = match &state.current {
            Some(current) => Arc::clone(current),
            None => {
                let made = self.make(state)?;
                state.current = Some(Arc::clone(&made));
                made
            }
        };
        if current.cluster.has_failed() { Err(failed()) } else { Ok(current) }
    }

    fn make(&self, state: &mut State) -> Result<Arc<Incarnation>, Error> {
        if state.places.is_none() {
            let cluster = Arc::clone(&self.limits.clusters).try_acquire_owned().map_err(|_| self.full())?;
            let first = Arc::clone(&self.limits.first).try_acquire_owned().ok();
            if first.is_some() {
                state.ports.clone_from(&self.limits.settings.first_ports);
            }
            state.places = Some(Places { _cluster: cluster, _first: first });
        }
        let config = |ports| sandbox::Config { ports, ..self.config() };
        let cluster = match Cluster::start(&config(state.ports.clone())) {
            Err(StartError::Port { .. }) if !state.ports.is_empty() => Cluster::start(&config(Vec::new())),
            other => other,
        };
        let cluster = cluster.map_err(|error| not_started(&error))?;
        Ok(self.incarnation(state, cluster))
    }

    fn incarnation(&self, state: &mut State, cluster: Cluster) -> Arc<Incarnation> {
        state.ports = cluster.addresses().iter().map(std::net::SocketAddr::port).collect();
        let failure = cluster.failure();
        let made = Arc::new(Incarnation {
            cluster,
            max_log_bytes: self.config().log_bytes,
            clients: Mutex::default(),
            ended: CancellationToken::new(),
            changed: Notify::new(),
            running: TaskTracker::new(),
        });
        let failing = Arc::downgrade(&made);
        tokio::spawn(async move {
            if failure.await
                && let Some(failed) = failing.upgrade()
            {
                failed.tell_of_failure().await;
            }
        });
        made
    }

    fn config(&self) -> sandbox::Config {
        sandbox::Config {
            brokers: BROKERS,
            ports: Vec::new(),
            broker_configs: BROKER_CONFIGS.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            topics: Vec::new(),
            log_bytes: self.limits.settings.cluster_megabytes.saturating_mul(1_000_000),
            max_topics: MAX_TOPICS,
            max_partitions: MAX_PARTITIONS,
            max_connections: MAX_CONNECTIONS,
            ..sandbox::Config::default()
        }
    }

    fn full(&self) -> Error {
        let SandboxSettings { max_clusters, idle, .. } = &self.limits.settings;
        let problem = format!("This workshop has {max_clusters} clusters, and each is somebody's already.");
        let wait = match idle.as_secs().div_ceil(60) {
            1 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
        Error::new(ErrorCode::LimitReached, problem).hint(format!(
            "A cluster goes {wait} after its learner has left: try again later, or ask for a larger --max-clusters."
        ))
    }

    /// Makes the cluster anew. Who comes while another reset is under way gets what that one made.
    async fn reset(&self) -> Result<Arc<Incarnation>, Error> {
        let before = self.resets.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if self.resets.load(Ordering::Acquire) == before {
            if let Some(old) = state.current.take() {
                old.farewell().await;
                match old.cluster.close().await {
                    Ok(addresses) => {
                        let cluster = Cluster::start_at(&self.config(), addresses);
                        let cluster = cluster.map_err(|error| not_started(&error))?;
                        state.current = Some(self.incarnation(&mut state, cluster));
                    }
                    // It is made again below, at its old ports if they can be had.
                    Err(error) => tracing::warn!(%error, "a cluster's ports were lost in a reset"),
                }
            }
            self.resets.fetch_add(1, Ordering::Release);
        }
        self.cluster_in(&mut state)
    }

    /// Stops the cluster as a defect would, if one of its brokers is at this port. Whether that is so.
    pub(super) async fn fail_at(&self, port: u16) -> bool {
        let Some(current) = self.state.lock().await.current.clone() else { return false };
        let is_there = current.cluster.addresses().iter().any(|address| address.port() == port);
        if is_there {
            current.cluster.fail();
        }
        is_there
    }

    /// Closes the clients of a learner who is away. The cluster stays.
    pub(super) async fn rest(&self) {
        let current = self.state.lock().await.current.clone();
        if let Some(current) = current {
            current.clients.lock().await.take();
        }
    }

    /// Does something with a broker, while nothing else is done with the cluster, and tells how the broker is then.
    async fn broker<F>(&self, broker: i32, act: F) -> Result<Reply, Error>
    where
        F: AsyncFnOnce(&Cluster) -> Result<(), sandbox::BrokerError>,
    {
        let mut state = self.state.lock().await;
        let current = self.cluster_in(&mut state)?;
        act(&current.cluster).await.map_err(|error| broker_error(&error))?;
        current.changed.notify_waiters();
        let brokers = current.brokers()?;
        brokers
            .into_iter()
            .find(|it| it.id == broker)
            .map(Reply::Broker)
            .ok_or_else(|| broker_error(&sandbox::BrokerError::Unknown(broker)))
    }
}

impl Incarnation {
    /// The learner's clients, made now if there are none.
    async fn clients(&self, common: &Common) -> Result<Arc<LearnerKafka>, Error> {
        let mut clients = self.clients.lock().await;
        // What was told of the end took the clients after it: nobody would tell those that are made now, and they would
        // reach the next cluster, which has the same addresses.
        if self.ended.is_cancelled() {
            return Err(was_reset());
        }
        if self.cluster.has_failed() {
            return Err(failed());
        }
        if let Some(clients) = clients.as_ref() {
            return Ok(Arc::clone(clients));
        }
        let settings = ConnectionSettings {
            bootstrap_servers: self.cluster.bootstrap_servers(),
            ..ConnectionSettings::default()
        };
        let kafka = Kafka::new(settings, common.clone())?;
        let made = Arc::new(kafka.for_learner(Namespace::private()));
        *clients = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Tells all that runs on it that it goes, and waits a moment until that has ended.
    async fn farewell(&self) {
        self.ended.cancel();
        self.running.close();
        let clients = self.clients.lock().await.take();
        let ended = async {
            let consumers = async {
                if let Some(clients) = clients {
                    clients.abandon(CloseReason::ClusterReset).await;
                }
            };
            tokio::join!(consumers, self.running.wait());
        };
        if timeout(FAREWELL, ended).await.is_err() {
            tracing::debug!("what ran on a cluster did not end in time for its reset");
        }
    }

    /// Tells all that runs on it that a defect has stopped it. What runs as a command hears of it by itself.
    async fn tell_of_failure(&self) {
        self.changed.notify_waiters();
        let clients = self.clients.lock().await.take();
        if let Some(clients) = clients {
            clients.abandon(CloseReason::Failed(failed())).await;
        }
    }

    /// The brokers as they are now.
    fn brokers(&self) -> Result<Vec<BrokerView>, Error> {
        self.cluster.snapshot().map(|snapshot| view::brokers(&snapshot)).ok_or_else(failed)
    }
}

/// Carries out one learner's commands on their sandbox.
pub(super) struct LearnerSandbox {
    home: Arc<Home>,
    _visit: Visit,
}

impl LearnerSandbox {
    pub(super) fn new(home: Arc<Home>, visit: Visit) -> Self {
        Self { home, _visit: visit }
    }

    async fn outcome(&self, command: Command, cx: &JobContext) -> Outcome {
        let home = &self.home;
        let reply = match command {
            Command::ResetCluster(_) => home.reset().await.and_then(|current| {
                let view = view::now(&current, cx.same_machine).ok_or_else(failed)?;
                Ok(Reply::ClusterReset(view))
            }),
            Command::StopBroker(args) => {
                home.broker(args.broker, async |cluster| cluster.stop_broker(args.broker).await).await
            }
            Command::KillBroker(args) => {
                home.broker(args.broker, async |cluster| cluster.kill_broker(args.broker).await).await
            }
            Command::StartBroker(args) => {
                home.broker(args.broker, async |cluster| cluster.start_broker(args.broker).await).await
            }
            Command::CutOffBroker(args) => {
                home.broker(args.broker, async |cluster| cluster.cut_off_broker(args.broker, args.cut_off))
                    .await
            }
            Command::DelayBroker(args) => delay(home, &args).await,
            Command::InjectError(args) => inject(home, args).await,
            Command::ClearFaults(_) => clear_faults(home).await,
            Command::Watch(_) => return watch::run(home, cx).await,
            command => return self.on_kafka(command, cx).await,
        };
        match reply {
            Ok(reply) => Outcome::Ok(reply),
            Err(error) => Outcome::Failed { error, partial: None },
        }
    }

    /// What any Kafka can do, on the sandbox.
    async fn on_kafka(&self, command: Command, cx: &JobContext) -> Outcome {
        let ready = async {
            let current = self.home.cluster().await?;
            let clients = current.clients(&self.home.common).await?;
            Ok((current, clients))
        };
        let (current, clients) = match ready.await {
            Ok(ready) => ready,
            Err(error) => return Outcome::Failed { error, partial: None },
        };
        let _running = current.running.token();
        let own = JobContext {
            events: cx.events.clone(),
            cancel: cx.cancel.child_token(),
            consumers: cx.consumers.clone(),
            same_machine: cx.same_machine,
        };
        let mut run = std::pin::pin!(clients.run(command, &own));
        let error = tokio::select! {
            biased;
            outcome = &mut run => return said_by(&current, outcome),
            () = current.ended.cancelled() => was_reset(),
            () = current.cluster.failed() => failed(),
        };
        own.cancel.cancel();
        let partial = match timeout(LAST_WORDS, run).await {
            Ok(Outcome::Cancelled { partial } | Outcome::Failed { partial, .. }) => partial,
            Ok(done @ Outcome::Ok(_)) => return done,
            Err(_elapsed) => None,
        };
        Outcome::Failed { error, partial }
    }
}

impl Commands for LearnerSandbox {
    fn run<'a>(&'a self, command: Command, cx: &'a JobContext) -> BoxFuture<'a, Outcome> {
        Box::pin(self.outcome(command, cx))
    }

    fn close(&self, reason: CloseReason) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let current = self.home.state.lock().await.current.clone();
            let Some(current) = current else { return };
            let clients = current.clients.lock().await.clone();
            if let Some(clients) = clients {
                clients.close(reason).await;
            }
        })
    }
}

async fn delay(home: &Home, args: &DelayBroker) -> Result<Reply, Error> {
    if args.delay_ms > DelayBroker::MAX_MS {
        let problem = format!("{} ms are too long a delay.", args.delay_ms);
        return Err(Error::new(ErrorCode::InvalidArgument, problem)
            .hint(format!("Choose from 0 to {} ms.", DelayBroker::MAX_MS)));
    }
    let delay = Duration::from_millis(args.delay_ms);
    home.broker(args.broker, async |cluster| cluster.delay_broker(args.broker, delay, delay)).await
}

async fn inject(home: &Home, args: InjectError) -> Result<Reply, Error> {
    if !(1..=InjectError::MAX_TIMES).contains(&args.times) {
        let problem = format!("{} requests can't be answered with an error.", args.times);
        return Err(Error::new(ErrorCode::InvalidArgument, problem)
            .hint(format!("Choose from 1 to {} requests.", InjectError::MAX_TIMES)));
    }
    if let Some(broker) = args.broker
        && !(1..=i32::from(BROKERS)).contains(&broker)
    {
        return Err(broker_error(&sandbox::BrokerError::Unknown(broker)));
    }
    let current = home.cluster().await?;
    let fault = sandbox::InjectedError {
        broker: args.broker,
        api: args.api.name().to_owned(),
        error_code: args.error.code(),
        times: args.times,
    };
    current.cluster.inject_error(fault).map_err(|refusal| match refusal {
        sandbox::FaultError::TooMany => Error::new(ErrorCode::LimitReached, sentence(&refusal))
            .hint("Clear the faults, or wait until some of them have been answered."),
        other => Error::new(ErrorCode::InvalidArgument, sentence(&other)),
    })?;
    current.changed.notify_waiters();
    Ok(Reply::ErrorInjected(args))
}

async fn clear_faults(home: &Home) -> Result<Reply, Error> {
    let mut state = home.state.lock().await;
    let current = home.cluster_in(&mut state)?;
    current.cluster.clear_errors();
    for broker in 1..=i32::from(BROKERS) {
        let cleared = current
            .cluster
            .delay_broker(broker, Duration::ZERO, Duration::ZERO)
            .and_then(|()| current.cluster.cut_off_broker(broker, false));
        cleared.map_err(|error| broker_error(&error))?;
    }
    current.changed.notify_waiters();
    current.brokers().map(Reply::FaultsCleared)
}

/// What a command said, unless a defect of the cluster is behind it.
fn said_by(current: &Incarnation, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Failed { partial, .. } if current.cluster.has_failed() => {
            Outcome::Failed { error: failed(), partial }
        }
        other => other,
    }
}

/// A defect has stopped the cluster.
pub(super) fn failed() -> Error {
    Error::new(ErrorCode::ClusterFailed, "Your cluster has stopped by a defect of the sandbox.")
        .hint("Reset the cluster: it is then new and empty.")
}

fn was_reset() -> Error {
    Error::new(ErrorCode::ClusterReset, "The cluster was reset meanwhile: what this did is gone.")
        .hint("Run it again on the new cluster.")
}

fn not_started(error: &StartError) -> Error {
    tracing::error!(%error, "a cluster can't be started");
    Error::new(ErrorCode::Internal, format!("Your cluster can't be started: {error}."))
        .hint("The server's machine may have too few ports or open files left. Try again in a moment.")
}

fn broker_error(error: &sandbox::BrokerError) -> Error {
    match error {
        sandbox::BrokerError::Unknown(_) => Error::new(ErrorCode::UnknownBroker, sentence(error))
            .hint(format!("The brokers are 1 to {BROKERS}.")),
        sandbox::BrokerError::Port { .. } => {
            tracing::error!(%error, "a broker's port is lost");
            Error::new(ErrorCode::Internal, sentence(error)).hint("Reset the cluster.")
        }
    }
}

/// An error's words, which begin with a small letter and end without a full stop.
fn sentence(error: &impl std::fmt::Display) -> String {
    let said = error.to_string();
    let mut chars = said.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}
