//! What happened, said in a sentence.

use shared::command::InjectError;
use shared::event::{CloseReason, CommittedBy, Outcome};
use shared::kafka::{
    BrokerState, ClusterDescription, ClusterState, PartitionOffset, ProduceSummary, TopicPartition,
};
use shared::{Command, Error, Reply};

use super::State;
use super::request::{Request, Row};
use super::text::{count, millis, offset, thousands};

/// The name of a result's panel.
pub(crate) fn panel_name(request: &Request) -> String {
    match (&request.command, &request.consumer) {
        (Command::StartConsumer(start), Some(consumer)) if consumer.number > 1 => {
            format!("Consumer {} in group {}", consumer.number, start.group)
        }
        (Command::StartConsumer(start), Some(_)) => format!("Consumer in group {}", start.group),
        _ => request.origin.label.clone(),
    }
}

/// What was asked, with its names and numbers.
pub(crate) fn asked(command: &Command) -> String {
    match command {
        Command::DescribeCluster(_) => "describe the cluster".to_owned(),
        Command::ListTopics(_) => "list topics".to_owned(),
        Command::CreateTopic(c) => format!("create topic {}", c.topic),
        Command::DeleteTopic(c) => format!("delete topic {}", c.topic),
        Command::DescribeTopic(c) => format!("describe topic {}", c.topic),
        Command::Produce(c) => format!("produce {} to {}", count(c.count, "record", "records"), c.topic),
        Command::StartConsumer(c) => format!("consume {} as {}", c.topics.join(", "), c.group),
        Command::Commit(c) if c.synchronous => "commit, synchronous".to_owned(),
        Command::Commit(_) => "commit, asynchronous".to_owned(),
        Command::StopConsumer(_) => "stop the consumer".to_owned(),
        Command::CrashConsumer(_) => "crash the consumer".to_owned(),
        Command::DescribeGroup(c) => format!("describe group {}", c.group),
        Command::StartOver(_) => "start over".to_owned(),
        Command::ResetCluster(_) => "reset the cluster".to_owned(),
        Command::StopBroker(c) => format!("stop broker {}", c.broker),
        Command::KillBroker(c) => format!("kill broker {}", c.broker),
        Command::StartBroker(c) => format!("start broker {}", c.broker),
        Command::CutOffBroker(c) if c.cut_off => format!("cut broker {} off", c.broker),
        Command::CutOffBroker(c) => format!("reach broker {} again", c.broker),
        Command::DelayBroker(c) => format!("delay broker {} by {} ms", c.broker, c.delay_ms),
        Command::InjectError(c) => format!("answer {} with {}", c.api, c.error),
        Command::ClearFaults(_) => "clear all faults".to_owned(),
        Command::Watch(_) => "watch the cluster".to_owned(),
    }
}

/// How a settled request stands, in a line; `None` while it runs.
pub(crate) fn how_it_stands(request: &Request) -> Option<String> {
    let closed = request.consumer.as_ref().and_then(|consumer| consumer.closed.as_ref());
    closed.map(self::closed).or_else(|| request.outcome.as_ref().map(outcome))
}

/// How a request ended, in a line.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok(done) => reply(done),
        Outcome::Failed { error, partial: None } => error.message.clone(),
        Outcome::Failed { error, partial: Some(done) } => format!("{} {}", error.message, reply(done)),
        Outcome::Cancelled { partial: None } => "Cancelled.".to_owned(),
        Outcome::Cancelled { partial: Some(done) } => format!("Cancelled. {}", reply(done)),
    }
}

/// How a request ended, and what to do where it failed: for places beside which no result says more.
pub(crate) fn outcome_and_advice(outcome: &Outcome) -> String {
    let said = self::outcome(outcome);
    match outcome {
        Outcome::Failed { error: Error { hint: Some(hint), .. }, .. } => format!("{said} {hint}"),
        _ => said,
    }
}

fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Cluster(cluster) => {
            format!("The cluster has {}.", count(cluster.brokers.len() as u64, "broker", "brokers"))
        }
        Reply::Topics(topics) if topics.is_empty() => "There are no topics.".to_owned(),
        Reply::Topics(topics) => format!("Found {}.", count(topics.len() as u64, "topic", "topics")),
        Reply::TopicCreated(topic) => format!(
            "Created {} with {}.",
            topic.name,
            count(topic.partitions.len() as u64, "partition", "partitions")
        ),
        Reply::TopicDeleted(topic) => format!("Deleted {topic}."),
        Reply::Topic(topic) => {
            format!("{} has {}.", topic.name, count(topic.partitions.len() as u64, "partition", "partitions"))
        }
        Reply::Produced(summary) => produced(summary),
        Reply::ConsumerStarted(_) => "The consumer is running.".to_owned(),
        Reply::Committed(offsets) => match offsets.len() {
            1 => format!("Committed {}.", partition_offset(&offsets[0])),
            many => format!("Committed in {}.", count(many as u64, "partition", "partitions")),
        },
        Reply::ConsumerStopped(_) => "The consumer has left its group.".to_owned(),
        Reply::MemberGone { after_ms, .. } => {
            format!("The group noticed the crash after {}.", millis(*after_ms as f64))
        }
        Reply::Group(group) => format!(
            "{} is {}, with {}.",
            group.group,
            group.state,
            count(group.members.len() as u64, "member", "members")
        ),
        Reply::ClusterReset(_) => "Your cluster is new and empty.".to_owned(),
        Reply::Broker(broker) if broker.delay_ms > 0 => format!(
            "Broker {} {}, and answers {} late.",
            broker.id,
            broker_state(broker.state),
            millis(broker.delay_ms as f64)
        ),
        Reply::Broker(broker) => format!("Broker {} {}.", broker.id, broker_state(broker.state)),
        Reply::ErrorInjected(fault) => injected(fault),
        Reply::FaultsCleared(_) => "All faults are cleared.".to_owned(),
        Reply::StartedOver(topics) if topics.is_empty() => {
            "Started over: everything of this lesson is gone.".to_owned()
        }
        Reply::StartedOver(topics) => {
            format!("Started over: there is {} now.", count(topics.len() as u64, "topic", "topics"))
        }
    }
}

fn produced(summary: &ProduceSummary) -> String {
    let fates =
        [(summary.unknown, "unknown"), (summary.not_written, "not written"), (summary.not_sent, "not sent")];
    let others: Vec<String> = fates
        .into_iter()
        .filter(|(records, _)| *records > 0)
        .map(|(records, fate)| format!("{} {fate}", thousands(records)))
        .collect();
    format!(
        "Delivered {} of {} in {}{}{}.",
        thousands(summary.delivered),
        count(summary.requested, "record", "records"),
        millis(summary.elapsed_us as f64 / 1000.0),
        if others.is_empty() { "" } else { "; " },
        others.join(", ")
    )
}

/// The mood of how a request ended.
pub(crate) fn mood(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok(Reply::Produced(summary)) if summary.delivered < summary.requested => "warn",
        Outcome::Ok(_) => "good",
        Outcome::Failed { .. } => "bad",
        Outcome::Cancelled { .. } => "warn",
    }
}

/// Why a consumer is gone.
pub(crate) fn closed(reason: &CloseReason) -> String {
    match reason {
        CloseReason::Stopped => "Stopped; it has left its group.".to_owned(),
        CloseReason::Crashed { .. } => "Crashed, without a word to its group.".to_owned(),
        CloseReason::SessionEnded => "Stopped by the server: the session of this page ended.".to_owned(),
        CloseReason::ShuttingDown => "Stopped: the server shut down.".to_owned(),
        CloseReason::ClusterReset => "Stopped: the cluster was reset.".to_owned(),
        CloseReason::Failed(error) => match &error.hint {
            Some(hint) => format!("Failed: {} {hint}", error.message),
            None => format!("Failed: {}", error.message),
        },
    }
}

/// What a screen reader is told when a request is settled.
pub(crate) fn announcement(request: &Request, outcome: &Outcome) -> String {
    let problem = match outcome {
        Outcome::Failed { .. } => "failed: ",
        Outcome::Ok(_) | Outcome::Cancelled { .. } => "",
    };
    format!("{}: {problem}{}", request.origin.label, self::outcome(outcome))
}

