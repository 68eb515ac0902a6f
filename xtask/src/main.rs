//! `cargo xtask`: what a person or CI types.

#![expect(clippy::print_stdout, reason = "it speaks to the person who typed it")]

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use xtask::kafka::{Cluster, Options, VERSION};

#[derive(Parser)]
#[command(about = "Kafka Workshop, from a fresh machine to a running page")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts an Apache Kafka, prints its address, and stops it on Ctrl-C
    Kafka {
        /// How many brokers; more than one have a separate controller beside them
        #[arg(long, default_value_t = 1)]
        brokers: usize,
        /// The port of the first broker; a free one unless given
        #[arg(long)]
        port: Option<u16>,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Kafka { brokers, port } => kafka(brokers, port),
    }
}

fn kafka(brokers: usize, port: Option<u16>) -> Result<()> {
    let start = Instant::now();
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    println!("Starting Apache Kafka {VERSION}…");
    let mut cluster = Cluster::spawn(&Options { brokers, port, ..Options::default() })?;
    let mut ready = false;
    while signals.pending().next().is_none() {
        if !ready && cluster.is_ready()? {
            ready = true;
            println!("Ready in {:.1} s: {}", start.elapsed().as_secs_f32(), cluster.bootstrap_servers());
        }
        if let Some(failure) = cluster.failure() {
            bail!(failure);
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
