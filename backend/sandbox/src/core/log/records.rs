//! Walks the records of a batch without keeping them.

use std::io::BufRead;

use super::batch::{BatchHeader, Compression, HEADER_BYTES, TimestampType};
use super::compression;

/// The most that the records of all batches of a request may be, decompressed.
///
/// Apache Kafka has no such limit; no client makes requests like that.
pub(crate) const MOST_DECOMPRESSED_BYTES: u64 = 64 << 20;

/// A record, less its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHead {
    /// Its offset less the batch's first.
    pub(crate) offset_delta: i32,
    /// Milliseconds since 1970, or -1; for `LogAppendTime` the batch's.
    pub(crate) timestamp: i64,
    /// Bytes of its key; `None` if it has none.
    pub(crate) key_bytes: Option<u32>,
    /// Bytes of its value; `None` if it has none.
    pub(crate) value_bytes: Option<u32>,
}

/// Why the records of a batch cannot be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkFault {
    /// They are no records, or not as many as the header says.
    Invalid,
    /// The compressed form is broken.
    Undecodable,
    /// They are more than they may be, decompressed.
    TooLarge,
}

/// The records of a batch, one after the other; ends after the first fault.
pub(crate) struct Records<'a> {
    source: Source<'a>,
    header: BatchHeader,
    left: i32,
}

impl<'a> Records<'a> {
    /// The records of `batch`, whose header has been read; at most so many bytes of compressed ones.
    pub(crate) fn of(header: &BatchHeader, batch: &'a [u8], most: u64) -> Result<Self, WalkFault> {
        let records = batch.get(HEADER_BYTES..).ok_or(WalkFault::Invalid)?;
        let compression = header.compression().ok_or(WalkFault::Undecodable)?;
        let source = match compression {
            Compression::None => Source::Plain(records),
            _ => Source::Compressed(Compressed {
                stream: compression::open(compression, records).map_err(|_| WalkFault::Undecodable)?,
                left: most,
            }),
        };
        Ok(Self { source, header: *header, left: header.record_count })
    }

    /// How many more bytes of compressed records there may be.
    pub(crate) fn left_of(&self, most: u64) -> u64 {
        match &self.source {
            Source::Plain(_) => most,
            Source::Compressed(compressed) => compressed.left,
        }
    }

    fn head(&mut self) -> Result<RecordHead, WalkFault> {
        let head = match &mut self.source {
            Source::Plain(rest) => plain_record(rest, &self.header),
            // Apache Kafka does not hold the records of a compressed batch to their lengths either.
            Source::Compressed(stream) => {
                varint(stream)?;
                record(stream, &self.header)
            }
        }?;
        if self.left == 0 && !self.source.is_at_end()? {
            return Err(WalkFault::Invalid);
        }
        Ok(head)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<RecordHead, WalkFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left <= 0 {
            return None;
        }
        self.left -= 1;
        let head = self.head();
        if head.is_err() {
            self.left = 0;
        }
        Some(head)
    }
}

enum Source<'a> {
    Plain(&'a [u8]),
    Compressed(Compressed<'a>),
}

impl Source<'_> {
    fn is_at_end(&mut self) -> Result<bool, WalkFault> {
        match self {
            Self::Plain(rest) => Ok(rest.is_empty()),
            Self::Compressed(compressed) => match compressed.stream.fill_buf() {
                Ok(buffer) => Ok(buffer.is_empty()),
                Err(_) => Err(WalkFault::Undecodable),
            },
        }
    }
}

/// A stream of decompressed bytes and how many of them there may still be.
struct Compressed<'a> {
    stream: Box<dyn BufRead + 'a>,
    left: u64,
}

impl Compressed<'_> {
    fn take(&mut self, bytes: usize) -> Result<(), WalkFault> {
        let left = self.left.checked_sub(bytes as u64);
        self.left = left.unwrap_or(0);
        self.stream.consume(bytes);
        left.map(drop).ok_or(WalkFault::TooLarge)
    }
}

trait Bytewise {
    fn byte(&mut self) -> Result<u8, WalkFault>;
    fn skip(&mut self, bytes: usize) -> Result<(), WalkFault>;
}

impl Bytewise for &[u8] {
    fn byte(&mut self) -> Result<u8, WalkFault> {
        let (&first, rest) = self.split_first().ok_or(WalkFault::Invalid)?;
        *self = rest;
        Ok(first)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), WalkFault> {
        *self = self.get(bytes..).ok_or(WalkFault::Invalid)?;
        Ok(())
    }
}

impl Bytewise for Compressed<'_> {
    fn byte(&mut self) -> Result<u8, WalkFault> {
        let buffer = self.stream.fill_buf().map_err(|_| WalkFault::Undecodable)?;
        let &first = buffer.first().ok_or(WalkFault::Invalid)?;
        self.take(1)?;
        Ok(first)
    }

    fn skip(&mut self, mut bytes: usize) -> Result<(), WalkFault> {
        while bytes > 0 {
            let buffer = self.stream.fill_buf().map_err(|_| WalkFault::Undecodable)?;
            if buffer.is_empty() {
                return Err(WalkFault::Invalid);
            }
            let step = bytes.min(buffer.len());
            self.take(step)?;
            bytes -= step;
        }
        Ok(())
    }
}

