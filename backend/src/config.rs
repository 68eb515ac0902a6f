//! What the operator decides: flags, environment, defaults, and their validation.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::cluster::{Choice, SandboxSettings};
use crate::kafka::{ConnectionSettings, Secret};
use crate::session::GRACE;

/// A week.
const MAX_IDLE_MINUTES: u64 = 7 * 24 * 60;
/// Each takes three ports of this machine.
const MAX_CLUSTERS: u64 = 5_000;
/// Less would hold no lesson; more fits few machines.
const CLUSTER_MEGABYTES: RangeInclusive<u64> = 8..=65_536;
/// Where the first learner's cluster is, so that scripts may name it.
const FIRST_PORTS: [u16; 3] = [29092, 29093, 29094];

/// Learn Kafka by doing: serves the workshop's page, with a Kafka cluster in memory for each learner, or on a cluster that
/// is there already.
#[derive(Debug, Parser)]
#[command(name = "kafka-workshop", version)]
pub struct Flags {
    /// The address to listen on. Only loopback, until there are class codes.
    #[arg(long, env = "KAFKA_WORKSHOP_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub address: IpAddr,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, env = "KAFKA_WORKSHOP_PORT", default_value_t = 8080)]
    pub port: u16,
    /// A Kafka cluster that all learners share, as host:port,host:port, instead of one in memory for each.
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS")]
    pub bootstrap_servers: Option<String>,
    /// How long a learner's cluster in memory stays when they have left, in minutes.
    #[arg(long, env = "KAFKA_WORKSHOP_IDLE_CLUSTER_MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=MAX_IDLE_MINUTES))]
    pub idle_cluster_minutes: u64,
    /// How many clusters in memory there may be at a time.
    #[arg(long, env = "KAFKA_WORKSHOP_MAX_CLUSTERS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=MAX_CLUSTERS))]
    pub max_clusters: u64,
    /// How many megabytes of records each cluster in memory holds.
    #[arg(long, env = "KAFKA_WORKSHOP_CLUSTER_MEGABYTES", default_value_t = 64, value_parser = clap::value_parser!(u64).range(CLUSTER_MEGABYTES))]
    pub cluster_megabytes: u64,
    /// How to reach the cluster.
    #[arg(long, env = "KAFKA_SECURITY_PROTOCOL", value_parser = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"])]
    pub security_protocol: Option<String>,
    /// The SASL mechanism, for example PLAIN or SCRAM-SHA-512.
    #[arg(long, env = "KAFKA_SASL_MECHANISM")]
    pub sasl_mechanism: Option<String>,
    /// The SASL user name.
    #[arg(long, env = "KAFKA_SASL_USERNAME")]
    pub sasl_username: Option<String>,
    /// The SASL password. Better in the environment or a file: flags are seen by others on the machine.
    #[arg(long, env = "KAFKA_SASL_PASSWORD", hide_env_values = true, conflicts_with = "sasl_password_file")]
    pub sasl_password: Option<Secret>,
    /// A file that holds the SASL password.
    #[arg(long, env = "KAFKA_SASL_PASSWORD_FILE")]
    pub sasl_password_file: Option<PathBuf>,
    /// The certificates of the authorities that signed the brokers', in PEM.
    #[arg(long, env = "KAFKA_SSL_CA_FILE")]
    pub ssl_ca_file: Option<PathBuf>,
    /// A folder of lessons in place of the built-in ones; read again when they change.
    #[arg(long, env = "KAFKA_WORKSHOP_DATA")]
    pub data: Option<PathBuf>,
    /// A folder with a built page in place of the built-in one.
    #[arg(long, env = "KAFKA_WORKSHOP_PAGE")]
    pub page: Option<PathBuf>,
    /// Where the server keeps what must outlast it: the key of its cookies.
    #[arg(long, env = "KAFKA_WORKSHOP_STATE")]
    pub state: Option<PathBuf>,
    /// One more origin whose page may connect, for example http://127.0.0.1:8081 of `trunk serve`.
    #[arg(long, env = "KAFKA_WORKSHOP_ORIGIN")]
    pub origin: Option<String>,
}

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Which cluster learners work on.
    pub cluster: Choice,
    /// Lessons in place of the built-in ones.
    pub data: Option<PathBuf>,
    /// A page in place of the built-in one.
    pub page: Option<PathBuf>,
    /// Where the key of the cookies is kept. `None`: nowhere, a restart makes new learners.
    pub state: Option<PathBuf>,
    /// One more origin whose page may connect.
    pub origin: Option<String>,
    /// How long a session waits for its page to come back.
    pub grace: Duration,
}

