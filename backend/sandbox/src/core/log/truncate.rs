//! Takes batches away from either end of a log.

use super::PartitionLog;
use super::markers::EndTxnMarker;
use super::segment::{Segment, SegmentInfo};

impl PartitionLog {
    /// Drops everything from `offset` on; a batch that contains it goes as a whole, and still the log ends at `offset`,
    /// as in Apache Kafka.
    pub(crate) fn truncate_to(&mut self, offset: i64) {
        let offset = offset.max(0);
        if offset >= self.end_offset {
            self.epochs.truncate_from_end(self.end_offset);
            return;
        }
        if self.segments.front().is_none_or(|first| first.base_offset > offset) {
            self.truncate_fully_and_start_at(offset);
            return;
        }
        while self.segments.back().is_some_and(|last| last.base_offset > offset) {
            if let Some(segment) = self.segments.pop_back() {
                self.snapshots.remove(segment.base_offset);
            }
        }
        if let Some(active) = self.segments.back_mut() {
            active.truncate_to(offset);
        }
        self.end_offset = offset;
        self.start_offset = self.start_offset.min(offset);
        self.cleaned_to = self.cleaned_to.min(offset);
        self.bytes = self.segments.iter().map(|segment| segment.bytes).sum();
        self.epochs.truncate_from_end(offset);
        self.rebuild_producers();
    }

    /// Drops everything; the log begins and ends at `offset`.
    pub(crate) fn truncate_fully_and_start_at(&mut self, offset: i64) {
        self.segments.clear();
        self.chunk.clear();
        self.bytes = 0;
        self.start_offset = offset;
        self.end_offset = offset;
        self.cleaned_to = self.cleaned_to.min(offset);
        self.epochs.clear();
        self.producers.clear();
        self.snapshots.clear(offset);
    }

    /// Moves the log start offset forward, as DeleteRecords does, and drops the closed segments before it. Says whether
    /// it moved; it never goes back nor past the end.
    pub(crate) fn advance_start_offset(&mut self, offset: i64) -> bool {
        let offset = offset.min(self.end_offset);
        if offset <= self.start_offset {
            return false;
        }
        self.start_offset = offset;
        self.epochs.truncate_from_start(offset);
        self.snapshots.on_start_offset(offset);
        while self.segments.get(1).is_some_and(|second| second.base_offset <= offset) {
            self.pop_front();
        }
        true
    }

    /// The segments, the oldest first; the last is the active one.
    pub(crate) fn segments(&self) -> impl ExactSizeIterator<Item = SegmentInfo> {
        self.segments.iter().map(Segment::info)
    }

    /// Drops the oldest segment if it is closed, and moves the log start offset behind it.
    pub(crate) fn drop_oldest_segment(&mut self) -> Option<SegmentInfo> {
        let next = self.segments.get(1)?.base_offset;
        let dropped = self.pop_front();
        self.advance_start_offset(next);
        dropped
    }

    fn pop_front(&mut self) -> Option<SegmentInfo> {
        let segment = self.segments.pop_front()?;
        self.bytes -= segment.bytes;
        self.snapshots.remove(segment.base_offset);
        Some(segment.info())
    }

    /// Notes the producers anew, from the last snapshot and the batches after it, by
    /// `UnifiedLog.rebuildProducerState`. Producers of the snapshot whose time has run out go with the next
    /// [expiry](PartitionLog::expire_producers), in Apache Kafka already here.
    fn rebuild_producers(&mut self) {
        let had_none = self.producers.is_empty();
        let (loaded_to, producers) = self.snapshots.reload(self.start_offset, self.end_offset);
        self.producers = producers;
        if !had_none {
            let first_of_last_two = self.segments.len().saturating_sub(2);
            for (index, segment) in self.segments.iter().enumerate() {
                let next = self.segments.get(index + 1).map_or(i64::MAX, |next| next.base_offset);
                if next <= loaded_to {
                    continue;
                }
                let from = segment.base_offset.max(loaded_to).max(self.start_offset);
                if index >= first_of_last_two {
                    self.snapshots.take(from, &self.producers);
                }
                for entry in segment.entries.get(segment.index_of(from)..).unwrap_or_default() {
                    let Some(header) = entry.batch.header() else { continue };
                    self.producers.append(&header, EndTxnMarker::read(&header, &entry.batch.bytes));
                }
            }
        }
        self.snapshots.take(self.end_offset, &self.producers);
    }
}
