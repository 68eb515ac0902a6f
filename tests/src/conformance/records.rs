//! Record batches, made byte by byte so that they can be wrong, and shown as text.

use std::fmt::Write;

use bytes::{BufMut, Bytes, BytesMut};
use kacrab_protocol::crc::crc32c;

/// The length of a batch's head, from its base offset to its count of records.
const HEAD: usize = 61;
/// Where the checked part of a batch begins.
const CHECKED_FROM: usize = 21;

/// A record to be put into a batch.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Its key.
    pub key: Option<&'static str>,
    /// Its value.
    pub value: Option<String>,
    /// Added to the batch's first timestamp, in ms.
    pub timestamp_delta: i64,
    /// Its headers.
    pub headers: Vec<(&'static str, Option<&'static str>)>,
}

/// A batch of records, version 2, with every field of its head.
#[derive(Clone, Debug)]
pub struct Batch {
    /// 0 from a producer.
    pub base_offset: i64,
    /// -1 from a producer.
    pub leader_epoch: i32,
    /// 2.
    pub magic: i8,
    /// Compression, kind of timestamp, transactional, control.
    pub attributes: i16,
    /// One less than the count, unless it shall be wrong.
    pub last_offset_delta: Option<i32>,
    /// In ms since 1970.
    pub first_timestamp: i64,
    /// The greatest of the records' timestamps unless given.
    pub max_timestamp: Option<i64>,
    /// -1: not idempotent.
    pub producer_id: i64,
    /// -1: not idempotent.
    pub producer_epoch: i16,
    /// -1: not idempotent.
    pub base_sequence: i32,
    /// How many there are said to be; as many as there are unless given.
    pub count: Option<i32>,
    /// The records.
    pub records: Vec<Record>,
    /// Added to the right checksum.
    pub crc_error: u32,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            base_offset: 0,
            leader_epoch: -1,
            magic: 2,
            attributes: 0,
            last_offset_delta: None,
            first_timestamp: super::now_ms(),
            max_timestamp: None,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            count: None,
            records: vec![Record { key: Some("k"), value: Some("v".to_owned()), ..Record::default() }],
            crc_error: 0,
        }
    }
}

impl Batch {
    /// A batch of these values, each with the key `k`.
    pub fn of(values: &[&str]) -> Self {
        let records = values.iter().map(|value| Record {
            key: Some("k"),
            value: Some((*value).to_owned()),
            ..Record::default()
        });
        Self { records: records.collect(), ..Self::default() }
    }

    /// The same from this producer.
    pub fn from_producer(mut self, id: i64, epoch: i16, sequence: i32) -> Self {
        (self.producer_id, self.producer_epoch, self.base_sequence) = (id, epoch, sequence);
        self
    }

    /// The batch as bytes.
    pub fn bytes(&self) -> Bytes {
        let count = i32::try_from(self.records.len()).expect("few records");
        let mut checked = BytesMut::new();
        checked.put_i16(self.attributes);
        checked.put_i32(self.last_offset_delta.unwrap_or(count - 1));
        checked.put_i64(self.first_timestamp);
        let greatest = self.records.iter().map(|record| record.timestamp_delta).max().unwrap_or_default();
        checked.put_i64(self.max_timestamp.unwrap_or(self.first_timestamp + greatest));
        checked.put_i64(self.producer_id);
        checked.put_i16(self.producer_epoch);
        checked.put_i32(self.base_sequence);
        checked.put_i32(self.count.unwrap_or(count));
        for (offset, record) in (0..).zip(&self.records) {
            put_record(&mut checked, offset, record);
        }
        let mut batch = BytesMut::new();
        batch.put_i64(self.base_offset);
        batch.put_i32(i32::try_from(checked.len() + 9).expect("a small batch"));
        batch.put_i32(self.leader_epoch);
        batch.put_i8(self.magic);
        batch.put_u32(crc32c(&checked).wrapping_add(self.crc_error));
        batch.put(checked);
        batch.freeze()
    }
}

