//! Whatever some clients ask for, or leave unsaid, another one is answered meanwhile.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kacrab_protocol::KafkaString;
use kacrab_protocol::generated::fetch_request::{FetchPartition, FetchTopic};
use kacrab_protocol::generated::metadata_request::MetadataRequestTopic;
use kacrab_protocol::generated::produce_request::{PartitionProduceData, TopicProduceData};
use kacrab_protocol::generated::{
    FetchRequestData, MetadataRequestData, ProduceRequestData, RequestHeaderData,
};
use kacrab_protocol::version::request_header_version;
use sandbox::{Cluster, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes: reached only by what hangs.
const HANGS: Duration = Duration::from_secs(300);
/// How many clients ask for much at a time.
const HEAVY_CLIENTS: usize = 6;
/// How often the neighbour goes round beside them.
const ROUNDS: usize = 5;
/// As long as a client may say.
const FOR_GOOD: i32 = i32::MAX;

/// The frame of a request.
macro_rules! frame {
    ($key:literal, $version:literal, $data:expr) => {{
        let mut body = BytesMut::new();
        $data.write(&mut body, $version).expect("a request");
        framed($key, $version, &body)
    }};
}

fn framed(key: i16, version: i16, body: &[u8]) -> Bytes {
    let header = RequestHeaderData {
        request_api_key: key,
        request_api_version: version,
        client_id: Some(text("c")),
        ..RequestHeaderData::default()
    };
    let mut head = BytesMut::new();
    header.write(&mut head, request_header_version(key, version)).expect("a header");
    let mut frame = BytesMut::with_capacity(4 + head.len() + body.len());
    frame.put_u32(u32::try_from(head.len() + body.len()).expect("it fits"));
    frame.put_slice(&head);
    frame.put_slice(body);
    frame.freeze()
}

fn text(text: &str) -> KafkaString {
    KafkaString::from(text.to_owned())
}

fn api_versions() -> Bytes {
    framed(18, 0, &[])
}

fn metadata<'a>(topics: impl Iterator<Item = &'a str>) -> Bytes {
    let topics = topics.map(|name| MetadataRequestTopic { name: Some(text(name)), ..Default::default() });
    frame!(3, 4, MetadataRequestData { topics: Some(topics.collect()), ..Default::default() })
}

fn produce(topic: &str, acks: i16, partitions: impl Iterator<Item = (i32, Bytes)>) -> Bytes {
    let partition_data = partitions.map(|(index, records)| PartitionProduceData {
        index,
        records: Some(records),
        ..Default::default()
    });
    let topic = TopicProduceData {
        name: text(topic),
        partition_data: partition_data.collect(),
        ..Default::default()
    };
    frame!(
        0,
        3,
        ProduceRequestData { acks, timeout_ms: FOR_GOOD, topic_data: vec![topic], ..Default::default() }
    )
}

fn fetch(topic: &str, partitions: impl Iterator<Item = i32>, min_bytes: i32, max_wait_ms: i32) -> Bytes {
    let partitions = partitions.map(|partition| FetchPartition {
        partition,
        partition_max_bytes: 1 << 20,
        current_leader_epoch: -1,
        log_start_offset: -1,
        ..Default::default()
    });
    let topic = FetchTopic { topic: text(topic), partitions: partitions.collect(), ..Default::default() };
    frame!(
        1,
        4,
        FetchRequestData {
            max_wait_ms,
            min_bytes,
            max_bytes: i32::MAX,
            topics: vec![topic],
            ..Default::default()
        }
    )
}

/// A batch of records which are these bytes.
fn batch(attributes: i16, count: usize, records: &[u8]) -> Bytes {
    let count = i32::try_from(count).expect("few");
    let mut checked = BytesMut::new();
    checked.put_i16(attributes);
    checked.put_i32(count - 1);
    checked.put_i64(1);
    checked.put_i64(1);
    checked.put_i64(-1);
    checked.put_i16(-1);
    checked.put_i32(-1);
    checked.put_i32(count);
    checked.put_slice(records);
    let mut batch = BytesMut::new();
    batch.put_i64(0);
    batch.put_u32(u32::try_from(checked.len() + 9).expect("it fits"));
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(kacrab_protocol::crc::crc32c(&checked));
    batch.put_slice(&checked);
    batch.freeze()
}

/// One record with a value of so many bytes.
fn record(value: usize) -> Bytes {
    batch(0, 1, &record_bytes(value))
}

fn record_bytes(value: usize) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1];
    put_varint(&mut body, value);
    body.resize(body.len() + value, b'v');
    body.push(0);
    let mut record = Vec::new();
    put_varint(&mut record, body.len());
    record.extend(body);
    record
}

