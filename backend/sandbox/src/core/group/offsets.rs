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

/// The offsets of a group, by topic and partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Offsets {
    topics: BTreeMap<Arc<str>, BTreeMap<i32, Committed>>,
}

impl Offsets {
    pub(super) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(super) fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.topics.get(topic)?.get(&partition)
    }

    /// Keeps an offset in place of an earlier one; gives back the topic's name, shared.
    pub(super) fn put(&mut self, topic: &str, partition: i32, committed: Committed) -> Arc<str> {
        let name = self.topics.get_key_value(topic).map_or_else(|| topic.into(), |(name, _)| name.clone());
        self.topics.entry(name.clone()).or_default().insert(partition, committed);
        name
    }

    pub(super) fn remove(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// Forgets those for which this does not hold.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &Committed) -> bool) {
        self.topics.retain(|topic, partitions| {
            partitions.retain(|_, committed| keep(topic, committed));
            !partitions.is_empty()
        });
    }

    /// All of them, topics by name and partitions by number.
    pub(super) fn topics(&self) -> impl Iterator<Item = (&str, &BTreeMap<i32, Committed>)> {
        self.topics.iter().map(|(name, partitions)| (&**name, partitions))
    }
}
