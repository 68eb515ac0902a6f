//! Finds records by time, as ListOffsets asks.

use super::PartitionLog;
use super::batch::{BatchHeader, HEADER_BYTES, NO_TIMESTAMP};
use super::compression::unpacked_at_once;
use super::records::{RecordHead, Records, WalkFault};
use super::segment::StoredBatch;

/// A record that was found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimestampAndOffset {
    /// Its timestamp.
    pub(crate) timestamp: i64,
    /// Its offset.
    pub(crate) offset: i64,
    /// The epoch of the leader that appended it.
    pub(crate) leader_epoch: Option<i32>,
}

/// To find a record, more would have to be decompressed than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl PartitionLog {
    /// The first record from the log start offset on whose timestamp is at least `timestamp`.
    ///
    /// As in Apache Kafka, only the first segment that could have it is searched. What is decompressed is taken from
    /// `budget`, in bytes.
    pub(crate) fn offset_for_timestamp(
        &self,
        timestamp: i64,
        budget: &mut u64,
    ) -> Result<Option<TimestampAndOffset>, TooMuch> {
        let mut segments = self.segments.iter();
        let Some(segment) = segments.find(|segment| segment.largest_timestamp() >= timestamp) else {
            return Ok(None);
        };
        for entry in &segment.entries {
            let header = entry.batch.header().filter(|header| header.max_timestamp >= timestamp);
            let Some(header) = header else { continue };
            let found = first_record(&entry.batch, &header, budget, |record, offset| {
                record.timestamp >= timestamp && offset >= self.start_offset
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The first record that has the latest timestamp (KIP-734). What is decompressed is taken from `budget`, in bytes.
    pub(crate) fn max_timestamp(&self, budget: &mut u64) -> Result<Option<TimestampAndOffset>, TooMuch> {
        let last = self.segments.iter().rev().max_by_key(|segment| segment.max_timestamp.timestamp);
        let Some(segment) = last else { return Ok(None) };
        let timestamp = segment.max_timestamp.timestamp;
        let first = match timestamp {
            NO_TIMESTAMP => 0,
            _ => segment.index_of(segment.max_timestamp.base_offset),
        };
        let Some(entry) = segment.entries.get(first) else { return Ok(None) };
        let Some(header) = entry.batch.header() else { return Ok(None) };
        first_record(&entry.batch, &header, budget, |record, _| record.timestamp == timestamp)
    }
}

fn first_record(
    batch: &StoredBatch,
    header: &BatchHeader,
    budget: &mut u64,
    is_wanted: impl Fn(&RecordHead, i64) -> bool,
) -> Result<Option<TimestampAndOffset>, TooMuch> {
    let records = batch.bytes.get(HEADER_BYTES..).unwrap_or_default();
    let at_once = header.compression().map_or(0, |codec| unpacked_at_once(codec, records));
    let after = budget.checked_sub(at_once).ok_or(TooMuch)?;
    let Ok(mut records) = Records::of(header, &batch.bytes, *budget) else { return Ok(None) };
    let mut found = Ok(None);
    for record in records.by_ref() {
        let record = match record {
            Ok(record) => record,
            Err(fault) => {
                found = if fault == WalkFault::TooLarge { Err(TooMuch) } else { Ok(None) };
                break;
            }
        };
        let offset = header.base_offset + i64::from(record.offset_delta);
        if is_wanted(&record, offset) {
            let leader_epoch = Some(header.leader_epoch).filter(|&epoch| epoch >= 0);
            found = Ok(Some(TimestampAndOffset { timestamp: record.timestamp, offset, leader_epoch }));
            break;
        }
    }
    *budget = records.left_of(*budget).min(after);
    found
}
