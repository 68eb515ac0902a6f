//! Groups of a whole cluster: who coordinates them, what moves with that, and what each version of an API says.

use bytes::Bytes;

use crate::core::group::GroupRecord;
use crate::core::testing::{TestCluster, ask};
use crate::core::{ConnectionId, End, TopicPartition};
use crate::wire::messages::{
    DeleteGroupsRequestData, DeleteTopicsRequestData, DescribeGroupsRequestData, FindCoordinatorRequestData,
    HeartbeatRequestData, JoinGroupRequestData, JoinGroupRequestProtocol, JoinGroupResponseData,
    LeaveGroupRequestData, ListGroupsRequestData, MemberIdentity, OffsetCommitRequestData,
    OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetDeleteRequestData,
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic, OffsetFetchRequestData, OffsetFetchRequestGroup,
    OffsetFetchRequestTopic, OffsetFetchRequestTopics, SyncGroupRequestAssignment, SyncGroupRequestData,
};
use crate::wire::{Api, ErrorCode, KafkaUuid, Request, Response, text};

const GROUP: &str = "readers";
const AT_ONCE: (&str, &str) = ("group.initial.rebalance.delay.ms", "0");

/// Three brokers with a topic of two partitions, whose groups can be asked for.
fn cluster() -> TestCluster {
    let mut cluster = TestCluster::new(3, &[AT_ONCE]);
    cluster.core.begin_with_topic("orders", 2, 3).unwrap();
    find(&mut cluster, 1);
    cluster
}

/// FindCoordinator of [`GROUP`]: the error and the broker.
fn find(cluster: &mut TestCluster, broker: i32) -> (i16, i32) {
    let request = FindCoordinatorRequestData { coordinator_keys: vec![text(GROUP)], ..Default::default() };
    let response = ask!(cluster, broker, FindCoordinator, 4, request);
    (response.coordinators[0].error_code, response.coordinators[0].node_id)
}

fn coordinator(cluster: &mut TestCluster) -> i32 {
    let (error, broker) = find(cluster, 1);
    assert_eq!(error, 0);
    broker
}

fn other_than(broker: i32) -> i32 {
    if broker == 1 { 2 } else { 1 }
}

