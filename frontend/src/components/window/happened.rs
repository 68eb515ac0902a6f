//! What happened in the cluster since somebody looks: a plain list.

use leptos::prelude::*;

use crate::connection::Connection;
use crate::state::happened::{KEPT, Line, Shown};
use crate::state::{text, told};

/// What happened, the newest first. Not a live region: a cluster at work would not let a screen reader finish a sentence.
#[component]
pub(super) fn Happened() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let shown = RwSignal::new(Shown::WithoutTraffic);
    let numbers = Memo::new(move |_| {
        let shown = shown.get();
        connection.state.with(|state| state.window.happened.newest(shown))
    });
    let counts = Memo::new(move |_| {
        let shown = shown.get();
        connection.state.with(|state| (state.window.happened.count(shown), state.window.happened.traffic()))
    });
    let is_empty = Memo::new(move |_| numbers.with(Vec::is_empty));
    let dropped = move || {
        let (all, _) = counts.get();
        let kept = numbers.with(Vec::len) as u64;
        (all > kept).then(|| format!("The last {KEPT} of {}; the older ones went.", text::thousands(all)))
    };
    view! {
        <section class="window-part">
            <div class="window-part-head">
                <h3>"What happened"</h3>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || shown.get() == Shown::All
                        on:change:target=move |event| {
                            let all = event.target().checked();
                            shown.set(if all { Shown::All } else { Shown::WithoutTraffic });
                        }
                    />
                    {move || format!("Show records written and read ({})", text::thousands(counts.get().1))}
                </label>
            </div>
            <Show
                when=move || !is_empty.get()
                fallback=|| view! { <p class="quiet">"Nothing has happened since you opened this."</p> }
            >
                <p class="quiet">
                    "The newest first; minutes and seconds since the cluster began. " {dropped}
                </p>
                <div class="happened" tabindex="0" role="region" aria-label="What happened">
                    <ol>
                        <For each=move || numbers.get() key=|number| *number children=move |number| row(connection, number)/>
                    </ol>
                </div>
            </Show>
        </section>
    }
}

fn row(connection: Connection, number: u64) -> impl IntoView {
    connection.state.with_untracked(|state| {
        state.window.happened.line(number).map(|line| {
            let time = match line {
                Line::Event(event) => told::clock(event.at_ms),
                Line::Away => "–".to_owned(),
            };
            view! { <li><span class="happened-at">{time}</span> " "<span>{told::line(line)}</span></li> }
        })
    })
}
