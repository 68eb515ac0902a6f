//! A notice that goes once it was read.

use leptos::prelude::*;

use crate::app::focus_in_place;

/// Says something, with a button that takes it away.
#[component]
pub(crate) fn ReadNotice(
    /// `good` or `warn`.
    mood: &'static str,
    /// It was read.
    read: impl Fn() + 'static,
    children: Children,
) -> impl IntoView {
    let dismiss = move |_| {
        // The button goes with the notice, and would leave the focus to nobody.
        focus_in_place("main");
        read();
    };
    view! {
        <div class=format!("notice read-notice {mood}")>
            <p>{children()}</p>
            <p><button type="button" class="button small" on:click=dismiss>"Understood"</button></p>
        </div>
    }
}
