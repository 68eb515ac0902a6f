//! Classic groups: their coordinator and their members.

use std::time::Duration;

use bytes::Bytes;
use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::wire::{PATIENCE, Reply, Wire};
use tests::conformance::{Scenario, some, text};

use crate::members::*;
use crate::{compare, compare_both};

fn coordinators(s: &mut Scenario<'_>) {
    let (one, two) = (s.group("one"), s.group("two"));
    let find = |version: i16, keys: &[&str], key_type: i8| {
        let mut request = FindCoordinatorRequestData { key_type, ..FindCoordinatorRequestData::default() };
        if version < 4 {
            request.key = text(keys.first().copied().unwrap_or_default());
        } else {
            request.coordinator_keys = keys.iter().map(|key| text(key)).collect();
        }
        request
    };
    s.each::<FindCoordinatorRequestData>("", |s, version| {
        s.ask("of a group", &find(version, &[&one], 0), version);
        ask_for_any(s, "of an empty name", &find(version, &[""], 0), version);
        for key_type in [2, 3, 7, -1] {
            s.ask(&format!("of type {key_type}"), &find(version, &[&one], key_type), version);
        }
        s.ask("of two", &find(version, &[&one, &two], 0), version);
        s.ask("of one twice", &find(version, &[&one, &one], 0), version);
        // Before version 4 that is an empty name.
        ask_for_any(s, "of none", &find(version, &[], 0), version);
    });
}

/// Asks for a coordinator that may be any broker.
pub(crate) fn ask_for_any(
    s: &mut Scenario<'_>,
    label: &str,
    request: &FindCoordinatorRequestData,
    version: i16,
) {
    let mut reply = s.quietly(s.home(), request, version);
    if let Reply::Answer { response, .. } = &mut reply {
        let addresses = s.target.addresses();
        let hide = |id: &mut i32, port: &mut i32| {
            let address = usize::try_from(*id - 1).ok().and_then(|broker| addresses.get(broker));
            if address.is_some_and(|address| address.ends_with(&format!(":{port}"))) {
                (*id, *port) = (0, 0);
            }
        };
        hide(&mut response.node_id, &mut response.port);
        response.coordinators.iter_mut().for_each(|one| hide(&mut one.node_id, &mut one.port));
    }
    s.record::<FindCoordinatorRequestData>(label, version, &reply);
}

fn one_member(s: &mut Scenario<'_>) {
    s.each::<JoinGroupRequestData>("a life", |s, version| {
        let group = s.group("group");
        let first = s.ask("the first", &join(&group, ""), version).answer();
        let member = first.member_id.as_str().to_owned();
        let generation = if version < 4 {
            first.generation_id
        } else {
            s.ask("with the id", &join(&group, &member), version).answer().generation_id
        };
        let after = version.min(5);
        s.ask("before the sync", &heartbeat(&group, generation, &member), after.min(4));
        s.ask("before the sync", &describe(&group), 5);
        let reply = s.ask("leader", &sync(&group, generation, &member, &[&member]), after);
        assert!(matches!(reply, Reply::Answer { .. }));
        s.ask("again", &sync(&group, generation, &member, &[]), after);
        s.ask("then", &heartbeat(&group, generation, &member), after.min(4));
        s.ask("stable", &describe(&group), 5);
        s.ask("joining again", &join(&group, &member), version);
        s.ask("while it is stable", &delete(&group), 2);
        s.ask("", &leave(after, &group, &member), after);
        s.ask("again", &leave(after, &group, &member), after);
        s.ask("left", &describe(&group), 5);
        s.ask("left", &heartbeat(&group, generation, &member), 4);
        s.ask("left", &delete(&group), 2);
        s.ask("gone", &describe(&group), 5);
        s.ask("gone", &delete(&group), 2);
    });
}

