//! What the server sends.

use shared::event::{CloseReason, CommittedBy};
use shared::kafka::{ClusterKind, ClusterState};
use shared::wire::{ServerInfo, Stream, VERSION, Welcome};
use shared::{ConsumerEvent, ConsumerId, Event, Outcome, Reply, RequestId, ServerFrame, SessionId};

use super::happenings::cluster_events;
use super::kafka::{
    brokers, cluster, cluster_views, delivered_run, error, group, lanes, partition_offset, produce_summary,
    records, topic, topic_description, topic_partition, topic_summary, undelivered,
};
use super::requests::inject_error;
use super::samples;

pub(crate) fn replies() -> Vec<Reply> {
    samples!(Reply {
        Reply::Cluster(_) => [Reply::Cluster(cluster())],
        Reply::Topics(_) => [Reply::Topics(vec![topic_summary()]), Reply::Topics(Vec::new())],
        Reply::TopicCreated(_) => [Reply::TopicCreated(topic_description())],
        Reply::TopicDeleted(_) => [Reply::TopicDeleted(topic())],
        Reply::Topic(_) => [Reply::Topic(topic_description())],
        Reply::Produced(_) => [Reply::Produced(produce_summary())],
        Reply::ConsumerStarted(_) => [Reply::ConsumerStarted(ConsumerId(4))],
        Reply::Committed(_) => [Reply::Committed(vec![partition_offset(Some(60))])],
        Reply::ConsumerStopped(_) => [Reply::ConsumerStopped(ConsumerId(4))],
        Reply::MemberGone { .. } => [Reply::MemberGone { consumer: ConsumerId(4), after_ms: 6_012 }],
        Reply::Group(_) => [Reply::Group(group())],
        Reply::StartedOver(_) => [Reply::StartedOver(vec![topic_summary()])],
        Reply::ClusterReset(_) => cluster_views().into_iter().map(Reply::ClusterReset),
        Reply::Broker(_) => brokers().into_iter().map(Reply::Broker),
        Reply::ErrorInjected(_) => [Reply::ErrorInjected(inject_error())],
        Reply::FaultsCleared(_) => [Reply::FaultsCleared(brokers())],
    })
}

pub(crate) fn events() -> Vec<Event> {
    samples!(Event {
        Event::Phase(_) => [Event::Phase("Waiting for the leaders".to_owned())],
        Event::Progress { .. } => [Event::Progress { done: 10, total: 60 }],
        Event::Delivered(_) => [Event::Delivered(delivered_run())],
        Event::Undelivered(_) => undelivered().into_iter().map(Event::Undelivered),
        Event::MemberStillThere { .. } => [
            Event::MemberStillThere { waited_ms: 1_000, session_timeout_ms: 6_000 },
        ],
        Event::View(_) => cluster_views().into_iter().map(Event::View),
        Event::Happened(_) => [Event::Happened(cluster_events())],
    })
}

pub(crate) fn outcomes() -> Vec<Outcome> {
    let partial = || Some(Reply::Produced(produce_summary()));
    samples!(Outcome {
        Outcome::Ok(_) => [Outcome::Ok(Reply::TopicDeleted(topic()))],
        Outcome::Failed { .. } => [
            Outcome::Failed { error: error(), partial: None },
            Outcome::Failed { error: error(), partial: partial() },
        ],
        Outcome::Cancelled { .. } => [
            Outcome::Cancelled { partial: None },
            Outcome::Cancelled { partial: partial() },
        ],
    })
}

