//! How members come into a group, and what a rebalance makes of them.

use super::*;
use crate::wire::MOST_STRING_BYTES;

#[test]
fn the_first_member_leads_and_is_told_of_all_members() {
    let mut desk = Desk::new();
    let (waiter, joining) = desk.join_twice(Joining::named("reader"));
    let answer = desk.join_answer(waiter);
    assert_eq!((answer.error_code, answer.generation_id), (0, 1));
    assert_eq!(answer.leader, answer.member_id);
    assert_eq!(answer.protocol_type, Some(text("consumer")));
    assert_eq!(answer.protocol_name, Some(text("range")));
    assert!(!answer.skip_assignment);
    let [member] = &answer.members[..] else { panic!("one member, not {:?}", answer.members) };
    assert_eq!(member.member_id.as_str(), joining.member_id);
    assert_eq!(member.metadata, subscription(&["orders"]));
    assert_eq!(desk.state(), "CompletingRebalance");
}

#[test]
fn a_member_id_is_the_name_of_the_client_and_a_random_uuid() {
    let mut desk = Desk::new();
    let dynamic = desk.joined(&Joining::named("reader"));
    assert_eq!(dynamic.member_id.as_str(), "reader-00000000-0000-4000-8000-000000000001");
    let fixed = desk.joined(&Joining { instance: Some("desk-1"), ..Joining::named("reader") });
    assert_eq!(fixed.member_id.as_str(), "desk-1-00000000-0000-4000-8000-000000000002");
}

#[test]
fn from_version_4_a_dynamic_member_has_to_come_back_with_its_id() {
    for (version, required) in [(3, false), (4, true)] {
        let mut desk = Desk::new();
        let answer = desk.joined(&Joining { version, ..Joining::named("reader") });
        let expected = if required { ErrorCode::MemberIdRequired } else { ErrorCode::None };
        assert_eq!(code(answer.error_code), expected, "version {version}");
        assert_eq!(answer.generation_id, if required { -1 } else { 1 });
        assert_eq!(desk.state(), if required { "Empty" } else { "CompletingRebalance" });
    }
}

#[test]
fn a_promised_id_is_good_for_the_session_timeout_only() {
    let mut desk = Desk::new();
    let promised = desk.joined(&Joining::named("reader"));
    desk.pass(10_000);
    let late = Joining { member_id: promised.member_id.to_string(), ..Joining::named("reader") };
    assert_eq!(code(desk.joined(&late).error_code), ErrorCode::UnknownMemberId);
}

#[test]
fn a_promised_id_that_does_not_come_holds_up_the_rebalance_until_its_session_ends() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    let promised = desk.joined(&Joining::named("b"));
    assert_eq!(code(promised.error_code), ErrorCode::MemberIdRequired);
    let waiter = desk.join(&members[0].joining);
    desk.pass(9_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    assert_eq!(desk.join_answer(waiter).generation_id, members[0].generation + 1);
}

#[test]
fn a_promised_id_with_an_instance_is_a_fault_that_apache_kafka_does_not_expect() {
    let mut desk = Desk::new();
    let promised = desk.joined(&Joining::named("reader"));
    let odd = Joining { member_id: promised.member_id.to_string(), ..Joining::fixed("desk-1") };
    assert_eq!(code(desk.joined(&odd).error_code), ErrorCode::UnknownServerError);
}

#[test]
fn an_empty_group_id_and_a_session_timeout_out_of_range_are_refused() {
    let mut desk = Desk::new();
    let mut request = Joining::named("reader").request();
    request.group_id = text("");
    let (waiter, ()) =
        desk.act(|it, now, waiter, ids, out| it.join(now, caller(9, waiter), &request, ids, out));
    assert_eq!(code(desk.join_answer(waiter).error_code), ErrorCode::InvalidGroupId);
    for session_timeout_ms in [5_999, 1_800_001] {
        let answer = desk.joined(&Joining { session_timeout_ms, ..Joining::named("reader") });
        assert_eq!(code(answer.error_code), ErrorCode::InvalidSessionTimeout);
    }
    for session_timeout_ms in [6_000, 1_800_000] {
        let answer = desk.joined(&Joining { session_timeout_ms, ..Joining::named("reader") });
        assert_eq!(code(answer.error_code), ErrorCode::MemberIdRequired);
    }
}

#[test]
fn a_member_id_is_unknown_to_a_group_that_does_not_exist() {
    let mut desk = Desk::new();
    let answer = desk.joined(&Joining { member_id: "somebody".into(), ..Joining::named("reader") });
    assert_eq!(code(answer.error_code), ErrorCode::UnknownMemberId);
    assert_eq!(answer.member_id.as_str(), "somebody");
    assert_eq!(desk.state(), "Dead", "and does not make it");
}

