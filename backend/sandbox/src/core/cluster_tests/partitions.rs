//! What replicas of a partition do, apart from any cluster.

use std::time::Duration;

use crate::core::log::testing::{BatchBuilder, WALL_MS, check};
use crate::core::log::{AppendRules, ChunkAccount, TimestampType};
use crate::core::partition::{Partition, Progress, ReplicationRules};
use crate::core::{BrokerId, Now};

const ALL: [BrokerId; 3] = [1, 2, 3];

fn append_rules() -> AppendRules {
    AppendRules {
        timestamp_type: TimestampType::CreateTime,
        segment_bytes: 1 << 30,
        segment_ms: i64::MAX,
        chunk_bytes: usize::MAX,
    }
}

fn at(ms: u64) -> Now {
    Now { monotonic: Duration::from_millis(ms), wall_ms: WALL_MS }
}

/// Three replicas, and who reaches whom.
struct Replicas {
    partition: Partition,
    min_isr: usize,
    reached: Vec<BrokerId>,
}

impl Replicas {
    /// Broker 1 leads in epoch 0, all are in sync and reached.
    fn new(min_isr: usize) -> Self {
        let mut partition = Partition::new(&ALL, &ChunkAccount::default());
        partition.lead(1, 0, &ALL);
        Self { partition, min_isr, reached: ALL.to_vec() }
    }

    /// A broker leads from now on; those that are reached know it.
    fn lead(&mut self, leader: BrokerId, epoch: i32, isr: &[BrokerId]) -> Progress {
        self.partition.lead(leader, epoch, isr);
        self.replicate(leader, 0)
    }

    /// Appends a record with this value.
    fn append(&mut self, leader: BrokerId, value: &str) {
        let batch = BatchBuilder::default().record(Some("key"), Some(value), WALL_MS).build();
        let records = check(batch).expect("a good batch");
        let replica = self.partition.replica_mut(leader).expect("a replica");
        let epoch = replica.leading.as_ref().expect("it leads").epoch;
        replica.log.append(&records, epoch, &append_rules(), WALL_MS);
    }

    fn replicate(&mut self, leader: BrokerId, ms: u64) -> Progress {
        let rules = ReplicationRules { min_isr: self.min_isr, append: append_rules() };
        let reached = self.reached.clone();
        self.partition.replicate(leader, &rules, at(ms), |broker| reached.contains(&broker))
    }

    fn high_watermark(&self, broker: BrokerId) -> i64 {
        self.partition.replica(broker).expect("a replica").high_watermark
    }

    fn ends(&self) -> [i64; 3] {
        ALL.map(|broker| self.partition.replica(broker).expect("a replica").log.end_offset())
    }

    fn bytes(&self, broker: BrokerId) -> Vec<u8> {
        let log = &self.partition.replica(broker).expect("a replica").log;
        log.read(log.start_offset(), i64::MAX, usize::MAX, true).pieces.concat()
    }
}

#[test]
fn followers_take_over_all_records_and_the_high_watermark() {
    let mut replicas = Replicas::new(2);
    replicas.append(1, "a");
    replicas.append(1, "b");
    assert!(replicas.replicate(1, 0).committed);
    assert_eq!(replicas.ends(), [2, 2, 2]);
    assert_eq!(ALL.map(|broker| replicas.high_watermark(broker)), [2, 2, 2]);
    assert_eq!(replicas.bytes(1), replicas.bytes(3));
    assert!(!replicas.replicate(1, 0).committed, "nothing is new");
}

#[test]
fn the_high_watermark_is_where_the_last_of_the_in_sync_set_is() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![1, 2];
    replicas.append(1, "b");
    assert!(!replicas.replicate(1, 0).committed);
    assert_eq!((replicas.high_watermark(1), replicas.ends()), (1, [2, 2, 1]));

    replicas.lead(1, 0, &[1, 2]);
    assert_eq!(replicas.high_watermark(1), 2);
}

#[test]
fn the_high_watermark_stands_still_below_the_minimum_in_sync() {
    let mut replicas = Replicas::new(2);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![1];
    replicas.lead(1, 0, &[1]);
    replicas.append(1, "b");
    assert!(!replicas.replicate(1, 0).committed);
    assert_eq!(replicas.high_watermark(1), 1);

    replicas.reached = ALL.to_vec();
    assert_eq!(replicas.replicate(1, 0).caught_up, [2, 3]);
    assert_eq!(replicas.high_watermark(1), 1, "they are not in sync yet");
    replicas.lead(1, 0, &[1, 2]);
    assert_eq!(replicas.high_watermark(1), 2);
}

#[test]
fn a_new_leader_waits_for_followers_that_it_has_not_heard_of() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![2];
    replicas.lead(2, 1, &[2, 3]);
    replicas.append(2, "b");
    replicas.replicate(2, 0);
    assert_eq!(replicas.high_watermark(2), 1);
    replicas.reached = vec![2, 3];
    replicas.replicate(2, 0);
    assert_eq!(replicas.high_watermark(2), 2);
}

#[test]
fn what_followers_get_from_another_leader_commits_nothing_for_one_that_is_cut_off() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![2, 3];
    replicas.lead(2, 1, &[2, 3]);
    replicas.append(2, "b");
    replicas.replicate(2, 0);
    replicas.reached = vec![];
    replicas.append(1, "lost");
    assert!(!replicas.replicate(1, 0).committed);
    assert_eq!((replicas.high_watermark(1), replicas.ends()), (1, [2, 2, 2]));
}

