//! Hostile bytes end the connection that they come by, and cost the cluster nothing else.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

mod counting;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use sandbox::{Cluster, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const MANY_ZEROS: usize = 48 << 20;
/// Longer than anything here takes: reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a cluster makes of bytes.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It closes the connection.
    Closed,
    /// It answers.
    Answered(Vec<u8>),
}

// One test: the allocator counts for the whole process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bytes_end_their_connection_and_nothing_else() {
    let config = Config {
        brokers: 1,
        topics: vec![("t".to_owned(), 1, 1)],
        max_connections: 64,
        seed: Some(1),
        ..Config::default()
    };
    let cluster = Cluster::start(&config).expect("it starts");
    let address = cluster.addresses()[0];

    impossible_frames_end_the_connection(address).await;
    what_was_found_before_is_met_as_it_is_written(address).await;
    random_frames_are_answered_or_end_the_connection(address).await;
    a_length_is_not_believed_before_its_bytes_are_there(address).await;
    bombs_are_not_unpacked_into_memory(address).await;
    connections_above_the_limit_are_closed(address).await;
    assert!(!cluster.has_failed());
    assert!(is_served(address).await);
}

async fn impossible_frames_end_the_connection(address: SocketAddr) {
    let huge = i32::MAX.to_be_bytes();
    let too_long = 104_857_601_i32.to_be_bytes();
    let frames: [(&str, Vec<u8>); 8] = [
        ("a negative length", (-1_i32).to_be_bytes().into()),
        ("the most negative length", i32::MIN.to_be_bytes().into()),
        ("a huge length", huge.into()),
        ("a length above socket.request.max.bytes", too_long.into()),
        ("nothing", frame(&[])),
        ("a header that is cut off", frame(&[0, 18, 0, 4])),
        ("an API that is not there", request(999, 0, &[])),
        ("Metadata with two billion topics", request(3, 1, &i32::MAX.to_be_bytes())),
    ];
    for (what, bytes) in frames {
        assert_eq!(send(address, &bytes).await, Outcome::Closed, "{what}");
    }
    // A client that goes in the middle of a frame.
    let mut gone = TcpStream::connect(address).await.expect("it listens");
    gone.write_all(&[0, 0, 1, 0, 0, 18]).await.expect("it reads");
    drop(gone);
    assert!(is_served(address).await);
}

async fn random_frames_are_answered_or_end_the_connection(address: SocketAddr) {
    let mut random = Random(7);
    let examples = corpus().into_iter().map(|example| example.frame);
    // A Fetch may ask to wait for weeks.
    let examples: Vec<_> = examples.filter(|frame| frame[4..6] != [0, 1]).collect();
    let (mut answered, mut closed) = (0, 0);
    counting::forget_peak();
    let at_first = counting::allocated();
    for round in 0..2_000 {
        let bytes = match round % 2 {
            0 => random_request(&mut random),
            _ => damaged(&mut random, &examples),
        };
        counting::forget_peak();
        let before = counting::allocated();
        let outcome = send(address, &bytes).await;
        let grown = counting::peak().saturating_sub(before);
        let limit = 64 * bytes.len() + (4 << 20);
        assert!(grown < limit, "round {round}: {} bytes cost {grown}: {bytes:?}", bytes.len());
        match outcome {
            Outcome::Closed => closed += 1,
            Outcome::Answered(answer) => {
                answered += 1;
                assert_eq!(answer.get(..4), bytes.get(8..12), "round {round}: the correlation id");
            }
        }
    }
    assert!(answered > 200 && closed > 200, "{answered} were answered, {closed} closed");
    let kept = counting::allocated().saturating_sub(at_first);
    assert!(kept < 8 << 20, "{kept} bytes are kept of what they asked for");
    assert!(is_served(address).await);
}

/// A request whose header is good and whose body is not.
fn random_request(random: &mut Random) -> Vec<u8> {
    // What waits for records or others, and what creates much, has its own tests.
    let (api, newest, first_flexible) = APIS[random.below(APIS.len())];
    let version = i16::try_from(random.below(newest + 2)).expect("small");
    let body: Vec<u8> = (0..random.below(80)).map(|_| random.byte()).collect();
    match usize::try_from(version).expect("small") >= first_flexible {
        // No tags.
        true => request(api, version, &[&[0], &body[..]].concat()),
        false => request(api, version, &body),
    }
}

