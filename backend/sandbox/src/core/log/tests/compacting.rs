//! What is left of a broker's own records when they are compacted.

use super::*;

const DAY_MS: i64 = 24 * 3_600_000;
/// Apache Kafka's defaults.
const RULES: CompactRules = CompactRules { dirty_ratio: 0.5, delete_retention_ms: DAY_MS };

/// Appends records, each as `key=value` or as `key` for a tombstone, as one batch.
fn append_keyed(log: &mut PartitionLog, records: &[&str], rules: &AppendRules, now_ms: i64) {
    let records: Vec<_> = records
        .iter()
        .map(|record| {
            let (key, value) =
                record.split_once('=').map_or((*record, None), |(key, value)| (key, Some(value)));
            let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
            KeyedRecord { key: bytes(key), value: value.map(bytes) }
        })
        .collect();
    log.append(&CheckedRecords::of_broker(&records, now_ms), 4, rules, now_ms);
}

/// Each batch with its offsets and records; its CRC is right.
fn kept(log: &PartitionLog) -> Vec<String> {
    let batches = log.batches_from(0).map(|batch| {
        let header = batch.header().expect("a header");
        assert_eq!(header.crc, super::batch::computed_crc(&batch.bytes));
        assert_eq!((header.leader_epoch, header.last_offset()), (4, batch.last_offset));
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).expect("text");
        let records = batch.keyed_records().map(|record| match &record.value {
            Some(value) => format!(" {}={}", text(&record.key), text(value)),
            None => format!(" {}", text(&record.key)),
        });
        format!("{}-{}:{}", batch.base_offset, batch.last_offset, records.collect::<String>())
    });
    batches.collect()
}

/// Every batch in a segment of its own.
fn one_batch_each() -> AppendRules {
    AppendRules { segment_bytes: 1, ..append_rules() }
}

fn log_of(batches: &[&[&str]]) -> PartitionLog {
    let mut log = empty_log();
    for batch in batches {
        append_keyed(&mut log, batch, &one_batch_each(), WALL_MS);
    }
    log
}

#[test]
fn of_each_key_the_last_record_is_kept_at_its_offset() {
    let mut log = log_of(&[&["a=1", "b=1"], &["a=2"], &["c=1", "a=3", "d=1"], &["b=2"]]);
    log.compact(7, &RULES, WALL_MS);
    assert_eq!(kept(&log), ["3-5: c=1 a=3 d=1", "6-6: b=2"]);
    assert_eq!((log.start_offset(), log.end_offset(), log.segments().len()), (0, 7, 2));
    let bytes: usize = whole(&log).iter().map(Bytes::len).sum();
    assert_eq!(log.size_bytes(), bytes);
    append_keyed(&mut log, &["c=2", "e=1"], &one_batch_each(), WALL_MS);
    append_keyed(&mut log, &["d=2"], &one_batch_each(), WALL_MS);
    log.compact(10, &RULES, WALL_MS);
    assert_eq!(kept(&log), ["3-5: a=3", "6-6: b=2", "7-8: c=2 e=1", "9-9: d=2"]);
}

#[test]
fn neither_the_active_segment_nor_what_is_not_committed_is_touched() {
    let mut log = log_of(&[&["a=1"], &["a=2"], &["a=3"], &["a=4"]]);
    let all = kept(&log);
    log.compact(0, &RULES, WALL_MS);
    assert_eq!(kept(&log), all);
    log.compact(2, &RULES, WALL_MS);
    assert_eq!(kept(&log), ["1-1: a=2", "2-2: a=3", "3-3: a=4"]);
    let mut log = empty_log();
    append_keyed(&mut log, &["a=1"], &append_rules(), WALL_MS);
    append_keyed(&mut log, &["a=2"], &append_rules(), WALL_MS);
    log.compact(2, &RULES, WALL_MS);
    assert_eq!(kept(&log), ["0-0: a=1", "1-1: a=2"]);
}

#[test]
fn tombstones_are_kept_for_a_day() {
    let mut log = log_of(&[&["a=1", "b=1"], &["a"], &["c=1"], &["d=1"]]);
    log.compact(5, &RULES, WALL_MS);
    assert_eq!(kept(&log), ["0-1: b=1", "2-2: a", "3-3: c=1", "4-4: d=1"]);
    for value in ["e=1", "e=2", "e=3", "e=4"] {
        append_keyed(&mut log, &[value], &one_batch_each(), WALL_MS);
    }
    log.compact(9, &RULES, WALL_MS + DAY_MS + 1);
    assert_eq!(kept(&log), ["0-1: b=1", "3-3: c=1", "4-4: d=1", "8-8: e=4"]);
}

#[test]
fn it_waits_until_more_than_the_configured_part_is_new() {
    let mut log = log_of(&[&["a=1"], &["b=1"], &["c=1"], &["d=1"]]);
    log.compact(4, &RULES, WALL_MS);
    append_keyed(&mut log, &["d=2"], &one_batch_each(), WALL_MS);
    log.compact(5, &RULES, WALL_MS);
    assert_eq!(log.segments().len(), 3, "one of four is new");
    append_keyed(&mut log, &["d=3"], &one_batch_each(), WALL_MS);
    append_keyed(&mut log, &["d=4"], &one_batch_each(), WALL_MS);
    log.compact(7, &RULES, WALL_MS);
    assert_eq!(log.segments().len(), 5, "three of six are new");
    log.compact(7, &CompactRules { dirty_ratio: 0.4, ..RULES }, WALL_MS);
    assert_eq!(kept(&log), ["0-0: a=1", "1-1: b=1", "2-2: c=1", "6-6: d=4"]);
}

#[test]
fn tombstones_are_kept_for_as_long_as_is_configured() {
    let mut log = log_of(&[&["a=1"], &["a"], &["b=1"]]);
    let rules = CompactRules { dirty_ratio: 0.0, delete_retention_ms: 10 };
    log.compact(3, &rules, WALL_MS + 10);
    assert_eq!(kept(&log), ["1-1: a", "2-2: b=1"]);
    append_keyed(&mut log, &["c=1"], &one_batch_each(), WALL_MS);
    log.compact(4, &rules, WALL_MS + 11);
    assert_eq!(kept(&log), ["2-2: b=1", "3-3: c=1"]);
}
