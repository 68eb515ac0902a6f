//! The window over breaks, resets and the end of watching, and what it says at a glance.

use shared::command::{ClearFaults, InjectError, ResetCluster, Watch};
use shared::event::Outcome;
use shared::kafka::{
    BrokerState, BrokerView, ClusterEvent, ClusterEvents, ClusterKind, ClusterState, ClusterView, FaultyApi,
    GroupView, Happening, InjectedErrorCode, MemberView, PartitionView, ReplicaView, TopicName,
    TopicPartition, TopicView,
};
use shared::wire::{ServerInfo, Stream, Welcome};
use shared::{ClientFrame, Command, Error, ErrorCode, Event, Reply, RequestId, ServerFrame, SessionId};

use super::glance::{self, Health, Mark, Standing};
use super::happened::Shown;
use super::{Origin, State};

fn welcome(session: &str, resumed: bool, last_request: Option<u64>, kind: ClusterKind) -> ServerFrame {
    let capabilities = if kind == ClusterKind::Sandbox { vec!["watch".to_owned()] } else { vec![] };
    ServerFrame::Welcome(Welcome {
        version: shared::wire::VERSION,
        session: SessionId(session.to_owned()),
        resumed,
        last_request: last_request.map(RequestId),
        server: ServerInfo { version: "0".to_owned(), librdkafka: "2".to_owned(), kind, capabilities },
        cluster: ClusterState::Sandbox { brokers: 3 },
    })
}

fn view(at_ms: u64) -> ClusterView {
    let broker = |id, state, live, delay_ms| BrokerView {
        id,
        host: "127.0.0.1".to_owned(),
        port: 29091 + id as u16,
        state,
        live,
        delay_ms,
    };
    let replica =
        |broker, log_end, high_watermark| ReplicaView { broker, log_start: 0, log_end, high_watermark };
    let partition = |partition, leader, in_sync: &[i32]| PartitionView {
        partition,
        leader,
        leader_epoch: 1,
        in_sync: in_sync.to_vec(),
        replicas: vec![replica(1, 60, 58), replica(2, 58, 57)],
    };
    ClusterView {
        at_ms,
        bootstrap_servers: Some("127.0.0.1:29092".to_owned()),
        brokers: vec![
            broker(1, BrokerState::Up, true, 250),
            broker(2, BrokerState::Killed, true, 0),
            broker(3, BrokerState::CutOff, false, 0),
        ],
        topics: vec![TopicView {
            name: topic(),
            internal: false,
            partitions: vec![
                partition(0, Some(1), &[1, 2]),
                partition(1, Some(1), &[1]),
                partition(2, None, &[2]),
            ],
        }],
        topics_left_out: 2,
        groups: vec![],
        groups_left_out: 0,
        log_bytes: 0,
        max_log_bytes: 1,
        injected: vec![],
    }
}

fn topic() -> TopicName {
    TopicName::parse("airports-data").unwrap()
}

fn watch(id: u64) -> ClientFrame {
    ClientFrame::Run { id: RequestId(id), command: Command::Watch(Watch {}) }
}

fn cancel(id: u64) -> ClientFrame {
    ClientFrame::Cancel { id: RequestId(id) }
}

fn sees(state: &mut State, id: u64, at_ms: u64) {
    let events = vec![Event::View(view(at_ms))];
    state.apply(ServerFrame::Events { id: RequestId(id), events }, 0.0);
}

fn seen_at(state: &State) -> Option<u64> {
    state.window.view.as_ref().map(|view| view.at_ms)
}

/// A page in a sandbox's session that looks into the cluster.
fn looking() -> State {
    let mut state = State::default();
    assert_eq!(state.open_window(), [], "nothing can be sent yet");
    assert_eq!(state.apply(welcome("a", false, None, ClusterKind::Sandbox), 0.0), [watch(1)]);
    sees(&mut state, 1, 5000);
    state
}

