//! Brokers that stop, are killed, and come back.

use super::scene::{Scene, TOPIC};
use crate::core::End;
use crate::core::testing::{TestCluster, ask};
use crate::wire::ErrorCode;
use crate::wire::messages::elect_leaders_request::{ElectLeadersRequestData, TopicPartitions};
use crate::wire::messages::find_coordinator_request::FindCoordinatorRequestData;
use crate::wire::messages::metadata_request::MetadataRequestData;

fn elect_leaders(scene: &mut Scene, asked: i32, election_type: i8) -> ErrorCode {
    let request = ElectLeadersRequestData {
        election_type,
        topic_partitions: Some(vec![TopicPartitions {
            topic: text(),
            partitions: vec![0],
            ..Default::default()
        }]),
        timeout_ms: 1_000,
        ..Default::default()
    };
    let response = ask!(scene.cluster, asked, ElectLeaders, 2, request);
    ErrorCode::from(response.replica_election_results[0].partition_result[0].error_code)
}

fn text() -> crate::wire::KafkaString {
    crate::wire::text(TOPIC)
}

#[test]
fn a_topic_is_created_on_three_brokers_though_one_of_them_is_down() {
    let mut scene = Scene { cluster: TestCluster::new(3, &[]) };
    scene.cluster.end(3, End::Controlled);
    assert_eq!(scene.create(1, &[3, 1, 2], &[]), ErrorCode::None);
    let partition = scene.registration();
    assert_eq!((partition.replicas, partition.isr, partition.leader), (vec![3, 1, 2], vec![1, 2], Some(1)));

    scene.cluster.start(3);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
}

#[test]
fn a_broker_that_stops_hands_its_partitions_over_first() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, 1, "a");
    scene.cluster.end(1, End::Controlled);
    let partition = scene.registration();
    assert_eq!((partition.leader, partition.leader_epoch, partition.isr), (Some(2), 1, vec![2, 3]));
    assert_eq!(scene.produce_error(2, -1, "b"), ErrorCode::None);

    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2, 3]));
    assert_eq!(scene.stored(1), ["a", "b"]);
}

#[test]
fn any_broker_tells_of_the_others_and_a_live_one_as_the_controller() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.end(1, End::Kill);
    let brokers = |scene: &mut Scene| {
        let metadata = ask!(scene.cluster, 2, Metadata, 12, MetadataRequestData::default());
        assert!(metadata.brokers.iter().any(|broker| broker.node_id == metadata.controller_id));
        metadata.brokers.iter().map(|broker| broker.node_id).collect::<Vec<_>>()
    };
    assert_eq!(brokers(&mut scene), [1, 2, 3], "its end has not been noticed");
    scene.session_times_out();
    assert_eq!(brokers(&mut scene), [2, 3]);
}

#[test]
fn brokers_may_be_numbered_from_0_and_give_a_host_of_their_own() {
    let mut scene = Scene { cluster: TestCluster::numbered_from(0, "localhost", 3, &[]) };
    let metadata = ask!(scene.cluster, 0, Metadata, 12, MetadataRequestData::default());
    let brokers: Vec<_> = metadata
        .brokers
        .iter()
        .map(|broker| (broker.node_id, broker.host.as_str().to_owned(), broker.port))
        .collect();
    let at = |id, port| (id, "localhost".to_owned(), port);
    assert_eq!(brokers, [at(0, 9092), at(1, 9093), at(2, 9094)]);

    assert_eq!(scene.create(2, &[3], &[]), ErrorCode::InvalidReplicaAssignment);
    assert_eq!(scene.create(2, &[0, 1], &[]), ErrorCode::None);
    scene.produce(0, -1, "a");
    scene.cluster.end(0, End::Controlled);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1]));
    scene.produce(1, -1, "b");
    scene.cluster.start(0);
    assert_eq!(scene.stored(0), ["a", "b"]);
}

#[test]
fn the_last_replica_stays_eligible_when_it_stops() {
    let mut scene = Scene::new(2, &[1], &[]);
    scene.produce(1, 1, "a");
    scene.cluster.end(1, End::Controlled);
    let partition = scene.registration();
    assert_eq!((partition.leader, partition.isr, partition.elr), (None, vec![], vec![1]));

    scene.cluster.start(1);
    let partition = scene.registration();
    assert_eq!((partition.leader, partition.isr, partition.elr), (Some(1), vec![1], vec![]));
    assert_eq!(scene.visible(1), ["a"]);
}

