//! Produce.

use std::sync::Arc;
use std::time::Duration;

use super::errors::with_error;
use super::repeats::{last_places, merged};
use crate::core::log::{AppendRules, FaultStage, Recompression, RecordError, RecordsFault, Verdict};
use crate::core::waits::Waiting;
use crate::core::{Answer, BrokerId, Caller, ConnectionId, Core, TopicPartition};
use crate::wire::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceResponseData,
    TopicProduceResponse,
};
use crate::wire::{ErrorCode, KafkaString, PartitionProduce, ProduceRequest, Request, message};

/// A Produce request with `acks=all` whose records are not yet on all in-sync replicas.
#[derive(Debug)]
pub(crate) struct WaitingProduce {
    broker: BrokerId,
    version: i16,
    response: ProduceResponseData,
    waiting: Vec<WaitingPartition>,
}

/// A partition of such a request.
#[derive(Clone, Copy, Debug)]
struct WaitingPartition {
    /// The place of its topic in the response.
    topic_at: usize,
    /// Its place in that.
    partition_at: usize,
    id: TopicPartition,
    /// The high watermark at which `acks=all` holds.
    high_watermark: i64,
}

/// What became of the records for one partition.
struct Produced {
    response: PartitionProduceResponse,
    /// The partition and the high watermark at which `acks=all` holds.
    wait_for: Option<(TopicPartition, i64)>,
}

impl Core {
    /// Produce.
    pub(super) fn produce(&mut self, caller: &Caller, request: ProduceRequest) -> Option<Answer> {
        if request.has_transactional_records() {
            // Without a transactional id of its own nobody may write them, and there are no transactions yet.
            let refused = ErrorCode::TransactionalIdAuthorizationFailed;
            return Some(with_error(caller.version, &Request::Produce(request), refused.code()));
        }
        let mut response = ProduceResponseData::default();
        let mut waiting = Vec::new();
        let acks = request.acks;
        let mut least_refused = usize::MAX;
        // A topic that stands twice stands once, with the partitions of both.
        let distinct = merged(
            request.topics,
            |topic| (topic.id, topic.name.clone()),
            |first, other| first.partitions.extend(other.partitions),
        );
        for (topic_at, topic) in distinct.into_iter().enumerate() {
            let mut answered =
                TopicProduceResponse { name: topic.name.clone(), topic_id: topic.id, ..Default::default() };
            for partition in last_of_each(topic.partitions) {
                let target = Target {
                    version: caller.version,
                    name: &topic.name,
                    id: topic.id,
                    index: partition.index,
                };
                let index = partition.index;
                let produced = self
                    .produce_to(caller.broker, acks, &target, partition, &mut least_refused)
                    .unwrap_or_else(|fault| Produced { response: failed(index, fault), wait_for: None });
                if let Some((id, high_watermark)) = produced.wait_for {
                    let partition_at = answered.partition_responses.len();
                    waiting.push(WaitingPartition { topic_at, partition_at, id, high_watermark });
                }
                answered.partition_responses.push(produced.response);
            }
            response.responses.push(answered);
        }
        if acks == 0 {
            // There is no answer to tell an error with: the broker closes the connection.
            let all_well = partitions(&response).all(|partition| partition.error_code == 0);
            return Some(if all_well { Answer::Nothing } else { Answer::Close });
        }
        let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
        let mut produce =
            WaitingProduce { broker: caller.broker, version: caller.version, response, waiting };
        if let Some(answer) = self.try_produced(&mut produce) {
            return Some(answer);
        }
        let partitions = produce.waiting.iter().map(|partition| partition.id).collect();
        self.wait(caller.connection, partitions, timeout, Waiting::Produce(Box::new(produce)));
        None
    }

