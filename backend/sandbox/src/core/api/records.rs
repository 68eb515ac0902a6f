//! DeleteRecords and OffsetForLeaderEpoch: where a log begins, and where its epochs end.

use super::check_epoch;
use crate::core::{Caller, Core};
use crate::wire::ErrorCode;
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

/// In DeleteRecords: all up to the high watermark.
const HIGH_WATERMARK: i64 = -1;

impl Core {
    /// DeleteRecords.
    pub(super) fn delete_records(
        &mut self,
        caller: &Caller,
        request: &DeleteRecordsRequestData,
    ) -> DeleteRecordsResponseData {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let outcome = self.delete_from_partition(caller, topic.name.as_str(), partition);
                let (low_watermark, error) = match outcome {
                    Ok(low_watermark) => (low_watermark, ErrorCode::None),
                    Err(error) => (-1, error),
                };
                DeleteRecordsPartitionResult {
                    partition_index: partition.partition_index,
                    low_watermark,
                    error_code: error.code(),
                    ..Default::default()
                }
            });
            let partitions = partitions.collect();
            DeleteRecordsTopicResult { name: topic.name.clone(), partitions, ..Default::default() }
        });
        DeleteRecordsResponseData { topics: topics.collect(), ..Default::default() }
    }

    fn delete_from_partition(
        &mut self,
        caller: &Caller,
        name: &str,
        partition: &DeleteRecordsPartition,
    ) -> Result<i64, ErrorCode> {
        let topic = self.image_of(caller.broker).topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if topic.is_internal() {
            return Err(ErrorCode::InvalidTopicException);
        }
        let id = self.led(caller.broker, topic, partition.partition_index)?;
        if !topic.settings_on(caller.broker).cleanup_policy.delete {
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
        let low_watermark = replica.log.start_offset();
        self.replicate(id, caller.broker);
        self.wake(id);
        Ok(low_watermark)
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
        let registration = topic.partition(partition.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        check_epoch(registration, partition.current_leader_epoch)?;
        let id = self.led(caller.broker, topic, partition.partition)?;
        Ok(self.replica(id, caller.broker).and_then(|it| it.log.epoch_end_offset(partition.leader_epoch)))
    }
}
