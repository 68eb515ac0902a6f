//! `cargo xtask bench sandbox`: the sandbox beside Apache Kafka, each a process of its own with one broker, in turns,
//! by the same librdkafka client; and what clusters cost that do nothing. What counts is the ratio within a round: the
//! machine's speed is in both.
#![expect(clippy::print_stdout, reason = "says what it measured")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use xtask::kafka::{Cluster, Options, free_ports};
use xtask::process::{Output, Tethered};

const FLUSH_LIMIT: Duration = Duration::from_secs(120);
const READ_LIMIT: Duration = Duration::from_secs(120);
/// Before the first round: Apache Kafka's broker compiles its code while it runs.
const WARM_UP: usize = 300_000;
const RECORD: [u8; 100] = [b'x'; 100];
/// Records that are sent one by one, each after the acknowledgement of the one before.
const SINGLE: usize = 2_000;
const IDLE_CLUSTERS: usize = 200;
const IDLE_TIME: Duration = Duration::from_secs(10);

#[derive(Parser)]
struct Arguments {
    /// How many records a run writes and reads
    #[arg(long, default_value_t = 1_000_000)]
    records: usize,
    /// How many rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// What a round measures of a broker.
struct Round {
    produced: f64,
    consumed: f64,
    ack_p99: Duration,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    clusters_that_do_nothing()?;
    let kafka = Cluster::start(&Options::default())?;
    let sandbox = SandboxProcess::start()?;
    for servers in [kafka.bootstrap_servers(), &sandbox.bootstrap_servers] {
        measure(servers, "warm-up", WARM_UP)?;
    }
    println!(
        "round | produce, records/s: Kafka, sandbox, ratio | consume: the same | one record to its ack, p99"
    );
    let mut ratios = Vec::new();
    for round in 1..=arguments.rounds {
        let topic = format!("bench-{round}");
        // Which goes first changes, so that neither profits from its place.
        let (theirs, ours) = if round % 2 == 1 {
            let theirs = measure(kafka.bootstrap_servers(), &topic, arguments.records)?;
            (theirs, measure(&sandbox.bootstrap_servers, &topic, arguments.records)?)
        } else {
            let ours = measure(&sandbox.bootstrap_servers, &topic, arguments.records)?;
            (measure(kafka.bootstrap_servers(), &topic, arguments.records)?, ours)
        };
        let ratio = [
            ours.produced / theirs.produced,
            ours.consumed / theirs.consumed,
            ours.ack_p99.as_secs_f64() / theirs.ack_p99.as_secs_f64(),
        ];
        println!(
            "{round:5} | {:9.0} {:9.0} {:.2} | {:9.0} {:9.0} {:.2} | {:?} {:?} {:.2}",
            theirs.produced,
            ours.produced,
            ratio[0],
            theirs.consumed,
            ours.consumed,
            ratio[1],
            theirs.ack_p99,
            ours.ack_p99,
            ratio[2]
        );
        ratios.push(ratio);
    }
    for (at, name) in ["produce", "consume", "p99 from produce to ack"].into_iter().enumerate() {
        let mut ratios: Vec<_> = ratios.iter().map(|round| round[at]).collect();
        ratios.sort_by(f64::total_cmp);
        let (lowest, highest) = (ratios.first().context("no rounds")?, ratios.last().context("no rounds")?);
        println!("{name}: median ratio {:.2}, from {lowest:.2} to {highest:.2}", ratios[ratios.len() / 2]);
    }
    Ok(())
}

/// `sandbox-kafka` with one broker. It ends when this is dropped.
struct SandboxProcess {
    bootstrap_servers: String,
    _process: Tethered,
}

impl SandboxProcess {
    fn start() -> Result<Self> {
        let port = free_ports(1)?[0];
        let mut command = Command::new(beside_this_program("sandbox-kafka")?);
        command.args(["--brokers", "1", "--log-megabytes", "4096", "--ports", &port.to_string()]);
        let process = Tethered::spawn(&command, Output::Inherit)?;
        Ok(Self { bootstrap_servers: format!("127.0.0.1:{port}"), _process: process })
    }
}

fn beside_this_program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.exists(), "{} isn't there: build the package sandbox first", program.display());
    Ok(program)
}

/// Writes and reads a topic of its own, and takes the time.
fn measure(bootstrap_servers: &str, topic: &str, records: usize) -> Result<Round> {
    create(bootstrap_servers, topic)?;
    let ack_p99 = single_acks(bootstrap_servers, topic)?;
    let produced = produce(bootstrap_servers, topic, records)?;
    let consumed = consume(bootstrap_servers, topic, records + SINGLE)?;
    let rate = |time: Duration, records: usize| records as f64 / time.as_secs_f64();
    Ok(Round { produced: rate(produced, records), consumed: rate(consumed, records + SINGLE), ack_p99 })
}

