//! `cargo xtask serve`: from whatever state the machine is in to the workshop in a browser.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use anyhow::{Result, bail, ensure};
use clap::Args;
use xtask::kafka::{Cluster, Options, VERSION, free_ports};
use xtask::process::{Output, Tethered};

use crate::page;
use crate::setup::{self, Goal};
use crate::signals::Stop;
use crate::step::{Step, run_all};
use crate::workspace::{self, Profile};

/// A server that finds its port, reads its lessons and listens takes much less.
const LISTENS_WITHIN: Duration = Duration::from_secs(30);

/// How long the server may take to tell its learners that it stops.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(crate) struct Arguments {
    /// The address to listen on
    #[arg(long, env = "KAFKA_WORKSHOP_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// The port to listen on
    #[arg(long, env = "KAFKA_WORKSHOP_PORT", default_value_t = 8080)]
    port: u16,
    /// A Kafka that runs already, instead of a cluster in memory for each learner
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", value_name = "HOST:PORT,…")]
    bootstrap_servers: Option<String>,
    /// Starts an Apache Kafka beside the workshop, which all learners share; takes Java and Maven
    #[arg(long)]
    kafka: bool,
    /// Builds without optimisation: for work on the workshop itself
    #[arg(long)]
    debug: bool,
    /// Doesn't open the browser
    #[arg(long)]
    no_browser: bool,
    /// Further flags of the server, after `--`: TLS and SASL to a Kafka, say
    #[arg(last = true)]
    server: Vec<String>,
}

impl Arguments {
    /// The Kafka that was named; an empty variable names none.
    fn their_kafka(&self) -> Option<&str> {
        self.bootstrap_servers.as_deref().filter(|servers| !servers.is_empty())
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let start = Instant::now();
    let address = SocketAddr::new(arguments.address, arguments.port);
    // Before minutes of building, rather than after.
    TcpListener::bind(address).map_err(|error| explain(address, &error))?;
    ensure!(
        !arguments.kafka || arguments.their_kafka().is_none(),
        "--kafka starts a Kafka, and --bootstrap-servers (or KAFKA_BOOTSTRAP_SERVERS) names one: choose one of the two"
    );
    let profile = if arguments.debug { Profile::Debug } else { Profile::Release };
    let goal = if arguments.kafka { Goal::Kafka } else { Goal::Build };
    setup::install_packages(goal)?;
    run_all(steps(goal, profile)?)?;

    let mut stop = Stop::listen()?;
    let kafka = if arguments.kafka { Some(OwnKafka::start()?) } else { None };
    let own = kafka.as_ref().map(|kafka| format!("127.0.0.1:{}", kafka.port));
    let server = server(arguments, profile, own.as_deref().or(arguments.their_kafka()))?;
    Serving { server, kafka, address, start }.run(&mut stop, browser_wanted(arguments))
}

/// What is left to do on this machine, and the server, which cargo knows to be up to date or not.
fn steps(goal: Goal, profile: Profile) -> Result<Vec<Step>> {
    let mut steps = setup::steps(goal)?;
    steps.extend(page::step(profile)?);
    let first = !workspace::server(profile).is_file();
    let estimate = Duration::from_secs(if first { 300 } else { 5 });
    steps.push(Step::new("Building the server", estimate, move |log| {
        page::ensure_dir()?;
        let mut cargo = workspace::cargo();
        cargo
            .args(["build", "--package", "backend", "--bin", "kafka-workshop"])
            .args(setup::native_features());
        if profile == Profile::Release {
            cargo.arg("--release");
        }
        log.run(&cargo)
    }));
    Ok(steps)
}

/// The server, on a Kafka, or with a cluster in memory for each learner.
fn server(arguments: &Arguments, profile: Profile, bootstrap_servers: Option<&str>) -> Result<Tethered> {
    let mut server = Command::new(workspace::server(profile));
    server.args(["--address", &arguments.address.to_string(), "--port", &arguments.port.to_string()]);
    if let Some(bootstrap_servers) = bootstrap_servers {
        server.args(["--bootstrap-servers", bootstrap_servers]);
    }
    server.args(&arguments.server);
    Tethered::spawn(&server, Output::Inherit)
}

/// An Apache Kafka that starts while the server already serves the page.
struct OwnKafka {
    port: u16,
    starting: Option<Receiver<Result<Cluster>>>,
    cluster: Option<Cluster>,
}

impl OwnKafka {
    fn start() -> Result<Self> {
        let port = free_ports(1)?[0];
        let (sender, starting) = mpsc::channel();
        thread::spawn(move || {
            let cluster = Cluster::start(&Options { port: Some(port), ..Options::default() });
            // Fails when nobody waits for it any more; the cluster then ends at once.
            sender.send(cluster).ok();
        });
        Ok(Self { port, starting: Some(starting), cluster: None })
    }

