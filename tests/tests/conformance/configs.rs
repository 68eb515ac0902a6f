//! DescribeConfigs, AlterConfigs, IncrementalAlterConfigs and ListConfigResources.

use std::sync::atomic::{AtomicU32, Ordering};

use kacrab_protocol::generated::*;
use tests::conformance::wire::Reply;
use tests::conformance::{Scenario, some, text};

use crate::compare_both;

const TOPIC: i8 = 2;
pub(crate) const BROKER: i8 = 4;
const GROUP: i8 = 32;

pub(crate) fn describe(kind: i8, name: &str, keys: Option<&[&str]>) -> DescribeConfigsRequestData {
    DescribeConfigsRequestData {
        resources: vec![DescribeConfigsResource {
            resource_type: kind,
            resource_name: text(name),
            configuration_keys: keys.map(|keys| keys.iter().map(|key| text(key)).collect()),
            ..DescribeConfigsResource::default()
        }],
        ..DescribeConfigsRequestData::default()
    }
}

/// A resource's configs, a line each, in order.
fn list(s: &mut Scenario<'_>, label: &str, request: &DescribeConfigsRequestData, version: i16) {
    let mut answer = s.quietly(s.home(), request, version).answer();
    let mut configs = std::mem::take(&mut answer.results[0].configs);
    configs.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    for config in configs {
        let line = s.masks.line(&format!("{config:?}"));
        s.note(&format!("{label}: {} => {line}", config.name.as_str()));
    }
    s.record::<DescribeConfigsRequestData>(label, version, &Reply::Answer { response: answer, left: 0 });
}

fn describing(s: &mut Scenario<'_>) {
    s.masks.field("documentation", "words for people");
    let topic = s.topic_with("log", 1, &[("retention.ms", "1000"), ("cleanup.policy", "compact")]);
    let full = DescribeConfigsRequestData {
        include_synonyms: true,
        include_documentation: true,
        ..describe(TOPIC, &topic, None)
    };
    list(s, "all of a topic, with synonyms and documentation", &full, 4);
    list(
        s,
        "all of a group",
        &DescribeConfigsRequestData { include_synonyms: true, ..describe(GROUP, "g", None) },
        4,
    );
    let unknown = s.name("unknown");
    s.each::<DescribeConfigsRequestData>("", |s, version| {
        let keys: &[&str] =
            &["retention.ms", "cleanup.policy", "segment.bytes", "min.insync.replicas", "no.such"];
        for include_synonyms in [false, true] {
            let request =
                DescribeConfigsRequestData { include_synonyms, ..describe(TOPIC, &topic, Some(keys)) };
            list(s, "some", &request, version);
        }
        list(s, "none", &describe(TOPIC, &topic, Some(&[])), version);
        s.ask("an unknown topic", &describe(TOPIC, &unknown, None), version);
        s.ask("an invalid topic", &describe(TOPIC, "a b", None), version);
        s.ask("an empty topic", &describe(TOPIC, "", None), version);
        s.ask("another broker", &describe(BROKER, "9", None), version);
        s.ask("a broker that is no number", &describe(BROKER, "x", None), version);
        list(s, "the cluster's defaults", &describe(BROKER, "", None), version);
        for kind in [0, 1, 3, 16, 99] {
            s.ask(&format!("a resource of type {kind}"), &describe(kind, "x", None), version);
        }
        s.ask("of nothing", &DescribeConfigsRequestData::default(), version);
    });
}

/// A broker's configs but for those that say where it is, what machine it is on and how it reaches its controller.
fn of_broker(s: &mut Scenario<'_>) {
    const PLACE: &[&str] = &[
        "advertised.listeners",
        "controller.quorum.voters",
        "listeners",
        "log.dir",
        "log.dirs",
        "node.id",
        "broker.id",
        "metadata.log.dir",
        "controller.listener.names",
        "listener.security.protocol.map",
        "process.roles",
    ];
    let request =
        DescribeConfigsRequestData { include_synonyms: true, ..describe(BROKER, &s.home_id(), None) };
    let answer = s.quietly(s.home(), &request, 4).answer();
    let mut configs = answer.results[0].configs.clone();
    configs.retain(|config| !PLACE.contains(&config.name.as_str()));
    configs.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    for config in configs {
        let line = s.masks.line(&format!("{config:?}"));
        s.note(&format!("{} => {line}", config.name.as_str()));
    }
}

pub(crate) fn alter(
    kind: i8,
    name: &str,
    configs: &[(&str, i8, Option<&str>)],
) -> IncrementalAlterConfigsRequestData {
    let configs =
        configs.iter().map(|(name, operation, value)| incremental_alter_configs_request::AlterableConfig {
            name: text(name),
            config_operation: *operation,
            value: value.map(text),
            ..incremental_alter_configs_request::AlterableConfig::default()
        });
    IncrementalAlterConfigsRequestData {
        resources: vec![incremental_alter_configs_request::AlterConfigsResource {
            resource_type: kind,
            resource_name: text(name),
            configs: configs.collect(),
            ..incremental_alter_configs_request::AlterConfigsResource::default()
        }],
        ..IncrementalAlterConfigsRequestData::default()
    }
}

