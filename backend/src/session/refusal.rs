//! Why and how a connection is closed by the server.

use std::time::Duration;

use futures_util::StreamExt;
use shared::ClientFrame;
use shared::wire::{MAX_CLIENT_FRAME_BYTES, close};
use tokio::time::timeout;

use super::connection::{Connection, Incoming, Reader};
use super::outbound::close_connection;

/// How long a page may take to hear that its connection is closed.
const READ_OUT_LIMIT: Duration = Duration::from_secs(1);

/// Why a connection is closed.
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

/// Closes a connection that has no session.
pub(super) async fn turn_away(mut connection: Connection, Refusal { code, reason }: Refusal) {
    close_connection(&mut connection.writer, code, reason).await;
    read_out(&mut connection.reader).await;
}

/// Reads what the page sent before it heard of the close. A connection that is dropped with bytes unread is reset,
/// and the page would never get the code.
pub(super) async fn read_out(reader: &mut Reader) {
    let last =
        |incoming| matches!(incoming, None | Some(Incoming::Left | Incoming::Broken | Incoming::TooLarge));
    let left = async { while !last(reader.next().await) {} };
    let _late = timeout(READ_OUT_LIMIT, left).await;
}

pub(super) const SHUTTING_DOWN: Refusal =
    Refusal { code: close::SHUTTING_DOWN, reason: "the server is stopping" };
pub(super) const BINARY: Refusal = Refusal { code: close::BINARY, reason: "frames must be JSON text" };
pub(super) const TOO_LARGE: Refusal = Refusal { code: close::TOO_LARGE, reason: "the frame is too large" };

pub(super) fn parse(text: &str) -> Result<ClientFrame, Refusal> {
    if text.len() > MAX_CLIENT_FRAME_BYTES {
        return Err(TOO_LARGE);
    }
    serde_json::from_str(text).map_err(|error| {
        tracing::debug!(%error, "malformed frame");
        Refusal { code: close::MALFORMED, reason: "the frame is not one of the protocol's" }
    })
}
