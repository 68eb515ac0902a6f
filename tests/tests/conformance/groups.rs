//! Classic groups: their coordinator, their members, their offsets.

use std::time::Duration;

use bytes::Bytes;
use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::api::Api;
use tests::conformance::records::Batch;
use tests::conformance::wire::{PATIENCE, Reply, Wire};
use tests::conformance::{Scenario, compare, produce_one, some, text};

/// A subscription in version 0, to no topics and without user data: Apache Kafka looks into it.
const SUBSCRIPTION: &[u8] = &[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];

/// A group of which nothing is known yet, whose coordinator is ready.
fn group(s: &mut Scenario<'_>, shown: &str) -> String {
    let group = s.name(shown);
    s.coordinator(&group);
    group
}

/// A join with the protocols `range` and `roundrobin`.
fn join(group: &str, member: &str) -> JoinGroupRequestData {
    let protocol = |name: &str| JoinGroupRequestProtocol {
        name: text(name),
        metadata: Bytes::from_static(SUBSCRIPTION),
        ..JoinGroupRequestProtocol::default()
    };
    JoinGroupRequestData {
        group_id: text(group),
        session_timeout_ms: 30_000,
        rebalance_timeout_ms: 30_000,
        member_id: text(member),
        protocol_type: text("consumer"),
        protocols: vec![protocol("range"), protocol("roundrobin")],
        ..JoinGroupRequestData::default()
    }
}

fn sync(group: &str, generation: i32, member: &str, assigned: &[&str]) -> SyncGroupRequestData {
    SyncGroupRequestData {
        group_id: text(group),
        generation_id: generation,
        member_id: text(member),
        protocol_type: some("consumer"),
        protocol_name: some("range"),
        assignments: assigned
            .iter()
            .map(|member| SyncGroupRequestAssignment {
                member_id: text(member),
                assignment: Bytes::from_static(b"assigned"),
                ..SyncGroupRequestAssignment::default()
            })
            .collect(),
        ..SyncGroupRequestData::default()
    }
}

fn heartbeat(group: &str, generation: i32, member: &str) -> HeartbeatRequestData {
    HeartbeatRequestData {
        group_id: text(group),
        generation_id: generation,
        member_id: text(member),
        ..HeartbeatRequestData::default()
    }
}

fn leave(version: i16, group: &str, member: &str) -> LeaveGroupRequestData {
    let mut request = LeaveGroupRequestData { group_id: text(group), ..LeaveGroupRequestData::default() };
    if version < 3 {
        request.member_id = text(member);
    } else {
        request.members = vec![MemberIdentity { member_id: text(member), ..MemberIdentity::default() }];
    }
    request
}

fn describe(group: &str) -> DescribeGroupsRequestData {
    DescribeGroupsRequestData { groups: vec![text(group)], ..DescribeGroupsRequestData::default() }
}

fn delete(group: &str) -> DeleteGroupsRequestData {
    DeleteGroupsRequestData { groups_names: vec![text(group)], ..DeleteGroupsRequestData::default() }
}

/// Joins as a new member would: its id first.
fn joined(s: &mut Scenario<'_>, group: &str) -> (String, i32) {
    let id = s.quietly(0, &join(group, ""), 9).answer().member_id.as_str().to_owned();
    let answer = s.quietly(0, &join(group, &id), 9).answer();
    assert_eq!(answer.error_code, 0);
    (id, answer.generation_id)
}

/// A group with one member that has its assignment.
fn stable(s: &mut Scenario<'_>, shown: &str) -> (String, String, i32) {
    let group = group(s, shown);
    let (member, generation) = joined(s, &group);
    let answer = s.quietly(0, &sync(&group, generation, &member, &[&member]), 5).answer();
    assert_eq!(answer.error_code, 0);
    (group, member, generation)
}

