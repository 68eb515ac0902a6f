//! Makes record batches for tests, as producers make them.

use std::io::Write;

use bytes::Bytes;

use super::CheckedRecords;
use super::batch::computed_crc;
use super::fault::RecordsFault;

pub(crate) use super::batch::Compression;

/// A time at which tests play: a plain day of 2026.
pub(crate) const WALL_MS: i64 = 1_780_000_000_000;

/// A record batch to be made. Every field can be made wrong.
#[derive(Clone, Debug)]
pub(crate) struct BatchBuilder {
    pub(crate) base_offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) magic: i8,
    pub(crate) compression: Compression,
    /// Whether Snappy is framed as the Java library does.
    pub(crate) xerial: bool,
    pub(crate) log_append_time: bool,
    pub(crate) transactional: bool,
    pub(crate) control: bool,
    /// Of the records; the header has the latest of them unless `max_timestamp` is given.
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: Option<i64>,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    pub(crate) record_count: Option<i32>,
    pub(crate) last_offset_delta: Option<i32>,
    pub(crate) records: Vec<TestRecord>,
}

/// A record of such a batch.
#[derive(Clone, Debug)]
pub(crate) struct TestRecord {
    pub(crate) offset_delta: i32,
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self {
            base_offset: 0,
            leader_epoch: -1,
            magic: 2,
            compression: Compression::None,
            xerial: false,
            log_append_time: false,
            transactional: false,
            control: false,
            base_timestamp: WALL_MS,
            max_timestamp: None,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: None,
            last_offset_delta: None,
            records: Vec::new(),
        }
    }
}

impl BatchBuilder {
    /// A batch of `count` records with keys, all at [`WALL_MS`].
    pub(crate) fn of(count: usize) -> Self {
        (0..count).fold(Self::default(), |batch, n| {
            batch.record(Some(&format!("key-{n}")), Some(&format!("value-{n}")), WALL_MS)
        })
    }

    /// Adds a record.
    pub(crate) fn record(mut self, key: Option<&str>, value: Option<&str>, timestamp: i64) -> Self {
        self.records.push(TestRecord {
            offset_delta: i32::try_from(self.records.len()).expect("few records"),
            timestamp,
            key: key.map(|key| key.as_bytes().to_vec()),
            value: value.map(|value| value.as_bytes().to_vec()),
            headers: Vec::new(),
        });
        self
    }

    /// Adds a header to the last record.
    pub(crate) fn header(mut self, key: &str, value: Option<&str>) -> Self {
        let record = self.records.last_mut().expect("a record");
        record.headers.push((key.as_bytes().to_vec(), value.map(|value| value.as_bytes().to_vec())));
        self
    }

    /// Compresses the records; Snappy raw, as librdkafka does.
    pub(crate) fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Comes from an idempotent producer.
    pub(crate) fn producer(mut self, id: i64, epoch: i16, base_sequence: i32) -> Self {
        (self.producer_id, self.producer_epoch, self.base_sequence) = (id, epoch, base_sequence);
        self
    }

    /// Belongs to a transaction.
    pub(crate) fn transactional(mut self) -> Self {
        self.transactional = true;
        self
    }

    /// A marker that ends a transaction.
    pub(crate) fn marker(producer_id: i64, epoch: i16, is_commit: bool, coordinator_epoch: i32) -> Self {
        let mut batch =
            Self::default().record(None, None, WALL_MS).producer(producer_id, epoch, -1).transactional();
        batch.control = true;
        let record = batch.records.last_mut().expect("a record");
        record.key = Some([0_i16.to_be_bytes(), i16::from(is_commit).to_be_bytes()].concat());
        record.value = Some([&0_i16.to_be_bytes()[..], &coordinator_epoch.to_be_bytes()].concat());
        batch
    }

