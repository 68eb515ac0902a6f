//! All sessions of the server: takes connections in, and finds or opens the session of each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use rand::RngExt;
use shared::kafka::ClusterState;
use shared::wire::{Resume, ServerInfo, VERSION, close};
use shared::{ClientFrame, SessionId};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Connection, Incoming, Reader};
use super::refusal::{BINARY, Refusal, SHUTTING_DOWN, TOO_LARGE, parse, turn_away};
use super::run::run;
use crate::learner::{LearnerId, Learners};

/// How long a page may take to say `Hello`.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// How long a session waits for its page to come back.
pub const GRACE: Duration = Duration::from_secs(60);
/// How many connections may wait to take a session over.
const CONNECTIONS_WAITING: usize = 4;

/// All sessions of the server.
pub struct Sessions {
    learners: Arc<Learners>,
    pub(super) cluster: watch::Receiver<ClusterState>,
    pub(super) info: ServerInfo,
    pub(super) grace: Duration,
    open: Mutex<HashMap<SessionId, OpenSession>>,
    pub(super) shutdown: CancellationToken,
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
        self.open(learner, connection);
    }

    /// Begins a session with its first connection.
    pub(super) fn open(self: &Arc<Self>, learner: &LearnerId, connection: Connection) {
        let Some(visit) = self.learners.enter(learner) else {
            let reason = "too many pages are open";
            tokio::spawn(turn_away(connection, Refusal { code: close::TOO_MANY_SESSIONS, reason }));
            return;
        };
        let id = random_id();
        let (connections, waiting) = mpsc::channel(CONNECTIONS_WAITING);
        let entry = OpenSession { learner: learner.clone(), connections };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), entry);
        // Boxed, because a session may open another for a page that can't go on with it.
        let session: BoxFuture<'static, ()> = Box::pin(run(Arc::clone(self), id, visit, connection, waiting));
        self.running.spawn(session);
    }

    pub(super) fn forget(&self, id: &SessionId) {
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
