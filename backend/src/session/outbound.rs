//! What a session sends: one task that numbers frames, remembers those that the page may not have, writes them
//! while a connection is there, and keeps what counts while none is.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use futures_util::SinkExt;
use shared::kafka::ClusterState;
use shared::wire::{Stream, Welcome, close};
use shared::{ConsumerId, ServerFrame};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::Writer;

/// How many frames may wait to be written.
const FRAMES_WAITING: usize = 64;
/// How many words of the session loop may wait.
const CONTROLS_WAITING: usize = 16;
/// How long the page may leave what it was sent unread.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// How often the page is asked how far it is.
const PING_EVERY: Duration = Duration::from_secs(5);
/// After so many frames it is asked at once.
const PING_AFTER: u64 = 256;
/// With so many frames that the page has not confirmed it counts as too slow.
const MAX_UNCONFIRMED: usize = 16 * 1024;
/// The same, in bytes of those frames that are kept to be sent again.
const MAX_UNCONFIRMED_BYTES: usize = 8 * 1024 * 1024;

/// Hands frames to the outbound task. Cheap to clone.
#[derive(Clone)]
pub(super) struct Outbound {
    frames: mpsc::Sender<ServerFrame>,
}

impl Outbound {
    /// Waits while the page is slow.
    pub(super) async fn send(&self, frame: ServerFrame) {
        // An error means that the session has ended: nobody is there to read.
        let _ = self.frames.send(frame).await;
    }
}

/// Tells the connections of a session apart: what is said of one may arrive when the next is there.
pub(super) type ConnectionNumber = u64;

