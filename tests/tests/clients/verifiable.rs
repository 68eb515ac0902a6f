//! VerifiableProducer and VerifiableConsumer, which say in JSON what became of each record.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::{run, start};
use crate::scene;

fn events<'a>(said: &'a str, name: &'a str) -> impl Iterator<Item = Value> + 'a {
    let all = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    all.filter(move |event| event["name"] == name)
}

#[test]
fn every_record_is_acknowledged_and_consumed() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 3, 3);
    let consume = ["--topic", "t", "--group-id", "g", "--reset-policy", "earliest", "--max-messages", "5000"];
    let mut consumer = start(&scene.tool("VerifiableConsumer", &consume), "");
    consumer.until("an assignment", |said, _| events(said, "partitions_assigned").next().is_some());
    let produce = ["--topic", "t", "--max-messages", "5000", "--acks", "-1"];
    let said = run(&scene.tool("VerifiableProducer", &produce)).succeeded();
    let total = events(&said, "tool_data").next().expect("a summary");
    assert_eq!((&total["sent"], &total["acked"]), (&Value::from(5000), &Value::from(5000)));

    let said = consumer.ended().succeeded();
    let consumed: u64 = events(&said, "records_consumed").filter_map(|event| event["count"].as_u64()).sum();
    assert_eq!(consumed, 5000, "{said}");
}

/// This producer tries nothing again, so some records are not acknowledged. There are so many that enough are.
#[test]
fn what_was_acknowledged_is_consumed_though_brokers_come_and_go() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 3, 3);
    let consume = ["--topic", "t", "--group-id", "g", "--reset-policy", "earliest", "--verbose"];
    let mut consumer = start(&scene.tool("VerifiableConsumer", &consume), "");
    let produce = ["--topic", "t", "--max-messages", "1500", "--throughput", "150", "--acks", "-1"];
    let mut producer = start(&scene.tool("VerifiableProducer", &produce), "");
    for (broker, sent) in [(0, 50), (1, 200), (2, 350)] {
        let acknowledged =
            |count: usize| move |said: &str, _: &str| events(said, "producer_send_success").count() >= count;
        producer.until("some records", acknowledged(sent));
        scene.cluster.stop_broker(broker);
        producer.until("more records", acknowledged(sent + 50));
        scene.cluster.start_broker(broker);
    }
    let said = producer.ended().succeeded();
    let refused = events(&said, "producer_send_error").count();
    let acknowledged: BTreeSet<_> =
        events(&said, "producer_send_success").map(|event| value(&event)).collect();
    assert_eq!(refused + acknowledged.len(), 1500, "{said}");
    let consumed =
        |said: &str| events(said, "record_data").map(|event| value(&event)).collect::<BTreeSet<_>>();
    consumer.until("all that was acknowledged", |said, _| consumed(said).is_superset(&acknowledged));
}

fn value(event: &Value) -> String {
    event["value"].as_str().expect("a value").to_owned()
}

#[test]
fn keys_and_prefixes_come_back_as_they_were_sent() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 1, 3);
    let keyed = [
        "--topic",
        "t",
        "--max-messages",
        "6",
        "--acks",
        "1",
        "--value-prefix",
        "7",
        "--repeating-keys",
        "3",
    ];
    let said = run(&scene.tool("VerifiableProducer", &keyed)).succeeded();
    let sent: Vec<_> = events(&said, "producer_send_success").collect();
    let offsets: Vec<_> = sent.iter().filter_map(|event| event["offset"].as_i64()).collect();
    assert_eq!(offsets, [0, 1, 2, 3, 4, 5], "{said}");
    let keys: Vec<_> = sent.iter().filter_map(|event| event["key"].as_str()).collect();
    assert_eq!(keys, ["0", "1", "2", "0", "1", "2"], "{said}");

    let read =
        ["--topic", "t", "--group-id", "g", "--reset-policy", "earliest", "--max-messages", "6", "--verbose"];
    let said = run(&scene.tool("VerifiableConsumer", &read)).succeeded();
    let values: Vec<_> = events(&said, "record_data").map(|event| event["value"].clone()).collect();
    assert_eq!(values, ["7.0", "7.1", "7.2", "7.3", "7.4", "7.5"], "{said}");
    let commit = events(&said, "offsets_committed").last().expect("a commit");
    assert_eq!(commit["success"], true, "{said}");
    assert_eq!(commit["offsets"][0]["offset"], 6, "{said}");
}
