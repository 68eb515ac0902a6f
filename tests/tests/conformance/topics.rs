//! CreateTopics, DeleteTopics, CreatePartitions and DeleteRecords.

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::records::Batch;
use tests::conformance::wire::Reply;
use tests::conformance::{Scenario, produce_one, text};

use crate::{compare, compare_both};

pub(crate) fn topic(name: &str, partitions: i32, replication_factor: i16) -> CreatableTopic {
    CreatableTopic {
        name: text(name),
        num_partitions: partitions,
        replication_factor,
        ..CreatableTopic::default()
    }
}

pub(crate) fn create(topics: Vec<CreatableTopic>) -> CreateTopicsRequestData {
    CreateTopicsRequestData { topics, ..CreateTopicsRequestData::default() }
}

fn with_configs(mut topic: CreatableTopic, configs: &[(&str, Option<&str>)]) -> CreatableTopic {
    topic.configs = configs
        .iter()
        .map(|(name, value)| CreatableTopicConfig {
            name: text(name),
            value: value.map(text),
            ..CreatableTopicConfig::default()
        })
        .collect();
    topic
}

/// Partitions and their replicas.
pub(crate) type Assignments<'a> = &'a [(i32, &'a [i32])];

pub(crate) fn assigned(name: &str, assignments: Assignments<'_>) -> CreatableTopic {
    let mut topic = topic(name, -1, -1);
    topic.assignments = assignments
        .iter()
        .map(|(partition, brokers)| CreatableReplicaAssignment {
            partition_index: *partition,
            broker_ids: brokers.to_vec(),
            ..CreatableReplicaAssignment::default()
        })
        .collect();
    topic
}

/// Asks for topics, and says whether the first was made. Of the answer's configs, of which there are many and which
/// DescribeConfigs is for, only those are recorded that were given.
pub(crate) fn ask_create(
    s: &mut Scenario<'_>,
    label: &str,
    request: &CreateTopicsRequestData,
    version: i16,
) -> bool {
    let mut reply = s.quietly(s.home(), request, version);
    let mut is_made = false;
    if let Reply::Answer { response, .. } = &mut reply {
        is_made = response.topics.first().is_some_and(|topic| topic.error_code == 0);
        for topic in &mut response.topics {
            if let Some(configs) = &mut topic.configs {
                configs.retain(|config| config.config_source != 5);
            }
        }
        // A Java hash map's order.
        response.topics.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    }
    s.record::<CreateTopicsRequestData>(label, version, &reply);
    is_made
}

fn creating(s: &mut Scenario<'_>) {
    s.each::<CreateTopicsRequestData>("one", |s, version| {
        let name = s.name("made");
        ask_create(s, "new", &create(vec![topic(&name, 2, 1)]), version);
        ask_create(s, "again", &create(vec![topic(&name, 2, 1)]), version);
        let name = s.name("tried");
        let request = CreateTopicsRequestData { validate_only: true, ..create(vec![topic(&name, 2, 1)]) };
        ask_create(s, "validated only", &request, version);
        ask_create(s, "validated again", &request, version);
        let name = s.name("defaults");
        ask_create(s, "with defaults", &create(vec![topic(&name, -1, -1)]), version);
        let name = s.name("configured");
        let request = create(vec![with_configs(
            topic(&name, 1, 1),
            &[("cleanup.policy", Some("compact")), ("segment.bytes", Some("2000000"))],
        )]);
        ask_create(s, "with configs", &request, version);
        ask_create(s, "no topics", &create(vec![]), version);
    });
    for (partitions, replicas) in [
        (0, 1),
        (-2, 1),
        (1, 0),
        (1, -2),
        (1, 2),
        (1, 3),
        (1, 32767),
        (-1, 1),
        (1, -1),
        (0, 0),
        (0, 5),
        (20_000, 1),
    ] {
        let name = s.name("counted");
        let request = CreateTopicsRequestData {
            validate_only: true,
            ..create(vec![topic(&name, partitions, replicas)])
        };
        ask_create(s, &format!("{partitions} partitions, {replicas} replicas"), &request, 7);
    }
    for name in ["", ".", "..", "a b", "a/b", "ä", "a\u{0}b", "__cluster_metadata", "a:b"] {
        ask_create(s, &format!("the name {name:?}"), &create(vec![topic(name, 1, 1)]), 7);
    }
    let long = "l".repeat(250);
    s.masks.name(&long, "l×250");
    ask_create(s, "a name of 250 letters", &create(vec![topic(&long, 1, 1)]), 7);
}

fn at_once(s: &mut Scenario<'_>) {
    let (one, two, three) = (s.name("one"), s.name("two"), s.name("three"));
    let request = create(vec![topic(&one, 1, 1), topic(&two, 0, 1), topic(&three, 1, 9)]);
    ask_create(s, "one good, two bad", &request, 7);
    let (twice, other) = (s.name("twice"), s.name("other"));
    let request = create(vec![topic(&twice, 1, 1), topic(&other, 1, 1), topic(&twice, 2, 1)]);
    ask_create(s, "a name twice", &request, 7);
    let dotted = s.name("d.x");
    let number = &dotted[3..];
    let (barred, mixed) = (format!("d_x{number}"), format!("d.x{number}.y"));
    s.masks.name(&barred, "d_x");
    s.masks.name(&mixed, "d.x.y");
    ask_create(s, "dotted", &create(vec![topic(&dotted, 1, 1)]), 7);
    ask_create(s, "underscored", &create(vec![topic(&barred, 1, 1)]), 7);
    ask_create(s, "longer", &create(vec![topic(&mixed, 1, 1)]), 7);
    let e = s.name("e.x");
    let f = format!("e_x{}", &e[3..]);
    s.masks.name(&f, "e_x");
    ask_create(s, "colliding at once", &create(vec![topic(&e, 1, 1), topic(&f, 1, 1)]), 7);
}

fn assigning(s: &mut Scenario<'_>) {
    let cases: &[(&str, Assignments<'_>)] = &[
        ("good", &[(0, &[1]), (1, &[1])]),
        ("out of order", &[(1, &[1]), (0, &[1])]),
        ("not from 0", &[(1, &[1]), (2, &[1])]),
        ("with a gap", &[(0, &[1]), (2, &[1])]),
        ("negative", &[(-1, &[1])]),
        ("twice", &[(0, &[1]), (0, &[1])]),
        ("no brokers", &[(0, &[])]),
        ("unknown broker", &[(0, &[9])]),
        ("a broker twice", &[(0, &[1, 1])]),
        ("negative broker", &[(0, &[-1])]),
        ("of different sizes", &[(0, &[1]), (1, &[1, 9])]),
    ];
    for (label, assignments) in cases {
        let name = s.name("assigned");
        ask_create(s, label, &create(vec![assigned(&name, assignments)]), 7);
    }
    let name = s.name("assigned");
    let mut both = assigned(&name, &[(0, &[1])]);
    both.num_partitions = 1;
    ask_create(s, "with a count of partitions", &create(vec![both.clone()]), 7);
    both.num_partitions = -1;
    both.replication_factor = 1;
    ask_create(s, "with a replication factor", &create(vec![both]), 7);
}

fn configuring(s: &mut Scenario<'_>) {
    let cases: &[(&str, Option<&str>)] = &[
        ("no.such.config", Some("1")),
        ("segment.bytes", Some("1")),
        ("segment.bytes", Some("1048576")),
        ("segment.bytes", Some("many")),
        ("segment.bytes", None),
        ("segment.bytes", Some("")),
        ("segment.bytes", Some("3000000000")),
        ("retention.ms", Some("-2")),
        ("retention.ms", Some("-1")),
        ("retention.bytes", Some("-1")),
        ("retention.bytes", Some("-5")),
        ("cleanup.policy", Some("shred")),
        ("cleanup.policy", Some("compact,delete")),
        ("cleanup.policy", Some("delete,compact")),
        ("cleanup.policy", Some("")),
        ("cleanup.policy", Some("compact,compact")),
        ("min.insync.replicas", Some("0")),
        ("min.insync.replicas", Some("5")),
        ("compression.type", Some("zip")),
        ("compression.type", Some("gzip")),
        ("compression.gzip.level", Some("11")),
        ("message.timestamp.type", Some("Now")),
        ("message.timestamp.type", Some("LogAppendTime")),
        ("unclean.leader.election.enable", Some("maybe")),
        ("unclean.leader.election.enable", Some("TRUE")),
        ("max.message.bytes", Some("-1")),
        ("max.message.bytes", Some("0")),
        ("min.cleanable.dirty.ratio", Some("1.5")),
        ("remote.storage.enable", Some("true")),
        ("remote.storage.enable", Some("false")),
        ("local.retention.ms", Some("100")),
        ("local.retention.ms", Some("9999999999999")),
        ("leader.replication.throttled.replicas", Some("x")),
        ("leader.replication.throttled.replicas", Some("*")),
        ("leader.replication.throttled.replicas", Some("0:1")),
        ("segment.ms", Some("0")),
        ("segment.ms", Some("1")),
        ("index.interval.bytes", Some("-1")),
        ("preallocate", Some("true")),
        ("message.format.version", Some("2.8")),
        ("message.downconversion.enable", Some("false")),
        ("flush.messages", Some("0")),
        ("min.compaction.lag.ms", Some("100")),
        ("max.compaction.lag.ms", Some("0")),
        ("segment.index.bytes", Some("3")),
        ("delete.retention.ms", Some("-1")),
        ("message.timestamp.before.max.ms", Some("-1")),
        ("message.timestamp.after.max.ms", Some("-1")),
    ];
    for (config, value) in cases {
        let name = s.name("configured");
        let request = create(vec![with_configs(topic(&name, 1, 1), &[(config, *value)])]);
        ask_create(s, &format!("{config}={value:?}"), &request, 7);
    }
    let name = s.name("configured");
    let lag = with_configs(
        topic(&name, 1, 1),
        &[("min.compaction.lag.ms", Some("100")), ("max.compaction.lag.ms", Some("50"))],
    );
    ask_create(s, "compaction lags that don't agree", &create(vec![lag]), 7);
    let name = s.name("configured");
    let twice = with_configs(topic(&name, 1, 1), &[("retention.ms", Some("1")), ("retention.ms", Some("2"))]);
    ask_create(s, "a config twice", &create(vec![twice]), 7);
}

/// How a topic is named in this version.
fn doomed(name: &str, version: i16) -> DeleteTopicsRequestData {
    if version < 6 {
        DeleteTopicsRequestData {
            topic_names: vec![text(name)],
            timeout_ms: 10_000,
            ..DeleteTopicsRequestData::default()
        }
    } else {
        DeleteTopicsRequestData {
            topics: vec![DeleteTopicState { name: Some(text(name)), ..DeleteTopicState::default() }],
            timeout_ms: 10_000,
            ..DeleteTopicsRequestData::default()
        }
    }
}

fn deleting(s: &mut Scenario<'_>) {
    s.each::<DeleteTopicsRequestData>("by name", |s, version| {
        let name = s.topic("doomed", 1);
        s.ask("known", &doomed(&name, version), version);
        s.until_unknown(&name);
        s.ask("known no more", &doomed(&name, version), version);
        s.ask("an invalid name", &doomed("a b", version), version);
        s.ask("none", &DeleteTopicsRequestData::default(), version);
    });
    let by_id = |topic_id: KafkaUuid, name: Option<&str>| DeleteTopicsRequestData {
        topics: vec![DeleteTopicState { name: name.map(text), topic_id, ..DeleteTopicState::default() }],
        timeout_ms: 10_000,
        ..DeleteTopicsRequestData::default()
    };
    let name = s.topic("by-id", 1);
    let id = s.topic_id(&name);
    let never = KafkaUuid::from_parts(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    s.ask("by an unknown id", &by_id(never, None), 6);
    s.ask("by neither", &by_id(KafkaUuid::ZERO, None), 6);
    s.ask("by both", &by_id(id, Some(&name)), 6);
    s.ask("by id", &by_id(id, None), 6);
    s.until_unknown(&name);
    s.ask("by the id of a topic that is gone", &by_id(id, None), 6);
    let name = s.topic("twice", 1);
    let twice = DeleteTopicsRequestData {
        topic_names: vec![text(&name), text(&name)],
        timeout_ms: 10_000,
        ..DeleteTopicsRequestData::default()
    };
    s.ask("a name twice", &twice, 5);
    let id = s.topic_id(&name);
    let state = |name: Option<&str>, topic_id| DeleteTopicState {
        name: name.map(text),
        topic_id,
        ..DeleteTopicState::default()
    };
    let both = DeleteTopicsRequestData {
        topics: vec![state(Some(&name), KafkaUuid::ZERO), state(None, id)],
        timeout_ms: 10_000,
        ..DeleteTopicsRequestData::default()
    };
    s.ask("by name and by id at once", &both, 6);
}

/// Asks for partitions up to `count`, the new ones with these replicas.
pub(crate) fn grow(
    name: &str,
    count: i32,
    assignments: Option<&[&[i32]]>,
    validate_only: bool,
) -> CreatePartitionsRequestData {
    let assignment = |brokers: &&[i32]| CreatePartitionsAssignment {
        broker_ids: brokers.to_vec(),
        ..CreatePartitionsAssignment::default()
    };
    CreatePartitionsRequestData {
        topics: vec![CreatePartitionsTopic {
            name: text(name),
            count,
            assignments: assignments.map(|all| all.iter().map(assignment).collect()),
            ..CreatePartitionsTopic::default()
        }],
        timeout_ms: 10_000,
        validate_only,
        ..CreatePartitionsRequestData::default()
    }
}

fn growing(s: &mut Scenario<'_>) {
    let name = s.topic("grown", 2);
    let unknown = s.name("unknown");
    s.each::<CreatePartitionsRequestData>("faults", |s, version| {
        for count in [2, 1, 0, -1] {
            s.ask(&format!("to {count}"), &grow(&name, count, None, false), version);
        }
        s.ask("an unknown topic", &grow(&unknown, 3, None, false), version);
        s.ask("an invalid name", &grow("a b", 3, None, false), version);
        s.ask("too many assignments", &grow(&name, 3, Some(&[&[1], &[1]]), false), version);
        s.ask("too few assignments", &grow(&name, 4, Some(&[&[1]]), false), version);
        s.ask("an empty list of assignments", &grow(&name, 4, Some(&[]), false), version);
        s.ask("no brokers", &grow(&name, 3, Some(&[&[]]), false), version);
        s.ask("an unknown broker", &grow(&name, 3, Some(&[&[9]]), false), version);
        s.ask("a broker twice", &grow(&name, 3, Some(&[&[1, 1]]), false), version);
        s.ask("validated only", &grow(&name, 3, None, true), version);
        s.ask("no topics", &CreatePartitionsRequestData::default(), version);
    });
    s.each::<CreatePartitionsRequestData>("growth", |s, version| {
        let name = s.topic("growing", 1);
        s.ask("to 2", &grow(&name, 2, None, false), version);
        s.until_known(&name, 2);
        let like_the_first = s.metadata(s.home(), &name).partitions.swap_remove(0).replica_nodes;
        s.ask("to 3, assigned", &grow(&name, 3, Some(&[&like_the_first]), false), version);
        s.until_known(&name, 3);
    });
    let mut twice = grow(&name, 3, None, false);
    twice.topics.push(CreatePartitionsTopic { count: 4, ..twice.topics[0].clone() });
    s.ask("a name twice", &twice, 3);
}

fn deleting_records(s: &mut Scenario<'_>) {
    let delete = |topic: &str, partition: i32, offset: i64| DeleteRecordsRequestData {
        topics: vec![DeleteRecordsTopic {
            name: text(topic),
            partitions: vec![DeleteRecordsPartition {
                partition_index: partition,
                offset,
                ..DeleteRecordsPartition::default()
            }],
            ..DeleteRecordsTopic::default()
        }],
        timeout_ms: 10_000,
        ..DeleteRecordsRequestData::default()
    };
    let unknown = s.name("unknown");
    s.each::<DeleteRecordsRequestData>("", |s, version| {
        let name = s.topic("log", 1);
        s.ask("of an empty log, to its end", &delete(&name, 0, -1), version);
        for _ in 0..5 {
            produce_one(s, &name, 0, &Batch::of(&["a", "b"]));
        }
        s.ask("to 0", &delete(&name, 0, 0), version);
        s.ask("to 3, within a batch", &delete(&name, 0, 3), version);
        s.ask("to 2, before the start", &delete(&name, 0, 2), version);
        s.ask("past the end", &delete(&name, 0, 11), version);
        s.ask("to -2", &delete(&name, 0, -2), version);
        s.ask("to 10, the end", &delete(&name, 0, 10), version);
        s.ask("to the end again", &delete(&name, 0, -1), version);
        s.ask("of a partition that is not", &delete(&name, 1, 0), version);
        s.ask("of partition -1", &delete(&name, -1, 0), version);
        s.ask("of an unknown topic", &delete(&unknown, 0, 0), version);
        s.ask("of an invalid name", &delete("a b", 0, 0), version);
        s.ask("of nothing", &DeleteRecordsRequestData::default(), version);
    });
    for policy in ["compact", "compact,delete"] {
        let name = s.topic_with("compacted", 1, &[("cleanup.policy", policy)]);
        produce_one(s, &name, 0, &Batch::default());
        s.ask(&format!("with cleanup.policy={policy}"), &delete(&name, 0, 1), 2);
    }
}

#[test]
fn topics_are_created() {
    compare_both("create-topics", creating);
}

#[test]
fn several_topics_are_created_at_once() {
    compare_both("create-topics-at-once", at_once);
}

#[test]
fn topics_are_created_with_assignments() {
    compare_both("create-topics-assigned", assigning);
}

#[test]
fn topics_are_created_with_configs() {
    compare("create-topics-configs", 1, configuring);
}

#[test]
fn topics_are_deleted() {
    compare_both("delete-topics", deleting);
}

#[test]
fn partitions_are_added() {
    compare_both("create-partitions", growing);
}

#[test]
fn records_are_deleted() {
    compare_both("delete-records", deleting_records);
}
