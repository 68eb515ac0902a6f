//! Which protocol a group works by, and which topics its members consume.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Buf;

use super::member::{Member, Protocol};
use super::{ClassicGroup, State};
use crate::core::group::java_hash;
use crate::wire::KafkaString;
use crate::wire::messages::ConsumerProtocolSubscriptionData;

impl ClassicGroup {
    /// Whether somebody with this protocol type and these protocols can be a member.
    pub(super) fn supports(&self, protocol_type: &KafkaString, protocols: &[Protocol]) -> bool {
        if self.state == State::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(protocol_type)
            && protocols.iter().any(|protocol| self.is_common(&protocol.name))
    }

    /// The protocol of the next generation: among those that all support, the one most members prefer.
    pub(super) fn elect_protocol(&self) -> Option<KafkaString> {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let vote = member.protocols.iter().find(|protocol| self.is_common(&protocol.name));
            *votes.entry(vote.map_or("", |protocol| protocol.name.as_str())).or_default() += 1;
        }
        let buckets = buckets_for(votes.len());
        // Of those with the same number of votes, Java finds first the one that comes first in its hash table.
        let elected = votes
            .into_iter()
            .min_by_key(|(name, votes)| (std::cmp::Reverse(*votes), bucket(name, buckets)))?;
        self.members.values().find_map(|member| {
            member
                .protocols
                .iter()
                .find(|protocol| protocol.name.as_str() == elected.0)
                .map(|it| it.name.clone())
        })
    }

    fn is_common(&self, protocol: &KafkaString) -> bool {
        self.members.values().all(|member| member.supports(protocol))
    }

    /// The topics that the members said they consume, if they are consumers and could be understood.
    pub(super) fn find_subscription(&self) -> Option<BTreeSet<Box<str>>> {
        if !self.is_of_consumers() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol_name.as_ref()?;
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscription(member, protocol)?);
        }
        Some(topics)
    }
}

/// The topics in what a consumer said of a protocol. Version 0 begins all versions of a subscription.
fn subscription(member: &Member, protocol: &KafkaString) -> Option<Vec<Box<str>>> {
    let mut metadata = member.metadata(Some(protocol));
    if metadata.len() < 2 {
        return None;
    }
    metadata.advance(2);
    let subscription = ConsumerProtocolSubscriptionData::read(&mut metadata, 0).ok()?;
    Some(subscription.topics.iter().map(|topic| topic.as_str().into()).collect())
}

/// How many buckets Java's `HashMap` has with this many entries.
fn buckets_for(entries: usize) -> u32 {
    let mut buckets = 16;
    while entries > buckets as usize * 3 / 4 {
        buckets *= 2;
    }
    buckets
}

/// The bucket of a string in Java's `HashMap`.
fn bucket(name: &str, buckets: u32) -> u32 {
    let hash = java_hash(name).cast_unsigned();
    (hash ^ (hash >> 16)) & (buckets - 1)
}
