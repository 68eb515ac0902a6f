//! What of groups is written to `__consumer_offsets`, in the bytes in which Apache Kafka has it: each key and each value
//! after two bytes for its kind or its version.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};

use super::offsets::Committed;
use crate::core::log::KeyedRecord;
use crate::wire::{KafkaString, KafkaUuid, text};

/// The kinds of keys: `OffsetCommitKey` (0 is the same, of long ago) and `GroupMetadataKey`.
const OFFSET_KEYS: std::ops::RangeInclusive<i16> = 0..=1;
const OFFSET_KEY: i16 = 1;
const GROUP_KEY: i16 = 2;
/// `OffsetCommitValue`: the version that tells when the offset expires, and the one for all others, which has fields
/// by tag.
const EXPIRING_OFFSET: i16 = 1;
const OFFSET: i16 = 4;
/// The tag of the topic's id.
const TOPIC_ID_TAG: u32 = 0;
/// `GroupMetadataValue`.
const GROUP: i16 = 3;

/// A record of `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupRecord {
    /// An offset was committed, or is no longer.
    Offset {
        /// By this group.
        group: Arc<str>,
        /// For this topic,
        topic: Arc<str>,
        /// and this partition of it.
        partition: i32,
        /// `None`: it is forgotten.
        committed: Option<Committed>,
    },
    /// A classic group is in this generation, or is no longer.
    Group {
        /// The group.
        group: Arc<str>,
        /// `None`: it is deleted.
        metadata: Option<GroupMetadata>,
    },
}

/// A classic group in a complete generation, or without members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupMetadata {
    pub(super) protocol_type: Option<KafkaString>,
    pub(super) generation: i32,
    pub(super) protocol_name: Option<KafkaString>,
    pub(super) leader: Option<Arc<str>>,
    /// Since when it is in its state, by the wall clock.
    pub(super) since_ms: i64,
    pub(super) members: Vec<MemberMetadata>,
}

/// A member of such a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberMetadata {
    pub(super) id: Arc<str>,
    pub(super) instance_id: Option<KafkaString>,
    pub(super) client_id: KafkaString,
    pub(super) client_host: KafkaString,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) session_timeout_ms: i32,
    /// What it said of the group's protocol.
    pub(super) subscription: Bytes,
    pub(super) assignment: Bytes,
}

#[cfg(test)]
impl GroupMetadata {
    pub(crate) fn generation(&self) -> i32 {
        self.generation
    }

    /// The members' ids and assignments.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.members.iter().map(|member| (&*member.id, &*member.assignment))
    }
}

impl GroupRecord {
    /// The group that it is about.
    pub(crate) fn group(&self) -> &Arc<str> {
        match self {
            Self::Offset { group, .. } | Self::Group { group, .. } => group,
        }
    }

    /// As it is written down; `None` where a string is longer than 32,767 bytes, for which a record has no room.
    pub(crate) fn write(&self) -> Option<KeyedRecord> {
        let mut key = Vec::new();
        let value = match self {
            Self::Offset { group, topic, partition, committed } => {
                key.put_i16(OFFSET_KEY);
                put_string(&mut key, group)?;
                put_string(&mut key, topic)?;
                key.put_i32(*partition);
                match committed {
                    Some(committed) => Some(offset_value(committed)?),
                    None => None,
                }
            }
            Self::Group { group, metadata } => {
                key.put_i16(GROUP_KEY);
                put_string(&mut key, group)?;
                match metadata {
                    Some(metadata) => Some(group_value(metadata)?),
                    None => None,
                }
            }
        };
        Some(KeyedRecord { key: key.into(), value: value.map(Bytes::from) })
    }

