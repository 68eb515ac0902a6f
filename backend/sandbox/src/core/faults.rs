//! Faults by request: chosen requests are answered with a chosen error.

use thiserror::Error;

use super::api::with_error;
use super::{Answer, BrokerId, Caller, Core};
use crate::window::Happening;
use crate::wire::{Api, ErrorCode, Request};

/// The most errors that are injected at a time.
const MAX_FAULTS: usize = 100;

/// An error that a broker answers some requests with, without doing what they ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectedError {
    /// Which broker; `None`: any of them.
    pub broker: Option<BrokerId>,
    /// Which API, by its name in the protocol: `Produce`, `Fetch` and so on.
    pub api: String,
    /// With which error, by its number in the protocol.
    pub error_code: i16,
    /// How many times.
    pub times: u32,
}

/// Why an error can't be injected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultError {
    /// There is no such API.
    #[error("no error can be injected into {0}: choose one of {names}", names = api_names())]
    Api(String),
    /// There is no such error.
    #[error("{0} is no error code of the protocol")]
    Code(i16),
    /// Too many are injected already.
    #[error("more than {MAX_FAULTS} errors can't be injected at a time")]
    TooMany,
}

fn api_names() -> String {
    let names: Vec<_> = Api::ALL.iter().map(|api| format!("{api:?}")).collect();
    names.join(", ")
}

impl InjectedError {
    /// That there are such an API and such an error.
    pub fn check(&self) -> Result<(), FaultError> {
        if !Api::ALL.iter().any(|api| format!("{api:?}") == self.api) {
            return Err(FaultError::Api(self.api.clone()));
        }
        let code = ErrorCode::from(self.error_code);
        if !code.is_error() || matches!(code, ErrorCode::Unknown(_)) {
            return Err(FaultError::Code(self.error_code));
        }
        Ok(())
    }
}

impl Core {
    /// Has chosen requests answered with an error.
    pub(crate) fn inject(&mut self, error: InjectedError) -> Result<(), FaultError> {
        error.check()?;
        if self.faults.len() >= MAX_FAULTS {
            return Err(FaultError::TooMany);
        }
        if error.times > 0 {
            self.faults.push(error);
        }
        Ok(())
    }

    /// The injected errors that are still to come.
    pub(super) fn injected_errors(&self) -> &[InjectedError] {
        &self.faults
    }

    /// Takes all injected errors back.
    pub(crate) fn clear_errors(&mut self) {
        self.faults.clear();
    }

    /// The error that this request is to be answered with, if one is.
    pub(super) fn faulty_answer(&mut self, caller: &Caller, api: Api, request: &Request) -> Option<Answer> {
        if self.faults.is_empty() {
            return None;
        }
        let name = format!("{api:?}");
        let at = self.faults.iter().position(|fault| {
            fault.api == name && fault.broker.is_none_or(|broker| broker == caller.broker)
        })?;
        let fault = self.faults.get_mut(at)?;
        let error = fault.error_code;
        fault.times -= 1;
        if fault.times == 0 {
            self.faults.remove(at);
        }
        let (broker, error_code) = (caller.broker, error);
        self.happened(|_| Happening::ErrorAnswered { broker, api: name, error_code });
        let version = match request {
            // From version 13 on the error stands above all alone, where librdkafka reads it and does nothing with it if no
            // partition is named.
            Request::Fetch(_) => caller.version.min(12),
            _ => caller.version,
        };
        Some(with_error(version, request, error))
    }
}
