//! Three brokers: where the partitions of topics come to stand, by themselves and as they were given.

use std::collections::BTreeMap;

use kacrab_protocol::generated::*;
use tests::conformance::{Scenario, text};

use crate::compare;
use crate::replication::{assigned, state};
use crate::topics::{Assignments, ask_create, assigned as to_be_assigned, create, grow, topic};

/// Records how many replicas each partition has, and how the brokers share them: which broker has which is random.
fn spread(s: &mut Scenario<'_>, label: &str, topic: &str) {
    let mut partitions = s.metadata(0, topic).partitions;
    partitions.sort_by_key(|partition| partition.partition_index);
    let (mut led, mut kept) = (BTreeMap::new(), BTreeMap::new());
    for partition in &partitions {
        *led.entry(partition.leader_id).or_insert(0) += 1;
        partition.replica_nodes.iter().for_each(|broker| *kept.entry(*broker).or_insert(0) += 1);
    }
    let shares = |counts: BTreeMap<i32, i32>| {
        let mut shares: Vec<_> = counts.into_values().collect();
        shares.sort_unstable();
        shares
    };
    let as_it_should_be = partitions.iter().all(|partition| {
        let mut distinct = partition.replica_nodes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() == partition.replica_nodes.len()
            && partition.isr_nodes == partition.replica_nodes
            && partition.replica_nodes.first() == Some(&partition.leader_id)
    });
    let sizes: Vec<_> = partitions.iter().map(|partition| partition.replica_nodes.len()).collect();
    s.saw(
        &format!("{label}: replicas, and what each broker leads and has"),
        &format!(
            "{sizes:?}, {:?}, {:?}, the first leads and all are in sync: {as_it_should_be}",
            shares(led),
            shares(kept)
        ),
    );
}

/// Of CreateTopics, the first and the last.
const VERSIONS: [i16; 2] = [2, 7];

fn by_themselves(s: &mut Scenario<'_>) {
    for (partitions, replicas) in [(1, 1), (3, 1), (7, 1), (4, 2), (6, 2), (5, 3), (-1, 3), (2, -1)] {
        let name = s.name("spread");
        let label = format!("{partitions} partitions, {replicas} replicas");
        ask_create(s, &label, &create(vec![topic(&name, partitions, replicas)]), 7);
        s.until_known(&name, partitions.max(1));
        spread(s, &label, &name);
    }
    for version in VERSIONS {
        let name = s.name("too-many");
        ask_create(s, "four replicas", &create(vec![topic(&name, 2, 4)]), version);
    }
    let (good, bad) = (s.name("good"), s.name("bad"));
    ask_create(s, "three and four replicas", &create(vec![topic(&good, 1, 3), topic(&bad, 1, 4)]), 7);
    let name = assigned(s, "grown", &[&[2, 3]], &[]);
    s.ask("by themselves", &grow(&name, 4, None, false), 3);
    s.until_known(&name, 4);
    // The first stands where it was put.
    let first = s.metadata(0, &name).partitions.swap_remove(0);
    let sizes = s.metadata(0, &name).partitions.iter().map(|one| one.replica_nodes.len()).collect::<Vec<_>>();
    s.saw("grown by themselves", &format!("{:?} {sizes:?}", first.replica_nodes));
}

