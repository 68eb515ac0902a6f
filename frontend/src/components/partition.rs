//! A partition's mark: its number, with a colour that is the same everywhere.

use leptos::prelude::*;

/// How many colours there are; further partitions begin again.
const HUES: i32 = 8;

/// The class that gives an element the colour of a partition.
pub(crate) fn hue(partition: i32) -> String {
    format!("hue-{}", partition.rem_euclid(HUES))
}

/// `P3` with its colour.
#[component]
pub(crate) fn PartitionMark(partition: i32) -> impl IntoView {
    view! {
        <span class=format!("partition {}", hue(partition))>
            <span class="swatch" aria-hidden="true"></span>
            {format!("P{partition}")}
        </span>
    }
}
