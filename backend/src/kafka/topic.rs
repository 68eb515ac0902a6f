//! Topics: list, make, delete, describe.

use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;
use shared::command::{CreateTopic, DeleteTopic, DescribeTopic};
use shared::kafka::{PartitionDescription, TopicDescription, TopicName, TopicSummary};
use shared::{Error, ErrorCode, Event, Reply};

use super::LearnerKafka;
use super::admin::TopicMetadata;
use super::error;
use super::native::{FoundOffset, LogEnd};
use super::topic_configs;
use crate::session::Emitter;

/// The most partitions that a learner's topic may have.
pub const MAX_PARTITIONS: i64 = 100;
/// The most topics that a learner may have.
pub const MAX_TOPICS: usize = 50;
/// The largest replication factor that librdkafka passes on (`RD_KAFKAP_BROKERS_MAX`).
const MAX_REPLICATION_FACTOR: i64 = 10_000;
/// How long a topic may wait for the learner's others to be made.
const TURN_LIMIT: Duration = Duration::from_secs(10);
/// How long a change may take until metadata shows it.
const VISIBLE_LIMIT: Duration = Duration::from_secs(10);
/// How long the ends of partitions are asked for again where a leader does not tell them.
const LOG_ENDS_PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at the metadata.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The learner's topics and Kafka's internal ones, by name.
pub(super) async fn list(learner: &LearnerKafka) -> Result<Reply, Error> {
    summaries(learner).await.map(Reply::Topics)
}

/// The same as a list.
pub(super) async fn summaries(learner: &LearnerKafka) -> Result<Vec<TopicSummary>, Error> {
    let topics = learner.admin().topics().await?;
    let mut seen: Vec<_> = topics
        .iter()
        .filter_map(|topic| learner.names().topic_seen(&topic.name).map(|name| summary(name, topic)))
        .collect();
    seen.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(seen)
}

/// Makes a topic and answers when all its partitions have a leader.
pub(super) async fn create(
    learner: &LearnerKafka,
    args: &CreateTopic,
    events: &Emitter<Event>,
) -> Result<Reply, Error> {
    let Plan { name, physical, partitions, replicas } = plan(learner, args)?;
    // One at a time from the count to the moment at which the next count has it.
    let alone = tokio::time::timeout(TURN_LIMIT, learner.creating.lock())
        .await
        .map_err(|_elapsed| error::timed_out("Waiting for your other topics"))?;
    let topics = summaries(learner).await?;
    if topics.iter().filter(|topic| !topic.internal).count() >= MAX_TOPICS
        && !topics.iter().any(|topic| topic.name == name)
    {
        return Err(Error::new(ErrorCode::LimitReached, format!("You have {MAX_TOPICS} topics already."))
            .hint("Delete one that you no longer need."));
    }
    let configs = args.configs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    learner.admin().create_topic(&physical, partitions, replicas, configs).await?.map_err(|refusal| {
        let error = error::from_refusal(&refusal, Some(learner.names()));
        match refusal.code {
            Code::TopicAlreadyExists => {
                Error { message: format!("A topic named “{name}” is there already."), ..error }
            }
            _ => error,
        }
    })?;
    events.emit(Event::Phase("Waiting until each partition has a leader".to_owned())).await;
    let ready = |topic: Option<&TopicMetadata>| {
        topic.is_some_and(|topic| {
            !topic.partitions.is_empty()
                && topic.partitions.iter().all(|partition| partition.leader.is_some())
        })
    };
    until(learner, &physical, ready).await?;
    drop(alone);
    description(learner, name, &physical).await.map(Reply::TopicCreated)
}

/// A topic to make, checked as far as can be without the cluster.
pub(super) struct Plan {
    name: TopicName,
    physical: String,
    partitions: i32,
    replicas: i32,
}

/// Checks the arguments of [`create`].
pub(super) fn plan(learner: &LearnerKafka, args: &CreateTopic) -> Result<Plan, Error> {
    let (name, physical) = own_topic(learner, &args.topic)?;
    let partitions = partition_count(args.partitions)?;
    let replicas = replication_factor(args.replication_factor)?;
    topic_configs::check(&args.configs)?;
    Ok(Plan { name, physical, partitions, replicas })
}

