//! What who watches is told.

use std::time::Duration;

use super::scene::Scene;
use crate::core::{InjectedError, Now};
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
    let fetched =
        |broker, next_offset| Happening::Fetched { topic: "t".to_owned(), partition: 0, broker, next_offset };
    let told = scene.cluster.events.iter().map(|event| event.what.clone());
    let told: Vec<_> = told.filter(|what| matches!(what, Happening::Fetched { .. })).collect();
    assert_eq!(told, [fetched(1, 2), fetched(2, 2), fetched(1, 3)]);
}
