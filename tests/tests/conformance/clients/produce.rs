//! Producers with every setting that a broker can tell.

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use tests::conformance::{Scenario, fetch_request};

use super::consumer::{read, reader};
use super::producer::{Producer, Record, produce};
use crate::compare;

/// Records with keys and without, empty and null values, headers, and times of their own.
fn a_mixture<'a>() -> Vec<Record<'a>> {
    vec![
        Record::with_key("a", "one"),
        Record { key: Some("b"), partition: Some(1), ..Record::default() },
        Record { key: Some(""), value: Some(""), partition: Some(1), ..Record::default() },
        Record { at_ms: 50, ..Record::to(2, "no key") },
        Record { headers: &[("h", Some("1")), ("h", None), ("", Some(""))], ..Record::to(2, "headers") },
        Record { at_ms: 20, ..Record::to(2, "earlier than the one before it") },
    ]
}

fn acks_and_idempotence(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 4);
    for acks in ["0", "1", "all"] {
        produce(s, &format!("acks={acks}"), &topic, &[("acks", acks)], &a_mixture());
        // With acks=0 the next producer might overtake it.
        s.until("the records are there", |s| {
            let client = reader(s, &[]);
            client
                .fetch_watermarks(&topic, 2, super::PATIENCE)
                .is_ok_and(|(_, high)| high > 0 && high % 3 == 0)
        });
    }
    produce(s, "idempotence", &topic, &[("enable.idempotence", "true")], &a_mixture());
    for partition in 0..4 {
        read(s, &format!("partition {partition}"), &topic, partition, Offset::Beginning, &[]);
    }
    let id = s.topic_id(&topic);
    s.ask("the batches", &fetch_request(&topic, id, 2, 0), 13);
}

/// How each compression arrives: as the client made it, and to be read by any client.
fn compressions(s: &mut Scenario<'_>) {
    let long = "all work and no play ".repeat(100);
    for compression in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = s.topic(&format!("log-{compression}"), 1);
        let settings = [("compression.type", compression), ("linger.ms", "1000")];
        let records: Vec<_> = (0..20).map(|_| Record::to(0, &long)).collect();
        produce(s, &format!("{compression}, twenty"), &topic, &settings, &records);
        produce(s, &format!("{compression}, a mixture"), &topic, &settings, &[Record::to(0, "short")]);
        let id = s.topic_id(&topic);
        s.ask(&format!("{compression}, the batches"), &fetch_request(&topic, id, 0, 0), 13);
        read(s, &format!("{compression}, from its middle"), &topic, 0, Offset::Offset(17), &[]);
    }
}

/// A record's key decides its partition the same way, whatever the cluster.
fn partitioners(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 4);
    let keys = ["a", "b", "order-1", "order-2", "order-3", "Zürich", "a much longer key than the others"];
    let mut records: Vec<_> = keys.iter().map(|key| Record::with_key(key, "x")).collect();
    for partitioner in ["consistent_random", "murmur2_random", "fnv1a_random"] {
        produce(s, &format!("{partitioner}, with keys"), &topic, &[("partitioner", partitioner)], &records);
    }
    records.push(Record::with_key("", "x"));
    records.push(Record { value: Some("x"), ..Record::default() });
    for partitioner in ["consistent", "murmur2", "fnv1a"] {
        let settings = [("partitioner", partitioner), ("sticky.partitioning.linger.ms", "0")];
        produce(s, &format!("{partitioner}, without keys too"), &topic, &settings, &records);
    }
}

/// What batches a producer makes is its own affair; that they are kept is the broker's.
fn batch_shapes(s: &mut Scenario<'_>) {
    let ten: Vec<_> = (0..10).map(|_| Record::to(0, "0123456789")).collect();
    for (label, settings) in [
        ("one at a time", &[("batch.num.messages", "1")][..]),
        ("three at a time", &[("batch.num.messages", "3"), ("linger.ms", "1000")]),
        ("all at once", &[("linger.ms", "1000")]),
        ("by size", &[("batch.size", "100"), ("linger.ms", "1000")]),
        (
            "three at a time, idempotent",
            &[("batch.num.messages", "3"), ("linger.ms", "1000"), ("enable.idempotence", "true")],
        ),
        (
            "one in flight",
            &[
                ("batch.num.messages", "4"),
                ("linger.ms", "1000"),
                ("max.in.flight.requests.per.connection", "1"),
            ],
        ),
    ] {
        let topic = s.topic(&format!("log {label}").replace([' ', ','], "-"), 1);
        produce(s, label, &topic, settings, &ten);
        let id = s.topic_id(&topic);
        s.ask(&format!("{label}, the batches"), &fetch_request(&topic, id, 0, 0), 13);
        read(s, &format!("{label}, the fifth"), &topic, 0, Offset::Offset(4), &[]);
    }
}

