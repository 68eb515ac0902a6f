//! Three brokers: requests to one that doesn't lead the partition, or doesn't coordinate the group.

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::fetch_request::FetchPartition;
use kacrab_protocol::generated::*;
use tests::conformance::api::Api;
use tests::conformance::records::Batch;
use tests::conformance::wire::{PATIENCE, Reply};
use tests::conformance::{Scenario, fetch_request, now_ms, produce_request, some, text};

use crate::compare;
use crate::members::*;
use crate::offsets::offsets_of;
use crate::replication::assigned;

/// Of one topic: led by the broker that is asked, followed by it, elsewhere, and not there.
const PARTITIONS: [i32; 4] = [0, 1, 2, 3];
/// The broker that is asked, counted from 0.
const ASKED: usize = 1;

fn in_order(response: &mut FetchResponseData) {
    response.node_endpoints.sort_by_key(|node| node.node_id);
}

/// Some of the partitions in a request are led by the broker that is asked, and some are not.
fn some_of_them(s: &mut Scenario<'_>) {
    let name = assigned(s, "log", &[&[2, 1], &[3, 2], &[1, 3]], &[]);
    let id = s.topic_id(&name);
    for (partition, leader) in [(0, 1), (1, 2), (2, 0)] {
        let request = produce_request(&name, id, partition, -1, Some(Batch::of(&["a", "b"]).bytes()));
        s.ask_broker(leader, "to the leader", &request, 13);
    }
    s.until("the follower has what its leader has", |s| {
        let answer = s.quietly(ASKED, &fetch_request(&name, id, 1, 0), 18).answer();
        answer.responses[0].partitions[0].high_watermark == 2
    });
    for version in FetchRequestData::VERSIONS {
        for (label, epoch) in [("of no epoch", -1), ("of epoch 0", 0), ("of epoch 1", 1)] {
            let mut request = fetch_request(&name, id, 0, 1);
            let of = |partition| FetchPartition {
                partition,
                current_leader_epoch: epoch,
                ..request.topics[0].partitions[0].clone()
            };
            request.topics[0].partitions = PARTITIONS.map(of).into();
            let mut reply = s.quietly(ASKED, &request, version);
            if let Reply::Answer { response, .. } = &mut reply {
                in_order(response);
            }
            s.record::<FetchRequestData>(&format!("some, {label}"), version, &reply);
        }
        for replica_id in [1, 3, -2] {
            let request = FetchRequestData { replica_id, ..fetch_request(&name, id, 2, 0) };
            s.ask_broker(ASKED, &format!("elsewhere, as replica {replica_id}"), &request, version);
        }
        let request = FetchRequestData { replica_id: -2, ..fetch_request(&name, id, 1, 0) };
        s.ask_broker(ASKED, "of a follower, as a debugging consumer", &request, version);
    }
    let before = now_ms() - 60_000;
    for version in ProduceRequestData::VERSIONS {
        for acks in [1, -1] {
            let mut request = produce_request(&name, id, 0, acks, None);
            let to = |index| PartitionProduceData {
                index,
                // Older than the first: how many have the same time is as it happens.
                records: Some(Batch { first_timestamp: before, ..Batch::of(&["c"]) }.bytes()),
                ..PartitionProduceData::default()
            };
            request.topic_data[0].partition_data = PARTITIONS.map(to).into();
            let mut reply = s.quietly(ASKED, &request, version);
            if let Reply::Answer { response, .. } = &mut reply {
                response.node_endpoints.sort_by_key(|node| node.node_id);
            }
            s.record::<ProduceRequestData>(&format!("some, acks={acks}"), version, &reply);
        }
    }
    let mut wire = s.open(ASKED);
    let request = produce_request(&name, id, 2, 0, Some(Batch::of(&["a"]).bytes()));
    wire.send(&request, 12).expect("sending");
    let reply = wire.receive::<ProduceRequestData>(12, PATIENCE);
    s.record::<ProduceRequestData>("elsewhere, acks=0", 12, &reply);

    s.each::<ListOffsetsRequestData>("some", |s, version| {
        for (timestamp, epoch) in [(-1, -1), (-2, -1), (-3, -1), (5, -1), (-1, 0), (-1, 1)] {
            let of = |partition_index| ListOffsetsPartition {
                partition_index,
                timestamp,
                current_leader_epoch: epoch,
                ..ListOffsetsPartition::default()
            };
            for replica_id in [-1, -2, 3] {
                let request = ListOffsetsRequestData {
                    replica_id,
                    topics: vec![ListOffsetsTopic {
                        name: text(&name),
                        partitions: PARTITIONS.map(of).into(),
                        ..ListOffsetsTopic::default()
                    }],
                    timeout_ms: 60_000,
                    ..ListOffsetsRequestData::default()
                };
                let mut reply = s.quietly(ASKED, &request, version);
                if let Reply::Answer { response, .. } = &mut reply {
                    for topic in &mut response.topics {
                        topic.partitions.sort_by_key(|partition| partition.partition_index);
                    }
                }
                let label = format!("{timestamp}, epoch {epoch}, as replica {replica_id}");
                s.record::<ListOffsetsRequestData>(&label, version, &reply);
            }
        }
    });
    s.each::<OffsetForLeaderEpochRequestData>("some", |s, version| {
        for (current, epoch) in [(-1, 0), (0, 0), (1, 0), (-1, 4)] {
            let of = |partition| OffsetForLeaderPartition {
                partition,
                current_leader_epoch: current,
                leader_epoch: epoch,
                ..OffsetForLeaderPartition::default()
            };
            for replica_id in [-1, 3] {
                let request = OffsetForLeaderEpochRequestData {
                    replica_id,
                    topics: vec![OffsetForLeaderTopic {
                        topic: text(&name),
                        partitions: PARTITIONS.map(of).into(),
                        ..OffsetForLeaderTopic::default()
                    }],
                    ..OffsetForLeaderEpochRequestData::default()
                };
                let mut reply = s.quietly(ASKED, &request, version);
                if let Reply::Answer { response, .. } = &mut reply {
                    for topic in &mut response.topics {
                        topic.partitions.sort_by_key(|partition| partition.partition);
                    }
                }
                let label = format!("epoch {epoch}, current {current}, as replica {replica_id}");
                s.record::<OffsetForLeaderEpochRequestData>(&label, version, &reply);
            }
        }
    });
    let producers = DescribeProducersRequestData {
        topics: vec![describe_producers_request::TopicRequest {
            name: text(&name),
            partition_indexes: PARTITIONS.into(),
            ..describe_producers_request::TopicRequest::default()
        }],
        ..DescribeProducersRequestData::default()
    };
    for broker in 0..3 {
        s.ask_broker(broker, &format!("asked at {broker}"), &producers, 0);
    }
    s.each::<DeleteRecordsRequestData>("some", |s, version| {
        let to = |partition_index| DeleteRecordsPartition {
            partition_index,
            offset: 1,
            ..DeleteRecordsPartition::default()
        };
        let request = DeleteRecordsRequestData {
            topics: vec![DeleteRecordsTopic {
                name: text(&name),
                partitions: PARTITIONS.map(to).into(),
                ..DeleteRecordsTopic::default()
            }],
            timeout_ms: 60_000,
            ..DeleteRecordsRequestData::default()
        };
        let mut reply = s.quietly(ASKED, &request, version);
        if let Reply::Answer { response, .. } = &mut reply {
            for topic in &mut response.topics {
                topic.partitions.sort_by_key(|partition| partition.partition_index);
            }
        }
        s.record::<DeleteRecordsRequestData>("", version, &reply);
    });
    // A fetch that waits at the end of what it may read is answered at once for what it may not: else there is silence.
    let mut request = FetchRequestData { max_wait_ms: i32::MAX, ..fetch_request(&name, id, 0, 1000) };
    request.topics[0].partitions =
        vec![FetchPartition { partition: 2, ..request.topics[0].partitions[0].clone() }];
    s.ask_broker(ASKED, "elsewhere, with time", &request, 18);
}

