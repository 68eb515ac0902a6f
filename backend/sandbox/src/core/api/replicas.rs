//! DescribeLogDirs, ElectLeaders, ListPartitionReassignments: where replicas are and which of them lead.

use std::collections::{HashMap, HashSet};

use super::topics::Refusal;
use crate::core::election::Election;
use crate::core::{Caller, Core, TopicPartition, log_dir};
use crate::wire::messages::describe_log_dirs_request::DescribeLogDirsRequestData;
use crate::wire::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResponseData, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use crate::wire::messages::elect_leaders_request::ElectLeadersRequestData;
use crate::wire::messages::elect_leaders_response::{
    ElectLeadersResponseData, PartitionResult, ReplicaElectionResult,
};
use crate::wire::{ErrorCode, KafkaString, message, text};

impl Core {
    /// DescribeLogDirs: a broker has one, which is its memory.
    pub(super) fn describe_log_dirs(
        &self,
        caller: &Caller,
        request: &DescribeLogDirsRequestData,
    ) -> DescribeLogDirsResponseData {
        let image = self.image_of(caller.broker);
        let named = request.topics.as_ref().map(|topics| {
            let mut named: HashMap<&str, HashSet<i32>> = HashMap::new();
            for topic in topics {
                named.entry(topic.topic.as_str()).or_default().extend(&topic.partitions);
            }
            named
        });
        let asked = |name: &str, index: i32| match &named {
            None => true,
            Some(named) => named.get(name).is_some_and(|partitions| partitions.contains(&index)),
        };
        let mut topics = Vec::new();
        for topic in image.topics() {
            let partitions: Vec<_> = (0..)
                .zip(&topic.partitions)
                .filter(|(index, _)| asked(topic.name.as_str(), *index))
                .filter_map(|(index, _)| {
                    let id = TopicPartition { topic: topic.id, partition: index };
                    let replica = self.replica(id, caller.broker)?;
                    Some(DescribeLogDirsPartition {
                        partition_index: index,
                        partition_size: i64::try_from(replica.log.size_bytes()).unwrap_or(i64::MAX),
                        offset_lag: (replica.high_watermark - replica.log.end_offset()).max(0),
                        ..Default::default()
                    })
                })
                .collect();
            if !partitions.is_empty() {
                topics.push(DescribeLogDirsTopic {
                    name: topic.name.clone(),
                    partitions,
                    ..Default::default()
                });
            }
        }
        let total = i64::try_from(self.limits.log_bytes).unwrap_or(i64::MAX);
        let used = i64::try_from(self.account.bytes()).unwrap_or(i64::MAX);
        DescribeLogDirsResponseData {
            results: vec![DescribeLogDirsResult {
                log_dir: text(log_dir(caller.broker)),
                topics,
                total_bytes: total,
                usable_bytes: (total - used).max(0),
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    /// ElectLeaders (KIP-183, KIP-460).
    pub(super) fn elect_leaders(
        &mut self,
        caller: &Caller,
        request: &ElectLeadersRequestData,
    ) -> ElectLeadersResponseData {
        let kind = match request.election_type {
            0 => Ok(Election::Preferred),
            1 if caller.version >= 1 => Ok(Election::Unclean),
            other => Err((ErrorCode::InvalidRequest, format!("Unknown election type {other}"))),
        };
        let all = request.topic_partitions.is_none();
        let asked: Vec<(KafkaString, Vec<i32>)> = match &request.topic_partitions {
            Some(topics) => {
                topics.iter().map(|topic| (topic.topic.clone(), topic.partitions.clone())).collect()
            }
            None => {
                let count = |count: usize| (0..).take(count).collect();
                self.image.topics().map(|topic| (topic.name.clone(), count(topic.partitions.len()))).collect()
            }
        };
        let mut results = Vec::new();
        for (topic, partitions) in asked {
            let mut result = ReplicaElectionResult { topic: topic.clone(), ..Default::default() };
            for index in partitions {
                let outcome = kind.clone().and_then(|kind| self.elect_leader(topic.as_str(), index, kind));
                let (error, reason) = outcome.err().unwrap_or((ErrorCode::None, String::new()));
                // Of all partitions only those are told where there was something to do.
                if !(all && error == ErrorCode::ElectionNotNeeded) {
                    result.partition_result.push(PartitionResult {
                        partition_id: index,
                        error_code: error.code(),
                        error_message: if error == ErrorCode::None { None } else { message(reason) },
                        ..Default::default()
                    });
                }
            }
            results.push(result);
        }
        let error = kind.err().map_or(ErrorCode::None, |(error, _)| error);
        ElectLeadersResponseData {
            error_code: if caller.version >= 1 { error.code() } else { 0 },
            replica_election_results: results,
            ..Default::default()
        }
    }

    fn elect_leader(&mut self, name: &str, index: i32, kind: Election) -> Result<(), Refusal> {
        let unknown = |what: String| (ErrorCode::UnknownTopicOrPartition, what);
        let topic = self.image.topic(name).ok_or_else(|| unknown(format!("No such topic as {name}")))?;
        let registration =
            topic.partition(index).ok_or_else(|| unknown(format!("No such partition as {name}-{index}")))?;
        let is_needed = match kind {
            Election::Preferred => registration.leader != registration.replicas.first().copied(),
            Election::Online | Election::Unclean => registration.leader.is_none(),
        };
        if !is_needed {
            let reason = "Leader election not needed for topic partition.".to_owned();
            return Err((ErrorCode::ElectionNotNeeded, reason));
        }
        let id = TopicPartition { topic: topic.id, partition: index };
        if self.elect(id, kind) {
            return Ok(());
        }
        Err(match kind {
            Election::Preferred => {
                (ErrorCode::PreferredLeaderNotAvailable, "The preferred leader was not available.".to_owned())
            }
            Election::Online | Election::Unclean => (
                ErrorCode::EligibleLeadersNotAvailable,
                "Eligible topic partition leaders are not available.".to_owned(),
            ),
        })
    }
}
