//! How the log behaves.

mod checking;
mod compacting;
mod epochs;
mod logs;
mod producers;
mod properties;

use bytes::Bytes;

use super::batch::Compression;
use super::lookup::TimestampAndOffset;
use super::producers::ProducerDescription;
use super::read::Slice;
use super::testing::{BatchBuilder, WALL_MS, check};
use super::*;

fn checked(batch: &BatchBuilder) -> CheckedRecords {
    check(batch.build()).expect("a good batch")
}

fn empty_log() -> PartitionLog {
    PartitionLog::charged_to(ChunkAccount::default())
}

fn append_rules() -> AppendRules {
    AppendRules {
        timestamp_type: TimestampType::CreateTime,
        segment_bytes: 1 << 30,
        segment_ms: 7 * 24 * 3_600_000,
        chunk_bytes: usize::MAX,
    }
}

fn small_segments() -> AppendRules {
    AppendRules { segment_bytes: 400, ..append_rules() }
}

fn produce_rules() -> ProduceRules {
    ProduceRules {
        max_message_bytes: 1_048_588,
        segment_bytes: 1 << 30,
        compacted: false,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
    }
}

fn append(log: &mut PartitionLog, batch: &BatchBuilder) -> Appended {
    log.append(&checked(batch), 0, &append_rules(), WALL_MS)
}

/// The first record from a time on.
fn by_time(log: &PartitionLog, timestamp: i64) -> Option<TimestampAndOffset> {
    log.offset_for_timestamp(timestamp, &mut u64::MAX.clone()).expect("no bound")
}

/// The record with the latest time.
fn latest(log: &PartitionLog) -> Option<TimestampAndOffset> {
    log.max_timestamp(&mut u64::MAX.clone()).expect("no bound")
}

fn whole(log: &PartitionLog) -> Vec<Bytes> {
    log.read(0, i64::MAX, usize::MAX, false).pieces
}