fn plain_record(rest: &mut &[u8], header: &BatchHeader) -> Result<RecordHead, WalkFault> {
    let size = usize::try_from(varint(rest)?).map_err(|_| WalkFault::Invalid)?;
    let (mut body, after) = rest.split_at_checked(size).ok_or(WalkFault::Invalid)?;
    let head = record(&mut body, header)?;
    *rest = after;
    if body.is_empty() { Ok(head) } else { Err(WalkFault::Invalid) }
}

fn record(source: &mut impl Bytewise, header: &BatchHeader) -> Result<RecordHead, WalkFault> {
    let _attributes = source.byte()?;
    let timestamp_delta = varlong(source)?;
    let offset_delta = varint(source)?;
    let (key_bytes, value_bytes) = fields(source)?;
    let timestamp = match header.timestamp_type() {
        TimestampType::CreateTime => header.base_timestamp.wrapping_add(timestamp_delta),
        TimestampType::LogAppendTime => header.max_timestamp,
    };
    Ok(RecordHead { offset_delta, timestamp, key_bytes, value_bytes })
}

/// Key, value and headers: the bytes of the first two.
fn fields(source: &mut impl Bytewise) -> Result<(Option<u32>, Option<u32>), WalkFault> {
    let key_bytes = skip_field(source)?;
    let value_bytes = skip_field(source)?;
    let headers = u32::try_from(varint(source)?).map_err(|_| WalkFault::Invalid)?;
    for _ in 0..headers {
        skip_field(source)?.ok_or(WalkFault::Invalid)?;
        skip_field(source)?;
    }
    Ok((key_bytes, value_bytes))
}

/// A length and as many bytes; a negative length is an absent field.
fn skip_field(source: &mut impl Bytewise) -> Result<Option<u32>, WalkFault> {
    let Ok(length) = u32::try_from(varint(source)?) else { return Ok(None) };
    source.skip(length as usize)?;
    Ok(Some(length))
}

fn varint(source: &mut impl Bytewise) -> Result<i32, WalkFault> {
    let mut value = 0_u32;
    for shift in (0..35).step_by(7) {
        let byte = source.byte()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err(WalkFault::Invalid)
}

fn varlong(source: &mut impl Bytewise) -> Result<i64, WalkFault> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = source.byte()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err(WalkFault::Invalid)
}

/// A record as it is copied: its time, and all that follows its offset.
pub(super) struct TimedRecord<'a> {
    pub(super) timestamp: i64,
    pub(super) rest: &'a [u8],
}

/// The records of a batch out of their decompressed bytes; ends after the first fault.
pub(super) fn timed_records<'a>(
    mut plain: &'a [u8],
    header: &BatchHeader,
) -> impl Iterator<Item = Result<TimedRecord<'a>, WalkFault>> {
    let base_timestamp = header.base_timestamp;
    let count = usize::try_from(header.record_count).unwrap_or(0);
    (0..count).map(move |_| {
        let size = usize::try_from(varint(&mut plain)?).map_err(|_| WalkFault::Invalid)?;
        let (mut rest, after) = plain.split_at_checked(size).ok_or(WalkFault::Invalid)?;
        plain = after;
        let _attributes = rest.byte()?;
        let timestamp = base_timestamp.wrapping_add(varlong(&mut rest)?);
        let _offset_delta = varint(&mut rest)?;
        let mut body = rest;
        fields(&mut body)?;
        if body.is_empty() { Ok(TimedRecord { timestamp, rest }) } else { Err(WalkFault::Invalid) }
    })
}

/// A record that is not compressed.
pub(super) struct PlainRecord<'a> {
    /// All of it, with its length.
    pub(super) bytes: &'a [u8],
    pub(super) offset_delta: i32,
    pub(super) timestamp: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
}

/// The records of a batch, as far as they can be read; none of a compressed one.
pub(super) fn plain_records(batch: &[u8]) -> impl Iterator<Item = PlainRecord<'_>> {
    let header = BatchHeader::read(batch).filter(|it| it.compression() == Some(Compression::None));
    let count = header.map_or(0, |header| usize::try_from(header.record_count).unwrap_or(0));
    let mut rest = batch.get(HEADER_BYTES..).unwrap_or_default();
    (0..count).map_while(move |_| next_plain(&mut rest, header?.base_timestamp))
}

fn next_plain<'a>(rest: &mut &'a [u8], base_timestamp: i64) -> Option<PlainRecord<'a>> {
    let begin = *rest;
    let size = usize::try_from(varint(rest).ok()?).ok()?;
    let (mut body, after) = rest.split_at_checked(size)?;
    *rest = after;
    let bytes = begin.get(..begin.len() - after.len())?;
    let _attributes = body.byte().ok()?;
    let timestamp = base_timestamp.wrapping_add(varlong(&mut body).ok()?);
    let offset_delta = varint(&mut body).ok()?;
    let key = take_field(&mut body)?;
    let value = take_field(&mut body)?;
    Some(PlainRecord { bytes, offset_delta, timestamp, key, value })
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let Ok(length) = usize::try_from(varint(rest).ok()?) else { return Some(None) };
    let (field, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Some(field))
}