fn coordinators(s: &mut Scenario<'_>) {
    let (one, two) = (s.name("one"), s.name("two"));
    s.coordinator(&one);
    let find = |version: i16, keys: &[&str], key_type: i8| {
        let mut request = FindCoordinatorRequestData { key_type, ..FindCoordinatorRequestData::default() };
        if version < 4 {
            request.key = text(keys.first().copied().unwrap_or_default());
        } else {
            request.coordinator_keys = keys.iter().map(|key| text(key)).collect();
        }
        request
    };
    s.each::<FindCoordinatorRequestData>("", |s, version| {
        s.ask("of a group", &find(version, &[&one], 0), version);
        s.ask("of an empty name", &find(version, &[""], 0), version);
        for key_type in [2, 3, 7, -1] {
            s.ask(&format!("of type {key_type}"), &find(version, &[&one], key_type), version);
        }
        s.ask("of two", &find(version, &[&one, &two], 0), version);
        s.ask("of one twice", &find(version, &[&one, &one], 0), version);
        s.ask("of none", &find(version, &[], 0), version);
    });
}

fn one_member(s: &mut Scenario<'_>) {
    s.each::<JoinGroupRequestData>("a life", |s, version| {
        let group = group(s, "group");
        let first = s.ask("the first", &join(&group, ""), version).answer();
        let member = first.member_id.as_str().to_owned();
        let generation = if version < 4 {
            first.generation_id
        } else {
            s.ask("with the id", &join(&group, &member), version).answer().generation_id
        };
        let after = version.min(5);
        s.ask("before the sync", &heartbeat(&group, generation, &member), after.min(4));
        s.ask("before the sync", &describe(&group), 5);
        let reply = s.ask("leader", &sync(&group, generation, &member, &[&member]), after);
        assert!(matches!(reply, Reply::Answer { .. }));
        s.ask("again", &sync(&group, generation, &member, &[]), after);
        s.ask("then", &heartbeat(&group, generation, &member), after.min(4));
        s.ask("stable", &describe(&group), 5);
        s.ask("joining again", &join(&group, &member), version);
        s.ask("while it is stable", &delete(&group), 2);
        s.ask("", &leave(after, &group, &member), after);
        s.ask("again", &leave(after, &group, &member), after);
        s.ask("left", &describe(&group), 5);
        s.ask("left", &heartbeat(&group, generation, &member), 4);
        s.ask("left", &delete(&group), 2);
        s.ask("gone", &describe(&group), 5);
        s.ask("gone", &delete(&group), 2);
    });
}

fn bad_joins(s: &mut Scenario<'_>) {
    let group = group(s, "group");
    s.each::<JoinGroupRequestData>("faults", |s, version| {
        s.ask("an empty group", &join("", ""), version);
        s.ask("an unknown member", &join(&group, "nobody"), version);
        for session_timeout_ms in [0, 1, 5_999, 1_800_001] {
            let request = JoinGroupRequestData { session_timeout_ms, ..join(&group, "") };
            s.ask(&format!("session timeout {session_timeout_ms}"), &request, version);
        }
        let none = JoinGroupRequestData { protocols: vec![], ..join(&group, "") };
        s.ask("no protocols", &none, version);
        let untyped = JoinGroupRequestData { protocol_type: text(""), ..join(&group, "") };
        s.ask("no protocol type", &untyped, version);
    });
    let (stable, member, generation) = stable(s, "stable");
    let other = JoinGroupRequestData { protocol_type: text("connect"), ..join(&stable, "") };
    s.ask("another protocol type", &other, 9);
    s.ask("another protocol type", &other, 3);
    let mut foreign = join(&stable, "");
    foreign.protocols.truncate(1);
    foreign.protocols[0].name = text("sticky");
    s.ask("no protocol in common", &foreign, 9);
    s.ask("no protocol in common", &foreign, 3);
    s.ask("an unknown member", &join(&stable, "nobody"), 9);
    for (label, request) in [
        ("an unknown member", sync(&stable, generation, "nobody", &[])),
        ("an old generation", sync(&stable, generation - 1, &member, &[])),
        ("a generation to come", sync(&stable, generation + 1, &member, &[])),
        (
            "another protocol",
            SyncGroupRequestData { protocol_name: some("sticky"), ..sync(&stable, generation, &member, &[]) },
        ),
        (
            "another type",
            SyncGroupRequestData {
                protocol_type: some("connect"),
                ..sync(&stable, generation, &member, &[])
            },
        ),
        ("an empty group", sync("", generation, &member, &[])),
        ("an unknown group", sync("nowhere", generation, &member, &[])),
        (
            "an unknown instance",
            SyncGroupRequestData { group_instance_id: some("i"), ..sync(&stable, generation, &member, &[]) },
        ),
    ] {
        for version in [0, 3, 5] {
            s.ask(label, &request, version);
        }
    }
    s.each::<HeartbeatRequestData>("faults", |s, version| {
        s.ask("good", &heartbeat(&stable, generation, &member), version);
        s.ask("an unknown member", &heartbeat(&stable, generation, "nobody"), version);
        s.ask("an old generation", &heartbeat(&stable, generation - 1, &member), version);
        s.ask("a generation to come", &heartbeat(&stable, generation + 1, &member), version);
        s.ask("an unknown group", &heartbeat("nowhere", generation, &member), version);
        s.ask("an empty group", &heartbeat("", generation, &member), version);
        let instance =
            HeartbeatRequestData { group_instance_id: some("i"), ..heartbeat(&stable, generation, &member) };
        s.ask("an unknown instance", &instance, version);
    });
    s.each::<LeaveGroupRequestData>("faults", |s, version| {
        s.ask("an unknown member", &leave(version, &stable, "nobody"), version);
        s.ask("an unknown group", &leave(version, "nowhere", &member), version);
        s.ask("an empty group", &leave(version, "", &member), version);
        let none = LeaveGroupRequestData { group_id: text(&stable), ..LeaveGroupRequestData::default() };
        s.ask("nobody", &none, version);
    });
    let mut several = leave(5, &stable, &member);
    several.members.insert(0, MemberIdentity { member_id: text("nobody"), ..MemberIdentity::default() });
    several.members.push(MemberIdentity { group_instance_id: some("i"), ..MemberIdentity::default() });
    s.ask("an unknown one, a known one and an instance", &several, 5);
}

