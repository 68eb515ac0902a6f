//! Committed offsets, and what administrators do with groups.

use kacrab_protocol::KafkaUuid;
use kacrab_protocol::generated::*;
use tests::conformance::records::Batch;
use tests::conformance::wire::Reply;
use tests::conformance::{Scenario, produce_one, some, text};

use crate::compare_both;
use crate::members::*;

/// Asks for one partition's offset, or with `None` for all, as the version says it.
pub(crate) fn offsets_of(
    version: i16,
    group: &str,
    topic: Option<(&str, KafkaUuid, i32)>,
) -> OffsetFetchRequestData {
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
    let free = s.group("free");
    // The group without a name has a coordinator as others have, wherever that is.
    let nameless = s.coordinator("");
    let at = |offset: i64| vec![commit_topic(&topic, id, 0, offset)];
    s.each::<OffsetCommitRequestData>("", |s, version| {
        s.ask("without a group", &commit(&free, -1, "", at(5)), version);
        s.ask("past the end", &commit(&free, -1, "", at(5_000)), version);
        s.ask("offset -1", &commit(&free, -1, "", at(-1)), version);
        s.ask("offset -2", &commit(&free, -1, "", at(-2)), version);
        s.ask("partition 7", &commit(&free, -1, "", vec![commit_topic(&topic, id, 7, 1)]), version);
        s.ask("an unknown topic", &commit(&free, -1, "", vec![commit_topic(&unknown, never, 0, 1)]), version);
        s.ask("no topics", &commit(&free, -1, "", vec![]), version);
        s.ask_broker(nameless, "an empty group", &commit("", -1, "", at(1)), version);
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
    let never_used = s.group("never-used");
    s.each::<OffsetFetchRequestData>("", |s, version| {
        let of = |topic| offsets_of(version, &free, topic);
        s.ask("one", &of(Some((&topic, id, 0))), version);
        s.ask("a partition without", &of(Some((&topic, id, 1))), version);
        s.ask("a partition that is not", &of(Some((&topic, id, 7))), version);
        s.ask("an unknown topic", &of(Some((&unknown, never, 0))), version);
        s.ask("all", &of(None), version);
        s.ask("of an unknown group", &offsets_of(version, &never_used, Some((&topic, id, 0))), version);
        s.ask("all of an unknown group", &offsets_of(version, &never_used, None), version);
        let of_nameless = offsets_of(version, "", Some((&topic, id, 0)));
        s.ask_broker(nameless, "of an empty group", &of_nameless, version);
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
    let nameless = s.coordinator("");
    s.ask_broker(nameless, "of an empty name", &forget("", &topic, 0), 0);
    s.ask("of an active group", &forget(&stable, &topic, 0), 0);

    let doomed = s.topic("doomed", 1);
    let doomed_id = s.topic_id(&doomed);
    let keeper = s.group("keeper");
    let emptied = s.group("emptied");
    let kept = vec![commit_topic(&doomed, KafkaUuid::ZERO, 0, 1), commit_topic(&topic, id, 0, 1)];
    s.ask("of two topics", &commit(&keeper, -1, "", kept), 9);
    let lost = vec![commit_topic(&doomed, KafkaUuid::ZERO, 0, 1)];
    s.ask("of the topic that goes alone", &commit(&emptied, -1, "", lost), 9);
    let gone = DeleteTopicsRequestData {
        topic_names: vec![text(&doomed)],
        timeout_ms: 10_000,
        ..DeleteTopicsRequestData::default()
    };
    s.quietly(s.home(), &gone, 5).answer();
    s.until_unknown(&doomed);
    for (group, left) in [(&keeper, 1), (&emptied, 0)] {
        s.until("its offsets are gone", |s| {
            s.quietly(s.home(), &offsets_of(8, group, None), 8).answer().groups[0].topics.len() == left
        });
    }
    after_its_topic(s, "after one of the topics was deleted", &keeper, (&doomed, doomed_id));
    after_its_topic(s, "after its only topic was deleted", &emptied, (&doomed, doomed_id));
    let again = CreateTopicsRequestData {
        topics: vec![CreatableTopic {
            name: text(&doomed),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        ..CreateTopicsRequestData::default()
    };
    s.ask("the same name again", &again, 7);
    s.until_known(&doomed, 1);
    let new_id = s.topic_id(&doomed);
    s.saw("the topic has another id", &(new_id != doomed_id && new_id != KafkaUuid::ZERO).to_string());
    after_its_topic(s, "with the same name again", &keeper, (&doomed, new_id));
    after_its_topic(s, "with the same name again, alone", &emptied, (&doomed, new_id));
    let old = offsets_of(10, &keeper, Some((&doomed, doomed_id, 0)));
    s.ask("by the id of the topic that was deleted", &old, 10);
    s.ask("emptied", &delete(&emptied), 2);
    s.ask("", &delete(&keeper), 2);
    s.ask("all, of a group that was deleted", &offsets_of(9, &keeper, None), 9);
}

/// What is left of a group's offsets, and how the group is, after a topic of its offsets was deleted.
fn after_its_topic(s: &mut Scenario<'_>, label: &str, group: &str, (topic, id): (&str, KafkaUuid)) {
    s.ask(&format!("all, {label}"), &offsets_of(9, group, None), 9);
    s.ask(&format!("of the topic, {label}"), &offsets_of(9, group, Some((topic, id, 0))), 9);
    s.ask(&format!("of the topic by id, {label}"), &offsets_of(10, group, Some((topic, id, 0))), 10);
    s.ask(label, &describe(group), 6);
    let mut reply = s.quietly(s.home(), &ListGroupsRequestData::default(), 5);
    if let Reply::Answer { response, .. } = &mut reply {
        // Other scenarios have groups too.
        response.groups.retain(|listed| listed.group_id.as_str() == group);
    }
    s.record::<ListGroupsRequestData>(label, 5, &reply);
}

fn describing(s: &mut Scenario<'_>) {
    let (stable, member, _) = stable(s, "stable");
    s.masks.line(&member);
    let empty = s.group("empty");
    let unknown = s.group("unknown");
    let topic = s.topic("log", 1);
    let commit = OffsetCommitRequestData {
        group_id: text(&empty),
        generation_id_or_member_epoch: -1,
        topics: vec![commit_topic(&topic, KafkaUuid::ZERO, 0, 1)],
        ..OffsetCommitRequestData::default()
    };
    s.quietly(s.home(), &commit, 9).answer();
    let nameless = s.coordinator("");
    s.each::<DescribeGroupsRequestData>("", |s, version| {
        s.ask("a stable one", &describe(&stable), version);
        s.ask("one with offsets alone", &describe(&empty), version);
        s.ask("an unknown one", &describe(&unknown), version);
        s.ask_broker(nameless, "an empty name", &describe(""), version);
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
            let mut reply = s.quietly(s.home(), &request, version);
            if let Reply::Answer { response, .. } = &mut reply {
                // Other scenarios have groups too, and the order is that of a hash map.
                response.groups.retain(|group| mine.iter().any(|mine| mine == group.group_id.as_str()));
                response.groups.sort_by(|one, other| one.group_id.as_str().cmp(other.group_id.as_str()));
            }
            s.record::<ListGroupsRequestData>(&format!("states {states:?} types {types:?}"), version, &reply);
        }
    });
    s.each::<DeleteGroupsRequestData>("", |s, version| {
        let doomed = s.group("doomed");
        let commit = OffsetCommitRequestData { group_id: text(&doomed), ..commit.clone() };
        s.quietly(s.home(), &commit, 9).answer();
        s.ask("one with offsets alone", &delete(&doomed), version);
        s.ask("again", &delete(&doomed), version);
        s.ask_broker(nameless, "an empty name", &delete(""), version);
        s.ask("a stable one", &delete(&stable), version);
        s.ask("none", &DeleteGroupsRequestData::default(), version);
    });
}

#[test]
fn offsets_are_committed() {
    compare_both("group-offsets", offsets);
}

#[test]
fn groups_are_described_listed_and_deleted() {
    compare_both("group-admin", describing);
}
