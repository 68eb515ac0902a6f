//! Why a config can't be as asked.

use thiserror::Error;

use crate::wire::ErrorCode;

/// A value that a config can't have, in Apache Kafka's words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct InvalidValue(pub(super) String);

impl InvalidValue {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(super) fn of(name: &str, value: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        Self(format!("Invalid value {value} for configuration {name}: {reason}"))
    }
}

/// A refusal, as a response tells it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub(crate) struct ConfigError {
    /// The error of the protocol.
    pub(crate) code: ErrorCode,
    /// Kafka's words for it.
    pub(crate) message: String,
}

impl ConfigError {
    pub(crate) fn invalid_config(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidConfig, message: message.into() }
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidRequest, message: message.into() }
    }
}

impl From<InvalidValue> for ConfigError {
    fn from(InvalidValue(message): InvalidValue) -> Self {
        Self::invalid_config(message)
    }
}

impl From<ConfigError> for (ErrorCode, String) {
    fn from(ConfigError { code, message }: ConfigError) -> Self {
        (code, message)
    }
}
