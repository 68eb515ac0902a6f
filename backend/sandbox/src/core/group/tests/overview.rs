//! Lists, descriptions, deletion.

use super::*;

fn listed(desk: &Desk, states: &[&str], types: &[&str]) -> Vec<(String, String)> {
    let names = |names: &[&str]| names.iter().map(|name| text(*name)).collect();
    let request = ListGroupsRequestData {
        states_filter: names(states),
        types_filter: names(types),
        ..Default::default()
    };
    let groups = desk.coordinator.list(&request);
    assert!(groups.iter().all(|group| group.group_type.as_str() == "classic"));
    groups.iter().map(|group| (group.group_id.to_string(), group.group_state.to_string())).collect()
}

fn delete(desk: &mut Desk, group: &str) -> ErrorCode {
    code(desk.act(|it, _, _, _, out| it.delete(&text(group), out)).1.error_code)
}

#[test]
fn groups_are_listed_by_state_and_type_in_any_case() {
    let mut desk = Desk::new();
    desk.stable(&["a"]);
    let simple =
        OffsetCommitRequestData { group_id: text("simple"), ..Commit::simple("orders", 1).request() };
    desk.act(|it, now, waiter, _, out| it.commit(now, caller(9, waiter), &simple, out));
    let stable = vec![(GROUP.to_string(), "Stable".to_string())];
    let empty = vec![("simple".to_string(), "Empty".to_string())];
    let both = [stable.clone(), empty.clone()].concat();
    assert_eq!(listed(&desk, &[], &[]), both);
    assert_eq!(listed(&desk, &["stable"], &["CLASSIC"]), stable);
    assert_eq!(listed(&desk, &[" EMPTY "], &[]), empty);
    assert_eq!(listed(&desk, &["Stable", "Empty"], &["classic", "consumer"]), both);
    assert_eq!(listed(&desk, &[], &["consumer"]), []);
    assert_eq!(listed(&desk, &["Dead"], &[]), []);
}

#[test]
fn the_protocol_type_is_listed() {
    let mut desk = Desk::new();
    desk.stable(&["a"]);
    assert_eq!(
        desk.coordinator.list(&ListGroupsRequestData::default())[0].protocol_type.as_str(),
        "consumer"
    );
}

#[test]
fn a_stable_group_is_described_with_protocol_subscriptions_and_assignments() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    let described = desk.described();
    assert_eq!((described.error_code, described.group_state.as_str()), (0, "Stable"));
    assert_eq!((described.protocol_type.as_str(), described.protocol_data.as_str()), ("consumer", "range"));
    let member = &described.members[0];
    assert_eq!((member.client_id.as_str(), member.client_host.as_str()), ("a", "/127.0.0.1"));
    assert_eq!(member.member_metadata, subscription(&["orders"]));
    assert_eq!(member.member_assignment, format!("for {}", members[0].id));
}

#[test]
fn a_group_in_a_rebalance_is_described_without_protocol_and_subscriptions() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    desk.join(&members[0].joining);
    let described = desk.described();
    assert_eq!(described.group_state.as_str(), "PreparingRebalance");
    assert_eq!((described.protocol_type.as_str(), described.protocol_data.as_str()), ("consumer", ""));
    assert!(described.members.iter().all(|member| member.member_metadata.is_empty()));
    assert!(
        described.members.iter().all(|member| !member.member_assignment.is_empty()),
        "still what they had"
    );
}

#[test]
fn an_unknown_group_is_dead_and_from_version_6_an_error() {
    let desk = Desk::new();
    let old = desk.coordinator.describe(&text("nobody"), 5);
    assert_eq!((old.error_code, old.group_state.as_str(), old.error_message), (0, "Dead", None));
    let new = desk.coordinator.describe(&text("nobody"), 6);
    assert_eq!((code(new.error_code), new.group_state.as_str()), (ErrorCode::GroupIdNotFound, "Dead"));
    assert_eq!(new.error_message, Some(text("Group nobody not found.")));
}

#[test]
fn only_an_empty_group_is_deleted_with_its_offsets() {
    let mut desk = Desk::new();
    assert_eq!(delete(&mut desk, GROUP), ErrorCode::GroupIdNotFound);
    let members = desk.stable(&["a"]);
    desk.commit(&Commit::of(&members[0], "orders", 1));
    assert_eq!(delete(&mut desk, GROUP), ErrorCode::NonEmptyGroup);
    desk.leave(vec![by_id(&members[0].id)]);
    assert_eq!(desk.committed("orders"), 1);
    assert_eq!(delete(&mut desk, GROUP), ErrorCode::None);
    assert_eq!((desk.state().as_str(), desk.committed("orders")), ("Dead", -1));
    let dead = |event: &GroupEvent| matches!(event, GroupEvent::StateChanged { state: State::Dead, .. });
    assert!(desk.events.iter().any(dead));
    assert_eq!(desk.coordinator.next_deadline(), None);
}

#[test]
fn deleting_a_group_forgets_the_ids_it_promised() {
    let mut desk = Desk::new();
    let promised = desk.joined(&Joining::named("a"));
    assert_eq!(code(promised.error_code), ErrorCode::MemberIdRequired);
    assert_eq!(delete(&mut desk, GROUP), ErrorCode::None);
    assert_eq!(desk.coordinator.next_deadline(), None);
}
