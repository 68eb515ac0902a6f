//! What happens in a cluster.

use shared::kafka::{ClusterEvent, ClusterEvents, Happening};

use super::kafka::topic;
use super::samples;

pub(crate) fn happenings() -> Vec<Happening> {
    let (group, partition, broker) = ("east-coast-dpt".to_owned(), 2, 1);
    let member_id = "rdkafka-1".to_owned();
    samples!(Happening {
        Happening::BrokerUp { .. } => [Happening::BrokerUp { broker }],
        Happening::BrokerDown { .. } => [Happening::BrokerDown { broker, killed: true }],
        Happening::BrokerFenced { .. } => [Happening::BrokerFenced { broker }],
        Happening::BrokerCutOff { .. } => [Happening::BrokerCutOff { broker }],
        Happening::BrokerReconnected { .. } => [Happening::BrokerReconnected { broker }],
        Happening::TopicCreated { .. } => [Happening::TopicCreated { topic: topic() }],
        Happening::TopicDeleted { .. } => [Happening::TopicDeleted { topic: topic() }],
        Happening::Appended { .. } => [
            Happening::Appended { topic: topic(), partition, broker, first_offset: 0, log_end: 60 },
        ],
        Happening::Fetched { .. } => [
            Happening::Fetched { topic: topic(), partition, broker, first_offset: 0, next_offset: 60 },
        ],
        Happening::LeaderChanged { .. } => [Some(2), None].map(|leader| {
            Happening::LeaderChanged { topic: topic(), partition, old_leader: Some(1), leader, leader_epoch: 3 }
        }),
        Happening::InSyncChanged { .. } => [
            Happening::InSyncChanged {
                topic: topic(), partition, old_in_sync: vec![1, 2], in_sync: vec![2],
            },
        ],
        Happening::GroupStateChanged { .. } => [
            Happening::GroupStateChanged { group: group.clone(), state: "Stable".to_owned(), generation: 4 },
        ],
        Happening::MemberJoined { .. } => [
            Happening::MemberJoined { group: group.clone(), member_id: member_id.clone() },
        ],
        Happening::MemberLeft { .. } => [
            Happening::MemberLeft { group: group.clone(), member_id, why: "it left".to_owned() },
        ],
        Happening::Committed { .. } => [
            Happening::Committed { group, topic: topic(), partition, offset: 60 },
        ],
        Happening::ErrorAnswered { .. } => [
            Happening::ErrorAnswered { broker, api: "Produce".to_owned(), error_code: 6 },
        ],
        Happening::RecordsDropped { .. } => [
            Happening::RecordsDropped { topic: topic(), partition, log_start: 30 },
        ],
        Happening::LeftOut => [Happening::LeftOut],
    })
}

pub(crate) fn cluster_events() -> ClusterEvents {
    let event = |(at_ms, what): (u64, Happening)| {
        let times = if what == Happening::LeftOut { 1_200 } else { 1 };
        ClusterEvent { at_ms, times, what }
    };
    ClusterEvents { events: (5_000..).zip(happenings()).map(event).collect() }
}
