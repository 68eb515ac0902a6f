//! What a scenario runs on.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::Runtime;
use xtask::kafka::{Cluster, Options, suited_settings};

/// A cluster under test, whose brokers have the settings that suit the workshop.
pub struct UnderTest {
    kind: Kind,
    addresses: Vec<String>,
}

enum Kind {
    /// The judge.
    Kafka(Mutex<Cluster>),
    Sandbox(sandbox::Cluster),
}

impl UnderTest {
    /// An Apache Kafka with this many brokers; `None`, with the reason printed, where the machine can't run one.
    pub fn kafka(brokers: usize) -> Option<Self> {
        Self::kafka_with(brokers, &[])
    }

    /// The same with broker settings besides, or instead.
    pub(super) fn kafka_with(brokers: usize, own: &[(&str, &str)]) -> Option<Self> {
        let options = Options { brokers, settings: with_own(settings(), own), ..Options::default() };
        let cluster = crate::kafka::own_kafka_with(&options)?;
        let addresses = cluster.bootstrap_servers().split(',').map(str::to_owned).collect();
        Some(Self { kind: Kind::Kafka(Mutex::new(cluster)), addresses })
    }

    /// The Apache Kafka that scenarios share which break nothing.
    pub(super) fn shared_kafka(brokers: usize) -> Option<&'static Self> {
        static ONE: OnceLock<Option<UnderTest>> = OnceLock::new();
        static THREE: OnceLock<Option<UnderTest>> = OnceLock::new();
        let place = if brokers == 1 { &ONE } else { &THREE };
        let start = || Self::kafka_with(brokers, LASTING).inspect(super::scenario::prepare);
        place.get_or_init(start).as_ref()
    }

    /// A sandbox with the settings of that one, of a scenario's own.
    pub(super) fn lasting_sandbox(brokers: usize) -> Self {
        Self::sandbox_with(brokers, LASTING)
    }

    /// A sandbox with this many brokers.
    pub fn sandbox(brokers: usize) -> Self {
        Self::sandbox_with(brokers, &[])
    }

    /// The same with broker settings besides, or instead.
    pub(super) fn sandbox_with(brokers: usize, own: &[(&str, &str)]) -> Self {
        let suited = suited_settings(brokers).into_iter().chain(settings()).collect();
        let config = sandbox::Config {
            brokers: u16::try_from(brokers).expect("few brokers"),
            broker_configs: with_own(suited, own),
            ..sandbox::Config::default()
        };
        let cluster = runtime().block_on(async { sandbox::Cluster::start(&config) }).expect("a sandbox");
        let addresses = cluster.addresses().iter().map(ToString::to_string).collect();
        Self { kind: Kind::Sandbox(cluster), addresses }
    }

    /// Whether it is the judge.
    pub fn is_kafka(&self) -> bool {
        matches!(self.kind, Kind::Kafka(_))
    }

    /// The brokers' addresses, in the order of their ids, which begin at 1.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Stops a broker in order: its partitions' leaders move first. Brokers are counted from 0.
    pub fn stop_broker(&self, broker: usize) {
        match &self.kind {
            Kind::Kafka(cluster) => lock(cluster).stop_broker(broker).expect("stopping a broker"),
            Kind::Sandbox(cluster) => {
                runtime().block_on(cluster.stop_broker(id(broker))).expect("stopping a broker");
            }
        }
    }

    /// Ends a broker at once.
    pub fn kill_broker(&self, broker: usize) {
        match &self.kind {
            Kind::Kafka(cluster) => lock(cluster).kill_broker(broker).expect("killing a broker"),
            Kind::Sandbox(cluster) => {
                runtime().block_on(cluster.kill_broker(id(broker))).expect("killing a broker");
            }
        }
    }

    /// Cuts a broker off from the others, or mends that. Apache Kafka's hangs meanwhile, and its clients wait in vain; the
    /// sandbox's goes on alone, and clients reach it.
    pub fn cut_off_broker(&self, broker: usize, is_cut_off: bool) {
        match &self.kind {
            Kind::Kafka(cluster) if is_cut_off => lock(cluster).pause_broker(broker).expect("a broker hangs"),
            Kind::Kafka(cluster) => lock(cluster).resume_broker(broker).expect("a broker goes on"),
            Kind::Sandbox(cluster) => {
                cluster.cut_off_broker(id(broker), is_cut_off).expect("cutting a broker off");
            }
        }
    }

    /// Starts a broker that is down, and waits until it takes part.
    pub fn start_broker(&self, broker: usize) {
        match &self.kind {
            Kind::Kafka(cluster) => lock(cluster).start_broker(broker).expect("starting a broker"),
            Kind::Sandbox(cluster) => {
                runtime().block_on(cluster.start_broker(id(broker))).expect("starting a broker");
            }
        }
    }
}

impl fmt::Debug for UnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Kafka(_) => "Apache Kafka",
            Kind::Sandbox(_) => "the sandbox",
        };
        write!(f, "{name} at {:?}", self.addresses)
    }
}

/// Of clusters whose brokers never go: none is given up because the machine does much else.
const LASTING: &[(&str, &str)] =
    &[("broker.session.timeout.ms", "120000"), ("replica.lag.time.max.ms", "120000")];

/// A broker that is killed is missed after this, rather than after 9 s.
fn settings() -> Vec<(String, String)> {
    [("broker.session.timeout.ms", "4000"), ("broker.heartbeat.interval.ms", "500")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// Settings, of which `own` takes the place where it has one.
fn with_own(mut settings: Vec<(String, String)>, own: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.retain(|(name, _)| own.iter().all(|(replaced, _)| replaced != name));
    settings.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    settings
}

/// The id of the broker at this place.
fn id(broker: usize) -> i32 {
    i32::try_from(broker + 1).expect("few brokers")
}

fn lock(cluster: &Mutex<Cluster>) -> std::sync::MutexGuard<'_, Cluster> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What all sandboxes run on.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("threads")
    })
}
