//! Whatever learners, networks and commands do, in any order: exactly one `Done` for each `Run`, exactly one
//! `Closed` for each consumer, and each event is either seen or counted as skipped.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::Message;
use futures_util::future::BoxFuture;
use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use shared::command::{DescribeTopic, ListTopics, StartConsumer};
use shared::event::{CloseReason, Outcome};
use shared::kafka::{ClusterKind, ClusterState};
use shared::wire::{MAX_CLIENT_FRAME_BYTES, Resume, ServerInfo, Stream, VERSION, Welcome, close};
use shared::{
    ClientFrame, Command, ConsumerEvent, ConsumerId, Event, Reply, RequestId, ServerFrame, SessionId,
};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::run::{MAX_RUNNING, MAX_WAITING, RATE_FRAMES};
use super::*;
use crate::learner::{Commands, LearnerId, Learners};

/// Commands that do as their argument says, and count what they emitted.
#[derive(Default)]
struct Scripted {
    consumers: AtomicU64,
    emitted: Arc<Mutex<HashMap<Stream, u64>>>,
    closed: CancellationToken,
}

/// How a scripted command behaves: so many events, with so many milliseconds after each.
fn script(topic: &str) -> (&str, u64, u64) {
    let mut parts = topic.split(' ');
    let kind = parts.next().unwrap();
    let mut number = || parts.next().unwrap().parse().unwrap();
    (kind, number(), number())
}

/// Panics as a defect would, without the noise of a message.
fn panic_if(so: bool) {
    if so {
        std::panic::resume_unwind(Box::new("as the script says"));
    }
}

impl Commands for Scripted {
    fn run<'a>(&'a self, command: Command, cx: &'a JobContext) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match command {
                Command::DescribeTopic(DescribeTopic { topic }) => {
                    let (kind, events, pause_ms) = script(&topic);
                    for _ in 0..events {
                        cx.events.emit(Event::Phase(topic.clone())).await;
                        tokio::select! {
                            () = sleep(Duration::from_millis(pause_ms)) => {}
                            () = cx.cancel.cancelled() => return Outcome::Cancelled { partial: None },
                        }
                    }
                    panic_if(kind == "panic");
                    Outcome::Ok(Reply::Topics(vec![]))
                }
                Command::CreateTopic(_) => std::future::pending().await,
                Command::StartConsumer(StartConsumer { group, .. }) if group == "stuck" => {
                    let id = ConsumerId(self.consumers.fetch_add(1, Ordering::Relaxed) + 1);
                    let stream = cx.consumers.open(id);
                    tokio::spawn(async move {
                        let _never_closed = stream;
                        std::future::pending::<()>().await;
                    });
                    Outcome::Ok(Reply::ConsumerStarted(id))
                }
                Command::StartConsumer(StartConsumer { group, .. }) => {
                    let (kind, events, pause_ms) = script(&group);
                    let panics = kind == "panic";
                    let id = ConsumerId(self.consumers.fetch_add(1, Ordering::Relaxed) + 1);
                    let stream = cx.consumers.open(id);
                    let (ended, closed) = (cx.consumers.ended(), self.closed.clone());
                    let emitted = Arc::clone(&self.emitted);
                    tokio::spawn(async move {
                        for _ in 0..events {
                            let event = ConsumerEvent::Assigned { partitions: vec![] };
                            // Taken or counted as skipped: the page hears of it either way.
                            stream.events.try_emit(event);
                            *emitted.lock().unwrap().entry(Stream::Consumer(id)).or_default() += 1;
                            let reason = tokio::select! {
                                () = sleep(Duration::from_millis(pause_ms)) => continue,
                                () = ended.cancelled() => CloseReason::SessionEnded,
                                () = closed.cancelled() => CloseReason::ShuttingDown,
                            };
                            stream.close(reason);
                            return;
                        }
                        panic_if(panics);
                        stream.close(CloseReason::Stopped);
                    });
                    Outcome::Ok(Reply::ConsumerStarted(id))
                }
                _ => Outcome::Ok(Reply::Topics(vec![])),
            }
        })
    }

    fn close(&self, _reason: CloseReason) -> BoxFuture<'_, ()> {
        self.closed.cancel();
        Box::pin(async {})
    }
}

