//! Looking into a sandbox for as long as the page wants: the whole view at once, and again after each change.

use std::time::Duration;

use shared::kafka::ClusterView;
use shared::{Error, Event, Outcome};
use tokio::time::{Instant, sleep, sleep_until};

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

/// Tells what changes, until the cluster fails.
async fn watch(current: &Incarnation, cx: &JobContext) -> Error {
    // Before the first look: what happens after it is not missed.
    let mut events = current.cluster.watch();
    let mut told: Option<ClusterView> = None;
    loop {
        let changed = current.changed.notified();
        let next = Instant::now() + INTERVAL;
        let Some(view) = view::now(current, cx.same_machine) else { return failed() };
        if told.as_ref().is_none_or(|told| is_news(told, &view)) {
            told = Some(view.clone());
            // One at a time: a slow page gets the newest view, not all that it has missed.
            cx.events.emit_alone(Event::View(view)).await;
        } else {
            // What the events say is not needed, only that there is one.
            tokio::select! {
                _ = events.recv() => {}
                () = changed => {}
                () = sleep(LOOK_ANYWAY) => {}
            }
        }
        sleep_until(next).await;
        // What has happened by now is in the next view.
        events = events.resubscribe();
    }
}

/// Whether anything but the time differs.
fn is_news(told: &ClusterView, view: &ClusterView) -> bool {
    *view != ClusterView { at_ms: view.at_ms, ..told.clone() }
}
