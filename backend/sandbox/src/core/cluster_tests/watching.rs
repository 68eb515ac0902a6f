//! What who watches is told.

use std::time::Duration;

use super::scene::Scene;
use crate::core::{End, InjectedError, Now};
use crate::window::Happening;
use crate::wire::{Api, ErrorCode, Request};

#[test]
fn a_snapshot_is_of_the_moment_at_which_it_is_taken() {
    let scene = Scene::new(1, &[1], &[]);
    let later = Now { monotonic: scene.cluster.now.monotonic + Duration::from_secs(5), wall_ms: 0 };
    assert_eq!(scene.cluster.core.snapshot(later, &[]).at, later.monotonic);
}

#[test]
fn injected_errors_are_shown_as_long_as_they_are_to_come() {
    let mut scene = Scene::new(1, &[1], &[]);
    scene.cluster.core.set_watched(true);
    let error = |times| InjectedError { broker: Some(1), api: "Produce".to_owned(), error_code: 6, times };
    scene.cluster.core.inject(error(2)).unwrap();
    let shown = |scene: &Scene| scene.cluster.core.snapshot(scene.cluster.now, &[]).errors;
    assert_eq!(shown(&scene), [error(2)]);
    assert_eq!(scene.produce_error(1, 1, "a"), ErrorCode::NotLeaderOrFollower);
    assert_eq!(shown(&scene), [error(1)]);
    let told = Happening::ErrorAnswered { broker: 1, api: "Produce".to_owned(), error_code: 6 };
    assert!(scene.cluster.events.iter().any(|event| event.what == told));
    scene.cluster.core.clear_errors();
    assert_eq!(shown(&scene), []);
}

#[test]
fn who_watches_is_told_which_records_clients_are_given() {
    let mut scene = Scene::new(2, &[1, 2], &[]);
    scene.produce(1, -1, "a");
    scene.produce(1, -1, "b");
    scene.fetch(1, 0);
    assert_eq!(scene.cluster.events, [], "nobody watches");
    scene.cluster.core.set_watched(true);
    scene.fetch(1, 0);
    scene.fetch(2, 1);
    scene.fetch(1, 2);
    let waiting = scene.cluster.connect(1);
    let request = super::scene::fetch(2, 1_000);
    assert!(scene.cluster.ask_on(waiting, Api::Fetch, 12, Request::Fetch(request)).is_none());
    scene.produce(1, -1, "c");
    let fetched = |broker, first_offset, next_offset| {
        let topic = "t".to_owned();
        Happening::Fetched { topic, partition: 0, broker, first_offset, next_offset }
    };
    let told: Vec<_> =
        told(&mut scene).into_iter().filter(|what| matches!(what, Happening::Fetched { .. })).collect();
    assert_eq!(told, [fetched(1, 0, 2), fetched(2, 1, 2), fetched(1, 2, 3)]);
}

#[test]
fn who_watches_is_told_what_a_broker_that_goes_brings_about_in_its_order() {
    let mut scene = Scene::new(3, &[1, 2, 3], &[]);
    scene.cluster.core.set_watched(true);
    scene.produce(1, -1, "a");
    let (topic, partition) = ("t".to_owned(), 0);
    let appended = Happening::Appended { topic, partition, broker: 1, first_offset: 0, log_end: 1 };
    assert_eq!(told(&mut scene), [appended]);

    let led = |old_leader, leader, leader_epoch| Happening::LeaderChanged {
        topic: "t".to_owned(),
        partition: 0,
        old_leader,
        leader,
        leader_epoch,
    };
    let in_sync = |old_isr: &[i32], isr: &[i32]| Happening::InSyncChanged {
        topic: "t".to_owned(),
        partition: 0,
        old_isr: old_isr.to_vec(),
        isr: isr.to_vec(),
    };
    scene.cluster.end(1, End::Controlled);
    let stopped = [
        Happening::BrokerFenced { broker: 1 },
        led(Some(1), Some(2), 1),
        in_sync(&[1, 2, 3], &[2, 3]),
        Happening::BrokerDown { broker: 1, killed: false },
    ];
    assert_eq!(told(&mut scene), stopped);
    scene.cluster.start(1);
    assert_eq!(told(&mut scene), [in_sync(&[2, 3], &[1, 2, 3]), Happening::BrokerUp { broker: 1 }]);

    scene.cluster.end(2, End::Kill);
    assert_eq!(told(&mut scene), [Happening::BrokerDown { broker: 2, killed: true }], "nobody has noticed");
    scene.session_times_out();
    let noticed =
        [Happening::BrokerFenced { broker: 2 }, led(Some(2), Some(1), 2), in_sync(&[1, 2, 3], &[1, 3])];
    assert_eq!(told(&mut scene), noticed);

    scene.cluster.cut_off(3, true);
    scene.cluster.cut_off(3, false);
    let cut_off = [Happening::BrokerCutOff { broker: 3 }, Happening::BrokerReconnected { broker: 3 }];
    assert_eq!(told(&mut scene), cut_off);
}

/// What was told since it was asked last.
fn told(scene: &mut Scene) -> Vec<Happening> {
    std::mem::take(&mut scene.cluster.events).into_iter().map(|event| event.what).collect()
}
