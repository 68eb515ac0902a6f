//! Consumer groups: who is a member, who leads, what was committed.
//!
//! A [`Coordinator`] is the groups of one partition of `__consumer_offsets`, on the broker that leads it. It knows
//! neither topics (names and partitions are checked before it is asked) nor connections: a request that has to wait is
//! a [`Waiter`], answered through the [`Outbox`] when its time has come. What it writes down comes out of there too, and is
//! told back when it is written ([`Coordinator::wrote`]) and committed ([`Coordinator::committed_to`],
//! [`Coordinator::finish`]); a coordinator begins with what others have written ([`Coordinator::load`]). The rules are those of Apache Kafka's
//! coordinator for `group.protocol=classic`; other kinds of groups are further variants of `Group`.

mod classic;
mod commit;
mod coordinator;
mod loading;
mod offsets;
mod overview;
mod records;
mod settings;
mod timers;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::wire::messages::{JoinGroupResponseData, SyncGroupResponseData};

pub(crate) use classic::State;
use classic::Written;
pub(crate) use coordinator::Coordinator;
#[cfg(test)]
pub(crate) use offsets::Committed;
pub(crate) use records::GroupRecord;
pub(crate) use settings::GroupSettings;

/// A request whose answer may come later: chosen by whoever asks, and given back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Waiter(pub(crate) u64);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    /// The version of the request.
    pub(crate) version: i16,
    /// What the client calls itself; empty if it has no name.
    pub(crate) client_id: &'a str,
    /// Its address as Apache Kafka shows it: `/127.0.0.1`.
    pub(crate) client_host: &'a str,
    /// Where an answer that waits goes to.
    pub(crate) waiter: Waiter,
}

/// What came of a call, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Answers to requests, of this call or of earlier ones.
    pub(crate) replies: Vec<(Waiter, GroupReply)>,
    /// What a window onto the cluster shows.
    pub(crate) events: Vec<GroupEvent>,
    /// What is to be written down, all of it or nothing.
    pub(crate) records: Vec<GroupRecord>,
    /// What is to be written down besides, in as many parts as it takes.
    pub(crate) loose: Vec<GroupRecord>,
    /// What is to be done when that is written and committed, or can't be.
    pub(crate) after: Vec<AfterWrite>,
}

/// What waits for records to be written and committed.
#[derive(Clone, Debug)]
pub(crate) struct AfterWrite {
    pub(in crate::core::group) group: Arc<str>,
    pub(in crate::core::group) what: Written,
}

/// What OffsetFetch is to be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// What is written down and committed.
    Committed,
    /// What is written down.
    Written,
}

/// The answer to a request that may wait.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum GroupReply {
    /// To JoinGroup.
    Join(JoinGroupResponseData),
    /// To SyncGroup.
    Sync(SyncGroupResponseData),
    /// Apache Kafka never answers: the same member asked again from elsewhere, or it was taken out of the group while
    /// its SyncGroup waited. The waiter is to be forgotten; the client's own timeout ends the request.
    Never,
}

/// Something that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupEvent {
    /// A group came to be in another state.
    StateChanged {
        /// The group.
        group: Arc<str>,
        /// Its new state; [`State::Dead`] when it was deleted.
        state: State,
        /// Its generation at that moment.
        generation: i32,
    },
    /// A member was added.
    MemberJoined {
        /// To this group.
        group: Arc<str>,
        /// The id that the coordinator gave it.
        member: Arc<str>,
    },
    /// A member was taken out.
    MemberLeft {
        /// Of this group.
        group: Arc<str>,
        /// Its id.
        member: Arc<str>,
        /// Why.
        departure: Departure,
    },
    /// An offset was committed.
    Committed {
        /// By this group.
        group: Arc<str>,
        /// For this topic,
        topic: Arc<str>,
        /// and this partition of it.
        partition: i32,
        /// The offset of the next record to be read.
        offset: i64,
    },
}

/// Why a member is no longer in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// It, or an administrator, sent LeaveGroup.
    Left,
    /// Nothing was heard of it for its session timeout.
    SessionTimedOut,
    /// It did not join again before the rebalance timeout.
    NotRejoined,
    /// It did not send SyncGroup before the rebalance timeout.
    NotSynced,
    /// Another client joined with the same `group.instance.id` and took its place.
    Replaced,
    /// The group came back on another broker as it was before the member joined.
    NotPersisted,
    /// The group has `group.max.size` members without it.
    GroupFull,
}

/// Which partition of `__consumer_offsets` keeps a group: Java's `String.hashCode`, made positive, modulo the number of
/// partitions.
pub(crate) fn partition_for(group_id: &str, partitions: i32) -> i32 {
    let hash = java_hash(group_id);
    let positive = if hash == i32::MIN { 0 } else { hash.abs() };
    positive.checked_rem(partitions).unwrap_or(0)
}

/// Java's `String.hashCode`: over UTF-16 units, with wrapping.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}
