//! Topics that want their records compressed otherwise than they come.

use std::io::{Read, Write};
use std::time::Duration;

use super::scene::{Scene, TOPIC};
use crate::core::log::testing::{BatchBuilder, check};
use crate::core::log::{BatchHeader, CheckedRecords, Compression, Recompression};
use crate::core::testing::produce_request;
use crate::wire::{Api, ErrorCode, PartitionProduce, ProduceRequest, Request, Response};

fn request(batch: &BatchBuilder) -> ProduceRequest {
    produce_request(TOPIC, 1, 1_000, [(0, batch.build())])
}

/// As a connection does: what is to be compressed anew is so before the core is asked.
fn send(scene: &mut Scene, mut request: ProduceRequest) -> (ErrorCode, i64) {
    let connection = scene.cluster.connect(1);
    let wanted = scene.cluster.core.wanted_compression(connection, &request);
    request.recompress(&wanted);
    hand_in(scene, request)
}

fn hand_in(scene: &mut Scene, request: ProduceRequest) -> (ErrorCode, i64) {
    let answer = scene.cluster.ask(1, Api::Produce, 12, Request::Produce(request));
    let Some(Response::Produce(response)) = answer else { panic!("{answer:?}") };
    let partition = &response.responses[0].partition_responses[0];
    (ErrorCode::from(partition.error_code), partition.base_offset)
}

fn batch(count: usize) -> BatchBuilder {
    let now = Duration::from_secs(1_700_000_000).as_millis();
    let now = i64::try_from(now).unwrap();
    (0..count).fold(BatchBuilder { base_timestamp: now, ..Default::default() }, |batch, n| {
        batch.record(Some(&format!("key-{n}")), Some(&"value ".repeat(50)), now - 10).header("h", Some("v"))
    })
}

/// The batches that a broker has.
fn stored(scene: &Scene, broker: i32) -> Vec<(BatchHeader, CheckedRecords)> {
    let partition = &scene.cluster.core.partitions[&scene.partition()];
    let log = &partition.replica(broker).unwrap().log;
    let batches = log.batches_from(0).map(|batch| {
        let header = batch.header().unwrap();
        let mut bytes = log.read(header.base_offset, i64::MAX, 1, true).pieces.remove(0).to_vec();
        bytes[..8].fill(0);
        (header, check(bytes.into()).expect("it is whole, and so is its CRC"))
    });
    batches.collect()
}

