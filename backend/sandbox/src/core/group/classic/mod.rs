//! A group of the classic protocol: its members agree on a protocol, one of them leads and assigns.
//!
//! The state machine of Apache Kafka's `ClassicGroup` and of what its `GroupMetadataManager` does with one.

pub(super) mod join;
pub(super) mod leave;
mod member;
mod persist;
mod protocol;
mod rebalance;
pub(super) mod sync;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use super::settings::{GroupSettings, millis};
use super::timers::{Timer, Timers};
use super::{Departure, GroupEvent, GroupReply, Outbox, Waiter};
use crate::core::Now;
use crate::wire::messages::{JoinGroupResponseData, SyncGroupResponseData};
use crate::wire::{ErrorCode, KafkaString};

use member::Member;
use rebalance::InitialDelay;

pub(super) use persist::Written;

/// Where a group is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// No members; there may be committed offsets.
    Empty,
    /// Members are to join again.
    PreparingRebalance,
    /// All have joined; the leader is to assign.
    CompletingRebalance,
    /// Each member has its assignment.
    Stable,
    /// It does not exist (any more).
    Dead,
}

impl State {
    /// Its name in DescribeGroups and ListGroups.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One step of a group: when it is, what is set for it, and where its results go.
pub(super) struct Step<'a> {
    pub(super) now: Now,
    pub(super) settings: &'a GroupSettings,
    pub(super) timers: &'a mut Timers,
    pub(super) out: &'a mut Outbox,
}

impl Step<'_> {
    /// Sets a timer to end after a timeout of the protocol.
    fn set_timer(&mut self, timer: Timer, timeout_ms: i32) {
        self.timers.set(timer, self.now.monotonic + millis(timeout_ms));
    }
}

/// A classic group.
#[derive(Clone, Debug)]
pub(super) struct ClassicGroup {
    id: Arc<str>,
    state: State,
    /// Since when it is in its state, by the wall clock; kept in `__consumer_offsets`.
    since_ms: i64,
    generation: i32,
    /// `consumer` for consumers; none until somebody joined.
    protocol_type: Option<KafkaString>,
    /// The protocol of this generation, such as `range`.
    protocol_name: Option<KafkaString>,
    leader: Option<Arc<str>>,
    members: BTreeMap<Arc<str>, Member>,
    /// The member of each `group.instance.id` (KIP-345).
    static_members: HashMap<KafkaString, Arc<str>>,
    /// Ids that were given out and are to join with (KIP-394).
    pending_join: BTreeSet<Arc<str>>,
    /// Members that have not sent SyncGroup in this generation.
    pending_sync: BTreeSet<Arc<str>>,
    /// What the members of this generation consume, where it is known.
    subscribed: Option<BTreeSet<Box<str>>>,
    /// Whether the rebalance that is prepared began without members.
    from_empty: bool,
    /// Somebody joined while the initial rebalance was delayed: it is delayed once more.
    new_member_added: bool,
    /// How the initial rebalance is delayed, while it is.
    initial_delay: Option<InitialDelay>,
}

impl ClassicGroup {
    /// A group without members, as the first join or a commit without membership makes it.
    pub(super) fn new(id: Arc<str>, now: Now) -> Self {
        Self {
            id,
            state: State::Empty,
            since_ms: now.wall_ms,
            generation: 0,
            protocol_type: None,
            protocol_name: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: HashMap::new(),
            pending_join: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            subscribed: None,
            from_empty: false,
            new_member_added: false,
            initial_delay: None,
        }
    }

    pub(super) fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn generation(&self) -> i32 {
        self.generation
    }

    pub(super) fn since_ms(&self) -> i64 {
        self.since_ms
    }

    pub(super) fn protocol_type(&self) -> Option<&KafkaString> {
        self.protocol_type.as_ref()
    }

    pub(super) fn protocol_name(&self) -> Option<&KafkaString> {
        self.protocol_name.as_ref()
    }

    pub(super) fn member_ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.members.keys()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// About how much memory its members and the promised ids take.
    pub(super) fn held_bytes(&self) -> usize {
        let promised = self.pending_join.iter().map(|id| member::OVERHEAD_BYTES + 2 * id.len());
        promised.chain(self.members.values().map(Member::held_bytes)).sum()
    }

