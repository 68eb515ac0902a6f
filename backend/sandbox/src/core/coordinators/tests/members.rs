//! Members by way of the wire.

use super::*;

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
fn members_take_no_more_memory_than_there_is_for_them() {
    let mut cluster = cluster();
    cluster.core.limits.log_bytes = 1 << 20;
    let broker = coordinator(&mut cluster);
    let join = |cluster: &mut TestCluster, bytes: usize| {
        let metadata = Bytes::from(vec![0; bytes]);
        let protocol = JoinGroupRequestProtocol { name: text("any"), metadata, ..Default::default() };
        let request = JoinGroupRequestData {
            protocol_type: text("other"),
            protocols: vec![protocol],
            ..join_request("")
        };
        cluster.ask(broker, Api::JoinGroup, 3, Request::JoinGroup(request)).map(|it| joined(it).error_code)
    };
    assert_eq!(join(&mut cluster, 1 << 20), Some(0), "the first is at once alone in its generation");
    let waiting = (0..20).take_while(|_| join(&mut cluster, 1 << 20).is_none()).count();
    assert_eq!(waiting, 14, "there are 16 MiB, and not all of it is what members say");
    assert_eq!(join(&mut cluster, 1 << 20), Some(ErrorCode::GroupMaxSizeReached.code()));
    assert_eq!(join(&mut cluster, 0), None, "there is room for less");
    // Nothing is heard of the first, then nothing of those who joined but do not ask for what they were assigned.
    cluster.advance(200_000);
    assert_eq!(cluster.core.members_bytes(), 0);
    assert_eq!(join(&mut cluster, 1 << 20), Some(0));
}
