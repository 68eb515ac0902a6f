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
/// Producers, consumers and partitions in the measurement of the lock, and what each producer writes.
const BUSY_CLIENTS: u16 = 8;
const BUSY_RECORDS: usize = 100_000;

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
struct Round([f64; MEASURES.len()]);

/// Each measure with its unit.
const MEASURES: [(&str, &str); 6] = [
    ("produced", "records/s"),
    ("consumed, with the client's defaults", "records/s"),
    ("consumed, with a client's queue that never fills", "records/s"),
    ("the broker's processor time for producing", "ns/record"),
    ("the broker's processor time for consuming", "ns/record"),
    ("from one record to its acknowledgement, p99", "µs"),
];

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    clusters_that_do_nothing()?;
    the_lock()?;
    let mut kafka = Cluster::start(&Options::default())?;
    let kafka_process = kafka.process_id(0)?;
    let sandbox = SandboxProcess::start()?;
    let kafka = Broker { servers: kafka.bootstrap_servers(), process: kafka_process };
    let sandbox = Broker { servers: &sandbox.bootstrap_servers, process: sandbox.process.id() };
    for broker in [&kafka, &sandbox] {
        broker.measure("warm-up", WARM_UP)?;
    }
    let mut ratios = Vec::new();
    for round in 1..=arguments.rounds {
        let topic = format!("bench-{round}");
        // Which goes first changes, so that neither profits from its place.
        let (theirs, ours) = if round % 2 == 1 {
            let theirs = kafka.measure(&topic, arguments.records)?;
            (theirs, sandbox.measure(&topic, arguments.records)?)
        } else {
            let ours = sandbox.measure(&topic, arguments.records)?;
            (kafka.measure(&topic, arguments.records)?, ours)
        };
        println!("round {round}: Apache Kafka, sandbox, ratio");
        let mut ratio = [0.0; MEASURES.len()];
        for (at, (name, unit)) in MEASURES.into_iter().enumerate() {
            ratio[at] = ours.0[at] / theirs.0[at];
            println!("  {:9.0} {:9.0} {:5.2}  {name} ({unit})", theirs.0[at], ours.0[at], ratio[at]);
        }
        ratios.push(ratio);
    }
    println!("median ratio, lowest and highest round");
    for (at, (name, _)) in MEASURES.into_iter().enumerate() {
        let mut ratios: Vec<_> = ratios.iter().map(|round| round[at]).collect();
        ratios.sort_by(f64::total_cmp);
        let (lowest, highest) = (ratios.first().context("no rounds")?, ratios.last().context("no rounds")?);
        println!("  {:5.2} {lowest:5.2} {highest:5.2}  {name}", ratios[ratios.len() / 2]);
    }
    Ok(())
}

/// One of the two.
struct Broker<'a> {
    servers: &'a str,
    process: u32,
}

impl Broker<'_> {
    /// Writes a topic of its own, and reads it twice.
    fn measure(&self, topic: &str, records: usize) -> Result<Round> {
        create(self.servers, topic)?;
        let ack_p99 = single_acks(self.servers, topic)?;
        let before = processor_time(self.process)?;
        let produced = produce(self.servers, topic, records)?;
        let producing = processor_time(self.process)?.saturating_sub(before);
        let before = processor_time(self.process)?;
        let consumed = consume(self.servers, topic, records + SINGLE, &[])?;
        let roomy = consume(self.servers, topic, records + SINGLE, &ROOMY)?;
        let consuming = processor_time(self.process)?.saturating_sub(before);
        let rate = |time: Duration, records: usize| records as f64 / time.as_secs_f64();
        let each = |time: Duration, records: usize| time.as_nanos() as f64 / records as f64;
        Ok(Round([
            rate(produced, records),
            rate(consumed, records + SINGLE),
            rate(roomy, records + SINGLE),
            each(producing, records),
            each(consuming, 2 * (records + SINGLE)),
            ack_p99.as_nanos() as f64 / 1000.0,
        ]))
    }
}

/// `sandbox-kafka` with one broker. It ends when this is dropped.
struct SandboxProcess {
    bootstrap_servers: String,
    process: Tethered,
}

impl SandboxProcess {
    fn start() -> Result<Self> {
        let port = free_ports(1)?[0];
        let mut command = Command::new(beside_this_program("sandbox-kafka")?);
        command.args(["--brokers", "1", "--log-megabytes", "4096", "--ports", &port.to_string()]);
        let process = Tethered::spawn(&command, Output::Inherit)?;
        Ok(Self { bootstrap_servers: format!("127.0.0.1:{port}"), process })
    }
}

