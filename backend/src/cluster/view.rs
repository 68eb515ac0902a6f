//! A sandbox's snapshot as the page gets it: bounded, with the learner's topics first, and with lags.

use std::collections::HashMap;
use std::time::Duration;

use sandbox::{GroupSnapshot, Snapshot, TopicSnapshot};
use shared::command::InjectError;
use shared::kafka::{
    BrokerState, BrokerView, ClusterView, CommittedView, FaultyApi, GroupView, InjectedErrorCode, MemberView,
    PartitionView, ReplicaView, TopicName, TopicPartition, TopicView,
};

use super::home::Incarnation;

/// The cluster now; `None` when a defect has stopped it.
pub(super) fn now(current: &Incarnation, same_machine: bool) -> Option<ClusterView> {
    let snapshot = current.cluster.snapshot()?;
    let bootstrap_servers = same_machine.then(|| current.cluster.bootstrap_servers());
    Some(of(&snapshot, bootstrap_servers, current.max_log_bytes))
}

/// The brokers of a cluster.
pub(super) fn brokers(snapshot: &Snapshot) -> Vec<BrokerView> {
    snapshot
        .brokers
        .iter()
        .map(|broker| BrokerView {
            id: broker.id,
            host: broker.address.ip().to_string(),
            port: broker.address.port(),
            state: match broker.state {
                sandbox::BrokerState::Up => BrokerState::Up,
                sandbox::BrokerState::CutOff => BrokerState::CutOff,
                sandbox::BrokerState::Stopped => BrokerState::Stopped,
                sandbox::BrokerState::Killed => BrokerState::Killed,
            },
            live: broker.live,
            delay_ms: millis(broker.response_delay),
        })
        .collect()
}

fn of(snapshot: &Snapshot, bootstrap_servers: Option<String>, max_log_bytes: u64) -> ClusterView {
    let mut topics = Vec::new();
    let mut partitions = 0;
    let own = snapshot.topics.iter().filter(|topic| !topic.internal);
    for topic in own.chain(snapshot.topics.iter().filter(|topic| topic.internal)) {
        partitions += topic.partitions.len();
        if partitions > ClusterView::MAX_PARTITIONS {
            break;
        }
        topics.extend(topic_view(topic));
    }
    let high_watermarks = high_watermarks(snapshot);
    let groups: Vec<_> = snapshot
        .groups
        .iter()
        .take(ClusterView::MAX_GROUPS)
        .map(|group| group_view(group, &high_watermarks))
        .collect();
    let left_out = |all: usize, shown: usize| u32::try_from(all.saturating_sub(shown)).unwrap_or(u32::MAX);
    ClusterView {
        at_ms: millis(snapshot.at),
        bootstrap_servers,
        brokers: brokers(snapshot),
        topics_left_out: left_out(snapshot.topics.len(), topics.len()),
        topics,
        groups_left_out: left_out(snapshot.groups.len(), groups.len()),
        groups,
        log_bytes: snapshot.log_bytes,
        max_log_bytes,
        injected: snapshot.errors.iter().filter_map(injected).collect(),
    }
}

fn injected(error: &sandbox::InjectedError) -> Option<InjectError> {
    Some(InjectError {
        api: FaultyApi::ALL.iter().copied().find(|api| api.name() == error.api)?,
        error: InjectedErrorCode::ALL.iter().copied().find(|known| known.code() == error.error_code)?,
        times: error.times,
        broker: error.broker,
    })
}

/// What consumers may read up to: the leader's high watermark of each partition that has a leader.
fn high_watermarks(snapshot: &Snapshot) -> HashMap<(&str, i32), i64> {
    let mut found = HashMap::new();
    for topic in &snapshot.topics {
        for (number, partition) in (0..).zip(&topic.partitions) {
            let leads = partition.replicas.iter().find(|replica| Some(replica.broker) == partition.leader);
            if let Some(leader) = leads {
                found.insert((topic.name.as_str(), number), leader.high_watermark);
            }
        }
    }
    found
}

fn topic_view(topic: &TopicSnapshot) -> Option<TopicView> {
    let partitions = (0..).zip(&topic.partitions).map(|(number, partition)| PartitionView {
        partition: number,
        leader: partition.leader,
        leader_epoch: partition.leader_epoch,
        in_sync: partition.isr.clone(),
        replicas: partition
            .replicas
            .iter()
            .map(|replica| ReplicaView {
                broker: replica.broker,
                log_start: replica.log_start,
                log_end: replica.log_end,
                high_watermark: replica.high_watermark,
            })
            .collect(),
    });
    let name = TopicName::parse(&topic.name).ok()?;
    Some(TopicView { name, internal: topic.internal, partitions: partitions.collect() })
}

