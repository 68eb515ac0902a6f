//! Frames that no page sends: each closes the connection with a code that says why, and the server goes on.

use futures_util::SinkExt;
use serde_json::json;
use shared::wire::{MAX_CLIENT_FRAME_BYTES, close};
use tests::{Client, TestServer};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::wire::{hear, say};

const HELLO: &str = r#"{"type":"hello","version":2}"#;

/// What the server says to these frames after a `Hello`.
async fn after_hello(server: &TestServer, frames: Vec<Message>) -> u16 {
    let (mut socket, _) = Client::connect(server, None).await;
    say(&mut socket, HELLO).await;
    assert_eq!(hear(&mut socket).await["type"], "welcome");
    for frame in frames {
        // A server that has closed already does not read the rest.
        let _refused = socket.send(frame).await;
    }
    Client::close_code(&mut socket).await
}

/// What the server says to these frames where a `Hello` should come.
async fn instead_of_hello(server: &TestServer, frame: Message) -> u16 {
    let (mut socket, _) = Client::connect(server, None).await;
    socket.send(frame).await.expect("the connection holds");
    Client::close_code(&mut socket).await
}

async fn goes_on(server: &TestServer) {
    let mut page = Client::new(server).await;
    assert_eq!(page.topic_names().await, [""; 0]);
}

#[tokio::test]
async fn malformed_frames() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let deep = "[".repeat(100_000);
    for text in [
        "",
        "hello",
        "null",
        "[]",
        "{",
        "{}",
        "\u{0}",
        &deep,
        r#"{"type":"fly"}"#,
        r#"{"type":"run","id":1}"#,
        r#"{"type":"run","id":-1,"command":{"list_topics":{}}}"#,
        r#"{"type":"run","id":1.5,"command":{"list_topics":{}}}"#,
        r#"{"type":"run","id":"1","command":{"list_topics":{}}}"#,
        r#"{"type":"run","id":1,"command":{"reboot":{}}}"#,
        r#"{"type":"run","id":1,"command":{"list_topics":{},"describe_cluster":{}}}"#,
        r#"{"type":"run","id":1,"command":{"list_topics":{"all":true}}}"#,
        r#"{"type":"run","id":1,"command":{"create_topic":{}}}"#,
        r#"{"type":"run","id":1,"command":{"create_topic":{"topic":7}}}"#,
        r#"{"type":"run","id":1,"command":{"produce":{"topic":"t","count":-1}}}"#,
        r#"{"type":"run","id":1,"command":{"produce":{"topic":"t","count":1,"acks":"2"}}}"#,
        r#"{"type":"run","id":1,"command":{"produce":{"topic":"t","count":1,"settings":{"retries":3}}}}"#,
        r#"{"type":"run","id":1,"command":{"start_consumer":{"group":"g","topics":"t"}}}"#,
        r#"{"type":"run","id":1,"command":{"list_topics":{}},"role":"operator"}"#,
        r#"{"type":"cancel"}"#,
    ] {
        let code = after_hello(&server, vec![Message::text(text)]).await;
        assert_eq!(code, close::MALFORMED, "{text:.80}");
    }
    for text in ["", "hello", r#"{"type":"hello"}"#, r#"{"type":"hello","version":"1"}"#] {
        assert_eq!(instead_of_hello(&server, Message::text(text)).await, close::MALFORMED, "{text}");
    }
    goes_on(&server).await;
}

#[tokio::test]
async fn a_wrong_version() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    for version in [0, 1, u32::MAX] {
        let hello = json!({ "type": "hello", "version": version }).to_string();
        assert_eq!(instead_of_hello(&server, Message::text(hello)).await, close::WRONG_VERSION);
    }
    goes_on(&server).await;
}

#[tokio::test]
async fn a_command_before_hello_and_a_second_hello() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    for text in
        [r#"{"type":"run","id":1,"command":{"create_topic":{"topic":"t"}}}"#, r#"{"type":"cancel","id":1}"#]
    {
        assert_eq!(instead_of_hello(&server, Message::text(text)).await, close::HELLO_EXPECTED);
    }
    assert_eq!(after_hello(&server, vec![Message::text(HELLO)]).await, close::HELLO_EXPECTED);
    goes_on(&server).await;
}

