//! The groups of one partition of `__consumer_offsets`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::classic::join::Join;
use super::classic::leave::left;
use super::classic::{ClassicGroup, State, Step, sync};
use super::commit::forgotten;
use super::offsets::Offsets;
use super::timers::{Timer, Timers};
use super::{Caller, GroupEvent, GroupRecord, GroupReply, GroupSettings, Outbox};
use crate::core::Now;
use crate::wire::ErrorCode;
use crate::wire::messages::{
    HeartbeatRequestData, HeartbeatResponseData, JoinGroupRequestData, LeaveGroupRequestData,
    LeaveGroupResponseData, MemberIdentity, SyncGroupRequestData,
};

/// The groups of one partition of `__consumer_offsets`, as its leader knows them.
///
/// Whoever drives it calls [`fire`](Self::fire) once [`next_deadline`](Self::next_deadline) has come, which after a
/// call may be at once (`group.initial.rebalance.delay.ms` of 0).
#[derive(Clone, Debug)]
pub(crate) struct Coordinator {
    pub(super) settings: GroupSettings,
    pub(super) groups: BTreeMap<Arc<str>, Entry>,
    pub(super) timers: Timers,
    /// When this coordinator began; offsets that expired are looked for in intervals from then.
    began: Duration,
    /// Up to where the log is committed.
    pub(super) committed_to: i64,
    /// Up to where in the log commits were told to who watches. Further than the log is committed, if it was by what
    /// another broker knew.
    pub(super) told_to: i64,
    /// Groups with offsets that may not be committed.
    pub(super) unsettled: BTreeSet<Arc<str>>,
}

/// A group, and what it committed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) group: Group,
    pub(super) offsets: Offsets,
    /// Whether nothing of it was written down yet.
    pub(super) is_new: bool,
    /// It is to be seen when the log is committed up to here.
    pub(super) written_to: i64,
}

impl Entry {
    /// The group's id.
    pub(super) fn id(&self) -> Arc<str> {
        let Group::Classic(group) = &self.group;
        group.id().clone()
    }
}

/// A group, by the protocol that it speaks.
#[derive(Clone, Debug)]
pub(super) enum Group {
    /// JoinGroup and SyncGroup; or only commits, by consumers that are in no group.
    Classic(ClassicGroup),
}

impl Group {
    /// The type in ListGroups.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Classic(_) => "classic",
        }
    }
}

impl Coordinator {
    /// A coordinator without groups.
    pub(crate) fn new(settings: GroupSettings, now: Now) -> Self {
        Self {
            settings,
            groups: BTreeMap::new(),
            timers: Timers::default(),
            began: now.monotonic,
            committed_to: 0,
            told_to: 0,
            unsettled: BTreeSet::new(),
        }
    }

    /// When it has something to do by itself, by the monotonic clock.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Does what is due.
    pub(crate) fn fire(&mut self, now: Now, out: &mut Outbox) {
        let mark = self.timers.mark();
        while let Some(timer) = self.timers.take_due(now.monotonic, mark) {
            match timer {
                Timer::Session { group, member } => {
                    self.with_group(now, &group, out, |Group::Classic(group), step| {
                        group.session_ended(&member, step);
                    });
                }
                Timer::Join(group) => {
                    self.with_group(now, &group, out, |Group::Classic(group), step| group.join_ended(step));
                }
                Timer::Sync(group) => {
                    self.with_group(now, &group, out, |Group::Classic(group), step| group.sync_ended(step));
                }
                Timer::Expiry => self.expire(now, out),
            }
        }
    }

