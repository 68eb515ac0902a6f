//! What belongs to no family: ACLs and SASL, which are not set up, and what administrators ask.

use kacrab_protocol::generated::*;
use tests::conformance::records::Batch;
use tests::conformance::wire::Reply;
use tests::conformance::{Scenario, produce_one, text};

use crate::{compare, compare_both};

fn security(s: &mut Scenario<'_>) {
    s.each_ask("", |_, _| DescribeAclsRequestData {
        resource_type_filter: 1,
        pattern_type_filter: 3,
        operation: 1,
        permission_type: 1,
        ..DescribeAclsRequestData::default()
    });
    let creation = AclCreation {
        resource_type: 2,
        resource_name: text("t"),
        resource_pattern_type: 3,
        principal: text("User:a"),
        host: text("*"),
        operation: 3,
        permission_type: 3,
        ..AclCreation::default()
    };
    s.each_ask("", |_, _| CreateAclsRequestData {
        creations: vec![creation.clone(), creation.clone()],
        ..CreateAclsRequestData::default()
    });
    s.each_ask("none", |_, _| CreateAclsRequestData::default());
    s.each_ask("", |_, _| DeleteAclsRequestData {
        filters: vec![DeleteAclsFilter {
            resource_type_filter: 1,
            pattern_type_filter: 3,
            operation: 1,
            permission_type: 1,
            ..DeleteAclsFilter::default()
        }],
        ..DeleteAclsRequestData::default()
    });
    s.each_ask("", |_, _| SaslHandshakeRequestData {
        mechanism: text("PLAIN"),
        ..SaslHandshakeRequestData::default()
    });
    s.ask("and the connection goes on", &DescribeClusterRequestData::default(), 2);
}

fn log_dirs(s: &mut Scenario<'_>) {
    let (one, two) = (s.topic("one", 2), s.topic("two", 1));
    let unknown = s.name("unknown");
    produce_one(s, &one, 1, &Batch::of(&["a", "b", "c"]));
    let mine = [one.clone(), two.clone()];
    let ask = |s: &mut Scenario<'_>, label: &str, topics: Option<&[(&str, &[i32])]>, version: i16| {
        let request = DescribeLogDirsRequestData {
            topics: topics.map(|topics| {
                let topics = topics.iter().map(|(topic, partitions)| DescribableLogDirTopic {
                    topic: text(topic),
                    partitions: partitions.to_vec(),
                    ..DescribableLogDirTopic::default()
                });
                topics.collect()
            }),
            ..DescribeLogDirsRequestData::default()
        };
        let mut reply = s.quietly(s.home(), &request, version);
        if let Reply::Answer { response, .. } = &mut reply {
            for dir in &mut response.results {
                // Other scenarios' topics, and the order of a hash map.
                dir.topics.retain(|topic| mine.iter().any(|mine| mine == topic.name.as_str()));
                dir.topics.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
                for topic in &mut dir.topics {
                    topic.partitions.sort_by_key(|partition| partition.partition_index);
                }
            }
        }
        s.record::<DescribeLogDirsRequestData>(label, version, &reply);
    };
    s.each::<DescribeLogDirsRequestData>("", |s, version| {
        ask(s, "all", None, version);
        ask(s, "two", Some(&[(&one, &[1]), (&two, &[0])]), version);
        ask(s, "partitions that are not", Some(&[(&one, &[1, 7])]), version);
        ask(s, "an unknown topic", Some(&[(&unknown, &[0])]), version);
        ask(s, "no partitions", Some(&[(&one, &[])]), version);
        ask(s, "nothing", Some(&[]), version);
    });
}

