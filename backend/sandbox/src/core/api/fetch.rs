//! Fetch: from the leader, or from a follower (KIP-392).

use std::time::Duration;

use bytes::Bytes;

use super::Asked;
use super::errors::with_error;
use super::produce::endpoints;
use super::repeats::last_places;
use crate::core::image::Topic;
use crate::core::waits::Waiting;
use crate::core::{Answer, BrokerId, Caller, Core, TopicPartition};
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData};
use crate::wire::messages::fetch_response::{
    EpochEndOffset, FetchResponseData, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use crate::wire::{ErrorCode, FetchResponse, Request};

/// A Fetch request that waits for records.
#[derive(Debug)]
pub(crate) struct WaitingFetch {
    broker: BrokerId,
    version: i16,
    request: FetchRequestData,
}

/// From this version on a consumer says its rack, and followers serve it.
const FOLLOWERS_SERVE: i16 = 11;

/// What a read of one partition gave.
struct Read {
    head: PartitionData,
    records: Vec<Bytes>,
    bytes: usize,
    /// The answer is due whatever `min_bytes` says.
    urgent: bool,
}

impl Core {
    /// Fetch.
    pub(super) fn fetch(&mut self, caller: &Caller, request: FetchRequestData) -> Option<Answer> {
        // Sessions are declined: id 0 tells the client to name all partitions each time (KIP-227).
        if request.session_epoch > 0 {
            let head = FetchResponseData {
                error_code: ErrorCode::FetchSessionIdNotFound.code(),
                ..Default::default()
            };
            return Some(FetchResponse { head, records: Vec::new() }.into());
        }
        if !matches!(request.isolation_level, 0 | 1) {
            let error = ErrorCode::UnknownServerError.code();
            return Some(with_error(caller.version, &Request::Fetch(request), error));
        }
        let max_wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
        let fetch = WaitingFetch { broker: caller.broker, version: caller.version, request };
        if max_wait.is_zero() {
            return Some(self.fetch_now(&fetch));
        }
        if let Some(answer) = self.try_fetch(&fetch) {
            return Some(answer);
        }
        let partitions = self.fetched_partitions(&fetch);
        self.wait(caller.connection, partitions, max_wait, Waiting::Fetch(Box::new(fetch)));
        None
    }

    /// The answer, if there are enough records for one or something else to say.
    pub(in crate::core) fn try_fetch(&self, fetch: &WaitingFetch) -> Option<Answer> {
        let (response, enough) = self.read_all(fetch);
        enough.then(|| response.into())
    }

    /// The answer with what is there.
    pub(in crate::core) fn fetch_now(&self, fetch: &WaitingFetch) -> Answer {
        self.read_all(fetch).0.into()
    }

    fn fetched_partitions(&self, fetch: &WaitingFetch) -> Vec<TopicPartition> {
        let image = self.image_of(fetch.broker);
        let mut partitions = Vec::new();
        for topic in &fetch.request.topics {
            let found = if fetch.version >= 13 {
                image.topic_by_id(topic.topic_id)
            } else {
                image.topic(topic.topic.as_str())
            };
            if let Some(found) = found {
                let ids = topic
                    .partitions
                    .iter()
                    .map(|it| TopicPartition { topic: found.id, partition: it.partition });
                partitions.extend(ids);
            }
        }
        partitions
    }

    /// Reads all partitions, and says whether that is enough for an answer.
    fn read_all(&self, fetch: &WaitingFetch) -> (FetchResponse, bool) {
        let WaitingFetch { broker, version, request } = fetch;
        let image = self.image_of(*broker);
        let mut head = FetchResponseData::default();
        let mut records = Vec::new();
        // What isn't there is told after what is.
        let (mut unknown_topics, mut unknown_partitions) = (Vec::new(), Vec::new());
        let most = self.image.configs.broker_settings().fetch_max_bytes;
        let mut budget = usize::try_from(request.max_bytes.min(most)).unwrap_or(0);
        let (mut bytes, mut urgent, mut known) = (0, false, 0);
        let mut leaders = Vec::new();
        for topic in &request.topics {
            let (found, unknown) = if *version >= 13 {
                (image.topic_by_id(topic.topic_id), ErrorCode::UnknownTopicId)
            } else {
                (image.topic(topic.topic.as_str()), ErrorCode::UnknownTopicOrPartition)
            };
            let mut answered = FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                ..Default::default()
            };
            let mut missing = answered.clone();
            let topic_is_known = found.is_some();
            // Of a partition that is named twice the last counts.
            let last = last_places(topic.partitions.iter().map(|partition| partition.partition));
            for (at, partition) in topic.partitions.iter().enumerate() {
                if last.get(&partition.partition) != Some(&at) {
                    continue;
                }
                let found = found.and_then(|topic| Some((topic, topic.partition(partition.partition)?)));
                let read = match found {
                    None => Err(if *version >= 13 && image.topic_by_id(topic.topic_id).is_some() {
                        ErrorCode::UnknownTopicOrPartition
                    } else {
                        unknown
                    }),
                    Some((topic, registration)) => {
                        known += 1;
                        let at_least_one = bytes == 0;
                        let read = self.read(fetch, topic, partition, budget, at_least_one);
                        if matches!(read, Err(ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch))
                        {
                            leaders.extend(registration.leader);
                        }
                        urgent |= read.is_err();
                        read
                    }
                };
                let mut read = read.unwrap_or_else(|error| failed(partition.partition, error));
                if *version >= 16
                    && let Some((_, registration)) = found.filter(|_| {
                        read.head.error_code == ErrorCode::NotLeaderOrFollower.code()
                            || read.head.error_code == ErrorCode::FencedLeaderEpoch.code()
                    })
                {
                    read.head.current_leader = LeaderIdAndEpoch {
                        leader_id: registration.leader.unwrap_or(-1),
                        leader_epoch: registration.leader_epoch,
                        ..Default::default()
                    };
                }
                budget = budget.saturating_sub(read.bytes);
                bytes += read.bytes;
                urgent |= read.urgent;
                if found.is_none() {
                    missing.partitions.push(read.head);
                } else {
                    answered.partitions.push(read.head);
                    records.push(read.records);
                }
            }
            add(&mut head.responses, answered);
            // Ids are looked up before everything else.
            let is_unknown_id = *version >= 13 && !topic_is_known;
            let group = if is_unknown_id { &mut unknown_topics } else { &mut unknown_partitions };
            group.push(missing);
        }
        unknown_topics.append(&mut unknown_partitions);
        let missing: usize =
            unknown_topics.iter().map(|topic: &FetchableTopicResponse| topic.partitions.len()).sum();
        records.resize(records.len() + missing, Vec::new());
        unknown_topics.into_iter().for_each(|topic| add(&mut head.responses, topic));
        if *version >= 16 && !leaders.is_empty() {
            head.node_endpoints = endpoints(image, leaders)
                .map(|(id, broker)| NodeEndpoint {
                    node_id: id,
                    host: broker.host.clone(),
                    port: i32::from(broker.port),
                    ..Default::default()
                })
                .collect();
        }
        let min_bytes = usize::try_from(request.min_bytes).unwrap_or(0);
        (FetchResponse { head, records }, urgent || known == 0 || bytes >= min_bytes)
    }

    /// Reads one partition.
    fn read(
        &self,
        fetch: &WaitingFetch,
        topic: &Topic,
        partition: &FetchPartition,
        budget: usize,
        at_least_one: bool,
    ) -> Result<Read, ErrorCode> {
        if fetch.request.replica_id >= 0 || fetch.request.replica_state.replica_id >= 0 {
            // Followers don't fetch here: it is none of them.
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let asked = if fetch.version < FOLLOWERS_SERVE { Asked::Leader } else { Asked::AnyReplica };
        let (index, epoch) = (partition.partition, partition.current_leader_epoch);
        let replica = self.replica_in_epoch(fetch.broker, topic, index, epoch, asked)?;
        let log = &replica.log;
        let stable =
            log.first_unstable_offset().map_or(replica.high_watermark, |it| it.min(replica.high_watermark));
        let read_committed = fetch.request.isolation_level == 1;
        let mut head = PartitionData {
            partition_index: partition.partition,
            high_watermark: replica.high_watermark,
            last_stable_offset: stable,
            log_start_offset: log.start_offset(),
            aborted_transactions: read_committed.then(Vec::new),
            preferred_read_replica: -1,
            ..Default::default()
        };
        if partition.last_fetched_epoch >= 0 {
            let (epoch, end_offset) =
                log.epoch_end_offset(partition.last_fetched_epoch).ok_or(ErrorCode::OffsetOutOfRange)?;
            if epoch < partition.last_fetched_epoch || end_offset < partition.fetch_offset {
                head.diverging_epoch = EpochEndOffset { epoch, end_offset, ..Default::default() };
                return Ok(Read { head, records: Vec::new(), bytes: 0, urgent: true });
            }
        }
        if !(log.start_offset()..=log.end_offset()).contains(&partition.fetch_offset) {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        if fetch.request.max_bytes < 0 {
            return Err(ErrorCode::UnknownServerError);
        }
        let up_to = if read_committed { stable } else { replica.high_watermark };
        let max_bytes = usize::try_from(partition.partition_max_bytes).unwrap_or(0).min(budget);
        let slice = log.read(partition.fetch_offset, up_to, max_bytes, at_least_one);
        Ok(Read { head, records: slice.pieces, bytes: slice.bytes, urgent: false })
    }
}

/// Puts a topic's partitions behind the others: to those of the same topic, if they are the last (KIP-516 by id).
fn add(topics: &mut Vec<FetchableTopicResponse>, topic: FetchableTopicResponse) {
    if topic.partitions.is_empty() {
        return;
    }
    match topics.last_mut().filter(|last| (last.topic_id, &last.topic) == (topic.topic_id, &topic.topic)) {
        Some(last) => last.partitions.extend(topic.partitions),
        None => topics.push(topic),
    }
}

fn failed(index: i32, error: ErrorCode) -> Read {
    let head = PartitionData {
        partition_index: index,
        error_code: error.code(),
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: -1,
        aborted_transactions: match error {
            ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopicId => Some(Vec::new()),
            _ => None,
        },
        preferred_read_replica: -1,
        ..Default::default()
    };
    Read { head, records: Vec::new(), bytes: 0, urgent: false }
}
