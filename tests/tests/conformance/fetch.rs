//! Fetch.

use std::time::{Duration, Instant};

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::fetch_request::FetchPartition;
use kacrab_protocol::generated::*;
use tests::conformance::records::{Batch, Record};
use tests::conformance::wire::PATIENCE;
use tests::conformance::{Scenario, fetch_request, produce_one, produce_request, text};

use crate::compare_both;

/// Three batches of 1, 2 and 3 records.
fn filled(s: &mut Scenario<'_>, shown: &str) -> (String, KafkaUuid) {
    let name = s.topic(shown, 1);
    for values in [&["a"][..], &["b", "c"], &["d", "e", "f"]] {
        produce_one(s, &name, 0, &Batch::of(values));
    }
    let id = s.topic_id(&name);
    (name, id)
}

fn offsets(s: &mut Scenario<'_>) {
    let (name, id) = filled(s, "log");
    let empty = s.topic("empty", 1);
    let empty_id = s.topic_id(&empty);
    let unknown = s.name("unknown");
    let never = KafkaUuid::from_parts(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    s.each::<FetchRequestData>("offsets", |s, version| {
        for offset in [0, 1, 2, 3, 5, 6, 7, -1, -2, i64::MAX] {
            s.ask(&format!("from {offset}"), &fetch_request(&name, id, 0, offset), version);
        }
        s.ask("of an empty log", &fetch_request(&empty, empty_id, 0, 0), version);
        s.ask("of partition 4", &fetch_request(&name, id, 4, 0), version);
        s.ask("of partition -1", &fetch_request(&name, id, -1, 0), version);
        s.ask("of an unknown topic", &fetch_request(&unknown, never, 0, 0), version);
        s.ask("of no topic", &fetch_request("", KafkaUuid::ZERO, 0, 0), version);
        s.ask("of an invalid name", &fetch_request("a b", never, 0, 0), version);
        let nothing = FetchRequestData { topics: vec![], ..fetch_request(&name, id, 0, 0) };
        s.ask("of nothing", &nothing, version);
        let committed = FetchRequestData { isolation_level: 1, ..fetch_request(&name, id, 0, 3) };
        s.ask("read_committed", &committed, version);
        let odd = FetchRequestData { isolation_level: 7, ..fetch_request(&name, id, 0, 6) };
        s.ask("isolation level 7", &odd, version);
    });
    let mut several = fetch_request(&name, id, 0, 5);
    let ninth = FetchPartition { partition: 9, ..several.topics[0].partitions[0].clone() };
    several.topics[0].partitions.push(ninth);
    several.topics.push(fetch_request(&unknown, never, 0, 0).topics.remove(0));
    several.topics.push(fetch_request(&empty, empty_id, 0, 0).topics.remove(0));
    s.ask("good and bad at once", &several, 12);
    s.ask("good and bad at once", &several, 18);
    let mut twice = fetch_request(&name, id, 0, 5);
    let again = FetchPartition { fetch_offset: 3, ..twice.topics[0].partitions[0].clone() };
    twice.topics[0].partitions.push(again);
    s.ask("a partition twice", &twice, 12);
    s.ask("a partition twice", &twice, 18);
}

fn epochs(s: &mut Scenario<'_>) {
    let (name, id) = filled(s, "log");
    s.each::<FetchRequestData>("epochs", |s, version| {
        for epoch in [0, 1, -2] {
            let mut request = fetch_request(&name, id, 0, 5);
            request.topics[0].partitions[0].current_leader_epoch = epoch;
            s.ask(&format!("leader epoch {epoch}"), &request, version);
        }
        for (epoch, offset) in [(0, 6), (0, 9), (1, 6), (5, 2)] {
            let mut request = fetch_request(&name, id, 0, offset);
            request.topics[0].partitions[0].last_fetched_epoch = epoch;
            s.ask(&format!("from {offset}, last fetched epoch {epoch}"), &request, version);
        }
        let mut request = fetch_request(&name, id, 0, 6);
        request.topics[0].partitions[0].log_start_offset = 3;
        s.ask("a log start offset", &request, version);
        let follower = FetchRequestData { replica_id: 2, ..fetch_request(&name, id, 0, 0) };
        s.ask("as a replica that is none", &follower, version);
        let debugger = FetchRequestData { replica_id: -2, ..fetch_request(&name, id, 0, 5) };
        s.ask("as a debugging consumer", &debugger, version);
    });
}

fn sizes(s: &mut Scenario<'_>) {
    let (name, id) = filled(s, "log");
    for version in [4, 12, 18] {
        for (most, of_partition) in [
            (0, 1_000_000),
            (1, 1_000_000),
            (1_000_000, 0),
            (1_000_000, 1),
            (80, 80),
            (150, 150),
            (170, 170),
            (-1, 100),
        ] {
            let mut request = fetch_request(&name, id, 0, 0);
            request.max_bytes = most;
            request.topics[0].partitions[0].partition_max_bytes = of_partition;
            s.ask(&format!("max_bytes {most}, of the partition {of_partition}"), &request, version);
        }
        let mut request = fetch_request(&name, id, 0, 0);
        request.min_bytes = -1;
        s.ask("min_bytes -1", &request, version);
    }
    // The second partition has no room left.
    let two = s.topic("two", 2);
    let id = s.topic_id(&two);
    for partition in [0, 1] {
        produce_one(s, &two, partition, &Batch::of(&["a"]));
        produce_one(s, &two, partition, &Batch::of(&["b"]));
    }
    for most in [1, 100, 145, 250, 1000] {
        let mut request = fetch_request(&two, id, 0, 0);
        request.max_bytes = most;
        let second = FetchPartition { partition: 1, ..request.topics[0].partitions[0].clone() };
        request.topics[0].partitions.push(second);
        s.ask(&format!("two partitions, max_bytes {most}"), &request, 18);
    }
}

/// How long a fetch waits: what is answered at once comes sooner, even on a machine that does much else.
const WAIT_MS: i32 = 3_000;

fn waiting(s: &mut Scenario<'_>) {
    let (name, id) = filled(s, "log");
    let waits = |offset: i64, min_bytes: i32, ms: i32| FetchRequestData {
        max_wait_ms: ms,
        min_bytes,
        ..fetch_request(&name, id, 0, offset)
    };
    let timed = |s: &mut Scenario<'_>, label: &str, request: &FetchRequestData| {
        let start = Instant::now();
        s.ask(label, request, 18);
        let waited = start.elapsed().as_millis() >= 2_900;
        s.note(&format!("{label}: answered => {}", if waited { "after a wait" } else { "at once" }));
    };
    timed(s, "at the end", &waits(6, 1, WAIT_MS));
    timed(s, "at the end, min_bytes 0", &waits(6, 0, WAIT_MS));
    timed(s, "with too little", &waits(5, 1_000_000, WAIT_MS));
    timed(s, "past the end", &waits(7, 1, WAIT_MS));
    timed(s, "a negative wait", &waits(6, 1, -5));
    let unknown = KafkaUuid::from_parts(1, 2);
    let mut mixed = waits(6, 1, WAIT_MS);
    mixed.topics.push(fetch_request("", unknown, 0, 0).topics.remove(0));
    timed(s, "at the end and of an unknown topic", &mixed);
    let nothing = FetchRequestData { topics: vec![], ..waits(0, 1, WAIT_MS) };
    timed(s, "of nothing", &nothing);

    let mut wire = s.open(s.home());
    wire.send(&waits(6, 1, i32::MAX), 18).expect("sending");
    assert!(wire.receive_frame(Duration::from_millis(200)).expect("open").is_none(), "it waits");
    produce_one(s, &name, 0, &Batch::of(&["g"]));
    let reply = wire.receive::<FetchRequestData>(18, PATIENCE);
    s.record::<FetchRequestData>("woken by an append", 18, &reply);
}

