//! Events of groups as the window shows them.

use crate::core::group::{Departure, GroupEvent};
use crate::window::Happening;

/// An event as the window shows it.
pub(super) fn happening(event: GroupEvent) -> Happening {
    match event {
        GroupEvent::StateChanged { group, state, generation } => Happening::GroupStateChanged {
            group: group.as_ref().to_owned(),
            state: state.name().to_owned(),
            generation,
        },
        GroupEvent::MemberJoined { group, member } => {
            Happening::MemberJoined { group: group.as_ref().to_owned(), member: member.as_ref().to_owned() }
        }
        GroupEvent::MemberLeft { group, member, departure } => Happening::MemberLeft {
            group: group.as_ref().to_owned(),
            member: member.as_ref().to_owned(),
            why: why(departure).to_owned(),
        },
        GroupEvent::Committed { group, topic, partition, offset } => Happening::Committed {
            group: group.as_ref().to_owned(),
            topic: topic.as_ref().to_owned(),
            partition,
            offset,
        },
    }
}

fn why(departure: Departure) -> &'static str {
    match departure {
        Departure::Left => "it left",
        Departure::SessionTimedOut => "its session timed out",
        Departure::NotRejoined => "it did not join again in time",
        Departure::NotSynced => "it did not ask for its assignment in time",
        Departure::Replaced => "another client took its place",
        Departure::NotPersisted => "the coordinator moved before it had joined",
        Departure::GroupFull => "the group is full",
    }
}
