//! Which broker coordinates a group.

use super::*;

#[test]
fn the_first_to_look_for_a_coordinator_has_its_topic_made_and_is_sent_away() {
    let mut cluster = TestCluster::new(3, &[]);
    assert_eq!(find(&mut cluster, 2), (ErrorCode::CoordinatorNotAvailable.code(), -1));
    let (error, broker) = find(&mut cluster, 2);
    assert_eq!(error, 0);
    assert!((1..=3).contains(&broker));
    assert_eq!([find(&mut cluster, 1), find(&mut cluster, 3)], [(0, broker); 2], "all brokers say the same");
}

#[test]
fn with_too_few_brokers_for_the_offsets_there_is_never_a_coordinator() {
    let mut cluster = TestCluster::new(2, &[("offsets.topic.replication.factor", "3")]);
    for _ in 0..3 {
        assert_eq!(find(&mut cluster, 1), (ErrorCode::CoordinatorNotAvailable.code(), -1));
    }
}

#[test]
fn each_version_says_who_coordinates_in_its_own_form() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    for version in 0..=3 {
        let request = FindCoordinatorRequestData { key: text(GROUP), ..Default::default() };
        let found = ask!(cluster, 1, FindCoordinator, version, request);
        assert_eq!((found.error_code, found.node_id, found.coordinators.len()), (0, broker, 0));
    }
    for version in 4..=6 {
        let coordinator_keys = vec![text(GROUP), text(GROUP)];
        let request = FindCoordinatorRequestData { coordinator_keys, ..Default::default() };
        let found = ask!(cluster, 1, FindCoordinator, version, request).coordinators;
        assert_eq!(found.iter().map(|it| (it.error_code, it.node_id)).collect::<Vec<_>>(), [(0, broker); 2]);
    }
}

#[test]
fn kinds_of_coordinators_that_do_not_exist_are_refused() {
    let mut cluster = cluster();
    for (version, key_type, error) in [
        (3, 1, ErrorCode::InvalidRequest),
        (3, 2, ErrorCode::InvalidRequest),
        (3, 7, ErrorCode::InvalidRequest),
    ] {
        let request = FindCoordinatorRequestData { key: text("one"), key_type, ..Default::default() };
        let found = ask!(cluster, 1, FindCoordinator, version, request);
        assert_eq!((found.error_code, found.node_id, found.port), (error.code(), -1, -1));
        assert!(found.error_message.is_some_and(|message| !message.is_empty()));
    }
    for (key, error) in [
        ("one", ErrorCode::InvalidRequest),
        ("readers:AAAAAAAAAAAAAAAAAAAAAQ:0", ErrorCode::CoordinatorNotAvailable),
    ] {
        let coordinator_keys = vec![text(key)];
        let request = FindCoordinatorRequestData { coordinator_keys, key_type: 2, ..Default::default() };
        let found = ask!(cluster, 1, FindCoordinator, 6, request);
        assert_eq!(found.coordinators[0].error_code, error.code());
    }
}

#[test]
fn brokers_that_do_not_coordinate_a_group_say_so_in_every_version() {
    let mut cluster = cluster();
    let wrong = other_than(coordinator(&mut cluster));
    let not = ErrorCode::NotCoordinator.code();
    for version in 0..=9 {
        assert_eq!(ask!(cluster, wrong, JoinGroup, version, join_request("")).error_code, not);
    }
    for version in 0..=5 {
        let request = SyncGroupRequestData {
            group_id: text(GROUP),
            protocol_type: Some(text("consumer")),
            protocol_name: Some(text("range")),
            ..Default::default()
        };
        assert_eq!(ask!(cluster, wrong, SyncGroup, version, request).error_code, not);
        let request = LeaveGroupRequestData { group_id: text(GROUP), ..Default::default() };
        assert_eq!(ask!(cluster, wrong, LeaveGroup, version, request).error_code, not);
        let request = ListGroupsRequestData::default();
        assert_eq!(ask!(cluster, wrong, ListGroups, version, request).error_code, 0);
    }
    for version in 0..=4 {
        let request = HeartbeatRequestData { group_id: text(GROUP), ..Default::default() };
        assert_eq!(ask!(cluster, wrong, Heartbeat, version, request).error_code, not);
    }
    for version in 2..=9 {
        let response = ask!(cluster, wrong, OffsetCommit, version, commit_request(&[("orders", &[0, 1])]));
        assert!(response.topics[0].partitions.iter().all(|partition| partition.error_code == not));
    }
    for version in 0..=6 {
        let request = DescribeGroupsRequestData { groups: vec![text(GROUP)], ..Default::default() };
        assert_eq!(ask!(cluster, wrong, DescribeGroups, version, request).groups[0].error_code, not);
    }
    for version in 0..=2 {
        let request = DeleteGroupsRequestData { groups_names: vec![text(GROUP)], ..Default::default() };
        assert_eq!(ask!(cluster, wrong, DeleteGroups, version, request).results[0].error_code, not);
    }
    for version in 1..=7 {
        let topics = Some(vec![OffsetFetchRequestTopic {
            name: text("orders"),
            partition_indexes: vec![0],
            ..Default::default()
        }]);
        let request = OffsetFetchRequestData { group_id: text(GROUP), topics, ..Default::default() };
        let response = ask!(cluster, wrong, OffsetFetch, version, request);
        match version {
            1 => assert_eq!(response.topics[0].partitions[0].error_code, not),
            _ => assert_eq!((response.error_code, response.topics.len()), (not, 0)),
        }
    }
    for version in 8..=10 {
        let group = OffsetFetchRequestGroup { group_id: text(GROUP), topics: None, ..Default::default() };
        let request = OffsetFetchRequestData { groups: vec![group], ..Default::default() };
        assert_eq!(ask!(cluster, wrong, OffsetFetch, version, request).groups[0].error_code, not);
    }
}

#[test]
fn any_broker_refuses_what_no_coordinator_would_take() {
    let mut cluster = cluster();
    let wrong = other_than(coordinator(&mut cluster));
    let request = JoinGroupRequestData { session_timeout_ms: 1, ..join_request("me") };
    let refused = ask!(cluster, wrong, JoinGroup, 9, request);
    assert_eq!(refused.error_code, ErrorCode::InvalidSessionTimeout.code());
    assert_eq!(refused.member_id.as_str(), "me");
    let request = SyncGroupRequestData { group_id: text(GROUP), ..Default::default() };
    let refused = ask!(cluster, wrong, SyncGroup, 5, request);
    assert_eq!(refused.error_code, ErrorCode::InconsistentGroupProtocol.code());
}