struct House {
    sessions: Arc<Sessions>,
    commands: Arc<Scripted>,
    learner: LearnerId,
    _cluster: watch::Sender<ClusterState>,
}

fn house() -> House {
    let commands = Arc::new(Scripted::default());
    let theirs = Arc::clone(&commands);
    let learners = Arc::new(Learners::new(Box::new(move |_| Arc::clone(&theirs) as Arc<dyn Commands>)));
    let (cluster, state) = watch::channel(ClusterState::Starting);
    let info = ServerInfo {
        version: "1".into(),
        librdkafka: "2".into(),
        kind: ClusterKind::Kafka,
        capabilities: vec![],
    };
    let sessions = Sessions::new(learners, state, info, GRACE);
    House { sessions, commands, learner: LearnerId::random(), _cluster: cluster }
}

/// The page's end of a connection.
struct Line {
    to_server: mpsc::Sender<Incoming>,
    from_server: mpsc::Receiver<Message>,
}

impl House {
    /// What is on its way is lost when the line is dropped: `in_flight` is how much that can be.
    fn connect_as(&self, learner: &LearnerId, in_flight: usize) -> Line {
        let (to_server, incoming) = mpsc::channel(64);
        let (outgoing, from_server) = mpsc::channel(in_flight);
        let reader = futures_util::stream::unfold(incoming, |mut incoming| async {
            incoming.recv().await.map(|message| (message, incoming))
        });
        let writer = futures_util::sink::unfold(outgoing, |outgoing, message| async move {
            outgoing.send(message).await.map(|()| outgoing).map_err(|_| Broken)
        });
        let connection = Connection {
            writer: Box::pin(writer.sink_map_err(|e| e)),
            reader: Box::pin(reader.boxed()),
            same_machine: true,
        };
        let (sessions, learner) = (Arc::clone(&self.sessions), learner.clone());
        tokio::spawn(async move { sessions.connect(&learner, connection).await });
        Line { to_server, from_server }
    }
}

impl Line {
    async fn send(&self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).unwrap();
        let _ = self.to_server.send(Incoming::Text(text.into())).await;
    }

    async fn hello(&mut self, resume: Option<Resume>) -> Result<Welcome, u16> {
        self.send(&ClientFrame::Hello { version: VERSION, resume }).await;
        loop {
            match self.from_server.recv().await {
                Some(Message::Text(text)) => match serde_json::from_str(&text).unwrap() {
                    ServerFrame::Welcome(welcome) => return Ok(welcome),
                    other => panic!("{other:?} before Welcome"),
                },
                Some(Message::Close(Some(close))) => return Err(close.code),
                Some(_) => {}
                None => return Err(0),
            }
        }
    }

    async fn close_code(&mut self) -> u16 {
        loop {
            match self.from_server.recv().await {
                Some(Message::Close(Some(close))) => return close.code,
                Some(_) => {}
                None => return 0,
            }
        }
    }
}

/// A page that keeps books.
struct Page<'a> {
    house: &'a House,
    line: Option<Line>,
    session: SessionId,
    received: u64,
    next: u64,
    sent: Vec<RequestId>,
    never_arrived: Vec<RequestId>,
    done: HashMap<RequestId, u32>,
    started: HashSet<ConsumerId>,
    closed: HashMap<ConsumerId, u32>,
    events: HashMap<Stream, u64>,
}

impl<'a> Page<'a> {
    async fn open(house: &'a House, in_flight: usize) -> Self {
        let mut line = house.connect_as(&house.learner, in_flight);
        let welcome = line.hello(None).await.unwrap();
        Self {
            house,
            line: Some(line),
            session: welcome.session,
            received: 0,
            next: 1,
            sent: vec![],
            never_arrived: vec![],
            done: HashMap::new(),
            started: HashSet::new(),
            closed: HashMap::new(),
            events: HashMap::new(),
        }
    }

    async fn run(&mut self, command: Command) {
        if let Some(line) = &self.line {
            let id = RequestId(self.next);
            self.next += 1;
            self.sent.push(id);
            line.send(&ClientFrame::Run { id, command }).await;
        }
    }

