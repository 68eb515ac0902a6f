//! What of a group outlives its coordinator: the last record of it in `__consumer_offsets`.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::member::{Member, Protocol};
use super::{ClassicGroup, State, Step};
use crate::core::Now;
use crate::core::group::records::{GroupMetadata, MemberMetadata};
use crate::core::group::{AfterWrite, GroupRecord, Waiter};
use crate::wire::ErrorCode;
use crate::wire::messages::JoinGroupResponseData;

/// What a group waits for records for.
#[derive(Clone, Debug)]
pub(in crate::core::group) enum Written {
    /// The first member is on its way in.
    New {
        /// Who asked.
        waiter: Waiter,
    },
    /// The leader has assigned.
    Assigned {
        /// In this generation.
        generation: i32,
        /// What each member gets.
        assignments: HashMap<Arc<str>, Bytes>,
    },
    /// A static member has come back.
    Returned(Box<Returned>),
}

/// A static member that has come back under another id, with nothing that would change the group.
#[derive(Clone, Debug)]
pub(in crate::core::group) struct Returned {
    /// Its present id.
    pub(super) id: Arc<str>,
    /// It as it was before.
    pub(super) before: Member,
    /// Who led before.
    pub(super) leader_before: Option<Arc<str>>,
    /// What it is answered.
    pub(super) response: JoinGroupResponseData,
}

impl ClassicGroup {
    /// Has something done when what the step writes down is committed.
    fn after_write(&self, what: Written, step: &mut Step<'_>) {
        step.out.after.push(AfterWrite { group: self.id.clone(), what });
    }

    /// Writes down that the group exists, without members. If that fails, the first of them is told.
    pub(in crate::core::group) fn write_new(&self, waiter: Waiter, step: &mut Step<'_>) {
        let metadata = GroupMetadata {
            protocol_type: None,
            generation: 0,
            protocol_name: None,
            leader: None,
            since_ms: self.since_ms,
            members: Vec::new(),
        };
        step.out.records.push(GroupRecord::Group { group: self.id.clone(), metadata: Some(metadata) });
        self.after_write(Written::New { waiter }, step);
    }

    /// Writes down that the group is empty.
    pub(super) fn write_empty(&self, step: &mut Step<'_>) {
        step.out.records.push(self.record(|_| Bytes::new()));
    }

    /// Writes down what the leader assigned.
    pub(super) fn write_assigned(&self, assignments: HashMap<Arc<str>, Bytes>, step: &mut Step<'_>) {
        let assigned = |member: &Member| assignments.get(&member.id).cloned().unwrap_or_default();
        step.out.records.push(self.record(assigned));
        self.after_write(Written::Assigned { generation: self.generation, assignments }, step);
    }

    /// Writes down the new id of a static member.
    pub(super) fn write_returned(&self, returned: Returned, step: &mut Step<'_>) {
        step.out.records.push(self.record(|member| member.assignment.clone()));
        self.after_write(Written::Returned(Box::new(returned)), step);
    }

    fn record(&self, assignment: impl Fn(&Member) -> Bytes) -> GroupRecord {
        let members = self.members.values().map(|member| MemberMetadata {
            id: member.id.clone(),
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: member.metadata(self.protocol_name.as_ref()),
            assignment: assignment(member),
        });
        let metadata = GroupMetadata {
            protocol_type: self.protocol_type.clone(),
            generation: self.generation,
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone(),
            // For an assignment: the time at which the generation began, as in Apache Kafka.
            since_ms: self.since_ms,
            members: members.collect(),
        };
        GroupRecord::Group { group: self.id.clone(), metadata: Some(metadata) }
    }

    /// What was to be written is committed, or never will be.
    pub(in crate::core::group) fn finish(
        &mut self,
        what: Written,
        result: Result<(), ErrorCode>,
        step: &mut Step<'_>,
    ) {
        match (what, result) {
            (Written::New { .. }, Ok(())) => {}
            (Written::New { waiter }, Err(error)) => {
                let first = self
                    .members
                    .values_mut()
                    .find(|member| member.parked_join.is_some_and(|parked| parked.waiter == waiter));
                if let Some(parked) = first.and_then(|member| member.parked_join.take()) {
                    let error_code = error.code();
                    parked.answer(JoinGroupResponseData { error_code, ..Default::default() }, step);
                }
            }
            (Written::Assigned { generation, assignments }, result) => {
                // Somebody may have joined meanwhile.
                if self.state != State::CompletingRebalance || self.generation != generation {
                    return;
                }
                match result {
                    Ok(()) => self.assign(assignments, step),
                    Err(error) => {
                        self.reset_assignment(error, step);
                        self.rebalance_or_complete_join(step);
                    }
                }
            }
            (Written::Returned(returned), Ok(())) => {
                self.answer_join(&returned.id, returned.response, step);
            }
            (Written::Returned(returned), Err(error)) => self.take_back(*returned, error, step),
        }
    }

    /// A static member's new id could not be written down: it has its old one again.
    fn take_back(&mut self, returned: Returned, error: ErrorCode, step: &mut Step<'_>) {
        let Returned { id, before, leader_before, .. } = returned;
        let Some(member) = self.members.get_mut(&id) else { return };
        let parked = member.parked_join.take();
        member.protocols = before.protocols;
        member.rebalance_timeout_ms = before.rebalance_timeout_ms;
        member.session_timeout_ms = before.session_timeout_ms;
        self.rename(&id, &before.id, step);
        self.restart_session(&before.id, step);
        let response = JoinGroupResponseData {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            leader: super::member::wire_id(leader_before.as_deref().unwrap_or_default()),
            error_code: error.code(),
            ..Default::default()
        };
        if let Some(parked) = parked {
            parked.answer(response, step);
        }
    }

    /// The group as its last record says, with the members' session timeouts anew.
    pub(in crate::core::group) fn loaded(id: Arc<str>, metadata: GroupMetadata, now: Now) -> Self {
        let mut group = Self::new(id, now);
        group.state = if metadata.members.is_empty() { State::Empty } else { State::Stable };
        group.generation = metadata.generation;
        group.since_ms = metadata.since_ms;
        group.protocol_type = metadata.protocol_type;
        group.leader = metadata.leader;
        for member in metadata.members {
            if let Some(instance) = &member.instance_id {
                group.static_members.insert(instance.clone(), member.id.clone());
            }
            let protocol = metadata.protocol_name.iter();
            let protocol =
                protocol.map(|name| Protocol { name: name.clone(), metadata: member.subscription.clone() });
            let member = Member {
                id: member.id,
                instance_id: member.instance_id,
                client_id: member.client_id,
                client_host: member.client_host,
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                session_timeout_ms: member.session_timeout_ms,
                protocols: protocol.collect(),
                assignment: member.assignment,
                parked_join: None,
                parked_sync: None,
                is_new: false,
            };
            group.members.insert(member.id.clone(), member);
        }
        group.protocol_name = metadata.protocol_name;
        group.subscribed = group.find_subscription();
        group
    }

    /// Begins to expect heartbeats of a group that was loaded.
    pub(in crate::core::group) fn start(&mut self, step: &mut Step<'_>) {
        for id in self.members.keys() {
            self.restart_session(id, step);
        }
        if self.members.len() > step.settings.max_members() {
            self.prepare_rebalance(step);
        }
    }
}
