//! Kafka's nouns.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use shared::kafka::{
    Broker, Bytes, ClusterDescription, ConfigEntry, ConfigSource, DeliveredRun, GroupDescription, GroupId,
    GroupMember, Header, Lane, LatencySummary, PartitionDescription, PartitionOffset, PartitionSummary,
    ProduceSummary, Record, TopicDescription, TopicName, TopicPartition, TopicSummary, Undelivered,
    UndeliveredFate,
};
use shared::{Error, ErrorCode};

pub(crate) fn topic() -> impl Strategy<Value = TopicName> {
    "[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248}".prop_map(|name| TopicName::parse(&name).expect("a good name"))
}

pub(crate) fn topic_partition() -> impl Strategy<Value = TopicPartition> {
    (topic(), any::<i32>()).prop_map(|(topic, partition)| TopicPartition { topic, partition })
}

pub(crate) fn partition_offset() -> impl Strategy<Value = PartitionOffset> {
    (topic(), any::<i32>(), any::<Option<i64>>()).prop_map(|(topic, partition, offset)| PartitionOffset {
        topic,
        partition,
        offset,
    })
}

pub(crate) fn error() -> impl Strategy<Value = Error> {
    let code = prop_oneof![
        Just(ErrorCode::InvalidTopic),
        Just(ErrorCode::TopicExists),
        Just(ErrorCode::NotAcknowledged),
        Just(ErrorCode::Kafka),
        Just(ErrorCode::Internal),
    ];
    (code, any::<String>(), any::<Option<String>>(), any::<Option<String>>())
        .prop_map(|(code, message, hint, kafka)| Error { code, message, hint, kafka })
}

pub(crate) fn cluster() -> impl Strategy<Value = ClusterDescription> {
    let broker =
        (any::<i32>(), any::<String>(), any::<u16>()).prop_map(|(id, host, port)| Broker { id, host, port });
    (any::<Option<String>>(), any::<Option<i32>>(), vec(broker, 0..3))
        .prop_map(|(cluster_id, controller, brokers)| ClusterDescription { cluster_id, controller, brokers })
}

pub(crate) fn topic_summary() -> impl Strategy<Value = TopicSummary> {
    (topic(), any::<u32>(), any::<u32>(), any::<bool>()).prop_map(|(name, partitions, replicas, internal)| {
        TopicSummary { name, partitions, replicas, internal }
    })
}

pub(crate) fn topic_description() -> impl Strategy<Value = TopicDescription> {
    let ids = || vec(any::<i32>(), 0..3);
    let partition =
        (any::<i32>(), any::<Option<i32>>(), ids(), ids(), any::<Option<i64>>(), any::<Option<i64>>())
            .prop_map(|(partition, leader, replicas, in_sync, log_start, high_watermark)| {
                PartitionDescription { partition, leader, replicas, in_sync, log_start, high_watermark }
            });
    let source = prop_oneof![
        Just(ConfigSource::Topic),
        Just(ConfigSource::DynamicBroker),
        Just(ConfigSource::DynamicDefaultBroker),
        Just(ConfigSource::StaticBroker),
        Just(ConfigSource::Default),
        Just(ConfigSource::Unknown),
    ];
    let config = (any::<String>(), any::<Option<String>>(), source, any::<bool>())
        .prop_map(|(name, value, source, is_default)| ConfigEntry { name, value, source, is_default });
    (topic(), vec(partition, 0..3), vec(config, 0..3))
        .prop_map(|(name, partitions, configs)| TopicDescription { name, partitions, configs })
}

/// A run as the server makes them: its three lists are equally long.
pub(crate) fn delivered_run() -> impl Strategy<Value = DeliveredRun> {
    // No offset is so high that counting on from it overflows.
    let report = (any::<u64>(), any::<i64>(), any::<u64>());
    (any::<i32>(), 0..i64::MAX / 2, vec(report, 0..5)).prop_map(|(partition, first_offset, reports)| {
        DeliveredRun {
            partition,
            first_offset,
            records: reports.iter().map(|report| report.0).collect(),
            timestamps_ms: reports.iter().map(|report| report.1).collect(),
            latencies_us: reports.iter().map(|report| report.2).collect(),
        }
    })
}

pub(crate) fn undelivered() -> impl Strategy<Value = Undelivered> {
    let fate = prop_oneof![Just(UndeliveredFate::NotWritten), Just(UndeliveredFate::Unknown)];
    (fate, error(), any::<Option<i32>>(), vec(any::<u64>(), 0..5))
        .prop_map(|(fate, error, partition, records)| Undelivered { fate, error, partition, records })
}

pub(crate) fn produce_summary() -> impl Strategy<Value = ProduceSummary> {
    let partition = (any::<i32>(), any::<u64>(), any::<i64>(), any::<i64>()).prop_map(
        |(partition, delivered, first_offset, last_offset)| PartitionSummary {
            partition,
            delivered,
            first_offset,
            last_offset,
        },
    );
    let latency = any::<[u64; 4]>().prop_map(|[p50_us, p95_us, p99_us, max_us]| LatencySummary {
        p50_us,
        p95_us,
        p99_us,
        max_us,
    });
    (any::<[u64; 7]>(), vec(partition, 0..3), option::of(latency)).prop_map(
        |(numbers, partitions, latency)| {
            let [requested, delivered, not_written, unknown, not_sent, elapsed_us, delivered_bytes] = numbers;
            ProduceSummary {
                requested,
                delivered,
                not_written,
                unknown,
                not_sent,
                partitions,
                elapsed_us,
                delivered_bytes,
                latency,
            }
        },
    )
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        any::<String>().prop_map(Bytes::Text),
        any::<String>().prop_map(Bytes::Base64),
        (any::<String>(), any::<u64>()).prop_map(|(start, size)| Bytes::TextPreview { start, size }),
        (any::<String>(), any::<u64>()).prop_map(|(start, size)| Bytes::Base64Preview { start, size }),
    ]
}

pub(crate) fn record() -> impl Strategy<Value = Record> {
    let header = (any::<String>(), option::of(bytes())).prop_map(|(key, value)| Header { key, value });
    let place = (topic(), any::<i32>(), any::<i64>(), any::<Option<i64>>());
    (place, option::of(bytes()), option::of(bytes()), vec(header, 0..3)).prop_map(
        |((topic, partition, offset, timestamp_ms), key, value, headers)| Record {
            topic,
            partition,
            offset,
            timestamp_ms,
            key,
            value,
            headers,
        },
    )
}

pub(crate) fn lane() -> impl Strategy<Value = Lane> {
    (topic(), any::<i32>(), any::<[Option<i64>; 4]>()).prop_map(|(topic, partition, offsets)| {
        let [log_start, committed, position, high_watermark] = offsets;
        Lane { topic, partition, log_start, committed, position, high_watermark }
    })
}

pub(crate) fn group() -> impl Strategy<Value = GroupDescription> {
    let id = "[^\\p{C}\\s]{1,200}".prop_map(|id| GroupId::parse(&id).expect("a good id"));
    let member = (any::<[String; 3]>(), vec(topic_partition(), 0..3)).prop_map(|(names, partitions)| {
        let [member_id, client_id, host] = names;
        GroupMember { member_id, client_id, host, partitions }
    });
    (id, any::<String>(), any::<String>(), vec(member, 0..3), vec(partition_offset(), 0..3)).prop_map(
        |(group, state, assignor, members, offsets)| GroupDescription {
            group,
            state,
            assignor,
            members,
            offsets,
        },
    )
}
