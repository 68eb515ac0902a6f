//! Sessions: what one page of one learner has under way. A session outlives its connection for a while, so that a
//! page whose connection dropped finds its commands and consumers again.
//!
//! `run` is the loop of one session over one closed set of happenings. It never awaits Kafka, and never a slow
//! page: commands are jobs of their own, and what they say goes through the outbound task.

mod connection;
mod emit;
mod outbound;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use rand::RngExt;
use shared::event::{CloseReason, Outcome};
use shared::kafka::ClusterState;
use shared::wire::{MAX_CLIENT_FRAME_BYTES, Resume, ServerInfo, VERSION, Welcome, close};
use shared::{ClientFrame, Command, Error, ErrorCode, RequestId, ServerFrame, SessionId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use connection::{Broken, Connection, Incoming, Reader, Writer};
pub use emit::{ConsumerStream, ConsumerStreams, Emitter, JobContext};

use crate::learner::{LearnerId, Learners, Visit};
use emit::Batches;
use outbound::{ConnectionNumber, Control, Report, close_connection};

/// How long a page may take to say `Hello`.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// How long nothing may come from a page; it is pinged far more often.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// How long a session waits for its page to come back.
pub const GRACE: Duration = Duration::from_secs(60);
/// How many commands may run at once in a session.
const MAX_RUNNING: usize = 16;
/// How many frames a page may send within [`RATE_WINDOW`].
const RATE_FRAMES: u32 = 200;
const RATE_WINDOW: Duration = Duration::from_secs(2);
/// How long commands may take to end when their session does.
const END_LIMIT: Duration = Duration::from_secs(3);
/// How long a page may take to hear that its connection is closed.
const READ_OUT_LIMIT: Duration = Duration::from_secs(1);
/// How many connections may wait to take a session over.
const CONNECTIONS_WAITING: usize = 4;

/// All sessions of the server.
pub struct Sessions {
    learners: Arc<Learners>,
    cluster: watch::Receiver<ClusterState>,
    info: ServerInfo,
    grace: Duration,
    open: Mutex<HashMap<SessionId, OpenSession>>,
    shutdown: CancellationToken,
    running: TaskTracker,
}

struct OpenSession {
    learner: LearnerId,
    connections: mpsc::Sender<(Connection, u64)>,
}

impl Sessions {
    /// None yet.
    pub fn new(
        learners: Arc<Learners>,
        cluster: watch::Receiver<ClusterState>,
        info: ServerInfo,
        grace: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            learners,
            cluster,
            info,
            grace,
            open: Mutex::default(),
            shutdown: CancellationToken::new(),
            running: TaskTracker::new(),
        })
    }

    /// How many there are, those that wait for their page among them.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes a new connection of a learner to the end of its `Hello`, and hands it to its session.
    pub async fn connect(self: &Arc<Self>, learner: &LearnerId, mut connection: Connection) {
        if self.shutdown.is_cancelled() {
            turn_away(connection, SHUTTING_DOWN).await;
            return;
        }
        let hello = timeout(HELLO_LIMIT, hello(&mut connection.reader)).await;
        let resume = match hello.unwrap_or(Err(Refusal { code: close::IDLE, reason: "no Hello came" })) {
            Ok(resume) => resume,
            Err(refusal) => {
                turn_away(connection, refusal).await;
                return;
            }
        };
        if let Some(resume) = resume {
            let session = {
                let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.get(&resume.session)
                    .filter(|session| session.learner == *learner)
                    .map(|s| s.connections.clone())
            };
            if let Some(session) = session {
                match session.send((connection, resume.received)).await {
                    Ok(()) => return,
                    // It ended just now: the page gets a new one.
                    Err(mpsc::error::SendError((returned, _))) => connection = returned,
                }
            }
        }
        self.open(learner, connection).await;
    }

    async fn open(self: &Arc<Self>, learner: &LearnerId, connection: Connection) {
        let Some(visit) = self.learners.enter(learner) else {
            let reason = "too many pages are open";
            turn_away(connection, Refusal { code: close::TOO_MANY_SESSIONS, reason }).await;
            return;
        };
        let id = random_id();
        let (connections, waiting) = mpsc::channel(CONNECTIONS_WAITING);
        let entry = OpenSession { learner: learner.clone(), connections };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), entry);
        let sessions = Arc::clone(self);
        self.running.spawn(async move {
            run(&sessions, &id, visit, connection, waiting).await;
        });
    }

    fn forget(&self, id: &SessionId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Ends all sessions: commands are cancelled and answered, consumers leave their groups, pages are told.
    pub async fn shut_down(&self) {
        self.shutdown.cancel();
        self.running.close();
        self.running.wait().await;
    }
}

fn random_id() -> SessionId {
    SessionId(format!("{:032x}", rand::rng().random::<u128>()))
}

/// Why a connection is closed.
struct Refusal {
    code: u16,
    reason: &'static str,
}

/// Closes a connection that has no session.
async fn turn_away(mut connection: Connection, Refusal { code, reason }: Refusal) {
    close_connection(&mut connection.writer, code, reason).await;
    read_out(&mut connection.reader).await;
}

/// Reads what the page sent before it heard of the close. A connection that is dropped with bytes unread is reset,
/// and the page would never get the code.
async fn read_out(reader: &mut Reader) {
    let last =
        |incoming| matches!(incoming, None | Some(Incoming::Left | Incoming::Broken | Incoming::TooLarge));
    let left = async { while !last(reader.next().await) {} };
    let _late = timeout(READ_OUT_LIMIT, left).await;
}

