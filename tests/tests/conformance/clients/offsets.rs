//! Offsets that consumers commit, fetch, reset and delete.

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};
use tests::conformance::Scenario;

use super::PATIENCE;
use super::admin::Admin;
use super::consumer::{code, read_by, reader};
use super::members::Group;
use super::producer::{Record, quietly_produce};
use crate::compare;

/// A list of partitions of a topic with an offset and metadata each.
pub(super) fn list(topic: &str, offsets: &[(i32, Offset, &str)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (partition, offset, metadata) in offsets {
        let mut one = list.add_partition(topic, *partition);
        one.set_offset(*offset).expect("an offset");
        one.set_metadata(*metadata);
    }
    list
}

/// Records what comes of a commit.
pub(super) fn commit<C: ConsumerContext>(
    s: &mut Scenario<'_>,
    label: &str,
    consumer: &BaseConsumer<C>,
    offsets: &TopicPartitionList,
) {
    let outcome = match consumer.commit(offsets, CommitMode::Sync) {
        Ok(()) => "done".to_owned(),
        Err(error) => code(&error),
    };
    s.saw(&format!("commit {label}"), &outcome);
}

/// Records what is committed for the four partitions of a topic.
pub(super) fn committed<C: ConsumerContext>(
    s: &mut Scenario<'_>,
    label: &str,
    consumer: &BaseConsumer<C>,
    topic: &str,
) {
    let mut asked = TopicPartitionList::new();
    asked.add_partition_range(topic, 0, 3);
    let outcome = match consumer.committed_offsets(asked, PATIENCE) {
        Ok(found) => found
            .elements()
            .iter()
            .map(|one| {
                let error = one.error().err().map(|error| format!(" {}", code(&error))).unwrap_or_default();
                format!("{}: {:?} {:?}{error}", one.partition(), one.offset(), one.metadata())
            })
            .collect::<Vec<_>>()
            .join(", "),
        Err(error) => code(&error),
    };
    s.saw(&format!("committed {label}"), &outcome);
}

/// Committed by whom no one assigned anything: so do tools that reset a group.
fn by_hand(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 4);
    let records: Vec<_> = ["a", "b", "c", "d"].iter().map(|value| Record::to(0, value)).collect();
    quietly_produce(s, &topic, &[], &records);
    let group = s.name("group");
    s.coordinator(&group);
    let consumer = reader(s, &[("group.id", &group), ("auto.offset.reset", "error")]);
    committed(s, "before any", &consumer, &topic);
    read_by(&consumer, s, "from nothing committed", &topic, 0, Offset::Stored);
    commit(s, "one", &consumer, &list(&topic, &[(0, Offset::Offset(2), "")]));
    commit(
        s,
        "several",
        &consumer,
        &list(&topic, &[(1, Offset::Offset(0), "why"), (2, Offset::Offset(99), "")]),
    );
    committed(s, "then", &consumer, &topic);
    read_by(&consumer, s, "from what is committed", &topic, 0, Offset::Stored);
    read_by(&consumer, s, "from what is committed past the end", &topic, 2, Offset::Stored);
    commit(s, "back", &consumer, &list(&topic, &[(0, Offset::Offset(0), "back")]));
    let long = "x".repeat(5000);
    commit(s, "with long metadata", &consumer, &list(&topic, &[(0, Offset::Offset(1), &long)]));
    let most = "x".repeat(4096);
    commit(s, "with the longest metadata", &consumer, &list(&topic, &[(3, Offset::Offset(1), &most)]));
    commit(s, "of a partition that isn't there", &consumer, &list(&topic, &[(9, Offset::Offset(1), "")]));
    commit(s, "of a topic that isn't there", &consumer, &list("nowhere", &[(0, Offset::Offset(1), "")]));
    let mixed = list(&topic, &[(0, Offset::Offset(3), ""), (9, Offset::Offset(1), "")]);
    commit(s, "good and bad at once", &consumer, &mixed);
    committed(s, "at last", &consumer, &topic);
    let admin = Admin::new(s);
    admin.delete_groups(s, "with offsets", &[&group]);
    committed(s, "of a deleted group", &consumer, &topic);
    commit(s, "to a deleted group", &consumer, &list(&topic, &[(0, Offset::Offset(2), "")]));
    committed(s, "of a group that is there again", &consumer, &topic);
    // The topic's offsets go with it.
    super::topics::make_again(s, &topic, 4);
    committed(s, "of a topic that is there again", &consumer, &topic);
}

