//! The sending thread of one command.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig};
use shared::command::Sending;
use tokio_util::sync::CancellationToken;

use super::kept::Producer;
use super::reports::Reports;
use crate::kafka::airports::Airports;
use crate::kafka::native::Refusal;

/// How many records pass between two looks at the cancellation.
const LOOK_EVERY: u64 = 32;
/// While librdkafka's queue is full: wait for so many reports …
const ROOM_RECORDS: u64 = 1_000;
/// … or so long.
const ROOM_WAIT: Duration = Duration::from_millis(20);
/// Between two looks at the cancellation while reports are awaited.
const REPORT_WAIT: Duration = Duration::from_millis(50);
/// How long reports may still come after the last moment at which librdkafka gives each record up.
const REPORT_GRACE: Duration = Duration::from_secs(5);
/// How long reports may come after the queues were purged.
const PURGE_LIMIT: Duration = Duration::from_secs(5);

/// What one command sends.
pub(super) struct Work {
    pub(super) topic: String,
    pub(super) count: u64,
    pub(super) airports: Arc<Airports>,
    /// By airport; empty: no keys.
    pub(super) keys: Vec<Option<Vec<u8>>>,
    pub(super) sending: Sending,
    /// After this librdkafka gives a record up (`message.timeout.ms`).
    pub(super) message_timeout: Duration,
}

/// How the sending ended.
#[derive(Default)]
pub(super) struct Sent {
    /// So many records were handed over, or refused one by one.
    pub(super) taken: u64,
    /// When the first was handed over.
    pub(super) started: Option<Instant>,
    /// Whether each of them has a report, so that the producer may serve the next command.
    pub(super) settled: bool,
    /// Whether it was stopped before the end.
    pub(super) stopped: bool,
    /// Why the client can't go on, in the cluster's names.
    pub(super) fatal: Option<Refusal>,
}

/// Sends all records and waits until each has its report. Blocks.
pub(super) fn all(
    producer: &Producer,
    work: &Work,
    reports: &Arc<Reports>,
    stop: &CancellationToken,
) -> Sent {
    let mut sent = Sent { settled: true, ..Sent::default() };
    producer.context().belong_to(Some(reports.clone()));
    sent.started = Some(Instant::now());
    hand_over(producer, work, reports, stop, &mut sent);
    // Idempotence: nothing more can be sent after a fatal error, and what is queued never will be.
    sent.fatal = producer.client().fatal_error().map(|(code, text)| Refusal { code, text });
    wait_for_reports(producer, work, reports, stop, &mut sent);
    producer.context().belong_to(None);
    sent.settled &= sent.fatal.is_none();
    sent
}

fn hand_over(producer: &Producer, work: &Work, reports: &Reports, stop: &CancellationToken, sent: &mut Sent) {
    let values = work.airports.values();
    let mut hope = Hope { limit: work.message_timeout, accepted: 0, at: Instant::now() };
    for number in 0..work.count {
        if number % LOOK_EVERY == 0 && stop.is_cancelled() {
            sent.stopped = true;
            return;
        }
        let Ok(opaque) = usize::try_from(number) else { return };
        let at = opaque % values.len();
        let mut record =
            BaseRecord::<[u8], [u8], usize>::with_opaque_to(&work.topic, opaque).payload(&values[at]);
        record.key = work.keys.get(at).and_then(|key| key.as_deref());
        while let Err((problem, back)) = producer.send(record) {
            record = back;
            let code = match problem {
                KafkaError::MessageProduction(code) => code,
                _ => Code::Fail,
            };
            if code != Code::QueueFull {
                reports.refused(number, code);
                break;
            }
            reports.wait_for(reports.settled() + ROOM_RECORDS, ROOM_WAIT);
            if stop.is_cancelled() {
                sent.stopped = true;
                return;
            }
            if hope.is_gone(reports) {
                return;
            }
        }
        sent.taken = number + 1;
        if work.sending == Sending::OneByOne {
            let deadline = Instant::now() + work.message_timeout + REPORT_GRACE;
            while reports.wait_for(sent.taken, REPORT_WAIT).0 < sent.taken && Instant::now() < deadline {
                if stop.is_cancelled() {
                    sent.stopped = true;
                    return;
                }
            }
            if hope.is_gone(reports) {
                return;
            }
        }
        if number % LOOK_EVERY == 0 && producer.client().fatal_error().is_some() {
            return;
        }
    }
}

/// While brokers are away each full queue takes `message.timeout.ms` to fail, a million records many of them. Where
/// for that long every record failed, the next will too.
struct Hope {
    limit: Duration,
    accepted: u64,
    at: Instant,
}

impl Hope {
    fn is_gone(&mut self, reports: &Reports) -> bool {
        let (accepted, failed) =
            reports.with_tally(|tally| (tally.accepted(), tally.first_failure().is_some()));
        if accepted != self.accepted || !failed || reports.is_stalled() {
            self.accepted = accepted;
            self.at = Instant::now();
        }
        self.at.elapsed() > self.limit
    }
}

fn wait_for_reports(
    producer: &Producer,
    work: &Work,
    reports: &Reports,
    stop: &CancellationToken,
    sent: &mut Sent,
) {
    let mut last = (0, Instant::now());
    loop {
        let (settled, page_is_slow) = reports.wait_for(sent.taken, REPORT_WAIT);
        if settled >= sent.taken {
            // A purged idempotent producer has gaps to mend; a fresh one is cheaper to understand.
            return;
        }
        if settled != last.0 || page_is_slow {
            last = (settled, Instant::now());
        }
        if stop.is_cancelled() || last.1.elapsed() > work.message_timeout + REPORT_GRACE {
            break;
        }
    }
    sent.stopped |= stop.is_cancelled();
    sent.settled = false;
    producer.purge(PurgeConfig::default().queue().inflight());
    let deadline = Instant::now() + PURGE_LIMIT;
    while Instant::now() < deadline && reports.wait_for(sent.taken, REPORT_WAIT).0 < sent.taken {}
    // Whoever still waits for the page to take its report only counts from now on.
    if reports.settled() < sent.taken {
        reports.close();
        reports.wait_for(sent.taken, REPORT_GRACE);
    }
}
