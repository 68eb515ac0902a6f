use proptest::prelude::*;

use super::*;
use crate::core::log::testing::seal;
use crate::wire::ErrorCode;

const ALL: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

fn error_of(records: impl Into<Bytes>) -> (ErrorCode, FaultStage) {
    let fault = check(records.into()).expect_err("a fault");
    // A message comes only where no batch begins.
    assert_eq!(
        fault.message.is_some(),
        fault.error == ErrorCode::CorruptMessage && fault.stage == FaultStage::Request
    );
    (fault.error, fault.stage)
}

#[test]
fn batches_of_the_java_client_are_read_in_every_compression() {
    let mut seen = 0;
    for line in include_str!("java_batches.txt").lines() {
        let (name, hex) = line.split_once(' ').expect("a name and a batch");
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
            .collect();
        let records = check(bytes.into()).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        assert_eq!(records.header().record_count, 20, "{name}");
        assert_eq!(records.max_timestamp(), 1_780_000_000_019, "{name}");
        let keyless = ProduceRules { compacted: true, ..produce_rules() };
        let fault = records.validate(&keyless, WALL_MS, &"t-0").expect_err("records without a key");
        let without_key: Vec<_> = fault.record_errors.iter().map(|error| error.batch_index).collect();
        assert_eq!(without_key, [2, 5, 8, 11, 14, 17], "{name}");
        seen += 1;
    }
    assert_eq!(seen, ALL.len());
}

#[test]
fn every_compression_is_read_also_snappy_in_frames() {
    for compression in ALL {
        let batch = BatchBuilder::of(500).header("h", Some("v")).header("none", None).compressed(compression);
        assert_eq!(checked(&batch).header().record_count, 500, "{compression:?}");
        assert_eq!(checked(&batch).header().compression(), Some(compression));
    }
    let framed = BatchBuilder { xerial: true, ..BatchBuilder::of(5_000).compressed(Compression::Snappy) };
    assert_eq!(checked(&framed).header().record_count, 5_000);
}

#[test]
fn a_request_without_a_batch_or_with_two_is_an_invalid_record() {
    let one = BatchBuilder::of(1).build();
    assert_eq!(error_of(Bytes::new()), (ErrorCode::InvalidRecord, FaultStage::Request));
    assert_eq!(error_of(one.slice(..one.len() - 1)), (ErrorCode::InvalidRecord, FaultStage::Request));
    let two = [&one[..], &one[..]].concat();
    assert_eq!(error_of(two), (ErrorCode::InvalidRecord, FaultStage::Request));
}

#[test]
fn what_is_cut_off_after_the_batch_is_let_go() {
    let one = BatchBuilder::of(1).build();
    let more = [&one[..], &one[..one.len() - 1]].concat();
    let records = check(more.into()).expect("a good batch");
    assert_eq!(records.bytes(), &one);
}

#[test]
fn old_formats_are_invalid_records_and_unknown_ones_corrupt() {
    for (magic, error) in [
        (0, ErrorCode::InvalidRecord),
        (1, ErrorCode::InvalidRecord),
        (3, ErrorCode::CorruptMessage),
        (-1, ErrorCode::CorruptMessage),
    ] {
        let batch = BatchBuilder { magic, ..BatchBuilder::of(1) };
        assert_eq!(error_of(batch.build()), (error, FaultStage::Request), "{magic}");
    }
}

#[test]
fn zstandard_is_refused_before_version_7() {
    let batch = BatchBuilder::of(1).compressed(Compression::Zstd).build();
    let fault = CheckedRecords::check_at(batch.clone(), 6, &mut 1000).expect_err("too old");
    assert_eq!(fault.error, ErrorCode::UnsupportedCompressionType);
    assert!(CheckedRecords::check_at(batch, 7, &mut 1000).is_ok());
}

#[test]
fn a_wrong_crc_is_corrupt_and_one_of_a_batch_that_is_too_large_is_too_large() {
    let mut batch = BatchBuilder::of(1).build().to_vec();
    let last = batch.len() - 1;
    batch[last] ^= 1;
    let fault = check(batch.into()).expect_err("corrupt");
    assert_eq!(fault.error, ErrorCode::CorruptMessage);
    assert!(!fault.tells_log_start_offset);
    let small = ProduceRules { max_message_bytes: 20, ..produce_rules() };
    assert_eq!(fault.clone().under(&produce_rules()).error, ErrorCode::CorruptMessage);
    assert_eq!(fault.under(&small).error, ErrorCode::MessageTooLarge);
}

