//! Running consumers of one learner: start, commit, stop, crash.

mod context;
mod lanes;
mod thread;

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use shared::command::{Commit, StartAt, StartConsumer};
use shared::event::CloseReason;
use shared::{ConsumerId, Error, ErrorCode, Event, Reply};
use tokio::sync::{Notify, oneshot};

use super::blocking::{self, lock};
use super::settings::{self, Clients};
use super::{LearnerKafka, error, group, topic};
use crate::session::{ConsumerStreams, Emitter};
use context::Context;
use thread::{Order, Running};

/// The most consumers that one learner may run at once.
pub const MAX_CONSUMERS: usize = 12;
/// The most topics that one consumer may subscribe to.
const MAX_SUBSCRIPTION: usize = 20;
/// How many orders may wait for a consumer's thread.
const ORDERS: usize = 16;
/// `session.timeout.ms` unless the learner says otherwise: the least that brokers allow by default.
const SESSION_TIMEOUT_MS: u64 = 6_000;
/// `heartbeat.interval.ms` unless the learner says otherwise.
const HEARTBEAT_MS: u64 = 2_000;
/// `auto.commit.interval.ms` may be from the first to the second.
const AUTO_COMMIT_MS: (u64, u64) = (100, 60_000);
/// How long a client may take to be made.
const CREATE_LIMIT: Duration = Duration::from_secs(5);
/// How long a consumer may take to answer, beyond what the order itself may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long leaving a group may take, with the commit that the consumer may be waiting for.
const LEAVE_LIMIT: Duration = Duration::from_secs(15);
/// How long all consumers of a learner together may take to leave: less than their session waits for that.
const CLOSE_ALL_LIMIT: Duration = Duration::from_secs(2);
/// Between two looks at the group of a crashed consumer.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How much longer than its session timeout a crashed member is watched.
const WATCH_GRACE: Duration = Duration::from_secs(30);

/// The running consumers of one learner.
#[derive(Default)]
pub(super) struct Consumers {
    state: Arc<Mutex<State>>,
    /// One is gone.
    gone: Arc<Notify>,
}

#[derive(Default)]
struct State {
    running: BTreeMap<ConsumerId, Handle>,
    /// All were closed for good: no more may enter.
    closed: bool,
    /// Their cluster is going: they end without a word to it, for this reason.
    abandoned: Option<CloseReason>,
}

struct Handle {
    orders: SyncSender<Order>,
    /// By the cluster's name.
    group: String,
    session_timeout_ms: u64,
}

/// Starts a consumer.
pub(super) async fn start(
    learner: &LearnerKafka,
    args: &StartConsumer,
    streams: &ConsumerStreams,
) -> Result<Reply, Error> {
    let consumers = &learner.consumers;
    consumers.check_room()?;
    let (_, group) = learner.names().group(&args.group)?;
    settings::check(&args.settings, Clients::Consumers)?;
    let session_timeout_ms = session_timeout_ms(args)?;
    if args.topics.is_empty() || args.topics.len() > MAX_SUBSCRIPTION {
        let problem = format!("A consumer subscribes to 1 to {MAX_SUBSCRIPTION} topics.");
        return Err(Error::new(ErrorCode::InvalidArgument, problem));
    }
    let mut topics = Vec::new();
    for name in &args.topics {
        let (_, physical) = topic::existing(learner, name).await?;
        if !topics.contains(&physical) {
            topics.push(physical);
        }
    }
    let (id, number) = learner.kafka.common.next_consumer();
    let config = config(learner, args, &group, number)?;
    let consumer = blocking::call("Starting the consumer", CREATE_LIMIT, move || {
        let consumer: BaseConsumer<Context> =
            config.create_with_context(Context::default()).map_err(|e| error::from_rdkafka(&e))?;
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(|e| error::from_rdkafka(&e))?;
        Ok(blocking::Elsewhere::new(consumer))
    })
    .await?;
    let (orders, received) = sync_channel(ORDERS);
    let place = consumers.enter(id, Handle { orders, group, session_timeout_ms })?;
    let running = Running {
        names: learner.names().clone(),
        stream: streams.open(id),
        orders: received,
        session_ended: streams.ended(),
        commit_each: args.commit_each_record,
        session_timeout_ms,
        place,
    };
    let body = move || thread::run(consumer.into_inner(), running);
    std::thread::Builder::new()
        .name(format!("consumer-{}", id.0))
        .spawn(body)
        .map_err(|e| error::internal(&format!("No thread for the consumer: {e}.")))?;
    Ok(Reply::ConsumerStarted(id))
}

/// Commits what a consumer has handed out.
pub(super) async fn commit(learner: &LearnerKafka, args: &Commit) -> Result<Reply, Error> {
    let (answer, answered) = oneshot::channel();
    let order = Order::Commit { synchronous: args.synchronous, answer };
    learner.consumers.order(args.consumer, order)?;
    within("The commit", thread::COMMIT_LIMIT + ANSWER_LIMIT, args.consumer, answered)
        .await?
        .map(Reply::Committed)
}

