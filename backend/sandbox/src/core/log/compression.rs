//! What is inside of a compressed batch, as a stream.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::batch::Compression;
use super::records::MOST_DECOMPRESSED_BYTES;

/// The magic and the two versions with which the Java library begins its frames of Snappy blocks.
const XERIAL_MAGIC: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEADER_BYTES: usize = 16;
/// The version, and the oldest that can read it.
const XERIAL_VERSIONS: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
const XERIAL_BLOCK_BYTES: usize = 32 << 10;
/// No Snappy element of n bytes makes more than this many times n.
const SNAPPY_MOST_RATIO: usize = 32;
/// The largest window that Apache Kafka's own Zstandard library accepts, as a power of two.
const ZSTD_MOST_WINDOW: u32 = 27;
const BUFFER_BYTES: usize = 16 << 10;

/// Opens the records of a batch. Errors of the compressed form come when reading.
pub(super) fn open<'a>(compression: Compression, records: &'a [u8]) -> io::Result<Box<dyn BufRead + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(records),
        Compression::Gzip => buffered(MultiGzDecoder::new(records)),
        Compression::Snappy => match records.strip_prefix(XERIAL_MAGIC) {
            Some(_) => Box::new(XerialSnappy {
                rest: records.get(XERIAL_HEADER_BYTES..).ok_or(io::ErrorKind::UnexpectedEof)?,
                block: Cursor::default(),
            }),
            None => Box::new(Cursor::new(raw_snappy(records)?)),
        },
        Compression::Lz4 => buffered(lz4_flex::frame::FrameDecoder::new(records)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(records)?;
            decoder.window_log_max(ZSTD_MOST_WINDOW)?;
            buffered(decoder)
        }
    })
}

/// How many bytes [`open`] or the first read decompresses, whatever is read of them. What codecs other than Snappy do so
/// is little.
pub(super) fn unpacked_at_once(compression: Compression, records: &[u8]) -> u64 {
    if compression != Compression::Snappy {
        return 0;
    }
    let block = match records.strip_prefix(XERIAL_MAGIC) {
        Some(_) => records.get(XERIAL_HEADER_BYTES + 4..).unwrap_or_default(),
        None => records,
    };
    snap::raw::decompress_len(block).map_or(0, |length| length as u64)
}

fn buffered<'a>(decoder: impl Read + 'a) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
}

/// Decompresses one Snappy block, whose length is only believed as far as its bytes could make it.
fn raw_snappy(block: &[u8]) -> io::Result<Vec<u8>> {
    let length = snap::raw::decompress_len(block)?;
    if length > block.len().saturating_mul(SNAPPY_MOST_RATIO) || length as u64 > MOST_DECOMPRESSED_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(snap::raw::Decoder::new().decompress_vec(block)?)
}

/// Compresses as the Java library does: blocks of 32 KiB, each after its length.
pub(super) fn write_xerial_snappy(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut written = [XERIAL_MAGIC, &XERIAL_VERSIONS].concat();
    let mut encoder = snap::raw::Encoder::new();
    for block in plain.chunks(XERIAL_BLOCK_BYTES) {
        let block = encoder.compress_vec(block)?;
        written.extend(u32::try_from(block.len()).map_err(io::Error::other)?.to_be_bytes());
        written.extend(block);
    }
    Ok(written)
}

/// Snappy blocks, each after its length, as the Java library writes them.
struct XerialSnappy<'a> {
    rest: &'a [u8],
    block: Cursor<Vec<u8>>,
}

impl BufRead for XerialSnappy<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.block.fill_buf()?.is_empty() && !self.rest.is_empty() {
            // Frames may follow each other.
            if self.rest.starts_with(XERIAL_MAGIC) {
                self.rest = self.rest.get(XERIAL_HEADER_BYTES..).ok_or(io::ErrorKind::UnexpectedEof)?;
                continue;
            }
            let (length, rest) = self.rest.split_first_chunk::<4>().ok_or(io::ErrorKind::UnexpectedEof)?;
            let length = usize::try_from(i32::from_be_bytes(*length)).map_err(io::Error::other)?;
            let (block, rest) = rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
            self.block = Cursor::new(raw_snappy(block)?);
            self.rest = rest;
        }
        self.block.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.block.consume(amount);
    }
}

impl Read for XerialSnappy<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}