/// Why a configuration can't be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Anyone in the network could act on the cluster.
    #[error(
        "{0} is not a loopback address. Kafka Workshop has no class codes yet, so everyone who reaches that \
         address could use it: it listens on 127.0.0.1 or ::1 only."
    )]
    NotLoopback(IpAddr),
    /// Credentials for no cluster.
    #[error(
        "{0} says how to reach a Kafka cluster, but none is given. Give it by --bootstrap-servers or \
         KAFKA_BOOTSTRAP_SERVERS, or leave {0} out: clusters in memory need none of it."
    )]
    NoKafka(&'static str),
    /// The password file can't be read.
    #[error("the SASL password file {path} can't be read: {source}")]
    PasswordFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Flags {
    /// Checks what flags and environment say.
    pub fn check(self) -> Result<Config, ConfigError> {
        if !self.address.is_loopback() {
            return Err(ConfigError::NotLoopback(self.address));
        }
        let cluster = match self.bootstrap_servers() {
            Some(bootstrap_servers) => Choice::Kafka(self.connection(bootstrap_servers)?),
            None => Choice::Sandbox(self.sandbox()?),
        };
        Ok(Config {
            listen: SocketAddr::new(self.address, self.port),
            cluster,
            data: self.data,
            page: self.page,
            state: self.state.or_else(default_state),
            origin: self.origin,
            grace: GRACE,
        })
    }

    /// The cluster that was named; an empty variable names none.
    fn bootstrap_servers(&self) -> Option<String> {
        self.bootstrap_servers.clone().filter(|servers| !servers.trim().is_empty())
    }

    fn connection(&self, bootstrap_servers: String) -> Result<ConnectionSettings, ConfigError> {
        let sasl_password = match &self.sasl_password_file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::PasswordFile { path: path.clone(), source })?;
                Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
            }
            None => self.sasl_password.clone(),
        };
        Ok(ConnectionSettings {
            bootstrap_servers,
            security_protocol: self.security_protocol.clone(),
            sasl_mechanism: self.sasl_mechanism.clone(),
            sasl_username: self.sasl_username.clone(),
            sasl_password,
            ssl_ca_location: self.ssl_ca_file.clone(),
        })
    }

    fn sandbox(&self) -> Result<SandboxSettings, ConfigError> {
        let pointless = [
            ("--security-protocol", self.security_protocol.is_some()),
            ("--sasl-mechanism", self.sasl_mechanism.is_some()),
            ("--sasl-username", self.sasl_username.is_some()),
            ("--sasl-password", self.sasl_password.is_some()),
            ("--sasl-password-file", self.sasl_password_file.is_some()),
            ("--ssl-ca-file", self.ssl_ca_file.is_some()),
        ];
        if let Some((flag, _)) = pointless.iter().find(|(_, given)| *given) {
            return Err(ConfigError::NoKafka(flag));
        }
        Ok(SandboxSettings {
            idle: Duration::from_secs(self.idle_cluster_minutes * 60),
            max_clusters: usize::try_from(self.max_clusters).unwrap_or(usize::MAX),
            cluster_megabytes: self.cluster_megabytes,
            first_ports: FIRST_PORTS.to_vec(),
        })
    }
}

/// Source: the XDG base directory specification.
fn default_state() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("kafka-workshop"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(extra: &[&str]) -> Flags {
        Flags::parse_from(["kafka-workshop"].iter().chain(extra))
    }

    #[test]
    fn an_address_beyond_loopback_is_refused() {
        for address in ["0.0.0.0", "192.168.1.5", "::"] {
            let refused = flags(&["--address", address, "--bootstrap-servers", "k:9092"]).check();
            assert!(matches!(refused, Err(ConfigError::NotLoopback(_))), "{address}");
        }
        assert!(flags(&["--address", "::1", "--bootstrap-servers", "k:9092"]).check().is_ok());
    }

    #[test]
    fn without_a_kafka_each_learner_has_a_cluster_in_memory() {
        for arguments in [&[][..], &["--bootstrap-servers", " "]] {
            let Choice::Sandbox(settings) = flags(arguments).check().unwrap().cluster else { panic!() };
            assert_eq!(settings.idle, Duration::from_secs(30 * 60));
            assert_eq!((settings.max_clusters, settings.cluster_megabytes), (200, 64));
            assert_eq!(settings.first_ports, FIRST_PORTS);
        }
    }

    #[test]
    fn credentials_for_no_cluster_are_refused() {
        let message = flags(&["--sasl-username", "me"]).check().unwrap_err().to_string();
        assert!(message.contains("--sasl-username") && message.contains("--bootstrap-servers"), "{message}");
    }

    #[test]
    fn limits_of_clusters_in_memory_have_their_ranges() {
        for (flag, bad) in [
            ("--idle-cluster-minutes", ["0", "10081"]),
            ("--max-clusters", ["0", "5001"]),
            ("--cluster-megabytes", ["7", "65537"]),
        ] {
            for value in bad {
                let refused = Flags::try_parse_from(["kafka-workshop", flag, value]);
                assert!(refused.is_err(), "{flag} {value}");
            }
            assert!(Flags::try_parse_from(["kafka-workshop", flag, "9"]).is_ok(), "{flag}");
        }
    }

    #[test]
    fn the_password_is_read_from_its_file_and_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        std::fs::write(&file, "open sesame\n").unwrap();
        let file = file.to_str().unwrap();
        let config = flags(&["--bootstrap-servers", "k:9092", "--sasl-password-file", file]).check().unwrap();
        assert!(!format!("{config:?}").contains("sesame"));
        let Choice::Kafka(kafka) = config.cluster else { panic!() };
        assert_eq!(kafka.sasl_password, Some(Secret::new("open sesame")));
    }
}
