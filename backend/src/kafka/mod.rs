//! The only place that knows rdkafka. Commands come in, events and an outcome go out, all in the types of `shared`
//! and in the learner's own names.
//!
//! - [`Kafka`] is a connection to one cluster, [`LearnerKafka`] what one learner has on it: kept producers and running
//!   consumers. [`Common`] is what there is once for the whole server.
//! - What blocks goes through `blocking` or runs on a thread of its own; what is `unsafe` is in `native`.

mod admin;
mod airports;
mod blocking;
mod cluster;
mod connection;
mod consumer;
mod convert;
mod error;
mod group;
mod native;
mod producer;
mod settings;
mod start_over;
mod topic;
mod topic_configs;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use shared::event::CloseReason;
use shared::kafka::ClusterState;
use shared::{Command, ConsumerId, Error, Outcome, Reply};
use tokio::sync::{Semaphore, watch};

use crate::learner::Namespace;
use crate::session::JobContext;
use admin::Admin;
pub use airports::Airports;
pub use cluster::Probe;
pub use connection::{ConnectionSettings, Secret};
pub use consumer::MAX_CONSUMERS;
pub use topic::{MAX_PARTITIONS, MAX_TOPICS};

/// What all learners of a server have in common, whichever clusters they work on. Cheap to clone.
#[derive(Clone)]
pub struct Common {
    inner: Arc<CommonInner>,
}

struct CommonInner {
    airports: Arc<Airports>,
    /// One count for all learners, so that a learner who left and came back meets no id again.
    consumers: AtomicU64,
    /// What ids count from: the time of the start, in milliseconds since 1970, so that a page that lived through a
    /// restart of the server has no id of the new one either.
    first_consumer: u64,
    producing: Arc<Semaphore>,
}

impl Common {
    /// For one server.
    pub fn new(airports: Airports) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let first_consumer = u64::try_from(now.as_millis()).unwrap_or(0);
        let producing = producer::Places::of_the_server();
        let consumers = AtomicU64::new(0);
        Self {
            inner: Arc::new(CommonInner {
                airports: Arc::new(airports),
                consumers,
                first_consumer,
                producing,
            }),
        }
    }

    /// A new consumer's id, and its number since the server started, which is short enough for a `client.id`.
    fn next_consumer(&self) -> (ConsumerId, u64) {
        let number = self.inner.consumers.fetch_add(1, Ordering::Relaxed) + 1;
        (ConsumerId(self.inner.first_consumer + number), number)
    }
}

/// One connection to one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Kafka {
    common: Common,
    settings: Arc<ConnectionSettings>,
    admin: Admin,
}

impl Kafka {
    /// Starts to connect, and does not wait for it. Fails where librdkafka refuses the settings.
    pub fn new(settings: ConnectionSettings, common: Common) -> Result<Self, Error> {
        let settings = Arc::new(settings);
        let admin = Admin::new(Arc::clone(&settings)).map_err(|e| error::from_rdkafka(&e))?;
        Ok(Self { common, settings, admin })
    }

    /// The cluster's state, followed until the probe is dropped.
    pub fn follow(&self) -> Result<(watch::Receiver<ClusterState>, Probe), Error> {
        cluster::follow(self.admin.clone())
            .map_err(|e| error::internal(&format!("No thread to watch the cluster: {e}.")))
    }

    /// The version of librdkafka.
    pub fn librdkafka_version() -> String {
        rdkafka::util::get_rdkafka_version().1
    }

    /// What one learner has on this cluster.
    pub fn for_learner(&self, namespace: Namespace) -> LearnerKafka {
        LearnerKafka {
            kafka: self.clone(),
            names: namespace,
            creating: tokio::sync::Mutex::default(),
            places: producer::Places::of_a_learner(self.common.inner.producing.clone()),
            producers: producer::Kept::default(),
            consumers: consumer::Consumers::default(),
        }
    }
}

/// One learner's names, kept producers and running consumers.
pub struct LearnerKafka {
    kafka: Kafka,
    names: Namespace,
    /// Held while a topic is made, so that the count of topics holds until then.
    creating: tokio::sync::Mutex<()>,
    places: producer::Places,
    producers: producer::Kept,
    consumers: consumer::Consumers,
}

impl LearnerKafka {
    /// Runs one command. Emits events as they happen and returns within the limits of its steps, or soon after it
    /// was cancelled.
    pub async fn run(&self, command: Command, cx: &JobContext) -> Outcome {
        match command {
            Command::DescribeCluster(_) => cancellable(cx, cluster::describe(self)).await,
            Command::ListTopics(_) => cancellable(cx, topic::list(self)).await,
            Command::CreateTopic(args) => cancellable(cx, topic::create(self, &args, &cx.events)).await,
            Command::DeleteTopic(args) => cancellable(cx, topic::delete(self, &args, &cx.events)).await,
            Command::DescribeTopic(args) => cancellable(cx, topic::describe(self, &args)).await,
            Command::Produce(args) => producer::run(self, &args, cx).await,
            Command::StartConsumer(args) => {
                cancellable(cx, consumer::start(self, &args, &cx.consumers)).await
            }
            Command::Commit(args) => cancellable(cx, consumer::commit(self, &args)).await,
            Command::StopConsumer(args) => cancellable(cx, consumer::stop(self, args.consumer)).await,
            Command::CrashConsumer(args) => {
                cancellable(cx, consumer::crash(self, args.consumer, &cx.events)).await
            }
            Command::DescribeGroup(args) => cancellable(cx, group::describe(self, &args)).await,
            Command::StartOver(args) => start_over::run(self, &args, cx).await,
            Command::ResetCluster(_)
            | Command::StopBroker(_)
            | Command::KillBroker(_)
            | Command::StartBroker(_)
            | Command::CutOffBroker(_)
            | Command::DelayBroker(_)
            | Command::InjectError(_)
            | Command::ClearFaults(_)
            | Command::Watch(_) => {
                Outcome::Failed { error: error::needs_sandbox(command.name()), partial: None }
            }
        }
    }

    /// Closes all consumers of this learner and waits until they have left their groups, some seconds at most.
    pub async fn close(&self, reason: CloseReason) {
        self.consumers.close_all(&reason).await;
    }

    /// Tells all consumers of this learner that their cluster is going, and waits until they are gone. They don't leave
    /// their groups: those go too.
    pub async fn abandon(&self, reason: CloseReason) {
        self.consumers.abandon(reason).await;
    }

    fn admin(&self) -> &Admin {
        &self.kafka.admin
    }

    fn common(&self) -> &CommonInner {
        &self.kafka.common.inner
    }

    fn names(&self) -> &Namespace {
        &self.names
    }
}

/// A step that cancelling ends at once: what it asked of the cluster may still happen.
async fn cancellable(cx: &JobContext, step: impl Future<Output = Result<Reply, Error>>) -> Outcome {
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Outcome::Cancelled { partial: None },
        result = step => match result {
            Ok(reply) => Outcome::Ok(reply),
            Err(error) => Outcome::Failed { error, partial: None },
        },
    }
}
