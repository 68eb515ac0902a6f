//! Consumers come to groups and go.

use rdkafka::consumer::Consumer as _;
use tests::conformance::Scenario;
use tests::conformance::wire::Reply;

use super::members::Group;
use super::producer::{Record, quietly_produce};
use crate::compare;
use crate::members::{join, sync};

const NAMES: [&str; 5] = ["m1", "m2", "m3", "m4", "m5"];

/// One to five members over four partitions, who come one by one and go in another order.
fn come_and_go(s: &mut Scenario<'_>, strategy: &'static str) {
    let mut group = Group::new(s, "group", &[("partition.assignment.strategy", strategy)]);
    s.saw("before anyone came", &group.describe());
    for (count, name) in (1..).zip(NAMES) {
        group.join(s, name, &[]);
        group.settle(s, &format!("{count} members"));
    }
    for name in ["m2", "m1", "m5", "m3"] {
        group.leave(name);
        group.settle(s, &format!("without {name}"));
    }
    group.join(s, "m1", &[]);
    group.settle(s, "m1 is back");
    for name in ["m1", "m4"] {
        group.leave(name);
    }
    group.settle(s, "without any");
}

fn range(s: &mut Scenario<'_>) {
    come_and_go(s, "range");
}

fn round_robin(s: &mut Scenario<'_>) {
    come_and_go(s, "roundrobin");
}

fn cooperative(s: &mut Scenario<'_>) {
    come_and_go(s, "cooperative-sticky");
}

/// Members who share one strategy of several, and those who share none.
fn strategies(s: &mut Scenario<'_>) {
    let mut group = Group::new(s, "group", &[]);
    group.join(s, "m1", &[("partition.assignment.strategy", "roundrobin,range")]);
    group.settle(s, "one of two strategies");
    group.join(s, "m2", &[("partition.assignment.strategy", "range")]);
    group.settle(s, "the one that both have");
    group.leave("m2");
    group.settle(s, "its first choice again");
    // A third has none in common: it is refused, the others stay.
    group.join(s, "m3", &[("partition.assignment.strategy", "cooperative-sticky")]);
    group.poll_until("it is refused", |group| group.went_through("m3", "error"));
    group.hang("m3", true);
    group.settle(s, "one with a strategy of its own");
}

fn static_members(s: &mut Scenario<'_>) {
    let mut group = Group::new(s, "group", &[]);
    let one = [("group.instance.id", "one")];
    // Long enough to come back in time.
    let two = [("group.instance.id", "two"), ("session.timeout.ms", "15000")];
    group.join(s, "m1", &one);
    group.settle(s, "one static member");
    group.join(s, "m2", &two);
    group.settle(s, "two static members");
    group.leave("m2");
    group.poll_until("a while went by", |group| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        group.poll();
        true
    });
    group.record(s, "the second went and is waited for");
    group.join(s, "m2", &two);
    group.settle(s, "the second is back, and nobody noticed");
    // Another takes its name while it lives.
    group.join(s, "m3", &two);
    group.poll_until("the older one is fenced", |group| group.member("m2").client().fatal_error().is_some());
    let fatal = group.member("m2").client().fatal_error().map(|(code, _)| format!("{code:?}"));
    s.saw("the older of two", &fatal.unwrap_or_default());
    group.leave("m2");
    // The coordinator goes on to call it as the older one called itself.
    group.poll_until("the younger has what the older had", |group| {
        group.member("m3").assignment().is_ok_and(|own| own.count() == 2)
    });
    group.record(s, "the younger of two stays");
    group.leave("m3");
    group.poll_until("its session is over", |group| group.describe().matches(" has ").count() == 1);
    group.settle(s, "the second never came back");
}

/// A member whose process is gone is missed when its session is over; one that no longer polls leaves by itself.
fn lost_members(s: &mut Scenario<'_>) {
    let mut group = Group::new(s, "group", &[("partition.assignment.strategy", "range")]);
    quietly_produce(s, &group.topic, &[], &[0, 1, 2, 3].map(|partition| Record::to(partition, "x")));
    group.join(s, "m1", &[]);
    group.settle(s, "alone");
    group.join(s, "m2", &[("session.timeout.ms", "6000"), ("max.poll.interval.ms", "10000")]);
    group.settle(s, "two");
    group.hang("m2", true);
    group.poll_until("the one that hangs is gone", |group| group.describe().matches(" has ").count() == 1);
    group.settle(s, "m2 hangs");
    group.hang("m2", false);
    group.settle(s, "m2 goes on");

    // A member of the wire, which nobody beats for.
    let id = group.id.clone();
    let mut request = join(&id, "");
    request.session_timeout_ms = 15_000;
    request.protocols.truncate(1);
    request.member_id = s.quietly(0, &request, 9).answer().member_id;
    let mut wire = s.open(0);
    assert!(wire.send(&request, 9).expect("sending"));
    let mut joined = None;
    group.poll_until("it has joined", |_| {
        let patience = std::time::Duration::from_millis(20);
        match wire.receive::<kacrab_protocol::generated::JoinGroupRequestData>(9, patience) {
            Reply::Silence => {}
            reply => joined = Some(reply.answer()),
        }
        joined.is_some()
    });
    let joined = joined.expect("an answer");
    assert_eq!(joined.error_code, 0);
    let synced = sync(&id, joined.generation_id, joined.member_id.as_str(), &[]);
    wire.send(&synced, 5).expect("sending");
    group.poll_until("three members are stable", |group| {
        group.state() == "Stable" && group.describe().matches(" has ").count() == 3
    });
    group.poll_until("its session is over", |group| group.describe().matches(" has ").count() == 2);
    drop(wire);
    group.settle(s, "the third crashed");
}

/// What a client sees of a group in each state.
fn states(s: &mut Scenario<'_>) {
    let mut group = Group::new(s, "group", &[("partition.assignment.strategy", "range")]);
    s.saw("that nobody knows", &group.describe());
    group.join(s, "m1", &[]);
    group.settle(s, "stable");
    // The first must give back what it has before the second comes in, and doesn't.
    group.hang("m1", true);
    group.join(s, "m2", &[]);
    group.poll_until("a rebalance begins", |group| group.state() == "PreparingRebalance");
    group.record(s, "while it waits for the first");
    group.hang("m1", false);
    group.settle(s, "stable again");
    group.leave("m1");
    group.leave("m2");
    group.settle(s, "empty");
    let admin = super::admin::Admin::new(s);
    admin.delete_groups(s, "that is empty", &[&group.id]);
    s.saw("that is deleted", &group.describe());
    admin.delete_groups(s, "again", &[&group.id, "nobody"]);
}

#[test]
fn members_share_partitions_by_range() {
    compare("clients-range", 1, range);
}

#[test]
fn members_share_partitions_in_turn() {
    compare("clients-round-robin", 1, round_robin);
}

#[test]
fn members_keep_partitions_that_need_not_move() {
    compare("clients-cooperative", 1, cooperative);
}

#[test]
fn members_share_partitions_of_three_brokers() {
    compare("clients-cooperative-3", 3, cooperative);
}

#[test]
fn members_share_partitions_of_three_brokers_by_range() {
    compare("clients-range-3", 3, range);
}

#[test]
fn members_find_a_strategy_in_common() {
    compare("clients-strategies", 1, strategies);
}

#[test]
fn static_members_are_waited_for() {
    compare("clients-static", 1, static_members);
}

#[test]
fn lost_members_are_missed() {
    compare("clients-lost", 1, lost_members);
}

#[test]
fn groups_are_described_in_every_state() {
    compare("clients-states", 1, states);
}
