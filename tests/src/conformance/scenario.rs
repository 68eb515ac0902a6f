//! A scenario while it runs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;

use super::api::Api;
use super::mask::Masks;
use super::target::UnderTest;
use super::transcript::{Line, Series, Transcript};
use super::wire::{PATIENCE, Reply, Wire};
use super::{producer_id_request, text};

/// A run of a scenario: its connections, its transcript, and what is masked in it.
#[derive(Debug)]
pub struct Scenario<'a> {
    /// What it runs on.
    pub target: &'a UnderTest,
    /// What may differ.
    pub masks: Masks,
    home: Option<usize>,
    wires: Vec<Option<Wire>>,
    up: Vec<bool>,
    transcript: Transcript,
    /// Inside [`Self::each`].
    series: Option<Series>,
    run: u32,
}

impl<'a> Scenario<'a> {
    /// `home`: see [`Self::home`].
    pub(super) fn new(target: &'a UnderTest, home: Option<usize>) -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let mut masks = Masks::default();
        for (id, address) in (1..).zip(target.addresses()) {
            let (_, port) = address.rsplit_once(':').expect("an address with its port");
            masks.name(&format!("port: {port}"), &format!("port: <of {id}>"));
        }
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let wires = target.addresses().iter().map(|_| None).collect();
        let up = vec![true; target.addresses().len()];
        Self { target, masks, home, wires, up, transcript: Transcript::default(), series: None, run }
    }

    /// A name that no other run uses, shown as `shown`.
    pub fn name(&mut self, shown: &str) -> String {
        static NAMES: AtomicU32 = AtomicU32::new(0);
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        let real = format!("{shown}~{:04}{number:06}", self.run).replace('~', "-r");
        self.masks.name(&real, shown);
        real
    }

    /// The brokers that are up, counted from 0.
    pub fn brokers(&self) -> Vec<usize> {
        (0..self.up.len()).filter(|broker| self.up[*broker]).collect()
    }

    /// Stops a broker in order. The others know it then.
    pub fn stop(&mut self, broker: usize) {
        (self.up[broker], self.wires[broker]) = (false, None);
        self.target.stop_broker(broker);
        for other in self.brokers() {
            self.until("a broker is known to be down", |s| !s.live_brokers(other).contains(&broker));
        }
    }

    /// Ends a broker as a power cut does.
    pub fn kill(&mut self, broker: usize) {
        (self.up[broker], self.wires[broker]) = (false, None);
        self.target.kill_broker(broker);
    }

    /// Starts a broker that was stopped or killed. All know it then.
    pub fn start(&mut self, broker: usize) {
        self.target.start_broker(broker);
        self.up[broker] = true;
        for one in self.brokers() {
            self.until("a broker is known to be up", |s| s.live_brokers(one).contains(&broker));
        }
    }

    /// Cuts a broker off, or mends that; see [`UnderTest::cut_off_broker`].
    pub fn cut_off(&mut self, broker: usize, is_cut_off: bool) {
        (self.up[broker], self.wires[broker]) = (!is_cut_off, None);
        self.target.cut_off_broker(broker, is_cut_off);
    }

    /// The broker that is asked where nothing else is said, counted from 0. Where a scenario was given a home among
    /// several brokers, that leads the partitions of [`Self::topic`] and coordinates [`Self::group`]s.
    pub fn home(&self) -> usize {
        self.home.unwrap_or(0)
    }

    /// The same as the brokers' ids are written.
    pub fn home_id(&self) -> String {
        (self.home() + 1).to_string()
    }

    /// A new connection to a broker, counted from 0.
    pub fn open(&self, broker: usize) -> Wire {
        Wire::connect(&self.target.addresses()[broker]).expect("a connection")
    }

    /// Asks the broker at [`Self::home`], and records the answer.
    pub fn ask<R: Api>(&mut self, label: &str, request: &R, version: i16) -> Reply<R::Response> {
        self.ask_broker(self.home(), label, request, version)
    }

    /// Asks a broker, counted from 0, and records the answer.
    pub fn ask_broker<R: Api>(
        &mut self,
        broker: usize,
        label: &str,
        request: &R,
        version: i16,
    ) -> Reply<R::Response> {
        let reply = self.quietly(broker, request, version);
        self.record::<R>(label, version, &reply);
        reply
    }

    /// Asks a broker, and records nothing.
    pub fn quietly<R: Api>(&mut self, broker: usize, request: &R, version: i16) -> Reply<R::Response> {
        let mut wire = self.wires[broker].take().unwrap_or_else(|| self.open(broker));
        let reply = wire.ask(request, version);
        if matches!(reply, Reply::Answer { .. } | Reply::Inexpressible) {
            self.wires[broker] = Some(wire);
        }
        reply
    }

