//! How the operator's Kafka is reached, and what all clients have in common.

use std::fmt;
use std::path::PathBuf;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

/// How to reach the cluster: from the operator only, never from a learner.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSettings {
    /// `bootstrap.servers`: host:port, separated by commas.
    pub bootstrap_servers: String,
    /// `security.protocol`; `None`: plaintext.
    pub security_protocol: Option<String>,
    /// `sasl.mechanism`.
    pub sasl_mechanism: Option<String>,
    /// `sasl.username`.
    pub sasl_username: Option<String>,
    /// `sasl.password`.
    pub sasl_password: Option<Secret>,
    /// `ssl.ca.location`; `None`: the system's certificates.
    pub ssl_ca_location: Option<PathBuf>,
}

/// A text that is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl ConnectionSettings {
    /// Settings for a client of any kind.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap_servers);
        let ca = self.ssl_ca_location.as_ref().map(|path| path.display().to_string());
        let optional = [
            ("security.protocol", self.security_protocol.as_deref()),
            ("sasl.mechanism", self.sasl_mechanism.as_deref()),
            ("sasl.username", self.sasl_username.as_deref()),
            ("sasl.password", self.sasl_password.as_ref().map(|secret| secret.0.as_str())),
            ("ssl.ca.location", ca.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                config.set(name, value);
            }
        }
        // Asking for a topic must not make it (the default of producers, and so of rdkafka's admin client).
        config.set("allow.auto.create.topics", "false");
        // A broker that is back is found again quickly; the default backs off to 10 s.
        config.set("reconnect.backoff.max.ms", "1000");
        // A slow broker must not hold a request longer than a learner waits; the default is 60 s.
        config.set("socket.timeout.ms", "10000");
        config.set("socket.connection.setup.timeout.ms", "5000");
        // A broker that is away would say so several times a second; what matters comes as an error.
        config.set_log_level(RDKafkaLogLevel::Emerg);
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_reaches_the_client_and_no_debug_output() {
        let settings = ConnectionSettings {
            bootstrap_servers: "broker:9092".to_owned(),
            sasl_password: Some(Secret::new("hunter2")),
            ..ConnectionSettings::default()
        };
        let config = settings.client();
        assert_eq!(config.get("sasl.password"), Some("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        // rdkafka hides it too.
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn no_client_makes_topics_by_asking_for_them() {
        let config = ConnectionSettings::default().client();
        assert_eq!(config.get("allow.auto.create.topics"), Some("false"));
    }
}
