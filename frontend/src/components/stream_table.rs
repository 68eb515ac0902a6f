//! The stream of a result as a table of which only the visible rows are there, so that 100,000 scroll smoothly.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use shared::RequestId;
use wasm_bindgen::JsCast;

use super::record_detail::RecordDetail;
use super::stream_row::stream_row;
use crate::connection::Connection;
use crate::state::{KEPT_ROWS, Row, text};

/// The height of a row, as the CSS file beside this one has it.
const ROW_PX: f64 = 32.0;
/// Rows beyond the edges, so that a fast scroll finds them.
const BEYOND: u64 = 12;

/// What streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// The delivery reports of a producer.
    Reports,
    /// The records of a consumer, with what happened to it between them.
    Records,
}

impl StreamKind {
    fn name(self) -> &'static str {
        match self {
            Self::Reports => "Delivery reports",
            Self::Records => "Records and events",
        }
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Reports => &["Record", "Partition", "Offset", "Time", "Latency", "Fate"],
            Self::Records => &["Partition", "Offset", "Time", "Key", "Value"],
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Reports => "stream-table reports",
            Self::Records => "stream-table records",
        }
    }
}

/// The table, with a line above that says what it holds, and the opened record below.
#[component]
pub(crate) fn StreamTable(id: RequestId, version: Memo<u64>, kind: StreamKind) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let viewport = NodeRef::<html::Div>::new();
    // The first row that is kept, and the one after the last.
    let bounds = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| {
            state.request(id).map_or((0, 0), |request| (request.rows.dropped(), request.rows.end()))
        })
    });
    let follows = RwSignal::new(true);
    let scroll = RwSignal::new((0.0, 400.0));
    let range = Memo::new(move |_| {
        let (first, end) = bounds.get();
        let (top, height) = scroll.get();
        let fits = (height / ROW_PX) as u64 + 2;
        let start = if follows.get() { end.saturating_sub(fits) } else { first + (top / ROW_PX) as u64 };
        (start.saturating_sub(BEYOND).max(first), (start + fits + BEYOND).min(end))
    });
    keep_place(viewport, bounds, follows);

    let opened = RwSignal::new(None::<u64>);
    let open = move |number: u64| {
        follows.set(false);
        opened.update(|opened| *opened = if *opened == Some(number) { None } else { Some(number) });
    };
    let on_scroll = move |_| {
        let Some(element) = viewport.get_untracked() else { return };
        let top = f64::from(element.scroll_top());
        let height = f64::from(element.client_height());
        let is_at_end = top + height >= f64::from(element.scroll_height()) - ROW_PX;
        // Rows that come do not move the top; only a person moves it up.
        let moved_up = top < scroll.get_untracked().0 - 1.0;
        if is_at_end {
            follows.set(true);
        } else if moved_up {
            follows.set(false);
        }
        scroll.set((top, height));
    };
    let on_key = move |event: KeyboardEvent| move_focus(&event, connection, id, viewport, bounds, follows);
    let heads =
        kind.columns().iter().map(|name| view! { <div role="columnheader" class="cell">{*name}</div> });
    view! {
        <div class="stream">
            <StreamBar bounds kind follows/>
            <div
                class="viewport"
                tabindex="0"
                role="region"
                aria-label=kind.name()
                node_ref=viewport
                on:scroll=on_scroll
                on:keydown=on_key
            >
                <div
                    class=kind.class()
                    role="table"
                    aria-label=kind.name()
                    aria-rowcount=move || (bounds.get().1 + 1).to_string()
                >
                    <div role="rowgroup" class="stream-head">
                        <div role="row" class="row" aria-rowindex="1">{heads.collect_view()}</div>
                    </div>
                    <div
                        role="rowgroup"
                        class="stream-body"
                        style:height=move || {
                            let (first, end) = bounds.get();
                            format!("{}px", (end - first) as f64 * ROW_PX)
                        }
                        style:padding-top=move || {
                            format!("{}px", range.get().0.saturating_sub(bounds.get().0) as f64 * ROW_PX)
                        }
                    >
                        <For
                            each=move || { let (from, to) = range.get(); from..to }
                            key=|number| *number
                            children=move |number| stream_row(connection, id, number, opened.into(), open)
                        />
                    </div>
                </div>
            </div>
            {move || opened.get().map(|number| {
                let close = move || {
                    opened.set(None);
                    crate::app::focus_now(&row_id(id, number));
                };
                view! { <RecordDetail id number close/> }
            })}
        </div>
    }
}

