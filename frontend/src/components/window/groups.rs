//! The consumer groups: their members, and how far they are behind.

use leptos::prelude::*;
use shared::kafka::{ClusterView, CommittedView, GroupView, MemberView};

use super::Seen;
use crate::components::partition::PartitionMark;
use crate::state::{glance, text};

/// All groups, by id.
#[component]
pub(super) fn Groups(seen: Seen) -> impl IntoView {
    let ids = Memo::new(move |_| {
        seen.with(|seen| {
            seen.iter().flat_map(|view| &view.groups).map(|group| group.group.clone()).collect::<Vec<_>>()
        })
    });
    let left_out = move || {
        seen.with(|seen| glance::left_out(seen.as_ref()?.groups_left_out, "group more", "groups more"))
    };
    view! {
        <section class="window-part">
            <h3>"Consumer groups"</h3>
            <Show when=move || ids.with(Vec::is_empty)>
                <p class="quiet">"There are no consumer groups yet."</p>
            </Show>
            <For each=move || ids.get() key=Clone::clone let:id>
                <Group id seen/>
            </For>
            <p class="quiet">{left_out}</p>
        </section>
    }
}

#[component]
fn Group(id: String, seen: Seen) -> impl IntoView {
    let name = id.clone();
    let (members_name, offsets_name) = (format!("Members of {id}"), format!("Offsets of {id}"));
    let group = Memo::new(move |_| {
        seen.with(|seen| seen.as_ref()?.groups.iter().find(|group| group.group == id).cloned())
    });
    let has_members =
        Memo::new(move |_| group.with(|group| group.as_ref().is_some_and(|g| !g.members.is_empty())));
    let has_offsets =
        Memo::new(move |_| group.with(|group| group.as_ref().is_some_and(|g| !g.offsets.is_empty())));
    let members =
        move || group.with(|group| group.iter().flat_map(|group| &group.members).map(member).collect_view());
    let offsets = move || {
        seen.with(|seen| {
            let view = seen.as_ref()?;
            group.with(|group| {
                Some(group.as_ref()?.offsets.iter().map(|committed| offset(view, committed)).collect_view())
            })
        })
    };
    view! {
        <div class="window-item">
            <h4><code>{name}</code></h4>
            {move || group.with(|group| group.as_ref().map(facts))}
            <Show when=move || has_members.get()>
                <div class="scroll-x" tabindex="0" role="region" aria-label=members_name.clone()>
                    <table class="data">
                        <thead><tr><th scope="col">"Member"</th><th scope="col">"Partitions"</th></tr></thead>
                        <tbody>{members}</tbody>
                    </table>
                </div>
            </Show>
            <Show
                when=move || has_offsets.get()
                fallback=|| view! { <p class="quiet">"The group has committed nothing."</p> }
            >
                <div class="scroll-x" tabindex="0" role="region" aria-label=offsets_name.clone()>
                    <table class="data window-table">
                        <thead>
                            <tr>
                                <th scope="col">"Partition"</th>
                                <th scope="col">"Topic"</th>
                                <th scope="col" class="number">"Committed"</th>
                                <th scope="col" class="number">"Log end"</th>
                                <th scope="col" class="number">"Lag"</th>
                            </tr>
                        </thead>
                        <tbody>{offsets}</tbody>
                    </table>
                </div>
            </Show>
        </div>
    }
}

fn facts(group: &GroupView) -> impl IntoView + use<> {
    let coordinator = match group.coordinator {
        Some(broker) => format!("broker {broker}"),
        None => "none: no broker leads its part of __consumer_offsets".to_owned(),
    };
    let assignor = (!group.assignor.is_empty()).then(|| {
        view! { <div><dt>"Assignor"</dt><dd>{group.assignor.clone()}</dd></div> }
    });
    view! {
        <dl class="group-facts">
            <div><dt>"State"</dt><dd>{group.state.clone()}</dd></div>
            <div><dt>"Coordinator"</dt><dd>{coordinator}</dd></div>
            {assignor}
            <div><dt>"Members"</dt><dd>{glance::members(group)}</dd></div>
        </dl>
    }
}

fn member(member: &MemberView) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row">
                <code>{member.client_id.clone()}</code><br/><code class="quiet">{member.member_id.clone()}</code>
            </th>
            <td>{glance::assigned(&member.partitions)}</td>
        </tr>
    }
}

fn offset(view: &ClusterView, committed: &CommittedView) -> impl IntoView + use<> {
    let end = glance::log_end(view, &committed.topic, committed.partition);
    view! {
        <tr>
            <th scope="row"><PartitionMark partition=committed.partition/></th>
            <td><code>{committed.topic.to_string()}</code></td>
            <td class="number">{text::offset(Some(committed.offset))}</td>
            <td class="number">{text::offset(end)}</td>
            <td class="number">{text::offset(committed.lag)}</td>
        </tr>
    }
}
