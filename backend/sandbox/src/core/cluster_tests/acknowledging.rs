//! What producers are told, and when.

use super::scene::{Scene, TOPIC};
use crate::core::End;
use crate::core::log::testing::BatchBuilder;
use crate::core::testing::{ask, produce_request};
use crate::wire::messages::elect_leaders_request::{ElectLeadersRequestData, TopicPartitions};
use crate::wire::{Api, ErrorCode, Request, Response, text};

#[test]
fn a_minimum_above_the_number_of_replicas_is_the_number_of_replicas() {
    let mut scene = Scene::new(3, &[1, 2], &[("min.insync.replicas", "5")]);
    assert_eq!(scene.produce_error(1, -1, "a"), ErrorCode::None);
    scene.cluster.end(2, End::Controlled);
    assert_eq!(scene.produce_error(1, -1, "b"), ErrorCode::NotEnoughReplicas);
}

#[test]
fn below_the_minimum_a_record_is_acknowledged_by_the_leader_alone_and_nobody_sees_it() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "2")]);
    assert_eq!(scene.produce_error(1, -1, "seen"), ErrorCode::None);
    scene.cluster.end(2, End::Controlled);
    scene.cluster.end(3, End::Controlled);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1]));

    assert_eq!(scene.produce_error(1, 1, "unseen"), ErrorCode::None);
    assert_eq!(scene.produce_error(1, -1, "refused"), ErrorCode::NotEnoughReplicas);
    assert_eq!(scene.visible(1), ["seen"]);
    assert_eq!(scene.stored(1), ["seen", "unseen"]);

    scene.cluster.start(3);
    assert_eq!(scene.visible(1), ["seen", "unseen"]);
    assert_eq!(scene.visible(3), ["seen", "unseen"]);
}

#[test]
fn a_record_waits_while_too_few_are_in_sync_and_its_producer_is_told_so_at_its_timeout() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "2")]);
    for follower in [2, 3] {
        scene.cluster.end(follower, End::Kill);
    }
    let sent = scene.send(1, -1, "a");
    scene.session_times_out();
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1]));
    assert!(scene.acknowledgement(sent).is_none(), "the high watermark stands still");
    scene.cluster.advance(21_000);
    let answer = scene.acknowledgement(sent).expect("its timeout is over");
    assert_eq!(answer.error_code, ErrorCode::RequestTimedOut.code());
    assert_eq!(answer.base_offset, 0, "where the record is stays in the answer");
    assert_eq!(scene.stored(1), ["a"]);

    scene.cluster.start(2);
    assert_eq!(scene.visible(1), ["a"]);
}

#[test]
fn a_record_is_acknowledged_when_the_broker_that_lacks_it_is_no_longer_in_sync() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "2")]);
    scene.cluster.end(3, End::Kill);
    let sent = scene.send(1, -1, "a");
    scene.cluster.advance(8_999);
    assert!(scene.acknowledgement(sent).is_none());
    assert!(scene.visible(1).is_empty());
    scene.cluster.advance(1);
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::None));
    assert_eq!(scene.visible(2), ["a"]);
}

#[test]
fn acks_of_all_wait_for_slow_followers() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.delay(3, 0, 250);
    let sent = scene.send(1, -1, "a");
    scene.cluster.advance(249);
    assert!(scene.acknowledgement(sent).is_none());
    assert!(scene.visible(1).is_empty());
    assert_eq!(scene.stored(3), Vec::<String>::new());
    scene.cluster.advance(1);
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::None));
    assert_eq!(scene.stored(3), ["a"]);
    assert_eq!(scene.visible(3), ["a"]);
}

#[test]
fn a_leader_that_stops_tells_its_producers_who_leads_instead() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.delay(3, 0, 60_000);
    let sent = scene.send(1, -1, "a");
    scene.cluster.end(1, End::Controlled);
    let Some(Response::Produce(answer)) = scene.cluster.answer(sent) else { panic!("it is to be told") };
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!(partition.error_code, ErrorCode::NotLeaderOrFollower.code());
    assert_eq!((partition.current_leader.leader_id, partition.current_leader.leader_epoch), (2, 1));
    assert_eq!(answer.node_endpoints.len(), 1);
    assert_eq!(answer.node_endpoints[0].node_id, 2);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2, 3]));
}