/// The id of a row's button.
pub(crate) fn row_id(id: RequestId, number: u64) -> String {
    format!("row-{}-{number}", id.0)
}

/// Follows the newest rows, or stays with those that are looked at while older ones go.
fn keep_place(viewport: NodeRef<html::Div>, bounds: Memo<(u64, u64)>, follows: RwSignal<bool>) {
    Effect::new(move |before: Option<u64>| {
        let (first, _) = bounds.get();
        let follows = follows.get();
        let gone = before.map_or(0, |before| first.saturating_sub(before));
        request_animation_frame(move || {
            // The learner may have gone to another page since.
            let Some(element) = viewport.try_get_untracked().flatten() else { return };
            if follows {
                element.set_scroll_top(element.scroll_height());
            } else if gone > 0 {
                element.set_scroll_top(element.scroll_top() - (gone as f64 * ROW_PX) as i32);
            }
        });
        first
    });
}

/// Arrows move from one record's button to the next.
fn move_focus(
    event: &KeyboardEvent,
    connection: Connection,
    id: RequestId,
    viewport: NodeRef<html::Div>,
    bounds: Memo<(u64, u64)>,
    follows: RwSignal<bool>,
) {
    let down = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let prefix = row_id(id, 0);
    let prefix = prefix.trim_end_matches('0');
    let Some(number) = target.and_then(|target| target.id().strip_prefix(prefix)?.parse::<u64>().ok()) else {
        return;
    };
    event.prevent_default();
    let (first, end) = bounds.get_untracked();
    let is_record = |number: &u64| {
        connection.state.with_untracked(|state| {
            let row = state.request(id).and_then(|request| request.rows.get(*number));
            matches!(row, Some(Row::Record(_)))
        })
    };
    let next = if down { (number + 1..end).find(is_record) } else { (first..number).rev().find(is_record) };
    let (Some(next), Some(element)) = (next, viewport.get_untracked()) else { return };
    follows.set(false);
    let top = (next - first) as f64 * ROW_PX;
    let (seen_from, height) = (f64::from(element.scroll_top()), f64::from(element.client_height()));
    if top < seen_from {
        element.set_scroll_top(top as i32);
    } else if top + 2.0 * ROW_PX > seen_from + height {
        element.set_scroll_top((top + 3.0 * ROW_PX - height) as i32);
    }
    // The row may be drawn only after the scroll.
    request_animation_frame(move || {
        request_animation_frame(move || {
            let row = document().get_element_by_id(&row_id(id, next));
            if let Some(row) = row.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = row.focus();
            }
        });
    });
}

#[component]
fn StreamBar(bounds: Memo<(u64, u64)>, kind: StreamKind, follows: RwSignal<bool>) -> impl IntoView {
    let count = move || {
        let (first, end) = bounds.get();
        let kept = end - first;
        if first > 0 {
            format!(
                "The last {} of {}; the older ones went (the page keeps {}).",
                text::thousands(kept),
                text::thousands(end),
                text::thousands(KEPT_ROWS as u64)
            )
        } else {
            text::count(end, "row", "rows")
        }
    };
    view! {
        <div class="stream-bar">
            <h4>{kind.name()}</h4>
            <span class="quiet">{count}</span>
            <button
                type="button"
                class="button small"
                aria-pressed=move || follows.get().to_string()
                on:click=move |_| follows.update(|follows| *follows = !*follows)
            >
                "Follow"
            </button>
        </div>
    }
}
