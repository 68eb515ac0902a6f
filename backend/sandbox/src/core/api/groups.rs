//! FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup, ListGroups, DescribeGroups, DeleteGroups: the membership of
//! groups, who coordinates them, and their listing.

use std::collections::HashSet;

use crate::core::group::GroupSettings;
use crate::core::image::{CONSUMER_OFFSETS, Topic};
use crate::core::{Answer, BrokerId, Caller, Core, group};
use crate::wire::messages::describe_groups_request::DescribeGroupsRequestData;
use crate::wire::messages::describe_groups_response::{DescribeGroupsResponseData, DescribedGroup};
use crate::wire::messages::find_coordinator_request::FindCoordinatorRequestData;
use crate::wire::messages::find_coordinator_response::{Coordinator as Found, FindCoordinatorResponseData};
use crate::wire::messages::{
    DeletableGroupResult, DeleteGroupsRequestData, DeleteGroupsResponseData, HeartbeatRequestData,
    HeartbeatResponseData, JoinGroupRequestData, JoinGroupResponseData, LeaveGroupRequestData,
    LeaveGroupResponseData, ListGroupsRequestData, ListGroupsResponseData, SyncGroupRequestData,
    SyncGroupResponseData,
};
use crate::wire::{ErrorCode, KafkaString, message, text};

/// READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, as bits by their numbers: what everybody may do to a
/// group where there is no authorizer.
const GROUP_OPERATIONS: i32 = 0b1101_0100_1000;
/// The first version of FindCoordinator that asks for several at a time (KIP-699).
const BATCHED_SINCE: i16 = 4;
/// The first version of FindCoordinator that knows share coordinators (KIP-932).
const SHARE_SINCE: i16 = 6;
/// The first version of SyncGroup that has to name the protocol (KIP-559).
const PROTOCOL_NAMED_SINCE: i16 = 5;

/// What is coordinated, by its number in FindCoordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CoordinatorKind {
    Group,
    Transaction,
    Share,
}

impl CoordinatorKind {
    fn of(key_type: i8) -> Option<Self> {
        match key_type {
            0 => Some(Self::Group),
            1 => Some(Self::Transaction),
            2 => Some(Self::Share),
            _ => None,
        }
    }
}

impl Core {
    /// FindCoordinator. The first one makes the topic that the coordinator needs.
    pub(super) fn find_coordinator(
        &mut self,
        caller: &Caller,
        request: &FindCoordinatorRequestData,
    ) -> FindCoordinatorResponseData {
        let kind = CoordinatorKind::of(request.key_type);
        if caller.version < BATCHED_SINCE {
            let found = self.find_one(caller, kind, &request.key);
            let error = found.as_ref().err().copied().unwrap_or(ErrorCode::None);
            let (node_id, host, port) = found.unwrap_or_else(|_| nobody());
            return FindCoordinatorResponseData {
                error_code: error.code(),
                error_message: if caller.version == 0 { None } else { message(said(error)) },
                node_id,
                host,
                port,
                ..Default::default()
            };
        }
        let coordinators = request.coordinator_keys.iter().map(|key| {
            let found = self.find_one(caller, kind, key);
            let error = found.as_ref().err().copied().unwrap_or(ErrorCode::None);
            let (node_id, host, port) = found.unwrap_or_else(|_| nobody());
            Found {
                key: key.clone(),
                node_id,
                host,
                port,
                error_code: error.code(),
                // Only a request that fails as a whole says why.
                error_message: message(if kind.is_none() { said(error) } else { "" }),
                ..Default::default()
            }
        });
        FindCoordinatorResponseData { coordinators: coordinators.collect(), ..Default::default() }
    }

    fn find_one(
        &mut self,
        caller: &Caller,
        kind: Option<CoordinatorKind>,
        key: &KafkaString,
    ) -> Result<(BrokerId, KafkaString, i32), ErrorCode> {
        match kind.ok_or(ErrorCode::InvalidRequest)? {
            CoordinatorKind::Group => {}
            // Not retriable: clients would wait for it until their own time limits.
            CoordinatorKind::Transaction => return Err(ErrorCode::InvalidRequest),
            CoordinatorKind::Share if caller.version < SHARE_SINCE || !is_share_key(key.as_str()) => {
                return Err(ErrorCode::InvalidRequest);
            }
            CoordinatorKind::Share => return Err(ErrorCode::CoordinatorNotAvailable),
        }
        let image = self.image_of(caller.broker);
        let Some(topic) = image.topic(CONSUMER_OFFSETS) else {
            self.make_consumer_offsets(caller.broker);
            return Err(ErrorCode::CoordinatorNotAvailable);
        };
        let leader = leader_for(topic, key.as_str()).ok_or(ErrorCode::CoordinatorNotAvailable)?;
        let (_, broker) =
            image.live_brokers().find(|(id, _)| *id == leader).ok_or(ErrorCode::CoordinatorNotAvailable)?;
        Ok((leader, broker.host.clone(), i32::from(broker.port)))
    }

