//! What a replica keeps of a partition: record batches as they came, in segments, with the leader epochs and producers
//! that they tell of.
//!
//! [`CheckedRecords`] is looked through outside of the cluster's lock; [`PartitionLog`] is plain data under it. Nothing
//! here knows of high watermarks, of other replicas, or of the wire beyond the form of a batch.

mod batch;
mod check;
mod chunk;
mod compact;
mod compression;
mod epochs;
mod fault;
mod lookup;
mod markers;
mod own;
mod producers;
mod read;
mod recompress;
mod records;
mod segment;
mod snapshots;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod truncate;

use std::collections::VecDeque;

pub(crate) use batch::{BatchHeader, Compression, HEADER_BYTES, TimestampType};
pub(crate) use check::{CheckedRecords, ProduceRules};
pub(crate) use chunk::ChunkAccount;
pub(crate) use compact::CompactRules;
pub(crate) use fault::{FaultStage, RecordError, RecordsFault};
pub(crate) use lookup::TooMuch;
pub(crate) use markers::EndTxnMarker;
pub(crate) use own::KeyedRecord;
pub(crate) use producers::{ProducerStates, Verdict};
pub(crate) use recompress::Recompression;
pub(crate) use records::MOST_DECOMPRESSED_BYTES;
pub(crate) use segment::StoredBatch;

use batch::{write_max_timestamp, write_place};
use chunk::Chunk;
use epochs::LeaderEpochs;
use segment::{RollLimits, Segment};
use snapshots::ProducerSnapshots;

/// The configs of a topic by which its batches are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendRules {
    /// `message.timestamp.type`.
    pub(crate) timestamp_type: TimestampType,
    /// `segment.bytes`.
    pub(crate) segment_bytes: usize,
    /// `segment.ms`.
    pub(crate) segment_ms: i64,
    /// How much memory may be taken at a time, but for a batch that needs more.
    pub(crate) chunk_bytes: usize,
}

/// Where a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// The offset of its first record.
    pub(crate) base_offset: i64,
    /// The offset of its last record.
    pub(crate) last_offset: i64,
    /// The time that its records got, if it is the leader that decides.
    pub(crate) log_append_time_ms: Option<i64>,
}

/// A batch from the leader that does not begin at the end of the log or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnexpectedOffset {
    /// Where the batch begins.
    pub(crate) base_offset: i64,
    /// Where the log ends.
    pub(crate) end_offset: i64,
}

/// The log of a replica.
#[derive(Debug)]
pub(crate) struct PartitionLog {
    /// In the order of their base offsets; the last is the active one. None before the first append.
    segments: VecDeque<Segment>,
    start_offset: i64,
    end_offset: i64,
    bytes: usize,
    chunk: Chunk,
    epochs: LeaderEpochs,
    producers: ProducerStates,
    snapshots: ProducerSnapshots,
    /// When silent producers were looked for last.
    expired_producers_ms: Option<i64>,
    /// Up to where compaction has come.
    cleaned_to: i64,
}

impl PartitionLog {
    /// An empty log, whose chunks are charged to `account`.
    pub(crate) fn charged_to(account: ChunkAccount) -> Self {
        Self {
            segments: VecDeque::new(),
            start_offset: 0,
            end_offset: 0,
            bytes: 0,
            chunk: Chunk::new(account),
            epochs: LeaderEpochs::default(),
            producers: ProducerStates::default(),
            snapshots: ProducerSnapshots::default(),
            expired_producers_ms: None,
            cleaned_to: 0,
        }
    }

    /// The first offset that can be read.
    pub(crate) fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset of the next record.
    pub(crate) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// Bytes of the batches.
    pub(crate) fn size_bytes(&self) -> usize {
        self.bytes
    }

