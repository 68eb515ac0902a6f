//! Bringing topics and groups into the state in which a lesson begins.

use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;
use shared::command::{CreateTopic, Produce, StartOver};
use shared::kafka::ProduceSummary;
use shared::{Error, ErrorCode, Event, Outcome, Reply};

use super::producer::{self, Reporting};
use super::{LearnerKafka, error, topic};
use crate::session::JobContext;

/// The most topics or groups that one command names.
const MAX_NAMES: usize = 60;
/// How long a group's crashed members are waited for.
const EMPTY_LIMIT: Duration = Duration::from_secs(15);
/// How long a name may stay taken after its topic was deleted.
const FREE_LIMIT: Duration = Duration::from_secs(10);
/// Between two tries.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// Why it ended early.
enum Stop {
    Cancelled,
    Failed(Error),
    /// Not all records of a topic were written.
    Missing(Error, ProduceSummary),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Runs the command: each step in turn, what is not there is passed over.
pub(super) async fn run(learner: &LearnerKafka, args: &StartOver, cx: &JobContext) -> Outcome {
    match steps(learner, args, cx).await {
        Ok(reply) => Outcome::Ok(reply),
        Err(Stop::Cancelled) => Outcome::Cancelled { partial: None },
        Err(Stop::Failed(error)) => Outcome::Failed { error, partial: None },
        Err(Stop::Missing(error, summary)) => {
            Outcome::Failed { error, partial: Some(Reply::Produced(summary)) }
        }
    }
}

async fn steps(learner: &LearnerKafka, args: &StartOver, cx: &JobContext) -> Result<Reply, Stop> {
    let lists = [args.delete_topics.len(), args.delete_groups.len(), args.create.len(), args.produce.len()];
    if lists.iter().any(|length| *length > MAX_NAMES) {
        return Err(Error::new(ErrorCode::LimitReached, format!("At most {MAX_NAMES} names, please.")).into());
    }
    let records = args.produce.iter().fold(0, |sum: u64, produce| sum.saturating_add(produce.count));
    if records > Produce::MAX_COUNT {
        let message = format!("At most {} records in all, please.", Produce::MAX_COUNT);
        return Err(Error::new(ErrorCode::LimitReached, message).into());
    }
    let mut groups = Vec::new();
    for group in &args.delete_groups {
        groups.push(learner.names().group(group)?);
    }
    let mut topics = Vec::new();
    for name in &args.delete_topics {
        topics.push(topic::own_topic(learner, name)?);
    }
    args.create.iter().try_for_each(|create| topic::plan(learner, create).map(|_| ()))?;
    args.produce.iter().try_for_each(|produce| producer::check(learner, produce))?;
    let mut productions = Vec::new();
    if !args.produce.is_empty() {
        let place = learner.places.take()?;
        productions.extend(args.produce.iter().map(|produce| (produce, place.clone())));
    }

    if !groups.is_empty() {
        phase(cx, "Closing consumers".to_owned()).await;
        let physical: Vec<String> = groups.iter().map(|(_, physical)| physical.clone()).collect();
        unless_cancelled(cx, async {
            learner.consumers.close_groups(&physical).await;
            Ok(())
        })
        .await?;
    }
    for (name, physical) in &groups {
        phase(cx, format!("Deleting the group {name}")).await;
        unless_cancelled(cx, delete_group(learner, name.as_str(), physical, cx)).await?;
    }
    if !topics.is_empty() {
        phase(cx, "Deleting topics".to_owned()).await;
        let physical: Vec<&str> = topics.iter().map(|(_, physical)| physical.as_str()).collect();
        unless_cancelled(cx, delete_topics(learner, &physical)).await?;
    }
    for create in &args.create {
        phase(cx, format!("Creating the topic {}", create.topic)).await;
        unless_cancelled(cx, create_topic(learner, create, cx)).await?;
    }
    for (produce, place) in productions {
        phase(cx, format!("Writing {} records to {}", produce.count, produce.topic)).await;
        // It ends by itself when it is cancelled, after it has purged what it had not sent.
        let done = producer::write(learner, produce, place, cx, Reporting::Progress).await?;
        if done.stopped {
            return Err(Stop::Cancelled);
        }
        if let Some(error) = done.missing {
            return Err(Stop::Missing(error, done.summary));
        }
    }
    Ok(Reply::StartedOver(unless_cancelled(cx, topic::summaries(learner)).await?))
}

async fn delete_group(
    learner: &LearnerKafka,
    name: &str,
    physical: &str,
    cx: &JobContext,
) -> Result<(), Error> {
    let deadline = Instant::now() + EMPTY_LIMIT;
    let mut told = false;
    loop {
        let waits = || Instant::now() < deadline;
        match learner.admin().delete_group(physical).await {
            Ok(None | Some(Code::GroupIdNotFound)) => return Ok(()),
            Ok(Some(Code::NonEmptyGroup | Code::CoordinatorLoadInProgress | Code::NotCoordinator))
                if waits() =>
            {
                if !told {
                    told = true;
                    let reason = "its crashed members count until their sessions time out";
                    phase(cx, format!("Waiting until the group {name} is empty: {reason}")).await;
                }
                tokio::time::sleep(TRY_AGAIN).await;
            }
            // The first question about any group has the cluster make `__consumer_offsets`: where it has just started,
            // there may be no coordinator for longer than a question may take.
            Ok(Some(Code::OperationTimedOut | Code::CoordinatorNotAvailable)) if waits() => {
                phase(cx, format!("Waiting for the coordinator of the group {name}")).await;
                tokio::time::sleep(TRY_AGAIN).await;
            }
            Ok(Some(code)) => return Err(error::from_code(code, None)),
            Err(error) if error.code == ErrorCode::TimedOut && waits() => {
                phase(cx, format!("Waiting for the coordinator of the group {name}")).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn delete_topics(learner: &LearnerKafka, physical: &[&str]) -> Result<(), Error> {
    for (_, refusal) in learner.admin().delete_topics(physical).await? {
        match refusal {
            None | Some(Code::UnknownTopicOrPartition) => {}
            Some(code) => return Err(error::from_code(code, None)),
        }
    }
    for topic in physical {
        topic::until_gone(learner, topic).await?;
    }
    Ok(())
}

async fn create_topic(learner: &LearnerKafka, create: &CreateTopic, cx: &JobContext) -> Result<(), Error> {
    let deadline = Instant::now() + FREE_LIMIT;
    loop {
        match topic::create(learner, create, &cx.events).await {
            Ok(_) => return Ok(()),
            // A broker may still have the one that was just deleted.
            Err(error) if error.code == ErrorCode::TopicExists && Instant::now() < deadline => {
                tokio::time::sleep(TRY_AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn phase(cx: &JobContext, text: String) {
    cx.events.emit(Event::Phase(text)).await;
}

async fn unless_cancelled<T>(
    cx: &JobContext,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Err(Stop::Cancelled),
        result = step => result.map_err(Stop::Failed),
    }
}