    /// Records what came of a request.
    pub fn record<R: Api>(&mut self, label: &str, version: i16, reply: &Reply<R::Response>) {
        let outcome = match reply {
            Reply::Answer { response, left: 0 } => R::show(response),
            Reply::Answer { response, left } => format!("{} and {left} bytes more", R::show(response)),
            Reply::Closed => "closed".to_owned(),
            Reply::Silence => "silence".to_owned(),
            Reply::Unreadable(why) => format!("unreadable: {why}"),
            Reply::Inexpressible => "can't be said in this version".to_owned(),
        };
        let outcome = self.masks.line(&outcome);
        self.push(R::NAME, Some(version), label, outcome);
    }

    /// Records a line of one's own; what stands behind ` => ` is what came of it.
    pub fn note(&mut self, line: &str) {
        let (label, outcome) = line.split_once(" => ").unwrap_or((line, ""));
        self.push("", None, label, outcome.to_owned());
    }

    /// Records what came of a step that is no request, masked as answers are.
    pub fn saw(&mut self, label: &str, outcome: &str) {
        let outcome = self.masks.line(outcome);
        self.push("", None, label, outcome);
    }

    fn push(&mut self, api: &'static str, version: Option<i16>, label: &str, outcome: String) {
        let series = self.series.clone();
        self.transcript.lines.push(Line { api, version, label: label.to_owned(), outcome, series });
    }

    /// What the scenario saw.
    pub(super) fn finish(mut self) -> Transcript {
        std::mem::take(&mut self.transcript)
    }

    /// Does the same in each announced version of `R`. Versions in a row that saw the same are one entry.
    pub fn each<R: Api>(&mut self, label: &str, mut step: impl FnMut(&mut Self, i16)) {
        let number = self.transcript.lines.len();
        for version in R::VERSIONS {
            self.masks.repeat();
            self.series = Some(Series { number, api: R::NAME, label: label.to_owned(), version });
            step(self, version);
        }
        self.series = None;
        self.masks.end_repeat();
    }

    /// The same where there is one request and nothing else to do.
    pub fn each_ask<R: Api>(&mut self, label: &str, mut make: impl FnMut(&mut Self, i16) -> R) {
        self.each::<R>(label, |scenario, version| {
            let request = make(scenario, version);
            scenario.ask("", &request, version);
        });
    }

    /// Makes a topic of which nothing is recorded, and waits until each broker knows its leaders. With a home that
    /// leads and all others follow; else there is one replica of each partition.
    pub fn topic(&mut self, shown: &str, partitions: i32) -> String {
        self.topic_with(shown, partitions, &[])
    }

    /// The same with configs.
    pub fn topic_with(&mut self, shown: &str, partitions: i32, configs: &[(&str, &str)]) -> String {
        let name = self.name(shown);
        let configs = configs.iter().map(|(name, value)| CreatableTopicConfig {
            name: text(name),
            value: Some(text(value)),
            ..CreatableTopicConfig::default()
        });
        let mut topic = CreatableTopic {
            name: text(&name),
            num_partitions: partitions,
            replication_factor: 1,
            configs: configs.collect(),
            ..CreatableTopic::default()
        };
        if let Some(home) = self.home {
            let brokers = self.up.len();
            let replicas = (0..brokers).map(|step| (home + step) % brokers + 1);
            let broker_ids: Vec<_> = replicas.map(|id| i32::try_from(id).expect("few brokers")).collect();
            let assignment = |partition_index| CreatableReplicaAssignment {
                partition_index,
                broker_ids: broker_ids.clone(),
                ..CreatableReplicaAssignment::default()
            };
            (topic.num_partitions, topic.replication_factor) = (-1, -1);
            topic.assignments = (0..partitions).map(assignment).collect();
        }
        let request = CreateTopicsRequestData { topics: vec![topic], ..CreateTopicsRequestData::default() };
        let answer = self.quietly(0, &request, 7).answer();
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
        self.until_known(&name, partitions);
        self.until_served(&name);
        name
    }

    /// From now on it is not shown which brokers have the partitions of a topic: among several they are random where
    /// no one gave them.
    pub fn mask_placement(&mut self) {
        if self.up.len() > 1 {
            for field in ["leader_id", "replica_nodes", "isr_nodes"] {
                self.masks.field(field, "random");
            }
        }
    }

    /// Waits until each broker knows the leaders of a topic's partitions.
    pub fn until_known(&mut self, topic: &str, partitions: i32) {
        for broker in self.brokers() {
            self.until("a topic is known", |scenario| {
                let known = scenario.metadata(broker, topic);
                known.error_code == 0
                    && known.partitions.len() == partitions as usize
                    && known.partitions.iter().all(|partition| partition.leader_id >= 0)
            });
        }
    }

    /// Waits until the leader of each partition serves it.
    pub fn until_served(&mut self, topic: &str) {
        for partition in self.metadata(0, topic).partitions {
            let leader = usize::try_from(partition.leader_id - 1).expect("a leader");
            let index = partition.partition_index;
            self.until("a leader serves", |s| s.latest_offset_error(leader, topic, index) == 0);
        }
    }

