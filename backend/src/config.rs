//! What the operator decides: flags, environment, defaults, and their validation.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::kafka::{ConnectionSettings, Secret};
use crate::session::GRACE;

/// Learn Kafka by doing: serves the workshop's page and speaks to a Kafka cluster for it.
#[derive(Debug, Parser)]
#[command(name = "kafka-workshop", version)]
pub struct Flags {
    /// The address to listen on. Only loopback, until there are class codes.
    #[arg(long, env = "KAFKA_WORKSHOP_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub address: IpAddr,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, env = "KAFKA_WORKSHOP_PORT", default_value_t = 8080)]
    pub port: u16,
    /// The Kafka cluster, as host:port,host:port.
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS")]
    pub bootstrap_servers: Option<String>,
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
    /// The cluster.
    pub kafka: ConnectionSettings,
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
    /// Nothing to work on.
    #[error(
        "no Kafka cluster is given. Give one by --bootstrap-servers or KAFKA_BOOTSTRAP_SERVERS, or start the \
         workshop by `cargo xtask serve`, which brings an Apache Kafka where Java 17 and Maven are present."
    )]
    NoKafka,
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
        let bootstrap_servers = self
            .bootstrap_servers
            .filter(|servers| !servers.trim().is_empty())
            .ok_or(ConfigError::NoKafka)?;
        let sasl_password = match self.sasl_password_file {
            Some(path) => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| ConfigError::PasswordFile { path: path.clone(), source })?;
                Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
            }
            None => self.sasl_password,
        };
        Ok(Config {
            listen: SocketAddr::new(self.address, self.port),
            kafka: ConnectionSettings {
                bootstrap_servers,
                security_protocol: self.security_protocol,
                sasl_mechanism: self.sasl_mechanism,
                sasl_username: self.sasl_username,
                sasl_password,
                ssl_ca_location: self.ssl_ca_file,
            },
            data: self.data,
            page: self.page,
            state: self.state.or_else(default_state),
            origin: self.origin,
            grace: GRACE,
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
    fn without_a_cluster_it_says_what_to_do() {
        let message = flags(&["--bootstrap-servers", " "]).check().unwrap_err().to_string();
        assert!(message.contains("cargo xtask serve"), "{message}");
    }

    #[test]
    fn the_password_is_read_from_its_file_and_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        std::fs::write(&file, "open sesame\n").unwrap();
        let file = file.to_str().unwrap();
        let config = flags(&["--bootstrap-servers", "k:9092", "--sasl-password-file", file]).check().unwrap();
        assert!(!format!("{config:?}").contains("sesame"));
        assert_eq!(config.kafka.sasl_password, Some(Secret::new("open sesame")));
    }
}
