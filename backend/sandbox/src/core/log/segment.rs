//! A segment of a log: batches that are kept and dropped together.

use std::sync::Arc;

use bytes::Bytes;

use super::batch::{BatchHeader, NO_TIMESTAMP};
use super::chunk::ChunkCharge;

/// A record batch as replicas share it.
#[derive(Clone, Debug)]
pub(crate) struct StoredBatch {
    pub(super) bytes: Bytes,
    /// Held: a chunk is charged for as long as a batch lies in it.
    pub(super) _charge: Arc<ChunkCharge>,
    pub(super) base_offset: i64,
    pub(super) last_offset: i64,
}

impl StoredBatch {
    /// The offset of its first record.
    pub(crate) fn base_offset(&self) -> i64 {
        self.base_offset
    }

    /// The offset of its last record.
    pub(crate) fn last_offset(&self) -> i64 {
        self.last_offset
    }

    /// Its header; `None` never comes of a batch that was appended.
    pub(crate) fn header(&self) -> Option<BatchHeader> {
        BatchHeader::read(&self.bytes)
    }
}

/// The latest timestamp of some batches, and the first batch that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MaxTimestamp {
    pub(super) timestamp: i64,
    pub(super) base_offset: i64,
}

/// A batch in its segment.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) batch: StoredBatch,
    /// Bytes of the batches before it, in the segment.
    pub(super) position: usize,
}

/// Some batches in the order of their offsets.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base_offset: i64,
    pub(super) entries: Vec<Entry>,
    pub(super) bytes: usize,
    created_ms: i64,
    pub(super) last_modified_ms: i64,
    /// The latest timestamp of the first batch, when that is known.
    first_timestamp: i64,
    pub(super) max_timestamp: MaxTimestamp,
}

/// What is told of a segment, for retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentInfo {
    /// Its first offset.
    pub(crate) base_offset: i64,
    /// Bytes of its batches.
    pub(crate) bytes: usize,
    /// The latest timestamp of its records; without any, when it was last appended to.
    pub(crate) largest_timestamp_ms: i64,
}

impl Segment {
    pub(super) fn new(base_offset: i64, now_wall_ms: i64) -> Self {
        Self {
            base_offset,
            entries: Vec::new(),
            bytes: 0,
            created_ms: now_wall_ms,
            last_modified_ms: now_wall_ms,
            first_timestamp: NO_TIMESTAMP,
            max_timestamp: MaxTimestamp { timestamp: NO_TIMESTAMP, base_offset: -1 },
        }
    }

    /// A segment of the same age at the same place, without batches.
    pub(super) fn emptied(&self) -> Self {
        Self { last_modified_ms: self.last_modified_ms, ..Self::new(self.base_offset, self.created_ms) }
    }

    /// Whether a batch must go to a new segment, by size, by age (KIP-20), or because its offset is too far.
    pub(super) fn should_roll(&self, batch: &BatchHeader, bytes: usize, limits: &RollLimits) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let waited_ms = if self.first_timestamp >= 0 {
            batch.max_timestamp.wrapping_sub(self.first_timestamp)
        } else {
            limits.now_wall_ms.wrapping_sub(self.created_ms)
        };
        self.bytes.saturating_add(bytes) > limits.segment_bytes
            || waited_ms > limits.segment_ms
            || batch.last_offset().wrapping_sub(self.base_offset) > i64::from(i32::MAX)
    }

    pub(super) fn push(&mut self, batch: StoredBatch, header: &BatchHeader, now_wall_ms: i64) {
        if self.entries.is_empty() {
            self.first_timestamp = header.max_timestamp;
        }
        self.count_timestamp(header);
        self.last_modified_ms = now_wall_ms;
        let position = self.bytes;
        self.bytes += batch.bytes.len();
        self.entries.push(Entry { batch, position });
    }

    fn count_timestamp(&mut self, header: &BatchHeader) {
        if header.max_timestamp > self.max_timestamp.timestamp {
            self.max_timestamp =
                MaxTimestamp { timestamp: header.max_timestamp, base_offset: header.base_offset };
        }
    }

    /// Drops the batch that contains `offset` and all after it.
    pub(super) fn truncate_to(&mut self, offset: i64) {
        let kept = self.index_of(offset);
        let Some(first) = self.entries.get(kept) else { return };
        self.bytes = first.position;
        self.entries.truncate(kept);
        self.entries.shrink_to(kept.saturating_mul(2));
        self.max_timestamp = MaxTimestamp { timestamp: NO_TIMESTAMP, base_offset: -1 };
        let headers: Vec<_> = self.entries.iter().filter_map(|entry| entry.batch.header()).collect();
        for header in &headers {
            self.count_timestamp(header);
        }
    }

    /// The place of the first batch whose last offset is not before `offset`.
    pub(super) fn index_of(&self, offset: i64) -> usize {
        self.entries.partition_point(|entry| entry.batch.last_offset < offset)
    }

    pub(super) fn largest_timestamp(&self) -> i64 {
        if self.max_timestamp.timestamp >= 0 { self.max_timestamp.timestamp } else { self.last_modified_ms }
    }

    pub(super) fn info(&self) -> SegmentInfo {
        SegmentInfo {
            base_offset: self.base_offset,
            bytes: self.bytes,
            largest_timestamp_ms: self.largest_timestamp(),
        }
    }
}

/// When a segment is full.
#[derive(Clone, Copy, Debug)]
pub(super) struct RollLimits {
    pub(super) segment_bytes: usize,
    pub(super) segment_ms: i64,
    pub(super) now_wall_ms: i64,
}
