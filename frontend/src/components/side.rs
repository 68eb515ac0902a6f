//! What stands beside a lesson: its results, or the cluster.

use leptos::prelude::*;

use crate::app::focus_in_place;

/// What stands at the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Side {
    /// What the lesson's buttons did.
    #[default]
    Results,
    /// The cluster as it is now.
    Cluster,
}

/// Chooses between the two.
#[component]
pub(crate) fn SideSwitch() -> impl IntoView {
    let shown = expect_context::<RwSignal<Side>>();
    let button = move |side: Side, id: &'static str, label: &'static str| {
        let choose = move |_| {
            shown.set(side);
            // The button that was pressed goes with its side.
            request_animation_frame(move || focus_in_place(id));
        };
        view! {
            <button
                type="button"
                id=id
                class="button small"
                aria-pressed=move || (shown.get() == side).to_string()
                on:click=choose
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="side-switch" role="group" aria-label="Beside the lesson">
            {button(Side::Results, "side-results", "Results")}
            {button(Side::Cluster, "side-cluster", "Cluster")}
        </div>
    }
}
