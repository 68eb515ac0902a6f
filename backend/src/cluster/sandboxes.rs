//! Whose cluster is where, how many there may be, and when one is dropped.
//!
//! A learner's cluster outlives their sessions: a page that is loaded again, or comes back within the idle time, finds
//! it as it was. So it hangs on the learner here, not on a session or on what carries out a session's commands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::SandboxSettings;
use super::home::{Home, LearnerSandbox, Limits};
use crate::kafka::Common;
use crate::learner::LearnerId;

/// The homes of all learners.
pub(super) struct Sandboxes {
    common: Common,
    limits: Arc<Limits>,
    idle: Duration,
    homes: Mutex<HashMap<LearnerId, Entry>>,
}

struct Entry {
    home: Arc<Home>,
    /// How many [`LearnerSandbox`]es there are: one, or two for a moment when a learner leaves and comes.
    visits: usize,
    /// What will drop the home when nobody has come.
    leaving: Option<AbortHandle>,
}

impl Sandboxes {
    /// None yet.
    pub(super) fn new(settings: SandboxSettings, common: Common) -> Arc<Self> {
        let idle = settings.idle;
        let limits = Arc::new(Limits::new(settings));
        Arc::new(Self { common, limits, idle, homes: Mutex::default() })
    }

    /// A learner comes, perhaps back to their cluster.
    pub(super) fn enter(self: &Arc<Self>, learner: &LearnerId) -> LearnerSandbox {
        let mut homes = self.homes();
        let entry = homes.entry(learner.clone()).or_insert_with(|| Entry {
            home: Arc::new(Home::new(self.common.clone(), Arc::clone(&self.limits))),
            visits: 0,
            leaving: None,
        });
        entry.visits += 1;
        if let Some(leaving) = entry.leaving.take() {
            leaving.abort();
        }
        let visit = Visit { sandboxes: Arc::downgrade(self), learner: learner.clone() };
        LearnerSandbox::new(Arc::clone(&entry.home), visit)
    }

    /// Stops the cluster of which a broker is at this port as a defect would. Whether there is one.
    pub(super) async fn fail_at(&self, port: u16) -> bool {
        let homes: Vec<_> = self.homes().values().map(|entry| Arc::clone(&entry.home)).collect();
        for home in homes {
            if home.fail_at(port).await {
                return true;
            }
        }
        false
    }

    /// The last session of a learner has ended: their clients go now, their cluster when it was idle for long enough.
    fn leave(self: &Arc<Self>, learner: &LearnerId) {
        let mut homes = self.homes();
        let Some(entry) = homes.get_mut(learner) else { return };
        entry.visits -= 1;
        if entry.visits > 0 {
            return;
        }
        let runtime = Handle::try_current();
        let Some(runtime) = runtime.ok().filter(|_| !entry.home.is_empty()) else {
            homes.remove(learner);
            return;
        };
        let (sandboxes, home) = (Arc::downgrade(self), Arc::downgrade(&entry.home));
        let (learner, idle) = (learner.clone(), self.idle);
        let leaving = runtime.spawn(async move {
            if let Some(home) = home.upgrade() {
                home.rest().await;
            }
            tokio::time::sleep(idle).await;
            if let Some(sandboxes) = sandboxes.upgrade() {
                sandboxes.forget(&learner);
            }
        });
        entry.leaving = Some(leaving.abort_handle());
    }

    fn forget(&self, learner: &LearnerId) {
        let mut homes = self.homes();
        if homes.get(learner).is_some_and(|entry| entry.visits == 0) {
            let gone = homes.remove(learner);
            drop(homes);
            drop(gone);
            tracing::info!("an idle cluster is dropped");
        }
    }

    fn homes(&self) -> MutexGuard<'_, HashMap<LearnerId, Entry>> {
        self.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A learner's stay. Dropping it ends the stay.
pub(super) struct Visit {
    sandboxes: Weak<Sandboxes>,
    learner: LearnerId,
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(sandboxes) = self.sandboxes.upgrade() {
            sandboxes.leave(&self.learner);
        }
    }
}
