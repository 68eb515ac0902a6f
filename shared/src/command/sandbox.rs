//! What only a sandbox can do: a cluster of one's own may be broken, reset and looked into.

use serde::{Deserialize, Serialize};

use crate::form::{Field, Input};
use crate::kafka::{FaultyApi, InjectedErrorCode};

/// Arguments of [`Command::ResetCluster`](super::Command::ResetCluster).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetCluster {}

/// Arguments of [`Command::StopBroker`](super::Command::StopBroker).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopBroker {
    /// Its id.
    pub broker: i32,
}

/// Arguments of [`Command::KillBroker`](super::Command::KillBroker).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillBroker {
    /// Its id.
    pub broker: i32,
}

/// Arguments of [`Command::StartBroker`](super::Command::StartBroker).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartBroker {
    /// Its id.
    pub broker: i32,
}

/// Arguments of [`Command::CutOffBroker`](super::Command::CutOffBroker).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutOffBroker {
    /// Its id.
    pub broker: i32,
    /// Whether it is cut off from now on, or reached again.
    #[serde(default = "super::yes")]
    pub cut_off: bool,
}

/// Arguments of [`Command::DelayBroker`](super::Command::DelayBroker).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayBroker {
    /// Its id.
    pub broker: i32,
    /// How long it keeps each answer back, and how long records take to reach it as a follower; 0 ends that. At most
    /// [`DelayBroker::MAX_MS`].
    pub delay_ms: u64,
}

/// Arguments of [`Command::InjectError`](super::Command::InjectError).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectError {
    /// Which requests are answered with the error, without being carried out.
    pub api: FaultyApi,
    /// With which error.
    pub error: InjectedErrorCode,
    /// How many of them, 1 to [`InjectError::MAX_TIMES`].
    #[serde(default = "once")]
    pub times: u32,
    /// By which broker; `None`: by any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<i32>,
}

fn once() -> u32 {
    1
}

/// Arguments of [`Command::ClearFaults`](super::Command::ClearFaults).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearFaults {}

/// Arguments of [`Command::Watch`](super::Command::Watch).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {}

/// The most brokers that a sandbox may have.
const MAX_BROKERS: u64 = 9;

pub(super) const BROKER: Field = Field {
    name: "broker",
    label: "Broker",
    help: "The broker's id.",
    input: Input::Integer { min: 1, max: MAX_BROKERS },
};

impl CutOffBroker {
    pub(super) const FIELDS: &[Field] = &[
        BROKER,
        Field {
            name: "cut_off",
            label: "Cut off",
            help: "Whether the other brokers and the controller can't reach it. Clients always can.",
            input: Input::Toggle,
        },
    ];
}

impl DelayBroker {
    /// The longest delay.
    pub const MAX_MS: u64 = 60_000;

    pub(super) const FIELDS: &[Field] = &[
        BROKER,
        Field {
            name: "delay_ms",
            label: "Delay in milliseconds",
            help: "How long the broker keeps each answer back. 0 ends the delay.",
            input: Input::Integer { min: 0, max: Self::MAX_MS },
        },
    ];
}

impl InjectError {
    /// How many requests one command may have answered with an error.
    pub const MAX_TIMES: u32 = 10_000;

    pub(super) const FIELDS: &[Field] = &[
        Field {
            name: "api",
            label: "Requests",
            help: "Which requests are answered with the error.",
            input: Input::GroupedChoice(FaultyApi::GROUPS),
        },
        Field {
            name: "error",
            label: "Error",
            help: "Kafka's name for the error.",
            input: Input::GroupedChoice(InjectedErrorCode::GROUPS),
        },
        Field {
            name: "times",
            label: "Times",
            help: "How many requests are answered with it.",
            input: Input::Integer { min: 1, max: Self::MAX_TIMES as u64 },
        },
        Field {
            name: "broker",
            label: "Broker",
            help: "The broker that answers with it. Left empty, any broker does.",
            input: Input::OptionalInteger { min: 1, max: MAX_BROKERS },
        },
    ];
}
