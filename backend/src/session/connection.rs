//! One WebSocket connection, as the session sees it: what came in, and where to write.

use std::pin::Pin;

use axum::extract::ws::{Message, Utf8Bytes};
use futures_util::{Sink, SinkExt, Stream, StreamExt};

/// Where frames of a connection are written.
pub type Writer = Pin<Box<dyn Sink<Message, Error = Broken> + Send>>;
/// What comes in on a connection. Ends with [`Incoming::Left`] or [`Incoming::Broken`], or without a word.
pub type Reader = Pin<Box<dyn Stream<Item = Incoming> + Send>>;

/// The connection can't be written to any more.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken")]
pub struct Broken;

/// What a page sent.
#[derive(Debug)]
pub enum Incoming {
    /// A frame.
    Text(Utf8Bytes),
    /// What no page sends.
    Binary,
    /// The answer to a ping that carried the number of the last frame before it.
    Pong(u64),
    /// Something that only shows that the page is there.
    Other,
    /// The page said goodbye.
    Left,
    /// A frame over the limit.
    TooLarge,
    /// The connection ended without a goodbye.
    Broken,
}

/// Both ends of one connection.
pub struct Connection {
    /// Where frames are written.
    pub writer: Writer,
    /// What comes in.
    pub reader: Reader,
    /// Whether it comes from this machine, as far as can be told.
    pub same_machine: bool,
}

impl Connection {
    /// From anything that carries WebSocket messages.
    pub fn new<S, E>(socket: S, same_machine: bool) -> Self
    where
        S: Stream<Item = Result<Message, E>> + Sink<Message> + Send + 'static,
        E: std::error::Error + 'static,
    {
        let (writer, reader) = socket.split();
        Self {
            writer: Box::pin(writer.sink_map_err(|_| Broken)),
            reader: Box::pin(reader.map(incoming)),
            same_machine,
        }
    }
}

fn incoming<E: std::error::Error + 'static>(message: Result<Message, E>) -> Incoming {
    match message {
        Ok(Message::Text(text)) => Incoming::Text(text),
        Ok(Message::Binary(_)) => Incoming::Binary,
        Ok(Message::Pong(bytes)) => bytes
            .as_ref()
            .try_into()
            .map_or(Incoming::Other, |bytes| Incoming::Pong(u64::from_be_bytes(bytes))),
        Ok(Message::Ping(_)) => Incoming::Other,
        Ok(Message::Close(_)) => Incoming::Left,
        Err(error) if is_capacity(&error) => Incoming::TooLarge,
        Err(_) => Incoming::Broken,
    }
}

/// Whether reading failed because a frame was over the limit. axum hides the kind behind its own error, and the
/// crate that it comes from behind itself, so the text has to do; a test over a real socket pins it.
fn is_capacity(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(current) = error {
        if current.to_string().contains("Space limit exceeded") {
            return true;
        }
        error = current.source();
    }
    false
}
