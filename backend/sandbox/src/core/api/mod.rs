//! What brokers answer: a file for each family of APIs.

mod cluster;
mod configs;
mod errors;
pub(crate) mod fetch;
mod groups;
mod list_offsets;
mod metadata;
mod offsets;
pub(crate) mod produce;
mod producers;
pub(crate) mod records;
mod repeats;
mod replicas;
mod security;
mod topics;

pub(super) use errors::with_error;

use super::image::{PartitionRegistration, Topic};
use super::partition::Replica;
use super::{Answer, BrokerId, Caller, Core, TopicPartition};
use crate::wire::messages::ListPartitionReassignmentsResponseData;
use crate::wire::{ErrorCode, Request};

impl Core {
    /// Answers a request now, or `None`: later.
    pub(super) fn dispatch(&mut self, caller: &Caller, request: Request) -> Option<Answer> {
        if controller_is_late(&request, self.is_connected(caller.broker)) {
            let error = ErrorCode::RequestTimedOut.code();
            return Some(with_error(caller.version, &request, error));
        }
        Some(match request {
            Request::AlterConfigs(request) => self.alter_configs(caller, &request).into(),
            Request::ApiVersions(request) => self.api_versions(caller, &request).into(),
            Request::CreatePartitions(request) => self.create_partitions(caller, &request).into(),
            Request::CreateTopics(request) => self.create_topics(caller, &request).into(),
            Request::DeleteRecords(request) => return self.delete_records(caller, &request),
            Request::DeleteTopics(request) => self.delete_topics(caller, &request).into(),
            Request::DescribeCluster(request) => self.describe_cluster(caller, &request).into(),
            Request::DescribeConfigs(request) => self.describe_configs(caller, &request).into(),
            Request::DescribeLogDirs(request) => self.describe_log_dirs(caller, &request).into(),
            Request::DescribeProducers(request) => self.describe_producers(caller, &request).into(),
            Request::DescribeTopicPartitions(request) => {
                self.describe_topic_partitions(caller, &request).into()
            }
            Request::ElectLeaders(request) => self.elect_leaders(caller, &request).into(),
            Request::DeleteGroups(request) => return self.delete_groups(caller, &request),
            Request::DescribeGroups(request) => self.describe_groups(caller, &request).into(),
            Request::FindCoordinator(request) => self.find_coordinator(caller, &request).into(),
            Request::Heartbeat(request) => self.heartbeat(caller, &request).into(),
            Request::JoinGroup(request) => return self.join_group(caller, &request),
            Request::LeaveGroup(request) => return self.leave_group(caller, &request),
            Request::ListGroups(request) => self.list_groups(caller, &request).into(),
            Request::OffsetCommit(request) => return self.offset_commit(caller, request),
            Request::OffsetDelete(request) => return self.offset_delete(caller, request),
            Request::OffsetFetch(request) => return self.offset_fetch(caller, request),
            Request::SyncGroup(request) => return self.sync_group(caller, &request),
            Request::Fetch(request) => return self.fetch(caller, request),
            Request::IncrementalAlterConfigs(request) => {
                self.incremental_alter_configs(caller, &request).into()
            }
            Request::InitProducerId(request) => self.init_producer_id(&request).into(),
            Request::ListConfigResources(request) => self.list_config_resources(caller, &request).into(),
            Request::ListOffsets(request) => self.list_offsets(caller, request).into(),
            // Replicas are not moved: there is nothing under way.
            Request::ListPartitionReassignments(_) => {
                ListPartitionReassignmentsResponseData::default().into()
            }
            Request::Metadata(request) => self.metadata(caller, &request).into(),
            Request::OffsetForLeaderEpoch(request) => self.offset_for_leader_epoch(caller, &request).into(),
            Request::Produce(request) => return self.produce(caller, request),
            Request::CreateAcls(request) => security::create_acls(&request).into(),
            Request::DeleteAcls(request) => security::delete_acls(&request).into(),
            Request::DescribeAcls => security::describe_acls().into(),
            Request::SaslHandshake => security::sasl_handshake().into(),
        })
    }

    /// A broker's replica of a partition, if the client's idea of the leader's epoch is the broker's. Where none is, the
    /// epoch doesn't matter; where it is another, who leads doesn't.
    fn replica_in_epoch(
        &self,
        broker: BrokerId,
        topic: &Topic,
        index: i32,
        current_leader_epoch: i32,
        asked: Asked,
    ) -> Result<&Replica, ErrorCode> {
        let registration = topic.partition(index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let id = TopicPartition { topic: topic.id, partition: index };
        let replica = self.replica(id, broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
        check_epoch(registration, current_leader_epoch)?;
        match asked {
            Asked::Leader => self.led(broker, topic, index).map(|_| replica),
            Asked::AnyReplica => Ok(replica),
        }
    }

    /// A partition on the broker that leads it, as that broker sees it.
    fn led(&self, broker: BrokerId, topic: &Topic, index: i32) -> Result<TopicPartition, ErrorCode> {
        let id = TopicPartition { topic: topic.id, partition: index };
        let registration = topic.partition(index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if registration.leader != Some(broker)
            || self.replica(id, broker).is_none_or(|it| it.leading.is_none())
        {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        Ok(id)
    }

    /// A broker's replica of a partition.
    fn replica(&self, id: TopicPartition, broker: BrokerId) -> Option<&Replica> {
        self.partitions.get(&id)?.replica(broker)
    }
}

/// Whether a broker hands the request on to the controller, and no answer comes in time. Those that make, change and
/// delete topics answer for each topic instead.
fn controller_is_late(request: &Request, is_connected: bool) -> bool {
    match request {
        Request::ElectLeaders(request) => {
            let is_empty = request.topic_partitions.as_ref().is_some_and(Vec::is_empty);
            !is_connected || (request.timeout_ms <= 0 && !is_empty)
        }
        Request::AlterConfigs(_)
        | Request::IncrementalAlterConfigs(_)
        | Request::ListPartitionReassignments(_) => !is_connected,
        _ => false,
    }
}

/// The client has no idea of the leader's epoch.
const NO_EPOCH: i32 = -1;

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Leader,
    AnyReplica,
}

/// Whether a client's idea of the leader's epoch is the broker's (KIP-320).
fn check_epoch(registration: &PartitionRegistration, current: i32) -> Result<(), ErrorCode> {
    match current {
        NO_EPOCH => Ok(()),
        epoch if epoch < registration.leader_epoch => Err(ErrorCode::FencedLeaderEpoch),
        epoch if epoch > registration.leader_epoch => Err(ErrorCode::UnknownLeaderEpoch),
        _ => Ok(()),
    }
}
