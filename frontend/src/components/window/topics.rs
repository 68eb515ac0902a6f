//! The topics: for each partition who leads, who is in sync, and where each copy's log ends.

use leptos::prelude::*;
use shared::kafka::{PartitionView, TopicName, TopicView};

use super::Seen;
use crate::components::partition::PartitionMark;
use crate::state::glance::{self, Health, Standing};
use crate::state::text;

/// All topics; Kafka's own on request.
#[component]
pub(super) fn Topics(seen: Seen) -> impl IntoView {
    let shows_internal = RwSignal::new(false);
    let names = Memo::new(move |_| {
        let shows_internal = shows_internal.get();
        seen.with(|seen| {
            seen.iter()
                .flat_map(|view| &view.topics)
                .filter(|topic| shows_internal || !topic.internal)
                .map(|topic| topic.name.clone())
                .collect::<Vec<TopicName>>()
        })
    });
    let internal = Memo::new(move |_| {
        seen.with(|seen| seen.iter().flat_map(|view| &view.topics).filter(|topic| topic.internal).count())
    });
    let left_out = move || {
        seen.with(|seen| glance::left_out(seen.as_ref()?.topics_left_out, "topic more", "topics more"))
    };
    view! {
        <section class="window-part">
            <div class="window-part-head">
                <h3>"Topics"</h3>
                <Show when=move || { internal.get() > 0 }>
                    <label class="check">
                        <input
                            type="checkbox"
                            prop:checked=move || shows_internal.get()
                            on:change:target=move |event| shows_internal.set(event.target().checked())
                        />
                        {move || format!("Show Kafka’s own ({})", internal.get())}
                    </label>
                </Show>
            </div>
            <Show when=move || names.with(Vec::is_empty)>
                <p class="quiet">"There are no topics yet."</p>
            </Show>
            <Show when=move || !names.with(Vec::is_empty)>
                <p class="quiet">
                    "Under each broker: the log end offset of its copy / the high watermark that it knows."
                </p>
            </Show>
            <For each=move || names.get() key=Clone::clone let:name>
                <TopicTable name seen/>
            </For>
            <p class="quiet">{left_out}</p>
        </section>
    }
}

#[component]
fn TopicTable(name: TopicName, seen: Seen) -> impl IntoView {
    let region = format!("Partitions of {name}");
    let heading = name.to_string();
    let topic = Memo::new(move |_| {
        seen.with(|seen| seen.as_ref()?.topics.iter().find(|topic| topic.name == name).cloned())
    });
    let brokers = Memo::new(move |_| {
        seen.with(|seen| {
            seen.iter().flat_map(|view| &view.brokers).map(|broker| broker.id).collect::<Vec<_>>()
        })
    });
    let is_internal = topic.with_untracked(|topic| topic.as_ref().is_some_and(|topic| topic.internal));
    let partitions = move || topic.with(|topic| topic.as_ref().map_or(0, |topic| topic.partitions.len()));
    let columns = move || {
        let column = |id| view! { <th scope="col" class="number">{format!("Broker {id}")}</th> };
        brokers.get().into_iter().map(column).collect_view()
    };
    let rows = move || topic.with(|topic| topic.as_ref().map(|topic| rows(topic, &brokers.get())));
    view! {
        <div class="window-item">
            <h4>
                <code>{heading}</code> " "
                <span class="quiet">{move || text::count(partitions() as u64, "partition", "partitions")}</span>
                {is_internal.then(|| view! { " "<span class="tag">"internal"</span> })}
            </h4>
            <div class="scroll-x" tabindex="0" role="region" aria-label=region>
                <table class="data window-table">
                    <thead>
                        <tr>
                            <th scope="col">"Partition"</th>
                            <th scope="col">"Leader"</th>
                            <th scope="col" class="number">"Epoch"</th>
                            <th scope="col">"In sync"</th>
                            {columns}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
}

fn rows(topic: &TopicView, brokers: &[i32]) -> impl IntoView + use<> {
    topic.partitions.iter().map(|partition| row(partition, brokers)).collect_view()
}

fn row(partition: &PartitionView, brokers: &[i32]) -> impl IntoView + use<> {
    let tag = match glance::health(partition) {
        Health::Whole => None,
        Health::UnderReplicated => Some(("tag warn", "under-replicated")),
        Health::Leaderless => Some(("tag bad", "no leader")),
    };
    let in_sync = partition.in_sync.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
    let leader = match partition.leader {
        Some(leader) => format!("broker {leader}"),
        None => "none".to_owned(),
    };
    let cells = brokers.iter().map(|&broker| cell(partition, broker)).collect_view();
    view! {
        <tr>
            <th scope="row">
                <PartitionMark partition=partition.partition/>
                {tag.map(|(class, words)| view! { " "<span class=class>{words}</span> })}
            </th>
            <td>{leader}</td>
            <td class="number">{partition.leader_epoch}</td>
            <td>{if in_sync.is_empty() { "none".to_owned() } else { in_sync }}</td>
            {cells}
        </tr>
    }
}

/// A broker's copy.
fn cell(partition: &PartitionView, broker: i32) -> impl IntoView + use<> {
    let Some((replica, standing)) = glance::replica(partition, broker) else {
        return view! { <td class="number"><span class="quiet">"no copy"</span></td> }.into_any();
    };
    let (class, word) = match standing {
        Standing::Leader => ("copy leads", "leader"),
        Standing::InSync => ("copy", "in sync"),
        Standing::OutOfSync => ("copy behind", "not in sync"),
    };
    let ends =
        format!("{} / {}", text::offset(Some(replica.log_end)), text::offset(Some(replica.high_watermark)));
    view! {
        <td class="number">
            <span class=class>
                <span class="copy-ends">{ends}</span>
                <span class="copy-word">{word}</span>
            </span>
        </td>
    }
    .into_any()
}
