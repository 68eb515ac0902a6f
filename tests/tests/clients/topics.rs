//! TopicCommand.

use std::process::Command;

use crate::program::{rows, run};
use crate::scene::{self, Scene};

impl Scene {
    fn topics(&self, arguments: &str) -> Command {
        self.tool("TopicCommand", &arguments.split(' ').collect::<Vec<_>>())
    }
}

/// The partitions in what `--describe` says, as in `t 0: 1 of 1,2, in sync 1,2`.
pub(crate) fn partitions(described: &str) -> Vec<String> {
    let lines = described.lines().filter(|line| line.starts_with('\t'));
    let fields = |line: &str| -> Vec<String> {
        // As in `Isr: 1,2`, where there may be none.
        let fields = line.split('\t').filter_map(|field| field.split_once(": "));
        fields.map(|(_, value)| value.to_owned()).collect()
    };
    lines
        .map(|line| match fields(line).as_slice() {
            [topic, number, leader, replicas, in_sync, ..] => {
                format!("{topic} {number}: {leader} of {replicas}, in sync {in_sync}")
            }
            _ => panic!("no partition: {line:?}"),
        })
        .collect()
}

#[test]
fn a_topic_is_created_listed_grown_and_deleted() {
    let Some(scene) = scene::for_tools() else { return };
    let created = run(&scene.topics("--create --topic orders --partitions 2 --replication-factor 3"));
    assert_eq!(created.succeeded(), "Created topic orders.\n");
    let again = run(&scene.topics("--create --topic orders")).failed();
    assert!(again.contains("Topic 'orders' already exists."), "{again}");
    run(&scene.topics("--create --if-not-exists --topic orders")).succeeded();
    run(&scene.topics("--create --topic plain")).succeeded();
    assert_eq!(rows(&run(&scene.topics("--list")).succeeded()), [["orders"], ["plain"]]);

    run(&scene.topics("--alter --topic orders --partitions 3")).succeeded();
    let fewer = run(&scene.topics("--alter --topic orders --partitions 2")).failed();
    let why = "The topic orders currently has 3 partition(s); 2 would not be an increase.";
    assert!(fewer.contains(why), "{fewer}");
    assert_eq!(partitions(&run(&scene.topics("--describe --topic orders")).succeeded()).len(), 3);

    run(&scene.topics("--delete --topic orders")).succeeded();
    assert_eq!(rows(&run(&scene.topics("--list")).succeeded()), [["plain"]]);
    let gone = run(&scene.topics("--describe --topic orders")).failed();
    assert!(gone.contains("Topic 'orders' does not exist as expected"), "{gone}");
}

#[test]
fn a_topic_is_described_with_the_replicas_and_configs_it_was_given() {
    let Some(scene) = scene::for_tools() else { return };
    let create = "--create --topic placed --replica-assignment 1:2,2:3,3:1 --config retention.ms=60000";
    run(&scene.topics(create)).succeeded();
    let described = run(&scene.topics("--describe --topic placed")).succeeded();
    let head = rows(&described).remove(0).join(" ");
    assert!(head.starts_with("Topic: placed TopicId: "), "{head}");
    let tail = "PartitionCount: 3 ReplicationFactor: 2 Configs: min.insync.replicas=1,retention.ms=60000";
    assert!(head.ends_with(tail), "{head}");
    assert_eq!(
        partitions(&described),
        [
            "placed 0: 1 of 1,2, in sync 1,2",
            "placed 1: 2 of 2,3, in sync 2,3",
            "placed 2: 3 of 3,1, in sync 3,1"
        ]
    );
}

#[test]
fn what_is_no_topic_is_refused_in_kafkas_words() {
    let Some(scene) = scene::for_tools() else { return };
    let refused = |arguments: &str, why: &str| {
        let said = run(&scene.topics(arguments)).failed();
        assert!(said.contains(why), "{arguments}: {said}");
    };
    refused(
        "--create --topic what? --partitions 1",
        "Topic name is invalid: 'what?' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    );
    refused(
        "--create --topic t --replication-factor 4",
        "The target replication factor of 4 cannot be reached because only 3 broker(s) are registered",
    );
    refused("--create --topic t --config nope=1", "Unknown topic config name: nope");
    refused(
        "--create --topic t --config cleanup.policy=burn",
        "Invalid value burn for configuration cleanup.policy: String must be one of: compact, delete",
    );
    refused("--delete --topic nope", "Topic 'nope' does not exist as expected");
}

#[test]
fn partitions_in_need_are_found_while_a_broker_is_down() {
    let Some(scene) = scene::for_tools() else { return };
    run(&scene.topics("--create --topic pair --replica-assignment 1:2,2:3")).succeeded();
    run(&scene.topics("--create --topic alone --replica-assignment 1,2")).succeeded();
    let strict = "--create --topic strict --replica-assignment 2:1 --config min.insync.replicas=2";
    run(&scene.topics(strict)).succeeded();
    let in_need = |kind: &str| {
        let mut found = partitions(&run(&scene.topics(&format!("--describe --{kind}"))).succeeded());
        found.sort();
        found
    };
    assert_eq!(in_need("under-replicated-partitions"), [""; 0]);
    assert_eq!(
        in_need("at-min-isr-partitions"),
        ["alone 0: 1 of 1, in sync 1", "alone 1: 2 of 2, in sync 2", "strict 0: 2 of 2,1, in sync 2,1"]
    );

    scene.cluster.stop_broker(0);
    let stopped =
        ["alone 0: none of 1, in sync ", "pair 0: 2 of 1,2, in sync 2", "strict 0: 2 of 2,1, in sync 2"];
    assert_eq!(in_need("unavailable-partitions"), stopped[..1]);
    assert_eq!(in_need("under-replicated-partitions"), stopped);
    assert_eq!(in_need("under-min-isr-partitions"), [stopped[0], stopped[2]]);

    scene.cluster.start_broker(0);
    assert_eq!(in_need("unavailable-partitions"), [""; 0]);
}
