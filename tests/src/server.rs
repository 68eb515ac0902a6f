//! The real server, on a free port of this process.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use backend::Server;
use backend::cluster::{Choice, Clusters, SandboxSettings};
use backend::config::{Config, Flags};
use backend::learner::Commands;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a server works on.
#[derive(Clone, Copy, Debug)]
pub enum On<'a> {
    /// A sandbox for each learner, on free ports.
    Sandbox,
    /// A Kafka with these bootstrap servers.
    Kafka(&'a str),
}

impl<'a> From<&'a str> for On<'a> {
    fn from(bootstrap_servers: &'a str) -> Self {
        Self::Kafka(bootstrap_servers)
    }
}

/// A running server. Dropping it stops it.
pub struct TestServer {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: Option<JoinHandle<anyhow::Result<()>>>,
    clusters: Weak<Clusters>,
    _state: TempDir,
}

/// Wraps what carries out a learner's commands.
type Wrap = dyn Fn(Arc<dyn Commands>) -> Arc<dyn Commands> + Send + Sync;

impl TestServer {
    /// With the settings that an operator gets who says nothing.
    pub async fn start<'a>(on: impl Into<On<'a>>) -> Self {
        Self::start_with(on, |_| {}, None).await
    }

    /// On sandboxes, with settings changed.
    pub async fn with_sandboxes(change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let change = |config: &mut Config| match &mut config.cluster {
            Choice::Sandbox(settings) => change(settings),
            Choice::Kafka(_) => panic!("a server on sandboxes"),
        };
        Self::start_with(On::Sandbox, change, None).await
    }

    /// With settings changed, and commands wrapped.
    pub async fn start_with<'a>(
        on: impl Into<On<'a>>,
        change: impl FnOnce(&mut Config),
        wrap: Option<Box<Wrap>>,
    ) -> Self {
        let state = tempfile::tempdir().expect("a folder for the server's state");
        let folder = state.path().to_str().expect("its name is UTF-8");
        let bootstrap_servers = match on.into() {
            // An empty name overrides one in the environment.
            On::Sandbox => "",
            On::Kafka(bootstrap_servers) => bootstrap_servers,
        };
        let arguments =
            ["kafka-workshop", "--port", "0", "--bootstrap-servers", bootstrap_servers, "--state", folder];
        let flags = <Flags as clap::Parser>::try_parse_from(arguments).expect("flags");
        let mut config = flags.check().expect("a configuration");
        if let Choice::Sandbox(settings) = &mut config.cluster {
            // Tests run side by side.
            settings.first_ports = Vec::new();
        }
        change(&mut config);
        let mut server = Server::bind(config).await.expect("a server");
        if let Some(wrap) = wrap {
            server = server.with_commands(wrap);
        }
        let (address, shutdown) = (server.address(), CancellationToken::new());
        let clusters = Arc::downgrade(server.clusters());
        let task = tokio::spawn(server.run(shutdown.clone()));
        Self { address, shutdown, task: Some(task), clusters, _state: state }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin, as a browser says it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the sandbox of which a broker is at this port as a defect would.
    pub async fn fail_cluster_at(&self, port: u16) {
        let clusters = self.clusters.upgrade().expect("the server runs");
        assert!(clusters.fail_at(port).await, "there is no cluster at {port}");
    }

    /// Stops it and waits until it has.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        if let Some(task) = self.task.take() {
            task.await.expect("the server does not panic").expect("the server stops well");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
