//! The one admin client of a connection: what is asked of the cluster and changed on it, by the cluster's own names.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigSource as NativeSource, ResourceSpecifier};
use rdkafka::client::Client;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::metadata::MetadataTopic;
use shared::Error;
use shared::kafka::{ConfigEntry, ConfigSource};

use super::blocking::{self, Elsewhere};
use super::connection::ConnectionSettings;
use super::error;
use super::native::{self, ClusterNodes, FoundOffset, Group, LogEnd, Refusal};

/// How long any question to the cluster may take.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// How long the ends of a topic's partitions may take: a description goes without them where a leader is away.
const LOG_ENDS_LIMIT: Duration = Duration::from_secs(5);
/// How much longer rdkafka's futures are awaited than the limit that they keep by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// Passes what librdkafka says to the debug log.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", ?level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
    }
}

/// A topic as metadata has it.
pub(super) struct TopicMetadata {
    pub(super) name: String,
    pub(super) partitions: Vec<PartitionMetadata>,
}

/// A partition as metadata has it.
pub(super) struct PartitionMetadata {
    pub(super) number: i32,
    pub(super) leader: Option<i32>,
    pub(super) replicas: Vec<i32>,
    pub(super) in_sync: Vec<i32>,
}

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Admin {
    client: Arc<Elsewhere<AdminClient<Quiet>>>,
    settings: Arc<ConnectionSettings>,
}

impl Admin {
    /// Does not wait for a broker.
    pub(super) fn new(settings: Arc<ConnectionSettings>) -> Result<Self, KafkaError> {
        let client = settings.client().create_with_context(Quiet)?;
        Ok(Self { client: Arc::new(Elsewhere::new(client)), settings })
    }

    /// A client for one question to a group's coordinator. librdkafka 2.12 keeps such a question after it timed out,
    /// and when the coordinator is back it aborts the process (its issue 4605); in a client that is gone it can't.
    fn for_one_group(&self) -> Result<Self, Error> {
        Self::new(Arc::clone(&self.settings)).map_err(|e| error::from_rdkafka(&e))
    }

    /// The client itself, for threads that may block.
    pub(super) fn client(&self) -> &Client<Quiet> {
        self.client.inner()
    }

    /// All topics.
    pub(super) async fn topics(&self) -> Result<Vec<TopicMetadata>, Error> {
        let admin = self.clone();
        blocking::call("Asking for the topics", LIMIT, move || {
            let metadata = admin.client().fetch_metadata(None, LIMIT).map_err(|e| error::from_rdkafka(&e))?;
            Ok(metadata.topics().iter().filter(|topic| !is_gone(topic)).map(topic_metadata).collect())
        })
        .await
    }

    /// One topic; `None`: there is none of this name.
    pub(super) async fn topic(&self, name: &str) -> Result<Option<TopicMetadata>, Error> {
        let (admin, name) = (self.clone(), name.to_owned());
        blocking::call("Asking for the topic", LIMIT, move || topic(admin.client(), &name)).await
    }

    /// Makes a topic.
    pub(super) async fn create_topic(
        &self,
        name: &str,
        partitions: i32,
        replication_factor: i32,
        configs: Vec<(String, String)>,
    ) -> Result<Result<(), Refusal>, Error> {
        let (admin, name) = (self.clone(), name.to_owned());
        blocking::call("Creating the topic", LIMIT, move || {
            let configs: Vec<_> =
                configs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let client = admin.client();
            Ok(native::create_topic(client, &name, partitions, replication_factor, &configs, LIMIT))
        })
        .await
    }

    /// Deletes topics: for each the cluster's answer.
    pub(super) async fn delete_topics(&self, names: &[&str]) -> Result<Vec<(String, Option<Code>)>, Error> {
        let results = within("Deleting topics", self.client.delete_topics(names, &options())).await?;
        Ok(results
            .into_iter()
            .map(|result| result.map_or_else(|(n, code)| (n, Some(code)), |n| (n, None)))
            .collect())
    }

    /// Deletes a group: `Ok(Some)` is the coordinator's refusal.
    pub(super) async fn delete_group(&self, group: &str) -> Result<Option<Code>, Error> {
        let admin = self.for_one_group()?;
        let results = within("Deleting the group", admin.client.delete_groups(&[group], &options())).await?;
        Ok(results.into_iter().find_map(Result::err).map(|(_, code)| code))
    }

