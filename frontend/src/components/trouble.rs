//! Something that did not load.

use leptos::prelude::*;

use crate::fetch::Trouble;

/// Says what did not load, why, and offers to try again.
#[component]
pub(crate) fn TroubleView(
    /// What did not load, as the beginning of a sentence.
    what: &'static str,
    /// Why.
    trouble: Trouble,
    /// Tries again.
    again: impl Fn() + 'static,
) -> impl IntoView {
    let why = match trouble {
        Trouble::NotFound => "the server does not have it".to_owned(),
        Trouble::Failed(why) => why,
    };
    view! {
        <div class="notice bad" role="alert">
            <p>{format!("{what} did not load: {why}.")}</p>
            <p>"Check that the server is running, then try again."</p>
            <p><button type="button" class="button" on:click=move |_| again()>"Try again"</button></p>
        </div>
    }
}
