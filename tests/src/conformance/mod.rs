//! Whether a cluster behaves as Apache Kafka does: scenarios, written once, run on both; what they saw, as text, must
//! be equal.
//!
//! A scenario asks by [`Scenario::ask`], in one version or, with [`Scenario::each`], in every announced one. Each
//! answer becomes a line of the transcript, in which `mask::Masks` hides what may differ.

pub mod api;
mod compare;
mod mask;
pub mod records;
mod scenario;
mod target;
mod transcript;
pub mod wire;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kacrab_protocol::generated::InitProducerIdRequestData;
use kacrab_protocol::generated::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
use kacrab_protocol::generated::produce_request::{
    PartitionProduceData, ProduceRequestData, TopicProduceData,
};
use kacrab_protocol::{KafkaString, KafkaUuid};

pub use compare::{Known, compare, compare_alone, compare_alone_with, compare_both};
pub use scenario::Scenario;
pub use target::UnderTest;

/// A string of the protocol.
pub fn text(text: &str) -> KafkaString {
    KafkaString::from(text.to_owned())
}

/// An optional string of the protocol that is there.
pub fn some(value: &str) -> Option<KafkaString> {
    Some(text(value))
}

/// Wall clock, in ms since 1970.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(now.as_millis()).expect("a clock before the year 292 million")
}

/// A request for the id of an idempotent producer; of a new one where id and epoch are -1.
pub fn producer_id_request(producer_id: i64, producer_epoch: i16) -> InitProducerIdRequestData {
    InitProducerIdRequestData {
        transactional_id: None,
        transaction_timeout_ms: 60_000,
        producer_id,
        producer_epoch,
        ..InitProducerIdRequestData::default()
    }
}

/// A request with records for one partition, which names the topic in either way.
pub fn produce_request(
    topic: &str,
    topic_id: KafkaUuid,
    partition: i32,
    acks: i16,
    records: Option<Bytes>,
) -> ProduceRequestData {
    ProduceRequestData {
        acks,
        timeout_ms: 10_000,
        topic_data: vec![TopicProduceData {
            name: text(topic),
            topic_id,
            partition_data: vec![PartitionProduceData {
                index: partition,
                records,
                ..PartitionProduceData::default()
            }],
            ..TopicProduceData::default()
        }],
        ..ProduceRequestData::default()
    }
}

/// Produces a batch with `acks=all`, of which nothing is recorded.
pub fn produce_one(scenario: &mut Scenario<'_>, topic: &str, partition: i32, batch: &records::Batch) {
    let request = produce_request(topic, KafkaUuid::ZERO, partition, -1, Some(batch.bytes()));
    let answer = scenario.quietly(scenario.home(), &request, 12).answer();
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0, "{answer:?}");
}

/// A request for what stands from `offset` on in one partition, which names the topic in either way and doesn't wait.
pub fn fetch_request(topic: &str, topic_id: KafkaUuid, partition: i32, offset: i64) -> FetchRequestData {
    FetchRequestData {
        replica_id: -1,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: 50_000_000,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: text(topic),
            topic_id,
            partitions: vec![FetchPartition {
                partition,
                current_leader_epoch: -1,
                fetch_offset: offset,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1_000_000,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequestData::default()
    }
}
