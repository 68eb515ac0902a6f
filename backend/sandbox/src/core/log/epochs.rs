//! Where each leader epoch began: Apache Kafka's leader epoch cache (KIP-101, KIP-279).

/// The first offset of a leader epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochStart {
    /// The epoch.
    pub(crate) epoch: i32,
    /// The offset of the first record that its leader appended, or would have.
    pub(crate) start_offset: i64,
}

/// The leader epochs of a replica; both epochs and offsets ascend.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeaderEpochs {
    pub(super) entries: Vec<EpochStart>,
}

impl LeaderEpochs {
    /// Notes that `epoch` begins at `start_offset`, unless it has begun already. What contradicts it goes.
    pub(crate) fn assign(&mut self, epoch: i32, start_offset: i64) {
        if epoch < 0 || start_offset < 0 {
            return;
        }
        let is_new = self.latest().is_none_or(|last| last.epoch != epoch || start_offset < last.start_offset);
        if is_new {
            while self.latest().is_some_and(|last| last.epoch >= epoch || last.start_offset >= start_offset) {
                self.entries.pop();
            }
            self.entries.push(EpochStart { epoch, start_offset });
        }
    }

    /// The latest epoch.
    pub(crate) fn latest(&self) -> Option<EpochStart> {
        self.entries.last().copied()
    }

    /// The largest epoch that is not above `epoch`, and where it ended; below the first epoch, `epoch` itself and where
    /// the first begins. `None` if nothing is known of it: it is above the latest, or -1.
    pub(crate) fn end_offset(&self, epoch: i32, log_end_offset: i64) -> Option<(i32, i64)> {
        if epoch == -1 {
            return None;
        }
        if self.latest().is_some_and(|last| last.epoch == epoch) {
            return Some((epoch, log_end_offset));
        }
        let above = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let end_offset = self.entries.get(above)?.start_offset;
        let found = above.checked_sub(1).and_then(|below| self.entries.get(below));
        Some((found.map_or(epoch, |entry| entry.epoch), end_offset))
    }

    /// The epoch in which the record at `offset` was appended.
    pub(crate) fn epoch_at(&self, offset: i64) -> Option<i32> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= offset);
        after.checked_sub(1).and_then(|at| self.entries.get(at)).map(|entry| entry.epoch)
    }

    /// Forgets epochs that begin at `end_offset` or later.
    pub(crate) fn truncate_from_end(&mut self, end_offset: i64) {
        if end_offset >= 0 {
            let kept = self.entries.partition_point(|entry| entry.start_offset < end_offset);
            self.entries.truncate(kept);
        }
    }

    /// Forgets epochs that ended before `start_offset`; the one in which it lies begins there.
    pub(crate) fn truncate_from_start(&mut self, start_offset: i64) {
        let after = self.entries.partition_point(|entry| entry.start_offset <= start_offset);
        if let Some(last) = after.checked_sub(1) {
            self.entries.drain(..last);
            if let Some(first) = self.entries.first_mut() {
                first.start_offset = start_offset;
            }
        }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
