//! The one heap of deadlines of a cluster.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::ids::{BrokerId, ConnectionId, TopicPartition};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A waiting request has waited long enough. A request that was answered before has another ticket.
    Wait(ConnectionId, u64),
    /// A delayed answer goes out.
    Answer(ConnectionId, u64),
    /// The coordinator on this broker of this partition of `__consumer_offsets` has something to do.
    Coordinator(TopicPartition, BrokerId),
    /// What it has written is to be committed by now.
    GroupWrite(TopicPartition, BrokerId),
    /// A broker may not have been heard of for `broker.session.timeout.ms`.
    BrokerSession(BrokerId),
    /// In-sync followers of this partition may have been behind for `replica.lag.time.max.ms`.
    Lag(TopicPartition),
    /// Records of this partition reach a follower whose link is slow.
    Replicate(TopicPartition),
    /// Leaders go back to the preferred replicas (`leader.imbalance.check.interval.seconds`).
    Balance,
}

/// What is due when. Entries are not taken out as soon as they apply to nothing: who handles one asks whether it still
/// applies.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: BinaryHeap<Reverse<(Duration, Due)>>,
    /// With how many entries it is to be [pruned](Self::prune).
    prune_at: usize,
}

/// So many entries may apply to nothing.
const NOT_PRUNED: usize = 1024;

impl Deadlines {
    /// Has something done at a moment of the monotonic clock.
    pub(crate) fn add(&mut self, at: Duration, due: Due) {
        self.heap.push(Reverse((at, due)));
    }

    /// Takes out what no longer applies, once that may be most of it: a request may be willing to wait for weeks, is
    /// answered at once, and the next one comes.
    pub(crate) fn prune(&mut self, applies: impl Fn(&Due) -> bool) {
        if self.heap.len() >= self.prune_at {
            self.heap.retain(|Reverse((_, due))| applies(due));
            self.prune_at = self.heap.len() * 2 + NOT_PRUNED;
        }
    }

    /// How many entries there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.heap.len()
    }

    /// Whether this is due at some time.
    pub(crate) fn has(&self, due: Due) -> bool {
        self.heap.iter().any(|Reverse((_, other))| *other == due)
    }

    /// When to call [`Self::pop`] next.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next thing that is due by `now`.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<Due> {
        let at = self.next()?;
        if at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, due))| due)
    }
}
