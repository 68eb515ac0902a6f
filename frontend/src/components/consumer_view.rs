//! A consumer: what it has, where it is, what can be done to it, and how its group takes its crash.

use leptos::prelude::*;
use shared::command::{Commit, CommitEachRecord, CrashConsumer, StopConsumer};
use shared::event::CloseReason;
use shared::kafka::Lane;
use shared::{Command, ConsumerId, RequestId};

use super::lanes::Lanes;
use super::stream_table::{StreamKind, StreamTable};
use crate::app::focus_in_place;
use crate::connection::Connection;
use crate::state::{Consumer, Crash, Origin, Request, said, text};

/// A consumer, running or gone.
#[component]
pub(crate) fn ConsumerView(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let look = move |look: fn(&Request, &Consumer) -> String| {
        Memo::new(move |_| {
            version.get();
            connection.state.with_untracked(|state| {
                let request = state.request(id)?;
                Some(look(request, request.consumer.as_ref()?))
            })
        })
    };
    let records = look(|_, consumer| text::thousands(consumer.records));
    let assigned = look(|_, consumer| match &consumer.assigned {
        None => "waiting for the group".to_owned(),
        Some(assigned) if assigned.is_empty() => "none".to_owned(),
        Some(assigned) => {
            assigned.iter().map(|(_, partition)| format!("P{partition}")).collect::<Vec<_>>().join(", ")
        }
    });
    let left = look(|_, consumer| {
        let left =
            consumer.lanes.values().filter(|lane| consumer.has(lane)).filter_map(|lane| {
                Some(lane.high_watermark? - lane.position?.max(lane.log_start.unwrap_or(0)))
            });
        text::offset(Some(left.sum::<i64>().max(0)))
    });
    // What the learner did to it is seen by its name; what happened to it has to be said.
    let why_gone = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            match state.request(id)?.consumer.as_ref()?.closed.as_ref()? {
                CloseReason::Stopped | CloseReason::Crashed { .. } => None,
                reason => Some(said::closed(reason)),
            }
        })
    });
    let commits = look(|request, _| commits(&request.command));
    let lanes = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            let consumer = state.request(id).and_then(|request| request.consumer.as_ref());
            consumer
                .map(|consumer| consumer.lanes.values().cloned().collect::<Vec<Lane>>())
                .unwrap_or_default()
        })
    });
    view! {
        <ConsumerButtons id version/>
        <CrashView id version/>
        {move || why_gone.get().map(|why| view! { <p class="outcome warn">{why}</p> })}
        <dl class="stats">
            <div><dt>"Assigned"</dt><dd>{assigned}</dd></div>
            <div><dt>"Records read"</dt><dd>{records}</dd></div>
            <div><dt>"Left to read"</dt><dd>{left}</dd></div>
            <div><dt>"Commits"</dt><dd>{commits}</dd></div>
        </dl>
        <Show when=move || lanes.with(|lanes| !lanes.is_empty())>
            <Lanes lanes is_read=true/>
        </Show>
        <StreamTable id version kind=StreamKind::Records/>
    }
}

fn commits(command: &Command) -> String {
    let Command::StartConsumer(start) = command else { return String::new() };
    let each = match start.commit_each_record {
        CommitEachRecord::Off => None,
        CommitEachRecord::Synchronous => Some("after each record, synchronous".to_owned()),
        CommitEachRecord::Asynchronous => Some("after each record, asynchronous".to_owned()),
    };
    let timer = start.auto_commit_interval_ms.map(|ms| format!("by timer, each {}", text::millis(ms as f64)));
    match (each, timer) {
        (None, None) => "by hand only".to_owned(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(each), Some(timer)) => format!("{each}; {timer}"),
    }
}

