//! The program `sandbox-kafka`, as somebody starts it.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test ends at the first thing that fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes: reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, running; it ends with the test.
struct Program {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox-kafka"))
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, said }
    }

    /// The next line that it says; nothing when it has ended.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    /// Ends it as Ctrl-C does: whether it calls that a success.
    fn interrupt(mut self) -> bool {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("it runs");
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a broker answers to a request of a first version, after the correlation id.
fn ask(address: SocketAddr, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let head = [&api.to_be_bytes()[..], &version.to_be_bytes(), &[0, 0, 0, 7, 0xff, 0xff]].concat();
    let length = u32::try_from(head.len() + body.len()).expect("short");
    stream.write_all(&[&length.to_be_bytes()[..], &head, body].concat()).expect("it reads");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("it answers");
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("short")];
    stream.read_exact(&mut answer).expect("it answers in full");
    assert_eq!(answer[..4], [0, 0, 0, 7]);
    answer.split_off(4)
}

#[test]
fn it_serves_the_cluster_that_its_flags_describe_until_it_is_interrupted() {
    let mut program = Program::start(&[
        "--brokers",
        "2",
        "--ports",
        "0,0",
        "--topic",
        "orders:4:2",
        "--max-topics",
        "1",
        "--max-partitions",
        "5",
        "--max-connections",
        "20",
        "--config",
        "max.connections=5",
        "--config",
        "auto.create.topics.enable=false",
        "--fault",
        "1ms error Metadata 3 1",
        "--fault",
        "2ms stop 2",
    ]);
    assert_eq!(program.line(), "warning: max.connections has no effect here");
    let line = program.line();
    let words: Vec<_> = line.split(' ').collect();
    let ["2", "broker(s),", "in", "memory:", "--bootstrap-server", servers, ..] = words[..] else {
        panic!("{line}");
    };
    let addresses: Vec<SocketAddr> =
        servers.split(',').map(|server| server.parse().expect("an address")).collect();
    assert_eq!(addresses.len(), 2);
    assert_eq!(program.line(), "1ms error Metadata 3 1");
    assert_eq!(program.line(), "2ms stop 2");

    // ApiVersions: no error, some dozens of APIs, the first of which is Produce.
    let versions = ask(addresses[0], 18, 0, &[]);
    assert_eq!(versions[..2], [0, 0]);
    assert!((30..100).contains(&versions[5]), "{} APIs", versions[5]);
    assert_eq!(versions[6..8], [0, 0]);

    // Metadata of the topic: as was told, first an error and then, on one broker of two, the topic.
    let topic = [&[0, 0, 0, 1, 0, 6][..], b"orders"].concat();
    let metadata = [0, 1].map(|_| ask(addresses[0], 3, 1, &topic));
    // The error and the name of the topic, and how many partitions it has: each of the two replicas is named in each.
    let [faulty, whole] = metadata.map(|answer| {
        let at = answer.windows(6).position(|bytes| bytes == b"orders").expect("it is named");
        (answer[at - 3], answer[at + 10])
    });
    assert_eq!(faulty, (3, 0));
    assert_eq!(whole, (0, 4));
    let stopped = TcpStream::connect(addresses[1]);
    assert!(stopped.is_err(), "broker 2 is stopped");
    assert!(program.interrupt(), "an interrupt is how it ends");
}

#[test]
fn flags_that_can_not_be_are_refused_with_a_sentence() {
    let refusals = [
        (&["--brokers", "0"][..], "0 is not in 1..=9"),
        (&["--topic", "orders:x"], "x is not a number"),
        (&["--topic", "orders:1:9"], "topic orders can't be made"),
        (&["--topic", "or ders"], "topic or ders can't be made"),
        (&["--config", "num.partitions"], "write it as NAME=VALUE"),
        (&["--config", "num.partitions=0"], "num.partitions"),
        (&["--fault", "10s nonsense"], "is none of the faults"),
        (&["--fault", "10s kill 9"], "the brokers are 1 to 3"),
        (&["--max-topics", "many"], "invalid digit"),
        (&["--max-partitions", "1", "--topic", "orders:2:1"], "at most 1 partitions"),
        (&["--nonsense"], "unexpected argument"),
    ];
    for (flags, sentence) in refusals {
        let flags = [&["--ports", "0,0,0"], flags].concat();
        let ended = Command::new(env!("CARGO_BIN_EXE_sandbox-kafka"))
            .args(&flags)
            .env_remove("RUST_LOG")
            .output()
            .expect("it starts");
        let said = String::from_utf8(ended.stderr).expect("text");
        assert!(matches!(ended.status.code(), Some(1 | 2)), "{flags:?}: {}", ended.status);
        assert!(said.contains("error:") && said.contains(sentence), "{flags:?}: {said}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("a port").port();
    let mut program = Program::start(&["--brokers", "1", "--ports", &port.to_string()]);
    let line = program.line();
    assert!(line.starts_with(&format!("error: broker 1 can't listen on port {port}: ")), "{line}");
    assert_eq!(program.child.wait().expect("it ends").code(), Some(1));
}
