//! ListGroups, DescribeGroups, DeleteGroups.

use super::classic::State;
use super::commit::forgotten;
use super::coordinator::{Coordinator, Entry, Group};
use super::{GroupRecord, Outbox};
use crate::wire::messages::describe_groups_response::DescribedGroup;
use crate::wire::messages::{DeletableGroupResult, ListGroupsRequestData, ListedGroup};
use crate::wire::{ErrorCode, KafkaString, KafkaUuid, message, text};

/// The first version in which an unknown group is an error.
const GROUP_ID_NOT_FOUND_SINCE: i16 = 6;

impl Coordinator {
    /// The groups in one of the states and of one of the types that are asked for, of any where none is named.
    /// Names are taken in upper or lower case.
    pub(crate) fn list(&self, request: &ListGroupsRequestData) -> Vec<ListedGroup> {
        let seen = self.entries().filter(|(_, entry)| entry.written_to <= self.committed_to);
        let listed = seen.filter_map(|(id, entry)| {
            let Group::Classic(group) = &entry.group;
            let state = group.state().name();
            let asked = asks_for(&request.states_filter, |asked| asked.trim().eq_ignore_ascii_case(state))
                && asks_for(&request.types_filter, |asked| asked.eq_ignore_ascii_case(entry.group.kind()));
            asked.then(|| ListedGroup {
                group_id: text(&**id),
                protocol_type: group.protocol_type().cloned().unwrap_or_default(),
                group_state: text(state),
                group_type: text(entry.group.kind()),
                ..Default::default()
            })
        });
        listed.collect()
    }

    /// A group with its members. What these said of the protocol is there only in a stable group; one that does not
    /// exist is `Dead`.
    pub(crate) fn describe(&self, group_id: &KafkaString, version: i16) -> DescribedGroup {
        let Some(Entry { group: Group::Classic(group), .. }) = self.seen(group_id.as_str()) else {
            return unknown(group_id, version);
        };
        let protocol = group.protocol_name().filter(|_| group.state() == State::Stable);
        DescribedGroup {
            group_id: group_id.clone(),
            group_state: text(group.state().name()),
            protocol_type: group.protocol_type().cloned().unwrap_or_default(),
            protocol_data: protocol.cloned().unwrap_or_default(),
            members: group.members().map(|member| member.described(protocol)).collect(),
            ..Default::default()
        }
    }

    /// Deletes a group and its offsets, unless it has members: `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND`.
    pub(crate) fn delete(&self, group_id: &KafkaString, out: &mut Outbox) -> DeletableGroupResult {
        let state =
            self.entry(group_id.as_str()).map(|Entry { group: Group::Classic(group), .. }| group.state());
        let error = match state {
            None | Some(State::Dead) => ErrorCode::GroupIdNotFound,
            Some(State::Empty) => ErrorCode::None,
            Some(State::PreparingRebalance | State::CompletingRebalance | State::Stable) => {
                ErrorCode::NonEmptyGroup
            }
        };
        if error == ErrorCode::None
            && let Some(entry) = self.entry(group_id.as_str())
        {
            let id = entry.id();
            let offsets = entry.offsets.latest();
            out.records.extend(offsets.map(|(topic, partition, _)| forgotten(&id, topic, partition)));
            out.records.push(GroupRecord::Group { group: id, metadata: None });
        }
        DeletableGroupResult { group_id: group_id.clone(), error_code: error.code(), ..Default::default() }
    }

    /// Forgets the offsets of a topic that was deleted. Its groups stay. Offsets of another topic that had or has
    /// the name stay too.
    pub(crate) fn topic_deleted(&self, name: &str, id: KafkaUuid, out: &mut Outbox) {
        for (group, entry) in self.entries() {
            let its = entry.offsets.latest();
            let its = its.filter(|(topic, _, committed)| &***topic == name && committed.is_for(id));
            out.loose.extend(its.map(|(topic, partition, _)| forgotten(group, topic, partition)));
        }
    }
}

fn asks_for(filter: &[KafkaString], matches: impl Fn(&str) -> bool) -> bool {
    filter.is_empty() || filter.iter().any(|asked| matches(asked.as_str()))
}

fn unknown(group_id: &KafkaString, version: i16) -> DescribedGroup {
    let mut described = DescribedGroup {
        group_id: group_id.clone(),
        group_state: text(State::Dead.name()),
        ..Default::default()
    };
    if version >= GROUP_ID_NOT_FOUND_SINCE {
        described.error_code = ErrorCode::GroupIdNotFound.code();
        described.error_message = message(format!("Group {group_id} not found."));
    }
    described
}