#[tokio::test]
async fn no_hello_at_all() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let (mut silent, _) = Client::connect(&server, None).await;
    assert_eq!(Client::close_code(&mut silent).await, close::IDLE);
    goes_on(&server).await;
}

#[tokio::test]
async fn a_request_id_used_twice() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let run =
        |id: u64| Message::text(format!(r#"{{"type":"run","id":{id},"command":{{"list_topics":{{}}}}}}"#));
    assert_eq!(after_hello(&server, vec![run(1), run(1)]).await, close::ID_REUSED);
    assert_eq!(after_hello(&server, vec![run(7), run(3)]).await, close::ID_REUSED, "nor a lower one");
    goes_on(&server).await;
}

#[tokio::test]
async fn a_request_id_used_twice_over_two_connections() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.topic_names().await;
    page.reconnect(&server).await;
    let again = r#"{"type":"run","id":1,"command":{"list_topics":{}}}"#;
    say(page.socket(), again).await;
    assert_eq!(Client::close_code(page.socket()).await, close::ID_REUSED);
}

#[tokio::test]
async fn binary_frames() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    for bytes in [&b""[..], b"\x00\xff", HELLO.as_bytes()] {
        let frame = Message::binary(bytes.to_vec());
        assert_eq!(instead_of_hello(&server, frame.clone()).await, close::BINARY);
        assert_eq!(after_hello(&server, vec![frame]).await, close::BINARY);
    }
    goes_on(&server).await;
}

#[tokio::test]
async fn oversized_frames() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let command = |size: usize| {
        let start = r#"{"type":"run","id":1,"command":{"describe_topic":{"topic":""#;
        let end = r#""}}}"#;
        Message::text(format!("{start}{}{end}", "a".repeat(size - start.len() - end.len())))
    };
    // A little over, and over what the server's WebSocket takes at all.
    for size in [MAX_CLIENT_FRAME_BYTES + 1, 2 * MAX_CLIENT_FRAME_BYTES + 1, 8 * MAX_CLIENT_FRAME_BYTES] {
        assert_eq!(after_hello(&server, vec![command(size)]).await, close::TOO_LARGE, "{size} bytes");
        assert_eq!(instead_of_hello(&server, command(size)).await, close::TOO_LARGE, "{size} bytes");
    }
    // The longest that is taken is taken.
    let mut page = Client::new(&server).await;
    page.socket().send(command(MAX_CLIENT_FRAME_BYTES)).await.expect("the connection holds");
    let said = loop {
        let frame = hear(page.socket()).await;
        if frame["type"] == "done" {
            break frame;
        }
    };
    assert_eq!(said["outcome"]["failed"]["error"]["code"], "invalid_topic");
    goes_on(&server).await;
}

#[tokio::test]
async fn a_frame_in_fragments_is_one_frame() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let fragment = |text: &str, opcode: Data, last: bool| {
        Message::Frame(Frame::message(text.as_bytes().to_vec(), OpCode::Data(opcode), last))
    };
    let (mut socket, _) = Client::connect(&server, None).await;
    let (start, end) = HELLO.split_at(9);
    socket.send(fragment(start, Data::Text, false)).await.expect("the connection holds");
    socket.send(fragment(end, Data::Continue, true)).await.expect("the connection holds");
    assert_eq!(hear(&mut socket).await["type"], "welcome");
    // Small ones that are too large together.
    let piece = "a".repeat(MAX_CLIENT_FRAME_BYTES / 8);
    let mut pieces = vec![fragment(&piece, Data::Text, false)];
    pieces.extend((0..20).map(|_| fragment(&piece, Data::Continue, false)));
    assert_eq!(after_hello(&server, pieces).await, close::TOO_LARGE);
    goes_on(&server).await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_does_not_stop_the_server() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let (mut socket, _) = Client::connect(&server, None).await;
    let frame = Frame::message(vec![0xff, 0xfe, 0x80], OpCode::Data(Data::Text), true);
    socket.send(Message::Frame(frame)).await.expect("the connection holds");
    goes_on(&server).await;
}

#[tokio::test]
async fn more_frames_than_the_server_takes() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let flood = vec![Message::text(r#"{"type":"cancel","id":1}"#); 2_000];
    assert_eq!(after_hello(&server, flood).await, close::TOO_FAST);
    goes_on(&server).await;
}
