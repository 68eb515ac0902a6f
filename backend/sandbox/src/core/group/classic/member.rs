//! A member of a classic group.

use std::sync::Arc;

use bytes::Bytes;

use super::{GroupReply, Step, Waiter};
use crate::wire::messages::{DescribedGroupMember, JoinGroupRequestProtocol, JoinGroupResponseData};
use crate::wire::{KafkaString, text};

/// What a member, a promised id or a protocol takes besides its texts: places in maps, a timer.
pub(super) const OVERHEAD_BYTES: usize = 512;

/// A member.
#[derive(Clone, Debug)]
pub(in crate::core::group) struct Member {
    pub(super) id: Arc<str>,
    /// `group.instance.id` of a static member (KIP-345).
    pub(super) instance_id: Option<KafkaString>,
    pub(super) client_id: KafkaString,
    pub(super) client_host: KafkaString,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) session_timeout_ms: i32,
    /// What it can work with, the preferred first. Each name once.
    pub(super) protocols: Vec<Protocol>,
    /// What the leader gave it; empty before that.
    pub(super) assignment: Bytes,
    /// Its JoinGroup that waits for the others.
    pub(super) parked_join: Option<ParkedJoin>,
    /// Its SyncGroup that waits for the leader.
    pub(super) parked_sync: Option<Waiter>,
    /// It has not been answered since it came, so it may be gone without knowing its id.
    pub(super) is_new: bool,
}

/// A protocol that a member supports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Protocol {
    pub(super) name: KafkaString,
    /// For consumers: their subscription.
    pub(super) metadata: Bytes,
}

/// A JoinGroup that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParkedJoin {
    pub(super) waiter: Waiter,
    pub(super) version: i16,
}

impl Member {
    /// What it said of a protocol; empty for one that it does not support.
    pub(super) fn metadata(&self, protocol: Option<&KafkaString>) -> Bytes {
        let supported = self.protocols.iter().find(|supported| Some(&supported.name) == protocol);
        supported.map(|supported| supported.metadata.clone()).unwrap_or_default()
    }

    pub(super) fn supports(&self, protocol: &KafkaString) -> bool {
        self.protocols.iter().any(|supported| supported.name == *protocol)
    }

    /// Whether it need not be heard of: it waits for the coordinator itself. A new member is not trusted to wait, since
    /// it would come again under another id.
    pub(super) fn is_excused(&self) -> bool {
        !self.is_new && (self.parked_join.is_some() || self.parked_sync.is_some())
    }

    /// About how much memory it takes.
    pub(super) fn held_bytes(&self) -> usize {
        let texts = [&self.client_id, &self.client_host].into_iter().chain(&self.instance_id);
        let protocols = self
            .protocols
            .iter()
            .map(|protocol| OVERHEAD_BYTES + protocol.name.len() + protocol.metadata.len());
        let texts: usize = texts.map(KafkaString::len).chain(protocols).sum();
        OVERHEAD_BYTES + 2 * self.id.len() + self.assignment.len() + texts
    }

    /// How DescribeGroups shows it; with what it said of a protocol, if one is given.
    pub(in crate::core::group) fn described(&self, protocol: Option<&KafkaString>) -> DescribedGroupMember {
        DescribedGroupMember {
            member_id: wire_id(&self.id),
            group_instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            member_metadata: self.metadata(protocol),
            member_assignment: self.assignment.clone(),
            ..Default::default()
        }
    }
}

impl ParkedJoin {
    /// Answers it. Before version 7, no protocol is the empty one.
    pub(super) fn answer(self, mut response: JoinGroupResponseData, step: &mut Step<'_>) {
        response.protocol_name = match response.protocol_name {
            None if self.version < 7 => Some(KafkaString::default()),
            Some(name) if self.version >= 7 && name.is_empty() => None,
            name => name,
        };
        step.out.replies.push((self.waiter, GroupReply::Join(response)));
    }
}

/// The protocols of a request, copied out of its frame; of those with one name, the first.
pub(super) fn protocols(requested: &[JoinGroupRequestProtocol]) -> Vec<Protocol> {
    let mut protocols: Vec<Protocol> = Vec::new();
    for protocol in requested {
        if protocols.iter().all(|known| known.name != protocol.name) {
            let metadata = Bytes::copy_from_slice(&protocol.metadata);
            protocols.push(Protocol { name: copied(&protocol.name), metadata });
        }
    }
    protocols
}

/// A string that does not keep the frame alive in which it came.
pub(super) fn copied(string: &KafkaString) -> KafkaString {
    text(string.as_str())
}

/// A member id for a response.
pub(super) fn wire_id(id: &str) -> KafkaString {
    text(id)
}
