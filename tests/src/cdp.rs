//! Just enough of the Chrome DevTools Protocol: commands with answers, and the events that tests look at.
//!
//! On the WebSocket client that the tests have anyway; the crates that wrap all of the protocol are generated code
//! that takes longer to build than all tests take to run.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// How long the browser may take for one command.
const ANSWER_LIMIT: Duration = Duration::from_secs(240);
/// Screenshots of long pages are large.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// A connection to one page of a browser.
pub(crate) struct Cdp {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u64,
    session: Option<String>,
    events: Vec<Value>,
}

impl Cdp {
    /// Connects to a browser, opens a page in it, and attaches to that.
    pub(crate) async fn connect(browser_url: &str) -> Result<Self> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let (socket, _) = connect_async_with_config(browser_url, Some(config), false).await?;
        let mut cdp = Self { socket, next_id: 1, session: None, events: Vec::new() };
        let target = cdp.call("Target.createTarget", json!({ "url": "about:blank" })).await?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = cdp.call("Target.attachToTarget", attach).await?;
        cdp.session = Some(attached["sessionId"].as_str().context("a session id")?.to_owned());
        Ok(cdp)
    }

    /// One command, and its result.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        let id = self.next_id;
        self.next_id += 1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(message.to_string())).await?;
        loop {
            let message = timeout(ANSWER_LIMIT, self.socket.next())
                .await
                .map_err(|_| anyhow!("the browser did not answer {method}"))?
                .context("the browser is gone")??;
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text)?;
            if message.get("id") != Some(&json!(id)) {
                if message.get("method").is_some() {
                    self.events.push(message);
                }
                continue;
            }
            if let Some(error) = message.get("error") {
                bail!("{method}: {error}");
            }
            return Ok(message["result"].clone());
        }
    }

    /// The events that came since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }
}