    /// Waits until a broker leads a partition: a broker of Apache Kafka says that it does a moment before.
    pub fn until_leads(&mut self, broker: usize, topic: &str, partition: i32) {
        let not_leader = 6;
        self.until("a broker leads", |s| s.latest_offset_error(broker, topic, partition) != not_leader);
    }

    fn latest_offset_error(&mut self, broker: usize, topic: &str, partition: i32) -> i16 {
        let latest = ListOffsetsPartition {
            partition_index: partition,
            timestamp: -1,
            ..ListOffsetsPartition::default()
        };
        let request = ListOffsetsRequestData {
            replica_id: -1,
            topics: vec![ListOffsetsTopic {
                name: text(topic),
                partitions: vec![latest],
                ..ListOffsetsTopic::default()
            }],
            ..ListOffsetsRequestData::default()
        };
        self.quietly(broker, &request, 8).answer().topics[0].partitions[0].error_code
    }

    /// Waits until no broker knows a topic.
    pub fn until_unknown(&mut self, topic: &str) {
        for broker in self.brokers() {
            self.until("a topic is gone", |scenario| scenario.metadata(broker, topic).error_code == 3);
        }
    }

    /// What a broker knows of a topic.
    pub fn metadata(&mut self, broker: usize, topic: &str) -> MetadataResponseTopic {
        let topic = MetadataRequestTopic { name: Some(text(topic)), ..MetadataRequestTopic::default() };
        let request = MetadataRequestData {
            topics: Some(vec![topic]),
            allow_auto_topic_creation: false,
            ..MetadataRequestData::default()
        };
        self.quietly(broker, &request, 13).answer().topics.swap_remove(0)
    }

    /// The brokers that a broker takes to be up; all counted from 0.
    pub fn live_brokers(&mut self, broker: usize) -> Vec<usize> {
        let request = MetadataRequestData { topics: Some(Vec::new()), ..MetadataRequestData::default() };
        let brokers = self.quietly(broker, &request, 12).answer().brokers;
        brokers.iter().map(|broker| usize::try_from(broker.node_id - 1).expect("an id")).collect()
    }

    /// A topic's id.
    pub fn topic_id(&mut self, topic: &str) -> KafkaUuid {
        self.metadata(0, topic).topic_id
    }

    /// A group of which nothing is known yet, whose coordinator is ready: the broker at home, where there is one.
    pub fn group(&mut self, shown: &str) -> String {
        let Some(home) = self.home else {
            let group = self.name(shown);
            self.coordinator(&group);
            return group;
        };
        self.group_at(home, shown)
    }

    /// The same with this broker as its coordinator, counted from 0.
    pub fn group_at(&mut self, broker: usize, shown: &str) -> String {
        loop {
            let group = self.name(shown);
            if self.coordinator(&group) == broker {
                return group;
            }
        }
    }

    /// The broker that coordinates a group, counted from 0, once it does.
    pub fn coordinator(&mut self, group: &str) -> usize {
        self.find_coordinator(group).expect("an answer about the coordinator")
    }

    /// The same; `None` when a request is not answered.
    fn find_coordinator(&mut self, group: &str) -> Option<usize> {
        let find = FindCoordinatorRequestData {
            coordinator_keys: vec![text(group)],
            ..FindCoordinatorRequestData::default()
        };
        let describe =
            DescribeGroupsRequestData { groups: vec![text(group)], ..DescribeGroupsRequestData::default() };
        let mut found = None;
        let asked = self.brokers()[0];
        self.until("a group has a coordinator", |s| {
            let Reply::Answer { response, .. } = s.quietly(asked, &find, 4) else { return true };
            let coordinator = &response.coordinators[0];
            if coordinator.error_code != 0 {
                return false;
            }
            let broker = usize::try_from(coordinator.node_id - 1).expect("a broker");
            // That it is down is not yet known to all.
            if !s.up[broker] {
                return false;
            }
            let Reply::Answer { response, .. } = s.quietly(broker, &describe, 5) else { return true };
            let is_loaded = response.groups[0].error_code == 0;
            found = is_loaded.then_some(broker);
            is_loaded
        });
        found
    }

    /// Waits until something is so.
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "waiting until {what}");
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

/// The coordinators' topics exist, and each of their partitions is loaded; as far as the cluster knows the requests.
pub(super) fn prepare(target: &UnderTest) {
    let mut s = Scenario::new(target, None);
    let producer = producer_id_request(-1, -1);
    for broker in s.brokers() {
        s.until("producer ids are given", |s| match s.quietly(broker, &producer, 4) {
            Reply::Answer { response, .. } => response.error_code == 0,
            _ => true,
        });
    }
    // With 8 partitions it is certain enough that each has one of these.
    for number in 0..64 {
        let group = s.name(&format!("warm-{number}"));
        if s.find_coordinator(&group).is_none() {
            break;
        }
    }
}
