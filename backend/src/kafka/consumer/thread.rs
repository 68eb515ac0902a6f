//! The thread of one consumer: it polls, tells what happened, and obeys.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use shared::command::CommitEachRecord;
use shared::event::{CloseReason, CommittedBy};
use shared::kafka::{PartitionOffset, TopicPartition};
use shared::{ConsumerEvent, Error, ErrorCode};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::Place;
use super::context::{Context, Notice, Partition};
use super::lanes::{Lanes, named};
use crate::kafka::{convert, error, native};
use crate::learner::Namespace;
use crate::session::ConsumerStream;

/// How long one poll waits: orders are read between polls.
const POLL: Duration = Duration::from_millis(50);
/// How long a slow page is waited for before an event is skipped.
const SLOW_PAGE_LIMIT: Duration = Duration::from_secs(1);
/// How long a commit that is waited for may take.
pub(super) const COMMIT_LIMIT: Duration = Duration::from_secs(10);
/// How long the offsets that the group committed may take after an assignment.
const COMMITTED_LIMIT: Duration = Duration::from_secs(3);
/// Between two `Lanes` events.
const LANES_EVERY: Duration = Duration::from_millis(250);
/// Between two errors of the same kind.
const ERROR_EVERY: Duration = Duration::from_secs(5);

/// What a command asks of a consumer.
pub(super) enum Order {
    /// Commit what was handed out.
    Commit { synchronous: bool, answer: oneshot::Sender<Result<Vec<PartitionOffset>, Error>> },
    /// Leave the group and end.
    Close { reason: CloseReason, answer: oneshot::Sender<()> },
    /// End without a word.
    Crash { answer: oneshot::Sender<Crashed> },
}

/// A consumer that crashed.
pub(super) struct Crashed {
    /// What its group calls it, if it had joined.
    pub(super) member_id: Option<String>,
    /// When.
    pub(super) at: Instant,
}

/// What a consumer's thread has beside the client.
pub(super) struct Running {
    pub(super) names: Namespace,
    pub(super) stream: ConsumerStream,
    pub(super) orders: Receiver<Order>,
    /// The page is gone for good.
    pub(super) session_ended: CancellationToken,
    pub(super) commit_each: CommitEachRecord,
    pub(super) session_timeout_ms: u64,
    pub(super) place: Place,
}

enum End {
    Close(CloseReason, Option<oneshot::Sender<()>>),
    Crash(oneshot::Sender<Crashed>),
    /// Without a word to a cluster that goes too.
    Abandon(CloseReason),
}

/// Runs a consumer to its end.
pub(super) fn run(consumer: BaseConsumer<Context>, running: Running) {
    let mut work = Work { running, lanes: Lanes::default(), lanes_told: None, errors_told: BTreeMap::new() };
    let end = loop {
        if let Some(end) = work.obey(&consumer) {
            break end;
        }
        let polled = consumer.poll(POLL);
        work.tell_notices(Some(&consumer), consumer.context().take());
        match polled {
            None => {}
            Some(Ok(message)) => work.take_record(&consumer, &message),
            Some(Err(KafkaError::PartitionEOF(partition))) => work.tell_end(&consumer, partition),
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                break End::Close(CloseReason::Failed(error::from_code(code, None)), None);
            }
            Some(Err(problem)) => work.tell_error(&problem),
        }
        work.tell_lanes(&consumer);
    };
    work.finish(consumer, end);
}

struct Work {
    running: Running,
    lanes: Lanes,
    lanes_told: Option<Instant>,
    errors_told: BTreeMap<String, Instant>,
}

impl Work {
    fn obey(&mut self, consumer: &BaseConsumer<Context>) -> Option<End> {
        if self.running.session_ended.is_cancelled() {
            return Some(End::Close(CloseReason::SessionEnded, None));
        }
        if let Some(reason) = self.running.place.abandoned() {
            return Some(End::Abandon(reason));
        }
        match self.running.orders.try_recv() {
            Ok(Order::Commit { synchronous, answer }) => {
                let _cancelled = answer.send(self.commit(consumer, synchronous));
                None
            }
            Ok(Order::Close { reason, answer }) => Some(End::Close(reason, Some(answer))),
            Ok(Order::Crash { answer }) => Some(End::Crash(answer)),
            Err(TryRecvError::Empty) => None,
            // Its learner is gone from the server.
            Err(TryRecvError::Disconnected) => Some(End::Close(CloseReason::SessionEnded, None)),
        }
    }

    /// Ends the consumer, and frees its place before it answers: who hears that it is gone may start another.
    fn finish(mut self, consumer: BaseConsumer<Context>, end: End) {
        match end {
            End::Close(reason, answer) => {
                let context = consumer.context().clone();
                // Leaves the group, after a last commit where the timer commits.
                drop(consumer);
                self.tell_notices(None, context.take());
                self.running.stream.close(reason);
                drop(self.running.place);
                answer.map(|answer| answer.send(()));
            }
            End::Abandon(reason) => {
                native::crash(consumer);
                self.running.stream.close(reason);
                drop(self.running.place);
            }
            End::Crash(answer) => {
                let member_id = native::member_id(consumer.client());
                let at = Instant::now();
                native::crash(consumer);
                let session_timeout_ms = self.running.session_timeout_ms;
                self.running.stream.close(CloseReason::Crashed { session_timeout_ms });
                drop(self.running.place);
                let _cancelled = answer.send(Crashed { member_id, at });
            }
        }
    }

