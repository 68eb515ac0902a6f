//! Everything a button can ask for, and what comes back when it succeeded.
//!
//! To add a command: its arguments and their form fields in a module of this one, a variant of [`Command`] and one of
//! [`Reply`]; a file in `backend/src/kafka` that carries it out; a component in `frontend/src/components` that shows
//! its reply.
//!
//! Arguments are as the learner gave them: the server checks names and numbers, so that each mistake has its own
//! error instead of a broken connection.

mod consuming;
mod producing;
mod sandbox;
mod topics;

use serde::{Deserialize, Serialize};

use crate::form::{Field, Input};
use crate::kafka::{
    BrokerView, ClusterDescription, ClusterView, GroupDescription, PartitionOffset, ProduceSummary,
    TopicDescription, TopicName, TopicSummary,
};
use crate::wire::ConsumerId;
pub use consuming::{
    Commit, CommitEachRecord, CrashConsumer, DescribeGroup, StartAt, StartConsumer, StopConsumer,
};
pub use producing::{Acks, Compression, Produce, Sending};
pub use sandbox::{
    ClearFaults, CutOffBroker, DelayBroker, InjectError, KillBroker, ResetCluster, StartBroker, StopBroker,
    Watch,
};
pub use topics::{CreateTopic, DeleteTopic, DescribeCluster, DescribeTopic, ListTopics, StartOver};

/// What a learner may ask for. In JSON and in lessons an object with one key, for example
/// `{ "create_topic": { "topic": "airports-data", "partitions": 3 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Which cluster this is.
    DescribeCluster(DescribeCluster),
    /// Which topics there are.
    ListTopics(ListTopics),
    /// Make a topic.
    CreateTopic(CreateTopic),
    /// Delete a topic with all its records.
    DeleteTopic(DeleteTopic),
    /// All that the cluster says of a topic.
    DescribeTopic(DescribeTopic),
    /// Write airports to a topic.
    Produce(Produce),
    /// Start a member of a consumer group.
    StartConsumer(StartConsumer),
    /// Commit what a running consumer has handed out.
    Commit(Commit),
    /// Close a running consumer: it leaves its group.
    StopConsumer(StopConsumer),
    /// End a running consumer without a word to its group, and wait until the group notices.
    CrashConsumer(CrashConsumer),
    /// All that the coordinator says of a group.
    DescribeGroup(DescribeGroup),
    /// Bring topics and groups into the state in which a lesson begins.
    StartOver(StartOver),
    /// Make the learner's cluster anew: empty, at the same addresses. Running consumers are told.
    ResetCluster(ResetCluster),
    /// Stop a broker in good order: its leaders move first.
    StopBroker(StopBroker),
    /// End a broker as a power cut does: the others notice when its session times out.
    KillBroker(KillBroker),
    /// Start a broker that was stopped or killed.
    StartBroker(StartBroker),
    /// Cut a broker off from the other brokers and the controller, or mend that.
    CutOffBroker(CutOffBroker),
    /// Slow a broker down.
    DelayBroker(DelayBroker),
    /// Have some requests answered with an error.
    InjectError(InjectError),
    /// Take back all delays, cuts and injected errors. Brokers that are down stay down.
    ClearFaults(ClearFaults),
    /// Look into the cluster until cancelled: [`Event::View`](crate::Event::View) now and after each change, and what
    /// happened in between as [`Event::Happened`](crate::Event::Happened).
    Watch(Watch),
}

/// What a command answered when it succeeded. A change answers with the changed thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Command::DescribeCluster`].
    Cluster(ClusterDescription),
    /// To [`Command::ListTopics`], by name.
    Topics(Vec<TopicSummary>),
    /// To [`Command::CreateTopic`].
    TopicCreated(TopicDescription),
    /// To [`Command::DeleteTopic`].
    TopicDeleted(TopicName),
    /// To [`Command::DescribeTopic`].
    Topic(TopicDescription),
    /// To [`Command::Produce`].
    Produced(ProduceSummary),
    /// To [`Command::StartConsumer`]: it runs, and its events come under this id.
    ConsumerStarted(ConsumerId),
    /// To [`Command::Commit`]: what was committed; for an asynchronous commit what was asked for.
    Committed(Vec<PartitionOffset>),
    /// To [`Command::StopConsumer`]: it has left its group.
    ConsumerStopped(ConsumerId),
    /// To [`Command::CrashConsumer`]: the group noticed.
    MemberGone {
        /// The consumer that crashed.
        consumer: ConsumerId,
        /// How long the group still counted on it, in milliseconds.
        after_ms: u64,
    },
    /// To [`Command::DescribeGroup`].
    Group(GroupDescription),
    /// To [`Command::StartOver`]: the topics there are now.
    StartedOver(Vec<TopicSummary>),
    /// To [`Command::ResetCluster`]: the new cluster.
    ClusterReset(ClusterView),
    /// To a command that changes one broker: the broker as it is now.
    Broker(BrokerView),
    /// To [`Command::InjectError`]: what was injected.
    ErrorInjected(InjectError),
    /// To [`Command::ClearFaults`]: the brokers as they are now.
    FaultsCleared(Vec<BrokerView>),
}

