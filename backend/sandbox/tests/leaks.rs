//! Clusters that are dropped leave nothing behind.
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

mod counting;

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use sandbox::{Cluster, Config};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

const CLUSTERS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clusters_leave_no_task_no_port_and_no_memory() {
    // What is made once and kept.
    for _ in 0..20 {
        live_and_drop().await;
    }
    quiet().await;
    let memory = counting::allocated();
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
    let address = address.expect("there were clusters");
    TcpListener::bind(address).await.expect("the port is free again");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}

/// Starts a cluster with a client in the middle of things, and drops it.
async fn live_and_drop() -> std::net::SocketAddr {
    let config = Config { topics: vec![("t".to_owned(), 3, 3)], ..Config::default() };
    let cluster = Cluster::start(&config).expect("it starts");
    let address = cluster.addresses()[0];
    let mut streams = Vec::new();
    // Records for all in sync, a Fetch that waits, and a member that waits for the others of its group.
    for request in [produce(), fetch(), find_coordinator(), join()] {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(&request).await.expect("it reads");
        streams.push(stream);
    }
    tokio::task::yield_now().await;
    drop(cluster);
    address
}

/// Waits until no task is left.
async fn quiet() {
    for _ in 0..500 {
        if Handle::current().metrics().num_alive_tasks() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let left = Handle::current().metrics().num_alive_tasks();
    panic!("{left} tasks are left");
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
    body.put_i32(1_000);
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

/// Version 4, at the end of the partitions.
fn fetch() -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_i32(-1);
    body.put_i32(60_000);
    body.put_i32(1_000_000);
    body.put_i32(1 << 20);
    body.put_i8(0);
    body.put_i32(1);
    put_text(&mut body, "t");
    body.put_i32(3);
    for partition in 0..3 {
        body.put_i32(partition);
        body.put_i64(0);
        body.put_i32(1 << 20);
    }
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
    body.put_i32(10_000);
    put_text(&mut body, "");
    put_text(&mut body, "consumer");
    body.put_i32(1);
    put_text(&mut body, "range");
    body.put_i32(0);
    request(11, 0, &body)
}
