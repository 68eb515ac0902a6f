//! Time, as it is given in.

use std::time::Duration;

/// A moment by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Since the cluster began; never goes back. Deadlines are measured by it.
    pub(crate) monotonic: Duration,
    /// Milliseconds since 1970, UTC. Timestamps of records are taken from it.
    pub(crate) wall_ms: i64,
}