pub(crate) fn consumer_events() -> Vec<ConsumerEvent> {
    let committed =
        |by, error| ConsumerEvent::Committed { by, offsets: vec![partition_offset(Some(60))], error };
    samples!(ConsumerEvent {
        ConsumerEvent::Record(_) => records().into_iter().map(ConsumerEvent::Record),
        ConsumerEvent::Assigned { .. } => [
            ConsumerEvent::Assigned { partitions: vec![partition_offset(Some(57)), partition_offset(None)] },
        ],
        ConsumerEvent::Revoked { .. } => [ConsumerEvent::Revoked { partitions: vec![topic_partition()] }],
        ConsumerEvent::EndOfPartition { .. } => [
            ConsumerEvent::EndOfPartition { partition: topic_partition(), offset: 60 },
        ],
        ConsumerEvent::Committed { .. } => samples!(CommittedBy {
            CommittedBy::Synchronous => [CommittedBy::Synchronous],
            CommittedBy::Asynchronous => [CommittedBy::Asynchronous],
        })
        .into_iter()
        .flat_map(|by| [committed(by, None), committed(by, Some(error()))]),
        ConsumerEvent::Lanes(_) => [ConsumerEvent::Lanes(lanes())],
        ConsumerEvent::Error(_) => [ConsumerEvent::Error(error())],
    })
}

pub(crate) fn close_reasons() -> Vec<CloseReason> {
    samples!(CloseReason {
        CloseReason::Stopped => [CloseReason::Stopped],
        CloseReason::Crashed { .. } => [CloseReason::Crashed { session_timeout_ms: 6_000 }],
        CloseReason::SessionEnded => [CloseReason::SessionEnded],
        CloseReason::ShuttingDown => [CloseReason::ShuttingDown],
        CloseReason::ClusterReset => [CloseReason::ClusterReset],
        CloseReason::Failed(_) => [CloseReason::Failed(error())],
    })
}

pub(crate) fn cluster_states() -> Vec<ClusterState> {
    samples!(ClusterState {
        ClusterState::Starting => [ClusterState::Starting],
        ClusterState::Sandbox { .. } => [ClusterState::Sandbox { brokers: 3 }],
        ClusterState::Ready(_) => [ClusterState::Ready(cluster())],
        ClusterState::Unreachable { .. } => [ClusterState::Unreachable { error: error() }],
    })
}

pub(crate) fn cluster_kinds() -> Vec<ClusterKind> {
    samples!(ClusterKind {
        ClusterKind::Sandbox => [ClusterKind::Sandbox],
        ClusterKind::Kafka => [ClusterKind::Kafka],
    })
}

fn streams() -> Vec<Stream> {
    samples!(Stream {
        Stream::Request(_) => [Stream::Request(RequestId(1))],
        Stream::Consumer(_) => [Stream::Consumer(ConsumerId(4))],
    })
}

fn welcome(last_request: Option<RequestId>) -> Welcome {
    Welcome {
        version: VERSION,
        session: SessionId("f3b1c2".to_owned()),
        resumed: last_request.is_some(),
        last_request,
        server: ServerInfo {
            version: "0.1.0".to_owned(),
            librdkafka: "2.12.1".to_owned(),
            kind: ClusterKind::Sandbox,
            capabilities: vec!["brokers".to_owned()],
        },
        cluster: ClusterState::Ready(cluster()),
    }
}

pub(crate) fn server_frames() -> Vec<ServerFrame> {
    let (id, consumer) = (RequestId(1), ConsumerId(4));
    samples!(ServerFrame {
        ServerFrame::Welcome(_) => [
            ServerFrame::Welcome(welcome(None)),
            ServerFrame::Welcome(welcome(Some(RequestId(9)))),
        ],
        ServerFrame::Cluster { .. } => [ServerFrame::Cluster { state: ClusterState::Starting }],
        ServerFrame::Events { .. } => [
            ServerFrame::Events { id, events: vec![Event::Progress { done: 10, total: 60 }] },
        ],
        ServerFrame::Done { .. } => [
            ServerFrame::Done { id, outcome: Outcome::Ok(Reply::TopicDeleted(topic())) },
        ],
        ServerFrame::ConsumerEvents { .. } => [
            ServerFrame::ConsumerEvents {
                consumer,
                events: vec![ConsumerEvent::Revoked { partitions: vec![topic_partition()] }],
            },
        ],
        ServerFrame::Closed { .. } => [ServerFrame::Closed { consumer, reason: CloseReason::Stopped }],
        ServerFrame::Skipped { .. } => streams()
            .into_iter()
            .map(|stream| ServerFrame::Skipped { stream, count: 12 }),
    })
}
