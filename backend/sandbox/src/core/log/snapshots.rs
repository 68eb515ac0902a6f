//! The producers of a log as they were at some offsets, to which truncation goes back.

use std::collections::BTreeMap;

use super::producers::ProducerStates;

/// Snapshots of the producers, by the offset before which they had appended.
///
/// Apache Kafka takes one when it begins a segment and one after each truncation, and drops them with the segments; what
/// a truncated log knows of its producers hangs on that.
#[derive(Debug, Default)]
pub(super) struct ProducerSnapshots {
    taken: BTreeMap<i64, ProducerStates>,
    last_offset: i64,
}

impl ProducerSnapshots {
    /// Takes one at `offset`, unless there is one of then or later.
    pub(super) fn take(&mut self, offset: i64, producers: &ProducerStates) {
        if offset > self.last_offset {
            self.taken.insert(offset, producers.snapshot());
            self.last_offset = offset;
        }
    }

    /// Drops the one at `offset`.
    pub(super) fn remove(&mut self, offset: i64) {
        self.taken.remove(&offset);
    }

    /// Follows the log start offset.
    pub(super) fn on_start_offset(&mut self, start_offset: i64) {
        self.last_offset = self.taken.keys().next_back().copied().unwrap_or(start_offset);
    }

    /// Drops those outside of the log, and gives the last that is left and its offset; otherwise nobody, at the start.
    pub(super) fn reload(&mut self, start_offset: i64, end_offset: i64) -> (i64, ProducerStates) {
        self.taken.retain(|&offset, _| start_offset < offset && offset <= end_offset);
        let last = self.taken.last_key_value();
        let (offset, producers) =
            last.map_or((start_offset, ProducerStates::default()), |(&offset, it)| (offset, it.clone()));
        self.last_offset = offset;
        (offset, producers)
    }

    /// Drops all; the log begins at `offset`.
    pub(super) fn clear(&mut self, offset: i64) {
        *self = Self { taken: BTreeMap::new(), last_offset: offset };
    }
}
