//! The cluster that the learner works on.

use leptos::prelude::*;

use crate::components::window::ClusterWindow;

/// The cluster, on a page of its own.
#[component]
pub(crate) fn ClusterPage() -> impl IntoView {
    super::set_title("Cluster");
    view! {
        <div class="page cluster-page">
            <h1>"The cluster you work on"</h1>
            <ClusterWindow/>
        </div>
    }
}