#[test]
fn a_killed_broker_is_not_eligible_any_more_when_it_is_back() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "3")]);
    scene.cluster.end(3, End::Kill);
    scene.session_times_out();
    scene.cluster.end(2, End::Controlled);
    assert_eq!(scene.registration().elr, [2, 3]);
    scene.cluster.cut_off(1, true);
    scene.session_times_out();
    assert_eq!((scene.registration().leader, scene.registration().elr), (None, vec![1, 2, 3]));

    scene.cluster.start(3);
    assert_eq!((scene.registration().leader, scene.registration().elr), (None, vec![1, 2]));
    scene.cluster.start(2);
    let partition = scene.registration();
    assert_eq!((partition.leader, partition.isr), (Some(2), vec![2, 3]), "what is eligible leads");
    assert_eq!(partition.elr, [1]);
}

#[test]
fn the_last_leader_leads_again_after_it_was_killed() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, -1, "a");
    for broker in [3, 2] {
        scene.cluster.end(broker, End::Kill);
        scene.session_times_out();
    }
    scene.produce(1, -1, "b");
    scene.cluster.end(1, End::Kill);
    scene.session_times_out();
    let partition = scene.registration();
    assert_eq!((partition.leader, partition.elr, partition.last_known_elr), (None, vec![1], vec![1]));

    scene.cluster.start(2);
    assert_eq!(scene.registration().leader, None, "it lacks a record");
    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2]));
    assert_eq!(scene.visible(2), ["a", "b"]);
}

#[test]
fn a_broker_that_is_back_before_its_session_timed_out_begins_a_new_one() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, -1, "a");
    scene.cluster.end(1, End::Kill);
    scene.cluster.advance(5_000);
    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2, 3]));
    assert_eq!(scene.registration().leader_epoch, 1);
    scene.cluster.advance(20_000);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2, 3]), "the old session ends nothing");
}

#[test]
fn a_broker_that_could_not_say_that_it_stopped_leaves_the_in_sync_sets_when_it_is_back() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.cut_off(1, true);
    scene.cluster.end(1, End::Controlled);
    assert_eq!(scene.registration().leader, Some(1));
    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2, 3]));
}

#[test]
fn all_brokers_come_back_in_any_order() {
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        for end in [End::Controlled, End::Kill] {
            let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "2")]);
            scene.produce(1, -1, "a");
            for broker in [1, 2, 3] {
                scene.cluster.end(broker, end);
                scene.session_times_out();
            }
            assert_eq!(scene.registration().leader, None);
            for broker in order {
                scene.cluster.start(broker);
            }
            let (leader, isr) = scene.leader_and_isr();
            assert_eq!(isr, [1, 2, 3], "{order:?} after {end:?}");
            let leader = leader.expect("somebody leads");
            assert_eq!(scene.produce_error(leader, -1, "b"), ErrorCode::None);
            for broker in [1, 2, 3] {
                assert_eq!(scene.visible(broker), ["a", "b"], "broker {broker}, {order:?} after {end:?}");
            }
        }
    }
}

#[test]
fn the_preferred_replica_leads_again_when_it_is_asked_for() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    assert_eq!(elect_leaders(&mut scene, 2, 0), ErrorCode::ElectionNotNeeded);
    scene.cluster.end(1, End::Controlled);
    assert_eq!(elect_leaders(&mut scene, 2, 0), ErrorCode::PreferredLeaderNotAvailable);
    scene.cluster.start(1);
    assert_eq!(elect_leaders(&mut scene, 2, 0), ErrorCode::None);
    assert_eq!((scene.registration().leader, scene.registration().leader_epoch), (Some(1), 2));
}

#[test]
fn the_preferred_replica_leads_again_by_itself() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.end(1, End::Controlled);
    scene.cluster.start(1);
    scene.cluster.advance(299_999);
    assert_eq!(scene.registration().leader, Some(2));
    scene.cluster.advance(1);
    assert_eq!(scene.registration().leader, Some(1));
    assert_eq!(scene.cluster.core.next_deadline(), None, "there is no more to do");
}

#[test]
fn the_preferred_replica_leads_again_by_itself_though_it_was_not_in_sync_the_first_time() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.delay(1, 0, 400_000);
    scene.cluster.end(1, End::Controlled);
    scene.cluster.start(1);
    scene.cluster.advance(300_000);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2, 3]));
    scene.cluster.advance(300_000);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
}

#[test]
fn leaders_stay_where_brokers_are_told_not_to_balance_them() {
    let configs = [("auto.leader.rebalance.enable", "false")];
    let mut scene = Scene::with_brokers(3, &configs, &[1, 2, 3], &[]);
    scene.cluster.end(1, End::Controlled);
    scene.cluster.start(1);
    scene.cluster.advance(3_600_000);
    assert_eq!(scene.registration().leader, Some(2));
}

