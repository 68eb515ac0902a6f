//! ConsumerGroupCommand, on a group whose members are VerifiableConsumers, and on one without members.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::program::{Running, rows, run, start};
use crate::scene::{self, Scene};

impl Scene {
    fn groups(&self, arguments: &str) -> Command {
        // It gives up after 5 s by itself.
        let patience = ["--timeout", "120000"];
        let arguments: Vec<_> = patience.into_iter().chain(arguments.split(' ')).collect();
        self.tool("consumer.group.ConsumerGroupCommand", &arguments)
    }

    /// A member of group `g` that reads topic `t`.
    fn member(&self, arguments: &[&str]) -> Running {
        let common = ["--topic", "t", "--group-id", "g", "--reset-policy", "earliest"];
        start(&self.tool("VerifiableConsumer", &[&common, arguments].concat()), "")
    }

    /// Fifteen records in topic `t`.
    fn fill(&self, partitions: i32) {
        self.topic("t", partitions, 3);
        let spec = ["--topic", "t", "--num-records", "15", "--record-size", "10", "--throughput", "-1"];
        run(&self.tool("ProducerPerformance", &spec)).succeeded();
    }
}

/// The rows of a table, without its head and what stands before it.
fn table(said: &str) -> Vec<Vec<&str>> {
    let from_head = rows(said).into_iter().skip_while(|row| row[0] != "GROUP" && row[0] != "TOPIC");
    from_head.skip(1).collect()
}

/// How many partitions a member got last.
fn assigned(said: &str) -> usize {
    let mut events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = events.rfind(|event| event["name"] == "partitions_assigned");
    last.and_then(|event| event["partitions"].as_array().map(Vec::len)).unwrap_or(0)
}

#[test]
fn a_group_is_seen_and_guarded_while_its_members_consume() {
    let Some(scene) = scene::for_tools() else { return };
    scene.fill(4);
    let mut one = scene.member(&["--group-instance-id", "one"]);
    one.until("fifteen records", |said, _| {
        let commits = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let committed = commits.filter(|event| event["name"] == "offsets_committed");
        let ends = committed.flat_map(|event| event["offsets"].as_array().cloned().unwrap_or_default());
        let mut ends: Vec<_> = ends.map(|end| (end["partition"].as_i64(), end["offset"].as_i64())).collect();
        ends.sort();
        let last: BTreeMap<_, _> = ends.into_iter().collect();
        last.values().flatten().sum::<i64>() == 15
    });
    let mut two = scene.member(&[]);
    for member in [&mut two, &mut one] {
        member.until("two partitions", |said, _| assigned(said) == 2);
    }

    let said = run(&scene.groups("--describe --group g")).succeeded();
    let partitions = table(&said);
    // With an offset of none where no record ever was.
    let total: i64 = partitions.iter().filter_map(|row| row[3].parse::<i64>().ok()).sum();
    assert_eq!((partitions.len(), total), (4, 15), "{said}");
    assert!(
        partitions.iter().all(|row| row[3] == row[4] && row[5] == "0" || row[3..=5] == ["-", "0", "-"]),
        "{said}"
    );
    assert!(partitions.iter().all(|row| row[7] == "/127.0.0.1"), "{said}");
    let of_one = partitions.iter().filter(|row| row[6].starts_with("one-") && row[8] == "consumer-g-one");
    assert_eq!(of_one.count(), 2, "{said}");

    let said = run(&scene.groups("--describe --group g --members --verbose")).succeeded();
    let members = table(&said);
    assert_eq!(members.len(), 2, "{said}");
    assert!(
        members.iter().any(|row| row[1].starts_with("one-") && row[2] == "one" && row[5] == "2"),
        "{said}"
    );
    assert!(members.iter().any(|row| row[1].starts_with("consumer-g-1-") && row[4] == "2"), "{said}");

    let said = run(&scene.groups("--describe --group g --state")).succeeded();
    assert_eq!(table(&said)[0][3..], ["range", "Stable", "2"], "{said}");
    assert_eq!(table(&run(&scene.groups("--list --state")).succeeded()), [["g", "Stable"]]);
    assert_eq!(table(&run(&scene.groups("--list --type")).succeeded()), [["g", "Classic"]]);

    let said = run(&scene.groups("--group g --reset-offsets --topic t --to-earliest --execute")).succeeded();
    assert!(said.contains("if the group 'g' is inactive, but the current state is Stable"), "{said}");
    let said = run(&scene.groups("--group g --delete")).succeeded();
    assert!(said.contains("GroupNotEmptyException: The group is not empty."), "{said}");
    let said = run(&scene.groups("--group g --delete-offsets --topic t")).succeeded();
    assert!(said.contains("GroupSubscribedToTopicException"), "{said}");

    // The dynamic one leaves; the static one keeps its place, and gets all.
    two.stop();
    one.until("all partitions", |said, _| assigned(said) == 4);
}

#[test]
fn a_group_without_members_is_moved_and_deleted() {
    let Some(scene) = scene::for_tools() else { return };
    scene.fill(1);
    let member = scene.member(&["--max-messages", "15"]).ended().succeeded();
    assert!(member.contains("shutdown_complete"), "{member}");
    let offset = || {
        let ended = run(&scene.groups("--describe --group g"));
        assert!(ended.stderr.contains("Consumer group 'g' has no active members."), "{ended:?}");
        let said = ended.succeeded();
        let table = table(&said);
        let [one] = table.as_slice() else { panic!("{said}") };
        one[1..].join(" ")
    };
    assert_eq!(offset(), "t 0 15 15 0 - - -");
    let state = run(&scene.groups("--describe --group g --state")).succeeded();
    assert_eq!(table(&state)[0][3..], ["-", "Empty", "0"], "{state}");

    let reset = |how: &str| {
        let said = run(&scene.groups(&format!("--group g --reset-offsets --topic t {how}"))).succeeded();
        table(&said).concat().join(" ")
    };
    assert_eq!(reset("--to-earliest --dry-run"), "g t 0 0");
    assert_eq!(offset(), "t 0 15 15 0 - - -", "nothing was done");
    assert_eq!(reset("--to-offset 4 --execute"), "g t 0 4");
    assert_eq!(offset(), "t 0 4 15 11 - - -");
    assert_eq!(reset("--shift-by -2 --execute"), "g t 0 2");
    assert_eq!(reset("--to-datetime 2020-01-01T00:00:00.000 --execute"), "g t 0 0");
    assert_eq!(reset("--by-duration PT0S --execute"), "g t 0 15", "no record is as young");
    assert_eq!(reset("--to-offset 99 --execute"), "g t 0 15", "there is no more");
    assert_eq!(reset("--to-current --execute"), "g t 0 15");

    let said = run(&scene.groups("--group g --delete-offsets --topic t")).succeeded();
    assert_eq!(table(&said), [["t", "0", "Successful"]]);
    let said = run(&scene.groups("--group g --delete")).succeeded();
    assert_eq!(said, "Deletion of requested consumer groups ('g') was successful.\n");
    assert_eq!(run(&scene.groups("--list")).succeeded().trim(), "");
    let said = run(&scene.groups("--describe --group g")).succeeded();
    assert!(said.contains("GroupIdNotFoundException: Group g not found."), "{said}");
}
