//! Three brokers: what any of them may be asked, asked at each.

use std::collections::BTreeSet;

use kacrab_protocol::generated::*;
use tests::conformance::records::Batch;
use tests::conformance::wire::Reply;
use tests::conformance::{Scenario, fetch_request, produce_request, producer_id_request, text};

use crate::configs::{BROKER, DELETE, SET, alter, describe};
use crate::replication::assigned;
use crate::{compare, compare_alone, first_use};

/// What every broker knows.
fn of_the_cluster(s: &mut Scenario<'_>) {
    let topic = assigned(s, "log", &[&[1, 2], &[3, 1], &[2, 1]], &[]);
    let unknown = s.name("unknown");
    for broker in 0..3 {
        let asked = format!("asked at {broker}");
        s.each::<MetadataRequestData>(&asked, |s, version| {
            let of = |name: &str| MetadataRequestTopic {
                name: Some(text(name)),
                ..MetadataRequestTopic::default()
            };
            let request = MetadataRequestData {
                topics: Some(if version < 4 { vec![of(&topic)] } else { vec![of(&topic), of(&unknown)] }),
                allow_auto_topic_creation: version < 4,
                ..MetadataRequestData::default()
            };
            s.ask_broker(broker, "", &request, version);
        });
        s.each::<DescribeClusterRequestData>(&asked, |s, version| {
            s.ask_broker(broker, "", &DescribeClusterRequestData::default(), version);
        });
    }
    let (mut ids, producer) = (BTreeSet::new(), producer_id_request(-1, -1));
    for broker in [0, 1, 2, 2, 1, 0] {
        s.until("a producer id is given", |s| {
            let answer = s.quietly(broker, &producer, 4).answer();
            answer.error_code == 0 && ids.insert(answer.producer_id)
        });
    }
    s.saw("producer ids that differ", &ids.len().to_string());
}

/// Each broker has logs of its own.
fn of_its_logs(s: &mut Scenario<'_>) {
    let topic = assigned(s, "log", &[&[1, 2], &[3, 1], &[2, 3]], &[]);
    let id = s.topic_id(&topic);
    for (partition, leader) in [(0, 0), (1, 2)] {
        let request = produce_request(&topic, id, partition, -1, Some(Batch::of(&["a", "b"]).bytes()));
        s.quietly(leader, &request, 13).answer();
    }
    for (partition, follower) in [(0, 1), (1, 0)] {
        s.until("a follower has it", |s| {
            let answer = s.quietly(follower, &fetch_request(&topic, id, partition, 0), 18).answer();
            answer.responses[0].partitions[0].high_watermark == 2
        });
    }
    for broker in 0..3 {
        for topics in [None, Some(vec![0, 1, 2, 7])] {
            let label = if topics.is_some() { "some" } else { "all" };
            let request = DescribeLogDirsRequestData {
                topics: topics.map(|partitions| {
                    vec![DescribableLogDirTopic {
                        topic: text(&topic),
                        partitions,
                        ..DescribableLogDirTopic::default()
                    }]
                }),
                ..DescribeLogDirsRequestData::default()
            };
            let mut reply = s.quietly(broker, &request, 5);
            if let Reply::Answer { response, .. } = &mut reply {
                for dir in &mut response.results {
                    dir.topics.retain(|one| one.name.as_str() == topic);
                    for topic in &mut dir.topics {
                        topic.partitions.sort_by_key(|partition| partition.partition_index);
                    }
                }
            }
            s.record::<DescribeLogDirsRequestData>(&format!("{label}, asked at {broker}"), 5, &reply);
        }
    }
}

/// Where Java's hash of a group's name puts it.
fn partition_of(group: &str, partitions: usize) -> usize {
    // Of the least number it is 0.
    let hash = group.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    usize::try_from(hash.unsigned_abs()).expect("a small number") % partitions
}

/// Many groups at once, which every broker finds where the partition of their offsets is led.
fn of_many_groups(s: &mut Scenario<'_>) {
    let groups: Vec<_> = (0..40).map(|number| s.name(&format!("group-{number}"))).collect();
    let mut leaders: Vec<_> = s
        .metadata(0, "__consumer_offsets")
        .partitions
        .iter()
        .map(|partition| (partition.partition_index, partition.leader_id))
        .collect();
    leaders.sort_unstable();
    for broker in 0..3 {
        for version in 4..=6 {
            let request = FindCoordinatorRequestData {
                coordinator_keys: groups.iter().map(|group| text(group)).collect(),
                ..FindCoordinatorRequestData::default()
            };
            let answer = s.quietly(broker, &request, version).answer();
            let is_placed = |one: &find_coordinator_response::Coordinator| {
                let (_, leader) = leaders[partition_of(one.key.as_str(), leaders.len())];
                one.error_code == 0 && one.node_id == leader
            };
            let in_order = answer.coordinators.iter().map(|one| one.key.as_str()).eq(groups.iter());
            s.saw(
                &format!("many groups asked for at {broker} in version {version}"),
                &format!(
                    "as they were asked for: {in_order}, {} where they belong",
                    answer.coordinators.iter().filter(|one| is_placed(one)).count()
                ),
            );
        }
        for version in 0..=3 {
            let placed = groups.iter().filter(|group| {
                let request =
                    FindCoordinatorRequestData { key: text(group), ..FindCoordinatorRequestData::default() };
                let answer = s.quietly(broker, &request, version).answer();
                let (_, leader) = leaders[partition_of(group, leaders.len())];
                answer.error_code == 0 && answer.node_id == leader
            });
            let placed = placed.count();
            s.saw(
                &format!("one by one at {broker} in version {version}"),
                &format!("{placed} where they belong"),
            );
        }
    }
}