#[test]
fn a_first_member_without_protocols_is_inconsistent_but_makes_the_group() {
    let mut desk = Desk::new();
    for joining in [
        Joining { protocols: Vec::new(), ..Joining::named("reader") },
        Joining { protocol_type: "", ..Joining::named("reader") },
    ] {
        assert_eq!(code(desk.joined(&joining).error_code), ErrorCode::InconsistentGroupProtocol);
    }
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn another_protocol_type_or_no_common_protocol_is_inconsistent() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    let other_type = Joining { protocol_type: "connect", ..Joining::named("b") };
    let other_name = Joining { protocols: vec![("sticky", Bytes::new())], ..Joining::named("b") };
    for joining in [other_type, other_name] {
        assert_eq!(code(desk.joined(&joining).error_code), ErrorCode::InconsistentGroupProtocol);
    }
    let changed = Joining { protocols: vec![("sticky", Bytes::new())], ..members[0].joining.clone() };
    let answer = desk.joined(&changed);
    assert_eq!(code(answer.error_code), ErrorCode::InconsistentGroupProtocol);
    assert_eq!(answer.member_id.as_str(), members[0].id);
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn the_protocol_that_most_members_prefer_is_taken_of_those_that_all_support() {
    let mut desk = Desk::new();
    let prefers = |names: &[&'static str]| Joining {
        protocols: names.iter().map(|name| (*name, subscription(&["orders"]))).collect(),
        ..Joining::named("reader")
    };
    let joinings: Vec<_> = [
        prefers(&["sticky", "range", "roundrobin"]),
        prefers(&["roundrobin", "range"]),
        prefers(&["roundrobin", "range", "sticky"]),
    ]
    .map(|joining| desk.join_twice(joining).1)
    .into();
    let members = desk.settle(&joinings);
    assert_eq!(desk.described().protocol_data.as_str(), "roundrobin");
    let changed =
        Joining { protocols: prefers(&["range", "roundrobin"]).protocols, ..members[1].joining.clone() };
    let changed = [members[0].joining.clone(), changed, members[2].joining.clone()];
    desk.settle(&changed);
    assert_eq!(desk.described().protocol_data.as_str(), "range", "with two votes, sticky being no candidate");
}

#[test]
fn of_two_protocols_with_the_same_votes_the_first_in_javas_hash_table_is_taken() {
    for (one, other, taken) in [
        ("roundrobin", "range", "range"),
        ("range", "sticky", "sticky"),
        ("cooperative-sticky", "range", "range"),
        ("cooperative-sticky", "roundrobin", "roundrobin"),
        ("cooperative-sticky", "sticky", "sticky"),
    ] {
        let mut desk = Desk::new();
        let protocols = [one, other].map(|name| (name, subscription(&["orders"])));
        let reversed = [protocols[1].clone(), protocols[0].clone()];
        let joinings = [protocols, reversed].map(|protocols| {
            desk.join_twice(Joining { protocols: protocols.into(), ..Joining::named("reader") }).1
        });
        desk.settle(&joinings);
        assert_eq!(desk.described().protocol_data.as_str(), taken, "{one} or {other}");
    }
}

#[test]
fn of_protocols_with_one_name_the_first_counts() {
    let mut desk = Desk::new();
    let protocols = vec![("range", subscription(&["orders"])), ("range", subscription(&["payments"]))];
    let (waiter, _) = desk.join_twice(Joining { protocols, ..Joining::named("reader") });
    assert_eq!(desk.join_answer(waiter).members[0].metadata, subscription(&["orders"]));
}

#[test]
fn the_first_rebalance_waits_for_the_initial_delay() {
    let mut desk = Desk::with(GroupSettings::default());
    let (waiter, _) = desk.join_twice(Joining::named("a"));
    assert_eq!(desk.state(), "PreparingRebalance");
    desk.pass(2_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    assert_eq!(desk.join_answer(waiter).generation_id, 1);
}

#[test]
fn the_initial_delay_is_extended_while_members_come() {
    let mut desk = Desk::with(GroupSettings::default());
    let (a, _) = desk.join_twice(Joining::named("a"));
    desk.pass(2_000);
    let (b, _) = desk.join_twice(Joining::named("b"));
    desk.pass(1_000);
    assert!(desk.waits(a), "three seconds more, since somebody came");
    desk.pass(2_999);
    assert!(desk.waits(a));
    desk.pass(1);
    assert_eq!(desk.join_answer(a).members.len(), 2);
    assert_eq!(desk.join_answer(b).members.len(), 0);
    assert_eq!(desk.join_answer(b).generation_id, 1);
}

#[test]
fn the_initial_delay_ends_with_the_rebalance_timeout() {
    let mut desk = Desk::with(GroupSettings::default());
    let short = |name| Joining { rebalance_timeout_ms: 7_000, ..Joining::named(name) };
    let (first, _) = desk.join_twice(short("a"));
    for name in ["b", "c", "d"] {
        desk.pass(2_000);
        desk.join_twice(short(name));
    }
    desk.pass(999);
    assert!(desk.waits(first));
    desk.pass(1);
    assert_eq!(desk.join_answer(first).members.len(), 4);
}

#[test]
fn a_member_that_leaves_does_not_end_the_initial_delay() {
    let mut desk = Desk::with(GroupSettings::default());
    let (a, _) = desk.join_twice(Joining::named("a"));
    let (b, joining) = desk.join_twice(Joining::named("b"));
    desk.leave(vec![by_id(&joining.member_id)]);
    assert_eq!(code(desk.join_answer(b).error_code), ErrorCode::UnknownMemberId);
    assert!(desk.waits(a));
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn a_new_member_makes_all_join_again() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let (c, _) = desk.join_twice(Joining::named("c"));
    assert_eq!(desk.state(), "PreparingRebalance");
    for member in &members {
        assert_eq!(desk.heartbeat(&member.id, member.generation), ErrorCode::RebalanceInProgress);
    }
    let a = desk.join(&members[0].joining);
    assert!(desk.waits(a) && desk.waits(c));
    let b = desk.join(&members[1].joining);
    let answers = [a, b, c].map(|waiter| desk.join_answer(waiter));
    assert!(answers.iter().all(|answer| answer.generation_id == members[0].generation + 1));
    assert_eq!(answers.each_ref().map(|answer| answer.members.len()), [3, 0, 0]);
    assert!(answers.iter().all(|answer| answer.leader.as_str() == members[0].id), "the leader stays");
}

#[test]
fn who_does_not_join_again_in_time_is_out_and_another_leads() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let waiter = desk
        .join(&Joining { protocols: vec![("range", subscription(&["x"]))], ..members[1].joining.clone() });
    for _ in 0..11 {
        desk.pass(5_000);
        assert_eq!(desk.heartbeat(&members[0].id, members[0].generation), ErrorCode::RebalanceInProgress);
    }
    desk.pass(4_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    let answer = desk.join_answer(waiter);
    assert_eq!(answer.leader.as_str(), members[1].id);
    assert_eq!(desk.members(), [members[1].id.clone()]);
    let left = GroupEvent::MemberLeft {
        group: GROUP.into(),
        member: members[0].id.as_str().into(),
        departure: Departure::NotRejoined,
    };
    assert!(desk.events.contains(&left));
}

#[test]
fn the_longest_rebalance_timeout_of_the_members_counts() {
    let mut desk = Desk::new();
    let joinings = [("a", 20_000), ("b", 40_000)].map(|(name, rebalance_timeout_ms)| {
        desk.join_twice(Joining { rebalance_timeout_ms, session_timeout_ms: 100_000, ..Joining::named(name) })
            .1
    });
    let members = desk.settle(&joinings);
    let waiter = desk.join(&members[0].joining);
    desk.pass(39_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    assert_eq!(desk.members(), [members[0].id.clone()]);
}

#[test]
fn in_version_0_the_session_timeout_is_the_rebalance_timeout() {
    let mut desk = Desk::with(GroupSettings { initial_rebalance_delay_ms: 30_000, ..Default::default() });
    let old = |name| Joining { version: 0, rebalance_timeout_ms: -1, ..Joining::named(name) };
    let waiter = desk.join(&old("a"));
    desk.pass(1);
    desk.join(&old("b"));
    desk.pass(29_999);
    let answer = desk.join_answer(waiter);
    assert_eq!(answer.members.len(), 2, "no longer than the delay, which is over the rebalance timeout");
}

#[test]
fn the_leader_joining_again_makes_all_join_again() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    assert!(members[0].is_leader);
    let waiter = desk.join(&members[0].joining);
    assert!(desk.waits(waiter));
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn a_follower_joining_again_unchanged_is_told_of_the_present_generation() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let answer = desk.joined(&members[1].joining);
    assert_eq!((answer.error_code, answer.generation_id), (0, members[1].generation));
    assert_eq!(answer.leader.as_str(), members[0].id);
    assert!(answer.members.is_empty());
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn a_follower_joining_again_with_other_metadata_makes_all_join_again() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let changed =
        Joining { protocols: vec![("range", subscription(&["payments"]))], ..members[1].joining.clone() };
    let waiter = desk.join(&changed);
    assert!(desk.waits(waiter));
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn joining_again_unchanged_before_the_assignment_is_answered_as_before() {
    let mut desk = Desk::new();
    let (waiter, joining) = desk.join_twice(Joining::named("a"));
    let before = desk.join_answer(waiter);
    assert_eq!(desk.joined(&joining), before);
    assert_eq!(desk.state(), "CompletingRebalance");
}

#[test]
fn joining_again_with_other_metadata_before_the_assignment_begins_anew() {
    let mut desk = Desk::new();
    let (waiter, joining) = desk.join_twice(Joining::named("a"));
    assert_eq!(desk.join_answer(waiter).generation_id, 1);
    let changed = Joining { protocols: vec![("range", subscription(&["payments"]))], ..joining };
    assert_eq!(desk.joined(&changed).generation_id, 2);
}

#[test]
fn a_second_join_of_a_member_takes_the_place_of_the_first() {
    let mut desk = Desk::with(GroupSettings::default());
    let (first, joining) = desk.join_twice(Joining::named("a"));
    let second = desk.join(&joining);
    assert_eq!(desk.only_answer(first), &GroupReply::Never);
    desk.pass(3_000);
    assert_eq!(desk.join_answer(second).generation_id, 1);
}

#[test]
fn a_new_member_that_waits_for_five_minutes_is_to_ask_again() {
    let mut desk = Desk::new();
    let slow =
        Joining { session_timeout_ms: 1_000_000, rebalance_timeout_ms: 1_000_000, ..Joining::named("a") };
    let (_, joining) = desk.join_twice(slow);
    desk.settle(&[joining]);
    let (waiter, _) = desk.join_twice(Joining::named("b"));
    desk.pass(299_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    let answer = desk.join_answer(waiter);
    assert_eq!(code(answer.error_code), ErrorCode::UnknownMemberId);
    assert!(answer.member_id.is_empty());
}

#[test]
fn a_full_group_takes_no_more_members() {
    let mut desk =
        Desk::with(GroupSettings { initial_rebalance_delay_ms: 0, max_size: 2, ..Default::default() });
    let members = desk.stable(&["a", "b"]);
    let answer = desk.joined(&Joining::named("c"));
    assert_eq!(code(answer.error_code), ErrorCode::GroupMaxSizeReached);
    assert!(answer.member_id.is_empty());
    assert_eq!(desk.joined(&members[1].joining).error_code, 0, "its members may join again");
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn while_members_join_again_the_last_ones_do_not_fit() {
    let mut desk =
        Desk::with(GroupSettings { initial_rebalance_delay_ms: 3_000, max_size: 2, ..Default::default() });
    let promised: Vec<_> =
        ["a", "b", "c"].map(|name| desk.joined(&Joining::named(name)).member_id.to_string()).into();
    let join = |desk: &mut Desk, id: &String| {
        desk.join(&Joining { member_id: id.clone(), ..Joining::named("reader") })
    };
    let (a, b) = (join(&mut desk, &promised[0]), join(&mut desk, &promised[1]));
    let c = join(&mut desk, &promised[2]);
    assert_eq!(code(desk.join_answer(c).error_code), ErrorCode::GroupMaxSizeReached);
    desk.pass(6_000);
    assert_eq!(desk.join_answer(a).members.len(), 2);
    assert_eq!(desk.join_answer(b).error_code, 0);
}

#[test]
fn before_version_7_an_error_has_the_empty_protocol() {
    for (version, protocol) in [(6, Some(text(""))), (7, None)] {
        let mut desk = Desk::new();
        let answer = desk.joined(&Joining { version, ..Joining::named("reader") });
        assert_eq!(code(answer.error_code), ErrorCode::MemberIdRequired);
        assert_eq!(answer.protocol_name, protocol, "version {version}");
    }
}

#[test]
fn an_id_that_no_string_has_room_for_is_not_given_out() {
    let longest = MOST_STRING_BYTES - "-00000000-0000-4000-8000-000000000000".len();
    for (length, error, members) in
        [(longest, ErrorCode::MemberIdRequired, 1), (longest + 1, ErrorCode::UnknownServerError, 0)]
    {
        let name: &'static str = Box::leak("x".repeat(length).into());
        let mut desk = Desk::new();
        assert_eq!(code(desk.joined(&Joining::named(name)).error_code), error);
        desk.join(&Joining::fixed(name));
        assert_eq!(desk.members().len(), members);
    }
}
