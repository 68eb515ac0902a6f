//! The header of a record batch of format 2, read and written by hand.

use bytes::Bytes;

use crate::wire::crc32c;

/// Bytes of the base offset and the length, which the length itself does not count.
pub(crate) const LOG_OVERHEAD: usize = 12;
/// Bytes of a header: the least that a batch can have.
pub(crate) const HEADER_BYTES: usize = 61;
/// A timestamp that is not there.
pub(crate) const NO_TIMESTAMP: i64 = -1;
/// The only format that Apache Kafka 4 keeps.
pub(crate) const MAGIC: i8 = 2;

const LENGTH_AT: usize = 8;
const LEADER_EPOCH_AT: usize = 12;
const MAGIC_AT: usize = 16;
const CRC_AT: usize = 17;
const ATTRIBUTES_AT: usize = 21;
const LAST_OFFSET_DELTA_AT: usize = 23;
const BASE_TIMESTAMP_AT: usize = 27;
const MAX_TIMESTAMP_AT: usize = 35;
const PRODUCER_ID_AT: usize = 43;
const PRODUCER_EPOCH_AT: usize = 51;
const BASE_SEQUENCE_AT: usize = 53;
const RECORD_COUNT_AT: usize = 57;

const COMPRESSION_MASK: i16 = 0x07;
const TIMESTAMP_TYPE_BIT: i16 = 0x08;
const TRANSACTIONAL_BIT: i16 = 0x10;
const CONTROL_BIT: i16 = 0x20;
/// The bits that Apache Kafka keeps when it writes the attributes anew.
const KEPT_BITS: i16 = 0x7f;

/// What the timestamps of a batch say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimestampType {
    /// When the producer made the record.
    #[default]
    CreateTime,
    /// When the leader appended it.
    LogAppendTime,
}

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// By gzip.
    Gzip,
    /// By Snappy, raw or in the frames of the Java library.
    Snappy,
    /// By LZ4 frames.
    Lz4,
    /// By Zstandard.
    Zstd,
}

impl Compression {
    /// By its number in the attributes.
    pub(crate) fn from_id(id: i16) -> Option<Self> {
        Some(match id {
            0 => Self::None,
            1 => Self::Gzip,
            2 => Self::Snappy,
            3 => Self::Lz4,
            4 => Self::Zstd,
            _ => return None,
        })
    }

    /// Its number in the attributes.
    pub(super) fn id(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }
}

