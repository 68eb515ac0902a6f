//! What groups write down: the records go to the log of `__consumer_offsets`, and what hangs on them waits until they are
//! committed, as with `CoordinatorRuntime` in Apache Kafka.

use std::fmt;
use std::time::Duration;

use super::Place;
use crate::core::deadlines::Due;
use crate::core::group::{AfterWrite, GroupRecord, Outbox};
use crate::core::log::{AppendRules, CheckedRecords, HEADER_BYTES, KeyedRecord};
use crate::core::waits::Waiting;
use crate::core::{Answer, BrokerId, Caller, Core, TopicPartition};
use crate::wire::ErrorCode;

/// Where the log goes on after what a request has written, or would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core) struct Write {
    pub(super) id: TopicPartition,
    pub(super) to: i64,
}

/// What became of what a part of a request has written: an error if that is not committed, or not yet.
pub(in crate::core) type Settled = Result<(), ErrorCode>;

/// Makes an answer of that, with each part in its place.
type AnswerOf = Box<dyn FnOnce(&[Settled]) -> Answer + Send>;

/// A request that has written something that is not committed yet.
pub(crate) struct WaitingWrite {
    broker: BrokerId,
    writes: Vec<(Write, Option<Settled>)>,
    /// The error of what is not committed in time.
    late: ErrorCode,
    answer: Option<AnswerOf>,
}

impl fmt::Debug for WaitingWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitingWrite").field("writes", &self.writes).finish_non_exhaustive()
    }
}

impl WaitingWrite {
    /// The answer, once it is known of each part what became of it.
    fn settled(&mut self) -> Option<Answer> {
        let settled: Option<Vec<Settled>> = self.writes.iter().map(|(_, settled)| *settled).collect();
        let settled = settled?;
        self.answer.take().map(|answer| answer(&settled))
    }
}

impl Core {
    /// Answers when what was written is committed, or with an error when that takes too long or another broker
    /// coordinates.
    pub(in crate::core) fn answer_when_committed<A: Into<Answer>>(
        &mut self,
        caller: &Caller,
        write: Write,
        answer: A,
        failed: impl Fn(ErrorCode) -> A,
    ) -> Option<Answer> {
        if self.is_committed(caller.broker, &write) {
            return Some(answer.into());
        }
        let late = ErrorCode::CoordinatorNotAvailable;
        let (done, late_answer) = (answer.into(), failed(late).into());
        let moved = failed(ErrorCode::NotCoordinator).into();
        self.answer_when_settled(caller, vec![write], late, move |settled| match settled {
            [Err(ErrorCode::NotCoordinator)] => moved,
            [Err(_)] => late_answer,
            _ => done,
        })
    }

    /// Answers when it is known of each write what became of it: it is committed, or not in time, which is the error
    /// `late`, or another broker coordinates.
    pub(in crate::core) fn answer_when_settled(
        &mut self,
        caller: &Caller,
        writes: Vec<Write>,
        late: ErrorCode,
        answer: impl FnOnce(&[Settled]) -> Answer + Send + 'static,
    ) -> Option<Answer> {
        let mut waiting = WaitingWrite {
            broker: caller.broker,
            writes: writes.into_iter().map(|write| (write, None)).collect(),
            late,
            answer: Some(Box::new(answer)),
        };
        if let Some(answer) = self.try_written(&mut waiting) {
            return Some(answer);
        }
        let unsettled = waiting.writes.iter().filter(|(_, settled)| settled.is_none());
        let partitions = unsettled.map(|(write, _)| write.id).collect();
        let timeout = self.write_timeout();
        self.wait(caller.connection, partitions, timeout, Waiting::Write(Box::new(waiting)));
        None
    }

    /// The answer to a request whose records are committed by now, or never will be.
    pub(in crate::core) fn try_written(&self, waiting: &mut WaitingWrite) -> Option<Answer> {
        let broker = waiting.broker;
        for (write, settled) in waiting.writes.iter_mut().filter(|(_, settled)| settled.is_none()) {
            if !self.coordinates(broker, write.id) {
                *settled = Some(Err(ErrorCode::NotCoordinator));
            } else if self.is_committed(broker, write) {
                *settled = Some(Ok(()));
            }
        }
        waiting.settled()
    }

