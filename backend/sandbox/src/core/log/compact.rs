//! Compaction of a broker's own topics: of the records with one key, the last is kept.
//!
//! As Apache Kafka's cleaner does: never in the active segment nor of what is not committed, offsets stay as they are,
//! and tombstones go `delete.retention.ms` later. What it cleans are batches that [`CheckedRecords::of_broker`] made:
//! not compressed, with keys, of no producer.
//!
//! [`CheckedRecords::of_broker`]: super::CheckedRecords::of_broker

use std::collections::HashMap;

use bytes::Bytes;

use super::PartitionLog;
use super::batch::{BatchHeader, assemble};
use super::chunk::Chunk;
use super::records::plain_records;
use super::segment::{Segment, StoredBatch};

/// The configs of a topic by which it is compacted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompactRules {
    /// `min.cleanable.dirty.ratio`: more than this part of the closed segments has not been cleaned before.
    pub(crate) dirty_ratio: f64,
    /// `delete.retention.ms`.
    pub(crate) delete_retention_ms: i64,
}

impl PartitionLog {
    /// Cleans the closed segments up to `committed` if enough of their bytes have not been cleaned before. What is left
    /// of them is one segment.
    pub(crate) fn compact(&mut self, committed: i64, rules: &CompactRules, now_wall_ms: i64) {
        let closed = self.segments.len().saturating_sub(1);
        let closed = (0..closed)
            .take_while(|&at| self.segments.get(at + 1).is_some_and(|next| next.base_offset <= committed))
            .count();
        let (clean, dirty) = self.segments.range(..closed).fold((0, 0), |(clean, dirty), segment| {
            match segment.base_offset < self.cleaned_to {
                true => (clean + segment.bytes, dirty),
                false => (clean, dirty + segment.bytes),
            }
        });
        if dirty == 0 || dirty as f64 / (clean + dirty) as f64 <= rules.dirty_ratio {
            return;
        }
        let tombstones_from = now_wall_ms.saturating_sub(rules.delete_retention_ms);
        let Some(end) = self.segments.get(closed).map(|segment| segment.base_offset) else { return };
        let latest = self.latest_by_key(committed);
        let mut chunk = Chunk::new(self.chunk.account().clone());
        let mut cleaned: Option<Segment> = None;
        for segment in self.segments.drain(..closed) {
            self.snapshots.remove(segment.base_offset);
            let cleaned = cleaned.get_or_insert_with(|| segment.emptied());
            for entry in segment.entries {
                let Some((batch, header)) = clean_batch(&entry.batch, &latest, tombstones_from, &mut chunk)
                else {
                    continue;
                };
                cleaned.push(batch, &header, segment.last_modified_ms);
            }
        }
        if let Some(cleaned) = cleaned {
            self.segments.push_front(cleaned);
        }
        self.cleaned_to = end;
        self.bytes = self.segments.iter().map(|segment| segment.bytes).sum();
        // What the next segment fills grows from small again, so that partitions that are little used stay small.
        self.chunk.clear();
    }

    /// The offset of the last committed record of each key.
    fn latest_by_key(&self, committed: i64) -> HashMap<Bytes, i64> {
        let mut latest = HashMap::new();
        for batch in self.batches_from(self.start_offset).take_while(|batch| batch.last_offset < committed) {
            for record in plain_records(&batch.bytes) {
                if let Some(key) = record.key {
                    let offset = batch.base_offset + i64::from(record.offset_delta);
                    latest.insert(batch.bytes.slice_ref(key), offset);
                }
            }
        }
        latest
    }
}

/// What is left of a batch; nothing, if all its records are superseded. Tombstones before a time go too.
fn clean_batch(
    batch: &StoredBatch,
    latest: &HashMap<Bytes, i64>,
    tombstones_from: i64,
    chunk: &mut Chunk,
) -> Option<(StoredBatch, BatchHeader)> {
    let header = batch.header()?;
    let is_old = header.max_timestamp < tombstones_from;
    let (mut records, mut record_count) = (Vec::new(), 0);
    for record in plain_records(&batch.bytes) {
        let offset = batch.base_offset + i64::from(record.offset_delta);
        let is_latest = record.key.and_then(|key| latest.get(key)) == Some(&offset);
        if is_latest && (record.value.is_some() || !is_old) {
            records.extend(record.bytes);
            record_count += 1;
        }
    }
    if record_count == 0 {
        return None;
    }
    let header = BatchHeader { record_count, ..header };
    let (bytes, charge) = chunk.store(&assemble(&header, &records), usize::MAX, |_| {});
    Some((
        StoredBatch {
            bytes,
            _charge: charge,
            base_offset: batch.base_offset,
            last_offset: batch.last_offset,
        },
        header,
    ))
}