fn beside_this_program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.exists(), "{} isn't there: build the package sandbox first", program.display());
    Ok(program)
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

/// To partition 0.
fn produce(bootstrap_servers: &str, topic: &str, records: usize) -> Result<Duration> {
    produce_to(bootstrap_servers, topic, 0, records)
}

fn produce_to(bootstrap_servers: &str, topic: &str, partition: i32, records: usize) -> Result<Duration> {
    let delivered = Delivered::default();
    let producer = producer(bootstrap_servers, &delivered)?;
    let start = Instant::now();
    for _ in 0..records {
        let mut record: BaseRecord<'_, (), [u8]> =
            BaseRecord::to(topic).partition(partition).payload(&RECORD[..]);
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

/// A client's queue into which all that is read here goes. By default it holds some 100,000 records, and a client that
/// finds it full fetches nothing for a second (`fetch.queue.backoff.ms`): then a broker that is faster than the
/// application makes it slower.
const ROOMY: [(&str, &str); 2] =
    [("queued.min.messages", "10000000"), ("queued.max.messages.kbytes", "2097151")];

/// From the first record to the last: what a client does before, in half a second or so, is the same for all brokers.
fn consume(
    bootstrap_servers: &str,
    topic: &str,
    records: usize,
    settings: &[(&str, &str)],
) -> Result<Duration> {
    consume_from(bootstrap_servers, topic, 0, records, settings)
}

fn consume_from(
    bootstrap_servers: &str,
    topic: &str,
    partition: i32,
    records: usize,
    settings: &[(&str, &str)],
) -> Result<Duration> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap_servers)
        .set("group.id", "bench")
        .set("enable.auto.commit", "false");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    let consumer: BaseConsumer = config.create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, partition, Offset::Beginning)?;
    let asked = Instant::now();
    consumer.assign(&partitions)?;
    let (mut read, mut first) = (0, None);
    while read < records {
        ensure!(asked.elapsed() < READ_LIMIT, "{read} of {records} records came");
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            message?;
            first.get_or_insert_with(Instant::now);
            read += 1;
        }
    }
    Ok(first.context("no records")?.elapsed())
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
        let busy = processor_time_of_threads()?;
        tokio::time::sleep(IDLE_TIME).await;
        let busy = processor_time_of_threads()?.saturating_sub(busy);
        println!(
            "{IDLE_CLUSTERS} of them idle: {:.3} % of one core",
            100.0 * busy.as_secs_f64() / IDLE_TIME.as_secs_f64()
        );
        Ok(())
    })
}

/// How much the one lock of a cluster is in the way, while many clients write and read at once.
fn the_lock() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let config = sandbox::Config {
        log_bytes: 4 << 30,
        topics: vec![("busy".to_owned(), BUSY_CLIENTS, 1)],
        ..sandbox::Config::default()
    };
    let cluster = runtime.block_on(async { sandbox::Cluster::start(&config) })?;
    let servers = cluster.bootstrap_servers();
    let before = cluster.lock_use();
    let start = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..BUSY_CLIENTS)
            .map(i32::from)
            .flat_map(|partition| {
                let servers = &servers;
                [
                    scope.spawn(move || produce_to(servers, "busy", partition, BUSY_RECORDS)),
                    scope.spawn(move || consume_from(servers, "busy", partition, BUSY_RECORDS, &[])),
                ]
            })
            .collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?.map(drop))
    })?;
    let elapsed = start.elapsed();
    let after = cluster.lock_use();
    let (taken, contended) = (after.taken - before.taken, after.contended - before.contended);
    println!(
        "the lock, with {BUSY_CLIENTS} producers and as many consumers at once: taken {taken} times, {:.2} % of them \
         contended; waited for in {:.3} % of the time, of all threads together",
        100.0 * contended as f64 / taken as f64,
        100.0 * (after.waited - before.waited).as_secs_f64() / elapsed.as_secs_f64()
    );
    Ok(())
}

/// From `/proc/self/statm`.
fn resident_bytes() -> Result<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).context("no resident size")?.parse()?;
    Ok(pages * 4096)
}

/// User and system time of a process with the threads that it had, from `/proc/ID/stat`: to a hundredth of a second.
fn processor_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(") ").context("no stat")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks))
}

/// User and system time of the threads that this process has, from their `schedstat`: to a nanosecond.
fn processor_time_of_threads() -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += schedstat.split(' ').next().context("no time")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