/// Stops a consumer and answers when it has left its group.
pub(super) async fn stop(learner: &LearnerKafka, id: ConsumerId) -> Result<Reply, Error> {
    let (answer, answered) = oneshot::channel();
    learner.consumers.order(id, Order::Close { reason: CloseReason::Stopped, answer })?;
    within("Leaving the group", LEAVE_LIMIT, id, answered).await?;
    Ok(Reply::ConsumerStopped(id))
}

/// Crashes a consumer and answers when its group no longer counts on it.
pub(super) async fn crash(
    learner: &LearnerKafka,
    id: ConsumerId,
    events: &Emitter<Event>,
) -> Result<Reply, Error> {
    let (answer, answered) = oneshot::channel();
    let (group, session_timeout_ms) = learner.consumers.group_of(id)?;
    learner.consumers.order(id, Order::Crash { answer })?;
    let crashed = within("The crash", LEAVE_LIMIT, id, answered).await?;
    let limit = Duration::from_millis(session_timeout_ms) + WATCH_GRACE;
    loop {
        let still_there = match &crashed.member_id {
            None => Ok(false),
            Some(member) => group::has_member(learner, &group, member).await,
        };
        let waited = crashed.at.elapsed();
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        match still_there {
            Ok(false) => return Ok(Reply::MemberGone { consumer: id, after_ms: waited_ms }),
            // The cluster may be back before the time is up.
            Ok(true) | Err(_) if waited < limit => {
                events.emit(Event::MemberStillThere { waited_ms, session_timeout_ms }).await;
            }
            Ok(true) => return Err(error::timed_out("The group's noticing")),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Consumers {
    /// Closes all for good and waits, some seconds at most, until they have left.
    pub(super) async fn close_all(&self, reason: &CloseReason) {
        lock(&self.state).closed = true;
        self.close(reason, |_| true).await;
    }

    /// Ends all for good, without a word to their groups, and waits until they are gone.
    pub(super) async fn abandon(&self, reason: CloseReason) {
        lock(&self.state).abandoned = Some(reason);
        loop {
            let gone = self.gone.notified();
            tokio::pin!(gone);
            gone.as_mut().enable();
            if lock(&self.state).running.is_empty() {
                return;
            }
            gone.await;
        }
    }

    /// Closes those in one of these groups, by the cluster's names.
    pub(super) async fn close_groups(&self, groups: &[String]) {
        self.close(&CloseReason::Stopped, |handle| groups.contains(&handle.group)).await;
    }

    async fn close(&self, reason: &CloseReason, which: impl Fn(&Handle) -> bool) {
        let mut answers = Vec::new();
        for handle in lock(&self.state).running.values().filter(|handle| which(handle)) {
            let (answer, answered) = oneshot::channel();
            // A thread too busy to take the order ends with its session.
            if handle.orders.try_send(Order::Close { reason: reason.clone(), answer }).is_ok() {
                answers.push(answered);
            }
        }
        let deadline = tokio::time::Instant::now() + CLOSE_ALL_LIMIT;
        for answered in answers {
            let _late = tokio::time::timeout_at(deadline, answered).await;
        }
    }

    fn check_room(&self) -> Result<(), Error> {
        room(&lock(&self.state))
    }

    fn enter(&self, id: ConsumerId, handle: Handle) -> Result<Place, Error> {
        let mut state = lock(&self.state);
        room(&state)?;
        state.running.insert(id, handle);
        Ok(Place { state: self.state.clone(), gone: self.gone.clone(), id })
    }

    fn order(&self, id: ConsumerId, order: Order) -> Result<(), Error> {
        let state = lock(&self.state);
        let handle = state.running.get(&id).ok_or_else(|| unknown(id))?;
        handle.orders.try_send(order).map_err(|refused| match refused {
            TrySendError::Full(_) => {
                Error::new(ErrorCode::LimitReached, format!("Consumer {} has too much to do already.", id.0))
            }
            TrySendError::Disconnected(_) => unknown(id),
        })
    }

    fn group_of(&self, id: ConsumerId) -> Result<(String, u64), Error> {
        let state = lock(&self.state);
        state.running.get(&id).map(|it| (it.group.clone(), it.session_timeout_ms)).ok_or_else(|| unknown(id))
    }
}

/// A consumer's place among the running ones, given up when its thread ends, however it does.
struct Place {
    state: Arc<Mutex<State>>,
    gone: Arc<Notify>,
    id: ConsumerId,
}

impl Place {
    /// Why the consumer is to end at once, if it is.
    fn abandoned(&self) -> Option<CloseReason> {
        lock(&self.state).abandoned.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.state).running.remove(&self.id);
        self.gone.notify_waiters();
    }
}

fn room(state: &State) -> Result<(), Error> {
    if state.closed {
        return Err(Error::new(ErrorCode::ShuttingDown, "The server is stopping."));
    }
    match &state.abandoned {
        None => {}
        Some(CloseReason::Failed(error)) => return Err(error.clone()),
        Some(_) => {
            return Err(Error::new(ErrorCode::ClusterReset, "The cluster was reset meanwhile.")
                .hint("Run it again on the new cluster."));
        }
    }
    if state.running.len() < MAX_CONSUMERS {
        return Ok(());
    }
    Err(Error::new(ErrorCode::LimitReached, format!("You run {MAX_CONSUMERS} consumers already."))
        .hint("Stop one that you no longer need."))
}

fn unknown(id: ConsumerId) -> Error {
    Error::new(ErrorCode::UnknownConsumer, format!("Consumer {} is not running.", id.0))
        .hint("Start one, and use the number that it is given.")
}

async fn within<T>(
    what: &str,
    limit: Duration,
    id: ConsumerId,
    answered: oneshot::Receiver<T>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, answered).await {
        Ok(Ok(answer)) => Ok(answer),
        // The thread ended before it came to this order.
        Ok(Err(_gone)) => Err(unknown(id)),
        Err(_elapsed) => Err(error::timed_out(what)),
    }
}

fn session_timeout_ms(args: &StartConsumer) -> Result<u64, Error> {
    let number =
        |name: &str, default| args.settings.get(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let session = number("session.timeout.ms", SESSION_TIMEOUT_MS);
    if number("heartbeat.interval.ms", HEARTBEAT_MS) >= session {
        return Err(Error::new(
            ErrorCode::InvalidSetting,
            "heartbeat.interval.ms must be below session.timeout.ms, or each heartbeat comes too late.",
        )
        .hint("A third of the session timeout is usual."));
    }
    Ok(session)
}

fn config(
    learner: &LearnerKafka,
    args: &StartConsumer,
    group: &str,
    number: u64,
) -> Result<ClientConfig, Error> {
    let mut config = learner.kafka.settings.client();
    let start_at = match args.start_at {
        StartAt::Earliest => "earliest",
        StartAt::Latest => "latest",
    };
    for (name, value) in [
        ("group.id", group),
        ("client.id", format!("consumer-{number}").as_str()),
        ("auto.offset.reset", start_at),
        ("enable.partition.eof", "true"),
        ("session.timeout.ms", SESSION_TIMEOUT_MS.to_string().as_str()),
        ("heartbeat.interval.ms", HEARTBEAT_MS.to_string().as_str()),
        // How much one consumer may hold. librdkafka's defaults are 64 MiB and 100,000 records for each partition.
        ("queued.max.messages.kbytes", "8192"),
        ("queued.min.messages", "5000"),
        ("fetch.queue.backoff.ms", "50"),
        // Partitions that are added to a topic are seen soon; the default is 5 minutes.
        ("topic.metadata.refresh.interval.ms", "10000"),
    ] {
        config.set(name, value);
    }
    match args.auto_commit_interval_ms {
        None => config.set("enable.auto.commit", "false"),
        Some(interval_ms) => {
            settings::check_range(
                "auto.commit.interval.ms",
                interval_ms,
                AUTO_COMMIT_MS.0,
                AUTO_COMMIT_MS.1,
            )?;
            config.set("enable.auto.commit", "true");
            config.set("auto.commit.interval.ms", interval_ms.to_string())
        }
    };
    for (name, value) in &args.settings {
        config.set(name, value);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_all_were_closed_no_more_enter() {
        let consumers = Consumers::default();
        let handle = || {
            let (orders, received) = sync_channel(ORDERS);
            (Handle { orders, group: "g".to_owned(), session_timeout_ms: 6_000 }, received)
        };
        let (first, orders) = handle();
        let _place = consumers.enter(ConsumerId(1), first).unwrap();
        let told = std::thread::spawn(move || match orders.recv() {
            Ok(Order::Close { reason, answer }) => {
                let _gone = answer.send(());
                reason
            }
            _ => panic!("another order"),
        });
        consumers.close_all(&CloseReason::ShuttingDown).await;
        assert_eq!(told.join().unwrap(), CloseReason::ShuttingDown);
        let late = consumers.enter(ConsumerId(2), handle().0).err().unwrap();
        assert_eq!(late.code, ErrorCode::ShuttingDown);
    }

    #[tokio::test]
    async fn who_comes_to_a_cluster_that_goes_is_told_why_it_goes() {
        let defect = Error::new(ErrorCode::ClusterFailed, "A defect.").hint("Reset the cluster.");
        for (reason, code) in [
            (CloseReason::ClusterReset, ErrorCode::ClusterReset),
            (CloseReason::Failed(defect), ErrorCode::ClusterFailed),
        ] {
            let consumers = Consumers::default();
            consumers.abandon(reason).await;
            let refused = consumers.check_room().unwrap_err();
            assert_eq!(refused.code, code);
            assert!(refused.hint.is_some(), "{code:?}");
        }
    }
}
