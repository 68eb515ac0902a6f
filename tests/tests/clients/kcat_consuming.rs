//! kcat: reading from wherever one may begin, alone and in a group.

use std::collections::BTreeSet;

use crate::program::{Running, feed, run, start};
use crate::scene::{self, Scene};

impl Scene {
    fn lines(&self, topic: &str, numbers: std::ops::Range<u32>) {
        let lines: String = numbers.map(|n| format!("key-{n}:{n}\n")).collect();
        feed(&self.kcat(&["-P", "-t", topic, "-K", ":"]), &lines).succeeded();
    }

    /// What is read of partition 0 from here on: offsets and values, as in `3=three`.
    fn from(&self, places: &[&str]) -> String {
        let places: Vec<_> = places.iter().flat_map(|place| ["-o", place]).collect();
        let read = [&["-C", "-t", "t", "-p", "0", "-e", "-q", "-f", "%o=%s "], places.as_slice()].concat();
        run(&self.kcat(&read)).succeeded().trim_end().to_owned()
    }

    fn kcat_member(&self) -> Running {
        let settings = ["-X", "auto.offset.reset=earliest", "-X", "auto.commit.interval.ms=200"];
        start(&self.kcat(&[&["-G", "g", "-u"], &settings[..], &["t"]].concat()), "")
    }
}

#[test]
fn a_partition_is_read_from_every_kind_of_place() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 1, 3);
    scene.lines("t", 0..3);
    let stamped = run(&scene.kcat(&["-C", "-t", "t", "-e", "-q", "-f", "%T\n"])).succeeded();
    let last: i64 = stamped.lines().filter_map(|time| time.parse().ok()).max().expect("a time");
    // The others are later by this.
    let later = last + 20;
    while tests::conformance::now_ms() < later {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    scene.lines("t", 3..6);

    assert_eq!(scene.from(&["beginning"]), "0=0 1=1 2=2 3=3 4=4 5=5");
    assert_eq!(scene.from(&["4"]), "4=4 5=5");
    assert_eq!(scene.from(&["-2"]), "4=4 5=5");
    assert_eq!(scene.from(&["end"]), "");
    assert_eq!(scene.from(&[&format!("s@{later}")]), "3=3 4=4 5=5");
    assert_eq!(scene.from(&["s@1000", &format!("e@{later}")]), "0=0 1=1 2=2");

    let ask = |place: &str| run(&scene.kcat(&["-Q", "-t", place])).succeeded();
    assert_eq!(ask("t:0:-1"), "t [0] offset 6\n");
    assert_eq!(ask("t:0:-2"), "t [0] offset 0\n");
    assert_eq!(ask(&format!("t:0:{later}")), "t [0] offset 3\n");
}

#[test]
fn an_offset_past_the_end_is_reset_as_the_client_is_told() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 1, 3);
    scene.lines("t", 0..3);
    let read = |reset: &str| {
        let reset = format!("topic.auto.offset.reset={reset}");
        run(&scene.kcat(&["-C", "-t", "t", "-p", "0", "-o", "1000", "-e", "-X", &reset]))
    };
    let to_end = read("latest");
    assert!(to_end.stderr.contains("Broker: Offset out of range"), "{to_end:?}");
    assert!(to_end.stderr.contains("Reached end of topic t [0] at offset 3"), "{to_end:?}");
    assert_eq!(to_end.succeeded(), "");
    assert_eq!(read("earliest").succeeded(), "0\n1\n2\n");
}

#[test]
fn every_setting_of_a_consumer_is_served() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 1, 3);
    scene.lines("t", 0..50);
    let ways: [&[&str]; 6] = [
        &["check.crcs=true"],
        &["isolation.level=read_uncommitted"],
        &["isolation.level=read_committed"],
        &["fetch.min.bytes=100000", "fetch.wait.max.ms=50"],
        &["fetch.message.max.bytes=100", "receive.message.max.bytes=100000512"],
        &["client.rack=a", "queued.min.messages=1", "fetch.error.backoff.ms=10"],
    ];
    let wanted: String = (0..50).map(|n| format!("{n}\n")).collect();
    for settings in ways {
        let flags: Vec<_> = settings.iter().flat_map(|setting| ["-X", setting]).collect();
        let read = [&["-C", "-t", "t", "-o", "beginning", "-e", "-q"], flags.as_slice()].concat();
        assert_eq!(run(&scene.kcat(&read)).succeeded(), wanted, "{settings:?}");
    }
}

/// The partitions of a member, by what it says of rebalances.
fn assigned(stderr: &str) -> Option<usize> {
    let last = stderr.lines().rev().find(|line| line.contains(" rebalanced "))?;
    let (_, partitions) = last.split_once("assigned: ")?;
    Some(partitions.matches("t [").count())
}

#[test]
fn two_members_share_a_topic_and_one_takes_over() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 4, 3);
    let (mut one, mut two) = (scene.kcat_member(), scene.kcat_member());
    for member in [&mut one, &mut two] {
        member.until("half of the partitions", |_, said| assigned(said) == Some(2));
    }
    scene.lines("t", 0..200);
    one.until("its share", |said, _| said.lines().count() + two.stdout().lines().count() >= 200);
    let (left, _) = two.stop();
    one.until("all partitions", |_, said| assigned(said) == Some(4));
    scene.lines("t", 200..300);
    one.until("the rest", |said, _| said.lines().count() + left.lines().count() >= 300);

    let (right, _) = one.stop();
    assert!(!left.is_empty(), "both had a share");
    let read: Vec<u32> =
        left.lines().chain(right.lines()).map(|line| line.parse().expect("a number")).collect();
    assert_eq!(read.len(), 300, "something was read twice");
    assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), (0..300).collect());
}
