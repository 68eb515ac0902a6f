//! Producers, and what their delivery reports say.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use tests::conformance::{Scenario, now_ms};

use super::{PATIENCE, config};

/// When records were made, unless they say otherwise, in ms since 1970: so that what is there is the same in each run.
/// An hour ago, as Apache Kafka removes what is older than a week.
pub(super) fn made_ms() -> i64 {
    static MADE_MS: OnceLock<i64> = OnceLock::new();
    *MADE_MS.get_or_init(|| now_ms() - 3_600_000)
}

/// A record to be sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) value: Option<&'a str>,
    /// The producer's partitioner chooses where there is none.
    pub(super) partition: Option<i32>,
    /// After [`made_ms`].
    pub(super) at_ms: i64,
    pub(super) headers: &'a [(&'a str, Option<&'a str>)],
}

impl<'a> Record<'a> {
    pub(super) fn to(partition: i32, value: &'a str) -> Self {
        Self { partition: Some(partition), value: Some(value), ..Self::default() }
    }

    pub(super) fn with_key(key: &'a str, value: &'a str) -> Self {
        Self { key: Some(key), value: Some(value), ..Self::default() }
    }
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It stands there. The offset is negative where the broker doesn't say.
    Stored { partition: i32, offset: i64 },
    /// It failed.
    Failed(Option<RDKafkaErrorCode>),
}

impl std::fmt::Display for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stored { partition, offset } => write!(f, "{partition} at {offset}"),
            Self::Failed(Some(code)) => write!(f, "{code:?}"),
            Self::Failed(None) => write!(f, "failed"),
        }
    }
}

/// Delivery reports by the number of their record.
#[derive(Default)]
pub(super) struct Reports(Mutex<Vec<(usize, Delivery)>>);

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let delivery = match result {
            Ok(message) => Delivery::Stored { partition: message.partition(), offset: message.offset() },
            Err((error, _)) => Delivery::Failed(error.rdkafka_error_code()),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((number, delivery));
    }
}

/// A producer whose records are numbered from 0.
pub(super) struct Producer {
    inner: BaseProducer<Reports>,
    sent: usize,
}

impl Producer {
    pub(super) fn new(s: &Scenario<'_>, settings: &[(&str, &str)]) -> Self {
        let inner = config(s, settings).create_with_context(Reports::default()).expect("a producer");
        Self { inner, sent: 0 }
    }

    /// Hands a record over; what fails at once is reported like the rest.
    pub(super) fn send(&mut self, topic: &str, record: Record<'_>) {
        let number = self.sent;
        self.sent += 1;
        let mut base =
            BaseRecord::<str, str, usize>::with_opaque_to(topic, number).timestamp(made_ms() + record.at_ms);
        (base.key, base.payload, base.partition) = (record.key, record.value, record.partition);
        if !record.headers.is_empty() {
            let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(rdkafka::message::Header { key, value: *value })
            });
            base = base.headers(headers);
        }
        if let Err((error, _)) = self.inner.send(base) {
            self.inner.context().delivery_failed(number, &error);
        }
    }

    /// Lets the client look after its reports for a while.
    pub(super) fn poll(&self, limit: Duration) {
        self.inner.poll(limit);
    }

    /// How many records were reported on so far.
    pub(super) fn reported(&self) -> usize {
        self.inner.context().0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits for all reports, and takes them, in the order of the records.
    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        let deadline = Instant::now() + PATIENCE;
        while self.reported() < self.sent {
            assert!(Instant::now() < deadline, "waiting for delivery reports");
            self.inner.flush(Duration::from_millis(200)).ok();
        }
        let mut reports = self.inner.context().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        reports.sort_by_key(|(number, _)| *number);
        reports.into_iter().map(|(_, delivery)| delivery).collect()
    }
}

impl Reports {
    fn delivery_failed(&self, number: usize, error: &KafkaError) {
        let failed = Delivery::Failed(error.rdkafka_error_code());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((number, failed));
    }
}

/// Sends records by a producer of their own, and records where each went.
pub(super) fn produce(
    s: &mut Scenario<'_>,
    label: &str,
    topic: &str,
    settings: &[(&str, &str)],
    records: &[Record<'_>],
) {
    let mut producer = Producer::new(s, settings);
    for record in records {
        producer.send(topic, *record);
    }
    let deliveries: Vec<_> = producer.deliveries().iter().map(ToString::to_string).collect();
    s.saw(label, &deliveries.join(", "));
}

/// The same, of which nothing is recorded; each must be stored.
pub(super) fn quietly_produce(
    s: &Scenario<'_>,
    topic: &str,
    settings: &[(&str, &str)],
    records: &[Record<'_>],
) {
    let mut producer = Producer::new(s, settings);
    for record in records {
        producer.send(topic, *record);
    }
    let deliveries = producer.deliveries();
    assert!(deliveries.iter().all(|one| matches!(one, Delivery::Stored { .. })), "{deliveries:?}");
}
