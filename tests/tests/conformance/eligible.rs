//! Fewer replicas in sync than a topic wants: who stays eligible (KIP-966), and what becomes of a request that waits.

use std::time::Duration;

use kacrab_protocol::generated::*;
use tests::conformance::records::Batch;
use tests::conformance::wire::PATIENCE;
use tests::conformance::{Scenario, fetch_request, produce_request};

use crate::compare_alone;
use crate::replication::{assigned, state, until_in_sync};

/// Waits until the first broker takes this one to be up.
fn until_live(s: &mut Scenario<'_>, broker: usize) {
    s.until("a broker is live", |s| s.live_brokers(0).contains(&broker));
}

/// The last replicas in sync go: by a kill, and in order.
fn the_last_in_sync(s: &mut Scenario<'_>) {
    let pair = assigned(s, "pair", &[&[2, 3]], &[("min.insync.replicas", "2")]);
    let alone = assigned(s, "alone", &[&[3]], &[]);
    until_in_sync(s, &pair, 2, &[2, 3]);
    until_in_sync(s, &alone, 3, &[3]);

    s.stop(1);
    until_in_sync(s, &pair, 3, &[3]);
    state(s, "2 is stopped", 0, &pair);
    s.kill(2);
    until_in_sync(s, &pair, -1, &[]);
    until_in_sync(s, &alone, -1, &[]);
    state(s, "3 is killed", 0, &pair);
    state(s, "3 is killed", 0, &alone);
    s.start(2);
    until_live(s, 2);
    until_in_sync(s, &alone, 3, &[3]);
    state(s, "3 is back after the kill", 0, &pair);
    state(s, "3 is back after the kill", 0, &alone);
    s.start(1);
    until_in_sync(s, &pair, 2, &[2, 3]);
    state(s, "both are back after the kill", 0, &pair);

    s.kill(2);
    until_in_sync(s, &pair, 2, &[2]);
    state(s, "a follower is killed", 0, &pair);
    s.stop(1);
    until_in_sync(s, &pair, -1, &[]);
    state(s, "and the leader is stopped", 0, &pair);
    s.start(1);
    until_live(s, 1);
    until_in_sync(s, &pair, 2, &[2]);
    state(s, "the leader is back", 0, &pair);
    s.start(2);
    until_in_sync(s, &pair, 2, &[2, 3]);
    until_in_sync(s, &alone, 3, &[3]);

    s.stop(1);
    until_in_sync(s, &pair, 3, &[3]);
    s.stop(2);
    until_in_sync(s, &pair, -1, &[]);
    until_in_sync(s, &alone, -1, &[]);
    state(s, "both are stopped", 0, &pair);
    state(s, "3 is stopped", 0, &alone);
    s.start(2);
    until_live(s, 2);
    until_in_sync(s, &alone, 3, &[3]);
    until_in_sync(s, &pair, 3, &[3]);
    state(s, "3 is back after the stop", 0, &pair);
    state(s, "3 is back after the stop", 0, &alone);
    s.start(1);
    until_in_sync(s, &pair, 3, &[2, 3]);
    state(s, "both are back after the stop", 0, &pair);
}

/// The in-sync set falls below the minimum while a request with `acks=all` waits for it.
fn while_a_request_waits(s: &mut Scenario<'_>) {
    let safe = assigned(s, "safe", &[&[1, 2, 3]], &[("min.insync.replicas", "2")]);
    until_in_sync(s, &safe, 1, &[1, 2, 3]);
    let id = s.topic_id(&safe);
    let request = |timeout_ms: i32, value: &str| ProduceRequestData {
        timeout_ms,
        ..produce_request(&safe, id, 0, -1, Some(Batch::of(&[value]).bytes()))
    };
    s.ask("with three in sync", &request(60_000, "first"), 12);
    // One after the other: the last to go stays eligible.
    s.cut_off(1, true);
    until_in_sync(s, &safe, 1, &[1, 3]);
    s.cut_off(2, true);
    let mut wire = s.open(0);
    wire.send(&request(20_000, "waits"), 12).expect("sending");
    until_in_sync(s, &safe, 1, &[1]);
    let reply = wire.receive::<ProduceRequestData>(12, Duration::from_millis(500));
    s.record::<ProduceRequestData>("waits, when too few are in sync", 12, &reply);
    state(s, "with two cut off", 0, &safe);
    s.ask("with one in sync", &request(60_000, "refused"), 12);
    let reply = wire.receive::<ProduceRequestData>(12, PATIENCE);
    s.record::<ProduceRequestData>("waited", 12, &reply);
    s.ask("what is seen meanwhile", &fetch_request(&safe, id, 0, 0), 18);
    s.cut_off(1, false);
    s.cut_off(2, false);
    until_in_sync(s, &safe, 1, &[1, 2, 3]);
    s.until("the high watermark moves on", |s| {
        let answer = s.quietly(0, &fetch_request(&safe, id, 0, 0), 18).answer();
        answer.responses[0].partitions[0].high_watermark == 2
    });
    s.ask("the record stays", &fetch_request(&safe, id, 0, 0), 18);
    state(s, "whole again", 0, &safe);
}

/// One after the other, as three brokers and a controller are much for a small machine.
fn too_few(s: &mut Scenario<'_>) {
    s.masks.field("topic_id", "random");
    while_a_request_waits(s);
    the_last_in_sync(s);
}

#[test]
fn too_few_are_in_sync() {
    compare_alone("eligible", 3, too_few);
}
