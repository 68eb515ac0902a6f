//! Metadata, DescribeTopicPartitions and DescribeCluster.

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::wire::Reply;
use tests::conformance::{Scenario, some, text};

use crate::compare_both;

fn by_name(name: &str) -> MetadataRequestTopic {
    MetadataRequestTopic { name: some(name), ..MetadataRequestTopic::default() }
}

fn by_id(topic_id: KafkaUuid) -> MetadataRequestTopic {
    MetadataRequestTopic { name: None, topic_id, ..MetadataRequestTopic::default() }
}

fn of(topics: Vec<MetadataRequestTopic>) -> MetadataRequestData {
    MetadataRequestData {
        topics: Some(topics),
        allow_auto_topic_creation: false,
        ..MetadataRequestData::default()
    }
}

/// A version below 4 can only say that topics may be created.
fn of_at(version: i16, topics: Vec<MetadataRequestTopic>) -> MetadataRequestData {
    MetadataRequestData { allow_auto_topic_creation: version < 4, ..of(topics) }
}

const BAD_NAMES: &[&str] = &["", ".", "..", "a b", "a/b", "ä", "a:b"];

fn topics(s: &mut Scenario<'_>) {
    let (one, two) = (s.topic("one", 1), s.topic("two", 3));
    s.each_ask("a topic", |_, v| of_at(v, vec![by_name(&one)]));
    s.each_ask("two topics, the later first", |_, v| of_at(v, vec![by_name(&two), by_name(&one)]));
    s.each_ask("a topic twice", |_, v| of_at(v, vec![by_name(&one), by_name(&one)]));
    for version in 1..=13 {
        s.ask("no topics", &of_at(version, Vec::new()), version);
    }
    let unknown = s.name("unknown");
    for version in 4..=13 {
        s.ask("an unknown topic", &of(vec![by_name(&unknown)]), version);
    }
    s.ask("an unknown and a known one", &of(vec![by_name(&unknown), by_name(&one)]), 13);
    for name in BAD_NAMES {
        s.ask(&format!("the name {name:?}"), &of(vec![by_name(name)]), 13);
        s.ask(&format!("the name {name:?}"), &of(vec![by_name(name)]), 9);
        let creating = MetadataRequestData { allow_auto_topic_creation: true, ..of(vec![by_name(name)]) };
        s.ask(&format!("the name {name:?}, to be created"), &creating, 13);
    }
    let long = "l".repeat(250);
    s.masks.name(&long, "l×250");
    s.ask("a name of 250 letters", &of(vec![by_name(&long)]), 13);
    s.ask("a name of 249 letters", &of(vec![by_name(&long[1..])]), 13);
    let operations = MetadataRequestData {
        include_topic_authorized_operations: true,
        ..of(vec![by_name(&one), by_name(&unknown)])
    };
    for version in 8..=13 {
        s.ask("with authorized operations", &operations, version);
    }
    let cluster = MetadataRequestData { include_cluster_authorized_operations: true, ..of(vec![]) };
    for version in 8..=10 {
        s.ask("with the cluster's authorized operations", &cluster, version);
    }
    for version in 0..=13 {
        let request = MetadataRequestData { topics: None, ..of(vec![]) };
        if let Reply::Answer { response, .. } = s.quietly(s.home(), &request, version) {
            let names = response.topics.iter().filter_map(|topic| topic.name.as_ref());
            let mine: Vec<_> =
                names.filter(|name| [&one, &two].iter().any(|mine| *mine == name.as_str())).collect();
            s.note(&format!("Metadata v{version} of all => both: {}", mine.len() == 2));
        }
    }
}

