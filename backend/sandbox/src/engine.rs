//! Drives a core: gives it the time, hands it requests, brings its answers to the connections that wait for them, and
//! wakes it when something is due.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::Instant;

use crate::core::log::Recompression;
use crate::core::{Answer, BrokerId, ConnectionId, Core, Effects, Now};
use crate::window::ClusterEvent;
use crate::wire::{Request, RequestHeader};

/// How many events a watcher may be behind before it misses some.
const EVENTS: usize = 1024;

/// A core with what drives it. The one lock of a cluster is here.
pub(crate) struct Engine {
    started: Instant,
    core: Mutex<Core>,
    lock_use: AtomicLockUse,
    waiting: Mutex<HashMap<ConnectionId, mpsc::Sender<Answer>>>,
    /// The clock has to be set anew: something is due earlier than it was.
    sooner: Notify,
    events: broadcast::Sender<ClusterEvent>,
    /// Whether any topic wants its records to be compressed otherwise than they come.
    recompresses: Arc<AtomicBool>,
    /// Whether there was a panic under the lock.
    failed: watch::Sender<bool>,
}

/// The core, locked. A panic meanwhile is told to all who wait for it.
struct Held<'a> {
    core: MutexGuard<'a, Core>,
    failed: &'a watch::Sender<bool>,
    was_panicking: bool,
}

/// How the one lock of a cluster was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockUse {
    /// How often it was taken.
    pub taken: u64,
    /// How often somebody else had it then.
    pub contended: u64,
    /// How long was waited for it then, of all threads together.
    pub waited: Duration,
}

#[derive(Default)]
struct AtomicLockUse {
    taken: AtomicU64,
    contended: AtomicU64,
    waited_ns: AtomicU64,
}

/// A connection's place in the engine. Dropping it tells the core that the connection is gone.
pub(crate) struct Attached<'a> {
    engine: &'a Engine,
    id: ConnectionId,
    answers: mpsc::Receiver<Answer>,
}

impl Engine {
    /// Makes a core and its engine. [`Self::keep_time`] is to run beside it.
    pub(crate) fn new<E>(make: impl FnOnce(Now) -> Result<Core, E>) -> Result<Self, E> {
        let started = Instant::now();
        let core = make(now(started))?;
        let recompresses = core.recompresses();
        Ok(Self {
            started,
            recompresses,
            failed: watch::Sender::new(false),
            core: Mutex::new(core),
            lock_use: AtomicLockUse::default(),
            waiting: Mutex::default(),
            sooner: Notify::new(),
            events: broadcast::channel(EVENTS).0,
        })
    }

    /// The time by the cluster's clocks.
    pub(crate) fn now(&self) -> Now {
        now(self.started)
    }

    /// Whether a defect has stopped the cluster: a panic under its lock, after which nothing it holds is to be trusted.
    pub(crate) fn has_failed(&self) -> bool {
        *self.failed.borrow()
    }

    /// Waits for [that](Self::has_failed).
    pub(crate) async fn failed(&self) {
        // The engine is there, so it is not gone.
        self.failure().await;
    }

    /// Waits for that without holding the engine. `false`: the engine is gone before.
    pub(crate) fn failure(&self) -> impl Future<Output = bool> + Send + use<> {
        let mut failed = self.failed.subscribe();
        async move { failed.wait_for(|failed| *failed).await.is_ok() }
    }

