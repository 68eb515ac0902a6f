//! Three brokers: leaders and followers, and what happens when brokers come and go.

use kacrab_protocol::generated::*;
use tests::conformance::api::Api;
use tests::conformance::records::Batch;
use tests::conformance::wire::{PATIENCE, Reply};
use tests::conformance::{Scenario, fetch_request, produce_request, text};

use crate::{compare, compare_alone};

/// A topic whose partitions have these replicas, the leader first.
pub(crate) fn assigned(
    s: &mut Scenario<'_>,
    shown: &str,
    partitions: &[&[i32]],
    configs: &[(&str, &str)],
) -> String {
    let name = s.name(shown);
    let answer = create(s, &name, partitions, configs);
    assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
    s.until_known(&name, i32::try_from(partitions.len()).expect("few"));
    s.until_served(&name);
    name
}

fn create(
    s: &mut Scenario<'_>,
    name: &str,
    partitions: &[&[i32]],
    configs: &[(&str, &str)],
) -> CreateTopicsResponseData {
    let assignments = (0..).zip(partitions).map(|(partition_index, brokers)| CreatableReplicaAssignment {
        partition_index,
        broker_ids: brokers.to_vec(),
        ..CreatableReplicaAssignment::default()
    });
    let configs = configs.iter().map(|(name, value)| CreatableTopicConfig {
        name: text(name),
        value: Some(text(value)),
        ..CreatableTopicConfig::default()
    });
    let request = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text(name),
            num_partitions: -1,
            replication_factor: -1,
            assignments: assignments.collect(),
            configs: configs.collect(),
            ..CreatableTopic::default()
        }],
        ..CreateTopicsRequestData::default()
    };
    let broker = s.brokers()[0];
    s.quietly(broker, &request, 7).answer()
}

/// Records how a topic's partitions are, as a broker sees them.
pub(crate) fn state(s: &mut Scenario<'_>, label: &str, broker: usize, topic: &str) {
    let request = DescribeTopicPartitionsRequestData {
        topics: vec![describe_topic_partitions_request::TopicRequest {
            name: text(topic),
            ..describe_topic_partitions_request::TopicRequest::default()
        }],
        response_partition_limit: 100,
        ..DescribeTopicPartitionsRequestData::default()
    };
    let mut reply = s.quietly(broker, &request, 0);
    if let Reply::Answer { response, .. } = &mut reply {
        for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            partition.isr_nodes.sort_unstable();
        }
    }
    s.record::<DescribeTopicPartitionsRequestData>(label, 0, &reply);
}

/// Waits until each broker that is up sees a partition led by `leader` with these replicas in sync.
pub(crate) fn until_in_sync(s: &mut Scenario<'_>, topic: &str, leader: i32, in_sync: &[i32]) {
    for broker in s.brokers() {
        s.until("replicas are in sync", |s| {
            let partition = s.metadata(broker, topic).partitions.swap_remove(0);
            let mut isr = partition.isr_nodes;
            isr.sort_unstable();
            partition.leader_id == leader && isr == in_sync
        });
    }
    let leader = usize::try_from(leader - 1).ok();
    if let Some(leader) = leader.filter(|leader| s.brokers().contains(leader)) {
        s.until_leads(leader, topic, 0);
    }
}

fn produce(s: &mut Scenario<'_>, label: &str, broker: usize, topic: &str, acks: i16) {
    let id = s.metadata(broker, topic).topic_id;
    let request = ProduceRequestData {
        timeout_ms: 60_000,
        ..produce_request(topic, id, 0, acks, Some(Batch::of(&["a"]).bytes()))
    };
    s.ask_broker(broker, label, &request, 12);
}

fn latest(topic: &str, timestamp: i64, epoch: i32) -> ListOffsetsRequestData {
    ListOffsetsRequestData {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: text(topic),
            partitions: vec![ListOffsetsPartition {
                timestamp,
                current_leader_epoch: epoch,
                ..ListOffsetsPartition::default()
            }],
            ..ListOffsetsTopic::default()
        }],
        ..ListOffsetsRequestData::default()
    }
}

