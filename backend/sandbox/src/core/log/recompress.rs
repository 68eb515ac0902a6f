//! Compresses the records of a batch anew, where the topic wants it otherwise than the producer.
//!
//! As in Apache Kafka, the batch is built anew: offsets count up from 0, attributes that nobody knows are gone, and so is
//! what the producer's own form of the compression was.

use std::io::{self, Read, Write};

use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};

use super::batch::{BatchHeader, Compression, HEADER_BYTES, assemble};
use super::check::CheckedRecords;
use super::compression::{self, write_xerial_snappy};
use super::fault::RecordsFault;
use super::own::{put_varint, put_varlong};
use super::records::{MOST_DECOMPRESSED_BYTES, WalkFault, timed_records};
use crate::wire::ErrorCode;

/// What a topic wants of its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recompression {
    /// How they are to be compressed.
    pub(crate) codec: Compression,
    /// How hard it is to try, for those codecs that can: by gzip's own scale, -1 for its default, or by Zstandard's.
    pub(crate) level: i32,
    /// How large the new batch may be, in bytes.
    pub(crate) most: usize,
}

impl CheckedRecords {
    /// Whether these records are to be compressed anew.
    pub(crate) fn needs(&self, to: Recompression) -> bool {
        self.header().compression() != Some(to.codec)
    }

    /// The same records in a batch of another form. Takes as long as compressing does: not for under a lock.
    pub(crate) fn recompressed(&self, to: Recompression) -> Result<Self, RecordsFault> {
        let fault = |fault| RecordsFault::of_walk(fault, self.bytes().len());
        let rebuilt = rebuilt(self, to).map_err(fault)?;
        // It is not kept until the rules of the topic refuse it: a small batch may become a large one.
        let size = rebuilt.bytes().len();
        if size > to.most { Err(RecordsFault::of_log(ErrorCode::MessageTooLarge, size)) } else { Ok(rebuilt) }
    }
}

fn rebuilt(records: &CheckedRecords, to: Recompression) -> Result<CheckedRecords, WalkFault> {
    let header = records.header();
    let from = header.compression().ok_or(WalkFault::Undecodable)?;
    let body = records.bytes().get(HEADER_BYTES..).ok_or(WalkFault::Invalid)?;
    let stream = compression::open(from, body).map_err(|_| WalkFault::Undecodable)?;
    let mut plain = Vec::new();
    stream.take(MOST_DECOMPRESSED_BYTES).read_to_end(&mut plain).map_err(|_| WalkFault::Undecodable)?;

    let (mut written, mut base_timestamp, mut record_count) = (Vec::with_capacity(plain.len()), None, 0);
    for record in timed_records(&plain, header) {
        let record = record?;
        let base_timestamp = *base_timestamp.get_or_insert(record.timestamp);
        let mut begin = vec![0];
        put_varlong(&mut begin, record.timestamp.wrapping_sub(base_timestamp));
        put_varint(&mut begin, record_count);
        let length = begin.len() + record.rest.len();
        put_varint(&mut written, i32::try_from(length).map_err(|_| WalkFault::TooLarge)?);
        written.extend(begin);
        written.extend(record.rest);
        record_count += 1;
    }
    let header = BatchHeader {
        base_offset: 0,
        attributes: (header.attributes & !0x07 & 0x7f) | to.codec.id(),
        last_offset_delta: record_count - 1,
        base_timestamp: base_timestamp.unwrap_or(header.base_timestamp),
        max_timestamp: records.max_timestamp(),
        record_count,
        ..*header
    };
    let body = compress(to, &written).map_err(|_| WalkFault::Undecodable)?;
    Ok(CheckedRecords::made(assemble(&header, &body).into(), header))
}

fn compress(to: Recompression, plain: &[u8]) -> io::Result<Vec<u8>> {
    Ok(match to.codec {
        Compression::None => plain.to_vec(),
        Compression::Gzip => {
            let level = u32::try_from(to.level)
                .map_or_else(|_| flate2::Compression::default(), flate2::Compression::new);
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(plain)?;
            encoder.finish()?
        }
        Compression::Snappy => write_xerial_snappy(plain)?,
        Compression::Lz4 => {
            let frame = FrameInfo::new().block_size(BlockSize::Max64KB).block_mode(BlockMode::Independent);
            let mut encoder = FrameEncoder::with_frame_info(frame, Vec::new());
            encoder.write_all(plain)?;
            encoder.finish().map_err(io::Error::other)?
        }
        Compression::Zstd => zstd::bulk::compress(plain, to.level)?,
    })
}
