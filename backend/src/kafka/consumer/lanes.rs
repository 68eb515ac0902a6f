//! Where one consumer is in each of its partitions. Pure: told what happened, asked what is so.

use std::collections::BTreeMap;

use shared::kafka::{Lane, PartitionOffset, TopicName, TopicPartition};

use super::context::Partition;

/// The partitions of one consumer.
#[derive(Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<Partition, State>,
    told: Vec<Lane>,
}

struct State {
    topic: TopicName,
    committed: Option<i64>,
    /// The next offset that is handed out, where it is known.
    position: Option<i64>,
    /// The same, where this consumer has handed out a record.
    handed_out: Option<i64>,
    /// The end that was told last.
    end_told: Option<i64>,
    log_start: Option<i64>,
    high_watermark: Option<i64>,
}

impl Lanes {
    /// The group gave the consumer a partition.
    pub(super) fn assign(&mut self, partition: Partition, topic: TopicName, committed: Option<i64>) {
        let state = State {
            topic,
            committed,
            position: committed,
            handed_out: None,
            end_told: None,
            log_start: None,
            high_watermark: None,
        };
        self.lanes.insert(partition, state);
    }

    /// The group took it.
    pub(super) fn revoke(&mut self, partition: &Partition) {
        self.lanes.remove(partition);
    }

    /// The partitions there are.
    pub(super) fn partitions(&self) -> Vec<Partition> {
        self.lanes.keys().cloned().collect()
    }

    /// Log start offset and high watermark, where they are known.
    pub(super) fn ends(
        &mut self,
        partition: &Partition,
        log_start: Option<i64>,
        high_watermark: Option<i64>,
    ) {
        if let Some(state) = self.lanes.get_mut(partition) {
            state.log_start = log_start.or(state.log_start);
            state.high_watermark = high_watermark.or(state.high_watermark);
        }
    }

    /// A record was handed out.
    pub(super) fn handed_out(&mut self, topic: &str, partition: i32, offset: i64) {
        if let Some(state) = self.lanes.get_mut(&(topic.to_owned(), partition)) {
            state.position = Some(offset + 1);
            state.handed_out = Some(offset + 1);
        }
    }

    /// These offsets were committed.
    pub(super) fn committed(&mut self, offsets: &[(Partition, i64)]) {
        for (partition, offset) in offsets {
            if let Some(state) = self.lanes.get_mut(partition) {
                state.committed = Some(*offset);
            }
        }
    }

    /// What was handed out and is not committed.
    pub(super) fn uncommitted(&self) -> Vec<(Partition, i64)> {
        let open = |(partition, state): (&Partition, &State)| match state.handed_out {
            Some(next) if state.committed != Some(next) => Some((partition.clone(), next)),
            _ => None,
        };
        self.lanes.iter().filter_map(open).collect()
    }

    /// The end of a partition of this number was reached: which one it is, since librdkafka's event does not carry
    /// the topic. It is the one whose position is its high watermark, and whose end was not told yet.
    pub(super) fn end_reached(&mut self, number: i32) -> Option<(TopicPartition, i64)> {
        let end = |state: &State| state.position.or(state.high_watermark);
        let at_end = |state: &State| end(state) == state.high_watermark && state.end_told != end(state);
        let candidates = self.lanes.iter().filter(|((_, of), _)| *of == number);
        let found = candidates.clone().find(|(_, state)| at_end(state)).or_else(|| {
            // Behind the last record there may be markers of transactions.
            candidates.clone().find(|(_, state)| state.end_told != end(state))
        });
        let partition = found?.0.clone();
        let state = self.lanes.get_mut(&partition)?;
        let offset = end(state)?;
        state.end_told = Some(offset);
        state.position = Some(offset);
        Some((TopicPartition { topic: state.topic.clone(), partition: number }, offset))
    }

    /// The lanes, if they differ from those told last.
    pub(super) fn news(&mut self) -> Option<Vec<Lane>> {
        let lanes: Vec<_> = self
            .lanes
            .iter()
            .map(|((_, partition), state)| Lane {
                topic: state.topic.clone(),
                partition: *partition,
                log_start: state.log_start,
                committed: state.committed,
                position: state.position,
                high_watermark: state.high_watermark,
            })
            .collect();
        if lanes == self.told {
            return None;
        }
        self.told.clone_from(&lanes);
        Some(lanes)
    }
}

/// Offsets in the learner's names; those of foreign topics are left out.
pub(super) fn named(
    offsets: &[(Partition, i64)],
    name: impl Fn(&str) -> Option<TopicName>,
) -> Vec<PartitionOffset> {
    offsets
        .iter()
        .filter_map(|((topic, partition), offset)| {
            Some(PartitionOffset { topic: name(topic)?, partition: *partition, offset: Some(*offset) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(partitions: &[(&str, i32)]) -> Lanes {
        let mut lanes = Lanes::default();
        for (topic, partition) in partitions {
            lanes.assign(((*topic).to_owned(), *partition), TopicName::parse(topic).unwrap(), None);
        }
        lanes
    }

    fn partition(topic: &str, number: i32) -> Partition {
        (topic.to_owned(), number)
    }

    #[test]
    fn only_what_was_handed_out_can_be_committed_and_only_once() {
        let mut lanes = lanes(&[("a", 0), ("a", 1)]);
        assert!(lanes.uncommitted().is_empty());
        lanes.handed_out("a", 1, 41);
        let open = lanes.uncommitted();
        assert_eq!(open, [(partition("a", 1), 42)]);
        lanes.committed(&open);
        assert!(lanes.uncommitted().is_empty());
        lanes.handed_out("a", 1, 42);
        assert_eq!(lanes.uncommitted(), [(partition("a", 1), 43)]);
        lanes.revoke(&partition("a", 1));
        assert!(lanes.uncommitted().is_empty());
    }

    #[test]
    fn the_end_is_told_of_the_topic_that_reached_it() {
        let mut lanes = lanes(&[("a", 0), ("b", 0)]);
        lanes.ends(&partition("a", 0), Some(0), Some(10));
        lanes.ends(&partition("b", 0), Some(0), Some(3));
        lanes.handed_out("a", 0, 4);
        lanes.handed_out("b", 0, 2);
        let (end, offset) = lanes.end_reached(0).unwrap();
        assert_eq!((end.topic.as_str(), offset), ("b", 3));
        lanes.handed_out("a", 0, 9);
        let (end, offset) = lanes.end_reached(0).unwrap();
        assert_eq!((end.topic.as_str(), offset), ("a", 10));
        assert!(lanes.end_reached(1).is_none());
    }

    #[test]
    fn the_end_of_an_empty_partition_is_its_high_watermark() {
        let mut lanes = lanes(&[("a", 2)]);
        lanes.ends(&partition("a", 2), Some(0), Some(0));
        assert_eq!(lanes.end_reached(2).unwrap().1, 0);
    }

    #[test]
    fn lanes_are_news_only_when_they_changed() {
        let mut lanes = lanes(&[("a", 0)]);
        assert!(lanes.news().is_some());
        assert!(lanes.news().is_none());
        lanes.ends(&partition("a", 0), None, Some(7));
        assert_eq!(lanes.news().unwrap()[0].high_watermark, Some(7));
        lanes.ends(&partition("a", 0), None, None);
        assert!(lanes.news().is_none());
        lanes.revoke(&partition("a", 0));
        assert_eq!(lanes.news(), Some(Vec::new()));
    }
}