async fn hello(reader: &mut Reader) -> Result<Option<Resume>, Refusal> {
    loop {
        match reader.next().await {
            Some(Incoming::Pong(_) | Incoming::Other) => {}
            Some(Incoming::Text(text)) => {
                return match parse(&text)? {
                    ClientFrame::Hello { version: VERSION, resume } => Ok(resume),
                    ClientFrame::Hello { .. } => {
                        let reason = "the page speaks another version of the protocol: reload it";
                        Err(Refusal { code: close::WRONG_VERSION, reason })
                    }
                    ClientFrame::Run { .. } | ClientFrame::Cancel { .. } => {
                        Err(Refusal { code: close::HELLO_EXPECTED, reason: "the first frame must be Hello" })
                    }
                };
            }
            Some(Incoming::Binary) => return Err(BINARY),
            Some(Incoming::TooLarge) => return Err(TOO_LARGE),
            Some(Incoming::Left | Incoming::Broken) | None => {
                return Err(Refusal { code: close::IDLE, reason: "the page left before Hello" });
            }
        }
    }
}

const SHUTTING_DOWN: Refusal = Refusal { code: close::SHUTTING_DOWN, reason: "the server is stopping" };
const BINARY: Refusal = Refusal { code: close::BINARY, reason: "frames must be JSON text" };
const TOO_LARGE: Refusal = Refusal { code: close::TOO_LARGE, reason: "the frame is too large" };

fn parse(text: &str) -> Result<ClientFrame, Refusal> {
    if text.len() > MAX_CLIENT_FRAME_BYTES {
        return Err(TOO_LARGE);
    }
    serde_json::from_str(text).map_err(|error| {
        tracing::debug!(%error, "malformed frame");
        Refusal { code: close::MALFORMED, reason: "the frame is not one of the protocol's" }
    })
}

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
async fn run(
    sessions: &Sessions,
    id: &SessionId,
    learner: Visit,
    first: Connection,
    mut connections: mpsc::Receiver<(Connection, u64)>,
) {
    let outbound = outbound::start(sessions.cluster.clone());
    let mut session = Session {
        sessions,
        id,
        learner: Arc::new(learner),
        consumers: ConsumerStreams::new(outbound.outbound.clone()),
        outbound,
        reader: None,
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
    sessions.forget(id);
    session.end(end).await;
}

async fn receive(reader: &mut Option<Reader>) -> Incoming {
    match reader {
        Some(reader) => reader.next().await.unwrap_or(Incoming::Broken),
        None => std::future::pending().await,
    }
}

struct Session<'a> {
    sessions: &'a Sessions,
    id: &'a SessionId,
    learner: Arc<Visit>,
    outbound: outbound::Handle,
    reader: Option<Reader>,
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
                if self.reader.is_some() {
                    self.control(Control::Close {
                        code: close::TAKEN_OVER,
                        reason: "another connection took over",
                    })
                    .await;
                }
                self.lost.cancel();
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
            // A page that lost track starts anew.
            Happening::Reported(Report::CannotResume) => return Err(End::PageGone),
            Happening::TimeIsUp if self.reader.is_some() => {
                self.control(Control::Close { code: close::IDLE, reason: "nothing came for too long" }).await;
                self.detach().await;
            }
            Happening::TimeIsUp => return Err(End::PageGone),
            Happening::ShutDown => return Err(End::ShutDown),
        }
        Ok(())
    }

    async fn attach(&mut self, connection: Connection, received: u64, resumed: bool) {
        let welcome = ServerFrame::Welcome(Welcome {
            version: VERSION,
            session: self.id.clone(),
            resumed,
            last_request: self.last_request,
            server: self.sessions.info.clone(),
            cluster: self.sessions.cluster.borrow().clone(),
        });
        self.connection += 1;
        self.lost = CancellationToken::new();
        self.reader = Some(connection.reader);
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
        match incoming {
            Incoming::Text(text) => {
                self.rate.count()?;
                self.frame(parse(&text).map_err(End::Refused)?)?;
            }
            Incoming::Pong(number) => self.control(Control::Confirmed(number)).await,
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
        let shutdown = self.sessions.shutdown.clone();
        let name = command.name();
        self.jobs.spawn(async move {
            let outcome = if let Some(error) = refusal {
                Outcome::Failed { error, partial: None }
            } else {
                let (events, batches) = Batches::start(id, outbound.clone(), std::future::ready(()));
                let cx = JobContext { events, cancel, consumers };
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
            settled.cancel();
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

    /// Cancels what runs, waits for its answers, and says goodbye.
    async fn end(mut self, end: End) {
        for cancel in self.running.values() {
            cancel.cancel();
        }
        if matches!(end, End::PageGone) {
            self.lost.cancel();
        }
        let settled = async {
            match end {
                End::ShutDown => self.learner.commands.close(CloseReason::ShuttingDown).await,
                End::PageGone | End::Refused(_) => self.consumers.end(),
            }
            while self.jobs.join_next().await.is_some() {}
            self.consumers.all_closed().await;
        };
        if timeout(END_LIMIT, settled).await.is_err() {
            tracing::warn!(session = %self.id.0, "commands or consumers did not end in time");
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
