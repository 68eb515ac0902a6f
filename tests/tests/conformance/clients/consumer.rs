//! Consumers of a partition, outside of groups.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tests::conformance::Scenario;

use super::producer::made_ms;
use super::{PATIENCE, config};

/// Reads a partition to its end, and records what stands there; an error ends the reading.
pub(super) fn read(
    s: &mut Scenario<'_>,
    label: &str,
    topic: &str,
    partition: i32,
    from: Offset,
    settings: &[(&str, &str)],
) {
    let consumer = reader(s, settings);
    read_by(&consumer, s, label, topic, partition, from);
}

/// The same by a consumer that is there already.
pub(super) fn read_by(
    consumer: &BaseConsumer,
    s: &mut Scenario<'_>,
    label: &str,
    topic: &str,
    partition: i32,
    from: Offset,
) {
    assign(consumer, topic, partition, from);
    let seen = to_the_end(consumer);
    s.saw(label, &seen.join(", "));
}

/// A consumer that tells where partitions end.
pub(super) fn reader(s: &Scenario<'_>, settings: &[(&str, &str)]) -> BaseConsumer {
    let own = [
        ("group.id", "none"),
        ("enable.partition.eof", "true"),
        ("enable.auto.commit", "false"),
        ("fetch.wait.max.ms", "20"),
        ("fetch.error.backoff.ms", "10"),
    ];
    config(s, &[&own[..], settings].concat()).create().expect("a consumer")
}

pub(super) fn assign(consumer: &BaseConsumer, topic: &str, partition: i32, from: Offset) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, from).expect("an offset");
    consumer.assign(&list).expect("assigning");
}

/// What comes until the partition's end or an error, which is the last entry.
pub(super) fn to_the_end(consumer: &BaseConsumer) -> Vec<String> {
    let (mut seen, ended) = records_to_the_end(consumer, show);
    seen.push(ended);
    seen
}

/// What `show` makes of each record up to the partition's end or an error, and which it was.
pub(super) fn records_to_the_end(
    consumer: &BaseConsumer,
    show: impl Fn(&BorrowedMessage<'_>) -> String,
) -> (Vec<String>, String) {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    loop {
        assert!(Instant::now() < deadline, "waiting for the end of a partition after {seen:?}");
        match consumer.poll(Duration::from_millis(100)) {
            None => {}
            Some(Ok(message)) => seen.push(show(&message)),
            Some(Err(KafkaError::PartitionEOF(_))) => return (seen, "end".to_owned()),
            Some(Err(error)) if is_passing(&error) => {}
            Some(Err(error)) => return (seen, code(&error)),
        }
    }
}

/// Whether an error only says that a connection is gone: the client makes another.
pub(super) fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
        )
    )
}

/// An error by its name.
pub(super) fn code(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| format!("{error:?}"), |code| format!("{code:?}"))
}

/// A record as `3: key=value`, with what is unusual about it behind.
pub(super) fn show(message: &BorrowedMessage<'_>) -> String {
    let mut shown =
        format!("{}: {}={}", message.offset(), text_of(message.key()), text_of(message.payload()));
    match message.timestamp() {
        rdkafka::Timestamp::CreateTime(time) if time == made_ms() => {}
        rdkafka::Timestamp::CreateTime(time) if (made_ms()..made_ms() + 1_000_000).contains(&time) => {
            shown += &format!(" at +{}", time - made_ms());
        }
        time => shown += &format!(" {time:?}"),
    }
    if let Some(headers) = message.headers() {
        for header in headers.iter() {
            shown += &format!(" {}:{}", header.key, text_of(header.value));
        }
    }
    shown
}

/// A key or a value, in short.
pub(super) fn text_of(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "null".to_owned(),
        Some(bytes) if bytes.len() > 40 => format!("{} bytes", bytes.len()),
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Records a partition's low and high watermark.
pub(super) fn watermarks(s: &mut Scenario<'_>, label: &str, topic: &str, partition: i32) {
    let consumer = reader(s, &[]);
    let outcome = match consumer.fetch_watermarks(topic, partition, PATIENCE) {
        Ok((low, high)) => format!("{low} to {high}"),
        Err(error) => code(&error),
    };
    s.saw(label, &outcome);
}
