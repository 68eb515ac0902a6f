//! What can be done to the whole cluster, and the faults that are on.

use leptos::prelude::*;
use shared::command::{ClearFaults, InjectError, ResetCluster};
use shared::kafka::{FaultyApi, InjectedErrorCode};
use shared::lesson::Run;
use shared::{Command, Outcome};

use super::{Seen, origin};
use crate::components::confirm::ConfirmButton;
use crate::components::run_card::RunCard;
use crate::connection::Connection;
use crate::state::capability::Capability;
use crate::state::{Request, glance, said};

/// Faults on, faults off, and a new cluster.
#[component]
pub(super) fn ClusterCommands(seen: Seen) -> impl IntoView {
    let inject = Run {
        label: "Inject the error".to_owned(),
        open: ["api", "error", "times", "broker"].map(str::to_owned).to_vec(),
        command: Command::InjectError(InjectError {
            api: FaultyApi::Produce,
            error: InjectedErrorCode::NotLeaderOrFollower,
            times: 1,
            broker: None,
        }),
    };
    view! {
        <section class="window-part">
            <h3>"Faults and reset"</h3>
            <Faults seen/>
            <details class="more">
                <summary>"Inject an error…"</summary>
                <RunCard lesson=String::new() step="inject".to_owned() number=0 run=inject needs=Vec::new()/>
            </details>
            <div class="run-line">
                <ClearButton/>
                <ResetButton/>
            </div>
            <Standing/>
        </section>
    }
}

#[component]
fn Faults(seen: Seen) -> impl IntoView {
    let faults =
        Memo::new(move |_| seen.with(|seen| seen.as_deref().map(glance::faults).unwrap_or_default()));
    move || {
        let faults = faults.get();
        if faults.is_empty() {
            return view! { <p class="quiet">"No fault is on."</p> }.into_any();
        }
        let faults = faults.into_iter().map(|fault| view! { <li>{fault}</li> }).collect_view();
        view! { <ul class="notice warn faults" aria-label="Faults that are on">{faults}</ul> }.into_any()
    }
}

#[component]
fn ClearButton() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let is_off = is_off("clear", Capability::Faults);
    let clear = move |_| {
        if !is_off.get_untracked() {
            let label = "Clear all faults".to_owned();
            connection.run(origin("clear", 0, label), Command::ClearFaults(ClearFaults {}));
        }
    };
    view! {
        <button
            type="button"
            class="button small"
            aria-disabled=move || is_off.get().then_some("true")
            on:click=clear
        >
            "Clear all faults"
        </button>
    }
}

#[component]
fn ResetButton() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let reset = move || {
        let label = "Reset my cluster".to_owned();
        connection.run(origin("reset", 0, label), Command::ResetCluster(ResetCluster {}));
    };
    view! {
        <ConfirmButton
            id="reset"
            label="Reset my cluster"
            is_off=is_off("reset", Capability::Reset)
            confirmed=reset
        >
            <p>"You get a new and empty cluster, at the same addresses:"</p>
            <ul>
                <li>"Gone: all topics with their records, all groups with their committed offsets."</li>
                <li>"Stopped: the consumers that run, in all your tabs."</li>
                <li>"Undone: brokers that are down, and all faults."</li>
            </ul>
        </ConfirmButton>
    }
}

/// Whether a command runs, or the cluster can't do it.
fn is_off(step: &'static str, needs: Capability) -> Memo<bool> {
    let connection = expect_context::<Connection>();
    Memo::new(move |_| {
        connection
            .state
            .with(|state| state.latest_of("", step, 0).is_some_and(Request::is_open) || !state.can(needs))
    })
}

/// How the newest of the two buttons' commands stands.
#[component]
fn Standing() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let line = Memo::new(move |_| {
        connection.state.with(|state| {
            let newest = ["clear", "reset"].into_iter().filter_map(|step| state.latest_of("", step, 0));
            let request = newest.max_by_key(|request| request.id)?;
            Some(match &request.outcome {
                None if matches!(request.command, Command::ResetCluster(_)) => {
                    ("wait", "Resetting the cluster…".to_owned())
                }
                None => ("wait", "Clearing the faults…".to_owned()),
                Some(outcome @ Outcome::Ok(_)) => ("good", said::outcome(outcome)),
                Some(outcome) => ("bad", said::outcome_and_advice(outcome)),
            })
        })
    });
    move || line.get().map(|(mood, words)| view! { <p class=format!("outcome {mood}")>{words}</p> })
}
