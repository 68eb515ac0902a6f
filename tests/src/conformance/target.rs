//! What a scenario runs on.

use std::sync::{Mutex, OnceLock, PoisonError};

use xtask::kafka::{Cluster, Options};

/// A cluster under test.
#[derive(Debug)]
pub enum UnderTest {
    /// Apache Kafka, the judge.
    Kafka(Mutex<Cluster>, Vec<String>),
}

impl UnderTest {
    /// An Apache Kafka with this many brokers; `None`, with the reason printed, where the machine can't run one.
    pub fn kafka(brokers: usize) -> Option<Self> {
        let cluster = crate::kafka::own_kafka_with(&Options { brokers, ..Options::default() })?;
        let addresses = cluster.bootstrap_servers().split(',').map(str::to_owned).collect();
        Some(Self::Kafka(Mutex::new(cluster), addresses))
    }

    /// The Apache Kafka that scenarios share which break nothing.
    pub fn shared_kafka(brokers: usize) -> Option<&'static Self> {
        static ONE: OnceLock<Option<UnderTest>> = OnceLock::new();
        static THREE: OnceLock<Option<UnderTest>> = OnceLock::new();
        let place = if brokers == 1 { &ONE } else { &THREE };
        let start = || Self::kafka(brokers).inspect(super::scenario::prepare);
        place.get_or_init(start).as_ref()
    }

    /// The brokers' addresses, in the order of their ids, which begin at 1.
    pub fn addresses(&self) -> &[String] {
        match self {
            Self::Kafka(_, addresses) => addresses,
        }
    }

    /// Stops a broker in order: its partitions' leaders move first. Brokers are counted from 0.
    pub fn stop_broker(&self, broker: usize) {
        match self {
            Self::Kafka(cluster, _) => lock(cluster).stop_broker(broker).expect("stopping a broker"),
        }
    }

    /// Ends a broker at once.
    pub fn kill_broker(&self, broker: usize) {
        match self {
            Self::Kafka(cluster, _) => lock(cluster).kill_broker(broker).expect("killing a broker"),
        }
    }

    /// Starts a broker that is down, and waits until it takes part.
    pub fn start_broker(&self, broker: usize) {
        match self {
            Self::Kafka(cluster, _) => lock(cluster).start_broker(broker).expect("starting a broker"),
        }
    }
}

fn lock(cluster: &Mutex<Cluster>) -> std::sync::MutexGuard<'_, Cluster> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}
