//! What of a group outlives its coordinator: the last record of it in `__consumer_offsets`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::member::Member;
use super::{ClassicGroup, State, Step};
use crate::core::Now;
use crate::core::group::{Departure, GroupEvent};
use crate::wire::KafkaString;

/// A group as the last record of it says.
#[derive(Clone, Debug)]
pub(super) struct Persisted {
    generation: i32,
    since_ms: i64,
    protocol_type: Option<KafkaString>,
    protocol_name: Option<KafkaString>,
    leader: Option<Arc<str>>,
    members: BTreeMap<Arc<str>, Member>,
}

impl ClassicGroup {
    /// Writes the group down as it is: its generation is complete, or it is empty.
    pub(super) fn persist(&mut self) {
        let members = self.members.values().map(|member| {
            let mut member = member.clone();
            member.protocols.retain(|protocol| Some(&protocol.name) == self.protocol_name.as_ref());
            member.parked_join = None;
            member.parked_sync = None;
            member.is_new = false;
            (member.id.clone(), member)
        });
        self.persisted = Some(Persisted {
            generation: self.generation,
            since_ms: self.since_ms,
            protocol_type: self.protocol_type.clone().filter(|name| !name.is_empty()),
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone(),
            members: members.collect(),
        });
    }

    /// Writes down that the group exists, without members.
    pub(in crate::core::group) fn persist_new(&mut self) {
        self.persisted = Some(Persisted {
            generation: 0,
            since_ms: self.since_ms,
            protocol_type: None,
            protocol_name: None,
            leader: None,
            members: BTreeMap::new(),
        });
    }

    /// Whether there is a record of it. A group that only ever committed offsets has none beside these.
    pub(in crate::core::group) fn is_persisted(&self) -> bool {
        self.persisted.is_some()
    }

    /// The group as a new coordinator finds it: what was not written down is forgotten, and the members have their
    /// session timeouts anew.
    pub(in crate::core::group) fn reload(&mut self, step: &mut Step<'_>) {
        let mut loaded = Self::loaded(self.id.clone(), self.persisted.take(), step.now);
        for id in self.members.keys().filter(|id| !loaded.members.contains_key(*id)) {
            step.out.events.push(GroupEvent::MemberLeft {
                group: self.id.clone(),
                member: id.clone(),
                departure: Departure::NotPersisted,
            });
        }
        if (loaded.state, loaded.generation) != (self.state, self.generation) {
            step.out.events.push(GroupEvent::StateChanged {
                group: self.id.clone(),
                state: loaded.state,
                generation: loaded.generation,
            });
        }
        for id in loaded.members.keys() {
            loaded.restart_session(id, step);
        }
        if loaded.members.len() > step.settings.max_members() {
            loaded.prepare_rebalance(step);
        }
        *self = loaded;
    }

    fn loaded(id: Arc<str>, persisted: Option<Persisted>, now: Now) -> Self {
        let mut group = Self::new(id, now);
        if let Some(persisted) = persisted {
            group.persisted = Some(persisted.clone());
            group.state = if persisted.members.is_empty() { State::Empty } else { State::Stable };
            group.generation = persisted.generation;
            group.since_ms = persisted.since_ms;
            group.protocol_type = persisted.protocol_type;
            group.protocol_name = persisted.protocol_name;
            group.leader = persisted.leader;
            let static_members = persisted.members.values().filter_map(|member| {
                member.instance_id.clone().map(|instance| (instance, member.id.clone()))
            });
            group.static_members = static_members.collect();
            group.members = persisted.members;
            group.subscribed = group.find_subscription();
        }
        group
    }
}
