//! Delivery reports: librdkafka's callback gathers them into runs, the command takes the runs and tells the page.
//!
//! The list between the two is bounded. While it is full the callback waits, then librdkafka's own queue fills, then
//! the sending thread waits: so a slow page slows the producer down, and memory stays flat.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::Message;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use shared::command::Acks;
use shared::kafka::{DeliveredRun, Undelivered, UndeliveredFate};
use shared::{Error, ErrorCode};
use tokio::sync::Notify;

use super::tally::Tally;
use crate::kafka::blocking::lock;
use crate::kafka::{error, native};

/// The most records of one run, so that a frame stays small.
const MAX_RUN: usize = 1024;
/// The most runs that wait for the command to take them.
const MAX_PENDING_RUNS: usize = 4096;
/// The most records in them.
const MAX_PENDING_RECORDS: usize = 65_536;

/// What all of a producer's callbacks go to: the reports of the command that uses it.
#[derive(Default)]
pub(in crate::kafka) struct Deliveries {
    command: Mutex<Option<Arc<Reports>>>,
}

impl Deliveries {
    /// From now on reports belong to this command, or to none.
    pub(super) fn belong_to(&self, command: Option<Arc<Reports>>) {
        *lock(&self.command) = command;
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", ?level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
    }
}

impl ProducerContext for Deliveries {
    /// The number of the record within its command.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        if let Some(reports) = &*lock(&self.command) {
            reports.take_report(result, number as u64);
        }
    }
}

/// The reports of one command.
pub(super) struct Reports {
    acks: Acks,
    state: Mutex<State>,
    /// The callback waits here for room.
    room: Condvar,
    /// The sending thread waits here for reports.
    settled: Condvar,
    /// The command waits here for something to take.
    pub(super) arrived: Notify,
}

/// What waits for the command to take it.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) delivered: Vec<DeliveredRun>,
    pub(super) undelivered: Vec<Undelivered>,
    records: usize,
    /// Of the newest group in `undelivered`.
    last_code: Option<Code>,
}

struct State {
    pending: Pending,
    tally: Tally,
    /// Nobody takes reports any more: only the tally goes on.
    closed: bool,
    /// The callback waits for the page.
    stalled: bool,
    /// Wake the sending thread when so many are settled.
    wake_at: u64,
}

impl Reports {
    pub(super) fn new(acks: Acks) -> Result<Self, Error> {
        let state = State {
            pending: Pending::default(),
            tally: Tally::new()?,
            closed: false,
            stalled: false,
            wake_at: u64::MAX,
        };
        Ok(Self {
            acks,
            state: Mutex::new(state),
            room: Condvar::new(),
            settled: Condvar::new(),
            arrived: Notify::new(),
        })
    }

    /// The record that could not even be handed to the client.
    pub(super) fn refused(&self, number: u64, code: Code) {
        let mut state = self.wait_for_room();
        state.pending.add_undelivered(UndeliveredFate::NotWritten, code, None, number);
        state.tally.not_written(code);
        self.wake(state);
    }

    /// What waits to be told, in exchange for room.
    pub(super) fn take(&self) -> Pending {
        let pending = std::mem::take(&mut lock(&self.state).pending);
        self.room.notify_all();
        pending
    }

    /// Whether so much waits that it should be taken without delay.
    pub(super) fn is_half_full(&self) -> bool {
        lock(&self.state).pending.fill() >= 0.5
    }

    /// Whether the callback waits for the page.
    pub(super) fn is_stalled(&self) -> bool {
        lock(&self.state).stalled
    }

    /// How many records are settled.
    pub(super) fn settled(&self) -> u64 {
        lock(&self.state).tally.settled()
    }

    /// Waits until `count` records are settled, `limit` at most. Returns how many are, and whether the page holds
    /// the reports up.
    pub(super) fn wait_for(&self, count: u64, limit: Duration) -> (u64, bool) {
        let mut state = lock(&self.state);
        state.wake_at = count;
        let (mut state, _) = self
            .settled
            .wait_timeout_while(state, limit, |state| state.tally.settled() < count)
            .unwrap_or_else(PoisonError::into_inner);
        state.wake_at = u64::MAX;
        (state.tally.settled(), state.stalled)
    }