#[test]
fn the_cluster_is_watched_while_somebody_looks() {
    let mut state = looking();
    assert_eq!(seen_at(&state), Some(5000));
    assert_eq!(state.open_window(), [], "one watch is enough for two");
    assert_eq!(state.close_window(), []);
    assert_eq!(state.close_window(), [cancel(1)]);
    assert_eq!(seen_at(&state), None);
    sees(&mut state, 1, 6000);
    assert_eq!(seen_at(&state), None, "a late view is of no use");
    assert_eq!(state.open_window(), [watch(2)]);
}

#[test]
fn watching_is_no_request_of_the_learner() {
    let mut state = looking();
    assert!(!state.is_busy());
    assert_eq!(state.panels().count(), 0);
    state.apply(welcome("b", false, None, ClusterKind::Sandbox), 1.0);
    let said = state.announcements.take(String::new()).unwrap();
    assert_eq!(said, "Connected again, in a new session.");
    assert_eq!(state.session_gone, Some(said), "it is seen too");
}

#[test]
fn a_shared_kafka_is_not_watched() {
    let mut state = State::default();
    state.apply(welcome("a", false, None, ClusterKind::Kafka), 0.0);
    assert_eq!(state.open_window(), []);
}

#[test]
fn after_a_break_watching_begins_anew_since_views_were_missed() {
    let mut state = looking();
    let resumed = state.apply(welcome("a", true, Some(1), ClusterKind::Sandbox), 1.0);
    assert_eq!(resumed, [cancel(1), watch(2)]);
    state.apply(ServerFrame::Skipped { stream: Stream::Request(RequestId(1)), count: 3 }, 1.0);
    let over = ServerFrame::Done { id: RequestId(1), outcome: Outcome::Cancelled { partial: None } };
    state.apply(over, 1.0);
    assert_eq!(seen_at(&state), Some(5000), "the old view stays until there is a new one");
    sees(&mut state, 2, 9000);
    assert_eq!(seen_at(&state), Some(9000));

    let renewed = state.apply(welcome("b", false, None, ClusterKind::Sandbox), 2.0);
    assert_eq!(renewed, [watch(3)], "a new session knows nothing to cancel");
}

#[test]
fn a_view_that_is_younger_than_the_one_before_is_of_a_new_cluster() {
    let mut state = looking();
    sees(&mut state, 1, 6000);
    assert!(!state.window.was_reset);
    sees(&mut state, 1, 20);
    assert!(state.window.was_reset);
    assert_eq!(state.announcements.take(String::new()).as_deref(), Some("The cluster was made anew."));
}

fn up(broker: i32, at_ms: u64) -> Event {
    let events = vec![ClusterEvent { at_ms, times: 1, what: Happening::BrokerUp { broker } }];
    Event::Happened(ClusterEvents { events })
}

/// What the page tells to have happened, the newest first.
fn told(state: &State) -> Vec<String> {
    let happened = &state.window.happened;
    let lines = happened.newest(Shown::All).into_iter().filter_map(|number| happened.line(number));
    lines.map(super::told::line).collect()
}

#[test]
fn what_happened_is_told_of_the_present_cluster_only() {
    let mut state = looking();
    let happens = |state: &mut State, events: Vec<Event>| {
        state.apply(ServerFrame::Events { id: RequestId(1), events }, 0.0);
    };
    happens(&mut state, vec![Event::View(view(6_000)), up(1, 6_000), up(2, 6_001)]);
    assert_eq!(told(&state), ["Broker 2 started.", "Broker 1 started."]);
    happens(&mut state, vec![Event::View(view(20)), up(3, 21)]);
    assert_eq!(told(&state), ["Broker 3 started."]);
    // The answer to the reset comes after that, with an older view.
    let id = state.start(Origin::default(), Command::ResetCluster(ResetCluster {}), 0.0);
    let reset = |at_ms| Outcome::Ok(Reply::ClusterReset(view(at_ms)));
    state.apply(ServerFrame::Done { id, outcome: reset(25) }, 1.0);
    assert_eq!(told(&state), ["Broker 3 started."]);
    // Of another reset it comes first.
    let id = state.start(Origin::default(), Command::ResetCluster(ResetCluster {}), 0.0);
    state.apply(ServerFrame::Done { id, outcome: reset(5) }, 1.0);
    assert!(told(&state).is_empty());
    state.close_window();
    happens(&mut state, vec![up(1, 30)]);
    assert!(told(&state).is_empty(), "nobody looks");
}

