//! ProducerPerformance and ConsumerPerformance.

use crate::program::{rows, run};
use crate::scene::{self, Scene};

impl Scene {
    fn perform(&self, count: &str, settings: &[&str]) -> String {
        let sizes = ["--topic", "t", "--num-records", count, "--record-size", "100", "--throughput", "-1"];
        let settings: Vec<_> = settings.iter().flat_map(|setting| ["--command-property", setting]).collect();
        run(&self.tool("ProducerPerformance", &[&sizes, settings.as_slice()].concat())).succeeded()
    }
}

/// Also what the consumer reads in the end: nothing is lost on the way.
#[test]
fn what_each_kind_of_producer_sends_is_consumed() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 4, 3);
    let ways: [&[&str]; 5] = [
        &["acks=0", "compression.type=none"],
        &["acks=1", "compression.type=gzip"],
        &["acks=all", "compression.type=snappy"],
        &["acks=all", "compression.type=lz4", "max.in.flight.requests.per.connection=1"],
        &["acks=all", "compression.type=zstd", "linger.ms=20", "batch.size=65536"],
    ];
    for settings in ways {
        let said = scene.perform("20000", settings);
        let summary = said.lines().last().unwrap_or_default();
        assert!(summary.starts_with("20000 records sent, "), "{settings:?}: {said}");
    }
    let read = ["--topic", "t", "--num-records", "100000", "--timeout", "200000"];
    let said = run(&scene.tool("ConsumerPerformance", &read)).succeeded();
    let lines = rows(&said);
    let [head, numbers] = lines.as_slice() else { panic!("{said}") };
    let head: Vec<_> = head.join("").split(',').map(str::to_owned).collect();
    let numbers = numbers.join(" ");
    let numbers: Vec<_> = numbers.split(", ").collect();
    let at = head.iter().position(|name| name == "data.consumed.in.nMsg").expect("a column");
    assert_eq!(numbers[at], "100000", "{said}");
}

#[test]
fn a_record_too_large_for_the_topic_is_refused() {
    let Some(scene) = scene::for_tools() else { return };
    let create = ["--create", "--topic", "t", "--config", "max.message.bytes=1000"];
    run(&scene.tool("TopicCommand", &create)).succeeded();
    let large = ["--topic", "t", "--num-records", "1", "--record-size", "2000", "--throughput", "-1"];
    let ended = run(&scene.tool("ProducerPerformance", &large));
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains("RecordTooLargeException"), "{said}");
}