    /// Whether the members are consumers.
    pub(super) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_ref().is_some_and(|name| name.as_str() == "consumer")
    }

    /// Whether members consume the topic; where that cannot be known, consumers are taken to.
    pub(super) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscribed.as_ref().map_or(self.is_of_consumers(), |topics| topics.contains(topic))
    }

    /// Whether it is known what the members consume.
    pub(super) fn knows_subscription(&self) -> bool {
        self.subscribed.is_some()
    }

    /// Goes to another state.
    fn enter(&mut self, state: State, step: &mut Step<'_>) {
        self.from_empty = self.state == State::Empty;
        self.state = state;
        self.since_ms = step.now.wall_ms;
        step.out.events.push(GroupEvent::StateChanged {
            group: self.id.clone(),
            state,
            generation: self.generation,
        });
    }

    fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    fn awaiting_join(&self) -> usize {
        self.members.values().filter(|member| member.parked_join.is_some()).count()
    }

    fn has_all_joined(&self) -> bool {
        self.pending_join.is_empty() && self.members.values().all(|member| member.parked_join.is_some())
    }

    /// The longest rebalance timeout of a member.
    fn rebalance_timeout_ms(&self) -> i32 {
        self.members.values().map(|member| member.rebalance_timeout_ms).fold(0, i32::max)
    }

    /// Whether the id is that of a member and, for a static one, not that of an older duplicate.
    pub(super) fn check_member(&self, member: &str, instance: Option<&KafkaString>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.static_members.get(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(existing) if &**existing != member => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// Adds a member. The first one names the group's protocol type and leads.
    fn add(&mut self, member: Member, protocol_type: &KafkaString) {
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(member.id.clone());
        }
        self.pending_join.remove(&member.id);
        self.members.insert(member.id.clone(), member);
    }

    /// Takes out a member or a promised id, with its timer.
    fn remove(&mut self, id: &str, departure: Departure, step: &mut Step<'_>) {
        let id: Arc<str> = id.into();
        self.pending_join.remove(&id);
        self.pending_sync.remove(&id);
        step.timers.cancel(&self.session_timer(&id));
        let Some(member) = self.members.remove(&id) else { return };
        if let Some(instance) = &member.instance_id {
            self.static_members.remove(instance);
        }
        let forgotten = [member.parked_join.map(|parked| parked.waiter), member.parked_sync];
        for waiter in forgotten.into_iter().flatten() {
            step.out.replies.push((waiter, GroupReply::Never));
        }
        if self.is_leader(&id) {
            self.leader = self.members.keys().next().cloned();
        }
        step.out.events.push(GroupEvent::MemberLeft { group: self.id.clone(), member: id, departure });
    }

    fn session_timer(&self, member: &Arc<str>) -> Timer {
        Timer::Session { group: self.id.clone(), member: member.clone() }
    }

    /// Gives a member its session timeout anew.
    pub(super) fn restart_session(&self, id: &str, step: &mut Step<'_>) {
        if let Some(member) = self.members.get(id) {
            step.set_timer(self.session_timer(&member.id), member.session_timeout_ms);
        }
    }

    /// Answers a member that waits in JoinGroup.
    fn answer_join(&mut self, id: &str, response: JoinGroupResponseData, step: &mut Step<'_>) {
        if let Some(parked) = self.members.get_mut(id).and_then(|member| member.parked_join.take()) {
            parked.answer(response, step);
        }
    }

    /// Answers a member that waits in SyncGroup; says whether it did.
    fn answer_sync(&mut self, id: &str, response: SyncGroupResponseData, step: &mut Step<'_>) -> bool {
        let parked = self.members.get_mut(id).and_then(|member| member.parked_sync.take());
        if let Some(waiter) = parked {
            step.out.replies.push((waiter, GroupReply::Sync(response)));
        }
        parked.is_some()
    }

    /// Ends the group's timers and answers whoever waits that this is no longer the coordinator.
    pub(super) fn unload(&mut self, step: &mut Step<'_>) {
        let ids: Vec<Arc<str>> = self.members.keys().cloned().collect();
        for id in ids {
            let response = JoinGroupResponseData {
                member_id: member::wire_id(&id),
                error_code: ErrorCode::NotCoordinator.code(),
                ..Default::default()
            };
            self.answer_join(&id, response, step);
            self.answer_sync(&id, sync::error(ErrorCode::NotCoordinator), step);
        }
        self.cancel_timers(step.timers);
    }

    /// Ends the group's timers.
    pub(super) fn cancel_timers(&self, timers: &mut Timers) {
        timers.cancel(&Timer::Join(self.id.clone()));
        timers.cancel(&Timer::Sync(self.id.clone()));
        for id in self.members.keys().chain(&self.pending_join) {
            timers.cancel(&self.session_timer(id));
        }
    }
}