fn elections(s: &mut Scenario<'_>) {
    let name = s.topic("log", 2);
    let unknown = s.name("unknown");
    let elect = |kind: i8, topic: &str, partitions: &[i32]| ElectLeadersRequestData {
        election_type: kind,
        topic_partitions: Some(vec![elect_leaders_request::TopicPartitions {
            topic: text(topic),
            partitions: partitions.to_vec(),
            ..elect_leaders_request::TopicPartitions::default()
        }]),
        timeout_ms: 10_000,
        ..ElectLeadersRequestData::default()
    };
    s.each::<ElectLeadersRequestData>("", |s, version| {
        s.ask("preferred, not needed", &elect(0, &name, &[0]), version);
        s.ask("preferred, two", &elect(0, &name, &[0, 1]), version);
        s.ask("unclean, not needed", &elect(1, &name, &[0]), version);
        s.ask("of a kind that is none", &elect(7, &name, &[0]), version);
        s.ask("partition 9", &elect(0, &name, &[9]), version);
        s.ask("partition -1", &elect(0, &name, &[-1]), version);
        s.ask("an unknown topic", &elect(0, &unknown, &[0]), version);
        s.ask("no partitions", &elect(0, &name, &[]), version);
        let nothing = ElectLeadersRequestData { topic_partitions: Some(vec![]), ..elect(0, &name, &[]) };
        s.ask("nothing", &nothing, version);
        let all = ElectLeadersRequestData { topic_partitions: None, ..elect(0, &name, &[]) };
        let mut reply = s.quietly(s.home(), &all, version);
        if let Reply::Answer { response, .. } = &mut reply {
            // Other scenarios have topics too.
            response.replica_election_results.retain(|result| result.topic.as_str() == name);
        }
        s.record::<ElectLeadersRequestData>("all", version, &reply);
    });
    let reassignments = |topics: Option<&[(&str, &[i32])]>| ListPartitionReassignmentsRequestData {
        timeout_ms: 10_000,
        topics: topics.map(|topics| {
            let topics = topics.iter().map(|(name, partitions)| ListPartitionReassignmentsTopics {
                name: text(name),
                partition_indexes: partitions.to_vec(),
                ..ListPartitionReassignmentsTopics::default()
            });
            topics.collect()
        }),
        ..ListPartitionReassignmentsRequestData::default()
    };
    s.ask("all", &reassignments(None), 0);
    s.ask("of a topic", &reassignments(Some(&[(&name, &[0, 1])])), 0);
    s.ask("of partitions that are not", &reassignments(Some(&[(&name, &[7])])), 0);
    s.ask("of an unknown topic", &reassignments(Some(&[(&unknown, &[0])])), 0);
    s.ask("of nothing", &reassignments(Some(&[])), 0);
}

/// A time limit of nothing, where the controller has to decide.
fn no_time(s: &mut Scenario<'_>) {
    let name = s.topic("log", 1);
    let fresh = s.name("fresh");
    let create = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text(&fresh),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        timeout_ms: 0,
        ..CreateTopicsRequestData::default()
    };
    s.ask("with no time", &create, 7);
    let grow = CreatePartitionsRequestData {
        topics: vec![CreatePartitionsTopic {
            name: text(&name),
            count: 2,
            assignments: None,
            ..CreatePartitionsTopic::default()
        }],
        timeout_ms: 0,
        ..CreatePartitionsRequestData::default()
    };
    s.ask("with no time", &grow, 3);
    let delete = DeleteTopicsRequestData {
        topic_names: vec![text(&name)],
        timeout_ms: 0,
        ..DeleteTopicsRequestData::default()
    };
    s.ask("with no time", &delete, 5);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let partitions = s.metadata(0, &name).partitions.len();
    let made = s.metadata(0, &fresh).error_code;
    s.note(&format!("{partitions} partitions of the topic; of the fresh one: {made}"));
}

#[test]
fn security_is_not_set_up() {
    compare("security", 1, security);
}

#[test]
fn log_dirs_are_described() {
    compare_both("describe-log-dirs", log_dirs);
}

#[test]
fn leaders_are_elected_and_reassignments_listed() {
    compare_both("elect-leaders", elections);
}

#[test]
fn requests_without_time() {
    compare_both("no-time", no_time);
}
