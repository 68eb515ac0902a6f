//! confluent-kafka, by the scripts in `data/scripts`.

use std::collections::BTreeSet;

use crate::program::{run, start};
use crate::scene;

const TOPIC: [&str; 2] = ["--topic", "airports"];

#[test]
fn a_topic_is_created_described_and_deleted() {
    let Some(scene) = scene::for_python() else { return };
    let create = |replicas| {
        let how = ["--partitions", "2", "--replication-factor", replicas];
        run(&scene.script("create-topic.py", &[&TOPIC[..], &how].concat())).succeeded()
    };
    assert_eq!(create("3"), "Topics before: []\nTopic airports created\nTopics after: ['airports']\n");
    assert!(create("3").contains("\nTOPIC_ALREADY_EXISTS: Topic 'airports' already exists.\n"));
    assert!(create("4").contains("\nTOPIC_ALREADY_EXISTS"), "that is looked at first");
    let metadata = run(&scene.script("get_metadata_topic.py", &TOPIC)).succeeded();
    let lines: Vec<_> = metadata.lines().collect();
    assert_eq!(lines.len(), 2, "{metadata}");
    for (number, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("partition {number}: leader ")), "{line}");
        assert!(line.ends_with("log_start 0, high_watermark 0"), "{line}");
    }
    let delete = || run(&scene.script("delete_topic.py", &TOPIC)).succeeded();
    // The script that asked for watermarks made Kafka's own topic.
    let deleted = delete();
    assert!(
        deleted.ends_with("\nTopic airports deleted\nTopics after: ['__consumer_offsets']\n"),
        "{deleted}"
    );
    assert!(delete().contains("\nUNKNOWN_TOPIC_OR_PART: "));
    let gone = run(&scene.script("get_metadata_topic.py", &TOPIC)).failed();
    assert!(gone.contains("airports: Broker: Unknown topic or partition"), "{gone}");
}

/// What is delivered, as `partition offset`.
fn delivered(said: &str) -> BTreeSet<String> {
    let places = said.lines().filter_map(|line| line.strip_prefix("Delivered to partition "));
    places.map(|place| place.replace("at offset ", "")).collect()
}

/// What was consumed, in the same form, in its order.
fn consumed(said: &str) -> Vec<String> {
    let places = said.lines().filter_map(|line| line.strip_prefix("partition ")?.split_once(':'));
    places.map(|(place, _)| place.replace("offset ", "")).collect()
}

#[test]
fn each_airport_is_delivered_once_and_read_once_by_a_group_that_grows() {
    let Some(scene) = scene::for_python() else { return };
    scene.topic("airports", 3, 3);
    let produce = |count: &str| {
        let said = run(&scene.script("producer.py", &[&TOPIC[..], &["--count", count]].concat())).succeeded();
        assert!(said.ends_with("\n0 records without a report\n"), "{said}");
        delivered(&said)
    };
    let consume = || start(&scene.script("consumer.py", &TOPIC), "");

    let mut sent = produce("300");
    assert_eq!(sent.len(), 300);
    let mut first = consume();
    first.until("300 airports", |said, _| consumed(said).len() >= 300);

    // What the first has committed is nobody's work again. The second has its share when it gets a record.
    let second = consume();
    for _ in 0..60 {
        sent.extend(produce("30"));
        first.until("its share", |said, _| {
            consumed(said).len() + consumed(&second.stdout()).len() >= sent.len()
        });
        if !consumed(&second.stdout()).is_empty() {
            break;
        }
    }
    let (by_first, by_second) = (consumed(&first.stdout()), consumed(&second.stdout()));
    assert!(!by_second.is_empty(), "the second never got a share: {}", second.stderr());
    let read: Vec<_> = by_first.into_iter().chain(by_second).collect();
    assert_eq!(read.len(), sent.len(), "something was read twice");
    assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), sent);
}