#[test]
fn a_leader_that_is_killed_says_nothing_and_is_followed_after_its_session() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.delay(3, 0, 60_000);
    let sent = scene.send(1, -1, "a");
    scene.cluster.end(1, End::Kill);
    scene.cluster.advance(8_999);
    assert_eq!(scene.registration().leader, Some(1));
    scene.cluster.advance(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2, 3]));
    scene.cluster.advance(60_000);
    assert!(scene.acknowledgement(sent).is_none(), "its connection has ended");
    assert_eq!(scene.visible(2), ["a"]);
}

#[test]
fn what_became_of_one_partition_stays_while_another_is_waited_for() {
    let mut scene = Scene::new(3, &[1, 2], &[]);
    let grow = crate::wire::messages::create_partitions_request::CreatePartitionsRequestData {
        topics: vec![crate::wire::messages::create_partitions_request::CreatePartitionsTopic {
            name: text(TOPIC),
            count: 2,
            assignments: Some(vec![
                crate::wire::messages::create_partitions_request::CreatePartitionsAssignment {
                    broker_ids: vec![1, 3],
                    ..Default::default()
                },
            ]),
            ..Default::default()
        }],
        timeout_ms: 1_000,
        ..Default::default()
    };
    ask!(scene.cluster, 1, CreatePartitions, 3, grow);
    scene.cluster.end(2, End::Controlled);
    scene.cluster.delay(3, 0, 60_000);
    let now = scene.cluster.now.wall_ms;
    let batch =
        BatchBuilder { base_timestamp: now, ..Default::default() }.record(None, Some("v"), now).build();
    let request = produce_request(TOPIC, -1, 5_000, [(0, batch.clone()), (1, batch)]);
    let request = Request::Produce(request);
    let sent = scene.cluster.connect(1);
    assert!(scene.cluster.ask_on(sent, Api::Produce, 12, request).is_none());
    scene.cluster.start(2);
    let elect = ElectLeadersRequestData {
        election_type: 0,
        topic_partitions: Some(vec![TopicPartitions {
            topic: text(TOPIC),
            partitions: vec![0],
            ..Default::default()
        }]),
        timeout_ms: 1_000,
        ..Default::default()
    };
    ask!(scene.cluster, 1, ElectLeaders, 2, elect);
    scene.cluster.advance(5_000);
    let Some(Response::Produce(answer)) = scene.cluster.answer(sent) else { panic!("its timeout is over") };
    let errors: Vec<_> =
        answer.responses[0].partition_responses.iter().map(|it| ErrorCode::from(it.error_code)).collect();
    assert_eq!(errors, [ErrorCode::None, ErrorCode::RequestTimedOut]);
}

#[test]
fn records_that_nobody_acknowledges_end_the_connection_where_they_can_not_be_taken() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    let to_the_leader = scene.send(1, 0, "a");
    let to_a_follower = scene.send(2, 0, "b");
    assert!(!scene.cluster.is_closed(to_the_leader));
    assert!(scene.cluster.is_closed(to_a_follower));
    assert_eq!(scene.visible(1), ["a"]);
    assert_eq!(scene.produce_error(1, 2, "c"), ErrorCode::InvalidRequiredAcks);
    assert_eq!(scene.visible(1), ["a"]);
}

#[test]
fn followers_serve_consumers_up_to_their_high_watermark() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, 1, "a");
    scene.cluster.end(3, End::Kill);
    scene.produce(1, 1, "b");
    for broker in [1, 2] {
        let fetched = scene.fetch(broker, 0);
        assert_eq!((fetched.high_watermark, fetched.values.as_slice()), (1, &["a".to_owned()][..]));
        let between = scene.fetch(broker, 2);
        assert_eq!((between.error, between.values.len()), (ErrorCode::None, 0));
        assert_eq!(scene.fetch(broker, 3).error, ErrorCode::OffsetOutOfRange);
    }
}