/// Subscriptions that can't be read.
fn unreadable_subscriptions(s: &mut Scenario<'_>) {
    let cases: &[(&str, &[u8])] = &[
        ("no bytes", &[]),
        ("one byte", &[0]),
        ("a version alone", &[0, 0]),
        ("an array longer than the rest", &[0, 0, 0x7f, 0xff, 0xff, 0xff]),
        ("text", b"subscribed"),
    ];
    for kind in ["consumer", "connect"] {
        for (label, metadata) in cases {
            let group = group(s, "group");
            let mut request = JoinGroupRequestData { protocol_type: text(kind), ..join(&group, "") };
            for protocol in &mut request.protocols {
                protocol.metadata = Bytes::from_static(metadata);
            }
            let mut wire = s.open(0);
            wire.send(&request, 3).expect("sending");
            let reply = wire.receive::<JoinGroupRequestData>(3, Duration::from_millis(1000));
            s.record::<JoinGroupRequestData>(&format!("{label}, type {kind}"), 3, &reply);
            s.ask(&format!("{label}, type {kind}"), &describe(&group), 5);
        }
    }
}

/// A join that waits for the others.
fn begin_join(s: &Scenario<'_>, group: &str, member: &str) -> Wire {
    let mut wire = s.open(0);
    wire.send(&join(group, member), 9).expect("sending");
    wire
}

fn record_join(s: &mut Scenario<'_>, label: &str, wire: &mut Wire) -> JoinGroupResponseData {
    let mut reply = wire.receive::<JoinGroupRequestData>(9, PATIENCE);
    if let Reply::Answer { response, .. } = &mut reply {
        // The members' order is that of a hash map.
        response.members.sort_by_key(|member| s.masks.line(member.member_id.as_str()));
    }
    s.record::<JoinGroupRequestData>(label, 9, &reply);
    reply.answer()
}

/// Describes a group of several members, whose order is that of a hash map.
fn ask_describe(s: &mut Scenario<'_>, label: &str, group: &str) {
    let mut reply = s.quietly(0, &describe(group), 5);
    if let Reply::Answer { response, .. } = &mut reply {
        response.groups[0].members.sort_by_key(|member| s.masks.line(member.member_id.as_str()));
    }
    s.record::<DescribeGroupsRequestData>(label, 5, &reply);
}

