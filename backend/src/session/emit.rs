//! How running commands and consumers tell the page what happens: many small events, few frames.
//!
//! The first event of a stream goes at once; after it one frame each [`INTERVAL`] or [`FRAME_WEIGHT`], whichever
//! comes first. A single click is instant, and a million reports are no flood of frames.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::event::CloseReason;
use shared::kafka::ClusterView;
use shared::wire::Stream;
use shared::{ConsumerEvent, ConsumerId, Error, ErrorCode, Event, RequestId, ServerFrame};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::outbound::Outbound;

/// The time between two frames of a stream.
const INTERVAL: Duration = Duration::from_millis(50);
/// About how many bytes of JSON a frame carries.
const FRAME_WEIGHT: usize = 64 * 1024;
/// About how many bytes of JSON an event of a cluster takes.
const EVENT_WEIGHT: usize = 200;
/// How many events of a stream may wait for their frame.
const EVENTS_WAITING: usize = 1024;
/// How long to wait between two tries to hand an event over, on a thread.
const RETRY: Duration = Duration::from_millis(5);

/// What a command gets besides its arguments.
pub struct JobContext {
    /// Tells the page what happens.
    pub events: Emitter<Event>,
    /// Cancelled when the learner cancels, the session ends or the server stops.
    pub cancel: CancellationToken,
    /// For commands that start a consumer.
    pub consumers: ConsumerStreams,
    /// Whether the page is on the server's own machine, as far as can be told.
    pub same_machine: bool,
}

/// Something that can be sent in a batch.
pub(super) trait Emit: Send + 'static {
    /// What the events are named by.
    type Id: Copy + Send + 'static;
    /// About how many bytes it takes as JSON.
    fn weight(&self) -> usize;
    /// One frame of them.
    fn frame(id: Self::Id, events: Vec<Self>) -> ServerFrame
    where
        Self: Sized;
    /// The stream's name.
    fn stream(id: Self::Id) -> Stream;
}

impl Emit for Event {
    type Id = RequestId;

    fn weight(&self) -> usize {
        match self {
            Self::Delivered(run) => 80 + run.records.len() * 28,
            Self::Undelivered(group) => 400 + group.records.len() * 8,
            Self::View(view) => weight_of_view(view),
            Self::Happened(happened) => happened.events.len() * EVENT_WEIGHT,
            Self::Phase(_) | Self::Progress { .. } | Self::MemberStillThere { .. } => 80,
        }
    }

    fn frame(id: RequestId, events: Vec<Self>) -> ServerFrame {
        ServerFrame::Events { id, events }
    }

    fn stream(id: RequestId) -> Stream {
        Stream::Request(id)
    }
}

fn weight_of_view(view: &ClusterView) -> usize {
    let partitions: usize =
        view.topics.iter().flat_map(|topic| &topic.partitions).map(|it| 80 + it.replicas.len() * 70).sum();
    let groups = view.groups.iter().map(|group| {
        let assigned: usize = group.members.iter().map(|member| 200 + member.partitions.len() * 60).sum();
        200 + assigned + group.offsets.len() * 80
    });
    400 + view.brokers.len() * 100 + view.topics.len() * 80 + partitions + groups.sum::<usize>()
}

impl Emit for ConsumerEvent {
    type Id = ConsumerId;

    fn weight(&self) -> usize {
        use shared::kafka::Bytes;
        let bytes = |bytes: &Option<Bytes>| match bytes {
            None => 0,
            Some(Bytes::Text(text) | Bytes::Base64(text)) => text.len() + text.len() / 8,
            Some(Bytes::TextPreview { start, .. } | Bytes::Base64Preview { start, .. }) => {
                start.len() + start.len() / 8
            }
        };
        match self {
            Self::Record(record) => {
                let headers: usize =
                    record.headers.iter().map(|header| header.key.len() + 20 + bytes(&header.value)).sum();
                140 + bytes(&record.key) + bytes(&record.value) + headers
            }
            Self::Lanes(lanes) => lanes.len() * 120,
            Self::Assigned { partitions } => 40 + partitions.len() * 60,
            Self::Revoked { partitions } => 40 + partitions.len() * 60,
            Self::Committed { offsets, .. } => 80 + offsets.len() * 60,
            Self::EndOfPartition { .. } | Self::Error(_) => 200,
        }
    }

