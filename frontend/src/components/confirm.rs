//! A button that asks first, since what it does can't be undone.

use leptos::html::Dialog;
use leptos::prelude::*;

/// The button and its dialog. Enter in the dialog keeps everything, until one moves to the other button.
#[component]
pub(crate) fn ConfirmButton(
    /// Unique on the page.
    id: &'static str,
    /// What stands on the button, and on the one that goes through with it.
    label: &'static str,
    /// Whether pressing it does nothing now.
    #[prop(into)]
    is_off: Signal<bool>,
    /// Goes through with it.
    confirmed: impl Fn() + 'static,
    /// What will happen.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let ask = move |_| {
        if let Some(dialog) = dialog.get().filter(|_| !is_off.get_untracked()) {
            // Only an open dialog can't be opened.
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get() {
            dialog.close();
        }
    };
    let confirm = move |_| {
        close();
        confirmed();
    };
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    view! {
        <button
            type="button"
            class="button small"
            aria-disabled=move || is_off.get().then_some("true")
            on:click=ask
        >
            {label}
        </button>
        <dialog node_ref=dialog aria-labelledby=title_id aria-describedby=text_id>
            <h2 id=title_id.clone()>{label}"?"</h2>
            <div id=text_id.clone()>{children()}</div>
            <div class="run-line">
                <button type="button" class="button" on:click=move |_| close()>"Keep everything"</button>
                <button type="button" class="button danger" on:click=confirm>{label}</button>
            </div>
        </dialog>
    }
}
