//! What librdkafka calls back with while a consumer is polled, put aside for the consumer's thread.

use std::sync::Mutex;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::kafka::blocking::lock;

/// A partition by the cluster's names.
pub(super) type Partition = (String, i32);

/// What happened.
pub(super) enum Notice {
    /// The group gave it these.
    Assigned(Vec<Partition>),
    /// The group took these.
    Revoked(Vec<Partition>),
    /// A commit by timer, or one that nobody waited for, was answered.
    Committed { offsets: Vec<(Partition, i64)>, error: Option<Code> },
}

/// Callbacks run on the thread that polls, which takes the notices after each poll.
#[derive(Default)]
pub(super) struct Context {
    notices: Mutex<Vec<Notice>>,
}

impl Context {
    /// What happened since the last time.
    pub(super) fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut lock(&self.notices))
    }

    fn put(&self, notice: Notice) {
        lock(&self.notices).push(notice);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", ?level, facility, message);
    }

    /// The poll returns it too, and there it is told.
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            self.put(Notice::Revoked(names(partitions)));
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance {
            self.put(Notice::Assigned(names(partitions)));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        let offsets: Vec<_> = offsets
            .elements()
            .iter()
            .filter_map(|element| match element.offset() {
                Offset::Offset(offset) => Some(((element.topic().to_owned(), element.partition()), offset)),
                _ => None,
            })
            .collect();
        let error = result.err().and_then(|error| error.rdkafka_error_code());
        if !offsets.is_empty() && error != Some(Code::NoOffset) {
            self.put(Notice::Committed { offsets, error });
        }
    }
}

fn names(partitions: &TopicPartitionList) -> Vec<Partition> {
    partitions.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}
