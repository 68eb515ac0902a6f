//! What the cluster did in this lesson: one panel a result, the newest on top.

use leptos::html;
use leptos::prelude::*;
use shared::RequestId;

use super::result_panel::ResultPanel;
use super::side::SideSwitch;
use crate::connection::Connection;

/// The right side of a lesson.
#[component]
pub(crate) fn Results(
    /// The lesson's id.
    lesson: String,
) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let pane = NodeRef::<html::Section>::new();
    let of = lesson.clone();
    let ids = Memo::new(move |_| {
        connection.state.with(|state| {
            state
                .panels()
                .filter(|request| request.origin.lesson == of)
                .map(|request| request.id)
                .collect::<Vec<RequestId>>()
        })
    });
    let any_finished = {
        let of = lesson.clone();
        Memo::new(move |_| {
            connection
                .state
                .with(|state| state.panels().any(|request| request.origin.lesson == of && !request.is_live()))
        })
    };
    let newest = Memo::new(move |_| ids.with(|ids| ids.first().copied()));
    // A new result is on top: that is where to look.
    Effect::new(move |before: Option<Option<RequestId>>| {
        let newest = newest.get();
        if before.is_some_and(|before| newest > before)
            && let Some(pane) = pane.get_untracked()
        {
            pane.set_scroll_top(0);
        }
        newest
    });
    let clear = move |_| {
        connection.change(|state| state.forget_finished(&lesson));
    };
    view! {
        <section class="results" aria-labelledby="results-title" node_ref=pane>
            <header class="results-head">
                <h2 id="results-title" class="unseen">"Results"</h2>
                <SideSwitch/>
                <Show when=move || any_finished.get()>
                    <button type="button" class="button small" on:click=clear.clone()>"Clear finished"</button>
                </Show>
            </header>
            <Show when=move || ids.with(Vec::is_empty)>
                <div class="empty">
                    <p class="empty-title">"Nothing has run yet"</p>
                    <p>"Press a button of the lesson. What the cluster did appears here."</p>
                </div>
            </Show>
            <For each=move || ids.get() key=|id| *id let:id>
                <ResultPanel id newest/>
            </For>
        </section>
    }
}
