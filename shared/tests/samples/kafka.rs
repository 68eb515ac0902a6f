//! Kafka's nouns.

use shared::command::InjectError;
use shared::kafka::{
    Broker, BrokerState, BrokerView, Bytes, ClusterDescription, ClusterView, CommittedView, ConfigEntry,
    ConfigSource, DeliveredRun, FaultyApi, GroupDescription, GroupId, GroupMember, GroupView, Header,
    InjectedErrorCode, Lane, LatencySummary, MemberView, PartitionDescription, PartitionOffset,
    PartitionSummary, PartitionView, ProduceSummary, Record, ReplicaView, TopicDescription, TopicName,
    TopicPartition, TopicSummary, TopicView, Undelivered, UndeliveredFate,
};
use shared::{Error, ErrorCode};

use super::samples;

pub(crate) fn topic() -> TopicName {
    TopicName::parse("airports-data").expect("a good name")
}

pub(crate) fn topic_partition() -> TopicPartition {
    TopicPartition { topic: topic(), partition: 2 }
}

pub(crate) fn partition_offset(offset: Option<i64>) -> PartitionOffset {
    PartitionOffset { topic: topic(), partition: 2, offset }
}

pub(crate) fn error() -> Error {
    Error::new(ErrorCode::InvalidReplicationFactor, "There are 3 brokers, so 4 copies are too many.")
        .hint("Ask for 3 at most.")
        .kafka("INVALID_REPLICATION_FACTOR")
}

pub(crate) fn cluster() -> ClusterDescription {
    ClusterDescription {
        cluster_id: Some("MkU3OEVBNTcwNTJENDM2Qg".to_owned()),
        controller: Some(1),
        brokers: vec![Broker { id: 1, host: "localhost".to_owned(), port: 29092 }],
    }
}

pub(crate) fn topic_summary() -> TopicSummary {
    TopicSummary { name: topic(), partitions: 3, replicas: 1, internal: false }
}

pub(crate) fn topic_description() -> TopicDescription {
    let partition = PartitionDescription {
        partition: 0,
        leader: Some(1),
        replicas: vec![1, 2],
        in_sync: vec![1],
        log_start: Some(0),
        high_watermark: Some(60),
    };
    let unknown = PartitionDescription {
        partition: 1,
        leader: None,
        log_start: None,
        high_watermark: None,
        ..partition.clone()
    };
    let config = |source| ConfigEntry {
        name: "retention.ms".to_owned(),
        value: Some("604800000".to_owned()),
        source,
        is_default: true,
    };
    TopicDescription {
        name: topic(),
        partitions: vec![partition, unknown],
        configs: config_sources().into_iter().map(config).collect(),
    }
}

pub(crate) fn config_sources() -> Vec<ConfigSource> {
    samples!(ConfigSource {
        ConfigSource::Topic => [ConfigSource::Topic],
        ConfigSource::DynamicBroker => [ConfigSource::DynamicBroker],
        ConfigSource::DynamicDefaultBroker => [ConfigSource::DynamicDefaultBroker],
        ConfigSource::StaticBroker => [ConfigSource::StaticBroker],
        ConfigSource::Default => [ConfigSource::Default],
        ConfigSource::Unknown => [ConfigSource::Unknown],
    })
}

pub(crate) fn delivered_run() -> DeliveredRun {
    DeliveredRun {
        partition: 0,
        first_offset: 7,
        records: vec![0, 2],
        timestamps_ms: vec![1_700_000_000_000, 1_700_000_000_001],
        latencies_us: vec![5_100, 4_900],
    }
}

pub(crate) fn undelivered() -> Vec<Undelivered> {
    let undelivered = |fate, partition| Undelivered { fate, error: error(), partition, records: vec![3, 4] };
    samples!(UndeliveredFate {
        UndeliveredFate::NotWritten => [UndeliveredFate::NotWritten],
        UndeliveredFate::Unknown => [UndeliveredFate::Unknown],
    })
    .into_iter()
    .flat_map(|fate| [undelivered(fate, None), undelivered(fate, Some(1))])
    .collect()
}

