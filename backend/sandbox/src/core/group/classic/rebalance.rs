//! From one generation to the next.

use std::sync::Arc;
use std::time::Duration;

use super::{ClassicGroup, Departure, State, Step, Timer, millis, sync};
use crate::wire::ErrorCode;

/// The first rebalance of a group waits for more members, up to their rebalance timeout.
#[derive(Clone, Copy, Debug)]
pub(super) struct InitialDelay {
    /// How long this time, in milliseconds.
    delay_ms: i32,
    /// How much longer at most after that.
    remaining_ms: i32,
}

impl ClassicGroup {
    /// Begins a rebalance, or ends its first half if the last member has just joined.
    pub(super) fn rebalance_or_complete_join(&mut self, step: &mut Step<'_>) {
        match self.state {
            State::Empty | State::CompletingRebalance | State::Stable => self.prepare_rebalance(step),
            State::PreparingRebalance | State::Dead => self.maybe_complete_join(step),
        }
    }

    /// Has the members join again.
    pub(super) fn prepare_rebalance(&mut self, step: &mut Step<'_>) {
        if self.state == State::CompletingRebalance {
            self.reset_assignment(ErrorCode::RebalanceInProgress, step);
        }
        self.pending_sync.clear();
        step.timers.cancel(&Timer::Sync(self.id.clone()));
        if self.state == State::Empty {
            let delay_ms = step.settings.initial_rebalance_delay_ms;
            let remaining_ms = self.rebalance_timeout_ms().saturating_sub(delay_ms).max(0);
            self.delay_initial(InitialDelay { delay_ms, remaining_ms }, step);
            self.enter(State::PreparingRebalance, step);
            return;
        }
        self.enter(State::PreparingRebalance, step);
        if self.has_all_joined() {
            self.complete_join(step);
        } else {
            step.set_timer(Timer::Join(self.id.clone()), self.rebalance_timeout_ms());
        }
    }

    fn delay_initial(&mut self, delay: InitialDelay, step: &mut Step<'_>) {
        self.initial_delay = Some(delay);
        step.set_timer(Timer::Join(self.id.clone()), delay.delay_ms);
    }

    /// Ends the first half of a rebalance if all have joined; never before the initial delay is over.
    pub(super) fn maybe_complete_join(&mut self, step: &mut Step<'_>) {
        if self.state == State::PreparingRebalance && !self.from_empty && self.has_all_joined() {
            self.complete_join(step);
        }
    }

    /// What is due when the time to join is over.
    pub(in crate::core::group) fn join_ended(&mut self, step: &mut Step<'_>) {
        match self.initial_delay.take() {
            Some(delay) if self.new_member_added && delay.remaining_ms != 0 => {
                self.new_member_added = false;
                let next = InitialDelay {
                    delay_ms: step.settings.initial_rebalance_delay_ms.min(delay.remaining_ms),
                    remaining_ms: (delay.remaining_ms - delay.delay_ms).max(0),
                };
                self.delay_initial(next, step);
            }
            _ => self.complete_join(step),
        }
    }

    /// Ends the first half of a rebalance: the next generation is made of those who joined, and of static members.
    pub(super) fn complete_join(&mut self, step: &mut Step<'_>) {
        self.cancel_join_timer(step);
        let absent: Vec<Arc<str>> = self
            .members
            .values()
            .filter(|member| member.parked_join.is_none() && member.instance_id.is_none())
            .map(|member| member.id.clone())
            .collect();
        for id in absent {
            self.remove(&id, Departure::NotRejoined, step);
        }
        if !self.elect_leader() && !self.members.is_empty() {
            // Only static members, none of which joined: until their sessions end. Not at once again, if their
            // rebalance timeout is nothing.
            let timeout = millis(self.rebalance_timeout_ms()).max(Duration::from_millis(1));
            step.timers.set(Timer::Join(self.id.clone()), step.now.monotonic + timeout);
            return;
        }
        self.pending_sync.clear();
        self.generation = self.generation.wrapping_add(1);
        self.protocol_name = self.elect_protocol();
        self.subscribed = self.find_subscription();
        if self.members.is_empty() {
            self.enter(State::Empty, step);
            self.write_empty(step);
        } else {
            self.enter(State::CompletingRebalance, step);
            self.tell_joined(step);
        }
    }

    /// The leader stays if it joined; otherwise one who did leads. Says whether there is one.
    fn elect_leader(&mut self) -> bool {
        let Some(leader) = self.leader.as_ref().and_then(|leader| self.members.get(leader)) else {
            return false;
        };
        if leader.parked_join.is_some() {
            return true;
        }
        let joined = self.members.values().find(|member| member.parked_join.is_some());
        let Some(joined) = joined.map(|member| member.id.clone()) else { return false };
        self.leader = Some(joined);
        true
    }

    /// Answers those who joined, and expects SyncGroup of all.
    fn tell_joined(&mut self, step: &mut Step<'_>) {
        let ids: Vec<Arc<str>> = self.members.keys().cloned().collect();
        for id in &ids {
            let response = self.joined(id);
            self.answer_join(id, response, step);
            self.restart_session(id, step);
            if let Some(member) = self.members.get_mut(id) {
                member.is_new = false;
            }
        }
        self.pending_sync.extend(ids);
        step.set_timer(Timer::Sync(self.id.clone()), self.rebalance_timeout_ms());
    }

    /// What is due when the time to send SyncGroup is over.
    pub(in crate::core::group) fn sync_ended(&mut self, step: &mut Step<'_>) {
        if !matches!(self.state, State::CompletingRebalance | State::Stable) || self.pending_sync.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.pending_sync) {
            self.remove(&id, Departure::NotSynced, step);
        }
        self.prepare_rebalance(step);
    }

    /// Takes back what was assigned, and tells those who wait for it why.
    pub(super) fn reset_assignment(&mut self, error: ErrorCode, step: &mut Step<'_>) {
        let ids: Vec<Arc<str>> = self.members.keys().cloned().collect();
        for id in ids {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment.clear();
            }
            if self.answer_sync(&id, sync::error(error), step) {
                self.restart_session(&id, step);
            }
        }
    }
}
