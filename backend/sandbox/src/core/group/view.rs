//! Groups as the window shows them.

use bytes::Buf;

use super::classic::State;
use super::coordinator::{Coordinator, Entry, Group};
use crate::window::{CommittedSnapshot, GroupSnapshot, MemberSnapshot};
use crate::wire::messages::ConsumerProtocolAssignmentData;
use crate::wire::messages::describe_groups_response::DescribedGroupMember;
use crate::wire::text;

/// The newest version of what the consumer protocol's members tell each other.
const NEWEST_ASSIGNMENT: i16 = 3;

impl Coordinator {
    /// All groups of this coordinator, which is on that broker.
    pub(crate) fn view(&self, broker: Option<i32>) -> Vec<GroupSnapshot> {
        let groups = self.entries().map(|(id, Entry { group: Group::Classic(group), offsets, .. })| {
            let described = self.describe(&text(&**id), 5);
            GroupSnapshot {
                id: (**id).to_owned(),
                state: group.state().name().to_owned(),
                protocol: described.protocol_data.as_str().to_owned(),
                coordinator: broker,
                members: described.members.iter().map(|it| member(it, group.state())).collect(),
                offsets: offsets
                    .topics(self.committed_to)
                    .flat_map(|(topic, partitions)| {
                        partitions.map(move |(partition, committed)| CommittedSnapshot {
                            topic: topic.to_owned(),
                            partition,
                            offset: committed.offset,
                        })
                    })
                    .collect(),
            }
        });
        groups.collect()
    }
}

fn member(described: &DescribedGroupMember, state: State) -> MemberSnapshot {
    MemberSnapshot {
        id: described.member_id.as_str().to_owned(),
        client_id: described.client_id.as_str().to_owned(),
        assignment: if state == State::Stable { assignment(described) } else { Vec::new() },
    }
}

/// The partitions that the group's leader gave a member; none if it speaks another protocol than consumers do.
fn assignment(described: &DescribedGroupMember) -> Vec<(String, i32)> {
    let mut bytes = described.member_assignment.clone();
    if bytes.len() < 2 {
        return Vec::new();
    }
    let version = bytes.get_i16().clamp(0, NEWEST_ASSIGNMENT);
    let Ok(read) = ConsumerProtocolAssignmentData::read(&mut bytes, version) else { return Vec::new() };
    let topics = read.assigned_partitions.into_iter();
    topics
        .flat_map(|topic| {
            let name = topic.topic.as_str().to_owned();
            topic.partitions.into_iter().map(move |partition| (name.clone(), partition))
        })
        .collect()
}
