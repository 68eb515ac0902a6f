//! JoinGroup.

use std::sync::Arc;

use bytes::Bytes;

use super::member::{Member, ParkedJoin, Protocol, copied, protocols, wire_id};
use super::persist::Returned;
use super::{ClassicGroup, Departure, GroupEvent, GroupReply, State, Step, Timer, sync};
use crate::core::group::Caller;
use crate::wire::messages::{JoinGroupRequestData, JoinGroupResponseData, JoinGroupResponseMember};
use crate::wire::{ErrorCode, KafkaString, MOST_STRING_BYTES};

/// How long a new member's JoinGroup may wait, in milliseconds: it does not know its id yet, so it may be gone and have
/// come back as another.
const NEW_MEMBER_JOIN_TIMEOUT_MS: i32 = 5 * 60 * 1000;

/// The first version whose callers have to come back with the id that they were given (KIP-394).
const MEMBER_ID_REQUIRED_SINCE: i16 = 4;

/// The first version whose leaders may be told not to assign (KIP-814).
const SKIP_ASSIGNMENT_SINCE: i16 = 9;

/// A JoinGroup request, copied out of its frame.
pub(in crate::core::group) struct Join {
    parked: ParkedJoin,
    member_id: Arc<str>,
    instance_id: Option<KafkaString>,
    client_id: KafkaString,
    client_host: KafkaString,
    rebalance_timeout_ms: i32,
    session_timeout_ms: i32,
    protocol_type: KafkaString,
    protocols: Vec<Protocol>,
}

impl Join {
    pub(in crate::core::group) fn new(caller: Caller<'_>, request: &JoinGroupRequestData) -> Self {
        // Version 0 has no rebalance timeout.
        let rebalance_timeout_ms =
            if caller.version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms };
        Self {
            parked: ParkedJoin { waiter: caller.waiter, version: caller.version },
            member_id: request.member_id.as_str().into(),
            instance_id: request.group_instance_id.as_ref().map(copied),
            client_id: crate::wire::text(caller.client_id),
            client_host: crate::wire::text(caller.client_host),
            rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocol_type: copied(&request.protocol_type),
            protocols: protocols(&request.protocols),
        }
    }

    /// Answers with an error.
    pub(in crate::core::group) fn refuse(&self, error: ErrorCode, member_id: &str, step: &mut Step<'_>) {
        let response = JoinGroupResponseData {
            member_id: wire_id(member_id),
            error_code: error.code(),
            ..Default::default()
        };
        self.parked.answer(response, step);
    }

    /// Answers with an error, and the member id of the request.
    pub(in crate::core::group) fn refuse_as_named(&self, error: ErrorCode, step: &mut Step<'_>) {
        self.refuse(error, &self.member_id, step);
    }

    pub(in crate::core::group) fn has_member_id(&self) -> bool {
        !self.member_id.is_empty()
    }
}

impl ClassicGroup {
    /// Takes a JoinGroup, from a member or from somebody who wants to be one. `new_id` is 128 random bits.
    pub(in crate::core::group) fn join(
        &mut self,
        join: Join,
        new_id: &mut dyn FnMut() -> u128,
        step: &mut Step<'_>,
    ) {
        if !self.has_room_for(&join.member_id, step) {
            let id = join.member_id.clone();
            self.remove(&id, Departure::GroupFull, step);
            join.refuse(ErrorCode::GroupMaxSizeReached, "", step);
        } else if join.has_member_id() {
            self.join_again(join, step);
        } else {
            self.join_newly(join, new_id, step);
        }
    }

    /// While members join again, those that did count, so that the last ones do not fit; otherwise all do.
    fn has_room_for(&self, id: &str, step: &Step<'_>) -> bool {
        let max = step.settings.max_members();
        let known = self.members.get(id);
        match self.state {
            State::Empty | State::Dead => true,
            State::PreparingRebalance => {
                known.is_some_and(|member| member.parked_join.is_some()) || self.awaiting_join() < max
            }
            State::CompletingRebalance | State::Stable => known.is_some() || self.members.len() < max,
        }
    }

