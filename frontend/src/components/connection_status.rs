//! How the connection and the cluster are, with the details one press away.

use leptos::prelude::*;
use shared::kafka::ClusterState;

use super::notice::ReadNotice;
use crate::connection::Connection;
use crate::state::capability::Capability;
use crate::state::{Link, Remedy, said};

/// A button that says the state in words, and opens what is behind it.
#[component]
pub(crate) fn ConnectionStatus() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let cluster = Memo::new(move |_| connection.state.with(|state| state.cluster.clone()));
    let link = connection.link;
    let mood = move || match (link.get(), cluster.get()) {
        (Link::Open, Some(ClusterState::Ready(_) | ClusterState::Sandbox { .. })) => "good",
        (Link::Ended(_), _) | (Link::Open, Some(ClusterState::Unreachable { .. })) => "bad",
        _ => "wait",
    };
    let words = move || match link.get() {
        Link::Connecting => "Connecting…".to_owned(),
        Link::Waiting { .. } => "Not connected · trying again".to_owned(),
        Link::Ended(_) => "Not connected".to_owned(),
        Link::Open => match cluster.get() {
            None => "Connected".to_owned(),
            Some(ClusterState::Unreachable { .. }) => "Kafka can’t be reached".to_owned(),
            Some(state) => said::cluster(&state),
        },
    };
    view! {
        <div class="connection">
            <button type="button" class="status" popovertarget="connection-details">
                <span class=move || format!("dot {}", mood()) aria-hidden="true"></span>
                <span>{words}</span>
            </button>
            <div id="connection-details" class="popover" popover="auto">
                <h2>"Connection"</h2>
                <LinkDetails/>
                {move || cluster.get().map(|state| view! { <ClusterDetails state/> })}
                <ServerDetails/>
            </div>
        </div>
    }
}

#[component]
fn LinkDetails() -> impl IntoView {
    let connection = expect_context::<Connection>();
    move || {
        match connection.link.get() {
        Link::Open => view! { <p>"This page is connected to the server."</p> }.into_any(),
        Link::Connecting => view! { <p>"This page is connecting to the server…"</p> }.into_any(),
        Link::Waiting { retry_in_ms } => view! {
            <p>
                {format!(
                    "The connection to the server is lost. The page tries again in {} s, and then goes on where it was.",
                    retry_in_ms.div_ceil(1000),
                )}
            </p>
            <p><ConnectButton label="Connect now"/></p>
        }
        .into_any(),
        Link::Ended(ended) => view! {
            <p>{ended.message}</p>
            <p>
                {match ended.remedy {
                    Remedy::Connect => view! { <ConnectButton label="Connect again"/> }.into_any(),
                    Remedy::Reload => view! { <ReloadButton/> }.into_any(),
                }}
            </p>
        }
        .into_any(),
    }
    }
}

/// Says under the header, where nobody can miss it, that the connection ended for good, or that the session did.
#[component]
pub(crate) fn ConnectionNotice() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let shown = move || matches!(connection.link.get(), Link::Ended(_));
    let session_gone = Memo::new(move |_| connection.state.with(|state| state.session_gone.clone()));
    let is_sandbox = move || connection.state.with_untracked(|state| state.can(Capability::Reset));
    let read = move || {
        connection.change(|state| state.session_gone = None);
    };
    view! {
        <Show when=shown>
            <div class="notice bad" role="alert"><LinkDetails/></div>
        </Show>
        {move || {
            session_gone.get().map(|told| {
                let what_else = is_sandbox().then_some(
                    " If the server was started anew, your cluster is new and empty too: a lesson’s “Start over” makes \
                     the topics that it needs.",
                );
                view! { <ReadNotice mood="warn" read>{told}{what_else}</ReadNotice> }
            })
        }}
    }
}

#[component]
fn ConnectButton(label: &'static str) -> impl IntoView {
    let connection = expect_context::<Connection>();
    view! { <button type="button" class="button" on:click=move |_| connection.connect()>{label}</button> }
}

#[component]
fn ReloadButton() -> impl IntoView {
    // A page that can't be loaded says so itself.
    let reload = |_| drop(window().location().reload());
    view! { <button type="button" class="button" on:click=reload>"Reload"</button> }
}

#[component]
fn ClusterDetails(state: ClusterState) -> impl IntoView {
    match state {
        ClusterState::Starting => {
            view! { <p>"Kafka is starting. Commands wait until it answers."</p> }.into_any()
        }
        ClusterState::Sandbox { .. } => view! {
            <p>"You have a cluster of your own, in the server’s memory. It keeps nothing when the server ends. “Cluster”, \
            above, looks into it and says its addresses."</p>
        }
        .into_any(),
        ClusterState::Unreachable { error } => view! {
            <p>{format!("Kafka can’t be reached: {}", error.message)}</p>
            <p>{error.hint}</p>
        }
        .into_any(),
        ClusterState::Ready(cluster) => {
            let controller = said::controller(&cluster);
            let brokers = cluster.brokers.iter().map(|broker| {
                let role = (controller == Some(broker.id)).then_some(" · controller");
                view! { <li>{broker.id}" at "<code>{format!("{}:{}", broker.host, broker.port)}</code>{role}</li> }
            });
            view! {
                <dl class="facts">
                    <dt>"Cluster id"</dt>
                    <dd><code>{cluster.cluster_id.clone().unwrap_or_else(|| "not known".to_owned())}</code></dd>
                    <dt>"Brokers"</dt>
                    <dd><ul class="plain">{brokers.collect_view()}</ul></dd>
                </dl>
            }
            .into_any()
        }
    }
}

#[component]
fn ServerDetails() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let server = Memo::new(move |_| connection.state.with(|state| state.server.clone()));
    move || {
        server.get().map(|server| {
            view! {
                <dl class="facts">
                    <dt>"Kafka Workshop"</dt>
                    <dd>{server.version}</dd>
                    <dt>"librdkafka"</dt>
                    <dd>{server.librdkafka}</dd>
                </dl>
            }
        })
    }
}