    /// The configs of a topic, by name.
    pub(super) async fn topic_configs(&self, name: &str) -> Result<Vec<ConfigEntry>, Error> {
        let wanted = [ResourceSpecifier::Topic(name)];
        let results =
            within("Asking for the configs", self.client.describe_configs(&wanted, &options())).await?;
        let mut configs = Vec::new();
        for result in results {
            let resource = result.map_err(|code| error::from_code(code, None))?;
            configs.extend(resource.entries.into_iter().map(|entry| ConfigEntry {
                name: entry.name,
                value: if entry.is_sensitive { None } else { entry.value },
                is_default: entry.is_default,
                source: config_source(&entry.source),
            }));
        }
        configs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(configs)
    }

    /// One end of each partition.
    pub(super) async fn log_ends(
        &self,
        topic: &str,
        partitions: Vec<i32>,
        end: LogEnd,
    ) -> Result<Vec<FoundOffset>, Error> {
        let (admin, topic) = (self.clone(), topic.to_owned());
        blocking::call("Asking for the ends of the partitions", LOG_ENDS_LIMIT, move || {
            native::log_ends(admin.client(), &topic, &partitions, end, LOG_ENDS_LIMIT)
                .map_err(|refusal| error::from_refusal(&refusal, None))
        })
        .await
    }

    /// State and members of a group.
    pub(super) async fn describe_group(&self, group: &str) -> Result<Result<Group, Refusal>, Error> {
        let (admin, group) = (self.clone(), group.to_owned());
        blocking::call("Asking for the group", LIMIT, move || {
            Ok(native::describe_group(admin.for_one_group()?.client(), &group, LIMIT))
        })
        .await
    }

    /// What a group committed.
    pub(super) async fn committed_offsets(
        &self,
        group: &str,
    ) -> Result<Result<Vec<FoundOffset>, Refusal>, Error> {
        let (admin, group) = (self.clone(), group.to_owned());
        blocking::call("Asking for the committed offsets", LIMIT, move || {
            Ok(native::committed_offsets(admin.for_one_group()?.client(), &group, LIMIT))
        })
        .await
    }

    /// Brokers and controller.
    pub(super) async fn cluster(&self) -> Result<ClusterNodes, Error> {
        let admin = self.clone();
        blocking::call("Asking for the cluster", LIMIT, move || {
            native::describe_cluster(admin.client(), LIMIT)
                .map_err(|refusal| error::from_refusal(&refusal, None))
        })
        .await
    }
}

/// One topic as any client sees it, which so learns its newest partitions. Blocks up to [`LIMIT`].
pub(super) fn topic<C: ClientContext>(
    client: &Client<C>,
    name: &str,
) -> Result<Option<TopicMetadata>, Error> {
    let metadata = client.fetch_metadata(Some(name), LIMIT).map_err(|e| error::from_rdkafka(&e))?;
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else { return Ok(None) };
    if is_gone(topic) {
        return Ok(None);
    }
    match topic.error().map(Code::from) {
        Some(Code::InvalidTopic) => Err(error::from_code(Code::InvalidTopic, None)),
        _ => Ok(Some(topic_metadata(topic))),
    }
}

fn is_gone(topic: &MetadataTopic) -> bool {
    matches!(
        topic.error().map(Code::from),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownTopicId)
    )
}

fn topic_metadata(topic: &MetadataTopic) -> TopicMetadata {
    let mut partitions: Vec<_> = topic
        .partitions()
        .iter()
        .map(|partition| PartitionMetadata {
            number: partition.id(),
            leader: Some(partition.leader()).filter(|leader| *leader >= 0),
            replicas: partition.replicas().to_vec(),
            in_sync: partition.isr().to_vec(),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.number);
    TopicMetadata { name: topic.name().to_owned(), partitions }
}

fn config_source(source: &NativeSource) -> ConfigSource {
    match source {
        NativeSource::DynamicTopic => ConfigSource::Topic,
        NativeSource::DynamicBroker => ConfigSource::DynamicBroker,
        NativeSource::DynamicDefaultBroker => ConfigSource::DynamicDefaultBroker,
        NativeSource::StaticBroker => ConfigSource::StaticBroker,
        NativeSource::Default => ConfigSource::Default,
        NativeSource::Unknown => ConfigSource::Unknown,
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(LIMIT)).operation_timeout(Some(LIMIT))
}

async fn within<T>(what: &str, answer: impl Future<Output = KafkaResult<T>>) -> Result<T, Error> {
    match tokio::time::timeout(LIMIT + GRACE, answer).await {
        Ok(answer) => answer.map_err(|e| error::from_rdkafka(&e)),
        Err(_elapsed) => Err(error::timed_out(what)),
    }
}