fn after_deletion(s: &mut Scenario<'_>) {
    let (name, id) = filled(s, "log");
    let delete = DeleteRecordsRequestData {
        topics: vec![DeleteRecordsTopic {
            name: text(&name),
            partitions: vec![DeleteRecordsPartition { offset: 4, ..DeleteRecordsPartition::default() }],
            ..DeleteRecordsTopic::default()
        }],
        timeout_ms: 10_000,
        ..DeleteRecordsRequestData::default()
    };
    s.quietly(s.home(), &delete, 2).answer();
    for version in [4, 5, 12, 18] {
        for offset in [0, 3, 4, 5] {
            s.ask(
                &format!("from {offset} where 4 is the first"),
                &fetch_request(&name, id, 0, offset),
                version,
            );
        }
    }
    produce_one(s, &name, 0, &Batch::default());
    s.ask("behind it", &fetch_request(&name, id, 0, 6), 18);
}

fn sessions(s: &mut Scenario<'_>) {
    let (name, id) = filled(s, "log");
    s.masks.field("session_id", "random");
    for version in [7, 12, 18] {
        for (session, epoch) in [(0, -1), (0, 0), (0, 1), (77, -1), (77, 0), (77, 1), (-1, 3)] {
            let request = FetchRequestData {
                session_id: session,
                session_epoch: epoch,
                ..fetch_request(&name, id, 0, 5)
            };
            let reply = s.quietly(s.home(), &request, version);
            s.record::<FetchRequestData>(&format!("session {session} epoch {epoch}"), version, &reply);
        }
    }
    // A session's life. The sandbox declines sessions: this is for the day when it does not.
    let open = FetchRequestData { session_epoch: 0, ..fetch_request(&name, id, 0, 5) };
    let answer = s.quietly(s.home(), &open, 18).answer();
    s.note(&format!("a session is given => {}", answer.session_id > 0));
}