/// What can be done to it while it runs, and what came of the last press.
#[component]
fn ConsumerButtons(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let running = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            let consumer = state.request(id)?.consumer.as_ref()?;
            consumer.closed.is_none().then_some(consumer.id)
        })
    });
    let is_synchronous = RwSignal::new(true);
    let run = move |label: &'static str, command: fn(ConsumerId, bool) -> Command| {
        let Some(consumer) = running.get_untracked() else { return };
        let origin = connection.state.with_untracked(|state| {
            let panel = state.request(id).map(|panel| panel.origin.clone()).unwrap_or_default();
            Origin { label: label.to_owned(), part_of: Some(id), ..panel }
        });
        connection.run(origin, command(consumer, is_synchronous.get_untracked()));
    };
    let end = move |label: &'static str, command: fn(ConsumerId, bool) -> Command| {
        // The buttons go with the consumer.
        focus_in_place(&format!("result-{}", id.0));
        run(label, command);
    };
    let commit = move |_| {
        run("Commit now", |consumer, synchronous| Command::Commit(Commit { consumer, synchronous }));
    };
    let stop = move |_| end("Stop", |consumer, _| Command::StopConsumer(StopConsumer { consumer }));
    let crash = move |_| end("Crash", |consumer, _| Command::CrashConsumer(CrashConsumer { consumer }));
    let ids = [format!("stop-{}", id.0), format!("crash-{}", id.0)];
    let [stop_id, crash_id] = ids.clone();
    let [stop_of, crash_of] = ids;
    view! {
        <Show when=move || running.get().is_some()>
            <div class="consumer-buttons">
                <div class="button-group">
                    <button type="button" class="button" on:click=commit>"Commit now"</button>
                    <label class="check">
                        <input
                            type="checkbox"
                            prop:checked=move || is_synchronous.get()
                            on:change:target=move |event| is_synchronous.set(event.target().checked())
                        />
                        "Synchronous"
                    </label>
                </div>
                <div class="button-group">
                    <button type="button" class="button" aria-describedby=stop_of.clone() on:click=stop>"Stop"</button>
                    <span class="quiet" id=stop_id.clone()>"leaves the group"</span>
                </div>
                <div class="button-group">
                    <button type="button" class="button danger" aria-describedby=crash_of.clone() on:click=crash>
                        "Crash"
                    </button>
                    <span class="quiet" id=crash_id.clone()>"says nothing to the group"</span>
                </div>
            </div>
        </Show>
        <LastPress id version/>
    }
}

#[component]
fn LastPress(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let line = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            let request = state.latest_part_of(id)?;
            // While it runs: its phase, if it has one.
            let (mood, words) = match &request.outcome {
                None => ("", request.phase.clone()?),
                Some(outcome) => (said::mood(outcome), said::outcome_and_advice(outcome)),
            };
            Some((mood, format!("{}: {words}", request.origin.label)))
        })
    });
    move || line.get().map(|(mood, words)| view! { <p class=format!("outcome {mood}")>{words}</p> })
}

/// Counts down to the moment at which the group gives a crashed member up.
#[component]
fn CrashView(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let crash = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| state.request(id)?.consumer.as_ref()?.crash)
    });
    let waited = move |crash: Crash| {
        (crash.waited_ms as f64 + (connection.now.get() - crash.heard_ms).max(0.0)).round()
    };
    move || {
        let crash = crash.get()?;
        let timeout = crash.session_timeout_ms as f64;
        let view = if let Some(after_ms) = crash.gone_after_ms {
            view! {
                <div class="notice good">
                    <p>{format!("The group noticed the crash after {}. Its partitions go to the members that are left, if any are.", text::millis(after_ms as f64))}</p>
                </div>
            }
            .into_any()
        } else if crash.lost_sight {
            view! {
                <div class="notice warn">
                    <p>{format!("Nobody waits for the group any more. It notices the crash {} after the last heartbeat.", text::millis(timeout))}</p>
                </div>
            }
            .into_any()
        } else {
            let left = move || (timeout - waited(crash)).max(0.0);
            view! {
                <div class="notice warn countdown">
                    <p>
                        "The group still counts on this member, and nobody reads its partitions. It is given up "
                        {format!("{} after its last heartbeat: ", text::millis(timeout))}
                        <strong class="number">{move || format!("{:.1} s", left() / 1000.0)}</strong>
                        " left."
                    </p>
                    <progress
                        aria-label="Time until the group notices"
                        max=timeout.to_string()
                        value=move || waited(crash).min(timeout).to_string()
                    ></progress>
                </div>
            }
            .into_any()
        };
        Some(view)
    }
}