    async fn reconnect(&mut self, in_flight: usize) {
        self.line = None;
        let mut line = self.house.connect_as(&self.house.learner, in_flight);
        let resume = Resume { session: self.session.clone(), received: self.received };
        let welcome = line.hello(Some(resume)).await.unwrap();
        assert!(welcome.resumed, "within the grace period");
        let (sent, lost) = self.sent.drain(..).partition(|id| Some(*id) <= welcome.last_request);
        (self.sent, self.never_arrived) = (sent, [std::mem::take(&mut self.never_arrived), lost].concat());
        self.line = Some(line);
    }

    /// Takes up to `most` messages, until no frame has come for `wait`. Pings are answered.
    async fn read(&mut self, most: usize, wait: Duration) {
        let mut until = Instant::now() + wait;
        for _ in 0..most {
            let Some(line) = &mut self.line else { return };
            match timeout_at(until, line.from_server.recv()).await {
                Ok(Some(Message::Text(text))) => {
                    until = Instant::now() + wait;
                    self.received += 1;
                    self.take(serde_json::from_str(&text).unwrap());
                }
                Ok(Some(Message::Ping(bytes))) => {
                    let number = u64::from_be_bytes(bytes.as_ref().try_into().unwrap());
                    let _ = line.to_server.send(Incoming::Pong(number)).await;
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn take(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Events { id, events } => {
                assert!(!self.done.contains_key(&id), "an event after Done");
                *self.events.entry(Stream::Request(id)).or_default() += events.len() as u64;
            }
            ServerFrame::ConsumerEvents { consumer, events } => {
                assert!(self.started.contains(&consumer), "an event before the Done that names the consumer");
                assert!(!self.closed.contains_key(&consumer), "an event after Closed");
                *self.events.entry(Stream::Consumer(consumer)).or_default() += events.len() as u64;
            }
            ServerFrame::Skipped { stream, count } => *self.events.entry(stream).or_default() += count,
            ServerFrame::Done { id, outcome } => {
                *self.done.entry(id).or_default() += 1;
                if let Outcome::Ok(Reply::ConsumerStarted(consumer)) = outcome {
                    self.started.insert(consumer);
                }
            }
            ServerFrame::Closed { consumer, .. } => *self.closed.entry(consumer).or_default() += 1,
            ServerFrame::Cluster { .. } => {}
            ServerFrame::Welcome(_) => panic!("a second Welcome"),
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Run { panics: bool, events: u64, pause_ms: u64 },
    Consume { panics: bool, events: u64, pause_ms: u64 },
    Cancel(u64),
    Read(usize),
    Wait(u64),
    Drop,
    Reconnect(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let often = prop_oneof![Just(false), Just(false), Just(false), Just(true)];
    prop_oneof![
        4 => (often.clone(), 0..20_u64, 0..40_u64)
            .prop_map(|(panics, events, pause_ms)| Act::Run { panics, events, pause_ms }),
        2 => (often, 0..200_u64, 0..20_u64)
            .prop_map(|(panics, events, pause_ms)| Act::Consume { panics, events, pause_ms }),
        2 => (0..10_u64).prop_map(Act::Cancel),
        4 => (1..30_usize).prop_map(Act::Read),
        3 => (0..300_u64).prop_map(Act::Wait),
        2 => Just(Act::Drop),
        2 => (1..16_usize).prop_map(Act::Reconnect),
    ]
}

async fn play(acts: Vec<Act>) {
    let house = house();
    let mut page = Page::open(&house, 8).await;
    for act in acts {
        let kind = |panics: bool| if panics { "panic" } else { "ok" };
        match act {
            Act::Run { panics, events, pause_ms } => {
                let topic = format!("{} {events} {pause_ms}", kind(panics));
                page.run(Command::DescribeTopic(DescribeTopic { topic })).await;
            }
            Act::Consume { panics, events, pause_ms } => {
                let group = format!("{} {events} {pause_ms}", kind(panics));
                let json = serde_json::json!({ "start_consumer": { "group": group, "topics": [] } });
                page.run(serde_json::from_value(json).unwrap()).await;
            }
            Act::Cancel(id) => {
                if let Some(line) = &page.line {
                    line.send(&ClientFrame::Cancel { id: RequestId(id) }).await;
                }
            }
            Act::Read(most) => page.read(most, Duration::from_millis(100)).await,
            Act::Wait(ms) => sleep(Duration::from_millis(ms)).await,
            Act::Drop => page.line = None,
            Act::Reconnect(in_flight) => page.reconnect(in_flight).await,
        }
    }
    page.reconnect(8).await;
    page.read(usize::MAX, Duration::from_secs(30)).await;

    for id in &page.sent {
        assert_eq!(page.done.get(id), Some(&1), "Done of {id:?}");
    }
    for id in &page.never_arrived {
        assert_eq!(page.done.get(id), None, "Done of {id:?}, which the server said it never got");
    }
    let consumers = house.commands.consumers.load(Ordering::Relaxed);
    assert_eq!(page.closed.len() as u64, consumers, "each consumer is closed");
    assert!(page.closed.values().all(|&times| times == 1), "once: {:?}", page.closed);
    for (stream, emitted) in house.commands.emitted.lock().unwrap().iter() {
        assert_eq!(page.events.get(stream), Some(emitted), "seen or skipped of {stream:?}");
    }
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_settled_once_in_any_order(acts in prop::collection::vec(act(), 0..40)) {
        paused(play(acts));
    }
}

#[test]
fn a_session_is_resumed_by_its_own_learner_only() {
    paused(async {
        let house = house();
        let page = Page::open(&house, 8).await;
        let resume = Some(Resume { session: page.session.clone(), received: 0 });
        let mut stranger = house.connect_as(&LearnerId::random(), 8);
        let welcome = stranger.hello(resume).await.unwrap();
        assert!(!welcome.resumed);
        assert_ne!(welcome.session, page.session);
    });
}

#[test]
fn a_session_is_gone_after_the_grace_period() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 8).await;
        page.line = None;
        sleep(GRACE + Duration::from_secs(5)).await;
        let mut line = house.connect_as(&house.learner, 8);
        let resume = Resume { session: page.session.clone(), received: 0 };
        assert!(!line.hello(Some(resume)).await.unwrap().resumed);
    });
}

#[test]
fn a_page_that_leaves_with_a_goodbye_ends_its_session() {
    paused(async {
        let house = house();
        let page = Page::open(&house, 8).await;
        page.line.as_ref().unwrap().to_server.send(Incoming::Left).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        assert_eq!(house.sessions.count(), 0);
    });
}

#[test]
fn a_page_that_reads_nothing_is_let_go() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 1).await;
        let topic = "ok 2000 60".to_owned();
        page.run(Command::DescribeTopic(DescribeTopic { topic })).await;
        sleep(Duration::from_secs(300)).await;
        assert_eq!(house.sessions.count(), 0);
    });
}