    /// Events from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<ClusterEvent> {
        let events = self.events.subscribe();
        if let Some(mut core) = self.lock() {
            core.set_watched(true);
        }
        events
    }

    /// A client has connected. `None`: the cluster has failed.
    pub(crate) fn attach(&self, broker: BrokerId, host: &str) -> Option<Attached<'_>> {
        let id = self.lock()?.connect(broker, host);
        let (sender, answers) = mpsc::channel(1);
        self.waiting().insert(id, sender);
        Some(Attached { engine: self, id, answers })
    }

    /// Lets the core do something, and does what comes of it. `None`: the cluster has failed.
    pub(crate) fn act(&self, act: impl FnOnce(&mut Core, Now) -> Effects) -> Option<()> {
        let mut effects = self.enter(act)?;
        self.deliver(&mut effects);
        Some(())
    }

    /// Looks at the core.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Core) -> T) -> Option<T> {
        Some(look(&*self.lock()?))
    }

    /// Wakes the core whenever something is due. Sleeps for good while nothing is.
    pub(crate) async fn keep_time(&self) {
        loop {
            let Some(next) = self.look(Core::next_deadline) else { return };
            match next {
                None => self.sooner.notified().await,
                Some(at) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(self.started + at) => {}
                        () = self.sooner.notified() => continue,
                    }
                    if self.act(Core::fire).is_none() {
                        return;
                    }
                }
            }
        }
    }

    fn enter(&self, act: impl FnOnce(&mut Core, Now) -> Effects) -> Option<Effects> {
        let mut core = self.lock()?;
        let before = core.next_deadline();
        let effects = act(&mut core, now(self.started));
        let after = core.next_deadline();
        drop(core);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.sooner.notify_one();
        }
        Some(effects)
    }

    fn deliver(&self, effects: &mut Effects) {
        if !effects.responses.is_empty() {
            let waiting = self.waiting();
            for (connection, answer) in effects.responses.drain(..) {
                if let Some(sender) = waiting.get(&connection) {
                    // There is room: a connection has one request at a time. A closed one wants no answer.
                    let _ = sender.try_send(answer);
                }
            }
        }
        for event in effects.events.drain(..) {
            if self.events.send(event).is_err()
                && let Some(mut core) = self.lock()
            {
                // The last watcher is gone; if another has come meanwhile, it misses the events up to its own first
                // look, which it takes after it has begun to watch.
                core.set_watched(self.events.receiver_count() > 0);
            }
        }
    }

    /// How the lock was used until now.
    pub(crate) fn lock_use(&self) -> LockUse {
        let AtomicLockUse { taken, contended, waited_ns } = &self.lock_use;
        LockUse {
            taken: taken.load(Ordering::Relaxed),
            contended: contended.load(Ordering::Relaxed),
            waited: Duration::from_nanos(waited_ns.load(Ordering::Relaxed)),
        }
    }

    fn lock(&self) -> Option<Held<'_>> {
        let core = self.lock_core()?;
        Some(Held { core, failed: &self.failed, was_panicking: std::thread::panicking() })
    }

    fn lock_core(&self) -> Option<MutexGuard<'_, Core>> {
        let AtomicLockUse { taken, contended, waited_ns } = &self.lock_use;
        taken.fetch_add(1, Ordering::Relaxed);
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(_)) => None,
            Err(TryLockError::WouldBlock) => {
                let start = std::time::Instant::now();
                let core = self.core.lock().ok();
                contended.fetch_add(1, Ordering::Relaxed);
                waited_ns.fetch_add(
                    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
                    Ordering::Relaxed,
                );
                core
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<ConnectionId, mpsc::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Held<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        &mut self.core
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.was_panicking && std::thread::panicking() {
            self.failed.send_replace(true);
        }
    }
}

impl Attached<'_> {
    /// How the records of a request are to be compressed before it is [handed in](Self::call), by topic, where one of
    /// them wants it: see [`ProduceRequest::recompress`](crate::wire::ProduceRequest::recompress).
    pub(crate) fn wanted_compression(
        &self,
        request: &Request,
    ) -> Option<Vec<Option<(Recompression, usize)>>> {
        let Request::Produce(produce) = request else { return None };
        if !self.engine.recompresses.load(Ordering::Relaxed) {
            return None;
        }
        let wanted = self.engine.look(|core| core.wanted_compression(self.id, produce))?;
        wanted.iter().any(Option::is_some).then_some(wanted)
    }

    /// Hands a request in. `None`: its answer comes [later](Self::answer).
    pub(crate) fn call(&mut self, header: &RequestHeader, request: Request) -> Option<Answer> {
        let Some(mut effects) = self.engine.enter(|core, now| core.handle(now, self.id, header, request))
        else {
            return Some(Answer::Close);
        };
        let own = effects.responses.iter().position(|(connection, _)| *connection == self.id);
        let own = own.map(|at| effects.responses.swap_remove(at).1);
        self.engine.deliver(&mut effects);
        own
    }

    /// Waits for the answer to the request that was handed in last.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.answers.recv().await.unwrap_or(Answer::Close)
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        self.engine.waiting().remove(&self.id);
        if let Some(mut core) = self.engine.lock() {
            core.disconnect(self.id);
        }
    }
}

fn now(started: Instant) -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Now { monotonic: started.elapsed(), wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX) }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;
    use crate::core::{Address, Beginning, Limits};
    use crate::window::Happening;
    use crate::wire::text;

    fn engine() -> Engine {
        let addresses = vec![Address { host: text("127.0.0.1"), port: 9092 }];
        let limits = Limits { log_bytes: 1 << 20, topics: 10, partitions: 10 };
        let beginning = Beginning { addresses, first_broker: 1, configs: Vec::new(), seed: 1, limits };
        Engine::new(|now| Core::new(beginning, now)).expect("a core")
    }

    #[tokio::test]
    async fn a_watcher_that_does_not_read_holds_nobody_and_learns_how_much_it_missed() {
        let engine = engine();
        let mut watcher = engine.watch();
        let missed = 500;
        for at in 0..EVENTS + missed {
            engine.act(|core, now| core.cut_off(now, 1, at % 2 == 0)).expect("the cluster goes on");
        }
        let lagged = u64::try_from(missed).expect("a small number");
        assert_eq!(watcher.try_recv(), Err(TryRecvError::Lagged(lagged)));
        let told: Vec<_> = std::iter::from_fn(|| watcher.try_recv().ok()).map(|event| event.what).collect();
        assert_eq!(told.len(), EVENTS);
        assert_eq!(told[EVENTS - 2], Happening::BrokerCutOff { broker: 1 });
        assert_eq!(told[EVENTS - 1], Happening::BrokerReconnected { broker: 1 });
    }
}
