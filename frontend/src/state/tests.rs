//! What the page knows after frames, in their order and out of it.

use shared::command::{CrashConsumer, ListTopics, Produce, StartConsumer};
use shared::event::{CloseReason, CommittedBy, Outcome};
use shared::kafka::{
    Broker, Bytes, ClusterDescription, ClusterKind, ClusterState, DeliveredRun, Lane, PartitionOffset,
    ProduceSummary, Record, TopicName, Undelivered, UndeliveredFate,
};
use shared::wire::{Resume, ServerInfo, Stream, Welcome};
use shared::{
    ClientFrame, Command, ConsumerEvent, ConsumerId, Error, ErrorCode, Event, Reply, RequestId, ServerFrame,
    SessionId,
};

use super::*;

fn topic() -> TopicName {
    TopicName::parse("airports-data").unwrap()
}

fn welcome(session: &str, resumed: bool, last_request: Option<u64>) -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        version: shared::wire::VERSION,
        session: SessionId(session.to_owned()),
        resumed,
        last_request: last_request.map(RequestId),
        server: ServerInfo {
            version: "0".to_owned(),
            librdkafka: "2".to_owned(),
            kind: ClusterKind::Kafka,
            capabilities: vec![],
        },
        cluster: ClusterState::Starting,
    })
}

fn origin() -> Origin {
    Origin { lesson: "l".to_owned(), step: "s".to_owned(), run: 0, label: "Go".to_owned(), part_of: None }
}

fn list() -> Command {
    Command::ListTopics(ListTopics {})
}

fn produce() -> Command {
    serde_json::from_value::<Produce>(serde_json::json!({ "topic": "airports-data", "count": 5 }))
        .map(Command::Produce)
        .unwrap()
}

fn consume() -> Command {
    serde_json::from_value::<StartConsumer>(
        serde_json::json!({ "group": "east-coast-dpt", "topics": ["airports-data"] }),
    )
    .map(Command::StartConsumer)
    .unwrap()
}

fn done(id: RequestId, reply: Reply) -> ServerFrame {
    ServerFrame::Done { id, outcome: Outcome::Ok(reply) }
}

fn code(state: &State, id: RequestId) -> Option<ErrorCode> {
    match state.request(id)?.outcome.as_ref()? {
        Outcome::Failed { error, .. } => Some(error.code),
        Outcome::Ok(_) | Outcome::Cancelled { .. } => None,
    }
}

/// A state in its session, with a running consumer.
fn with_consumer() -> (State, RequestId) {
    let mut state = State::default();
    state.apply(welcome("a", false, None), 0.0);
    let id = state.start(origin(), consume(), 0.0);
    state.apply(done(id, Reply::ConsumerStarted(ConsumerId(7))), 1.0);
    (state, id)
}

fn consumer(state: &State, id: RequestId) -> &Consumer {
    state.request(id).unwrap().consumer.as_ref().unwrap()
}

#[test]
fn every_frame_but_welcome_is_counted_for_the_resume() {
    let mut state = State::default();
    assert_eq!(state.hello(), ClientFrame::Hello { version: shared::wire::VERSION, resume: None });
    state.apply(welcome("a", false, None), 0.0);
    state.apply(ServerFrame::Cluster { state: ClusterState::Starting }, 0.0);
    state.apply(ServerFrame::Skipped { stream: Stream::Request(RequestId(9)), count: 1 }, 0.0);
    state.unreadable("{", 0.0);
    state.apply(welcome("a", true, None), 0.0);
    let resume = Some(Resume { session: SessionId("a".to_owned()), received: 3 });
    assert_eq!(state.hello(), ClientFrame::Hello { version: shared::wire::VERSION, resume });
}

