//! What holds whatever clients do and whatever befalls the brokers.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::image::{CONSUMER_OFFSETS, PartitionRegistration};
use super::log::PartitionLog;
use super::log::testing::{BatchBuilder, check};
use super::testing::TestCluster;
use super::{BrokerId, ConnectionId, End, TopicPartition};
use crate::wire::messages::create_topics_request::{CreatableTopic, CreateTopicsRequestData};
use crate::wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsRequestData, DeleteRecordsTopic,
};
use crate::wire::messages::delete_topics_request::DeleteTopicsRequestData;
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
use crate::wire::messages::find_coordinator_request::FindCoordinatorRequestData;
use crate::wire::messages::heartbeat_request::HeartbeatRequestData;
use crate::wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequestData,
};
use crate::wire::messages::join_group_request::{JoinGroupRequestData, JoinGroupRequestProtocol};
use crate::wire::messages::leave_group_request::{LeaveGroupRequestData, MemberIdentity};
use crate::wire::messages::offset_commit_request::{
    OffsetCommitRequestData, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use crate::wire::messages::offset_fetch_request::{OffsetFetchRequestData, OffsetFetchRequestTopic};
use crate::wire::messages::sync_group_request::SyncGroupRequestData;
use crate::wire::{
    Api, ErrorCode, FetchResponse, PartitionProduce, ProduceRequest, Request, Response, TopicProduce, text,
};

/// Topics that are written to; the first is never deleted.
const TOPICS: [&str; 2] = ["kept", "t"];
/// Idempotent ones are the first two.
const PRODUCERS: usize = 4;
const MEMBERS: usize = 3;
/// Whose offsets are committed without members.
const OFFSETS: &str = "offsets";
const GROUP: &str = "group";

/// What happens next. Brokers are counted modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Produce { producer: usize, topic: usize, to: To, acks: i16, records: usize },
    Fetch { topic: usize, to: To, from: u8, wait_ms: i32 },
    DeleteRecords { topic: usize, to: To, part: u8 },
    Commit { offset: i64 },
    Join { member: usize },
    Sync { member: usize },
    Heartbeat { member: usize },
    Leave { member: usize },
    End { broker: u8, end: End },
    Start { broker: u8 },
    CutOff { broker: u8, cut_off: bool },
    Delay { broker: u8, response_ms: u64, replication_ms: u64 },
    Recreate,
    Minimum { topic: usize, of: u8 },
    Pass { ms: u64 },
}

/// Which broker is asked.
#[derive(Clone, Copy, Debug)]
enum To {
    Leader,
    Broker(u8),
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![4 => Just(To::Leader), 1 => any::<u8>().prop_map(To::Broker)]
}

fn step() -> impl Strategy<Value = Step> {
    let topic = || 0..TOPICS.len();
    let member = || 0..MEMBERS;
    let end = prop_oneof![Just(End::Controlled), Just(End::Kill)];
    prop_oneof![
        12 => (0..PRODUCERS, topic(), to(), -1..=1_i16, 1..4_usize).prop_map(
            |(producer, topic, to, acks, records)| Step::Produce { producer, topic, to, acks, records }
        ),
        5 => (topic(), to(), any::<u8>(), prop_oneof![Just(0), 0..20_000])
            .prop_map(|(topic, to, from, wait_ms)| Step::Fetch { topic, to, from, wait_ms }),
        1 => (topic(), to(), any::<u8>()).prop_map(|(topic, to, part)| Step::DeleteRecords { topic, to, part }),
        2 => (0..1_000_i64).prop_map(|offset| Step::Commit { offset }),
        2 => member().prop_map(|member| Step::Join { member }),
        2 => member().prop_map(|member| Step::Sync { member }),
        1 => member().prop_map(|member| Step::Heartbeat { member }),
        1 => member().prop_map(|member| Step::Leave { member }),
        3 => (any::<u8>(), end).prop_map(|(broker, end)| Step::End { broker, end }),
        4 => any::<u8>().prop_map(|broker| Step::Start { broker }),
        3 => any::<u8>().prop_map(|broker| Step::CutOff { broker, cut_off: true }),
        3 => any::<u8>().prop_map(|broker| Step::CutOff { broker, cut_off: false }),
        1 => (any::<u8>(), prop_oneof![Just(0), 0..3_000_u64], prop_oneof![Just(0), 0..50_000_u64]).prop_map(
            |(broker, response_ms, replication_ms)| Step::Delay { broker, response_ms, replication_ms }
        ),
        1 => Just(Step::Recreate),
        1 => (topic(), 1..4_u8).prop_map(|(topic, of)| Step::Minimum { topic, of }),
        6 => prop_oneof![0..100_u64, 0..12_000_u64, 9_000..10_000_u64, 20_000..70_000_u64]
            .prop_map(|ms| Step::Pass { ms }),
    ]
}

