//! A connection that says what no page would.

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Sends a text.
pub(super) async fn say<S>(socket: &mut S, text: &str)
where
    S: Sink<Message, Error = Error> + Unpin,
{
    socket.send(Message::text(text)).await.expect("the connection holds");
}

/// The next frame of the server, as it is on the wire.
pub(super) async fn hear<S>(socket: &mut S) -> Value
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("the connection ended: {other:?}"),
        }
    }
}