/// Records that a broker refuses, and those that never get as far.
fn refusals(s: &mut Scenario<'_>) {
    let small = s.topic_with("small", 1, &[("max.message.bytes", "500")]);
    let (long, longer) = ("x".repeat(600), "x".repeat(1_100_000));
    let records = [Record::to(0, "short"), Record::to(0, &long), Record::to(0, "short")];
    let alone = ("batch.num.messages", "1");
    produce(s, "over max.message.bytes", &small, &[alone], &records);
    // Compressed it is small enough.
    produce(s, "over it before compression", &small, &[alone, ("compression.type", "gzip")], &records);
    let idempotent = ("enable.idempotence", "true");
    produce(s, "over it, idempotent, alone", &small, &[alone, idempotent], &records[1..2]);
    produce(s, "over what the client allows", &small, &[alone], &[Record::to(0, &longer)]);
    let large = ("message.max.bytes", "2000000");
    let usual = s.topic("usual", 1);
    produce(s, "over the broker's default", &usual, &[alone, large], &[Record::to(0, &longer)]);

    let compacted = s.topic_with("compacted", 1, &[("cleanup.policy", "compact")]);
    let records = [
        Record { partition: Some(0), ..Record::with_key("a", "x") },
        Record::to(0, "no key"),
        Record { key: Some("a"), partition: Some(0), ..Record::default() },
    ];
    produce(s, "without a key to a compacted topic", &compacted, &[alone], &records);
    produce(s, "the same in one batch", &compacted, &[("linger.ms", "1000")], &records);
    read(s, "the compacted topic", &compacted, 0, Offset::Beginning, &[]);

    let dated = s.topic_with("dated", 1, &[("message.timestamp.before.max.ms", "3600000")]);
    let old = Record { at_ms: -10_000, ..Record::to(0, "x") };
    produce(s, "older than allowed", &dated, &[alone], &[old]);
    let by_broker = s.topic_with("by-broker", 1, &[("message.timestamp.type", "LogAppendTime")]);
    produce(s, "a time that doesn't count", &by_broker, &[alone], &[Record::to(0, "x")]);
    read(s, "the broker's time", &by_broker, 0, Offset::Beginning, &[]);

    produce(
        s,
        "to a partition that isn't there",
        &usual,
        &[("message.timeout.ms", "3000")],
        &[Record::to(7, "x")],
    );
    produce(s, "to an invalid topic", "a b", &[("message.timeout.ms", "3000")], &[Record::to(0, "x")]);
}

/// A topic that isn't there is made by whoever produces to it.
fn unknown_topics(s: &mut Scenario<'_>) {
    let topic = s.name("made-by-producer");
    produce(s, "to a new topic", &topic, &[], &[Record::with_key("a", "x"), Record::with_key("b", "y")]);
    read(s, "the new topic", &topic, 0, Offset::Beginning, &[]);
    let never = s.name("never-made");
    let unwilling = [("allow.auto.create.topics", "false"), ("message.timeout.ms", "3000")];
    produce(s, "to a topic that the client doesn't make", &never, &unwilling, &[Record::to(0, "x")]);
    read(s, "that topic", &never, 0, Offset::Beginning, &[]);
    let wanted = s.name("made-by-consumer");
    let client = reader(s, &[("allow.auto.create.topics", "true")]);
    s.until("a topic is made by asking for it", |_| {
        let metadata = client.fetch_metadata(Some(&wanted), super::PATIENCE).expect("metadata");
        metadata.topics()[0].error().is_none()
    });
    read(s, "the topic made by asking", &wanted, 0, Offset::Beginning, &[]);
}

/// A producer goes on after its topic was deleted and made again.
fn a_topic_made_again(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 1);
    // It asks for its topics now and then, which makes one that is gone: not while this one is.
    let mut producer = Producer::new(s, &[("topic.metadata.refresh.interval.ms", "3600000")]);
    producer.send(&topic, Record::to(0, "before"));
    let before = producer.deliveries();
    super::topics::make_again(s, &topic, 1);
    producer.send(&topic, Record::to(0, "after"));
    let deliveries: Vec<_> = producer.deliveries().iter().map(ToString::to_string).collect();
    assert_eq!(before.len(), 1);
    s.saw("before and after", &deliveries.join(", "));
    read(s, "what is there", &topic, 0, Offset::Beginning, &[]);
}

#[test]
fn producers_with_every_acks_are_answered_the_same() {
    compare("clients-acks", 1, acks_and_idempotence);
}

#[test]
fn every_compression_is_kept_and_read() {
    compare("clients-compressions", 1, compressions);
}

#[test]
fn partitioners_choose_the_same_partitions() {
    compare("clients-partitioners", 1, partitioners);
}

#[test]
fn partitioners_choose_the_same_partitions_of_three_brokers() {
    compare("clients-partitioners-3", 3, partitioners);
}

#[test]
fn batches_of_every_shape_are_kept() {
    compare("clients-batches", 1, batch_shapes);
}

#[test]
fn records_are_refused_for_the_same_reasons() {
    compare("clients-refusals", 1, refusals);
}

#[test]
fn topics_are_made_by_those_who_ask_for_them() {
    compare("clients-unknown-topics", 1, unknown_topics);
}

#[test]
fn a_producer_survives_its_topic() {
    compare("clients-topic-again", 1, a_topic_made_again);
}
