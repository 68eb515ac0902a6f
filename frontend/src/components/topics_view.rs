//! A list of topics.

use leptos::prelude::*;
use shared::kafka::TopicSummary;

/// As a table, by name.
#[component]
pub(crate) fn TopicsView(topics: Vec<TopicSummary>) -> impl IntoView {
    if topics.is_empty() {
        return view! { <p class="quiet">"The cluster has no topics that you can see."</p> }.into_any();
    }
    let rows = topics.into_iter().map(|topic| {
        view! {
            <tr>
                <th scope="row">
                    <code>{topic.name.to_string()}</code>
                    {topic.internal.then(|| view! { " "<span class="tag">"internal"</span> })}
                </th>
                <td class="number">{topic.partitions}</td>
                <td class="number">{topic.replicas}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll-x" tabindex="0" role="region" aria-label="Topics">
            <table class="data">
                <thead>
                    <tr>
                        <th scope="col">"Topic"</th>
                        <th scope="col" class="number">"Partitions"</th>
                        <th scope="col" class="number">"Replicas"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
