//! DeleteRecords and OffsetForLeaderEpoch: where a log begins, and where its epochs end.

use std::time::Duration;

use super::Asked;
use super::repeats::{last_places, merged};
use crate::core::waits::Waiting;
use crate::core::{Answer, BrokerId, Caller, Core, TopicPartition};
use crate::wire::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsRequestData};
use crate::wire::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponseData, DeleteRecordsTopicResult,
};
use crate::wire::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderEpochRequestData, OffsetForLeaderPartition,
};
use crate::wire::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderEpochResponseData, OffsetForLeaderTopicResult,
};
use crate::wire::{ErrorCode, KafkaString};

/// In DeleteRecords: all up to the high watermark.
const HIGH_WATERMARK: i64 = -1;

/// A DeleteRecords request that some follower has not followed yet.
#[derive(Debug, Default)]
pub(crate) struct WaitingDelete {
    broker: BrokerId,
    response: DeleteRecordsResponseData,
    waiting: Vec<WaitingPartition>,
}

/// A partition of such a request.
#[derive(Clone, Copy, Debug)]
struct WaitingPartition {
    /// The place of its topic in the response.
    topic_at: usize,
    /// Its place in that.
    partition_at: usize,
    id: TopicPartition,
    /// Where the replicas' logs are to begin, or later.
    offset: i64,
}

/// The partitions of a request by topic, each once: of one that is named twice the last counts.
fn distinct(request: &DeleteRecordsRequestData) -> Vec<(&KafkaString, Vec<&DeleteRecordsPartition>)> {
    let topics = request.topics.iter().map(|topic| (&topic.name, topic.partitions.iter().collect()));
    let mut topics = merged(
        topics,
        |(name, _)| name.as_str(),
        |(_, first): &mut (_, Vec<_>), (_, other)| first.extend(other),
    );
    for (_, partitions) in &mut topics {
        let last = last_places(partitions.iter().map(|partition| partition.partition_index));
        let mut place = 0..;
        partitions.retain(|partition| last.get(&partition.partition_index).copied() == place.next());
    }
    topics
}

impl WaitingDelete {
    /// The answer when it has waited for its whole timeout: what was not done when it was last looked has had its error all
    /// the while.
    pub(in crate::core) fn timed_out(self) -> Answer {
        self.response.into()
    }
}

impl Core {
    /// DeleteRecords: answered when the followers have followed.
    pub(super) fn delete_records(
        &mut self,
        caller: &Caller,
        request: &DeleteRecordsRequestData,
    ) -> Option<Answer> {
        let mut delete = WaitingDelete { broker: caller.broker, ..Default::default() };
        for (topic_at, (name, asked)) in distinct(request).into_iter().enumerate() {
            let mut partitions = Vec::new();
            for (partition_at, partition) in asked.into_iter().enumerate() {
                let outcome = self.delete_from_partition(caller, name.as_str(), partition);
                let (low_watermark, error) = match outcome {
                    Ok((id, offset)) => {
                        delete.waiting.push(WaitingPartition { topic_at, partition_at, id, offset });
                        (self.low_watermark(caller.broker, id), ErrorCode::RequestTimedOut)
                    }
                    Err(error) => (-1, error),
                };
                partitions.push(DeleteRecordsPartitionResult {
                    partition_index: partition.partition_index,
                    low_watermark,
                    error_code: error.code(),
                    ..Default::default()
                });
            }
            let name = name.clone();
            let topic = DeleteRecordsTopicResult { name, partitions, ..Default::default() };
            delete.response.topics.push(topic);
        }
        if let Some(answer) = self.try_deleted(&mut delete) {
            return Some(answer);
        }
        let partitions = delete.waiting.iter().map(|partition| partition.id).collect();
        let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
        self.wait(caller.connection, partitions, timeout, Waiting::DeleteRecords(Box::new(delete)));
        None
    }

