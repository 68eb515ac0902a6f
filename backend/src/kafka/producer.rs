//! Producing: what is asked for, the producer that fits, and what became of each record.

mod kept;
mod places;
mod reports;
mod send;
mod tally;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{Producer as _, ThreadedProducer};
use shared::command::{Acks, Compression, Produce};
use shared::kafka::ProduceSummary;
use shared::{Error, ErrorCode, Event, Outcome, Reply};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

pub(super) use kept::Kept;
use kept::{Producer, Settings};
pub(super) use places::{Place, Places};
use reports::{Deliveries, Reports};
use send::{Sent, Work};

use super::blocking::{self, Elsewhere};
use super::settings::{self, Clients};
use super::{LearnerKafka, admin, error, topic};
use crate::learner::Namespace;
use crate::session::{Emitter, JobContext};

/// `message.timeout.ms` unless the learner says otherwise: no lesson waits for librdkafka's five minutes.
const MESSAGE_TIMEOUT_MS: u64 = 30_000;
/// The longest `linger.ms`.
const MAX_LINGER_MS: u64 = 10_000;
/// The largest `batch.size`.
const MAX_BATCH_BYTES: u64 = 10_000_000;
/// `queue.buffering.max.kbytes`: how much one producer may hold. librdkafka's default is 1 GiB.
const QUEUE_KBYTES: &str = "65536";
/// Between two takings of reports, so that they gather into runs.
const GATHER: Duration = Duration::from_millis(20);
/// Between two `Progress` events.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// Fewer records have no `Progress`.
const PROGRESS_FROM: u64 = 1_000;

/// Whether the page hears of each record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reporting {
    /// Of each, and of the progress.
    Each,
    /// Of the progress only.
    Progress,
}

/// How a production ended.
pub(super) struct Produced {
    pub(super) summary: ProduceSummary,
    /// Stopped before the end.
    pub(super) stopped: bool,
    /// Why it gave up, or why no broker took anything at all.
    pub(super) error: Option<Error>,
    /// Why some records may be missing.
    pub(super) missing: Option<Error>,
}

/// Runs the command.
pub(super) async fn run(learner: &LearnerKafka, args: &Produce, cx: &JobContext) -> Outcome {
    let written = match learner.places.take() {
        Ok(place) => write(learner, args, place, cx, Reporting::Each).await,
        Err(error) => Err(error),
    };
    match written {
        Err(error) => Outcome::Failed { error, partial: None },
        Ok(Produced { summary, stopped, error, missing: _ }) => {
            let nothing_was_taken = summary.not_sent == summary.requested;
            let partial = Some(Reply::Produced(summary.clone()));
            match error {
                _ if stopped => Outcome::Cancelled { partial },
                Some(error) if nothing_was_taken => Outcome::Failed { error, partial: None },
                Some(error) => Outcome::Failed { error, partial },
                None => Outcome::Ok(Reply::Produced(summary)),
            }
        }
    }
}

/// Writes the records. Fails where it can't begin. The place is kept until no thread works for this any more, which
/// may be later than this future ends.
pub(super) async fn write(
    learner: &LearnerKafka,
    args: &Produce,
    place: Place,
    cx: &JobContext,
    reporting: Reporting,
) -> Result<Produced, Error> {
    let (settings, work) = plan(learner, args)?;
    let reports = Arc::new(Reports::new(args.acks)?);
    // However this future ends, the sending thread ends too.
    let stop = cx.cancel.child_token();
    let _stop = stop.clone().drop_guard();
    let _close = CloseOnDrop(reports.clone());

    let kept = learner.producers.take(&settings);
    let (config, topic) = (config(learner, &settings), work.topic.clone());
    let ready = blocking::call("Preparing the producer", admin::LIMIT, move || {
        let producer = kept.map_or_else(|| create(&config), Ok)?;
        // This also brings a kept producer up to date about a topic that was deleted and made anew.
        Ok(admin::topic(producer.client(), &topic)?.map(|_| (producer, place)))
    });
    let (producer, place) = tokio::select! {
        biased;
        () = cx.cancel.cancelled() => {
            let sent = Sent { stopped: true, ..Sent::default() };
            return Ok(outcome(learner.names(), args, &reports, sent));
        }
        ready = ready => ready?.ok_or_else(|| error::unknown_topic(&args.topic))?,
    };
    let mut thread = send_on_a_thread(producer, place, work, reports.clone(), stop)?;
    let mut told = Told { reporting, total: args.count, last: Instant::now() };
    let ended = loop {
        tokio::select! {
            ended = &mut thread => break ended,
            () = reports.arrived.notified() => {}
        }
        told.tell(&reports, &cx.events).await;
        // While reports come thick and fast they are taken in larger heaps.
        if !reports.is_half_full() {
            tokio::select! {
                ended = &mut thread => break ended,
                () = tokio::time::sleep(GATHER) => {}
            }
        }
    };
    told.tell(&reports, &cx.events).await;
    let (producer, sent) = ended.map_err(|_gone| {
        tracing::error!("the sending thread panicked");
        error::internal("The server made a mistake while it sent the records.")
    })?;
    if sent.settled {
        learner.producers.put(settings, producer);
    }
    Ok(outcome(learner.names(), args, &reports, sent))
}