fn as_given(s: &mut Scenario<'_>) {
    s.masks.field("topic_id", "random");
    let cases: &[(&str, Assignments<'_>)] = &[
        ("three of three", &[(0, &[1, 2, 3]), (1, &[2, 3, 1]), (2, &[3, 1, 2])]),
        ("out of order", &[(2, &[3, 1]), (0, &[1, 2]), (1, &[2, 3])]),
        ("all on one", &[(0, &[3]), (1, &[3])]),
        ("the second has fewer", &[(0, &[1, 2]), (1, &[3])]),
        ("the second has more", &[(0, &[1]), (1, &[3, 2])]),
        ("the first of three has fewer", &[(0, &[1]), (1, &[3, 2]), (2, &[3, 2])]),
        ("out of order, with one that has fewer", &[(2, &[1]), (1, &[3, 2]), (0, &[3, 2])]),
        ("a broker twice", &[(0, &[1, 2, 1])]),
        ("a broker twice in the second", &[(0, &[1, 2]), (1, &[3, 3])]),
        ("an unknown broker among others", &[(0, &[1, 9, 2])]),
        ("unknown brokers in the second", &[(0, &[1, 2]), (1, &[9, 8])]),
        ("a broker of no number", &[(0, &[1, -1])]),
        ("no brokers in the second", &[(0, &[1]), (1, &[])]),
        ("a gap", &[(0, &[1, 2]), (2, &[2, 3])]),
        ("not from 0", &[(1, &[1, 2]), (2, &[2, 3])]),
        ("a gap and an unknown broker", &[(0, &[9]), (2, &[2])]),
        ("a partition twice, otherwise", &[(0, &[1, 2]), (0, &[2, 1])]),
        ("four replicas", &[(0, &[1, 2, 3, 4])]),
    ];
    for (label, assignments) in cases {
        let name = s.name("assigned");
        for version in VERSIONS {
            let request = CreateTopicsRequestData {
                validate_only: true,
                ..create(vec![to_be_assigned(&name, assignments)])
            };
            ask_create(s, &format!("{label}, validated only"), &request, version);
        }
        if ask_create(s, label, &create(vec![to_be_assigned(&name, assignments)]), 7) {
            s.until_known(&name, i32::try_from(assignments.len()).expect("few"));
            state(s, label, 2, &name);
        }
    }
}

fn grown_as_given(s: &mut Scenario<'_>) {
    s.masks.field("topic_id", "random");
    let name = assigned(s, "log", &[&[1, 2], &[2, 3]], &[]);
    s.each::<CreatePartitionsRequestData>("faults", |s, version| {
        for (label, assignments) in [
            ("fewer replicas", &[&[1][..]][..]),
            ("more replicas", &[&[1, 2, 3]]),
            ("a broker twice", &[&[3, 3]]),
            ("an unknown broker", &[&[1, 9]]),
            ("no brokers", &[&[]]),
            ("the second has fewer", &[&[1, 2], &[3]]),
            ("the second is unknown", &[&[1, 2], &[3, 9]]),
            ("two good ones, validated only", &[&[1, 2], &[3, 2]]),
        ] {
            let count = 2 + i32::try_from(assignments.len()).expect("few");
            s.ask(label, &grow(&name, count, Some(assignments), true), version);
        }
        s.ask("one for two", &grow(&name, 4, Some(&[&[1, 2]]), false), version);
        s.ask("two for one", &grow(&name, 3, Some(&[&[1, 2], &[2, 3]]), false), version);
    });
    for (broker, count, assignments) in [(1, 3, &[&[3, 1][..]][..]), (2, 5, &[&[1, 3], &[1, 2]])] {
        let label = format!("to {count}, at another broker");
        s.ask_broker(broker, &label, &grow(&name, count, Some(assignments), false), 3);
        s.until_known(&name, count);
        for broker in 0..3 {
            state(s, &label, broker, &name);
        }
    }
}

fn described(
    topics: &[&str],
    limit: i32,
    cursor: Option<Box<describe_topic_partitions_request::Cursor>>,
) -> DescribeTopicPartitionsRequestData {
    DescribeTopicPartitionsRequestData {
        topics: topics
            .iter()
            .map(|name| describe_topic_partitions_request::TopicRequest {
                name: text(name),
                ..describe_topic_partitions_request::TopicRequest::default()
            })
            .collect(),
        response_partition_limit: limit,
        cursor,
        ..DescribeTopicPartitionsRequestData::default()
    }
}

/// Pages through several topics, each page asked of another broker.
fn in_pages(s: &mut Scenario<'_>) {
    let a = assigned(s, "a", &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2]], &[]);
    let b = assigned(s, "b", &[&[3]], &[]);
    let c = assigned(s, "c", &[&[2, 1], &[1, 3], &[3, 2], &[2, 3]], &[]);
    let unknown = s.name("d");
    for limit in [1, 2, 3, 4, 100] {
        let mut cursor = None;
        for page in 1..=20 {
            let request = described(&[&c, &a, &unknown, &b], limit, cursor);
            let answer =
                s.ask_broker(page % 3, &format!("at most {limit}, page {page}"), &request, 0).answer();
            let Some(next) = answer.next_cursor else { break };
            cursor = Some(Box::new(describe_topic_partitions_request::Cursor {
                topic_name: next.topic_name,
                partition_index: next.partition_index,
                ..describe_topic_partitions_request::Cursor::default()
            }));
        }
    }
}

#[test]
fn partitions_are_spread_over_brokers() {
    compare("placement", 3, by_themselves);
}

#[test]
fn partitions_stand_where_they_were_put() {
    compare("placement-as-given", 3, as_given);
}

#[test]
fn new_partitions_stand_where_they_were_put() {
    compare("placement-grown", 3, grown_as_given);
}

#[test]
fn topics_of_three_brokers_in_pages() {
    compare("placement-pages", 3, in_pages);
}
