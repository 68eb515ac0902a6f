//! A real Apache Kafka is started, broken and mended, and never left behind. Where there is no Java these say so
//! and pass; with `CI` set they fail.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use xtask::kafka::{Cluster, Installation, Missing, Options};

#[test]
fn a_broker_is_killed_started_and_paused_while_the_others_go_on() {
    if !can_run() {
        return;
    }
    let mut cluster = Cluster::start(&Options { brokers: 2, ..Options::default() }).unwrap();
    let addresses: Vec<_> = cluster.bootstrap_servers().split(',').map(str::to_owned).collect();
    assert!(addresses.iter().all(|address| comes_to_answer(address)));

    cluster.kill_broker(0).unwrap();
    assert!(!answers(&addresses[0]));
    assert!(comes_to_answer(&addresses[1]));
    assert_eq!(cluster.failure(), None, "a broker that we killed did not fail");

    cluster.start_broker(0).unwrap();
    assert!(comes_to_answer(&addresses[0]), "it has the address that it had");
    assert!(cluster.start_broker(0).is_err(), "it runs already");

    cluster.pause_broker(1).unwrap();
    assert!(!answers(&addresses[1]));
    cluster.resume_broker(1).unwrap();
    assert!(comes_to_answer(&addresses[1]));
}

#[test]
fn a_kafka_ends_with_the_xtask_that_is_killed() {
    if !can_run() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let (mut xtask, address) = start_xtask(temporary.path());
    assert!(comes_to_answer(&address));
    xtask.kill().unwrap();
    xtask.wait().unwrap();
    nothing_is_left(&address, temporary.path());
}

#[test]
fn a_kafka_ends_with_the_xtask_that_is_asked_to_end() {
    if !can_run() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let (mut xtask, address) = start_xtask(temporary.path());
    let pid = rustix::process::Pid::from_child(&xtask);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(xtask.wait().unwrap().success());
    nothing_is_left(&address, temporary.path());
}

/// Longer than anything here takes, on a machine that does much else.
const HANGS: Duration = Duration::from_secs(120);

fn can_run() -> bool {
    let Err(missing) = Installation::find_or_fetch() else { return true };
    let in_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    assert!(missing.is::<Missing>() && !in_ci, "{missing:#}");
    // Not by `println`, whose text a passing test keeps to itself.
    std::io::stderr().write_all(format!("skipped: {missing:#}\n").as_bytes()).unwrap();
    false
}

/// `cargo xtask kafka` with its data under `temporary`, and its address.
fn start_xtask(temporary: &Path) -> (Child, String) {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("kafka")
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(xtask.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.skip_while(|line| !line.starts_with("Ready")).nth(1).expect("an address");
    (xtask, address)
}

fn nothing_is_left(address: &str, temporary: &Path) {
    let deadline = Instant::now() + HANGS;
    let left = || fs::read_dir(temporary).unwrap().count();
    while (answers(address) || left() > 0) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!answers(address), "Kafka still answers");
    assert_eq!(left(), 0, "its data is still there");
}

/// Whether it answers, by and by.
fn comes_to_answer(address: &str) -> bool {
    let deadline = Instant::now() + HANGS;
    while Instant::now() < deadline {
        if answers(address) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Whether an ApiVersions request (version 0, which every broker knows) is answered soon.
fn answers(address: &str) -> bool {
    let request = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];
    let ask = || -> std::io::Result<[u8; 8]> {
        let mut stream = TcpStream::connect_timeout(&address.parse().unwrap(), Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        stream.write_all(&request)?;
        let mut head = [0; 8];
        stream.read_exact(&mut head)?;
        Ok(head)
    };
    // The length, and then the number that we gave the request.
    ask().is_ok_and(|head| head[4..] == [0, 0, 0, 7])
}
