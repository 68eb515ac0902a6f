//! A running consumer as the page knows it, until long after it is gone.

use std::collections::{BTreeMap, BTreeSet};

use shared::event::CloseReason;
use shared::kafka::{Lane, TopicName, TopicPartition};
use shared::{ConsumerEvent, ConsumerId};

use super::request::Row;
use super::ring::Ring;

/// A member of a group that this page started.
#[derive(Debug)]
pub(crate) struct Consumer {
    /// Its id.
    pub(crate) id: ConsumerId,
    /// The how-manieth of its group on this page, from 1.
    pub(crate) number: usize,
    /// Its partitions, by topic and number. Those it lost stay until it is given others.
    pub(crate) lanes: BTreeMap<(TopicName, i32), Lane>,
    /// The partitions that it has now; `None` before the first rebalance.
    pub(crate) assigned: Option<BTreeSet<(TopicName, i32)>>,
    /// How many records it got.
    pub(crate) records: u64,
    /// Why it is gone, if it is.
    pub(crate) closed: Option<CloseReason>,
    /// When the page heard that, in its own milliseconds.
    pub(crate) closed_ms: Option<f64>,
    /// How its group takes its crash.
    pub(crate) crash: Option<Crash>,
}

/// A group that still counts on a crashed member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Crash {
    /// How long ago it crashed when the server last said so, in milliseconds.
    pub(crate) waited_ms: u64,
    /// When the page heard that, in its own milliseconds.
    pub(crate) heard_ms: f64,
    /// After how long without a heartbeat the coordinator gives it up, in milliseconds.
    pub(crate) session_timeout_ms: u64,
    /// How long the group took to notice, once it has; `None`: it has not.
    pub(crate) gone_after_ms: Option<u64>,
    /// Whether the page no longer follows.
    pub(crate) lost_sight: bool,
}

impl Consumer {
    /// One that has just been started.
    pub(crate) fn new(id: ConsumerId, number: usize) -> Self {
        Self {
            id,
            number,
            lanes: BTreeMap::new(),
            assigned: None,
            records: 0,
            closed: None,
            closed_ms: None,
            crash: None,
        }
    }

    /// Whether it runs, or its group still counts on it.
    pub(crate) fn is_live(&self) -> bool {
        self.closed.is_none()
            || self.crash.is_some_and(|crash| crash.gone_after_ms.is_none() && !crash.lost_sight)
    }

    /// Folds in what happened; rows go to `rows`.
    pub(crate) fn apply(&mut self, event: ConsumerEvent, rows: &mut Ring<Row>) {
        match event {
            ConsumerEvent::Record(record) => {
                self.records += 1;
                if let Some(lane) = self.lanes.get_mut(&(record.topic.clone(), record.partition)) {
                    lane.position = lane.position.max(Some(record.offset + 1));
                }
                rows.push(Row::Record(Box::new(record)));
            }
            ConsumerEvent::Assigned { partitions } => {
                let assigned = self.assigned.get_or_insert_default();
                self.lanes.retain(|key, _| assigned.contains(key));
                for given in &partitions {
                    let key = (given.topic.clone(), given.partition);
                    self.lanes.entry(key.clone()).or_insert_with(|| Lane {
                        topic: given.topic.clone(),
                        partition: given.partition,
                        log_start: None,
                        committed: given.offset,
                        position: None,
                        high_watermark: None,
                    });
                    assigned.insert(key);
                }
                rows.push(Row::Assigned(partitions));
            }
            ConsumerEvent::Revoked { partitions } => {
                let assigned = self.assigned.get_or_insert_default();
                for lost in &partitions {
                    assigned.remove(&(lost.topic.clone(), lost.partition));
                }
                rows.push(Row::Revoked(partitions));
            }
            ConsumerEvent::EndOfPartition { partition, offset } => {
                rows.push(Row::EndOfPartition(partition, offset));
            }
            ConsumerEvent::Committed { by, offsets, error } => {
                if error.is_none() {
                    for committed in &offsets {
                        let key = (committed.topic.clone(), committed.partition);
                        if let (Some(lane), Some(_)) = (self.lanes.get_mut(&key), committed.offset) {
                            lane.committed = committed.offset;
                        }
                    }
                }
                rows.push(Row::Committed(by, offsets, error));
            }
            ConsumerEvent::Lanes(lanes) => {
                for lane in lanes {
                    self.lanes.insert((lane.topic.clone(), lane.partition), lane);
                }
            }
            ConsumerEvent::Error(error) => rows.push(Row::Failed(error)),
        }
    }

    /// Whether it has this partition now.
    pub(crate) fn has(&self, lane: &Lane) -> bool {
        let key = TopicPartition { topic: lane.topic.clone(), partition: lane.partition };
        self.assigned.as_ref().is_some_and(|assigned| assigned.contains(&(key.topic, key.partition)))
    }

    /// The server said that the group still counts on it.
    pub(crate) fn still_there(&mut self, waited_ms: u64, session_timeout_ms: u64, now_ms: f64) {
        let gone_after_ms = self.crash.and_then(|crash| crash.gone_after_ms);
        self.crash =
            Some(Crash { waited_ms, heard_ms: now_ms, session_timeout_ms, gone_after_ms, lost_sight: false });
    }
}