    /// Reads what was written; `None` for what is nothing of this.
    pub(crate) fn read(record: &KeyedRecord) -> Option<Self> {
        let mut key = record.key.clone();
        let kind = key.try_get_i16().ok()?;
        if OFFSET_KEYS.contains(&kind) {
            let group = string(&mut key)?.as_str().into();
            let topic = string(&mut key)?.as_str().into();
            let partition = key.try_get_i32().ok()?;
            let committed = match &record.value {
                Some(value) => Some(read_offset(value.clone())?),
                None => None,
            };
            return Some(Self::Offset { group, topic, partition, committed });
        }
        if kind != GROUP_KEY {
            return None;
        }
        let group = string(&mut key)?.as_str().into();
        let metadata = match &record.value {
            Some(value) => Some(read_group(value.clone())?),
            None => None,
        };
        Some(Self::Group { group, metadata })
    }
}

fn offset_value(committed: &Committed) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    if let Some(expires_at_ms) = committed.expires_at_ms {
        value.put_i16(EXPIRING_OFFSET);
        value.put_i64(committed.offset);
        put_string(&mut value, committed.metadata.as_str())?;
        value.put_i64(committed.at_ms);
        value.put_i64(expires_at_ms);
        return Some(value);
    }
    value.put_i16(OFFSET);
    value.put_i64(committed.offset);
    value.put_i32(committed.leader_epoch);
    let metadata = committed.metadata.as_str().as_bytes();
    put_unsigned(&mut value, u32::try_from(metadata.len() + 1).unwrap_or(u32::MAX));
    value.put_slice(metadata);
    value.put_i64(committed.at_ms);
    if committed.topic_id == KafkaUuid::ZERO {
        put_unsigned(&mut value, 0);
    } else {
        put_unsigned(&mut value, 1);
        put_unsigned(&mut value, TOPIC_ID_TAG);
        put_unsigned(&mut value, 16);
        value.put_slice(&committed.topic_id.to_bytes());
    }
    Some(value)
}

fn read_offset(mut value: Bytes) -> Option<Committed> {
    match value.try_get_i16().ok()? {
        EXPIRING_OFFSET => {
            let offset = value.try_get_i64().ok()?;
            let metadata = string(&mut value)?;
            let at_ms = value.try_get_i64().ok()?;
            let expires_at_ms = Some(value.try_get_i64().ok()?);
            let topic_id = KafkaUuid::ZERO;
            Some(Committed { offset, leader_epoch: -1, metadata, topic_id, at_ms, expires_at_ms })
        }
        OFFSET => {
            let offset = value.try_get_i64().ok()?;
            let leader_epoch = value.try_get_i32().ok()?;
            let length = usize::try_from(unsigned(&mut value)?.checked_sub(1)?).ok()?;
            let metadata = utf8(&mut value, length)?;
            let at_ms = value.try_get_i64().ok()?;
            let topic_id = match unsigned(&mut value)? {
                0 => KafkaUuid::ZERO,
                _ => {
                    let (_tag, _size) = (unsigned(&mut value)?, unsigned(&mut value)?);
                    KafkaUuid::from_parts(value.try_get_u64().ok()?, value.try_get_u64().ok()?)
                }
            };
            Some(Committed { offset, leader_epoch, metadata, topic_id, at_ms, expires_at_ms: None })
        }
        _ => None,
    }
}

fn group_value(group: &GroupMetadata) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    value.put_i16(GROUP);
    put_string(&mut value, group.protocol_type.as_ref().map_or("", |name| name.as_str()))?;
    value.put_i32(group.generation);
    put_nullable(&mut value, group.protocol_name.as_ref().map(KafkaString::as_str))?;
    put_nullable(&mut value, group.leader.as_deref())?;
    value.put_i64(group.since_ms);
    value.put_i32(i32::try_from(group.members.len()).unwrap_or(i32::MAX));
    for member in &group.members {
        put_string(&mut value, &member.id)?;
        put_nullable(&mut value, member.instance_id.as_ref().map(KafkaString::as_str))?;
        put_string(&mut value, member.client_id.as_str())?;
        put_string(&mut value, member.client_host.as_str())?;
        value.put_i32(member.rebalance_timeout_ms);
        value.put_i32(member.session_timeout_ms);
        put_bytes(&mut value, &member.subscription);
        put_bytes(&mut value, &member.assignment);
    }
    Some(value)
}

