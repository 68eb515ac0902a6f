//! A learner of a test: runs commands, keeps what came back, and cleans up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use backend::kafka::{Airports, ConnectionSettings, Kafka, LearnerKafka};
use backend::learner::namespace::Namespace;
use backend::session::emit::{ConsumerStreams, Emitter, JobContext};
use shared::event::CloseReason;
use shared::kafka::{ClusterState, ProduceSummary, TopicDescription};
use shared::{Command, ConsumerEvent, ConsumerId, Error, Event, Outcome, Reply};
use tokio_util::sync::CancellationToken;

/// Longer than anything here may take.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What a consumer did: its events, and its end.
pub(crate) type Frame = (ConsumerId, Result<ConsumerEvent, CloseReason>);

/// A learner with names of their own on the cluster.
pub(crate) struct Learner {
    pub(crate) kafka: Arc<LearnerKafka>,
    pub(crate) prefix: String,
    pub(crate) frames: Arc<Mutex<Vec<Frame>>>,
    pub(crate) session_ended: CancellationToken,
    streams: ConsumerStreams,
}

/// A running command.
pub(crate) struct Running {
    pub(crate) cancel: CancellationToken,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
    pub(crate) outcome: tokio::task::JoinHandle<Outcome>,
}

pub(crate) fn bootstrap_servers() -> String {
    std::env::var("KAFKA_BOOTSTRAP_SERVERS")
        .expect("these tests need a Kafka: set KAFKA_BOOTSTRAP_SERVERS to its address")
}

pub(crate) fn connect(bootstrap_servers: &str) -> Kafka {
    let settings = ConnectionSettings {
        bootstrap_servers: bootstrap_servers.to_owned(),
        ..ConnectionSettings::default()
    };
    Kafka::new(settings, Arc::new(airports())).unwrap()
}

/// Sixty made-up airports of eight countries, some 250 bytes each.
fn airports() -> Airports {
    let airport = |n: usize| {
        let country = ["US", "DE", "JP", "BR", "ZA", "IN", "AU", "IS"][n % 8];
        serde_json::json!({
            "iata": format!("A{n:02}"), "icao": format!("KA{n:02}"),
            "name": format!("International Airport of the City with the Number {n:02}"),
            "city": format!("City {n:02}"), "subdivision": "A State of Some Renown", "country": country,
            "elevation_ft": 10 * n, "latitude": 40.5 + n as f64, "longitude": -73.25 + n as f64,
            "time_zone": "America/New_York",
        })
    };
    let all: Vec<_> = (0..60).map(airport).collect();
    Airports::from_json(&serde_json::to_vec(&all).unwrap()).unwrap()
}

impl Learner {
    pub(crate) fn new() -> Self {
        Self::on(&connect(&bootstrap_servers()))
    }

