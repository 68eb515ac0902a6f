//! The request of Produce: its record batches are looked through when it is read, outside of the cluster's lock.

use bytes::Bytes;
use kacrab_protocol::generated::ProduceRequestData;

use super::{ErrorCode, KafkaString, KafkaUuid, ProtocolError};
use crate::core::log::{CheckedRecords, MOST_DECOMPRESSED_BYTES, Recompression, RecordsFault};

/// A Produce request.
#[derive(Clone, Debug)]
pub(crate) struct ProduceRequest {
    /// 0, 1, or -1 for all in-sync replicas; as the client sent it.
    pub(crate) acks: i16,
    /// How long to wait for the in-sync replicas.
    pub(crate) timeout_ms: i32,
    /// What is produced.
    pub(crate) topics: Vec<TopicProduce>,
}

/// A topic of a Produce request.
#[derive(Clone, Debug)]
pub(crate) struct TopicProduce {
    /// Its name, up to version 12.
    pub(crate) name: KafkaString,
    /// Its id, from version 13.
    pub(crate) id: KafkaUuid,
    /// What goes to its partitions.
    pub(crate) partitions: Vec<PartitionProduce>,
}

/// A partition of a Produce request.
#[derive(Clone, Debug)]
pub(crate) struct PartitionProduce {
    /// Its number.
    pub(crate) index: i32,
    /// The record batches, or what is wrong with them.
    pub(crate) records: Result<CheckedRecords, RecordsFault>,
    /// The same compressed as the topic wants it, if otherwise than they came.
    pub(crate) recompressed: Option<Result<CheckedRecords, RecordsFault>>,
}

impl ProduceRequest {
    /// How many partitions it names.
    pub(super) fn partitions(&self) -> usize {
        self.topics.iter().map(|topic| topic.partitions.len()).sum()
    }

    /// Whether any of the batches is part of a transaction.
    pub(crate) fn has_transactional_records(&self) -> bool {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions
            .filter_map(|partition| partition.records.as_ref().ok())
            .any(|records| records.header().is_transactional())
    }

    /// Compresses records anew, by what each topic wants for its partitions, of which there are so many.
    pub(crate) fn recompress(&mut self, wanted: &[Option<(Recompression, usize)>]) {
        for (topic, wanted) in self.topics.iter_mut().zip(wanted) {
            let Some((to, partitions)) = *wanted else { continue };
            let is_there = |index: i32| usize::try_from(index).is_ok_and(|index| index < partitions);
            for partition in topic.partitions.iter_mut().filter(|partition| is_there(partition.index)) {
                if let Ok(records) = partition.records.as_ref()
                    && records.needs(to)
                {
                    partition.recompressed = Some(records.recompressed(to));
                }
            }
        }
    }

    /// Whether any records are refused because they are too many bytes, which may be more than there was room for.
    pub(super) fn has_too_large_records(&self) -> bool {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions
            .filter_map(|partition| partition.records.as_ref().err())
            .any(|fault| fault.error == ErrorCode::MessageTooLarge)
    }

    pub(super) fn read(frame: &mut Bytes, version: i16) -> Result<Self, ProtocolError> {
        Self::read_within(frame, version, MOST_DECOMPRESSED_BYTES)
    }

    /// Decompresses no more than so many bytes.
    pub(super) fn read_within(
        frame: &mut Bytes,
        version: i16,
        mut budget: u64,
    ) -> Result<Self, ProtocolError> {
        let data = ProduceRequestData::read(frame, version)?;
        let topics = data.topic_data.into_iter().map(|topic| TopicProduce {
            name: topic.name,
            id: topic.topic_id,
            partitions: topic
                .partition_data
                .into_iter()
                .map(|partition| PartitionProduce {
                    index: partition.index,
                    records: CheckedRecords::check_at(
                        partition.records.unwrap_or_default(),
                        version,
                        &mut budget,
                    ),
                    recompressed: None,
                })
                .collect(),
        });
        Ok(Self { acks: data.acks, timeout_ms: data.timeout_ms, topics: topics.collect() })
    }
}