fn bad_joins(s: &mut Scenario<'_>) {
    let group = s.group("group");
    s.each::<JoinGroupRequestData>("faults", |s, version| {
        s.ask("an empty group", &join("", ""), version);
        s.ask("an unknown member", &join(&group, "nobody"), version);
        for session_timeout_ms in [0, 1, 5_999, 1_800_001] {
            let request = JoinGroupRequestData { session_timeout_ms, ..join(&group, "") };
            s.ask(&format!("session timeout {session_timeout_ms}"), &request, version);
        }
        let none = JoinGroupRequestData { protocols: vec![], ..join(&group, "") };
        s.ask("no protocols", &none, version);
        let untyped = JoinGroupRequestData { protocol_type: text(""), ..join(&group, "") };
        s.ask("no protocol type", &untyped, version);
    });
    let (stable, member, generation) = stable(s, "stable");
    let nowhere = s.group("nowhere");
    let other = JoinGroupRequestData { protocol_type: text("connect"), ..join(&stable, "") };
    s.ask("another protocol type", &other, 9);
    s.ask("another protocol type", &other, 3);
    let mut foreign = join(&stable, "");
    foreign.protocols.truncate(1);
    foreign.protocols[0].name = text("sticky");
    s.ask("no protocol in common", &foreign, 9);
    s.ask("no protocol in common", &foreign, 3);
    s.ask("an unknown member", &join(&stable, "nobody"), 9);
    for (label, request) in [
        ("an unknown member", sync(&stable, generation, "nobody", &[])),
        ("an old generation", sync(&stable, generation - 1, &member, &[])),
        ("a generation to come", sync(&stable, generation + 1, &member, &[])),
        (
            "another protocol",
            SyncGroupRequestData { protocol_name: some("sticky"), ..sync(&stable, generation, &member, &[]) },
        ),
        (
            "another type",
            SyncGroupRequestData {
                protocol_type: some("connect"),
                ..sync(&stable, generation, &member, &[])
            },
        ),
        ("an empty group", sync("", generation, &member, &[])),
        ("an unknown group", sync(&nowhere, generation, &member, &[])),
        (
            "an unknown instance",
            SyncGroupRequestData { group_instance_id: some("i"), ..sync(&stable, generation, &member, &[]) },
        ),
    ] {
        for version in [0, 3, 5] {
            s.ask(label, &request, version);
        }
    }
    s.each::<HeartbeatRequestData>("faults", |s, version| {
        s.ask("good", &heartbeat(&stable, generation, &member), version);
        s.ask("an unknown member", &heartbeat(&stable, generation, "nobody"), version);
        s.ask("an old generation", &heartbeat(&stable, generation - 1, &member), version);
        s.ask("a generation to come", &heartbeat(&stable, generation + 1, &member), version);
        s.ask("an unknown group", &heartbeat(&nowhere, generation, &member), version);
        s.ask("an empty group", &heartbeat("", generation, &member), version);
        let instance =
            HeartbeatRequestData { group_instance_id: some("i"), ..heartbeat(&stable, generation, &member) };
        s.ask("an unknown instance", &instance, version);
    });
    s.each::<LeaveGroupRequestData>("faults", |s, version| {
        s.ask("an unknown member", &leave(version, &stable, "nobody"), version);
        s.ask("an unknown group", &leave(version, &nowhere, &member), version);
        s.ask("an empty group", &leave(version, "", &member), version);
        let none = LeaveGroupRequestData { group_id: text(&stable), ..LeaveGroupRequestData::default() };
        s.ask("nobody", &none, version);
    });
    let mut several = leave(5, &stable, &member);
    several.members.insert(0, MemberIdentity { member_id: text("nobody"), ..MemberIdentity::default() });
    several.members.push(MemberIdentity { group_instance_id: some("i"), ..MemberIdentity::default() });
    s.ask("an unknown one, a known one and an instance", &several, 5);
}

