//! One result: what was run, how it stands, and what came of it.

use leptos::prelude::*;
use shared::event::{CloseReason, Outcome};
use shared::{Command, Reply, RequestId};

use super::cluster_view::ClusterView;
use super::consumer_view::ConsumerView;
use super::error_view::ErrorView;
use super::group_view::GroupView;
use super::produce_view::ProduceView;
use super::run_card::{CancelButton, Running};
use super::stream_table::{StreamKind, StreamTable};
use super::topic_view::TopicView;
use super::topics_view::TopicsView;
use crate::connection::Connection;
use crate::state::{Request, said, text};

/// How a result stands: the mood of its mark, and the word beside it.
fn standing(request: &Request) -> (&'static str, &'static str) {
    match (&request.consumer, &request.outcome) {
        (Some(consumer), _) => match &consumer.closed {
            None => ("live", "Running"),
            Some(CloseReason::Crashed { .. }) => ("bad", "Crashed"),
            Some(CloseReason::Failed(_)) => ("bad", "Failed"),
            Some(CloseReason::Stopped) => ("over", "Stopped"),
            Some(CloseReason::SessionEnded | CloseReason::ShuttingDown | CloseReason::ClusterReset) => {
                ("warn", "Gone")
            }
        },
        (None, None) if request.cancelled => ("live", "Cancelling"),
        (None, None) => ("live", "Running"),
        (None, Some(outcome)) => {
            let word = match outcome {
                Outcome::Ok(_) => "Done",
                Outcome::Failed { .. } => "Failed",
                Outcome::Cancelled { .. } => "Cancelled",
            };
            (said::mood(outcome), word)
        }
    }
}

/// The panel of a result. A region, named by the button that made it.
#[component]
pub(crate) fn ResultPanel(
    id: RequestId,
    /// The newest result of the lesson stands open; older ones that are over are folded.
    newest: Memo<Option<RequestId>>,
) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let version = Memo::new(move |_| {
        connection.state.with(|state| state.request(id).map_or(0, |request| request.version))
    });
    let look = move |look: fn(&Request) -> String| {
        Memo::new(move |_| {
            version.get();
            connection.state.with_untracked(|state| state.request(id).map(look).unwrap_or_default())
        })
    };
    let name = look(said::panel_name);
    let asked = look(|request| said::asked(&request.command));
    let standing = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| state.request(id).map_or(("over", ""), standing))
    });
    let is_live = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| state.request(id).is_some_and(Request::is_live))
    });
    let chosen = RwSignal::new(None::<bool>);
    let is_unfolded =
        Memo::new(move |_| chosen.get().unwrap_or_else(|| is_live.get() || newest.get() == Some(id)));
    let panel_id = format!("result-{}", id.0);
    let title_id = format!("result-{}-title", id.0);
    let body_id = format!("result-{}-body", id.0);
    view! {
        <section
            id=panel_id.clone()
            class="panel"
            class:live=move || is_live.get()
            tabindex="-1"
            aria-labelledby=title_id.clone()
        >
            <header class="panel-head">
                <button
                    type="button"
                    class="fold"
                    aria-expanded=move || is_unfolded.get().to_string()
                    aria-controls=body_id.clone()
                    aria-label=move || format!("Details of {}", name.get())
                    on:click=move |_| chosen.set(Some(!is_unfolded.get_untracked()))
                >
                    <span class="fold-mark" aria-hidden="true"></span>
                </button>
                <div class="panel-names">
                    <h3 id=title_id.clone()>{name}</h3>
                    <p class="quiet">{asked}" · "<Elapsed id version/></p>
                </div>
                <CancelButton request=Signal::derive(move || Some(id)) focus_next=panel_id.clone()/>
                <span class=move || format!("standing {}", standing.get().0)>
                    <span class="dot" aria-hidden="true"></span>
                    {move || standing.get().1}
                </span>
            </header>
            <div id=body_id class="panel-body" hidden=move || !is_unfolded.get()>
                <Show when=move || is_unfolded.get()>
                    <PanelBody id version/>
                </Show>
            </div>
        </section>
    }
}

