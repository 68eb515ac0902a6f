//! One `Run` as the page knows it: what was asked, what came, how it ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::event::{CommittedBy, Outcome};
use shared::kafka::{DeliveredRun, PartitionOffset, Record, TopicPartition, Undelivered, UndeliveredFate};
use shared::{Command, Error, Event, RequestId};

use super::consumer::Consumer;
use super::ring::Ring;

/// Where on the page a request was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The lesson's id.
    pub(crate) lesson: String,
    /// The step's id; empty for the lesson's own "Start over".
    pub(crate) step: String,
    /// Which of the step's buttons.
    pub(crate) run: usize,
    /// What stands on the button.
    pub(crate) label: String,
    /// For a button of a consumer's panel: the request that started the consumer.
    pub(crate) part_of: Option<RequestId>,
}

/// One line of a stream.
#[derive(Debug)]
pub(crate) enum Row {
    /// A consumer got a record.
    Record(Box<Record>),
    /// A producer got a delivery report.
    Report(Report),
    /// A consumer was given partitions.
    Assigned(Vec<PartitionOffset>),
    /// A consumer lost partitions.
    Revoked(Vec<TopicPartition>),
    /// A consumer has read all that a partition has.
    EndOfPartition(TopicPartition, i64),
    /// A commit was answered.
    Committed(CommittedBy, Vec<PartitionOffset>, Option<Error>),
    /// Something went wrong.
    Failed(Error),
    /// So many events never came.
    Skipped(u64),
}

/// The delivery report of one record, small enough to keep 100,000.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The number of the record within its command, from 0.
    pub(crate) record: u64,
    /// The partition that it is in or was meant for.
    pub(crate) partition: Option<i32>,
    /// What became of it.
    pub(crate) fate: ReportFate,
}

/// What became of one record.
#[derive(Clone, Debug)]
pub(crate) enum ReportFate {
    /// It has this offset and this timestamp (milliseconds since 1970), after so many microseconds.
    Delivered { offset: i64, timestamp_ms: i64, latency_us: u64 },
    /// It was not acknowledged.
    Undelivered(UndeliveredFate, Arc<Error>),
}

/// What was reported so far of a produce command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Acknowledged, by partition.
    pub(crate) delivered: BTreeMap<i32, u64>,
    /// Surely not written.
    pub(crate) not_written: u64,
    /// Perhaps written.
    pub(crate) unknown: u64,
}

impl Tally {
    /// Acknowledged, in all partitions.
    pub(crate) fn delivered_in_all(&self) -> u64 {
        self.delivered.values().sum()
    }
}

/// A `Run`, from its click to long after its `Done`.
#[derive(Debug)]
pub(crate) struct Request {
    /// Its id, unique while the page is open.
    pub(crate) id: RequestId,
    /// Where it was made.
    pub(crate) origin: Origin,
    /// What was asked.
    pub(crate) command: Command,
    /// When, in the page's milliseconds.
    pub(crate) started_ms: f64,
    /// When it was settled.
    pub(crate) settled_ms: Option<f64>,
    /// What the server does now.
    pub(crate) phase: Option<String>,
    /// So many are through, of so many.
    pub(crate) progress: Option<(u64, u64)>,
    /// Whether the learner asked to cancel it.
    pub(crate) cancelled: bool,
    /// How it ended, if it did.
    pub(crate) outcome: Option<Outcome>,
    /// What streamed.
    pub(crate) rows: Ring<Row>,
    /// How many events never came.
    pub(crate) skipped: u64,
    /// The delivery reports, counted.
    pub(crate) tally: Tally,
    /// The consumer that it started.
    pub(crate) consumer: Option<Consumer>,
    /// Counts the changes, so that views know when to look again.
    pub(crate) version: u64,
}

impl Request {
    /// A request that was just made.
    pub(crate) fn new(id: RequestId, origin: Origin, command: Command, started_ms: f64) -> Self {
        Self {
            id,
            origin,
            command,
            started_ms,
            settled_ms: None,
            phase: None,
            progress: None,
            cancelled: false,
            outcome: None,
            rows: Ring::default(),
            skipped: 0,
            tally: Tally::default(),
            consumer: None,
            version: 0,
        }
    }

    /// Whether its `Done` is still to come.
    pub(crate) fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// Whether something of it still goes on: itself, its consumer, or a group that waits for a crashed one.
    pub(crate) fn is_live(&self) -> bool {
        self.is_open() || self.consumer.as_ref().is_some_and(Consumer::is_live)
    }

    /// Folds in what happened.
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Phase(phase) => self.phase = Some(phase),
            Event::Progress { done, total } => self.progress = Some((done, total)),
            Event::Delivered(run) => self.delivered(&run),
            Event::Undelivered(lost) => self.undelivered(lost),
            // Told to the consumer's panel, see `State::apply`.
            Event::MemberStillThere { .. } => {}
            Event::View(_) | Event::Happened(_) => {}
        }
    }

    fn delivered(&mut self, run: &DeliveredRun) {
        *self.tally.delivered.entry(run.partition).or_default() += run.records.len() as u64;
        let times = run.timestamps_ms.iter().zip(&run.latencies_us);
        for ((&record, (&timestamp_ms, &latency_us)), offset) in
            run.records.iter().zip(times).zip(run.first_offset..)
        {
            self.rows.push(Row::Report(Report {
                record,
                partition: Some(run.partition),
                fate: ReportFate::Delivered { offset, timestamp_ms, latency_us },
            }));
        }
    }

    fn undelivered(&mut self, lost: Undelivered) {
        let count = lost.records.len() as u64;
        match lost.fate {
            UndeliveredFate::NotWritten => self.tally.not_written += count,
            UndeliveredFate::Unknown => self.tally.unknown += count,
        }
        let error = Arc::new(lost.error);
        for record in lost.records {
            self.rows.push(Row::Report(Report {
                record,
                partition: lost.partition,
                fate: ReportFate::Undelivered(lost.fate, Arc::clone(&error)),
            }));
        }
    }
}
