//! `cargo xtask bench produce`: a million airports through server and socket, against a plain rdkafka loop with the
//! same settings on the same broker, in turns. What counts is the ratio within a round: the machine's speed is in
//! both.
#![expect(clippy::print_stdout, reason = "says what it measured")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures_util::StreamExt;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use serde_json::{Value, json};
use shared::{Event, Reply};
use tests::{Client, TestServer};
use xtask::kafka::{Cluster, Options};

const PARTITIONS: i32 = 3;
const FLUSH_LIMIT: Duration = Duration::from_secs(120);
/// Before the first round: the broker compiles its code while it runs.
const WARM_UP: u64 = 50_000;

#[derive(Parser)]
struct Arguments {
    /// How many records a run writes
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// How many rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The page's end takes the frames and does not decode them: what is missing then is the server's
    #[arg(long)]
    undecoded: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let cluster = Cluster::start(&Options::default())?;
    let bootstrap_servers = cluster.bootstrap_servers().to_owned();
    tokio::runtime::Runtime::new()?.block_on(measure(&arguments, &bootstrap_servers))
}

async fn measure(arguments: &Arguments, bootstrap_servers: &str) -> Result<()> {
    let values = airports()?;
    through_server(bootstrap_servers, WARM_UP, false).await?;
    plain(bootstrap_servers, "bench-warm-up", &values, WARM_UP).await?;
    println!("round | plain rdkafka, records/s | workshop, records/s | ratio");
    let mut ratios = Vec::new();
    for round in 1..=arguments.rounds {
        let topic = format!("bench-plain-{round}");
        // Which goes first changes, so that neither profits from its place.
        let (plain, workshop) = if round % 2 == 1 {
            let plain = plain(bootstrap_servers, &topic, &values, arguments.records).await?;
            (plain, through_server(bootstrap_servers, arguments.records, arguments.undecoded).await?)
        } else {
            let workshop = through_server(bootstrap_servers, arguments.records, arguments.undecoded).await?;
            (plain(bootstrap_servers, &topic, &values, arguments.records).await?, workshop)
        };
        let rate = |time: Duration| arguments.records as f64 / time.as_secs_f64();
        let ratio = rate(workshop) / rate(plain);
        println!("{round:5} | {:24.0} | {:19.0} | {ratio:.2}", rate(plain), rate(workshop));
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).context("no rounds")?;
    println!("ratio: median {median:.2}, from {:.2} to {:.2}", ratios[0], ratios[ratios.len() - 1]);
    Ok(())
}

/// The record values, as the server writes them.
fn airports() -> Result<Vec<Vec<u8>>> {
    let airports: Vec<Value> = serde_json::from_slice(backend::lessons::airports_json())?;
    Ok(airports.iter().map(|airport| airport.to_string().into_bytes()).collect())
}

/// From the click to its `Done`, as a page sees it: every report arrives and, unless told not to be, is decoded.
async fn through_server(bootstrap_servers: &str, records: u64, undecoded: bool) -> Result<Duration> {
    let server = TestServer::start(bootstrap_servers).await;
    let mut page = Client::new(&server).await;
    page.run(json!({ "create_topic": { "topic": "bench", "partitions": PARTITIONS } })).await.reply();
    let produce = json!({ "produce": { "topic": "bench", "count": records } });
    let start = Instant::now();
    if undecoded {
        page.start_json(produce).await;
        until_done(&mut page).await?;
        let elapsed = start.elapsed();
        server.stop().await;
        return Ok(elapsed);
    }
    let finished = page.run(produce).await;
    let elapsed = start.elapsed();
    let reported: u64 = finished
        .events
        .iter()
        .map(|event| if let Event::Delivered(run) = event { run.records.len() as u64 } else { 0 })
        .sum();
    ensure!(reported == records, "{reported} of {records} reports arrived");
    ensure!(matches!(finished.reply(), Reply::Produced(summary) if summary.delivered == records));
    page.run(json!({ "delete_topic": { "topic": "bench" } })).await.reply();
    server.stop().await;
    Ok(elapsed)
}

/// Takes frames as text until one says that the command is done.
async fn until_done(page: &mut Client) -> Result<()> {
    while let Some(message) = page.socket().next().await {
        if message?.to_text().is_ok_and(|text| text.starts_with(r#"{"type":"done""#)) {
            return Ok(());
        }
    }
    anyhow::bail!("the connection ended")
}

/// Counts what was delivered, and nothing else.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU64>);

impl rdkafka::ClientContext for Count {}

impl ProducerContext for Count {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn plain(bootstrap_servers: &str, topic: &str, values: &[Vec<u8>], records: u64) -> Result<Duration> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?;
    let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1));
    for result in admin.create_topics([&new], &AdminOptions::new()).await? {
        result.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    let count = Count::default();
    // As `backend/src/kafka/producer.rs` sets them.
    let producer: ThreadedProducer<Count> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap_servers)
        .set("acks", "all")
        .set("message.timeout.ms", "30000")
        .set("queue.buffering.max.kbytes", "65536")
        .create_with_context(count.clone())?;
    let start = Instant::now();
    tokio::task::block_in_place(|| send(&producer, topic, values, records))?;
    let elapsed = start.elapsed();
    let delivered = count.0.load(Ordering::Relaxed);
    ensure!(delivered == records, "{delivered} of {records} were delivered");
    admin.delete_topics(&[topic], &AdminOptions::new()).await?;
    Ok(elapsed)
}

fn send(producer: &ThreadedProducer<Count>, topic: &str, values: &[Vec<u8>], records: u64) -> Result<()> {
    for value in values.iter().cycle().take(usize::try_from(records)?) {
        let mut record: BaseRecord<'_, (), [u8]> = BaseRecord::to(topic).payload(value);
        while let Err((error, unsent)) = producer.send(record) {
            ensure!(matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)), "{error}");
            std::thread::sleep(Duration::from_millis(1));
            record = unsent;
        }
    }
    producer.flush(FLUSH_LIMIT)?;
    Ok(())
}