fn ids(s: &mut Scenario<'_>) {
    let one = s.topic("one", 1);
    let id = s.topic_id(&one);
    s.masks.line(&format!("{id:?}"));
    let never = KafkaUuid::from_parts(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    for version in 10..=13 {
        s.ask("by id", &of(vec![by_id(id)]), version);
        s.ask("by an unknown id", &of(vec![by_id(never)]), version);
        s.ask("by id zero", &of(vec![by_id(KafkaUuid::ZERO)]), version);
        s.ask("by the metadata topic's id", &of(vec![by_id(KafkaUuid::ONE)]), version);
        s.ask("by id and by unknown id", &of(vec![by_id(never), by_id(id)]), version);
        s.ask("by id and by name", &of(vec![by_id(id), by_name(&one)]), version);
        s.ask("by name and by id", &of(vec![by_name(&one), by_id(id)]), version);
        let both = MetadataRequestTopic { name: some(&one), topic_id: id, ..MetadataRequestTopic::default() };
        s.ask("by both", &of(vec![both]), version);
        let operations =
            MetadataRequestData { include_topic_authorized_operations: true, ..of(vec![by_id(id)]) };
        s.ask("by id with authorized operations", &operations, version);
    }
}

fn auto_creation(s: &mut Scenario<'_>) {
    s.mask_placement();
    s.each::<MetadataRequestData>("a topic that is created by the way", |s, version| {
        let name = s.name("created");
        let request = MetadataRequestData { allow_auto_topic_creation: true, ..of(vec![by_name(&name)]) };
        s.ask("first", &request, version);
        s.until_known(&name, 1);
        s.ask("later", &request, version);
    });
    for name in ["__consumer_offsets_not", "_x"] {
        let name = s.name(name);
        let request = MetadataRequestData { allow_auto_topic_creation: true, ..of(vec![by_name(&name)]) };
        s.ask("a name with underscores", &request, 12);
    }
    let (dotted, bar) = (s.name("col.x"), s.name("col.x").replace('.', "_"));
    let bar = format!("{}{}", &bar[..bar.len() - 10], &dotted[dotted.len() - 10..]);
    s.masks.name(&bar, "col_x");
    let request = MetadataRequestData { allow_auto_topic_creation: true, ..of(vec![by_name(&dotted)]) };
    s.ask("dotted", &request, 12);
    s.until_known(&dotted, 1);
    let request = MetadataRequestData { allow_auto_topic_creation: true, ..of(vec![by_name(&bar)]) };
    s.ask("colliding, first", &request, 12);
    s.ask("colliding, second", &request, 12);
}

fn topic_partitions(s: &mut Scenario<'_>) {
    let (a, b) = (s.topic("a", 3), s.topic("b", 2));
    let unknown = s.name("unknown");
    let topics = |names: &[&str]| -> Vec<describe_topic_partitions_request::TopicRequest> {
        names
            .iter()
            .map(|name| describe_topic_partitions_request::TopicRequest {
                name: text(name),
                ..describe_topic_partitions_request::TopicRequest::default()
            })
            .collect()
    };
    let ask = |names: &[&str], limit: i32, cursor: Option<(&str, i32)>| DescribeTopicPartitionsRequestData {
        topics: topics(names),
        response_partition_limit: limit,
        cursor: cursor.map(|(topic, partition)| {
            Box::new(describe_topic_partitions_request::Cursor {
                topic_name: text(topic),
                partition_index: partition,
                ..describe_topic_partitions_request::Cursor::default()
            })
        }),
        ..DescribeTopicPartitionsRequestData::default()
    };
    s.ask("two topics", &ask(&[&b, &a], 2000, None), 0);
    s.ask("an unknown one", &ask(&[&unknown], 2000, None), 0);
    s.ask("unknown and known", &ask(&[&unknown, &a], 2000, None), 0);
    for name in BAD_NAMES {
        s.ask(&format!("the name {name:?}"), &ask(&[name], 2000, None), 0);
    }
    s.ask("twice the same", &ask(&[&a, &a], 2000, None), 0);
    for limit in [0, -1, 1, 2, 3, 4, 5] {
        s.ask(&format!("at most {limit}"), &ask(&[&a, &b], limit, None), 0);
    }
    s.ask("from partition 1 of a", &ask(&[&a, &b], 2000, Some((&a, 1))), 0);
    s.ask("from partition 1 of a, at most 1", &ask(&[&a, &b], 1, Some((&a, 1))), 0);
    s.ask("from past the end of a", &ask(&[&a, &b], 2000, Some((&a, 3))), 0);
    s.ask("from b", &ask(&[&a, &b], 2000, Some((&b, 0))), 0);
    s.ask("from partition -1", &ask(&[&a, &b], 2000, Some((&a, -1))), 0);
    s.ask("from a topic that is not asked for", &ask(&[&b], 2000, Some((&a, 0))), 0);
    s.ask("from an unknown topic", &ask(&[&a, &b], 2000, Some((&unknown, 0))), 0);
}

fn cluster(s: &mut Scenario<'_>) {
    s.each_ask("brokers", |_, _| DescribeClusterRequestData::default());
    s.each_ask("with authorized operations", |_, _| DescribeClusterRequestData {
        include_cluster_authorized_operations: true,
        ..DescribeClusterRequestData::default()
    });
    for endpoint_type in [2, 0, 3] {
        for version in 1..=2 {
            s.ask(
                &format!("endpoint type {endpoint_type}"),
                &DescribeClusterRequestData { endpoint_type, ..DescribeClusterRequestData::default() },
                version,
            );
        }
    }
    s.ask(
        "with fenced ones",
        &DescribeClusterRequestData { include_fenced_brokers: true, ..DescribeClusterRequestData::default() },
        2,
    );
}

#[test]
fn metadata_of_topics_by_name() {
    compare_both("metadata-names", topics);
}

#[test]
fn metadata_of_topics_by_id() {
    compare_both("metadata-ids", ids);
}

#[test]
fn metadata_creates_topics() {
    compare_both("metadata-auto-creation", auto_creation);
}

#[test]
fn topic_partitions_in_pages() {
    compare_both("describe-topic-partitions", topic_partitions);
}

#[test]
fn the_cluster_is_described() {
    compare_both("describe-cluster", cluster);
}
