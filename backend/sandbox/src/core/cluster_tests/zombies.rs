//! Brokers that are cut off from the others, and go on.

use super::scene::{Scene, fetch};
use crate::core::End;
use crate::wire::{Api, ErrorCode, Request, Response};

/// A topic on three brokers with one record, the leader of which has been cut off for so long that another leads.
fn zombie() -> Scene {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, -1, "shared");
    scene.cluster.cut_off(1, true);
    scene.session_times_out();
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2, 3]));
    scene
}

#[test]
fn a_leader_that_is_cut_off_goes_on_and_truncates_what_it_alone_had_when_it_is_back() {
    let mut scene = zombie();
    assert_eq!(scene.produce_error(1, 1, "lost"), ErrorCode::None);
    assert_eq!(scene.produce_error(2, -1, "kept"), ErrorCode::None);
    assert_eq!(scene.visible(1), ["shared"], "it does not commit alone");
    assert_eq!(scene.stored(1), ["shared", "lost"]);

    scene.cluster.cut_off(1, false);
    assert_eq!(scene.stored(1), ["shared", "kept"]);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2, 3]));
    assert_eq!(scene.produce_error(1, 1, "refused"), ErrorCode::NotLeaderOrFollower);
}

#[test]
fn all_in_sync_replicas_never_acknowledge_to_a_leader_that_is_cut_off() {
    let mut scene = zombie();
    let sent = scene.send(1, -1, "lost");
    assert_eq!(scene.produce_error(2, -1, "kept"), ErrorCode::None);
    assert_eq!(scene.produce_error(1, 1, "lost too"), ErrorCode::None);
    scene.cluster.advance(29_999);
    assert!(scene.acknowledgement(sent).is_none());
    scene.cluster.advance(1);
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::RequestTimedOut));
}

#[test]
fn a_producer_that_waits_at_a_leader_that_was_cut_off_learns_of_the_next_one() {
    let mut scene = zombie();
    let sent = scene.send(1, -1, "lost");
    scene.cluster.cut_off(1, false);
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::NotLeaderOrFollower));
}

#[test]
fn a_leader_that_is_back_before_its_session_timed_out_has_lost_nothing() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.cut_off(1, true);
    let sent = scene.send(1, -1, "a");
    scene.cluster.advance(8_000);
    scene.cluster.cut_off(1, false);
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::None));
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
    assert_eq!(scene.registration().leader_epoch, 0);
}

#[test]
fn each_cut_has_a_session_timeout_of_its_own() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.cut_off(1, true);
    scene.cluster.advance(5_000);
    scene.cluster.cut_off(1, false);
    scene.cluster.cut_off(1, true);
    scene.cluster.advance(8_999);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
    scene.cluster.advance(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![2, 3]));
}

#[test]
fn a_follower_that_is_cut_off_leaves_the_in_sync_set_and_serves_what_it_has() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, -1, "a");
    scene.cluster.cut_off(3, true);
    let sent = scene.send(1, -1, "b");
    scene.session_times_out();
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::None));
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2]));
    assert_eq!(scene.visible(3), ["a"]);

    scene.cluster.cut_off(3, false);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
    assert_eq!(scene.visible(3), ["a", "b"]);
}

#[test]
fn consumers_that_wait_at_a_follower_are_served_when_it_is_reached_again() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.cut_off(3, true);
    scene.produce(1, 1, "a");
    let waiting = scene.cluster.connect(3);
    let request = Request::Fetch(fetch(0, 60_000));
    assert!(scene.cluster.ask_on(waiting, Api::Fetch, 12, request).is_none());
    scene.session_times_out();
    assert!(scene.cluster.answer(waiting).is_none());
    scene.cluster.cut_off(3, false);
    let Some(Response::Fetch(response)) = scene.cluster.answer(waiting) else { panic!("there is a record") };
    assert_eq!(response.records[0].len(), 1);
}

#[test]
fn a_leader_and_a_follower_that_are_cut_off_from_each_other_and_all_come_back() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "2")]);
    scene.produce(1, -1, "a");
    for broker in [1, 2, 3] {
        scene.cluster.cut_off(broker, true);
    }
    scene.session_times_out();
    assert_eq!(scene.registration().leader, None);
    assert_eq!(scene.produce_error(1, 1, "b"), ErrorCode::None, "it does not know");
    for broker in [3, 1, 2] {
        scene.cluster.cut_off(broker, false);
    }
    let (leader, isr) = scene.leader_and_isr();
    assert_eq!(isr, [1, 2, 3]);
    let leader = leader.expect("somebody leads");
    let values = scene.visible(leader);
    assert_eq!(values[0], "a");
    for broker in [1, 2, 3] {
        assert_eq!(scene.stored(broker), values);
    }
}

#[test]
fn a_zombie_that_is_killed_and_started_is_none() {
    let mut scene = zombie();
    scene.produce(1, 1, "lost");
    scene.cluster.end(1, End::Kill);
    scene.cluster.start(1);
    assert_eq!(scene.leader_and_isr(), (Some(2), vec![1, 2, 3]));
    assert_eq!(scene.stored(1), ["shared"]);
}
