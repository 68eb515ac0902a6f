//! The loop of one session.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use shared::event::{CloseReason, Outcome};
use shared::wire::{VERSION, Welcome, close};
use shared::{ClientFrame, Command, Error, ErrorCode, RequestId, ServerFrame, SessionId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Incoming, Reader};
use super::emit::{Batches, ConsumerStreams, JobContext};
use super::outbound::{self, ConnectionNumber, Control, Report};
use super::refusal::{BINARY, Refusal, SHUTTING_DOWN, TOO_LARGE, parse, read_out};
use super::sessions::Sessions;
use crate::learner::Visit;

/// How long nothing may come from a page; it is pinged far more often.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// How many commands may run at once in a session.
pub(super) const MAX_RUNNING: usize = 16;
/// How many may run, or wait to be told that too many run.
pub(super) const MAX_WAITING: usize = 4 * MAX_RUNNING;
/// How many frames a page may send within [`RATE_WINDOW`].
pub(super) const RATE_FRAMES: u32 = 200;
const RATE_WINDOW: Duration = Duration::from_secs(2);
/// How long commands may take to end when their session does.
const END_LIMIT: Duration = Duration::from_secs(3);
/// How long a page may take to read the answers for what did not end in time.
const LATE_LIMIT: Duration = Duration::from_secs(1);

/// All that can happen to a session.
enum Happening {
    Connected(Connection, u64),
    Received(Incoming),
    JobEnded(RequestId),
    Reported(Report),
    /// Nothing came for too long, or nobody came back.
    TimeIsUp,
    ShutDown,
}

/// How a session ends.
enum End {
    /// The page is gone for good.
    PageGone,
    /// The page did what it must not.
    Refused(Refusal),
    ShutDown,
}

/// One session, from its first connection to its end.
pub(super) async fn run(
    sessions: Arc<Sessions>,
    id: SessionId,
    learner: Visit,
    first: Connection,
    mut connections: mpsc::Receiver<(Connection, u64)>,
) {
    let outbound = outbound::start(sessions.cluster.clone());
    let consumers = ConsumerStreams::new(outbound.outbound.clone());
    // However this ends, a panic included, consumers do not run on.
    let _consumers_end = consumers.ended().drop_guard();
    let mut session = Session {
        sessions: &sessions,
        id: &id,
        learner: Arc::new(learner),
        outbound,
        consumers,
        reader: None,
        same_machine: first.same_machine,
        connection: 0,
        lost: CancellationToken::new(),
        deadline: Instant::now() + sessions.grace,
        last_request: None,
        jobs: JoinSet::new(),
        running: HashMap::new(),
        rate: Rate { window_ends: Instant::now(), frames: 0 },
    };
    session.attach(first, 0, false).await;
    let end = loop {
        let happening = tokio::select! {
            biased;
            () = sessions.shutdown.cancelled() => Happening::ShutDown,
            Some((connection, received)) = connections.recv() => Happening::Connected(connection, received),
            Some(report) = session.outbound.reports.recv() => Happening::Reported(report),
            Some(ended) = session.jobs.join_next() => match ended {
                Ok(id) => Happening::JobEnded(id),
                // A job turns panics into an answer and is never aborted while the session lives.
                Err(_) => continue,
            },
            incoming = receive(&mut session.reader) => Happening::Received(incoming),
            () = sleep_until(session.deadline) => Happening::TimeIsUp,
        };
        if let Err(end) = session.on(happening).await {
            break end;
        }
    };
    sessions.forget(&id);
    // Pages that found the session just before it was forgotten get a new one.
    connections.close();
    while let Some((late, _)) = connections.recv().await {
        sessions.open(&session.learner.id, late);
    }
    session.end(end).await;
}

async fn receive(reader: &mut Option<Reader>) -> Incoming {
    match reader {
        Some(reader) => reader.next().await.unwrap_or(Incoming::Broken),
        None => std::future::pending().await,
    }
}

struct Session<'a> {
    sessions: &'a Arc<Sessions>,
    id: &'a SessionId,
    learner: Arc<Visit>,
    outbound: outbound::Handle,
    reader: Option<Reader>,
    /// Whether the present connection, or the last one, comes from this machine.
    same_machine: bool,
    /// The number of the present connection, or the last one.
    connection: ConnectionNumber,
    /// Cancelled to let the present connection go.
    lost: CancellationToken,
    /// While connected: by when something must come from the page. Else: until when it may come back.
    deadline: Instant,
    last_request: Option<RequestId>,
    jobs: JoinSet<RequestId>,
    running: HashMap<RequestId, CancellationToken>,
    consumers: ConsumerStreams,
    rate: Rate,
}

