//! Which cluster this is, and how one's own programs reach it.

use leptos::prelude::*;
use shared::kafka::{ClusterKind, ClusterState};

use super::Seen;
use crate::components::cluster_view::ClusterView;
use crate::components::copy_button::Copyable;
use crate::connection::Connection;
use crate::state::{said, text};

/// The name of the cluster, where it is, what it can't do.
#[component]
pub(super) fn WindowHead(seen: Seen) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let cluster = Memo::new(move |_| connection.state.with(|state| state.cluster.clone()));
    let kind = Memo::new(move |_| connection.state.with(|state| Some(state.server.as_ref()?.kind)));
    let name =
        move || cluster.with(|cluster| cluster.as_ref().map_or("Connecting…".to_owned(), said::cluster));
    view! {
        <header class="window-head">
            <h2>{name}</h2>
            {move || match kind.get() {
                None => ().into_any(),
                Some(ClusterKind::Sandbox) => view! {
                    <p>
                        "It is yours alone and runs inside the workshop’s server: break it as you like. "
                        "It keeps nothing when the server ends."
                    </p>
                    <Bootstrap seen/>
                }
                .into_any(),
                Some(ClusterKind::Kafka) => view! { <Shared cluster/> }.into_any(),
            }}
        </header>
    }
}

/// The address for one's own programs.
#[component]
fn Bootstrap(seen: Seen) -> impl IntoView {
    let servers = Memo::new(move |_| seen.with(|seen| seen.as_ref()?.bootstrap_servers.clone()));
    let is_seen = Memo::new(move |_| seen.with(Option::is_some));
    let list = move || servers.get().unwrap_or_default();
    let first = Memo::new(move |_| list().split(',').next().unwrap_or_default().to_owned());
    view! {
        <Show
            when=move || servers.with(Option::is_some)
            fallback=move || {
                is_seen.get().then(|| {
                    view! {
                        <p class="quiet">
                            "Programs of your own can join only from the server’s machine, and this page is on another."
                        </p>
                    }
                })
            }
        >
            <dl class="facts">
                <dt>"Bootstrap servers"</dt>
                <dd><Copyable text=Signal::derive(list) what="the bootstrap servers"/></dd>
            </dl>
            <p>
                "Programs of your own on this machine can join, for example "
                <code class="one-line">{move || format!("kcat -b {} -L", first.get())}</code> "."
            </p>
        </Show>
    }
}

/// A Kafka that all learners share.
#[component]
fn Shared(cluster: Memo<Option<ClusterState>>) -> impl IntoView {
    let brokers = move || match cluster.get() {
        Some(ClusterState::Ready(cluster)) => view! { <ClusterView cluster/> }.into_any(),
        Some(ClusterState::Unreachable { error }) => {
            view! { <crate::components::error_view::ErrorView error/> }.into_any()
        }
        Some(ClusterState::Starting | ClusterState::Sandbox { .. }) | None => {
            view! { <p class="quiet">"It has not answered yet."</p> }.into_any()
        }
    };
    view! {
        <p>"All learners of this workshop share it, each with topics and groups of their own."</p>
        {brokers}
        <div class="notice">
            <p>
                "Stopping brokers, delaying them, injecting errors, resetting the cluster and looking into it take a "
                "cluster of your own. A workshop that is started without " <code>"--bootstrap-servers"</code>
                " gives one to each learner."
            </p>
        </div>
    }
}

/// How much of its memory the cluster takes.
#[component]
pub(super) fn Fullness(seen: Seen) -> impl IntoView {
    let bytes =
        Memo::new(move |_| seen.with(|seen| seen.as_ref().map(|view| (view.log_bytes, view.max_log_bytes))));
    move || {
        bytes.get().map(|(used, most)| {
            view! {
                <p class="quiet">
                    {format!("The logs take {} of {}.", text::bytes(used as f64), text::bytes(most as f64))}
                </p>
            }
        })
    }
}
