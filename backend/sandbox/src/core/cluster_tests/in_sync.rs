//! In-sync sets that shrink and grow.

use super::scene::Scene;
use crate::core::End;
use crate::wire::ErrorCode;

#[test]
fn a_follower_that_lacks_records_for_too_long_leaves_the_in_sync_set_and_comes_back() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.delay(3, 0, 45_000);
    scene.produce(1, 1, "a");
    scene.cluster.advance(10_000);
    let sent = scene.send(1, -1, "b");
    scene.cluster.advance(19_999);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
    scene.cluster.advance(1);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2]));
    assert_eq!(scene.acknowledged(sent), Some(ErrorCode::None));
    assert_eq!(scene.registration().leader_epoch, 0, "the leader stays the same");

    scene.cluster.advance(15_000);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
    assert_eq!(scene.stored(3), ["a", "b"]);
}

#[test]
fn a_set_that_its_leader_has_changed_is_in_the_order_of_ids() {
    let mut scene = Scene::new(3, &[3, 1, 2], &[]);
    assert_eq!(scene.registration().isr, [3, 1, 2], "at first in that of the replicas");
    scene.cluster.end(1, End::Controlled);
    assert_eq!(scene.registration().isr, [3, 2], "the controller takes one out");
    scene.cluster.start(1);
    scene.cluster.advance(1_000);
    assert_eq!(scene.registration().isr, [1, 2, 3]);
}

#[test]
fn a_slow_follower_that_lacks_nothing_stays_in_sync() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.produce(1, -1, "a");
    scene.cluster.delay(3, 0, 45_000);
    scene.lag_times_out();
    scene.lag_times_out();
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2, 3]));
}

#[test]
fn followers_leave_the_in_sync_set_each_in_its_time() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.delay(3, 0, 100_000);
    scene.produce(1, 1, "a");
    scene.cluster.advance(10_000);
    scene.cluster.delay(2, 0, 100_000);
    scene.produce(1, 1, "b");
    scene.cluster.advance(20_000);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2]));
    scene.cluster.advance(9_999);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1, 2]));
    scene.cluster.advance(1);
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1]));
}

#[test]
fn many_records_are_one_reason_to_look_at_followers() {
    let mut scene = Scene::new(2, &[1, 2], &[]);
    scene.cluster.end(2, End::Kill);
    for _ in 0..100 {
        scene.produce(1, 1, "a");
    }
    let mut moments = 0;
    while let Some(at) = scene.cluster.core.next_deadline() {
        scene.cluster.now.monotonic = at;
        scene.cluster.core.fire(scene.cluster.now);
        moments += 1;
        assert!(moments < 10, "the heap of deadlines grows with the records");
    }
    assert_eq!(scene.leader_and_isr(), (Some(1), vec![1]));
}

#[test]
fn a_higher_minimum_holds_at_once() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.end(3, End::Controlled);
    assert_eq!(scene.produce_error(1, -1, "a"), ErrorCode::None);
    scene.configure(1, "min.insync.replicas", "3");
    assert_eq!(scene.produce_error(1, -1, "b"), ErrorCode::NotEnoughReplicas);
    assert_eq!(scene.produce_error(1, 1, "c"), ErrorCode::None);
    assert_eq!(scene.visible(1), ["a"]);
    scene.configure(1, "min.insync.replicas", "2");
    assert_eq!(scene.visible(1), ["a", "c"]);
}

#[test]
fn a_lower_minimum_leaves_nobody_eligible_beside_the_in_sync_set() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[("min.insync.replicas", "3")]);
    scene.cluster.end(3, End::Controlled);
    assert_eq!(scene.registration().elr, [3]);
    scene.configure(1, "min.insync.replicas", "2");
    assert!(scene.registration().elr.is_empty());
    assert_eq!(scene.registration().leader_epoch, 0);
}
