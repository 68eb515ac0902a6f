//! Which cluster a learner works on: a private sandbox inside the server, or a Kafka given by the operator, which all
//! learners share, each under their own prefix. Both are reached by Kafka's protocol alone, through `kafka`.
//!
//! - `sandboxes` knows whose cluster is where, how many there may be, and when one is dropped.
//! - `home` is one learner's cluster, from reset to reset, with the commands that work on it.
//! - `view` and `watch` look into it; `happened` gathers what happens there.

mod happened;
mod home;
mod sandboxes;
mod view;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use shared::event::CloseReason;
use shared::kafka::{ClusterKind, ClusterState};
use shared::{Command, Error, Outcome};
use tokio::sync::watch::Receiver;

use crate::kafka::{Common, ConnectionSettings, Kafka, LearnerKafka, Probe};
use crate::learner::{Commands, LearnerId, Namespace};
use crate::session::JobContext;
use sandboxes::Sandboxes;

/// What only a sandbox can do, by the names that lesson steps use: stop, kill and start brokers; delay and cut off
/// brokers and inject errors; make the cluster anew; see all of it as it changes. Nothing of it on a shared Kafka: its
/// brokers are everybody's.
const CAPABILITIES: &[&str] = &["brokers", "faults", "reset", "watch"];

/// Which cluster, as the operator decided.
#[derive(Clone, Debug)]
pub enum Choice {
    /// A private one for each learner.
    Sandbox(SandboxSettings),
    /// This one for all.
    Kafka(ConnectionSettings),
}

/// How many sandboxes there may be, and how large.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// How long a cluster stays when its learner has no session any more.
    pub idle: Duration,
    /// The most clusters at a time.
    pub max_clusters: usize,
    /// How many megabytes of records each holds.
    pub cluster_megabytes: u64,
    /// The ports of the first cluster; where one of them is taken, it is on free ones like the others.
    pub first_ports: Vec<u16>,
}

/// The clusters of one server.
pub struct Clusters {
    of: Of,
    state: Receiver<ClusterState>,
}

enum Of {
    Sandboxes(Arc<Sandboxes>),
    Kafka { kafka: Kafka, _probe: Probe },
}

impl Clusters {
    /// Begins to connect to a Kafka, and does not wait for it; sandboxes are made when they are needed.
    pub fn new(choice: Choice, common: Common) -> Result<Self, Error> {
        match choice {
            Choice::Sandbox(settings) => {
                sandbox::raise_open_file_limit();
                let brokers = u32::from(home::BROKERS);
                // Sandboxes always answer: the sender is not needed.
                let (_, state) = tokio::sync::watch::channel(ClusterState::Sandbox { brokers });
                Ok(Self { of: Of::Sandboxes(Sandboxes::new(settings, common)), state })
            }
            Choice::Kafka(settings) => {
                let kafka = Kafka::new(settings, common)?;
                let (state, probe) = kafka.follow()?;
                Ok(Self { of: Of::Kafka { kafka, _probe: probe }, state })
            }
        }
    }

    /// Which kind they are of.
    pub fn kind(&self) -> ClusterKind {
        match self.of {
            Of::Sandboxes(_) => ClusterKind::Sandbox,
            Of::Kafka { .. } => ClusterKind::Kafka,
        }
    }

    /// What only some clusters can do, and these can.
    pub fn capabilities(&self) -> &'static [&'static str] {
        match self.of {
            Of::Sandboxes(_) => CAPABILITIES,
            Of::Kafka { .. } => &[],
        }
    }

    /// How they are.
    pub fn state(&self) -> Receiver<ClusterState> {
        self.state.clone()
    }

    /// Stops the sandbox of which a broker is at this port as a defect would, for tests of defects: nothing that a
    /// learner or an operator can say comes here. Whether there is such a sandbox.
    pub async fn fail_at(&self, port: u16) -> bool {
        match &self.of {
            Of::Sandboxes(sandboxes) => sandboxes.fail_at(port).await,
            Of::Kafka { .. } => false,
        }
    }

    /// What carries out the commands of a learner.
    pub fn commands(&self, learner: &LearnerId) -> Arc<dyn Commands> {
        match &self.of {
            Of::Sandboxes(sandboxes) => Arc::new(sandboxes.enter(learner)),
            Of::Kafka { kafka, .. } => Arc::new(kafka.for_learner(Namespace::shared(learner))),
        }
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
