//! What the page keeps, and what goes when there is too much.

use shared::RequestId;

use super::State;

/// How many results the page keeps. Beyond, the oldest that are over go.
const KEPT_REQUESTS: usize = 200;
/// How many rows the page keeps in all its results, so that many long streams do not fill the memory.
const KEPT_ROWS_IN_ALL: u64 = 400_000;

impl State {
    /// Forgets the results of a lesson that are over.
    pub(crate) fn forget_finished(&mut self, lesson: &str) {
        let gone: Vec<RequestId> = self
            .panels()
            .filter(|request| request.origin.lesson == lesson && !request.is_live())
            .map(|request| request.id)
            .collect();
        self.forget(&gone);
    }

    pub(super) fn forget(&mut self, gone: &[RequestId]) {
        self.requests.retain(|id, request| {
            !gone.contains(id) && !request.origin.part_of.is_some_and(|panel| gone.contains(&panel))
        });
    }

    pub(super) fn forget_old(&mut self) {
        let surplus = self.requests.len().saturating_sub(KEPT_REQUESTS);
        if surplus > 0 {
            let gone: Vec<RequestId> = self
                .requests
                .values()
                .filter(|request| !request.is_live())
                .map(|request| request.id)
                .take(surplus)
                .collect();
            self.forget(&gone);
        }
    }

    /// Lets the rows of the oldest streams that are over go when there are too many in all.
    pub(super) fn forget_rows(&mut self) {
        let mut kept: u64 =
            self.requests.values().map(|request| request.rows.end() - request.rows.dropped()).sum();
        for request in self.requests.values_mut().filter(|request| !request.is_live()) {
            if kept <= KEPT_ROWS_IN_ALL {
                return;
            }
            kept -= request.rows.end() - request.rows.dropped();
            request.rows.clear();
            request.version += 1;
        }
    }
}