pub(crate) fn produce_summary() -> ProduceSummary {
    ProduceSummary {
        requested: 60,
        delivered: 57,
        not_written: 1,
        unknown: 1,
        not_sent: 1,
        partitions: vec![PartitionSummary { partition: 0, delivered: 57, first_offset: 7, last_offset: 63 }],
        elapsed_us: 21_000,
        delivered_bytes: 13_680,
        latency: Some(LatencySummary { p50_us: 5_000, p95_us: 6_000, p99_us: 7_000, max_us: 8_000 }),
    }
}

pub(crate) fn all_bytes() -> Vec<Bytes> {
    samples!(Bytes {
        Bytes::Text(_) => [Bytes::Text("NZ".to_owned())],
        Bytes::Base64(_) => [Bytes::Base64("/w==".to_owned())],
        Bytes::TextPreview { .. } => [Bytes::TextPreview { start: "long".to_owned(), size: 5_000 }],
        Bytes::Base64Preview { .. } => [Bytes::Base64Preview { start: "/w==".to_owned(), size: 5_000 }],
    })
}

pub(crate) fn records() -> Vec<Record> {
    let full = Record {
        topic: topic(),
        partition: 2,
        offset: 59,
        timestamp_ms: Some(1_700_000_000_000),
        key: Some(Bytes::Text("NZ".to_owned())),
        value: Some(Bytes::Text("{\"iata\":\"AKL\"}".to_owned())),
        headers: all_bytes()
            .into_iter()
            .map(Some)
            .chain([None])
            .map(|value| Header { key: "source".to_owned(), value })
            .collect(),
    };
    let bare = Record { timestamp_ms: None, key: None, value: None, headers: Vec::new(), ..full.clone() };
    vec![full, bare]
}

pub(crate) fn lanes() -> Vec<Lane> {
    let known = Lane {
        topic: topic(),
        partition: 2,
        log_start: Some(0),
        committed: Some(57),
        position: Some(60),
        high_watermark: Some(60),
    };
    let unknown =
        Lane { log_start: None, committed: None, position: None, high_watermark: None, ..known.clone() };
    vec![known, unknown]
}

pub(crate) fn group() -> GroupDescription {
    GroupDescription {
        group: GroupId::parse("east-coast-dpt").expect("a good id"),
        state: "Stable".to_owned(),
        assignor: "range".to_owned(),
        members: vec![GroupMember {
            member_id: "rdkafka-1".to_owned(),
            client_id: "rdkafka".to_owned(),
            host: "/127.0.0.1".to_owned(),
            partitions: vec![topic_partition()],
        }],
        offsets: vec![partition_offset(Some(60)), partition_offset(None)],
    }
}

pub(crate) fn brokers() -> Vec<BrokerView> {
    let broker = |state| BrokerView {
        id: 1,
        host: "127.0.0.1".to_owned(),
        port: 29092,
        state,
        live: state != BrokerState::Stopped,
        delay_ms: 0,
    };
    samples!(BrokerState {
        BrokerState::Up => [BrokerState::Up],
        BrokerState::CutOff => [BrokerState::CutOff],
        BrokerState::Stopped => [BrokerState::Stopped],
        BrokerState::Killed => [BrokerState::Killed],
    })
    .into_iter()
    .map(broker)
    .collect()
}

