//! What is committed, by whom it may be, and when it is forgotten.

use super::*;

const ID: KafkaUuid = KafkaUuid::from_parts(7, 1);
const OTHER_ID: KafkaUuid = KafkaUuid::from_parts(7, 2);

fn delete(desk: &mut Desk, group: &str, topic: &str) -> (ErrorCode, Option<ErrorCode>) {
    let partition = OffsetDeleteRequestPartition { partition_index: 0, ..Default::default() };
    let topic =
        OffsetDeleteRequestTopic { name: text(topic), partitions: vec![partition], ..Default::default() };
    let request =
        OffsetDeleteRequestData { group_id: text(group), topics: vec![topic], ..Default::default() };
    let response = desk.act(|it, _, _, _, out| it.offset_delete(&request, out)).1;
    let partition = response.topics.first().map(|topic| code(topic.partitions[0].error_code));
    (code(response.error_code), partition)
}

#[test]
fn a_committed_offset_is_fetched_with_its_metadata_and_epoch() {
    let mut desk = Desk::new();
    let commit = Commit { metadata: "by hand".into(), ..Commit::simple("orders", 42) };
    assert_eq!(desk.commit(&commit), ErrorCode::None);
    let fetched = desk.committed_with("orders", KafkaUuid::ZERO);
    assert_eq!((fetched.committed_offset, fetched.committed_leader_epoch), (42, 3));
    assert_eq!((fetched.metadata, fetched.error_code), (Some(text("by hand")), 0));
    let event =
        GroupEvent::Committed { group: GROUP.into(), topic: "orders".into(), partition: 0, offset: 42 };
    assert!(desk.events.contains(&event));
}

#[test]
fn whatever_epoch_is_committed_is_fetched() {
    for leader_epoch in [-5, -1, 0, i32::MAX] {
        let mut desk = Desk::new();
        assert_eq!(desk.commit(&Commit { leader_epoch, ..Commit::simple("orders", 1) }), ErrorCode::None);
        assert_eq!(desk.committed_with("orders", KafkaUuid::ZERO).committed_leader_epoch, leader_epoch);
    }
}

#[test]
fn where_nothing_is_committed_the_offset_is_minus_one() {
    let mut desk = Desk::new();
    let none = OffsetFetchResponsePartitions {
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: Some(text("")),
        ..Default::default()
    };
    assert_eq!(desk.committed_with("orders", KafkaUuid::ZERO), none, "of a group that does not exist");
    desk.commit(&Commit::simple("orders", 1));
    assert_eq!(desk.committed_with("payments", KafkaUuid::ZERO), none);
}

#[test]
fn all_offsets_of_a_group_are_fetched_when_no_topic_is_named() {
    let mut desk = Desk::new();
    for (topic, offset) in [("payments", 2), ("orders", 1)] {
        desk.commit(&Commit::simple(topic, offset));
    }
    let all = |group: &str| {
        let request = OffsetFetchRequestGroup { group_id: text(group), topics: None, ..Default::default() };
        let topics = desk.coordinator.fetch(&request, Reading::Committed).topics;
        let topics =
            topics.iter().map(|topic| (topic.name.to_string(), topic.partitions[0].committed_offset));
        topics.collect::<Vec<_>>()
    };
    assert_eq!(all(GROUP), [("orders".into(), 1), ("payments".into(), 2)]);
    assert_eq!(all("nobody"), []);
}

#[test]
fn a_commit_of_nobody_makes_a_simple_group() {
    let mut desk = Desk::new();
    assert_eq!(desk.commit(&Commit::simple("orders", 1)), ErrorCode::None);
    let described = desk.described();
    assert_eq!((described.group_state.as_str(), described.protocol_type.as_str()), ("Empty", ""));
}

#[test]
fn even_a_group_with_an_empty_id_commits() {
    let mut desk = Desk::new();
    let request = OffsetCommitRequestData { group_id: text(""), ..Commit::simple("orders", 5).request() };
    let response = desk.act(|it, now, waiter, _, out| it.commit(now, caller(9, waiter), &request, out)).1;
    assert_eq!(response.topics[0].partitions[0].error_code, 0);
}

#[test]
fn a_member_of_an_unknown_group_does_not_commit() {
    for (version, error) in [(8, ErrorCode::IllegalGeneration), (9, ErrorCode::GroupIdNotFound)] {
        let mut desk = Desk::new();
        let commit = Commit { version, generation: 1, member_id: "a".into(), ..Commit::simple("orders", 1) };
        assert_eq!(desk.commit(&commit), error, "version {version}");
        assert_eq!(desk.state(), "Dead");
    }
}

