//! Who is asking: the learner behind a signed cookie, and what is theirs. Knows nothing of sockets.

mod cookie;
mod namespace;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use rand::RngExt;
use shared::command::Role;
use shared::event::CloseReason;
use shared::{Command, Outcome};

pub use cookie::CookieJar;
pub use namespace::Namespace;

use crate::session::JobContext;

/// Carries out a learner's commands. The server's are in `cluster`; tests put theirs in its place.
pub trait Commands: Send + Sync {
    /// Runs a command to its end, which comes within the command's own time limits.
    fn run<'a>(&'a self, command: Command, cx: &'a JobContext) -> BoxFuture<'a, Outcome>;
    /// Closes all that runs on.
    fn close(&self, reason: CloseReason) -> BoxFuture<'_, ()>;
}

/// Names a learner: 16 characters of 32, drawn at random.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LearnerId(String);

impl LearnerId {
    const CHARS: usize = 16;
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

    /// A new one: 80 random bits.
    pub fn random() -> Self {
        let mut rng = rand::rng();
        Self((0..Self::CHARS).map(|_| char::from(Self::ALPHABET[rng.random_range(0..32)])).collect())
    }

    /// Reads one back from a cookie.
    fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == Self::CHARS && text.bytes().all(|byte| Self::ALPHABET.contains(&byte));
        valid.then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Display for LearnerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A learner with at least one session.
pub struct Learner {
    /// Who.
    pub id: LearnerId,
    /// What they may do.
    pub role: Role,
    /// What carries out their commands, and holds what runs on between them.
    pub commands: Arc<dyn Commands>,
}

/// Makes what carries out the commands of one learner.
pub type MakeCommands = dyn Fn(&LearnerId) -> Arc<dyn Commands> + Send + Sync;

/// All learners with a session. A learner's tabs share one [`Learner`].
pub struct Learners {
    make_commands: Box<MakeCommands>,
    present: Mutex<HashMap<LearnerId, Present>>,
}

struct Present {
    learner: Arc<Learner>,
    sessions: usize,
}

/// The most sessions (tabs, and connections lost a moment ago) of one learner.
const MAX_SESSIONS_PER_LEARNER: usize = 16;
/// The most learners with a session.
const MAX_LEARNERS: usize = 500;

impl Learners {
    /// Nobody yet.
    pub fn new(make_commands: Box<MakeCommands>) -> Self {
        Self { make_commands, present: Mutex::default() }
    }

    /// A learner enters with a session. `None`: they have too many, or the house is full.
    pub fn enter(self: &Arc<Self>, id: &LearnerId) -> Option<Visit> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if !present.contains_key(id) && present.len() >= MAX_LEARNERS {
            return None;
        }
        let entry = present.entry(id.clone()).or_insert_with(|| Present {
            learner: Arc::new(Learner {
                id: id.clone(),
                role: Role::Learner,
                commands: (self.make_commands)(id),
            }),
            sessions: 0,
        });
        if entry.sessions >= MAX_SESSIONS_PER_LEARNER {
            return None;
        }
        entry.sessions += 1;
        Some(Visit { learners: Arc::clone(self), learner: Arc::clone(&entry.learner) })
    }

    fn leave(&self, id: &LearnerId) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = present.get_mut(id) {
            entry.sessions -= 1;
            if entry.sessions == 0 {
                present.remove(id);
            }
        }
    }
}

/// A learner's stay in one session. Dropping it ends the stay.
pub struct Visit {
    learners: Arc<Learners>,
    learner: Arc<Learner>,
}

impl std::ops::Deref for Visit {
    type Target = Learner;

    fn deref(&self) -> &Learner {
        &self.learner
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.learners.leave(&self.learner.id);
    }
}