/// Deletes a topic and answers when metadata no longer has it.
pub(super) async fn delete(
    learner: &LearnerKafka,
    args: &DeleteTopic,
    events: &Emitter<Event>,
) -> Result<Reply, Error> {
    let (name, physical) = own_topic(learner, &args.topic)?;
    for (_, refusal) in learner.admin().delete_topics(&[&physical]).await? {
        match refusal {
            None => {}
            Some(Code::UnknownTopicOrPartition) => return Err(error::unknown_topic(name.as_str())),
            Some(code) => return Err(error::from_code(code, None)),
        }
    }
    events.emit(Event::Phase("Waiting until the brokers have forgotten it".to_owned())).await;
    until_gone(learner, &physical).await?;
    Ok(Reply::TopicDeleted(name))
}

/// All that the cluster says of a topic.
pub(super) async fn describe(learner: &LearnerKafka, args: &DescribeTopic) -> Result<Reply, Error> {
    let asked = TopicName::parse(&args.topic)?;
    let (name, physical) = if asked.is_internal() {
        let physical = asked.as_str().to_owned();
        (asked, physical)
    } else {
        learner.names().topic(&args.topic)?
    };
    description(learner, name, &physical).await.map(Reply::Topic)
}

/// Waits until metadata no longer has a topic.
pub(super) async fn until_gone(learner: &LearnerKafka, physical: &str) -> Result<(), Error> {
    until(learner, physical, |topic| topic.is_none()).await
}

/// A topic that a learner may change: Kafka's own are not among them.
pub(super) fn own_topic(learner: &LearnerKafka, name: &str) -> Result<(TopicName, String), Error> {
    if TopicName::parse(name)?.is_internal() {
        return Err(Error::new(ErrorCode::InvalidTopic, format!("“{name}” belongs to Kafka itself."))
            .hint("You can describe it; its records and settings are Kafka's own."));
    }
    learner.names().topic(name)
}

/// Fails with [`ErrorCode::UnknownTopic`] where a topic is not there.
pub(super) async fn existing(learner: &LearnerKafka, name: &str) -> Result<(TopicName, String), Error> {
    let (name, physical) = own_topic(learner, name)?;
    match learner.admin().topic(&physical).await? {
        Some(_) => Ok((name, physical)),
        None => Err(error::unknown_topic(name.as_str())),
    }
}