#[test]
fn members_commit_in_their_generation_only() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    let good = Commit::of(&members[0], "orders", 10);
    assert_eq!(desk.commit(&good), ErrorCode::None);
    let old = Commit { generation: good.generation - 1, ..good.clone() };
    assert_eq!(desk.commit(&old), ErrorCode::IllegalGeneration);
    let stranger = Commit { member_id: "nobody".into(), ..good.clone() };
    assert_eq!(desk.commit(&stranger), ErrorCode::UnknownMemberId);
    let instance = Commit { instance: Some("desk-1"), ..good.clone() };
    assert_eq!(desk.commit(&instance), ErrorCode::UnknownMemberId);
    let without_generation = Commit { generation: -1, ..good };
    assert_eq!(desk.commit(&without_generation), ErrorCode::IllegalGeneration);
    assert_eq!(
        desk.commit(&Commit::simple("orders", 11)),
        ErrorCode::UnknownMemberId,
        "nobody, in an active group"
    );
    assert_eq!(desk.committed("orders"), 10);
}

#[test]
fn nobody_commits_to_a_group_whose_members_left() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    desk.leave(vec![by_id(&members[0].id)]);
    assert_eq!(desk.commit(&Commit::simple("orders", 3)), ErrorCode::None);
    assert_eq!(desk.committed("orders"), 3);
    let gone = Commit::of(&members[0], "orders", 4);
    assert_eq!(desk.commit(&gone), ErrorCode::UnknownMemberId);
    let without_generation = Commit { generation: -1, ..gone };
    assert_eq!(desk.commit(&without_generation), ErrorCode::None, "whoever it is");
}

#[test]
fn while_members_join_again_they_may_commit_but_not_before_the_assignment() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a", "b"]);
    desk.join(&members[0].joining);
    assert_eq!(desk.state(), "PreparingRebalance");
    assert_eq!(desk.commit(&Commit::of(&members[1], "orders", 5)), ErrorCode::None);
    let waiter = desk.join(&members[1].joining);
    assert_eq!(desk.state(), "CompletingRebalance");
    let generation = desk.join_answer(waiter).generation_id;
    let early = Commit { generation, ..Commit::of(&members[1], "orders", 6) };
    assert_eq!(desk.commit(&early), ErrorCode::RebalanceInProgress);
    let stale = Commit::of(&members[1], "orders", 6);
    assert_eq!(desk.commit(&stale), ErrorCode::IllegalGeneration);
    assert_eq!(desk.committed("orders"), 5);
}

#[test]
fn metadata_may_be_4096_characters_long_as_java_counts_them() {
    let mut desk = Desk::new();
    let commit = |metadata: String| Commit { metadata, ..Commit::simple("orders", 1) };
    assert_eq!(desk.commit(&commit("ü".repeat(4_096))), ErrorCode::None);
    assert_eq!(desk.commit(&commit("ü".repeat(4_097))), ErrorCode::OffsetMetadataTooLarge);
    assert_eq!(desk.commit(&commit("😀".repeat(2_048))), ErrorCode::None);
    assert_eq!(desk.commit(&commit("😀".repeat(2_049))), ErrorCode::OffsetMetadataTooLarge);
}

#[test]
fn an_offset_of_another_topic_with_the_same_name_is_none() {
    let mut desk = Desk::new();
    desk.commit(&Commit { topic_id: ID, ..Commit::simple("orders", 8) });
    assert_eq!(desk.committed_with("orders", ID).committed_offset, 8);
    assert_eq!(desk.committed_with("orders", KafkaUuid::ZERO).committed_offset, 8, "by name only");
    assert_eq!(desk.committed_with("orders", OTHER_ID).committed_offset, -1);
    desk.commit(&Commit::simple("orders", 9));
    assert_eq!(desk.committed_with("orders", OTHER_ID).committed_offset, 9, "committed by name only");
}

#[test]
fn with_a_topic_its_offsets_go_and_the_group_stays() {
    let mut desk = Desk::new();
    desk.commit(&Commit { topic_id: ID, ..Commit::simple("orders", 8) });
    desk.act(|it, _, _, _, out| it.topic_deleted("orders", OTHER_ID, out));
    assert_eq!(desk.committed("orders"), 8);
    desk.act(|it, _, _, _, out| it.topic_deleted("payments", ID, out));
    assert_eq!(desk.committed("orders"), 8);
    desk.act(|it, _, _, _, out| it.topic_deleted("orders", ID, out));
    assert_eq!(desk.committed("orders"), -1);
    desk.commit(&Commit::simple("orders", 9));
    desk.act(|it, _, _, _, out| it.topic_deleted("orders", ID, out));
    assert_eq!(desk.committed("orders"), -1, "committed by name only");
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn offsets_are_deleted_where_no_member_consumes_the_topic() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    for topic in ["orders", "payments"] {
        desk.commit(&Commit::of(&members[0], topic, 4));
    }
    assert_eq!(
        delete(&mut desk, GROUP, "orders"),
        (ErrorCode::None, Some(ErrorCode::GroupSubscribedToTopic))
    );
    assert_eq!(delete(&mut desk, GROUP, "payments"), (ErrorCode::None, Some(ErrorCode::None)));
    assert_eq!((desk.committed("orders"), desk.committed("payments")), (4, -1));
    desk.leave(vec![by_id(&members[0].id)]);
    assert_eq!(delete(&mut desk, GROUP, "orders"), (ErrorCode::None, Some(ErrorCode::None)));
    assert_eq!(desk.committed("orders"), -1);
}

