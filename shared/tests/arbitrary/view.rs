//! A sandbox looked into.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::kafka::{
    BrokerState, BrokerView, ClusterView, CommittedView, GroupView, MemberView, PartitionView, ReplicaView,
    TopicView,
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
