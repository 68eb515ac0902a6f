//! Responses that say one error of all that a request asks for: what `getErrorResponse` of each request says in Apache
//! Kafka.

mod cluster;
mod groups;
mod records;
#[cfg(test)]
mod tests;
mod topics;

use crate::core::Answer;
use crate::wire::{ErrorCode, KafkaString, Request, message};

/// A response that says `error_code` of all that the request asks for.
pub(in crate::core) fn with_error(version: i16, request: &Request, error_code: i16) -> Answer {
    match request {
        Request::Produce(request) if request.acks == 0 => Answer::Close,
        Request::Produce(request) => records::produce(request, error_code).into(),
        Request::Fetch(request) => records::fetch(version, request, error_code).into(),
        Request::ListOffsets(request) => records::list_offsets(request, error_code).into(),
        Request::OffsetForLeaderEpoch(request) => {
            records::offset_for_leader_epoch(request, error_code).into()
        }
        Request::DeleteRecords(request) => records::delete_records(request, error_code).into(),
        Request::DescribeProducers(request) => records::describe_producers(request, error_code).into(),
        Request::InitProducerId(_) => records::init_producer_id(error_code).into(),

        Request::OffsetCommit(request) => groups::offset_commit(request, error_code).into(),
        Request::OffsetFetch(request) => groups::offset_fetch(version, request, error_code).into(),
        Request::OffsetDelete(_) => groups::offset_delete(error_code).into(),
        Request::FindCoordinator(request) => groups::find_coordinator(version, request, error_code).into(),
        Request::JoinGroup(_) => groups::join_group(version, error_code).into(),
        Request::Heartbeat(_) => groups::heartbeat(error_code).into(),
        Request::LeaveGroup(_) => groups::leave_group(error_code).into(),
        Request::SyncGroup(_) => groups::sync_group(error_code).into(),
        Request::DescribeGroups(request) => groups::describe_groups(request, error_code).into(),
        Request::ListGroups(_) => groups::list_groups(error_code).into(),
        Request::DeleteGroups(request) => groups::delete_groups(request, error_code).into(),

        Request::Metadata(request) => topics::metadata(request, error_code).into(),
        Request::DescribeTopicPartitions(request) => {
            topics::describe_topic_partitions(request, error_code).into()
        }
        Request::CreateTopics(request) => topics::create_topics(request, error_code).into(),
        Request::DeleteTopics(request) => topics::delete_topics(request, error_code).into(),
        Request::CreatePartitions(request) => topics::create_partitions(request, error_code).into(),
        Request::ElectLeaders(request) => topics::elect_leaders(version, request, error_code).into(),
        Request::ListPartitionReassignments(request) => {
            topics::list_partition_reassignments(request, error_code).into()
        }

        Request::ApiVersions(_) => cluster::api_versions(error_code).into(),
        Request::SaslHandshake => cluster::sasl_handshake(error_code).into(),
        Request::DescribeAcls => cluster::describe_acls(error_code).into(),
        Request::CreateAcls(request) => cluster::create_acls(request, error_code).into(),
        Request::DeleteAcls(request) => cluster::delete_acls(request, error_code).into(),
        Request::DescribeConfigs(request) => cluster::describe_configs(request, error_code).into(),
        Request::AlterConfigs(request) => cluster::alter_configs(request, error_code).into(),
        Request::IncrementalAlterConfigs(request) => {
            cluster::incremental_alter_configs(request, error_code).into()
        }
        Request::ListConfigResources(_) => cluster::list_config_resources(error_code).into(),
        Request::DescribeLogDirs(_) => cluster::describe_log_dirs(error_code).into(),
        Request::DescribeCluster(_) => cluster::describe_cluster(error_code).into(),
    }
}

fn each<T, R>(items: &[T], answer: impl FnMut(&T) -> R) -> Vec<R> {
    items.iter().map(answer).collect()
}

/// The words that an error has by itself, which only some responses carry.
fn words(error_code: i16) -> Option<KafkaString> {
    message(ErrorCode::from(error_code).to_string())
}
