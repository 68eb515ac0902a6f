//! Looks through the records of a Produce request: once for what the bytes say, and then by the rules of the topic.

use std::fmt::Display;

use bytes::Bytes;

use super::batch::{
    BatchHeader, Compression, MAGIC, NO_TIMESTAMP, NextBatch, TimestampType, computed_crc, magic_of,
    next_batch,
};
use super::fault::{FaultStage, RecordErrors, RecordsFault};
use super::records::{MOST_DECOMPRESSED_BYTES, RecordHead, Records, WalkFault};
use crate::wire::ErrorCode;

/// The first version of Produce in which Zstandard is allowed (KIP-110).
const FIRST_VERSION_WITH_ZSTD: i16 = 7;

/// Within this many milliseconds no difference of timestamps overflows.
const ORDINARY_TIMESTAMPS: std::ops::Range<i64> = -(1 << 61)..1 << 61;

/// The record batch for one partition in a Produce request, looked through.
#[derive(Clone, Debug)]
pub(crate) struct CheckedRecords {
    batch: Bytes,
    header: BatchHeader,
    /// The latest timestamp of its records, at least -1.
    max_timestamp: i64,
    /// The earliest and the latest of the timestamps that are there.
    timestamps: Option<(i64, i64)>,
    keyless: u32,
    /// Whether the offsets of compressed records are not consecutive.
    skips_offsets: bool,
}

/// The configs of a topic by which its records are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProduceRules {
    /// `max.message.bytes`, of a batch.
    pub(crate) max_message_bytes: usize,
    /// `segment.bytes`; no batch may be larger.
    pub(crate) segment_bytes: usize,
    /// Whether `cleanup.policy` has `compact`.
    pub(crate) compacted: bool,
    /// `message.timestamp.type`.
    pub(crate) timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub(crate) timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub(crate) timestamp_after_max_ms: i64,
}

impl CheckedRecords {
    /// Looks through the records of a Produce request of this version. What they decompress to is taken from `budget`,
    /// in bytes: more than that is too large.
    ///
    /// The order of the faults is that of Apache Kafka: `ProduceRequest.validateRecords`,
    /// `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`.
    pub(crate) fn check_at(mut records: Bytes, version: i16, budget: &mut u64) -> Result<Self, RecordsFault> {
        let batch = match next_batch(&mut records) {
            NextBatch::Batch(batch) => batch,
            NextBatch::End => return Err(RecordsFault::of_request(ErrorCode::InvalidRecord)),
            NextBatch::Corrupt(reason) => return Err(RecordsFault::corrupt(reason)),
        };
        if magic_of(&batch) != MAGIC {
            return Err(RecordsFault::of_request(ErrorCode::InvalidRecord));
        }
        let header = BatchHeader::read(&batch);
        let compression = header.and_then(|header| header.compression());
        if version < FIRST_VERSION_WITH_ZSTD && compression == Some(Compression::Zstd) {
            return Err(RecordsFault::of_request(ErrorCode::UnsupportedCompressionType));
        }
        match next_batch(&mut records) {
            NextBatch::Batch(_) => return Err(RecordsFault::of_request(ErrorCode::InvalidRecord)),
            NextBatch::Corrupt(reason) => return Err(RecordsFault::corrupt(reason)),
            // What is cut off after the batch is let go.
            NextBatch::End => {}
        }
        let fault = |error| Err(RecordsFault::of_log(error, batch.len()));
        let Some(header) = header else { return fault(ErrorCode::CorruptMessage) };
        if header.base_offset != 0 {
            // This one Apache Kafka finds before the size of the batch.
            return Err(RecordsFault::of_log(ErrorCode::InvalidRecord, 0));
        }
        if header.crc != computed_crc(&batch) {
            return fault(ErrorCode::CorruptMessage);
        }
        if compression.is_none() {
            return fault(ErrorCode::UnknownServerError);
        }
        if header.last_offset_delta < 0
            || header.record_count <= 0
            || i64::from(header.record_count) != i64::from(header.last_offset_delta) + 1
            || header.is_control()
            || (header.has_producer_id() && header.base_sequence < 0)
        {
            return fault(ErrorCode::InvalidRecord);
        }
        Self::walk(batch.clone(), header, budget).map_err(|fault| RecordsFault::of_walk(fault, batch.len()))
    }