#[test]
fn each_misuse_closes_the_connection_with_its_own_code() {
    let list = || Command::ListTopics(ListTopics {});
    let run = |id| {
        Incoming::Text(
            serde_json::to_string(&ClientFrame::Run { id: RequestId(id), command: list() }).unwrap().into(),
        )
    };
    let hello = || Incoming::Text(r#"{"type":"hello","version":2}"#.into());
    let cases: Vec<(Vec<Incoming>, u16)> = vec![
        (vec![run(1)], close::HELLO_EXPECTED),
        (vec![hello(), hello()], close::HELLO_EXPECTED),
        (vec![Incoming::Text(r#"{"type":"hello","version":99}"#.into())], close::WRONG_VERSION),
        (vec![Incoming::Text("{".into())], close::MALFORMED),
        (vec![hello(), Incoming::Text(r#"{"type":"dance"}"#.into())], close::MALFORMED),
        (vec![Incoming::Binary], close::BINARY),
        (vec![hello(), Incoming::Binary], close::BINARY),
        (vec![hello(), run(1), run(1)], close::ID_REUSED),
        (vec![hello(), run(2), run(1)], close::ID_REUSED),
        (vec![hello(), Incoming::TooLarge], close::TOO_LARGE),
        (vec![Incoming::Text(" ".repeat(MAX_CLIENT_FRAME_BYTES + 1).into())], close::TOO_LARGE),
        (vec![], close::IDLE),
        (vec![hello()], close::IDLE),
        (
            std::iter::once(hello()).chain((1..=RATE_FRAMES + 1).map(|id| run(id.into()))).collect(),
            close::TOO_FAST,
        ),
    ];
    for (frames, code) in cases {
        let said = format!("{:?}", frames.iter().take(3).collect::<Vec<_>>());
        paused(async {
            let house = house();
            let mut line = house.connect_as(&house.learner, 1024);
            for frame in frames {
                line.to_server.send(frame).await.unwrap();
            }
            // A page that stays silent does not even answer pings.
            assert_eq!(line.close_code().await, code, "{}", said.chars().take(300).collect::<String>());
        });
    }
}

#[test]
fn a_shutdown_answers_what_runs_and_closes_consumers() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 64).await;
        page.run(Command::DescribeTopic(DescribeTopic { topic: "ok 1000 50".into() })).await;
        let json = serde_json::json!({ "start_consumer": { "group": "ok 1000 50", "topics": [] } });
        page.run(serde_json::from_value(json).unwrap()).await;
        page.read(4, Duration::from_millis(200)).await;
        let sessions = Arc::clone(&house.sessions);
        let stopping = tokio::spawn(async move { sessions.shut_down().await });
        page.read(usize::MAX, Duration::from_secs(10)).await;
        stopping.await.unwrap();
        assert_eq!(page.done.len(), 2);
        assert_eq!(page.closed.len(), 1);
    });
}

#[test]
fn a_connection_that_takes_over_leaves_the_old_one_told() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 8).await;
        let mut old = page.line.take().unwrap();
        let mut line = house.connect_as(&house.learner, 8);
        let resume = Resume { session: page.session.clone(), received: 0 };
        assert!(line.hello(Some(resume)).await.unwrap().resumed);
        assert_eq!(old.close_code().await, close::TAKEN_OVER);
    });
}

