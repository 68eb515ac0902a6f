//! A page's end of the WebSocket: sends commands, collects what comes back, and checks the protocol's rules while
//! it does.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use shared::event::{CloseReason, Outcome};
use shared::wire::{Resume, VERSION, Welcome};
use shared::{
    ClientFrame, Command, ConsumerEvent, ConsumerId, ErrorCode, Event, Reply, RequestId, ServerFrame,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::TestServer;

/// Longer than anything in a test takes: reached only by what hangs.
const HANGS: Duration = Duration::from_secs(240);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a command went.
#[derive(Debug)]
pub struct Finished {
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// How many events the page did not get.
    pub skipped: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl Finished {
    /// The reply of a command that has to have succeeded.
    pub fn reply(self) -> Reply {
        match self.outcome {
            Outcome::Ok(reply) => reply,
            other => panic!("not a success: {other:?}"),
        }
    }

    /// The error code of a command that has to have failed.
    pub fn error_code(&self) -> ErrorCode {
        match &self.outcome {
            Outcome::Failed { error, .. } => {
                assert!(error.message.ends_with(['.', '!', '?']), "a sentence: {}", error.message);
                error.code
            }
            other => panic!("not a failure: {other:?}"),
        }
    }
}

/// One page of one learner.
pub struct Client {
    /// `None` while the connection is lost.
    socket: Option<Socket>,
    /// What a browser would send as its cookie.
    pub cookie: Option<String>,
    /// What the server said first.
    pub welcome: Welcome,
    received: u64,
    next_id: u64,
    requests: HashMap<RequestId, (Vec<Event>, u64)>,
    finished: HashMap<RequestId, Finished>,
    consumers: HashMap<ConsumerId, VecDeque<ConsumerEvent>>,
    closed: HashMap<ConsumerId, CloseReason>,
    skipped: HashMap<ConsumerId, u64>,
}

impl Client {
    /// A new learner.
    pub async fn new(server: &TestServer) -> Self {
        Self::with_cookie(server, None).await
    }

    /// A learner whom the server may know.
    pub async fn with_cookie(server: &TestServer, cookie: Option<String>) -> Self {
        Self::with_headers(server, cookie, &[]).await
    }

    /// A learner whose request has these headers too, as one by way of a proxy.
    pub async fn with_headers(
        server: &TestServer,
        cookie: Option<String>,
        headers: &[(&'static str, &'static str)],
    ) -> Self {
        let (mut socket, set_cookie) = Self::connect_with(server, cookie.as_deref(), headers).await;
        let welcome = hello(&mut socket, None).await;
        Self {
            socket: Some(socket),
            cookie: set_cookie.or(cookie),
            welcome,
            received: 0,
            next_id: 1,
            requests: HashMap::new(),
            finished: HashMap::new(),
            consumers: HashMap::new(),
            closed: HashMap::new(),
            skipped: HashMap::new(),
        }
    }

    /// A bare connection, for saying what no page would. Also the cookie that the server gave, if it gave one.
    pub async fn connect(server: &TestServer, cookie: Option<&str>) -> (Socket, Option<String>) {
        Self::connect_with(server, cookie, &[]).await
    }

    async fn connect_with(
        server: &TestServer,
        cookie: Option<&str>,
        headers: &[(&'static str, &'static str)],
    ) -> (Socket, Option<String>) {
        let mut request = format!("ws://{}/ws", server.address()).into_client_request().expect("a request");
        let origin = HeaderValue::from_str(&server.origin()).expect("an origin");
        request.headers_mut().insert("origin", origin);
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", HeaderValue::from_str(cookie).expect("a cookie"));
        }
        let (socket, response) = connect_async(request).await.expect("a connection");
        let set_cookie = response.headers().get("set-cookie").map(|value| {
            let value = value.to_str().expect("a cookie is ASCII");
            value.split(';').next().expect("a cookie has a value").to_owned()
        });
        (socket, set_cookie)
    }

    /// Loses the connection without a goodbye, as by a broken network.
    pub fn lose_connection(&mut self) {
        // Dropped without a close frame.
        self.socket = None;
    }

    /// Goes on with the session on a new connection. If the old one is there still, it is lost at that moment.
    pub async fn reconnect(&mut self, server: &TestServer) {
        self.reconnect_with(server, &[]).await;
    }

    /// The same, by a request that has these headers too.
    pub async fn reconnect_with(&mut self, server: &TestServer, headers: &[(&'static str, &'static str)]) {
        let (mut socket, _) = Self::connect_with(server, self.cookie.as_deref(), headers).await;
        self.lose_connection();
        self.welcome = hello(&mut socket, Some(self.resume())).await;
        self.socket = Some(socket);
    }

    /// What a page says to go on with this session.
    pub fn resume(&self) -> Resume {
        Resume { session: self.welcome.session.clone(), received: self.received }
    }

    /// Says goodbye, as a page that is closed.
    pub async fn leave(mut self) {
        self.socket().close(None).await.expect("a goodbye");
    }

    /// Sends a command.
    pub async fn start(&mut self, command: Command) -> RequestId {
        let id = RequestId(self.next_id);
        self.next_id += 1;
        self.requests.insert(id, (Vec::new(), 0));
        self.send(&ClientFrame::Run { id, command }).await;
        id
    }

    /// Sends a command given as JSON, as lessons write it.
    pub async fn start_json(&mut self, command: Value) -> RequestId {
        self.start(serde_json::from_value(command).expect("a command")).await
    }

    /// Runs a command given as JSON to its end.
    pub async fn run(&mut self, command: Value) -> Finished {
        let id = self.start_json(command).await;
        self.finish(id).await
    }

    /// Cancels a command.
    pub async fn cancel(&mut self, id: RequestId) {
        self.send(&ClientFrame::Cancel { id }).await;
    }

    /// Waits for the end of a command.
    pub async fn finish(&mut self, id: RequestId) -> Finished {
        loop {
            if let Some(finished) = self.finished.remove(&id) {
                return finished;
            }
            self.take().await;
        }
    }

    /// Waits until a running command has had an event that `wanted` accepts.
    pub async fn until_event(&mut self, id: RequestId, wanted: impl Fn(&Event) -> bool) {
        while !self.requests.get(&id).is_some_and(|(events, _)| events.iter().any(&wanted)) {
            assert!(!self.finished.contains_key(&id), "it ended before: {:?}", self.finished.get(&id));
            self.take().await;
        }
    }

    /// Waits until `wanted` makes something of an event of a running command, the newest first. Those that came before
    /// are lost for the next wait.
    pub async fn until_event_that<T>(&mut self, id: RequestId, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let (events, _) = self.requests.get_mut(&id).unwrap_or_else(|| {
                panic!("it ended before: {:?}", self.finished.get(&id));
            });
            let found = events.iter().rev().find_map(&wanted);
            events.clear();
            match found {
                Some(found) => return found,
                None => self.take().await,
            }
        }
    }

    /// Starts a consumer given as JSON.
    pub async fn consume(&mut self, arguments: Value) -> ConsumerId {
        match self.run(serde_json::json!({ "start_consumer": arguments })).await.reply() {
            Reply::ConsumerStarted(id) => id,
            other => panic!("not a consumer: {other:?}"),
        }
    }

    /// The next event of a consumer.
    pub async fn next_event(&mut self, consumer: ConsumerId) -> ConsumerEvent {
        loop {
            if let Some(event) = self.consumers.get_mut(&consumer).and_then(VecDeque::pop_front) {
                return event;
            }
            assert!(!self.closed.contains_key(&consumer), "closed: {:?}", self.closed[&consumer]);
            self.take().await;
        }
    }

    /// The first of a consumer's next events from which `wanted` makes something. Those before it are lost.
    pub async fn next_that<T>(
        &mut self,
        consumer: ConsumerId,
        wanted: impl Fn(ConsumerEvent) -> Option<T>,
    ) -> T {
        loop {
            if let Some(found) = wanted(self.next_event(consumer).await) {
                return found;
            }
        }
    }

    /// Waits until a consumer is closed, and says why.
    pub async fn closed(&mut self, consumer: ConsumerId) -> CloseReason {
        while !self.closed.contains_key(&consumer) {
            self.take().await;
        }
        self.closed[&consumer].clone()
    }

    /// How many events of a consumer the page did not get so far.
    pub fn skipped(&self, consumer: ConsumerId) -> u64 {
        self.skipped.get(&consumer).copied().unwrap_or(0)
    }

    /// Waits for the code with which the server closes the connection. What comes before is dropped.
    pub async fn close_code(socket: &mut Socket) -> u16 {
        let code = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                    Some(Ok(_)) => {}
                    other => panic!("ended without a code: {other:?}"),
                }
            }
        };
        timeout(HANGS, code).await.expect("the server closes in time")
    }

    /// The connection, for saying what no page would.
    pub fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("the connection is there")
    }

    async fn send(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("JSON");
        self.socket().send(Message::text(text)).await.expect("the connection holds");
    }

    /// Takes one frame from the server.
    async fn take(&mut self) {
        let frame = next_frame(self.socket()).await;
        self.received += 1;
        match frame {
            ServerFrame::Events { id, events } => {
                let (so_far, _) = self.requests.get_mut(&id).expect("events belong to a running command");
                so_far.extend(events);
            }
            ServerFrame::Done { id, outcome } => {
                let (events, skipped) = self.requests.remove(&id).expect("Done comes once for each Run");
                self.finished.insert(id, Finished { events, skipped, outcome });
            }
            ServerFrame::ConsumerEvents { consumer, events } => {
                assert!(!self.closed.contains_key(&consumer), "Closed is a consumer's last frame");
                self.consumers.entry(consumer).or_default().extend(events);
            }
            ServerFrame::Closed { consumer, reason } => {
                let before = self.closed.insert(consumer, reason);
                assert_eq!(before, None, "Closed comes once for each consumer");
            }
            ServerFrame::Skipped { stream, count } => match stream {
                shared::wire::Stream::Request(id) => {
                    self.requests.get_mut(&id).expect("a running command").1 += count;
                }
                shared::wire::Stream::Consumer(id) => *self.skipped.entry(id).or_default() += count,
            },
            ServerFrame::Cluster { state } => self.welcome.cluster = state,
            ServerFrame::Welcome(_) => panic!("Welcome comes once a connection"),
        }
    }

    /// Waits until the server says that the cluster is as `wanted`.
    pub async fn until_cluster(&mut self, wanted: impl Fn(&shared::kafka::ClusterState) -> bool) {
        while !wanted(&self.welcome.cluster) {
            self.take().await;
        }
    }
}

async fn hello(socket: &mut Socket, resume: Option<Resume>) -> Welcome {
    let hello = serde_json::to_string(&ClientFrame::Hello { version: VERSION, resume }).expect("JSON");
    socket.send(Message::text(hello)).await.expect("the connection holds");
    match next_frame(socket).await {
        ServerFrame::Welcome(welcome) => welcome,
        other => panic!("{other:?} before Welcome"),
    }
}

async fn next_frame(socket: &mut Socket) -> ServerFrame {
    let frame = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).expect("a frame of the protocol");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the connection ended: {other:?}"),
            }
        }
    };
    timeout(HANGS, frame).await.expect("nothing hangs")
}