/// Everything about groups, asked at a broker that coordinates one of them, and not the other.
fn groups(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 1);
    let id = s.topic_id(&topic);
    let unknown = s.name("unknown-log");
    let (mine, others, never) = (s.group_at(ASKED, "mine"), s.group_at(2, "theirs"), s.group_at(2, "unused"));
    // Each has a member and an offset.
    with_a_member(s, ASKED, &mine, &topic);
    let (member, generation) = with_a_member(s, 2, &others, &topic);
    at_the_wrong_one(s, "", &others, generation, &member);
    at_the_wrong_one(s, "an unused group", &never, generation, &member);
    s.each::<OffsetCommitRequestData>("", |s, version| {
        let good = commit_topic(&topic, id, 0, 1);
        let seventh = commit_topic(&topic, id, 7, 1);
        let nowhere = commit_topic(&unknown, KafkaUuid::from_parts(1, 2), 0, 1);
        let all = commit(&others, generation, &member, vec![good.clone(), seventh, nowhere]);
        let mut reply = s.quietly(ASKED, &all, version);
        if let Reply::Answer { response, .. } = &mut reply {
            response.topics.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        }
        s.record::<OffsetCommitRequestData>("partitions that are not, too", version, &reply);
        for (label, request) in [
            ("the member", commit(&others, generation, &member, vec![good.clone()])),
            ("no member", commit(&others, -1, "", vec![good])),
            ("nothing", commit(&others, -1, "", vec![])),
        ] {
            s.ask_broker(ASKED, label, &request, version);
        }
    });
    s.each::<OffsetFetchRequestData>("", |s, version| {
        s.ask_broker(ASKED, "one", &offsets_of(version, &others, Some((&topic, id, 0))), version);
        s.ask_broker(ASKED, "all", &offsets_of(version, &others, None), version);
        s.ask_broker(ASKED, "all of an unused group", &offsets_of(version, &never, None), version);
    });
    for version in 8..=10 {
        let mut request = offsets_of(version, &others, Some((&topic, id, 0)));
        request.groups.push(offsets_of(version, &mine, None).groups.remove(0));
        let mut reply = s.quietly(ASKED, &request, version);
        if let Reply::Answer { response, .. } = &mut reply {
            response.groups.sort_by(|one, other| one.group_id.as_str().cmp(other.group_id.as_str()));
        }
        s.record::<OffsetFetchRequestData>("theirs and mine", version, &reply);
    }
    s.each::<DescribeGroupsRequestData>("", |s, version| {
        let both = DescribeGroupsRequestData {
            groups: vec![text(&others), text(&mine), text(&never), text("")],
            ..DescribeGroupsRequestData::default()
        };
        let mut reply = s.quietly(ASKED, &both, version);
        if let Reply::Answer { response, .. } = &mut reply {
            // The empty name belongs to any broker.
            response.groups.retain(|group| !group.group_id.as_str().is_empty());
        }
        s.record::<DescribeGroupsRequestData>("theirs, mine, and one of no name", version, &reply);
    });
    s.each::<DeleteGroupsRequestData>("", |s, version| {
        let both = DeleteGroupsRequestData {
            groups_names: vec![text(&others), text(&mine), text(&never)],
            ..DeleteGroupsRequestData::default()
        };
        s.ask_broker(ASKED, "theirs and mine", &both, version);
    });
    for broker in 0..3 {
        s.each::<ListGroupsRequestData>(&format!("asked at {broker}"), |s, version| {
            let mut reply = s.quietly(broker, &ListGroupsRequestData::default(), version);
            if let Reply::Answer { response, .. } = &mut reply {
                let known = [&mine, &others, &never];
                response.groups.retain(|listed| known.iter().any(|one| *one == listed.group_id.as_str()));
                response.groups.sort_by(|one, other| one.group_id.as_str().cmp(other.group_id.as_str()));
            }
            s.record::<ListGroupsRequestData>("", version, &reply);
        });
    }
    s.ask_broker(2, "whole still", &describe(&others), 6);
}

