//! Finds records by time, as ListOffsets asks.

use super::PartitionLog;
use super::batch::{BatchHeader, NO_TIMESTAMP};
use super::records::{MOST_DECOMPRESSED_BYTES, RecordHead, Records};
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

impl PartitionLog {
    /// The first record from the log start offset on whose timestamp is at least `timestamp`.
    ///
    /// As in Apache Kafka, only the first segment that could have it is searched.
    pub(crate) fn offset_for_timestamp(&self, timestamp: i64) -> Option<TimestampAndOffset> {
        let segment = self.segments.iter().find(|segment| segment.largest_timestamp() >= timestamp)?;
        segment.entries.iter().find_map(|entry| {
            let header = entry.batch.header().filter(|header| header.max_timestamp >= timestamp)?;
            first_record(&entry.batch, &header, |record, offset| {
                record.timestamp >= timestamp && offset >= self.start_offset
            })
        })
    }

    /// The first record that has the latest timestamp (KIP-734).
    pub(crate) fn max_timestamp(&self) -> Option<TimestampAndOffset> {
        let segment = self.segments.iter().rev().max_by_key(|segment| segment.max_timestamp.timestamp)?;
        let timestamp = segment.max_timestamp.timestamp;
        let first = match timestamp {
            NO_TIMESTAMP => 0,
            _ => segment.index_of(segment.max_timestamp.base_offset),
        };
        let entry = segment.entries.get(first)?;
        let header = entry.batch.header()?;
        first_record(&entry.batch, &header, |record, _| record.timestamp == timestamp)
    }
}

fn first_record(
    batch: &StoredBatch,
    header: &BatchHeader,
    is_wanted: impl Fn(&RecordHead, i64) -> bool,
) -> Option<TimestampAndOffset> {
    Records::of(header, &batch.bytes, MOST_DECOMPRESSED_BYTES).ok()?.map_while(Result::ok).find_map(
        |record| {
            let offset = header.base_offset + i64::from(record.offset_delta);
            let leader_epoch = Some(header.leader_epoch).filter(|&epoch| epoch >= 0);
            is_wanted(&record, offset).then_some(TimestampAndOffset {
                timestamp: record.timestamp,
                offset,
                leader_epoch,
            })
        },
    )
}
