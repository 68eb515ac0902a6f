//! One record in full: its JSON with lines broken, its key, its headers.

use leptos::prelude::*;
use shared::RequestId;
use shared::kafka::{Bytes, Header, Record};

use crate::connection::Connection;
use crate::state::{Row, text};

/// The opened record, below its table.
#[component]
pub(crate) fn RecordDetail(id: RequestId, number: u64, close: impl Fn() + 'static) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let record = connection.state.with_untracked(|state| match state.request(id)?.rows.get(number)? {
        Row::Record(record) => Some(record.as_ref().clone()),
        _ => None,
    });
    record.map(|record| {
        let name = format!("Record {} of P{}", text::offset(Some(record.offset)), record.partition);
        view! {
            <section class="record-detail" aria-label=name.clone()>
                <header>
                    <h4>{name.clone()}</h4>
                    <button type="button" class="button small" on:click=move |_| close()>"Close record"</button>
                </header>
                {facts(&record)}
                <h5>"Value"</h5>
                {bytes_view(record.value.as_ref(), "Null: a tombstone.", "Value")}
                {(!record.headers.is_empty()).then(|| headers(record.headers))}
            </section>
        }
    })
}

fn facts(record: &Record) -> impl IntoView + use<> {
    let time = record.timestamp_ms.map_or("none".to_owned(), |timestamp_ms| {
        let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(timestamp_ms as f64));
        String::from(date.to_iso_string())
    });
    view! {
        <dl class="facts">
            <dt>"Topic"</dt>
            <dd><code>{record.topic.to_string()}</code></dd>
            <dt>"Time"</dt>
            <dd><code>{time}</code></dd>
            <dt>"Key"</dt>
            <dd>{bytes_view(record.key.as_ref(), "none", "Key")}</dd>
        </dl>
    }
}

fn headers(headers: Vec<Header>) -> impl IntoView {
    let rows = headers.into_iter().map(|header| {
        view! {
            <dt><code>{header.key}</code></dt>
            <dd>{bytes_view(header.value.as_ref(), "null", "Header")}</dd>
        }
    });
    view! { <h5>"Headers"</h5><dl class="facts">{rows.collect_view()}</dl> }
}

fn bytes_view(bytes: Option<&Bytes>, none: &'static str, name: &'static str) -> AnyView {
    let (content, note) = match bytes {
        None => return view! { <span class="null">{none}</span> }.into_any(),
        Some(Bytes::Text(content)) => (text::pretty_json(content).unwrap_or_else(|| content.clone()), None),
        Some(Bytes::Base64(content)) => (content.clone(), Some("Not UTF-8, shown in base64.".to_owned())),
        Some(Bytes::TextPreview { start, size }) => {
            (start.clone(), Some(format!("The beginning; {} in all.", text::bytes(*size as f64))))
        }
        Some(Bytes::Base64Preview { start, size }) => {
            (start.clone(), Some(format!("The beginning, in base64; {} in all.", text::bytes(*size as f64))))
        }
    };
    let note = note.map(|note| view! { <p class="quiet">{note}</p> });
    if content.contains('\n') || content.chars().count() > 60 {
        view! { <pre tabindex="0" role="region" aria-label=name><code>{content}</code></pre>{note} }
            .into_any()
    } else {
        view! { <code>{content}</code>{note} }.into_any()
    }
}