#[test]
fn what_cannot_be_understood_is_taken_to_be_consumed() {
    let mut desk = Desk::new();
    let (_, joining) = desk
        .join_twice(Joining { protocols: vec![("range", Bytes::from_static(b"?"))], ..Joining::named("a") });
    desk.settle(&[joining]);
    assert_eq!(
        delete(&mut desk, GROUP, "anything"),
        (ErrorCode::None, Some(ErrorCode::GroupSubscribedToTopic))
    );
}

#[test]
fn offsets_of_members_that_are_no_consumers_are_not_deleted() {
    let mut desk = Desk::new();
    let connect = Joining { protocol_type: "connect", ..Joining::named("a") };
    desk.join_twice(connect);
    assert_eq!(desk.state(), "CompletingRebalance");
    assert_eq!(delete(&mut desk, GROUP, "orders"), (ErrorCode::NonEmptyGroup, None));
}

#[test]
fn offsets_of_groups_that_do_not_exist_are_not_deleted() {
    let mut desk = Desk::new();
    assert_eq!(delete(&mut desk, "nobody", "orders"), (ErrorCode::GroupIdNotFound, None));
    assert_eq!(delete(&mut desk, "", "orders"), (ErrorCode::InvalidGroupId, None));
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const CHECK_MS: u64 = 600_000;

#[test]
fn offsets_of_a_simple_group_expire_a_week_after_each_was_committed() {
    let mut desk = Desk::new();
    desk.commit(&Commit::simple("orders", 1));
    desk.pass(DAY_MS);
    desk.commit(&Commit::simple("payments", 1));
    desk.pass(6 * DAY_MS - CHECK_MS);
    assert_eq!(desk.committed("orders"), 1);
    desk.pass(CHECK_MS);
    assert_eq!((desk.committed("orders"), desk.committed("payments")), (-1, 1));
    assert_eq!(desk.state(), "Empty");
    desk.pass(DAY_MS + CHECK_MS);
    assert_eq!(desk.state(), "Dead");
    assert_eq!(desk.coordinator.next_deadline(), None);
}

#[test]
fn offsets_of_a_group_expire_a_week_after_its_members_left() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    desk.commit(&Commit::of(&members[0], "orders", 1));
    for _ in 0..(10 * DAY_MS / 9_000) {
        desk.pass(9_000);
        assert_eq!(desk.heartbeat(&members[0].id, members[0].generation), ErrorCode::None);
    }
    assert_eq!(desk.committed("orders"), 1);
    desk.leave(vec![by_id(&members[0].id)]);
    desk.pass(7 * DAY_MS - CHECK_MS);
    assert_eq!(desk.committed("orders"), 1);
    desk.pass(2 * CHECK_MS);
    assert_eq!(desk.state(), "Dead");
}

#[test]
fn offsets_of_topics_that_no_member_consumes_expire_in_an_active_group() {
    let mut desk = Desk::new();
    let members = desk.stable(&["a"]);
    for topic in ["orders", "payments"] {
        desk.commit(&Commit::of(&members[0], topic, 1));
    }
    for _ in 0..(8 * DAY_MS / 9_000) {
        desk.pass(9_000);
        desk.heartbeat(&members[0].id, members[0].generation);
    }
    assert_eq!((desk.committed("orders"), desk.committed("payments")), (1, -1));
    assert_eq!(desk.state(), "Stable");
}

#[test]
fn a_retention_time_of_the_client_counts_instead() {
    let mut desk = Desk::new();
    desk.commit(&Commit { version: 4, retention_ms: 1_000, ..Commit::simple("orders", 1) });
    desk.pass(CHECK_MS);
    assert_eq!(desk.committed("orders"), -1);
}

#[test]
fn an_empty_group_without_offsets_is_forgotten_at_the_next_look() {
    let mut desk = Desk::new();
    desk.joined(&Joining { protocols: Vec::new(), ..Joining::named("a") });
    assert_eq!(desk.state(), "Empty");
    desk.pass(CHECK_MS);
    assert_eq!(desk.state(), "Dead");
    assert_eq!(desk.coordinator.next_deadline(), None);
}