fn join_request(member: &str) -> JoinGroupRequestData {
    JoinGroupRequestData {
        group_id: text(GROUP),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        member_id: text(member),
        protocol_type: text("consumer"),
        protocols: vec![JoinGroupRequestProtocol {
            name: text("range"),
            metadata: Bytes::from_static(b"\0\0\0\0\0\0\0\0\0\0"),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn join_on(cluster: &mut TestCluster, on: ConnectionId, member: &str) -> Option<JoinGroupResponseData> {
    cluster.ask_on(on, Api::JoinGroup, 3, Request::JoinGroup(join_request(member))).map(joined)
}

fn joined(response: Response) -> JoinGroupResponseData {
    match response {
        Response::JoinGroup(response) => response,
        other => panic!("{other:?} is no answer to JoinGroup"),
    }
}

/// Has a member join alone, and take its assignment: its id.
fn group_of_one(cluster: &mut TestCluster, broker: i32) -> String {
    let on = cluster.connect(broker);
    let joined = join_on(cluster, on, "").expect("without a delay the first member is answered at once");
    assert_eq!(joined.error_code, 0);
    let member = joined.member_id.as_str().to_owned();
    let request = SyncGroupRequestData {
        group_id: text(GROUP),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        assignments: vec![SyncGroupRequestAssignment {
            member_id: joined.member_id,
            assignment: Bytes::from_static(b"yours"),
            ..Default::default()
        }],
        ..Default::default()
    };
    let synced = ask!(cluster, broker, SyncGroup, 3, request);
    assert_eq!((synced.error_code, &*synced.assignment), (0, &b"yours"[..]));
    member
}

/// A commit by nobody in particular, of each partition, at offset 5.
fn commit_request(topics: &[(&str, &[i32])]) -> OffsetCommitRequestData {
    let topics = topics.iter().map(|(name, partitions)| OffsetCommitRequestTopic {
        name: text(*name),
        partitions: partitions
            .iter()
            .map(|&partition_index| OffsetCommitRequestPartition {
                partition_index,
                committed_offset: 5,
                committed_leader_epoch: -1,
                committed_metadata: Some(text("")),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    });
    OffsetCommitRequestData {
        group_id: text(GROUP),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: topics.collect(),
        ..Default::default()
    }
}

/// The errors of a commit, by topic and partition.
fn commit(cluster: &mut TestCluster, broker: i32, topics: &[(&str, &[i32])]) -> Vec<(String, i32, i16)> {
    let response = ask!(cluster, broker, OffsetCommit, 7, commit_request(topics));
    let topics = response.topics.iter();
    topics
        .flat_map(|topic| {
            let name = topic.name.as_str();
            topic.partitions.iter().map(move |it| (name.to_owned(), it.partition_index, it.error_code))
        })
        .collect()
}

/// A commit of an offset for partition 0 of `orders`.
fn commit_on(cluster: &mut TestCluster, on: ConnectionId, offset: i64) -> Option<Response> {
    let mut request = commit_request(&[("orders", &[0])]);
    request.topics[0].partitions[0].committed_offset = offset;
    cluster.ask_on(on, Api::OffsetCommit, 7, Request::OffsetCommit(request))
}

fn commit_error(answer: Option<Response>) -> Option<ErrorCode> {
    let Some(Response::OffsetCommit(response)) = answer else { return None };
    Some(ErrorCode::from(response.topics[0].partitions[0].error_code))
}

/// A commit that is answered when its time is over.
fn commit_late(cluster: &mut TestCluster, broker: i32, offset: i64) -> ErrorCode {
    let on = cluster.connect(broker);
    assert!(commit_on(cluster, on, offset).is_none());
    cluster.advance(4_999);
    assert!(cluster.answer(on).is_none());
    cluster.advance(1);
    commit_error(cluster.answer(on)).expect("an answer after five seconds")
}

/// What a broker has of the group's partition of `__consumer_offsets`, by offset.
fn written(cluster: &TestCluster, broker: i32) -> Vec<(i64, GroupRecord)> {
    let topic = cluster.core.image.topic("__consumer_offsets").unwrap();
    let partition = crate::core::group::partition_for(GROUP, 50);
    let id = TopicPartition { topic: topic.id, partition };
    let log = &cluster.core.partitions[&id].replica(broker).unwrap().log;
    let batches = log.batches_from(log.start_offset());
    batches
        .flat_map(|batch| {
            let records = (batch.base_offset()..).zip(batch.keyed_records());
            records.map(|(offset, record)| (offset, GroupRecord::read(&record).expect("it can be read")))
        })
        .collect()
}

/// All that is committed: the error, and the offsets by topic and partition.
fn committed(cluster: &mut TestCluster, broker: i32) -> (i16, Vec<(String, i32, i64)>) {
    let request = OffsetFetchRequestData { group_id: text(GROUP), topics: None, ..Default::default() };
    let response = ask!(cluster, broker, OffsetFetch, 7, request);
    let offsets = response.topics.iter().flat_map(|topic| {
        let name = topic.name.as_str();
        topic.partitions.iter().map(move |it| (name.to_owned(), it.partition_index, it.committed_offset))
    });
    (response.error_code, offsets.collect())
}

fn state(cluster: &mut TestCluster, broker: i32) -> (i16, String, usize) {
    let request = DescribeGroupsRequestData { groups: vec![text(GROUP)], ..Default::default() };
    let response = ask!(cluster, broker, DescribeGroups, 5, request);
    let group = &response.groups[0];
    (group.error_code, group.group_state.as_str().to_owned(), group.members.len())
}

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
        (3, 1, ErrorCode::CoordinatorNotAvailable),
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

#[test]
fn a_member_waits_until_the_others_have_joined_again() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let first = group_of_one(&mut cluster, broker);
    let (one, two) = (cluster.connect(broker), cluster.connect(broker));
    assert_eq!(join_on(&mut cluster, two, ""), None);
    assert_eq!(state(&mut cluster, broker), (0, "PreparingRebalance".to_owned(), 2));
    let again = join_on(&mut cluster, one, &first).expect("all have joined");
    assert_eq!((again.generation_id, again.members.len()), (2, 2));
    let waited = joined(cluster.answer(two).expect("all have joined"));
    assert_eq!((waited.generation_id, waited.members.len()), (2, 0));
    assert_eq!(waited.leader, again.member_id);
}

#[test]
fn the_first_member_waits_for_others_for_the_initial_delay() {
    let mut cluster = TestCluster::new(3, &[("group.initial.rebalance.delay.ms", "3000")]);
    find(&mut cluster, 1);
    let broker = coordinator(&mut cluster);
    let on = cluster.connect(broker);
    assert_eq!(join_on(&mut cluster, on, ""), None);
    cluster.advance(2_999);
    assert!(cluster.answer(on).is_none());
    cluster.advance(1);
    assert_eq!(joined(cluster.answer(on).expect("the delay is over")).generation_id, 1);
}

#[test]
fn a_silent_member_is_taken_out_when_its_session_ends_and_heartbeats_keep_it() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, broker);
    for _ in 0..10 {
        cluster.advance(9_000);
        let request = HeartbeatRequestData {
            group_id: text(GROUP),
            generation_id: 1,
            member_id: text(member.clone()),
            ..Default::default()
        };
        assert_eq!(ask!(cluster, broker, Heartbeat, 4, request).error_code, 0);
    }
    assert_eq!(state(&mut cluster, broker), (0, "Stable".to_owned(), 1));
    cluster.advance(10_000);
    assert_eq!(state(&mut cluster, broker), (0, "Empty".to_owned(), 0));
}

#[test]
fn a_member_whose_connection_ends_stays_until_its_session_ends() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    group_of_one(&mut cluster, broker);
    let two = cluster.connect(broker);
    assert_eq!(join_on(&mut cluster, two, ""), None);
    cluster.core.disconnect(two);
    assert_eq!(state(&mut cluster, broker).2, 2);
    cluster.advance(10_000);
    assert!(cluster.answer(two).is_none(), "nobody is there to be answered");
}

#[test]
fn a_commit_names_what_does_not_exist_and_keeps_the_rest() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let said = commit(&mut cluster, broker, &[("orders", &[0, 7]), ("nothing", &[0])]);
    assert_eq!(
        said,
        [("orders".to_owned(), 7, unknown), ("orders".to_owned(), 0, 0), ("nothing".to_owned(), 0, unknown)]
    );
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 5)]));
}

