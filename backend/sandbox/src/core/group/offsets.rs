//! The offsets that a group committed, and those that open transactions are about to.

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

/// An offset, and which of the group's commits it was.
#[derive(Clone, Debug)]
struct Numbered {
    committed: Committed,
    number: u64,
}

type Topics<T> = BTreeMap<Arc<str>, BTreeMap<i32, T>>;

/// The offsets of a group, by topic and partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Offsets {
    committed: Topics<Numbered>,
    /// What open transactions committed, by producer id.
    pending: BTreeMap<i64, Topics<Numbered>>,
    commits: u64,
}

impl Offsets {
    /// Whether nothing is committed, nor about to be.
    pub(super) fn is_empty(&self) -> bool {
        self.committed.is_empty() && self.pending.is_empty()
    }

    pub(super) fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        Some(&self.committed.get(topic)?.get(&partition)?.committed)
    }

    /// Whether an open transaction committed an offset for the partition.
    pub(super) fn is_unstable(&self, topic: &str, partition: i32) -> bool {
        self.pending
            .values()
            .any(|topics| topics.get(topic).is_some_and(|partitions| partitions.contains_key(&partition)))
    }

    /// Keeps an offset in place of an earlier one; gives back the topic's name, shared.
    pub(super) fn put(&mut self, topic: &str, partition: i32, committed: Committed) -> Arc<str> {
        self.commits += 1;
        put(&mut self.committed, topic, partition, Numbered { committed, number: self.commits })
    }

    /// Keeps an offset until the transaction ends.
    pub(super) fn put_pending(&mut self, producer: i64, topic: &str, partition: i32, committed: Committed) {
        self.commits += 1;
        let topics = self.pending.entry(producer).or_default();
        put(topics, topic, partition, Numbered { committed, number: self.commits });
    }

    /// Commits what a transaction left, where nothing was committed after it; gives back what now counts.
    pub(super) fn commit_pending(&mut self, producer: i64) -> Vec<(Arc<str>, i32, i64)> {
        let mut counts = Vec::new();
        for (topic, partitions) in self.pending.remove(&producer).unwrap_or_default() {
            for (partition, pending) in partitions {
                let existing = self.committed.get(&topic).and_then(|partitions| partitions.get(&partition));
                if existing.is_none_or(|existing| existing.number < pending.number) {
                    let offset = pending.committed.offset;
                    let topic = put(&mut self.committed, &topic, partition, pending);
                    counts.push((topic, partition, offset));
                }
            }
        }
        counts
    }

    /// Forgets what a transaction left.
    pub(super) fn abort_pending(&mut self, producer: i64) {
        self.pending.remove(&producer);
    }

    /// Forgets the offset of a partition, and those that open transactions committed for it.
    pub(super) fn remove(&mut self, topic: &str, partition: i32) {
        remove(&mut self.committed, topic, partition);
        self.pending.retain(|_, topics| {
            remove(topics, topic, partition);
            !topics.is_empty()
        });
    }

    /// Forgets the offsets for which this does not hold, of open transactions too.
    pub(super) fn retain(&mut self, keep: impl Fn(&str, i32, &Committed) -> bool) {
        retain(&mut self.committed, &keep);
        self.pending.retain(|_, topics| {
            retain(topics, &keep);
            !topics.is_empty()
        });
    }

    /// Forgets the committed offsets for which this does not hold, unless a transaction is about to replace them.
    pub(super) fn retain_stable(&mut self, keep: impl Fn(&str, i32, &Committed) -> bool) {
        let mut committed = std::mem::take(&mut self.committed);
        retain(&mut committed, |topic, partition, offset| {
            keep(topic, partition, offset) || self.is_unstable(topic, partition)
        });
        self.committed = committed;
    }

    /// All that is committed, topics by name and partitions by number.
    pub(super) fn topics(
        &self,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = (i32, &Committed)> + use<'_>)> {
        self.committed.iter().map(|(name, partitions)| {
            (&**name, partitions.iter().map(|(index, numbered)| (*index, &numbered.committed)))
        })
    }
}

fn put(topics: &mut Topics<Numbered>, topic: &str, partition: i32, offset: Numbered) -> Arc<str> {
    let name = topics.get_key_value(topic).map_or_else(|| topic.into(), |(name, _)| name.clone());
    topics.entry(name.clone()).or_default().insert(partition, offset);
    name
}

fn remove(topics: &mut Topics<Numbered>, topic: &str, partition: i32) {
    if let Some(partitions) = topics.get_mut(topic) {
        partitions.remove(&partition);
        if partitions.is_empty() {
            topics.remove(topic);
        }
    }
}

fn retain(topics: &mut Topics<Numbered>, keep: impl Fn(&str, i32, &Committed) -> bool) {
    topics.retain(|topic, partitions| {
        partitions.retain(|index, numbered| keep(topic, *index, &numbered.committed));
        !partitions.is_empty()
    });
}
