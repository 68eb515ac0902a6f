//! What the page sends.

use std::collections::BTreeMap;

use shared::command::{
    Acks, ClearFaults, Commit, CommitEachRecord, Compression, CrashConsumer, CreateTopic, CutOffBroker,
    DelayBroker, DeleteTopic, DescribeCluster, DescribeGroup, DescribeTopic, InjectError, KillBroker,
    ListTopics, Produce, ResetCluster, Sending, StartAt, StartBroker, StartConsumer, StartOver, StopBroker,
    StopConsumer, Watch,
};
use shared::kafka::{FaultyApi, InjectedErrorCode};
use shared::wire::{Resume, VERSION};
use shared::{ClientFrame, Command, ConsumerId, RequestId, SessionId};

use super::samples;

pub(crate) fn sendings() -> Vec<Sending> {
    samples!(Sending {
        Sending::Asynchronous => [Sending::Asynchronous],
        Sending::OneByOne => [Sending::OneByOne],
    })
}

pub(crate) fn acks() -> Vec<Acks> {
    samples!(Acks {
        Acks::None => [Acks::None],
        Acks::Leader => [Acks::Leader],
        Acks::All => [Acks::All],
    })
}

pub(crate) fn compressions() -> Vec<Compression> {
    samples!(Compression {
        Compression::None => [Compression::None],
        Compression::Gzip => [Compression::Gzip],
        Compression::Snappy => [Compression::Snappy],
        Compression::Lz4 => [Compression::Lz4],
        Compression::Zstd => [Compression::Zstd],
    })
}

pub(crate) fn start_ats() -> Vec<StartAt> {
    samples!(StartAt {
        StartAt::Earliest => [StartAt::Earliest],
        StartAt::Latest => [StartAt::Latest],
    })
}

pub(crate) fn commit_each_records() -> Vec<CommitEachRecord> {
    samples!(CommitEachRecord {
        CommitEachRecord::Off => [CommitEachRecord::Off],
        CommitEachRecord::Synchronous => [CommitEachRecord::Synchronous],
        CommitEachRecord::Asynchronous => [CommitEachRecord::Asynchronous],
    })
}

fn pairs(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

fn create_topic() -> CreateTopic {
    CreateTopic {
        topic: "airports-data".to_owned(),
        partitions: Some(3),
        replication_factor: Some(2),
        configs: pairs("retention.ms", "60000"),
    }
}

fn produce() -> Produce {
    Produce {
        topic: "airports-data".to_owned(),
        count: 60,
        key: Some("country".to_owned()),
        sending: Sending::OneByOne,
        acks: Acks::Leader,
        linger_ms: Some(5),
        batch_size_bytes: Some(16_384),
        compression: Compression::Zstd,
        idempotence: true,
        settings: pairs("retries", "3"),
    }
}

fn start_consumer() -> StartConsumer {
    StartConsumer {
        group: "east-coast-dpt".to_owned(),
        topics: vec!["airports-data".to_owned()],
        start_at: StartAt::Latest,
        auto_commit_interval_ms: Some(5_000),
        commit_each_record: CommitEachRecord::Synchronous,
        settings: pairs("session.timeout.ms", "10000"),
    }
}

pub(crate) fn inject_error() -> InjectError {
    InjectError {
        api: FaultyApi::Produce,
        error: InjectedErrorCode::NotLeaderOrFollower,
        times: 3,
        broker: Some(2),
    }
}

/// The first sample of each command has all of its arguments.
pub(crate) fn commands() -> Vec<Command> {
    let topic = || "airports-data".to_owned();
    let consumer = ConsumerId(4);
    let bare_topic = CreateTopic {
        partitions: None,
        replication_factor: None,
        configs: BTreeMap::new(),
        ..create_topic()
    };
    samples!(Command {
        Command::DescribeCluster(_) => [Command::DescribeCluster(DescribeCluster {})],
        Command::ListTopics(_) => [Command::ListTopics(ListTopics {})],
        Command::CreateTopic(_) => [
            Command::CreateTopic(create_topic()),
            Command::CreateTopic(bare_topic.clone()),
        ],
        Command::DeleteTopic(_) => [Command::DeleteTopic(DeleteTopic { topic: topic() })],
        Command::DescribeTopic(_) => [Command::DescribeTopic(DescribeTopic { topic: topic() })],
        Command::Produce(_) => [
            Command::Produce(produce()),
            Command::Produce(Produce {
                topic: topic(),
                count: 1,
                key: None,
                sending: Sending::default(),
                acks: Acks::default(),
                linger_ms: None,
                batch_size_bytes: None,
                compression: Compression::default(),
                idempotence: false,
                settings: BTreeMap::new(),
            }),
        ],
        Command::StartConsumer(_) => [
            Command::StartConsumer(start_consumer()),
            Command::StartConsumer(StartConsumer {
                auto_commit_interval_ms: None,
                settings: BTreeMap::new(),
                ..start_consumer()
            }),
        ],
        Command::Commit(_) => [Command::Commit(Commit { consumer, synchronous: false })],
        Command::StopConsumer(_) => [Command::StopConsumer(StopConsumer { consumer })],
        Command::CrashConsumer(_) => [Command::CrashConsumer(CrashConsumer { consumer })],
        Command::DescribeGroup(_) => [
            Command::DescribeGroup(DescribeGroup { group: "east-coast-dpt".to_owned() }),
        ],
        Command::StartOver(_) => [
            Command::StartOver(StartOver {
                delete_topics: vec![topic()],
                delete_groups: vec!["east-coast-dpt".to_owned()],
                create: vec![bare_topic],
                produce: vec![produce()],
            }),
            Command::StartOver(StartOver::default()),
        ],
        Command::ResetCluster(_) => [Command::ResetCluster(ResetCluster {})],
        Command::StopBroker(_) => [Command::StopBroker(StopBroker { broker: 1 })],
        Command::KillBroker(_) => [Command::KillBroker(KillBroker { broker: 1 })],
        Command::StartBroker(_) => [Command::StartBroker(StartBroker { broker: 1 })],
        Command::CutOffBroker(_) => [Command::CutOffBroker(CutOffBroker { broker: 1, cut_off: false })],
        Command::DelayBroker(_) => [Command::DelayBroker(DelayBroker { broker: 1, delay_ms: 500 })],
        Command::InjectError(_) => [
            Command::InjectError(inject_error()),
            Command::InjectError(InjectError { broker: None, ..inject_error() }),
        ],
        Command::ClearFaults(_) => [Command::ClearFaults(ClearFaults {})],
        Command::Watch(_) => [Command::Watch(Watch {})],
    })
}

pub(crate) fn client_frames() -> Vec<ClientFrame> {
    let resume = Resume { session: SessionId("f3b1c2".to_owned()), received: 17 };
    samples!(ClientFrame {
        ClientFrame::Hello { .. } => [
            ClientFrame::Hello { version: VERSION, resume: None },
            ClientFrame::Hello { version: VERSION, resume: Some(resume) },
        ],
        ClientFrame::Run { .. } => [ClientFrame::Run {
            id: RequestId(1),
            command: Command::DeleteTopic(DeleteTopic { topic: "airports-data".to_owned() }),
        }],
        ClientFrame::Cancel { .. } => [ClientFrame::Cancel { id: RequestId(1) }],
    })
}
