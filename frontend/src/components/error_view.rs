//! An error as a sentence, with what to do about it.

use leptos::prelude::*;
use shared::Error;

/// What went wrong.
#[component]
pub(crate) fn ErrorView(error: Error) -> impl IntoView {
    view! {
        <div class="notice bad">
            <p>
                {error.message}
                {error.kafka.map(|name| view! { " "<code class="kafka-name">{name}</code> })}
            </p>
            {error.hint.map(|hint| view! { <p>{hint}</p> })}
        </div>
    }
}
