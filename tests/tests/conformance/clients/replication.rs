//! Three brokers, and clients who go on while brokers stop, are killed, and are cut off.

use std::time::Duration;

use kacrab_protocol::generated::*;
use rdkafka::Offset;
use rdkafka::message::{BorrowedMessage, Message as _};
use tests::conformance::{Scenario, text};

use super::consumer::{assign, read, reader, records_to_the_end, text_of, watermarks};
use super::members::Group;
use super::offsets::{commit, committed, list};
use super::producer::{Delivery, Producer, Record, produce};
use crate::compare_alone;
use crate::replication::{assigned, state, until_in_sync};

/// Records that a producer sends around an event, before it and after it.
const RECORDS: usize = 400;

/// A producer that waits for all replicas, writes each record once, and doesn't wait long for a broker that is silent.
const SAFE: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("batch.num.messages", "10"),
    ("socket.timeout.ms", "2000"),
    ("request.timeout.ms", "1500"),
    ("topic.metadata.refresh.interval.ms", "500"),
];

/// Sends records all the while that `event` takes and some more, then records whether each is there once and in order.
fn through(s: &mut Scenario<'_>, label: &str, topic: &str, event: impl FnOnce(&mut Scenario<'_>)) {
    let mut producer = Producer::new(s, SAFE);
    let values: Vec<_> = (0..RECORDS).map(|number| format!("{label} {number}")).collect();
    let (before, after) = values.split_at(RECORDS / 2);
    for value in before {
        producer.send(topic, Record::to(0, value));
    }
    // Some are there, and the rest is on its way.
    s.until("records are acknowledged", |_| {
        producer.poll(Duration::from_millis(1));
        producer.reported() > 0
    });
    event(s);
    for value in after {
        producer.send(topic, Record::to(0, value));
    }
    let deliveries = producer.deliveries();
    let stored: Vec<_> = deliveries
        .iter()
        .filter_map(|delivery| match delivery {
            Delivery::Stored { offset, .. } => Some(*offset),
            Delivery::Failed(_) => None,
        })
        .collect();
    let in_a_row = stored.windows(2).all(|pair| pair[1] == pair[0] + 1);
    s.saw(&format!("{label}: acknowledged, in a row"), &format!("{} of {RECORDS}, {in_a_row}", stored.len()));
    let consumer = reader(s, &[]);
    assign(&consumer, topic, 0, Offset::Offset(stored.first().copied().unwrap_or_default()));
    let value = |message: &BorrowedMessage<'_>| text_of(message.payload());
    let (read, ended) = records_to_the_end(&consumer, value);
    s.saw(&format!("{label}: read once and in order"), &format!("{}, {ended}", read == values));
    watermarks(s, &format!("{label}: watermarks"), topic, 0);
}

fn elect(s: &mut Scenario<'_>, label: &str, broker: usize, topic: &str, kind: i8) {
    let request = ElectLeadersRequestData {
        election_type: kind,
        topic_partitions: Some(vec![elect_leaders_request::TopicPartitions {
            topic: text(topic),
            partitions: vec![0],
            ..elect_leaders_request::TopicPartitions::default()
        }]),
        timeout_ms: 60_000,
        ..ElectLeadersRequestData::default()
    };
    s.ask_broker(broker, label, &request, 2);
}

/// Leaders end in order and at once, and one is cut off, while a producer writes.
fn leaders_that_go(s: &mut Scenario<'_>) {
    let topic = assigned(s, "log", &[&[1, 2, 3]], &[("min.insync.replicas", "2")]);
    until_in_sync(s, &topic, 1, &[1, 2, 3]);
    through(s, "stopped", &topic, |s| s.stop(0));
    until_in_sync(s, &topic, 2, &[2, 3]);
    state(s, "with the leader stopped", 1, &topic);
    s.start(0);
    until_in_sync(s, &topic, 2, &[1, 2, 3]);
    through(s, "preferred again", &topic, |s| elect(s, "preferred", 1, &topic, 0));
    until_in_sync(s, &topic, 1, &[1, 2, 3]);
    state(s, "with the preferred leader", 1, &topic);
    through(s, "killed", &topic, |s| s.kill(0));
    until_in_sync(s, &topic, 2, &[2, 3]);
    state(s, "with the leader killed", 1, &topic);
    s.start(0);
    until_in_sync(s, &topic, 2, &[1, 2, 3]);
    // Apache Kafka's hangs; the sandbox's goes on alone, and keeps those who ask only it. So other clients come.
    s.cut_off(1, true);
    until_in_sync(s, &topic, 1, &[1, 3]);
    state(s, "with the leader cut off", 0, &topic);
    through(s, "cut off", &topic, |_| {});
    s.cut_off(1, false);
    until_in_sync(s, &topic, 1, &[1, 2, 3]);
    state(s, "with the cut-off leader back", 1, &topic);
    through(s, "whole again", &topic, |_| {});
}