/// A frame of the corpus, with some bytes changed or its end cut off. Its API and correlation id are as they were.
fn damaged(random: &mut Random, examples: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = examples[random.below(examples.len())].clone();
    if bytes.len() > 12 {
        for _ in 0..=random.below(4) {
            let at = 12 + random.below(bytes.len() - 12);
            bytes[at] = random.byte();
        }
        if random.below(4) == 0 {
            bytes.truncate(12 + random.below(bytes.len() - 12));
        }
        let length = u32::try_from(bytes.len() - 4).expect("short");
        bytes[..4].copy_from_slice(&length.to_be_bytes());
    }
    bytes
}

/// APIs with their newest version and the first whose header has tags.
const APIS: [(i16, usize, usize); 18] = [
    (2, 11, 6),
    (3, 13, 9),
    (8, 10, 8),
    (9, 10, 6),
    (10, 6, 3),
    (12, 4, 4),
    (13, 5, 4),
    (15, 6, 5),
    (16, 5, 3),
    (18, 4, 3),
    (22, 5, 2),
    (29, 3, 2),
    (32, 4, 4),
    (35, 5, 2),
    (42, 2, 2),
    (47, 0, 1),
    (60, 2, 0),
    (75, 0, 0),
];

async fn what_was_found_before_is_met_as_it_is_written(address: SocketAddr) {
    let corpus = corpus();
    assert!(corpus.len() >= 12, "{} examples are there", corpus.len());
    for example in corpus {
        let outcome = send(address, &example.frame).await;
        let is_answered = matches!(outcome, Outcome::Answered(_));
        assert_eq!(is_answered, example.is_answered, "{}: {outcome:?}", example.what);
    }
    assert!(is_served(address).await);
}

/// A frame of the corpus.
struct Example {
    what: String,
    is_answered: bool,
    frame: Vec<u8>,
}

/// The files of `tests/corpus`, by name. Each says in lines with `#` what it is, then `answered` or `closed`, then the
/// frame after its length, in hexadecimal.
fn corpus() -> Vec<Example> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let files = std::fs::read_dir(folder).expect("the corpus");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| example(&std::fs::read_to_string(path).expect("text"))).collect()
}

fn example(text: &str) -> Example {
    let (comments, rest): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with('#'));
    let [outcome, hex @ ..] = &rest[..] else { panic!("an outcome and a frame: {text}") };
    let digits: Vec<u8> = hex.iter().flat_map(|line| line.bytes()).filter(|byte| *byte != b' ').collect();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).expect("hexadecimal")
    };
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    Example {
        what: comments.join(" "),
        is_answered: match *outcome {
            "answered" => true,
            "closed" => false,
            other => panic!("{other} is no outcome"),
        },
        frame: frame(&bytes),
    }
}

async fn a_length_is_not_believed_before_its_bytes_are_there(address: SocketAddr) {
    counting::forget_peak();
    let before = counting::allocated();
    let mut open = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(&104_857_600_i32.to_be_bytes()).await.expect("it reads");
        stream.write_all(&[0; 1_000]).await.expect("it reads");
        open.push(stream);
    }
    assert!(is_served(address).await);
    let grown = counting::peak().saturating_sub(before);
    assert!(grown < 8 << 20, "50 connections that announce 5 GB and send 50 kB cost {grown} bytes");
}

async fn bombs_are_not_unpacked_into_memory(address: SocketAddr) {
    for (name, attributes, records) in bombs() {
        let request = produce(attributes, &records);
        counting::forget_peak();
        let before = counting::allocated();
        let outcome = send(address, &request).await;
        let grown = counting::peak().saturating_sub(before);
        assert!(matches!(outcome, Outcome::Answered(_)), "{name} is answered");
        let limit = 12 * request.len() + (12 << 20);
        assert!(grown < limit, "{name}: {} bytes cost {grown}, {limit} were allowed", request.len());
        assert!(limit < MANY_ZEROS, "the limit says something");
    }
    assert!(is_served(address).await);
}

async fn connections_above_the_limit_are_closed(address: SocketAddr) {
    let mut open = Vec::new();
    for _ in 0..300 {
        open.push(TcpStream::connect(address).await.expect("it listens"));
    }
    let mut closed = 0;
    for stream in &mut open {
        stream.write_all(&request(18, 0, &[])).await.ok();
        match timeout(PATIENCE, stream.read(&mut [0; 64])).await.expect("each is told") {
            Ok(0) | Err(_) => closed += 1,
            Ok(_) => {}
        }
    }
    assert!((236..300).contains(&closed), "{closed} of 300 were closed, 64 had room");
    drop(open);
    // Those that are gone make room as soon as that is noticed.
    let served = async {
        while !is_served(address).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, served).await.expect("there is room again");
}