#[test]
fn a_topic_has_batches_in_its_own_compression_whatever_producers_send() {
    for (name, codec) in [
        ("uncompressed", Compression::None),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ] {
        let mut scene = Scene::new(2, &[1, 2], &[("compression.type", name)]);
        for sent in
            [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
        {
            let batch = batch(3).compressed(sent).producer(5, 0, 0);
            let batch = BatchBuilder { producer_id: 5 + i64::from(sent as u8), ..batch };
            let at = send(&mut scene, request(&batch));
            assert_eq!(at.0, ErrorCode::None);
            let again = send(&mut scene, request(&batch));
            assert_eq!(again, at, "a duplicate is known");
        }
        let uncompressed = check(batch(3).build()).unwrap();
        for broker in [1, 2] {
            let stored = stored(&scene, broker);
            let offsets: Vec<_> = stored.iter().map(|(header, _)| header.base_offset).collect();
            assert_eq!(offsets, [0, 3, 6, 9, 12]);
            for (header, records) in stored {
                assert_eq!(header.compression(), Some(codec));
                assert_eq!((header.record_count, header.base_sequence), (3, 0));
                assert_eq!(records.max_timestamp(), uncompressed.max_timestamp());
                let plain = Recompression { codec: Compression::None, level: 0, most: 1 << 20 };
                let opened =
                    if records.needs(plain) { records.recompressed(plain).unwrap() } else { records };
                let body = |records: &CheckedRecords| records.bytes()[61..].to_vec();
                // The base timestamp is the first record's, not the producer's.
                let made = uncompressed.recompressed(plain).unwrap();
                assert_eq!(opened.bytes().len(), made.bytes().len());
                assert!(body(&opened) == body(&made) || body(&opened) == body(&uncompressed));
            }
        }
    }
}

#[test]
fn a_config_that_changes_while_a_request_is_on_its_way_comes_after_it() {
    let mut scene = Scene::new(1, &[1], &[("compression.type", "gzip")]);
    let connection = scene.cluster.connect(1);
    let mut early = request(&batch(3));
    let wanted = scene.cluster.core.wanted_compression(connection, &early);
    let gzip = Recompression { codec: Compression::Gzip, level: -1, most: 1_048_588 };
    assert_eq!(wanted, [Some((gzip, 1))]);
    early.recompress(&wanted);
    assert!(early.topics[0].partitions[0].recompressed.is_some());
    let late = early.clone();
    assert_eq!(hand_in(&mut scene, early).0, ErrorCode::None);
    scene.configure(1, "compression.type", "zstd");
    assert_eq!(hand_in(&mut scene, late).0, ErrorCode::None);
    assert_eq!(send(&mut scene, request(&batch(3))).0, ErrorCode::None);
    scene.configure(1, "compression.type", "producer");
    assert_eq!(send(&mut scene, request(&batch(3))).0, ErrorCode::None);
    let codecs: Vec<_> =
        stored(&scene, 1).into_iter().map(|(header, _)| header.compression().unwrap()).collect();
    assert_eq!(codecs, [Compression::Gzip, Compression::Gzip, Compression::Zstd, Compression::None]);
}

#[test]
fn a_batch_may_be_too_large_before_and_after_it_is_compressed_anew() {
    let mut scene =
        Scene::new(1, &[1], &[("compression.type", "uncompressed"), ("max.message.bytes", "500")]);
    let small = batch(3).compressed(Compression::Gzip);
    assert!(small.build().len() < 500);
    assert_eq!(send(&mut scene, request(&small)).0, ErrorCode::MessageTooLarge);
    scene.configure(1, "compression.type", "gzip");
    assert_eq!(send(&mut scene, request(&batch(3))).0, ErrorCode::MessageTooLarge);
    assert_eq!(send(&mut scene, request(&small)).0, ErrorCode::None);
}

#[test]
fn only_what_has_a_partition_and_room_in_it_is_compressed_anew() {
    let mut scene =
        Scene::new(1, &[1], &[("compression.type", "uncompressed"), ("max.message.bytes", "500")]);
    let connection = scene.cluster.connect(1);
    let mut sent = request(&batch(3).compressed(Compression::Gzip));
    let fits = request(&batch(1).compressed(Compression::Gzip)).topics[0].partitions[0].clone();
    let partitions = &mut sent.topics[0].partitions;
    partitions.push(PartitionProduce { index: 1, ..fits.clone() });
    partitions.push(PartitionProduce { index: -1, ..fits.clone() });
    let wanted = scene.cluster.core.wanted_compression(connection, &sent);
    sent.recompress(&wanted);
    let partitions = &sent.topics[0].partitions;
    let fault = partitions[0].recompressed.as_ref().unwrap().as_ref().unwrap_err();
    assert_eq!(fault.error, ErrorCode::MessageTooLarge, "and it is not kept");
    assert!(partitions[1].recompressed.is_none() && partitions[2].recompressed.is_none());
    sent.topics[0].partitions = vec![fits];
    assert_eq!(send(&mut scene, sent).0, ErrorCode::None);
}

#[test]
fn records_that_lie_about_their_lengths_are_not_compressed_anew() {
    // Apache Kafka does not hold the records of a compressed batch to their lengths, until it reads them itself.
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&batch(1).compressed(Compression::Gzip).build()[61..])
        .read_to_end(&mut plain)
        .unwrap();
    let honest = plain.clone();
    let length_at = honest.iter().position(|byte| *byte < 0x80).unwrap();
    plain[0] = plain[0].wrapping_sub(2);
    assert!(length_at > 0, "a length of two bytes or more");
    let lying = |records: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(records).unwrap();
        let body = encoder.finish().unwrap();
        check(batch(1).compressed(Compression::Gzip).build_around(&body)).expect("it can be walked")
    };
    let to = Recompression { codec: Compression::Zstd, level: 3, most: 1 << 20 };
    assert!(lying(&honest).recompressed(to).is_ok());
    assert_eq!(lying(&plain).recompressed(to).unwrap_err().error, ErrorCode::InvalidRecord);
}

#[test]
fn compressed_records_whose_offsets_skip_are_numbered_anew_only_where_they_are_compressed_anew() {
    let mut skipping = batch(2).compressed(Compression::Gzip);
    skipping.records[1].offset_delta = 5;
    let mut scene = Scene::new(1, &[1], &[("compression.type", "zstd")]);
    assert_eq!(send(&mut scene, request(&skipping)), (ErrorCode::None, 0));
    assert_eq!(send(&mut scene, request(&batch(1))), (ErrorCode::None, 2));
    scene.configure(1, "compression.type", "gzip");
    assert_eq!(send(&mut scene, request(&skipping)).0, ErrorCode::UnknownServerError);
}
