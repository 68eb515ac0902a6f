//! An address at which there is nothing.

use leptos::prelude::*;
use leptos_router::components::A;

/// Says so, and where to go.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    super::set_title("Not found");
    view! {
        <div class="page narrow">
            <h1>"There is nothing here"</h1>
            <p>"The address names no lesson or step of this workshop."</p>
            <p><A href="/">"See all lessons"</A></p>
        </div>
    }
}
