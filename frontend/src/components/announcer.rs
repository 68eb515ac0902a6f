//! Tells a screen reader what happened, at a calm rate.

use std::time::Duration;

use leptos::prelude::*;

use crate::connection::Connection;
use crate::state::said;

/// No more often than this.
const RATE: Duration = Duration::from_secs(2);

/// The polite live region of the page.
#[component]
pub(crate) fn Announcer() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let said = RwSignal::new(String::new());
    set_interval(
        move || {
            let sentence = connection.state.try_update_untracked(|state| {
                let progress = said::progress(state);
                state.announcements.take(progress)
            });
            if let Some(Some(sentence)) = sentence {
                said.set(sentence);
            }
        },
        RATE,
    );
    view! { <div class="unseen" role="status" aria-live="polite" aria-atomic="true">{said}</div> }
}