fn two_members(s: &mut Scenario<'_>) {
    let (group, leader, generation) = stable(s, "group");
    s.masks.line(&leader);
    let second = s.quietly(0, &join(&group, ""), 9).answer().member_id.as_str().to_owned();
    s.masks.line(&second);
    s.ask("a pending member changes nothing", &heartbeat(&group, generation, &leader), 4);
    s.ask("a pending member beats", &heartbeat(&group, generation, &second), 4);
    let mut joining = begin_join(s, &group, &second);
    s.until("a rebalance begins", |s| {
        s.quietly(0, &heartbeat(&group, generation, &leader), 4).answer().error_code == 27
    });
    s.ask("while a rebalance is prepared", &heartbeat(&group, generation, &leader), 4);
    s.ask("while a rebalance is prepared", &sync(&group, generation, &leader, &[]), 5);
    ask_describe(s, "while a rebalance is prepared", &group);
    let topic = s.topic("log", 1);
    let commit = |generation: i32, member: &str, offset: i64| OffsetCommitRequestData {
        group_id: text(&group),
        generation_id_or_member_epoch: generation,
        member_id: text(member),
        topics: vec![commit_topic(&topic, KafkaUuid::ZERO, 0, offset)],
        ..OffsetCommitRequestData::default()
    };
    s.ask("while a rebalance is prepared", &commit(generation, &leader, 1), 9);
    let mut again = begin_join(s, &group, &leader);
    let first = record_join(s, "the leader again", &mut again);
    record_join(s, "the second", &mut joining);
    let generation = first.generation_id;
    s.ask("before the sync", &heartbeat(&group, generation, &second), 4);
    s.ask("before the sync, an old generation", &commit(generation - 1, &leader, 1), 9);
    s.ask("before the sync", &commit(generation, &leader, 2), 9);
    let mut waiting = s.open(0);
    waiting.send(&sync(&group, generation, &second, &[]), 5).expect("sending");
    assert!(
        waiting.receive_frame(Duration::from_millis(150)).expect("open").is_none(),
        "it waits for the leader"
    );
    s.ask("leader", &sync(&group, generation, &leader, &[&leader, &second]), 5);
    let reply = waiting.receive::<SyncGroupRequestData>(5, PATIENCE);
    s.record::<SyncGroupRequestData>("follower", 5, &reply);
    s.ask("stable", &commit(generation, &second, 3), 9);
    ask_describe(s, "stable", &group);
    // The follower comes again with what it said before: nothing happens.
    s.ask("the follower again", &join(&group, &second), 9);
    s.ask("still", &heartbeat(&group, generation, &leader), 4);
    // The leader comes again: a rebalance.
    let mut again = begin_join(s, &group, &leader);
    s.until("a rebalance begins", |s| {
        s.quietly(0, &heartbeat(&group, generation, &second), 4).answer().error_code == 27
    });
    s.ask("the follower leaves", &leave(5, &group, &second), 5);
    record_join(s, "the leader alone", &mut again);
    s.ask("", &leave(5, &group, &leader), 5);
    s.ask("empty", &describe(&group), 5);
}

fn static_members(s: &mut Scenario<'_>) {
    let group = group(s, "group");
    let instance =
        |member: &str| JoinGroupRequestData { group_instance_id: some("one"), ..join(&group, member) };
    let first = s.ask("static", &instance(""), 9).answer();
    let member = first.member_id.as_str().to_owned();
    s.ask("", &sync(&group, first.generation_id, &member, &[&member]), 5);
    let second = s.ask("back", &instance(""), 9).answer();
    let newer = second.member_id.as_str().to_owned();
    let of = |member: &str, generation| HeartbeatRequestData {
        group_instance_id: some("one"),
        ..heartbeat(&group, generation, member)
    };
    s.ask("the older", &of(&member, second.generation_id), 4);
    s.ask("the newer", &of(&newer, second.generation_id), 4);
    let synced = SyncGroupRequestData {
        group_instance_id: some("one"),
        ..sync(&group, second.generation_id, &newer, &[])
    };
    s.ask("the newer", &synced, 5);
    s.ask("the older joins", &instance(&member), 9);
    s.ask("", &describe(&group), 5);
    let mut changed = instance(&newer);
    changed.protocols[0].metadata = Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7]);
    changed.member_id = text("");
    s.ask("back with other metadata", &changed, 9);
    let by_instance = LeaveGroupRequestData {
        group_id: text(&group),
        members: vec![MemberIdentity { group_instance_id: some("one"), ..MemberIdentity::default() }],
        ..LeaveGroupRequestData::default()
    };
    s.ask("by its instance", &by_instance, 5);
    s.ask("", &describe(&group), 5);
    for version in 3..=4 {
        s.ask("static in a version that may not", &instance(""), version);
    }
}

