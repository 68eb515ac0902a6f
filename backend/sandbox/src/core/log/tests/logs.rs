use super::*;

fn numbers(log: &PartitionLog) -> Vec<(i64, i64)> {
    log.batches_from(0).map(|batch| (batch.base_offset, batch.last_offset)).collect()
}

/// Batches 0–2, 3–5, …, five of them, two in each segment.
fn five_batches() -> PartitionLog {
    let batch = BatchBuilder::of(3);
    let rules = AppendRules { segment_bytes: batch.build().len() * 2, ..append_rules() };
    let mut log = empty_log();
    for _ in 0..5 {
        log.append(&checked(&batch), 0, &rules, WALL_MS);
    }
    assert_eq!(log.segments().len(), 3);
    log
}

#[test]
fn the_leader_writes_offset_and_epoch_and_nothing_else() {
    let mut log = empty_log();
    let sent = BatchBuilder::of(2).producer(4, 1, 0).build();
    let records = check(sent.clone()).expect("a good batch");
    log.append(&records, 3, &append_rules(), WALL_MS);
    let appended = log.append(&records, 5, &append_rules(), WALL_MS);
    assert_eq!(appended, Appended { base_offset: 2, last_offset: 3, log_append_time_ms: None });
    let stored = whole(&log)[1].clone();
    assert_eq!(stored[..8], 2_i64.to_be_bytes());
    assert_eq!(stored[12..16], 5_i32.to_be_bytes());
    assert_eq!((&stored[8..12], &stored[16..]), (&sent[8..12], &sent[16..]));
    assert_eq!(log.latest_epoch(), Some(5));
    assert_eq!(log.epoch_end_offset(3), Some((3, 2)));
}

#[test]
fn log_append_time_is_written_with_its_crc() {
    let mut log = empty_log();
    let rules = AppendRules { timestamp_type: TimestampType::LogAppendTime, ..append_rules() };
    let appended = log.append(&checked(&BatchBuilder::of(2)), 0, &rules, WALL_MS + 50);
    assert_eq!(appended.log_append_time_ms, Some(WALL_MS + 50));
    let stored = &whole(&log)[0];
    let header = BatchHeader::read(stored).expect("a header");
    assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(header.max_timestamp, WALL_MS + 50);
    assert_eq!(header.crc, super::super::batch::computed_crc(stored));
    let found = TimestampAndOffset { timestamp: WALL_MS + 50, offset: 0, leader_epoch: Some(0) };
    assert_eq!(by_time(&log, WALL_MS + 1), Some(found));
    assert_eq!(latest(&log), Some(found));
}

#[test]
fn a_latest_timestamp_that_the_producer_got_wrong_is_put_right() {
    let mut log = empty_log();
    let batch = BatchBuilder { max_timestamp: Some(5), ..BatchBuilder::of(1) };
    append(&mut log, &batch);
    let header = BatchHeader::read(&whole(&log)[0]).expect("a header");
    assert_eq!(header.max_timestamp, WALL_MS);
}

#[test]
fn a_read_begins_with_the_batch_that_has_the_offset_and_ends_before_the_limit() {
    let log = five_batches();
    let size = whole(&log)[0].len();
    let bases = |slice: Slice| -> Vec<i64> {
        assert_eq!(slice.bytes, slice.pieces.iter().map(Bytes::len).sum::<usize>());
        slice.pieces.iter().map(|piece| BatchHeader::read(piece).expect("a header").base_offset).collect()
    };
    assert_eq!(bases(log.read(4, 15, usize::MAX, true)), [3, 6, 9, 12]);
    assert_eq!(bases(log.read(4, 12, usize::MAX, true)), [3, 6, 9]);
    assert_eq!(bases(log.read(4, 11, usize::MAX, true)), [3, 6], "half of a batch is none");
    assert_eq!(bases(log.read(4, 15, 2 * size, true)), [3, 6]);
    assert_eq!(bases(log.read(4, 15, 2 * size - 1, true)), [3]);
    assert_eq!(bases(log.read(4, 15, 1, true)), [3], "one at least");
    assert_eq!(bases(log.read(4, 15, 1, false)), [0_i64; 0]);
    assert_eq!(bases(log.read(4, 4, usize::MAX, true)), [0_i64; 0]);
    assert_eq!(bases(log.read(15, 15, usize::MAX, true)), [0_i64; 0]);
}