/// What the session loop tells the outbound task.
pub(super) enum Control {
    /// A connection is there. The page has received so many frames of the session. Cancelling `lost` ends a write
    /// that hangs on it.
    Attach {
        connection: ConnectionNumber,
        writer: Writer,
        lost: CancellationToken,
        welcome: Box<Welcome>,
        received: u64,
    },
    /// The connection is gone.
    Detach,
    /// The page has received so many frames.
    Confirmed(u64),
    /// End the connection with this code, after what waits.
    Close { code: u16, reason: &'static str },
}

/// What the outbound task tells the session loop.
pub(super) enum Report {
    /// This connection broke, or the page did not read. The task has let it go.
    Gone(ConnectionNumber),
    /// This connection's page wants to go on from where nothing is known any more. Its writer is handed back.
    CannotResume(ConnectionNumber, Writer),
}

/// The session loop's end of the outbound task. The task ends when this and all [`Outbound`]s are dropped.
pub(super) struct Handle {
    pub(super) outbound: Outbound,
    pub(super) controls: mpsc::Sender<Control>,
    pub(super) reports: mpsc::Receiver<Report>,
}

pub(super) fn start(cluster: watch::Receiver<ClusterState>) -> Handle {
    let (frames, frames_rx) = mpsc::channel(FRAMES_WAITING);
    let (controls, controls_rx) = mpsc::channel(CONTROLS_WAITING);
    let (reports_tx, reports) = mpsc::channel(CONTROLS_WAITING);
    let task = Task { writer: None, ledger: Ledger::default(), reports: reports_tx, pinged: 0 };
    tokio::spawn(task.run(frames_rx, controls_rx, cluster));
    Handle { outbound: Outbound { frames }, controls, reports }
}

struct Task {
    writer: Option<Attached>,
    ledger: Ledger,
    reports: mpsc::Sender<Report>,
    /// The number of the last frame before the last ping.
    pinged: u64,
}

impl Task {
    async fn run(
        mut self,
        mut frames: mpsc::Receiver<ServerFrame>,
        mut controls: mpsc::Receiver<Control>,
        mut cluster: watch::Receiver<ClusterState>,
    ) {
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                control = controls.recv() => match control {
                    Some(control) => self.control(control, &mut frames, &mut cluster).await,
                    None => return,
                },
                frame = frames.recv() => match frame {
                    Some(frame) => self.frame(frame).await,
                    None => return,
                },
                Ok(()) = cluster.changed() => {
                    let state = cluster.borrow_and_update().clone();
                    if self.writer.is_some() {
                        self.frame(ServerFrame::Cluster { state }).await;
                    }
                }
                _ = ping.tick() => self.ping().await,
            }
        }
    }

    async fn control(
        &mut self,
        control: Control,
        frames: &mut mpsc::Receiver<ServerFrame>,
        cluster: &mut watch::Receiver<ClusterState>,
    ) {
        match control {
            Control::Attach { connection, writer, lost, mut welcome, received } => {
                if let Some(mut old) = self.writer.take() {
                    let reason = "another connection took over";
                    close_connection(&mut old.writer, close::TAKEN_OVER, reason).await;
                }
                let mut writer = Attached { connection, writer, lost };
                let Some(missed) = self.ledger.resume(received) else {
                    let report = Report::CannotResume(connection, writer.writer);
                    let _ = self.reports.send(report).await;
                    return;
                };
                welcome.cluster = cluster.borrow_and_update().clone();
                if write(&mut writer, &ServerFrame::Welcome(*welcome)).await.is_err() {
                    self.ledger.put_back(missed);
                    let _ = self.reports.send(Report::Gone(connection)).await;
                    return;
                }
                self.pinged = received;
                self.writer = Some(writer);
                for frame in missed {
                    self.frame(frame).await;
                }
            }
            Control::Detach => self.writer = None,
            Control::Confirmed(number) => self.ledger.confirm(number),
            Control::Close { code, reason } => {
                while let Ok(frame) = frames.try_recv() {
                    self.frame(frame).await;
                }
                if let Some(mut writer) = self.writer.take() {
                    close_connection(&mut writer.writer, code, reason).await;
                }
            }
        }
    }

    async fn frame(&mut self, frame: ServerFrame) {
        let Some(writer) = &mut self.writer else {
            self.ledger.missed(frame);
            return;
        };
        let written = write(writer, &frame).await;
        self.ledger.sent(frame, *written.as_ref().unwrap_or(&0));
        match written {
            Ok(_) if self.ledger.is_full() => self.too_slow().await,
            Ok(_) if self.ledger.number >= self.pinged + PING_AFTER => self.ping().await,
            Ok(_) => {}
            Err(unwritten) => self.unwritten(unwritten).await,
        }
    }

    async fn unwritten(&mut self, why: Unwritten) {
        match why {
            Unwritten::Slow => self.too_slow().await,
            Unwritten::Broken => self.gone().await,
            // The session loop let it go, and says next what becomes of it.
            Unwritten::Lost => {}
        }
    }

    async fn ping(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        self.pinged = self.ledger.number;
        let number = self.ledger.number.to_be_bytes().to_vec();
        if let Err(unwritten) = writer.send(Message::Ping(number.into())).await {
            self.unwritten(unwritten).await;
        }
    }

    async fn too_slow(&mut self) {
        if let Some(attached) = &mut self.writer {
            close_connection(&mut attached.writer, close::TOO_SLOW, "the page left what it was sent unread")
                .await;
        }
        self.gone().await;
    }

    async fn gone(&mut self) {
        if let Some(attached) = self.writer.take() {
            let _ = self.reports.send(Report::Gone(attached.connection)).await;
        }
    }
}

/// The connection that a session writes to.
struct Attached {
    connection: ConnectionNumber,
    writer: Writer,
    lost: CancellationToken,
}

enum Unwritten {
    /// The page does not read.
    Slow,
    /// The connection is no more.
    Broken,
    /// The session loop let the connection go.
    Lost,
}

/// Writes a frame, and says how long it was in bytes.
async fn write(to: &mut Attached, frame: &ServerFrame) -> Result<usize, Unwritten> {
    let text = serde_json::to_string(frame).map_err(|error| {
        tracing::error!(%error, "a frame is not JSON");
        Unwritten::Broken
    })?;
    let bytes = text.len();
    to.send(Message::Text(text.into())).await.map(|()| bytes)
}

impl Attached {
    async fn send(&mut self, message: Message) -> Result<(), Unwritten> {
        tokio::select! {
            biased;
            () = self.lost.cancelled() => Err(Unwritten::Lost),
            written = timeout(WRITE_LIMIT, self.writer.send(message)) => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(Unwritten::Broken),
                Err(_) => Err(Unwritten::Slow),
            },
        }
    }
}

