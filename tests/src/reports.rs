//! What became of the records of a produce command, as the page was told, checked against the summary.

use std::collections::{BTreeMap, BTreeSet};

use shared::event::Outcome;
use shared::kafka::{Fate, ProduceSummary, UndeliveredFate};
use shared::{ErrorCode, Event, Reply};

use crate::Finished;

/// What a produce command said, all in all.
#[derive(Debug)]
pub struct Produced {
    /// The sum of it all.
    pub summary: ProduceSummary,
    /// By the number of the record: the partition and what became of it.
    pub fates: BTreeMap<u64, (Option<i32>, Fate)>,
    /// How many events the page did not get.
    pub skipped: u64,
    /// Why it failed, if it did.
    pub error: Option<ErrorCode>,
}

impl Produced {
    /// Takes the summary and the reports of a command, however it ended, and checks that they agree: each record is
    /// reported once, and the sums hold.
    pub fn from(finished: Finished) -> Self {
        let (reply, error) = match finished.outcome {
            Outcome::Ok(reply) => (Some(reply), None),
            Outcome::Failed { error, partial } => (partial, Some(error.code)),
            Outcome::Cancelled { partial } => (partial, Some(ErrorCode::Cancelled)),
        };
        let Some(Reply::Produced(summary)) = reply else { panic!("no summary: {reply:?}, {error:?}") };
        let mut fates = BTreeMap::new();
        for event in &finished.events {
            let reports: Vec<_> = match event {
                Event::Delivered(run) => run.reports().collect(),
                Event::Undelivered(group) => group.reports().collect(),
                _ => continue,
            };
            for report in reports {
                let before = fates.insert(report.record, (report.partition, report.fate));
                assert_eq!(before, None, "record {} is reported once", report.record);
            }
        }
        let produced = Self { summary, fates, skipped: finished.skipped, error };
        produced.check();
        produced
    }

    /// Where each delivered record is: partition and offset, by the number of the record.
    pub fn places(&self) -> BTreeMap<u64, (i32, i64)> {
        let place = |(number, (partition, fate)): (&u64, &(Option<i32>, Fate))| match (partition, fate) {
            (Some(partition), Fate::Delivered { offset, .. }) => Some((*number, (*partition, *offset))),
            _ => None,
        };
        self.fates.iter().filter_map(place).collect()
    }

    /// The numbers of the records that were not delivered, and of which this is known.
    pub fn undelivered(&self, wanted: UndeliveredFate) -> BTreeSet<u64> {
        let this = |fate: &Fate| matches!(fate, Fate::Undelivered { fate, .. } if *fate == wanted);
        self.fates.iter().filter(|(_, (_, fate))| this(fate)).map(|(number, _)| *number).collect()
    }

    fn check(&self) {
        let summary = &self.summary;
        let sum = summary.delivered + summary.not_written + summary.unknown + summary.not_sent;
        assert_eq!(sum, summary.requested, "each record is counted once: {summary:?}");
        let by_partition: u64 = summary.partitions.iter().map(|partition| partition.delivered).sum();
        assert_eq!(by_partition, summary.delivered, "{summary:?}");
        assert_eq!(summary.latency.is_some(), summary.delivered > 0, "{summary:?}");
        if let Some(latency) = summary.latency {
            assert!(latency.p50_us <= latency.p95_us && latency.p95_us <= latency.p99_us, "{latency:?}");
            assert!(latency.p99_us <= latency.max_us && latency.p50_us > 0, "{latency:?}");
        }
        let places = self.places();
        let distinct: BTreeSet<_> = places.values().collect();
        assert_eq!(distinct.len(), places.len(), "no two records are in one place");
        assert!(self.fates.keys().all(|number| *number < summary.requested));
        if self.skipped > 0 {
            assert!(places.len() as u64 <= summary.delivered);
            return;
        }
        assert_eq!(places.len() as u64, summary.delivered, "each delivered record is reported");
        let not_written = self.undelivered(UndeliveredFate::NotWritten);
        assert_eq!(
            not_written.len() as u64,
            summary.not_written,
            "each record that was not written is reported"
        );
        let unknown = self.undelivered(UndeliveredFate::Unknown);
        assert_eq!(
            unknown.len() as u64,
            summary.unknown,
            "each record of which nothing is known is reported"
        );
        for partition in &summary.partitions {
            let offsets: Vec<i64> =
                places.values().filter(|place| place.0 == partition.partition).map(|place| place.1).collect();
            assert_eq!(offsets.len() as u64, partition.delivered);
            assert_eq!(offsets.iter().min(), Some(&partition.first_offset));
            assert_eq!(offsets.iter().max(), Some(&partition.last_offset));
        }
    }
}
