//! `cargo xtask kafka`: an Apache Kafka for tests by hand and the curious.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use xtask::kafka::{Cluster, Options, VERSION};

use crate::setup;
use crate::signals::Stop;
use crate::step::run_all;

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many brokers; more than one have a separate controller beside them
    #[arg(long, default_value_t = 1)]
    brokers: usize,
    /// The port of the first broker; a free one unless given
    #[arg(long)]
    port: Option<u16>,
    /// A broker setting, such as `--set broker.session.timeout.ms=3000`
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    run_all(setup::kafka_step()?.into_iter().collect())?;
    let mut stop = Stop::listen()?;
    let start = Instant::now();
    println!("Starting Apache Kafka {VERSION}…");
    let mut cluster = Cluster::spawn(&Options {
        brokers: arguments.brokers,
        port: arguments.port,
        settings: arguments.settings.clone(),
    })?;
    let mut ready = false;
    while !stop.asked() {
        if !ready && cluster.is_ready()? {
            ready = true;
            println!("Ready after {:.1} s. Its address, until Ctrl-C:", start.elapsed().as_secs_f32());
            println!("{}", cluster.bootstrap_servers());
        }
        if let Some(failure) = cluster.failure() {
            bail!(failure);
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it has the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
