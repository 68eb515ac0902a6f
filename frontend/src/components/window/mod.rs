//! The window: the cluster as it is now, and what can be done to it. For a shared Kafka, what is known of that.

mod brokers;
mod commands;
mod groups;
mod happened;
mod head;
mod topics;

use std::sync::Arc;

use leptos::prelude::*;
use shared::kafka::ClusterView;

use crate::app::focus_in_place;
use crate::connection::Connection;
use crate::state::capability::Capability;
use crate::state::glance::{self, Mark};
use crate::state::{Link, Origin};
use brokers::Brokers;
use commands::ClusterCommands;
use groups::Groups;
use happened::Happened;
use head::{Fullness, WindowHead};
use topics::Topics;

use super::error_view::ErrorView;
use super::notice::ReadNotice;

/// What the cluster's parts are drawn from; `None` before the first view.
type Seen = Memo<Option<Arc<ClusterView>>>;

/// The origin of a command of the window: it belongs to no lesson.
fn origin(step: &str, run: usize, label: String) -> Origin {
    Origin { step: step.to_owned(), run, label, ..Origin::default() }
}

/// Looks into the cluster for as long as it is drawn.
#[component]
pub(crate) fn ClusterWindow() -> impl IntoView {
    let connection = expect_context::<Connection>();
    connection.open_window();
    on_cleanup(move || connection.close_window());
    let seen: Seen = Memo::new(move |_| connection.state.with(|state| state.window.view.clone()));
    let can_watch = Memo::new(move |_| connection.state.with(|state| state.can(Capability::Watch)));
    let is_there = Memo::new(move |_| seen.with(Option::is_some));
    view! {
        <div class="window">
            <WindowHead seen/>
            <Notices is_there/>
            <Show when=move || can_watch.get()>
                <Show
                    when=move || is_there.get()
                    fallback=|| view! { <p class="quiet">"Looking into the cluster…"</p> }
                >
                    <Figures seen/>
                    <Brokers seen/>
                </Show>
                <ClusterCommands seen/>
                <Show when=move || is_there.get()>
                    <Happened/>
                    <Topics seen/>
                    <Groups seen/>
                    <Fullness seen/>
                </Show>
            </Show>
        </div>
    }
}

/// What the learner has to know of what stands below.
#[component]
fn Notices(is_there: Memo<bool>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let was_reset = Memo::new(move |_| connection.state.with(|state| state.window.was_reset));
    let trouble = Memo::new(move |_| connection.state.with(|state| state.window.trouble.clone()));
    let is_stale = Memo::new(move |_| connection.link.get() != Link::Open);
    let read = move || {
        connection.change(|state| state.window.was_reset = false);
    };
    let look_again = move |_| {
        // The button goes with the trouble, and would leave the focus to nobody.
        focus_in_place("main");
        connection.watch_again();
    };
    view! {
        <Show when=move || is_stale.get()>
            <div class="notice warn">
                <p>"There is no connection to the server: this is the cluster as it was last seen."</p>
            </div>
        </Show>
        <Show when=move || was_reset.get()>
            <ReadNotice mood="good" read>
                "The cluster was reset. What stands here is the new one. A lesson’s “Start over” makes the topics that "
                "it needs."
            </ReadNotice>
        </Show>
        {move || {
            trouble.get().map(|error| {
                view! {
                    <ErrorView error/>
                    <Show when=move || is_there.get()>
                        <p class="quiet">"What stands here is the cluster as it was last seen."</p>
                    </Show>
                    <p>
                        <button type="button" class="button small" on:click=look_again>
                            "Look again"
                        </button>
                    </p>
                }
            })
        }}
    }
}

/// The whole cluster in four figures.
#[component]
fn Figures(seen: Seen) -> impl IntoView {
    let figures =
        Memo::new(move |_| seen.with(|seen| seen.as_deref().map(glance::figures).unwrap_or_default()));
    let rows = move || {
        figures
            .get()
            .into_iter()
            .map(|figure| {
                view! {
                    <div class=figure.mark.map_or("", mood)><dt>{figure.name}</dt><dd>{figure.value}</dd></div>
                }
            })
            .collect_view()
    };
    view! { <dl class="stats window-figures">{rows}</dl> }
}

fn mood(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "good",
        Mark::Warn => "warn",
        Mark::Bad => "bad",
    }
}