fn read_group(mut value: Bytes) -> Option<GroupMetadata> {
    if value.try_get_i16().ok()? != GROUP {
        return None;
    }
    let protocol_type = Some(string(&mut value)?).filter(|name| !name.is_empty());
    let generation = value.try_get_i32().ok()?;
    let protocol_name = nullable(&mut value)?;
    let leader = nullable(&mut value)?.map(|leader| leader.as_str().into());
    let since_ms = value.try_get_i64().ok()?;
    let count = value.try_get_i32().ok()?;
    let mut members = Vec::new();
    for _ in 0..count {
        members.push(MemberMetadata {
            id: string(&mut value)?.as_str().into(),
            instance_id: nullable(&mut value)?,
            client_id: string(&mut value)?,
            client_host: string(&mut value)?,
            rebalance_timeout_ms: value.try_get_i32().ok()?,
            session_timeout_ms: value.try_get_i32().ok()?,
            subscription: bytes(&mut value)?,
            assignment: bytes(&mut value)?,
        });
    }
    Some(GroupMetadata { protocol_type, generation, protocol_name, leader, since_ms, members })
}

fn put_string(into: &mut Vec<u8>, string: &str) -> Option<()> {
    into.put_i16(i16::try_from(string.len()).ok()?);
    into.put_slice(string.as_bytes());
    Some(())
}

fn put_nullable(into: &mut Vec<u8>, string: Option<&str>) -> Option<()> {
    match string {
        Some(string) => put_string(into, string),
        None => {
            into.put_i16(-1);
            Some(())
        }
    }
}

fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    into.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    into.put_slice(bytes);
}

fn put_unsigned(into: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        into.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    into.put_u8(value as u8);
}

fn string(from: &mut Bytes) -> Option<KafkaString> {
    nullable(from)?
}

fn nullable(from: &mut Bytes) -> Option<Option<KafkaString>> {
    match usize::try_from(from.try_get_i16().ok()?) {
        Ok(length) => utf8(from, length).map(Some),
        Err(_) => Some(None),
    }
}

fn utf8(from: &mut Bytes, length: usize) -> Option<KafkaString> {
    if from.len() < length {
        return None;
    }
    std::str::from_utf8(&from.split_to(length)).ok().map(text)
}

/// Bytes that do not keep the batch alive in which they are.
fn bytes(from: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(from.try_get_i32().ok()?).ok()?;
    (from.len() >= length).then(|| Bytes::copy_from_slice(&from.split_to(length)))
}