/// Whether another client is answered.
async fn is_served(address: SocketAddr) -> bool {
    matches!(send(address, &request(18, 0, &[])).await, Outcome::Answered(_))
}

/// Sends bytes on a connection of their own, and waits for what comes of it.
async fn send(address: SocketAddr, bytes: &[u8]) -> Outcome {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // A broker that closes early resets the connection.
    let _ = stream.write_all(bytes).await;
    let answered = async {
        let length = stream.read_u32().await.ok()?;
        let mut answer = vec![0; usize::try_from(length).ok()?];
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer)
    };
    match timeout(PATIENCE, answered).await.expect("it is answered or closed") {
        Some(answer) => Outcome::Answered(answer),
        None => Outcome::Closed,
    }
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short");
    [&length.to_be_bytes()[..], bytes].concat()
}

/// A request with a header of the first version that names a client.
fn request(api: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    bytes.put_i16(api);
    bytes.put_i16(version);
    bytes.put_i32(1);
    bytes.put_i16(1);
    bytes.put_u8(b'c');
    bytes.put_slice(body);
    frame(&bytes)
}

/// Produce, version 3, of one batch to the topic.
fn produce(attributes: i16, records: &[u8]) -> Vec<u8> {
    let batch = batch(attributes, records);
    let mut body = BytesMut::new();
    body.put_i16(-1);
    body.put_i16(1);
    body.put_i32(1_000);
    body.put_i32(1);
    body.put_i16(1);
    body.put_u8(b't');
    body.put_i32(1);
    body.put_i32(0);
    body.put_u32(u32::try_from(batch.len()).expect("small"));
    body.put_slice(&batch);
    request(0, 3, &body)
}

fn batch(attributes: i16, records: &[u8]) -> Vec<u8> {
    let mut checked = BytesMut::new();
    checked.put_i16(attributes);
    checked.put_i32(0);
    checked.put_i64(1);
    checked.put_i64(1);
    checked.put_i64(-1);
    checked.put_i16(-1);
    checked.put_i32(-1);
    checked.put_i32(1);
    checked.put_slice(records);
    let mut batch = BytesMut::new();
    batch.put_i64(0);
    batch.put_u32(u32::try_from(checked.len() + 9).expect("small"));
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(kacrab_protocol::crc::crc32c(&checked));
    batch.put_slice(&checked);
    batch.to_vec()
}

/// One record whose value is many zeros, by each form of compression: its name, its attribute, and its bytes.
fn bombs() -> Vec<(&'static str, i16, Vec<u8>)> {
    let mut body = vec![0, 0, 0];
    put_varint(&mut body, -1);
    put_varint(&mut body, i64::try_from(MANY_ZEROS).expect("small"));
    body.resize(body.len() + MANY_ZEROS, 0);
    body.push(0);
    let mut record = Vec::new();
    put_varint(&mut record, i64::try_from(body.len()).expect("small"));
    record.extend(body);

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&record).expect("memory");
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&record).expect("memory");
    // Snappy's blocks are decompressed whole: many of them, as the Java library writes them.
    let mut snappy = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
    for block in record.chunks(1 << 20) {
        let block = snap::raw::Encoder::new().compress_vec(block).expect("a small block");
        snappy.extend(u32::try_from(block.len()).expect("a small block").to_be_bytes());
        snappy.extend(block);
    }
    vec![
        ("gzip", 1, gzip.finish().expect("memory")),
        ("snappy", 2, snappy),
        ("lz4", 3, lz4.finish().expect("memory")),
        ("zstd", 4, zstd::encode_all(&record[..], 19).expect("memory")),
    ]
}

fn put_varint(into: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        into.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    into.push(rest as u8);
}

/// The same numbers in each run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).expect("small")).expect("small")
    }

    /// Mostly what lengths, counts and flags look like.
    fn byte(&mut self) -> u8 {
        match self.next() % 4 {
            0 => 0,
            1 => (self.next() % 4) as u8,
            2 => 0xff,
            _ => self.next() as u8,
        }
    }
}