    fn frame(consumer: ConsumerId, events: Vec<Self>) -> ServerFrame {
        ServerFrame::ConsumerEvents { consumer, events }
    }

    fn stream(consumer: ConsumerId) -> Stream {
        Stream::Consumer(consumer)
    }
}

/// Hands events to the page. Cheap to clone. After its stream has ended it does nothing.
pub struct Emitter<E> {
    queue: mpsc::Sender<E>,
    skipped: Arc<AtomicU64>,
}

impl<E> Clone for Emitter<E> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), skipped: Arc::clone(&self.skipped) }
    }
}

impl<E> Emitter<E> {
    /// Waits while the page is slow.
    pub async fn emit(&self, event: E) {
        // An error means that the stream has ended: nobody waits for the event any more.
        let _ = self.queue.send(event).await;
    }

    /// Waits until no event of the stream waits. Who emits only then has no more under way to a slow page than what it
    /// emits at once.
    pub async fn idle(&self) {
        // An error as for `emit`.
        let _ = self.queue.reserve_many(self.queue.max_capacity()).await;
    }

    /// [`Emitter::emit`] from a thread that is not the runtime's.
    pub fn emit_blocking(&self, event: E) {
        let _ = self.queue.blocking_send(event);
    }

    /// Never waits. False: the page is too slow, and is told that it missed one.
    pub fn try_emit(&self, event: E) -> bool {
        match self.queue.try_send(event) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.skipped.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }

    /// Waits up to `limit`, on a thread that is not the runtime's. False as for [`Emitter::try_emit`].
    pub fn emit_within(&self, mut event: E, limit: Duration) -> bool {
        let end = std::time::Instant::now() + limit;
        loop {
            event = match self.queue.try_send(event) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return true,
                Err(mpsc::error::TrySendError::Full(event)) => event,
            };
            if std::time::Instant::now() >= end {
                self.skipped.fetch_add(1, Ordering::Relaxed);
                return false;
            }
            std::thread::sleep(RETRY);
        }
    }
}

/// The frames of one stream, made by a task of their own.
pub(super) struct Batches {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Batches {
    /// Starts a stream whose first frame is not sent before `open`.
    pub(super) fn start<E: Emit>(
        id: E::Id,
        outbound: Outbound,
        open: impl Future<Output = ()> + Send + 'static,
    ) -> (Emitter<E>, Self) {
        let (queue, events) = mpsc::channel(EVENTS_WAITING);
        let skipped = Arc::new(AtomicU64::new(0));
        let (end, ended) = oneshot::channel();
        let frames = forward(id, events, Arc::clone(&skipped), outbound, ended);
        let task = tokio::spawn(async move {
            open.await;
            frames.await;
        });
        (Emitter { queue, skipped }, Self { end, task })
    }