#[component]
fn Elapsed(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let times = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            let request = state.request(id)?;
            // A consumer goes on after the command that started it.
            let ended = request.consumer.as_ref().map_or(request.settled_ms, |consumer| consumer.closed_ms);
            Some((request.started_ms, ended))
        })
    });
    move || {
        let (started, ended) = times.get()?;
        let until = ended.unwrap_or_else(|| connection.now.get());
        Some(text::millis(until - started))
    }
}

/// What the body shows; it is drawn anew only when this changes.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Running,
    Settled,
    Consumer,
}

#[component]
fn PanelBody(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let stage = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            let request = state.request(id)?;
            Some(match (&request.consumer, &request.outcome) {
                (Some(_), _) => Stage::Consumer,
                (None, None) => Stage::Running,
                (None, Some(_)) => Stage::Settled,
            })
        })
    });
    let is_produce = connection.state.with_untracked(|state| {
        state.request(id).is_some_and(|request| matches!(request.command, Command::Produce(_)))
    });
    let has_rows = Memo::new(move |_| {
        version.get();
        connection
            .state
            .with_untracked(|state| state.request(id).is_some_and(|request| request.rows.end() > 0))
    });
    if is_produce {
        return view! {
            {move || match stage.get() {
                Some(Stage::Running) => view! { <Running id/> }.into_any(),
                _ => view! { <Ending id/> }.into_any(),
            }}
            <ProduceView id version/>
            <Show when=move || has_rows.get()>
                <StreamTable id version kind=StreamKind::Reports/>
            </Show>
        }
        .into_any();
    }
    (move || match stage.get() {
        None => ().into_any(),
        Some(Stage::Running) => view! { <Running id/> }.into_any(),
        Some(Stage::Consumer) => view! { <ConsumerView id version/> }.into_any(),
        Some(Stage::Settled) => view! { <Ending id/> }.into_any(),
    })
    .into_any()
}

/// A settled request: its error if it has one, its reply if there is one.
#[component]
fn Ending(id: RequestId) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let outcome = connection.state.with_untracked(|state| state.request(id)?.outcome.clone());
    outcome.map(|outcome| match outcome {
        Outcome::Ok(reply) => reply_view(reply),
        Outcome::Failed { error, partial } => {
            view! { <ErrorView error/>{partial.map(reply_view)} }.into_any()
        }
        Outcome::Cancelled { partial } => view! {
            <p class="outcome warn">"Cancelled. What was done before stays done."</p>
            {partial.map(reply_view)}
        }
        .into_any(),
    })
}

fn reply_view(reply: Reply) -> AnyView {
    match reply {
        Reply::Cluster(cluster) => view! { <ClusterView cluster/> }.into_any(),
        Reply::Topics(topics) => view! { <TopicsView topics/> }.into_any(),
        Reply::StartedOver(topics) => view! {
            <p>"The lesson is as it was at first. These topics are there now:"</p>
            <TopicsView topics/>
        }
        .into_any(),
        Reply::TopicCreated(topic) | Reply::Topic(topic) => view! { <TopicView topic/> }.into_any(),
        Reply::TopicDeleted(topic) => {
            view! { <p>"The topic "<code>{topic.to_string()}</code>" and all its records are gone."</p> }
                .into_any()
        }
        Reply::Group(group) => view! { <GroupView group/> }.into_any(),
        // Drawn by `ProduceView`.
        Reply::Produced(_) => ().into_any(),
        // Said in a sentence; of consumers their panels show more.
        other @ (Reply::ConsumerStarted(_)
        | Reply::Committed(_)
        | Reply::ConsumerStopped(_)
        | Reply::MemberGone { .. }
        | Reply::ClusterReset(_)
        | Reply::Broker(_)
        | Reply::ErrorInjected(_)
        | Reply::FaultsCleared(_)) => view! { <p>{said::outcome(&Outcome::Ok(other))}</p> }.into_any(),
    }
}