/// Commits of members, and of those who are none or no longer.
fn by_members(s: &mut Scenario<'_>) {
    let mut group = Group::new(s, "group", &[("partition.assignment.strategy", "range")]);
    let topic = group.topic.clone();
    let records: Vec<_> =
        (0..4).flat_map(|partition| ["a", "b", "c"].map(|value| Record::to(partition, value))).collect();
    quietly_produce(s, &topic, &[], &records);
    let outsider = reader(s, &[("group.id", &group.id)]);
    // Hanging, it is gone after this: time enough for a commit before.
    group.join(s, "m1", &[("session.timeout.ms", "6000"), ("max.poll.interval.ms", "15000")]);
    group.settle(s, "one");
    commit(s, "by a member", group.member("m1"), &list(&topic, &[(0, Offset::Offset(1), "m1")]));
    commit(s, "by an outsider", &outsider, &list(&topic, &[(0, Offset::Offset(3), "outsider")]));
    committed(s, "to a member", group.member("m1"), &topic);
    committed(s, "to an outsider", &outsider, &topic);
    let admin = Admin::new(s);
    admin.delete_groups(s, "with a member", &[&group.id]);
    // Rebalances wait for the slowest: the first, when it hangs, is gone by then.
    group.join(s, "m2", &[]);
    group.settle(s, "two");
    commit(s, "of another's partition", group.member("m1"), &list(&topic, &[(3, Offset::Offset(1), "m1")]));
    committed(s, "of another's partition", group.member("m2"), &topic);

    // While a rebalance waits for the first, it may still commit; when it has hung for too long, it is none any more.
    group.hang("m1", true);
    group.join(s, "m3", &[]);
    group.poll_until("a rebalance begins", |group| group.state() == "PreparingRebalance");
    commit(s, "during a rebalance", group.member("m1"), &list(&topic, &[(0, Offset::Offset(2), "late")]));
    group.poll_until("the others go on", |group| {
        group.state() == "Stable" && group.describe().matches(" has ").count() == 2
    });
    commit(
        s,
        "after the rebalance",
        group.member("m1"),
        &list(&topic, &[(0, Offset::Offset(3), "too late")]),
    );
    committed(s, "after the rebalance", &outsider, &topic);
    group.hang("m1", false);
    group.settle(s, "the first is back");
    commit(s, "by the first again", group.member("m1"), &list(&topic, &[(0, Offset::Offset(3), "again")]));
    for name in ["m1", "m2", "m3"] {
        group.leave(name);
    }
    group.settle(s, "empty");
    commit(
        s,
        "by an outsider to an empty group",
        &outsider,
        &list(&topic, &[(0, Offset::Offset(0), "reset")]),
    );
    committed(s, "at last", &outsider, &topic);
    admin.delete_groups(s, "at last", &[&group.id]);
}

/// Who takes a partition over goes on where its owner left it.
fn taken_over(s: &mut Scenario<'_>) {
    let auto = [("enable.auto.commit", "true"), ("auto.commit.interval.ms", "60000")];
    let mut group = Group::new(s, "group", &auto);
    let topic = group.topic.clone();
    let records: Vec<_> =
        (0..4).flat_map(|partition| ["a", "b", "c"].map(|value| Record::to(partition, value))).collect();
    quietly_produce(s, &topic, &[], &records);
    group.join(s, "m1", &[]);
    group.poll_until("all is read", |group| group.read_by("m1") == 12);
    let outsider = reader(s, &[("group.id", &group.id)]);
    group.leave("m1");
    committed(s, "when the first has left", &outsider, &topic);
    quietly_produce(s, &topic, &[], &[Record::to(0, "d"), Record::to(2, "e")]);
    group.join(s, "m2", &[]);
    group.poll_until("the rest is read", |group| group.read_by("m2") == 2);
    group.leave("m2");
    committed(s, "when the second has left", &outsider, &topic);
}

#[test]
fn offsets_are_kept_for_a_group_without_members() {
    compare("clients-commits", 1, by_hand);
}

#[test]
fn offsets_are_kept_by_one_of_three_brokers() {
    compare("clients-commits-3", 3, by_hand);
}

#[test]
fn who_takes_over_on_three_brokers_goes_on_where_the_last_one_left() {
    compare("clients-taken-over-3", 3, taken_over);
}

#[test]
fn members_commit_and_others_do_not() {
    compare("clients-member-commits", 1, by_members);
}

#[test]
fn who_takes_over_goes_on_where_the_last_one_left() {
    compare("clients-taken-over", 1, taken_over);
}
