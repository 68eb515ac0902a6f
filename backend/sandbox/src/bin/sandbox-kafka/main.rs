//! `sandbox-kafka`: one cluster in the foreground, for any client.

mod schedule;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use sandbox::{Cluster, Config};
use tracing_subscriber::EnvFilter;

/// An Apache Kafka cluster in memory, on 127.0.0.1. Everything in it is gone when it ends.
#[derive(Debug, Parser)]
#[command(name = "sandbox-kafka", version, after_help = schedule::USAGE)]
struct Flags {
    /// How many brokers
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=i64::from(sandbox::MAX_BROKERS)))]
    brokers: u16,
    /// The id of the first broker; the others follow
    #[arg(long, value_name = "ID", default_value_t = 1)]
    first_broker_id: u16,
    /// The host at which brokers tell clients to come to them, such as localhost
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    advertised_host: String,
    /// The brokers' ports, as in 9092,9093,9094; 0 is any free one
    #[arg(long, value_delimiter = ',', default_value = "9092,9093,9094,9095,9096,9097,9098,9099,9100")]
    ports: Vec<u16>,
    /// A broker config, by its name in Apache Kafka; may be repeated
    #[arg(long = "config", value_name = "NAME=VALUE", value_parser = pair)]
    configs: Vec<(String, String)>,
    /// A topic to begin with: its name, partitions and replication factor; may be repeated
    #[arg(long = "topic", value_name = "NAME[:PARTITIONS[:REPLICAS]]", value_parser = topic)]
    topics: Vec<(String, u16, u16)>,
    /// How many megabytes of records it holds
    #[arg(long, default_value_t = 1024)]
    log_megabytes: u64,
    /// How many topics it holds
    #[arg(long, value_name = "COUNT", default_value_t = Config::default().max_topics)]
    max_topics: usize,
    /// How many partitions it holds, of all topics together
    #[arg(long, value_name = "COUNT", default_value_t = Config::default().max_partitions)]
    max_partitions: usize,
    /// How many connections it holds, of all brokers together
    #[arg(long, value_name = "COUNT", default_value_t = Config::default().max_connections)]
    max_connections: usize,
    /// Makes its random choices (ids, placement) the same each time
    #[arg(long)]
    seed: Option<u64>,
    /// What is to happen to it, and when, as in "10s kill 2"; may be repeated
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<schedule::Fault>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn topic(text: &str) -> Result<(String, u16, u16), String> {
    let mut parts = text.splitn(3, ':');
    let name = parts.next().unwrap_or_default().to_owned();
    let mut number = || match parts.next() {
        None => Ok(1),
        Some(text) => text.parse().map_err(|_| format!("{text} is not a number")),
    };
    Ok((name, number()?, number()?))
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_writer(std::io::stderr)
        .init();
    match run(Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Flags) -> anyhow::Result<()> {
    let first_broker = i32::from(flags.first_broker_id);
    let brokers = first_broker..=first_broker + i32::from(flags.brokers) - 1;
    for fault in &flags.faults {
        fault.check(&brokers)?;
    }
    let config = Config {
        brokers: flags.brokers,
        first_broker_id: flags.first_broker_id,
        advertised_host: Some(flags.advertised_host),
        ports: flags.ports,
        broker_configs: flags.configs,
        topics: flags.topics,
        log_bytes: flags.log_megabytes.saturating_mul(1_000_000),
        max_topics: flags.max_topics,
        max_partitions: flags.max_partitions,
        max_connections: flags.max_connections,
        seed: flags.seed,
    };
    for name in config.without_effect() {
        tell(&format!("warning: {name} has no effect here"));
    }
    sandbox::raise_open_file_limit();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting threads")?;
    runtime.block_on(async {
        let cluster = Cluster::start(&config)?;
        tell(&format!(
            "{} broker(s), in memory: --bootstrap-server {} (end with Ctrl-C)",
            config.brokers,
            cluster.bootstrap_servers()
        ));
        let faults = async {
            schedule::run(flags.faults, &cluster, tell).await?;
            std::future::pending().await
        };
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended.context("waiting for Ctrl-C"),
            failed = faults => failed,
            () = cluster.failed() => anyhow::bail!("the cluster has failed by a defect of this program"),
        }
    })
}

#[expect(clippy::print_stderr, reason = "a program that speaks to its user")]
fn tell(text: &str) {
    eprintln!("{text}");
}