    fn take_record(&mut self, consumer: &BaseConsumer<Context>, message: &BorrowedMessage<'_>) {
        let (partition, offset) = (message.partition(), message.offset());
        let Some(topic) = self.running.names.topic_seen(message.topic()) else { return };
        self.lanes.handed_out(message.topic(), partition, offset);
        self.emit(ConsumerEvent::Record(convert::consumed(topic, message)));
        let this = [((message.topic().to_owned(), partition), offset + 1)];
        match self.running.commit_each {
            CommitEachRecord::Off => {}
            CommitEachRecord::Synchronous => {
                let _told = self.commit_these(consumer, &this, true);
            }
            CommitEachRecord::Asynchronous => {
                if let Err(error) = self.commit_these(consumer, &this, false) {
                    self.emit(ConsumerEvent::Error(error));
                }
            }
        }
    }

    fn commit(
        &mut self,
        consumer: &BaseConsumer<Context>,
        synchronous: bool,
    ) -> Result<Vec<PartitionOffset>, Error> {
        let offsets = self.lanes.uncommitted();
        if offsets.is_empty() {
            return Err(error::from_code(Code::NoOffset, None));
        }
        self.commit_these(consumer, &offsets, synchronous)
    }

    fn commit_these(
        &mut self,
        consumer: &BaseConsumer<Context>,
        offsets: &[(Partition, i64)],
        synchronous: bool,
    ) -> Result<Vec<PartitionOffset>, Error> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for ((topic, partition), offset) in offsets {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .map_err(|e| error::from_rdkafka(&e))?;
        }
        if !synchronous {
            return native::commit_in_background(consumer, &list)
                .map(|()| self.named(offsets))
                .map_err(|code| error::from_code(code, None));
        }
        let result =
            native::commit(consumer.client(), &list, COMMIT_LIMIT).map_err(|c| error::from_code(c, None));
        if result.is_ok() {
            self.lanes.committed(offsets);
        }
        self.emit(ConsumerEvent::Committed {
            by: CommittedBy::Synchronous,
            offsets: self.named(offsets),
            error: result.clone().err(),
        });
        result.map(|()| self.named(offsets))
    }

    /// Tells what was called back. Without a consumer it is closed, and nobody can be asked any more.
    fn tell_notices(&mut self, consumer: Option<&BaseConsumer<Context>>, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Assigned(partitions) => self.assigned(consumer, partitions),
                Notice::Revoked(partitions) => {
                    let mut revoked = Vec::with_capacity(partitions.len());
                    for partition in partitions {
                        self.lanes.revoke(&partition);
                        if let Some(topic) = self.running.names.topic_seen(&partition.0) {
                            revoked.push(TopicPartition { topic, partition: partition.1 });
                        }
                    }
                    self.emit(ConsumerEvent::Revoked { partitions: revoked });
                }
                Notice::Committed { offsets, error } => {
                    if error.is_none() {
                        self.lanes.committed(&offsets);
                    }
                    self.emit(ConsumerEvent::Committed {
                        by: CommittedBy::Asynchronous,
                        offsets: self.named(&offsets),
                        error: error.map(|code| error::from_code(code, None)),
                    });
                }
            }
        }
    }

    fn assigned(&mut self, consumer: Option<&BaseConsumer<Context>>, partitions: Vec<Partition>) {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for (topic, partition) in &partitions {
            list.add_partition(topic, *partition);
        }
        // Without an answer it begins all the same; the page then knows no offset.
        let committed = consumer
            .filter(|_| !partitions.is_empty())
            .and_then(|consumer| consumer.committed_offsets(list, COMMITTED_LIMIT).ok());
        let mut told = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let Some(topic) = self.running.names.topic_seen(&partition.0) else { continue };
            let found = committed.as_ref().and_then(|list| list.find_partition(&partition.0, partition.1));
            let offset = found.and_then(|element| match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            });
            told.push(PartitionOffset { topic: topic.clone(), partition: partition.1, offset });
            self.lanes.assign(partition, topic, offset);
        }
        self.emit(ConsumerEvent::Assigned { partitions: told });
    }

    fn tell_end(&mut self, consumer: &BaseConsumer<Context>, partition: i32) {
        self.refresh_ends(consumer);
        if let Some((partition, offset)) = self.lanes.end_reached(partition) {
            self.emit(ConsumerEvent::EndOfPartition { partition, offset });
        }
    }

    fn tell_lanes(&mut self, consumer: &BaseConsumer<Context>) {
        if self.lanes_told.is_some_and(|at| at.elapsed() < LANES_EVERY) {
            return;
        }
        self.lanes_told = Some(Instant::now());
        self.refresh_ends(consumer);
        if let Some(lanes) = self.lanes.news() {
            self.emit(ConsumerEvent::Lanes(lanes));
        }
    }

    fn refresh_ends(&mut self, consumer: &BaseConsumer<Context>) {
        for partition in self.lanes.partitions() {
            let (start, end) = native::cached_watermarks(consumer.client(), &partition.0, partition.1);
            self.lanes.ends(&partition, start, end);
        }
    }

    fn tell_error(&mut self, problem: &KafkaError) {
        let error = error::from_rdkafka(problem);
        // Of a broker that is away there are several kinds, each second; one line of them is enough.
        let kind = match error.code {
            ErrorCode::KafkaUnavailable => "away".to_owned(),
            _ => error.kafka.clone().unwrap_or_default(),
        };
        let now = Instant::now();
        if self.errors_told.get(&kind).is_some_and(|at| now.duration_since(*at) < ERROR_EVERY) {
            return;
        }
        self.errors_told.insert(kind, now);
        self.emit(ConsumerEvent::Error(error));
    }

    fn named(&self, offsets: &[(Partition, i64)]) -> Vec<PartitionOffset> {
        named(offsets, |topic| self.running.names.topic_seen(topic))
    }

    fn emit(&self, event: ConsumerEvent) {
        self.running.stream.events.emit_within(event, SLOW_PAGE_LIMIT);
    }
}