    /// The answer to a request whose records were not committed in time.
    pub(in crate::core) fn write_timed_out(&self, waiting: &mut WaitingWrite) -> Answer {
        let in_time = self.try_written(waiting);
        for (_, settled) in &mut waiting.writes {
            settled.get_or_insert(Err(waiting.late));
        }
        in_time.or_else(|| waiting.settled()).unwrap_or(Answer::Close)
    }

    fn is_committed(&self, broker: BrokerId, write: &Write) -> bool {
        self.committed_on(broker, write.id) >= write.to
    }

    pub(super) fn committed_on(&self, broker: BrokerId, id: TopicPartition) -> i64 {
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(broker));
        replica.map_or(0, |replica| replica.high_watermark)
    }

    fn write_timeout(&self) -> Duration {
        let timeout_ms = self.image.configs.broker_settings().offsets_commit_timeout_ms;
        Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0))
    }

    /// Writes down what came of a step and sends out the rest of it; then the same with what comes of that. The error
    /// is that of the step's own records, which are not in the log then: `COORDINATOR_NOT_AVAILABLE` where too few
    /// replicas are in sync or memory is full, `UNKNOWN_SERVER_ERROR` where no batch or no record can hold them.
    pub(super) fn carry_out(&mut self, place: Place, mut out: Outbox) -> Result<(), ErrorCode> {
        let mut first = None;
        loop {
            let (records, after) = (std::mem::take(&mut out.records), std::mem::take(&mut out.after));
            let loose = std::mem::take(&mut out.loose);
            self.send(out);
            out = Outbox::default();
            if records.is_empty() && loose.is_empty() && after.is_empty() {
                return first.unwrap_or(Ok(()));
            }
            let at_once =
                Some((records, after)).filter(|(records, after)| !records.is_empty() || !after.is_empty());
            let loose = self.in_batches(place, loose).into_iter().map(|records| (records, Vec::new()));
            for (records, after) in at_once.into_iter().chain(loose) {
                let written = self.write_records(place, &records);
                first.get_or_insert(written.map(|_| ()));
                self.take_in(place, written, records, after, &mut out);
            }
        }
    }

    /// Divides records that may be written apart so that a batch can hold each part.
    fn in_batches(&self, (id, broker): Place, records: Vec<GroupRecord>) -> Vec<Vec<GroupRecord>> {
        let topic = self.image_of(broker).topic_by_id(id.topic);
        let most = topic.map_or(0, |topic| topic.settings_on(broker).produce_rules().max_message_bytes);
        let mut batches: Vec<Vec<GroupRecord>> = Vec::new();
        let mut bytes = 0;
        for record in records {
            let its = record.write().map_or(0, |record| record.most_bytes());
            match batches.last_mut() {
                Some(batch) if bytes + its <= most => {
                    batch.push(record);
                    bytes += its;
                }
                _ => {
                    batches.push(vec![record]);
                    bytes = HEADER_BYTES + its;
                }
            }
        }
        batches
    }

    /// Lets a coordinator know what became of records.
    fn take_in(
        &mut self,
        place: Place,
        written: Result<i64, ErrorCode>,
        records: Vec<GroupRecord>,
        after: Vec<AfterWrite>,
        out: &mut Outbox,
    ) {
        let (id, broker) = place;
        let now = self.now;
        let committed_to = self.committed_on(broker, id);
        let deadline = self.after(self.write_timeout());
        let Some(kept) = self.coordinators.get_mut(&place) else { return };
        match written {
            Ok(to) => {
                kept.written_to = kept.written_to.max(to);
                kept.coordinator.committed_to(committed_to, out);
                for record in records {
                    kept.coordinator.wrote(record, to, out);
                }
                if committed_to >= to {
                    for after in after {
                        kept.coordinator.finish(now, after, Ok(()), out);
                    }
                } else if !after.is_empty() {
                    kept.unfinished.extend(after.into_iter().map(|after| (to, deadline, after)));
                    self.deadlines.add(deadline, Due::GroupWrite(id, broker));
                }
            }
            Err(error) => {
                for after in after {
                    kept.coordinator.finish(now, after, Err(error), out);
                }
                for record in records {
                    kept.coordinator.not_written(&record, out);
                }
            }
        }
    }

    /// Appends to the log of a partition of `__consumer_offsets`; where that goes on then.
    fn write_records(&mut self, (id, broker): Place, records: &[GroupRecord]) -> Result<i64, ErrorCode> {
        let records: Option<Vec<KeyedRecord>> = records.iter().map(GroupRecord::write).collect();
        let records = records.ok_or(ErrorCode::UnknownServerError)?;
        if !self.can_write(broker, id) {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        let batch = CheckedRecords::of_broker(&records, self.now.wall_ms);
        let bytes = batch.bytes().len();
        let topic = self.image_of(broker).topic_by_id(id.topic).ok_or(ErrorCode::NotCoordinator)?;
        let topic = std::sync::Arc::clone(topic);
        if bytes > topic.settings_on(broker).produce_rules().max_message_bytes {
            return Err(ErrorCode::UnknownServerError);
        }
        let rules = self.within_memory(&topic, broker);
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(broker));
        let takes = replica.ok_or(ErrorCode::NotCoordinator)?.log.takes(bytes, &rules);
        let chunk_bytes = self.make_room_for_groups(takes).ok_or(ErrorCode::CoordinatorNotAvailable)?;
        let rules = AppendRules { chunk_bytes, ..rules };
        let compact_rules = topic.settings_on(broker).compact_rules();
        let wall_ms = self.now.wall_ms;
        let partition = self.partitions.get_mut(&id).ok_or(ErrorCode::NotCoordinator)?;
        let replica = partition.replica_mut(broker).ok_or(ErrorCode::NotCoordinator)?;
        let epoch = replica.leading.as_ref().ok_or(ErrorCode::NotCoordinator)?.epoch;
        let appended = replica.log.append(&batch, epoch, &rules, wall_ms);
        self.appended(id, broker, &appended);
        if let Some(partition) = self.partitions.get_mut(&id) {
            partition.compact(&compact_rules, wall_ms);
        }
        Ok(appended.last_offset + 1)
    }

    /// More of a partition is committed: if it is one of `__consumer_offsets`, what waits for that is done. What a
    /// broker wrote that has just learnt that it leads no more is not what is committed.
    pub(in crate::core) fn groups_committed(&mut self, id: TopicPartition) {
        if self.coordinators.is_empty() {
            return;
        }
        let places = self.coordinators.range((id, BrokerId::MIN)..=(id, BrokerId::MAX));
        let at_work = places.filter(|((_, broker), kept)| kept.leads && self.coordinates(*broker, id));
        let places: Vec<Place> = at_work.map(|(place, _)| *place).collect();
        for place in places {
            let committed_to = self.committed_on(place.1, id);
            let now = self.now;
            let Some(kept) = self.coordinators.get_mut(&place) else { continue };
            let mut out = Outbox::default();
            kept.coordinator.committed_to(committed_to, &mut out);
            while let Some((_, _, after)) = kept.unfinished.pop_front_if(|(to, ..)| *to <= committed_to) {
                kept.coordinator.finish(now, after, Ok(()), &mut out);
            }
            self.settle_unasked(place, out);
        }
    }

    /// What a coordinator has written may have waited for as long as it may.
    pub(in crate::core) fn group_write_is_due(&mut self, place: Place) {
        let now = self.now;
        let Some(kept) = self.coordinators.get_mut(&place) else { return };
        let mut out = Outbox::default();
        let is_over = |(_, deadline, _): &mut (i64, Duration, _)| *deadline <= now.monotonic;
        while let Some((_, _, after)) = kept.unfinished.pop_front_if(is_over) {
            kept.coordinator.finish(now, after, Err(ErrorCode::CoordinatorNotAvailable), &mut out);
        }
        self.settle_unasked(place, out);
    }
}
