//! GetOffsetShell and DeleteRecordsCommand.

use std::fs;

use crate::program::{Ended, feed, rows, run};
use crate::scene::{self, Scene};

impl Scene {
    fn offsets(&self, arguments: &[&str]) -> Vec<String> {
        let said = run(&self.tool("GetOffsetShell", arguments)).succeeded();
        rows(&said).concat().into_iter().map(str::to_owned).collect()
    }

    fn offsets_at(&self, time: &str) -> Vec<String> {
        self.offsets(&["--topic", "t", "--time", time])
    }

    /// Deletes what lies before an offset of partition 0.
    fn delete(&self, topic: &str, offset: i64) -> Ended {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("offsets.json");
        let what = format!(
            r#"{{"version": 1, "partitions": [{{"topic": "{topic}", "partition": 0, "offset": {offset}}}]}}"#
        );
        fs::write(&file, what).expect("a file");
        let file = file.to_str().expect("a path in UTF-8");
        run(&self.tool("DeleteRecordsCommand", &["--offset-json-file", file]))
    }

    /// Writes five records into one partition.
    fn five(&self, topic: &str) {
        self.topic(topic, 1, 1);
        feed(&self.tool("ConsoleProducer", &["--topic", topic]), "a\nb\nc\nd\ne\n").succeeded();
    }
}

#[test]
fn offsets_are_found_by_their_place_and_by_time() {
    let Some(scene) = scene::for_tools() else { return };
    scene.five("t");
    scene.topic("u", 3, 1);
    assert_eq!(scene.offsets_at("latest"), ["t:0:5"]);
    assert_eq!(scene.offsets_at("earliest"), ["t:0:0"]);
    assert_eq!(scene.offsets_at("earliest-local"), ["t:0:0"]);
    assert_eq!(scene.offsets_at("1"), ["t:0:0"], "the first record after a time long ago");
    assert_eq!(scene.offsets_at("latest-tiered"), [""; 0], "nothing is tiered");
    assert_eq!(scene.offsets(&[]), ["t:0:5", "u:0:0", "u:1:0", "u:2:0"]);
    assert_eq!(scene.offsets(&["--topic-partitions", "u:1-3,t"]), ["t:0:5", "u:1:0", "u:2:0"]);
    let nothing = run(&scene.tool("GetOffsetShell", &["--topic", "nope"]));
    assert!(nothing.failed().contains("Could not match any topic-partitions with the specified filters"));
}

#[test]
fn the_record_with_the_latest_time_is_found() {
    let Some(scene) = scene::for_tools() else { return };
    scene.five("t");
    let at = scene.offsets_at("max-timestamp");
    let [one] = at.as_slice() else { panic!("{at:?}") };
    let offset: i64 = one.strip_prefix("t:0:").and_then(|offset| offset.parse().ok()).expect("an offset");
    assert!((0..5).contains(&offset), "{one}");
    scene.topic("u", 1, 1);
    // No record, no time.
    assert_eq!(scene.offsets(&["--topic", "u", "--time", "max-timestamp"]), [""; 0]);
}

#[test]
fn records_before_an_offset_are_deleted() {
    let Some(scene) = scene::for_tools() else { return };
    scene.five("t");
    let said = scene.delete("t", 3).succeeded();
    assert!(said.contains("partition: t-0\tlow_watermark: 3"), "{said}");
    assert_eq!(scene.offsets_at("earliest"), ["t:0:3"]);
    let read = ["--topic", "t", "--from-beginning", "--max-messages", "2", "--timeout-ms", "200000"];
    assert_eq!(run(&scene.tool("consumer.ConsoleConsumer", &read)).succeeded(), "d\ne\n");

    let past = scene.delete("t", 6).succeeded();
    assert!(
        past.contains("partition: t-0\terror: org.apache.kafka.common.errors.OffsetOutOfRangeException"),
        "{past}"
    );
    let all = scene.delete("t", -1).succeeded();
    assert!(all.contains("partition: t-0\tlow_watermark: 5"), "{all}");
}

#[test]
fn records_of_a_compacted_topic_are_not_deleted() {
    let Some(scene) = scene::for_tools() else { return };
    let create = ["--create", "--topic", "kept", "--config", "cleanup.policy=compact"];
    run(&scene.tool("TopicCommand", &create)).succeeded();
    let said = scene.delete("kept", 0).succeeded();
    assert!(
        said.contains("partition: kept-0\terror: org.apache.kafka.common.errors.PolicyViolationException"),
        "{said}"
    );
}