    fn join_newly(&mut self, join: Join, new_id: &mut dyn FnMut() -> u128, step: &mut Step<'_>) {
        if !self.supports(&join.protocol_type, &join.protocols) {
            return join.refuse(ErrorCode::InconsistentGroupProtocol, "", step);
        }
        let name = join.instance_id.as_ref().unwrap_or(&join.client_id);
        let id: Arc<str> = format!("{name}-{}", random_uuid(new_id())).into();
        if id.len() > MOST_STRING_BYTES {
            // Apache Kafka cannot tell it to anybody.
            return join.refuse(ErrorCode::UnknownServerError, "", step);
        }
        if let Some(instance) = &join.instance_id {
            match self.static_members.get(instance).cloned() {
                Some(existing) => self.replace_static(&existing, &id, join, step),
                None => self.add_joining(id, join, step),
            }
        } else if join.parked.version >= MEMBER_ID_REQUIRED_SINCE {
            join.refuse(ErrorCode::MemberIdRequired, &id, step);
            step.set_timer(self.session_timer(&id), join.session_timeout_ms);
            self.pending_join.insert(id);
        } else {
            self.add_joining(id, join, step);
        }
    }

    fn join_again(&mut self, join: Join, step: &mut Step<'_>) {
        let id = join.member_id.clone();
        if !self.supports(&join.protocol_type, &join.protocols) {
            return join.refuse_as_named(ErrorCode::InconsistentGroupProtocol, step);
        }
        if self.pending_join.contains(&id) {
            // Ids are promised to dynamic members only; Apache Kafka fails on such a request.
            return match join.instance_id {
                Some(_) => join.refuse(ErrorCode::UnknownServerError, "", step),
                None => self.add_joining(id, join, step),
            };
        }
        if let Err(error) = self.check_member(&id, join.instance_id.as_ref()) {
            return join.refuse_as_named(error, step);
        }
        let unchanged = self.members.get(&id).is_some_and(|member| member.protocols == join.protocols);
        match self.state {
            State::PreparingRebalance => self.rejoin(&id, join, step),
            // It may not have received the answer to its join.
            State::CompletingRebalance if unchanged => join.parked.answer(self.joined(&id), step),
            // The leader joins again when topics changed, which no metadata shows.
            State::Stable if unchanged && !self.is_leader(&id) => {
                join.parked.answer(self.joined(&id), step);
            }
            State::CompletingRebalance | State::Stable => self.rejoin(&id, join, step),
            State::Empty | State::Dead => join.refuse_as_named(ErrorCode::UnknownMemberId, step),
        }
    }

    /// Adds somebody who joins as a member, whose answer is to wait for the others.
    fn add_joining(&mut self, id: Arc<str>, join: Join, step: &mut Step<'_>) {
        if self.state == State::PreparingRebalance && self.from_empty {
            self.new_member_added = true;
        }
        step.out.events.push(GroupEvent::MemberJoined { group: self.id.clone(), member: id.clone() });
        step.set_timer(self.session_timer(&id), NEW_MEMBER_JOIN_TIMEOUT_MS);
        let member = Member {
            id,
            instance_id: join.instance_id,
            client_id: join.client_id,
            client_host: join.client_host,
            rebalance_timeout_ms: join.rebalance_timeout_ms,
            session_timeout_ms: join.session_timeout_ms,
            protocols: join.protocols,
            assignment: Bytes::new(),
            parked_join: Some(join.parked),
            parked_sync: None,
            is_new: true,
        };
        self.add(member, &join.protocol_type);
        self.rebalance_or_complete_join(step);
    }

    /// Has a member wait for the others.
    fn rejoin(&mut self, id: &str, join: Join, step: &mut Step<'_>) {
        self.update(id, join, step);
        self.rebalance_or_complete_join(step);
    }

    fn update(&mut self, id: &str, join: Join, step: &mut Step<'_>) {
        let Some(member) = self.members.get_mut(id) else { return };
        member.protocols = join.protocols;
        member.rebalance_timeout_ms = join.rebalance_timeout_ms;
        member.session_timeout_ms = join.session_timeout_ms;
        if let Some(before) = member.parked_join.replace(join.parked) {
            step.out.replies.push((before.waiter, GroupReply::Never));
        }
    }