/// Gives a group a member and an offset at its coordinator, and says the member's id and generation.
fn with_a_member(s: &mut Scenario<'_>, broker: usize, group: &str, topic: &str) -> (String, i32) {
    let member = s.quietly(broker, &join(group, ""), 9).answer().member_id.as_str().to_owned();
    // From here on it has a number.
    s.masks.line(&member);
    let generation = s.quietly(broker, &join(group, &member), 9).answer().generation_id;
    let answer = s.quietly(broker, &sync(group, generation, &member, &[&member]), 5).answer();
    assert_eq!(answer.error_code, 0, "{answer:?}");
    let request = commit(group, generation, &member, vec![commit_topic(topic, KafkaUuid::ZERO, 0, 7)]);
    let answer = s.quietly(broker, &request, 9).answer();
    assert_eq!(answer.topics[0].partitions[0].error_code, 0, "{answer:?}");
    (member, generation)
}

/// Every request of a member and of an administrator.
fn at_the_wrong_one(s: &mut Scenario<'_>, label: &str, group: &str, generation: i32, member: &str) {
    s.each::<JoinGroupRequestData>(label, |s, version| {
        s.ask_broker(ASKED, "a new member", &join(group, ""), version);
        s.ask_broker(ASKED, "the member", &join(group, member), version);
        let short = JoinGroupRequestData { session_timeout_ms: 1, ..join(group, "") };
        s.ask_broker(ASKED, "a session that is too short", &short, version);
        let fixed = JoinGroupRequestData { group_instance_id: some("one"), ..join(group, "") };
        s.ask_broker(ASKED, "a static member", &fixed, version);
        let none = JoinGroupRequestData { protocols: vec![], ..join(group, "") };
        s.ask_broker(ASKED, "no protocols", &none, version);
    });
    s.each::<SyncGroupRequestData>(label, |s, version| {
        s.ask_broker(ASKED, "the member", &sync(group, generation, member, &[]), version);
        s.ask_broker(ASKED, "nobody", &sync(group, 0, "nobody", &[]), version);
    });
    s.each::<HeartbeatRequestData>(label, |s, version| {
        s.ask_broker(ASKED, "the member", &heartbeat(group, generation, member), version);
        s.ask_broker(ASKED, "nobody", &heartbeat(group, 0, "nobody"), version);
    });
    s.each::<LeaveGroupRequestData>(label, |s, version| {
        s.ask_broker(ASKED, "the member", &leave(version, group, member), version);
        let none = LeaveGroupRequestData { group_id: text(group), ..LeaveGroupRequestData::default() };
        s.ask_broker(ASKED, "nobody", &none, version);
    });
    s.each::<DescribeGroupsRequestData>(label, |s, version| {
        let request =
            DescribeGroupsRequestData { include_authorized_operations: version >= 3, ..describe(group) };
        s.ask_broker(ASKED, "", &request, version);
    });
    s.each::<DeleteGroupsRequestData>(label, |s, version| {
        s.ask_broker(ASKED, "", &delete(group), version);
    });
    let forget = OffsetDeleteRequestData {
        group_id: text(group),
        topics: vec![OffsetDeleteRequestTopic {
            name: text("nowhere"),
            partitions: vec![OffsetDeleteRequestPartition::default()],
            ..OffsetDeleteRequestTopic::default()
        }],
        ..OffsetDeleteRequestData::default()
    };
    s.ask_broker(ASKED, label, &forget, 0);
    let nothing = OffsetDeleteRequestData { topics: vec![], ..forget };
    s.ask_broker(ASKED, &format!("{label}, nothing"), &nothing, 0);
}

#[test]
fn some_partitions_are_led_elsewhere() {
    compare("wrong-leader", 3, some_of_them);
}

#[test]
fn groups_are_coordinated_elsewhere() {
    compare("wrong-coordinator", 3, groups);
}
