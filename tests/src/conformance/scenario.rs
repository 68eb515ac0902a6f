//! A scenario while it runs, and the comparison of two runs.

use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;

use super::api::Api;
use super::mask::Masks;
use super::target::UnderTest;
use super::text;
use super::wire::{Reply, Wire};

/// A run of a scenario: its connections, its transcript, and what is masked in it.
#[derive(Debug)]
pub struct Scenario<'a> {
    /// What it runs on.
    pub target: &'a UnderTest,
    /// What may differ.
    pub masks: Masks,
    wires: Vec<Option<Wire>>,
    transcript: String,
    /// The lines of the version at hand, inside [`Self::each`].
    version: Option<String>,
    run: u32,
    title: &'static str,
}

impl Drop for Scenario<'_> {
    /// What a scenario saw before it failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            save(
                &format!("{}.broken", self.title),
                &(self.transcript.clone() + self.version.as_deref().unwrap_or("")),
            );
        }
    }
}

impl<'a> Scenario<'a> {
    fn new(title: &'static str, target: &'a UnderTest) -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let mut masks = Masks::default();
        for (id, address) in (1..).zip(target.addresses()) {
            let (_, port) = address.rsplit_once(':').expect("an address with its port");
            masks.name(&format!("port: {port}"), &format!("port: <of {id}>"));
        }
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let wires = target.addresses().iter().map(|_| None).collect();
        Self { target, masks, wires, transcript: String::new(), version: None, run, title }
    }

    /// A name that no other run uses, shown as `shown`.
    pub fn name(&mut self, shown: &str) -> String {
        static NAMES: AtomicU32 = AtomicU32::new(0);
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        let real = format!("{shown}~{:04}{number:06}", self.run).replace('~', "-r");
        self.masks.name(&real, shown);
        real
    }

    /// A new connection to a broker, counted from 0.
    pub fn open(&self, broker: usize) -> Wire {
        Wire::connect(&self.target.addresses()[broker]).expect("a connection")
    }

    /// Asks the first broker, and records the answer.
    pub fn ask<R: Api>(&mut self, label: &str, request: &R, version: i16) -> Reply<R::Response> {
        self.ask_broker(0, label, request, version)
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
        let at = if self.version.is_some() { String::new() } else { format!(" v{version}") };
        self.note(&format!("{}{at} {label} => {outcome}", R::NAME));
    }

    /// Records a line of one's own.
    pub fn note(&mut self, line: &str) {
        let out = self.version.as_mut().unwrap_or(&mut self.transcript);
        writeln!(out, "{line}").expect("writing to a string");
    }

    /// Does the same in each announced version of `R`. Versions in a row that saw the same are one entry.
    pub fn each<R: Api>(&mut self, label: &str, mut step: impl FnMut(&mut Self, i16)) {
        let mut seen: Vec<(i16, i16, String)> = Vec::new();
        for version in R::VERSIONS {
            self.masks.repeat();
            self.version = Some(String::new());
            step(self, version);
            let lines = self.version.take().unwrap_or_default();
            match seen.last_mut() {
                Some((_, last, before)) if *before == lines => *last = version,
                _ => seen.push((version, version, lines)),
            }
        }
        self.masks.end_repeat();
        for (first, last, lines) in seen {
            self.note(&format!("{} v{first} to v{last}: {label}", R::NAME));
            for line in lines.lines() {
                self.note(&format!("  {line}"));
            }
        }
    }

    /// The same where there is one request and nothing else to do.
    pub fn each_ask<R: Api>(&mut self, label: &str, mut make: impl FnMut(&mut Self, i16) -> R) {
        self.each::<R>(label, |scenario, version| {
            let request = make(scenario, version);
            scenario.ask("", &request, version);
        });
    }

    /// Makes a topic of which nothing is recorded, and waits until each broker knows its leaders.
    pub fn topic(&mut self, shown: &str, partitions: i32) -> String {
        self.topic_with(shown, partitions, 1, &[])
    }

    /// The same with a replication factor and configs.
    pub fn topic_with(
        &mut self,
        shown: &str,
        partitions: i32,
        replication_factor: i16,
        configs: &[(&str, &str)],
    ) -> String {
        let name = self.name(shown);
        let configs = configs.iter().map(|(name, value)| CreatableTopicConfig {
            name: text(name),
            value: Some(text(value)),
            ..CreatableTopicConfig::default()
        });
        let topic = CreatableTopic {
            name: text(&name),
            num_partitions: partitions,
            replication_factor,
            configs: configs.collect(),
            ..CreatableTopic::default()
        };
        let request = CreateTopicsRequestData { topics: vec![topic], ..CreateTopicsRequestData::default() };
        let answer = self.quietly(0, &request, 7).answer();
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
        self.until_known(&name, partitions);
        self.until_served(&name);
        name
    }

    /// Waits until each broker knows the leaders of a topic's partitions.
    pub fn until_known(&mut self, topic: &str, partitions: i32) {
        for broker in 0..self.target.addresses().len() {
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
            let latest = ListOffsetsPartition {
                partition_index: partition.partition_index,
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
            self.until("a leader serves", |s| {
                s.quietly(leader, &request, 8).answer().topics[0].partitions[0].error_code == 0
            });
        }
    }

    /// Waits until no broker knows a topic.
    pub fn until_unknown(&mut self, topic: &str) {
        for broker in 0..self.target.addresses().len() {
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

    /// A topic's id.
    pub fn topic_id(&mut self, topic: &str) -> KafkaUuid {
        self.metadata(0, topic).topic_id
    }

    /// The broker that coordinates a group, counted from 0, once it does.
    pub fn coordinator(&mut self, group: &str) -> usize {
        let find = FindCoordinatorRequestData {
            coordinator_keys: vec![text(group)],
            ..FindCoordinatorRequestData::default()
        };
        let mut found = 0;
        self.until("a group has a coordinator", |s| {
            let answer = s.quietly(0, &find, 4).answer();
            let coordinator = &answer.coordinators[0];
            found = usize::try_from(coordinator.node_id - 1).unwrap_or_default();
            let describe = DescribeGroupsRequestData {
                groups: vec![text(group)],
                ..DescribeGroupsRequestData::default()
            };
            coordinator.error_code == 0 && s.quietly(found, &describe, 5).answer().groups[0].error_code == 0
        });
        found
    }

    /// Waits until something is so.
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so(self) {
            assert!(Instant::now() < deadline, "waiting until {what}");
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

/// The coordinators' topics exist, and each of their partitions is loaded.
pub(super) fn prepare(target: &UnderTest) {
    let mut s = Scenario::new("prepare", target);
    let producer = InitProducerIdRequestData {
        transactional_id: None,
        transaction_timeout_ms: 60_000,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequestData::default()
    };
    s.until("producer ids are given", |s| s.quietly(0, &producer, 4).answer().error_code == 0);
    for number in 0..64 {
        let group = s.name(&format!("warm-{number}"));
        s.coordinator(&group);
    }
}

/// Runs a scenario on Apache Kafka and compares what it saw with a second run.
pub fn compare(name: &'static str, brokers: usize, scenario: fn(&mut Scenario<'_>)) {
    let Some(kafka) = UnderTest::shared_kafka(brokers) else { return };
    let first = transcript(name, kafka, scenario);
    save(name, &first);
    let second = transcript(name, kafka, scenario);
    if let Some(differences) = differences(&first, &second) {
        panic!("{name}: Apache Kafka differs from itself, so something is not masked:\n{differences}");
    }
}

fn transcript(title: &'static str, target: &UnderTest, scenario: fn(&mut Scenario<'_>)) -> String {
    let mut run = Scenario::new(title, target);
    scenario(&mut run);
    std::mem::take(&mut run.transcript)
}

/// Keeps a transcript where `CONFORMANCE_TRANSCRIPTS` says.
fn save(name: &str, transcript: &str) {
    if let Some(folder) = std::env::var_os("CONFORMANCE_TRANSCRIPTS") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::create_dir_all(&folder).expect("a folder for transcripts");
        std::fs::write(folder.join(format!("{name}.txt")), transcript).expect("writing a transcript");
    }
}

/// The lines in which two transcripts differ, with the step that each belongs to.
fn differences(expected: &str, actual: &str) -> Option<String> {
    if expected == actual {
        return None;
    }
    let (mut expected_lines, mut actual_lines) = (expected.lines(), actual.lines());
    let mut step = "";
    let mut out = String::new();
    loop {
        match (expected_lines.next(), actual_lines.next()) {
            (None, None) => break,
            (Some(one), Some(other)) if one == other => {
                if !one.starts_with(' ') {
                    step = one;
                }
            }
            (one, other) => {
                let (one, other) = (one.unwrap_or("nothing more"), other.unwrap_or("nothing more"));
                let (one, other) = around_the_difference(one, other);
                writeln!(out, "in {}\n- {one}\n+ {other}", cut(step, 0, 100)).expect("writing to a string");
            }
        }
    }
    Some(out)
}

/// Both lines from a little before the place where they part.
fn around_the_difference(one: &str, other: &str) -> (String, String) {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let from = same.saturating_sub(120);
    (cut(one, from, 400), cut(other, from, 400))
}

fn cut(line: &str, from: usize, length: usize) -> String {
    let part: String = line.chars().skip(from).take(length).collect();
    if from == 0 { part } else { format!("{}… {part}", line.chars().take(60).collect::<String>()) }
}