/// Settings of one broker, which it alone knows, and those of all.
fn of_configs(s: &mut Scenario<'_>) {
    for (of, asked) in [("1", 0), ("1", 1), ("3", 0), ("2", 1), ("9", 1), ("", 2)] {
        s.each::<DescribeConfigsRequestData>(&format!("of {of:?}, asked at {asked}"), |s, version| {
            shown(s, "", of, asked, version);
        });
    }
    let change =
        |of: &str, operation: i8, value: Option<&str>| alter(BROKER, of, &[(CONFIG, operation, value)]);
    for (of, asked) in [("1", 1), ("3", 0), ("9", 2), ("1", 0), ("3", 2)] {
        s.each::<IncrementalAlterConfigsRequestData>(
            &format!("of {of:?}, asked at {asked}"),
            |s, version| {
                let value = format!("200000{version}");
                s.ask_broker(asked, "set", &change(of, SET, Some(&value)), version);
                s.ask_broker(asked, "bad", &change(of, SET, Some("x")), version);
                let checked = IncrementalAlterConfigsRequestData {
                    validate_only: true,
                    ..change(of, SET, Some("1500000"))
                };
                s.ask_broker(asked, "validated only", &checked, version);
            },
        );
    }
    let settled = |s: &mut Scenario<'_>, label: &str, values: [&str; 3], of_all: Option<&str>| {
        for (broker, value) in values.into_iter().enumerate() {
            let of = (broker + 1).to_string();
            s.until("a broker has its setting, and knows that of all", |s| {
                let value_of = |s: &mut Scenario<'_>, of: &str| {
                    let answer = s.quietly(broker, &describe(BROKER, of, Some(&[CONFIG])), 4).answer();
                    let config = answer.results[0].configs.first();
                    config.and_then(|config| config.value.as_ref().map(|value| value.as_str().to_owned()))
                };
                value_of(s, &of).as_deref() == Some(value) && value_of(s, "").as_deref() == of_all
            });
            shown(s, &format!("{label}, at {broker}"), &of, broker, 4);
        }
        for broker in 0..3 {
            shown(s, &format!("{label}, of all, at {broker}"), "", broker, 4);
        }
    };
    settled(s, "two have their own", ["2000001", "1048588", "2000001"], None);
    s.ask_broker(1, "of all", &change("", SET, Some("3000000")), 1);
    settled(s, "all have one", ["2000001", "3000000", "2000001"], Some("3000000"));
    s.ask_broker(0, "of one no more", &change("1", DELETE, None), 1);
    settled(s, "one follows all again", ["3000000", "3000000", "2000001"], Some("3000000"));
    // A topic has what its leader has.
    let topic = assigned(s, "log", &[&[1, 3]], &[]);
    for broker in 0..3 {
        let request = DescribeConfigsRequestData {
            include_synonyms: true,
            ..describe(2, &topic, Some(&["max.message.bytes", "min.insync.replicas"]))
        };
        s.ask_broker(broker, &format!("of a topic, asked at {broker}"), &request, 4);
    }
    let replace = |of: &str, value: &str| AlterConfigsRequestData {
        resources: vec![alter_configs_request::AlterConfigsResource {
            resource_type: BROKER,
            resource_name: text(of),
            configs: vec![alter_configs_request::AlterableConfig {
                name: text(CONFIG),
                value: Some(text(value)),
                ..alter_configs_request::AlterableConfig::default()
            }],
            ..alter_configs_request::AlterConfigsResource::default()
        }],
        ..AlterConfigsRequestData::default()
    };
    for (of, asked) in [("2", 0), ("2", 1), ("", 0)] {
        s.each::<AlterConfigsRequestData>(&format!("of {of:?}, asked at {asked}"), |s, version| {
            s.ask_broker(asked, "", &replace(of, "4000000"), version);
        });
    }
    settled(s, "replaced", ["3000000", "4000000", "2000001"], Some("3000000"));
    for (of, asked) in [("2", 1), ("3", 2), ("", 1)] {
        s.ask_broker(asked, "no more", &change(of, DELETE, None), 1);
    }
    settled(s, "as at first", ["1048588", "1048588", "1048588"], None);
    for broker in 0..3 {
        let request = ListConfigResourcesRequestData {
            resource_types: vec![BROKER],
            ..ListConfigResourcesRequestData::default()
        };
        let mut reply = s.quietly(broker, &request, 1);
        if let Reply::Answer { response, .. } = &mut reply {
            response
                .config_resources
                .sort_by(|one, other| one.resource_name.as_str().cmp(other.resource_name.as_str()));
        }
        s.record::<ListConfigResourcesRequestData>(&format!("brokers, asked at {broker}"), 1, &reply);
    }
}

/// What each broker may have for itself, and all together.
const CONFIG: &str = "message.max.bytes";

/// Records that setting of a broker, or with no id of all, as a broker says it.
fn shown(s: &mut Scenario<'_>, label: &str, of: &str, asked: usize, version: i16) {
    let request =
        DescribeConfigsRequestData { include_synonyms: true, ..describe(BROKER, of, Some(&[CONFIG])) };
    s.ask_broker(asked, label, &request, version);
}

/// The settings of brokers, and then groups, in a cluster that nobody has used.
fn unused(s: &mut Scenario<'_>) {
    of_configs(s);
    first_use::first_use(s);
}

#[test]
fn each_broker_knows_the_cluster() {
    compare("each-cluster", 3, of_the_cluster);
}

#[test]
fn each_broker_knows_its_logs() {
    compare("each-logs", 3, of_its_logs);
}

#[test]
fn each_broker_finds_coordinators() {
    compare("each-coordinators", 3, of_many_groups);
}

#[test]
fn three_brokers_are_used_for_the_first_time() {
    compare_alone("each-unused", 3, unused);
}
