//! OffsetCommit, OffsetFetch and OffsetDelete.

use std::sync::Arc;

use super::classic::{ClassicGroup, State};
use super::coordinator::{Coordinator, Entry, Group};
use super::offsets::{Committed, Offsets};
use super::{Caller, GroupRecord, Outbox, Reading};
use crate::core::Now;
use crate::wire::messages::{
    OffsetCommitRequestData, OffsetCommitRequestPartition, OffsetCommitResponseData,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic, OffsetDeleteRequestData,
    OffsetDeleteResponseData, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
    OffsetFetchRequestGroup, OffsetFetchResponseGroup, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
};
use crate::wire::{ErrorCode, KafkaString, text};

/// The first version in which an unknown group is called that (KIP-848).
const GROUP_ID_NOT_FOUND_SINCE: i16 = 9;

impl Coordinator {
    /// Commits offsets: of a member, or, with generation -1, of somebody who is in no group while the group is empty
    /// or unknown. Topics and partitions that do not exist are to be taken out before; the name of each topic is to
    /// be there, its id from version 10 on.
    ///
    /// Any group id will do, even an empty one.
    pub(crate) fn commit(
        &mut self,
        now: Now,
        caller: Caller<'_>,
        request: &OffsetCommitRequestData,
        out: &mut Outbox,
    ) -> OffsetCommitResponseData {
        if let Err(error) = self.check_commit(now, caller, request, out) {
            return commit_error(request, error);
        }
        let max = self.settings().offset_metadata_max;
        let Some(id) = self.entry(request.group_id.as_str()).map(Entry::id) else {
            return commit_error(request, ErrorCode::GroupIdNotFound);
        };
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let metadata = partition.committed_metadata.as_ref();
                let result = fits(metadata, max);
                if result.is_ok() {
                    let retention_ms = request.retention_time_ms;
                    let committed = Committed {
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: metadata.map(|metadata| text(metadata.as_str())).unwrap_or_default(),
                        topic_id: topic.topic_id,
                        at_ms: now.wall_ms,
                        expires_at_ms: (retention_ms != -1).then(|| now.wall_ms.saturating_add(retention_ms)),
                    };
                    out.records.push(GroupRecord::Offset {
                        group: id.clone(),
                        topic: topic.name.as_str().into(),
                        partition: partition.partition_index,
                        committed: Some(committed),
                    });
                }
                commit_result(partition, result)
            });
            OffsetCommitResponseTopic {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partitions: partitions.collect(),
                ..Default::default()
            }
        });
        OffsetCommitResponseData { topics: topics.collect(), ..Default::default() }
    }

    fn check_commit(
        &mut self,
        now: Now,
        caller: Caller<'_>,
        request: &OffsetCommitRequestData,
        out: &mut Outbox,
    ) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        if self.entry(request.group_id.as_str()).is_none() {
            if generation >= 0 {
                return Err(if caller.version >= GROUP_ID_NOT_FOUND_SINCE {
                    ErrorCode::GroupIdNotFound
                } else {
                    ErrorCode::IllegalGeneration
                });
            }
            self.create(request.group_id.as_str(), now);
        }
        let member = request.member_id.as_str();
        self.with_group(now, request.group_id.as_str(), out, |Group::Classic(group), step| {
            group.check_commit(member, request.group_instance_id.as_ref(), generation)?;
            if matches!(group.state(), State::Stable | State::PreparingRebalance) {
                group.restart_session(member, step);
            }
            Ok(())
        })
        .unwrap_or(Err(ErrorCode::GroupIdNotFound))
    }

    /// The committed offsets of the named partitions, or of all. Where there is none, or one of a topic that had the
    /// same name, it is -1. From version 10 on, topics are to have both name and id in the request.
    ///
    /// Where stable offsets are asked for (KIP-447) they are the last that were written down, and the answer has to wait
    /// until these are committed. None are committed with a transaction.
    pub(crate) fn fetch(
        &self,
        request: &OffsetFetchRequestGroup,
        reading: Reading,
    ) -> OffsetFetchResponseGroup {
        let committed_to = match reading {
            Reading::Committed => self.committed_to,
            Reading::Written => i64::MAX,
        };
        let none = Offsets::default();
        let offsets = self.entry(request.group_id.as_str()).map_or(&none, |entry| &entry.offsets);
        let topics = match &request.topics {
            Some(topics) => topics
                .iter()
                .map(|topic| {
                    let name = topic.name.as_str();
                    let partitions = topic.partition_indexes.iter().map(|&index| {
                        let committed = offsets.get(name, index, committed_to);
                        fetched(index, committed.filter(|committed| committed.is_for(topic.topic_id)))
                    });
                    OffsetFetchResponseTopics {
                        name: topic.name.clone(),
                        topic_id: topic.topic_id,
                        partitions: partitions.collect(),
                        ..Default::default()
                    }
                })
                .collect(),
            None => offsets
                .topics(committed_to)
                .map(|(name, partitions)| OffsetFetchResponseTopics {
                    name: text(name),
                    partitions: partitions
                        .map(|(index, committed)| fetched(index, Some(committed)))
                        .collect(),
                    ..Default::default()
                })
                .filter(|topic| !topic.partitions.is_empty())
                .collect(),
        };
        OffsetFetchResponseGroup { group_id: request.group_id.clone(), topics, ..Default::default() }
    }

    /// Forgets committed offsets of topics that no member consumes. Topics and partitions that do not exist are to
    /// be taken out before.
    ///
    /// `INVALID_GROUP_ID` for an empty id, `GROUP_ID_NOT_FOUND`, `NON_EMPTY_GROUP` where the members are no
    /// consumers, `GROUP_SUBSCRIBED_TO_TOPIC` for a topic that is in use.
    pub(crate) fn offset_delete(
        &self,
        request: &OffsetDeleteRequestData,
        out: &mut Outbox,
    ) -> OffsetDeleteResponseData {
        let error =
            |error: ErrorCode| OffsetDeleteResponseData { error_code: error.code(), ..Default::default() };
        if request.group_id.is_empty() {
            return error(ErrorCode::InvalidGroupId);
        }
        let Some(entry) = self.entry(request.group_id.as_str()) else {
            return error(ErrorCode::GroupIdNotFound);
        };
        let Entry { group: Group::Classic(group), offsets, .. } = entry;
        if group.state() != State::Empty && !group.is_of_consumers() {
            return error(ErrorCode::NonEmptyGroup);
        }
        let topics = request.topics.iter().map(|topic| {
            let used = group.is_subscribed_to(topic.name.as_str());
            let partitions = topic.partitions.iter().map(|partition| {
                if !used && offsets.has(topic.name.as_str(), partition.partition_index) {
                    let name = topic.name.as_str().into();
                    out.records.push(forgotten(group.id(), &name, partition.partition_index));
                }
                let error = if used { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
                OffsetDeleteResponsePartition {
                    partition_index: partition.partition_index,
                    error_code: error.code(),
                    ..Default::default()
                }
            });
            OffsetDeleteResponseTopic {
                name: topic.name.clone(),
                partitions: partitions.collect(),
                ..Default::default()
            }
        });
        OffsetDeleteResponseData { topics: topics.collect(), ..Default::default() }
    }
}

