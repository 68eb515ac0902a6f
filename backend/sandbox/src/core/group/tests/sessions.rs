//! Heartbeats, silence and leaving.

use super::*;

fn left(member: &str, departure: Departure) -> GroupEvent {
    GroupEvent::MemberLeft { group: GROUP.into(), member: member.into(), departure }
}

#[test]
fn a_heartbeat_is_good_only_of_a_member_in_its_generation() {
    let mut desk = Desk::new();
    assert_eq!(desk.heartbeat("nobody", 1), ErrorCode::UnknownMemberId, "no such group");
    let members = desk.stable(&["a"]);
    let a = &members[0];
    assert_eq!(desk.heartbeat(&a.id, a.generation), ErrorCode::None);
    assert_eq!(desk.heartbeat(&a.id, a.generation + 1), ErrorCode::IllegalGeneration);
    assert_eq!(desk.heartbeat(&a.id, a.generation - 1), ErrorCode::IllegalGeneration);
    assert_eq!(desk.heartbeat("nobody", a.generation), ErrorCode::UnknownMemberId);
    let unnamed = HeartbeatRequestData { member_id: text(a.id.as_str()), ..Default::default() };
    assert_eq!(desk.heartbeat_with(&unnamed), ErrorCode::InvalidGroupId);
}

#[test]
fn a_heartbeat_is_good_before_the_assignment() {
    let mut desk = Desk::new();
    let (waiter, _) = desk.join_twice(Joining::named("a"));
    let answer = desk.join_answer(waiter);
    assert_eq!(desk.state(), "CompletingRebalance");
    assert_eq!(desk.heartbeat(answer.member_id.as_str(), answer.generation_id), ErrorCode::None);
}

#[test]
fn in_an_empty_group_nobody_has_a_heartbeat() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    desk.leave(vec![by_id(&members[0].id)]);
    assert_eq!(desk.state(), "Empty");
    assert_eq!(desk.heartbeat(&members[0].id, members[0].generation + 1), ErrorCode::UnknownMemberId);
}

#[test]
fn a_silent_member_is_out_after_its_session_timeout() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    desk.pass(9_000);
    assert_eq!(desk.heartbeat(&members[0].id, members[0].generation), ErrorCode::None);
    desk.pass(999);
    assert_eq!(desk.state(), "Stable");
    desk.pass(1);
    assert_eq!(desk.state(), "PreparingRebalance");
    assert_eq!(desk.members(), [members[0].id.clone()]);
    assert!(desk.events.contains(&left(&members[1].id, Departure::SessionTimedOut)));
}

#[test]
fn a_commit_is_as_good_as_a_heartbeat() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    for offset in 0..5 {
        desk.pass(9_000);
        assert_eq!(desk.commit(&Commit::of(&members[0], "orders", offset)), ErrorCode::None);
    }
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn a_member_that_waits_for_others_needs_no_heartbeat() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let waiter = desk.join(&members[0].joining);
    for _ in 0..5 {
        desk.pass(9_000);
        desk.heartbeat(&members[1].id, members[1].generation);
    }
    assert!(desk.waits(waiter));
    assert_eq!(desk.members().len(), 2);
}

#[test]
fn when_the_last_silent_member_is_out_the_group_is_empty_in_a_new_generation() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    desk.pass(10_000);
    assert_eq!(desk.state(), "Empty");
    let empty = GroupEvent::StateChanged {
        group: GROUP.into(),
        state: State::Empty,
        generation: members[0].generation + 1,
    };
    assert_eq!(desk.events.last(), Some(&empty));
}

#[test]
fn the_last_silent_member_does_not_hold_up_those_who_joined_again() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let waiter = desk.join(&members[0].joining);
    desk.pass(9_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    assert_eq!(desk.join_answer(waiter).members.len(), 1);
}

#[test]
fn a_member_that_leaves_makes_the_others_join_again() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let response = desk.leave(vec![by_id(&members[0].id), by_id("nobody")]);
    let results: Vec<_> = response.members.iter().map(|member| code(member.error_code)).collect();
    assert_eq!((response.error_code, results), (0, vec![ErrorCode::None, ErrorCode::UnknownMemberId]));
    assert_eq!(desk.state(), "PreparingRebalance");
    let answer = desk.joined(&members[1].joining);
    assert_eq!(answer.leader.as_str(), members[1].id);
    assert!(desk.events.contains(&left(&members[0].id, Departure::Left)));
}

#[test]
fn several_may_leave_at_once() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let response = desk.leave(members.iter().map(|member| by_id(&member.id)).collect());
    assert!(response.members.iter().all(|member| member.error_code == 0));
    assert_eq!(desk.state(), "Empty");
    assert_eq!(desk.heartbeat(&members[0].id, members[0].generation), ErrorCode::UnknownMemberId);
}

#[test]
fn a_member_that_leaves_while_it_waits_is_told_that_it_is_none() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let waiter = desk.join(&members[0].joining);
    desk.leave(vec![by_id(&members[0].id)]);
    let answer = desk.join_answer(waiter);
    assert_eq!(code(answer.error_code), ErrorCode::UnknownMemberId);
    assert!(answer.member_id.is_empty());
}

#[test]
fn a_promised_id_may_leave() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    let promised = desk.joined(&Joining::named("b"));
    let waiter = desk.join(&members[0].joining);
    assert!(desk.waits(waiter));
    let response = desk.leave(vec![by_id(promised.member_id.as_str())]);
    assert_eq!(response.members[0].error_code, 0);
    assert_eq!(desk.join_answer(waiter).error_code, 0, "nobody else is waited for");
}

#[test]
fn up_to_version_2_one_member_leaves_and_its_error_is_the_response() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    let mut leave = |group: &str, member: &str| {
        let request =
            LeaveGroupRequestData { group_id: text(group), member_id: text(member), ..Default::default() };
        let response = desk.act(|it, now, waiter, _, out| it.leave(now, caller(2, waiter), &request, out)).1;
        assert!(response.members.is_empty());
        code(response.error_code)
    };
    assert_eq!(leave("", &members[0].id), ErrorCode::InvalidGroupId);
    assert_eq!(leave("nobody", &members[0].id), ErrorCode::UnknownMemberId);
    assert_eq!(leave(GROUP, "nobody"), ErrorCode::UnknownMemberId);
    assert_eq!(leave(GROUP, &members[0].id), ErrorCode::None);
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn from_version_3_an_unknown_group_is_the_fault_of_each_member() {
    let mut desk = Desk::new();
    let response = desk.leave(vec![by_id("a"), by_instance("desk-1")]);
    assert_eq!(response.error_code, 0);
    assert!(response.members.iter().all(|member| code(member.error_code) == ErrorCode::UnknownMemberId));
    assert_eq!(response.members[1].group_instance_id, Some(text("desk-1")));
}
