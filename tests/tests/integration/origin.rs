//! Who may speak to the server: exact `Host` and `Origin`, over a bare connection.

use tests::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The status of the answer to a request with these headers.
async fn status(server: &TestServer, path: &str, headers: &[(&str, String)]) -> u16 {
    let mut socket = TcpStream::connect(server.address()).await.expect("a connection");
    let mut request = format!("GET {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if path == "/ws" {
        request += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    } else {
        request += "Connection: close\r\n";
    }
    request += "\r\n";
    socket.write_all(request.as_bytes()).await.expect("the connection holds");
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    std::str::from_utf8(&answer[9..]).expect("a status").parse().expect("a status")
}

#[tokio::test]
async fn only_the_servers_own_page_may_connect() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let port = server.address().port();
    let host = ("Host", server.address().to_string());
    for origin in [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")] {
        assert_eq!(
            status(&server, "/ws", &[host.clone(), ("Origin", origin.clone())]).await,
            101,
            "{origin}"
        );
    }
    assert_eq!(status(&server, "/ws", std::slice::from_ref(&host)).await, 403, "without an origin");
    for origin in [
        "null".to_owned(),
        String::new(),
        "http://evil.example".to_owned(),
        format!("https://127.0.0.1:{port}"),
        "http://127.0.0.1".to_owned(),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://127.0.0.1:{port}0"),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://127.0.0.1:{port}@evil.example"),
        format!("http://evil.example/http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}/"),
        format!("http://xlocalhost:{port}"),
        format!("http://sub.localhost:{port}"),
        format!("http://LOCALHOST:{port}"),
        format!("HTTP://127.0.0.1:{port}"),
        format!("http://127.1:{port}"),
        format!("http://127.0.0.1:{port} http://evil.example"),
    ] {
        assert_eq!(
            status(&server, "/ws", &[host.clone(), ("Origin", origin.clone())]).await,
            403,
            "{origin}"
        );
    }
    let twice = [host, ("Origin", server.origin()), ("Origin", "http://evil.example".to_owned())];
    assert_eq!(status(&server, "/ws", &twice).await, 403, "two origins");
}

#[tokio::test]
async fn every_request_must_name_the_server_as_it_is_known() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let port = server.address().port();
    let origin = ("Origin", server.origin());
    for path in ["/", "/healthz", "/api/lessons", "/ws", "/nowhere"] {
        for host in [
            "evil.example".to_owned(),
            format!("evil.example:{port}"),
            "127.0.0.1".to_owned(),
            format!("127.0.0.1:{}", port ^ 1),
            format!("127.0.0.1:{port}.evil.example"),
            format!("LOCALHOST:{port}"),
            format!("localhost.:{port}"),
        ] {
            let headers = [("Host", host.clone()), origin.clone()];
            assert_eq!(status(&server, path, &headers).await, 403, "{path} of {host}");
        }
        let twice =
            [("Host", format!("127.0.0.1:{port}")), ("Host", "evil.example".to_owned()), origin.clone()];
        let refused = status(&server, path, &twice).await;
        assert!(matches!(refused, 400 | 403), "{path}: {refused}");
        let none = status(&server, path, std::slice::from_ref(&origin)).await;
        assert!(matches!(none, 400 | 403), "{path}: {none}");
    }
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")] {
        assert_eq!(status(&server, "/healthz", &[("Host", host.clone())]).await, 200, "{host}");
    }
}