    fn make_consumer_offsets(&mut self, broker: BrokerId) {
        if !self.is_connected(broker) {
            return;
        }
        let settings = self.image.configs.broker_settings();
        let made = self.make_internal_topic(
            CONSUMER_OFFSETS,
            settings.offsets_topic_num_partitions,
            settings.offsets_topic_replication_factor,
        );
        if let Err(reason) = made {
            tracing::warn!(reason, "{CONSUMER_OFFSETS} can't be made");
        }
    }

    /// JoinGroup: answered by the coordinator, now or later.
    pub(super) fn join_group(&mut self, caller: &Caller, request: &JoinGroupRequestData) -> Option<Answer> {
        let refused = |error: ErrorCode, member_id: KafkaString| {
            let error_code = error.code();
            Some(JoinGroupResponseData { error_code, member_id, ..Default::default() }.into())
        };
        let group = request.group_id.as_str();
        if let Some(error) = refused_join(&self.group_settings(), request) {
            return refused(error, request.member_id.clone());
        }
        let said = request.protocols.iter().map(|protocol| protocol.name.len() + protocol.metadata.len());
        if !self.has_room_for_member(said.sum(), request.member_id.is_empty()) {
            return refused(ErrorCode::GroupMaxSizeReached, KafkaString::default());
        }
        let host = self.client_host(caller.connection);
        let joined = self.with_coordinator(caller.broker, group, |desk| {
            desk.join(Self::group_caller(caller, &host), request);
        });
        let error = joined.err()?;
        refused(error, KafkaString::default())
    }

    /// SyncGroup: answered by the coordinator, now or later.
    pub(super) fn sync_group(&mut self, caller: &Caller, request: &SyncGroupRequestData) -> Option<Answer> {
        let group = request.group_id.as_str();
        let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
        let error = if caller.version >= PROTOCOL_NAMED_SINCE && !names_protocol {
            ErrorCode::InconsistentGroupProtocol
        } else if group.is_empty() {
            ErrorCode::InvalidGroupId
        } else {
            let host = self.client_host(caller.connection);
            let synced = self.with_coordinator(caller.broker, group, |desk| {
                desk.groups.sync(desk.now, Self::group_caller(caller, &host), request, desk.out);
            });
            synced.err()?
        };
        Some(SyncGroupResponseData { error_code: error.code(), ..Default::default() }.into())
    }

    /// Heartbeat.
    pub(super) fn heartbeat(
        &mut self,
        caller: &Caller,
        request: &HeartbeatRequestData,
    ) -> HeartbeatResponseData {
        let group = request.group_id.as_str();
        let error = if group.is_empty() {
            ErrorCode::InvalidGroupId
        } else {
            match self.with_coordinator(caller.broker, group, |desk| {
                desk.groups.heartbeat(desk.now, request, desk.out)
            }) {
                Ok(response) => return response,
                Err(error) => error,
            }
        };
        HeartbeatResponseData { error_code: error.code(), ..Default::default() }
    }

    /// LeaveGroup.
    pub(super) fn leave_group(&mut self, caller: &Caller, request: &LeaveGroupRequestData) -> Option<Answer> {
        let failed =
            |error: ErrorCode| LeaveGroupResponseData { error_code: error.code(), ..Default::default() };
        let group = request.group_id.as_str();
        if group.is_empty() {
            return Some(failed(ErrorCode::InvalidGroupId).into());
        }
        let host = self.client_host(caller.connection);
        let left = self.with_writes(caller.broker, group, |desk| {
            desk.groups.leave(desk.now, Self::group_caller(caller, &host), request, desk.out)
        });
        match left {
            Ok((response, write)) => self.answer_when_committed(caller, write, response, failed),
            Err(error) => Some(failed(error).into()),
        }
    }

    /// ListGroups: those that this broker coordinates.
    pub(super) fn list_groups(
        &self,
        caller: &Caller,
        request: &ListGroupsRequestData,
    ) -> ListGroupsResponseData {
        let groups = self.coordinators_on(caller.broker).flat_map(|coordinator| coordinator.list(request));
        ListGroupsResponseData { groups: groups.collect(), ..Default::default() }
    }

