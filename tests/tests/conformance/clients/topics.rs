//! The life of a topic, by every call of the admin client.

use rdkafka::Offset;
use rdkafka::admin::{AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::Consumer as _;
use tests::conformance::Scenario;

use super::PATIENCE;
use super::admin::Admin;
use super::consumer::{assign, code, read, reader, to_the_end, watermarks};
use super::producer::{Record, quietly_produce};
use crate::compare;

/// Deletes a topic and makes it again, with this many partitions.
pub(super) fn make_again(s: &mut Scenario<'_>, topic: &str, partitions: i32) {
    let admin = Admin::new(s);
    admin.delete_topics(s, "", &[topic]);
    s.until_unknown(topic);
    admin.create_topics(s, "again", &[NewTopic::new(topic, partitions, TopicReplication::Fixed(1))]);
    s.until_known(topic, partitions);
    s.until_served(topic);
}

/// Records what a client hears about a topic.
fn metadata(s: &mut Scenario<'_>, label: &str, topic: &str) {
    let client = reader(s, &[]);
    let outcome = match client.fetch_metadata(Some(topic), PATIENCE) {
        Err(error) => code(&error),
        Ok(metadata) => {
            let topic = &metadata.topics()[0];
            let partitions = topic.partitions().iter().map(|partition| {
                let error = partition.error().map(rdkafka::types::RDKafkaErrorCode::from);
                let (replicas, isr) = (partition.replicas(), partition.isr());
                format!(
                    "{}: leader {} of {replicas:?}, in sync {isr:?}, {error:?}",
                    partition.id(),
                    partition.leader()
                )
            });
            let partitions: Vec<_> = partitions.collect();
            let error = topic.error().map(rdkafka::types::RDKafkaErrorCode::from);
            format!("{error:?} {}", partitions.join("; "))
        }
    };
    s.saw(&format!("metadata {label}"), &outcome);
}

fn made_and_deleted(s: &mut Scenario<'_>) {
    let admin = Admin::new(s);
    let too_long = "x".repeat(250);
    let fixed =
        |name, partitions, replicas| NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
    let names: Vec<_> =
        ["plain", "assigned", "by-default", "with-configs", "never"].map(|name| s.name(name)).into();
    let [plain, assigned, by_default, with_configs, never] = &names[..] else { panic!("five names") };
    let checking = Admin::new(s).only_checking();
    checking.create_topics(s, "only checked", &[fixed(plain, 2, 1), fixed("a b", 1, 1)]);
    metadata(s, "of what was only checked", plain);
    admin.create_topics(s, "", &[fixed(plain, 2, 1)]);
    s.until_known(plain, 2);
    metadata(s, "of a new topic", plain);
    admin.create_topics(s, "that is there", &[fixed(plain, 2, 1)]);
    checking.create_topics(s, "that is there, only checked", &[fixed(plain, 2, 1)]);
    let replicas: &[&[i32]] = &[&[1], &[1], &[1]];
    admin.create_topics(
        s,
        "with replicas",
        &[NewTopic::new(assigned, 3, TopicReplication::Variable(replicas))],
    );
    admin.create_topics(s, "by default", &[fixed(by_default, -1, -1)]);
    let configs = [("retention.ms", "1000"), ("cleanup.policy", "compact"), ("max.message.bytes", "2000")];
    let configured =
        configs.iter().fold(fixed(with_configs, 1, 1), |topic, (name, value)| topic.set(name, value));
    admin.create_topics(s, "with configs", &[configured]);
    for (topic, partitions) in [(assigned, 3), (by_default, 1), (with_configs, 1)] {
        s.until_known(topic, partitions);
        metadata(s, "", topic);
    }
    let is_changed = |entry: &rdkafka::admin::ConfigEntry| !entry.is_default;
    admin.describe_configs(s, "that are set", &ResourceSpecifier::Topic(with_configs), is_changed);

    admin.create_topics(s, "of too many replicas", &[fixed(never, 1, 2)]);
    admin.create_topics(s, "of no partitions", &[fixed(never, 0, 1)]);
    let unknown: &[&[i32]] = &[&[7]];
    admin.create_topics(s, "on nobody", &[NewTopic::new(never, 1, TopicReplication::Variable(unknown))]);
    let twice: &[&[i32]] = &[&[1, 1]];
    admin.create_topics(s, "on one twice", &[NewTopic::new(never, 1, TopicReplication::Variable(twice))]);
    for (name, value) in [("nonsense", "1"), ("retention.ms", "long"), ("segment.bytes", "1")] {
        admin.create_topics(s, &format!("with {name}={value}"), &[fixed(never, 1, 1).set(name, value)]);
    }
    for name in [".", "a/b", "__cluster_metadata", &too_long] {
        admin.create_topics(s, &format!("named {name}"), &[fixed(name, 1, 1)]);
    }
    admin.create_topics(
        s,
        "good and bad at once",
        &[fixed(never, 1, 1), fixed(plain, 1, 1), fixed("a b", 1, 1)],
    );
    metadata(s, "of the good one", never);

    admin.delete_topics(s, "one", &[plain]);
    s.until_unknown(plain);
    metadata(s, "of what is gone", plain);
    admin.delete_topics(s, "again", &[plain]);
    admin.delete_topics(s, "several", &[assigned, by_default, "nowhere", "a b"]);
    s.until_unknown(assigned);
    read(s, "what is gone", assigned, 0, Offset::Beginning, &[]);
}

fn partitions(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 2);
    let admin = Admin::new(s);
    let checking = Admin::new(s).only_checking();
    checking.create_partitions(s, "only checked", &[NewPartitions::new(&topic, 4)]);
    metadata(s, "of what was only checked", &topic);
    admin.create_partitions(s, "up to four", &[NewPartitions::new(&topic, 4)]);
    s.until_known(&topic, 4);
    s.until_served(&topic);
    metadata(s, "of four", &topic);
    quietly_produce(s, &topic, &[], &[Record::to(3, "x")]);
    read(s, "a new partition", &topic, 3, Offset::Beginning, &[]);
    for count in [4, 3, 1] {
        admin.create_partitions(s, &format!("up to {count} of four"), &[NewPartitions::new(&topic, count)]);
    }
    admin.create_partitions(s, "of nothing", &[NewPartitions::new("nowhere", 4)]);
    for (label, replicas) in
        [("on one", &[&[1][..]][..]), ("on nobody", &[&[7]]), ("on one for two", &[&[1], &[1]])]
    {
        admin.create_partitions(s, label, &[NewPartitions::new(&topic, 5).assign(replicas)]);
    }
    s.until_known(&topic, 5);
    metadata(s, "at last", &topic);
}