    pub(crate) fn on(kafka: &Kafka) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let prefix = format!("t{}-{number}-{}.", std::process::id(), nanos % 1_000_000_000);
        let (streams, mut received, session_ended) = ConsumerStreams::channel();
        let frames = Arc::new(Mutex::new(Vec::new()));
        let gather = frames.clone();
        tokio::spawn(async move {
            while let Some(frame) = received.recv().await {
                gather.lock().unwrap().push(frame);
            }
        });
        let kafka = Arc::new(kafka.for_learner(Namespace::with_prefix(&prefix)));
        Self { kafka, prefix, frames, session_ended, streams }
    }

    /// Starts a command, given as in a lesson.
    pub(crate) fn start(&self, command: &str) -> Running {
        let command: Command = serde_json::from_str(command).unwrap();
        let cancel = CancellationToken::new();
        let (emitter, mut received) = Emitter::channel(256);
        let events = Arc::new(Mutex::new(Vec::new()));
        let gather = events.clone();
        let drained = tokio::spawn(async move {
            while let Some(event) = received.recv().await {
                gather.lock().unwrap().push(event);
            }
        });
        let cx = JobContext { events: emitter, cancel: cancel.clone(), consumers: self.streams.clone() };
        let kafka = self.kafka.clone();
        let outcome = tokio::spawn(async move {
            let outcome = kafka.run(command, &cx).await;
            drop(cx);
            drained.await.unwrap();
            outcome
        });
        Running { cancel, events, outcome }
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, command: &str) -> (Outcome, Vec<Event>) {
        let running = self.start(command);
        let outcome = tokio::time::timeout(LONG, running.outcome).await.expect("no outcome").unwrap();
        let events = running.events.lock().unwrap().clone();
        (outcome, events)
    }

    pub(crate) async fn ok(&self, command: &str) -> Reply {
        match self.run(command).await.0 {
            Outcome::Ok(reply) => reply,
            other => panic!("{command}: {other:?}"),
        }
    }

    pub(crate) async fn err(&self, command: &str) -> Error {
        match self.run(command).await.0 {
            Outcome::Failed { error, .. } => error,
            other => panic!("{command}: {other:?}"),
        }
    }

    pub(crate) async fn create(&self, topic: &str, partitions: u32) -> TopicDescription {
        let command = format!(
            r#"{{"create_topic": {{"topic": "{topic}", "partitions": {partitions}, "replication_factor": 1}}}}"#
        );
        match self.ok(&command).await {
            Reply::TopicCreated(topic) => topic,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn produce(&self, arguments: &str) -> ProduceSummary {
        match self.ok(&format!(r#"{{"produce": {{{arguments}}}}}"#)).await {
            Reply::Produced(summary) => summary,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn describe(&self, topic: &str) -> TopicDescription {
        match self.ok(&format!(r#"{{"describe_topic": {{"topic": "{topic}"}}}}"#)).await {
            Reply::Topic(topic) => topic,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn topics(&self) -> Vec<String> {
        match self.ok(r#"{"list_topics": {}}"#).await {
            Reply::Topics(topics) => {
                topics.iter().filter(|it| !it.internal).map(|it| it.name.to_string()).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn consumer(&self, arguments: &str) -> ConsumerId {
        match self.ok(&format!(r#"{{"start_consumer": {{{arguments}}}}}"#)).await {
            Reply::ConsumerStarted(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// The events of a consumer so far.
    pub(crate) fn events_of(&self, id: ConsumerId) -> Vec<ConsumerEvent> {
        let frames = self.frames.lock().unwrap();
        frames.iter().filter(|(of, _)| *of == id).filter_map(|(_, event)| event.clone().ok()).collect()
    }

    /// The ends of a consumer so far.
    pub(crate) fn closes_of(&self, id: ConsumerId) -> Vec<CloseReason> {
        let frames = self.frames.lock().unwrap();
        frames.iter().filter(|(of, _)| *of == id).filter_map(|(_, event)| event.clone().err()).collect()
    }

    /// Waits until the events of a consumer say something.
    pub(crate) async fn wait_for<T>(
        &self,
        id: ConsumerId,
        what: &str,
        found: impl Fn(&[ConsumerEvent]) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + LONG;
        loop {
            let events = self.events_of(id);
            if let Some(found) = found(&events) {
                return found;
            }
            assert!(Instant::now() < deadline, "{what} never came: {events:?} {:?}", self.closes_of(id));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a consumer has handed out so many records.
    pub(crate) async fn records(&self, id: ConsumerId, count: usize) -> Vec<shared::kafka::Record> {
        self.wait_for(id, "records", |events| {
            let records = records(events);
            (records.len() >= count).then_some(records)
        })
        .await
    }

    /// Ends all consumers and deletes all topics.
    pub(crate) async fn clean_up(self) {
        self.kafka.close(CloseReason::ShuttingDown).await;
        for topic in self.topics().await {
            self.ok(&format!(r#"{{"delete_topic": {{"topic": "{topic}"}}}}"#)).await;
        }
    }
}

pub(crate) fn records(events: &[ConsumerEvent]) -> Vec<shared::kafka::Record> {
    let record = |event: &ConsumerEvent| match event {
        ConsumerEvent::Record(record) => Some(record.clone()),
        _ => None,
    };
    events.iter().filter_map(record).collect()
}

/// Waits until the cluster answers.
pub(crate) async fn ready(kafka: &Kafka) -> shared::kafka::ClusterDescription {
    let mut state = kafka.state();
    let found = tokio::time::timeout(LONG, state.wait_for(|state| matches!(state, ClusterState::Ready(_))));
    match found.await.expect("the cluster never answered").unwrap().clone() {
        ClusterState::Ready(description) => description,
        other => panic!("{other:?}"),
    }
}

/// Records per second of the simplest loop over rdkafka, with the same settings and a callback that only counts.
pub(crate) fn plain_loop(topic: &str, count: usize) -> f64 {
    use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
    use std::sync::atomic::AtomicUsize;

    struct Counting(Arc<AtomicUsize>);
    impl rdkafka::ClientContext for Counting {}
    impl ProducerContext for Counting {
        type DeliveryOpaque = usize;
        fn delivery(&self, result: &DeliveryResult<'_>, _: usize) {
            assert!(result.is_ok());
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let delivered = Arc::new(AtomicUsize::new(0));
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", bootstrap_servers());
    config.set("acks", "all").set("queue.buffering.max.kbytes", "65536");
    let producer: ThreadedProducer<Counting> =
        config.create_with_context(Counting(delivered.clone())).unwrap();
    producer.client().fetch_metadata(Some(topic), LONG).unwrap();
    let value = vec![b'x'; 262];
    let began = Instant::now();
    for number in 0..count {
        let mut record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(topic, number).payload(&value);
        while let Err((_, back)) = producer.send(record) {
            record = back;
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    while delivered.load(Ordering::Relaxed) < count {
        std::thread::sleep(Duration::from_millis(1));
    }
    count as f64 / began.elapsed().as_secs_f64()
}