#[test]
fn a_late_frame_for_a_settled_request_changes_nothing() {
    let mut state = State::default();
    let id = state.start(origin(), list(), 0.0);
    state.apply(done(id, Reply::Topics(vec![])), 5.0);
    state.apply(ServerFrame::Done { id, outcome: Outcome::Cancelled { partial: None } }, 9.0);
    state.apply(ServerFrame::Events { id, events: vec![Event::Progress { done: 1, total: 2 }] }, 9.0);
    let request = state.request(id).unwrap();
    assert_eq!(request.outcome, Some(Outcome::Ok(Reply::Topics(vec![]))));
    assert_eq!((request.settled_ms, request.progress), (Some(5.0), None));
}

#[test]
fn reports_become_rows_and_are_counted_by_fate() {
    let mut state = State::default();
    let id = state.start(origin(), produce(), 0.0);
    let error = Error::new(ErrorCode::TimedOut, "Too late.");
    let events = vec![
        Event::Delivered(DeliveredRun {
            partition: 2,
            first_offset: 10,
            records: vec![0, 3],
            timestamps_ms: vec![1, 2],
            latencies_us: vec![100, 200],
        }),
        Event::Undelivered(Undelivered {
            fate: UndeliveredFate::Unknown,
            error,
            partition: None,
            records: vec![1],
        }),
    ];
    state.apply(ServerFrame::Events { id, events }, 0.0);
    let request = state.request(id).unwrap();
    assert_eq!(request.rows.end(), 3);
    assert_eq!((request.tally.delivered_in_all(), request.tally.unknown), (2, 1));
    let Some(Row::Report(Report {
        record: 3,
        partition: Some(2),
        fate: ReportFate::Delivered { offset: 11, .. },
    })) = request.rows.get(1)
    else {
        panic!("{:?}", request.rows.get(1))
    };
}

#[test]
fn after_a_resume_what_never_arrived_is_settled_and_cancels_are_said_again() {
    let mut state = State::default();
    state.apply(welcome("a", false, None), 0.0);
    let arrived = state.start(origin(), produce(), 0.0);
    let never = state.start(origin(), list(), 0.0);
    assert!(state.cancel(arrived));
    let send = state.apply(welcome("a", true, Some(arrived.0)), 1.0);
    assert_eq!(send, [ClientFrame::Cancel { id: arrived }]);
    assert!(state.request(arrived).unwrap().is_open());
    assert_eq!(code(&state, never), Some(ErrorCode::NotSent));
}

#[test]
fn a_lost_session_settles_everything_and_says_what_is_gone() {
    let (mut state, panel) = with_consumer();
    let running = state.start(origin(), produce(), 0.0);
    let _ = state.announcements.take(String::new());
    let send = state.apply(welcome("b", false, None), 9.0);
    assert_eq!(send, []);
    assert_eq!(code(&state, running), Some(ErrorCode::SessionLost));
    assert_eq!(consumer(&state, panel).closed, Some(CloseReason::SessionEnded));
    let said = state.announcements.take(String::new()).unwrap();
    assert!(said.contains("1 running request and 1 consumer"), "{said}");
    assert!(state.start(origin(), list(), 9.0) > running, "ids go on, so that panels keep theirs");
    let resume = Some(Resume { session: SessionId("b".to_owned()), received: 0 });
    assert_eq!(state.hello(), ClientFrame::Hello { version: shared::wire::VERSION, resume });
}

#[test]
fn a_session_that_ends_with_its_connection_settles_everything() {
    let (mut state, panel) = with_consumer();
    let running = state.start(origin(), produce(), 0.0);
    let _ = state.announcements.take(String::new());
    state.session_ended(9.0);
    assert_eq!(code(&state, running), Some(ErrorCode::SessionLost));
    assert_eq!(consumer(&state, panel).closed, Some(CloseReason::SessionEnded));
    assert!(!state.is_busy());
    let said = state.announcements.take(String::new()).unwrap();
    assert!(said.contains("1 running request and 1 consumer") && !said.contains("again,"), "{said}");
    assert_eq!(state.hello(), ClientFrame::Hello { version: shared::wire::VERSION, resume: None });
}