/// What was produced comes back as it was: the batch's head and its records.
fn content(s: &mut Scenario<'_>) {
    let name = s.topic_with("log", 1, &[("retention.ms", "-1")]);
    let id = s.topic_id(&name);
    let record = |delta: i64| Record {
        key: Some("k"),
        value: Some("v".to_owned()),
        timestamp_delta: delta,
        headers: vec![("h", Some("1")), ("h", None), ("", Some(""))],
    };
    let batches = [
        Batch { records: vec![record(0), record(5), record(-7)], ..Batch::default() },
        Batch { leader_epoch: 9, attributes: 0x08, ..Batch::default() },
        Batch { attributes: 0x80, ..Batch::default() },
        Batch { max_timestamp: Some(123), ..Batch::default() },
        Batch { first_timestamp: -1, ..Batch::default() },
        Batch { producer_epoch: 3, ..Batch::default() },
        Batch::of(&["p", "q"]).from_producer(4_000_000, 2, 5),
    ];
    for batch in batches {
        s.ask("", &produce_request(&name, id, 0, -1, Some(batch.bytes())), 13);
    }
    s.ask("all", &fetch_request(&name, id, 0, 0), 18);
    s.ask("all", &fetch_request(&name, id, 0, 0), 4);
    let stamped = s.topic_with("stamped", 1, &[("message.timestamp.type", "LogAppendTime")]);
    let id = s.topic_id(&stamped);
    let old = Batch { first_timestamp: 1000, records: vec![record(0), record(5)], ..Batch::default() };
    s.ask("", &produce_request(&stamped, id, 0, -1, Some(old.bytes())), 13);
    s.ask("with append time", &fetch_request(&stamped, id, 0, 0), 18);
}

#[test]
fn fetch_from_every_offset() {
    compare_both("fetch-offsets", offsets);
}

#[test]
fn fetch_with_epochs() {
    compare_both("fetch-epochs", epochs);
}

#[test]
fn fetch_with_limits() {
    compare_both("fetch-sizes", sizes);
}

#[test]
fn fetch_waits() {
    compare_both("fetch-waiting", waiting);
}

#[test]
fn fetch_where_records_were_deleted() {
    compare_both("fetch-after-deletion", after_deletion);
}

#[test]
fn fetch_sessions() {
    compare_both("fetch-sessions", sessions);
}

#[test]
fn fetch_returns_what_was_produced() {
    compare_both("fetch-content", content);
}
