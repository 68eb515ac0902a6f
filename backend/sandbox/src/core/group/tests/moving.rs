//! What of a group outlives its coordinator.

use super::*;

#[test]
fn a_stable_group_goes_on_with_members_generation_and_assignment() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    desk.commit(&Commit::of(&members[0], "orders", 6));
    desk.pass(9_000);
    desk.move_away();
    desk.pass(9_000);
    assert_eq!(desk.state(), "Stable", "their sessions begin anew");
    for member in &members {
        assert_eq!(desk.heartbeat(&member.id, member.generation), ErrorCode::None);
    }
    let described = desk.described();
    assert!(described.members.iter().all(|member| !member.member_assignment.is_empty()));
    assert_eq!(described.members[0].member_metadata, subscription(&["orders"]));
    assert_eq!(desk.committed("orders"), 6);
    let waiter = desk.join(&members[0].joining);
    assert!(desk.waits(waiter));
    assert_eq!(desk.state(), "PreparingRebalance", "the leader is known");
}

#[test]
fn the_members_of_a_moved_group_time_out() {
    let mut desk = Desk::new();
    desk.stable(&["a"]);
    desk.move_away();
    desk.pass(10_000);
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn who_waits_to_join_is_told_that_this_is_not_the_coordinator() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    let waiter = desk.join(&members[0].joining);
    let (new, _) = desk.join_twice(Joining::named("c"));
    desk.move_away();
    for waiter in [waiter, new] {
        assert_eq!(code(desk.join_answer(waiter).error_code), ErrorCode::NotCoordinator);
    }
    assert_eq!(desk.state(), "Stable", "the last generation that was complete");
    let mut ids: Vec<_> = members.iter().map(|member| member.id.clone()).collect();
    ids.sort();
    assert_eq!(desk.members(), ids);
    assert_eq!(desk.heartbeat(&members[1].id, members[1].generation), ErrorCode::None);
}

#[test]
fn who_waits_for_an_assignment_is_told_that_this_is_not_the_coordinator() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    desk.join(&members[0].joining);
    let follower = desk.joined(&members[1].joining);
    let sync = desk.sync(&follower);
    desk.move_away();
    assert_eq!(code(desk.sync_answer(sync).error_code), ErrorCode::NotCoordinator);
    assert_eq!(
        desk.heartbeat(&members[1].id, members[1].generation),
        ErrorCode::None,
        "in the generation before"
    );
}

#[test]
fn a_group_in_its_first_rebalance_comes_back_empty() {
    let mut desk = Desk::with(GroupSettings::default());
    let (waiter, joining) = desk.join_twice(Joining::named("a"));
    desk.move_away();
    assert_eq!(code(desk.join_answer(waiter).error_code), ErrorCode::NotCoordinator);
    assert_eq!(desk.state(), "Empty");
    assert_eq!(code(desk.joined(&joining).error_code), ErrorCode::UnknownMemberId);
}

#[test]
fn a_group_that_only_committed_comes_back_if_it_has_offsets() {
    let mut desk = Desk::new();
    desk.commit(&Commit::simple("orders", 1));
    desk.move_away();
    assert_eq!((desk.state().as_str(), desk.committed("orders")), ("Empty", 1));
    desk.act(|it, _, _, _, out| it.topic_deleted("orders", KafkaUuid::ZERO, out));
    desk.move_away();
    assert_eq!((desk.state().as_str(), desk.committed("orders")), ("Empty", -1), "there are records of it");
}

#[test]
fn a_static_member_is_known_after_the_move() {
    let mut desk = Desk::new();
    let first = desk.joined(&Joining::fixed("desk-1"));
    let joining = Joining { member_id: first.member_id.to_string(), ..Joining::fixed("desk-1") };
    let members = desk.settle(&[joining]);
    let back = desk.joined(&Joining::fixed("desk-1"));
    desk.move_away();
    let again = desk.joined(&Joining::fixed("desk-1"));
    assert_eq!((again.error_code, again.generation_id), (0, members[0].generation));
    assert_ne!(again.member_id, back.member_id);
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn an_empty_group_keeps_its_generation() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    desk.leave(vec![by_id(&members[0].id)]);
    desk.move_away();
    assert_eq!(desk.state(), "Empty");
    let (waiter, _) = desk.join_twice(Joining::named("b"));
    assert_eq!(desk.join_answer(waiter).generation_id, members[0].generation + 2);
}

#[test]
fn nothing_is_due_after_the_coordinator_is_unloaded() {
    let mut desk = Desk::new();
    desk.stable(&["a"]);
    desk.act(|it, now, _, _, out| it.unload(now, out));
    assert_eq!(desk.coordinator.next_deadline(), None);
}
