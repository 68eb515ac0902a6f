//! TxnOffsetCommit, and the end of its transaction.

use super::commit::{By, fits, keeps};
use super::coordinator::{Coordinator, Group};
use super::{GroupEvent, Outbox};
use crate::core::Now;
use crate::wire::messages::{
    TxnOffsetCommitRequestData, TxnOffsetCommitResponseData, TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
};
use crate::wire::{ErrorCode, KafkaUuid};

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionEnd {
    /// What it did counts.
    Committed,
    /// It counts for nothing.
    Aborted,
}

impl Coordinator {
    /// Commits offsets once the producer's transaction is. Producer id and epoch, topics and partitions are to be
    /// checked before.
    ///
    /// `INVALID_GROUP_ID` for an empty id; `ILLEGAL_GENERATION` for an unknown group with a generation; otherwise as
    /// OffsetCommit, but for callers that say neither member nor generation, and during a rebalance.
    pub(crate) fn commit_in_transaction(
        &mut self,
        now: Now,
        request: &TxnOffsetCommitRequestData,
        out: &mut Outbox,
    ) -> TxnOffsetCommitResponseData {
        let checked = self.check_transaction(now, request, out);
        let max = self.settings().offset_metadata_max;
        let mut entry = self.entry_mut(request.group_id.as_str());
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let metadata = partition.committed_metadata.as_ref();
                let result = checked.and_then(|()| fits(metadata, max));
                if let (Ok(()), Some((_, entry))) = (result, &mut entry) {
                    let committed = keeps(
                        now,
                        KafkaUuid::ZERO,
                        partition.committed_offset,
                        partition.committed_leader_epoch,
                        metadata,
                    );
                    let (topic, index) = (topic.name.as_str(), partition.partition_index);
                    entry.offsets.put_pending(request.producer_id, topic, index, committed);
                }
                TxnOffsetCommitResponsePartition {
                    partition_index: partition.partition_index,
                    error_code: result.err().map_or(0, |error| error.code()),
                    ..Default::default()
                }
            });
            TxnOffsetCommitResponseTopic {
                name: topic.name.clone(),
                partitions: partitions.collect(),
                ..Default::default()
            }
        });
        TxnOffsetCommitResponseData { topics: topics.collect(), ..Default::default() }
    }

    fn check_transaction(
        &mut self,
        now: Now,
        request: &TxnOffsetCommitRequestData,
        out: &mut Outbox,
    ) -> Result<(), ErrorCode> {
        let id = request.group_id.as_str();
        if id.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        if self.entry(id).is_none() {
            if request.generation_id >= 0 {
                return Err(ErrorCode::IllegalGeneration);
            }
            self.create(id, now);
        }
        self.with_group(now, id, out, |Group::Classic(group), _| {
            let instance = request.group_instance_id.as_ref();
            group.check_commit(request.member_id.as_str(), instance, request.generation_id, By::Transaction)
        })
        .unwrap_or(Err(ErrorCode::IllegalGeneration))
    }

    /// A producer's transaction has ended: its marker was written to this partition of `__consumer_offsets`.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, end: TransactionEnd, out: &mut Outbox) {
        self.each_offsets(|group, offsets| match end {
            TransactionEnd::Aborted => offsets.abort_pending(producer_id),
            TransactionEnd::Committed => {
                let counts = offsets.commit_pending(producer_id);
                out.events.extend(counts.into_iter().map(|(topic, partition, offset)| {
                    GroupEvent::Committed { group: group.clone(), topic, partition, offset }
                }));
            }
        });
    }
}