    /// The batch as it is on the wire.
    pub(crate) fn build(&self) -> Bytes {
        let mut records = Vec::new();
        for record in &self.records {
            let mut body = vec![0];
            put_varlong(&mut body, record.timestamp.wrapping_sub(self.base_timestamp));
            put_varlong(&mut body, i64::from(record.offset_delta));
            put_field(&mut body, record.key.as_deref());
            put_field(&mut body, record.value.as_deref());
            put_varlong(&mut body, i64::try_from(record.headers.len()).expect("few headers"));
            for (key, value) in &record.headers {
                put_field(&mut body, Some(key));
                put_field(&mut body, value.as_deref());
            }
            put_field(&mut records, Some(&body));
        }
        self.build_around(&compress(self.compression, self.xerial, &records))
    }

    /// The batch around bytes that may be no records.
    pub(crate) fn build_around(&self, records: &[u8]) -> Bytes {
        let count = i32::try_from(self.records.len()).expect("few records");
        let latest = self.records.iter().map(|record| record.timestamp).max().unwrap_or(-1);
        let mut batch = Vec::new();
        batch.extend(self.base_offset.to_be_bytes());
        batch.extend(i32::try_from(49 + records.len()).expect("a small batch").to_be_bytes());
        batch.extend(self.leader_epoch.to_be_bytes());
        batch.extend(self.magic.to_be_bytes());
        batch.extend([0; 4]);
        batch.extend(self.attributes().to_be_bytes());
        batch.extend(self.last_offset_delta.unwrap_or(count - 1).to_be_bytes());
        batch.extend(self.base_timestamp.to_be_bytes());
        batch.extend(self.max_timestamp.unwrap_or(latest).to_be_bytes());
        batch.extend(self.producer_id.to_be_bytes());
        batch.extend(self.producer_epoch.to_be_bytes());
        batch.extend(self.base_sequence.to_be_bytes());
        batch.extend(self.record_count.unwrap_or(count).to_be_bytes());
        batch.extend(records);
        seal(&mut batch);
        batch.into()
    }

    fn attributes(&self) -> i16 {
        let compression = match self.compression {
            Compression::None => 0,
            Compression::Gzip => 1,
            Compression::Snappy => 2,
            Compression::Lz4 => 3,
            Compression::Zstd => 4,
        };
        compression
            | i16::from(self.log_append_time) << 3
            | i16::from(self.transactional) << 4
            | i16::from(self.control) << 5
    }
}

/// Looks through the records of a Produce request of a version that allows every compression.
pub(crate) fn check(records: Bytes) -> Result<CheckedRecords, RecordsFault> {
    CheckedRecords::check_at(records, i16::MAX, &mut { super::MOST_DECOMPRESSED_BYTES })
}

/// Writes the CRC of a batch anew, after its bytes were changed.
pub(crate) fn seal(batch: &mut [u8]) {
    let crc = computed_crc(batch);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
}

fn compress(compression: Compression, xerial: bool, records: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => records.to_vec(),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(records).expect("memory");
            encoder.finish().expect("memory")
        }
        Compression::Snappy if xerial => {
            let mut framed = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
            for block in records.chunks(32 << 10) {
                let block = snap::raw::Encoder::new().compress_vec(block).expect("a small block");
                framed.extend(u32::try_from(block.len()).expect("a small block").to_be_bytes());
                framed.extend(block);
            }
            framed
        }
        Compression::Snappy => snap::raw::Encoder::new().compress_vec(records).expect("a small batch"),
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(records).expect("memory");
            encoder.finish().expect("memory")
        }
        Compression::Zstd => zstd::encode_all(records, 3).expect("memory"),
    }
}

fn put_field(into: &mut Vec<u8>, field: Option<&[u8]>) {
    match field {
        None => put_varlong(into, -1),
        Some(field) => {
            put_varlong(into, i64::try_from(field.len()).expect("a small field"));
            into.extend(field);
        }
    }
}

fn put_varlong(into: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        into.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    into.push(rest as u8);
}
