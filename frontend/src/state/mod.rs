//! What the page knows, as plain Rust: frames are folded in by [`State::apply`], views are derived. Knows neither
//! the browser nor a clock: the time is given in the page's milliseconds.

mod announce;
pub(crate) mod capability;
mod consumer;
pub(crate) mod form;
pub(crate) mod glance;
pub(crate) mod happened;
mod keep;
mod link;
mod request;
mod ring;
pub(crate) mod said;
mod session;
pub(crate) mod text;
pub(crate) mod told;
mod window;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::event::{CloseReason, Outcome};
use shared::kafka::ClusterState;
use shared::wire::{ServerInfo, Stream};
use shared::{
    ClientFrame, Command, ConsumerId, Error, ErrorCode, Event, Reply, RequestId, ServerFrame, SessionId,
};

pub(crate) use announce::Announcements;
pub(crate) use consumer::{Consumer, Crash};
pub(crate) use link::{Link, Remedy, ended_by, ends_session, wait_ms};
pub(crate) use request::{Origin, Report, ReportFate, Request, Row};
pub(crate) use ring::KEPT_ROWS;
pub(crate) use window::Window;

/// All that the page knows of the server and of what the learner did.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What the server is, once it said so.
    pub(crate) server: Option<ServerInfo>,
    /// How the cluster is, once the server said so.
    pub(crate) cluster: Option<ClusterState>,
    /// What a screen reader is to be told.
    pub(crate) announcements: Announcements,
    /// The cluster, while somebody looks into it.
    pub(crate) window: Window,
    /// What became of the session before this one, until the learner has read it.
    pub(crate) session_gone: Option<String>,
    session: Option<SessionId>,
    received: u64,
    last_id: u64,
    requests: BTreeMap<RequestId, Request>,
    consumers: BTreeMap<ConsumerId, RequestId>,
    /// What came of a consumer before the `Done` that names it.
    early: BTreeMap<ConsumerId, Vec<ServerFrame>>,
}

/// As much of a frame as tells what it ends.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Head {
    Done {
        id: RequestId,
    },
    Closed {
        consumer: ConsumerId,
    },
    #[serde(other)]
    Other,
}

impl State {
    /// Notes a request that is about to be sent.
    pub(crate) fn start(&mut self, origin: Origin, command: Command, now_ms: f64) -> RequestId {
        self.last_id += 1;
        let id = RequestId(self.last_id);
        self.requests.insert(id, Request::new(id, origin, command, now_ms));
        self.touch(id);
        self.forget_old();
        id
    }

    /// The request never left the page.
    pub(crate) fn not_sent(&mut self, id: RequestId, now_ms: f64) {
        let error =
            Error::new(ErrorCode::NotSent, "There is no connection to the server, so nothing was done.")
                .hint("Try again when the connection is back.");
        self.settle(id, Outcome::Failed { error, partial: None }, now_ms);
    }

    /// Notes that the learner cancels a request. Whether it is still to be told to the server.
    pub(crate) fn cancel(&mut self, id: RequestId) -> bool {
        let Some(request) = self.requests.get_mut(&id).filter(|request| request.is_open()) else {
            return false;
        };
        request.cancelled = true;
        self.touch(id);
        true
    }

    /// The request, if the page still keeps it.
    pub(crate) fn request(&self, id: RequestId) -> Option<&Request> {
        self.requests.get(&id)
    }