/// Says goodbye, within a second: a page that does not read is not waited for.
pub(super) async fn close_connection(writer: &mut Writer, code: u16, reason: &'static str) {
    let message = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let deadline = Instant::now() + Duration::from_secs(1);
    let _ = tokio::time::timeout_at(deadline, writer.send(message)).await;
    let _ = tokio::time::timeout_at(deadline, writer.close()).await;
}

/// Which frames of a session the page may not have received.
///
/// What settles something ([`ServerFrame::Done`], [`ServerFrame::Closed`]) is kept until the page has it. Of other
/// events only how many there were.
#[derive(Default)]
struct Ledger {
    /// How many frames were written in the session, `Welcome`s apart.
    number: u64,
    /// Those that were written and not confirmed, oldest first. The last one has the number `number`.
    sent: VecDeque<Entry>,
    /// The bytes of what is kept of them.
    kept_bytes: usize,
    /// What could not be written, because no connection was there.
    away: Missed,
}

enum Entry {
    /// The frame, and its length as it was written.
    Settled(Box<ServerFrame>, usize),
    Events(Stream, u64),
    Cluster,
}

#[derive(Default)]
struct Missed {
    skipped: BTreeMap<Stream, u64>,
    settled: Vec<ServerFrame>,
}

impl Missed {
    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Settled(frame, _) => self.settled.push(*frame),
            Entry::Events(stream, count) => *self.skipped.entry(stream).or_default() += count,
            Entry::Cluster => {}
        }
    }
}

impl Missed {
    /// Each count before the frame that settles its stream, and a consumer's after the `Done` that may name it.
    fn into_frames(mut self) -> Vec<ServerFrame> {
        let skipped = |(stream, count)| ServerFrame::Skipped { stream, count };
        let mut of_consumers = self.skipped.split_off(&Stream::Consumer(ConsumerId(0)));
        let mut frames: Vec<_> = self.skipped.into_iter().map(skipped).collect();
        for frame in self.settled {
            if let ServerFrame::Closed { consumer, .. } = &frame {
                frames.extend(of_consumers.remove_entry(&Stream::Consumer(*consumer)).map(skipped));
            }
            frames.push(frame);
        }
        frames.extend(of_consumers.into_iter().map(skipped));
        frames
    }
}

impl Entry {
    fn kept_bytes(&self) -> usize {
        match self {
            Self::Settled(_, bytes) => *bytes,
            Self::Events(..) | Self::Cluster => 0,
        }
    }

    fn of(frame: ServerFrame, bytes: usize) -> Self {
        match frame {
            ServerFrame::Done { .. } | ServerFrame::Closed { .. } => Self::Settled(Box::new(frame), bytes),
            ServerFrame::Events { id, events } => Self::Events(Stream::Request(id), events.len() as u64),
            ServerFrame::ConsumerEvents { consumer, events } => {
                Self::Events(Stream::Consumer(consumer), events.len() as u64)
            }
            ServerFrame::Skipped { stream, count } => Self::Events(stream, count),
            ServerFrame::Cluster { .. } | ServerFrame::Welcome(_) => Self::Cluster,
        }
    }
}

impl Ledger {
    fn sent(&mut self, frame: ServerFrame, bytes: usize) {
        self.number += 1;
        let entry = Entry::of(frame, bytes);
        self.kept_bytes += entry.kept_bytes();
        self.sent.push_back(entry);
    }

    fn missed(&mut self, frame: ServerFrame) {
        self.away.add(Entry::of(frame, 0));
    }

    /// Whether the page leaves more unconfirmed than is kept for it.
    fn is_full(&self) -> bool {
        self.sent.len() > MAX_UNCONFIRMED || self.kept_bytes > MAX_UNCONFIRMED_BYTES
    }

    /// The page has the frames up to `number`.
    fn confirm(&mut self, number: u64) {
        let keep = usize::try_from(self.number.saturating_sub(number)).unwrap_or(usize::MAX);
        while self.sent.len() > keep {
            self.kept_bytes -= self.sent.pop_front().map_or(0, |entry| entry.kept_bytes());
        }
    }

