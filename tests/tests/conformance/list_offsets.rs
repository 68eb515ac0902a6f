//! ListOffsets and OffsetForLeaderEpoch.

use kacrab_protocol::generated::*;
use tests::conformance::records::{Batch, Record};
use tests::conformance::{Scenario, produce_one, text};

use crate::compare_both;

fn at(topic: &str, partition: i32, timestamp: i64) -> ListOffsetsRequestData {
    ListOffsetsRequestData {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: text(topic),
            partitions: vec![ListOffsetsPartition {
                partition_index: partition,
                timestamp,
                ..ListOffsetsPartition::default()
            }],
            ..ListOffsetsTopic::default()
        }],
        timeout_ms: 5000,
        ..ListOffsetsRequestData::default()
    }
}

/// Timestamps 1000, 2000 (out of order 1500), 3000 …: batch by batch.
fn timed(s: &mut Scenario<'_>, shown: &str) -> String {
    // Else retention takes them while the scenario runs: they are from 1970.
    let name = s.topic_with(shown, 1, &[("retention.ms", "-1")]);
    for (first, deltas) in [(1000, &[0, 10][..]), (3000, &[0, -500, 100]), (2000, &[0]), (3100, &[0, 0])] {
        let records = deltas.iter().map(|delta| Record {
            key: Some("k"),
            value: Some("v".to_owned()),
            timestamp_delta: *delta,
            ..Record::default()
        });
        let batch = Batch { first_timestamp: first, records: records.collect(), ..Batch::default() };
        produce_one(s, &name, 0, &batch);
    }
    name
}

fn specials(s: &mut Scenario<'_>) {
    let (name, empty) = (timed(s, "log"), s.topic("empty", 1));
    let unknown = s.name("unknown");
    s.each::<ListOffsetsRequestData>("specials", |s, version| {
        for timestamp in -8..=0 {
            s.ask(&format!("{timestamp}"), &at(&name, 0, timestamp), version);
        }
        for timestamp in -6..=0 {
            s.ask(&format!("{timestamp} of an empty log"), &at(&empty, 0, timestamp), version);
        }
        for timestamp in [1, 999, 1000, 1001, 1010, 1011, 2000, 2500, 2501, 3000, 3001, 3100, 3101, i64::MAX]
        {
            s.ask(&format!("time {timestamp}"), &at(&name, 0, timestamp), version);
        }
        s.ask("partition 3", &at(&name, 3, -1), version);
        s.ask("partition -1", &at(&name, -1, -1), version);
        s.ask("an unknown topic", &at(&unknown, 0, -1), version);
        s.ask("an invalid name", &at("a b", 0, -1), version);
        let nothing = ListOffsetsRequestData { topics: vec![], ..at(&name, 0, -1) };
        s.ask("nothing", &nothing, version);
        for isolation_level in [1, 5] {
            let request = ListOffsetsRequestData { isolation_level, ..at(&name, 0, -1) };
            s.ask(&format!("isolation level {isolation_level}"), &request, version);
        }
        for epoch in [-1, 0, 1, 7] {
            let mut request = at(&name, 0, -1);
            request.topics[0].partitions[0].current_leader_epoch = epoch;
            s.ask(&format!("leader epoch {epoch}"), &request, version);
        }
        let mut twice = at(&name, 0, -1);
        let again = ListOffsetsPartition { timestamp: -2, ..twice.topics[0].partitions[0].clone() };
        twice.topics[0].partitions.push(again);
        s.ask("a partition twice", &twice, version);
        for replica_id in [-2, 1, 5] {
            let request = ListOffsetsRequestData { replica_id, ..at(&name, 0, -1) };
            s.ask(&format!("as replica {replica_id}"), &request, version);
        }
        let request = ListOffsetsRequestData { timeout_ms: 0, ..at(&name, 0, 1000) };
        s.ask("with no time", &request, version);
    });
    let delete = DeleteRecordsRequestData {
        topics: vec![DeleteRecordsTopic {
            name: text(&name),
            partitions: vec![DeleteRecordsPartition { offset: 3, ..DeleteRecordsPartition::default() }],
            ..DeleteRecordsTopic::default()
        }],
        timeout_ms: 10_000,
        ..DeleteRecordsRequestData::default()
    };
    s.quietly(s.home(), &delete, 2).answer();
    for timestamp in [-6, -5, -4, -3, -2, -1, 0, 1000, 2500, 3000, 3100] {
        s.ask(&format!("{timestamp} where 3 is the first"), &at(&name, 0, timestamp), 11);
    }
    let stamped = s.topic_with("stamped", 1, &[("message.timestamp.type", "LogAppendTime")]);
    produce_one(s, &stamped, 0, &Batch::of(&["a", "b"]));
    // So that the second has a later time.
    std::thread::sleep(std::time::Duration::from_millis(20));
    produce_one(s, &stamped, 0, &Batch::of(&["c"]));
    for timestamp in [-3, 0] {
        s.ask(&format!("{timestamp} with append time"), &at(&stamped, 0, timestamp), 11);
    }
}

fn leader_epochs(s: &mut Scenario<'_>) {
    let name = timed(s, "log");
    let empty = s.topic("empty", 1);
    let unknown = s.name("unknown");
    let of = |topic: &str, partition: i32, current: i32, epoch: i32| OffsetForLeaderEpochRequestData {
        replica_id: -1,
        topics: vec![OffsetForLeaderTopic {
            topic: text(topic),
            partitions: vec![OffsetForLeaderPartition {
                partition,
                current_leader_epoch: current,
                leader_epoch: epoch,
                ..OffsetForLeaderPartition::default()
            }],
            ..OffsetForLeaderTopic::default()
        }],
        ..OffsetForLeaderEpochRequestData::default()
    };
    s.each::<OffsetForLeaderEpochRequestData>("epochs", |s, version| {
        for (current, epoch) in [(-1, 0), (0, 0), (0, 1), (1, 0), (-1, 5), (-1, -1), (-1, -2), (7, 7)] {
            s.ask(&format!("epoch {epoch}, current {current}"), &of(&name, 0, current, epoch), version);
        }
        s.ask("of an empty log", &of(&empty, 0, -1, 0), version);
        s.ask("of partition 5", &of(&name, 5, -1, 0), version);
        s.ask("of an unknown topic", &of(&unknown, 0, -1, 0), version);
        let follower = OffsetForLeaderEpochRequestData { replica_id: 2, ..of(&name, 0, -1, 0) };
        s.ask("as a replica", &follower, version);
        s.ask("of nothing", &OffsetForLeaderEpochRequestData::default(), version);
    });
}

#[test]
fn offsets_by_specials_and_times() {
    compare_both("list-offsets", specials);
}

#[test]
fn offsets_for_leader_epochs() {
    compare_both("offset-for-leader-epoch", leader_epochs);
}
