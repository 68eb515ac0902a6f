//! The Apache Kafka that tests run on.

use std::sync::{Mutex, OnceLock};

use xtask::kafka::{Cluster, Missing, Options};

/// Settings of every test cluster: short waits where Kafka allows them.
fn options() -> Options {
    Options::default()
}

/// The bootstrap servers of the one cluster that all tests of a binary share. It ends with the process. A cluster
/// given by `KAFKA_BOOTSTRAP_SERVERS` is used instead.
///
/// `None`, with the reason printed: this machine can't run Kafka, and the run is not CI's. A Kafka that fails to start
/// is a panic.
pub fn shared_kafka() -> Option<&'static str> {
    static SHARED: OnceLock<Option<(Mutex<Option<Cluster>>, String)>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        if let Ok(servers) = std::env::var("KAFKA_BOOTSTRAP_SERVERS") {
            return Some((Mutex::new(None), servers));
        }
        let cluster = own_kafka()?;
        let servers = cluster.bootstrap_servers().to_owned();
        Some((Mutex::new(Some(cluster)), servers))
    });
    shared.as_ref().map(|(_, servers)| servers.as_str())
}

/// A cluster of one's own, to be broken.
pub fn own_kafka() -> Option<Cluster> {
    start(&options())
}

/// The same at a port that clients know already.
pub fn own_kafka_at(port: u16) -> Option<Cluster> {
    start(&Options { port: Some(port), ..options() })
}

/// A cluster of one's own with these options.
pub(crate) fn own_kafka_with(options: &Options) -> Option<Cluster> {
    start(options)
}

fn start(options: &Options) -> Option<Cluster> {
    match Cluster::start(options) {
        Ok(cluster) => Some(cluster),
        Err(error) if error.is::<Missing>() && std::env::var_os("CI").is_none_or(|ci| ci.is_empty()) => {
            eprintln!("skipped: {error:#}");
            None
        }
        Err(error) => panic!("no Apache Kafka can be started: {error:#}"),
    }
}
