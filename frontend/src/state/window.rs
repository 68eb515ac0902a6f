//! The window: the learner's whole cluster as `Watch` tells it, for as long as somebody looks.
//!
//! Watching is not one of the page's requests: nobody pressed a button for it, it has no result, and after a break it
//! is simply begun anew, since a view replaces the one before; what happened meanwhile is not known then.

use std::sync::Arc;

use shared::command::Watch;
use shared::event::Outcome;
use shared::kafka::ClusterView;
use shared::{ClientFrame, Command, Error, Event, Reply, RequestId};

use super::State;
use super::capability::Capability;
use super::happened::Happened;

/// The cluster as the page last saw it.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The cluster; `None` before the first view, and when nobody looks.
    pub(crate) view: Option<Arc<ClusterView>>,
    /// What happened in it since somebody looks.
    pub(crate) happened: Happened,
    /// Why no more views come, if they should.
    pub(crate) trouble: Option<Error>,
    /// Whether the cluster was made anew while somebody looked.
    pub(crate) was_reset: bool,
    viewers: u32,
    watch: Option<RequestId>,
}

impl State {
    /// Somebody looks from now on. Returns what to send.
    pub(crate) fn open_window(&mut self) -> Vec<ClientFrame> {
        self.window.viewers += 1;
        if self.window.watch.is_some() { Vec::new() } else { self.watch() }
    }

    /// One fewer looks. Returns what to send.
    pub(crate) fn close_window(&mut self) -> Vec<ClientFrame> {
        self.window.viewers = self.window.viewers.saturating_sub(1);
        if self.window.viewers > 0 {
            return Vec::new();
        }
        self.window.view = None;
        self.window.happened.clear();
        self.window.trouble = None;
        self.window.was_reset = false;
        self.window.watch.take().map(|id| ClientFrame::Cancel { id }).into_iter().collect()
    }

    /// Begins to watch, or begins anew, where somebody looks and the cluster can be watched. Returns what to send.
    pub(crate) fn watch(&mut self) -> Vec<ClientFrame> {
        let mut send: Vec<ClientFrame> =
            self.window.watch.take().map(|id| ClientFrame::Cancel { id }).into_iter().collect();
        self.window.trouble = None;
        self.window.happened.away();
        if self.window.viewers > 0 && self.can(Capability::Watch) {
            self.last_id += 1;
            let id = RequestId(self.last_id);
            self.window.watch = Some(id);
            send.push(ClientFrame::Run { id, command: Command::Watch(Watch {}) });
        }
        send
    }

    /// Whether this request is the one that watches.
    pub(super) fn is_watch(&self, id: RequestId) -> bool {
        self.window.watch == Some(id)
    }

    /// The session is gone, and with it what watched.
    pub(super) fn lose_watch(&mut self) {
        self.window.watch = None;
    }

    pub(super) fn watched(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::View(view) => self.seen(view),
                Event::Happened(happened) => self.window.happened.add(happened),
                _ => {}
            }
        }
    }

    fn seen(&mut self, view: ClusterView) {
        let is_new = self.window.view.as_ref().is_some_and(|before| view.at_ms < before.at_ms);
        if is_new {
            self.window.was_reset = true;
            self.window.happened.clear();
            self.forget_faults();
            let by_this_page = |request: &super::Request| {
                request.is_open() && matches!(request.command, Command::ResetCluster(_))
            };
            if !self.requests.values().any(by_this_page) {
                self.announcements.add("The cluster was made anew.".to_owned());
            }
        }
        self.window.view = Some(Arc::new(view));
    }

    pub(super) fn watch_ended(&mut self, outcome: Outcome) {
        self.window.watch = None;
        if let Outcome::Failed { error, .. } = outcome {
            self.announcements.add(format!("The cluster is no longer watched: {}", error.message));
            self.window.trouble = Some(error);
        }
    }

    /// Notes what a command's success says of the cluster.
    pub(super) fn note_in_window(&mut self, reply: &Reply) {
        match reply {
            Reply::ClusterReset(view) => {
                self.forget_faults();
                if self.window.viewers > 0 {
                    self.window.was_reset = true;
                    // Else the watch was first to show the new cluster, and has told of it since.
                    if self.window.view.as_ref().is_some_and(|before| view.at_ms < before.at_ms) {
                        self.window.happened.clear();
                    }
                    self.window.view = Some(Arc::new(view.clone()));
                }
            }
            Reply::FaultsCleared(_) => self.forget_faults(),
            _ => {}
        }
    }

    /// What was done to brokers is no more, and neither is what the page said of it.
    fn forget_faults(&mut self) {
        // The window's commands belong to no lesson.
        self.forget_finished("");
    }
}