    /// A batch that a broker made, whose records are all of one moment.
    pub(super) fn made(batch: Bytes, header: BatchHeader) -> Self {
        Self {
            batch,
            header,
            max_timestamp: header.max_timestamp,
            timestamps: Some((header.max_timestamp, header.max_timestamp)),
            keyless: 0,
            skips_offsets: false,
        }
    }

    fn walk(batch: Bytes, header: BatchHeader, budget: &mut u64) -> Result<Self, WalkFault> {
        let is_compressed = header.compression() != Some(Compression::None);
        let mut checked = Self {
            batch: Bytes::new(),
            header,
            max_timestamp: NO_TIMESTAMP,
            timestamps: None,
            keyless: 0,
            skips_offsets: false,
        };
        let mut records = Records::of(&header, &batch, *budget)?;
        let walked = (0..).zip(records.by_ref()).try_for_each(|(index, record)| {
            let record = record?;
            checked.skips_offsets |= is_compressed && record.offset_delta != index;
            checked.count(&record);
            Ok(())
        });
        *budget = records.left_of(*budget);
        drop(records);
        walked.map(|()| Self { batch, ..checked })
    }

    fn count(&mut self, record: &RecordHead) {
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        self.keyless += u32::from(record.key_bytes.is_none());
        if record.timestamp != NO_TIMESTAMP {
            let (min, max) = self.timestamps.unwrap_or((record.timestamp, record.timestamp));
            self.timestamps = Some((min.min(record.timestamp), max.max(record.timestamp)));
        }
    }

    /// Judges the records by the rules of the topic; `place` is the topic and the partition as `topic-0`.
    ///
    /// `MESSAGE_TOO_LARGE`, `INVALID_RECORD` with errors of records without a key, `INVALID_TIMESTAMP` with errors of
    /// records, `RECORD_LIST_TOO_LARGE`; `UNKNOWN_SERVER_ERROR` if the offsets of compressed records skip. Walks the records again only if some of them are wrong.
    pub(crate) fn validate(
        &self,
        rules: &ProduceRules,
        now_wall_ms: i64,
        place: &dyn Display,
    ) -> Result<(), RecordsFault> {
        self.judge(rules, now_wall_ms, place)?;
        if self.skips_offsets {
            // Apache Kafka means to number them anew, but looked only at their lengths and fails.
            return Err(RecordsFault::of_log(ErrorCode::UnknownServerError, self.batch.len()));
        }
        self.judge_size(rules)
    }

    /// The same for records that will be compressed anew: as that batch they will be judged by its
    /// [size](Self::judge_size), and their offsets don't matter.
    pub(crate) fn judge(
        &self,
        rules: &ProduceRules,
        now_wall_ms: i64,
        place: &dyn Display,
    ) -> Result<(), RecordsFault> {
        if self.batch.len() > rules.max_message_bytes {
            return Err(RecordsFault::of_log(ErrorCode::MessageTooLarge, self.batch.len()));
        }
        if self.may_be_wrong(rules, now_wall_ms) {
            self.judge_records(rules, now_wall_ms, place)?;
        }
        Ok(())
    }

    /// Judges the batch as it will be in the log.
    pub(crate) fn judge_size(&self, rules: &ProduceRules) -> Result<(), RecordsFault> {
        if self.batch.len() > rules.max_message_bytes {
            return Err(RecordsFault::of_log(ErrorCode::MessageTooLarge, self.batch.len()));
        }
        if self.batch.len() > rules.segment_bytes {
            return Err(RecordsFault::of_log(ErrorCode::RecordListTooLarge, self.batch.len()));
        }
        Ok(())
    }

