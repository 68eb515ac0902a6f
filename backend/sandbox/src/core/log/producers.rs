//! What a partition remembers of its idempotent and transactional producers (KIP-98).

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::batch::{BatchHeader, decrement_sequence};
use super::markers::EndTxnMarker;
use crate::wire::ErrorCode;

/// How many batches of a producer are remembered, so that they are known when they come again.
const BATCHES_KEPT: usize = 5;
const NO_EPOCH: i16 = -1;
const NO_SEQUENCE: i32 = -1;

/// What is to be done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is appended.
    Append,
    /// It is there already: the response is that of the first time.
    Duplicate {
        /// The offset of its first record.
        base_offset: i64,
        /// The offset of its last record.
        last_offset: i64,
        /// The latest timestamp of the batch, which Apache Kafka puts here whatever the timestamp type.
        log_append_time_ms: i64,
    },
    /// It is refused.
    Refuse(ErrorCode),
}

/// A batch that a producer appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BatchMeta {
    last_sequence: i32,
    last_offset: i64,
    offset_delta: i32,
    timestamp: i64,
}

impl BatchMeta {
    fn first_sequence(&self) -> i32 {
        decrement_sequence(self.last_sequence, self.offset_delta)
    }

    fn first_offset(&self) -> i64 {
        self.last_offset - i64::from(self.offset_delta)
    }
}

/// A producer of a partition.
#[derive(Clone, Debug)]
struct Producer {
    epoch: i16,
    batches: VecDeque<BatchMeta>,
    coordinator_epoch: i32,
    last_timestamp: i64,
    txn_first_offset: Option<i64>,
}

impl Producer {
    fn new() -> Self {
        Self {
            epoch: NO_EPOCH,
            batches: VecDeque::new(),
            coordinator_epoch: -1,
            last_timestamp: -1,
            txn_first_offset: None,
        }
    }

    fn last_sequence(&self) -> i32 {
        self.batches.back().map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    fn set_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.batches.clear();
            self.epoch = epoch;
        }
    }
}

/// A producer, as DescribeProducers tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerDescription {
    /// Its id.
    pub(crate) producer_id: i64,
    /// Its epoch.
    pub(crate) epoch: i16,
    /// Of its last batch, or -1.
    pub(crate) last_sequence: i32,
    /// Of its last batch or marker, or -1.
    pub(crate) last_timestamp: i64,
    /// Of the coordinator that ended its last transaction, or -1.
    pub(crate) coordinator_epoch: i32,
    /// Where its transaction began, if one is open.
    pub(crate) txn_start_offset: Option<i64>,
}

/// The producers of a partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProducerStates {
    producers: HashMap<i64, Producer>,
    /// Where the open transactions began.
    open_txns: BTreeSet<i64>,
}

impl ProducerStates {
    /// What is to be done with a batch of a client, by Apache Kafka's rules.
    pub(crate) fn check(&self, batch: &BatchHeader) -> Verdict {
        if !batch.has_producer_id() {
            return Verdict::Append;
        }
        let Some(producer) = self.producers.get(&batch.producer_id) else {
            let is_before_all = batch.producer_epoch < NO_EPOCH;
            return if is_before_all {
                Verdict::Refuse(ErrorCode::InvalidProducerEpoch)
            } else {
                Verdict::Append
            };
        };
        if batch.producer_epoch == producer.epoch {
            let (first, last) = (batch.base_sequence, batch.last_sequence());
            let duplicate = producer
                .batches
                .iter()
                .find(|known| known.first_sequence() == first && known.last_sequence == last);
            if let Some(known) = duplicate {
                return Verdict::Duplicate {
                    base_offset: known.first_offset(),
                    last_offset: known.last_offset,
                    log_append_time_ms: known.timestamp,
                };
            }
        }
        if batch.producer_epoch < producer.epoch {
            return Verdict::Refuse(ErrorCode::InvalidProducerEpoch);
        }
        let is_in_sequence = if batch.producer_epoch == producer.epoch {
            producer.epoch == NO_EPOCH || follows(producer.last_sequence(), batch.base_sequence)
        } else {
            batch.base_sequence == 0 || producer.epoch == NO_EPOCH
        };
        if !is_in_sequence {
            return Verdict::Refuse(ErrorCode::OutOfOrderSequenceNumber);
        }
        if producer.txn_first_offset.is_some() && !batch.is_transactional() {
            return Verdict::Refuse(ErrorCode::InvalidTxnState);
        }
        Verdict::Append
    }

    /// Notes a batch that was appended, by a client or from the leader.
    pub(crate) fn append(&mut self, batch: &BatchHeader, marker: Option<EndTxnMarker>) {
        if !batch.has_producer_id() {
            return;
        }
        if batch.is_control() {
            let Some(marker) = marker else { return };
            let producer = self.producers.entry(batch.producer_id).or_insert_with(Producer::new);
            producer.set_epoch(batch.producer_epoch);
            producer.coordinator_epoch = marker.coordinator_epoch;
            if let Some(first_offset) = producer.txn_first_offset.take() {
                self.open_txns.remove(&first_offset);
            }
            producer.last_timestamp = marker.timestamp;
            return;
        }
        let producer = self.producers.entry(batch.producer_id).or_insert_with(Producer::new);
        producer.set_epoch(batch.producer_epoch);
        if producer.batches.len() == BATCHES_KEPT {
            producer.batches.pop_front();
        }
        producer.batches.push_back(BatchMeta {
            last_sequence: batch.last_sequence(),
            last_offset: batch.last_offset(),
            offset_delta: batch.last_offset_delta,
            timestamp: batch.max_timestamp,
        });
        producer.last_timestamp = batch.max_timestamp;
        if batch.is_transactional() {
            let first_offset = producer.txn_first_offset.get_or_insert(batch.base_offset);
            self.open_txns.insert(*first_offset);
        }
    }

    /// What Apache Kafka writes down of them: of the batches of each producer only the last.
    pub(super) fn snapshot(&self) -> Self {
        let last_only = |producer: &Producer| Producer {
            batches: producer.batches.back().copied().into_iter().collect(),
            ..producer.clone()
        };
        Self {
            producers: self.producers.iter().map(|(&id, producer)| (id, last_only(producer))).collect(),
            open_txns: self.open_txns.clone(),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.producers.is_empty()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Forgets the producers that have appended nothing for `producer.id.expiration.ms`, except in a transaction.
    pub(crate) fn expire(&mut self, now_wall_ms: i64, expiration_ms: i64) {
        self.producers.retain(|_, producer| {
            producer.txn_first_offset.is_some()
                || now_wall_ms.wrapping_sub(producer.last_timestamp) < expiration_ms
        });
    }

    /// All of them, ordered by id.
    pub(crate) fn describe(&self) -> Vec<ProducerDescription> {
        let mut all: Vec<_> = self
            .producers
            .iter()
            .map(|(&producer_id, producer)| ProducerDescription {
                producer_id,
                epoch: producer.epoch,
                last_sequence: producer.last_sequence(),
                last_timestamp: producer.last_timestamp,
                coordinator_epoch: producer.coordinator_epoch,
                txn_start_offset: producer.txn_first_offset,
            })
            .collect();
        all.sort_unstable_by_key(|producer| producer.producer_id);
        all
    }

    /// Where the earliest open transaction began.
    pub(crate) fn first_open_txn_offset(&self) -> Option<i64> {
        self.open_txns.first().copied()
    }
}

fn follows(last: i32, next: i32) -> bool {
    i64::from(next) == i64::from(last) + 1 || (next == 0 && last == i32::MAX)
}