#[test]
fn headers_that_contradict_themselves_are_invalid_records() {
    let good = BatchBuilder::of(2);
    let wrong = [
        BatchBuilder { base_offset: 1, ..good.clone() },
        BatchBuilder { last_offset_delta: Some(2), ..good.clone() },
        BatchBuilder { last_offset_delta: Some(-1), record_count: Some(0), ..good.clone() },
        BatchBuilder { record_count: Some(-2), ..good.clone() },
        BatchBuilder { record_count: Some(1), last_offset_delta: Some(0), ..good.clone() },
        BatchBuilder { record_count: Some(3), last_offset_delta: Some(2), ..good.clone() },
        BatchBuilder { control: true, ..good.clone() },
        good.clone().producer(7, 0, -1),
    ];
    for batch in wrong {
        let fault = check(batch.build()).expect_err("a fault");
        assert_eq!(fault.error, ErrorCode::InvalidRecord, "{batch:?}");
        assert!(fault.tells_log_start_offset);
    }
}

#[test]
fn a_compressed_form_that_is_broken_is_an_unknown_error() {
    for compression in &ALL[1..] {
        let batch =
            BatchBuilder::of(2).compressed(*compression).build_around(b"no such thing, whatever it is");
        assert_eq!(error_of(batch).0, ErrorCode::UnknownServerError, "{compression:?}");
    }
    let mut batch = BatchBuilder::of(1).build().to_vec();
    batch[22] |= 5;
    seal(&mut batch);
    assert_eq!(error_of(batch).0, ErrorCode::UnknownServerError);
}

#[test]
fn records_whose_offsets_skip_are_refused_only_when_compressed() {
    let mut batch = BatchBuilder::of(2).compressed(Compression::Gzip);
    batch.records[1].offset_delta = 2;
    let judge = |batch: &BatchBuilder| {
        checked(batch).validate(&produce_rules(), WALL_MS, &"t-0").map_err(|fault| fault.error)
    };
    assert_eq!(judge(&batch), Err(ErrorCode::UnknownServerError));
    assert_eq!(judge(&batch.compressed(Compression::None)), Ok(()));
}

#[test]
fn more_than_the_limit_of_decompressed_bytes_is_too_large() {
    let zeros = vec![0; 1 << 20];
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    // A record whose value is longer than the limit.
    let length = (MOST_DECOMPRESSED + (1 << 20)) as u64;
    let mut varint = Vec::new();
    let mut rest = length << 1;
    while rest >= 0x80 {
        varint.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    varint.push(rest as u8);
    let head = [&varint[..], &[0, 0, 0, 1], &varint[..]].concat();
    std::io::Write::write_all(&mut encoder, &head).expect("memory");
    for _ in 0..(length >> 20) + 1 {
        std::io::Write::write_all(&mut encoder, &zeros).expect("memory");
    }
    let bomb = encoder.finish().expect("memory");
    assert!(bomb.len() < 1 << 20);
    let batch = BatchBuilder::of(1).compressed(Compression::Zstd).build_around(&bomb);
    assert_eq!(error_of(batch).0, ErrorCode::MessageTooLarge);
}

#[test]
fn the_batches_of_a_request_are_decompressed_within_one_budget() {
    let plain = BatchBuilder::of(3).build();
    let each = plain.len() as u64 - 61;
    for compression in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let batch = BatchBuilder::of(3).compressed(compression).build();
        let mut budget = 2 * each + 1;
        assert!(CheckedRecords::check_at(batch.clone(), 12, &mut budget).is_ok());
        assert!(
            CheckedRecords::check_at(plain.clone(), 12, &mut budget).is_ok(),
            "that one is not compressed"
        );
        assert!(CheckedRecords::check_at(batch.clone(), 12, &mut budget).is_ok());
        assert_eq!(budget, 1);
        let fault = CheckedRecords::check_at(batch, 12, &mut budget).expect_err("it is used up");
        assert_eq!(fault.error, ErrorCode::MessageTooLarge);
    }
}

const MOST_DECOMPRESSED: usize = crate::core::log::records::MOST_DECOMPRESSED_BYTES as usize;

#[test]
fn a_snappy_block_is_not_believed_about_its_length() {
    // A length of 128 MiB before nothing: the library alone would make room for all of it.
    let batch = BatchBuilder::of(1).compressed(Compression::Snappy).build_around(&[0x80, 0x80, 0x80, 0x40]);
    assert_eq!(error_of(batch).0, ErrorCode::UnknownServerError);
}

#[test]
fn a_batch_over_the_limit_is_too_large_and_one_over_a_segment_is_a_list_too_large() {
    let records = checked(&BatchBuilder::of(10));
    let size = records.bytes().len();
    let judge = |max_message_bytes, segment_bytes| {
        let rules = ProduceRules { max_message_bytes, segment_bytes, ..produce_rules() };
        records.validate(&rules, WALL_MS, &"t-0").map_err(|fault| fault.error)
    };
    assert_eq!(judge(size, size), Ok(()));
    assert_eq!(judge(size - 1, size), Err(ErrorCode::MessageTooLarge));
    assert_eq!(judge(size, size - 1), Err(ErrorCode::RecordListTooLarge));
}

