//! All that the cluster says of a topic: its partitions as lanes, its configs.

use leptos::prelude::*;
use shared::kafka::{ConfigEntry, ConfigSource, Lane, PartitionDescription, TopicDescription};

use super::lanes::Lanes;
use super::partition::PartitionMark;

/// A topic.
#[component]
pub(crate) fn TopicView(topic: TopicDescription) -> impl IntoView {
    let lanes = topic
        .partitions
        .iter()
        .map(|partition| Lane {
            topic: topic.name.clone(),
            partition: partition.partition,
            log_start: partition.log_start,
            committed: None,
            position: None,
            high_watermark: partition.high_watermark,
        })
        .collect::<Vec<_>>();
    view! {
        <Replicas partitions=topic.partitions/>
        <Lanes lanes=Signal::derive(move || lanes.clone()) is_read=false/>
        <Configs configs=topic.configs/>
    }
}

/// Who leads, who holds and who keeps up with each partition.
#[component]
fn Replicas(partitions: Vec<PartitionDescription>) -> impl IntoView {
    let rows = partitions.into_iter().map(|partition| {
        let leader = partition.leader.map_or("none".to_owned(), |leader| leader.to_string());
        view! {
            <tr>
                <th scope="row"><PartitionMark partition=partition.partition/></th>
                <td>{leader}</td>
                <td>{list(&partition.replicas)}</td>
                <td>
                    {list(&partition.in_sync)}
                    {(partition.in_sync.len() < partition.replicas.len())
                        .then(|| view! { " "<span class="tag warn">"under-replicated"</span> })}
                </td>
            </tr>
        }
    });
    view! {
        <div class="scroll-x" tabindex="0" role="region" aria-label="Partitions">
            <table class="data">
                <thead>
                    <tr>
                        <th scope="col">"Partition"</th>
                        <th scope="col">"Leader"</th>
                        <th scope="col">"Replicas"</th>
                        <th scope="col">"In sync"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn list(brokers: &[i32]) -> String {
    brokers.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}

/// Configs: those that somebody set stand open, Kafka's defaults one press away.
#[component]
fn Configs(configs: Vec<ConfigEntry>) -> impl IntoView {
    let (defaults, set): (Vec<_>, Vec<_>) = configs.into_iter().partition(|config| config.is_default);
    let set_view = if set.is_empty() {
        view! { <p class="quiet">"No config of this topic is set: all are Kafka’s defaults."</p> }.into_any()
    } else {
        config_table("Configs that are set", set).into_any()
    };
    let many = defaults.len();
    let defaults = (many > 0).then(|| {
        view! {
            <details class="more">
                <summary>{crate::state::text::count(many as u64, "config at its default", "configs at their default")}</summary>
                {config_table("Configs at their default", defaults)}
            </details>
        }
    });
    view! { {set_view}{defaults} }
}

fn config_table(name: &'static str, configs: Vec<ConfigEntry>) -> impl IntoView {
    let rows = configs.into_iter().map(|config| {
        let value = config.value.unwrap_or_else(|| "hidden".to_owned());
        view! {
            <tr>
                <th scope="row"><code>{config.name}</code></th>
                <td><code>{if value.is_empty() { "(empty)".to_owned() } else { value }}</code></td>
                <td>{source(config.source)}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll-x" tabindex="0" role="region" aria-label=name>
            <table class="data">
                <thead>
                    <tr><th scope="col">"Config"</th><th scope="col">"Value"</th><th scope="col">"Set on"</th></tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn source(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::Topic => "topic",
        ConfigSource::DynamicBroker => "broker",
        ConfigSource::DynamicDefaultBroker => "all brokers",
        ConfigSource::StaticBroker => "broker’s file",
        ConfigSource::Default => "default",
        ConfigSource::Unknown => "not known",
    }
}
