//! Puts the parts of the server together.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use futures_util::future::BoxFuture;
use shared::event::CloseReason;
use shared::{Command, Outcome};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::kafka::{Airports, Kafka, LearnerKafka};
use crate::learner::{Commands, LearnerId, MakeCommands, Namespace};
use crate::lessons::airports_json;
use crate::server::{Parts, serve};
use crate::session::JobContext;

/// A server that listens already, and serves when it is [run](Server::run).
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    kafka: Kafka,
    config: Config,
    make_commands: Box<MakeCommands>,
}

impl Server {
    /// Listens, and begins to connect to the cluster without waiting for it.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let airports =
            Arc::new(Airports::from_json(airports_json()).context("data/airports.json can't be used")?);
        let kafka =
            Kafka::new(config.kafka.clone(), airports).context("the cluster's settings can't be used")?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} can't be listened on: choose another --port", config.listen))?;
        let address = listener.local_addr()?;
        let for_learners = kafka.clone();
        let make_commands = Box::new(move |learner: &LearnerId| {
            Arc::new(for_learners.for_learner(Namespace::shared(learner))) as Arc<dyn Commands>
        });
        Ok(Self { listener, address, kafka, config, make_commands })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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
            cluster: self.kafka.state(),
            librdkafka: Kafka::librdkafka_version(),
        };
        serve(self.listener, parts, shutdown).await?;
        Ok(())
    }
}

impl Commands for LearnerKafka {
    fn run<'a>(&'a self, command: Command, cx: &'a JobContext) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(command, cx))
    }

    fn close(&self, reason: CloseReason) -> BoxFuture<'_, ()> {
        Box::pin(self.close(reason))
    }
}