    /// The answer to a DeleteRecords request that all live replicas have followed by now. That another broker leads is
    /// told when it is looked for.
    pub(in crate::core) fn try_deleted(&self, delete: &mut WaitingDelete) -> Option<Answer> {
        let mut waiting = std::mem::take(&mut delete.waiting);
        waiting.retain(|partition| {
            let topic = self.image_of(delete.broker).topic_by_id(partition.id.topic);
            let led = topic.ok_or(ErrorCode::UnknownTopicOrPartition);
            let led = led.and_then(|topic| self.led(delete.broker, topic, partition.id.partition));
            let (error, low_watermark) = match led {
                Err(error) => (error, -1),
                Ok(id) => match self.low_watermark(delete.broker, id) {
                    low_watermark if low_watermark < partition.offset => return true,
                    low_watermark => (ErrorCode::None, low_watermark),
                },
            };
            let topic = delete.response.topics.get_mut(partition.topic_at);
            if let Some(place) = topic.and_then(|topic| topic.partitions.get_mut(partition.partition_at)) {
                (place.error_code, place.low_watermark) = (error.code(), low_watermark);
            }
            false
        });
        delete.waiting = waiting;
        delete.waiting.is_empty().then(|| std::mem::take(&mut delete.response).into())
    }

    fn low_watermark(&self, leader: BrokerId, id: TopicPartition) -> i64 {
        let image = self.image_of(leader);
        let partition = self.partitions.get(&id);
        partition.map_or(-1, |partition| partition.low_watermark(leader, |broker| image.is_live(broker)))
    }

    fn delete_from_partition(
        &mut self,
        caller: &Caller,
        name: &str,
        partition: &DeleteRecordsPartition,
    ) -> Result<(TopicPartition, i64), ErrorCode> {
        let topic = self.image_of(caller.broker).topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if topic.is_internal() {
            return Err(ErrorCode::InvalidTopicException);
        }
        let id = self.led(caller.broker, topic, partition.partition_index)?;
        // A topic that has neither policy keeps its records until somebody deletes them.
        let policy = topic.settings_on(caller.broker).cleanup_policy;
        if policy.compact && !policy.delete {
            return Err(ErrorCode::PolicyViolation);
        }
        let replica = self.partitions.get_mut(&id).and_then(|it| it.replica_mut(caller.broker));
        let replica = replica.ok_or(ErrorCode::NotLeaderOrFollower)?;
        let offset = match partition.offset {
            HIGH_WATERMARK => replica.high_watermark,
            offset => offset,
        };
        if !(0..=replica.high_watermark).contains(&offset) {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        replica.log.advance_start_offset(offset);
        self.replicate(id, caller.broker);
        self.wake(id);
        Ok((id, offset))
    }

    /// OffsetForLeaderEpoch.
    pub(super) fn offset_for_leader_epoch(
        &self,
        caller: &Caller,
        request: &OffsetForLeaderEpochRequestData,
    ) -> OffsetForLeaderEpochResponseData {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let found = self.end_of_epoch(caller, topic.topic.as_str(), partition);
                let (error, (leader_epoch, end_offset)) = match found {
                    Ok(found) => (ErrorCode::None, found.unwrap_or((-1, -1))),
                    Err(error) => (error, (-1, -1)),
                };
                EpochEndOffset {
                    error_code: error.code(),
                    partition: partition.partition,
                    leader_epoch,
                    end_offset,
                    ..Default::default()
                }
            });
            let partitions = partitions.collect();
            OffsetForLeaderTopicResult { topic: topic.topic.clone(), partitions, ..Default::default() }
        });
        OffsetForLeaderEpochResponseData { topics: topics.collect(), ..Default::default() }
    }

    fn end_of_epoch(
        &self,
        caller: &Caller,
        name: &str,
        partition: &OffsetForLeaderPartition,
    ) -> Result<Option<(i32, i64)>, ErrorCode> {
        let topic = self.image_of(caller.broker).topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let (index, epoch) = (partition.partition, partition.current_leader_epoch);
        let replica = self.replica_in_epoch(caller.broker, topic, index, epoch, Asked::Leader)?;
        Ok(replica.log.epoch_end_offset(partition.leader_epoch))
    }
}