#[test]
fn a_leader_that_returns_truncates_what_it_alone_had() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![2, 3];
    replicas.lead(2, 1, &[2, 3]);
    replicas.append(1, "lost");
    replicas.append(1, "lost too");
    replicas.append(2, "kept");
    replicas.reached = ALL.to_vec();
    assert_eq!(replicas.replicate(2, 0).caught_up, [1]);
    assert_eq!(replicas.ends(), [2, 2, 2]);
    assert_eq!(replicas.bytes(1), replicas.bytes(2));
    assert!(replicas.partition.replica(1).expect("a replica").leading.is_none());
}

#[test]
fn logs_that_diverge_over_several_epochs_become_one() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "shared");
    replicas.replicate(1, 0);
    // Each broker leads alone for a time, uncleanly, and nobody else gets what it appends.
    for (epoch, leader) in [(1, 2), (2, 3), (3, 1), (4, 2), (5, 3)] {
        replicas.reached = vec![leader];
        replicas.lead(leader, epoch, &[leader]);
        for n in 0..epoch {
            replicas.append(leader, &format!("epoch {epoch} record {n}"));
        }
        replicas.replicate(leader, 0);
    }
    assert_eq!(replicas.ends(), [4, 6, 8]);

    replicas.reached = ALL.to_vec();
    replicas.lead(1, 6, &[1]);
    assert_eq!(replicas.ends(), [4, 4, 4], "the others had more, but of epochs that the leader hasn't got");
    assert_eq!(replicas.bytes(2), replicas.bytes(1));
    assert_eq!(replicas.bytes(3), replicas.bytes(1));
    let epochs = |broker| replicas.partition.replica(broker).expect("a replica").log.epoch_end_offset(3);
    assert_eq!(epochs(2), epochs(1));
    assert_eq!(epochs(3), Some((3, 4)));
}

#[test]
fn a_follower_that_was_away_during_delete_records_begins_where_the_leader_begins() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![1, 2];
    replicas.lead(1, 0, &[1, 2]);
    for value in ["b", "c", "d"] {
        replicas.append(1, value);
    }
    replicas.replicate(1, 0);
    replicas.partition.replica_mut(1).expect("a replica").log.advance_start_offset(3);
    replicas.replicate(1, 0);

    replicas.reached = ALL.to_vec();
    assert_eq!(replicas.replicate(1, 0).caught_up, [3]);
    for broker in ALL {
        let log = &replicas.partition.replica(broker).expect("a replica").log;
        assert_eq!((log.start_offset(), log.end_offset()), (3, 4), "broker {broker}");
    }
    assert_eq!(replicas.high_watermark(3), 4);
}

#[test]
fn a_replica_whose_records_go_knows_that_they_were_committed() {
    let mut replicas = Replicas::new(2);
    for value in ["a", "b", "c"] {
        replicas.append(1, value);
    }
    replicas.replicate(1, 0);
    // It has the records, and nobody has told it more.
    replicas.partition.replica_mut(3).expect("a replica").high_watermark = 1;
    replicas.partition.drop_before(2);
    assert_eq!(replicas.partition.replica(3).expect("a replica").log.start_offset(), 2);
    assert_eq!(ALL.map(|broker| replicas.high_watermark(broker)), [3, 3, 2]);
}

#[test]
fn followers_are_behind_from_the_first_record_that_they_lack() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.replicate(1, 0);
    replicas.reached = vec![1, 2];
    assert_eq!(replicas.replicate(1, 100).behind_since, None, "nobody lacks anything");
    replicas.append(1, "b");
    assert_eq!(replicas.replicate(1, 200).behind_since, Some(Duration::from_millis(200)));
    replicas.append(1, "c");
    assert_eq!(replicas.replicate(1, 300).behind_since, None, "it has been said");

    let lagging =
        |ms, lag| replicas.partition.lagging(1, Duration::from_millis(ms), Duration::from_millis(lag));
    assert_eq!(lagging(1_199, 1_000), Vec::<BrokerId>::new());
    assert_eq!(lagging(1_200, 1_000), [3]);

    replicas.reached = ALL.to_vec();
    replicas.replicate(1, 1_300);
    let lagging = replicas.partition.lagging(1, Duration::from_secs(100), Duration::from_secs(1));
    assert_eq!(lagging, Vec::<BrokerId>::new());
}

#[test]
fn followers_join_the_in_sync_set_from_the_start_of_the_leaders_epoch_on() {
    let mut replicas = Replicas::new(1);
    replicas.append(1, "a");
    replicas.reached = vec![1];
    replicas.lead(1, 1, &[1]);
    assert!(replicas.replicate(1, 0).caught_up.is_empty(), "nobody is reached");
    replicas.reached = vec![1, 3];
    assert_eq!(replicas.replicate(1, 0).caught_up, [3]);
    assert_eq!(replicas.ends(), [1, 0, 1]);
}

#[test]
fn a_follower_that_led_last_and_appended_nothing_still_truncates_what_diverges() {
    let mut replicas = Replicas::new(3);
    replicas.reached = vec![];
    replicas.append(1, "lost");
    replicas.lead(2, 1, &[2]);
    replicas.append(2, "kept");
    replicas.append(2, "kept too");
    replicas.lead(1, 2, &[1]);

    replicas.reached = ALL.to_vec();
    assert_eq!(replicas.lead(2, 3, &[2]).caught_up, [1, 3]);
    assert_eq!(replicas.ends(), [2, 2, 2]);
    assert_eq!(replicas.bytes(1), replicas.bytes(2));
}
