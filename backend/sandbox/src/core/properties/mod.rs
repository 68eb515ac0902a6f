//! What holds whatever clients do and whatever befalls the brokers.

mod answers;
mod checks;
mod requests;

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::image::CONSUMER_OFFSETS;
use super::testing::TestCluster;
use super::{BrokerId, ConnectionId, End, TopicPartition};
use crate::wire::messages::create_topics_request::{CreatableTopic, CreateTopicsRequestData};
use crate::wire::messages::find_coordinator_request::FindCoordinatorRequestData;
use crate::wire::{Api, Request, text};

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
}

fn is_idempotent(producer: usize) -> bool {
    producer < 2
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