    /// JoinGroup: answered through the outbox, now or later. `new_id` gives 128 random bits for a member id.
    ///
    /// `INVALID_GROUP_ID` for an empty id; `INVALID_SESSION_TIMEOUT`; `UNKNOWN_MEMBER_ID` for a member id with an
    /// unknown group; `MEMBER_ID_REQUIRED` with the id to come back with (version 4, KIP-394);
    /// `INCONSISTENT_GROUP_PROTOCOL`; `FENCED_INSTANCE_ID`; `GROUP_MAX_SIZE_REACHED`.
    pub(crate) fn join(
        &mut self,
        now: Now,
        caller: Caller<'_>,
        request: &JoinGroupRequestData,
        new_id: &mut dyn FnMut() -> u128,
        out: &mut Outbox,
    ) {
        let join = Join::new(caller, request);
        let timeouts = self.settings.min_session_timeout_ms..=self.settings.max_session_timeout_ms;
        let id = request.group_id.as_str();
        let refused = if id.is_empty() {
            Some(ErrorCode::InvalidGroupId)
        } else if !timeouts.contains(&request.session_timeout_ms) {
            Some(ErrorCode::InvalidSessionTimeout)
        } else if join.has_member_id() && !self.groups.contains_key(id) {
            Some(ErrorCode::UnknownMemberId)
        } else {
            None
        };
        if let Some(error) = refused {
            return join.refuse_as_named(error, &mut self.step(now, out));
        }
        let is_new = !self.groups.contains_key(id);
        if is_new {
            self.create(id, now);
        }
        self.with_group(now, id, out, |Group::Classic(group), step| {
            group.join(join, new_id, step);
            if is_new {
                group.write_new(caller.waiter, step);
            }
        });
    }

    /// SyncGroup: answered through the outbox, now or later.
    ///
    /// `INVALID_GROUP_ID` for an empty id; `UNKNOWN_MEMBER_ID` for an unknown group or member; `FENCED_INSTANCE_ID`;
    /// `ILLEGAL_GENERATION`; `INCONSISTENT_GROUP_PROTOCOL`; `REBALANCE_IN_PROGRESS` when the members are to join.
    pub(crate) fn sync(
        &mut self,
        now: Now,
        caller: Caller<'_>,
        request: &SyncGroupRequestData,
        out: &mut Outbox,
    ) {
        let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
        let refused = if caller.version >= 5 && !names_protocol {
            ErrorCode::InconsistentGroupProtocol
        } else if request.group_id.is_empty() {
            ErrorCode::InvalidGroupId
        } else {
            let known =
                self.with_group(now, request.group_id.as_str(), out, |Group::Classic(group), step| {
                    group.sync(caller, request, step);
                });
            match known {
                Some(()) => return,
                None => ErrorCode::UnknownMemberId,
            }
        };
        out.replies.push((caller.waiter, GroupReply::Sync(sync::error(refused))));
    }

    /// Heartbeat. `REBALANCE_IN_PROGRESS` tells the member to join again.
    pub(crate) fn heartbeat(
        &mut self,
        now: Now,
        request: &HeartbeatRequestData,
        out: &mut Outbox,
    ) -> HeartbeatResponseData {
        let result = if request.group_id.is_empty() {
            Err(ErrorCode::InvalidGroupId)
        } else {
            self.with_group(now, request.group_id.as_str(), out, |Group::Classic(group), step| {
                group.heartbeat(request, step)
            })
            .unwrap_or(Err(ErrorCode::UnknownMemberId))
        };
        let error_code = result.err().map_or(0, |error| error.code());
        HeartbeatResponseData { error_code, ..Default::default() }
    }

    /// LeaveGroup: of one member up to version 2, of several after that, each with its own result.
    pub(crate) fn leave(
        &mut self,
        now: Now,
        caller: Caller<'_>,
        request: &LeaveGroupRequestData,
        out: &mut Outbox,
    ) -> LeaveGroupResponseData {
        if request.group_id.is_empty() {
            let error_code = ErrorCode::InvalidGroupId.code();
            return LeaveGroupResponseData { error_code, ..Default::default() };
        }
        let single = [MemberIdentity { member_id: request.member_id.clone(), ..Default::default() }];
        let members = if caller.version < 3 { &single[..] } else { &request.members };
        let results = self
            .with_group(now, request.group_id.as_str(), out, |Group::Classic(group), step| {
                group.leave(members, step)
            })
            .unwrap_or_else(|| {
                members.iter().map(|member| left(member, Err(ErrorCode::UnknownMemberId))).collect()
            });
        if caller.version < 3 {
            let error_code = results.first().map_or(0, |result| result.error_code);
            return LeaveGroupResponseData { error_code, ..Default::default() };
        }
        LeaveGroupResponseData { members: results, ..Default::default() }
    }

