//! Records that a broker writes itself, into its own topics; read back, they are its memory.

use bytes::Bytes;

use super::batch::{BatchHeader, MAGIC, assemble};
use super::check::CheckedRecords;
use super::records::plain_records;
use super::segment::StoredBatch;

/// What a record takes beside key and value: attributes, no time and no headers, and four numbers as long as can be.
const MOST_OVERHEAD: usize = 3 + 4 * 5;

/// A record by key; without a value, it says that there is none any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyedRecord {
    /// What it is about.
    pub(crate) key: Bytes,
    /// The value, or a tombstone.
    pub(crate) value: Option<Bytes>,
}

impl KeyedRecord {
    /// How many bytes of a batch it takes at most.
    pub(crate) fn most_bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Bytes::len) + MOST_OVERHEAD
    }
}

impl CheckedRecords {
    /// A batch of a broker's own records, all of this moment: not compressed, of no producer.
    pub(crate) fn of_broker(records: &[KeyedRecord], now_wall_ms: i64) -> Self {
        let mut bytes = Vec::new();
        for (offset_delta, record) in (0..).zip(records) {
            put_record(&mut bytes, offset_delta, record);
        }
        let count = i32::try_from(records.len()).unwrap_or(i32::MAX);
        let header = BatchHeader {
            base_offset: 0,
            length: 0,
            leader_epoch: -1,
            magic: MAGIC,
            crc: 0,
            attributes: 0,
            last_offset_delta: count - 1,
            base_timestamp: now_wall_ms,
            max_timestamp: now_wall_ms,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: count,
        };
        Self::made(assemble(&header, &bytes).into(), header)
    }
}

impl StoredBatch {
    /// The records of a batch that [`CheckedRecords::of_broker`] made, or what compaction has left of it.
    pub(crate) fn keyed_records(&self) -> impl Iterator<Item = KeyedRecord> {
        plain_records(&self.bytes).filter_map(|record| {
            Some(KeyedRecord {
                key: self.bytes.slice_ref(record.key?),
                value: record.value.map(|value| self.bytes.slice_ref(value)),
            })
        })
    }
}

fn put_record(bytes: &mut Vec<u8>, offset_delta: i32, record: &KeyedRecord) {
    let mut body = vec![0];
    put_varint(&mut body, 0);
    put_varint(&mut body, offset_delta);
    put_field(&mut body, Some(&record.key));
    put_field(&mut body, record.value.as_ref());
    put_varint(&mut body, 0);
    put_varint(bytes, i32::try_from(body.len()).unwrap_or(i32::MAX));
    bytes.extend(body);
}

fn put_field(bytes: &mut Vec<u8>, field: Option<&Bytes>) {
    match field {
        None => put_varint(bytes, -1),
        Some(field) => {
            put_varint(bytes, i32::try_from(field.len()).unwrap_or(i32::MAX));
            bytes.extend(field);
        }
    }
}

/// A number as records have them: zigzag, seven bits a byte.
pub(super) fn put_varint(bytes: &mut Vec<u8>, value: i32) {
    put_varlong(bytes, i64::from(value));
}

/// The same with up to 64 bits.
pub(super) fn put_varlong(bytes: &mut Vec<u8>, value: i64) {
    let mut left = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while left >= 0x80 {
        bytes.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
}
