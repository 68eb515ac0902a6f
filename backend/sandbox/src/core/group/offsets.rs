//! The offsets that a group committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::wire::{KafkaString, KafkaUuid};

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The offset of the next record to be read.
    pub(in crate::core) offset: i64,
    /// The leader epoch of the record before it; -1 where the client did not say.
    pub(super) leader_epoch: i32,
    /// Whatever the client wanted to be kept with it.
    pub(super) metadata: KafkaString,
    /// The topic that the client meant; zero where it knew only the name.
    pub(in crate::core) topic_id: KafkaUuid,
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

/// The offset of a partition, and what it was before, as long as the last change of it is not committed in the log.
#[derive(Clone, Debug, Default)]
struct History {
    now: Option<Committed>,
    /// Where in the log the last change of it ends.
    written_to: i64,
    before: Vec<(i64, Option<Committed>)>,
}

impl History {
    /// What it was when the log was committed up to there.
    fn at(&self, committed_to: i64) -> Option<&Committed> {
        if self.written_to <= committed_to {
            return self.now.as_ref();
        }
        let before = self.before.iter().rev().find(|(written_to, _)| *written_to <= committed_to);
        before.and_then(|(_, committed)| committed.as_ref())
    }

    /// Each change that is still known, the first one first: where in the log it ends, and what it was then.
    fn changes(&self) -> impl Iterator<Item = (i64, Option<&Committed>)> {
        let before = self.before.iter().map(|(written_to, committed)| (*written_to, committed.as_ref()));
        before.chain(std::iter::once((self.written_to, self.now.as_ref())))
    }

    /// Forgets what it was before the last change that is committed.
    fn settle(&mut self, committed_to: i64) {
        if self.written_to <= committed_to {
            self.before = Vec::new();
        } else if let Some(last) = self.before.iter().rposition(|(written_to, _)| *written_to <= committed_to)
        {
            self.before.drain(..last);
        }
    }

    fn is_nothing(&self) -> bool {
        self.now.is_none() && self.before.is_empty()
    }
}

/// By topic and partition.
type Topics = BTreeMap<Arc<str>, BTreeMap<i32, History>>;

/// The offsets of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Offsets {
    topics: Topics,
}

impl Offsets {
    /// The offset of a partition when the log was committed up to `committed_to`.
    pub(super) fn get(&self, topic: &str, partition: i32, committed_to: i64) -> Option<&Committed> {
        self.topics.get(topic)?.get(&partition)?.at(committed_to)
    }

    /// Whether there is an offset of a partition, by the last word.
    pub(super) fn has(&self, topic: &str, partition: i32) -> bool {
        self.get(topic, partition, i64::MAX).is_some()
    }

    /// Takes in what was written to the log up to `written_to`; that it is committed up to `committed_to` is known.
    pub(super) fn put(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
        committed: Option<Committed>,
        written_to: i64,
        committed_to: i64,
    ) {
        let partitions = self.topics.entry(Arc::clone(topic)).or_default();
        let history = partitions.entry(partition).or_default();
        let before = std::mem::replace(&mut history.now, committed);
        history.before.push((history.written_to, before));
        history.written_to = written_to;
        history.settle(committed_to);
        if history.is_nothing() {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// The offsets that are committed by the log's being committed up to `to`, and were not by `from`: where in the log
    /// each ends, its topic, partition and offset. To be asked for before they [settle](Self::settle).
    pub(super) fn committed_between(
        &self,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = (i64, &Arc<str>, i32, i64)> {
        let histories = self.topics.iter().flat_map(|(topic, partitions)| {
            partitions.iter().map(move |(partition, history)| (topic, *partition, history))
        });
        histories.flat_map(move |(topic, partition, history)| {
            let changes =
                history.changes().filter(move |(written_to, _)| (from + 1..=to).contains(written_to));
            changes.filter_map(move |(written_to, committed)| {
                Some((written_to, topic, partition, committed?.offset))
            })
        })
    }

    /// The log is committed up to there.
    pub(super) fn settle(&mut self, committed_to: i64) {
        self.topics.retain(|_, partitions| {
            partitions.retain(|_, history| {
                history.settle(committed_to);
                !history.is_nothing()
            });
            !partitions.is_empty()
        });
    }

    /// Whether some of it is written but not committed.
    pub(super) fn is_unsettled(&self) -> bool {
        self.topics.values().flat_map(BTreeMap::values).any(|history| !history.before.is_empty())
    }

    /// All that is there by the last word.
    pub(super) fn latest(&self) -> impl Iterator<Item = (&Arc<str>, i32, &Committed)> {
        self.topics.iter().flat_map(|(name, partitions)| {
            partitions.iter().filter_map(move |(index, history)| Some((name, *index, history.now.as_ref()?)))
        })
    }

    /// All that is committed, topics by name and partitions by number; topics of which nothing is may be among them.
    pub(super) fn topics(
        &self,
        committed_to: i64,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = (i32, &Committed)> + use<'_>)> {
        self.topics.iter().map(move |(name, partitions)| {
            let committed = partitions
                .iter()
                .filter_map(move |(index, history)| Some((*index, history.at(committed_to)?)));
            (&**name, committed)
        })
    }
}