    /// From now on nobody takes reports: callbacks no longer wait.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.room.notify_all();
    }

    /// Reads the tally.
    pub(super) fn with_tally<T>(&self, read: impl FnOnce(&Tally) -> T) -> T {
        read(&lock(&self.state).tally)
    }

    /// Changes the tally.
    #[cfg(test)]
    pub(super) fn with_tally_mut(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut lock(&self.state).tally);
    }

    fn take_report(&self, result: &DeliveryResult<'_>, number: u64) {
        let mut state = self.wait_for_room();
        match result {
            Ok(message) if self.acks != Acks::None && message.offset() >= 0 => {
                let latency_us = native::latency_us(message).unwrap_or(0);
                let (partition, offset) = (message.partition(), message.offset());
                let timestamp_ms = message.timestamp().to_millis().unwrap_or(0);
                state.pending.add_delivered(partition, offset, timestamp_ms, latency_us, number);
                let bytes = message.key_len() + message.payload_len();
                state.tally.delivered(partition, offset, bytes as u64, latency_us);
            }
            // No offset comes back.
            Ok(message) => {
                let (code, partition) = (without_offset(self.acks), message.partition());
                state.pending.add_undelivered(UndeliveredFate::Unknown, code, Some(partition), number);
                state.tally.accepted_somewhere();
            }
            Err((error, message)) => {
                let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
                let partition = Some(message.partition()).filter(|partition| *partition >= 0);
                let fate = if native::may_be_written(message) {
                    state.tally.unknown(code);
                    UndeliveredFate::Unknown
                } else {
                    state.tally.not_written(code);
                    UndeliveredFate::NotWritten
                };
                state.pending.add_undelivered(fate, code, partition, number);
            }
        }
        self.wake(state);
    }

    fn wait_for_room(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        if state.closed {
            state.pending = Pending::default();
        }
        while state.pending.fill() >= 1.0 && !state.closed {
            state.stalled = true;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.stalled = false;
        state
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let first = state.pending.records == 1;
        let enough = state.tally.settled() >= state.wake_at;
        drop(state);
        if first {
            self.arrived.notify_one();
        }
        if enough {
            self.settled.notify_all();
        }
    }
}

impl Pending {
    /// 1.0 is full.
    fn fill(&self) -> f64 {
        let runs = (self.delivered.len() + self.undelivered.len()) as f64 / MAX_PENDING_RUNS as f64;
        runs.max(self.records as f64 / MAX_PENDING_RECORDS as f64)
    }

    fn add_delivered(
        &mut self,
        partition: i32,
        offset: i64,
        timestamp_ms: i64,
        latency_us: u64,
        record: u64,
    ) {
        self.records += 1;
        if let Some(run) = self.delivered.last_mut()
            && run.partition == partition
            && run.records.len() < MAX_RUN
            && run.first_offset + run.records.len() as i64 == offset
        {
            run.records.push(record);
            run.timestamps_ms.push(timestamp_ms);
            run.latencies_us.push(latency_us);
            return;
        }
        self.delivered.push(DeliveredRun {
            partition,
            first_offset: offset,
            records: vec![record],
            timestamps_ms: vec![timestamp_ms],
            latencies_us: vec![latency_us],
        });
    }

    fn add_undelivered(&mut self, fate: UndeliveredFate, code: Code, partition: Option<i32>, record: u64) {
        self.records += 1;
        if let Some(group) = self.undelivered.last_mut()
            && self.last_code == Some(code)
            && group.fate == fate
            && group.partition == partition
            && group.records.len() < MAX_RUN
        {
            group.records.push(record);
            return;
        }
        self.last_code = Some(code);
        self.undelivered.push(Undelivered {
            fate,
            error: reason(fate, code),
            partition,
            records: vec![record],
        });
    }
}

/// Why a success has no offset: nobody was asked to answer, or an idempotent producer sent again what the leader had
/// already (`rd_kafka_handle_idempotent_Produce_error` in librdkafka makes a success without offset of that answer).
fn without_offset(acks: Acks) -> Code {
    match acks {
        Acks::None => Code::NoError,
        Acks::Leader | Acks::All => Code::DuplicateSequenceNumber,
    }
}

