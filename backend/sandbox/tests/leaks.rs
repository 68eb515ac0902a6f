//! Clusters that are dropped leave nothing behind.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

mod counting;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use sandbox::{Cluster, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

const CLUSTERS: usize = 1_000;
/// Longer than anything here takes: reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clusters_leave_no_task_no_port_and_no_memory() {
    // What is made once and kept.
    for _ in 0..20 {
        live_and_drop().await;
    }
    quiet().await;
    let memory = counting::allocated();
    let files = open_files();
    counting::forget_peak();

    let mut address = None;
    for _ in 0..CLUSTERS {
        address = Some(live_and_drop().await);
    }
    quiet().await;

    let most = counting::peak().saturating_sub(memory);
    assert!(most < 64 << 20, "dropped clusters pile up: {most} bytes");
    let left = counting::allocated().saturating_sub(memory);
    assert!(left < 64 * CLUSTERS, "{left} bytes are left of {CLUSTERS} clusters");
    assert_eq!(open_files(), files, "sockets of {CLUSTERS} clusters are left");
    let address = address.expect("there were clusters");
    TcpListener::bind(address).await.expect("the port is free again");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}

/// How many files and sockets this process has open, where the system tells it.
fn open_files() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

/// Starts a cluster with clients in the middle of things, and drops it: one waits for records and one for the others of its
/// group, one produces and one fetches without end.
async fn live_and_drop() -> SocketAddr {
    let config = Config {
        topics: vec![("t".to_owned(), 3, 3)],
        broker_configs: vec![("offsets.topic.num.partitions".to_owned(), "3".to_owned())],
        ..Config::default()
    };
    let cluster = Cluster::start(&config).expect("it starts");
    let leader = |partition: usize| {
        let snapshot = cluster.snapshot().expect("it goes on");
        let topic = snapshot.topics.into_iter().find(|topic| topic.name == "t").expect("it is there");
        let id = topic.partitions[partition].leader.expect("it has a leader");
        cluster.addresses()[usize::try_from(id - 1).expect("from 1")]
    };
    let address = leader(0);
    // Records for all in sync.
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(&produce()).await.expect("it reads");
    answer(&mut stream).await;
    // A Fetch that waits: requests of a connection are met in their order.
    stream.write_all(&[request(18, 0, &[]), fetch(i32::MAX)].concat()).await.expect("it reads");
    answer(&mut stream).await;
    // And a member that waits for the others of its group.
    let coordinator = coordinator(&mut stream_to(address).await).await;
    let mut member = stream_to(cluster.addresses()[coordinator - 1]).await;
    member.write_all(&join()).await.expect("it reads");
    let is_joining = || {
        let groups = cluster.snapshot().expect("it goes on").groups;
        groups.iter().any(|group| group.id == "g" && group.members.len() == 1)
    };
    let joins = async {
        while !is_joining() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, joins).await.expect("the member joins");

    // While others produce and fetch without end.
    let busy = [produce(), fetch(0)].map(|request| {
        let (sender, receiver) = oneshot::channel();
        (tokio::spawn(ask_again_and_again(address, request, sender)), receiver)
    });
    let mut clients = Vec::new();
    for (client, is_busy) in busy {
        timeout(PATIENCE, is_busy).await.expect("it is answered").expect("more than once");
        clients.push(client);
    }
    assert!(clients.iter().all(|client| !client.is_finished()), "they are in the middle of it");

    drop(cluster);
    for client in clients {
        timeout(PATIENCE, client).await.expect("its connection is closed").expect("nothing else ended it");
    }
    for mut stream in [stream, member] {
        let ended = timeout(PATIENCE, stream.read(&mut [0])).await.expect("it is closed");
        assert!(matches!(ended, Ok(0) | Err(_)), "nobody was answered before");
    }
    address
}