    /// Sends what waits, and takes no more.
    pub(super) async fn finish(self) {
        let _ = self.end.send(());
        // The task can't panic or be cancelled; were it so, there would be nothing left to send.
        let _ = self.task.await;
    }
}

async fn forward<E: Emit>(
    id: E::Id,
    mut events: mpsc::Receiver<E>,
    skipped: Arc<AtomicU64>,
    outbound: Outbound,
    mut ended: oneshot::Receiver<()>,
) {
    let mut next_at = Instant::now();
    let mut ending = false;
    loop {
        let first = tokio::select! {
            biased;
            _ = &mut ended, if !ending => {
                ending = true;
                events.close();
                continue;
            }
            event = events.recv() => event,
        };
        if let Some(first) = first {
            let batch = gather(first, &mut events, next_at, &mut ended, &mut ending).await;
            outbound.send(E::frame(id, batch)).await;
            next_at = Instant::now() + INTERVAL;
        }
        let count = skipped.swap(0, Ordering::Relaxed);
        if count > 0 {
            outbound.send(ServerFrame::Skipped { stream: E::stream(id), count }).await;
        }
        if events.is_closed() && events.is_empty() {
            return;
        }
    }
}

/// What one frame carries: what comes until `next_at`, and then what is there already, up to a frame's weight.
async fn gather<E: Emit>(
    first: E,
    events: &mut mpsc::Receiver<E>,
    next_at: Instant,
    ended: &mut oneshot::Receiver<()>,
    ending: &mut bool,
) -> Vec<E> {
    let mut weight = first.weight();
    let mut batch = vec![first];
    while weight < FRAME_WEIGHT {
        let event = match events.try_recv() {
            Ok(event) => event,
            Err(_) if *ending => break,
            Err(_) => tokio::select! {
                biased;
                _ = &mut *ended => {
                    *ending = true;
                    events.close();
                    continue;
                }
                event = timeout_at(next_at, events.recv()) => match event {
                    Ok(Some(event)) => event,
                    Ok(None) | Err(_) => break,
                },
            },
        };
        weight += event.weight();
        batch.push(event);
    }
    batch
}

/// Opens the streams of consumers that a session starts.
#[derive(Clone)]
pub struct ConsumerStreams {
    outbound: Outbound,
    session_ended: CancellationToken,
    closing: TaskTracker,
    /// Those without a `Closed` so far.
    open: Arc<Mutex<BTreeSet<ConsumerId>>>,
    /// Cancelled when the command that opens a stream is settled: the page hears of a consumer before it hears
    /// from it.
    settled: CancellationToken,
}

impl ConsumerStreams {
    pub(super) fn new(outbound: Outbound) -> Self {
        let (session_ended, settled) = (CancellationToken::new(), CancellationToken::new());
        Self { outbound, session_ended, closing: TaskTracker::new(), open: Arc::default(), settled }
    }

    /// For one command, and what to cancel when it is settled.
    pub(super) fn for_command(&self) -> (Self, CancellationToken) {
        let settled = CancellationToken::new();
        (Self { settled: settled.clone(), ..self.clone() }, settled)
    }

    /// Tells the consumers that their page is gone for good.
    pub(super) fn end(&self) {
        self.session_ended.cancel();
    }

    /// Waits until each consumer is closed.
    pub(super) async fn all_closed(&self) {
        self.closing.close();
        self.closing.wait().await;
    }

    /// Says that those are closed which took too long to say so themselves.
    pub(super) async fn close_late(&self, reason: &CloseReason) {
        let late = std::mem::take(&mut *lock(&self.open));
        for consumer in late {
            self.outbound.send(ServerFrame::Closed { consumer, reason: reason.clone() }).await;
        }
    }

    /// A stream for a new consumer. It ends with exactly one `Closed`.
    pub fn open(&self, id: ConsumerId) -> ConsumerStream {
        let settled = self.settled.clone();
        let may_speak = async move { settled.cancelled().await };
        let (events, batches) = Batches::start(id, self.outbound.clone(), may_speak);
        let reason = Arc::new(Mutex::new(CloseReason::Failed(Error::new(
            ErrorCode::Internal,
            "The consumer ended by a defect of the server. The server goes on.",
        ))));
        let (closed, dropped) = oneshot::channel::<()>();
        let (outbound, said, open) = (self.outbound.clone(), Arc::clone(&reason), Arc::clone(&self.open));
        lock(&open).insert(id);
        self.closing.spawn(async move {
            let _ = dropped.await;
            batches.finish().await;
            let is_open = lock(&open).remove(&id);
            if is_open {
                let reason = lock(&said).clone();
                outbound.send(ServerFrame::Closed { consumer: id, reason }).await;
            }
        });
        ConsumerStream { events, reason, _closed: closed }
    }

    /// Cancelled when the page is gone for good: consumers then close with [`CloseReason::SessionEnded`].
    pub fn ended(&self) -> CancellationToken {
        self.session_ended.clone()
    }
}

/// The events of one consumer. Dropped without [`ConsumerStream::close`], as a panic does, it says that it failed.
pub struct ConsumerStream {
    /// Tells the page what happens.
    pub events: Emitter<ConsumerEvent>,
    reason: Arc<Mutex<CloseReason>>,
    _closed: oneshot::Sender<()>,
}

impl ConsumerStream {
    /// Ends the stream.
    pub fn close(self, reason: CloseReason) {
        *lock(&self.reason) = reason;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
