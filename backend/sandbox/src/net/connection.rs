//! A client's connection: frames in, one request at a time, frames out in their order.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{Instant, sleep_until, timeout};

use crate::core::{Answer, BrokerId};
use crate::engine::{Attached, Engine};
use crate::wire::{self, Request, RequestHeader};

/// The longest request to produce (`socket.request.max.bytes`).
const MAX_FRAME_BYTES: usize = 104_857_600;
/// The longest of all others. Apache Kafka takes these up to the same length; here the requests of a cluster wait for
/// each other.
const MAX_OTHER_FRAME_BYTES: usize = 2 << 20;
/// Requests up to here are read at once, unless they decompress to much. What longer ones hold may take a while.
const QUICK_BYTES: usize = 4 << 10;
/// Requests up to here are read apart, but not in their turn with those that take long.
const MIDDLING_BYTES: usize = 64 << 10;
/// How many long requests are read at a time, in the process: each may take many times its length of memory.
static LONG_REQUESTS: Semaphore = Semaphore::const_new(4);
/// How much is read at once, at least. What a frame says of its length is not believed before the bytes are there.
const READ_BYTES: usize = 16 * 1024;
/// Answers are gathered up to here while more requests are at hand.
const GATHER_BYTES: usize = 64 * 1024;
/// How many bytes a second a connection is given at most: those of a network of 4 Gbit/s. Memory is faster, but a client
/// that gets records faster than its application takes them fills its queue and then fetches nothing for a second
/// (`fetch.queue.backoff.ms` of librdkafka).
const BYTES_PER_SECOND: f64 = 500e6;
/// How much is handed to the system at once.
const PIECE_BYTES: usize = 256 * 1024;
/// How far a connection may be ahead of that rate: timers are no finer.
const AHEAD: Duration = Duration::from_millis(1);
/// The key of Produce.
const PRODUCE: [u8; 2] = [0, 0];
/// How long a connection may be silent, and how long a client may take none of what it asked for
/// (`connections.max.idle.ms`).
const MAX_IDLE: Duration = Duration::from_secs(600);

/// Serves a connection until either side closes it.
pub(super) async fn serve(stream: TcpStream, peer: SocketAddr, engine: &Engine, broker: BrokerId) {
    let Some(mut attached) = engine.attach(broker, &peer.ip().to_string()) else { return };
    // Without it small answers wait for the acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    if let Err(error) = Connection::new(stream).serve(&mut attached).await {
        tracing::debug!(broker, %peer, %error, "connection closed");
    }
}

/// Reads a request where nobody else is kept waiting by it.
async fn decode(frame: Bytes) -> io::Result<(RequestHeader, Request)> {
    let quickly = if frame.len() <= QUICK_BYTES {
        wire::decode_quickly(&frame)
    } else if frame.len() <= MIDDLING_BYTES {
        let frame = frame.clone();
        spawn_blocking(move || wire::decode_quickly(&frame)).await.map_err(io::Error::other)?
    } else {
        None
    };
    let decoded = match quickly {
        Some(decoded) => decoded,
        None => apart(|| wire::decode(frame)).await?,
    };
    decoded.map_err(io::Error::other)
}

/// Does what takes long where nobody waits for it but this connection.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let turn = LONG_REQUESTS.acquire().await.map_err(io::Error::other)?;
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    // A panic in it ends the connection.
    spawn_blocking(work).await.map_err(io::Error::other)
}

struct Connection {
    stream: TcpStream,
    read: BytesMut,
    gathered: BytesMut,
    /// When all that was sent would have gone over a network of that rate.
    sent_by: Instant,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, read: BytesMut::new(), gathered: BytesMut::new(), sent_by: Instant::now() }
    }

    async fn serve(&mut self, attached: &mut Attached<'_>) -> io::Result<()> {
        while let Some(frame) = self.next_frame().await? {
            let (header, mut request) = decode(frame).await?;
            if let Some(wanted) = attached.wanted_compression(&request) {
                request = apart(move || {
                    if let Request::Produce(produce) = &mut request {
                        produce.recompress(&wanted);
                    }
                    request
                })
                .await?;
            }
            let answer = match attached.call(&header, request) {
                Some(answer) => answer,
                None => {
                    self.flush().await?;
                    // Some requests are never answered, and a client that is gone is not noticed meanwhile.
                    let answer = timeout(MAX_IDLE, attached.answer());
                    answer.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
                }
            };
            match answer {
                Answer::Response(response) => {
                    let frame = wire::encode(&header, &response).map_err(|error| {
                        tracing::error!(?header, %error, "a response can't be written");
                        io::Error::other(error)
                    })?;
                    self.gathered.unsplit(frame);
                }
                Answer::Nothing => {}
                Answer::Close => break,
            }
            if self.gathered.len() >= GATHER_BYTES {
                self.flush().await?;
                // Who asks for much again and again, and reads it as fast, would never have to wait.
                yield_now().await;
            }
        }
        self.flush().await
    }

    /// The next frame without its length; `None` when the client has closed the connection.
    async fn next_frame(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(length) = self.read.first_chunk::<4>() {
                let length = usize::try_from(i32::from_be_bytes(*length))
                    .ok()
                    .filter(|length| *length <= MAX_FRAME_BYTES)
                    .ok_or_else(|| io::Error::other("a frame of an impossible length"))?;
                let api = self.read.get(4..6);
                if length > MAX_OTHER_FRAME_BYTES && api.is_some_and(|key| key != PRODUCE) {
                    return Err(io::Error::other("a request that is too long for its API"));
                }
                if self.read.len() - 4 >= length {
                    self.read.advance(4);
                    return Ok(Some(self.read.split_to(length).freeze()));
                }
            }
            self.flush().await?;
            self.read.reserve(READ_BYTES);
            let read = timeout(MAX_IDLE, self.stream.read_buf(&mut self.read));
            if read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? == 0 {
                return Ok(None);
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        while !self.gathered.is_empty() {
            let now = Instant::now();
            if self.sent_by > now + AHEAD {
                sleep_until(self.sent_by - AHEAD).await;
            }
            let piece = self.gathered.split_to(self.gathered.len().min(PIECE_BYTES));
            let written = timeout(MAX_IDLE, self.stream.write_all(&piece));
            written.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            self.sent_by =
                self.sent_by.max(now) + Duration::from_secs_f64(piece.len() as f64 / BYTES_PER_SECOND);
        }
        Ok(())
    }
}