/// Subscriptions that can't be read.
fn unreadable_subscriptions(s: &mut Scenario<'_>) {
    let cases: &[(&str, &[u8])] = &[
        ("no bytes", &[]),
        ("one byte", &[0]),
        ("a version alone", &[0, 0]),
        ("an array longer than the rest", &[0, 0, 0x7f, 0xff, 0xff, 0xff]),
        ("text", b"subscribed"),
    ];
    for kind in ["consumer", "connect"] {
        for (label, metadata) in cases {
            let group = s.group("group");
            let mut request = JoinGroupRequestData { protocol_type: text(kind), ..join(&group, "") };
            for protocol in &mut request.protocols {
                protocol.metadata = Bytes::from_static(metadata);
            }
            let mut wire = s.open(s.home());
            wire.send(&request, 3).expect("sending");
            // Apache Kafka leaves some without an answer.
            let reply = wire.receive::<JoinGroupRequestData>(3, Duration::from_secs(10));
            s.record::<JoinGroupRequestData>(&format!("{label}, type {kind}"), 3, &reply);
            s.ask(&format!("{label}, type {kind}"), &describe(&group), 5);
        }
    }
}

/// A join that waits for the others.
fn begin_join(s: &Scenario<'_>, group: &str, member: &str) -> Wire {
    let mut wire = s.open(s.home());
    wire.send(&join(group, member), 9).expect("sending");
    wire
}

fn record_join(s: &mut Scenario<'_>, label: &str, wire: &mut Wire) -> JoinGroupResponseData {
    let mut reply = wire.receive::<JoinGroupRequestData>(9, PATIENCE);
    if let Reply::Answer { response, .. } = &mut reply {
        // The members' order is that of a hash map.
        response.members.sort_by_key(|member| s.masks.line(member.member_id.as_str()));
    }
    s.record::<JoinGroupRequestData>(label, 9, &reply);
    reply.answer()
}

/// Describes a group of several members, whose order is that of a hash map.
fn ask_describe(s: &mut Scenario<'_>, label: &str, group: &str) {
    let mut reply = s.quietly(s.home(), &describe(group), 5);
    if let Reply::Answer { response, .. } = &mut reply {
        response.groups[0].members.sort_by_key(|member| s.masks.line(member.member_id.as_str()));
    }
    s.record::<DescribeGroupsRequestData>(label, 5, &reply);
}

fn two_members(s: &mut Scenario<'_>) {
    let (group, leader, generation) = stable(s, "group");
    s.masks.line(&leader);
    let second = s.quietly(s.home(), &join(&group, ""), 9).answer().member_id.as_str().to_owned();
    s.masks.line(&second);
    s.ask("a pending member changes nothing", &heartbeat(&group, generation, &leader), 4);
    s.ask("a pending member beats", &heartbeat(&group, generation, &second), 4);
    let mut joining = begin_join(s, &group, &second);
    s.until("a rebalance begins", |s| {
        s.quietly(s.home(), &heartbeat(&group, generation, &leader), 4).answer().error_code == 27
    });
    s.ask("while a rebalance is prepared", &heartbeat(&group, generation, &leader), 4);
    s.ask("while a rebalance is prepared", &sync(&group, generation, &leader, &[]), 5);
    ask_describe(s, "while a rebalance is prepared", &group);
    let topic = s.topic("log", 1);
    let commit = |generation: i32, member: &str, offset: i64| OffsetCommitRequestData {
        group_id: text(&group),
        generation_id_or_member_epoch: generation,
        member_id: text(member),
        topics: vec![commit_topic(&topic, KafkaUuid::ZERO, 0, offset)],
        ..OffsetCommitRequestData::default()
    };
    s.ask("while a rebalance is prepared", &commit(generation, &leader, 1), 9);
    let mut again = begin_join(s, &group, &leader);
    let first = record_join(s, "the leader again", &mut again);
    record_join(s, "the second", &mut joining);
    let generation = first.generation_id;
    s.ask("before the sync", &heartbeat(&group, generation, &second), 4);
    s.ask("before the sync, an old generation", &commit(generation - 1, &leader, 1), 9);
    s.ask("before the sync", &commit(generation, &leader, 2), 9);
    let mut waiting = s.open(s.home());
    waiting.send(&sync(&group, generation, &second, &[]), 5).expect("sending");
    assert!(
        waiting.receive_frame(Duration::from_millis(150)).expect("open").is_none(),
        "it waits for the leader"
    );
    s.ask("leader", &sync(&group, generation, &leader, &[&leader, &second]), 5);
    let reply = waiting.receive::<SyncGroupRequestData>(5, PATIENCE);
    s.record::<SyncGroupRequestData>("follower", 5, &reply);
    s.ask("stable", &commit(generation, &second, 3), 9);
    ask_describe(s, "stable", &group);
    // The follower comes again with what it said before: nothing happens.
    s.ask("the follower again", &join(&group, &second), 9);
    s.ask("still", &heartbeat(&group, generation, &leader), 4);
    // The leader comes again: a rebalance.
    let mut again = begin_join(s, &group, &leader);
    s.until("a rebalance begins", |s| {
        s.quietly(s.home(), &heartbeat(&group, generation, &second), 4).answer().error_code == 27
    });
    s.ask("the follower leaves", &leave(5, &group, &second), 5);
    record_join(s, "the leader alone", &mut again);
    s.ask("", &leave(5, &group, &leader), 5);
    s.ask("empty", &describe(&group), 5);
}