/// A request that has not been answered yet.
#[derive(Debug)]
enum Asked {
    Produce(Sent),
    Fetch(TopicPartition),
    /// Which of the commits.
    Commit(u32),
    Join(usize),
    Sync(usize),
    Other,
    /// There need not be an answer: the client wanted none, or has asked again.
    Forgotten,
}

/// A batch that was sent.
#[derive(Clone, Debug)]
struct Sent {
    producer: usize,
    to: TopicPartition,
    acks: i16,
    batch: Bytes,
}

#[derive(Debug, Default)]
struct Producer {
    /// By partition, its epoch and the next sequence number.
    sequences: BTreeMap<TopicPartition, (i16, i32)>,
    /// What it does not know the fate of; it sends that again before anything else.
    unsettled: Option<Sent>,
}

#[derive(Debug, Default)]
struct Member {
    id: String,
    generation: i32,
}

/// A cluster, its clients, and what must be true of it from now on.
struct World {
    cluster: TestCluster,
    brokers: u8,
    pending: BTreeMap<ConnectionId, Asked>,
    producers: [Producer; PRODUCERS],
    members: [Member; MEMBERS],
    sent: u32,
    /// What was acknowledged by all in sync, by the offset of its batch.
    durable: BTreeMap<(TopicPartition, i64), Bytes>,
    /// What a consumer has seen at an offset.
    seen: BTreeMap<(TopicPartition, i64), Bytes>,
    epochs: BTreeMap<TopicPartition, (i32, i32)>,
    high_watermarks: BTreeMap<(TopicPartition, BrokerId, i32), i64>,
    /// The commits that may be the last one, by number: of those that were not answered nobody knows.
    committed: BTreeMap<u32, i64>,
}

impl World {
    fn new(brokers: u8, min_isr: u8) -> Self {
        let factor = brokers.min(3).to_string();
        let configs = [
            ("default.replication.factor", factor.as_str()),
            ("offsets.topic.replication.factor", factor.as_str()),
            ("offsets.topic.num.partitions", "3"),
            ("min.insync.replicas", &min_isr.to_string()),
        ];
        let mut world = Self {
            cluster: TestCluster::new(u16::from(brokers), &configs),
            brokers,
            pending: BTreeMap::new(),
            producers: Default::default(),
            members: Default::default(),
            sent: 0,
            durable: BTreeMap::new(),
            seen: BTreeMap::new(),
            epochs: BTreeMap::new(),
            high_watermarks: BTreeMap::new(),
            committed: BTreeMap::from([(0, -1)]),
        };
        for topic in TOPICS {
            world.create(topic);
        }
        for key in [OFFSETS, GROUP] {
            let find = FindCoordinatorRequestData { key: text(key), ..Default::default() };
            world.ask(1, Api::FindCoordinator, 2, Request::FindCoordinator(find), Asked::Other);
        }
        world
    }

    fn broker(&self, number: u8) -> BrokerId {
        BrokerId::from(number % self.brokers) + 1
    }

    fn create(&mut self, topic: &str) {
        let request = CreateTopicsRequestData {
            topics: vec![CreatableTopic {
                name: text(topic),
                num_partitions: 1,
                replication_factor: -1,
                ..Default::default()
            }],
            timeout_ms: 1_000,
            ..Default::default()
        };
        if let Some(broker) = self.some_connected() {
            self.ask(broker, Api::CreateTopics, 5, Request::CreateTopics(request), Asked::Other);
        }
    }