/// Waits until the broker knows of all changes before: it learns of each a moment after its answer, in their order. So
/// this makes one more, to another topic.
fn known(s: &mut Scenario<'_>, marker: &str) {
    static CHANGES: AtomicU32 = AtomicU32::new(1_000_000);
    let value = CHANGES.fetch_add(1, Ordering::Relaxed).to_string();
    let change = alter(TOPIC, marker, &[("retention.ms", SET, Some(&value))]);
    let answer = s.quietly(s.home(), &change, 1).answer();
    assert_eq!(answer.responses[0].error_code, 0, "{answer:?}");
    s.until("a change is known", |s| {
        let answer = s.quietly(s.home(), &describe(TOPIC, marker, Some(&["retention.ms"])), 4).answer();
        let config = answer.results[0].configs.first();
        config.and_then(|config| config.value.as_ref()).is_some_and(|known| known.as_str() == value)
    });
}

/// The topic's own values, once they are what the last change made of them.
fn own(s: &mut Scenario<'_>, topic: &str, marker: &str) {
    known(s, marker);
    let answer = s.quietly(s.home(), &describe(TOPIC, topic, None), 4).answer();
    let mut own: Vec<_> = answer.results[0]
        .configs
        .iter()
        .filter(|config| config.config_source == 1)
        .map(|config| {
            format!("{}={}", config.name.as_str(), config.value.as_ref().map_or("null", |v| v.as_str()))
        })
        .collect();
    own.sort();
    s.note(&format!("its own => {own:?}"));
}

pub(crate) const SET: i8 = 0;
pub(crate) const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

fn incremental(s: &mut Scenario<'_>) {
    let marker = s.topic("marker", 1);
    s.each::<IncrementalAlterConfigsRequestData>("life", |s, version| {
        let topic = s.topic("log", 1);
        for (label, configs) in [
            ("set", &[("retention.ms", SET, Some("1000"))][..]),
            ("set two", &[("retention.ms", SET, Some("2000")), ("segment.bytes", SET, Some("2000000"))]),
            ("delete", &[("retention.ms", DELETE, None)]),
            ("delete again", &[("retention.ms", DELETE, None)]),
            ("delete with a value", &[("segment.bytes", DELETE, Some("7"))]),
            ("append", &[("cleanup.policy", APPEND, Some("compact"))]),
            ("append what is there", &[("cleanup.policy", APPEND, Some("compact"))]),
            ("subtract", &[("cleanup.policy", SUBTRACT, Some("delete"))]),
            ("subtract what is not there", &[("cleanup.policy", SUBTRACT, Some("delete"))]),
            ("subtract the last", &[("cleanup.policy", SUBTRACT, Some("compact"))]),
        ] {
            s.ask(label, &alter(TOPIC, &topic, configs), version);
            own(s, &topic, &marker);
        }
    });
    let topic = s.topic("log", 1);
    let unknown = s.name("unknown");
    s.each::<IncrementalAlterConfigsRequestData>("faults", |s, version| {
        for (label, configs) in [
            ("append to a number", &[("retention.ms", APPEND, Some("1000"))][..]),
            ("subtract from a number", &[("retention.ms", SUBTRACT, Some("1000"))]),
            ("an operation that is none", &[("retention.ms", 9, Some("1000"))]),
            ("a config that is none", &[("no.such", SET, Some("1"))]),
            ("delete a config that is none", &[("no.such", DELETE, None)]),
            ("append to a config that is none", &[("no.such", APPEND, Some("1"))]),
            ("a bad value", &[("retention.ms", SET, Some("x"))]),
            ("a value out of range", &[("segment.bytes", SET, Some("1"))]),
            ("null", &[("retention.ms", SET, None)]),
            ("append null", &[("cleanup.policy", APPEND, None)]),
            ("a config twice", &[("retention.ms", SET, Some("1")), ("retention.ms", SET, Some("2"))]),
            ("a config in two ways", &[("retention.ms", SET, Some("1")), ("retention.ms", DELETE, None)]),
            ("one good and one bad", &[("retention.ms", SET, Some("5")), ("segment.bytes", SET, Some("x"))]),
            ("nothing", &[]),
            ("an empty name", &[("", SET, Some("1"))]),
        ] {
            s.ask(label, &alter(TOPIC, &topic, configs), version);
        }
        own(s, &topic, &marker);
        let one = &[("retention.ms", SET, Some("1000"))][..];
        s.ask("an unknown topic", &alter(TOPIC, &unknown, one), version);
        s.ask("an invalid topic", &alter(TOPIC, "a b", one), version);
        s.ask("an empty topic", &alter(TOPIC, "", one), version);
        s.ask("another broker", &alter(BROKER, "9", &[("log.cleaner.threads", SET, Some("1"))]), version);
        s.ask(
            "a broker that is no number",
            &alter(BROKER, "x", &[("log.cleaner.threads", SET, Some("1"))]),
            version,
        );
        s.ask(
            "a read-only setting",
            &alter(BROKER, &s.home_id(), &[("process.roles", SET, Some("broker"))]),
            version,
        );
        s.ask(
            "a read-only setting of all",
            &alter(BROKER, "", &[("num.partitions", SET, Some("3"))]),
            version,
        );
        s.ask("a resource that is none", &alter(99, "x", one), version);
        s.ask("a resource of type 0", &alter(0, "x", one), version);
        s.ask("of nothing", &IncrementalAlterConfigsRequestData::default(), version);
        let validated =
            IncrementalAlterConfigsRequestData { validate_only: true, ..alter(TOPIC, &topic, one) };
        s.ask("validated only", &validated, version);
        own(s, &topic, &marker);
        let mut twice = alter(TOPIC, &topic, one);
        twice.resources.push(twice.resources[0].clone());
        s.ask("a resource twice", &twice, version);
    });
}

