//! Deadlines by name: setting one again moves it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// What a deadline is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Timer {
    /// A member, or a promised member id, has to be heard of.
    Session {
        /// Of this group.
        group: Arc<str>,
        /// Its id.
        member: Arc<str>,
    },
    /// The members of this group have to have joined.
    Join(Arc<str>),
    /// The members of this group have to have sent SyncGroup.
    Sync(Arc<str>),
    /// Offsets that nobody needs are looked for.
    Expiry,
}

/// When a timer ends; those of one moment in the order in which they were set.
type Turn = (Duration, u64);

/// Timers that have not ended. Setting, cancelling and ending one is logarithmic in their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    by_turn: BTreeMap<Turn, Timer>,
    turns: HashMap<Timer, Turn>,
    set: u64,
}

impl Timers {
    /// Sets a timer to end at a moment of the monotonic clock, in place of an earlier one of that name.
    pub(super) fn set(&mut self, timer: Timer, at: Duration) {
        self.set += 1;
        let turn = (at, self.set);
        if let Some(before) = self.turns.insert(timer.clone(), turn) {
            self.by_turn.remove(&before);
        }
        self.by_turn.insert(turn, timer);
    }

    /// Forgets a timer, if it is set.
    pub(super) fn cancel(&mut self, timer: &Timer) {
        if let Some(turn) = self.turns.remove(timer) {
            self.by_turn.remove(&turn);
        }
    }

    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        self.by_turn.clear();
        self.turns.clear();
    }

    pub(super) fn is_set(&self, timer: &Timer) -> bool {
        self.turns.contains_key(timer)
    }

    /// When the next one ends.
    pub(super) fn next(&self) -> Option<Duration> {
        self.by_turn.keys().next().map(|(at, _)| *at)
    }

    /// A mark that tells timers set so far from later ones.
    pub(super) fn mark(&self) -> u64 {
        self.set
    }

    /// Takes the next timer that has ended by now, among those set before the mark was taken.
    pub(super) fn take_due(&mut self, now: Duration, mark: u64) -> Option<Timer> {
        let turn =
            *self.by_turn.range(..=(now, u64::MAX)).map(|(turn, _)| turn).find(|turn| turn.1 <= mark)?;
        let timer = self.by_turn.remove(&turn)?;
        self.turns.remove(&timer);
        Some(timer)
    }
}
