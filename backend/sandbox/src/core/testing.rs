//! A core under test: its clock moves only when told, and requests go in as from the wire.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;

use super::log::testing::check;
use super::{Address, Answer, Beginning, BrokerId, ConnectionId, Core, Effects, End, Limits, Now};
use crate::window::ClusterEvent;
use crate::wire::{
    Api, PartitionProduce, ProduceRequest, Request, RequestHeader, Response, TopicProduce, encode, text,
};

/// A cluster, its clock, and what it has answered.
pub(crate) struct TestCluster {
    pub(crate) core: Core,
    pub(crate) now: Now,
    answers: HashMap<ConnectionId, Vec<Response>>,
    asked: HashMap<ConnectionId, RequestHeader>,
    closed: HashSet<ConnectionId>,
    /// What was told to who watches.
    pub(crate) events: Vec<ClusterEvent>,
}

impl TestCluster {
    /// So many brokers, with broker configs by name.
    pub(crate) fn new(brokers: u16, configs: &[(&str, &str)]) -> Self {
        Self::numbered_from(1, "127.0.0.1", brokers, configs)
    }

    /// The same, with the id of the first and the host that all of them give.
    pub(crate) fn numbered_from(
        first_broker: BrokerId,
        host: &str,
        brokers: u16,
        configs: &[(&str, &str)],
    ) -> Self {
        let now = Now { monotonic: Duration::from_secs(7), wall_ms: 1_700_000_000_000 };
        let beginning = Beginning {
            addresses: (0..brokers).map(|index| Address { host: text(host), port: 9092 + index }).collect(),
            first_broker,
            configs: configs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            seed: 1,
            limits: Limits { log_bytes: 64 << 20, topics: 1000, partitions: 10_000 },
        };
        let core = Core::new(beginning, now).expect("the configs are good");
        let (answers, asked, closed) = (HashMap::new(), HashMap::new(), HashSet::new());
        Self { core, now, answers, asked, closed, events: Vec::new() }
    }

    /// A connection of a new client.
    pub(crate) fn connect(&mut self, broker: BrokerId) -> ConnectionId {
        self.core.connect(broker, "127.0.0.1")
    }

    /// Asks on a connection. `None`: the answer comes later, or never.
    pub(crate) fn ask_on(
        &mut self,
        connection: ConnectionId,
        api: Api,
        version: i16,
        request: Request,
    ) -> Option<Response> {
        assert!(api.versions().contains(version), "{api:?} version {version} is not announced");
        let header = RequestHeader { api, version, correlation_id: 1, client_id: Some(text("tester")) };
        self.asked.insert(connection, header.clone());
        let effects = self.core.handle(self.now, connection, &header, request);
        self.take(effects);
        self.answer(connection)
    }

    /// Asks a broker on a connection of its own.
    pub(crate) fn ask(
        &mut self,
        broker: BrokerId,
        api: Api,
        version: i16,
        request: Request,
    ) -> Option<Response> {
        let connection = self.connect(broker);
        self.ask_on(connection, api, version, request)
    }

    /// What has been answered on a connection, if anything.
    pub(crate) fn answer(&mut self, connection: ConnectionId) -> Option<Response> {
        self.answers.remove(&connection).map(|mut answers| {
            assert_eq!(answers.len(), 1, "a request is answered once");
            answers.remove(0)
        })
    }

    /// Whether the broker closed a connection.
    pub(crate) fn is_closed(&self, connection: ConnectionId) -> bool {
        self.closed.contains(&connection)
    }

    /// Lets time pass, doing what is due when it is.
    pub(crate) fn advance(&mut self, ms: u64) {
        self.advance_to(self.now.monotonic + Duration::from_millis(ms));
    }

    /// The same, until a moment of the monotonic clock.
    pub(crate) fn advance_to(&mut self, end: Duration) {
        while self.fire_next(end) {}
        self.pass_to(end);
    }

    /// Lets time pass to the next thing that is due by `end`, and does that alone. Whether there was any.
    pub(crate) fn fire_next(&mut self, end: Duration) -> bool {
        let Some(at) = self.core.next_deadline().filter(|&at| at <= end) else { return false };
        self.pass_to(at);
        self.core.now = self.now;
        self.core.fire_next();
        let effects = self.core.take_effects();
        self.take(effects);
        true
    }

    fn pass_to(&mut self, moment: Duration) {
        let passed = moment.saturating_sub(self.now.monotonic);
        self.now.monotonic += passed;
        self.now.wall_ms += i64::try_from(passed.as_millis()).unwrap();
    }

    /// Ends a broker.
    pub(crate) fn end(&mut self, broker: BrokerId, end: End) {
        let effects = self.core.end_broker(self.now, broker, end);
        self.take(effects);
    }

    /// Starts a broker that was ended.
    pub(crate) fn start(&mut self, broker: BrokerId) {
        let effects = self.core.start_broker(self.now, broker);
        self.take(effects);
    }

    /// Cuts a broker off, or mends that.
    pub(crate) fn cut_off(&mut self, broker: BrokerId, cut_off: bool) {
        let effects = self.core.cut_off(self.now, broker, cut_off);
        self.take(effects);
    }

    /// Slows a broker down: its answers, and the records that it takes over, by so many milliseconds.
    pub(crate) fn delay(&mut self, broker: BrokerId, response_ms: u64, replication_ms: u64) {
        let [response, replication] = [response_ms, replication_ms].map(Duration::from_millis);
        let effects = self.core.delay(self.now, broker, response, replication);
        self.take(effects);
    }

    fn take(&mut self, effects: Effects) {
        self.events.extend(effects.events);
        for (connection, answer) in effects.responses {
            match answer {
                Answer::Response(response) => {
                    let header = self.asked.get(&connection).expect("only what was asked is answered");
                    encode(header, &response).expect("what is answered can be said in that version");
                    self.answers.entry(connection).or_default().push(response);
                }
                Answer::Nothing => {}
                Answer::Close => {
                    self.closed.insert(connection);
                }
            }
        }
    }
}

/// A request to append batches to partitions of a topic, which is named, as up to version 12.
pub(crate) fn produce_request(
    topic: &str,
    acks: i16,
    timeout_ms: i32,
    batches: impl IntoIterator<Item = (i32, Bytes)>,
) -> ProduceRequest {
    let partition = |(index, batch)| PartitionProduce { index, records: check(batch), recompressed: None };
    let partitions = batches.into_iter().map(partition).collect();
    let topic = TopicProduce { name: text(topic), id: Default::default(), partitions };
    ProduceRequest { acks, timeout_ms, topics: vec![topic] }
}

/// Asks a broker in a version, and takes the answer apart: `ask!(cluster, broker, Heartbeat, 4, request)`.
macro_rules! ask {
    ($cluster:expr, $broker:expr, $api:ident, $version:expr, $request:expr) => {
        match $cluster.ask($broker, $crate::wire::Api::$api, $version, $crate::wire::Request::$api($request))
        {
            Some($crate::wire::Response::$api(response)) => response,
            other => panic!("{} is to be answered at once, not {other:?}", stringify!($api)),
        }
    };
}
pub(crate) use ask;
