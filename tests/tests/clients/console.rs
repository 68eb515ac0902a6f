//! ConsoleProducer and ConsoleConsumer.

use std::process::Command;

use crate::program::{feed, run};
use crate::scene::{self, Scene};

impl Scene {
    fn console_producer(&self, topic: &str, arguments: &[&str]) -> Command {
        self.tool("ConsoleProducer", &[&["--topic", topic], arguments].concat())
    }

    fn console_consumer(&self, topic: &str, arguments: &[&str]) -> Command {
        // It ends with what it is to read; the time limit is for when that doesn't come.
        let common = ["--topic", topic, "--timeout-ms", "200000"];
        self.tool("consumer.ConsoleConsumer", &[&common, arguments].concat())
    }
}

const KEYED: [&str; 4] = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];

/// Has the consumer print these.
fn print(what: &[&'static str]) -> Vec<String> {
    what.iter().flat_map(|what| ["--formatter-property".to_owned(), format!("print.{what}=true")]).collect()
}

#[test]
fn lines_with_keys_and_headers_are_read_back_in_order() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 1, 3);
    feed(&scene.console_producer("t", &KEYED), "k1:one\nk2:two\nk1:three\n").succeeded();
    let headers = ["parse.headers=true", "headers.delimiter=|", "headers.key.separator=="];
    let headers = headers.map(|property| ["--reader-property", property]).concat();
    let with_headers = scene.console_producer("t", &[&KEYED[..], &headers].concat());
    feed(&with_headers, "h1=x,h2=y|k3:four\n").succeeded();

    let printed = print(&["key", "partition", "offset", "headers"]);
    let printed: Vec<_> = printed.iter().map(String::as_str).collect();
    let read = scene
        .console_consumer("t", &[&["--from-beginning", "--max-messages", "4"], printed.as_slice()].concat());
    assert_eq!(
        run(&read).succeeded(),
        "Partition:0\tOffset:0\tNO_HEADERS\tk1\tone\n\
         Partition:0\tOffset:1\tNO_HEADERS\tk2\ttwo\n\
         Partition:0\tOffset:2\tNO_HEADERS\tk1\tthree\n\
         Partition:0\tOffset:3\th1:x,h2:y\tk3\tfour\n"
    );
}

#[test]
fn every_compression_and_kind_of_acknowledgement_is_taken() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 1, 3);
    let ways = [("none", "0"), ("gzip", "1"), ("snappy", "all"), ("lz4", "-1"), ("zstd", "all")];
    for (compression, acks) in ways {
        let settings = ["--compression-codec", compression, "--request-required-acks", acks, "--sync"];
        feed(&scene.console_producer("t", &settings), &format!("by {compression}\n")).succeeded();
    }
    let read = run(&scene.console_consumer("t", &["--from-beginning", "--max-messages", "5"])).succeeded();
    assert_eq!(read, "by none\nby gzip\nby snappy\nby lz4\nby zstd\n");
}

#[test]
fn a_partition_is_read_from_an_offset() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 2, 1);
    let fixed = [&KEYED[..], &["--command-property", "linger.ms=0"]].concat();
    feed(&scene.console_producer("t", &fixed), "same:a\nsame:b\nsame:c\nsame:d\n").succeeded();
    // Where Apache Kafka's partitioner puts this key: murmur2 of "same", modulo 2.
    let at = ["--partition", "1", "--offset", "1", "--max-messages", "2"];
    assert_eq!(run(&scene.console_consumer("t", &at)).succeeded(), "b\nc\n");
    let earliest = ["--partition", "1", "--offset", "earliest", "--max-messages", "1"];
    assert_eq!(run(&scene.console_consumer("t", &earliest)).succeeded(), "a\n");
}

#[test]
fn a_group_goes_on_where_its_last_member_left() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 1, 1);
    feed(&scene.console_producer("t", &[]), "a\nb\nc\n").succeeded();
    let two = ["--group", "g", "--from-beginning", "--max-messages", "2"];
    assert_eq!(run(&scene.console_consumer("t", &two)).succeeded(), "a\nb\n");
    let one = ["--group", "g", "--from-beginning", "--max-messages", "1"];
    assert_eq!(run(&scene.console_consumer("t", &one)).succeeded(), "c\n");
}

#[test]
fn a_producer_makes_the_topic_it_writes_to() {
    let Some(scene) = scene::for_tools() else { return };
    feed(&scene.console_producer("made", &[]), "first\n").succeeded();
    let read = run(&scene.console_consumer("made", &["--from-beginning", "--max-messages", "1"]));
    assert_eq!(read.succeeded(), "first\n");
}