/// Requests to a broker that does not lead.
fn followers(s: &mut Scenario<'_>) {
    let topic = assigned(s, "log", &[&[1, 2, 3]], &[]);
    let elsewhere = assigned(s, "elsewhere", &[&[1]], &[]);
    let id = s.topic_id(&topic);
    let elsewhere_id = s.topic_id(&elsewhere);
    produce(s, "to the leader", 0, &topic, -1);
    produce(s, "to the leader", 0, &elsewhere, -1);
    s.until("the follower has it", |s| {
        let answer = s.quietly(1, &fetch_request(&topic, id, 0, 0), 18).answer();
        answer.responses[0].partitions[0].high_watermark == 1
    });
    for version in ProduceRequestData::VERSIONS {
        let request = produce_request(&topic, id, 0, 1, Some(Batch::of(&["a"]).bytes()));
        s.ask_broker(1, "to a follower", &request, version);
        let request = produce_request(&elsewhere, elsewhere_id, 0, 1, Some(Batch::of(&["a"]).bytes()));
        s.ask_broker(1, "to a broker without the partition", &request, version);
    }
    let mut wire = s.open(1);
    let request = produce_request(&topic, id, 0, 0, Some(Batch::of(&["a"]).bytes()));
    wire.send(&request, 9).expect("sending");
    let reply = wire.receive::<ProduceRequestData>(9, PATIENCE);
    s.record::<ProduceRequestData>("acks=0 to a follower", 9, &reply);
    for version in FetchRequestData::VERSIONS {
        for offset in [0, 1, 2] {
            let request = fetch_request(&topic, id, 0, offset);
            s.ask_broker(1, &format!("from {offset} of a follower"), &request, version);
        }
        s.ask_broker(1, "of a broker without it", &fetch_request(&elsewhere, elsewhere_id, 0, 0), version);
    }
    for timestamp in [-1, -2, -3, 5] {
        s.ask_broker(1, &format!("{timestamp} of a follower"), &latest(&topic, timestamp, -1), 11);
        s.ask_broker(1, &format!("{timestamp} of a follower, epoch 0"), &latest(&topic, timestamp, 0), 11);
        s.ask_broker(
            1,
            &format!("{timestamp} of a broker without it"),
            &latest(&elsewhere, timestamp, -1),
            11,
        );
    }
    for (label, topic) in [("a follower", &topic), ("a broker without it", &elsewhere)] {
        let epoch = OffsetForLeaderEpochRequestData {
            replica_id: -1,
            topics: vec![OffsetForLeaderTopic {
                topic: text(topic),
                partitions: vec![OffsetForLeaderPartition {
                    current_leader_epoch: -1,
                    ..OffsetForLeaderPartition::default()
                }],
                ..OffsetForLeaderTopic::default()
            }],
            ..OffsetForLeaderEpochRequestData::default()
        };
        s.ask_broker(1, label, &epoch, 4);
        let delete = DeleteRecordsRequestData {
            topics: vec![DeleteRecordsTopic {
                name: text(topic),
                partitions: vec![DeleteRecordsPartition::default()],
                ..DeleteRecordsTopic::default()
            }],
            timeout_ms: 60_000,
            ..DeleteRecordsRequestData::default()
        };
        s.ask_broker(1, label, &delete, 2);
        let producers = DescribeProducersRequestData {
            topics: vec![describe_producers_request::TopicRequest {
                name: text(topic),
                partition_indexes: vec![0],
                ..describe_producers_request::TopicRequest::default()
            }],
            ..DescribeProducersRequestData::default()
        };
        s.ask_broker(1, label, &producers, 0);
    }
    let group = s.name("group");
    let coordinator = s.coordinator(&group);
    let other = (coordinator + 1) % 3;
    let commit = OffsetCommitRequestData {
        group_id: text(&group),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: text(&topic),
            partitions: vec![OffsetCommitRequestPartition::default()],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequestData::default()
    };
    s.ask_broker(other, "not the coordinator", &commit, 9);
    let heartbeat = HeartbeatRequestData { group_id: text(&group), ..HeartbeatRequestData::default() };
    s.ask_broker(other, "not the coordinator", &heartbeat, 4);
    let describe =
        DescribeGroupsRequestData { groups: vec![text(&group)], ..DescribeGroupsRequestData::default() };
    s.ask_broker(other, "not the coordinator", &describe, 6);
    let delete =
        DeleteGroupsRequestData { groups_names: vec![text(&group)], ..DeleteGroupsRequestData::default() };
    s.ask_broker(other, "not the coordinator", &delete, 2);
    let fetch = OffsetFetchRequestData {
        groups: vec![OffsetFetchRequestGroup {
            group_id: text(&group),
            topics: None,
            ..OffsetFetchRequestGroup::default()
        }],
        ..OffsetFetchRequestData::default()
    };
    s.ask_broker(other, "not the coordinator", &fetch, 9);
    for broker in 0..3 {
        let made = s.name(&format!("made-by-{broker}"));
        let request = CreateTopicsRequestData {
            topics: vec![CreatableTopic {
                name: text(&made),
                num_partitions: 2,
                replication_factor: 3,
                ..CreatableTopic::default()
            }],
            ..CreateTopicsRequestData::default()
        };
        s.ask_broker(broker, "sent to any broker", &request, 7);
        s.until_known(&made, 2);
        let brokers = MetadataRequestData { topics: Some(Vec::new()), ..MetadataRequestData::default() };
        s.ask_broker(broker, "sent to any broker", &brokers, 13);
        s.ask_broker(broker, "sent to any broker", &DescribeClusterRequestData::default(), 2);
    }
}

