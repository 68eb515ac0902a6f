//! Fetch: from the leader, or from a follower (KIP-392).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use bytes::Bytes;

use super::errors::with_error;
use super::produce::endpoints;
use super::{Asked, NO_EPOCH};
use crate::core::image::{Image, Topic};
use crate::core::log::PartitionLog;
use crate::core::waits::Waiting;
use crate::core::{Answer, BrokerId, Caller, Core, TopicPartition};
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
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
    /// How many of the partitions were there when it began to wait.
    known: usize,
}

/// From this version on a consumer says its rack, and followers serve it.
const FOLLOWERS_SERVE: i16 = 11;

/// What a read of one partition gave.
struct Read {
    head: PartitionData,
    records: Vec<Bytes>,
    /// Bytes of them and of the part of the next batch for which there is room.
    readable: usize,
    /// The answer is due whatever `min_bytes` says.
    urgent: bool,
}

/// What a partition lets a client read.
struct Looked<'a> {
    log: &'a PartitionLog,
    high_watermark: i64,
    stable: i64,
    /// Up to where, exclusive.
    up_to: i64,
    /// Where the client has to truncate instead (KIP-595).
    diverging: Option<EpochEndOffset>,
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
        let request = without_repeats(request);
        let (broker, version) = (caller.broker, caller.version);
        let mut fetch = WaitingFetch { broker, version, request, known: 0 };
        let (response, enough) = self.read_all(&fetch);
        if enough || max_wait.is_zero() {
            return Some(response.into());
        }
        let partitions = self.fetched_partitions(&fetch);
        fetch.known = partitions.len();
        if let Some(answer) = self.try_fetch(&fetch) {
            return Some(answer);
        }
        self.wait(caller.connection, partitions, max_wait, Waiting::Fetch(Box::new(fetch)));
        None
    }

    /// The answer to a request that waits, if there are enough records for one or something else to say. Records are
    /// counted without being looked at: there may be many, and one more each time.
    pub(in crate::core) fn try_fetch(&self, fetch: &WaitingFetch) -> Option<Answer> {
        let image = self.image_of(fetch.broker);
        let (mut bytes, mut known) = (0, 0);
        for topic in &fetch.request.topics {
            let found = fetch.topic(image, topic);
            for partition in &topic.partitions {
                let Some(topic) = found.filter(|topic| topic.partition(partition.partition).is_some()) else {
                    continue;
                };
                known += 1;
                bytes += match self.look(fetch, topic, partition) {
                    Ok(Looked { log, up_to, diverging: None, .. }) if partition.fetch_offset <= up_to => {
                        let available = log.bytes_between(partition.fetch_offset, up_to);
                        available.min(usize::try_from(partition.partition_max_bytes).unwrap_or(0))
                    }
                    _ => return Some(self.fetch_now(fetch)),
                };
            }
        }
        (bytes >= self.min_bytes(fetch) || known != fetch.known).then(|| self.fetch_now(fetch))
    }

    /// How many bytes of records are to be there for an answer: no more than it may have.
    fn min_bytes(&self, fetch: &WaitingFetch) -> usize {
        usize::try_from(fetch.request.min_bytes).unwrap_or(0).min(self.max_bytes(fetch))
    }

    fn max_bytes(&self, fetch: &WaitingFetch) -> usize {
        let most = self.image.configs.broker_settings().fetch_max_bytes;
        usize::try_from(fetch.request.max_bytes.min(most)).unwrap_or(0)
    }

    /// The answer with what is there.
    pub(in crate::core) fn fetch_now(&self, fetch: &WaitingFetch) -> Answer {
        self.read_all(fetch).0.into()
    }

    fn fetched_partitions(&self, fetch: &WaitingFetch) -> Vec<TopicPartition> {
        let image = self.image_of(fetch.broker);
        let mut partitions = Vec::new();
        for topic in &fetch.request.topics {
            if let Some(found) = fetch.topic(image, topic) {
                let there = topic.partitions.iter().filter(|it| found.partition(it.partition).is_some());
                partitions
                    .extend(there.map(|it| TopicPartition { topic: found.id, partition: it.partition }));
            }
        }
        partitions
    }

    /// Reads all partitions, and says whether that is enough for an answer.
    fn read_all(&self, fetch: &WaitingFetch) -> (FetchResponse, bool) {
        let WaitingFetch { broker, version, request, .. } = fetch;
        let image = self.image_of(*broker);
        let mut head = FetchResponseData::default();
        let mut records = Vec::new();
        // What isn't there is told after what is.
        let (mut unknown_topics, mut unknown_partitions) = (Vec::new(), Vec::new());
        let mut budget = self.max_bytes(fetch);
        let (mut readable, mut urgent, mut known) = (0, false, 0);
        let mut leaders = Vec::new();
        for topic in &request.topics {
            let found = fetch.topic(image, topic);
            let unknown = match found {
                None if *version >= 13 => ErrorCode::UnknownTopicId,
                _ => ErrorCode::UnknownTopicOrPartition,
            };
            let mut answered = FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                ..Default::default()
            };
            let mut missing = answered.clone();
            let topic_is_known = found.is_some();
            for partition in &topic.partitions {
                let found = found.and_then(|topic| Some((topic, topic.partition(partition.partition)?)));
                let read = match found {
                    None => Err(unknown),
                    Some((topic, registration)) => {
                        known += 1;
                        let at_least_one = readable == 0;
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
                budget = budget.saturating_sub(read.readable);
                readable += read.readable;
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
        let enough = urgent || known == 0 || readable >= self.min_bytes(fetch);
        (FetchResponse { head, records }, enough)
    }

    /// Looks whether and what a partition lets this client read.
    fn look(
        &self,
        fetch: &WaitingFetch,
        topic: &Topic,
        partition: &FetchPartition,
    ) -> Result<Looked<'_>, ErrorCode> {
        if fetch.request.replica_id >= 0 || fetch.request.replica_state.replica_id >= 0 {
            // Followers don't fetch here: it is none of them.
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let asked = if fetch.version < FOLLOWERS_SERVE { Asked::Leader } else { Asked::AnyReplica };
        // Other than elsewhere all that is below 0 stands for none.
        let (index, epoch) = (partition.partition, partition.current_leader_epoch.max(NO_EPOCH));
        let replica = self.replica_in_epoch(fetch.broker, topic, index, epoch, asked)?;
        let log = &replica.log;
        let stable =
            log.first_unstable_offset().map_or(replica.high_watermark, |it| it.min(replica.high_watermark));
        let read_committed = fetch.request.isolation_level == 1;
        let up_to = if read_committed { stable } else { replica.high_watermark };
        let mut looked =
            Looked { log, high_watermark: replica.high_watermark, stable, up_to, diverging: None };
        if partition.last_fetched_epoch >= 0 {
            let (epoch, end_offset) =
                log.epoch_end_offset(partition.last_fetched_epoch).ok_or(ErrorCode::OffsetOutOfRange)?;
            if epoch < partition.last_fetched_epoch || end_offset < partition.fetch_offset {
                looked.diverging = Some(EpochEndOffset { epoch, end_offset, ..Default::default() });
                return Ok(looked);
            }
        }
        if !(log.start_offset()..=log.end_offset()).contains(&partition.fetch_offset) {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        if fetch.request.max_bytes < 0 {
            return Err(ErrorCode::UnknownServerError);
        }
        Ok(looked)
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
        let Looked { log, high_watermark, stable, up_to, diverging } = self.look(fetch, topic, partition)?;
        let mut head = PartitionData {
            partition_index: partition.partition,
            high_watermark,
            last_stable_offset: stable,
            log_start_offset: log.start_offset(),
            aborted_transactions: (fetch.request.isolation_level == 1).then(Vec::new),
            preferred_read_replica: -1,
            ..Default::default()
        };
        if let Some(diverging) = diverging {
            head.diverging_epoch = diverging;
            return Ok(Read { head, records: Vec::new(), readable: 0, urgent: true });
        }
        let max_bytes = usize::try_from(partition.partition_max_bytes).unwrap_or(0).min(budget);
        let slice = log.read(partition.fetch_offset, up_to, max_bytes, at_least_one);
        Ok(Read { head, records: slice.pieces, readable: slice.readable, urgent: false })
    }
}

impl WaitingFetch {
    /// A topic that is asked for, as the broker knows it.
    fn topic<'a>(&self, image: &'a Image, topic: &FetchTopic) -> Option<&'a Topic> {
        let found = match self.version >= 13 {
            true => image.topic_by_id(topic.topic_id),
            false => image.topic(topic.topic.as_str()),
        };
        found.map(AsRef::as_ref)
    }
}

/// Of a partition that is named more than once the last counts, where the first stands.
fn without_repeats(mut request: FetchRequestData) -> FetchRequestData {
    let mut topics = HashMap::new();
    let mut first_places = HashMap::new();
    for at in 0..request.topics.len() {
        let Some(topic) = request.topics.get_mut(at) else { break };
        let key = *topics.entry((topic.topic_id, topic.topic.clone())).or_insert(at);
        let mut partitions = std::mem::take(&mut topic.partitions);
        let mut repeats = Vec::new();
        let mut kept = 0;
        partitions.retain(|partition| match first_places.entry((key, partition.partition)) {
            Entry::Vacant(vacant) => {
                vacant.insert((at, kept));
                kept += 1;
                true
            }
            Entry::Occupied(first) => {
                repeats.push((*first.get(), partition.clone()));
                false
            }
        });
        if let Some(topic) = request.topics.get_mut(at) {
            topic.partitions = partitions;
        }
        for ((topic_at, partition_at), last) in repeats {
            let first = request.topics.get_mut(topic_at);
            if let Some(first) = first.and_then(|topic| topic.partitions.get_mut(partition_at)) {
                *first = last;
            }
        }
    }
    request
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
    Read { head, records: Vec::new(), readable: 0, urgent: false }
}