impl Session<'_> {
    async fn on(&mut self, happening: Happening) -> Result<(), End> {
        match happening {
            Happening::Connected(connection, received) => {
                // The outbound task tells the old one, if it is still there.
                self.lost.cancel();
                if let Some(mut old) = self.reader.take() {
                    tokio::spawn(async move { read_out(&mut old).await });
                }
                self.attach(connection, received, true).await;
            }
            Happening::Received(incoming) => self.received(incoming).await?,
            Happening::JobEnded(id) => {
                self.running.remove(&id);
            }
            Happening::Reported(Report::Gone(connection)) if connection == self.connection => {
                self.detach().await;
            }
            Happening::Reported(Report::Gone(_)) => {}
            Happening::Reported(Report::CannotResume(number, writer)) => {
                // A page that lost track starts anew.
                if number == self.connection
                    && let Some(reader) = self.reader.take()
                {
                    self.sessions.open(
                        &self.learner.id,
                        Connection { writer, reader, same_machine: self.same_machine },
                    );
                }
                return Err(End::PageGone);
            }
            Happening::TimeIsUp if self.reader.is_some() => {
                self.lost.cancel();
                self.control(Control::Close { code: close::IDLE, reason: "nothing came for too long" }).await;
                self.detach().await;
            }
            Happening::TimeIsUp => return Err(End::PageGone),
            Happening::ShutDown => return Err(End::ShutDown),
        }
        Ok(())
    }

    async fn attach(&mut self, connection: Connection, received: u64, resumed: bool) {
        let welcome = Welcome {
            version: VERSION,
            session: self.id.clone(),
            resumed,
            last_request: self.last_request,
            server: self.sessions.info.clone(),
            cluster: self.sessions.cluster.borrow().clone(),
        };
        self.connection += 1;
        self.lost = CancellationToken::new();
        self.reader = Some(connection.reader);
        self.same_machine = connection.same_machine;
        self.deadline = Instant::now() + IDLE_LIMIT;
        self.control(Control::Attach {
            connection: self.connection,
            writer: connection.writer,
            lost: self.lost.clone(),
            welcome: Box::new(welcome),
            received,
        })
        .await;
    }

    /// The connection is gone; the page may come back.
    async fn detach(&mut self) {
        if self.reader.take().is_some() {
            self.lost.cancel();
            self.deadline = Instant::now() + self.sessions.grace;
            self.control(Control::Detach).await;
        }
    }

    async fn received(&mut self, incoming: Incoming) -> Result<(), End> {
        self.deadline = Instant::now() + IDLE_LIMIT;
        self.rate.count()?;
        match incoming {
            Incoming::Text(text) => self.frame(parse(&text).map_err(End::Refused)?)?,
            // One that finds no place is made up for by the next.
            Incoming::Pong(number) => drop(self.outbound.controls.try_send(Control::Confirmed(number))),
            Incoming::Other => {}
            Incoming::Left => return Err(End::PageGone),
            Incoming::Broken => self.detach().await,
            Incoming::Binary => return Err(End::Refused(BINARY)),
            Incoming::TooLarge => return Err(End::Refused(TOO_LARGE)),
        }
        Ok(())
    }

    fn frame(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::Hello { .. } => {
                let reason = "Hello comes once";
                Err(End::Refused(Refusal { code: close::HELLO_EXPECTED, reason }))
            }
            ClientFrame::Run { id, .. } if self.last_request >= Some(id) => {
                let reason = "each request id must be larger than the one before";
                Err(End::Refused(Refusal { code: close::ID_REUSED, reason }))
            }
            ClientFrame::Run { .. } if self.running.len() >= MAX_WAITING => {
                let reason = "too many commands wait for their answers to be read";
                Err(End::Refused(Refusal { code: close::TOO_FAST, reason }))
            }
            ClientFrame::Run { id, command } => {
                self.last_request = Some(id);
                self.start(id, command);
                Ok(())
            }
            ClientFrame::Cancel { id } => {
                if let Some(cancel) = self.running.get(&id) {
                    cancel.cancel();
                }
                Ok(())
            }
        }
    }

    /// Starts a job that ends with exactly one `Done`.
    fn start(&mut self, id: RequestId, command: Command) {
        let refusal = self.refusal(&command);
        let cancel = CancellationToken::new();
        self.running.insert(id, cancel.clone());
        let outbound = self.outbound.outbound.clone();
        let learner = Arc::clone(&self.learner);
        let (consumers, settled) = self.consumers.for_command();
        // However the job ends, its consumers may then speak.
        let settled = settled.drop_guard();
        let shutdown = self.sessions.shutdown.clone();
        let (name, same_machine) = (command.name(), self.same_machine);
        self.jobs.spawn(async move {
            let outcome = if let Some(error) = refusal {
                Outcome::Failed { error, partial: None }
            } else {
                let (events, batches) = Batches::start(id, outbound.clone(), std::future::ready(()));
                let cx = JobContext { events, cancel, consumers, same_machine };
                let outcome = AssertUnwindSafe(learner.commands.run(command, &cx)).catch_unwind().await;
                batches.finish().await;
                match outcome {
                    Ok(Outcome::Cancelled { partial }) if shutdown.is_cancelled() => {
                        let error = Error::new(ErrorCode::ShuttingDown, "The server is stopping.");
                        Outcome::Failed { error, partial }
                    }
                    Ok(outcome) => outcome,
                    Err(_) => {
                        tracing::error!(command = name, "a command panicked");
                        Outcome::Failed { error: defect(), partial: None }
                    }
                }
            };
            outbound.send(ServerFrame::Done { id, outcome }).await;
            drop(settled);
            id
        });
    }

    fn refusal(&self, command: &Command) -> Option<Error> {
        if command.role() > self.learner.role {
            return Some(Error::new(ErrorCode::NotAllowed, "Only the instructor may do this."));
        }
        (self.running.len() >= MAX_RUNNING).then(|| {
            let message = format!("{MAX_RUNNING} commands are running already.");
            Error::new(ErrorCode::LimitReached, message).hint("Wait for one of them, or cancel one.")
        })
    }

    async fn control(&mut self, control: Control) {
        // An error means that the outbound task is gone, which it is only after the session.
        let _ = self.outbound.controls.send(control).await;
    }

    /// Answers for what did not end in time.
    async fn settle_late(&mut self) {
        self.jobs.shutdown().await;
        for (id, _) in self.running.drain() {
            let error = Error::new(ErrorCode::ShuttingDown, "It did not end in time, so it was given up.");
            let outcome = Outcome::Failed { error, partial: None };
            self.outbound.outbound.send(ServerFrame::Done { id, outcome }).await;
        }
        self.consumers.close_late(&CloseReason::ShuttingDown).await;
    }

    /// Cancels what runs, waits for its answers, and says goodbye.
    async fn end(mut self, end: End) {
        for cancel in self.running.values() {
            cancel.cancel();
        }
        if matches!(end, End::PageGone) {
            self.lost.cancel();
        }
        let settled = async {
            if matches!(end, End::ShutDown) {
                self.learner.commands.close(CloseReason::ShuttingDown).await;
            }
            self.consumers.end();
            while let Some(ended) = self.jobs.join_next().await {
                if let Ok(id) = ended {
                    self.running.remove(&id);
                }
            }
            self.consumers.all_closed().await;
        };
        if timeout(END_LIMIT, settled).await.is_err() {
            tracing::warn!(session = %self.id.0, "commands or consumers did not end in time");
            // A page that reads nothing is not waited for.
            let _unread = timeout(LATE_LIMIT, self.settle_late()).await;
        }
        let Refusal { code, reason } = match end {
            End::PageGone => Refusal { code: close::IDLE, reason: "the session is over" },
            End::Refused(refusal) => refusal,
            End::ShutDown => SHUTTING_DOWN,
        };
        let reader = self.reader.take();
        self.control(Control::Close { code, reason }).await;
        if let Some(mut reader) = reader {
            read_out(&mut reader).await;
        }
    }
}

fn defect() -> Error {
    let message = "The server has a defect that this request met. It goes on with the others.";
    Error::new(ErrorCode::Internal, message)
}

/// How fast a page sends.
struct Rate {
    window_ends: Instant,
    frames: u32,
}

impl Rate {
    fn count(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if now >= self.window_ends {
            *self = Self { window_ends: now + RATE_WINDOW, frames: 0 };
        }
        self.frames += 1;
        if self.frames > RATE_FRAMES {
            return Err(End::Refused(Refusal { code: close::TOO_FAST, reason: "too many frames a second" }));
        }
        Ok(())
    }
}