#[test]
fn an_end_that_the_page_cannot_read_is_an_end() {
    let (mut state, panel) = with_consumer();
    let running = state.start(origin(), produce(), 0.0);
    let done = serde_json::json!({ "type": "done", "id": running, "outcome": { "ok": { "unheard_of": 1 } } });
    state.unreadable(&done.to_string(), 5.0);
    state.unreadable(r#"{ "type": "closed", "consumer": 7, "reason": "unheard_of" }"#, 6.0);
    state.unreadable(r#"{ "type": "unheard_of", "id": 1 }"#, 7.0);
    assert_eq!(code(&state, running), Some(ErrorCode::Internal));
    assert!(matches!(consumer(&state, panel).closed, Some(CloseReason::Failed(_))));
    let resume = Some(Resume { session: SessionId("a".to_owned()), received: 4 });
    assert_eq!(state.hello(), ClientFrame::Hello { version: shared::wire::VERSION, resume });
}

#[test]
fn a_consumer_moves_its_markers() {
    let (mut state, id) = with_consumer();
    let lane = Lane {
        topic: topic(),
        partition: 0,
        log_start: Some(0),
        committed: None,
        position: Some(0),
        high_watermark: Some(9),
    };
    let begin = PartitionOffset { topic: topic(), partition: 0, offset: None };
    let record = Record {
        topic: topic(),
        partition: 0,
        offset: 4,
        timestamp_ms: None,
        key: None,
        value: Some(Bytes::Text("{}".to_owned())),
        headers: vec![],
    };
    let committed = PartitionOffset { offset: Some(5), ..begin.clone() };
    let events = vec![
        ConsumerEvent::Assigned { partitions: vec![begin] },
        ConsumerEvent::Lanes(vec![lane]),
        ConsumerEvent::Record(record),
        ConsumerEvent::Committed { by: CommittedBy::Synchronous, offsets: vec![committed], error: None },
    ];
    state.apply(ServerFrame::ConsumerEvents { consumer: ConsumerId(7), events }, 2.0);
    let consumer = consumer(&state, id);
    let lane = &consumer.lanes[&(topic(), 0)];
    assert!(consumer.has(lane));
    assert_eq!((lane.position, lane.committed, consumer.records), (Some(5), Some(5), 1));
    assert_eq!(state.request(id).unwrap().rows.end(), 3);
}

#[test]
fn a_crash_counts_down_until_the_group_notices() {
    let (mut state, panel) = with_consumer();
    let part_of = Origin { part_of: Some(panel), ..origin() };
    let crash = Command::CrashConsumer(CrashConsumer { consumer: ConsumerId(7) });
    let id = state.start(part_of, crash, 2.0);
    let reason = CloseReason::Crashed { session_timeout_ms: 6000 };
    state.apply(ServerFrame::Closed { consumer: ConsumerId(7), reason }, 3.0);
    let waits = Event::MemberStillThere { waited_ms: 1000, session_timeout_ms: 6000 };
    state.apply(ServerFrame::Events { id, events: vec![waits] }, 4.0);
    let seen = consumer(&state, panel).crash.unwrap();
    assert_eq!((seen.waited_ms, seen.heard_ms, seen.gone_after_ms), (1000, 4.0, None));
    assert!(consumer(&state, panel).is_live());
    state.apply(done(id, Reply::MemberGone { consumer: ConsumerId(7), after_ms: 6100 }), 9.0);
    assert_eq!(consumer(&state, panel).crash.unwrap().gone_after_ms, Some(6100));
    assert!(!state.is_busy());
    assert_eq!(state.panels().count(), 1, "a consumer's buttons have no panels of their own");
}

#[test]
fn what_comes_before_a_consumer_is_named_is_not_lost() {
    let mut state = State::default();
    let id = state.start(origin(), consume(), 0.0);
    let events = vec![ConsumerEvent::Assigned { partitions: vec![] }];
    state.apply(ServerFrame::Skipped { stream: Stream::Consumer(ConsumerId(3)), count: 40 }, 1.0);
    state.apply(ServerFrame::ConsumerEvents { consumer: ConsumerId(3), events }, 1.0);
    state.apply(ServerFrame::Closed { consumer: ConsumerId(3), reason: CloseReason::Stopped }, 2.0);
    state.apply(done(id, Reply::ConsumerStarted(ConsumerId(3))), 3.0);
    let request = state.request(id).unwrap();
    assert_eq!((request.rows.end(), request.skipped), (2, 40));
    assert!(matches!(request.rows.get(0), Some(Row::Skipped(40))));
    assert_eq!(consumer(&state, id).closed, Some(CloseReason::Stopped));
}

#[test]
fn a_second_consumer_of_a_group_is_told_apart() {
    let (mut state, first) = with_consumer();
    let second = state.start(origin(), consume(), 0.0);
    state.apply(done(second, Reply::ConsumerStarted(ConsumerId(8))), 1.0);
    let name = |id| said::panel_name(state.request(id).unwrap());
    assert_eq!(name(first), "Consumer in group east-coast-dpt");
    assert_eq!(name(second), "Consumer 2 in group east-coast-dpt");
}

#[test]
fn skipped_events_are_shown_where_they_are_missing() {
    let (mut state, id) = with_consumer();
    state.apply(ServerFrame::Skipped { stream: Stream::Consumer(ConsumerId(7)), count: 40 }, 2.0);
    let request = state.request(id).unwrap();
    assert_eq!(request.skipped, 40);
    assert!(matches!(request.rows.get(0), Some(Row::Skipped(40))));
}

#[test]
fn what_runs_is_kept_when_the_finished_is_forgotten() {
    let (mut state, consumer) = with_consumer();
    let over = state.start(origin(), list(), 0.0);
    state.apply(done(over, Reply::Topics(vec![])), 1.0);
    state.forget_finished("l");
    assert_eq!(state.panels().map(|request| request.id).collect::<Vec<_>>(), [consumer]);
}

#[test]
fn records_that_were_not_delivered_are_said() {
    let summary = |delivered, unknown, not_sent| {
        Outcome::Ok(Reply::Produced(ProduceSummary {
            requested: 60,
            delivered,
            not_written: 0,
            unknown,
            not_sent,
            partitions: vec![],
            elapsed_us: 5000,
            delivered_bytes: 0,
            latency: None,
        }))
    };
    assert_eq!(said::outcome(&summary(60, 0, 0)), "Delivered 60 of 60 records in 5 ms.");
    assert_eq!(
        said::outcome(&summary(0, 57, 3)),
        "Delivered 0 of 60 records in 5 ms; 57 unknown, 3 not sent."
    );
    assert_eq!(said::mood(&summary(60, 0, 0)), "good");
    assert_eq!(said::mood(&summary(0, 57, 3)), "warn");
}

#[test]
fn a_failure_is_said_with_what_to_do_about_it() {
    let error = Error::new(ErrorCode::LimitReached, "Too many.");
    let failed = |error| said::outcome_and_advice(&Outcome::Failed { error, partial: None });
    assert_eq!(failed(error.clone()), "Too many.");
    assert_eq!(failed(error.hint("Clear some.")), "Too many. Clear some.");
    assert_eq!(
        said::outcome_and_advice(&Outcome::Ok(Reply::FaultsCleared(vec![]))),
        "All faults are cleared."
    );
}

#[test]
fn a_controller_is_named_only_where_there_is_no_choice() {
    let broker = |id| Broker { id, host: "localhost".to_owned(), port: 9092 };
    let cluster = |brokers| ClusterDescription { cluster_id: None, controller: Some(1), brokers };
    assert_eq!(said::controller(&cluster(vec![broker(1)])), Some(1));
    assert_eq!(said::controller(&cluster(vec![broker(1), broker(2)])), None);
}