#[test]
fn a_segment_is_closed_by_size_and_by_age() {
    let mut log = empty_log();
    let rules = AppendRules { segment_ms: 1_000, ..append_rules() };
    for age in [0, 1_000, 1_001, 2_001] {
        log.append(&checked(&BatchBuilder::default().record(None, None, WALL_MS + age)), 0, &rules, WALL_MS);
    }
    let bases: Vec<_> = log.segments().map(|segment| segment.base_offset).collect();
    assert_eq!(bases, [0, 2], "by the timestamps of the records");

    let bases: Vec<_> = five_batches().segments().map(|segment| segment.base_offset).collect();
    assert_eq!(bases, [0, 6, 12]);
}

#[test]
fn truncation_takes_the_batch_that_has_the_offset() {
    let mut log = five_batches();
    log.truncate_to(20);
    assert_eq!(log.end_offset(), 15);
    log.truncate_to(10);
    assert_eq!(numbers(&log), [(0, 2), (3, 5), (6, 8)]);
    assert_eq!(log.end_offset(), 10);
    assert_eq!(log.size_bytes(), whole(&log).iter().map(Bytes::len).sum::<usize>());
    assert_eq!(append(&mut log, &BatchBuilder::of(1)).base_offset, 10);
    log.truncate_to(0);
    assert_eq!((numbers(&log), log.end_offset(), log.size_bytes()), (vec![], 0, 0));
    assert_eq!(log.latest_epoch(), None);
}

#[test]
fn truncation_before_the_first_segment_begins_anew_there() {
    let mut log = five_batches();
    log.advance_start_offset(7);
    log.truncate_to(4);
    assert_eq!((log.start_offset(), log.end_offset(), log.size_bytes()), (4, 4, 0));
}

#[test]
fn the_start_moves_forward_and_drops_closed_segments() {
    let mut log = five_batches();
    assert!(log.advance_start_offset(7));
    assert_eq!(numbers(&log), [(6, 8), (9, 11), (12, 14)]);
    assert_eq!(log.start_offset(), 7);
    assert!(!log.advance_start_offset(3), "never back");
    assert!(log.advance_start_offset(99), "never past the end");
    assert_eq!(log.start_offset(), 15);
    assert_eq!(numbers(&log), [(12, 14)], "the active segment stays");
    assert_eq!(log.size_bytes(), whole(&log).iter().map(Bytes::len).sum::<usize>());
}

#[test]
fn the_oldest_segment_goes_unless_it_is_the_active_one() {
    let mut log = five_batches();
    let bytes = log.size_bytes();
    let dropped = log.drop_oldest_segment().expect("a closed segment");
    assert_eq!((dropped.base_offset, log.start_offset()), (0, 6));
    assert_eq!(log.size_bytes(), bytes - dropped.bytes);
    log.drop_oldest_segment().expect("a closed segment");
    assert_eq!(log.drop_oldest_segment(), None);
    assert_eq!((log.start_offset(), log.end_offset()), (12, 15));
    assert_eq!(append(&mut log, &BatchBuilder::of(1)).base_offset, 15);
}

#[test]
fn the_first_record_of_a_time_is_found_in_every_compression() {
    for compression in [Compression::None, Compression::Gzip, Compression::Lz4, Compression::Zstd] {
        let mut log = empty_log();
        for batch in [[10, 30, 20], [40, 15, 50]] {
            let batch = batch.iter().fold(BatchBuilder::default(), |it, &ts| it.record(Some("k"), None, ts));
            append(&mut log, &batch.compressed(compression));
        }
        let offset = |timestamp| by_time(&log, timestamp).map(|it| (it.timestamp, it.offset));
        assert_eq!(offset(0), Some((10, 0)));
        assert_eq!(offset(11), Some((30, 1)));
        assert_eq!(offset(31), Some((40, 3)));
        assert_eq!(offset(41), Some((50, 5)));
        assert_eq!(offset(51), None);
        assert_eq!(latest(&log).map(|it| (it.timestamp, it.offset)), Some((50, 5)));
        assert!(log.advance_start_offset(2));
        let offset = |timestamp| by_time(&log, timestamp).map(|it| (it.timestamp, it.offset));
        assert_eq!(offset(11), Some((20, 2)), "from the log start on");
    }
    assert_eq!(latest(&empty_log()), None);
    assert_eq!(by_time(&empty_log(), 0), None);
}

