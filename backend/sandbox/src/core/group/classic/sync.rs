//! SyncGroup, and Heartbeat.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{ClassicGroup, GroupReply, State, Step, Timer};
use crate::core::group::Caller;
use crate::wire::messages::{
    HeartbeatRequestData, SyncGroupRequestAssignment, SyncGroupRequestData, SyncGroupResponseData,
};
use crate::wire::{ErrorCode, KafkaString};

/// A SyncGroup response with an error.
pub(in crate::core::group) fn error(error: ErrorCode) -> SyncGroupResponseData {
    SyncGroupResponseData { error_code: error.code(), ..Default::default() }
}

impl ClassicGroup {
    /// Takes a SyncGroup: followers wait for the leader's.
    pub(in crate::core::group) fn sync(
        &mut self,
        caller: Caller<'_>,
        request: &SyncGroupRequestData,
        step: &mut Step<'_>,
    ) {
        let response = match self.check_sync(request) {
            Err(code) => error(code),
            Ok(()) => match self.state {
                State::CompletingRebalance => return self.park_sync(caller, request, step),
                State::Stable => {
                    self.synced(request.member_id.as_str(), step);
                    self.assigned(request.member_id.as_str())
                }
                State::PreparingRebalance => error(ErrorCode::RebalanceInProgress),
                State::Empty | State::Dead => error(ErrorCode::UnknownMemberId),
            },
        };
        step.out.replies.push((caller.waiter, GroupReply::Sync(response)));
    }

    fn check_sync(&self, request: &SyncGroupRequestData) -> Result<(), ErrorCode> {
        if self.state == State::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.check_member(request.member_id.as_str(), request.group_instance_id.as_ref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        let differs = |said: &Option<KafkaString>, is: &Option<KafkaString>| matches!((said, is), (Some(said), Some(is)) if said != is);
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol_name)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        Ok(())
    }

    fn park_sync(&mut self, caller: Caller<'_>, request: &SyncGroupRequestData, step: &mut Step<'_>) {
        let id = request.member_id.as_str();
        let Some(member) = self.members.get_mut(id) else { return };
        if let Some(before) = member.parked_sync.replace(caller.waiter) {
            step.out.replies.push((before, GroupReply::Never));
        }
        self.synced(id, step);
        if self.is_leader(id) {
            let assignments = self.assignments(&request.assignments);
            self.write_assigned(assignments, step);
        }
    }

    /// A member sent SyncGroup; once all have, nothing is to be waited for.
    fn synced(&mut self, id: &str, step: &mut Step<'_>) {
        self.pending_sync.remove(id);
        if self.pending_sync.is_empty() {
            step.timers.cancel(&Timer::Sync(self.id.clone()));
        }
    }

    /// What each member gets, copied out of its frame; whom the leader forgot gets nothing.
    fn assignments(&self, assignments: &[SyncGroupRequestAssignment]) -> HashMap<Arc<str>, Bytes> {
        let by_member: HashMap<&str, &Bytes> =
            assignments.iter().map(|given| (given.member_id.as_str(), &given.assignment)).collect();
        let of = |id: &str| by_member.get(id).map(|given| Bytes::copy_from_slice(given)).unwrap_or_default();
        self.members.keys().map(|id| (id.clone(), of(id))).collect()
    }

    /// Gives out what the leader assigned.
    pub(super) fn assign(&mut self, mut assignments: HashMap<Arc<str>, Bytes>, step: &mut Step<'_>) {
        let ids: Vec<Arc<str>> = self.members.keys().cloned().collect();
        for id in ids {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = assignments.remove(&id).unwrap_or_default();
            }
            let response = self.assigned(&id);
            if self.answer_sync(&id, response, step) {
                self.restart_session(&id, step);
            }
        }
        self.enter(State::Stable, step);
    }

    fn assigned(&self, id: &str) -> SyncGroupResponseData {
        SyncGroupResponseData {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            assignment: self.members.get(id).map(|member| member.assignment.clone()).unwrap_or_default(),
            ..Default::default()
        }
    }

    /// Takes a Heartbeat.
    pub(in crate::core::group) fn heartbeat(
        &self,
        request: &HeartbeatRequestData,
        step: &mut Step<'_>,
    ) -> Result<(), ErrorCode> {
        let id = request.member_id.as_str();
        self.check_member(id, request.group_instance_id.as_ref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        self.restart_session(id, step);
        match self.state {
            State::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            State::CompletingRebalance | State::Stable => Ok(()),
            State::Empty | State::Dead => Err(ErrorCode::UnknownMemberId),
        }
    }
}