fn unsigned(from: &mut Bytes) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = from.try_get_u8().ok()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> Committed {
        Committed {
            offset: 5,
            leader_epoch: 2,
            metadata: text("me"),
            topic_id: KafkaUuid::ZERO,
            at_ms: 7,
            expires_at_ms: None,
        }
    }

    fn offset(committed: Option<Committed>) -> GroupRecord {
        GroupRecord::Offset { group: "g".into(), topic: "to".into(), partition: 3, committed }
    }

    fn member() -> MemberMetadata {
        MemberMetadata {
            id: "m".into(),
            instance_id: None,
            client_id: text("c"),
            client_host: text("/h"),
            rebalance_timeout_ms: 9,
            session_timeout_ms: 8,
            subscription: Bytes::from_static(b"s"),
            assignment: Bytes::from_static(b"as"),
        }
    }

    fn group(members: Vec<MemberMetadata>) -> GroupRecord {
        let metadata = GroupMetadata {
            protocol_type: Some(text("consumer")),
            generation: 1,
            protocol_name: Some(text("range")),
            leader: Some("m".into()),
            since_ms: 6,
            members,
        };
        GroupRecord::Group { group: "g".into(), metadata: Some(metadata) }
    }

    #[test]
    fn an_offset_is_written_as_apache_kafka_writes_it() {
        let written = offset(Some(committed())).write().unwrap();
        assert_eq!(&written.key[..], b"\0\x01\0\x01g\0\x02to\0\0\0\x03");
        let value = b"\0\x04\0\0\0\0\0\0\0\x05\0\0\0\x02\x03me\0\0\0\0\0\0\0\x07\0";
        assert_eq!(written.value.as_deref(), Some(&value[..]));

        let id = KafkaUuid::from_parts(1, 2);
        let with_id = offset(Some(Committed { topic_id: id, ..committed() })).write().unwrap().value.unwrap();
        assert_eq!(with_id[..value.len() - 1], value[..value.len() - 1]);
        assert_eq!(with_id[value.len() - 1..], *b"\x01\0\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02");

        let expiring = offset(Some(Committed { expires_at_ms: Some(1), ..committed() })).write().unwrap();
        let value = b"\0\x01\0\0\0\0\0\0\0\x05\0\x02me\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x01";
        assert_eq!(expiring.value.as_deref(), Some(&value[..]));
        assert_eq!(offset(None).write().unwrap(), KeyedRecord { key: written.key, value: None });
    }

    #[test]
    fn a_group_is_written_as_apache_kafka_writes_it() {
        let written = group(vec![member()]).write().unwrap();
        assert_eq!(&written.key[..], b"\0\x02\0\x01g");
        let value = b"\0\x03\0\x08consumer\0\0\0\x01\0\x05range\0\x01m\0\0\0\0\0\0\0\x06\0\0\0\x01\
            \0\x01m\xff\xff\0\x01c\0\x02/h\0\0\0\x09\0\0\0\x08\0\0\0\x01s\0\0\0\x02as";
        assert_eq!(written.value.as_deref(), Some(&value[..]));
    }

    #[test]
    fn what_was_written_is_read_back() {
        let id = KafkaUuid::from_parts(1, 2);
        let expiring = Committed { expires_at_ms: Some(1), leader_epoch: -1, ..committed() };
        let fixed = MemberMetadata { instance_id: Some(text("desk")), ..member() };
        for record in [
            offset(Some(committed())),
            offset(Some(Committed { topic_id: id, metadata: text("x".repeat(4_000)), ..committed() })),
            offset(Some(expiring)),
            offset(None),
            group(Vec::new()),
            group(vec![member(), fixed]),
            GroupRecord::Group { group: "".into(), metadata: None },
        ] {
            assert_eq!(GroupRecord::read(&record.write().unwrap()), Some(record));
        }
    }

    #[test]
    fn a_string_that_is_too_long_is_not_written() {
        for (length, is_written) in [(32_767, true), (32_768, false)] {
            let long: Arc<str> = "x".repeat(length).into();
            let group_id = GroupRecord::Group { group: long.clone(), metadata: None };
            let member = MemberMetadata { instance_id: Some(text(&*long)), ..member() };
            let topic = GroupRecord::Offset { group: "g".into(), topic: long, partition: 0, committed: None };
            for record in [group_id, group(vec![member]), topic] {
                assert_eq!(record.write().is_some(), is_written);
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_of_another_kind_is_nothing() {
        for record in [offset(Some(committed())), group(vec![member()])] {
            let whole = record.write().unwrap();
            for length in 0..whole.key.len() {
                let key = whole.key.slice(..length);
                assert_eq!(GroupRecord::read(&KeyedRecord { key, value: whole.value.clone() }), None);
            }
            let value = whole.value.unwrap();
            for length in 0..value.len() {
                let cut = KeyedRecord { key: whole.key.clone(), value: Some(value.slice(..length)) };
                assert_eq!(GroupRecord::read(&cut), None);
            }
        }
        let strange = KeyedRecord { key: Bytes::from_static(b"\0\x03\0\x01g"), value: None };
        assert_eq!(GroupRecord::read(&strange), None);
    }
}
