//! One row of a stream.

use leptos::prelude::*;
use shared::RequestId;
use shared::kafka::{Bytes, Record, UndeliveredFate};

use super::partition::PartitionMark;
use super::stream_table::row_id;
use crate::connection::Connection;
use crate::state::{Report, ReportFate, Row, said, text};

/// The longest value that a row shows; more would not fit, and cost.
const MOST_CHARS: usize = 240;

/// Draws a row. Rows never change, so nothing in it is looked at again but whether it is opened.
pub(crate) fn stream_row(
    connection: Connection,
    id: RequestId,
    number: u64,
    opened: Signal<Option<u64>>,
    open: impl Fn(u64) + 'static,
) -> AnyView {
    connection.state.with_untracked(|state| {
        let place = (number + 2).to_string();
        match state.request(id).and_then(|request| request.rows.get(number)) {
            None => ().into_any(),
            Some(Row::Report(report)) => report_row(report, place),
            Some(Row::Record(record)) => {
                let is_opened = Signal::derive(move || opened.get() == Some(number));
                record_row(record, place, row_id(id, number), is_opened, move || open(number))
            }
            Some(row) => event_row(row, place),
        }
    })
}

fn report_row(report: &Report, place: String) -> AnyView {
    let none = || "–".to_owned();
    let (offset, time, latency) = match report.fate {
        ReportFate::Delivered { offset, timestamp_ms, latency_us } => {
            (text::offset(Some(offset)), time_of_day(timestamp_ms), text::micros(latency_us))
        }
        ReportFate::Undelivered(..) => (none(), none(), none()),
    };
    let (mood, fate) = match &report.fate {
        ReportFate::Delivered { .. } => ("good", "delivered".to_owned()),
        ReportFate::Undelivered(UndeliveredFate::NotWritten, error) => {
            ("bad", format!("not written: {}", error.message))
        }
        ReportFate::Undelivered(UndeliveredFate::Unknown, error) => {
            ("warn", format!("unknown, it may have been written: {}", error.message))
        }
    };
    let partition = match report.partition {
        Some(partition) => view! { <PartitionMark partition/> }.into_any(),
        None => "–".into_any(),
    };
    view! {
        <div role="row" class="row" aria-rowindex=place>
            <div role="cell" class="cell number">{text::thousands(report.record)}</div>
            <div role="cell" class="cell">{partition}</div>
            <div role="cell" class="cell number">{offset}</div>
            <div role="cell" class="cell time">{time}</div>
            <div role="cell" class="cell number">{latency}</div>
            <div role="cell" class=format!("cell fate {mood}")>{fate}</div>
        </div>
    }
    .into_any()
}

fn record_row(
    record: &Record,
    place: String,
    id: String,
    is_opened: Signal<bool>,
    open: impl Fn() + 'static,
) -> AnyView {
    let name = format!("Record {} of P{}", text::offset(Some(record.offset)), record.partition);
    view! {
        <div role="row" class="row" class:opened=is_opened aria-rowindex=place>
            <div role="cell" class="cell"><PartitionMark partition=record.partition/></div>
            <div role="cell" class="cell number">
                <button
                    type="button"
                    id=id
                    class="row-open"
                    aria-label=name
                    aria-expanded=move || is_opened.get().to_string()
                    on:click=move |_| open()
                >
                    {text::offset(Some(record.offset))}
                </button>
            </div>
            <div role="cell" class="cell time">{record.timestamp_ms.map_or("–".to_owned(), time_of_day)}</div>
            <div role="cell" class="cell">{line(record.key.as_ref(), "no key")}</div>
            <div role="cell" class="cell value">{line(record.value.as_ref(), "tombstone")}</div>
        </div>
    }
    .into_any()
}

fn event_row(row: &Row, place: String) -> AnyView {
    let (class, mark) = match row {
        Row::Record(_) | Row::Report(_) => ("", ""),
        Row::Assigned(_) => ("assigned", "+"),
        Row::Revoked(_) => ("revoked", "−"),
        Row::EndOfPartition(..) => ("end", "⇥"),
        Row::Committed(_, _, None) => ("committed", "✓"),
        Row::Committed(_, _, Some(_)) | Row::Failed(_) => ("failed", "!"),
        Row::Skipped(_) => ("skipped", "…"),
    };
    view! {
        <div role="row" class=format!("row event {class}") aria-rowindex=place>
            <div role="cell" class="cell" aria-colspan="5">
                <span class="event-mark" aria-hidden="true">{mark}</span>
                {said::row(row)}
            </div>
        </div>
    }
    .into_any()
}

/// Bytes in one line.
fn line(bytes: Option<&Bytes>, none: &'static str) -> AnyView {
    match bytes {
        None => view! { <span class="null">{none}</span> }.into_any(),
        Some(Bytes::Text(text) | Bytes::TextPreview { start: text, .. }) => text
            .chars()
            .take(MOST_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect::<String>()
            .into_any(),
        Some(Bytes::Base64(text) | Bytes::Base64Preview { start: text, .. }) => {
            let start: String = text.chars().take(MOST_CHARS).collect();
            view! { <span class="tag">"base64"</span>" "{start} }.into_any()
        }
    }
}

/// `14:03:22.123`, by the learner's clock.
fn time_of_day(timestamp_ms: i64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(timestamp_ms as f64));
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}
