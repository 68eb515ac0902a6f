//! The session: how it begins, how it goes on after a break, and what is gone when it does not.

use shared::event::{CloseReason, Outcome};
use shared::wire::{Resume, Welcome};
use shared::{ClientFrame, ConsumerId, Error, ErrorCode, RequestId};

use super::{State, text};

impl State {
    /// What to say first on a new connection.
    pub(crate) fn hello(&self) -> ClientFrame {
        let resume = self.session.clone().map(|session| Resume { session, received: self.received });
        ClientFrame::Hello { version: shared::wire::VERSION, resume }
    }

    pub(super) fn welcome(&mut self, welcome: Welcome, now_ms: f64) -> Vec<ClientFrame> {
        self.server = Some(welcome.server);
        self.cluster = Some(welcome.cluster);
        let was_known = self.session.replace(welcome.session).is_some();
        if !welcome.resumed {
            self.received = 0;
            self.lose_watch();
            if was_known {
                let gone = self.lose_session(
                    "The server no longer knows this session. What was running may or may not have been done.",
                    now_ms,
                );
                let told = match gone {
                    None => "Connected again, in a new session.".to_owned(),
                    Some(gone) => format!("Connected again, but the old session is gone, with {gone}."),
                };
                self.announcements.add(told.clone());
                self.session_gone = Some(told);
            }
            return self.watch();
        }
        let arrived = welcome.last_request;
        let open: Vec<(RequestId, bool)> = self
            .requests
            .values()
            .filter(|request| request.is_open())
            .map(|request| (request.id, request.cancelled))
            .collect();
        let mut send = Vec::new();
        for (id, cancelled) in open {
            if Some(id) > arrived {
                let error = Error::new(
                    ErrorCode::NotSent,
                    "The connection broke before this reached the server, so nothing was done.",
                )
                .hint("Press the button again.");
                self.settle(id, Outcome::Failed { error, partial: None }, now_ms);
            } else if cancelled {
                send.push(ClientFrame::Cancel { id });
            }
        }
        // The views that were sent meanwhile never come again.
        send.extend(self.watch());
        send
    }

    /// The connection ended in a way that took the session with it.
    pub(crate) fn session_ended(&mut self, now_ms: f64) {
        self.session = None;
        self.received = 0;
        self.lose_watch();
        let gone = self.lose_session(
            "The session ended before the answer came. What was running may or may not have been done.",
            now_ms,
        );
        if let Some(gone) = gone {
            self.announcements.add(format!("The session is gone, with {gone}."));
        }
    }

    /// Settles all that ran in a session that is gone: requests with `message`. Says what that was, if it was anything.
    fn lose_session(&mut self, message: &str, now_ms: f64) -> Option<String> {
        let open: Vec<RequestId> =
            self.requests.values().filter(|request| request.is_open()).map(|request| request.id).collect();
        let consumers: Vec<ConsumerId> = self.consumers.keys().copied().collect();
        for consumer in &consumers {
            self.closed(*consumer, &CloseReason::SessionEnded, now_ms);
        }
        // Ids of consumers may come again from a server that was restarted.
        self.consumers.clear();
        self.early.clear();
        for &id in &open {
            let error = Error::new(ErrorCode::SessionLost, message)
                .hint("Look at the cluster before you run it again.");
            self.settle(id, Outcome::Failed { error, partial: None }, now_ms);
        }
        for request in self.requests.values_mut() {
            if let Some(crash) = request.consumer.as_mut().and_then(|consumer| consumer.crash.as_mut()) {
                crash.lost_sight = true;
            }
        }
        if open.is_empty() && consumers.is_empty() {
            return None;
        }
        Some(format!(
            "{} and {}",
            text::count(open.len() as u64, "running request", "running requests"),
            text::count(consumers.len() as u64, "consumer", "consumers"),
        ))
    }
}
