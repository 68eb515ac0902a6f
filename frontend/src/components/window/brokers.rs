//! The brokers: how each is, and what can be done to it.

use leptos::prelude::*;
use shared::command::{CutOffBroker, DelayBroker, KillBroker, StartBroker, StopBroker};
use shared::kafka::{BrokerState, BrokerView};
use shared::lesson::Run;
use shared::{Command, Outcome};

use super::{Seen, mood, origin};
use crate::components::run_card::RunCard;
use crate::connection::Connection;
use crate::state::capability::Capability;
use crate::state::glance::{self, Mark};
use crate::state::{Request, said, text};

/// What the learner is offered first as a delay.
const OFFERED_DELAY_MS: u64 = 500;

/// All brokers, by id.
#[component]
pub(super) fn Brokers(seen: Seen) -> impl IntoView {
    let ids = Memo::new(move |_| {
        seen.with(|seen| {
            seen.iter().flat_map(|view| &view.brokers).map(|broker| broker.id).collect::<Vec<i32>>()
        })
    });
    view! {
        <section class="window-part">
            <h3>"Brokers"</h3>
            <div class="brokers">
                <For each=move || ids.get() key=|id| *id let:id>
                    <BrokerCard id seen/>
                </For>
            </div>
        </section>
    }
}

#[component]
fn BrokerCard(id: i32, seen: Seen) -> impl IntoView {
    let broker = Memo::new(move |_| {
        seen.with(|seen| seen.as_ref()?.brokers.iter().find(|broker| broker.id == id).cloned())
    });
    let leads =
        Memo::new(move |_| seen.with(|seen| seen.as_ref().map_or(0, |view| glance::led_by(view, id))));
    let standing = Memo::new(move |_| broker.with(|broker| broker.as_ref().map(glance::broker)));
    let delay_ms =
        Memo::new(move |_| broker.with(|broker| broker.as_ref().map_or(0, |broker| broker.delay_ms)));
    let address = Memo::new(move |_| {
        broker.with(|broker| broker.as_ref().map(|broker| format!("{}:{}", broker.host, broker.port)))
    });
    let name = format!("Broker {id}");
    let tone = move || standing.get().map_or("", |(mark, _)| mood(mark));
    view! {
        <section class=move || format!("broker {}", tone()) aria-label=name>
            <div class="broker-head">
                <h4>{name.clone()}</h4>
                <code class="quiet">{address}</code>
            </div>
            {move || standing.get().map(|(mark, words)| view! { <Marked mark words/> })}
            <p class="quiet">
                {move || format!("Leads {}.", text::count(leads.get() as u64, "partition", "partitions"))}
            </p>
            {move || {
                let delay_ms = delay_ms.get();
                (delay_ms > 0).then(|| {
                    let words = format!("Answers {} late", text::millis(delay_ms as f64));
                    view! { <Marked mark=Mark::Warn words/> }
                })
            }}
            <BrokerButtons id broker/>
            <BrokerTrouble id/>
        </section>
    }
}

/// An icon beside words that say the same.
#[component]
pub(super) fn Marked(mark: Mark, #[prop(into)] words: String) -> impl IntoView {
    let icon = match mark {
        Mark::Good => "✓",
        Mark::Warn => "!",
        Mark::Bad => "✕",
    };
    view! {
        <p class=format!("marked {}", mood(mark))>
            <span class="marked-icon" aria-hidden="true">{icon}</span>
            <span>{words}</span>
        </p>
    }
}

#[component]
fn BrokerButtons(id: i32, broker: Memo<Option<BrokerView>>) -> impl IntoView {
    let runs =
        Memo::new(move |_| broker.with(|broker| broker.as_ref().is_some_and(|b| glance::runs(b.state))));
    let is_cut_off = Memo::new(move |_| {
        broker.with(|broker| broker.as_ref().is_some_and(|broker| broker.state == BrokerState::CutOff))
    });
    let number = usize::try_from(id).unwrap_or_default();
    let delay = Run {
        label: format!("Delay broker {id}"),
        open: vec!["delay_ms".to_owned()],
        command: Command::DelayBroker(DelayBroker { broker: id, delay_ms: OFFERED_DELAY_MS }),
    };
    let cut_off = move || {
        let cut_off = !is_cut_off.get_untracked();
        Command::CutOffBroker(CutOffBroker { broker: id, cut_off })
    };
    let cut_off_name = Signal::derive(move || {
        if is_cut_off.get() { format!("Reconnect broker {id}") } else { format!("Cut off broker {id}") }
    });
    let cut_off_label = Signal::derive(move || if is_cut_off.get() { "Reconnect" } else { "Cut off" });
    view! {
        <div class="broker-buttons">
            <BrokerButton
                id label="Stop" name=format!("Stop broker {id}") needs=Capability::Brokers
                fits=runs command=move || Command::StopBroker(StopBroker { broker: id })
            />
            <BrokerButton
                id label="Kill" name=format!("Kill broker {id}") needs=Capability::Brokers
                fits=runs command=move || Command::KillBroker(KillBroker { broker: id })
            />
            <BrokerButton
                id label="Start" name=format!("Start broker {id}") needs=Capability::Brokers
                fits=Signal::derive(move || !runs.get())
                command=move || Command::StartBroker(StartBroker { broker: id })
            />
            <BrokerButton
                id label=cut_off_label name=cut_off_name needs=Capability::Faults fits=runs command=cut_off
            />
        </div>
        <details class="more">
            <summary>"Delay"<span class="unseen">{format!(" broker {id}")}</span>"…"</summary>
            <RunCard lesson=String::new() step="delay".to_owned() number run=delay needs=Vec::new()/>
        </details>
    }
}

/// A button for one broker. It stays where it is when it has nothing to do, so that the focus stays too.
#[component]
fn BrokerButton(
    id: i32,
    /// What stands on it.
    #[prop(into)]
    label: Signal<&'static str>,
    /// What a screen reader says.
    #[prop(into)]
    name: Signal<String>,
    needs: Capability,
    /// Whether it has something to do.
    #[prop(into)]
    fits: Signal<bool>,
    command: impl Fn() -> Command + 'static,
) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let number = usize::try_from(id).unwrap_or_default();
    let is_off = Memo::new(move |_| {
        let is_busy = connection.state.with(|state| {
            state.latest_of("", "broker", number).is_some_and(Request::is_open) || !state.can(needs)
        });
        is_busy || !fits.get()
    });
    let press = move |_| {
        if !is_off.get_untracked() {
            connection.run(origin("broker", number, name.get_untracked()), command());
        }
    };
    view! {
        <button
            type="button"
            class="button small"
            aria-label=name
            aria-disabled=move || is_off.get().then_some("true")
            on:click=press
        >
            {label}
        </button>
    }
}

/// What the newest command for a broker does, or why it failed. What it did is seen above.
#[component]
fn BrokerTrouble(id: i32) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let number = usize::try_from(id).unwrap_or_default();
    let line = Memo::new(move |_| {
        connection.state.with(|state| {
            let request = state.latest_of("", "broker", number)?;
            match &request.outcome {
                None => Some(("wait", format!("{}…", request.origin.label))),
                Some(Outcome::Ok(_)) => None,
                Some(failed) => Some(("bad", said::outcome_and_advice(failed))),
            }
        })
    });
    move || line.get().map(|(mood, words)| view! { <p class=format!("outcome {mood}")>{words}</p> })
}