/// How far what runs is: the newest request, else the newest consumer.
pub(crate) fn progress(state: &State) -> String {
    let running = state.panels().find(|request| request.is_open() && request.progress.is_some());
    if let Some((done, total)) = running.and_then(|request| request.progress) {
        return format!("{} of {}", thousands(done), thousands(total));
    }
    state
        .panels()
        .find_map(|request| request.consumer.as_ref().filter(|consumer| consumer.closed.is_none()))
        .filter(|consumer| consumer.records > 0)
        .map(|consumer| format!("{} read", count(consumer.records, "record", "records")))
        .unwrap_or_default()
}

/// An error that was injected, and is still to come.
pub(crate) fn injected(fault: &InjectError) -> String {
    let requests = if fault.times == 1 {
        format!("The next {} request is", fault.api)
    } else {
        format!("The next {} {} requests are", thousands(fault.times.into()), fault.api)
    };
    let by = fault.broker.map(|broker| format!(" by broker {broker}")).unwrap_or_default();
    format!("{requests} answered{by} with {}.", fault.error)
}

/// What a broker does, in a few words.
pub(crate) fn broker_state(state: BrokerState) -> &'static str {
    match state {
        BrokerState::Up => "runs",
        BrokerState::CutOff => "is cut off from the others",
        BrokerState::Stopped => "was stopped",
        BrokerState::Killed => "was killed",
    }
}

/// Which cluster this is, or how it is, in a few words.
pub(crate) fn cluster(state: &ClusterState) -> String {
    match state {
        ClusterState::Starting => "Kafka is starting…".to_owned(),
        ClusterState::Sandbox { brokers } => {
            format!(
                "Your own sandbox cluster: {}, in memory",
                count(u64::from(*brokers), "broker", "brokers")
            )
        }
        ClusterState::Ready(cluster) => match cluster.brokers.split_first() {
            None => "Shared Kafka".to_owned(),
            Some((first, [])) => format!("Shared Kafka at {}:{}: 1 broker", first.host, first.port),
            Some((first, others)) => {
                format!("Shared Kafka at {}:{}: {} brokers", first.host, first.port, others.len() + 1)
            }
        },
        ClusterState::Unreachable { error } => format!("Kafka can’t be reached: {}", error.message),
    }
}

/// The broker to call the controller. Of several, a broker in KRaft mode names any.
pub(crate) fn controller(cluster: &ClusterDescription) -> Option<i32> {
    cluster.controller.filter(|_| cluster.brokers.len() == 1)
}

/// A row that is neither a record nor a report.
pub(crate) fn row(row: &Row) -> String {
    match row {
        Row::Record(_) | Row::Report(_) => String::new(),
        Row::Assigned(partitions) if partitions.is_empty() => "Assigned no partition".to_owned(),
        Row::Assigned(partitions) => {
            let begins: Vec<String> = partitions
                .iter()
                .map(|given| match given.offset {
                    Some(_) => format!("P{} from {}", given.partition, offset(given.offset)),
                    None => format!("P{}", given.partition),
                })
                .collect();
            format!("Assigned {}", begins.join(", "))
        }
        Row::Revoked(partitions) => format!("Revoked {}", partition_list(partitions)),
        Row::EndOfPartition(partition, end) => {
            format!("Reached the end of P{}, at offset {}", partition.partition, offset(Some(*end)))
        }
        Row::Committed(by, offsets, error) => committed(*by, offsets, error.as_ref()),
        Row::Failed(error) => error.message.clone(),
        Row::Skipped(skipped) => {
            format!("{} did not reach this page", count(*skipped, "event", "events"))
        }
    }
}

fn committed(by: CommittedBy, offsets: &[PartitionOffset], error: Option<&Error>) -> String {
    let how = match by {
        CommittedBy::Synchronous => "synchronous",
        CommittedBy::Asynchronous => "asynchronous",
    };
    let list = offsets.iter().map(partition_offset).collect::<Vec<_>>().join(", ");
    match error {
        None => format!("Committed {list} ({how})"),
        Some(error) => format!("Commit failed ({how}): {}", error.message),
    }
}

fn partition_offset(committed: &PartitionOffset) -> String {
    format!("P{} → {}", committed.partition, offset(committed.offset))
}

/// `P0, P2`, or `no partition`.
pub(crate) fn partition_list(partitions: &[TopicPartition]) -> String {
    if partitions.is_empty() {
        return "no partition".to_owned();
    }
    partitions.iter().map(|partition| format!("P{}", partition.partition)).collect::<Vec<_>>().join(", ")
}