/// Sends on a thread of its own: it may take minutes, and the pool of threads that may block is everybody's.
fn send_on_a_thread(
    producer: Producer,
    place: Place,
    work: Work,
    reports: Arc<Reports>,
    stop: CancellationToken,
) -> Result<oneshot::Receiver<(Producer, Sent)>, Error> {
    let (ended, thread) = oneshot::channel();
    let body = move || {
        let sent = send::all(&producer, &work, &reports, &stop);
        drop(place);
        let _nobody_waits = ended.send((producer, sent));
    };
    std::thread::Builder::new()
        .name("produce".to_owned())
        .spawn(body)
        .map_err(|e| error::internal(&format!("No thread to send the records on: {e}.")))?;
    Ok(thread)
}

fn outcome(names: &Namespace, args: &Produce, reports: &Reports, sent: Sent) -> Produced {
    let (summary, accepted, failure) = reports.with_tally(|tally| {
        (tally.summary(args.count, sent.taken, sent.started), tally.accepted(), tally.first_failure())
    });
    let failure = failure.map(|(fate, code)| reports::reason(fate, code));
    let fatal = sent.fatal.map(|refusal| error::from_refusal(&refusal, Some(names)));
    let missing = (accepted < args.count).then(|| {
        fatal.clone().or_else(|| failure.clone()).unwrap_or_else(|| error::timed_out("Writing the records"))
    });
    let gave_up = summary.not_sent > 0 && !sent.stopped;
    let error = fatal.or(failure.filter(|_| accepted == 0 || gave_up));
    Produced { summary, stopped: sent.stopped, error, missing }
}

/// What the page was told.
struct Told {
    reporting: Reporting,
    total: u64,
    last: Instant,
}

impl Told {
    async fn tell(&mut self, reports: &Reports, events: &Emitter<Event>) {
        let pending = reports.take();
        if self.reporting == Reporting::Each {
            for run in pending.delivered {
                events.emit(Event::Delivered(run)).await;
            }
            for group in pending.undelivered {
                events.emit(Event::Undelivered(group)).await;
            }
        }
        if self.total >= PROGRESS_FROM && self.last.elapsed() >= PROGRESS_EVERY {
            self.last = Instant::now();
            events.emit(Event::Progress { done: reports.settled(), total: self.total }).await;
        }
    }
}

struct CloseOnDrop(Arc<Reports>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Checks the arguments as far as can be without the cluster.
pub(super) fn check(learner: &LearnerKafka, args: &Produce) -> Result<(), Error> {
    plan(learner, args).map(|_| ())
}

/// Checks the arguments: the settings that tell producers apart, and the work.
fn plan(learner: &LearnerKafka, args: &Produce) -> Result<(Settings, Work), Error> {
    let (_, physical) = topic::own_topic(learner, &args.topic)?;
    if !(1..=Produce::MAX_COUNT).contains(&args.count) {
        let problem = format!("{} records can't be written at once.", args.count);
        return Err(Error::new(ErrorCode::InvalidArgument, problem)
            .hint(format!("Choose from 1 to {}.", Produce::MAX_COUNT)));
    }
    let airports = Arc::clone(&learner.common().airports);
    let keys = args.key.as_deref().map_or_else(|| Ok(Vec::new()), |field| airports.keys(field))?;
    let settings = client_settings(args)?;
    let timeout = ["message.timeout.ms", "delivery.timeout.ms"].iter().find_map(|name| settings.get(*name));
    let timeout_ms = timeout.and_then(|value| value.parse().ok()).unwrap_or(MESSAGE_TIMEOUT_MS);
    let work = Work {
        topic: physical,
        count: args.count,
        airports,
        keys,
        sending: args.sending,
        message_timeout: Duration::from_millis(timeout_ms),
    };
    Ok((settings, work))
}

fn client_settings(args: &Produce) -> Result<Settings, Error> {
    settings::check(&args.settings, Clients::Producers)?;
    if args.idempotence && args.acks != Acks::All {
        return Err(Error::new(ErrorCode::InvalidSetting, "An idempotent producer needs acks=all.")
            .hint("Choose acks=all, or switch enable.idempotence off."));
    }
    let mut client = args.settings.clone();
    let acks = match args.acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    };
    let compression = match args.compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Snappy => "snappy",
        Compression::Lz4 => "lz4",
        Compression::Zstd => "zstd",
    };
    let mut set = |name: &str, value: String| client.insert(name.to_owned(), value);
    set("acks", acks.to_owned());
    set("compression.type", compression.to_owned());
    set("enable.idempotence", args.idempotence.to_string());
    if let Some(linger_ms) = args.linger_ms {
        settings::check_range("linger.ms", linger_ms, 0, MAX_LINGER_MS)?;
        set("linger.ms", linger_ms.to_string());
    }
    if let Some(bytes) = args.batch_size_bytes {
        settings::check_range("batch.size", bytes, 1, MAX_BATCH_BYTES)?;
        set("batch.size", bytes.to_string());
    }
    Ok(client)
}

