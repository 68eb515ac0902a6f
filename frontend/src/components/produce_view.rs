//! What became of produced records: counts by fate, the share of each partition, speed and latency.

use leptos::prelude::*;
use shared::event::Outcome;
use shared::kafka::{LatencySummary, ProduceSummary};
use shared::{Command, Reply, RequestId};

use super::partition::{PartitionMark, hue};
use crate::connection::Connection;
use crate::state::{Request, text};

/// The numbers of a produce command: as reported so far, then as summed up by the server.
#[derive(Clone, Debug, Default, PartialEq)]
struct Numbers {
    requested: u64,
    delivered: u64,
    not_written: u64,
    unknown: u64,
    not_sent: u64,
    partitions: Vec<Share>,
    /// Records a second, bytes a second.
    speed: Option<(f64, f64)>,
    latency: Option<LatencySummary>,
}

/// What one partition got.
#[derive(Clone, Debug, PartialEq)]
struct Share {
    partition: i32,
    records: u64,
    /// The first and the last offset, once the server summed up.
    offsets: Option<(i64, i64)>,
}

impl Numbers {
    fn of(request: &Request) -> Self {
        match &request.outcome {
            Some(
                Outcome::Ok(Reply::Produced(summary))
                | Outcome::Failed { partial: Some(Reply::Produced(summary)), .. }
                | Outcome::Cancelled { partial: Some(Reply::Produced(summary)) },
            ) => Self::summed_up(summary),
            _ => Self::so_far(request),
        }
    }

    fn summed_up(summary: &ProduceSummary) -> Self {
        let seconds = summary.elapsed_us as f64 / 1e6;
        let speed = (summary.delivered > 0 && seconds > 0.0)
            .then(|| (summary.delivered as f64 / seconds, summary.delivered_bytes as f64 / seconds));
        Self {
            requested: summary.requested,
            delivered: summary.delivered,
            not_written: summary.not_written,
            unknown: summary.unknown,
            not_sent: summary.not_sent,
            partitions: summary
                .partitions
                .iter()
                .map(|got| Share {
                    partition: got.partition,
                    records: got.delivered,
                    offsets: Some((got.first_offset, got.last_offset)),
                })
                .collect(),
            speed,
            latency: summary.latency,
        }
    }

    fn so_far(request: &Request) -> Self {
        let requested = match &request.command {
            Command::Produce(produce) => produce.count,
            _ => 0,
        };
        let tally = &request.tally;
        Self {
            requested,
            delivered: tally.delivered_in_all(),
            not_written: tally.not_written,
            unknown: tally.unknown,
            partitions: tally
                .delivered
                .iter()
                .map(|(&partition, &records)| Share { partition, records, offsets: None })
                .collect(),
            ..Self::default()
        }
    }
}

/// The numbers, drawn.
#[component]
pub(crate) fn ProduceView(id: RequestId, version: Memo<u64>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let numbers = Memo::new(move |_| {
        version.get();
        connection.state.with_untracked(|state| state.request(id).map(Numbers::of).unwrap_or_default())
    });
    let stat = |label: &'static str, mood: &'static str, get: fn(&Numbers) -> u64| {
        let value = move || numbers.with(get);
        view! {
            <div class=mood class:nought=move || value() == 0>
                <dt>{label}</dt>
                <dd>{move || text::thousands(value())}</dd>
            </div>
        }
    };
    view! {
        <dl class="stats">
            {stat("Delivered", "good", |numbers| numbers.delivered)}
            {stat("Not written", "bad", |numbers| numbers.not_written)}
            {stat("Unknown", "warn", |numbers| numbers.unknown)}
            {stat("Not sent", "", |numbers| numbers.not_sent)}
        </dl>
        {move || numbers.with(|numbers| view! { {speed(numbers)}{shares(numbers)} })}
    }
}

fn speed(numbers: &Numbers) -> Option<impl IntoView + use<>> {
    let (records, bytes) = numbers.speed?;
    let latency = numbers.latency.map(|latency| {
        view! {
            <div><dt>"Median latency"</dt><dd>{text::micros(latency.p50_us)}</dd></div>
            <div><dt>"95 of 100 under"</dt><dd>{text::micros(latency.p95_us)}</dd></div>
            <div><dt>"99 of 100 under"</dt><dd>{text::micros(latency.p99_us)}</dd></div>
            <div><dt>"Slowest"</dt><dd>{text::micros(latency.max_us)}</dd></div>
        }
    });
    Some(view! {
        <dl class="stats small">
            <div><dt>"Throughput"</dt><dd>{text::thousands(records.round() as u64)}" records/s"</dd></div>
            <div><dt>"Keys and values"</dt><dd>{text::bytes(bytes)}"/s"</dd></div>
            {latency}
        </dl>
    })
}

/// How the records were spread over the partitions.
fn shares(numbers: &Numbers) -> Option<impl IntoView + use<>> {
    let most = numbers.partitions.iter().map(|share| share.records).max()?;
    let rows = numbers.partitions.iter().map(|share| {
        let partition = share.partition;
        let width = format!("{:.2}%", share.records as f64 / most.max(1) as f64 * 100.0);
        let offsets = share.offsets.map_or("–".to_owned(), |(first, last)| {
            format!("{} – {}", text::offset(Some(first)), text::offset(Some(last)))
        });
        view! {
            <tr>
                <th scope="row"><PartitionMark partition/></th>
                <td class="number">{text::thousands(share.records)}</td>
                <td class="share">
                    <div class=format!("share-bar {}", hue(partition)) aria-hidden="true" style:width=width></div>
                </td>
                <td class="number">{offsets}</td>
            </tr>
        }
    });
    Some(view! {
        <table class="data">
            <thead>
                <tr>
                    <th scope="col">"Partition"</th>
                    <th scope="col" class="number">"Records"</th>
                    <th scope="col"><span class="unseen">"Share"</span></th>
                    <th scope="col" class="number">"Offsets"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    })
}