fn commit_topic(name: &str, topic_id: KafkaUuid, partition: i32, offset: i64) -> OffsetCommitRequestTopic {
    OffsetCommitRequestTopic {
        name: text(name),
        topic_id,
        partitions: vec![OffsetCommitRequestPartition {
            partition_index: partition,
            committed_offset: offset,
            committed_leader_epoch: -1,
            committed_metadata: some("note"),
            ..OffsetCommitRequestPartition::default()
        }],
        ..OffsetCommitRequestTopic::default()
    }
}

/// Asks for one partition's offset, or with `None` for all, as the version says it.
fn offsets_of(version: i16, group: &str, topic: Option<(&str, KafkaUuid, i32)>) -> OffsetFetchRequestData {
    if version < 8 {
        return OffsetFetchRequestData {
            group_id: text(group),
            topics: topic.map(|(name, _, partition)| {
                vec![OffsetFetchRequestTopic {
                    name: text(name),
                    partition_indexes: vec![partition],
                    ..OffsetFetchRequestTopic::default()
                }]
            }),
            ..OffsetFetchRequestData::default()
        };
    }
    OffsetFetchRequestData {
        groups: vec![OffsetFetchRequestGroup {
            group_id: text(group),
            topics: topic.map(|(name, topic_id, partition)| {
                vec![OffsetFetchRequestTopics {
                    name: text(name),
                    topic_id,
                    partition_indexes: vec![partition],
                    ..OffsetFetchRequestTopics::default()
                }]
            }),
            ..OffsetFetchRequestGroup::default()
        }],
        ..OffsetFetchRequestData::default()
    }
}