    fn some_connected(&self) -> Option<BrokerId> {
        (1..=BrokerId::from(self.brokers)).find(|&broker| self.cluster.core.is_connected(broker))
    }

    fn partition(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        let topic = self.cluster.core.image.topic(topic)?.id;
        Some(TopicPartition { topic, partition })
    }

    fn leader(&self, id: TopicPartition) -> Option<BrokerId> {
        self.cluster.core.registration(id)?.leader
    }

    fn asked_broker(&self, to: To, id: TopicPartition) -> Option<BrokerId> {
        let broker = match to {
            To::Leader => self.leader(id)?,
            To::Broker(number) => self.broker(number),
        };
        // Nobody connects to a process that has ended.
        self.cluster.core.broker(broker).filter(|broker| broker.running).map(|broker| broker.id)
    }

    fn coordinator(&self, group: &str) -> Option<BrokerId> {
        let count = self.cluster.core.image.topic(CONSUMER_OFFSETS)?.partitions.len();
        let partition = super::group::partition_for(group, i32::try_from(count).expect("few"));
        let id = self.partition(CONSUMER_OFFSETS, partition)?;
        self.asked_broker(To::Leader, id)
    }

    fn ask(&mut self, broker: BrokerId, api: Api, version: i16, request: Request, asked: Asked) {
        let connection = self.cluster.connect(broker);
        match self.cluster.ask_on(connection, api, version, request) {
            Some(answer) => self.answered(asked, answer),
            None => {
                self.pending.insert(connection, asked);
            }
        }
    }

    fn take_step(&mut self, step: &Step) {
        match *step {
            Step::Produce { producer, topic, to, acks, records } => {
                self.produce(producer, topic, to, acks, records);
            }
            Step::Fetch { topic, to, from, wait_ms } => self.fetch(topic, to, from, wait_ms),
            Step::DeleteRecords { topic, to, part } => self.delete_records(topic, to, part),
            Step::Commit { offset } => self.commit(offset),
            Step::Join { member } => self.join(member),
            Step::Sync { member } => self.sync(member),
            Step::Heartbeat { member } => self.heartbeat(member),
            Step::Leave { member } => self.leave(member),
            Step::End { broker, end } => self.cluster.end(self.broker(broker), end),
            Step::Start { broker } => self.cluster.start(self.broker(broker)),
            Step::CutOff { broker, cut_off } => self.cluster.cut_off(self.broker(broker), cut_off),
            Step::Delay { broker, response_ms, replication_ms } => {
                self.cluster.delay(self.broker(broker), response_ms, replication_ms);
            }
            Step::Recreate => self.recreate(),
            Step::Minimum { topic, of } => self.minimum(topic, of),
            Step::Pass { ms } => self.cluster.advance(ms),
        }
        self.take_answers();
        self.check();
    }

    fn produce(&mut self, producer: usize, topic: usize, to: To, acks: i16, records: usize) {
        let Some(id) = self.partition(TOPICS[topic], 0) else { return };
        let unsettled = self.producers[producer].unsettled.clone();
        let sent = unsettled.unwrap_or_else(|| self.new_batch(producer, id, acks, records));
        let Some(broker) = self.asked_broker(to, sent.to) else { return };
        let request = ProduceRequest {
            acks: sent.acks,
            timeout_ms: 15_000,
            topics: vec![TopicProduce {
                name: text(""),
                id: sent.to.topic,
                partitions: vec![PartitionProduce {
                    index: 0,
                    records: check(sent.batch.clone()),
                    recompressed: None,
                }],
            }],
        };
        let asked = if sent.acks == 0 { Asked::Forgotten } else { Asked::Produce(sent) };
        self.ask(broker, Api::Produce, 13, Request::Produce(request), asked);
    }

