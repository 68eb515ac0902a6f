//! Produce and InitProducerId.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::api::Api;
use tests::conformance::records::{Batch, Record};
use tests::conformance::wire::PATIENCE;
use tests::conformance::{
    Scenario, fetch_request, now_ms, produce_one, produce_request, producer_id_request, some, text,
};

use crate::compare_both;

/// An hour and a bit.
const TOO_FAR_MS: i64 = 3_700_000;

fn good(s: &mut Scenario<'_>) {
    let name = s.topic("log", 1);
    let id = s.topic_id(&name);
    let unknown = s.name("unknown");
    s.each::<ProduceRequestData>("acks", |s, version| {
        let name = s.topic("log", 2);
        let id = s.topic_id(&name);
        for acks in [1, -1] {
            let request = produce_request(&name, id, 0, acks, Some(Batch::of(&["a", "b"]).bytes()));
            s.ask(&format!("acks={acks}"), &request, version);
        }
        for acks in [2, -2] {
            let request = produce_request(&name, id, 0, acks, Some(Batch::of(&["a", "b"]).bytes()));
            s.ask(&format!("acks={acks}"), &request, version);
        }
        let mut two = produce_request(&name, id, 1, 1, Some(Batch::default().bytes()));
        two.topic_data[0].partition_data.push(PartitionProduceData {
            index: 0,
            records: Some(Batch::default().bytes()),
            ..PartitionProduceData::default()
        });
        s.ask("to two partitions, the second first", &two, version);
    });
    s.each::<ProduceRequestData>("places", |s, version| {
        let batch = || Some(Batch::default().bytes());
        s.ask("partition 7", &produce_request(&name, id, 7, 1, batch()), version);
        s.ask("partition -1", &produce_request(&name, id, -1, 1, batch()), version);
        let never = KafkaUuid::from_parts(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
        s.ask("an unknown topic", &produce_request(&unknown, never, 0, 1, batch()), version);
        s.ask("an invalid topic", &produce_request("a b", KafkaUuid::ZERO, 0, 1, batch()), version);
        let none = ProduceRequestData { acks: 1, timeout_ms: 1000, ..ProduceRequestData::default() };
        s.ask("nothing", &none, version);
    });
    let mut twice = produce_request(&name, id, 0, 1, Some(Batch::default().bytes()));
    let again = twice.topic_data[0].partition_data[0].clone();
    twice.topic_data[0].partition_data.push(again);
    s.ask("a partition twice", &twice, 13);
    s.ask("a partition twice", &twice, 12);
}

fn without_acks(s: &mut Scenario<'_>) {
    let name = s.topic("log", 1);
    let id = s.topic_id(&name);
    for version in ProduceRequestData::VERSIONS {
        let mut wire = s.open(s.home());
        wire.send(&produce_request(&name, id, 0, 0, Some(Batch::default().bytes())), version)
            .expect("sending");
        let reply = wire.receive::<ProduceRequestData>(version, Duration::from_millis(300));
        s.record::<ProduceRequestData>("acks=0", version, &reply);
    }
    let mut wire = s.open(s.home());
    wire.send(&produce_request(&name, id, 9, 0, Some(Batch::default().bytes())), 9).expect("sending");
    let reply = wire.receive::<ProduceRequestData>(9, PATIENCE);
    s.record::<ProduceRequestData>("acks=0 to no partition", 9, &reply);
    let mut wire = s.open(s.home());
    let bad = Batch { crc_error: 1, ..Batch::default() };
    wire.send(&produce_request(&name, id, 0, 0, Some(bad.bytes())), 9).expect("sending");
    let reply = wire.receive::<ProduceRequestData>(9, PATIENCE);
    s.record::<ProduceRequestData>("acks=0 with a bad checksum", 9, &reply);
    let reply = wire.ask(&produce_request(&name, id, 0, 1, Some(Batch::default().bytes())), 9);
    s.record::<ProduceRequestData>("acks=1 behind all those", 9, &reply);
}

fn bad_batches(s: &mut Scenario<'_>) {
    let both = Bytes::from([Batch::default().bytes(), Batch::default().bytes()].concat());
    let whole = Batch::of(&["a", "b"]).bytes();
    let mut trailing = BytesMut::from(&whole[..]);
    trailing.extend_from_slice(&[0; 5]);
    let record = |delta: i64| Record {
        key: Some("k"),
        value: Some("v".to_owned()),
        timestamp_delta: delta,
        ..Record::default()
    };
    let cases: Vec<(&str, Option<Bytes>)> = vec![
        ("no bytes", Some(Bytes::new())),
        ("two batches", Some(both)),
        ("a bad checksum", Some(Batch { crc_error: 1, ..Batch::default() }.bytes())),
        ("magic 0", Some(Batch { magic: 0, ..Batch::default() }.bytes())),
        ("magic 1", Some(Batch { magic: 1, ..Batch::default() }.bytes())),
        ("magic 3", Some(Batch { magic: 3, ..Batch::default() }.bytes())),
        ("magic -1", Some(Batch { magic: -1, ..Batch::default() }.bytes())),
        ("no records", Some(Batch { records: vec![], ..Batch::default() }.bytes())),
        ("cut off in the head", Some(whole.slice(..40))),
        ("cut off in the records", Some(whole.slice(..whole.len() - 3))),
        ("bytes behind", Some(trailing.freeze())),
        ("a base offset of 7", Some(Batch { base_offset: 7, ..Batch::default() }.bytes())),
        ("a leader epoch of 7", Some(Batch { leader_epoch: 7, ..Batch::default() }.bytes())),
        ("a wrong last offset", Some(Batch { last_offset_delta: Some(3), ..Batch::default() }.bytes())),
        ("a count too high", Some(Batch { count: Some(2), ..Batch::default() }.bytes())),
        (
            "a count and last offset too high",
            Some(Batch { count: Some(2), last_offset_delta: Some(1), ..Batch::default() }.bytes()),
        ),
        ("a negative count", Some(Batch { count: Some(-1), ..Batch::default() }.bytes())),
        ("compression 5", Some(Batch { attributes: 5, ..Batch::default() }.bytes())),
        ("compression 7", Some(Batch { attributes: 7, ..Batch::default() }.bytes())),
        ("not gzip", Some(Batch { attributes: 1, ..Batch::default() }.bytes())),
        ("not snappy", Some(Batch { attributes: 2, ..Batch::default() }.bytes())),
        ("not lz4", Some(Batch { attributes: 3, ..Batch::default() }.bytes())),
        ("not zstd", Some(Batch { attributes: 4, ..Batch::default() }.bytes())),
        ("a control batch", Some(Batch { attributes: 0x20, ..Batch::default() }.bytes())),
        ("a transactional batch", Some(Batch { attributes: 0x10, ..Batch::default() }.bytes())),
        ("append time", Some(Batch { attributes: 0x08, ..Batch::default() }.bytes())),
        ("an unused attribute", Some(Batch { attributes: 0x80, ..Batch::default() }.bytes())),
        (
            "a future timestamp",
            Some(Batch { first_timestamp: now_ms() + TOO_FAR_MS, ..Batch::default() }.bytes()),
        ),
        ("a near future", Some(Batch { first_timestamp: now_ms() + 3_000_000, ..Batch::default() }.bytes())),
        ("an old timestamp", Some(Batch { first_timestamp: 1_000_000_000_000, ..Batch::default() }.bytes())),
        ("timestamp -1", Some(Batch { first_timestamp: -1, ..Batch::default() }.bytes())),
        ("timestamp -2", Some(Batch { first_timestamp: -2, ..Batch::default() }.bytes())),
        (
            "a wrong max timestamp",
            Some(Batch { max_timestamp: Some(now_ms() + 5000), ..Batch::default() }.bytes()),
        ),
        (
            "a record in the future among others",
            Some(
                Batch {
                    records: vec![record(0), record(TOO_FAR_MS), record(1), record(TOO_FAR_MS)],
                    ..Batch::default()
                }
                .bytes(),
            ),
        ),
        ("producer epoch without id", Some(Batch { producer_epoch: 3, ..Batch::default() }.bytes())),
        ("sequence without id", Some(Batch { base_sequence: 3, ..Batch::default() }.bytes())),
        (
            "id without sequence",
            Some(Batch { producer_id: 77, producer_epoch: 0, ..Batch::default() }.bytes()),
        ),
        ("id without epoch", Some(Batch { producer_id: 77, base_sequence: 0, ..Batch::default() }.bytes())),
        (
            "no key",
            Some(Batch { records: vec![Record { key: None, ..record(0) }], ..Batch::default() }.bytes()),
        ),
        (
            "no value",
            Some(Batch { records: vec![Record { value: None, ..record(0) }], ..Batch::default() }.bytes()),
        ),
        ("too large", Some(Batch::of(&[&"x".repeat(1_100_000)]).bytes())),
    ];
    // Some batches are from long ago, and are not to be taken by retention.
    let name = s.topic_with("log", 1, &[("retention.ms", "-1")]);
    let id = s.topic_id(&name);
    for (label, records) in cases {
        for version in [3, 8, 13] {
            s.ask(label, &produce_request(&name, id, 0, -1, records.clone()), version);
        }
    }
    s.ask("what was accepted", &fetch_request(&name, id, 0, 0), 18);
    // Apache Kafka never answers this: half a second says as much as a minute.
    let mut wire = s.open(s.home());
    wire.send(&produce_request(&name, id, 0, 1, None), 13).expect("sending");
    let reply = wire.receive::<ProduceRequestData>(13, Duration::from_millis(500));
    s.record::<ProduceRequestData>("null", 13, &reply);
    let name = s.topic_with("small", 1, &[("max.message.bytes", "200")]);
    let id = s.topic_id(&name);
    for length in [100, 128, 129, 130, 131, 132, 133, 134, 135, 200] {
        let batch = Batch::of(&[&"x".repeat(length)]).bytes();
        let label = format!("{} bytes where 200 are allowed", batch.len());
        s.ask(&label, &produce_request(&name, id, 0, 1, Some(batch)), 13);
    }
}

fn compacted(s: &mut Scenario<'_>) {
    let keyless = Record { key: None, value: Some("v".to_owned()), ..Record::default() };
    let keyed = Record { key: Some("k"), ..keyless.clone() };
    for policy in ["compact", "compact,delete"] {
        let name = s.topic_with("compacted", 1, &[("cleanup.policy", policy)]);
        let id = s.topic_id(&name);
        s.each::<ProduceRequestData>(policy, |s, version| {
            let mixed = vec![keyed.clone(), keyless.clone(), keyed.clone(), keyless.clone()];
            for (label, records) in [("no key", vec![keyless.clone()]), ("some without", mixed)] {
                let batch = Batch { records, ..Batch::default() };
                s.ask(label, &produce_request(&name, id, 0, 1, Some(batch.bytes())), version);
            }
        });
        s.ask("with keys", &produce_request(&name, id, 0, 1, Some(Batch::default().bytes())), 13);
    }
    let name = s.topic_with("stamped", 1, &[("message.timestamp.type", "LogAppendTime")]);
    let id = s.topic_id(&name);
    for (label, first_timestamp) in [("now", now_ms()), ("far", now_ms() + TOO_FAR_MS), ("old", 5)] {
        let batch = Batch { first_timestamp, ..Batch::default() };
        s.ask(&format!("append time, {label}"), &produce_request(&name, id, 0, 1, Some(batch.bytes())), 13);
    }
    let name = s.topic_with("near", 1, &[("message.timestamp.before.max.ms", "600000")]);
    let id = s.topic_id(&name);
    for (label, first_timestamp) in [("now", now_ms()), ("old", now_ms() - 3_600_000), ("-1", -1)] {
        let batch = Batch { first_timestamp, ..Batch::default() };
        s.ask(
            &format!("before.max.ms=600000, {label}"),
            &produce_request(&name, id, 0, 1, Some(batch.bytes())),
            13,
        );
    }
}

fn idempotent(s: &mut Scenario<'_>) {
    s.each_ask("a producer id", |_, _| producer_id_request(-1, -1));
    for (id, epoch) in [(5, 0), (5, -1), (-1, 3), (-2, -1)] {
        let reply = s.quietly(s.home(), &producer_id_request(id, epoch), 4);
        s.record::<InitProducerIdRequestData>(
            &format!("id {id} epoch {epoch}, not transactional"),
            4,
            &reply,
        );
    }
    let bad = |transactional_id: Option<&str>, timeout: i32| InitProducerIdRequestData {
        transactional_id: transactional_id.and_then(some),
        transaction_timeout_ms: timeout,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequestData::default()
    };
    s.ask("an empty transactional id", &bad(Some(""), 60_000), 4);
    s.ask("timeout 0, not transactional", &bad(None, 0), 4);

    let (name, fresh) = (s.topic("log", 1), |s: &mut Scenario<'_>| {
        s.quietly(s.home(), &bad(None, 60_000), 4).answer().producer_id
    });
    let id = s.topic_id(&name);
    let producer = fresh(s);
    let send =
        |s: &mut Scenario<'_>, label: &str, values: &[&str], producer: i64, epoch: i16, sequence: i32| {
            let batch = Batch::of(values).from_producer(producer, epoch, sequence);
            s.ask(label, &produce_request(&name, id, 0, -1, Some(batch.bytes())), 13);
        };
    send(s, "sequence 0", &["a", "b"], producer, 0, 0);
    send(s, "sequence 0 again", &["a", "b"], producer, 0, 0);
    send(s, "sequence 0 with one record", &["a"], producer, 0, 0);
    send(s, "sequence 1", &["b"], producer, 0, 1);
    send(s, "sequence 3, a gap", &["a"], producer, 0, 3);
    for sequence in 2..8 {
        send(s, &format!("sequence {sequence}"), &["a"], producer, 0, sequence);
    }
    send(s, "sequence 3 again, the fifth last", &["a"], producer, 0, 3);
    send(s, "sequence 2 again, the sixth last", &["a"], producer, 0, 2);
    send(s, "sequence 0 again, older", &["a", "b"], producer, 0, 0);
    send(s, "epoch 2, sequence 5", &["a"], producer, 2, 5);
    send(s, "epoch 2, sequence 0", &["a"], producer, 2, 0);
    send(s, "epoch 1, sequence 0", &["a"], producer, 1, 0);
    send(s, "epoch 0, sequence 8", &["a"], producer, 0, 8);
    send(s, "epoch 2, sequence 1", &["a"], producer, 2, 1);
    send(s, "epoch -1", &["a"], producer, -1, 2);
    send(s, "sequence -1", &["a"], producer, 2, -1);
    let producer = fresh(s);
    send(s, "an unknown producer, sequence 9", &["a"], producer, 0, 9);
    send(s, "then sequence 10", &["a"], producer, 0, 10);
    let producer = fresh(s);
    send(s, "an unknown producer, epoch 4", &["a"], producer, 4, 0);
    let producer = fresh(s);
    send(s, "near the greatest sequence", &["a"], producer, 0, i32::MAX - 1);
    send(s, "across the greatest sequence", &["a", "b", "c"], producer, 0, i32::MAX);
    send(s, "after it", &["a"], producer, 0, 2);
    for version in ProduceRequestData::VERSIONS {
        let batch = Batch::default().from_producer(producer, 0, 100);
        s.ask("a gap", &produce_request(&name, id, 0, -1, Some(batch.bytes())), version);
        let batch = Batch::default().from_producer(producer, 0, 2);
        s.ask("a duplicate", &produce_request(&name, id, 0, -1, Some(batch.bytes())), version);
    }
    let describe = |topic: &str, partitions: Vec<i32>| DescribeProducersRequestData {
        topics: vec![describe_producers_request::TopicRequest {
            name: text(topic),
            partition_indexes: partitions,
            ..describe_producers_request::TopicRequest::default()
        }],
        ..DescribeProducersRequestData::default()
    };
    let two = s.topic("two", 1);
    let two_id = s.topic_id(&two);
    let batch = Batch::of(&["a", "b"]).from_producer(producer, 0, 0);
    s.ask("", &produce_request(&two, two_id, 0, -1, Some(batch.bytes())), 13);
    s.ask("one producer", &describe(&two, vec![0]), 0);
    s.ask("partitions that are not", &describe(&two, vec![5, -1]), 0);
    let unknown = s.name("unknown");
    s.ask("an unknown topic", &describe(&unknown, vec![0]), 0);
    s.ask("an invalid topic", &describe("a b", vec![0]), 0);
    produce_one(s, &two, 0, &Batch::default());
}

#[test]
fn acks_and_places() {
    compare_both("produce", good);
}

#[test]
fn acks_0_is_not_answered() {
    compare_both("produce-acks-0", without_acks);
}

#[test]
fn batches_that_are_wrong() {
    compare_both("produce-bad-batches", bad_batches);
}

#[test]
fn topics_that_ask_for_more_of_a_record() {
    compare_both("produce-compacted", compacted);
}

#[test]
fn idempotent_producers() {
    compare_both("produce-idempotent", idempotent);
}
