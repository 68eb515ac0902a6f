use super::*;
use crate::wire::ErrorCode;

const OUT_OF_ORDER: Verdict = Verdict::Refuse(ErrorCode::OutOfOrderSequenceNumber);

fn batch(epoch: i16, sequence: i32, count: usize) -> BatchBuilder {
    BatchBuilder::of(count).producer(9, epoch, sequence)
}

fn verdict(log: &PartitionLog, batch: &BatchBuilder) -> Verdict {
    log.check_producer(&checked(batch))
}

fn send(log: &mut PartitionLog, batch: &BatchBuilder) -> Appended {
    assert_eq!(verdict(log, batch), Verdict::Append);
    append(log, batch)
}

/// Appends a control batch, as brokers do.
fn append_control(log: &mut PartitionLog, batch: &[u8]) {
    let header = BatchHeader::read(batch).expect("a header");
    let place = Place {
        leader_epoch: 0,
        timestamp_type: header.timestamp_type(),
        max_timestamp: header.max_timestamp,
    };
    log.append_batch(batch, &header, place, &append_rules(), WALL_MS);
}

fn duplicate_of(appended: Appended) -> Verdict {
    Verdict::Duplicate {
        base_offset: appended.base_offset,
        last_offset: appended.last_offset,
        log_append_time_ms: WALL_MS,
    }
}

#[test]
fn a_producer_that_is_not_known_begins_with_any_sequence_and_epoch() {
    let log = empty_log();
    assert_eq!(verdict(&log, &batch(3, 77, 1)), Verdict::Append);
}

#[test]
fn sequences_must_follow_each_other() {
    let mut log = empty_log();
    send(&mut log, &batch(0, 5, 3));
    assert_eq!(verdict(&log, &batch(0, 9, 1)), OUT_OF_ORDER, "a gap");
    assert_eq!(verdict(&log, &batch(0, 7, 1)), OUT_OF_ORDER, "a part of the last batch");
    assert_eq!(verdict(&log, &batch(0, 8, 1)), Verdict::Append);
}

#[test]
fn the_last_five_batches_are_known_again_and_older_ones_are_out_of_order() {
    let mut log = empty_log();
    let appended: Vec<_> = (0..6).map(|n| send(&mut log, &batch(0, n * 2, 2))).collect();
    for (n, appended) in (0..).zip(&appended).skip(1) {
        assert_eq!(verdict(&log, &batch(0, n * 2, 2)), duplicate_of(*appended));
    }
    assert_eq!(verdict(&log, &batch(0, 0, 2)), OUT_OF_ORDER);
    assert_eq!(verdict(&log, &batch(0, 10, 1)), OUT_OF_ORDER, "the same first sequence, other records");
}

#[test]
fn a_new_epoch_begins_with_sequence_0_and_fences_the_old_one() {
    let mut log = empty_log();
    send(&mut log, &batch(1, 0, 1));
    assert_eq!(verdict(&log, &batch(2, 1, 1)), OUT_OF_ORDER);
    send(&mut log, &batch(2, 0, 1));
    assert_eq!(verdict(&log, &batch(1, 1, 1)), Verdict::Refuse(ErrorCode::InvalidProducerEpoch));
    assert_eq!(verdict(&log, &batch(1, 0, 1)), Verdict::Refuse(ErrorCode::InvalidProducerEpoch));
}

#[test]
fn after_the_last_sequence_comes_0() {
    let mut log = empty_log();
    let over = send(&mut log, &batch(0, i32::MAX - 1, 4));
    assert_eq!(log.producers().describe()[0].last_sequence, 1);
    assert_eq!(verdict(&log, &batch(0, i32::MAX - 1, 4)), duplicate_of(over));
    send(&mut log, &batch(0, 2, 1));

    let mut log = empty_log();
    send(&mut log, &batch(0, i32::MAX, 1));
    assert_eq!(verdict(&log, &batch(0, 1, 1)), OUT_OF_ORDER);
    send(&mut log, &batch(0, 0, 1));
}