#[test]
fn an_unclean_election_loses_records() {
    let mut scene = Scene::new(2, &[1, 2], &[("unclean.leader.election.enable", "true")]);
    scene.produce(1, -1, "a");
    scene.cluster.end(2, End::Controlled);
    scene.produce(1, -1, "lost");
    assert_eq!(scene.visible(1), ["a", "lost"]);
    scene.cluster.end(1, End::Controlled);
    scene.cluster.start(2);
    // The last leader was in sync alone, and stays eligible: it is waited for as long as it may come back clean.
    let asked = scene.registration();
    if asked.leader.is_none() {
        assert_eq!(elect_leaders(&mut scene, 2, 1), ErrorCode::None);
    }
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2]));
    assert_eq!(scene.produce_error(2, -1, "b"), ErrorCode::None);

    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2]));
    assert_eq!(scene.stored(1), ["a", "b"]);
}

#[test]
fn no_unclean_election_happens_unless_it_is_asked_for() {
    let mut scene = Scene::new(2, &[1, 2], &[]);
    scene.cluster.end(2, End::Controlled);
    scene.produce(1, -1, "kept");
    scene.cluster.end(1, End::Controlled);
    scene.cluster.start(2);
    assert_eq!(scene.registration().leader, None);
    assert_eq!(scene.produce_error(2, 1, "refused"), ErrorCode::NotLeaderOrFollower);
    assert_eq!(elect_leaders(&mut scene, 2, 1), ErrorCode::None);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2]));
    assert_eq!(elect_leaders(&mut scene, 2, 1), ErrorCode::ElectionNotNeeded);
}

#[test]
fn coordinators_are_not_available_at_first_and_where_brokers_are_too_few() {
    let find = |cluster: &mut TestCluster| {
        let request = FindCoordinatorRequestData { key: crate::wire::text("g"), ..Default::default() };
        ErrorCode::from(ask!(cluster, 1, FindCoordinator, 2, request).error_code)
    };
    let mut three = TestCluster::new(3, &[]);
    assert_eq!(find(&mut three), ErrorCode::CoordinatorNotAvailable);
    assert_eq!(find(&mut three), ErrorCode::None);

    let mut one = TestCluster::new(1, &[]);
    for _ in 0..3 {
        assert_eq!(find(&mut one), ErrorCode::CoordinatorNotAvailable);
        one.advance(60_000);
    }
}

#[test]
fn members_keep_their_group_when_its_coordinator_stops() {
    use crate::wire::messages::heartbeat_request::HeartbeatRequestData;
    use crate::wire::messages::join_group_request::{JoinGroupRequestData, JoinGroupRequestProtocol};
    use crate::wire::messages::sync_group_request::SyncGroupRequestData;
    use crate::wire::{Api, Request, Response, text};

    let mut cluster = TestCluster::new(3, &[("offsets.topic.replication.factor", "3")]);
    let find = |cluster: &mut TestCluster, asked: i32| {
        let request = FindCoordinatorRequestData { key: text("g"), ..Default::default() };
        ask!(cluster, asked, FindCoordinator, 2, request).node_id
    };
    find(&mut cluster, 1);
    let first = find(&mut cluster, 1);
    let join = |member: &str| JoinGroupRequestData {
        group_id: text("g"),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        member_id: text(member),
        protocol_type: text("test"),
        protocols: vec![JoinGroupRequestProtocol { name: text("range"), ..Default::default() }],
        ..Default::default()
    };
    let member = ask!(cluster, first, JoinGroup, 5, join("")).member_id;
    let joining = cluster.connect(first);
    let request = Request::JoinGroup(join(member.as_str()));
    assert!(cluster.ask_on(joining, Api::JoinGroup, 5, request).is_none());
    cluster.advance(3_000);
    let Some(Response::JoinGroup(joined)) = cluster.answer(joining) else { panic!("it has joined") };
    let generation_id = joined.generation_id;
    let sync = SyncGroupRequestData {
        group_id: text("g"),
        generation_id,
        member_id: member.clone(),
        ..Default::default()
    };
    assert_eq!(ask!(cluster, first, SyncGroup, 3, sync).error_code, 0);

    for end in [End::Controlled, End::Kill] {
        let before = find(&mut cluster, first % 3 + 1);
        cluster.end(before, end);
        if end == End::Kill {
            // Nobody coordinates, and no session runs out, until the broker's own has.
            cluster.advance(9_000);
        }
        let alive = before % 3 + 1;
        let next = find(&mut cluster, alive);
        assert_ne!(next, before);
        let heartbeat = HeartbeatRequestData {
            group_id: text("g"),
            generation_id,
            member_id: member.clone(),
            ..Default::default()
        };
        let error = ask!(cluster, next, Heartbeat, 3, heartbeat).error_code;
        assert_eq!(ErrorCode::from(error), ErrorCode::None, "after {end:?}");
        cluster.start(before);
    }
}