fn replacing(s: &mut Scenario<'_>) {
    let replace = |kind: i8, name: &str, configs: &[(&str, Option<&str>)]| AlterConfigsRequestData {
        resources: vec![alter_configs_request::AlterConfigsResource {
            resource_type: kind,
            resource_name: text(name),
            configs: configs
                .iter()
                .map(|(name, value)| alter_configs_request::AlterableConfig {
                    name: text(name),
                    value: value.and_then(some),
                    ..alter_configs_request::AlterableConfig::default()
                })
                .collect(),
            ..alter_configs_request::AlterConfigsResource::default()
        }],
        ..AlterConfigsRequestData::default()
    };
    let (unknown, marker) = (s.name("unknown"), s.topic("marker", 1));
    s.each::<AlterConfigsRequestData>("", |s, version| {
        let topic = s.topic("log", 1);
        for (label, configs) in [
            ("one", &[("retention.ms", Some("1000"))][..]),
            ("another in its place", &[("segment.bytes", Some("2000000"))]),
            ("a bad one", &[("segment.bytes", Some("1"))]),
            ("null", &[("segment.bytes", None)]),
            ("a config that is none", &[("no.such", Some("1"))]),
            ("a config twice", &[("retention.ms", Some("1")), ("retention.ms", Some("2"))]),
            ("nothing", &[]),
        ] {
            s.ask(label, &replace(TOPIC, &topic, configs), version);
            own(s, &topic, &marker);
        }
        s.ask("an unknown topic", &replace(TOPIC, &unknown, &[]), version);
        s.ask("a resource that is none", &replace(99, "x", &[]), version);
        s.ask("another broker", &replace(BROKER, "9", &[]), version);
        let validated = AlterConfigsRequestData {
            validate_only: true,
            ..replace(TOPIC, &topic, &[("retention.ms", Some("7"))])
        };
        s.ask("validated only", &validated, version);
        own(s, &topic, &marker);
    });
}

fn listing(s: &mut Scenario<'_>) {
    let topic = s.topic("log", 1);
    for (version, types) in [
        (0, &[][..]),
        (1, &[]),
        (1, &[2]),
        (1, &[4]),
        (1, &[8]),
        (1, &[16]),
        (1, &[32]),
        (1, &[2, 4]),
        (1, &[0]),
        (1, &[99]),
    ] {
        let request = ListConfigResourcesRequestData {
            resource_types: types.to_vec(),
            ..ListConfigResourcesRequestData::default()
        };
        let mut reply = s.quietly(s.home(), &request, version);
        if let Reply::Answer { response, .. } = &mut reply {
            // Other scenarios' topics and groups are not looked at.
            response.config_resources.retain(|resource| {
                let kind = resource.resource_type;
                (kind != TOPIC && kind != GROUP) || resource.resource_name.as_str() == topic
            });
            response.config_resources.sort_by_key(|resource| resource.resource_type);
        }
        s.record::<ListConfigResourcesRequestData>(&format!("types {types:?}"), version, &reply);
    }
}

#[test]
fn configs_are_described() {
    compare_both("describe-configs", describing);
}

#[test]
fn configs_of_a_broker_are_described() {
    compare_both("describe-configs-broker", of_broker);
}

#[test]
fn configs_are_altered_one_by_one() {
    compare_both("incremental-alter-configs", incremental);
}

#[test]
fn configs_are_replaced() {
    compare_both("alter-configs", replacing);
}

#[test]
fn resources_with_configs_are_listed() {
    compare_both("list-config-resources", listing);
}