    /// DescribeGroups.
    pub(super) fn describe_groups(
        &mut self,
        caller: &Caller,
        request: &DescribeGroupsRequestData,
    ) -> DescribeGroupsResponseData {
        let ids = self.in_order_of_coordinators(caller.broker, &request.groups);
        let groups = ids.into_iter().flatten().map(|id| {
            let described = self.with_coordinator(caller.broker, id.as_str(), |desk| {
                desk.groups.describe(id, caller.version)
            });
            let mut described = described.unwrap_or_else(|error| DescribedGroup {
                group_id: id.clone(),
                error_code: error.code(),
                ..Default::default()
            });
            if request.include_authorized_operations && described.error_code == 0 {
                described.authorized_operations = GROUP_OPERATIONS;
            }
            described
        });
        DescribeGroupsResponseData { groups: groups.collect(), ..Default::default() }
    }

    /// DeleteGroups: a group that is named twice is deleted once. Those of one partition of `__consumer_offsets` are
    /// deleted with one write; if that fails, it is the error of all of them.
    pub(super) fn delete_groups(
        &mut self,
        caller: &Caller,
        request: &DeleteGroupsRequestData,
    ) -> Option<Answer> {
        let mut seen = HashSet::new();
        let distinct = request.groups_names.iter().filter(|id| seen.insert(id.as_str()));
        let (mut parts, mut writes) = (Vec::new(), Vec::new());
        for ids in self.in_order_of_coordinators(caller.broker, distinct) {
            let Some(first) = ids.first() else { continue };
            let deleted = self.with_writes(caller.broker, first.as_str(), |desk| {
                ids.iter().map(|id| desk.groups.delete(id, desk.out)).collect::<Vec<_>>()
            });
            match deleted {
                Ok((results, write)) => {
                    parts.push((results, true));
                    writes.push(write);
                }
                Err(error) => parts.push((ids.into_iter().map(|id| not_deleted(id, error)).collect(), false)),
            }
        }
        self.answer_when_settled(caller, writes, ErrorCode::CoordinatorNotAvailable, move |settled| {
            let mut settled = settled.iter();
            let results = parts.into_iter().flat_map(|(mut results, waits)| {
                let settled = if waits { settled.next() } else { None };
                if let Some(Err(error)) = settled {
                    results.iter_mut().for_each(|result| result.error_code = error.code());
                }
                results
            });
            DeleteGroupsResponseData { results: results.collect(), ..Default::default() }.into()
        })
    }
}

fn not_deleted(group_id: &KafkaString, error: ErrorCode) -> DeletableGroupResult {
    DeletableGroupResult { group_id: group_id.clone(), error_code: error.code(), ..Default::default() }
}

/// What any broker refuses, even one that isn't the group's coordinator.
fn refused_join(settings: &GroupSettings, request: &JoinGroupRequestData) -> Option<ErrorCode> {
    let timeouts = settings.min_session_timeout_ms..=settings.max_session_timeout_ms;
    if request.group_id.is_empty() {
        Some(ErrorCode::InvalidGroupId)
    } else if !timeouts.contains(&request.session_timeout_ms) {
        Some(ErrorCode::InvalidSessionTimeout)
    } else {
        None
    }
}

fn leader_for(topic: &Topic, group: &str) -> Option<BrokerId> {
    let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    topic.partition(group::partition_for(group, count))?.leader
}

/// Where there is no broker to tell.
fn nobody() -> (BrokerId, KafkaString, i32) {
    (-1, text(""), -1)
}

/// What Apache Kafka says of these errors where it says nothing particular.
fn said(error: ErrorCode) -> &'static str {
    match error {
        ErrorCode::None => "NONE",
        ErrorCode::InvalidRequest => {
            "This most likely occurs because of a request being malformed by the client library or the message was \
             sent to an incompatible broker. See the broker logs for more details."
        }
        ErrorCode::CoordinatorNotAvailable => "The coordinator is not available.",
        _ => "",
    }
}

/// Whether a key is of the form `group:topic id:partition`.
fn is_share_key(key: &str) -> bool {
    let parts: Vec<_> = key.split(':').collect();
    matches!(parts[..], [group, topic, partition] if !group.trim().is_empty()
        && is_uuid(topic)
        && partition.parse::<i32>().is_ok())
}

/// Whether text is an id as Apache Kafka writes it: 16 bytes in URL-safe base64.
fn is_uuid(text: &str) -> bool {
    let digits = text.strip_suffix("==").unwrap_or(text);
    digits.len() == 22 && digits.bytes().all(|digit| digit.is_ascii_alphanumeric() || b"-_".contains(&digit))
}