/// Who may run a command. Each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everyone with a cookie.
    Learner,
    /// Who holds the class.
    Instructor,
    /// Who runs the server.
    Operator,
}

impl Command {
    /// The role that a command takes: the one table of who may do what.
    pub fn role(&self) -> Role {
        match self {
            Self::DescribeCluster(_)
            | Self::ListTopics(_)
            | Self::CreateTopic(_)
            | Self::DeleteTopic(_)
            | Self::DescribeTopic(_)
            | Self::Produce(_)
            | Self::StartConsumer(_)
            | Self::Commit(_)
            | Self::StopConsumer(_)
            | Self::CrashConsumer(_)
            | Self::DescribeGroup(_)
            | Self::StartOver(_)
            | Self::ResetCluster(_)
            | Self::StopBroker(_)
            | Self::KillBroker(_)
            | Self::StartBroker(_)
            | Self::CutOffBroker(_)
            | Self::DelayBroker(_)
            | Self::InjectError(_)
            | Self::ClearFaults(_)
            | Self::Watch(_) => Role::Learner,
        }
    }

    /// The command's name as JSON and lessons write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DescribeCluster(_) => "describe_cluster",
            Self::ListTopics(_) => "list_topics",
            Self::CreateTopic(_) => "create_topic",
            Self::DeleteTopic(_) => "delete_topic",
            Self::DescribeTopic(_) => "describe_topic",
            Self::Produce(_) => "produce",
            Self::StartConsumer(_) => "start_consumer",
            Self::Commit(_) => "commit",
            Self::StopConsumer(_) => "stop_consumer",
            Self::CrashConsumer(_) => "crash_consumer",
            Self::DescribeGroup(_) => "describe_group",
            Self::StartOver(_) => "start_over",
            Self::ResetCluster(_) => "reset_cluster",
            Self::StopBroker(_) => "stop_broker",
            Self::KillBroker(_) => "kill_broker",
            Self::StartBroker(_) => "start_broker",
            Self::CutOffBroker(_) => "cut_off_broker",
            Self::DelayBroker(_) => "delay_broker",
            Self::InjectError(_) => "inject_error",
            Self::ClearFaults(_) => "clear_faults",
            Self::Watch(_) => "watch",
        }
    }

    /// The fields that a form may offer, by the names of the arguments. A lesson step opens some of them.
    pub fn fields(&self) -> &'static [Field] {
        match self {
            Self::CreateTopic(_) => CreateTopic::FIELDS,
            Self::DeleteTopic(_) | Self::DescribeTopic(_) => &[TOPIC],
            Self::Produce(_) => Produce::FIELDS,
            Self::StartConsumer(_) => StartConsumer::FIELDS,
            Self::DescribeGroup(_) => &[consuming::GROUP],
            Self::Commit(_) => Commit::FIELDS,
            Self::StopBroker(_) | Self::KillBroker(_) | Self::StartBroker(_) => &[sandbox::BROKER],
            Self::CutOffBroker(_) => CutOffBroker::FIELDS,
            Self::DelayBroker(_) => DelayBroker::FIELDS,
            Self::InjectError(_) => InjectError::FIELDS,
            Self::DescribeCluster(_)
            | Self::ListTopics(_)
            | Self::StopConsumer(_)
            | Self::CrashConsumer(_)
            | Self::StartOver(_)
            | Self::ResetCluster(_)
            | Self::ClearFaults(_)
            | Self::Watch(_) => &[],
        }
    }
}

const TOPIC: Field = Field { name: "topic", label: "Topic", help: "The topic's name.", input: Input::Text };
const SETTINGS: Field = Field {
    name: "settings",
    label: "More client settings",
    help: "One name=value a line, by librdkafka's names.",
    input: Input::Pairs,
};

fn yes() -> bool {
    true
}