/// Records an election in order, as Kafka's is that of a hash map; but for topics whose replicas are random.
fn ask_elect(s: &mut Scenario<'_>, label: &str, request: &ElectLeadersRequestData, mine: &[&str]) {
    let mut reply = s.quietly(0, request, 2);
    if let Reply::Answer { response, .. } = &mut reply {
        let results = &mut response.replica_election_results;
        results.retain(|result| mine.contains(&result.topic.as_str()));
        results.sort_by(|one, other| one.topic.as_str().cmp(other.topic.as_str()));
        for result in results {
            result.partition_result.sort_by_key(|partition| partition.partition_id);
        }
    }
    s.record::<ElectLeadersRequestData>(label, 2, &reply);
}

/// What brokers' comings and goings do to leaders, in-sync replicas and the high watermark.
fn comings_and_goings(s: &mut Scenario<'_>) {
    s.masks.field("topic_id", "random");
    let plain = assigned(s, "plain", &[&[1, 2, 3]], &[]);
    let safe = assigned(s, "safe", &[&[1, 2, 3]], &[("min.insync.replicas", "3")]);
    let too_safe = assigned(s, "too-safe", &[&[1, 2]], &[("min.insync.replicas", "3")]);
    let last = assigned(s, "last", &[&[3]], &[]);
    for (topic, in_sync) in
        [(&plain, &[1, 2, 3][..]), (&safe, &[1, 2, 3]), (&too_safe, &[1, 2]), (&last, &[3])]
    {
        until_in_sync(s, topic, in_sync[0], in_sync);
        state(s, "at first", 1, topic);
    }
    produce(s, "acks=all, min.insync.replicas=3 of 2", 0, &too_safe, -1);
    produce(s, "acks=all", 0, &safe, -1);

    s.stop(2);
    until_in_sync(s, &safe, 1, &[1, 2]);
    until_in_sync(s, &plain, 1, &[1, 2]);
    for topic in [&plain, &safe, &last] {
        state(s, "with 3 stopped", 0, topic);
        let request = MetadataRequestData {
            topics: Some(vec![MetadataRequestTopic {
                name: Some(text(topic)),
                ..MetadataRequestTopic::default()
            }]),
            ..MetadataRequestData::default()
        };
        s.ask("with 3 stopped", &request, 13);
        s.ask("with 3 stopped", &request, 1);
    }
    produce(s, "acks=all with two of three in sync", 0, &safe, -1);
    produce(s, "acks=1 with two of three in sync", 0, &safe, 1);
    let id = s.topic_id(&safe);
    s.ask("of what min.insync.replicas holds back", &fetch_request(&safe, id, 0, 1), 18);
    s.ask("past it", &fetch_request(&safe, id, 0, 2), 18);
    s.ask("past the log's end", &fetch_request(&safe, id, 0, 3), 18);
    s.until("a follower has what is held back", |s| {
        let answer = s.quietly(1, &fetch_request(&safe, id, 0, 2), 18).answer();
        answer.responses[0].partitions[0].error_code == 0
    });
    for version in [11, 12, 18] {
        for offset in 0..=3 {
            let request = fetch_request(&safe, id, 0, offset);
            s.ask_broker(1, &format!("from {offset} of a follower, held back"), &request, version);
        }
    }
    s.ask("latest, held back", &latest(&safe, -1, -1), 11);
    s.ask("max timestamp, held back", &latest(&safe, -3, -1), 11);
    for replica_id in [-2, 2] {
        for timestamp in [-1, -2, -3] {
            let request = ListOffsetsRequestData { replica_id, ..latest(&safe, timestamp, -1) };
            s.ask(&format!("{timestamp} as replica {replica_id}, held back"), &request, 11);
        }
    }
    for broker in [0, 1] {
        let debugging = FetchRequestData { replica_id: -2, ..fetch_request(&safe, id, 0, 1) };
        s.ask_broker(broker, &format!("as a debugging consumer of {broker}, held back"), &debugging, 12);
    }
    let made = s.name("made");
    let request = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text(&made),
            num_partitions: 1,
            replication_factor: 3,
            ..CreatableTopic::default()
        }],
        ..CreateTopicsRequestData::default()
    };
    s.ask("three replicas on two brokers", &request, 7);
    s.until_known(&made, 1);
    let partition = s.metadata(0, &made).partitions.swap_remove(0);
    let sorted = |mut brokers: Vec<i32>| {
        brokers.sort_unstable();
        brokers
    };
    s.saw(
        "three replicas on two brokers: replicas, in sync, offline, and whether one of those in sync leads",
        &format!(
            "{:?} {:?} {:?} {}",
            sorted(partition.replica_nodes),
            sorted(partition.isr_nodes.clone()),
            sorted(partition.offline_replicas),
            partition.isr_nodes.contains(&partition.leader_id)
        ),
    );
    let leader = usize::try_from(partition.leader_id - 1).expect("a leader");
    s.until_served(&made);
    produce(s, "to the topic made with one broker stopped", leader, &made, -1);
    let name = s.name("on-stopped");
    let answer = create(s, &name, &[&[3]], &[]);
    let line = s.masks.line(&format!("{:?}", answer.topics[0]));
    s.note(&format!("a topic on the stopped broker alone => {line}"));
    let name = s.name("with-stopped");
    let answer = create(s, &name, &[&[3, 1]], &[]);
    let line = s.masks.line(&format!("{:?}", answer.topics[0]));
    s.note(&format!("a topic on the stopped broker and another => {line}"));
    let fenced =
        DescribeClusterRequestData { include_fenced_brokers: true, ..DescribeClusterRequestData::default() };
    let mut answer = s.quietly(0, &fenced, 2).answer();
    answer.brokers.sort_by_key(|broker| broker.broker_id);
    s.record::<DescribeClusterRequestData>(
        "with fenced ones",
        2,
        &Reply::Answer { response: answer, left: 0 },
    );

    // The leader of two goes in order: the other follows.
    s.stop(0);
    until_in_sync(s, &plain, 2, &[2]);
    state(s, "with 1 stopped too", 1, &plain);
    produce(s, "acks=all with one in sync", 1, &plain, -1);
    let id = s.metadata(1, &plain).topic_id;
    for (epoch, version) in [(0, 18), (1, 18), (9, 18), (0, 9)] {
        let mut request = fetch_request(&plain, id, 0, 0);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        let label = format!("in leader epoch {epoch} of a topic in a later one");
        let mut reply = s.quietly(1, &request, version);
        if let Reply::Answer { response, .. } = &mut reply {
            response.node_endpoints.sort_by_key(|node| node.node_id);
        }
        s.record::<FetchRequestData>(&label, version, &reply);
    }
    s.ask_broker(1, "in an old epoch", &latest(&plain, -1, 0), 11);

    s.start(2);
    until_in_sync(s, &plain, 2, &[2, 3]);
    until_in_sync(s, &last, 3, &[3]);
    state(s, "with 3 back", 1, &plain);
    state(s, "with 3 back", 1, &last);
    s.start(0);
    until_in_sync(s, &plain, 2, &[1, 2, 3]);
    state(s, "with all back", 1, &plain);
    let elect = |kind: i8| ElectLeadersRequestData {
        election_type: kind,
        topic_partitions: Some(vec![elect_leaders_request::TopicPartitions {
            topic: text(&plain),
            partitions: vec![0],
            ..elect_leaders_request::TopicPartitions::default()
        }]),
        timeout_ms: 60_000,
        ..ElectLeadersRequestData::default()
    };
    s.ask("preferred", &elect(0), 2);
    until_in_sync(s, &plain, 1, &[1, 2, 3]);
    state(s, "after the preferred election", 1, &plain);
    s.ask("preferred again", &elect(0), 2);
    let of = |topic: &str, partitions: &[i32]| elect_leaders_request::TopicPartitions {
        topic: text(topic),
        partitions: partitions.to_vec(),
        ..elect_leaders_request::TopicPartitions::default()
    };
    let some_of = [of(&too_safe, &[0, 5]), of(&plain, &[0]), of("nowhere", &[0]), of(&last, &[0])];
    let some = ElectLeadersRequestData { topic_partitions: Some(some_of.into()), ..elect(0) };
    until_in_sync(s, &too_safe, 2, &[1, 2]);
    let mine = [plain.as_str(), &safe, &too_safe, &last, "nowhere"];
    ask_elect(s, "preferred, some", &some, &mine);
    until_in_sync(s, &too_safe, 1, &[1, 2]);
    // Of these topics there is one left whose leader is not the preferred one.
    until_in_sync(s, &safe, 2, &[1, 2, 3]);
    let all = ElectLeadersRequestData { topic_partitions: None, ..elect(0) };
    ask_elect(s, "preferred, all", &all, &mine);
    until_in_sync(s, &safe, 1, &[1, 2, 3]);
    state(s, "after the preferred election of all", 1, &safe);
    ask_elect(s, "preferred, all again", &all, &mine);
    ask_elect(s, "unclean, all", &ElectLeadersRequestData { election_type: 1, ..all }, &mine);

    // A power cut is noticed when the session ends.
    s.kill(0);
    until_in_sync(s, &plain, 2, &[2, 3]);
    state(s, "with 1 killed", 1, &plain);
    produce(s, "acks=all after a power cut", 1, &plain, -1);
    s.ask_broker(1, "preferred, which is down", &elect(0), 2);
    s.ask_broker(1, "unclean, not needed", &elect(1), 2);
}

#[test]
fn brokers_that_do_not_lead_say_so() {
    compare("followers", 3, followers);
}

#[test]
fn brokers_come_and_go() {
    compare_alone("comings-and-goings", 3, comings_and_goings);
}