    /// Another client comes with the `group.instance.id` of a member: it takes its place (KIP-345).
    fn replace_static(&mut self, old: &Arc<str>, new: &Arc<str>, join: Join, step: &mut Step<'_>) {
        let leader_before = self.leader.clone();
        let before = self.members.get(old).cloned();
        let fenced = JoinGroupResponseData {
            member_id: wire_id(old),
            error_code: ErrorCode::FencedInstanceId.code(),
            ..Default::default()
        };
        self.answer_join(old, fenced, step);
        self.answer_sync(old, sync::error(ErrorCode::FencedInstanceId), step);
        self.rename(old, new, step);
        // The timeout of the one before counts until the first heartbeat.
        self.restart_session(new, step);
        let version = join.parked.version;
        self.update(new, join, step);
        match self.state {
            State::Stable if self.elect_protocol() == self.protocol_name => {
                let Some(before) = before else { return };
                let mut response = self.joined(new);
                if version >= SKIP_ASSIGNMENT_SINCE {
                    response.skip_assignment = self.is_leader(new);
                } else {
                    // It must not find itself leader, since it would assign.
                    response.members.clear();
                    response.leader = wire_id(leader_before.as_deref().unwrap_or_default());
                }
                self.write_returned(Returned { id: new.clone(), before, leader_before, response }, step);
            }
            State::Stable => self.rebalance_or_complete_join(step),
            // The leader may have been told of the id before, and would assign to it.
            State::CompletingRebalance => self.prepare_rebalance(step),
            State::PreparingRebalance | State::Empty | State::Dead => self.maybe_complete_join(step),
        }
    }

    /// Gives a static member another id.
    pub(super) fn rename(&mut self, old: &Arc<str>, new: &Arc<str>, step: &mut Step<'_>) {
        let Some(mut member) = self.members.remove(old) else { return };
        step.timers.cancel(&self.session_timer(old));
        member.id = new.clone();
        member.is_new = false;
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), new.clone());
        }
        if self.is_leader(old) {
            self.leader = Some(new.clone());
        }
        self.members.insert(new.clone(), member);
        step.out.events.push(GroupEvent::MemberLeft {
            group: self.id.clone(),
            member: old.clone(),
            departure: Departure::Replaced,
        });
        step.out.events.push(GroupEvent::MemberJoined { group: self.id.clone(), member: new.clone() });
    }

    /// The answer to a member that is in the present generation. The leader is told of all members.
    pub(super) fn joined(&self, id: &str) -> JoinGroupResponseData {
        let members = if self.is_leader(id) { self.all_joined() } else { Vec::new() };
        JoinGroupResponseData {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            leader: wire_id(self.leader.as_deref().unwrap_or_default()),
            member_id: wire_id(id),
            members,
            ..Default::default()
        }
    }

    fn all_joined(&self) -> Vec<JoinGroupResponseMember> {
        let members = self.members.values().map(|member| JoinGroupResponseMember {
            member_id: wire_id(&member.id),
            group_instance_id: member.instance_id.clone(),
            metadata: member.metadata(self.protocol_name.as_ref()),
            ..Default::default()
        });
        members.collect()
    }

    /// What is due when a member, or a promised id, was not heard of for too long.
    pub(in crate::core::group) fn session_ended(&mut self, id: &str, step: &mut Step<'_>) {
        if self.pending_join.contains(id) {
            self.remove(id, Departure::SessionTimedOut, step);
            if self.state == State::PreparingRebalance && self.has_all_joined() {
                self.complete_join(step);
            }
        } else if self.members.get(id).is_some_and(|member| !member.is_excused()) {
            self.dismiss(id, Departure::SessionTimedOut, step);
            match self.state {
                State::Stable | State::CompletingRebalance => self.rebalance_or_complete_join(step),
                State::PreparingRebalance if self.has_all_joined() => self.complete_join(step),
                State::PreparingRebalance | State::Empty | State::Dead => {}
            }
        }
    }

    /// Takes a member out whose JoinGroup, if it waits, is to be sent again.
    pub(super) fn dismiss(&mut self, id: &str, departure: Departure, step: &mut Step<'_>) {
        let response =
            JoinGroupResponseData { error_code: ErrorCode::UnknownMemberId.code(), ..Default::default() };
        self.answer_join(id, response, step);
        self.remove(id, departure, step);
    }

    pub(super) fn cancel_join_timer(&mut self, step: &mut Step<'_>) {
        self.initial_delay = None;
        step.timers.cancel(&Timer::Join(self.id.clone()));
    }
}

/// A UUID of version 4, as Java writes it.
fn random_uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) | (0x4 << 76);
    let bits = bits & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let groups = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    groups.map(|(from, to)| hex.get(from..to).unwrap_or_default()).join("-")
}