/// Why a record was not delivered. [`Code::NoError`] stands for "nobody was asked to answer".
pub(super) fn reason(fate: UndeliveredFate, code: Code) -> Error {
    if code == Code::NoError {
        return Error::new(
            ErrorCode::NotAcknowledged,
            "The record was sent, and no broker says where it went.",
        )
        .hint("With acks=0 nobody answers. Choose acks=1 or acks=all to know.");
    }
    let error = error::from_code(code, None);
    // What a policy forbids of a record is its room: a sandbox's memory has an end.
    if code == Code::PolicyViolation {
        return Error {
            code: ErrorCode::LimitReached,
            message: "The cluster has no room for more records.".to_owned(),
            hint: Some(
                "Delete topics that you no longer need, or reset your cluster. How much a cluster holds is \
                 --cluster-megabytes."
                    .to_owned(),
            ),
            ..error
        };
    }
    let silence = matches!(error.code, ErrorCode::TimedOut | ErrorCode::KafkaUnavailable);
    if fate == UndeliveredFate::Unknown && silence {
        return Error {
            code: ErrorCode::NotAcknowledged,
            message: "The record was sent, and the acknowledgement never came: it may have been written."
                .to_owned(),
            hint: Some(
                "Look into the topic. An idempotent producer may send again without repeating.".to_owned(),
            ),
            ..error
        };
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_offsets_of_a_partition_become_one_run() {
        let mut pending = Pending::default();
        for (record, (partition, offset)) in [(0, 7), (0, 8), (1, 0), (0, 9), (0, 11)].into_iter().enumerate()
        {
            pending.add_delivered(partition, offset, 1, 2, record as u64);
        }
        let runs: Vec<_> = pending
            .delivered
            .iter()
            .map(|run| (run.partition, run.first_offset, run.records.clone()))
            .collect();
        assert_eq!(runs, [(0, 7, vec![0, 1]), (1, 0, vec![2]), (0, 9, vec![3]), (0, 11, vec![4])]);
    }

    #[test]
    fn a_run_is_no_longer_than_a_frame_likes() {
        let mut pending = Pending::default();
        for record in 0..2 * MAX_RUN as u64 + 1 {
            pending.add_delivered(0, record as i64, 1, 2, record);
        }
        let lengths: Vec<_> = pending.delivered.iter().map(|run| run.records.len()).collect();
        assert_eq!(lengths, [MAX_RUN, MAX_RUN, 1]);
        assert_eq!(pending.delivered[2].first_offset, 2 * MAX_RUN as i64);
    }

    #[test]
    fn failures_for_the_same_reason_become_one_group() {
        let mut pending = Pending::default();
        let unknown = UndeliveredFate::Unknown;
        pending.add_undelivered(unknown, Code::MessageTimedOut, Some(0), 1);
        pending.add_undelivered(unknown, Code::MessageTimedOut, Some(0), 2);
        pending.add_undelivered(UndeliveredFate::NotWritten, Code::MessageTimedOut, Some(0), 3);
        pending.add_undelivered(UndeliveredFate::NotWritten, Code::PurgeQueue, Some(0), 4);
        let records: Vec<_> = pending.undelivered.iter().map(|group| group.records.clone()).collect();
        assert_eq!(records, [vec![1, 2], vec![3], vec![4]]);
        assert_eq!(pending.undelivered[0].error.code, ErrorCode::NotAcknowledged);
        assert_eq!(pending.undelivered[1].error.code, ErrorCode::TimedOut);
    }

    #[test]
    fn the_callback_waits_while_nobody_takes_and_goes_on_when_somebody_does() {
        let reports = Arc::new(Reports::new(Acks::All).unwrap());
        let all = MAX_PENDING_RECORDS as u64 + 10;
        let callback = {
            let reports = reports.clone();
            std::thread::spawn(move || (0..all).for_each(|number| reports.refused(number, Code::Fail)))
        };
        let (settled, _) = reports.wait_for(MAX_PENDING_RECORDS as u64, Duration::from_secs(10));
        assert_eq!(settled, MAX_PENDING_RECORDS as u64);
        let (settled, _) = reports.wait_for(all, Duration::from_millis(50));
        assert_eq!(settled, MAX_PENDING_RECORDS as u64);
        assert_eq!(reports.take().records, MAX_PENDING_RECORDS);
        assert_eq!(reports.wait_for(all, Duration::from_secs(10)).0, all);
        callback.join().unwrap();
    }

    #[test]
    fn a_repeat_that_the_leader_had_already_is_said_to_be_written() {
        let nobody_asked = reason(UndeliveredFate::Unknown, without_offset(Acks::None));
        assert_eq!(nobody_asked.code, ErrorCode::NotAcknowledged);
        let repeated = reason(UndeliveredFate::Unknown, without_offset(Acks::All));
        assert_eq!(repeated.kafka.as_deref(), Some("DUPLICATE_SEQUENCE_NUMBER"));
        assert!(repeated.message.contains("is written") && repeated.hint.is_none(), "{repeated:?}");
    }

    #[test]
    fn after_close_callbacks_only_count() {
        let reports = Reports::new(Acks::All).unwrap();
        reports.close();
        let all = 2 * MAX_PENDING_RECORDS as u64;
        (0..all).for_each(|number| reports.refused(number, Code::Fail));
        assert_eq!(reports.settled(), all);
    }
}
