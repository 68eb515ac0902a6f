//! Something to copy, as it stands.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};

/// Code with a button that copies it. What the button did stands on it.
#[component]
pub(crate) fn Copyable(
    #[prop(into)] text: Signal<String>,
    /// What it is, as the end of “Copy …”.
    what: &'static str,
) -> impl IntoView {
    let done = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let Some(writing) = write_to_clipboard(&text.get_untracked()) else {
            done.set(Some(false));
            return;
        };
        let copied = Closure::once_into_js(move |_: JsValue| done.set(Some(true)));
        let refused = Closure::once_into_js(move |_: JsValue| done.set(Some(false)));
        // Returns the promise after this one, which nobody waits for.
        let _ = js_sys::Reflect::get(&writing, &"then".into())
            .and_then(JsCast::dyn_into::<js_sys::Function>)
            .and_then(|then| then.call2(&writing, &copied, &refused));
    };
    view! {
        <span class="copyable">
            <code>{move || text.with(|text| broken_at_commas(text))}</code>
            <button type="button" class="button small" aria-label=format!("Copy {what}") on:click=copy>"Copy"</button>
            <span class="quiet" role="status">
                {move || match done.get() {
                    None => "",
                    Some(true) => "Copied.",
                    Some(false) => "The browser did not allow it: select the text.",
                }}
            </span>
        </span>
    }
}

/// The text with a place to break the line after each comma: what a list consists of stays whole.
fn broken_at_commas(text: &str) -> Vec<impl IntoView + use<>> {
    text.split_inclusive(',').map(|part| view! { {part.to_owned()}<wbr/> }).collect()
}

/// The promise of the browser; `None` where it has no clipboard, as on a page without TLS from another machine.
fn write_to_clipboard(text: &str) -> Option<JsValue> {
    let get = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).ok();
    let clipboard = get(&get(&window().into(), "navigator")?, "clipboard")?;
    let write: js_sys::Function = get(&clipboard, "writeText")?.dyn_into().ok()?;
    write.call1(&clipboard, &text.into()).ok()
}
