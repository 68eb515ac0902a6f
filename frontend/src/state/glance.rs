//! What can be said at a glance of a cluster that is looked into.

use shared::kafka::{
    BrokerState, BrokerView, ClusterView, GroupView, PartitionView, ReplicaView, TopicName, TopicPartition,
};

use super::said;
use super::text::{count, millis};

/// How something is: what its icon and colour say beside the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it should be.
    Good,
    /// Works, but not as it should.
    Warn,
    /// Does not work.
    Bad,
}

/// How a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It has a leader, and all replicas are in sync.
    Whole,
    /// It has a leader, and a replica is not in sync.
    UnderReplicated,
    /// Nobody leads it: it can be neither written nor read.
    Leaderless,
}

/// How a partition is.
pub(crate) fn health(partition: &PartitionView) -> Health {
    if partition.leader.is_none() {
        Health::Leaderless
    } else if partition.in_sync.len() < partition.replicas.len() {
        Health::UnderReplicated
    } else {
        Health::Whole
    }
}

/// What a broker does, with a mark.
pub(crate) fn broker(broker: &BrokerView) -> (Mark, &'static str) {
    match (broker.state, broker.live) {
        (BrokerState::Up, true) => (Mark::Good, "Up"),
        (BrokerState::Up, false) => (Mark::Warn, "Up, not yet counted in by the controller"),
        (BrokerState::CutOff, true) => (Mark::Warn, "Up, but cut off: the controller has not noticed yet"),
        (BrokerState::CutOff, false) => (Mark::Warn, "Up, but cut off from the controller and the others"),
        (BrokerState::Stopped, _) => (Mark::Bad, "Down: stopped"),
        (BrokerState::Killed, true) => (Mark::Bad, "Down: killed, the controller has not noticed yet"),
        (BrokerState::Killed, false) => (Mark::Bad, "Down: killed"),
    }
}

/// Whether a broker's process runs.
pub(crate) fn runs(state: BrokerState) -> bool {
    matches!(state, BrokerState::Up | BrokerState::CutOff)
}

/// How many partitions a broker leads, Kafka's own among them.
pub(crate) fn led_by(view: &ClusterView, broker: i32) -> usize {
    partitions(view).filter(|partition| partition.leader == Some(broker)).count()
}

/// The faults that are on, each in a sentence.
pub(crate) fn faults(view: &ClusterView) -> Vec<String> {
    let mut faults = Vec::new();
    for broker in &view.brokers {
        if broker.state == BrokerState::CutOff {
            faults
                .push(format!("Broker {} is cut off from the controller and the other brokers.", broker.id));
        }
        if broker.delay_ms > 0 {
            faults.push(format!("Broker {} answers {} late.", broker.id, millis(broker.delay_ms as f64)));
        }
    }
    faults.extend(view.injected.iter().map(said::injected));
    faults
}

/// A figure of the whole cluster, with a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// What is counted.
    pub(crate) name: &'static str,
    /// How many there are.
    pub(crate) value: String,
    /// How that is.
    pub(crate) mark: Option<Mark>,
}

/// The whole cluster in a few figures. Of topics, only those the view has.
pub(crate) fn figures(view: &ClusterView) -> Vec<Figure> {
    let up = view.brokers.iter().filter(|broker| runs(broker.state)).count();
    let of = |wanted| partitions(view).filter(|partition| health(partition) == wanted).count();
    let figure = |name, value, mark| Figure { name, value, mark };
    let problem = |name, number: usize, mark| figure(name, number.to_string(), (number > 0).then_some(mark));
    let learners = view.topics.iter().filter(|topic| !topic.internal).count() + view.topics_left_out as usize;
    vec![
        figure(
            "Brokers up",
            format!("{up} of {}", view.brokers.len()),
            (up < view.brokers.len()).then_some(Mark::Bad),
        ),
        figure("Topics", learners.to_string(), None),
        problem("Under-replicated", of(Health::UnderReplicated), Mark::Warn),
        problem("Without a leader", of(Health::Leaderless), Mark::Bad),
    ]
}

/// What a broker's copy of a partition is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It leads.
    Leader,
    /// It follows in sync.
    InSync,
    /// It is behind, or its broker is down.
    OutOfSync,
}

/// What the copy on a broker is, where it has one.
pub(crate) fn replica(partition: &PartitionView, broker: i32) -> Option<(ReplicaView, Standing)> {
    let replica = partition.replicas.iter().find(|replica| replica.broker == broker)?;
    let standing = if partition.leader == Some(broker) {
        Standing::Leader
    } else if partition.in_sync.contains(&broker) {
        Standing::InSync
    } else {
        Standing::OutOfSync
    };
    Some((*replica, standing))
}

/// The log end of a partition's leader.
pub(crate) fn log_end(view: &ClusterView, topic: &TopicName, number: i32) -> Option<i64> {
    let topic = view.topics.iter().find(|seen| seen.name == *topic)?;
    let partition = topic.partitions.iter().find(|partition| partition.partition == number)?;
    partition.leader.and_then(|leader| replica(partition, leader)).map(|(replica, _)| replica.log_end)
}

/// `airports-data P0, P2; departures P1`, or `none`.
pub(crate) fn assigned(partitions: &[TopicPartition]) -> String {
    let mut topics: Vec<(&TopicName, Vec<String>)> = Vec::new();
    for given in partitions {
        let number = format!("P{}", given.partition);
        match topics.iter_mut().find(|(topic, _)| *topic == &given.topic) {
            Some((_, numbers)) => numbers.push(number),
            None => topics.push((&given.topic, vec![number])),
        }
    }
    if topics.is_empty() {
        return "none".to_owned();
    }
    topics
        .iter()
        .map(|(topic, numbers)| format!("{topic} {}", numbers.join(", ")))
        .collect::<Vec<_>>()
        .join("; ")
}

/// How many members a group has, as far as the view tells.
pub(crate) fn members(group: &GroupView) -> String {
    match group.members.len() {
        GroupView::MAX_MEMBERS.. => format!("{} or more", GroupView::MAX_MEMBERS),
        members => members.to_string(),
    }
}

/// What the view leaves out; `None`: nothing.
pub(crate) fn left_out(number: u32, one: &str, many: &str) -> Option<String> {
    let verb = if number == 1 { "is" } else { "are" };
    (number > 0).then(|| format!("{} {verb} not shown.", count(u64::from(number), one, many)))
}

fn partitions(view: &ClusterView) -> impl Iterator<Item = &PartitionView> {
    view.topics.iter().flat_map(|topic| &topic.partitions)
}
