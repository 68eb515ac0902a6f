//! What groups write down: the records go to the log of `__consumer_offsets`, and what hangs on them waits until they are
//! committed, as with `CoordinatorRuntime` in Apache Kafka.

use std::time::Duration;

use super::Place;
use crate::core::deadlines::Due;
use crate::core::group::{GroupRecord, Outbox};
use crate::core::log::{CheckedRecords, KeyedRecord};
use crate::core::waits::Waiting;
use crate::core::{Answer, BrokerId, Caller, Core, TopicPartition};
use crate::wire::ErrorCode;

/// Where the log goes on after what a request has written, or would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core) struct Write {
    pub(super) id: TopicPartition,
    pub(super) to: i64,
}

/// A request that has written something that is not committed yet.
#[derive(Debug)]
pub(crate) struct WaitingWrite {
    broker: BrokerId,
    writes: Vec<Write>,
    /// The answer when it is.
    done: Option<Answer>,
    /// The answer when it is not in time.
    late: Option<Answer>,
    /// The answer when another broker coordinates.
    moved: Option<Answer>,
}

impl Core {
    /// Answers when all that was written is committed, or with an error when that takes too long.
    pub(in crate::core) fn answer_when_committed<A: Into<Answer>>(
        &mut self,
        caller: &Caller,
        writes: impl IntoIterator<Item = Write>,
        answer: A,
        failed: impl Fn(ErrorCode) -> A,
    ) -> Option<Answer> {
        let writes = writes.into_iter();
        let writes: Vec<_> = writes.filter(|write| !self.is_committed(caller.broker, write)).collect();
        if writes.is_empty() {
            return Some(answer.into());
        }
        let partitions = writes.iter().map(|write| write.id).collect();
        let waiting = WaitingWrite {
            broker: caller.broker,
            writes,
            done: Some(answer.into()),
            late: Some(failed(ErrorCode::CoordinatorNotAvailable).into()),
            moved: Some(failed(ErrorCode::NotCoordinator).into()),
        };
        let timeout = self.write_timeout();
        self.wait(caller.connection, partitions, timeout, Waiting::Write(Box::new(waiting)));
        None
    }

    /// The answer to a request whose records are committed by now, or never will be.
    pub(in crate::core) fn try_written(&self, waiting: &mut WaitingWrite) -> Option<Answer> {
        let broker = waiting.broker;
        if waiting.writes.iter().any(|write| !self.coordinates(broker, write.id)) {
            return waiting.moved.take();
        }
        waiting.writes.retain(|write| !self.is_committed(broker, write));
        if waiting.writes.is_empty() { waiting.done.take() } else { None }
    }

    /// The answer to a request whose records were not committed in time.
    pub(in crate::core) fn write_timed_out(&self, waiting: &mut WaitingWrite) -> Answer {
        self.try_written(waiting).or_else(|| waiting.late.take()).unwrap_or(Answer::Close)
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

    /// Writes down what came of a step and sends out the rest of it; then the same with what comes of that.
    pub(super) fn carry_out(&mut self, place: Place, mut out: Outbox) {
        let (id, broker) = place;
        loop {
            let (records, after) = (std::mem::take(&mut out.records), std::mem::take(&mut out.after));
            self.send(out);
            out = Outbox::default();
            if records.is_empty() && after.is_empty() {
                return;
            }
            let written = self.write_records(place, &records);
            let now = self.now;
            let committed_to = self.committed_on(broker, id);
            let deadline = self.after(self.write_timeout());
            let Some(kept) = self.coordinators.get_mut(&place) else { return };
            match written {
                Ok(to) => {
                    kept.written_to = kept.written_to.max(to);
                    kept.coordinator.committed_to(committed_to);
                    for record in records {
                        kept.coordinator.wrote(record, to, &mut out);
                    }
                    if committed_to >= to {
                        for after in after {
                            kept.coordinator.finish(now, after, Ok(()), &mut out);
                        }
                    } else if !after.is_empty() {
                        kept.unfinished.extend(after.into_iter().map(|after| (to, deadline, after)));
                        self.deadlines.add(deadline, Due::GroupWrite(id, broker));
                    }
                }
                Err(error) => {
                    for after in after {
                        kept.coordinator.finish(now, after, Err(error), &mut out);
                    }
                }
            }
        }
    }

    /// Appends to the log of a partition of `__consumer_offsets`; where that goes on then.
    fn write_records(&mut self, (id, broker): Place, records: &[GroupRecord]) -> Result<i64, ErrorCode> {
        if !self.can_write(broker, id) {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        let records: Vec<KeyedRecord> = records.iter().map(GroupRecord::write).collect();
        let batch = CheckedRecords::of_broker(&records, self.now.wall_ms);
        let bytes = batch.bytes().len();
        let topic = self.image_of(broker).topic_by_id(id.topic).ok_or(ErrorCode::NotCoordinator)?;
        let topic = std::sync::Arc::clone(topic);
        if bytes > topic.settings_on(broker).produce_rules().max_message_bytes {
            return Err(ErrorCode::UnknownServerError);
        }
        if !self.make_room_for_groups(bytes) {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        let rules = self.within_memory(&topic, broker);
        let compact_rules = topic.settings_on(broker).compact_rules();
        let wall_ms = self.now.wall_ms;
        let partition = self.partitions.get_mut(&id).ok_or(ErrorCode::NotCoordinator)?;
        let replica = partition.replica_mut(broker).ok_or(ErrorCode::NotCoordinator)?;
        let epoch = replica.leading.as_ref().ok_or(ErrorCode::NotCoordinator)?.epoch;
        let appended = replica.log.append(&batch, epoch, &rules, wall_ms);
        self.appended(id, broker);
        if let Some(partition) = self.partitions.get_mut(&id) {
            partition.compact(&compact_rules, wall_ms);
        }
        Ok(appended.last_offset + 1)
    }

    /// More of a partition is committed: if it is one of `__consumer_offsets`, what waits for that is done.
    pub(in crate::core) fn groups_committed(&mut self, id: TopicPartition) {
        if self.coordinators.is_empty() {
            return;
        }
        let places = self.coordinators.range((id, BrokerId::MIN)..=(id, BrokerId::MAX));
        let places: Vec<Place> = places.filter(|(_, kept)| kept.leads).map(|(place, _)| *place).collect();
        for place in places {
            let committed_to = self.committed_on(place.1, id);
            let now = self.now;
            let Some(kept) = self.coordinators.get_mut(&place) else { continue };
            kept.coordinator.committed_to(committed_to);
            let mut out = Outbox::default();
            while let Some((_, _, after)) = kept.unfinished.pop_front_if(|(to, ..)| *to <= committed_to) {
                kept.coordinator.finish(now, after, Ok(()), &mut out);
            }
            self.settle(place, out);
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
        self.settle(place, out);
    }
}
