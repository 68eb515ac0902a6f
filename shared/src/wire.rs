//! The frames of the WebSocket, one JSON text message each. `PROTOCOL.md` tells their order and their races.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::event::{CloseReason, ConsumerEvent, Event, Outcome};
use crate::kafka::{ClusterKind, ClusterState};

/// The version of the protocol. A `Hello` with another one is answered by [`close::WRONG_VERSION`].
pub const VERSION: u32 = 2;

/// The longest frame that the server reads, in bytes.
pub const MAX_CLIENT_FRAME_BYTES: usize = 256 * 1024;

/// Names one `Run`. Allocated by the client, from 1 upwards; within a session each is larger than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// Names one running consumer. Allocated by the server, never reused for the same learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsumerId(pub u64);

/// Names one session, so that a page whose connection dropped can go on with it. Worth nothing without the
/// cookie of the learner that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub String);

/// What the page sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// The first frame of each connection, once.
    Hello {
        /// [`VERSION`] of the page.
        version: u32,
        /// The session to go on with, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
    },
    /// Run a command.
    Run {
        /// A new id.
        id: RequestId,
        /// What to do.
        command: Command,
    },
    /// Stop a running command. Ignored for one that is settled.
    Cancel {
        /// The id of its `Run`.
        id: RequestId,
    },
}

/// Where a page wants to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The session, as the last `Welcome` named it.
    pub session: SessionId,
    /// How many frames of the session, `Welcome`s apart, the page has received over all its connections.
    pub received: u64,
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `Hello`, and the first frame of each connection.
    Welcome(Welcome),
    /// The state of the Kafka cluster changed, as the server sees it.
    Cluster {
        /// The new state.
        state: ClusterState,
    },
    /// What happened in a running command, oldest first.
    Events {
        /// The id of its `Run`.
        id: RequestId,
        /// At least one.
        events: Vec<Event>,
    },
    /// A command is settled. The last frame with this id, exactly one for each `Run`.
    Done {
        /// The id of its `Run`.
        id: RequestId,
        /// How it ended.
        outcome: Outcome,
    },
    /// What happened to a running consumer, oldest first.
    ConsumerEvents {
        /// Which consumer.
        consumer: ConsumerId,
        /// At least one.
        events: Vec<ConsumerEvent>,
    },
    /// A consumer is gone. The last frame with this id, exactly one for each consumer.
    Closed {
        /// Which consumer.
        consumer: ConsumerId,
        /// Why.
        reason: CloseReason,
    },
    /// Events that the page will never see: it was away, or slower than a live consumer.
    Skipped {
        /// Whose events.
        stream: Stream,
        /// How many.
        count: u64,
    },
}

/// What events belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// A running command.
    Request(RequestId),
    /// A running consumer.
    Consumer(ConsumerId),
}

/// The first frame of each connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`VERSION`] of the server.
    pub version: u32,
    /// The session that this connection now carries.
    pub session: SessionId,
    /// Whether it is the session that was asked for. If not, that one is gone, with what ran in it.
    pub resumed: bool,
    /// The highest id of a `Run` that the server took in this session. One that the page sent with a higher id
    /// never arrived.
    pub last_request: Option<RequestId>,
    /// What the server and its cluster can do.
    pub server: ServerInfo,
    /// How the cluster is at the moment.
    pub cluster: ClusterState,
}

/// What a server is, for as long as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The version of Kafka Workshop.
    pub version: String,
    /// The version of librdkafka that speaks to the cluster.
    pub librdkafka: String,
    /// Which kind of cluster its learners work on.
    pub kind: ClusterKind,
    /// What only some clusters can do, for example `brokers`. Lesson steps name what they need.
    pub capabilities: Vec<String>,
}

/// Codes with which the server closes a connection. A page reconnects after a code that is not here, and after
/// [`IDLE`](close::IDLE) and [`SHUTTING_DOWN`](close::SHUTTING_DOWN); the others mean that it would only fail again.
pub mod close {
    /// A frame that is not JSON, or not one of [`ClientFrame`](super::ClientFrame).
    pub const MALFORMED: u16 = 4400;
    /// A frame came before `Hello`, or `Hello` a second time.
    pub const HELLO_EXPECTED: u16 = 4401;
    /// `Hello` with a version that the server does not speak.
    pub const WRONG_VERSION: u16 = 4402;
    /// A binary frame.
    pub const BINARY: u16 = 4403;
    /// No `Hello`, or nothing at all, for too long.
    pub const IDLE: u16 = 4408;
    /// A `Run` whose id is not larger than all before it.
    pub const ID_REUSED: u16 = 4409;
    /// A frame over [`MAX_CLIENT_FRAME_BYTES`](super::MAX_CLIENT_FRAME_BYTES).
    pub const TOO_LARGE: u16 = 4413;
    /// More frames a second than the server takes.
    pub const TOO_FAST: u16 = 4429;
    /// The page left what it was sent unread for too long.
    pub const TOO_SLOW: u16 = 4430;
    /// Another connection took this session over.
    pub const TAKEN_OVER: u16 = 4440;
    /// More sessions than one learner, or the server, may have.
    pub const TOO_MANY_SESSIONS: u16 = 4441;
    /// The server is stopping.
    pub const SHUTTING_DOWN: u16 = 4450;
}
