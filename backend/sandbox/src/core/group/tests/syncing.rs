//! How assignments reach the members.

use super::*;

fn request(member: &JoinGroupResponseData) -> SyncGroupRequestData {
    SyncGroupRequestData {
        group_id: text(GROUP),
        generation_id: member.generation_id,
        member_id: member.member_id.clone(),
        protocol_type: Some(text("consumer")),
        protocol_name: Some(text("range")),
        ..Default::default()
    }
}

/// A group whose members have joined: leader and follower.
fn joined_pair(desk: &mut Desk) -> [JoinGroupResponseData; 2] {
    let members = desk.stable(&["a", "b"]);
    let a = desk.join(&members[0].joining);
    let b = desk.join(&members[1].joining);
    [a, b].map(|waiter| desk.join_answer(waiter))
}

#[test]
fn followers_wait_for_the_leader_and_each_gets_its_own() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    let follower = desk.sync(&b);
    assert!(desk.waits(follower));
    let leader = desk.sync(&a);
    for (waiter, member) in [(leader, &a), (follower, &b)] {
        let answer = desk.sync_answer(waiter);
        assert_eq!(answer.assignment, format!("for {}", member.member_id));
        assert_eq!(answer.protocol_type, Some(text("consumer")));
        assert_eq!(answer.protocol_name, Some(text("range")));
    }
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn whom_the_leader_forgets_gets_an_empty_assignment() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    let follower = desk.sync(&b);
    desk.sync_with(&request(&a), 5);
    assert_eq!(
        desk.sync_answer(follower),
        SyncGroupResponseData {
            protocol_type: Some(text("consumer")),
            protocol_name: Some(text("range")),
            ..Default::default()
        }
    );
}

#[test]
fn in_a_stable_group_the_assignment_is_there_at_once() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    desk.sync(&a);
    let late = desk.sync(&b);
    assert_eq!(desk.sync_answer(late).assignment, format!("for {}", b.member_id));
}

#[test]
fn what_does_not_belong_is_refused() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    let ok = request(&b);
    let cases = [
        (SyncGroupRequestData { group_id: text(""), ..ok.clone() }, 5, ErrorCode::InvalidGroupId),
        (SyncGroupRequestData { group_id: text("nobody"), ..ok.clone() }, 5, ErrorCode::UnknownMemberId),
        (SyncGroupRequestData { member_id: text("nobody"), ..ok.clone() }, 5, ErrorCode::UnknownMemberId),
        (
            SyncGroupRequestData { generation_id: a.generation_id - 1, ..ok.clone() },
            5,
            ErrorCode::IllegalGeneration,
        ),
        (
            SyncGroupRequestData { protocol_type: Some(text("connect")), ..ok.clone() },
            5,
            ErrorCode::InconsistentGroupProtocol,
        ),
        (
            SyncGroupRequestData { protocol_name: Some(text("sticky")), ..ok.clone() },
            5,
            ErrorCode::InconsistentGroupProtocol,
        ),
        (SyncGroupRequestData { protocol_name: None, ..ok.clone() }, 5, ErrorCode::InconsistentGroupProtocol),
        (
            SyncGroupRequestData { group_instance_id: Some(text("desk-1")), ..ok.clone() },
            5,
            ErrorCode::UnknownMemberId,
        ),
    ];
    for (request, version, error) in cases {
        let waiter = desk.sync_with(&request, version);
        assert_eq!(code(desk.sync_answer(waiter).error_code), error, "{request:?}");
    }
    let old = desk.sync_with(&SyncGroupRequestData { protocol_type: None, protocol_name: None, ..ok }, 4);
    assert!(desk.waits(old), "protocol type and name came with version 5");
}

#[test]
fn a_member_that_waits_is_sent_back_when_all_are_to_join_again() {
    let mut desk = Desk::new();
    let [_, b] = joined_pair(&mut desk);
    let waiter = desk.sync(&b);
    desk.join_twice(Joining::named("c"));
    assert_eq!(code(desk.sync_answer(waiter).error_code), ErrorCode::RebalanceInProgress);
    let again = desk.sync(&b);
    assert_eq!(code(desk.sync_answer(again).error_code), ErrorCode::RebalanceInProgress);
}

#[test]
fn a_second_sync_of_a_member_takes_the_place_of_the_first() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    let first = desk.sync(&b);
    let second = desk.sync(&b);
    assert_eq!(desk.only_answer(first), &GroupReply::Never);
    desk.sync(&a);
    assert_eq!(desk.sync_answer(second).error_code, 0);
}

#[test]
fn who_does_not_sync_before_the_rebalance_timeout_is_out() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    let waiter = desk.sync(&b);
    for _ in 0..11 {
        desk.pass(5_000);
        assert_eq!(desk.heartbeat(a.member_id.as_str(), a.generation_id), ErrorCode::None);
    }
    desk.pass(4_999);
    assert!(desk.waits(waiter));
    desk.pass(1);
    assert_eq!(code(desk.sync_answer(waiter).error_code), ErrorCode::RebalanceInProgress);
    assert_eq!(desk.members(), [b.member_id.to_string()]);
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn who_syncs_after_the_leader_is_waited_for_too() {
    let mut desk = Desk::new();
    let [a, b] = joined_pair(&mut desk);
    desk.sync(&a);
    assert_eq!(desk.state(), "Stable");
    for _ in 0..12 {
        desk.pass(5_000);
        desk.heartbeat(a.member_id.as_str(), a.generation_id);
        desk.heartbeat(b.member_id.as_str(), b.generation_id);
    }
    assert_eq!(desk.members(), [a.member_id.to_string()]);
    assert_eq!(desk.state(), "PreparingRebalance");
}

#[test]
fn a_member_taken_out_while_its_sync_waits_is_never_answered() {
    let mut desk = Desk::new();
    let [_, b] = joined_pair(&mut desk);
    let waiter = desk.sync(&b);
    desk.leave(vec![by_id(b.member_id.as_str())]);
    assert_eq!(desk.only_answer(waiter), &GroupReply::Never);
}