#[test]
fn a_commit_of_nothing_that_exists_needs_no_coordinator() {
    let mut cluster = cluster();
    let wrong = other_than(coordinator(&mut cluster));
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let said = commit(&mut cluster, wrong, &[("nothing", &[0])]);
    assert_eq!(said, [("nothing".to_owned(), 0, unknown)]);
}

#[test]
fn topics_are_committed_and_fetched_by_their_ids() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let id = cluster.core.image.topic("orders").unwrap().id;
    let strange = KafkaUuid::from_parts(1, 2);
    let mut request = commit_request(&[("", &[0]), ("", &[0])]);
    request.topics[0].topic_id = strange;
    request.topics[1].topic_id = id;
    let response = ask!(cluster, broker, OffsetCommit, 10, request);
    let said: Vec<_> =
        response.topics.iter().map(|topic| (topic.topic_id, topic.partitions[0].error_code)).collect();
    assert_eq!(said, [(strange, ErrorCode::UnknownTopicId.code()), (id, 0)]);

    let topic =
        |topic_id| OffsetFetchRequestTopics { topic_id, partition_indexes: vec![0], ..Default::default() };
    for topics in [Some(vec![topic(strange), topic(id)]), None] {
        let all = topics.is_none();
        let group = OffsetFetchRequestGroup { group_id: text(GROUP), topics, ..Default::default() };
        let request = OffsetFetchRequestData { groups: vec![group], ..Default::default() };
        let response = ask!(cluster, broker, OffsetFetch, 10, request);
        let fetched: Vec<_> = response.groups[0]
            .topics
            .iter()
            .map(|topic| {
                let partition = &topic.partitions[0];
                (topic.topic_id, partition.committed_offset, partition.error_code)
            })
            .collect();
        let unknown = (strange, -1, ErrorCode::UnknownTopicId.code());
        assert_eq!(fetched, if all { vec![(id, 5, 0)] } else { vec![(id, 5, 0), unknown] });
    }
}

#[test]
fn deleting_a_topic_deletes_its_offsets_and_leaves_the_group() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    cluster.core.begin_with_topic("returns", 1, 3).unwrap();
    commit(&mut cluster, broker, &[("orders", &[0]), ("returns", &[0])]);
    let request = DeleteTopicsRequestData {
        topic_names: vec![text("orders")],
        timeout_ms: 1_000,
        ..Default::default()
    };
    assert_eq!(ask!(cluster, 1, DeleteTopics, 5, request).responses[0].error_code, 0);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("returns".to_owned(), 0, 5)]));
    assert_eq!(state(&mut cluster, broker), (0, "Empty".to_owned(), 0));
}