    /// About how much memory the members of its groups take, and the ids promised to those who will be.
    pub(crate) fn held_bytes(&self) -> usize {
        self.entries().map(|(_, Entry { group: Group::Classic(group), .. })| group.held_bytes()).sum()
    }

    pub(super) fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&Arc<str>, &Entry)> {
        self.groups.iter()
    }

    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.groups.get(id)
    }

    /// A group that can be seen: it is written down, and that is committed.
    pub(super) fn seen(&self, id: &str) -> Option<&Entry> {
        self.entry(id).filter(|entry| entry.written_to <= self.committed_to)
    }

    pub(super) fn entry_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.groups.get_mut(id)
    }

    /// Makes an empty classic group.
    pub(super) fn create(&mut self, id: &str, now: Now) {
        let id: Arc<str> = id.into();
        let group = Group::Classic(ClassicGroup::new(id.clone(), now));
        let entry = Entry { group, offsets: Offsets::default(), is_new: true, written_to: 0 };
        self.groups.insert(id, entry);
        self.expect_expiry(now);
    }

    /// Takes a group out, and its offsets with it.
    pub(super) fn forget(&mut self, id: &str, out: &mut Outbox) {
        let Some(Entry { group: Group::Classic(group), .. }) = self.groups.remove(id) else { return };
        group.cancel_timers(&mut self.timers);
        out.events.push(GroupEvent::StateChanged {
            group: group.id().clone(),
            state: State::Dead,
            generation: group.generation(),
        });
        if self.groups.is_empty() {
            self.timers.cancel(&Timer::Expiry);
        }
    }

    /// Has a group take a step; none if there is no such group.
    pub(super) fn with_group<R>(
        &mut self,
        now: Now,
        id: &str,
        out: &mut Outbox,
        act: impl FnOnce(&mut Group, &mut Step<'_>) -> R,
    ) -> Option<R> {
        let Self { settings, groups, timers, .. } = self;
        let entry = groups.get_mut(id)?;
        Some(act(&mut entry.group, &mut Step { now, settings, timers, out }))
    }

    fn step<'a>(&'a mut self, now: Now, out: &'a mut Outbox) -> Step<'a> {
        Step { now, settings: &self.settings, timers: &mut self.timers, out }
    }

    /// Has expired offsets looked for at the end of the interval, if there are groups.
    pub(super) fn expect_expiry(&mut self, now: Now) {
        if self.groups.is_empty() || self.timers.is_set(&Timer::Expiry) {
            return;
        }
        let interval = self.settings.retention_check_interval();
        let passed = now.monotonic.saturating_sub(self.began).as_nanos() / interval.as_nanos();
        let next = u32::try_from(passed + 1).unwrap_or(u32::MAX);
        self.timers.set(Timer::Expiry, self.began + interval.saturating_mul(next));
    }

    /// Forgets offsets that nobody needed for the retention time, and empty groups without offsets.
    fn expire(&mut self, now: Now, out: &mut Outbox) {
        let retention_ms = self.settings.offsets_retention_ms();
        for (id, Entry { group: Group::Classic(group), offsets, .. }) in &self.groups {
            let mut is_all = true;
            for (topic, partition, committed) in offsets.latest() {
                let since = group.unneeded_since_ms(committed.at_ms);
                let has_expired = !group.is_subscribed_to(topic)
                    && since.is_some_and(|since| committed.has_expired(since, retention_ms, now.wall_ms));
                if has_expired {
                    out.loose.push(forgotten(id, topic, partition));
                }
                is_all &= has_expired;
            }
            if is_all && group.state() == State::Empty {
                out.loose.push(GroupRecord::Group { group: id.clone(), metadata: None });
            }
        }
        self.expect_expiry(now);
    }
}
