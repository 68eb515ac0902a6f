//! What became of all records of one command, in constant memory.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rdkafka::error::RDKafkaErrorCode as Code;
use shared::Error;
use shared::kafka::{LatencySummary, PartitionSummary, ProduceSummary, UndeliveredFate};

use crate::kafka::error;

/// The longest latency that is told apart: one hour.
const MAX_LATENCY_US: u64 = 3_600_000_000;
/// Decimal digits of a percentile that are exact.
const DIGITS: u8 = 3;

/// Counts of one command.
pub(super) struct Tally {
    delivered: u64,
    not_written: u64,
    unknown: u64,
    /// Those of `unknown` that succeeded all the same, at an offset that nobody said.
    accepted_somewhere: u64,
    bytes: u64,
    /// By partition number.
    partitions: Vec<Option<PartitionSummary>>,
    latencies: Histogram<u64>,
    max_latency_us: u64,
    last_report: Option<Instant>,
    first_failure: Option<(UndeliveredFate, Code)>,
}

impl Tally {
    pub(super) fn new() -> Result<Self, Error> {
        let latencies = Histogram::new_with_max(MAX_LATENCY_US, DIGITS)
            .map_err(|e| error::internal(&format!("No histogram: {e}.")))?;
        Ok(Self {
            delivered: 0,
            not_written: 0,
            unknown: 0,
            accepted_somewhere: 0,
            bytes: 0,
            partitions: Vec::new(),
            latencies,
            max_latency_us: 0,
            last_report: None,
            first_failure: None,
        })
    }

    pub(super) fn delivered(&mut self, partition: i32, offset: i64, bytes: u64, latency_us: u64) {
        self.delivered += 1;
        self.bytes += bytes;
        self.latencies.saturating_record(latency_us);
        self.max_latency_us = self.max_latency_us.max(latency_us);
        self.last_report = Some(Instant::now());
        let at = usize::try_from(partition).unwrap_or(0);
        if at >= self.partitions.len() {
            self.partitions.resize(at + 1, None);
        }
        let summary = self.partitions[at].get_or_insert(PartitionSummary {
            partition,
            delivered: 0,
            first_offset: offset,
            last_offset: offset,
        });
        summary.delivered += 1;
        summary.first_offset = summary.first_offset.min(offset);
        summary.last_offset = summary.last_offset.max(offset);
    }

    pub(super) fn not_written(&mut self, code: Code) {
        self.not_written += 1;
        self.last_report = Some(Instant::now());
        self.first_failure.get_or_insert((UndeliveredFate::NotWritten, code));
    }

    pub(super) fn unknown(&mut self, code: Code) {
        self.unknown += 1;
        self.last_report = Some(Instant::now());
        self.first_failure.get_or_insert((UndeliveredFate::Unknown, code));
    }

    /// No failure, but no offset: nobody was to answer, or the leader had it from an earlier try.
    pub(super) fn accepted_somewhere(&mut self) {
        self.unknown += 1;
        self.accepted_somewhere += 1;
        self.last_report = Some(Instant::now());
    }

    /// How many a broker took, as far as one was asked to say so.
    pub(super) fn accepted(&self) -> u64 {
        self.delivered + self.accepted_somewhere
    }

    /// How many have a report.
    pub(super) fn settled(&self) -> u64 {
        self.delivered + self.not_written + self.unknown
    }

    /// Why the first of those failed that failed.
    pub(super) fn first_failure(&self) -> Option<(UndeliveredFate, Code)> {
        self.first_failure
    }

    /// The summary of a command that asked for `requested` records, got `taken` to the client or refused by it, and
    /// began to send at `started`. Records without a report count as unknown.
    pub(super) fn summary(&self, requested: u64, taken: u64, started: Option<Instant>) -> ProduceSummary {
        let percentile = |of| self.latencies.value_at_quantile(of).min(self.max_latency_us);
        let latency = (self.delivered > 0).then(|| LatencySummary {
            p50_us: percentile(0.50),
            p95_us: percentile(0.95),
            p99_us: percentile(0.99),
            max_us: self.max_latency_us,
        });
        let elapsed = self.last_report.zip(started).map_or(Duration::ZERO, |(last, start)| last - start);
        let taken = taken.max(self.settled());
        ProduceSummary {
            requested,
            delivered: self.delivered,
            not_written: self.not_written,
            unknown: self.unknown + (taken - self.settled()),
            not_sent: requested.saturating_sub(taken),
            partitions: self.partitions.iter().flatten().cloned().collect(),
            elapsed_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            delivered_bytes: self.bytes,
            latency,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_record_is_counted_once(
            fates in proptest::collection::vec(0u8..5, 0..200), left_out in 0u64..50
        ) {
            let mut tally = Tally::new().unwrap();
            for (at, fate) in fates.iter().enumerate() {
                match fate {
                    0 => tally.delivered(at as i32 % 3, at as i64, 10, at as u64),
                    1 => tally.not_written(Code::PurgeQueue),
                    2 => tally.unknown(Code::PurgeInflight),
                    3 => tally.accepted_somewhere(),
                    _ => {} // handed over, and no report came
                }
            }
            let taken = fates.len() as u64;
            let summary = tally.summary(taken + left_out, taken, Some(Instant::now()));
            let counted = summary.delivered + summary.not_written + summary.unknown + summary.not_sent;
            prop_assert_eq!(counted, summary.requested);
            prop_assert_eq!(summary.not_sent, left_out);
            let by_partition: u64 = summary.partitions.iter().map(|partition| partition.delivered).sum();
            prop_assert_eq!(by_partition, summary.delivered);
            prop_assert_eq!(summary.delivered_bytes, 10 * summary.delivered);
        }
    }

    #[test]
    fn percentiles_never_exceed_the_slowest() {
        let mut tally = Tally::new().unwrap();
        for latency in 1..=1000 {
            tally.delivered(0, latency, 1, latency as u64 * 1001);
        }
        let latency = tally.summary(1000, 1000, None).latency.unwrap();
        assert_eq!(latency.max_us, 1_001_000);
        assert!(latency.p50_us.abs_diff(500_500) < 1_000, "{latency:?}");
        assert!(latency.p50_us <= latency.p95_us && latency.p99_us <= latency.max_us);
    }
}
