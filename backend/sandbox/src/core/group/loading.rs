//! How a coordinator begins, learns of what is written and committed, and ends.

use std::sync::Arc;

use super::classic::{ClassicGroup, State, Step};
use super::coordinator::{Coordinator, Entry, Group};
use super::offsets::Offsets;
use super::{AfterWrite, Departure, GroupEvent, GroupRecord, GroupSettings, Outbox};
use crate::core::Now;
use crate::wire::ErrorCode;

impl Coordinator {
    /// A broker begins to lead a partition: groups are as the records in it have them, and the members have their
    /// session timeouts anew. Each record comes with where the log goes on after it. `before` is what another broker,
    /// or this one, knew last: what is no longer so is told, and what has been committed since.
    pub(crate) fn load(
        settings: GroupSettings,
        now: Now,
        records: impl Iterator<Item = (GroupRecord, i64)>,
        committed_to: i64,
        before: Option<&Self>,
        out: &mut Outbox,
    ) -> Self {
        let mut coordinator = Self::new(settings, now);
        let told_to = before.map_or(committed_to, |before| before.told_to);
        coordinator.committed_to = committed_to.min(told_to);
        let mut log_end = 0;
        for (record, written_to) in records {
            coordinator.replay(record, written_to, now);
            log_end = written_to;
        }
        coordinator.told_to = told_to.min(log_end);
        coordinator.committed_to(committed_to, out);
        let Self { settings, groups, timers, .. } = &mut coordinator;
        for Entry { group: Group::Classic(group), .. } in groups.values_mut() {
            tell_changes(before.and_then(|before| before.entry(group.id())), group, out);
            group.start(&mut Step { now, settings, timers, out });
        }
        let gone = before.into_iter().flat_map(Self::entries).filter(|(id, _)| !groups.contains_key(*id));
        for (_, Entry { group: Group::Classic(group), .. }) in gone {
            let (group, generation) = (group.id().clone(), group.generation());
            out.events.push(GroupEvent::StateChanged { group, state: State::Dead, generation });
        }
        coordinator.expect_expiry(now);
        coordinator
    }

    fn replay(&mut self, record: GroupRecord, written_to: i64, now: Now) {
        match record {
            GroupRecord::Group { group: id, metadata: Some(metadata) } => {
                let group = Group::Classic(ClassicGroup::loaded(id.clone(), metadata, now));
                let known = self.groups.remove(&id);
                let (offsets, written_to) =
                    known.map_or((Offsets::default(), written_to), |known| (known.offsets, known.written_to));
                self.groups.insert(id, Entry { group, offsets, is_new: false, written_to });
            }
            GroupRecord::Group { group, metadata: None } => {
                self.groups.remove(&group);
            }
            offset => {
                if let GroupRecord::Offset { group, committed: Some(_), .. } = &offset
                    && !self.groups.contains_key(group)
                {
                    self.create(group, now);
                }
                // What is committed by now was told when it was.
                self.wrote(offset, written_to, &mut Outbox::default());
            }
        }
    }

    /// What came out of the outbox is in the log, which goes on at `written_to`. Nothing of it holds before.
    pub(crate) fn wrote(&mut self, record: GroupRecord, written_to: i64, out: &mut Outbox) {
        match record {
            GroupRecord::Offset { group, topic, partition, committed } => {
                let committed_to = self.committed_to;
                let Some(entry) = self.entry_mut(&group) else { return };
                entry.note_written(written_to);
                let offset = committed.as_ref().map(|committed| committed.offset);
                entry.offsets.put(&topic, partition, committed, written_to, committed_to);
                if written_to > committed_to {
                    self.unsettled.insert(group);
                } else if let Some(offset) = offset {
                    out.events.push(GroupEvent::Committed { group, topic, partition, offset });
                }
            }
            GroupRecord::Group { group, metadata: Some(_) } => {
                if let Some(entry) = self.entry_mut(&group) {
                    entry.note_written(written_to);
                }
            }
            GroupRecord::Group { group, metadata: None } => self.forget(&group, out),
        }
    }

    /// What came out of the outbox is not in the log: a group that began with it is none.
    pub(crate) fn not_written(&mut self, record: &GroupRecord, out: &mut Outbox) {
        if self.entry(record.group()).is_some_and(|entry| entry.is_new) {
            self.forget(record.group(), out);
        }
    }

    /// The log is committed up to there. Commits of offsets are told now, however long ago their requests were answered
    /// that they were not committed in time.
    pub(crate) fn committed_to(&mut self, committed_to: i64, out: &mut Outbox) {
        self.committed_to = committed_to;
        let told_to = self.told_to;
        self.told_to = told_to.max(committed_to);
        let mut told = Vec::new();
        for group in std::mem::take(&mut self.unsettled) {
            let Some(entry) = self.entry_mut(&group) else { continue };
            for (written_to, topic, partition, offset) in
                entry.offsets.committed_between(told_to, committed_to)
            {
                let (group, topic) = (group.clone(), topic.clone());
                told.push((written_to, GroupEvent::Committed { group, topic, partition, offset }));
            }
            entry.offsets.settle(committed_to);
            if entry.offsets.is_unsettled() {
                self.unsettled.insert(group);
            }
        }
        told.sort_by_key(|(written_to, _)| *written_to);
        out.events.extend(told.into_iter().map(|(_, event)| event));
    }

    /// What was to be done after a write is done: it is committed, or with an error it is not, or not yet.
    pub(crate) fn finish(
        &mut self,
        now: Now,
        after: AfterWrite,
        result: Result<(), ErrorCode>,
        out: &mut Outbox,
    ) {
        let AfterWrite { group, what } = after;
        self.with_group(now, &group, out, |Group::Classic(group), step| group.finish(what, result, step));
    }

    /// This broker no longer leads the partition: whoever waits is told `NOT_COORDINATOR`, nothing is due any more.
    pub(crate) fn unload(&mut self, now: Now, out: &mut Outbox) {
        let Self { settings, groups, timers, .. } = self;
        for Entry { group: Group::Classic(group), .. } in groups.values_mut() {
            group.unload(&mut Step { now, settings, timers, out });
        }
        timers.clear();
    }
}

impl Entry {
    /// The first record of a group makes it one that can be seen.
    fn note_written(&mut self, written_to: i64) {
        if std::mem::take(&mut self.is_new) {
            self.written_to = written_to;
        }
    }
}

/// Tells how a group that was loaded differs from what was known of it.
fn tell_changes(before: Option<&Entry>, loaded: &ClassicGroup, out: &mut Outbox) {
    let Some(Entry { group: Group::Classic(before), .. }) = before else { return };
    let group: &Arc<str> = loaded.id();
    for id in before.member_ids().filter(|id| loaded.member_ids().all(|other| other != *id)) {
        let departure = Departure::NotPersisted;
        out.events.push(GroupEvent::MemberLeft { group: group.clone(), member: id.clone(), departure });
    }
    if (loaded.state(), loaded.generation()) != (before.state(), before.generation()) {
        let (state, generation) = (loaded.state(), loaded.generation());
        out.events.push(GroupEvent::StateChanged { group: group.clone(), state, generation });
    }
}
