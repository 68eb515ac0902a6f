//! The choice between light and dark.

use leptos::prelude::*;

use crate::theme::{Theme, ThemeChoice};

/// A small menu.
#[component]
pub(crate) fn ThemeMenu() -> impl IntoView {
    let choice = expect_context::<ThemeChoice>();
    let options = Theme::ALL.map(|theme| {
        view! { <option value=theme.name() selected=move || choice.get() == theme>{theme.label()}</option> }
    });
    view! {
        <label class="theme">
            <span class="unseen">"Theme"</span>
            <select on:change:target=move |event| choice.choose(Theme::named(&event.target().value()))>
                {options.into_iter().collect_view()}
            </select>
        </label>
    }
}