    fn new_batch(&mut self, producer: usize, to: TopicPartition, acks: i16, records: usize) -> Sent {
        let now = self.cluster.now.wall_ms;
        let mut batch = BatchBuilder { base_timestamp: now, ..Default::default() };
        for _ in 0..records {
            self.sent += 1;
            batch = batch.record(Some("key"), Some(&format!("value {}", self.sent)), now);
        }
        if !is_idempotent(producer) {
            return Sent { producer, to, acks, batch: batch.build() };
        }
        let id = 1_000 + i64::try_from(producer).expect("few");
        let (epoch, sequence) = self.producers[producer].sequences.entry(to).or_default();
        let batch = batch.producer(id, *epoch, *sequence).build();
        *sequence += i32::try_from(records).expect("few");
        let sent = Sent { producer, to, acks: -1, batch };
        self.producers[producer].unsettled = Some(sent.clone());
        sent
    }

    fn fetch(&mut self, topic: usize, to: To, from: u8, wait_ms: i32) {
        let Some(id) = self.partition(TOPICS[topic], 0) else { return };
        let Some(broker) = self.asked_broker(to, id) else { return };
        let end = self.log(id, broker).map_or(0, PartitionLog::end_offset);
        let request = FetchRequestData {
            replica_id: -1,
            max_wait_ms: wait_ms,
            min_bytes: 1,
            max_bytes: 1 << 20,
            topics: vec![FetchTopic {
                topic_id: id.topic,
                partitions: vec![FetchPartition {
                    current_leader_epoch: -1,
                    fetch_offset: i64::from(from) % (end + 2),
                    last_fetched_epoch: -1,
                    log_start_offset: -1,
                    partition_max_bytes: 1 << 20,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        self.ask(broker, Api::Fetch, 13, Request::Fetch(request), Asked::Fetch(id));
    }

    fn delete_records(&mut self, topic: usize, to: To, part: u8) {
        let Some(id) = self.partition(TOPICS[topic], 0) else { return };
        let Some(broker) = self.asked_broker(to, id) else { return };
        let end = self.log(id, broker).map_or(0, PartitionLog::end_offset);
        let request = DeleteRecordsRequestData {
            topics: vec![DeleteRecordsTopic {
                name: text(TOPICS[topic]),
                partitions: vec![DeleteRecordsPartition {
                    offset: end * i64::from(part) / 256,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            timeout_ms: 1_000,
            ..Default::default()
        };
        self.ask(broker, Api::DeleteRecords, 2, Request::DeleteRecords(request), Asked::Other);
    }

    fn recreate(&mut self) {
        let request = DeleteTopicsRequestData {
            topic_names: vec![text(TOPICS[1])],
            timeout_ms: 1_000,
            ..Default::default()
        };
        if let Some(broker) = self.some_connected() {
            self.ask(broker, Api::DeleteTopics, 5, Request::DeleteTopics(request), Asked::Other);
            self.create(TOPICS[1]);
        }
    }

    fn minimum(&mut self, topic: usize, of: u8) {
        // An eligible replica that is elected below a minimum that was lowered meanwhile leaves the others eligible though
        // it now commits alone: Apache Kafka then loses records.
        let id = self.partition(TOPICS[topic], 0);
        if id.is_none_or(|id| self.leader(id).is_none()) {
            return;
        }
        let request = IncrementalAlterConfigsRequestData {
            resources: vec![AlterConfigsResource {
                resource_type: 2,
                resource_name: text(TOPICS[topic]),
                configs: vec![AlterableConfig {
                    name: text("min.insync.replicas"),
                    value: Some(text(of.to_string())),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        if let Some(broker) = self.some_connected() {
            let request = Request::IncrementalAlterConfigs(request);
            self.ask(broker, Api::IncrementalAlterConfigs, 1, request, Asked::Other);
        }
    }

    fn commit(&mut self, offset: i64) {
        let Some(broker) = self.coordinator(OFFSETS) else { return };
        let request = OffsetCommitRequestData {
            group_id: text(OFFSETS),
            generation_id_or_member_epoch: -1,
            topics: vec![OffsetCommitRequestTopic {
                name: text(TOPICS[0]),
                partitions: vec![OffsetCommitRequestPartition {
                    committed_offset: offset,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        // Until it is answered, it may have been carried out or not.
        let number = self.committed.last_key_value().map_or(0, |(number, _)| number + 1);
        self.committed.insert(number, offset);
        self.ask(broker, Api::OffsetCommit, 8, Request::OffsetCommit(request), Asked::Commit(number));
    }

    fn join(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        self.forget_requests_of(member);
        let request = JoinGroupRequestData {
            group_id: text(GROUP),
            session_timeout_ms: 10_000,
            rebalance_timeout_ms: 20_000,
            member_id: text(self.members[member].id.clone()),
            protocol_type: text("test"),
            protocols: vec![JoinGroupRequestProtocol { name: text("range"), ..Default::default() }],
            ..Default::default()
        };
        self.ask(broker, Api::JoinGroup, 5, Request::JoinGroup(request), Asked::Join(member));
    }

    fn sync(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        self.forget_requests_of(member);
        let Member { id, generation } = &self.members[member];
        let request = SyncGroupRequestData {
            group_id: text(GROUP),
            generation_id: *generation,
            member_id: text(id.clone()),
            ..Default::default()
        };
        self.ask(broker, Api::SyncGroup, 3, Request::SyncGroup(request), Asked::Sync(member));
    }

    fn heartbeat(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        let Member { id, generation } = &self.members[member];
        let request = HeartbeatRequestData {
            group_id: text(GROUP),
            generation_id: *generation,
            member_id: text(id.clone()),
            ..Default::default()
        };
        self.ask(broker, Api::Heartbeat, 3, Request::Heartbeat(request), Asked::Other);
    }

    fn leave(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        self.forget_requests_of(member);
        let id = std::mem::take(&mut self.members[member].id);
        let request = LeaveGroupRequestData {
            group_id: text(GROUP),
            members: vec![MemberIdentity { member_id: text(id), ..Default::default() }],
            ..Default::default()
        };
        self.ask(broker, Api::LeaveGroup, 3, Request::LeaveGroup(request), Asked::Other);
    }

    /// A member has one request under way: a broker answers the last one.
    fn forget_requests_of(&mut self, member: usize) {
        for asked in self.pending.values_mut() {
            if matches!(asked, Asked::Join(other) | Asked::Sync(other) if *other == member) {
                *asked = Asked::Forgotten;
            }
        }
    }

    fn take_answers(&mut self) {
        let connections: Vec<_> = self.pending.keys().copied().collect();
        for connection in connections {
            if let Some(answer) = self.cluster.answer(connection) {
                let asked = self.pending.remove(&connection).expect("it is pending");
                self.answered(asked, answer);
            }
        }
    }

    fn answered(&mut self, asked: Asked, answer: Response) {
        match (asked, answer) {
            (Asked::Produce(sent), Response::Produce(response)) => {
                let answer = &response.responses[0].partition_responses[0];
                self.produced(&sent, ErrorCode::from(answer.error_code), answer.base_offset);
            }
            (Asked::Fetch(id), Response::Fetch(response)) => self.fetched(id, &response),
            (Asked::Commit(number), Response::OffsetCommit(response)) => {
                match ErrorCode::from(response.topics[0].partitions[0].error_code) {
                    ErrorCode::None => self.committed.retain(|other, _| *other >= number),
                    // It may have been written: it was not committed in time, or another broker leads.
                    ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {}
                    _ => {
                        self.committed.remove(&number);
                    }
                }
            }
            (Asked::Join(member), Response::JoinGroup(response)) => {
                let member = &mut self.members[member];
                match ErrorCode::from(response.error_code) {
                    ErrorCode::UnknownMemberId => member.id.clear(),
                    ErrorCode::None | ErrorCode::MemberIdRequired => {
                        member.id = response.member_id.as_str().to_owned();
                        member.generation = response.generation_id;
                    }
                    _ => {}
                }
            }
            (Asked::Sync(_) | Asked::Other | Asked::Forgotten, _) => {}
            (asked, answer) => panic!("{answer:?} is no answer to {asked:?}"),
        }
    }

    fn produced(&mut self, sent: &Sent, error: ErrorCode, base_offset: i64) {
        if error == ErrorCode::None && sent.acks == -1 {
            let before = self.durable.insert((sent.to, base_offset), payload(&sent.batch));
            if let Some(before) = before {
                assert_eq!(before, payload(&sent.batch), "two batches were acknowledged at {base_offset}");
            }
        }
        let producer = &mut self.producers[sent.producer];
        let is_it = producer.unsettled.as_ref().is_some_and(|unsettled| unsettled.batch == sent.batch);
        let is_retried = matches!(
            error,
            ErrorCode::NotLeaderOrFollower
                | ErrorCode::RequestTimedOut
                | ErrorCode::NotEnoughReplicas
                | ErrorCode::NotEnoughReplicasAfterAppend
        );
        if is_it && !is_retried {
            producer.unsettled = None;
            if error != ErrorCode::None
                && let Some((epoch, sequence)) = producer.sequences.get_mut(&sent.to)
            {
                (*epoch, *sequence) = (*epoch + 1, 0);
            }
        }
    }

    fn fetched(&mut self, id: TopicPartition, response: &FetchResponse) {
        for batch in response.records.iter().flatten() {
            let offset = i64::from_be_bytes(*batch.first_chunk().expect("a batch"));
            let before = self.seen.insert((id, offset), payload(batch));
            assert!(
                before.is_none_or(|before| before == payload(batch)),
                "consumers saw two different batches at {offset}"
            );
        }
    }

    fn log(&self, id: TopicPartition, broker: BrokerId) -> Option<&PartitionLog> {
        Some(&self.cluster.core.partitions.get(&id)?.replica(broker)?.log)
    }

    fn check(&mut self) {
        let core = &self.cluster.core;
        for topic in core.image.topics() {
            for (index, registration) in (0..).zip(&topic.partitions) {
                let id = TopicPartition { topic: topic.id, partition: index };
                check_registration(registration);
                let epochs = (registration.leader_epoch, registration.partition_epoch);
                let before = self.epochs.insert(id, epochs).unwrap_or(epochs);
                assert!(before.0 <= epochs.0 && before.1 <= epochs.1, "{before:?} then {epochs:?}");
                for replica in core.partitions[&id].replicas() {
                    check_log(&replica.log);
                    assert!(replica.high_watermark <= replica.log.end_offset());
                    if let Some(leading) = &replica.leading {
                        let key = (id, replica.broker, leading.epoch);
                        let before = self.high_watermarks.insert(key, replica.high_watermark);
                        assert!(before.is_none_or(|before| before <= replica.high_watermark));
                    }
                }
            }
        }
        self.check_durable();
    }

    /// What was acknowledged by all in sync is in the leader's log, unless it was deleted.
    fn check_durable(&self) {
        for (&(id, offset), expected) in &self.durable {
            let Some(log) = self.leader(id).and_then(|leader| self.log(id, leader)) else { continue };
            if offset >= log.start_offset() {
                let stored = log.batches_from(offset).next().expect("an acknowledged record is there");
                assert_eq!(stored.base_offset(), offset, "an acknowledged record stays where it is");
                assert_eq!(&payload(&log.read(offset, i64::MAX, 1, true).pieces[0]), expected);
            }
        }
    }

    /// Mends everything, lets time pass, and looks whether all is well again.
    fn end_well(&mut self) {
        for broker in 1..=BrokerId::from(self.brokers) {
            self.cluster.start(broker);
            self.cluster.cut_off(broker, false);
            self.cluster.delay(broker, 0, 0);
            self.take_answers();
            self.check();
        }
        self.cluster.advance(1_000_000);
        self.take_answers();
        self.check();
        for (connection, asked) in &self.pending {
            let is_open = self.cluster.core.connections.contains_key(connection);
            let is_settled = !is_open || self.cluster.is_closed(*connection);
            assert!(is_settled || matches!(asked, Asked::Forgotten), "{asked:?} is never answered");
        }
        for topic in self.cluster.core.image.topics() {
            for (index, registration) in (0..).zip(&topic.partitions) {
                self.check_whole(TopicPartition { topic: topic.id, partition: index }, registration);
            }
        }
        self.check_offsets();
    }

    fn check_whole(&self, id: TopicPartition, registration: &PartitionRegistration) {
        let mut isr = registration.isr.clone();
        let mut replicas = registration.replicas.clone();
        isr.sort_unstable();
        replicas.sort_unstable();
        assert_eq!(isr, replicas, "all are in sync");
        assert_eq!(registration.leader, registration.replicas.first().copied(), "the preferred one leads");
        assert!(registration.elr.is_empty() && registration.last_known_elr.is_empty());

        let replicas = self.cluster.core.partitions[&id].replicas();
        let start = replicas.iter().map(|replica| replica.log.start_offset()).max().expect("a replica");
        let bytes = |log: &PartitionLog| log.read(start, i64::MAX, usize::MAX, true).pieces.concat();
        let whole = bytes(&replicas[0].log);
        for replica in replicas {
            assert_eq!(bytes(&replica.log), whole, "all have the same");
            assert_eq!(replica.high_watermark, replica.log.end_offset(), "all is committed");
        }
        let log = &replicas[0].log;
        let mut idempotent: Vec<_> = log
            .batches_from(start)
            .map(|batch| batch.header().expect("a header"))
            .filter(|header| header.producer_id >= 0)
            .map(|header| (header.producer_id, header.producer_epoch, header.base_sequence))
            .collect();
        let count = idempotent.len();
        idempotent.sort_unstable();
        idempotent.dedup();
        assert_eq!(idempotent.len(), count, "what an idempotent producer sent is there once");
    }

    fn check_offsets(&mut self) {
        let Some(broker) = self.coordinator(OFFSETS) else { return };
        let request = OffsetFetchRequestData {
            group_id: text(OFFSETS),
            topics: Some(vec![OffsetFetchRequestTopic {
                name: text(TOPICS[0]),
                partition_indexes: vec![0],
                ..Default::default()
            }]),
            ..Default::default()
        };
        let answer = self.cluster.ask(broker, Api::OffsetFetch, 5, Request::OffsetFetch(request));
        let Some(Response::OffsetFetch(response)) = answer else { panic!("{answer:?}") };
        let offset = response.topics[0].partitions[0].committed_offset;
        let is_known = self.committed.values().any(|committed| *committed == offset);
        assert!(is_known, "{offset} was not committed, but {:?}", self.committed);
    }
}

fn is_idempotent(producer: usize) -> bool {
    producer < 2
}

/// What a broker leaves as it is: everything after offset, length, leader epoch, magic and checksum.
fn payload(batch: &Bytes) -> Bytes {
    batch.slice(21..)
}

fn check_registration(partition: &PartitionRegistration) {
    assert!(partition.leader.is_none_or(|leader| partition.isr.contains(&leader)), "{partition:?}");
    assert!(partition.isr.iter().all(|broker| partition.replicas.contains(broker)), "{partition:?}");
    assert!(partition.elr.iter().all(|broker| partition.replicas.contains(broker)), "{partition:?}");
    assert!(partition.elr.iter().all(|broker| !partition.isr.contains(broker)), "{partition:?}");
}

/// Offsets are consecutive, from the batch in which the log starts to its end.
fn check_log(log: &PartitionLog) {
    let mut next = None;
    for batch in log.batches_from(log.start_offset()) {
        let header = batch.header().expect("a header");
        assert!(next.is_none_or(|next| next == header.base_offset), "{next:?} then {header:?}");
        next = Some(header.last_offset() + 1);
    }
    assert!(next.is_none_or(|next| next == log.end_offset()));
    assert!(log.start_offset() <= log.end_offset());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_acknowledged_stays_and_all_ends_well(
        brokers in 1..=5_u8,
        min_isr in 1..=3_u8,
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new(brokers, min_isr);
        for step in &steps {
            world.take_step(step);
        }
        world.end_well();
    }
}