/// The header of a record batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// The offset of its first record.
    pub(crate) base_offset: i64,
    /// Bytes that follow the length itself.
    pub(crate) length: i32,
    /// The epoch of the leader that appended it; -1 from a producer.
    pub(crate) leader_epoch: i32,
    /// The format.
    pub(crate) magic: i8,
    /// CRC-32C of everything from the attributes on.
    pub(crate) crc: u32,
    /// Compression, timestamp type, transactional, control.
    pub(crate) attributes: i16,
    /// The last offset less the first.
    pub(crate) last_offset_delta: i32,
    /// What the records' timestamps are counted from.
    pub(crate) base_timestamp: i64,
    /// The latest timestamp.
    pub(crate) max_timestamp: i64,
    /// Of an idempotent producer; otherwise -1.
    pub(crate) producer_id: i64,
    /// Of that producer.
    pub(crate) producer_epoch: i16,
    /// The sequence number of the first record; otherwise -1.
    pub(crate) base_sequence: i32,
    /// How many records there are.
    pub(crate) record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the beginning of `bytes`; `None` if they are fewer than [`HEADER_BYTES`].
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        Some(Self {
            base_offset: i64::from_be_bytes(field(header, 0)),
            length: i32::from_be_bytes(field(header, LENGTH_AT)),
            leader_epoch: i32::from_be_bytes(field(header, LEADER_EPOCH_AT)),
            magic: i8::from_be_bytes(field(header, MAGIC_AT)),
            crc: u32::from_be_bytes(field(header, CRC_AT)),
            attributes: i16::from_be_bytes(field(header, ATTRIBUTES_AT)),
            last_offset_delta: i32::from_be_bytes(field(header, LAST_OFFSET_DELTA_AT)),
            base_timestamp: i64::from_be_bytes(field(header, BASE_TIMESTAMP_AT)),
            max_timestamp: i64::from_be_bytes(field(header, MAX_TIMESTAMP_AT)),
            producer_id: i64::from_be_bytes(field(header, PRODUCER_ID_AT)),
            producer_epoch: i16::from_be_bytes(field(header, PRODUCER_EPOCH_AT)),
            base_sequence: i32::from_be_bytes(field(header, BASE_SEQUENCE_AT)),
            record_count: i32::from_be_bytes(field(header, RECORD_COUNT_AT)),
        })
    }

    /// The offset of its last record.
    pub(crate) fn last_offset(&self) -> i64 {
        self.base_offset.wrapping_add(i64::from(self.last_offset_delta))
    }

    /// How its records are compressed; `None` for a number that stands for nothing.
    pub(crate) fn compression(&self) -> Option<Compression> {
        Compression::from_id(self.attributes & COMPRESSION_MASK)
    }

    /// What its timestamps say.
    pub(crate) fn timestamp_type(&self) -> TimestampType {
        if self.attributes & TIMESTAMP_TYPE_BIT == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether it belongs to a transaction.
    pub(crate) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_BIT != 0
    }

    /// Whether it is a marker that a broker wrote.
    pub(crate) fn is_control(&self) -> bool {
        self.attributes & CONTROL_BIT != 0
    }

    /// Whether an idempotent producer made it.
    pub(crate) fn has_producer_id(&self) -> bool {
        self.producer_id > -1
    }

    /// The sequence number of its last record; -1 without one.
    pub(crate) fn last_sequence(&self) -> i32 {
        match self.base_sequence {
            -1 => -1,
            base => increment_sequence(base, self.last_offset_delta),
        }
    }
}

/// Adds to a sequence number; after `i32::MAX` comes 0.
pub(crate) fn increment_sequence(sequence: i32, by: i32) -> i32 {
    let sum = i64::from(sequence) + i64::from(by);
    let wrapped = if sum > i64::from(i32::MAX) { sum - i64::from(i32::MAX) - 1 } else { sum };
    i32::try_from(wrapped).unwrap_or(-1)
}

/// Takes from a sequence number; before 0 comes `i32::MAX`.
pub(crate) fn decrement_sequence(sequence: i32, by: i32) -> i32 {
    let difference = i64::from(sequence) - i64::from(by);
    let wrapped = if difference < 0 { difference + i64::from(i32::MAX) + 1 } else { difference };
    i32::try_from(wrapped).unwrap_or(-1)
}

/// CRC-32C of a batch, as its header should have it.
pub(crate) fn computed_crc(batch: &[u8]) -> u32 {
    crc32c(batch.get(ATTRIBUTES_AT..).unwrap_or_default())
}

/// Writes what the leader decides: the offset of the first record, and its own epoch. The CRC does not cover them.
///
/// Does nothing to bytes that are fewer than a header.
pub(crate) fn write_place(batch: &mut [u8], base_offset: i64, leader_epoch: i32) {
    if let Some(header) = batch.first_chunk_mut::<HEADER_BYTES>() {
        header[..LENGTH_AT].copy_from_slice(&base_offset.to_be_bytes());
        header[LEADER_EPOCH_AT..MAGIC_AT].copy_from_slice(&leader_epoch.to_be_bytes());
    }
}

