//! The real server, on a free port of this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use backend::Server;
use backend::config::Flags;
use backend::learner::Commands;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running server. Dropping it stops it.
pub struct TestServer {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: Option<JoinHandle<anyhow::Result<()>>>,
    _state: TempDir,
}

/// Wraps what carries out a learner's commands.
type Wrap = dyn Fn(Arc<dyn Commands>) -> Arc<dyn Commands> + Send + Sync;

impl TestServer {
    /// On this cluster.
    pub async fn start(bootstrap_servers: &str) -> Self {
        Self::start_with(bootstrap_servers, Duration::from_secs(60), None).await
    }

    /// With a grace period of its own, and commands wrapped.
    pub async fn start_with(bootstrap_servers: &str, grace: Duration, wrap: Option<Box<Wrap>>) -> Self {
        let state = tempfile::tempdir().expect("a folder for the server's state");
        let folder = state.path().to_str().expect("its name is UTF-8");
        let arguments =
            ["kafka-workshop", "--port", "0", "--bootstrap-servers", bootstrap_servers, "--state", folder];
        let flags = <Flags as clap::Parser>::try_parse_from(arguments).expect("flags");
        let mut config = flags.check().expect("a configuration");
        config.grace = grace;
        let mut server = Server::bind(config).await.expect("a server");
        if let Some(wrap) = wrap {
            server = server.with_commands(wrap);
        }
        let (address, shutdown) = (server.address(), CancellationToken::new());
        let task = tokio::spawn(server.run(shutdown.clone()));
        Self { address, shutdown, task: Some(task), _state: state }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin, as a browser says it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
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
