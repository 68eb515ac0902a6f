//! What clients do and what befalls the cluster, in any order.

use proptest::prelude::*;

use super::{MEMBERS, PRODUCERS, TOPICS};
use crate::core::End;

/// Errors that are injected. Of the last a cluster has no other cause.
pub(super) const INJECTED: [i16; 4] = [6, 7, 16, ONLY_INJECTED];
/// `THROTTLING_QUOTA_EXCEEDED`: there are no quotas.
pub(super) const ONLY_INJECTED: i16 = 89;
/// Into the answers of which APIs they are injected.
pub(super) const FAULTY: [&str; 8] = [
    "Produce",
    "Fetch",
    "OffsetCommit",
    "JoinGroup",
    "Heartbeat",
    "CreateTopics",
    "DeleteTopics",
    "CreatePartitions",
];

/// What happens next. Brokers are counted modulo how many there are, partitions modulo how many the topic has.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Produce {
        producer: usize,
        topic: usize,
        partition: u8,
        to: To,
        acks: i16,
        records: usize,
    },
    Fetch {
        topic: usize,
        partition: u8,
        to: To,
        from: u8,
        wait_ms: i32,
    },
    DeleteRecords {
        topic: usize,
        partition: u8,
        to: To,
        part: u8,
    },
    Commit {
        offset: i64,
    },
    Join {
        member: usize,
    },
    Sync {
        member: usize,
    },
    Heartbeat {
        member: usize,
    },
    Leave {
        member: usize,
    },
    End {
        broker: u8,
        end: End,
    },
    Start {
        broker: u8,
    },
    CutOff {
        broker: u8,
        cut_off: bool,
    },
    Delay {
        broker: u8,
        response_ms: u64,
        replication_ms: u64,
    },
    Create,
    Delete,
    Grow {
        topic: usize,
    },
    Minimum {
        topic: usize,
        of: u8,
    },
    /// Whether elections of a topic's leaders may be unclean by themselves.
    Unclean {
        topic: usize,
        enable: bool,
    },
    /// An election of leaders that is asked for.
    Elect {
        kind: i8,
    },
    Inject {
        api: usize,
        error: usize,
        times: u32,
    },
    Pass {
        ms: u64,
    },
}

/// Which broker is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    Leader,
    Broker(u8),
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![4 => Just(To::Leader), 1 => any::<u8>().prop_map(To::Broker)]
}

fn asked() -> impl Strategy<Value = Step> {
    let place = || (0..TOPICS.len(), any::<u8>(), to());
    prop_oneof![
        12 => (0..PRODUCERS, place(), -1..=1_i16, 1..4_usize).prop_map(
            |(producer, (topic, partition, to), acks, records)| {
                Step::Produce { producer, topic, partition, to, acks, records }
            }
        ),
        5 => (place(), any::<u8>(), prop_oneof![Just(0), 0..20_000])
            .prop_map(|((topic, partition, to), from, wait_ms)| {
                Step::Fetch { topic, partition, to, from, wait_ms }
            }),
        1 => (place(), any::<u8>())
            .prop_map(|((topic, partition, to), part)| Step::DeleteRecords { topic, partition, to, part }),
        2 => (0..1_000_i64).prop_map(|offset| Step::Commit { offset }),
    ]
}

fn of_a_member() -> impl Strategy<Value = Step> {
    let member = || 0..MEMBERS;
    prop_oneof![
        2 => member().prop_map(|member| Step::Join { member }),
        2 => member().prop_map(|member| Step::Sync { member }),
        1 => member().prop_map(|member| Step::Heartbeat { member }),
        1 => member().prop_map(|member| Step::Leave { member }),
    ]
}

fn of_the_admin() -> impl Strategy<Value = Step> {
    let topic = || 0..TOPICS.len();
    prop_oneof![
        2 => Just(Step::Create),
        1 => Just(Step::Delete),
        1 => topic().prop_map(|topic| Step::Grow { topic }),
        1 => (topic(), 1..4_u8).prop_map(|(topic, of)| Step::Minimum { topic, of }),
        2 => (topic(), any::<bool>()).prop_map(|(topic, enable)| Step::Unclean { topic, enable }),
        2 => (0..2_i8).prop_map(|kind| Step::Elect { kind }),
    ]
}

fn fault() -> impl Strategy<Value = Step> {
    let end = prop_oneof![Just(End::Controlled), Just(End::Kill)];
    prop_oneof![
        3 => (any::<u8>(), end).prop_map(|(broker, end)| Step::End { broker, end }),
        4 => any::<u8>().prop_map(|broker| Step::Start { broker }),
        3 => any::<u8>().prop_map(|broker| Step::CutOff { broker, cut_off: true }),
        3 => any::<u8>().prop_map(|broker| Step::CutOff { broker, cut_off: false }),
        1 => (any::<u8>(), prop_oneof![Just(0), 0..3_000_u64], prop_oneof![Just(0), 0..50_000_u64]).prop_map(
            |(broker, response_ms, replication_ms)| Step::Delay { broker, response_ms, replication_ms }
        ),
        1 => (0..FAULTY.len(), 0..INJECTED.len(), 1..4_u32)
            .prop_map(|(api, error, times)| Step::Inject { api, error, times }),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let ms = prop_oneof![0..100_u64, 0..12_000_u64, 9_000..10_000_u64, 20_000..70_000_u64];
    prop_oneof![
        20 => asked(),
        6 => of_a_member(),
        8 => of_the_admin(),
        15 => fault(),
        6 => ms.prop_map(|ms| Step::Pass { ms }),
    ]
}