    /// All requests that have a panel of their own, newest first.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Request> {
        self.requests.values().rev().filter(|request| request.origin.part_of.is_none())
    }

    /// The newest request of a button.
    pub(crate) fn latest_of(&self, lesson: &str, step: &str, run: usize) -> Option<&Request> {
        self.panels().find(|request| {
            request.origin.lesson == lesson && request.origin.step == step && request.origin.run == run
        })
    }

    /// The newest request that a button of this consumer's panel made.
    pub(crate) fn latest_part_of(&self, panel: RequestId) -> Option<&Request> {
        self.requests.values().rev().find(|request| request.origin.part_of == Some(panel))
    }

    /// Whether anything goes on.
    pub(crate) fn is_busy(&self) -> bool {
        self.requests.values().any(Request::is_live)
    }

    /// Folds in a frame of the server. Returns what to send.
    pub(crate) fn apply(&mut self, frame: ServerFrame, now_ms: f64) -> Vec<ClientFrame> {
        if !matches!(frame, ServerFrame::Welcome(_)) {
            self.received += 1;
        }
        let send = match frame {
            ServerFrame::Welcome(welcome) => self.welcome(welcome, now_ms),
            other => {
                let is_reset =
                    matches!(other, ServerFrame::Done { outcome: Outcome::Ok(Reply::ClusterReset(_)), .. });
                self.fold(other, now_ms);
                // The cluster that could be watched no more is another now.
                if is_reset && self.window.trouble.is_some() { self.watch() } else { Vec::new() }
            }
        };
        self.forget_rows();
        send
    }

    fn fold(&mut self, frame: ServerFrame, now_ms: f64) {
        match frame {
            ServerFrame::Welcome(_) => {}
            ServerFrame::Cluster { state } => self.cluster = Some(state),
            ServerFrame::Events { id, events } => self.events(id, events, now_ms),
            ServerFrame::Done { id, outcome } => self.settle(id, outcome, now_ms),
            ServerFrame::ConsumerEvents { consumer, .. }
            | ServerFrame::Closed { consumer, .. }
            | ServerFrame::Skipped { stream: Stream::Consumer(consumer), .. }
                if !self.consumers.contains_key(&consumer) =>
            {
                if self.is_starting_a_consumer() {
                    self.early.entry(consumer).or_default().push(frame);
                }
            }
            ServerFrame::ConsumerEvents { consumer, events } => {
                self.change_consumer(consumer, |consumer, rows| {
                    events.into_iter().for_each(|event| consumer.apply(event, rows));
                });
            }
            ServerFrame::Closed { consumer, reason } => self.closed(consumer, &reason, now_ms),
            ServerFrame::Skipped { stream, count } => self.skipped(stream, count),
        }
    }

    fn is_starting_a_consumer(&self) -> bool {
        let starts = |request: &Request| matches!(request.command, Command::StartConsumer(_));
        self.requests.values().any(|request| request.is_open() && starts(request))
    }

    /// A frame came that this page can't read. It counts all the same, and ends what it was to end.
    pub(crate) fn unreadable(&mut self, text: &str, now_ms: f64) {
        let error = Error::new(ErrorCode::Internal, "This page can’t read the answer: reload it.");
        let instead = match serde_json::from_str(text) {
            Ok(Head::Done { id }) => {
                ServerFrame::Done { id, outcome: Outcome::Failed { error, partial: None } }
            }
            Ok(Head::Closed { consumer }) => {
                ServerFrame::Closed { consumer, reason: CloseReason::Failed(error) }
            }
            Ok(Head::Other) | Err(_) => {
                self.received += 1;
                return;
            }
        };
        self.apply(instead, now_ms);
    }

    fn events(&mut self, id: RequestId, events: Vec<Event>, now_ms: f64) {
        if self.is_watch(id) {
            return self.watched(events);
        }
        let Some(request) = self.requests.get_mut(&id).filter(|request| request.is_open()) else { return };
        let mut still_there = None;
        for event in events {
            if let Event::MemberStillThere { waited_ms, session_timeout_ms } = event {
                still_there = Some((waited_ms, session_timeout_ms));
            }
            request.apply(event);
        }
        let panel = request.origin.part_of;
        if let (Some((waited_ms, session_timeout_ms)), Some(panel)) = (still_there, panel)
            && let Some(consumer) = self.requests.get_mut(&panel).and_then(|panel| panel.consumer.as_mut())
        {
            consumer.still_there(waited_ms, session_timeout_ms, now_ms);
        }
        self.touch(id);
    }

    fn settle(&mut self, id: RequestId, outcome: Outcome, now_ms: f64) {
        if self.is_watch(id) {
            return self.watch_ended(outcome);
        }
        let Some(request) = self.requests.get_mut(&id).filter(|request| request.is_open()) else { return };
        if let Outcome::Ok(Reply::MemberGone { after_ms, .. }) = outcome {
            let panel = request.origin.part_of;
            if let Some(consumer) = panel
                .and_then(|panel| self.requests.get_mut(&panel))
                .and_then(|panel| panel.consumer.as_mut())
                && let Some(crash) = consumer.crash.as_mut()
            {
                crash.gone_after_ms = Some(after_ms);
            }
        }
        if let Outcome::Ok(reply) = &outcome {
            self.note_in_window(reply);
        }
        let Some(request) = self.requests.get_mut(&id) else { return };
        // A crash that was not followed to its end counts down no more.
        let lost_sight =
            matches!(request.command, Command::CrashConsumer(_)) && !matches!(outcome, Outcome::Ok(_));
        request.settled_ms = Some(now_ms);
        let started = match outcome {
            Outcome::Ok(Reply::ConsumerStarted(consumer)) => Some(consumer),
            _ => None,
        };
        self.announcements.add(said::announcement(request, &outcome));
        request.outcome = Some(outcome);
        let panel = request.origin.part_of;
        if let Some(consumer) = started {
            self.attach(id, consumer);
            for frame in self.early.remove(&consumer).unwrap_or_default() {
                self.fold(frame, now_ms);
            }
            if !self.is_starting_a_consumer() {
                self.early.clear();
            }
        }
        if lost_sight
            && let Some(crash) = panel
                .and_then(|panel| self.requests.get_mut(&panel))
                .and_then(|panel| panel.consumer.as_mut())
                .and_then(|consumer| consumer.crash.as_mut())
        {
            crash.lost_sight = true;
        }
        self.touch(id);
    }

    fn attach(&mut self, id: RequestId, consumer: ConsumerId) {
        let Some(Command::StartConsumer(start)) = self.requests.get(&id).map(|request| &request.command)
        else {
            return;
        };
        let number = 1 + self
            .requests
            .values()
            .filter(|other| other.id < id && other.consumer.is_some())
            .filter(|other| matches!(&other.command, Command::StartConsumer(s) if s.group == start.group))
            .count();
        if let Some(request) = self.requests.get_mut(&id) {
            request.consumer = Some(Consumer::new(consumer, number));
            self.consumers.insert(consumer, id);
        }
    }

    fn change_consumer(
        &mut self,
        consumer: ConsumerId,
        change: impl FnOnce(&mut Consumer, &mut ring::Ring<Row>),
    ) -> Option<RequestId> {
        let id = *self.consumers.get(&consumer)?;
        let request = self.requests.get_mut(&id)?;
        change(request.consumer.as_mut()?, &mut request.rows);
        request.version += 1;
        Some(id)
    }

    fn closed(&mut self, consumer: ConsumerId, reason: &CloseReason, now_ms: f64) {
        let id = self.change_consumer(consumer, |consumer, _| {
            consumer.closed = Some(reason.clone());
            consumer.closed_ms = Some(now_ms);
            if let CloseReason::Crashed { session_timeout_ms } = *reason
                && consumer.crash.is_none()
            {
                consumer.still_there(0, session_timeout_ms, now_ms);
            }
        });
        if let Some(request) = id.and_then(|id| self.requests.get(&id)) {
            self.announcements.add(format!("{}: {}", said::panel_name(request), said::closed(reason)));
        }
        self.consumers.remove(&consumer);
    }

    fn skipped(&mut self, stream: Stream, count: u64) {
        let id = match stream {
            Stream::Request(id) => Some(id),
            Stream::Consumer(consumer) => self.consumers.get(&consumer).copied(),
        };
        if let Some(id) = id
            && let Some(request) = self.requests.get_mut(&id)
        {
            request.skipped += count;
            request.rows.push(Row::Skipped(count));
            self.touch(id);
        }
    }

    /// Marks a request as changed, and the panel that it belongs to.
    fn touch(&mut self, id: RequestId) {
        let Some(request) = self.requests.get_mut(&id) else { return };
        request.version += 1;
        if let Some(panel) = request.origin.part_of.and_then(|panel| self.requests.get_mut(&panel)) {
            panel.version += 1;
        }
    }
}
