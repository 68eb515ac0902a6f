//! What the page sends.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use shared::command::{
    Acks, ClearFaults, Commit, CommitEachRecord, Compression, CrashConsumer, CreateTopic, CutOffBroker,
    DelayBroker, DeleteTopic, DescribeCluster, DescribeGroup, DescribeTopic, InjectError, KillBroker,
    ListTopics, Produce, ResetCluster, Sending, StartAt, StartBroker, StartConsumer, StartOver, StopBroker,
    StopConsumer, Watch,
};
use shared::kafka::{FaultyApi, InjectedErrorCode};
use shared::wire::Resume;
use shared::{ClientFrame, Command, ConsumerId, RequestId, SessionId};

pub(crate) fn client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![
        (any::<u32>(), option::of(resume()))
            .prop_map(|(version, resume)| ClientFrame::Hello { version, resume }),
        (any::<u64>(), command()).prop_map(|(id, command)| ClientFrame::Run { id: RequestId(id), command }),
        any::<u64>().prop_map(|id| ClientFrame::Cancel { id: RequestId(id) }),
    ]
}

fn resume() -> impl Strategy<Value = Resume> {
    (any::<String>(), any::<u64>())
        .prop_map(|(session, received)| Resume { session: SessionId(session), received })
}

fn command() -> impl Strategy<Value = Command> {
    let consumer = || any::<u64>().prop_map(ConsumerId);
    prop_oneof![
        Just(Command::DescribeCluster(DescribeCluster {})),
        Just(Command::ListTopics(ListTopics {})),
        create_topic().prop_map(Command::CreateTopic),
        any::<String>().prop_map(|topic| Command::DeleteTopic(DeleteTopic { topic })),
        any::<String>().prop_map(|topic| Command::DescribeTopic(DescribeTopic { topic })),
        produce().prop_map(Command::Produce),
        start_consumer().prop_map(Command::StartConsumer),
        (consumer(), any::<bool>())
            .prop_map(|(consumer, synchronous)| Command::Commit(Commit { consumer, synchronous })),
        consumer().prop_map(|consumer| Command::StopConsumer(StopConsumer { consumer })),
        consumer().prop_map(|consumer| Command::CrashConsumer(CrashConsumer { consumer })),
        any::<String>().prop_map(|group| Command::DescribeGroup(DescribeGroup { group })),
        start_over().prop_map(Command::StartOver),
        sandbox_command(),
    ]
}

fn sandbox_command() -> impl Strategy<Value = Command> {
    let broker = || any::<i32>();
    prop_oneof![
        Just(Command::ResetCluster(ResetCluster {})),
        broker().prop_map(|broker| Command::StopBroker(StopBroker { broker })),
        broker().prop_map(|broker| Command::KillBroker(KillBroker { broker })),
        broker().prop_map(|broker| Command::StartBroker(StartBroker { broker })),
        (broker(), any::<bool>())
            .prop_map(|(broker, cut_off)| Command::CutOffBroker(CutOffBroker { broker, cut_off })),
        (broker(), any::<u64>())
            .prop_map(|(broker, delay_ms)| Command::DelayBroker(DelayBroker { broker, delay_ms })),
        inject_error().prop_map(Command::InjectError),
        Just(Command::ClearFaults(ClearFaults {})),
        Just(Command::Watch(Watch {})),
    ]
}

pub(crate) fn inject_error() -> impl Strategy<Value = InjectError> {
    let api = prop::sample::select(FaultyApi::ALL);
    let error = prop::sample::select(InjectedErrorCode::ALL);
    (api, error, any::<u32>(), any::<Option<i32>>()).prop_map(|(api, error, times, broker)| InjectError {
        api,
        error,
        times,
        broker,
    })
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(any::<String>(), 0..3)
}

fn pairs() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(any::<String>(), any::<String>(), 0..3)
}

fn create_topic() -> impl Strategy<Value = CreateTopic> {
    (any::<String>(), any::<Option<i64>>(), any::<Option<i64>>(), pairs()).prop_map(
        |(topic, partitions, replication_factor, configs)| CreateTopic {
            topic,
            partitions,
            replication_factor,
            configs,
        },
    )
}

fn produce() -> impl Strategy<Value = Produce> {
    let compression = prop_oneof![
        Just(Compression::None),
        Just(Compression::Gzip),
        Just(Compression::Snappy),
        Just(Compression::Lz4),
        Just(Compression::Zstd),
    ];
    (
        (any::<String>(), any::<u64>(), any::<Option<String>>()),
        prop_oneof![Just(Sending::Asynchronous), Just(Sending::OneByOne)],
        prop_oneof![Just(Acks::None), Just(Acks::Leader), Just(Acks::All)],
        (any::<Option<u64>>(), any::<Option<u64>>(), compression, any::<bool>(), pairs()),
    )
        .prop_map(|((topic, count, key), sending, acks, rest)| {
            let (linger_ms, batch_size_bytes, compression, idempotence, settings) = rest;
            Produce {
                topic,
                count,
                key,
                sending,
                acks,
                linger_ms,
                batch_size_bytes,
                compression,
                idempotence,
                settings,
            }
        })
}

fn start_consumer() -> impl Strategy<Value = StartConsumer> {
    let commit_each_record = prop_oneof![
        Just(CommitEachRecord::Off),
        Just(CommitEachRecord::Synchronous),
        Just(CommitEachRecord::Asynchronous),
    ];
    let start_at = prop_oneof![Just(StartAt::Earliest), Just(StartAt::Latest)];
    (any::<String>(), names(), start_at, any::<Option<u64>>(), commit_each_record, pairs()).prop_map(
        |(group, topics, start_at, auto_commit_interval_ms, commit_each_record, settings)| StartConsumer {
            group,
            topics,
            start_at,
            auto_commit_interval_ms,
            commit_each_record,
            settings,
        },
    )
}

fn start_over() -> impl Strategy<Value = StartOver> {
    (names(), names(), vec(create_topic(), 0..3), vec(produce(), 0..3)).prop_map(
        |(delete_topics, delete_groups, create, produce)| StartOver {
            delete_topics,
            delete_groups,
            create,
            produce,
        },
    )
}