/// Fewer replicas in sync than a topic wants, and then only one that lacks records.
fn too_few_in_sync(s: &mut Scenario<'_>) {
    let safe = assigned(s, "safe", &[&[1, 2, 3]], &[("min.insync.replicas", "2")]);
    let clean = assigned(s, "clean", &[&[2, 3]], &[]);
    let unclean = assigned(s, "unclean", &[&[2, 3]], &[("unclean.leader.election.enable", "true")]);
    for (topic, in_sync) in [(&safe, &[1, 2, 3][..]), (&clean, &[2, 3]), (&unclean, &[2, 3])] {
        until_in_sync(s, topic, in_sync[0], in_sync);
        produce(s, "while all are there", topic, &[("acks", "all")], &[Record::to(0, "all")]);
    }
    s.stop(2);
    for (topic, leader, in_sync) in [(&safe, 1, &[1, 2][..]), (&clean, 2, &[2]), (&unclean, 2, &[2])] {
        until_in_sync(s, topic, leader, in_sync);
        produce(s, "with 3 stopped", topic, &[("acks", "all")], &[Record::to(0, "without 3")]);
    }
    s.stop(1);
    until_in_sync(s, &safe, 1, &[1]);
    let once = ("retries", "0");
    produce(s, "too few in sync, acks=all", &safe, &[("acks", "all"), once], &[Record::to(0, "refused")]);
    produce(s, "too few in sync, acks=1", &safe, &[("acks", "1"), once], &[Record::to(0, "held back")]);
    produce(
        s,
        "too few in sync, acks=all, tried until it is over",
        &safe,
        &[("acks", "all"), ("message.timeout.ms", "1000")],
        &[Record::to(0, "given up")],
    );
    read(s, "what is seen with too few in sync", &safe, 0, Offset::Beginning, &[]);
    watermarks(s, "watermarks with too few in sync", &safe, 0);

    // Both that have the records of these two are down; 3 lacks one.
    s.start(2);
    until_in_sync(s, &safe, 1, &[1, 3]);
    read(s, "what is seen with enough in sync again", &safe, 0, Offset::Beginning, &[]);
    until_in_sync(s, &unclean, 3, &[3]);
    state(s, "unclean by itself", 0, &unclean);
    state(s, "no one to lead", 0, &clean);
    read(s, "what the unclean leader has", &unclean, 0, Offset::Beginning, &[]);
    produce(
        s,
        "to nobody",
        &clean,
        &[("acks", "all"), ("message.timeout.ms", "1000")],
        &[Record::to(0, "lost")],
    );
    produce(s, "to the unclean leader", &unclean, &[("acks", "all")], &[Record::to(0, "instead")]);
    elect(s, "preferred, which is down", 0, &clean, 0);
    elect(s, "unclean", 0, &clean, 1);
    until_in_sync(s, &clean, 3, &[3]);
    state(s, "unclean by order", 0, &clean);
    produce(s, "to the leader by order", &clean, &[("acks", "all")], &[Record::to(0, "instead")]);
    s.start(1);
    for topic in [&clean, &unclean] {
        until_in_sync(s, topic, 3, &[2, 3]);
        elect(s, "preferred, which is back", 0, topic, 0);
        until_in_sync(s, topic, 2, &[2, 3]);
        state(s, "at last", 0, topic);
        read(s, "at last", topic, 0, Offset::Beginning, &[]);
        watermarks(s, "at last", topic, 0);
    }
}

/// A group goes on when its coordinator stops, and when the next one is killed; offsets move with it.
fn coordinators_that_go(s: &mut Scenario<'_>) {
    let topic = assigned(s, "log", &[&[1, 2, 3][..]; 4], &[]);
    let mut group =
        Group::over(s, "group", topic, &[("partition.assignment.strategy", "cooperative-sticky")]);
    group.join(s, "m1", &[]);
    group.settle(s, "one member");
    group.join(s, "m2", &[]);
    group.settle(s, "two members");
    let topic = group.topic.clone();
    commit(s, "at first", group.member("m1"), &list(&topic, &[(0, Offset::Offset(1), "first")]));
    let first = s.coordinator(&group.id);
    s.stop(first);
    let second = group.moved(s, first);
    group.settle(s, "the coordinator stopped");
    commit(s, "to the next", group.member("m1"), &list(&topic, &[(1, Offset::Offset(2), "second")]));
    committed(s, "by the next", group.member("m2"), &topic);
    s.kill(second);
    group.moved(s, second);
    group.settle(s, "the coordinator was killed");
    commit(s, "to the last", group.member("m2"), &list(&topic, &[(2, Offset::Offset(3), "third")]));
    committed(s, "by the last", group.member("m1"), &topic);
    group.leave("m1");
    group.settle(s, "one left");
}

/// One after the other, as three brokers and a controller are much for a small machine.
fn comings_and_goings(s: &mut Scenario<'_>) {
    s.masks.field("topic_id", "random");
    too_few_in_sync(s);
    leaders_that_go(s);
    coordinators_that_go(s);
}

#[test]
fn clients_go_on_while_brokers_come_and_go() {
    compare_alone("clients-comings-and-goings", 3, comings_and_goings);
}