fn offsets(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 2);
    let id = s.topic_id(&topic);
    let unknown = s.name("unknown");
    let never = KafkaUuid::from_parts(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    produce_one(s, &topic, 0, &Batch::default());
    let (stable, member, generation) = stable(s, "stable");
    s.masks.line(&member);
    let free = group(s, "free");
    let commit = |group: &str, generation: i32, member: &str, topics: Vec<OffsetCommitRequestTopic>| {
        OffsetCommitRequestData {
            group_id: text(group),
            generation_id_or_member_epoch: generation,
            member_id: text(member),
            topics,
            ..OffsetCommitRequestData::default()
        }
    };
    let at = |offset: i64| vec![commit_topic(&topic, id, 0, offset)];
    s.each::<OffsetCommitRequestData>("", |s, version| {
        s.ask("without a group", &commit(&free, -1, "", at(5)), version);
        s.ask("past the end", &commit(&free, -1, "", at(5_000)), version);
        s.ask("offset -1", &commit(&free, -1, "", at(-1)), version);
        s.ask("offset -2", &commit(&free, -1, "", at(-2)), version);
        s.ask("partition 7", &commit(&free, -1, "", vec![commit_topic(&topic, id, 7, 1)]), version);
        s.ask("an unknown topic", &commit(&free, -1, "", vec![commit_topic(&unknown, never, 0, 1)]), version);
        s.ask("no topics", &commit(&free, -1, "", vec![]), version);
        s.ask("an empty group", &commit("", -1, "", at(1)), version);
        s.ask("a member of no group", &commit(&free, 1, "nobody", at(1)), version);
        s.ask("no member to an active group", &commit(&stable, -1, "", at(1)), version);
        s.ask("an unknown member", &commit(&stable, generation, "nobody", at(1)), version);
        s.ask("an old generation", &commit(&stable, generation - 1, &member, at(1)), version);
        s.ask("a generation to come", &commit(&stable, generation + 1, &member, at(1)), version);
        s.ask("the member", &commit(&stable, generation, &member, at(2)), version);
        let mut long = at(1);
        long[0].partitions[0].committed_metadata = some(&"x".repeat(4097));
        s.ask("4097 bytes of metadata", &commit(&free, -1, "", long), version);
        let mut none = at(1);
        none[0].partitions[0].committed_metadata = None;
        s.ask("no metadata", &commit(&free, -1, "", none), version);
    });
    let never_used = s.name("never-used");
    s.each::<OffsetFetchRequestData>("", |s, version| {
        let of = |topic| offsets_of(version, &free, topic);
        s.ask("one", &of(Some((&topic, id, 0))), version);
        s.ask("a partition without", &of(Some((&topic, id, 1))), version);
        s.ask("a partition that is not", &of(Some((&topic, id, 7))), version);
        s.ask("an unknown topic", &of(Some((&unknown, never, 0))), version);
        s.ask("all", &of(None), version);
        s.ask("of an unknown group", &offsets_of(version, &never_used, Some((&topic, id, 0))), version);
        s.ask("all of an unknown group", &offsets_of(version, &never_used, None), version);
        s.ask("of an empty group", &offsets_of(version, "", Some((&topic, id, 0))), version);
        let stable_only = OffsetFetchRequestData { require_stable: true, ..of(Some((&topic, id, 0))) };
        s.ask("stable ones", &stable_only, version);
    });
    let mut two = offsets_of(8, &free, Some((&topic, id, 0)));
    two.groups.push(offsets_of(8, &stable, None).groups.remove(0));
    for version in 8..=10 {
        s.ask("two groups", &two, version);
    }
    let member_of = |member: Option<&str>, epoch: i32| {
        let mut request = offsets_of(10, &stable, Some((&topic, id, 0)));
        request.groups[0].member_id = member.map(text);
        request.groups[0].member_epoch = epoch;
        request
    };
    s.ask("as the member", &member_of(Some(&member), generation), 10);
    s.ask("as nobody", &member_of(Some("nobody"), generation), 10);
    s.ask("in an old generation", &member_of(Some(&member), generation - 1), 10);

    let forget = |group: &str, topic: &str, partition: i32| OffsetDeleteRequestData {
        group_id: text(group),
        topics: vec![OffsetDeleteRequestTopic {
            name: text(topic),
            partitions: vec![OffsetDeleteRequestPartition {
                partition_index: partition,
                ..OffsetDeleteRequestPartition::default()
            }],
            ..OffsetDeleteRequestTopic::default()
        }],
        ..OffsetDeleteRequestData::default()
    };
    s.ask("a partition without", &forget(&free, &topic, 1), 0);
    s.ask("a partition that is not", &forget(&free, &topic, 7), 0);
    s.ask("an unknown topic", &forget(&free, &unknown, 0), 0);
    s.ask("one", &forget(&free, &topic, 0), 0);
    s.ask("again", &forget(&free, &topic, 0), 0);
    s.ask("the group is gone, or not", &describe(&free), 6);
    s.ask("of an unknown group", &forget(&never_used, &topic, 0), 0);
    s.ask("of an empty name", &forget("", &topic, 0), 0);
    s.ask("of an active group", &forget(&stable, &topic, 0), 0);

    let doomed = s.topic("doomed", 1);
    let keeper = group(s, "keeper");
    let kept = vec![commit_topic(&doomed, KafkaUuid::ZERO, 0, 1), commit_topic(&topic, id, 0, 1)];
    s.ask("of two topics", &commit(&keeper, -1, "", kept), 9);
    let gone = DeleteTopicsRequestData {
        topic_names: vec![text(&doomed)],
        timeout_ms: 10_000,
        ..DeleteTopicsRequestData::default()
    };
    s.quietly(0, &gone, 5).answer();
    s.until_unknown(&doomed);
    s.until("its offsets are gone", |s| {
        s.quietly(0, &offsets_of(8, &keeper, None), 8).answer().groups[0].topics.len() == 1
    });
    s.ask("all, after one of the topics was deleted", &offsets_of(9, &keeper, None), 9);
    s.ask("", &delete(&keeper), 2);
    s.ask("all, of a group that was deleted", &offsets_of(9, &keeper, None), 9);
}

