//! What is written to `__consumer_offsets`, and what becomes of it.

use super::*;
use crate::window::Happening;

#[test]
fn groups_move_with_their_partition_and_keep_what_was_written_down() {
    let mut cluster = cluster();
    let before = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, before);
    let commit = OffsetCommitRequestData {
        member_id: text(member),
        generation_id_or_member_epoch: 1,
        ..commit_request(&[("orders", &[1])])
    };
    ask!(cluster, before, OffsetCommit, 7, commit);
    cluster.end(before, End::Controlled);
    let up = other_than(before);
    let (error, after) = find(&mut cluster, up);
    assert_eq!(error, 0);
    assert_ne!(after, before);
    assert_eq!(state(&mut cluster, after), (0, "Stable".to_owned(), 1));
    assert_eq!(committed(&mut cluster, after), (0, vec![("orders".to_owned(), 1, 5)]));

    // Leaders go back when the broker has long been there again; who waits then is told to look elsewhere.
    cluster.start(before);
    let waiting = cluster.connect(after);
    cluster.advance(299_000);
    assert_eq!(state(&mut cluster, after), (0, "Empty".to_owned(), 0));
    group_of_one(&mut cluster, after);
    assert_eq!(join_on(&mut cluster, waiting, ""), None);
    cluster.advance(1_000);
    let told = joined(cluster.answer(waiting).expect("who waits is answered"));
    assert_eq!(told.error_code, ErrorCode::NotCoordinator.code());
    assert_eq!(find(&mut cluster, up), (0, before));
    assert_eq!(committed(&mut cluster, before).1, [("orders".to_owned(), 1, 5)]);
}

#[test]
fn without_any_leader_a_group_rests_until_there_is_one() {
    let mut cluster = TestCluster::new(2, &[AT_ONCE, ("offsets.topic.replication.factor", "1")]);
    cluster.core.begin_with_topic("orders", 1, 1).unwrap();
    find(&mut cluster, 1);
    let broker = coordinator(&mut cluster);
    group_of_one(&mut cluster, broker);
    cluster.end(broker, End::Controlled);
    assert_eq!(find(&mut cluster, other_than(broker)).0, ErrorCode::CoordinatorNotAvailable.code());
    cluster.advance(60_000);
    cluster.start(broker);
    assert_eq!(state(&mut cluster, broker), (0, "Stable".to_owned(), 1), "sessions begin anew");
    cluster.advance(10_000);
    assert_eq!(state(&mut cluster, broker), (0, "Empty".to_owned(), 0));
}

#[test]
fn what_cannot_be_written_down_is_refused() {
    let mut cluster = TestCluster::new(
        2,
        &[AT_ONCE, ("offsets.topic.replication.factor", "2"), ("min.insync.replicas", "2")],
    );
    cluster.core.begin_with_topic("orders", 1, 2).unwrap();
    find(&mut cluster, 1);
    let broker = coordinator(&mut cluster);
    commit(&mut cluster, broker, &[("orders", &[0])]);
    cluster.end(other_than(broker), End::Controlled);
    let unavailable = ErrorCode::CoordinatorNotAvailable.code();
    assert_eq!(commit(&mut cluster, broker, &[("orders", &[0])]), [("orders".to_owned(), 0, unavailable)]);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 5)]), "reading goes on");
    let request = JoinGroupRequestData { group_id: text(format!("{GROUP}-2")), ..join_request("") };
    assert_eq!(ask!(cluster, broker, JoinGroup, 3, request).error_code, unavailable);
    let request = DeleteGroupsRequestData { groups_names: vec![text(GROUP)], ..Default::default() };
    assert_eq!(ask!(cluster, broker, DeleteGroups, 2, request).results[0].error_code, unavailable);
    cluster.start(other_than(broker));
    assert_eq!(commit(&mut cluster, broker, &[("orders", &[0])]), [("orders".to_owned(), 0, 0)]);
}

#[test]
fn a_broker_that_is_cut_off_commits_nothing() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let up = other_than(broker);
    cluster.cut_off(broker, true);
    let late = ErrorCode::CoordinatorNotAvailable;
    assert_eq!(commit_late(&mut cluster, broker, 7), late);
    cluster.advance(9_000);
    let (error, after) = find(&mut cluster, up);
    assert_eq!(error, 0);
    assert_ne!(after, broker);
    assert_eq!(commit(&mut cluster, after, &[("orders", &[0])]), [("orders".to_owned(), 0, 0)]);
    assert_eq!(commit_late(&mut cluster, broker, 8), late, "it does not know of the other");
    assert_eq!(committed(&mut cluster, broker), (0, vec![]), "nothing of that is committed");

    let waiting = cluster.connect(broker);
    assert!(commit_on(&mut cluster, waiting, 9).is_none());
    cluster.cut_off(broker, false);
    assert_eq!(commit_error(cluster.answer(waiting)), Some(ErrorCode::NotCoordinator));
    assert_eq!(committed(&mut cluster, broker).0, ErrorCode::NotCoordinator.code());
    assert_eq!(committed(&mut cluster, after), (0, vec![("orders".to_owned(), 0, 5)]));
    assert_eq!(written(&cluster, broker), written(&cluster, after), "what it wrote is gone");
}