#[test]
fn a_learner_may_not_run_more_than_so_many_commands_at_once() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 64).await;
        for _ in 0..=MAX_RUNNING {
            page.run(Command::DescribeTopic(DescribeTopic { topic: "ok 100 50".into() })).await;
        }
        page.read(usize::MAX, Duration::from_secs(10)).await;
        assert_eq!(page.done.len(), MAX_RUNNING + 1);
    });
}

#[test]
fn what_does_not_end_when_the_server_stops_is_answered_all_the_same() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 64).await;
        page.run(serde_json::from_value(serde_json::json!({ "create_topic": { "topic": "t" } })).unwrap())
            .await;
        let stuck = serde_json::json!({ "start_consumer": { "group": "stuck", "topics": [] } });
        page.run(serde_json::from_value(stuck).unwrap()).await;
        page.read(1, Duration::from_secs(1)).await;
        let sessions = Arc::clone(&house.sessions);
        let stopping = tokio::spawn(async move { sessions.shut_down().await });
        page.read(usize::MAX, Duration::from_secs(10)).await;
        stopping.await.unwrap();
        assert_eq!((page.done.len(), page.closed.len()), (2, 1));
    });
}

#[test]
fn a_page_that_lost_count_gets_a_new_session_on_the_same_connection() {
    paused(async {
        let house = house();
        let mut page = Page::open(&house, 8).await;
        page.line = None;
        let mut line = house.connect_as(&house.learner, 8);
        let resume = Resume { session: page.session.clone(), received: 999 };
        let welcome = line.hello(Some(resume)).await.unwrap();
        assert!(!welcome.resumed);
        assert_ne!(welcome.session, page.session);
    });
}

#[test]
fn a_page_that_reads_no_answers_may_not_pile_up_commands() {
    paused(async {
        let house = house();
        let mut line = house.connect_as(&house.learner, 1);
        line.hello(None).await.unwrap();
        for id in 1..=MAX_WAITING as u64 + 80 {
            let command = Command::ListTopics(ListTopics {});
            line.send(&ClientFrame::Run { id: RequestId(id), command }).await;
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(line.close_code().await, close::TOO_FAST);
    });
}