#[test]
fn no_more_is_decompressed_to_find_a_record_than_may_be() {
    for compression in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let mut log = empty_log();
        let batch = (0..100).fold(BatchBuilder::default(), |it, ts| it.record(Some("k"), Some("value"), ts));
        append(&mut log, &batch.compressed(compression));
        let mut budget = 4_000;
        assert!(log.offset_for_timestamp(99, &mut budget).expect("enough for one").is_some());
        assert!((1_000..4_000).contains(&budget), "{compression:?} left {budget}");
        let asked = (0..9).filter(|_| log.offset_for_timestamp(99, &mut budget) == Err(TooMuch)).count();
        assert!(asked > 5, "{compression:?}");
        assert_eq!(log.max_timestamp(&mut budget), Err(TooMuch), "{compression:?}");
    }
}

#[test]
fn the_first_of_equal_latest_timestamps_is_found() {
    let mut log = empty_log();
    for _ in 0..4 {
        log.append(&checked(&BatchBuilder::of(3)), 0, &small_segments(), WALL_MS);
    }
    assert!(log.segments().len() > 1);
    assert_eq!(latest(&log).map(|it| it.offset), Some(0));
}

#[test]
fn a_follower_shares_the_bytes_and_refuses_what_it_has() {
    let leader = five_batches();
    let mut follower = empty_log();
    let batches: Vec<_> = leader.batches_from(0).cloned().collect();
    for batch in &batches {
        follower.append_stored(batch.clone(), &append_rules(), WALL_MS).expect("in order");
    }
    for (ours, theirs) in whole(&follower).iter().zip(whole(&leader)) {
        assert_eq!(ours.as_ptr(), theirs.as_ptr());
    }
    let again = follower.append_stored(batches[4].clone(), &append_rules(), WALL_MS);
    assert_eq!(again, Err(UnexpectedOffset { base_offset: 12, end_offset: 15 }));
}

#[test]
fn an_empty_follower_takes_a_batch_that_begins_before_the_leaders_start() {
    let mut leader = five_batches();
    leader.advance_start_offset(4);
    let mut follower = empty_log();
    follower.truncate_fully_and_start_at(4);
    let batch = leader.batches_from(4).next().expect("a batch").clone();
    follower.append_stored(batch, &append_rules(), WALL_MS).expect("the offset is within");
    assert_eq!((follower.start_offset(), follower.end_offset()), (3, 6));
    assert!(follower.advance_start_offset(4));
}

#[test]
fn chunks_are_charged_while_a_replica_holds_them() {
    let account = ChunkAccount::default();
    let mut leader = PartitionLog::charged_to(account.clone());
    assert_eq!(account.bytes(), 0);
    append(&mut leader, &BatchBuilder::of(1));
    assert_eq!(account.bytes(), 4 << 10);
    let mut follower = PartitionLog::charged_to(account.clone());
    let batch = leader.batches_from(0).next().expect("a batch").clone();
    follower.append_stored(batch, &append_rules(), WALL_MS).expect("in order");
    assert_eq!(account.bytes(), 4 << 10, "shared");
    drop(leader);
    assert_eq!(account.bytes(), 4 << 10);
    drop(follower);
    assert_eq!(account.bytes(), 0);
}

#[test]
fn a_segment_that_goes_frees_its_memory() {
    let account = ChunkAccount::default();
    let mut log = PartitionLog::charged_to(account.clone());
    let records = checked(&BatchBuilder::of(100));
    let rules = AppendRules { segment_bytes: 100_000, ..append_rules() };
    let mut before = 0;
    while log.segments().len() < 6 {
        let is_free = log.takes(records.bytes().len(), &rules) == 0;
        log.append(&records, 0, &rules, WALL_MS);
        assert_eq!(account.bytes() == before, is_free, "it was told before");
        before = account.bytes();
    }
    while let Some(dropped) = log.drop_oldest_segment() {
        assert!(before - account.bytes() >= dropped.bytes, "the memory of its batches");
        before = account.bytes();
    }
    assert!(account.bytes() <= rules.segment_bytes);
}

#[test]
fn chunks_grow_to_a_mebibyte_and_large_batches_have_their_own() {
    let account = ChunkAccount::default();
    let mut log = PartitionLog::charged_to(account.clone());
    let large = "x".repeat(700_000);
    let large = checked(&BatchBuilder::default().record(None, Some(&large), WALL_MS));
    log.append(&large, 0, &append_rules(), WALL_MS);
    assert_eq!(account.bytes(), large.bytes().len());
    log.truncate_fully_and_start_at(0);
    assert_eq!(account.bytes(), 0);

    let records = checked(&BatchBuilder::of(100));
    while log.size_bytes() < 8 << 20 {
        log.append(&records, 0, &append_rules(), WALL_MS);
    }
    assert!(account.bytes() >= log.size_bytes());
    assert!(account.bytes() - log.size_bytes() < 1 << 20, "one chunk at most is not full");
}
