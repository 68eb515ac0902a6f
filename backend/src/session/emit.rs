//! How running commands and consumers tell the page what happens. A placeholder with the signatures of the real one.

use std::time::{Duration, Instant};

use shared::event::CloseReason;
use shared::{ConsumerEvent, ConsumerId, Error, ErrorCode, Event};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Sends events to the page, in order.
#[derive(Clone)]
pub struct Emitter<E> {
    events: mpsc::Sender<E>,
}

impl<E> Emitter<E> {
    /// An emitter and what comes out of it.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<E>) {
        let (events, receiver) = mpsc::channel(capacity);
        (Self { events }, receiver)
    }

    /// Waits while the page is slow.
    pub async fn emit(&self, event: E) {
        let _gone = self.events.send(event).await;
    }

    /// The same from a thread outside the runtime.
    pub fn emit_blocking(&self, event: E) {
        let _gone = self.events.blocking_send(event);
    }

    /// `false`, and counted as skipped, where the page is slow.
    pub fn try_emit(&self, event: E) -> bool {
        self.events.try_send(event).is_ok()
    }

    /// From a thread outside the runtime: waits up to `limit`, then counts it as skipped.
    pub fn emit_within(&self, event: E, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut event = event;
        loop {
            match self.events.try_send(event) {
                Ok(()) => return true,
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
                Err(mpsc::error::TrySendError::Full(back)) => event = back,
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What a running command has of its session.
pub struct JobContext {
    /// Its events.
    pub events: Emitter<Event>,
    /// Cancelled when the learner cancels it.
    pub cancel: CancellationToken,
    /// Where the events of consumers go that it starts.
    pub consumers: ConsumerStreams,
}

/// A consumer's end: its id with its last events.
pub type ConsumerFrame = (ConsumerId, Result<ConsumerEvent, CloseReason>);

/// Opens streams for the events of consumers.
#[derive(Clone)]
pub struct ConsumerStreams {
    frames: mpsc::UnboundedSender<ConsumerFrame>,
    ended: CancellationToken,
}

/// How many events of a consumer may wait here.
const STREAM_CAPACITY: usize = 1024;

impl ConsumerStreams {
    /// Streams and what comes out of them.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<ConsumerFrame>, CancellationToken) {
        let (frames, receiver) = mpsc::unbounded_channel();
        let ended = CancellationToken::new();
        (Self { frames, ended: ended.clone() }, receiver, ended)
    }

    /// A new stream. Needs the runtime.
    pub fn open(&self, id: ConsumerId) -> ConsumerStream {
        let (events, mut receiver) = Emitter::channel(STREAM_CAPACITY);
        let (closed, reason) = tokio::sync::oneshot::channel();
        let frames = self.frames.clone();
        tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                let _gone = frames.send((id, Ok(event)));
            }
            let panicked = CloseReason::Failed(Error::new(ErrorCode::Internal, "The consumer broke."));
            let _gone = frames.send((id, Err(reason.await.unwrap_or(panicked))));
        });
        ConsumerStream { events, closed }
    }

    /// Cancelled when the page is gone for good.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

/// The events of one consumer, and its one close.
pub struct ConsumerStream {
    /// Its events.
    pub events: Emitter<ConsumerEvent>,
    closed: tokio::sync::oneshot::Sender<CloseReason>,
}

impl ConsumerStream {
    /// Ends it.
    pub fn close(self, reason: CloseReason) {
        let _gone = self.closed.send(reason);
    }
}