#[test]
fn records_without_a_key_are_named_on_a_compacted_topic() {
    let batch = BatchBuilder::of(1).record(None, Some("a"), WALL_MS).record(None, None, WALL_MS);
    let rules = ProduceRules { compacted: true, ..produce_rules() };
    assert_eq!(checked(&batch).validate(&produce_rules(), WALL_MS, &"t-3"), Ok(()));
    let fault = checked(&batch).validate(&rules, WALL_MS, &"t-3").expect_err("keys are missing");
    assert_eq!(fault.error, ErrorCode::InvalidRecord);
    assert_eq!(
        fault.message.as_deref(),
        Some(
            "One or more records have been rejected due to 2 record errors in total, and only showing the first \
             three errors at most: [RecordError(batchIndex=1, message='Compacted topic cannot accept message \
             without key in topic partition t-3'), RecordError(batchIndex=2, message='Compacted topic cannot \
             accept message without key in topic partition t-3')]"
        )
    );
    assert_eq!(fault.record_errors.len(), 2);
    assert_eq!(
        fault.record_errors[0].message,
        "Compacted topic cannot accept message without key in topic partition t-3"
    );
}

#[test]
fn timestamps_out_of_range_are_named() {
    let hour = 3_600_000;
    let batch = BatchBuilder::of(1)
        .record(None, None, WALL_MS + hour)
        .record(None, None, WALL_MS + hour + 1)
        .record(None, None, -1)
        .record(None, None, i64::MIN);
    let rules = ProduceRules { timestamp_before_max_ms: hour, ..produce_rules() };
    let fault = checked(&batch).validate(&rules, WALL_MS, &"t-0").expect_err("out of range");
    assert_eq!(fault.error, ErrorCode::InvalidTimestamp);
    assert_eq!(
        fault.message.as_deref(),
        Some("One or more records have been rejected due to invalid timestamp")
    );
    let of: Vec<_> = fault.record_errors.iter().map(|error| error.batch_index).collect();
    assert_eq!(of, [2, 4]);
    assert_eq!(
        fault.record_errors[0].message,
        format!(
            "Timestamp {} of message with offset 2 is out of range. The timestamp should be within [{}, {}]",
            WALL_MS + hour + 1,
            WALL_MS - hour,
            WALL_MS + hour
        )
    );
    let at_append = ProduceRules { timestamp_type: TimestampType::LogAppendTime, ..rules };
    assert_eq!(checked(&batch).validate(&at_append, WALL_MS, &"t-0"), Ok(()));
}

#[test]
fn a_producer_must_not_say_that_the_broker_set_the_time() {
    let batch = BatchBuilder { log_append_time: true, ..BatchBuilder::of(1) };
    let rules = ProduceRules { timestamp_type: TimestampType::LogAppendTime, ..produce_rules() };
    let fault = checked(&batch).validate(&rules, WALL_MS, &"t-0").expect_err("not allowed");
    assert_eq!(fault.error, ErrorCode::InvalidTimestamp);
    assert_eq!(
        fault.record_errors[0].message,
        format!(
            "Invalid timestamp type in message DefaultRecord(offset=0, timestamp={WALL_MS}, key=5 bytes, value=7 \
             bytes). Producer should not set timestamp type to LogAppendTime."
        )
    );
}

fn any_compression() -> impl Strategy<Value = Compression> {
    prop::sample::select(ALL.to_vec())
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_or_taken_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = check(bytes.into());
    }

    #[test]
    fn arbitrary_records_in_a_good_header_never_panic(
        compression in any_compression(),
        count in 1..5_usize,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let batch = BatchBuilder::of(count).compressed(compression).build_around(&bytes);
        let _ = check(batch);
    }

    #[test]
    fn mutated_batches_never_panic_and_what_is_taken_can_be_appended_and_searched(
        compression in any_compression(),
        count in 1..20_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        now in any::<i64>(),
    ) {
        let mut batch = BatchBuilder::of(count).compressed(compression).producer(1, 0, 0).build().to_vec();
        for (at, byte) in changes {
            let at = at.index(batch.len());
            batch[at] = byte;
        }
        seal(&mut batch);
        if let Ok(records) = check(batch.into()) {
            let rules = ProduceRules { compacted: true, timestamp_before_max_ms: 5, ..produce_rules() };
            let _ = records.validate(&rules, now, &"t-0");
            let mut log = empty_log();
            let appended = log.append(&records, 1, &append_rules(), now);
            prop_assert_eq!(appended.base_offset, 0);
            let stored = &whole(&log)[0];
            let header = BatchHeader::read(stored).expect("a header");
            prop_assert_eq!(header.crc, crate::core::log::batch::computed_crc(stored));
            let _ = (by_time(&log, now), latest(&log));
        }
    }
}