/// A batch of records of a kilobyte each, so many, compressed by gzip or zstd.
fn bomb(kilobytes: usize, attributes: i16) -> Bytes {
    let records = record_bytes(1_000).repeat(kilobytes);
    let compressed = match attributes {
        1 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&records).expect("memory");
            gzip.finish().expect("memory")
        }
        _ => zstd::encode_all(&records[..], 3).expect("memory"),
    };
    batch(attributes, kilobytes, &compressed)
}

fn put_varint(into: &mut Vec<u8>, value: usize) {
    let mut rest = value << 1;
    while rest >= 0x80 {
        into.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    into.push(rest as u8);
}

/// Three brokers, with a topic of the neighbour's, one of the others', and one whose followers are late.
struct Scene {
    cluster: Cluster,
}

impl Scene {
    fn new() -> Self {
        let config = Config {
            topics: vec![
                ("quiet".to_owned(), 1, 1),
                ("loud".to_owned(), 1, 1),
                ("wide".to_owned(), 1_000, 1),
                ("late".to_owned(), 1, 3),
            ],
            // What is late stays in the set.
            broker_configs: vec![("replica.lag.time.max.ms".to_owned(), "86400000".to_owned())],
            ..Config::default()
        };
        Self { cluster: Cluster::start(&config).expect("it starts") }
    }

    fn leader(&self, topic: &str) -> (i32, SocketAddr) {
        let snapshot = self.cluster.snapshot().expect("it goes on");
        let topic = snapshot.topics.iter().find(|it| it.name == topic).expect("it is there");
        let id = topic.partitions[0].leader.expect("it has a leader");
        (id, self.cluster.addresses()[usize::try_from(id - 1).expect("from 1")])
    }

    async fn stream_to_leader(&self, topic: &str) -> TcpStream {
        TcpStream::connect(self.leader(topic).1).await.expect("it listens")
    }

    async fn neighbour(&self) -> Neighbour {
        Neighbour { stream: self.stream_to_leader("quiet").await }
    }
}

/// Who asks for little, and wants it soon.
struct Neighbour {
    stream: TcpStream,
}

impl Neighbour {
    /// Asks for something of each sort, one after the other.
    async fn goes_round(&mut self) {
        let of = async |stream: &mut TcpStream, frame: Bytes| {
            stream.write_all(&frame).await.expect("it reads");
            answer(stream).await
        };
        // Their errors are at these places.
        let mut versions = of(&mut self.stream, api_versions()).await.slice(4..);
        assert_eq!(versions.get_i16(), 0, "ApiVersions");
        let metadata = of(&mut self.stream, metadata(["quiet"].into_iter())).await;
        assert!(metadata.windows(5).any(|bytes| bytes == b"quiet"), "Metadata");
        for value in [1, 10_000] {
            let partitions = std::iter::once((0, record(value)));
            let produced = of(&mut self.stream, produce("quiet", 1, partitions)).await;
            // After the name, the count of partitions and the number of the first.
            let mut produced = produced.slice(4 + 4 + 2 + 5 + 4 + 4..);
            assert_eq!(produced.get_i16(), 0, "Produce of {value} bytes");
        }
    }
}

async fn answer(stream: &mut TcpStream) -> Bytes {
    let length = stream.read_u32().await.expect("it answers");
    let mut answer = vec![0; usize::try_from(length).expect("it fits")];
    stream.read_exact(&mut answer).await.expect("it answers in full");
    answer.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_and_those_who_do_not_read_or_finish_keep_nobody_waiting() {
    let scene = Scene::new();
    let mut open = Vec::new();
    let mut stuck = JoinSet::new();
    for _ in 0..50 {
        // Nothing said; half a header; half a request.
        for said in [&[][..], &[0, 0], &[0, 0, 0, 40, 0, 18, 0, 0, 0], &[6, 0, 0, 0, 0, 0, 0, 8, 1]] {
            let mut stream = scene.stream_to_leader("quiet").await;
            stream.write_all(said).await.expect("it reads");
            open.push(stream);
        }
        // Who waits for more records than will come, of the topic that the neighbour writes to.
        let mut stream = scene.stream_to_leader("quiet").await;
        stream.write_all(&fetch("quiet", 0..1, i32::MAX, FOR_GOOD)).await.expect("it reads");
        open.push(stream);
    }
    // Who waits for followers that are late.
    let (leader, _) = scene.leader("late");
    for follower in (1..=3).filter(|id| *id != leader) {
        let a_day = Duration::from_secs(86_400);
        scene.cluster.delay_broker(follower, Duration::ZERO, a_day).expect("it is there");
    }
    for _ in 0..50 {
        let mut stream = scene.stream_to_leader("late").await;
        let request = produce("late", -1, std::iter::once((0, record(10))));
        stream.write_all(&request).await.expect("it reads");
        open.push(stream);
    }
    // Who asks for a megabyte again and again, and never reads.
    let mut writer = scene.stream_to_leader("loud").await;
    writer.write_all(&produce("loud", 1, std::iter::once((0, record(1_000_000))))).await.expect("it reads");
    answer(&mut writer).await;
    for _ in 0..4 {
        let mut stream = scene.stream_to_leader("loud").await;
        let asked = fetch("loud", 0..1, 1, 0).repeat(10_000);
        stuck.spawn(async move {
            for _ in 0..1_000 {
                stream.write_all(&asked).await.expect("it is there");
            }
        });
    }

    let mut neighbour = scene.neighbour().await;
    for _ in 0..200 {
        timeout(HANGS, neighbour.goes_round()).await.expect("it is not kept waiting");
    }
    assert!(stuck.try_join_next().is_none(), "who does not read is not read from for good");
    for stream in open {
        let answered = stream.try_read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(answered, Err(std::io::ErrorKind::WouldBlock), "they wait still");
    }
}

/// Has some clients ask for much, again and again, while the neighbour asks for little, and gets it. They go on all the
/// while.
async fn is_met_beside(what: &str, scene: &Scene, topic: &str, frame: Bytes) {
    let mut heavy = JoinSet::new();
    let mut answered = Vec::new();
    for _ in 0..HEAVY_CLIENTS {
        let (mut read, mut write) = scene.stream_to_leader(topic).await.into_split();
        let (frame, count) = (frame.clone(), watch::Sender::new(0_usize));
        answered.push(count.subscribe());
        heavy.spawn(async move {
            loop {
                write.write_all(&frame).await.expect("it reads");
            }
        });
        heavy.spawn(async move {
            loop {
                let length = read.read_u32().await.expect("it answers");
                let mut answer = (&mut read).take(length.into());
                let read = tokio::io::copy(&mut answer, &mut tokio::io::sink()).await;
                assert_eq!(read.expect("it answers in full"), u64::from(length));
                count.send_modify(|count| *count += 1);
            }
        });
    }
    let each_gets_one_more = async |answered: &mut Vec<watch::Receiver<usize>>| {
        for count in answered {
            let so_far = *count.borrow_and_update();
            let more = timeout(HANGS, count.wait_for(|count| *count > so_far)).await;
            let more = more.unwrap_or_else(|_| panic!("{what}: who asks for it is answered"));
            more.expect("it goes on");
        }
    };
    each_gets_one_more(&mut answered).await;
    let mut neighbour = scene.neighbour().await;
    for round in 0..ROUNDS {
        let answered = timeout(HANGS, neighbour.goes_round()).await;
        assert!(answered.is_ok(), "{what}: in round {round} the neighbour is kept waiting");
    }
    each_gets_one_more(&mut answered).await;
    assert!(heavy.try_join_next().is_none(), "{what}: all go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_ask_for_much_without_end_keep_nobody_waiting() {
    let scene = Scene::new();
    let loud = |records| produce("loud", 1, std::iter::once((0, records)));
    let names: Vec<String> = (0..100_000).map(|number| format!("no-topic-{number}")).collect();
    let names = metadata(names.iter().map(String::as_str));
    is_met_beside("100,000 names", &scene, "loud", names).await;
    is_met_beside("large bombs", &scene, "loud", loud(bomb(60_000, 1))).await;
    // As short as requests that are read where they come in.
    let short = loud(bomb(24_000, 4));
    assert!(short.len() < 4 << 10, "{} bytes", short.len());
    is_met_beside("short bombs", &scene, "loud", short).await;
    let large = produce("loud", 1, (0..30).map(|_| (0, record(1 << 20))));
    is_met_beside("30 MiB", &scene, "loud", large).await;
    let one = record(1);
    let wide = produce("wide", 1, (0..99_000).map(|index| (index % 1_000, one.clone())));
    is_met_beside("99,000 partitions", &scene, "wide", wide).await;
    let fetched = fetch("wide", (0..50_000).map(|index| index % 1_000), 1, 0);
    is_met_beside("a Fetch of 50,000 partitions", &scene, "wide", fetched).await;
    assert!(!scene.cluster.has_failed());
}