fn static_members(s: &mut Scenario<'_>) {
    let group = s.group("group");
    let instance =
        |member: &str| JoinGroupRequestData { group_instance_id: some("one"), ..join(&group, member) };
    let first = s.ask("static", &instance(""), 9).answer();
    let member = first.member_id.as_str().to_owned();
    s.ask("", &sync(&group, first.generation_id, &member, &[&member]), 5);
    let second = s.ask("back", &instance(""), 9).answer();
    let newer = second.member_id.as_str().to_owned();
    let of = |member: &str, generation| HeartbeatRequestData {
        group_instance_id: some("one"),
        ..heartbeat(&group, generation, member)
    };
    s.ask("the older", &of(&member, second.generation_id), 4);
    s.ask("the newer", &of(&newer, second.generation_id), 4);
    let synced = SyncGroupRequestData {
        group_instance_id: some("one"),
        ..sync(&group, second.generation_id, &newer, &[])
    };
    s.ask("the newer", &synced, 5);
    s.ask("the older joins", &instance(&member), 9);
    s.ask("", &describe(&group), 5);
    let mut changed = instance(&newer);
    changed.protocols[0].metadata = Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7]);
    changed.member_id = text("");
    s.ask("back with other metadata", &changed, 9);
    let by_instance = LeaveGroupRequestData {
        group_id: text(&group),
        members: vec![MemberIdentity { group_instance_id: some("one"), ..MemberIdentity::default() }],
        ..LeaveGroupRequestData::default()
    };
    s.ask("by its instance", &by_instance, 5);
    s.ask("", &describe(&group), 5);
    for version in 3..=4 {
        s.ask("static in a version that may not", &instance(""), version);
    }
}

/// A session that ends without a word.
fn expiry(s: &mut Scenario<'_>) {
    let group = s.group("group");
    let short = |member: &str| JoinGroupRequestData { session_timeout_ms: 6_000, ..join(&group, member) };
    let member = s.quietly(s.home(), &short(""), 9).answer().member_id.as_str().to_owned();
    let generation = s.quietly(s.home(), &short(&member), 9).answer().generation_id;
    s.quietly(s.home(), &sync(&group, generation, &member, &[&member]), 5).answer();
    s.until("the member has expired", |s| {
        s.quietly(s.home(), &describe(&group), 5).answer().groups[0].group_state.as_str() == "Empty"
    });
    s.ask("after its session", &heartbeat(&group, generation, &member), 4);
    s.ask("after its session", &join(&group, &member), 9);
    s.ask("after its session", &describe(&group), 5);
}

#[test]
fn coordinators_are_found() {
    compare_both("find-coordinator", coordinators);
}

#[test]
fn a_group_of_one_member() {
    compare_both("group-of-one", one_member);
}

#[test]
fn members_that_are_refused() {
    compare_both("group-faults", bad_joins);
}

#[test]
fn subscriptions_that_cannot_be_read() {
    compare("group-unreadable", 1, unreadable_subscriptions);
}

#[test]
fn a_group_of_two_members() {
    compare_both("group-of-two", two_members);
}

#[test]
fn static_members_come_back() {
    compare_both("group-static", static_members);
}

#[test]
fn members_expire() {
    compare_both("group-expiry", expiry);
}
