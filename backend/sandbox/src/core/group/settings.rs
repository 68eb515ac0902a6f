//! The broker configs that rule groups.

use std::time::Duration;

/// Apache Kafka's broker configs for groups and offsets, with its names and defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupSettings {
    /// `group.min.session.timeout.ms`: 6 seconds.
    pub(crate) min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`: 30 minutes.
    pub(crate) max_session_timeout_ms: i32,
    /// `group.initial.rebalance.delay.ms`: 3 seconds.
    pub(crate) initial_rebalance_delay_ms: i32,
    /// `group.max.size`: no limit.
    pub(crate) max_size: i32,
    /// `offset.metadata.max.bytes`: 4096. Apache Kafka counts UTF-16 units.
    pub(crate) offset_metadata_max: i32,
    /// `offsets.retention.minutes`: 7 days.
    pub(crate) offsets_retention_minutes: i32,
    /// `offsets.retention.check.interval.ms`: 10 minutes.
    pub(crate) offsets_retention_check_interval_ms: i64,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            initial_rebalance_delay_ms: 3_000,
            max_size: i32::MAX,
            offset_metadata_max: 4_096,
            offsets_retention_minutes: 7 * 24 * 60,
            offsets_retention_check_interval_ms: 600_000,
        }
    }
}

impl GroupSettings {
    pub(super) fn offsets_retention_ms(&self) -> i64 {
        i64::from(self.offsets_retention_minutes) * 60_000
    }

    pub(super) fn retention_check_interval(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.offsets_retention_check_interval_ms).unwrap_or(1).max(1))
    }

    pub(super) fn max_members(&self) -> usize {
        usize::try_from(self.max_size).unwrap_or(0)
    }
}

/// A timeout of the protocol; one below zero is over at once.
pub(super) fn millis(timeout_ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0))
}