impl ClassicGroup {
    /// Whether an offset may be committed in the name of this member, or of nobody.
    pub(super) fn check_commit(
        &self,
        member: &str,
        instance: Option<&KafkaString>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.state() == State::Empty {
            return Ok(());
        }
        if generation >= 0 || !member.is_empty() || instance.is_some() {
            self.check_member(member, instance)?;
            if generation != self.generation() {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else {
            return Err(ErrorCode::UnknownMemberId);
        }
        if self.state() == State::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }

    /// Since when an offset committed at a moment has not been needed; none while it may be.
    pub(super) fn unneeded_since_ms(&self, committed_at_ms: i64) -> Option<i64> {
        match (self.protocol_type(), self.state()) {
            (None, _) => Some(committed_at_ms),
            (Some(_), State::Empty) => Some(self.since_ms()),
            (Some(_), State::Stable) if self.is_of_consumers() && self.knows_subscription() => {
                Some(committed_at_ms)
            }
            (Some(_), _) => None,
        }
    }
}

/// The record by which an offset is forgotten.
pub(super) fn forgotten(group: &Arc<str>, topic: &Arc<str>, partition: i32) -> GroupRecord {
    GroupRecord::Offset { group: group.clone(), topic: topic.clone(), partition, committed: None }
}

/// Whether metadata is short enough; counted in UTF-16 units, as Java does.
fn fits(metadata: Option<&KafkaString>, max: i32) -> Result<(), ErrorCode> {
    let units = metadata.map_or(0, |metadata| metadata.as_str().encode_utf16().count());
    match usize::try_from(max) {
        Ok(max) if units <= max => Ok(()),
        _ => Err(ErrorCode::OffsetMetadataTooLarge),
    }
}

/// An OffsetCommit response with the same error for each partition.
pub(crate) fn commit_error(request: &OffsetCommitRequestData, error: ErrorCode) -> OffsetCommitResponseData {
    let topics = request.topics.iter().map(|topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partitions.iter().map(|partition| commit_result(partition, Err(error))).collect(),
        ..Default::default()
    });
    OffsetCommitResponseData { topics: topics.collect(), ..Default::default() }
}

fn commit_result(
    partition: &OffsetCommitRequestPartition,
    result: Result<(), ErrorCode>,
) -> OffsetCommitResponsePartition {
    OffsetCommitResponsePartition {
        partition_index: partition.partition_index,
        error_code: result.err().map_or(0, |error| error.code()),
        ..Default::default()
    }
}

fn fetched(index: i32, committed: Option<&Committed>) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: committed.map_or(-1, |committed| committed.offset),
        committed_leader_epoch: committed.map_or(-1, |committed| committed.leader_epoch),
        metadata: Some(committed.map(|committed| committed.metadata.clone()).unwrap_or_default()),
        ..Default::default()
    }
}