    /// Appends to one partition. For `least_refused` bytes or more there was no room a moment ago.
    fn produce_to(
        &mut self,
        broker: BrokerId,
        acks: i16,
        target: &Target<'_>,
        PartitionProduce { records, recompressed, .. }: PartitionProduce,
        least_refused: &mut usize,
    ) -> Result<Produced, Fault> {
        let image = self.image_of(broker);
        let topic = if target.version >= 13 {
            image.topic_by_id(target.id).ok_or(ErrorCode::UnknownTopicId)?
        } else {
            image.topic(target.name.as_str()).ok_or(ErrorCode::UnknownTopicOrPartition)?
        };
        let registration = topic.partition(target.index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let min_isr = topic.settings_on(broker).effective_min_isr(registration.replicas.len());
        let records = match records {
            Err(fault) if fault.stage == FaultStage::Request => return Err(fault.into()),
            records => records,
        };
        if !matches!(acks, -1..=1) {
            return Err(ErrorCode::InvalidRequiredAcks.into());
        }
        if topic.is_internal() {
            return Err(Fault::new(
                ErrorCode::InvalidTopicException,
                format!("Cannot append to internal topic {}", topic.name.as_str()),
            ));
        }
        let id = self.led(broker, topic, target.index)?;
        let topic = Arc::clone(topic);
        let settings = topic.settings_on(broker);
        let place = format_args!("{}-{}", topic.name.as_str(), target.index);
        let now_ms = self.now.wall_ms;

        let replica = self.replica(id, broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
        let leading = replica.leading.as_ref().ok_or(ErrorCode::NotLeaderOrFollower)?;
        if acks == -1 && leading.isr.len() < min_isr {
            return Err(Fault {
                log_start_offset: replica.log.start_offset(),
                ..ErrorCode::NotEnoughReplicas.into()
            });
        }
        let log_start_offset = replica.log.start_offset();
        let told = |fault: RecordsFault| Fault::of(fault, log_start_offset);
        let rules = settings.produce_rules();
        let mut records = records.map_err(|fault| told(fault.under(&rules)))?;
        match recompressed {
            None => records.validate(&rules, now_ms, &place).map_err(told)?,
            Some(rebuilt) => {
                records.judge(&rules, now_ms, &place).map_err(told)?;
                records = rebuilt.map_err(told)?;
                records.judge_size(&rules).map_err(told)?;
            }
        }
        let epoch = leading.epoch;
        let append_rules = self.within_memory(&topic, broker);
        let takes = replica.log.takes(records.bytes().len(), &append_rules);
        // Looking for room takes as long as there are partitions.
        let room = if takes < *least_refused { self.make_room(takes) } else { None };
        let Some(chunk_bytes) = room else {
            *least_refused = takes.min(*least_refused);
            let limit = self.limits.log_bytes >> 20;
            return Err(Fault::new(
                ErrorCode::PolicyViolation,
                format!(
                    "This cluster holds {limit} MiB of records in memory, and there is no room for more."
                ),
            ));
        };
        let append_rules = AppendRules { chunk_bytes, ..append_rules };
        let broker_settings = self.image.configs.broker_settings();
        let replica = self.partitions.get_mut(&id).and_then(|partition| partition.replica_mut(broker));
        let replica = replica.ok_or(ErrorCode::NotLeaderOrFollower)?;
        if records.header().has_producer_id() {
            // Apache Kafka does so in the background; what it forgets matters when a producer sends records.
            replica.log.expire_producers(
                now_ms,
                broker_settings.producer_id_expiration_ms.into(),
                broker_settings.producer_id_expiration_check_interval_ms.into(),
            );
        }
        let appended = replica.log.append_from_client(&records, epoch, &append_rules, now_ms);
        let new = appended.as_ref().ok().copied();
        let (base_offset, last_offset, log_append_time_ms) = match appended {
            Ok(appended) => (appended.base_offset, appended.last_offset, appended.log_append_time_ms),
            Err(Verdict::Duplicate { base_offset, last_offset, log_append_time_ms }) => {
                (base_offset, last_offset, Some(log_append_time_ms))
            }
            Err(Verdict::Refuse(error)) => return Err(Fault { log_start_offset, ..error.into() }),
            Err(Verdict::Append) => return Err(ErrorCode::UnknownServerError.into()),
        };
        let log_start_offset = replica.log.start_offset();
        if let Some(new) = new {
            self.appended(id, broker, &new);
        }
        Ok(Produced {
            response: PartitionProduceResponse {
                index: target.index,
                base_offset,
                log_append_time_ms: log_append_time_ms.unwrap_or(-1),
                log_start_offset,
                ..Default::default()
            },
            wait_for: (acks == -1).then_some((id, last_offset + 1)),
        })
    }

    /// How each topic of a request wants its records to be compressed, and how many partitions it has. If that changes
    /// while the request is on its way, the request was first.
    pub(crate) fn wanted_compression(
        &self,
        connection: ConnectionId,
        request: &ProduceRequest,
    ) -> Vec<Option<(Recompression, usize)>> {
        let Some(client) = self.connections.get(&connection) else { return Vec::new() };
        let image = self.image_of(client.broker);
        let topics = request.topics.iter().map(|topic| {
            let by_name = || image.topic(topic.name.as_str());
            let found = image.topic_by_id(topic.id).or_else(by_name)?;
            Some((found.settings_on(client.broker).recompression()?, found.partitions.len()))
        });
        topics.collect()
    }

    /// The answer to a Produce request whose records are on all in-sync replicas by now, or never will be. What has
    /// become of a partition stays, whatever happens to it while the request waits for others.
    pub(in crate::core) fn try_produced(&self, produce: &mut WaitingProduce) -> Option<Answer> {
        let mut waiting = std::mem::take(&mut produce.waiting);
        waiting.retain(|partition| match self.settled(produce.broker, partition) {
            Some(outcome) => {
                produce.note(partition, outcome);
                false
            }
            None => true,
        });
        produce.waiting = waiting;
        produce.waiting.is_empty().then(|| self.produced(produce))
    }

    /// The answer to a Produce request that has waited for its whole timeout.
    pub(in crate::core) fn produce_timed_out(&self, produce: &mut WaitingProduce) -> Answer {
        if let Some(answer) = self.try_produced(produce) {
            return answer;
        }
        for partition in std::mem::take(&mut produce.waiting) {
            produce.note(&partition, Err(ErrorCode::RequestTimedOut));
        }
        self.produced(produce)
    }

    fn produced(&self, produce: &mut WaitingProduce) -> Answer {
        self.with_leaders(produce.broker, produce.version, std::mem::take(&mut produce.response))
    }

    /// Whether an append has reached the high watermark that it waits for: not yet, yes, or never will.
    fn settled(&self, broker: BrokerId, waiting: &WaitingPartition) -> Option<Result<(), ErrorCode>> {
        let &WaitingPartition { id, high_watermark, .. } = waiting;
        let Some(topic) = self.image_of(broker).topic_by_id(id.topic) else {
            return Some(Err(ErrorCode::UnknownTopicOrPartition));
        };
        let Ok(id) = self.led(broker, topic, id.partition) else {
            return Some(Err(ErrorCode::NotLeaderOrFollower));
        };
        let partition = self.partitions.get(&id)?;
        let replica = partition.replica(broker)?;
        let min_isr = topic.settings_on(broker).effective_min_isr(partition.replicas().len());
        let enough = replica.leading.as_ref().is_some_and(|leading| leading.isr.len() >= min_isr);
        if replica.high_watermark >= high_watermark {
            return Some(if enough { Ok(()) } else { Err(ErrorCode::NotEnoughReplicasAfterAppend) });
        }
        None
    }

    /// Tells, beside NOT_LEADER_OR_FOLLOWER, who leads (KIP-951).
    fn with_leaders(&self, broker: BrokerId, version: i16, mut response: ProduceResponseData) -> Answer {
        if version >= 10 {
            let image = self.image_of(broker);
            let mut leaders = Vec::new();
            for topic in &mut response.responses {
                for partition in &mut topic.partition_responses {
                    if partition.error_code != ErrorCode::NotLeaderOrFollower.code() {
                        continue;
                    }
                    let found =
                        image.topic_by_id(topic.topic_id).or_else(|| image.topic(topic.name.as_str()));
                    let Some(registration) = found.and_then(|topic| topic.partition(partition.index)) else {
                        continue;
                    };
                    partition.current_leader = LeaderIdAndEpoch {
                        leader_id: registration.leader.unwrap_or(-1),
                        leader_epoch: registration.leader_epoch,
                        ..Default::default()
                    };
                    leaders.extend(registration.leader);
                }
            }
            response.node_endpoints = endpoints(image, leaders)
                .map(|(id, broker)| NodeEndpoint {
                    node_id: id,
                    host: broker.host.clone(),
                    port: i32::from(broker.port),
                    ..Default::default()
                })
                .collect();
        }
        response.into()
    }
}

impl WaitingProduce {
    /// Notes what has become of a partition. Where its records went stays in the answer beside an error.
    fn note(&mut self, partition: &WaitingPartition, outcome: Result<(), ErrorCode>) {
        let topic = self.response.responses.get_mut(partition.topic_at);
        let place = topic.and_then(|topic| topic.partition_responses.get_mut(partition.partition_at));
        if let (Some(place), Err(error)) = (place, outcome) {
            place.error_code = error.code();
        }
    }
}

/// The live ones among these brokers, each once.
pub(super) fn endpoints(
    image: &crate::core::image::Image,
    mut leaders: Vec<BrokerId>,
) -> impl Iterator<Item = (BrokerId, &crate::core::image::Registration)> {
    leaders.sort_unstable();
    leaders.dedup();
    image.live_brokers().filter(move |(id, _)| leaders.contains(id))
}

/// Of a partition that is named twice the last counts.
fn last_of_each(partitions: Vec<PartitionProduce>) -> Vec<PartitionProduce> {
    let last = last_places(partitions.iter().map(|partition| partition.index));
    let is_last = |(place, partition): &(usize, PartitionProduce)| last.get(&partition.index) == Some(place);
    partitions.into_iter().enumerate().filter(is_last).map(|(_, partition)| partition).collect()
}

/// Where records are to go.
struct Target<'a> {
    version: i16,
    name: &'a KafkaString,
    id: crate::wire::KafkaUuid,
    index: i32,
}

fn partitions(response: &ProduceResponseData) -> impl Iterator<Item = &PartitionProduceResponse> {
    response.responses.iter().flat_map(|topic| &topic.partition_responses)
}

/// Why a partition's records are refused.
struct Fault {
    error: ErrorCode,
    message: Option<String>,
    record_errors: Vec<RecordError>,
    log_start_offset: i64,
}

impl Fault {
    fn new(error: ErrorCode, message: String) -> Self {
        Self { message: Some(message), ..error.into() }
    }

    fn of(fault: RecordsFault, log_start_offset: i64) -> Self {
        Self {
            error: fault.error,
            message: fault.message,
            record_errors: fault.record_errors,
            log_start_offset: if fault.tells_log_start_offset { log_start_offset } else { -1 },
        }
    }
}

impl From<ErrorCode> for Fault {
    fn from(error: ErrorCode) -> Self {
        Self { error, message: None, record_errors: Vec::new(), log_start_offset: -1 }
    }
}

impl From<RecordsFault> for Fault {
    fn from(fault: RecordsFault) -> Self {
        Self::of(fault, -1)
    }
}

fn failed(index: i32, fault: Fault) -> PartitionProduceResponse {
    PartitionProduceResponse {
        index,
        error_code: fault.error.code(),
        base_offset: -1,
        log_append_time_ms: -1,
        log_start_offset: fault.log_start_offset,
        error_message: fault.message.and_then(message),
        record_errors: fault
            .record_errors
            .into_iter()
            .map(|record| BatchIndexAndErrorMessage {
                batch_index: record.batch_index,
                batch_index_error_message: message(record.message),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    }
}