/// Asks the same until the connection ends; says when it has been answered some times.
async fn ask_again_and_again(address: SocketAddr, request: Vec<u8>, is_busy: oneshot::Sender<()>) {
    let mut stream = stream_to(address).await;
    let mut is_busy = Some(is_busy);
    for round in 0.. {
        if stream.write_all(&request).await.is_err() {
            return;
        }
        let Ok(length) = stream.read_u32().await else { return };
        let mut answer = vec![0; usize::try_from(length).expect("short")];
        if stream.read_exact(&mut answer).await.is_err() {
            return;
        }
        if round == 3
            && let Some(is_busy) = is_busy.take()
        {
            is_busy.send(()).expect("somebody waits for it");
        }
    }
}

async fn stream_to(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("it listens")
}

async fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let answered = async {
        let length = stream.read_u32().await.expect("it answers");
        let mut answer = vec![0; usize::try_from(length).expect("short")];
        stream.read_exact(&mut answer).await.expect("it answers in full");
        answer
    };
    timeout(PATIENCE, answered).await.expect("it answers")
}

/// The broker that coordinates the group, once one does.
async fn coordinator(stream: &mut TcpStream) -> usize {
    let found = async {
        loop {
            stream.write_all(&find_coordinator()).await.expect("it reads");
            // The correlation id, the error, the broker.
            let answer = answer(stream).await;
            if answer[4..6] == [0, 0] {
                return usize::from(answer[9]);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, found).await.expect("somebody coordinates the group")
}

/// Waits until no task is left.
async fn quiet() {
    let left = || Handle::current().metrics().num_alive_tasks();
    let ends = async {
        while left() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(PATIENCE, ends).await.is_ok(), "{} tasks are left", left());
}

fn request(api: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    bytes.put_i16(api);
    bytes.put_i16(version);
    bytes.put_i32(1);
    bytes.put_i16(1);
    bytes.put_u8(b'c');
    bytes.put_slice(body);
    let length = u32::try_from(bytes.len()).expect("short");
    [&length.to_be_bytes()[..], &bytes].concat()
}

fn put_text(body: &mut BytesMut, text: &str) {
    body.put_i16(i16::try_from(text.len()).expect("short"));
    body.put_slice(text.as_bytes());
}

/// Version 3, of one record.
fn produce() -> Vec<u8> {
    let mut checked = BytesMut::new();
    checked.put_i16(0);
    checked.put_i32(0);
    checked.put_i64(1);
    checked.put_i64(1);
    checked.put_i64(-1);
    checked.put_i16(-1);
    checked.put_i32(-1);
    checked.put_i32(1);
    checked.put_slice(&[14, 0, 0, 0, 1, 2, b'v', 0]);
    let mut body = BytesMut::new();
    body.put_i16(-1);
    body.put_i16(-1);
    body.put_i32(60_000);
    body.put_i32(1);
    put_text(&mut body, "t");
    body.put_i32(1);
    body.put_i32(0);
    body.put_u32(u32::try_from(checked.len() + 21).expect("small"));
    body.put_i64(0);
    body.put_u32(u32::try_from(checked.len() + 9).expect("small"));
    body.put_i32(-1);
    body.put_i8(2);
    body.put_u32(kacrab_protocol::crc::crc32c(&checked));
    body.put_slice(&checked);
    request(0, 3, &body)
}

/// Version 4, of the first partition, from the first record on; it wants more than there is, and waits for so long.
fn fetch(max_wait_ms: i32) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_i32(-1);
    body.put_i32(max_wait_ms);
    body.put_i32(1_000_000);
    body.put_i32(1 << 20);
    body.put_i8(0);
    body.put_i32(1);
    put_text(&mut body, "t");
    body.put_i32(1);
    body.put_i32(0);
    body.put_i64(0);
    body.put_i32(1 << 20);
    request(1, 4, &body)
}

/// Version 0; it makes the internal topic.
fn find_coordinator() -> Vec<u8> {
    let mut body = BytesMut::new();
    put_text(&mut body, "g");
    request(10, 0, &body)
}

/// Version 0.
fn join() -> Vec<u8> {
    let mut body = BytesMut::new();
    put_text(&mut body, "g");
    body.put_i32(600_000);
    put_text(&mut body, "");
    put_text(&mut body, "consumer");
    body.put_i32(1);
    put_text(&mut body, "range");
    body.put_i32(0);
    request(11, 0, &body)
}