fn group_view(group: &GroupSnapshot, high_watermarks: &HashMap<(&str, i32), i64>) -> GroupView {
    let members = group.members.iter().take(GroupView::MAX_MEMBERS).map(|member| MemberView {
        member_id: shortened(&member.id),
        client_id: shortened(&member.client_id),
        partitions: member
            .assignment
            .iter()
            .filter_map(|(topic, partition)| {
                let topic = TopicName::parse(topic).ok()?;
                Some(TopicPartition { topic, partition: *partition })
            })
            .take(ClusterView::MAX_PARTITIONS)
            .collect(),
    });
    let offsets = group.offsets.iter().filter_map(|committed| {
        let high_watermark = high_watermarks.get(&(committed.topic.as_str(), committed.partition));
        Some(CommittedView {
            topic: TopicName::parse(&committed.topic).ok()?,
            partition: committed.partition,
            offset: committed.offset,
            lag: high_watermark.map(|end| end.saturating_sub(committed.offset).max(0)),
        })
    });
    GroupView {
        group: shortened(&group.id),
        state: group.state.clone(),
        assignor: shortened(&group.protocol),
        coordinator: group.coordinator,
        members: members.collect(),
        offsets: offsets.take(GroupView::MAX_OFFSETS).collect(),
    }
}

/// A moment or a time as the page gets it.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A text that a client chose.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= ClusterView::MAX_TEXT_CHARS {
        return text.to_owned();
    }
    text.chars().take(ClusterView::MAX_TEXT_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use sandbox::{CommittedSnapshot, MemberSnapshot, PartitionSnapshot, ReplicaSnapshot};

    use super::*;

    fn partition(high_watermark: i64) -> PartitionSnapshot {
        let replica =
            |broker, high_watermark| ReplicaSnapshot { broker, log_start: 0, log_end: 9, high_watermark };
        PartitionSnapshot {
            leader: Some(2),
            leader_epoch: 1,
            isr: vec![2, 1],
            eligible: Vec::new(),
            replicas: vec![replica(1, high_watermark - 1), replica(2, high_watermark)],
        }
    }

    fn topic(name: &str, internal: bool, partitions: usize) -> TopicSnapshot {
        TopicSnapshot { name: name.to_owned(), internal, partitions: vec![partition(7); partitions] }
    }

    fn snapshot(topics: Vec<TopicSnapshot>, groups: Vec<GroupSnapshot>) -> Snapshot {
        Snapshot {
            at: Duration::from_secs(1),
            brokers: Vec::new(),
            topics,
            groups,
            log_bytes: 5,
            errors: Vec::new(),
        }
    }

    fn group(id: &str, offset: i64) -> GroupSnapshot {
        GroupSnapshot {
            id: id.to_owned(),
            state: "Stable".to_owned(),
            protocol: "range".to_owned(),
            coordinator: Some(1),
            members: vec![MemberSnapshot {
                id: "m".to_owned(),
                client_id: "ü".repeat(ClusterView::MAX_TEXT_CHARS + 1),
                assignment: vec![("t".to_owned(), 0)],
            }],
            offsets: vec![CommittedSnapshot { topic: "t".to_owned(), partition: 0, offset }],
        }
    }

    #[test]
    fn errors_that_are_still_to_come_are_told_with_how_many_are_left() {
        let error = |api: &str, times| sandbox::InjectedError {
            broker: Some(2),
            api: api.to_owned(),
            error_code: 6,
            times,
        };
        let errors = vec![error("Produce", 3), error("Fetch", 1)];
        let view = of(&Snapshot { errors, ..snapshot(Vec::new(), Vec::new()) }, None, 9);
        let told = |api, times| InjectError {
            api,
            error: InjectedErrorCode::NotLeaderOrFollower,
            times,
            broker: Some(2),
        };
        assert_eq!(view.injected, [told(FaultyApi::Produce, 3), told(FaultyApi::Fetch, 1)]);
    }

    #[test]
    fn a_lag_is_counted_up_to_the_leaders_high_watermark() {
        let lags = |offset| {
            let view = of(&snapshot(vec![topic("t", false, 1)], vec![group("g", offset)]), None, 9);
            view.groups[0].offsets[0].lag
        };
        assert_eq!((lags(3), lags(7), lags(8)), (Some(4), Some(0), Some(0)));
        let without_topic = of(&snapshot(Vec::new(), vec![group("g", 3)]), None, 9);
        assert_eq!(without_topic.groups[0].offsets[0].lag, None);
    }

    #[test]
    fn a_large_cluster_leaves_out_what_is_too_much_kafkas_own_topics_first() {
        let many = ClusterView::MAX_PARTITIONS - 1;
        let topics =
            vec![topic("__consumer_offsets", true, 8), topic("a", false, many), topic("b", false, 1)];
        let view = of(&snapshot(topics, vec![group("g", 0); ClusterView::MAX_GROUPS + 2]), None, 9);
        let names: Vec<_> = view.topics.iter().map(|topic| topic.name.as_str()).collect();
        assert_eq!((names, view.topics_left_out), (vec!["a", "b"], 1));
        assert_eq!((view.groups.len(), view.groups_left_out), (ClusterView::MAX_GROUPS, 2));
    }

    #[test]
    fn texts_that_clients_choose_are_shortened() {
        let view = of(&snapshot(Vec::new(), vec![group(&"g".repeat(30_000), 0)]), None, 9);
        let chars = |text: &str| text.chars().count();
        assert_eq!(chars(&view.groups[0].group), ClusterView::MAX_TEXT_CHARS);
        assert_eq!(chars(&view.groups[0].members[0].client_id), ClusterView::MAX_TEXT_CHARS);
    }
}