    fn may_be_wrong(&self, rules: &ProduceRules, now_wall_ms: i64) -> bool {
        let are_in_range = || {
            self.timestamps.is_none_or(|(min, max)| {
                ORDINARY_TIMESTAMPS.contains(&min)
                    && ORDINARY_TIMESTAMPS.contains(&max)
                    && now_wall_ms.saturating_sub(min) <= rules.timestamp_before_max_ms
                    && max.saturating_sub(now_wall_ms) <= rules.timestamp_after_max_ms
            })
        };
        (rules.compacted && self.keyless > 0)
            || self.header.timestamp_type() == TimestampType::LogAppendTime
            || (rules.timestamp_type == TimestampType::CreateTime && !are_in_range())
    }

    fn judge_records(
        &self,
        rules: &ProduceRules,
        now_wall_ms: i64,
        place: &dyn Display,
    ) -> Result<(), RecordsFault> {
        let walk_fault = |fault| RecordsFault::of_walk(fault, self.batch.len());
        let earliest = now_wall_ms.wrapping_sub(rules.timestamp_before_max_ms);
        let latest = now_wall_ms.wrapping_add(rules.timestamp_after_max_ms);
        let mut errors = RecordErrors::default();
        for (index, record) in
            (0..).zip(Records::of(&self.header, &self.batch, MOST_DECOMPRESSED_BYTES).map_err(walk_fault)?)
        {
            let record = record.map_err(walk_fault)?;
            let RecordHead { timestamp, offset_delta, .. } = record;
            if rules.compacted && record.key_bytes.is_none() {
                errors.keyless(index, place);
            } else if rules.timestamp_type == TimestampType::CreateTime && timestamp != NO_TIMESTAMP {
                let difference = now_wall_ms.wrapping_sub(timestamp);
                if difference > rules.timestamp_before_max_ms
                    || difference.wrapping_neg() > rules.timestamp_after_max_ms
                {
                    errors.timestamp(index, || {
                        format!(
                            "Timestamp {timestamp} of message with offset {offset_delta} is out of range. The \
                             timestamp should be within [{earliest}, {latest}]"
                        )
                    });
                }
            } else if self.header.timestamp_type() == TimestampType::LogAppendTime {
                errors.timestamp(index, || {
                    format!(
                        "Invalid timestamp type in message {}. Producer should not set timestamp type to \
                         LogAppendTime.",
                        self.shown(&record)
                    )
                });
            }
        }
        errors.into_fault(self.batch.len())
    }

    /// A record as Apache Kafka names it: it looks only at the lengths of compressed ones.
    fn shown(&self, record: &RecordHead) -> String {
        let (name, absent) = match self.header.compression() {
            Some(Compression::None) => ("DefaultRecord", 0),
            _ => ("PartialDefaultRecord", -1),
        };
        let bytes = |bytes: Option<u32>| bytes.map_or(absent, i64::from);
        format!(
            "{name}(offset={}, timestamp={}, key={} bytes, value={} bytes)",
            record.offset_delta,
            record.timestamp,
            bytes(record.key_bytes),
            bytes(record.value_bytes)
        )
    }

    /// The header, as the producer wrote it.
    pub(crate) fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The batch, as the producer wrote it.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.batch
    }

    /// The latest timestamp of the records, at least -1; the header may have said another.
    pub(crate) fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }
}

impl RecordsFault {
    /// The fault that Apache Kafka finds under the rules of the topic: a batch that is too large is so before its CRC
    /// or its records are looked at.
    pub(crate) fn under(self, rules: &ProduceRules) -> Self {
        if self.stage == FaultStage::Append && self.batch_bytes > rules.max_message_bytes {
            return Self::of_log(ErrorCode::MessageTooLarge, self.batch_bytes);
        }
        self
    }
}
