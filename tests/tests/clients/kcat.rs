//! kcat: what the cluster is, and producing.

use serde_json::Value;

use crate::program::{feed, run};
use crate::scene::{self, Scene};

impl Scene {
    /// Has kcat write these lines, each key and value with `:` between.
    fn produce(&self, topic: &str, arguments: &[&str], lines: &str) {
        let all = [&["-P", "-t", topic, "-K", ":"], arguments].concat();
        feed(&self.kcat(&all), lines).succeeded();
    }

    /// All records of a topic up to now.
    fn records(&self, topic: &str) -> Vec<Value> {
        let said = run(&self.kcat(&["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"])).succeeded();
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// Keys and values, as in `k:v`.
fn pairs(records: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    records.iter().map(|record| format!("{}:{}", text(&record["key"]), text(&record["payload"]))).collect()
}

#[test]
fn brokers_and_topics_are_listed() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("orders", 4, 3);
    let said = run(&scene.kcat(&["-L", "-J"])).succeeded();
    let cluster: Value = serde_json::from_str(&said).expect("JSON");
    let mut brokers: Vec<_> = cluster["brokers"].as_array().expect("brokers").clone();
    brokers.sort_by_key(|broker| broker["id"].as_i64());
    let names: Vec<_> = brokers.iter().map(|broker| broker["name"].as_str().expect("a name")).collect();
    assert_eq!(names, scene.cluster.addresses());
    assert!((1..=3).contains(&cluster["controllerid"].as_i64().expect("a controller")));

    let topics = cluster["topics"].as_array().expect("topics");
    let [orders] = topics.as_slice() else { panic!("{said}") };
    assert_eq!(orders["topic"], "orders");
    let partitions = orders["partitions"].as_array().expect("partitions");
    assert_eq!(partitions.len(), 4);
    for partition in partitions {
        assert_eq!(partition["replicas"].as_array().map(Vec::len), Some(3), "{said}");
        assert_eq!(partition["isrs"], partition["replicas"], "{said}");
        assert_eq!(partition["leader"], partition["replicas"][0]["id"], "{said}");
    }
}

#[test]
fn a_topic_that_is_not_there_can_not_be_read() {
    let Some(scene) = scene::for_kcat() else { return };
    let said = run(&scene.kcat(&["-C", "-t", "nope", "-e"])).failed();
    assert!(said.contains("Topic nope error: Broker: Unknown topic or partition"), "{said}");
}

#[test]
fn keys_values_and_headers_survive_every_compression() {
    let Some(scene) = scene::for_kcat() else { return };
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        scene.topic(codec, 1, 3);
        // So many that a batch of them is smaller when compressed.
        let lines: String = (0..200).map(|n| format!("key-{n}:the same words again, {n}\n")).collect();
        scene.produce(codec, &["-z", codec, "-H", "origin=kcat", "-H", "empty="], &lines);
        let read = scene.records(codec);
        assert_eq!(pairs(&read).join("\n") + "\n", lines, "{codec}");
        for (offset, record) in read.iter().enumerate() {
            assert_eq!(record["offset"], offset, "{codec}");
            assert_eq!(record["headers"], serde_json::json!(["origin", "kcat", "empty", ""]), "{codec}");
            assert_eq!(record["tstype"], "create", "{codec}");
        }
    }
}

#[test]
fn empty_and_null_are_told_apart() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 1, 3);
    scene.produce("t", &[], ":no key\nno value:\n");
    scene.produce("t", &["-Z"], ":null key\nnull value:\n");
    assert_eq!(pairs(&scene.records("t")), [":no key", "no value:", "null:null key", "null value:null"]);
}

#[test]
fn every_setting_of_a_producer_is_served() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 1, 3);
    let ways: [&[&str]; 8] = [
        &["acks=0"],
        &["acks=1"],
        &["acks=all"],
        &["enable.idempotence=true"],
        &["acks=all", "max.in.flight=1", "linger.ms=0", "batch.num.messages=1"],
        &["linger.ms=50", "batch.size=200", "compression.codec=zstd"],
        &["request.timeout.ms=60000", "message.timeout.ms=120000", "message.send.max.retries=0"],
        &["api.version.request=true", "socket.nagle.disable=true", "client.id=someone else", "client.rack=a"],
    ];
    let mut wanted = Vec::new();
    for (number, settings) in ways.iter().enumerate() {
        let lines = [format!("{number}:a"), format!("{number}:b"), format!("{number}:c")];
        let flags: Vec<_> = settings.iter().flat_map(|setting| ["-X", setting]).collect();
        scene.produce("t", &flags, &(lines.join("\n") + "\n"));
        wanted.extend(lines);
        // Unacknowledged ones may still be on their way when the next come.
        while pairs(&scene.records("t")).len() < wanted.len() {}
    }
    assert_eq!(pairs(&scene.records("t")), wanted);
}

#[test]
fn equal_keys_go_to_one_partition_by_every_partitioner() {
    let Some(scene) = scene::for_kcat() else { return };
    let partitioners = ["consistent", "consistent_random", "murmur2", "murmur2_random", "fnv1a"];
    for partitioner in partitioners {
        scene.topic(partitioner, 3, 1);
        let lines: String = (0..60).map(|n| format!("key-{}:{n}\n", n % 12)).collect();
        scene.produce(partitioner, &["-X", &format!("topic.partitioner={partitioner}")], &lines);
        let read = scene.records(partitioner);
        assert_eq!(read.len(), 60, "{partitioner}");
        let partition_of = |record: &Value| record["partition"].as_i64();
        for record in &read {
            let first = read.iter().find(|other| other["key"] == record["key"]).map(partition_of);
            assert_eq!(first, Some(partition_of(record)), "{partitioner}: {record}");
        }
    }
}

#[test]
fn a_record_that_is_too_large_is_refused_and_said() {
    let Some(scene) = scene::for_kcat() else { return };
    scene.topic("t", 1, 3);
    let large = "x".repeat(1_500_000);
    let produce = ["-P", "-t", "t", "-X", "message.max.bytes=3000000"];
    let ended = feed(&scene.kcat(&produce), &large);
    assert!(
        ended.stderr.contains("Delivery failed for message: Broker: Message size too large"),
        "{ended:?}"
    );
    assert_eq!(scene.records("t"), [] as [Value; 0]);
    scene.produce("t", &[], "k:small\n");
    assert_eq!(pairs(&scene.records("t")), ["k:small"]);
}
