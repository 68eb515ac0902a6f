//! Everything a button can ask for, and what comes back when it succeeded.
//!
//! To add a command: its arguments and their form fields here, a variant of [`Command`] and one of [`Reply`]; a file
//! in `backend/src/kafka` that carries it out; a component in `frontend/src/components` that shows its reply.
//!
//! Arguments are as the learner gave them: the server checks names and numbers, so that each mistake has its own
//! error instead of a broken connection.

mod sandbox;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::form::{Field, Input};
use crate::kafka::{
    BrokerView, ClusterDescription, ClusterView, GroupDescription, PartitionOffset, ProduceSummary,
    TopicDescription, TopicName, TopicSummary,
};
use crate::wire::ConsumerId;
pub use sandbox::{
    ClearFaults, CutOffBroker, DelayBroker, InjectError, KillBroker, ResetCluster, StartBroker, StopBroker,
    Watch,
};

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
    /// Look into the cluster until cancelled: [`Event::View`](crate::Event::View) now and after each change.
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

/// Arguments of [`Command::DescribeCluster`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeCluster {}

/// Arguments of [`Command::ListTopics`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTopics {}

/// Arguments of [`Command::CreateTopic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTopic {
    /// Its name.
    pub topic: String,
    /// How many partitions; `None` leaves it to the broker (`num.partitions`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i64>,
    /// How many brokers hold each partition; `None` leaves it to the broker (`default.replication.factor`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_factor: Option<i64>,
    /// Topic configurations by Kafka's names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, String>,
}

/// Arguments of [`Command::DeleteTopic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteTopic {
    /// Its name.
    pub topic: String,
}

/// Arguments of [`Command::DescribeTopic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeTopic {
    /// Its name.
    pub topic: String,
}

/// Arguments of [`Command::Produce`]. What is `None` is left to librdkafka's default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Produce {
    /// Where to write. It must be there already.
    pub topic: String,
    /// How many records, 1 to [`Produce::MAX_COUNT`]: the airports in their order, again and again.
    pub count: u64,
    /// The field of the airport that becomes the key, for example `country`; `None`: no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether to wait for each report before the next record.
    #[serde(default)]
    pub sending: Sending,
    /// Who must have a record before it counts as delivered.
    #[serde(default)]
    pub acks: Acks,
    /// How long the client waits for more records before it sends a batch (`linger.ms`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linger_ms: Option<u64>,
    /// The size at which a batch is full (`batch.size`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size_bytes: Option<u64>,
    /// How batches are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Whether retries can neither repeat nor reorder records (`enable.idempotence`).
    #[serde(default)]
    pub idempotence: bool,
    /// More client settings by librdkafka's names, from the allow-list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// Whether a producer waits between records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// Hand over all records, take the reports as they come.
    #[default]
    Asynchronous,
    /// Wait for the report of each record before the next: synchronous.
    OneByOne,
}

/// `acks` of a producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Acks {
    /// Nobody answers.
    #[serde(rename = "0")]
    None,
    /// The leader has written it.
    #[serde(rename = "1")]
    Leader,
    /// All in-sync replicas have it.
    #[default]
    #[serde(rename = "all")]
    All,
}

/// `compression.type` of a producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the algorithms")]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Arguments of [`Command::StartConsumer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartConsumer {
    /// The group to join.
    pub group: String,
    /// What to subscribe to. Each must be there already.
    pub topics: Vec<String>,
    /// Where to begin in a partition of which the group has committed nothing (`auto.offset.reset`).
    #[serde(default)]
    pub start_at: StartAt,
    /// Commit by timer, each so many milliseconds (`auto.commit.interval.ms`); `None`: auto-commit is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_commit_interval_ms: Option<u64>,
    /// Whether to commit after each record.
    #[serde(default)]
    pub commit_each_record: CommitEachRecord,
    /// More client settings by librdkafka's names, from the allow-list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// `auto.offset.reset` of a consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartAt {
    /// At the oldest record that is kept.
    #[default]
    Earliest,
    /// After the newest: only what is written from now on.
    Latest,
}

/// What a consumer does after each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitEachRecord {
    /// Nothing.
    #[default]
    Off,
    /// Commit, and wait until the group's coordinator has it.
    Synchronous,
    /// Commit, and go on.
    Asynchronous,
}

/// Arguments of [`Command::Commit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Which consumer.
    pub consumer: ConsumerId,
    /// Whether to wait until the group's coordinator has it.
    #[serde(default = "yes")]
    pub synchronous: bool,
}

fn yes() -> bool {
    true
}

/// Arguments of [`Command::StopConsumer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopConsumer {
    /// Which consumer.
    pub consumer: ConsumerId,
}

/// Arguments of [`Command::CrashConsumer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashConsumer {
    /// Which consumer.
    pub consumer: ConsumerId,
}

/// Arguments of [`Command::DescribeGroup`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeGroup {
    /// Its id.
    pub group: String,
}

