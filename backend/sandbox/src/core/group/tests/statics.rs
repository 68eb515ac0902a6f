//! Members with a `group.instance.id` (KIP-345).

use super::*;

/// A stable group of static members, the leader first.
fn stable(desk: &mut Desk, instances: &[&'static str]) -> Vec<Member> {
    let joinings: Vec<_> = instances
        .iter()
        .map(|instance| {
            let waiter = desk.join(&Joining::fixed(instance));
            let id = match desk.answers.get(&waiter) {
                Some(_) => desk.join_answer(waiter).member_id.to_string(),
                None => desk.members().into_iter().find(|id| id.starts_with(instance)).unwrap(),
            };
            Joining { member_id: id, ..Joining::fixed(instance) }
        })
        .collect();
    desk.settle(&joinings)
}

#[test]
fn a_static_member_needs_no_promise() {
    let mut desk = Desk::new();
    let answer = desk.joined(&Joining::fixed("desk-1"));
    assert_eq!((answer.error_code, answer.generation_id), (0, 1));
    assert_eq!(answer.members[0].group_instance_id, Some(text("desk-1")));
}

#[test]
fn a_static_member_back_unchanged_makes_no_rebalance() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    let back = desk.joined(&Joining::fixed("desk-2"));
    assert_eq!((back.error_code, back.generation_id), (0, members[1].generation));
    assert_ne!(back.member_id.as_str(), members[1].id);
    assert!(back.members.is_empty() && !back.skip_assignment);
    assert_eq!(desk.state(), "Stable");
    let sync = desk.sync(&back);
    assert_eq!(desk.sync_answer(sync).assignment, format!("for {}", members[1].id), "with what it had");
}

#[test]
fn a_static_leader_back_unchanged_is_told_not_to_assign() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    assert!(members[0].is_leader);
    let back = desk.joined(&Joining::fixed("desk-1"));
    assert_eq!(back.leader, back.member_id);
    assert_eq!(back.members.len(), 2);
    assert!(back.skip_assignment);
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn before_version_9_a_static_leader_back_is_not_told_that_it_leads() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    let back = desk.joined(&Joining { version: 8, ..Joining::fixed("desk-1") });
    assert_eq!(back.leader.as_str(), members[0].id, "the id that led before");
    assert!(back.members.is_empty() && !back.skip_assignment);
}

#[test]
fn the_older_duplicate_is_fenced() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1"]);
    let old = &members[0];
    assert_eq!(desk.joined(&Joining::fixed("desk-1")).error_code, 0);
    let heartbeat = HeartbeatRequestData {
        group_id: text(GROUP),
        generation_id: old.generation,
        member_id: text(old.id.as_str()),
        group_instance_id: Some(text("desk-1")),
        ..Default::default()
    };
    assert_eq!(desk.heartbeat_with(&heartbeat), ErrorCode::FencedInstanceId);
    let commit = Commit { instance: Some("desk-1"), ..Commit::of(old, "orders", 1) };
    assert_eq!(desk.commit(&commit), ErrorCode::FencedInstanceId);
    assert_eq!(code(desk.joined(&old.joining).error_code), ErrorCode::FencedInstanceId);
    let leave = MemberIdentity { member_id: text(old.id.as_str()), ..by_instance("desk-1") };
    let response = desk.leave(vec![leave]);
    assert_eq!(code(response.members[0].error_code), ErrorCode::FencedInstanceId);
    let unnamed = HeartbeatRequestData { group_instance_id: None, ..heartbeat };
    assert_eq!(desk.heartbeat_with(&unnamed), ErrorCode::UnknownMemberId);
    let other = HeartbeatRequestData { group_instance_id: Some(text("desk-2")), ..unnamed };
    assert_eq!(desk.heartbeat_with(&other), ErrorCode::UnknownMemberId);
}

#[test]
fn the_older_duplicate_is_fenced_while_it_waits_to_join() {
    let mut desk = Desk::with(GroupSettings::default());
    let old = desk.join(&Joining::fixed("desk-1"));
    let new = desk.join(&Joining::fixed("desk-1"));
    assert_eq!(code(desk.join_answer(old).error_code), ErrorCode::FencedInstanceId);
    desk.pass(3_000);
    assert_eq!(desk.join_answer(new).generation_id, 1);
    assert_eq!(desk.members().len(), 1);
}

