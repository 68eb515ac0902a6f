//! Consumers that begin at every kind of offset.

use rdkafka::consumer::Consumer as _;
use rdkafka::{Offset, TopicPartitionList};
use tests::conformance::Scenario;

use super::PATIENCE;
use super::admin::Admin;
use super::consumer::{assign, code, read, read_by, reader, to_the_end, watermarks};
use super::producer::{Record, made_ms, quietly_produce};
use crate::compare;

const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// Where a consumer goes on that finds nothing at its offset.
const RESETS: [&str; 3] = ["earliest", "latest", "error"];

/// Ten records, a second apart, in batches of five.
fn filled(s: &mut Scenario<'_>, shown: &str, settings: &[(&str, &str)]) -> String {
    let topic = s.topic(shown, 1);
    let records: Vec<_> = (0..)
        .zip(NAMES)
        .map(|(second, name)| Record { key: Some(name), at_ms: second * 1000, ..Record::to(0, name) })
        .collect();
    let batches = [("batch.num.messages", "5"), ("linger.ms", "1000")];
    quietly_produce(s, &topic, &[&batches[..], settings].concat(), &records);
    topic
}

/// Every place to begin at that a consumer can name.
fn places() -> Vec<(String, Offset)> {
    let mut places =
        vec![("the beginning".to_owned(), Offset::Beginning), ("the end".to_owned(), Offset::End)];
    places.extend([1, 3, 10, 20].map(|back| (format!("{back} before the end"), Offset::OffsetTail(back))));
    places.extend(
        [0, 3, 5, 9, 10, 11, 1000].map(|offset| (format!("offset {offset}"), Offset::Offset(offset))),
    );
    places
}

fn offsets(s: &mut Scenario<'_>) {
    let topic = filled(s, "log", &[]);
    let compressed = filled(s, "compressed", &[("compression.type", "lz4")]);
    for reset in RESETS {
        let consumer = reader(s, &[("auto.offset.reset", reset)]);
        for (label, from) in places() {
            read_by(&consumer, s, &format!("{label}, else {reset}"), &topic, 0, from);
            read_by(&consumer, s, &format!("{label}, else {reset}, compressed"), &compressed, 0, from);
        }
    }
    let consumer = reader(s, &[("isolation.level", "read_uncommitted")]);
    for (label, from) in places() {
        read_by(&consumer, s, &format!("{label}, read_uncommitted"), &topic, 0, from);
    }
    for (label, size) in [("one byte at a time", "1"), ("a hundred bytes at a time", "100")] {
        let settings = [("max.partition.fetch.bytes", size), ("fetch.message.max.bytes", size)];
        read(s, label, &topic, 0, Offset::Offset(3), &settings);
    }
    read(s, "with checksums", &topic, 0, Offset::Beginning, &[("check.crcs", "true")]);
    read(s, "a partition that isn't there", &topic, 5, Offset::Beginning, &[]);
    let empty = s.topic("empty", 1);
    for from in [Offset::Beginning, Offset::End, Offset::Offset(0), Offset::Offset(1)] {
        read(s, &format!("of nothing, from {from:?}"), &empty, 0, from, &[("auto.offset.reset", "error")]);
    }
}

/// A reader at the end sees what comes then.
fn the_end(s: &mut Scenario<'_>) {
    let topic = filled(s, "log", &[]);
    let consumer = reader(s, &[]);
    assign(&consumer, &topic, 0, Offset::End);
    let mut seen = to_the_end(&consumer);
    quietly_produce(s, &topic, &[], &[Record::to(0, "later")]);
    seen.extend(to_the_end(&consumer));
    consumer.seek(&topic, 0, Offset::Offset(8), PATIENCE).expect("seeking");
    seen.extend(to_the_end(&consumer));
    s.saw("at the end, then later, then back", &seen.join(", "));
    let position = consumer.position().expect("a position");
    s.saw("the position", &format!("{:?}", position.elements()[0].offset()));
}

fn after_deletion(s: &mut Scenario<'_>) {
    let topic = filled(s, "log", &[]);
    let admin = Admin::new(s);
    watermarks(s, "watermarks before", &topic, 0);
    for before in [3, 2, 7] {
        admin.delete_records(s, &format!("before {before}"), &[(&topic, 0, Offset::Offset(before))]);
        watermarks(s, &format!("watermarks, {before} deleted"), &topic, 0);
        for reset in RESETS {
            let consumer = reader(s, &[("auto.offset.reset", reset)]);
            for (label, from) in places() {
                let label = format!("{label}, else {reset}, {before} deleted");
                read_by(&consumer, s, &label, &topic, 0, from);
            }
        }
        times(s, &format!("{before} deleted"), &topic);
    }
    admin.delete_records(s, "past the end", &[(&topic, 0, Offset::Offset(11))]);
    admin.delete_records(s, "to the end", &[(&topic, 0, Offset::End)]);
    watermarks(s, "watermarks, all deleted", &topic, 0);
    let consumer = reader(s, &[("auto.offset.reset", "earliest")]);
    for (label, from) in places() {
        read_by(&consumer, s, &format!("{label}, all deleted"), &topic, 0, from);
    }
    quietly_produce(s, &topic, &[], &[Record::to(0, "later")]);
    read(s, "what came then", &topic, 0, Offset::Beginning, &[]);
    admin.delete_records(s, "of a partition that isn't there", &[(&topic, 3, Offset::Offset(1))]);
    admin.delete_records(s, "of a topic that isn't there", &[("nowhere", 0, Offset::Offset(1))]);
    admin.delete_records(s, "twice", &[(&topic, 0, Offset::Offset(1)), (&topic, 0, Offset::Offset(2))]);
}

/// Records where the records of some times are.
fn times(s: &mut Scenario<'_>, label: &str, topic: &str) {
    let consumer = reader(s, &[]);
    for after_ms in [-1_000_000, 0, 1, 1000, 4999, 5000, 5001, 9000, 9001, 1_000_000] {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Offset(made_ms() + after_ms)).expect("a time");
        let outcome = match consumer.offsets_for_times(list, PATIENCE) {
            Ok(found) => found
                .elements()
                .iter()
                .map(|found| {
                    format!("{:?}, {:?}", found.offset(), found.error().err().map(|error| code(&error)))
                })
                .collect(),
            Err(error) => code(&error),
        };
        s.saw(&format!("{label}, at +{after_ms} ms"), &outcome);
    }
}

fn by_time(s: &mut Scenario<'_>) {
    let topic = filled(s, "log", &[]);
    times(s, "in order", &topic);
    let compressed = filled(s, "compressed", &[("compression.type", "gzip")]);
    times(s, "compressed", &compressed);
    let empty = s.topic("empty", 1);
    times(s, "of nothing", &empty);
    let mixed = s.topic("mixed", 1);
    for at_ms in [5000, 1000, 9000, 3000] {
        quietly_produce(s, &mixed, &[], &[Record { at_ms, ..Record::to(0, "x") }]);
    }
    times(s, "not in order", &mixed);
    times(s, "of a topic that isn't there", "nowhere");
}

#[test]
fn consumers_begin_at_every_kind_of_offset() {
    compare("clients-offsets", 1, offsets);
}

#[test]
fn a_consumer_at_the_end_sees_what_comes() {
    compare("clients-end", 1, the_end);
}

#[test]
fn consumers_find_their_way_after_a_deletion() {
    compare("clients-after-deletion", 1, after_deletion);
}

#[test]
fn offsets_are_found_by_time() {
    compare("clients-times", 1, by_time);
}
