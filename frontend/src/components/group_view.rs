//! A consumer group as its coordinator describes it.

use leptos::prelude::*;
use shared::kafka::{GroupDescription, GroupMember, PartitionOffset};

use super::partition::PartitionMark;
use crate::state::{said, text};

/// State, members, committed offsets.
#[component]
pub(crate) fn GroupView(group: GroupDescription) -> impl IntoView {
    let assignor = (!group.assignor.is_empty()).then(|| {
        view! { <div><dt>"Assignor"</dt><dd>{group.assignor.clone()}</dd></div> }
    });
    view! {
        <dl class="stats">
            <div><dt>"State"</dt><dd>{group.state.clone()}</dd></div>
            {assignor}
            <div><dt>"Members"</dt><dd>{group.members.len()}</dd></div>
        </dl>
        {(!group.members.is_empty()).then(|| members(group.members))}
        {if group.offsets.is_empty() {
            view! { <p class="quiet">"The group has committed nothing."</p> }.into_any()
        } else {
            offsets(group.offsets).into_any()
        }}
    }
}

fn members(members: Vec<GroupMember>) -> impl IntoView {
    let rows = members.into_iter().map(|member| {
        view! {
            <tr>
                <th scope="row"><code>{member.client_id}</code><br/><code class="quiet">{member.member_id}</code></th>
                <td><code>{member.host}</code></td>
                <td>{said::partition_list(&member.partitions)}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll-x" tabindex="0" role="region" aria-label="Members">
            <table class="data">
                <thead>
                    <tr><th scope="col">"Member"</th><th scope="col">"From"</th><th scope="col">"Partitions"</th></tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn offsets(offsets: Vec<PartitionOffset>) -> impl IntoView {
    let rows = offsets.into_iter().map(|committed| {
        view! {
            <tr>
                <th scope="row"><PartitionMark partition=committed.partition/></th>
                <td><code>{committed.topic.to_string()}</code></td>
                <td class="number">{text::offset(committed.offset)}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll-x" tabindex="0" role="region" aria-label="Committed offsets">
            <table class="data">
                <thead>
                    <tr>
                        <th scope="col">"Partition"</th>
                        <th scope="col">"Topic"</th>
                        <th scope="col" class="number">"Committed"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