#[test]
fn producers_are_forgotten_when_they_have_been_silent_for_long() {
    let mut log = empty_log();
    send(&mut log, &batch(0, 0, 1));
    log.expire_producers(WALL_MS, 1_000, 500);
    log.expire_producers(WALL_MS + 999, 1_000, 500);
    assert_eq!(log.producers().describe().len(), 1);
    log.expire_producers(WALL_MS + 1_498, 1_000, 500);
    assert_eq!(log.producers().describe().len(), 1, "looked for within the interval");
    log.expire_producers(WALL_MS + 1_499, 1_000, 500);
    assert_eq!(log.producers().describe(), []);
    assert_eq!(verdict(&log, &batch(0, 44, 1)), Verdict::Append);
}

#[test]
fn truncation_brings_the_state_of_before_back() {
    let mut log = empty_log();
    let first = send(&mut log, &batch(0, 0, 2));
    let second = send(&mut log, &batch(0, 2, 2));
    let other = BatchBuilder::of(1).producer(10, 0, 0);
    send(&mut log, &other);
    log.truncate_to(second.base_offset);
    assert_eq!(verdict(&log, &batch(0, 0, 2)), duplicate_of(first));
    assert_eq!(verdict(&log, &batch(0, 2, 2)), Verdict::Append);
    assert_eq!(verdict(&log, &batch(0, 4, 2)), OUT_OF_ORDER);
    let left: Vec<_> = log.producers().describe().iter().map(|producer| producer.producer_id).collect();
    assert_eq!(left, [9], "the other had nothing before");
}

#[test]
fn truncation_goes_back_to_what_was_known_when_a_segment_began() {
    let small = AppendRules { segment_bytes: 1, ..append_rules() };
    let mut log = empty_log();
    for sequence in 0..4 {
        log.append(&checked(&batch(0, sequence, 1)), 0, &small, WALL_MS);
    }
    log.drop_oldest_segment().expect("a closed segment");
    log.drop_oldest_segment().expect("a closed segment");
    log.truncate_to(3);
    assert_eq!(log.producers().describe()[0].last_sequence, 2);
    assert_eq!(verdict(&log, &batch(0, 3, 1)), Verdict::Append);
    assert_eq!(verdict(&log, &batch(0, 1, 1)), OUT_OF_ORDER, "a snapshot has the last batch only");
}

#[test]
fn a_follower_knows_the_producers_of_its_leader() {
    let (mut leader, mut follower) = (empty_log(), empty_log());
    for sequence in 0..3 {
        send(&mut leader, &batch(0, sequence, 1));
    }
    for batch in leader.batches_from(0) {
        follower.append_stored(batch.clone(), &append_rules(), WALL_MS).expect("in order");
    }
    assert_eq!(follower.producers().describe(), leader.producers().describe());
    assert!(matches!(verdict(&follower, &batch(0, 1, 1)), Verdict::Duplicate { base_offset: 1, .. }));
}

#[test]
fn a_transaction_is_open_until_its_marker() {
    let mut log = empty_log();
    append(&mut log, &BatchBuilder::of(2));
    assert_eq!(log.first_unstable_offset(), None);
    send(&mut log, &batch(0, 0, 1).transactional());
    send(&mut log, &batch(0, 1, 1).transactional());
    assert_eq!(log.first_unstable_offset(), Some(2));
    assert_eq!(verdict(&log, &batch(0, 2, 1)), Verdict::Refuse(ErrorCode::InvalidTxnState));
    let marker = BatchBuilder::marker(9, 1, true, 7).build();
    append_control(&mut log, &marker);
    assert_eq!(log.first_unstable_offset(), None);
    assert_eq!(
        log.producers().describe(),
        [ProducerDescription {
            producer_id: 9,
            epoch: 1,
            last_sequence: -1,
            last_timestamp: WALL_MS,
            coordinator_epoch: 7,
            txn_start_offset: None,
        }]
    );
    assert_eq!(log.end_offset(), 5, "a marker takes an offset");
}