fn create(bootstrap_servers: &str, topic: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?;
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for result in runtime.block_on(admin.create_topics([&new], &AdminOptions::new()))? {
        result.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    Ok(())
}

/// Counts what was delivered, and when.
#[derive(Clone, Default)]
struct Delivered(Arc<Mutex<Vec<Instant>>>);

impl rdkafka::ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        }
    }
}

impl Delivered {
    fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn producer(bootstrap_servers: &str, delivered: &Delivered) -> Result<ThreadedProducer<Delivered>> {
    let config = [("bootstrap.servers", bootstrap_servers), ("acks", "1")];
    Ok(ClientConfig::from_iter(config.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .create_with_context(delivered.clone())?)
}

fn produce(bootstrap_servers: &str, topic: &str, records: usize) -> Result<Duration> {
    let delivered = Delivered::default();
    let producer = producer(bootstrap_servers, &delivered)?;
    let start = Instant::now();
    for _ in 0..records {
        let mut record: BaseRecord<'_, (), [u8]> = BaseRecord::to(topic).payload(&RECORD[..]);
        while let Err((error, unsent)) = producer.send(record) {
            ensure!(matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)), "{error}");
            std::thread::sleep(Duration::from_millis(1));
            record = unsent;
        }
    }
    producer.flush(FLUSH_LIMIT)?;
    let elapsed = start.elapsed();
    ensure!(delivered.count() == records, "{} of {records} were delivered", delivered.count());
    Ok(elapsed)
}

/// The time from sending one record to its acknowledgement, one at a time and without lingering: the 99th percentile.
fn single_acks(bootstrap_servers: &str, topic: &str) -> Result<Duration> {
    let delivered = Delivered::default();
    let config = [("bootstrap.servers", bootstrap_servers), ("acks", "1"), ("linger.ms", "0")];
    let producer: ThreadedProducer<Delivered> =
        ClientConfig::from_iter(config.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .create_with_context(delivered.clone())?;
    let mut times = Vec::with_capacity(SINGLE);
    for sent in 1..=SINGLE {
        let record: BaseRecord<'_, (), [u8]> = BaseRecord::to(topic).payload(&RECORD[..]);
        let start = Instant::now();
        producer.send(record).map_err(|(error, _)| error)?;
        while delivered.count() < sent {
            ensure!(start.elapsed() < FLUSH_LIMIT, "a record is not acknowledged");
            std::hint::spin_loop();
        }
        let at = delivered.0.lock().unwrap_or_else(PoisonError::into_inner)[sent - 1];
        times.push(at - start);
    }
    times.sort_unstable();
    Ok(times[SINGLE * 99 / 100])
}

fn consume(bootstrap_servers: &str, topic: &str, records: usize) -> Result<Duration> {
    let config =
        [("bootstrap.servers", bootstrap_servers), ("group.id", "bench"), ("enable.auto.commit", "false")];
    let consumer: BaseConsumer =
        ClientConfig::from_iter(config.map(|(name, value)| (name.to_owned(), value.to_owned()))).create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Beginning)?;
    let start = Instant::now();
    consumer.assign(&partitions)?;
    let mut read = 0;
    while read < records {
        ensure!(start.elapsed() < READ_LIMIT, "{read} of {records} records came");
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            message?;
            read += 1;
        }
    }
    Ok(start.elapsed())
}

/// Start, memory and idle cost of clusters of three brokers in this process.
fn clusters_that_do_nothing() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut times = Vec::new();
        let before = resident_bytes()?;
        let mut clusters = Vec::new();
        for _ in 0..IDLE_CLUSTERS {
            let start = Instant::now();
            clusters.push(sandbox::Cluster::start(&sandbox::Config::default())?);
            times.push(start.elapsed());
        }
        let each = resident_bytes()?.saturating_sub(before) / IDLE_CLUSTERS as u64;
        times.sort_unstable();
        let worst = times.last().context("no clusters")?;
        println!(
            "a cluster of three brokers: started in {:?} (median), {worst:?} (worst of {IDLE_CLUSTERS}); {} KiB of memory",
            times[IDLE_CLUSTERS / 2],
            each / 1024
        );
        let busy = processor_time()?;
        tokio::time::sleep(IDLE_TIME).await;
        let busy = processor_time()?.saturating_sub(busy);
        println!(
            "{IDLE_CLUSTERS} of them idle: {:.3} % of one core",
            100.0 * busy.as_secs_f64() / IDLE_TIME.as_secs_f64()
        );
        Ok(())
    })
}

/// From `/proc/self/statm`.
fn resident_bytes() -> Result<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).context("no resident size")?.parse()?;
    Ok(pages * 4096)
}

/// User and system time of this process, from `/proc/self/schedstat` of its threads.
fn processor_time() -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += schedstat.split(' ').next().context("no time")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
