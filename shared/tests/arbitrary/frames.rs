//! What the server sends.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use shared::event::{CloseReason, CommittedBy};
use shared::kafka::{ClusterKind, ClusterState};
use shared::wire::{ServerInfo, Stream, Welcome};
use shared::{ConsumerEvent, ConsumerId, Event, Outcome, Reply, RequestId, ServerFrame, SessionId};

use super::kafka::{
    cluster, delivered_run, error, group, lane, partition_offset, produce_summary, record, topic,
    topic_description, topic_partition, topic_summary, undelivered,
};
use super::requests::inject_error;
use super::view::{broker_view, cluster_events, cluster_view};

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        welcome().prop_map(ServerFrame::Welcome),
        cluster_state().prop_map(|state| ServerFrame::Cluster { state }),
        (request(), vec(event(), 1..4)).prop_map(|(id, events)| ServerFrame::Events { id, events }),
        (request(), outcome()).prop_map(|(id, outcome)| ServerFrame::Done { id, outcome }),
        (consumer(), vec(consumer_event(), 1..4))
            .prop_map(|(consumer, events)| ServerFrame::ConsumerEvents { consumer, events }),
        (consumer(), close_reason()).prop_map(|(consumer, reason)| ServerFrame::Closed { consumer, reason }),
        (stream(), any::<u64>()).prop_map(|(stream, count)| ServerFrame::Skipped { stream, count }),
    ]
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let kind = prop_oneof![Just(ClusterKind::Sandbox), Just(ClusterKind::Kafka)];
    let server = (any::<String>(), any::<String>(), kind, vec(any::<String>(), 0..3)).prop_map(
        |(version, librdkafka, kind, capabilities)| ServerInfo { version, librdkafka, kind, capabilities },
    );
    let session = any::<String>().prop_map(SessionId);
    (any::<u32>(), session, any::<bool>(), option::of(request()), server, cluster_state()).prop_map(
        |(version, session, resumed, last_request, server, cluster)| Welcome {
            version,
            session,
            resumed,
            last_request,
            server,
            cluster,
        },
    )
}

fn request() -> impl Strategy<Value = RequestId> {
    any::<u64>().prop_map(RequestId)
}

fn consumer() -> impl Strategy<Value = ConsumerId> {
    any::<u64>().prop_map(ConsumerId)
}

fn stream() -> impl Strategy<Value = Stream> {
    prop_oneof![request().prop_map(Stream::Request), consumer().prop_map(Stream::Consumer)]
}

fn cluster_state() -> impl Strategy<Value = ClusterState> {
    prop_oneof![
        Just(ClusterState::Starting),
        any::<u32>().prop_map(|brokers| ClusterState::Sandbox { brokers }),
        cluster().prop_map(ClusterState::Ready),
        error().prop_map(|error| ClusterState::Unreachable { error }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        any::<String>().prop_map(Event::Phase),
        any::<[u64; 2]>().prop_map(|[done, total]| Event::Progress { done, total }),
        delivered_run().prop_map(Event::Delivered),
        undelivered().prop_map(Event::Undelivered),
        any::<[u64; 2]>().prop_map(|[waited_ms, session_timeout_ms]| {
            Event::MemberStillThere { waited_ms, session_timeout_ms }
        }),
        cluster_view().prop_map(Event::View),
        cluster_events().prop_map(Event::Happened),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        reply().prop_map(Outcome::Ok),
        (error(), option::of(reply())).prop_map(|(error, partial)| Outcome::Failed { error, partial }),
        option::of(reply()).prop_map(|partial| Outcome::Cancelled { partial }),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        cluster().prop_map(Reply::Cluster),
        vec(topic_summary(), 0..3).prop_map(Reply::Topics),
        topic_description().prop_map(Reply::TopicCreated),
        topic().prop_map(Reply::TopicDeleted),
        topic_description().prop_map(Reply::Topic),
        produce_summary().prop_map(Reply::Produced),
        consumer().prop_map(Reply::ConsumerStarted),
        vec(partition_offset(), 0..3).prop_map(Reply::Committed),
        consumer().prop_map(Reply::ConsumerStopped),
        (consumer(), any::<u64>()).prop_map(|(consumer, after_ms)| Reply::MemberGone { consumer, after_ms }),
        group().prop_map(Reply::Group),
        vec(topic_summary(), 0..3).prop_map(Reply::StartedOver),
        cluster_view().prop_map(Reply::ClusterReset),
        broker_view().prop_map(Reply::Broker),
        inject_error().prop_map(Reply::ErrorInjected),
        vec(broker_view(), 0..3).prop_map(Reply::FaultsCleared),
    ]
}

fn consumer_event() -> impl Strategy<Value = ConsumerEvent> {
    let by = prop_oneof![Just(CommittedBy::Synchronous), Just(CommittedBy::Asynchronous)];
    prop_oneof![
        record().prop_map(ConsumerEvent::Record),
        vec(partition_offset(), 0..3).prop_map(|partitions| ConsumerEvent::Assigned { partitions }),
        vec(topic_partition(), 0..3).prop_map(|partitions| ConsumerEvent::Revoked { partitions }),
        (topic_partition(), any::<i64>())
            .prop_map(|(partition, offset)| ConsumerEvent::EndOfPartition { partition, offset }),
        (by, vec(partition_offset(), 0..3), option::of(error()))
            .prop_map(|(by, offsets, error)| ConsumerEvent::Committed { by, offsets, error }),
        vec(lane(), 0..3).prop_map(ConsumerEvent::Lanes),
        error().prop_map(ConsumerEvent::Error),
    ]
}

fn close_reason() -> impl Strategy<Value = CloseReason> {
    prop_oneof![
        Just(CloseReason::Stopped),
        any::<u64>().prop_map(|session_timeout_ms| CloseReason::Crashed { session_timeout_ms }),
        Just(CloseReason::SessionEnded),
        Just(CloseReason::ShuttingDown),
        Just(CloseReason::ClusterReset),
        error().prop_map(CloseReason::Failed),
    ]
}