#[test]
fn a_break_stands_between_what_happened_before_and_after_it() {
    let mut state = looking();
    state.apply(ServerFrame::Events { id: RequestId(1), events: vec![up(1, 6_000)] }, 0.0);
    state.apply(welcome("a", true, Some(1), ClusterKind::Sandbox), 1.0);
    state.apply(ServerFrame::Events { id: RequestId(2), events: vec![up(2, 9_000)] }, 0.0);
    let told = told(&state);
    assert_eq!(
        (told.len(), told[0].as_str(), told[2].as_str()),
        (3, "Broker 2 started.", "Broker 1 started.")
    );
    assert!(told[1].starts_with("There was no connection"), "{told:?}");
}

#[test]
fn ones_own_reset_is_announced_once() {
    let mut state = looking();
    let origin = Origin { label: "Reset my cluster".to_owned(), ..Origin::default() };
    let id = state.start(origin, Command::ResetCluster(ResetCluster {}), 0.0);
    sees(&mut state, 1, 20);
    let outcome = Outcome::Ok(Reply::ClusterReset(view(10)));
    state.apply(ServerFrame::Done { id, outcome }, 1.0);
    assert!(state.window.was_reset);
    let said = state.announcements.take(String::new()).unwrap();
    assert_eq!(said, "Reset my cluster: Your cluster is new and empty.");
}

#[test]
fn why_watching_ended_is_kept_and_trying_again_forgets_it() {
    let mut state = looking();
    let error = Error::new(ErrorCode::ClusterFailed, "Broken.");
    let outcome = Outcome::Failed { error: error.clone(), partial: None };
    state.apply(ServerFrame::Done { id: RequestId(1), outcome }, 1.0);
    assert_eq!(state.window.trouble, Some(error));
    assert_eq!(state.watch(), [watch(2)]);
    assert_eq!(state.window.trouble, None);
}

#[test]
fn a_reset_after_which_there_is_something_to_watch_again_begins_to_watch() {
    let mut state = looking();
    let error = Error::new(ErrorCode::ClusterFailed, "Broken.");
    let outcome = Outcome::Failed { error, partial: None };
    state.apply(ServerFrame::Done { id: RequestId(1), outcome }, 1.0);
    let id = state.start(Origin::default(), Command::ResetCluster(ResetCluster {}), 2.0);
    let outcome = Outcome::Ok(Reply::ClusterReset(view(10)));
    let sent = state.apply(ServerFrame::Done { id, outcome }, 3.0);
    assert_eq!(sent, [watch(id.0 + 1)]);
    assert_eq!(state.window.trouble, None);
    assert!(state.window.was_reset);
}

#[test]
fn what_was_done_to_brokers_is_no_longer_said_to_be_once_faults_are_cleared() {
    let mut state = looking();
    let fault = injected(2, None);
    let mut done = |command, reply| {
        let id = state.start(Origin::default(), command, 0.0);
        state.apply(ServerFrame::Done { id, outcome: Outcome::Ok(reply) }, 0.0);
    };
    done(Command::InjectError(fault.clone()), Reply::ErrorInjected(fault));
    done(Command::ClearFaults(ClearFaults {}), Reply::FaultsCleared(vec![]));
    let left: Vec<&str> = state.panels().map(|request| request.command.name()).collect();
    assert_eq!(left, ["clear_faults"]);
}

