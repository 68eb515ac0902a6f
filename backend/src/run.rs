//! Puts the parts of the server together.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cluster::Clusters;
use crate::config::Config;
use crate::kafka::{Airports, Common, Kafka};
use crate::learner::{Commands, LearnerId, MakeCommands};
use crate::lessons::airports_json;
use crate::server::{Parts, serve};

/// A server that listens already, and serves when it is [run](Server::run).
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    clusters: Arc<Clusters>,
    config: Config,
    make_commands: Box<MakeCommands>,
}

impl Server {
    /// Listens, and where a Kafka was given begins to connect to it, without waiting for it.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let airports = Airports::from_json(airports_json()).context("data/airports.json can't be used")?;
        let clusters = Clusters::new(config.cluster.clone(), Common::new(airports))
            .context("the cluster's settings can't be used")?;
        let clusters = Arc::new(clusters);
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} can't be listened on: choose another --port", config.listen))?;
        let address = listener.local_addr()?;
        let for_learners = Arc::clone(&clusters);
        let make_commands = Box::new(move |learner: &LearnerId| for_learners.commands(learner));
        Ok(Self { listener, address, clusters, config, make_commands })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The learners' clusters, for tests of defects.
    pub fn clusters(&self) -> &Arc<Clusters> {
        &self.clusters
    }

    /// Lets `wrap` change what carries out a learner's commands, for tests of defects.
    #[must_use]
    pub fn with_commands(
        mut self,
        wrap: impl Fn(Arc<dyn Commands>) -> Arc<dyn Commands> + Send + Sync + 'static,
    ) -> Self {
        let inner = self.make_commands;
        self.make_commands = Box::new(move |learner| wrap(inner(learner)));
        self
    }

    /// Serves until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let parts = Parts {
            config: self.config,
            make_commands: self.make_commands,
            clusters: self.clusters,
            librdkafka: Kafka::librdkafka_version(),
        };
        serve(self.listener, parts, shutdown).await?;
        Ok(())
    }
}
