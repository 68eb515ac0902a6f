//! One connection to a broker, blocking, which sends any request in any version, and bytes that are no request.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use kacrab_protocol::generated::{RequestHeaderData, ResponseHeaderData};
use kacrab_protocol::version::{request_header_version, response_header_version};

use super::api::Api;
use super::text;

/// Longer than any scenario lets a broker wait, on a machine that does much else: met only where there is no answer.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What came of a request.
#[derive(Debug)]
pub enum Reply<T> {
    /// It was answered. `left` bytes stood behind the answer: none, if both sides mean the same.
    Answer {
        /// The answer.
        response: T,
        /// Bytes that were not read.
        left: usize,
    },
    /// The broker closed the connection.
    Closed,
    /// Nothing came.
    Silence,
    /// What came is no answer.
    Unreadable(String),
    /// This version has no place for what the request says: nothing was sent.
    Inexpressible,
}

impl<T> Reply<T> {
    /// The answer, which must be there.
    pub fn answer(self) -> T {
        match self {
            Self::Answer { response, .. } => response,
            Self::Closed => panic!("closed instead of an answer"),
            Self::Silence => panic!("silence instead of an answer"),
            Self::Unreadable(why) => panic!("no answer: {why}"),
            Self::Inexpressible => panic!("the request can't be said in this version"),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    correlation_id: i32,
    /// What the client calls itself.
    pub client_id: String,
}

impl Wire {
    /// Connects to `address`.
    pub fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, correlation_id: 0, client_id: "conformance".to_owned() })
    }

    /// Sends a request and waits for what comes.
    pub fn ask<R: Api>(&mut self, request: &R, version: i16) -> Reply<R::Response> {
        match self.send(request, version) {
            Ok(true) => self.receive::<R>(version, PATIENCE),
            Ok(false) => Reply::Inexpressible,
            Err(_) => Reply::Closed,
        }
    }

    /// Sends a request alone; `false` when this version can't say it.
    pub fn send<R: Api>(&mut self, request: &R, version: i16) -> io::Result<bool> {
        self.correlation_id += 1;
        let mut frame = self.header(R::KEY, version);
        if request.write(&mut frame, version).is_err() {
            return Ok(false);
        }
        self.send_frame(&frame)?;
        Ok(true)
    }

    /// The header of a request, as any client writes it.
    pub fn header(&self, key: i16, version: i16) -> BytesMut {
        let mut frame = BytesMut::new();
        RequestHeaderData {
            request_api_key: key,
            request_api_version: version,
            correlation_id: self.correlation_id,
            client_id: Some(text(&self.client_id)),
            ..RequestHeaderData::default()
        }
        .write(&mut frame, request_header_version(key, version))
        .expect("a header");
        frame
    }

    /// Sends bytes with their length before them.
    pub fn send_frame(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut framed = BytesMut::with_capacity(frame.len() + 4);
        framed.put_u32(u32::try_from(frame.len()).expect("a small frame"));
        framed.put_slice(frame);
        self.send_bytes(&framed)
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Waits for the answer to a request that was sent.
    pub fn receive<R: Api>(&mut self, version: i16, patience: Duration) -> Reply<R::Response> {
        let mut frame = match self.receive_frame(patience) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Reply::Silence,
            Err(_) => return Reply::Closed,
        };
        let whole = frame.clone();
        let header = match ResponseHeaderData::read(&mut frame, response_header_version(R::KEY, version)) {
            Ok(header) => header,
            Err(error) => return Reply::Unreadable(error.to_string()),
        };
        if header.correlation_id != self.correlation_id {
            return Reply::Unreadable("of another request".to_owned());
        }
        match R::read_response(&mut frame, version) {
            Ok(response) => Reply::Answer { response, left: frame.len() },
            Err(error) => Reply::Unreadable(format!("{error}: {whole:?}")),
        }
    }

    /// The next frame; `None` when nothing came in time; an error when the broker closed.
    pub fn receive_frame(&mut self, patience: Duration) -> io::Result<Option<Bytes>> {
        let deadline = Instant::now() + patience;
        let mut length = [0; 4];
        if !self.fill(&mut length, deadline)? {
            return Ok(None);
        }
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        Ok(self.fill(&mut frame, deadline)?.then(|| frame.into()))
    }

    fn fill(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<bool> {
        let mut filled = 0;
        while filled < buffer.len() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
