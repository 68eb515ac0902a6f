//! A cluster as its user sees it: started, broken and mended broker by broker, and gone when dropped.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::node::{Common, Node, Role};
use super::ports::free_ports;
use super::{Installation, VERSION};
use crate::process::{Afterwards, afterwards};

/// Brokers are 1, 2, 3 …, as in Kafka's own examples; the separate controller is none of them.
const CONTROLLER_ID: u32 = 100;

/// A controlled shutdown takes a second; the last broker of a cluster tries for longer.
const STOPS_WITHIN: Duration = Duration::from_secs(120);

/// How often other ports are tried, where somebody takes those that were free a moment ago.
const TRIES: usize = 5;

/// Nodes that were killed a moment ago may still be writing, hence the second try.
const REMOVE_DATA: &str =
    r#"rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }; [ ! -e "$1" ] || { sleep 1; rm -rf -- "$1"; }"#;

/// What cluster to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many brokers. More than one have a separate controller beside them.
    pub brokers: usize,
    /// The port of the first broker; a free one when `None`. The others are always free ones.
    pub port: Option<u16>,
    /// Broker settings beside, or instead of, those that suit the workshop.
    pub settings: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { brokers: 1, port: None, settings: Vec::new() }
    }
}

/// A running Apache Kafka. Dropping it kills its processes and removes its data; so does the end of this process,
/// however it ends.
#[derive(Debug)]
pub struct Cluster {
    installation: Installation,
    bootstrap_servers: String,
    brokers: Vec<Node>,
    controller: Option<Node>,
    // Dropped last: it removes the data.
    data: Option<Afterwards>,
}

impl Cluster {
    /// Starts a cluster and waits until every broker answers. Fetches Kafka's jars if they are not in the cache.
    pub fn start(options: &Options) -> Result<Self> {
        for _ in 1..TRIES {
            let mut cluster = Self::spawn(options)?;
            let Err(error) = cluster.wait_ready() else { return Ok(cluster) };
            if options.port.is_some() || !cluster.lost_a_port() {
                return Err(error);
            }
        }
        let mut cluster = Self::spawn(options)?;
        cluster.wait_ready()?;
        Ok(cluster)
    }

    /// Starts the processes of a cluster, whose addresses are known from then on; see [`Self::wait_ready`].
    pub fn spawn(options: &Options) -> Result<Self> {
        ensure!(options.brokers > 0, "a cluster has at least one broker");
        let installation = Installation::find_or_fetch()?;
        let dir =
            tempfile::Builder::new().prefix("kafka-workshop-").tempdir().context("creating a folder")?.keep();
        let data = afterwards(REMOVE_DATA, &dir.display().to_string())?;

        let mut ports = free_ports(options.brokers + 1)?;
        let controller_port = ports.pop().context("a port for the controller")?;
        if let Some(port) = options.port {
            ports[0] = port;
        }
        let combined = options.brokers == 1;
        let common = Common {
            controller_id: if combined { 1 } else { CONTROLLER_ID },
            controller_port,
            brokers: options.brokers,
            settings: options.settings.clone(),
        };
        let mut roles: Vec<(u32, Role)> = (1..)
            .zip(&ports)
            .map(|(id, &port)| (id, if combined { Role::Combined { port } } else { Role::Broker { port } }))
            .collect();
        if !combined {
            roles.push((CONTROLLER_ID, Role::Controller));
        }
        let mut nodes = roles
            .into_iter()
            .map(|(id, role)| Node::create(&installation, &dir, id, role, &common))
            .collect::<Result<Vec<_>>>()?;
        for node in &mut nodes {
            node.start(&installation, &installation.sharing_flags())?;
        }
        let controller = if combined { None } else { nodes.pop() };
        let addresses: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        Ok(Self {
            installation,
            bootstrap_servers: addresses.join(","),
            brokers: nodes,
            controller,
            data: Some(data),
        })
    }

    /// Waits until every node takes part and answers.
    pub fn wait_ready(&mut self) -> Result<()> {
        while !self.is_ready()? {
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether every node takes part and answers by now; an error when one ended or takes too long.
    pub fn is_ready(&mut self) -> Result<bool> {
        for node in self.controller.iter_mut().chain(&mut self.brokers) {
            if !node.is_ready().with_context(|| format!("Apache Kafka {VERSION} did not start"))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The brokers' addresses, as in `127.0.0.1:9092,127.0.0.1:9094`.
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// The id of a broker in Kafka: `node.id`.
    pub fn broker_id(&self, broker: usize) -> Result<u32> {
        Ok(self.brokers.get(broker).with_context(|| format!("there is no broker at {broker}"))?.id)
    }

    /// Kills a broker as a power cut would (SIGKILL). Brokers are counted from 0.
    pub fn kill_broker(&mut self, broker: usize) -> Result<()> {
        if let Some(process) = self.broker(broker)?.take_process() {
            process.kill();
        }
        Ok(())
    }

    /// Stops a broker in order (SIGTERM), and waits until it is gone: its partitions have other leaders by then, where
    /// they can. Brokers are counted from 0.
    pub fn stop_broker(&mut self, broker: usize) -> Result<()> {
        if let Some(process) = self.broker(broker)?.take_process() {
            process.stop(STOPS_WITHIN);
        }
        Ok(())
    }

    /// Starts a broker that was stopped or killed, with its port and data, and waits until it takes part again.
    pub fn start_broker(&mut self, broker: usize) -> Result<()> {
        let installation = self.installation.clone();
        let node = self.broker(broker)?;
        ensure!(node.process().is_none(), "{} runs already", node.name());
        node.start(&installation, &installation.sharing_flags())?;
        node.wait_ready()
    }

    /// Lets a broker hang (SIGSTOP): its connections stay open and nothing answers.
    pub fn pause_broker(&mut self, broker: usize) -> Result<()> {
        let node = self.broker(broker)?;
        node.process().with_context(|| format!("{} was killed", node.name()))?.pause()
    }

    /// Lets a paused broker go on (SIGCONT).
    pub fn resume_broker(&mut self, broker: usize) -> Result<()> {
        let node = self.broker(broker)?;
        node.process().with_context(|| format!("{} was killed", node.name()))?.resume()
    }

    /// The id of a broker's process.
    pub fn process_id(&mut self, broker: usize) -> Result<u32> {
        let node = self.broker(broker)?;
        Ok(node.process().with_context(|| format!("{} was killed", node.name()))?.id())
    }

    /// What happened, with the end of the log, when a node ended by itself.
    pub fn failure(&mut self) -> Option<String> {
        self.controller.iter_mut().chain(&mut self.brokers).find_map(|node| {
            let ended = node.ended().ok().flatten()?;
            Some(format!("{} ended ({ended}). The end of its log:\n{}", node.name(), node.log_tail()))
        })
    }

    /// Whether a node ended because another process has its port.
    fn lost_a_port(&mut self) -> bool {
        self.controller.iter_mut().chain(&mut self.brokers).any(Node::lost_its_port)
    }

    fn broker(&mut self, broker: usize) -> Result<&mut Node> {
        self.brokers.get_mut(broker).with_context(|| format!("there is no broker at {broker}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.brokers.clear();
        self.controller = None;
        self.data = None;
    }
}
