//! What holds whatever clients do and whatever befalls the brokers.

mod admin;
mod answers;
mod checks;
mod counting;
mod requests;
mod steps;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::admin::UNCLEAN;
use self::counting::{Counts, Occurrence};
use self::steps::{Step, To, step};
use super::image::{CONSUMER_OFFSETS, PartitionRegistration};
use super::testing::TestCluster;
use super::{BrokerId, ConnectionId, TopicPartition};
use crate::wire::messages::find_coordinator_request::FindCoordinatorRequestData;
use crate::wire::{Api, Request, text};

/// Topics that are written to; the first is never deleted.
const TOPICS: [&str; 2] = ["kept", "t"];
/// To how many partitions they grow.
const MOST_PARTITIONS: usize = 3;
/// Idempotent ones are the first two.
const PRODUCERS: usize = 4;
const MEMBERS: usize = 3;
/// Whose offsets are committed without members.
const OFFSETS: &str = "offsets";
const GROUP: &str = "group";
/// How many worlds there are in a run; `PROPTEST_CASES` may ask for more.
const CASES: u32 = 2_000;

/// The partitions of all topics, as the controller knows them.
type Partitions = BTreeMap<TopicPartition, PartitionRegistration>;

/// A request that has not been answered yet.
#[derive(Debug)]
enum Asked {
    Produce(Sent, Asking),
    Fetch(TopicPartition, Asking),
    /// Records before this offset.
    DeleteRecords(i64),
    /// An election of preferred leaders.
    ElectPreferred,
    /// Which of the commits.
    Commit(u32),
    Join(usize),
    Sync(usize),
    Other,
    /// There need not be an answer: the client wanted none, or has asked again.
    Forgotten,
}

/// How it was when a partition was asked for.
#[derive(Clone, Copy, Debug)]
struct Asking {
    /// By the count of what happened.
    moment: u64,
    /// Whether who was asked led it, by the controller.
    leads: bool,
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
    /// What was answered with an error that only injection gives: it was not carried out.
    refused: BTreeSet<Bytes>,
    /// Before which offset clients have ever wanted records to go.
    deleted: BTreeMap<TopicPartition, i64>,
    /// Grows with all that happens.
    moment: u64,
    /// The partitions as they were a moment ago.
    before: Partitions,
    /// When a partition's last unclean election was.
    unclean: BTreeMap<TopicPartition, u64>,
    /// How many injected errors were to come a moment ago.
    errors_before: usize,
    counts: Counts,
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
            refused: BTreeSet::new(),
            deleted: BTreeMap::new(),
            moment: 0,
            before: Partitions::new(),
            unclean: BTreeMap::new(),
            errors_before: 0,
            counts: Counts::default(),
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
        world.note_changes(Occurrence::UncleanElectionByConfig);
        world
    }

    fn broker(&self, number: u8) -> BrokerId {
        BrokerId::from(number % self.brokers) + 1
    }

    fn some_connected(&self) -> Option<BrokerId> {
        (1..=BrokerId::from(self.brokers)).find(|&broker| self.cluster.core.is_connected(broker))
    }

    /// A partition of one of the topics, counted modulo how many that has.
    fn some_partition(&self, topic: usize, number: u8) -> Option<TopicPartition> {
        let count = self.cluster.core.image.topic(TOPICS[topic])?.partitions.len();
        self.partition(TOPICS[topic], i32::from(number) % i32::try_from(count).expect("few"))
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

    fn asking(&self, id: TopicPartition, broker: BrokerId) -> Asking {
        Asking { moment: self.moment, leads: self.leader(id) == Some(broker) }
    }

    fn take_step(&mut self, step: &Step) {
        match *step {
            Step::Produce { producer, topic, partition, to, acks, records } => {
                self.produce(producer, (topic, partition), to, acks, records);
            }
            Step::Fetch { topic, partition, to, from, wait_ms } => {
                self.fetch((topic, partition), to, from, wait_ms);
            }
            Step::DeleteRecords { topic, partition, to, part } => {
                self.delete_records((topic, partition), to, part);
            }
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
            Step::Create => self.create(TOPICS[1]),
            Step::Delete => self.delete(TOPICS[1]),
            Step::Grow { topic } => self.grow(TOPICS[topic]),
            Step::Minimum { topic, of } => self.minimum(TOPICS[topic], of),
            Step::Unclean { topic, enable } => self.unclean_elections(TOPICS[topic], enable),
            Step::Elect { kind } => self.elect(kind),
            Step::Inject { api, error, times } => self.inject(api, error, times),
            Step::Pass { ms } => self.pass(ms),
        }
        let cause = match step {
            Step::Elect { kind: UNCLEAN } => Occurrence::UncleanElectionByRequest,
            _ => Occurrence::UncleanElectionByConfig,
        };
        self.happened(cause);
    }

    /// Lets time pass, and looks at what it brings one by one.
    fn pass(&mut self, ms: u64) {
        let end = self.cluster.now.monotonic + Duration::from_millis(ms);
        while self.cluster.fire_next(end) {
            self.happened(Occurrence::UncleanElectionByConfig);
        }
        self.cluster.advance_to(end);
    }

    /// Something has happened; if it was an unclean election, then by `cause`.
    fn happened(&mut self, cause: Occurrence) {
        self.moment += 1;
        self.note_changes(cause);
        self.take_answers();
        self.check();
    }
}

fn is_idempotent(producer: usize) -> bool {
    producer < 2
}

/// A failure prints the steps that are left of it, and is kept beside the crate's sources: the next run begins with it.
#[test]
fn what_is_acknowledged_stays_and_all_ends_well() {
    let default = ProptestConfig::default();
    let config = ProptestConfig { cases: default.cases.max(CASES), source_file: Some(file!()), ..default };
    let worlds = (1..=5_u8, 1..=3_u8, prop::collection::vec(step(), 1..120));
    let counts = RefCell::new(Counts::default());
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&worlds, |(brokers, min_isr, steps)| {
        let mut world = World::new(brokers, min_isr);
        for step in &steps {
            world.take_step(step);
        }
        world.end_well();
        counts.borrow_mut().add(&world.counts);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}\n{runner}");
    }
    counts.borrow().check();
}
