//! A cluster and its brokers.

use leptos::prelude::*;
use shared::kafka::ClusterDescription;

use crate::state::said;

/// As a table of its brokers.
#[component]
pub(crate) fn ClusterView(cluster: ClusterDescription) -> impl IntoView {
    let controller = said::controller(&cluster);
    let rows = cluster.brokers.iter().map(|broker| {
        view! {
            <tr>
                <th scope="row">
                    {broker.id}
                    {(controller == Some(broker.id)).then(|| view! { " "<span class="tag">"controller"</span> })}
                </th>
                <td><code>{format!("{}:{}", broker.host, broker.port)}</code></td>
            </tr>
        }
    });
    view! {
        <p>"Cluster id "<code>{cluster.cluster_id.clone().unwrap_or_else(|| "not known".to_owned())}</code></p>
        <table class="data">
            <thead><tr><th scope="col">"Broker"</th><th scope="col">"Address"</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}