#[test]
fn a_commit_waits_for_the_in_sync_replicas_and_is_not_seen_before() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    commit(&mut cluster, broker, &[("orders", &[0])]);
    cluster.delay(other_than(broker), 0, 2_000);
    let waiting = cluster.connect(broker);
    assert!(commit_on(&mut cluster, waiting, 6).is_none());
    let stable = cluster.connect(broker);
    let request = OffsetFetchRequestData {
        group_id: text(GROUP),
        topics: None,
        require_stable: true,
        ..Default::default()
    };
    let asked = cluster.ask_on(stable, Api::OffsetFetch, 7, Request::OffsetFetch(request));
    assert!(asked.is_none(), "who wants what is stable waits too");
    cluster.advance(1_999);
    assert!(cluster.answer(waiting).is_none());
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 5)]));
    cluster.advance(1);
    assert_eq!(commit_error(cluster.answer(waiting)), Some(ErrorCode::None));
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 6)]));
    let Some(Response::OffsetFetch(response)) = cluster.answer(stable) else { panic!("it is stable now") };
    assert_eq!(response.topics[0].partitions[0].committed_offset, 6);
}

#[test]
fn a_commit_that_the_in_sync_replicas_lack_after_five_seconds_fails_and_stays() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    cluster.delay(other_than(broker), 0, 6_000);
    assert_eq!(commit_late(&mut cluster, broker, 6), ErrorCode::CoordinatorNotAvailable);
    assert_eq!(committed(&mut cluster, broker), (0, vec![]));
    cluster.advance(1_000);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 6)]));
}

/// The offsets of which was told that the group has committed them.
fn told_commits(cluster: &TestCluster) -> Vec<i64> {
    let commits = cluster.events.iter().filter_map(|event| match event.what {
        Happening::Committed { offset, .. } => Some(offset),
        _ => None,
    });
    commits.collect()
}

#[test]
fn who_watches_is_told_of_a_commit_when_it_is_one_however_late() {
    let mut cluster = cluster();
    cluster.core.set_watched(true);
    let broker = coordinator(&mut cluster);
    commit(&mut cluster, broker, &[("orders", &[0])]);
    assert_eq!(told_commits(&cluster), [5]);
    cluster.delay(other_than(broker), 0, 6_000);
    assert_eq!(commit_late(&mut cluster, broker, 6), ErrorCode::CoordinatorNotAvailable);
    assert_eq!(told_commits(&cluster), [5], "the client was told that it is not committed");
    cluster.advance(1_000);
    assert_eq!(told_commits(&cluster), [5, 6]);
    cluster.advance(60_000);
    assert_eq!(told_commits(&cluster), [5, 6], "once");
}

#[test]
fn who_watches_is_told_once_of_a_commit_that_another_coordinator_finds_committed() {
    for end in [End::Controlled, End::Kill] {
        let mut cluster = cluster();
        cluster.core.set_watched(true);
        let broker = coordinator(&mut cluster);
        commit(&mut cluster, broker, &[("orders", &[0, 1])]);
        let topic = cluster.core.image.topic("__consumer_offsets").unwrap();
        let partition = crate::core::group::partition_for(GROUP, 50);
        let [leader, next, last] = topic.partition(partition).unwrap().replicas[..] else {
            panic!("three replicas")
        };
        assert_eq!(leader, broker);
        cluster.delay(last, 0, 8_000);
        assert_eq!(commit_late(&mut cluster, broker, 6), ErrorCode::CoordinatorNotAvailable);
        assert_eq!(told_commits(&cluster), [5, 5]);
        cluster.end(broker, end);
        cluster.delay(last, 0, 0);
        cluster.advance(20_000);
        assert_eq!(find(&mut cluster, next), (0, next));
        assert_eq!(committed(&mut cluster, next).1[0], ("orders".to_owned(), 0, 6));
        assert_eq!(told_commits(&cluster), [5, 5, 6], "{end:?}");
        commit(&mut cluster, next, &[("orders", &[1])]);
        assert_eq!(told_commits(&cluster), [5, 5, 6, 5], "{end:?}");
    }
}