async fn until(
    learner: &LearnerKafka,
    physical: &str,
    done: impl Fn(Option<&TopicMetadata>) -> bool,
) -> Result<(), Error> {
    let deadline = Instant::now() + VISIBLE_LIMIT;
    loop {
        let topic = learner.admin().topic(physical).await?;
        if done(topic.as_ref()) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(error::timed_out("The change of the topic")
                .hint("The cluster accepted it; look at the topics again in a moment."));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn description(
    learner: &LearnerKafka,
    name: TopicName,
    physical: &str,
) -> Result<TopicDescription, Error> {
    let admin = learner.admin();
    let Some(topic) = admin.topic(physical).await? else { return Err(error::unknown_topic(name.as_str())) };
    // Of a partition without a leader nobody can tell the ends, and asking would hold the others up.
    let led = topic.partitions.iter().filter(|partition| partition.leader.is_some());
    let numbers: Vec<i32> = led.map(|partition| partition.number).collect();
    let (ends, configs) = tokio::join!(log_ends(learner, physical, numbers), admin.topic_configs(physical));
    let (starts, ends) = ends;
    let at = |found: &[FoundOffset], number: i32| {
        found.iter().find(|(_, partition, _)| *partition == number).and_then(|(_, _, offset)| *offset)
    };
    let partitions = topic
        .partitions
        .into_iter()
        .map(|partition| PartitionDescription {
            partition: partition.number,
            leader: partition.leader,
            replicas: partition.replicas,
            in_sync: partition.in_sync,
            log_start: at(&starts, partition.number),
            high_watermark: at(&ends, partition.number),
        })
        .collect();
    Ok(TopicDescription { name, partitions, configs: configs? })
}

/// Both ends of each partition, where they can be had: without its leader a description goes without them, and that is
/// what it has to show. Just after a topic was made its leaders may not know yet that they are.
async fn log_ends(
    learner: &LearnerKafka,
    physical: &str,
    numbers: Vec<i32>,
) -> (Vec<FoundOffset>, Vec<FoundOffset>) {
    let deadline = Instant::now() + LOG_ENDS_PATIENCE;
    loop {
        let (starts, ends) = tokio::join!(
            learner.admin().log_ends(physical, numbers.clone(), LogEnd::Start),
            learner.admin().log_ends(physical, numbers.clone(), LogEnd::HighWatermark),
        );
        let (starts, ends) = (starts.unwrap_or_default(), ends.unwrap_or_default());
        let known = |found: &[FoundOffset]| found.iter().filter(|(_, _, offset)| offset.is_some()).count();
        let complete = known(&starts) == numbers.len() && known(&ends) == numbers.len();
        if complete || Instant::now() >= deadline {
            return (starts, ends);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn summary(name: TopicName, topic: &TopicMetadata) -> TopicSummary {
    let replicas = topic.partitions.iter().map(|partition| partition.replicas.len()).max().unwrap_or(0);
    TopicSummary {
        internal: name.is_internal(),
        name,
        partitions: u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX),
        replicas: u32::try_from(replicas).unwrap_or(u32::MAX),
    }
}

/// `-1` is librdkafka's "as the broker has it".
fn partition_count(asked: Option<i64>) -> Result<i32, Error> {
    match asked {
        None => Ok(-1),
        Some(..1) => Err(Error::new(ErrorCode::InvalidPartitions, "A topic needs at least one partition.")
            .hint(format!("Choose from 1 to {MAX_PARTITIONS}."))),
        Some(count) if count > MAX_PARTITIONS => {
            let problem = format!("{count} partitions are more than the {MAX_PARTITIONS} that you may have.");
            Err(Error::new(ErrorCode::TooManyPartitions, problem)
                .hint("Each partition costs every broker that holds it files and memory."))
        }
        Some(count) => Ok(i32::try_from(count).unwrap_or(i32::MAX)),
    }
}

/// `-1` is librdkafka's "as the broker has it".
fn replication_factor(asked: Option<i64>) -> Result<i32, Error> {
    match asked {
        None => Ok(-1),
        Some(factor @ 1..=MAX_REPLICATION_FACTOR) => Ok(i32::try_from(factor).unwrap_or(i32::MAX)),
        Some(factor) => Err(Error::new(
            ErrorCode::InvalidReplicationFactor,
            format!("A replication factor of {factor} makes no sense."),
        )
        .hint("It says how many brokers hold each partition: 1 up to the number of brokers.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_have_errors_of_their_own() {
        let code = |result: Result<i32, Error>| result.map_err(|error| error.code);
        assert_eq!(code(partition_count(None)), Ok(-1));
        assert_eq!(code(partition_count(Some(0))), Err(ErrorCode::InvalidPartitions));
        assert_eq!(code(partition_count(Some(i64::MIN))), Err(ErrorCode::InvalidPartitions));
        assert_eq!(code(partition_count(Some(100))), Ok(100));
        assert_eq!(code(partition_count(Some(101))), Err(ErrorCode::TooManyPartitions));
        assert_eq!(code(partition_count(Some(i64::MAX))), Err(ErrorCode::TooManyPartitions));
        assert_eq!(code(replication_factor(None)), Ok(-1));
        assert_eq!(code(replication_factor(Some(0))), Err(ErrorCode::InvalidReplicationFactor));
        assert_eq!(code(replication_factor(Some(i64::MAX))), Err(ErrorCode::InvalidReplicationFactor));
        assert_eq!(code(replication_factor(Some(3))), Ok(3));
    }
}
