//! What a client is told when what it asked for can't be written down, or not by this broker.

use super::*;
use crate::window::Happening;

/// A cluster whose memory is used up: nothing more can be written.
fn full_cluster(member: bool) -> (TestCluster, i32, Option<String>) {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let member = member.then(|| group_of_one(&mut cluster, broker));
    let request = OffsetCommitRequestData {
        member_id: text(member.clone().unwrap_or_default()),
        generation_id_or_member_epoch: if member.is_some() { 1 } else { -1 },
        ..commit_request(&[("orders", &[0])])
    };
    let response = ask!(cluster, broker, OffsetCommit, 7, request);
    assert_eq!(response.topics[0].partitions[0].error_code, 0);
    cluster.core.limits.log_bytes = 0;
    (cluster, broker, member)
}

fn tells_of_a_commit(cluster: &TestCluster) -> bool {
    cluster.events.iter().any(|event| matches!(event.what, Happening::Committed { .. }))
}

#[test]
fn a_commit_that_no_batch_can_hold_fails_and_leaves_nothing() {
    let mut cluster = cluster();
    cluster.core.begin_with_topic("wide", 260, 1).unwrap();
    cluster.core.set_watched(true);
    let broker = coordinator(&mut cluster);
    let indexes: Vec<i32> = (0..260).collect();
    let mut request = commit_request(&[("wide", &indexes)]);
    for partition in &mut request.topics[0].partitions {
        partition.committed_metadata = Some(text("x".repeat(4096)));
    }
    let response = ask!(cluster, broker, OffsetCommit, 7, request);
    let errors = response.topics[0].partitions.iter().map(|partition| partition.error_code);
    assert_eq!(errors.collect::<Vec<_>>(), vec![ErrorCode::UnknownServerError.code(); 260]);
    assert_eq!(committed(&mut cluster, broker), (0, vec![]));
    assert_eq!(state(&mut cluster, broker).1, "Dead", "there is no group of nothing");
    assert!(!tells_of_a_commit(&cluster));
    assert_eq!(commit(&mut cluster, broker, &[("wide", &[3])]), [("wide".to_owned(), 3, 0)]);
    assert!(tells_of_a_commit(&cluster));
}

#[test]
fn a_commit_for_which_there_is_no_room_fails() {
    let (mut cluster, broker, _) = full_cluster(false);
    let unavailable = ErrorCode::CoordinatorNotAvailable.code();
    let said = commit(&mut cluster, broker, &[("orders", &[0, 1])]);
    assert_eq!(said, [("orders".to_owned(), 0, unavailable), ("orders".to_owned(), 1, unavailable)]);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 5)]));
}

#[test]
fn what_is_deleted_without_being_written_down_is_still_there() {
    let (mut cluster, broker, _) = full_cluster(false);
    let partitions = vec![OffsetDeleteRequestPartition { partition_index: 0, ..Default::default() }];
    let request = OffsetDeleteRequestData {
        group_id: text(GROUP),
        topics: vec![OffsetDeleteRequestTopic { name: text("orders"), partitions, ..Default::default() }],
        ..Default::default()
    };
    let unavailable = ErrorCode::CoordinatorNotAvailable.code();
    let response = ask!(cluster, broker, OffsetDelete, 0, request);
    assert_eq!((response.error_code, response.topics.len()), (unavailable, 0));
    let request = DeleteGroupsRequestData { groups_names: vec![text(GROUP)], ..Default::default() };
    assert_eq!(ask!(cluster, broker, DeleteGroups, 2, request).results[0].error_code, unavailable);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 5)]));
}

#[test]
fn a_member_that_leaves_is_told_that_it_was_not_written_down() {
    let (mut cluster, broker, member) = full_cluster(true);
    let request = LeaveGroupRequestData {
        group_id: text(GROUP),
        members: vec![MemberIdentity { member_id: text(member.unwrap()), ..Default::default() }],
        ..Default::default()
    };
    let response = ask!(cluster, broker, LeaveGroup, 5, request);
    let unavailable = ErrorCode::CoordinatorNotAvailable.code();
    assert_eq!((response.error_code, response.members.len()), (unavailable, 0));
}

#[test]
fn an_assignment_that_a_deposed_coordinator_has_not_committed_is_not_given_out() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    cluster.cut_off(broker, true);
    cluster.advance(9_000);
    let (error, after) = find(&mut cluster, other_than(broker));
    assert_eq!(error, 0);
    assert_ne!(after, broker);

    let on = cluster.connect(broker);
    let member = join_on(&mut cluster, on, "").expect("there is no delay");
    let request = SyncGroupRequestData {
        group_id: text(GROUP),
        generation_id: 1,
        member_id: member.member_id,
        ..Default::default()
    };
    assert!(cluster.ask_on(on, Api::SyncGroup, 3, Request::SyncGroup(request)).is_none());
    for _ in 0..5 {
        commit(&mut cluster, after, &[("orders", &[0])]);
    }
    assert!(written(&cluster, after).len() > written(&cluster, broker).len());
    cluster.cut_off(broker, false);
    let Some(Response::SyncGroup(synced)) = cluster.answer(on) else { panic!("it is answered") };
    assert_eq!(ErrorCode::from(synced.error_code), ErrorCode::NotCoordinator);
}

#[test]
fn a_broker_that_is_killed_answers_nobody() {
    for end in [End::Kill, End::Controlled] {
        let mut cluster = cluster();
        let broker = coordinator(&mut cluster);
        group_of_one(&mut cluster, broker);
        let waiting = cluster.connect(broker);
        assert_eq!(join_on(&mut cluster, waiting, ""), None);
        cluster.end(broker, end);
        let told = cluster.answer(waiting).map(|answer| joined(answer).error_code);
        let expected = (end == End::Controlled).then(|| ErrorCode::NotCoordinator.code());
        assert_eq!(told, expected, "{end:?}");
    }
}