fn configs(s: &mut Scenario<'_>) {
    let topic = s.topic_with("log", 1, &[("retention.ms", "5000")]);
    let admin = Admin::new(s);
    let all = |_: &rdkafka::admin::ConfigEntry| true;
    let changed = |entry: &rdkafka::admin::ConfigEntry| !entry.is_default;
    let resource = ResourceSpecifier::Topic(&topic);
    admin.describe_configs(s, "of a topic", &resource, all);
    let alter = || AlterConfig::new(ResourceSpecifier::Topic(&topic));
    admin.alter_configs(s, "set", &alter().set("max.message.bytes", "300").set("min.insync.replicas", "1"));
    admin.describe_configs(s, "of a topic, altered", &resource, changed);
    // AlterConfigs replaces all that was set: retention.ms is as by default again.
    admin.alter_configs(s, "another", &alter().set("cleanup.policy", "compact,delete"));
    admin.describe_configs(s, "of a topic, altered again", &resource, changed);
    let checking = Admin::new(s).only_checking();
    checking.alter_configs(s, "only checked", &alter().set("retention.ms", "1"));
    checking.alter_configs(s, "bad, only checked", &alter().set("retention.ms", "never"));
    for (name, value) in
        [("nonsense", "1"), ("retention.ms", ""), ("cleanup.policy", "burn"), ("segment.ms", "0")]
    {
        admin.alter_configs(s, &format!("{name}={value}"), &alter().set(name, value));
    }
    admin.describe_configs(s, "of a topic, after faults", &resource, changed);
    admin.alter_configs(s, "none", &alter());
    admin.describe_configs(s, "of a topic, reset", &resource, changed);
    let nowhere = ResourceSpecifier::Topic("nowhere");
    admin.describe_configs(s, "of nothing", &nowhere, all);
    admin.alter_configs(s, "of nothing", &AlterConfig::new(nowhere).set("retention.ms", "1"));

    let shown = ["auto.create.topics.enable", "log.cleaner.threads", "message.max.bytes", "node.id"];
    let broker = ResourceSpecifier::Broker(1);
    admin.describe_configs(s, "of a broker", &broker, |entry| shown.contains(&entry.name.as_str()));
    admin.describe_configs(s, "of a group", &ResourceSpecifier::Group("nobody"), all);
    let read_only = AlterConfig::new(ResourceSpecifier::Broker(1)).set("node.id", "3");
    admin.alter_configs(s, "read-only", &read_only);
}

/// A consumer whose topic is deleted, and made again, below it.
fn below_a_consumer(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 1);
    quietly_produce(s, &topic, &[], &[Record::to(0, "a"), Record::to(0, "b")]);
    let consumer = reader(s, &[("auto.offset.reset", "earliest")]);
    assign(&consumer, &topic, 0, Offset::Beginning);
    let seen = to_the_end(&consumer);
    s.saw("before", &seen.join(", "));
    make_again(s, &topic, 1);
    quietly_produce(s, &topic, &[], &[Record::to(0, "c")]);
    read(s, "the new one", &topic, 0, Offset::Beginning, &[]);
    watermarks(s, "of the new one", &topic, 0);
}

#[test]
fn topics_are_made_and_deleted_by_the_admin_client() {
    compare("clients-topics", 1, made_and_deleted);
}

#[test]
fn partitions_are_added_by_the_admin_client() {
    compare("clients-partitions", 1, partitions);
}

#[test]
fn configs_are_altered_by_the_admin_client() {
    compare("clients-configs", 1, configs);
}

#[test]
fn a_topic_made_again_begins_anew() {
    compare("clients-new-topic", 1, below_a_consumer);
}
