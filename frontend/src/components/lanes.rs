//! Partitions as lanes: the log from its start to the high watermark, and where the group and a consumer are in it.
//! The same numbers stand beside each lane, so that nothing is said by the drawing alone.

use leptos::prelude::*;
use shared::kafka::{Lane, TopicName};

use super::partition::{PartitionMark, hue};
use crate::state::text;

/// One line a partition.
#[component]
pub(crate) fn Lanes(
    /// By topic and partition.
    #[prop(into)]
    lanes: Signal<Vec<Lane>>,
    /// Whether a consumer is in them, so that they have a committed offset and a position.
    is_read: bool,
) -> impl IntoView {
    let keys = Memo::new(move |_| {
        lanes.with(|lanes| {
            lanes.iter().map(|lane| (lane.topic.clone(), lane.partition)).collect::<Vec<(TopicName, i32)>>()
        })
    });
    // All lanes have one scale, so that their lengths compare.
    let scale = Memo::new(move |_| {
        lanes.with(|lanes| {
            let from = lanes.iter().filter_map(|lane| lane.log_start).min().unwrap_or(0);
            let to = lanes.iter().filter_map(|lane| lane.high_watermark).max().unwrap_or(0);
            (from, to.max(from + 1))
        })
    });
    let has_many_topics = Memo::new(move |_| {
        keys.with(|keys| keys.first().is_some_and(|first| keys.iter().any(|key| key.0 != first.0)))
    });
    let row = move |key: (TopicName, i32)| {
        let of = key.clone();
        let lane = Memo::new(move |_| {
            lanes
                .with(|lanes| lanes.iter().find(|lane| lane.topic == of.0 && lane.partition == of.1).cloned())
        });
        view! {
            <div role="row" class="lane">
                <div role="rowheader" class="lane-name">
                    <PartitionMark partition=key.1/>
                    <Show when=move || has_many_topics.get()>
                        <span class="lane-topic">{key.0.to_string()}</span>
                    </Show>
                </div>
                <div role="cell" class="lane-bar"><Bar lane scale partition=key.1 is_read/></div>
                <Number label="Log start" lane get=|lane| lane.log_start/>
                {is_read.then(|| view! {
                    <Number label="Committed" lane get=|lane| lane.committed/>
                    <Number label="Position" lane get=|lane| lane.position/>
                })}
                <Number label="High watermark" lane get=|lane| lane.high_watermark/>
            </div>
        }
    };
    let head = |label: &'static str| view! { <div role="columnheader" class="lane-number">{label}</div> };
    view! {
        <div class="lanes" class:read=is_read role="table" aria-label="Lanes">
            <div role="row" class="lane lane-head">
                <div role="columnheader">"Partition"</div>
                <div role="columnheader" class="lane-bar">
                    <Legend is_read/>
                </div>
                {head("Log start")}
                {is_read.then(|| (head("Committed"), head("Position")))}
                {head("High watermark")}
            </div>
            <For each=move || keys.get() key=Clone::clone children=row/>
        </div>
    }
}

#[component]
fn Legend(is_read: bool) -> impl IntoView {
    view! {
        <span class="unseen">"Drawing"</span>
        <span class="legend" aria-hidden="true">
            <span><span class="legend-log"></span>"in the log"</span>
            {is_read.then(|| view! {
                <span><span class="legend-read"></span>"read"</span>
                <span><span class="legend-committed"></span>"committed"</span>
                <span><span class="legend-position"></span>"position"</span>
            })}
        </span>
    }
}

#[component]
fn Number(label: &'static str, lane: Memo<Option<Lane>>, get: fn(&Lane) -> Option<i64>) -> impl IntoView {
    let value = move || lane.with(|lane| text::offset(lane.as_ref().and_then(get)));
    view! { <div role="cell" class="lane-number" data-label=label>{value}</div> }
}

/// The drawing of one lane, for the eye only.
#[component]
fn Bar(lane: Memo<Option<Lane>>, scale: Memo<(i64, i64)>, partition: i32, is_read: bool) -> impl IntoView {
    let at = move |offset: i64| {
        let (from, to) = scale.get();
        ((offset - from) as f64 / (to - from) as f64 * 100.0).clamp(0.0, 100.0)
    };
    let place =
        move |get: fn(&Lane) -> Option<i64>| move || lane.with(|lane| lane.as_ref().and_then(get)).map(at);
    let start = place(|lane| lane.log_start.or(Some(0)));
    let end = place(|lane| lane.high_watermark);
    let committed = place(|lane| lane.committed);
    let position = place(|lane| lane.position);
    let percent = |value: Option<f64>| format!("{:.3}%", value.unwrap_or(0.0));
    let width = |from: Option<f64>, to: Option<f64>| match (from, to) {
        (Some(from), Some(to)) => format!("{:.3}%", (to - from).max(0.0)),
        _ => "0%".to_owned(),
    };
    let markers = is_read.then(|| {
        view! {
            <div class="lane-read" style:left=move || percent(start()) style:width=move || width(start(), position())></div>
            <div
                class="lane-committed"
                class:unknown=move || committed().is_none()
                style:left=move || percent(committed())
            ></div>
            <div
                class="lane-position"
                class:unknown=move || position().is_none()
                style:left=move || percent(position())
            ></div>
        }
    });
    view! {
        <div class=format!("track {}", hue(partition)) aria-hidden="true">
            <div class="lane-log" style:left=move || percent(start()) style:width=move || width(start(), end())></div>
            {markers}
        </div>
    }
}