#[test]
fn faults_are_told_with_the_injected_errors_that_are_still_to_come() {
    let mut view = view(0);
    let before = glance::faults(&view).len();
    view.injected = vec![injected(2, None), injected(1, Some(3))];
    assert_eq!(
        glance::faults(&view)[before..],
        [
            "The next 2 Produce requests are answered with NOT_LEADER_OR_FOLLOWER.",
            "The next Produce request is answered by broker 3 with NOT_LEADER_OR_FOLLOWER.",
        ]
    );
}

fn injected(times: u32, broker: Option<i32>) -> InjectError {
    InjectError { api: FaultyApi::Produce, error: InjectedErrorCode::NotLeaderOrFollower, times, broker }
}

#[test]
fn a_partition_is_whole_under_replicated_or_without_a_leader() {
    let view = view(0);
    let healths: Vec<Health> = view.topics[0].partitions.iter().map(glance::health).collect();
    assert_eq!(healths, [Health::Whole, Health::UnderReplicated, Health::Leaderless]);
    let values: Vec<_> =
        glance::figures(&view).into_iter().map(|figure| (figure.value, figure.mark)).collect();
    let figure = |value: &str, mark| (value.to_owned(), mark);
    let expected = [
        figure("2 of 3", Some(Mark::Bad)),
        figure("3", None),
        figure("1", Some(Mark::Warn)),
        figure("1", Some(Mark::Bad)),
    ];
    assert_eq!(values, expected);
}

#[test]
fn brokers_and_their_faults_are_said() {
    let view = view(0);
    let said: Vec<_> = view.brokers.iter().map(glance::broker).collect();
    assert_eq!(said[0], (Mark::Good, "Up"));
    assert_eq!(said[1], (Mark::Bad, "Down: killed, the controller has not noticed yet"));
    assert_eq!(said[2].0, Mark::Warn);
    assert_eq!(glance::led_by(&view, 1), 2);
    let faults = glance::faults(&view);
    assert_eq!(faults[0], "Broker 1 answers 250 ms late.");
    assert!(faults[1].starts_with("Broker 3 is cut off"));
}

#[test]
fn a_replica_leads_follows_or_is_behind() {
    let view = view(0);
    let partition = &view.topics[0].partitions[1];
    let standing = |broker| glance::replica(partition, broker).map(|(_, standing)| standing);
    assert_eq!(standing(1), Some(Standing::Leader));
    assert_eq!(standing(2), Some(Standing::OutOfSync));
    assert_eq!(standing(3), None);
    assert_eq!(glance::log_end(&view, &topic(), 0), Some(60));
    assert_eq!(glance::log_end(&view, &topic(), 2), None, "nobody leads it");
}

#[test]
fn of_more_members_than_a_view_may_have_the_number_is_not_claimed() {
    let member = MemberView { member_id: "m".to_owned(), client_id: "c".to_owned(), partitions: Vec::new() };
    let group = |members| GroupView {
        group: "g".to_owned(),
        state: "Stable".to_owned(),
        assignor: String::new(),
        coordinator: None,
        members: vec![member.clone(); members],
        offsets: Vec::new(),
    };
    assert_eq!(glance::members(&group(0)), "0");
    assert_eq!(glance::members(&group(GroupView::MAX_MEMBERS - 1)), "49");
    assert_eq!(glance::members(&group(GroupView::MAX_MEMBERS)), "50 or more");
}

#[test]
fn what_a_member_has_is_said_by_topic() {
    let other = TopicName::parse("departures").unwrap();
    let given = |topic: &TopicName, partition| TopicPartition { topic: topic.clone(), partition };
    let all = [given(&topic(), 0), given(&other, 1), given(&topic(), 2)];
    assert_eq!(glance::assigned(&all), "airports-data P0, P2; departures P1");
    assert_eq!(glance::assigned(&[]), "none");
    assert_eq!(glance::left_out(1, "topic", "topics").as_deref(), Some("1 topic is not shown."));
    assert_eq!(glance::left_out(0, "topic", "topics"), None);
}