pub(crate) fn cluster_views() -> Vec<ClusterView> {
    let replica = |broker| ReplicaView { broker, log_start: 0, log_end: 60, high_watermark: 57 };
    let led = PartitionView {
        partition: 0,
        leader: Some(1),
        leader_epoch: 3,
        in_sync: vec![1],
        replicas: vec![replica(1), replica(2)],
    };
    let without_leader = PartitionView { partition: 1, leader: None, in_sync: Vec::new(), ..led.clone() };
    let committed = |lag| CommittedView { topic: topic(), partition: 0, offset: 50, lag };
    let full = ClusterView {
        at_ms: 12_000,
        bootstrap_servers: Some("127.0.0.1:29092,127.0.0.1:29093".to_owned()),
        brokers: brokers(),
        topics: vec![TopicView { name: topic(), internal: false, partitions: vec![led, without_leader] }],
        topics_left_out: 0,
        groups: vec![GroupView {
            group: "east-coast-dpt".to_owned(),
            state: "Stable".to_owned(),
            assignor: "range".to_owned(),
            coordinator: Some(2),
            members: vec![MemberView {
                member_id: "rdkafka-1".to_owned(),
                client_id: "rdkafka".to_owned(),
                partitions: vec![topic_partition()],
            }],
            offsets: vec![committed(Some(7)), committed(None)],
        }],
        groups_left_out: 2,
        log_bytes: 1_048_576,
        max_log_bytes: 67_108_864,
        injected: vec![InjectError {
            api: FaultyApi::Produce,
            error: InjectedErrorCode::NotLeaderOrFollower,
            times: 2,
            broker: Some(1),
        }],
    };
    let empty = ClusterView {
        at_ms: 0,
        bootstrap_servers: None,
        topics: Vec::new(),
        groups: Vec::new(),
        injected: Vec::new(),
        ..full.clone()
    };
    vec![full, empty]
}

pub(crate) fn faulty_apis() -> Vec<FaultyApi> {
    FaultyApi::ALL.to_vec()
}

pub(crate) fn injected_error_codes() -> Vec<InjectedErrorCode> {
    InjectedErrorCode::ALL.to_vec()
}

pub(crate) fn error_codes() -> Vec<ErrorCode> {
    samples!(ErrorCode {
        ErrorCode::InvalidTopic => [ErrorCode::InvalidTopic],
        ErrorCode::UnknownTopic => [ErrorCode::UnknownTopic],
        ErrorCode::TopicExists => [ErrorCode::TopicExists],
        ErrorCode::InvalidPartitions => [ErrorCode::InvalidPartitions],
        ErrorCode::TooManyPartitions => [ErrorCode::TooManyPartitions],
        ErrorCode::InvalidReplicationFactor => [ErrorCode::InvalidReplicationFactor],
        ErrorCode::InvalidConfig => [ErrorCode::InvalidConfig],
        ErrorCode::InvalidGroup => [ErrorCode::InvalidGroup],
        ErrorCode::UnknownGroup => [ErrorCode::UnknownGroup],
        ErrorCode::GroupNotEmpty => [ErrorCode::GroupNotEmpty],
        ErrorCode::UnknownConsumer => [ErrorCode::UnknownConsumer],
        ErrorCode::RebalanceInProgress => [ErrorCode::RebalanceInProgress],
        ErrorCode::NothingToCommit => [ErrorCode::NothingToCommit],
        ErrorCode::SettingNotAllowed => [ErrorCode::SettingNotAllowed],
        ErrorCode::InvalidSetting => [ErrorCode::InvalidSetting],
        ErrorCode::InvalidArgument => [ErrorCode::InvalidArgument],
        ErrorCode::UnknownBroker => [ErrorCode::UnknownBroker],
        ErrorCode::RecordTooLarge => [ErrorCode::RecordTooLarge],
        ErrorCode::NotEnoughReplicas => [ErrorCode::NotEnoughReplicas],
        ErrorCode::NotAcknowledged => [ErrorCode::NotAcknowledged],
        ErrorCode::Cancelled => [ErrorCode::Cancelled],
        ErrorCode::LimitReached => [ErrorCode::LimitReached],
        ErrorCode::NotAllowed => [ErrorCode::NotAllowed],
        ErrorCode::NeedsSandbox => [ErrorCode::NeedsSandbox],
        ErrorCode::ClusterReset => [ErrorCode::ClusterReset],
        ErrorCode::ClusterFailed => [ErrorCode::ClusterFailed],
        ErrorCode::KafkaUnavailable => [ErrorCode::KafkaUnavailable],
        ErrorCode::TimedOut => [ErrorCode::TimedOut],
        ErrorCode::Kafka => [ErrorCode::Kafka],
        ErrorCode::Internal => [ErrorCode::Internal],
        ErrorCode::ShuttingDown => [ErrorCode::ShuttingDown],
        ErrorCode::NotSent => [ErrorCode::NotSent],
        ErrorCode::SessionLost => [ErrorCode::SessionLost],
    })
}