/// Writes the timestamp type, the latest timestamp and the CRC anew, if they are not so already.
///
/// Does nothing to bytes that are fewer than a header.
pub(crate) fn write_max_timestamp(batch: &mut [u8], timestamp_type: TimestampType, max_timestamp: i64) {
    let Some(header) = BatchHeader::read(batch) else { return };
    if header.timestamp_type() == timestamp_type && header.max_timestamp == max_timestamp {
        return;
    }
    let bit = match timestamp_type {
        TimestampType::CreateTime => 0,
        TimestampType::LogAppendTime => TIMESTAMP_TYPE_BIT,
    };
    let attributes = (header.attributes & KEPT_BITS & !TIMESTAMP_TYPE_BIT) | bit;
    batch[ATTRIBUTES_AT..LAST_OFFSET_DELTA_AT].copy_from_slice(&attributes.to_be_bytes());
    batch[MAX_TIMESTAMP_AT..PRODUCER_ID_AT].copy_from_slice(&max_timestamp.to_be_bytes());
    let crc = computed_crc(batch);
    batch[CRC_AT..ATTRIBUTES_AT].copy_from_slice(&crc.to_be_bytes());
}

/// Makes a batch of a header and its records as they stand in it: the length and the CRC are those of the whole.
pub(super) fn assemble(header: &BatchHeader, records: &[u8]) -> Vec<u8> {
    let length = HEADER_BYTES - LOG_OVERHEAD + records.len();
    let mut batch = Vec::with_capacity(HEADER_BYTES + records.len());
    batch.extend(header.base_offset.to_be_bytes());
    batch.extend(i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
    batch.extend(header.leader_epoch.to_be_bytes());
    batch.extend(MAGIC.to_be_bytes());
    batch.extend([0; ATTRIBUTES_AT - CRC_AT]);
    batch.extend(header.attributes.to_be_bytes());
    batch.extend(header.last_offset_delta.to_be_bytes());
    batch.extend(header.base_timestamp.to_be_bytes());
    batch.extend(header.max_timestamp.to_be_bytes());
    batch.extend(header.producer_id.to_be_bytes());
    batch.extend(header.producer_epoch.to_be_bytes());
    batch.extend(header.base_sequence.to_be_bytes());
    batch.extend(header.record_count.to_be_bytes());
    batch.extend(records);
    let crc = computed_crc(&batch);
    batch[CRC_AT..ATTRIBUTES_AT].copy_from_slice(&crc.to_be_bytes());
    batch
}

/// A frame of record batches, split.
#[derive(Debug)]
pub(crate) enum NextBatch {
    /// A batch, as long as it says.
    Batch(Bytes),
    /// Too few bytes for another.
    End,
    /// The bytes cannot be a batch; why, in Kafka's words.
    Corrupt(String),
}

/// Takes the next batch from `records`, by the rules by which Apache Kafka finds batches in memory: a batch that is cut
/// off is none.
pub(crate) fn next_batch(records: &mut Bytes) -> NextBatch {
    const LEAST_LENGTH: i32 = 14;
    let Some(overhead) = records.first_chunk::<LOG_OVERHEAD>() else { return NextBatch::End };
    let length = i32::from_be_bytes(field(overhead, LENGTH_AT));
    if length < LEAST_LENGTH {
        return NextBatch::Corrupt(format!(
            "Record size {length} is less than the minimum record overhead ({LEAST_LENGTH})"
        ));
    }
    let Some(&magic) = records.get(MAGIC_AT) else { return NextBatch::End };
    let magic = i8::from_be_bytes([magic]);
    if !(0..=MAGIC).contains(&magic) {
        return NextBatch::Corrupt(format!("Invalid magic found in record: {magic}"));
    }
    let size = LOG_OVERHEAD + usize::try_from(length).unwrap_or(usize::MAX - LOG_OVERHEAD);
    if records.len() < size {
        return NextBatch::End;
    }
    NextBatch::Batch(records.split_to(size))
}

/// The format of what [`next_batch`] gave.
pub(crate) fn magic_of(batch: &[u8]) -> i8 {
    batch.get(MAGIC_AT).map_or(-1, |&magic| i8::from_be_bytes([magic]))
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