fn describing(s: &mut Scenario<'_>) {
    let (stable, member, _) = stable(s, "stable");
    s.masks.line(&member);
    let empty = group(s, "empty");
    let unknown = s.name("unknown");
    let topic = s.topic("log", 1);
    let commit = OffsetCommitRequestData {
        group_id: text(&empty),
        generation_id_or_member_epoch: -1,
        topics: vec![commit_topic(&topic, KafkaUuid::ZERO, 0, 1)],
        ..OffsetCommitRequestData::default()
    };
    s.quietly(0, &commit, 9).answer();
    s.each::<DescribeGroupsRequestData>("", |s, version| {
        s.ask("a stable one", &describe(&stable), version);
        s.ask("one with offsets alone", &describe(&empty), version);
        s.ask("an unknown one", &describe(&unknown), version);
        s.ask("an empty name", &describe(""), version);
        s.ask("none", &DescribeGroupsRequestData::default(), version);
        let several = DescribeGroupsRequestData {
            groups: vec![text(&unknown), text(&stable), text(&stable)],
            ..DescribeGroupsRequestData::default()
        };
        s.ask("several, one twice", &several, version);
        if version >= 3 {
            let request =
                DescribeGroupsRequestData { include_authorized_operations: true, ..describe(&stable) };
            s.ask("with authorized operations", &request, version);
        }
    });
    let mine = [stable.clone(), empty.clone()];
    s.each::<ListGroupsRequestData>("", |s, version| {
        let filters: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["Stable"], &[]),
            (&["stable"], &[]),
            (&["Empty", "Stable"], &[]),
            (&["Dead"], &[]),
            (&["Odd"], &[]),
            (&[], &["classic"]),
            (&[], &["Classic"]),
            (&[], &["consumer"]),
            (&[], &["odd"]),
            (&["Empty"], &["classic"]),
        ];
        for (states, types) in filters {
            let request = ListGroupsRequestData {
                states_filter: states.iter().map(|state| text(state)).collect(),
                types_filter: types.iter().map(|kind| text(kind)).collect(),
                ..ListGroupsRequestData::default()
            };
            let mut reply = s.quietly(0, &request, version);
            if let Reply::Answer { response, .. } = &mut reply {
                // Other scenarios have groups too, and the order is that of a hash map.
                response.groups.retain(|group| mine.iter().any(|mine| mine == group.group_id.as_str()));
                response.groups.sort_by(|one, other| one.group_id.as_str().cmp(other.group_id.as_str()));
            }
            s.record::<ListGroupsRequestData>(&format!("states {states:?} types {types:?}"), version, &reply);
        }
    });
    s.each::<DeleteGroupsRequestData>("", |s, version| {
        let doomed = s.name("doomed");
        s.coordinator(&doomed);
        let commit = OffsetCommitRequestData { group_id: text(&doomed), ..commit.clone() };
        s.quietly(0, &commit, 9).answer();
        s.ask("one with offsets alone", &delete(&doomed), version);
        s.ask("again", &delete(&doomed), version);
        s.ask("an empty name", &delete(""), version);
        s.ask("a stable one", &delete(&stable), version);
        s.ask("none", &DeleteGroupsRequestData::default(), version);
    });
    assert_eq!(*ListGroupsRequestData::VERSIONS.end(), 5);
}

/// A session that ends without a word.
fn expiry(s: &mut Scenario<'_>) {
    let group = group(s, "group");
    let short = |member: &str| JoinGroupRequestData { session_timeout_ms: 6_000, ..join(&group, member) };
    let member = s.quietly(0, &short(""), 9).answer().member_id.as_str().to_owned();
    let generation = s.quietly(0, &short(&member), 9).answer().generation_id;
    s.quietly(0, &sync(&group, generation, &member, &[&member]), 5).answer();
    s.until("the member has expired", |s| {
        s.quietly(0, &describe(&group), 5).answer().groups[0].group_state.as_str() == "Empty"
    });
    s.ask("after its session", &heartbeat(&group, generation, &member), 4);
    s.ask("after its session", &join(&group, &member), 9);
    s.ask("after its session", &describe(&group), 5);
}

#[test]
fn coordinators_are_found() {
    compare("find-coordinator", 1, coordinators);
}

#[test]
fn a_group_of_one_member() {
    compare("group-of-one", 1, one_member);
}

#[test]
fn members_that_are_refused() {
    compare("group-faults", 1, bad_joins);
}

#[test]
fn subscriptions_that_cannot_be_read() {
    compare("group-unreadable", 1, unreadable_subscriptions);
}

#[test]
fn a_group_of_two_members() {
    compare("group-of-two", 1, two_members);
}

#[test]
fn static_members_come_back() {
    compare("group-static", 1, static_members);
}

#[test]
fn offsets_are_committed() {
    compare("group-offsets", 1, offsets);
}

#[test]
fn groups_are_described_listed_and_deleted() {
    compare("group-admin", 1, describing);
}

#[test]
fn members_expire() {
    compare("group-expiry", 1, expiry);
}