    /// The latest leader epoch.
    pub(crate) fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest().map(|entry| entry.epoch)
    }

    /// Notes that a leader epoch begins at the end of the log: a new leader does so before it appends.
    pub(crate) fn assign_epoch(&mut self, epoch: i32) {
        self.epochs.assign(epoch, self.end_offset);
    }

    /// The largest epoch not above `epoch` and where it ended, by `LeaderEpochFileCache.endOffsetFor`.
    pub(crate) fn epoch_end_offset(&self, epoch: i32) -> Option<(i32, i64)> {
        self.epochs.end_offset(epoch, self.end_offset)
    }

    /// The leader epoch of the record at `offset`.
    pub(crate) fn epoch_at(&self, offset: i64) -> Option<i32> {
        self.epochs.epoch_at(offset)
    }

    /// The producers of the partition.
    pub(crate) fn producers(&self) -> &ProducerStates {
        &self.producers
    }

    /// Forgets producers that have appended nothing for `producer.id.expiration.ms`, if it is `interval_ms`
    /// (`producer.id.expiration.check.interval.ms`) or longer since that was looked for. The first call begins the
    /// interval, as the first check of Apache Kafka comes an interval after a log is opened.
    pub(crate) fn expire_producers(&mut self, now_wall_ms: i64, expiration_ms: i64, interval_ms: i64) {
        let last_ms = *self.expired_producers_ms.get_or_insert(now_wall_ms);
        if now_wall_ms.saturating_sub(last_ms) >= interval_ms {
            self.expired_producers_ms = Some(now_wall_ms);
            self.producers.expire(now_wall_ms, expiration_ms);
        }
    }

    /// What is to be done with a batch, as far as its producer matters.
    pub(crate) fn check_producer(&self, records: &CheckedRecords) -> Verdict {
        self.producers.check(records.header())
    }

    /// Where the earliest open transaction began: the last stable offset, if that is below the high watermark.
    pub(crate) fn first_unstable_offset(&self) -> Option<i64> {
        self.producers.first_open_txn_offset()
    }

    /// Judges a batch of a client by its producer, and appends it as the leader of `leader_epoch` if it may be. It has
    /// been found valid.
    pub(crate) fn append_from_client(
        &mut self,
        records: &CheckedRecords,
        leader_epoch: i32,
        rules: &AppendRules,
        now_wall_ms: i64,
    ) -> Result<Appended, Verdict> {
        match self.check_producer(records) {
            Verdict::Append => Ok(self.append(records, leader_epoch, rules, now_wall_ms)),
            refusal => {
                // Apache Kafka has begun a segment before it looks at the producer.
                let place = Place::of(records, leader_epoch, rules, now_wall_ms);
                let header = place.header(records.header(), self.end_offset);
                self.make_room(&header, records.bytes().len(), rules, now_wall_ms);
                Err(refusal)
            }
        }
    }

    /// Appends a batch as the leader of `leader_epoch`. It has been found valid, and its producer's verdict is
    /// [`Verdict::Append`].
    pub(crate) fn append(
        &mut self,
        records: &CheckedRecords,
        leader_epoch: i32,
        rules: &AppendRules,
        now_wall_ms: i64,
    ) -> Appended {
        let place = Place::of(records, leader_epoch, rules, now_wall_ms);
        let appended = self.append_batch(records.bytes(), records.header(), place, rules, now_wall_ms);
        let log_append_time_ms = match rules.timestamp_type {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(now_wall_ms),
        };
        Appended { log_append_time_ms, ..appended }
    }

    fn append_batch(
        &mut self,
        bytes: &[u8],
        header: &BatchHeader,
        place: Place,
        rules: &AppendRules,
        now_wall_ms: i64,
    ) -> Appended {
        let base_offset = self.end_offset;
        let header = place.header(header, base_offset);
        let last_offset = header.last_offset();
        self.make_room(&header, bytes.len(), rules, now_wall_ms);
        let most = self.room_in_segment(rules).min(rules.chunk_bytes);
        let (bytes, charge) = self.chunk.store(bytes, most, |batch| {
            write_place(batch, base_offset, place.leader_epoch);
            write_max_timestamp(batch, place.timestamp_type, place.max_timestamp);
        });
        let batch = StoredBatch { bytes, _charge: charge, base_offset, last_offset };
        self.push(batch, &header, rules, now_wall_ms);
        Appended { base_offset, last_offset, log_append_time_ms: None }
    }

    /// Appends a batch from the leader, as a follower: the bytes are shared, offsets and epoch stay.
    ///
    /// A batch that begins before the end is only taken by an empty log that ends within it: the leader's log start
    /// offset lies in the middle of a batch after DeleteRecords. The log then begins with the batch.
    pub(crate) fn append_stored(
        &mut self,
        batch: StoredBatch,
        rules: &AppendRules,
        now_wall_ms: i64,
    ) -> Result<(), UnexpectedOffset> {
        let unexpected = UnexpectedOffset { base_offset: batch.base_offset, end_offset: self.end_offset };
        let Some(header) = batch.header() else { return Err(unexpected) };
        if batch.base_offset < self.end_offset {
            let is_empty = self.start_offset == self.end_offset;
            if !is_empty || batch.last_offset < self.end_offset {
                return Err(unexpected);
            }
            self.truncate_fully_and_start_at(batch.base_offset);
        }
        self.push(batch, &header, rules, now_wall_ms);
        Ok(())
    }

    fn push(&mut self, batch: StoredBatch, header: &BatchHeader, rules: &AppendRules, now_wall_ms: i64) {
        self.make_room(header, batch.bytes.len(), rules, now_wall_ms);
        self.producers.append(header, EndTxnMarker::read(header, &batch.bytes));
        self.bytes += batch.bytes.len();
        self.end_offset = batch.last_offset + 1;
        if let Some(active) = self.segments.back_mut() {
            active.push(batch, header, now_wall_ms);
        }
    }

    /// Notes the batch's leader epoch, and begins a segment if it has no room in the active one.
    fn make_room(&mut self, header: &BatchHeader, bytes: usize, rules: &AppendRules, now_wall_ms: i64) {
        self.epochs.assign(header.leader_epoch, header.base_offset);
        let limits =
            RollLimits { segment_bytes: rules.segment_bytes, segment_ms: rules.segment_ms, now_wall_ms };
        if self.segments.back().is_none_or(|active| active.should_roll(header, bytes, &limits)) {
            if !self.segments.is_empty() {
                self.snapshots.take(header.base_offset, &self.producers);
            }
            self.segments.push_back(Segment::new(header.base_offset, now_wall_ms));
            self.chunk.end();
        }
    }

    /// How much memory it takes at least to append so many bytes, as long as the active segment is not too old for them.
    pub(crate) fn takes(&self, bytes: usize, rules: &AppendRules) -> usize {
        let fits = bytes <= self.room_in_segment(rules) && self.chunk.fits(bytes);
        if fits { 0 } else { bytes }
    }

    /// How many bytes the active segment has room for.
    fn room_in_segment(&self, rules: &AppendRules) -> usize {
        rules.segment_bytes.saturating_sub(self.segments.back().map_or(0, |active| active.bytes))
    }
}

/// What the leader writes into a batch, beside its offset.
#[derive(Clone, Copy)]
struct Place {
    leader_epoch: i32,
    timestamp_type: TimestampType,
    max_timestamp: i64,
}

impl Place {
    fn of(records: &CheckedRecords, leader_epoch: i32, rules: &AppendRules, now_wall_ms: i64) -> Self {
        let max_timestamp = match rules.timestamp_type {
            TimestampType::CreateTime => records.max_timestamp(),
            TimestampType::LogAppendTime => now_wall_ms,
        };
        Self { leader_epoch, timestamp_type: rules.timestamp_type, max_timestamp }
    }

    /// The header that a batch has at `base_offset`, as far as the log looks at it.
    fn header(&self, batch: &BatchHeader, base_offset: i64) -> BatchHeader {
        BatchHeader {
            base_offset,
            leader_epoch: self.leader_epoch,
            max_timestamp: self.max_timestamp,
            ..*batch
        }
    }
}