#[test]
fn deleting_the_topic_of_the_groups_deletes_them_and_answers_who_waits() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    group_of_one(&mut cluster, broker);
    let two = cluster.connect(broker);
    assert_eq!(join_on(&mut cluster, two, ""), None);
    let request = DeleteTopicsRequestData {
        topic_names: vec![text("__consumer_offsets")],
        timeout_ms: 1_000,
        ..Default::default()
    };
    assert_eq!(ask!(cluster, 1, DeleteTopics, 5, request).responses[0].error_code, 0);
    let told = joined(cluster.answer(two).expect("who waits is answered"));
    assert_eq!(told.error_code, ErrorCode::NotCoordinator.code());
    assert_eq!(find(&mut cluster, 1).0, ErrorCode::CoordinatorNotAvailable.code());
    let broker = coordinator(&mut cluster);
    assert_eq!(state(&mut cluster, broker), (0, "Dead".to_owned(), 0));
}

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
    let shown: Vec<_> = written(&cluster, broker)
        .iter()
        .map(|(offset, record)| match record {
            GroupRecord::Offset { topic, partition, committed, .. } => {
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

#[test]
fn groups_are_listed_described_and_deleted() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, broker);
    let listed = ask!(cluster, broker, ListGroups, 5, ListGroupsRequestData::default());
    let listed: Vec<_> =
        listed.groups.iter().map(|it| (it.group_id.as_str(), it.group_state.as_str())).collect();
    assert_eq!(listed, [(GROUP, "Stable")]);
    let nowhere = ask!(cluster, other_than(broker), ListGroups, 5, ListGroupsRequestData::default());
    assert_eq!(nowhere.groups, []);
    for (include_authorized_operations, operations) in [(false, i32::MIN), (true, 3400)] {
        let groups = vec![text(GROUP)];
        let request =
            DescribeGroupsRequestData { groups, include_authorized_operations, ..Default::default() };
        let described = ask!(cluster, broker, DescribeGroups, 6, request);
        assert_eq!(described.groups[0].authorized_operations, operations);
        assert_eq!(described.groups[0].members[0].client_host.as_str(), "/127.0.0.1");
    }
    let request = LeaveGroupRequestData {
        group_id: text(GROUP),
        members: vec![MemberIdentity { member_id: text(member), ..Default::default() }],
        ..Default::default()
    };
    assert_eq!(ask!(cluster, broker, LeaveGroup, 5, request).members[0].error_code, 0);
    let request =
        DeleteGroupsRequestData { groups_names: vec![text(GROUP), text(GROUP)], ..Default::default() };
    let deleted = ask!(cluster, broker, DeleteGroups, 2, request);
    assert_eq!(deleted.results.iter().map(|it| it.error_code).collect::<Vec<_>>(), [0]);
    assert_eq!(state(&mut cluster, broker), (0, "Dead".to_owned(), 0));
}

#[test]
fn offsets_are_deleted_by_partition() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    commit(&mut cluster, broker, &[("orders", &[0, 1])]);
    let partition = |partition_index| OffsetDeleteRequestPartition { partition_index, ..Default::default() };
    let request = OffsetDeleteRequestData {
        group_id: text(GROUP),
        topics: vec![OffsetDeleteRequestTopic {
            name: text("orders"),
            partitions: vec![partition(0), partition(9)],
            ..Default::default()
        }],
        ..Default::default()
    };
    let deleted = ask!(cluster, broker, OffsetDelete, 0, request);
    let said: Vec<_> =
        deleted.topics[0].partitions.iter().map(|it| (it.partition_index, it.error_code)).collect();
    assert_eq!(said, [(9, ErrorCode::UnknownTopicOrPartition.code()), (0, 0)]);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 1, 5)]));
}

#[test]
fn several_groups_are_answered_for_in_the_order_of_apache_kafka_s_table() {
    let mut cluster = TestCluster::new(1, &[("offsets.topic.replication.factor", "1")]);
    find(&mut cluster, 1);
    // Partitions 0 to 3: (31 * (31 + partition) + hash of the name), spread, modulo 16.
    let groups: Vec<_> = ["d", "e", "f", "g", "e"].map(text).into();
    let partitions: Vec<_> =
        groups.iter().map(|group| crate::core::group::partition_for(group.as_str(), 50)).collect();
    assert_eq!(partitions, [0, 1, 2, 3, 1]);
    let request = DescribeGroupsRequestData { groups, ..Default::default() };
    let described = ask!(cluster, 1, DescribeGroups, 6, request);
    let order: Vec<_> = described.groups.iter().map(|group| group.group_id.as_str()).collect();
    assert_eq!(order, ["d", "g", "e", "e", "f"]);
}
