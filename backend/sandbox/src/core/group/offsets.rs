//! The offsets that a group committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::wire::{KafkaString, KafkaUuid};

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    /// The offset of the next record to be read.
    pub(super) offset: i64,
    /// The leader epoch of the record before it; -1 where the client did not say.
    pub(super) leader_epoch: i32,
    /// Whatever the client wanted to be kept with it.
    pub(super) metadata: KafkaString,
    /// The topic that the client meant; zero where it knew only the name.
    pub(super) topic_id: KafkaUuid,
    /// When it was committed, by the wall clock.
    pub(super) at_ms: i64,
    /// When it may be forgotten, if the client said (OffsetCommit up to version 4).
    pub(super) expires_at_ms: Option<i64>,
}

impl Committed {
    /// Whether it may be forgotten, given since when it has not been needed.
    pub(super) fn has_expired(&self, unneeded_since_ms: i64, retention_ms: i64, now_ms: i64) -> bool {
        match self.expires_at_ms {
            Some(at) => now_ms >= at,
            None => now_ms.saturating_sub(unneeded_since_ms) >= retention_ms,
        }
    }

    /// Whether it is one for the topic with this id; zero is any.
    pub(super) fn is_for(&self, topic_id: KafkaUuid) -> bool {
        self.topic_id == KafkaUuid::ZERO || topic_id == KafkaUuid::ZERO || self.topic_id == topic_id
    }
}

/// By topic and partition.
type Topics = BTreeMap<Arc<str>, BTreeMap<i32, Committed>>;

/// The offsets of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Offsets {
    committed: Topics,
}

impl Offsets {
    /// Whether nothing is committed.
    pub(super) fn is_empty(&self) -> bool {
        self.committed.is_empty()
    }

    pub(super) fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.committed.get(topic)?.get(&partition)
    }

    /// Keeps an offset in place of an earlier one; gives back the topic's name, shared.
    pub(super) fn put(&mut self, topic: &str, partition: i32, committed: Committed) -> Arc<str> {
        let known = self.committed.get_key_value(topic);
        let name = known.map_or_else(|| topic.into(), |(name, _)| Arc::clone(name));
        self.committed.entry(Arc::clone(&name)).or_default().insert(partition, committed);
        name
    }

    /// Forgets the offset of a partition.
    pub(super) fn remove(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.committed.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.committed.remove(topic);
            }
        }
    }

    /// Forgets the offsets for which this does not hold.
    pub(super) fn retain(&mut self, keep: impl Fn(&str, i32, &Committed) -> bool) {
        self.committed.retain(|topic, partitions| {
            partitions.retain(|index, committed| keep(topic, *index, committed));
            !partitions.is_empty()
        });
    }

    /// All that is committed, topics by name and partitions by number.
    pub(super) fn topics(
        &self,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = (i32, &Committed)> + use<'_>)> {
        self.committed.iter().map(|(name, partitions)| {
            (&**name, partitions.iter().map(|(index, committed)| (*index, committed)))
        })
    }
}