    /// The page has received `received` frames and goes on from there: the frames that make up for the others.
    /// `None` where that can't be: it lacks a frame that is forgotten, or claims one that was never sent.
    fn resume(&mut self, received: u64) -> Option<Vec<ServerFrame>> {
        let forgotten = self.number - self.sent.len() as u64;
        if received < forgotten || received > self.number {
            return None;
        }
        self.confirm(received);
        let mut missed = Missed::default();
        self.sent.drain(..).for_each(|entry| missed.add(entry));
        self.kept_bytes = 0;
        let away = std::mem::take(&mut self.away);
        away.skipped.into_iter().for_each(|(stream, count)| missed.add(Entry::Events(stream, count)));
        missed.settled.extend(away.settled);
        self.number = received;
        Some(missed.into_frames())
    }

    /// The frames of a `resume` could not be written after all.
    fn put_back(&mut self, frames: Vec<ServerFrame>) {
        frames.into_iter().for_each(|frame| self.missed(frame));
    }
}

#[cfg(test)]
mod tests {
    use shared::event::{CloseReason, Outcome};
    use shared::{Event, Reply, RequestId};

    use super::*;

    fn events(id: u64, count: usize) -> ServerFrame {
        let events = vec![Event::Phase("…".into()); count];
        ServerFrame::Events { id: RequestId(id), events }
    }

    fn done(id: u64) -> ServerFrame {
        ServerFrame::Done { id: RequestId(id), outcome: Outcome::Ok(Reply::Topics(vec![])) }
    }

    fn skipped(id: u64, count: u64) -> ServerFrame {
        ServerFrame::Skipped { stream: Stream::Request(RequestId(id)), count }
    }

    #[test]
    fn a_page_that_has_everything_misses_nothing() {
        let mut ledger = Ledger::default();
        ledger.sent(events(1, 2), 10);
        ledger.sent(done(1), 10);
        assert_eq!(ledger.resume(2), Some(vec![]));
    }

    #[test]
    fn what_was_lost_on_the_way_is_counted_and_what_settles_is_sent_again() {
        let mut ledger = Ledger::default();
        ledger.sent(events(1, 2), 10);
        ledger.sent(events(1, 3), 10);
        ledger.sent(done(1), 10);
        ledger.missed(events(2, 4));
        let closed = ServerFrame::Closed { consumer: ConsumerId(1), reason: CloseReason::Stopped };
        ledger.missed(closed.clone());
        assert_eq!(ledger.resume(1), Some(vec![skipped(1, 3), skipped(2, 4), done(1), closed]));
        assert_eq!(ledger.number, 1, "numbers go on from what the page has");
    }

    #[test]
    fn a_second_loss_during_the_repair_loses_nothing() {
        let mut ledger = Ledger::default();
        ledger.sent(events(1, 2), 10);
        ledger.sent(done(1), 10);
        for frame in ledger.resume(0).unwrap() {
            ledger.sent(frame, 10);
        }
        assert_eq!(ledger.resume(0), Some(vec![skipped(1, 2), done(1)]));
    }

    #[test]
    fn what_is_confirmed_is_forgotten_and_cannot_be_asked_for() {
        let mut ledger = Ledger::default();
        ledger.sent(done(1), 10);
        ledger.sent(done(2), 10);
        ledger.confirm(1);
        assert_eq!((ledger.sent.len(), ledger.kept_bytes), (1, 10));
        assert_eq!(ledger.resume(0), None);
        assert_eq!(ledger.resume(3), None, "never sent");
        assert_eq!(ledger.resume(1), Some(vec![done(2)]));
    }

    #[test]
    fn what_a_consumer_missed_is_told_after_the_done_that_names_it_and_before_its_end() {
        let mut ledger = Ledger::default();
        let of =
            |consumer, count| ServerFrame::Skipped { stream: Stream::Consumer(ConsumerId(consumer)), count };
        let closed = ServerFrame::Closed { consumer: ConsumerId(1), reason: CloseReason::Stopped };
        for frame in [done(1), of(1, 5), closed.clone(), done(2), of(2, 7)] {
            ledger.missed(frame);
        }
        assert_eq!(ledger.resume(0), Some(vec![done(1), of(1, 5), closed, done(2), of(2, 7)]));
    }

    #[test]
    fn a_page_that_confirms_nothing_is_too_slow_before_it_costs_much() {
        let mut ledger = Ledger::default();
        for _ in 0..8 {
            ledger.sent(done(1), 1024 * 1024);
        }
        assert!(!ledger.is_full());
        ledger.sent(done(1), 1024);
        assert!(ledger.is_full());
    }
}
