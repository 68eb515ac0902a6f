//! Looking into a sandbox for as long as the page wants: the whole view at once, and again after each change, with what
//! happened in between.

use std::pin::pin;
use std::time::Duration;

use sandbox::ClusterEvent;
use shared::kafka::ClusterView;
use shared::{Error, Event, Outcome};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;

use super::happened::Batch;
use super::home::{Home, Incarnation, failed};
use super::view;
use crate::session::JobContext;

/// The least time between two views.
const INTERVAL: Duration = Duration::from_millis(200);
/// After how long it looks though nothing was said to have happened.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);

/// Watches until it is cancelled; over resets too.
pub(super) async fn run(home: &Home, cx: &JobContext) -> Outcome {
    let watching = async {
        loop {
            let current = home.cluster().await?;
            tokio::select! {
                biased;
                () = current.ended.cancelled() => {}
                error = watch(&current, cx) => return Err::<Outcome, Error>(error),
            }
        }
    };
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Outcome::Cancelled { partial: None },
        ended = watching => ended.unwrap_or_else(|error| Outcome::Failed { error, partial: None }),
    }
}

/// Tells what changes and what happens, until the cluster fails.
async fn watch(current: &Incarnation, cx: &JobContext) -> Error {
    // Before the first look: what happens after it is not missed.
    let mut events = Events { receiver: current.cluster.watch(), happened: Batch::default() };
    let mut told: Option<ClusterView> = None;
    loop {
        // One view and one batch at a time: a slow page gets the newest view, and a larger batch.
        events.gather_while(cx.events.idle()).await;
        let changed = current.changed.notified();
        let Some(view) = view::now(current, cx.same_machine) else { return failed() };
        events.gather();
        let is_news = told.as_ref().is_none_or(|told| is_news(told, &view));
        if is_news {
            told = Some(view.clone());
            cx.events.emit(Event::View(view)).await;
        }
        let batch = events.happened.take();
        let is_quiet = !is_news && batch.is_none();
        if let Some(batch) = batch {
            cx.events.emit(Event::Happened(batch)).await;
        }
        events.gather_while(sleep(INTERVAL)).await;
        if is_quiet && events.happened.is_empty() {
            tokio::select! {
                () = events.next() => {}
                () = changed => {}
                () = sleep(LOOK_ANYWAY) => {}
            }
        }
    }
}

/// Whether anything but the time differs.
fn is_news(told: &ClusterView, view: &ClusterView) -> bool {
    *view != ClusterView { at_ms: view.at_ms, ..told.clone() }
}

/// What happens, and what has and is not told yet. The cluster never waits for it: who falls behind misses some.
struct Events {
    receiver: Receiver<ClusterEvent>,
    happened: Batch,
}

impl Events {
    /// Takes what has happened by now.
    fn gather(&mut self) {
        loop {
            match self.receiver.try_recv() {
                Ok(event) => self.happened.push(&event),
                Err(TryRecvError::Lagged(count)) => self.happened.miss(count),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Takes what happens until something else is done.
    async fn gather_while(&mut self, done: impl Future<Output = ()>) {
        let mut done = pin!(done);
        loop {
            tokio::select! {
                biased;
                () = &mut done => return,
                () = self.next() => {}
            }
        }
    }

    /// Waits until something happens, and takes it.
    async fn next(&mut self) {
        match self.receiver.recv().await {
            Ok(event) => self.happened.push(&event),
            Err(RecvError::Lagged(count)) => self.happened.miss(count),
            // The cluster is gone, and nothing happens in it any more.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
