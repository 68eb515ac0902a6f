//! Ctrl-C, SIGTERM and SIGHUP, noticed by whoever polls: what was started is then ended in order. Nothing depends on
//! it (see `xtask::process`); it lets the server say goodbye to its learners.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// From its creation on the signals no longer end this process.
pub(crate) struct Stop {
    signals: Signals,
    asked: bool,
}

impl Stop {
    pub(crate) fn listen() -> Result<Self> {
        let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("listening to signals")?;
        Ok(Self { signals, asked: false })
    }

    /// Whether the person, or the system, asked to stop.
    pub(crate) fn asked(&mut self) -> bool {
        self.asked |= self.signals.pending().next().is_some();
        self.asked
    }
}