    /// Whether it just got ready; an error when it failed.
    fn poll(&mut self) -> Result<bool> {
        if let Some(failure) = self.cluster.as_mut().and_then(Cluster::failure) {
            bail!(failure);
        }
        let Some(starting) = &self.starting else { return Ok(false) };
        match starting.try_recv() {
            Err(TryRecvError::Empty) => Ok(false),
            Err(TryRecvError::Disconnected) => bail!("the thread that starts Kafka panicked"),
            Ok(cluster) => {
                self.starting = None;
                self.cluster = Some(cluster?);
                Ok(true)
            }
        }
    }
}

/// All that runs. Whatever ends first ends the rest.
struct Serving {
    server: Tethered,
    kafka: Option<OwnKafka>,
    address: SocketAddr,
    start: Instant,
}

impl Serving {
    fn run(mut self, stop: &mut Stop, browser: bool) -> Result<()> {
        let deadline = Instant::now() + LISTENS_WITHIN;
        let mut listening = false;
        while !stop.asked() {
            if let Some(ended) = self.server.try_wait()? {
                bail!("the server ended ({ended}); it says why above");
            }
            if !listening {
                listening =
                    TcpStream::connect_timeout(&reachable(self.address), Duration::from_millis(200)).is_ok();
                if listening {
                    self.announce(browser);
                }
                ensure!(
                    listening || Instant::now() < deadline,
                    "the server does not listen on {}",
                    self.address
                );
            }
            if let Some(kafka) = &mut self.kafka
                && kafka.poll()?
            {
                println!(
                    "Apache Kafka {VERSION} is ready at 127.0.0.1:{} ({:.1} s).",
                    kafka.port,
                    self.start.elapsed().as_secs_f32()
                );
            }
            thread::sleep(Duration::from_millis(if listening { 100 } else { 20 }));
        }
        println!("\nStopping…");
        self.server.stop(FAREWELL);
        Ok(())
    }

    fn announce(&self, browser: bool) {
        let url = format!("http://{}", reachable(self.address));
        // The server itself has said where it is.
        println!("Up after {:.1} s. Ctrl-C stops it.", self.start.elapsed().as_secs_f32());
        if self.kafka.as_ref().is_some_and(|kafka| kafka.starting.is_some()) {
            println!("Apache Kafka {VERSION} is starting; the page shows when it is there.");
        }
        if browser && let Err(error) = open::that_detached(&url) {
            println!("No browser could be opened ({error}): open {url} yourself.");
        }
    }
}

/// An address to connect to: `0.0.0.0` listens on all and is none of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Not where nobody would see it.
fn browser_wanted(arguments: &Arguments) -> bool {
    let is_set = |key| env::var_os(key).is_some_and(|value| !value.is_empty());
    let screen = cfg!(target_os = "macos")
        || is_set("DISPLAY")
        || is_set("WAYLAND_DISPLAY")
        || is_set("WSL_DISTRO_NAME");
    !arguments.no_browser && screen && !is_set("CI") && io::stdout().is_terminal()
}

fn explain(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "something listens on {address} already (the workshop, in another window?): stop it, or choose another \
             port by --port"
        ),
        _ => anyhow::anyhow!("can't listen on {address}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_all_is_opened_as_loopback() {
        let open = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(open("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(open("[::]:80"), "[::1]:80");
        assert_eq!(open("10.1.2.3:80"), "10.1.2.3:80");
    }
}