fn put_record(buffer: &mut BytesMut, offset: i64, record: &Record) {
    let mut body = BytesMut::new();
    body.put_i8(0);
    put_varint(&mut body, record.timestamp_delta);
    put_varint(&mut body, offset);
    put_bytes(&mut body, record.key);
    put_bytes(&mut body, record.value.as_deref());
    put_varint(&mut body, i64::try_from(record.headers.len()).expect("few headers"));
    for (key, value) in &record.headers {
        put_bytes(&mut body, Some(key));
        put_bytes(&mut body, *value);
    }
    put_varint(buffer, i64::try_from(body.len()).expect("a small record"));
    buffer.put(body);
}

fn put_bytes(buffer: &mut BytesMut, bytes: Option<&str>) {
    match bytes {
        None => put_varint(buffer, -1),
        Some(bytes) => {
            put_varint(buffer, i64::try_from(bytes.len()).expect("a short text"));
            buffer.put_slice(bytes.as_bytes());
        }
    }
}

fn put_varint(buffer: &mut BytesMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        buffer.put_u8((rest as u8) | 0x80);
        rest >>= 7;
    }
    buffer.put_u8(rest as u8);
}

/// What a broker returned as records: the head of each batch, and its records when they are not compressed. The last
/// batch may be cut off, as Kafka's may.
pub fn show(mut records: &[u8]) -> String {
    let mut shown = String::from("[");
    while !records.is_empty() {
        if shown.len() > 1 {
            shown.push_str(", ");
        }
        let length = records.get(8..12).map(|length| int(length) as usize + 12);
        match length {
            Some(length) if length >= HEAD && length <= records.len() => {
                show_batch(&mut shown, &records[..length]);
                records = &records[length..];
            }
            _ => {
                write!(shown, "{} bytes of a batch", records.len()).ok();
                break;
            }
        }
    }
    shown + "]"
}

fn show_batch(shown: &mut String, batch: &[u8]) {
    let field = |from: usize, to: usize| int(&batch[from..to]);
    let stored = u32::try_from(field(17, 21) & 0xffff_ffff).unwrap_or_default();
    let crc = if crc32c(&batch[CHECKED_FROM..]) == stored { "right" } else { "wrong" };
    write!(
        shown,
        "{{ base_offset: {}, bytes: {}, partition_leader_epoch: {}, magic: {}, crc: {crc}, attributes: {}, \
         last_offset_delta: {}, first_timestamp: {}, max_timestamp: {}, producer_id: {}, producer_epoch: {}, \
         base_sequence: {}, count: {}, records: [",
        field(0, 8),
        batch.len(),
        field(12, 16),
        field(16, 17),
        field(21, 23),
        field(23, 27),
        field(27, 35),
        field(35, 43),
        field(43, 51),
        field(51, 53),
        field(53, 57),
        field(57, 61),
    )
    .ok();
    let compressed = field(21, 23) & 7 != 0;
    if compressed {
        shown.push_str("compressed");
    } else {
        let mut rest = &batch[HEAD..];
        while let Some(record) = show_record(&mut rest) {
            write!(shown, "{record}; ").ok();
        }
    }
    shown.push_str("] }");
}

fn show_record(rest: &mut &[u8]) -> Option<String> {
    varint(rest)?;
    *rest = rest.get(1..)?;
    let (timestamp, offset) = (varint(rest)?, varint(rest)?);
    let (key, value) = (bytes(rest)?, bytes(rest)?);
    let headers = varint(rest)?;
    let headers: Option<Vec<_>> = (0..headers).map(|_| Some((bytes(rest)?, bytes(rest)?))).collect();
    Some(format!("+{offset} at +{timestamp} {key}={value} {:?}", headers?))
}

fn bytes(rest: &mut &[u8]) -> Option<String> {
    let Ok(length) = usize::try_from(varint(rest)?) else { return Some("null".to_owned()) };
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    let text = String::from_utf8_lossy(bytes);
    Some(if text.len() > 40 { format!("{} bytes", bytes.len()) } else { text.into_owned() })
}

fn varint(rest: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

/// A big-endian integer with a sign.
fn int(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |byte| i64::from(byte.cast_signed()));
    bytes.iter().skip(1).fold(first, |value, byte| (value << 8) | i64::from(*byte))
}