#[test]
fn members_have_their_assignment_when_it_is_on_the_in_sync_replicas() {
    for (delay_ms, error, state_after) in [
        (2_000, ErrorCode::None, "Stable"),
        (60_000, ErrorCode::CoordinatorNotAvailable, "PreparingRebalance"),
    ] {
        let mut cluster = cluster();
        let broker = coordinator(&mut cluster);
        let on = cluster.connect(broker);
        let joined = join_on(&mut cluster, on, "").expect("there is no delay");
        cluster.delay(other_than(broker), 0, delay_ms);
        let request = SyncGroupRequestData {
            group_id: text(GROUP),
            generation_id: 1,
            member_id: joined.member_id,
            ..Default::default()
        };
        let asked = cluster.ask_on(on, Api::SyncGroup, 3, Request::SyncGroup(request));
        assert!(asked.is_none());
        assert_eq!(state(&mut cluster, broker).1, "CompletingRebalance");
        cluster.advance(1_999);
        assert!(cluster.answer(on).is_none());
        cluster.advance(3_001);
        let Some(Response::SyncGroup(synced)) = cluster.answer(on) else { panic!("it is answered") };
        assert_eq!(ErrorCode::from(synced.error_code), error);
        assert_eq!(state(&mut cluster, broker).1, state_after);
    }
}

#[test]
fn what_groups_come_to_is_in_the_log_as_apache_kafka_has_it() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, broker);
    let request = OffsetCommitRequestData {
        member_id: text(member.clone()),
        generation_id_or_member_epoch: 1,
        ..commit_request(&[("orders", &[0, 1])])
    };
    ask!(cluster, broker, OffsetCommit, 7, request);
    let request = LeaveGroupRequestData {
        group_id: text(GROUP),
        members: vec![MemberIdentity { member_id: text(member.clone()), ..Default::default() }],
        ..Default::default()
    };
    ask!(cluster, broker, LeaveGroup, 5, request);
    let partitions = vec![OffsetDeleteRequestPartition { partition_index: 0, ..Default::default() }];
    let request = OffsetDeleteRequestData {
        group_id: text(GROUP),
        topics: vec![OffsetDeleteRequestTopic { name: text("orders"), partitions, ..Default::default() }],
        ..Default::default()
    };
    ask!(cluster, broker, OffsetDelete, 0, request);
    ask!(
        cluster,
        broker,
        DeleteGroups,
        2,
        DeleteGroupsRequestData { groups_names: vec![text(GROUP)], ..Default::default() }
    );
    let orders = cluster.core.image.topic("orders").unwrap().id;
    let shown: Vec<_> = written(&cluster, broker)
        .iter()
        .map(|(offset, record)| match record {
            GroupRecord::Offset { topic, partition, committed, .. } => {
                let is_ours = |it: &Committed| it.topic_id == orders;
                assert!(committed.as_ref().is_none_or(is_ours), "the id is there though the client named it");
                let place = format!("{offset} {topic}-{partition}");
                format!(
                    "{place} {}",
                    committed.as_ref().map_or("gone".to_owned(), |it| it.offset.to_string())
                )
            }
            GroupRecord::Group { metadata: None, .. } => format!("{offset} no group"),
            GroupRecord::Group { metadata: Some(group), .. } => {
                let members: Vec<_> = group.members().collect();
                assert!(members.iter().all(|(id, given)| **id == *member && **given == *b"yours"));
                format!("{offset} generation {} of {}", group.generation(), members.len())
            }
        })
        .collect();
    assert_eq!(
        shown,
        [
            "0 generation 0 of 0",
            "1 generation 1 of 1",
            "2 orders-0 5",
            "3 orders-1 5",
            "4 generation 2 of 0",
            "5 orders-0 gone",
            "6 orders-1 gone",
            "7 no group",
        ]
    );
    for other in [1, 2, 3] {
        assert_eq!(written(&cluster, other), written(&cluster, broker), "all replicas have it");
    }
}

#[test]
fn however_much_is_committed_little_is_kept_and_nothing_is_forgotten() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, broker);
    let mut most = 0;
    for _ in 0..5_000 {
        let request = OffsetCommitRequestData {
            member_id: text(member.clone()),
            generation_id_or_member_epoch: 1,
            ..commit_request(&[("orders", &[1])])
        };
        ask!(cluster, broker, OffsetCommit, 7, request);
        most = most.max(cluster.core.account.bytes());
    }
    let last = written(&cluster, broker).last().map(|(offset, _)| *offset);
    assert_eq!(last, Some(5_001), "offsets stay as they are");
    assert!(most < 400 << 10, "{most} bytes for three replicas of one partition");
    cluster.end(broker, End::Kill);
    cluster.advance(9_000);
    let after = find(&mut cluster, other_than(broker)).1;
    assert_eq!(committed(&mut cluster, after), (0, vec![("orders".to_owned(), 1, 5)]));
    assert_eq!(state(&mut cluster, after), (0, "Stable".to_owned(), 1));
}
