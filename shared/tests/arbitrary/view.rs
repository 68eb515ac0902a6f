//! A sandbox looked into, and what happens there.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::kafka::{
    BrokerState, BrokerView, ClusterEvent, ClusterEvents, ClusterView, CommittedView, GroupView, Happening,
    MemberView, PartitionView, ReplicaView, TopicView,
};

use super::kafka::{topic, topic_partition};
use super::requests::inject_error;

pub(crate) fn cluster_view() -> impl Strategy<Value = ClusterView> {
    (
        (any::<u64>(), any::<Option<String>>(), any::<[u64; 2]>(), any::<[u32; 2]>()),
        vec(broker_view(), 0..3),
        vec(topic_view(), 0..3),
        vec(group_view(), 0..3),
        vec(inject_error(), 0..3),
    )
        .prop_map(|((at_ms, bootstrap_servers, bytes, left_out), brokers, topics, groups, injected)| {
            ClusterView {
                at_ms,
                bootstrap_servers,
                brokers,
                topics,
                topics_left_out: left_out[0],
                groups,
                groups_left_out: left_out[1],
                log_bytes: bytes[0],
                max_log_bytes: bytes[1],
                injected,
            }
        })
}

pub(crate) fn cluster_events() -> impl Strategy<Value = ClusterEvents> {
    let event = (any::<[u64; 2]>(), happening()).prop_map(|([at_ms, times], what)| ClusterEvent {
        at_ms,
        times,
        what,
    });
    vec(event, 0..4).prop_map(|events| ClusterEvents { events })
}

fn happening() -> impl Strategy<Value = Happening> {
    let in_sync = || vec(any::<i32>(), 0..3);
    prop_oneof![
        any::<i32>().prop_map(|broker| Happening::BrokerUp { broker }),
        (any::<i32>(), any::<bool>()).prop_map(|(broker, killed)| Happening::BrokerDown { broker, killed }),
        any::<i32>().prop_map(|broker| Happening::BrokerFenced { broker }),
        any::<i32>().prop_map(|broker| Happening::BrokerCutOff { broker }),
        any::<i32>().prop_map(|broker| Happening::BrokerReconnected { broker }),
        topic().prop_map(|topic| Happening::TopicCreated { topic }),
        topic().prop_map(|topic| Happening::TopicDeleted { topic }),
        (topic_partition(), any::<i32>(), any::<[i64; 2]>()).prop_map(
            |(at, broker, [first_offset, log_end])| Happening::Appended {
                topic: at.topic,
                partition: at.partition,
                broker,
                first_offset,
                log_end,
            }
        ),
        (topic_partition(), any::<i32>(), any::<[i64; 2]>()).prop_map(
            |(at, broker, [first_offset, next_offset])| Happening::Fetched {
                topic: at.topic,
                partition: at.partition,
                broker,
                first_offset,
                next_offset,
            }
        ),
        (topic_partition(), any::<[Option<i32>; 2]>(), any::<i32>()).prop_map(
            |(at, [old_leader, leader], leader_epoch)| Happening::LeaderChanged {
                topic: at.topic,
                partition: at.partition,
                old_leader,
                leader,
                leader_epoch,
            }
        ),
        (topic_partition(), in_sync(), in_sync()).prop_map(|(at, old_in_sync, in_sync)| {
            Happening::InSyncChanged { topic: at.topic, partition: at.partition, old_in_sync, in_sync }
        }),
        (any::<[String; 2]>(), any::<i32>()).prop_map(|([group, state], generation)| {
            Happening::GroupStateChanged { group, state, generation }
        }),
        any::<[String; 2]>().prop_map(|[group, member_id]| Happening::MemberJoined { group, member_id }),
        any::<[String; 3]>().prop_map(|[group, member_id, why]| Happening::MemberLeft {
            group,
            member_id,
            why
        }),
        (any::<String>(), topic_partition(), any::<i64>()).prop_map(|(group, at, offset)| {
            Happening::Committed { group, topic: at.topic, partition: at.partition, offset }
        }),
        (any::<i32>(), any::<String>(), any::<i16>())
            .prop_map(|(broker, api, error_code)| Happening::ErrorAnswered { broker, api, error_code }),
        (topic_partition(), any::<i64>()).prop_map(|(at, log_start)| Happening::RecordsDropped {
            topic: at.topic,
            partition: at.partition,
            log_start,
        }),
        Just(Happening::LeftOut),
    ]
}

pub(crate) fn broker_view() -> impl Strategy<Value = BrokerView> {
    let state = prop_oneof![
        Just(BrokerState::Up),
        Just(BrokerState::CutOff),
        Just(BrokerState::Stopped),
        Just(BrokerState::Killed),
    ];
    (any::<i32>(), any::<String>(), any::<u16>(), state, any::<bool>(), any::<u64>()).prop_map(
        |(id, host, port, state, live, delay_ms)| BrokerView { id, host, port, state, live, delay_ms },
    )
}

fn topic_view() -> impl Strategy<Value = TopicView> {
    let replica =
        (any::<i32>(), any::<[i64; 3]>()).prop_map(|(broker, [log_start, log_end, high_watermark])| {
            ReplicaView { broker, log_start, log_end, high_watermark }
        });
    let partition =
        (any::<i32>(), any::<Option<i32>>(), any::<i32>(), vec(any::<i32>(), 0..3), vec(replica, 0..3))
            .prop_map(|(partition, leader, leader_epoch, in_sync, replicas)| PartitionView {
                partition,
                leader,
                leader_epoch,
                in_sync,
                replicas,
            });
    (topic(), any::<bool>(), vec(partition, 0..3)).prop_map(|(name, internal, partitions)| TopicView {
        name,
        internal,
        partitions,
    })
}

fn group_view() -> impl Strategy<Value = GroupView> {
    let member = (any::<[String; 2]>(), vec(topic_partition(), 0..3))
        .prop_map(|([member_id, client_id], partitions)| MemberView { member_id, client_id, partitions });
    let committed = (topic_partition(), any::<i64>(), any::<Option<i64>>()).prop_map(|(at, offset, lag)| {
        CommittedView { topic: at.topic, partition: at.partition, offset, lag }
    });
    (any::<[String; 3]>(), any::<Option<i32>>(), vec(member, 0..3), vec(committed, 0..3)).prop_map(
        |([group, state, assignor], coordinator, members, offsets)| GroupView {
            group,
            state,
            assignor,
            coordinator,
            members,
            offsets,
        },
    )
}
