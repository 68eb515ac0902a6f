//! What became of produced records.
//!
//! A million reports have to travel, so those of one partition with consecutive offsets travel as one
//! [`DeliveredRun`], and those that failed for the same reason as one [`Undelivered`]. [`DeliveryReport`] is the
//! single report that the page shows.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Records of one partition whose offsets follow each other. The three lists are equally long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredRun {
    /// The partition that all of them are in.
    pub partition: i32,
    /// The offset of the first. The others' follow one by one.
    pub first_offset: i64,
    /// The number of each record within its command, from 0.
    pub records: Vec<u64>,
    /// The timestamp of each, in milliseconds since 1970.
    pub timestamps_ms: Vec<i64>,
    /// From `produce()` to its delivery report, in microseconds, as librdkafka measured it.
    pub latencies_us: Vec<u64>,
}

impl DeliveredRun {
    /// The reports one by one.
    pub fn reports(&self) -> impl Iterator<Item = DeliveryReport> + '_ {
        self.records.iter().zip(&self.timestamps_ms).zip(&self.latencies_us).zip(self.first_offset..).map(
            |(((&record, &timestamp_ms), &latency_us), offset)| DeliveryReport {
                record,
                partition: Some(self.partition),
                fate: Fate::Delivered { offset, timestamp_ms, latency_us },
            },
        )
    }
}

/// Records that were not delivered, all for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// What became of them.
    pub fate: UndeliveredFate,
    /// Why.
    pub error: Error,
    /// The partition that they were meant for, if one was chosen already.
    pub partition: Option<i32>,
    /// The number of each record within its command, from 0.
    pub records: Vec<u64>,
}

impl Undelivered {
    /// The reports one by one.
    pub fn reports(&self) -> impl Iterator<Item = DeliveryReport> + '_ {
        self.records.iter().map(|&record| DeliveryReport {
            record,
            partition: self.partition,
            fate: Fate::Undelivered { fate: self.fate, error: self.error.clone() },
        })
    }
}

/// What is known of a record that was not acknowledged.
///
/// Source: `rd_kafka_msg_status_t` in librdkafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndeliveredFate {
    /// It was never written.
    NotWritten,
    /// It was sent and not acknowledged: it may have been written.
    Unknown,
}

/// The delivery report of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// The number of the record within its command, from 0.
    pub record: u64,
    /// The partition that it is in or was meant for, if one was chosen.
    pub partition: Option<i32>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It was acknowledged.
    Delivered {
        /// Its place in the partition.
        offset: i64,
        /// In milliseconds since 1970.
        timestamp_ms: i64,
        /// From `produce()` to its delivery report, in microseconds.
        latency_us: u64,
    },
    /// It was not.
    Undelivered {
        /// What is known of it.
        fate: UndeliveredFate,
        /// Why.
        error: Error,
    },
}

/// What became of all records of one command. `delivered + not_written + unknown + not_sent == requested`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProduceSummary {
    /// How many records were asked for.
    pub requested: u64,
    /// How many were acknowledged.
    pub delivered: u64,
    /// How many were handed to the client and never written.
    pub not_written: u64,
    /// How many may have been written: they were sent and not acknowledged.
    pub unknown: u64,
    /// How many were never handed to the client, because the command was cancelled or failed before.
    pub not_sent: u64,
    /// By partition number, those with at least one delivered record.
    pub partitions: Vec<PartitionSummary>,
    /// From the first `produce()` to the last delivery report, in microseconds.
    pub elapsed_us: u64,
    /// Bytes of keys and values that were delivered.
    pub delivered_bytes: u64,
    /// `None` where nothing was delivered.
    pub latency: Option<LatencySummary>,
}

/// What one partition got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionSummary {
    /// The partition.
    pub partition: i32,
    /// How many records.
    pub delivered: u64,
    /// The lowest of their offsets.
    pub first_offset: i64,
    /// The highest of their offsets.
    pub last_offset: i64,
}

/// Percentiles of the time from `produce()` to the delivery report, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// The median.
    pub p50_us: u64,
    /// 95 of 100 were faster.
    pub p95_us: u64,
    /// 99 of 100 were faster.
    pub p99_us: u64,
    /// The slowest.
    pub max_us: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn a_run_is_as_many_reports_with_offsets_one_by_one() {
        let run = DeliveredRun {
            partition: 2,
            first_offset: 40,
            records: vec![5, 7],
            timestamps_ms: vec![100, 101],
            latencies_us: vec![900, 800],
        };
        let report = |record, offset, timestamp_ms, latency_us| DeliveryReport {
            record,
            partition: Some(2),
            fate: Fate::Delivered { offset, timestamp_ms, latency_us },
        };
        assert_eq!(run.reports().collect::<Vec<_>>(), [report(5, 40, 100, 900), report(7, 41, 101, 800)]);
    }

    #[test]
    fn an_empty_run_has_no_reports() {
        let run = DeliveredRun {
            partition: 0,
            first_offset: 0,
            records: Vec::new(),
            timestamps_ms: Vec::new(),
            latencies_us: Vec::new(),
        };
        assert_eq!(run.reports().count(), 0);
    }

    #[test]
    fn each_undelivered_record_has_a_report_with_the_reason() {
        let error = Error::new(ErrorCode::TimedOut, "The cluster did not answer in time.");
        let undelivered = Undelivered {
            fate: UndeliveredFate::Unknown,
            error: error.clone(),
            partition: None,
            records: vec![3, 9],
        };
        let reports: Vec<_> = undelivered.reports().collect();
        assert_eq!(reports.iter().map(|report| report.record).collect::<Vec<_>>(), [3, 9]);
        for report in reports {
            assert_eq!(report.partition, None);
            let fate = Fate::Undelivered { fate: UndeliveredFate::Unknown, error: error.clone() };
            assert_eq!(report.fate, fate);
        }
    }
}
