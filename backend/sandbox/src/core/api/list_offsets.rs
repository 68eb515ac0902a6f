//! ListOffsets: the ends of a partition, and the offset at a time.

use super::Asked;
use super::repeats::{counts, merged};
use crate::core::log::{MOST_DECOMPRESSED_BYTES, TooMuch};
use crate::core::{Caller, Core};
use crate::wire::ErrorCode;
use crate::wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsRequestData};
use crate::wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponseData, ListOffsetsTopicResponse,
};

/// What is asked for in place of a timestamp.
mod special {
    pub(super) const LATEST: i64 = -1;
    pub(super) const EARLIEST: i64 = -2;
    /// The record with the greatest timestamp (KIP-734).
    pub(super) const MAX_TIMESTAMP: i64 = -3;
    /// The first offset that is on the broker itself (KIP-405).
    pub(super) const EARLIEST_LOCAL: i64 = -4;
    /// The last offset in tiered storage (KIP-1005).
    pub(super) const LATEST_TIERED: i64 = -5;
    /// The first offset that is not yet in tiered storage (KIP-1023).
    pub(super) const EARLIEST_PENDING_UPLOAD: i64 = -6;
}

/// Before this version the error has another name.
const OFFSET_NOT_AVAILABLE_SINCE: i16 = 5;

/// The replica id of consumers, who see nothing past the high watermark; others see the log's end.
const CONSUMER: i32 = -1;
/// That of clients that look for faults: any replica answers them.
const DEBUGGING: i32 = -2;

struct Found {
    timestamp: i64,
    offset: i64,
    leader_epoch: i32,
}

impl Core {
    /// ListOffsets.
    pub(super) fn list_offsets(
        &self,
        caller: &Caller,
        request: ListOffsetsRequestData,
    ) -> ListOffsetsResponseData {
        let (replica_id, isolation_level) = (request.replica_id, request.isolation_level);
        let mut budget = MOST_DECOMPRESSED_BYTES;
        // A topic that stands twice stands once, with the partitions of both.
        let distinct = merged(
            request.topics,
            |topic| topic.name.clone(),
            |first, other| first.partitions.extend(other.partitions),
        );
        let topics = distinct.into_iter().map(|topic| {
            let mut counts = counts(topic.partitions.iter().map(|partition| partition.partition_index));
            let partitions = topic.partitions.iter().filter_map(|partition| {
                let count = counts.get_mut(&partition.partition_index).map_or(0, std::mem::take);
                if count > 1 {
                    return Some(ListOffsetsPartitionResponse {
                        partition_index: partition.partition_index,
                        error_code: ErrorCode::InvalidRequest.code(),
                        timestamp: -1,
                        offset: -1,
                        leader_epoch: -1,
                        ..Default::default()
                    });
                }
                (count == 1).then_some(partition)?;
                let name = topic.name.as_str();
                let found =
                    self.list_offset(caller, name, partition, replica_id, isolation_level, &mut budget);
                let (error, found) = match found {
                    Ok(found) => (ErrorCode::None, found),
                    Err(error) => (error, Found { timestamp: -1, offset: -1, leader_epoch: -1 }),
                };
                Some(ListOffsetsPartitionResponse {
                    partition_index: partition.partition_index,
                    error_code: error.code(),
                    timestamp: found.timestamp,
                    offset: found.offset,
                    leader_epoch: if caller.version >= 4 { found.leader_epoch } else { -1 },
                    ..Default::default()
                })
            });
            let partitions = partitions.collect();
            ListOffsetsTopicResponse { name: topic.name, partitions, ..Default::default() }
        });
        ListOffsetsResponseData { topics: topics.collect(), ..Default::default() }
    }

    fn list_offset(
        &self,
        caller: &Caller,
        name: &str,
        partition: &ListOffsetsPartition,
        replica_id: i32,
        isolation_level: i8,
        budget: &mut u64,
    ) -> Result<Found, ErrorCode> {
        if !matches!(isolation_level, 0 | 1) {
            return Err(ErrorCode::UnknownServerError);
        }
        let read_committed = isolation_level == 1;
        // From which version each special is known; before it, and for others below zero, the request is not supported.
        let known = match partition.timestamp {
            special::MAX_TIMESTAMP => 7,
            special::EARLIEST_LOCAL => 8,
            special::LATEST_TIERED => 9,
            special::EARLIEST_PENDING_UPLOAD => 11,
            timestamp if timestamp < special::EARLIEST_PENDING_UPLOAD => i16::MAX,
            _ => 0,
        };
        if caller.version < known {
            return Err(ErrorCode::UnsupportedVersion);
        }
        let image = self.image_of(caller.broker);
        let topic = image.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let registration =
            topic.partition(partition.partition_index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let asked = if replica_id == DEBUGGING { Asked::AnyReplica } else { Asked::Leader };
        let (index, current_epoch) = (partition.partition_index, partition.current_leader_epoch);
        let replica = self.replica_in_epoch(caller.broker, topic, index, current_epoch, asked)?;
        let log = &replica.log;
        let epoch = registration.leader_epoch;
        let end = match log.first_unstable_offset() {
            _ if replica_id != CONSUMER => log.end_offset(),
            Some(unstable) if read_committed => unstable.min(replica.high_watermark),
            _ => replica.high_watermark,
        };
        // A new leader doesn't know yet what was committed before its epoch began (KIP-207).
        let begins_late =
            replica.leading.as_ref().is_some_and(|leading| leading.start_offset > replica.high_watermark);
        let not_available = match caller.version {
            ..OFFSET_NOT_AVAILABLE_SINCE => ErrorCode::LeaderNotAvailable,
            _ => ErrorCode::OffsetNotAvailable,
        };
        let late = (begins_late && replica_id == CONSUMER).then_some(not_available);
        let unless_late = |found| late.map_or(Ok(found), Err);
        let nothing = || unless_late(Found { timestamp: -1, offset: -1, leader_epoch: -1 });
        match partition.timestamp {
            special::LATEST => unless_late(Found { timestamp: -1, offset: end, leader_epoch: epoch }),
            special::EARLIEST | special::EARLIEST_LOCAL => {
                let offset = log.start_offset();
                Ok(Found { timestamp: -1, offset, leader_epoch: log.epoch_at(offset).unwrap_or(-1) })
            }
            special::LATEST_TIERED | special::EARLIEST_PENDING_UPLOAD => nothing(),
            timestamp => {
                let at = if timestamp == special::MAX_TIMESTAMP {
                    log.max_timestamp(budget)
                } else {
                    log.offset_for_timestamp(timestamp, budget)
                };
                // Clients ask again for what was too much at a time.
                let at = at.map_err(|TooMuch| not_available)?;
                at.filter(|at| at.offset < end).map_or_else(nothing, |at| {
                    let leader_epoch = at.leader_epoch.unwrap_or(-1);
                    Ok(Found { timestamp: at.timestamp, offset: at.offset, leader_epoch })
                })
            }
        }
    }
}