#[test]
fn the_older_duplicate_is_fenced_while_it_waits_for_its_assignment() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    let waiters = [0, 1].map(|index| desk.join(&members[index].joining));
    let [_, follower] = waiters.map(|waiter| desk.join_answer(waiter));
    let sync = desk.sync(&follower);
    assert!(desk.waits(sync));
    let back = desk.join(&Joining::fixed("desk-2"));
    assert_eq!(code(desk.sync_answer(sync).error_code), ErrorCode::FencedInstanceId);
    assert!(desk.waits(back), "the leader knows the older id: all join again");
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn a_static_member_back_with_another_protocol_makes_all_join_again() {
    let mut desk = Desk::new();
    let both = vec![("range", subscription(&["orders"])), ("sticky", subscription(&["orders"]))];
    let joining = Joining { protocols: both.clone(), ..Joining::fixed("desk-1") };
    let answer = desk.joined(&joining);
    let members = desk.settle(&[Joining { member_id: answer.member_id.to_string(), ..joining.clone() }]);
    let reversed: Vec<_> = both.into_iter().rev().collect();
    let back = desk.joined(&Joining { protocols: reversed, ..joining });
    assert_eq!(back.generation_id, members[0].generation + 1);
    assert_eq!(back.protocol_name, Some(text("sticky")));
}

#[test]
fn a_static_member_that_does_not_join_again_stays_until_its_session_ends() {
    let mut desk = Desk::new();
    let long = |instance| Joining { session_timeout_ms: 100_000, ..Joining::fixed(instance) };
    let first = desk.joined(&long("desk-1"));
    let second = desk.join(&long("desk-2"));
    assert!(desk.waits(second));
    desk.pass(60_000);
    let answer = desk.join_answer(second);
    assert_eq!(answer.members.len(), 2, "with the one that did not come");
    assert_eq!(answer.leader, answer.member_id, "which no longer leads");
    assert_eq!(desk.heartbeat(first.member_id.as_str(), answer.generation_id), ErrorCode::None);
}

#[test]
fn when_no_static_member_joins_again_the_group_waits_for_their_sessions_to_end() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    let follower = members[1].id.clone();
    desk.leave(vec![by_instance("desk-1")]);
    assert_eq!(desk.members(), std::slice::from_ref(&follower));
    for _ in 0..20 {
        desk.pass(9_000);
        assert_eq!(desk.heartbeat(&follower, members[1].generation), ErrorCode::RebalanceInProgress);
    }
    assert_eq!(desk.state(), "PreparingRebalance", "past the rebalance timeout");
    desk.pass(10_000);
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn without_a_rebalance_timeout_the_wait_for_static_members_still_ends() {
    let mut desk = Desk::new();
    let joining = Joining { rebalance_timeout_ms: 0, ..Joining::fixed("desk-1") };
    let answer = desk.joined(&joining);
    assert_eq!(answer.error_code, 0);
    desk.pass(10_000);
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn an_administrator_takes_a_static_member_out_by_its_instance() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    let response = desk.leave(vec![by_instance("desk-2"), by_instance("desk-3"), by_id("")]);
    let results: Vec<_> = response.members.iter().map(|member| code(member.error_code)).collect();
    assert_eq!(results, [ErrorCode::None, ErrorCode::UnknownMemberId, ErrorCode::UnknownMemberId]);
    assert_eq!(response.members[0].group_instance_id, Some(text("desk-2")));
    assert_eq!(desk.members(), [members[0].id.clone()]);
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn a_static_member_is_known_again_by_its_id() {
    let mut desk = Desk::new();
    let members = stable(&mut desk, &["desk-1", "desk-2"]);
    let answer = desk.joined(&members[1].joining);
    assert_eq!((answer.error_code, answer.generation_id), (0, members[1].generation));
    let stranger = Joining { instance: Some("desk-3"), ..members[1].joining.clone() };
    assert_eq!(code(desk.joined(&stranger).error_code), ErrorCode::UnknownMemberId);
}