fn config(learner: &LearnerKafka, settings: &Settings) -> ClientConfig {
    let mut config = learner.kafka.settings.client();
    config.set("client.id", "workshop-producer");
    config.set("queue.buffering.max.kbytes", QUEUE_KBYTES);
    if !settings.contains_key("delivery.timeout.ms") {
        config.set("message.timeout.ms", MESSAGE_TIMEOUT_MS.to_string());
    }
    for (name, value) in settings {
        config.set(name, value);
    }
    config
}

fn create(config: &ClientConfig) -> Result<Producer, Error> {
    let producer: ThreadedProducer<Deliveries> =
        config.create_with_context(Deliveries::default()).map_err(|e| error::from_rdkafka(&e))?;
    Ok(Elsewhere::new(producer))
}

#[cfg(test)]
mod tests {
    use rdkafka::error::RDKafkaErrorCode as Code;

    use super::*;
    use crate::kafka::native::Refusal;
    use crate::learner::LearnerId;

    fn produce(change: impl FnOnce(&mut Produce)) -> Produce {
        let mut args: Produce = serde_json::from_str(r#"{ "topic": "airports-data", "count": 10 }"#).unwrap();
        change(&mut args);
        args
    }

    #[test]
    fn idempotence_takes_all_acks() {
        let error = client_settings(&produce(|args| {
            args.idempotence = true;
            args.acks = Acks::Leader;
        }))
        .unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSetting);
        assert!(error.hint.is_some());
    }

    #[test]
    fn a_fatal_error_is_told_in_the_learners_names() {
        let names = Namespace::shared(&LearnerId::random());
        let (_, physical) = names.topic("airports-data").unwrap();
        let text = format!("ProduceRequest for {physical} [0] failed: sequence desynchronization");
        let fatal = Some(Refusal { code: Code::OutOfOrderSequenceNumber, text });
        let reports = Reports::new(Acks::All).unwrap();
        let sent = Sent { fatal, ..Sent::default() };
        let error = outcome(&names, &produce(|_| {}), &reports, sent).error.unwrap();
        assert!(error.message.contains("ProduceRequest for airports-data [0]"), "{error:?}");
    }

    #[test]
    fn a_record_that_was_not_written_is_missing_though_others_were_delivered() {
        let names = Namespace::shared(&LearnerId::random());
        let args = produce(|args| args.count = 2);
        let written = |reports: &Reports| {
            let sent = Sent { taken: 2, settled: true, ..Sent::default() };
            outcome(&names, &args, reports, sent)
        };
        let reports = Reports::new(Acks::All).unwrap();
        reports.with_tally_mut(|tally| tally.delivered(0, 7, 1, 1));
        reports.refused(1, Code::MessageSizeTooLarge);
        let produced = written(&reports);
        assert_eq!(produced.error, None);
        assert_eq!(produced.missing.unwrap().code, ErrorCode::RecordTooLarge);

        let reports = Reports::new(Acks::All).unwrap();
        reports.with_tally_mut(|tally| {
            tally.delivered(0, 7, 1, 1);
            tally.accepted_somewhere();
        });
        assert_eq!(written(&reports).missing, None);
    }

    #[test]
    fn the_same_arguments_find_the_same_producer() {
        let one = client_settings(&produce(|args| args.linger_ms = Some(50))).unwrap();
        let other = client_settings(&produce(|args| {
            args.linger_ms = Some(50);
            args.count = 99;
            args.key = Some("country".to_owned());
        }))
        .unwrap();
        assert_eq!(one, other);
        assert_ne!(one, client_settings(&produce(|args| args.linger_ms = Some(51))).unwrap());
    }

    #[test]
    fn numbers_out_of_range_say_the_range() {
        let error = client_settings(&produce(|args| args.linger_ms = Some(10_001))).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSetting);
        assert!(error.hint.unwrap().contains("0 to 10000"));
        assert!(client_settings(&produce(|args| args.batch_size_bytes = Some(0))).is_err());
    }
}