/// Arguments of [`Command::StartOver`]. Consumers of the learner in these groups are closed first; then the
/// groups and topics are deleted, where they are; then topics are made and filled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartOver {
    /// Topics to delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_topics: Vec<String>,
    /// Groups to delete, with their committed offsets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_groups: Vec<String>,
    /// Topics to make afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub create: Vec<CreateTopic>,
    /// Records to write afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub produce: Vec<Produce>,
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
            Self::DescribeGroup(_) => &[GROUP],
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
const GROUP: Field = Field {
    name: "group",
    label: "Group id",
    help: "Consumers with the same group id share the work.",
    input: Input::Text,
};
const SETTINGS: Field = Field {
    name: "settings",
    label: "More client settings",
    help: "One name=value a line, by librdkafka's names.",
    input: Input::Pairs,
};

impl CreateTopic {
    const FIELDS: &[Field] = &[
        TOPIC,
        Field {
            name: "partitions",
            label: "Partitions",
            help: "How many logs the topic is split into. Left empty, the broker's num.partitions decides.",
            input: Input::OptionalInteger { min: 1, max: 100 },
        },
        Field {
            name: "replication_factor",
            label: "Replication factor",
            help: "How many brokers hold each partition. There must be at least so many.",
            input: Input::Replicas,
        },
        Field {
            name: "configs",
            label: "Topic configs",
            help: "One name=value a line, for example retention.ms=60000.",
            input: Input::Pairs,
        },
    ];
}

impl Produce {
    /// The most records that one command may write.
    pub const MAX_COUNT: u64 = 1_000_000;

    const FIELDS: &[Field] = &[
        TOPIC,
        Field {
            name: "count",
            label: "Records",
            help: "How many airports to write; after the last the data begins again.",
            input: Input::Integer { min: 1, max: Self::MAX_COUNT },
        },
        Field {
            name: "key",
            label: "Key",
            help: "The field of the airport that becomes the record's key.",
            input: Input::OptionalChoice {
                none: "no key",
                values: &[
                    ("iata", "IATA code"),
                    ("icao", "ICAO code"),
                    ("city", "city"),
                    ("country", "country"),
                    ("time_zone", "time zone"),
                ],
            },
        },
        Field {
            name: "sending",
            label: "Sending",
            help: "Synchronous waits for each delivery report before the next record.",
            input: Input::Choice(&[
                ("asynchronous", "asynchronous"),
                ("one_by_one", "synchronous, one by one"),
            ]),
        },
        Field {
            name: "acks",
            label: "acks",
            help: "Who must have a record before it counts as delivered.",
            input: Input::Choice(&[("all", "all in-sync replicas"), ("1", "the leader"), ("0", "nobody")]),
        },
        Field {
            name: "linger_ms",
            label: "linger.ms",
            help: "How long the client waits for more records before it sends a batch.",
            input: Input::OptionalInteger { min: 0, max: 10_000 },
        },
        Field {
            name: "batch_size_bytes",
            label: "batch.size",
            help: "The bytes at which a batch is full.",
            input: Input::OptionalInteger { min: 1, max: 10_000_000 },
        },
        Field {
            name: "compression",
            label: "compression.type",
            help: "How batches are compressed.",
            input: Input::Choice(&[
                ("none", "none"),
                ("gzip", "gzip"),
                ("snappy", "snappy"),
                ("lz4", "lz4"),
                ("zstd", "zstd"),
            ]),
        },
        Field {
            name: "idempotence",
            label: "enable.idempotence",
            help: "Retries can neither repeat nor reorder records. Takes acks=all.",
            input: Input::Toggle,
        },
        SETTINGS,
    ];
}

impl StartConsumer {
    const FIELDS: &[Field] = &[
        GROUP,
        Field {
            name: "topics",
            label: "Topics",
            help: "What to subscribe to, separated by commas.",
            input: Input::Names,
        },
        Field {
            name: "start_at",
            label: "auto.offset.reset",
            help: "Where to begin where the group has committed nothing.",
            input: Input::Choice(&[("earliest", "earliest"), ("latest", "latest")]),
        },
        Field {
            name: "auto_commit_interval_ms",
            label: "auto.commit.interval.ms",
            help: "Commit by timer. Left empty, auto-commit is off.",
            input: Input::OptionalInteger { min: 100, max: 60_000 },
        },
        Field {
            name: "commit_each_record",
            label: "Commit after each record",
            help: "As consumer.py does with commit(asynchronous=False).",
            input: Input::Choice(&[
                ("off", "no"),
                ("synchronous", "synchronous"),
                ("asynchronous", "asynchronous"),
            ]),
        },
        SETTINGS,
    ];
}

impl Commit {
    const FIELDS: &[Field] = &[Field {
        name: "synchronous",
        label: "Synchronous",
        help: "Wait until the group's coordinator has it.",
        input: Input::Toggle,
    }];
}
