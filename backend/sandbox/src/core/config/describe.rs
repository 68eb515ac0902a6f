//! What `DescribeConfigs` tells: every config with its value, who set it, and what would count if they had not.

use super::definition::{ConfigDef, Kind, Update};
use super::group::group_value;
use super::layers::{BrokerLayers, in_topic_units};
use super::store::{ConfigResource, ConfigStore, Overrides};
use super::synonyms::broker_synonyms;
use super::table::{BROKER_CONFIGS, BROKER_QUOTA_CONFIGS, GROUP_CONFIGS, TOPIC_CONFIGS};
use super::topic::topic_value;
use super::value::Value;

static NOTHING: Overrides = Overrides::new();

/// Who set a value; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub(crate) enum ConfigSource {
    /// The topic.
    Topic = 1,
    /// The broker, while it runs.
    DynamicBroker = 2,
    /// All brokers, while they run.
    DynamicDefaultBroker = 3,
    /// What the broker was started with.
    StaticBroker = 4,
    /// Nobody: it is Kafka's.
    Default = 5,
    /// The level of a broker's logger.
    DynamicBrokerLogger = 6,
    /// A subscription to client metrics.
    ClientMetrics = 7,
    /// The group.
    Group = 8,
}

impl ConfigSource {
    /// The number of the source in a `DescribeConfigs` response.
    pub(crate) fn id(self) -> i8 {
        self as i8
    }
}

/// A value that counts, or would count if those before it were not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigSynonym {
    /// Of this config.
    pub(crate) name: String,
    /// As it was written; `None` where it is kept back.
    pub(crate) value: Option<String>,
    /// By whom.
    pub(crate) source: ConfigSource,
}

/// A config as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigEntry {
    /// What it is called.
    pub(crate) name: String,
    /// What it is; `None` where it is no value, or is kept back.
    pub(crate) value: Option<String>,
    /// Whether it can't be changed while the broker runs.
    pub(crate) read_only: bool,
    /// Who set it.
    pub(crate) source: ConfigSource,
    /// Whether its value is kept back.
    pub(crate) sensitive: bool,
    /// The value that counts, then those that would.
    pub(crate) synonyms: Vec<ConfigSynonym>,
    /// `None` of a config that Kafka does not know.
    pub(crate) kind: Option<Kind>,
    /// What it is for.
    pub(crate) documentation: Option<&'static str>,
}

impl ConfigStore {
    /// A topic's configs, as a broker tells them.
    pub(crate) fn describe_topic(&self, broker: i32, topic: &str) -> Vec<ConfigEntry> {
        let layers = self.layers(Some(broker));
        let overrides = self.overrides(&ConfigResource::Topic(topic.to_owned()));
        let hidden = TOPIC_CONFIGS.hidden().filter(|def| overrides.contains_key(def.name));
        hidden
            .chain(TOPIC_CONFIGS.listed())
            .map(|def| {
                let value = topic_value(&layers, overrides, def);
                let below = def
                    .synonym
                    .map(|name| synonyms_of(&layers, name, def.is_sensitive()))
                    .unwrap_or_default();
                entry_over(def, value.as_ref(), overrides, ConfigSource::Topic, below)
            })
            .collect()
    }

    /// The configs of a new topic, as the answer to its creation tells them: by name, and as they were written.
    pub(crate) fn describe_new_topic(&self, overrides: &Overrides) -> Vec<ConfigEntry> {
        let layers = self.layers(None);
        let mut entries: Vec<_> = TOPIC_CONFIGS
            .hidden()
            .filter(|def| overrides.contains_key(def.name))
            .chain(TOPIC_CONFIGS.listed())
            .map(|def| {
                let (value, source) = match overrides.get(def.name) {
                    Some(own) => (Some(own.clone()), ConfigSource::Topic),
                    None => first_set(&layers, def),
                };
                ConfigEntry { value, source, ..entry_over(def, None, &NOTHING, source, Vec::new()) }
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// A group's configs, as a broker tells them, whether there is such a group or not.
    pub(crate) fn describe_group(&self, broker: i32, group: &str) -> Vec<ConfigEntry> {
        let layers = self.layers(Some(broker));
        let overrides = self.overrides(&ConfigResource::Group(group.to_owned()));
        GROUP_CONFIGS
            .listed()
            .map(|def| {
                let value = group_value(&layers, overrides, def);
                let below = match def.synonym {
                    Some(name) => synonyms_of(&layers, name, def.is_sensitive()),
                    None => default_synonym(def).into_iter().collect(),
                };
                entry_over(def, value.as_ref(), overrides, ConfigSource::Group, below)
            })
            .collect()
    }

    /// A broker's configs, as it tells them itself.
    pub(crate) fn describe_broker(&self, broker: i32) -> Vec<ConfigEntry> {
        let layers = self.layers(Some(broker));
        let is_listed = |name: &str| BROKER_CONFIGS.lists(name);
        let mut unlisted: Vec<&str> = layers.names().filter(|name| !is_listed(name)).collect();
        unlisted.sort_unstable();
        unlisted.dedup();
        let listed = BROKER_CONFIGS.listed().map(|def| def.name);
        unlisted.into_iter().chain(listed).map(|name| broker_entry(&layers, name, synonyms_of)).collect()
    }

    /// What is set for all brokers.
    pub(crate) fn describe_cluster(&self, broker: i32) -> Vec<ConfigEntry> {
        let layers = self.layers(Some(broker));
        let of_all_brokers = |layers: &BrokerLayers<'_>, name: &str, sensitive: bool| {
            let mut synonyms = synonyms_of(layers, name, sensitive);
            synonyms.retain(|synonym| synonym.source == ConfigSource::DynamicDefaultBroker);
            synonyms
        };
        let cluster_alone = |name: &String| {
            let value = layers.cluster.get(name).cloned();
            let entry = broker_entry(&layers, name, of_all_brokers);
            ConfigEntry { value: value.filter(|_| !entry.sensitive), ..entry }
        };
        layers.cluster.keys().map(cluster_alone).collect()
    }
}

/// What a topic has that sets nothing itself, and who set that.
fn first_set(layers: &BrokerLayers<'_>, def: &ConfigDef) -> (Option<String>, ConfigSource) {
    let names = def.synonym.map(broker_synonyms).unwrap_or_default();
    let sources = [
        (layers.broker, ConfigSource::DynamicBroker),
        (layers.cluster, ConfigSource::DynamicDefaultBroker),
        (layers.started_with, ConfigSource::StaticBroker),
    ];
    let set = sources.into_iter().find_map(|(layer, source)| {
        let (name, written) = names.iter().find_map(|&name| Some((name, layer.get(name)?)))?;
        Some((in_topic_units(name, written), source))
    });
    match set {
        Some((value, source)) => (Some(value), source),
        None => (def.default.map(str::to_owned), ConfigSource::Default),
    }
}

/// A topic's or group's config, set by itself or by what is below.
fn entry_over(
    def: &'static ConfigDef,
    value: Option<&Value>,
    overrides: &Overrides,
    own: ConfigSource,
    below: Vec<ConfigSynonym>,
) -> ConfigEntry {
    let value = value.filter(|_| !def.is_sensitive()).map(Value::to_string);
    let mut synonyms = below;
    if overrides.contains_key(def.name) {
        synonyms.insert(0, ConfigSynonym { name: def.name.to_owned(), value: value.clone(), source: own });
    }
    ConfigEntry {
        name: def.name.to_owned(),
        value,
        read_only: false,
        source: synonyms.first().map_or(ConfigSource::Default, |synonym| synonym.source),
        sensitive: def.is_sensitive(),
        synonyms,
        kind: Some(def.kind),
        documentation: Some(def.documentation),
    }
}

fn broker_entry(
    layers: &BrokerLayers<'_>,
    name: &str,
    synonyms_of: impl Fn(&BrokerLayers<'_>, &str, bool) -> Vec<ConfigSynonym>,
) -> ConfigEntry {
    let known = BROKER_CONFIGS.get(name);
    let quota = BROKER_QUOTA_CONFIGS.get(name);
    let by_synonym = || broker_synonyms(name).into_iter().find_map(|synonym| BROKER_CONFIGS.get(synonym));
    let kind = known.or(quota).or_else(by_synonym).map(|def| def.kind);
    // What Kafka does not know may be a secret.
    let sensitive = kind.is_none_or(|kind| kind == Kind::Password);
    let value = match known {
        Some(_) => layers.value(name).map(|value| value.to_string()),
        None => layers.set(name).map(str::to_owned),
    };
    let synonyms = synonyms_of(layers, name, sensitive);
    ConfigEntry {
        name: name.to_owned(),
        value: value.filter(|_| !sensitive),
        read_only: known.or(quota).is_none_or(|def| def.update == Update::ReadOnly),
        source: synonyms.first().map_or(ConfigSource::Default, |synonym| synonym.source),
        sensitive,
        synonyms,
        kind,
        documentation: known.map(|def| def.documentation),
    }
}

/// The values of a broker config and of those that stand in for it, from the most important on. They begin with the
/// config itself: when only its stand-ins are set there are none.
fn synonyms_of(layers: &BrokerLayers<'_>, name: &str, sensitive: bool) -> Vec<ConfigSynonym> {
    let names = broker_synonyms(name);
    let set = [
        (layers.broker, ConfigSource::DynamicBroker),
        (layers.cluster, ConfigSource::DynamicDefaultBroker),
        (layers.started_with, ConfigSource::StaticBroker),
    ];
    let show = |value: &String| Some(value.clone()).filter(|_| !sensitive);
    let set = set.into_iter().flat_map(|(layer, source)| {
        names.iter().filter_map(move |&name| {
            let value = show(layer.get(name)?);
            Some(ConfigSynonym { name: name.to_owned(), value, source })
        })
    });
    let defaults = names.iter().filter_map(|name| default_synonym(BROKER_CONFIGS.get(name)?));
    set.chain(defaults).skip_while(|synonym| synonym.name != name).collect()
}

fn default_synonym(def: &ConfigDef) -> Option<ConfigSynonym> {
    let value = Some(def.default?.to_owned()).filter(|_| !def.is_sensitive());
    Some(ConfigSynonym { name: def.name.to_owned(), value, source: ConfigSource::Default })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(pairs: &[(&str, &str)]) -> Overrides {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn store(started_with: &[(&str, &str)]) -> ConfigStore {
        ConfigStore::new(overrides(started_with)).unwrap()
    }

    /// As in `name|value|read only|source|sensitive|kind|synonyms`.
    fn shown(entries: &[ConfigEntry], name: &str) -> String {
        let entry = entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"));
        let synonyms: String = entry
            .synonyms
            .iter()
            .map(|s| format!("{}={}:{};", s.name, s.value.as_deref().unwrap_or("null"), s.source.id()))
            .collect();
        format!(
            "{}|{}|{}|{}|{}|{}|{synonyms}",
            entry.name,
            entry.value.as_deref().unwrap_or("null"),
            entry.read_only,
            entry.source.id(),
            entry.sensitive,
            entry.kind.map_or(0, Kind::id),
        )
    }

    #[test]
    fn a_new_topic_has_what_its_broker_has() {
        let entries = store(&[]).describe_topic(1, "t");
        assert_eq!(entries.len(), 33);
        assert_eq!(
            shown(&entries, "segment.bytes"),
            "segment.bytes|1073741824|false|5|false|3|log.segment.bytes=1073741824:5;"
        );
        assert_eq!(
            shown(&entries, "min.insync.replicas"),
            "min.insync.replicas|1|false|3|false|3|min.insync.replicas=1:3;min.insync.replicas=1:5;"
        );
        // The broker config itself is not set: the hours that count instead are not told.
        assert_eq!(shown(&entries, "retention.ms"), "retention.ms|604800000|false|5|false|5|");
        assert_eq!(shown(&entries, "remote.storage.enable"), "remote.storage.enable|false|false|5|false|1|");
    }

    #[test]
    fn a_topics_value_stands_before_those_of_its_brokers() {
        let mut store = store(&[]);
        let topic = ConfigResource::Topic("t".to_owned());
        store.replace(
            topic,
            overrides(&[("cleanup.policy", "compact, delete"), ("internal.segment.bytes", "100")]),
        );
        let entries = store.describe_topic(1, "t");
        assert_eq!(entries.len(), 34);
        assert_eq!(
            shown(&entries, "cleanup.policy"),
            "cleanup.policy|compact,delete|false|1|false|7|cleanup.policy=compact,delete:1;log.cleanup.policy=delete:5;"
        );
        assert_eq!(
            shown(&entries, "internal.segment.bytes"),
            "internal.segment.bytes|100|false|1|false|3|internal.segment.bytes=100:1;"
        );
    }

    #[test]
    fn a_new_topic_is_told_by_name_with_hours_and_minutes_as_milliseconds() {
        let store = store(&[("log.retention.minutes", "9")]);
        let entries = store.describe_new_topic(&overrides(&[("cleanup.policy", " compact ,delete")]));
        assert_eq!(entries.len(), 33);
        assert!(entries.is_sorted_by(|a, b| a.name < b.name));
        let told = |name: &str| {
            let entry = entries.iter().find(|entry| entry.name == name).unwrap();
            (entry.value.clone().unwrap(), entry.source)
        };
        assert_eq!(told("cleanup.policy"), (" compact ,delete".to_owned(), ConfigSource::Topic));
        assert_eq!(told("retention.ms"), ("540000".to_owned(), ConfigSource::StaticBroker));
        assert_eq!(told("min.insync.replicas"), ("1".to_owned(), ConfigSource::DynamicDefaultBroker));
        assert_eq!(told("segment.ms"), ("604800000".to_owned(), ConfigSource::Default));
    }

    #[test]
    fn a_brokers_own_value_stands_before_that_of_all_and_coarser_units_come_last() {
        let mut store = store(&[]);
        store.replace(ConfigResource::Broker(1), overrides(&[("log.retention.ms", "5")]));
        store.replace(ConfigResource::Cluster, overrides(&[("log.retention.ms", "6")]));
        let entries = store.describe_broker(1);
        assert_eq!(entries.len(), 340);
        assert_eq!(
            shown(&entries, "log.retention.ms"),
            "log.retention.ms|5|false|2|false|5|log.retention.ms=5:2;log.retention.ms=6:3;log.retention.hours=168:5;"
        );
        assert_eq!(
            shown(&entries, "log.retention.hours"),
            "log.retention.hours|168|true|5|false|3|log.retention.hours=168:5;"
        );
        assert_eq!(
            shown(&store.describe_topic(1, "t"), "retention.ms"),
            "retention.ms|5|false|2|false|5|log.retention.ms=5:2;log.retention.ms=6:3;log.retention.hours=168:5;"
        );
        assert_eq!(
            shown(&store.describe_topic(2, "t"), "retention.ms"),
            "retention.ms|6|false|3|false|5|log.retention.ms=6:3;log.retention.hours=168:5;"
        );
        assert_eq!(
            shown(&store.describe_cluster(1), "log.retention.ms"),
            "log.retention.ms|6|false|3|false|5|log.retention.ms=6:3;"
        );
    }

    #[test]
    fn a_value_is_shown_as_it_was_read_and_a_synonym_as_it_was_written() {
        let mut store = store(&[]);
        let rate = "log.cleaner.io.max.bytes.per.second";
        store.replace(
            ConfigResource::Cluster,
            overrides(&[(rate, "5"), ("log.cleanup.policy", "compact,compact")]),
        );
        let entries = store.describe_broker(1);
        assert_eq!(
            shown(&entries, rate),
            format!("{rate}|5.0|false|3|false|6|{rate}=5:3;{rate}=1.7976931348623157E308:5;")
        );
        assert_eq!(
            shown(&entries, "log.cleanup.policy"),
            "log.cleanup.policy|compact|false|3|false|7|log.cleanup.policy=compact,compact:3;log.cleanup.policy=delete:5;"
        );
    }

    #[test]
    fn what_the_broker_was_started_with_is_told_as_static() {
        let mut store = store(&[("num.partitions", "3")]);
        store.started_with(1, overrides(&[("node.id", "1")])).unwrap();
        let entries = store.describe_broker(1);
        assert_eq!(shown(&entries, "broker.id"), "broker.id|1|true|4|false|3|broker.id=1:4;broker.id=-1:5;");
        assert_eq!(shown(&entries, "node.id"), "node.id|1|true|4|false|3|node.id=1:4;");
        assert_eq!(
            shown(&entries, "num.partitions"),
            "num.partitions|3|true|4|false|3|num.partitions=3:4;num.partitions=1:5;"
        );
        assert_eq!(shown(&entries, "log.flush.interval.ms"), "log.flush.interval.ms|null|false|5|false|5|");
    }

    #[test]
    fn what_kafka_does_not_know_and_passwords_are_kept_back() {
        let mut store = store(&[]);
        let broker = overrides(&[
            ("nope", "5"),
            ("listener.name.plaintext.ssl.keystore.password", "abc"),
            ("listener.name.plaintext.ssl.keystore.type", "PKCS12"),
            ("leader.replication.throttled.rate", "5"),
        ]);
        store.replace(ConfigResource::Broker(1), broker);
        let entries = store.describe_broker(1);
        assert_eq!(shown(&entries, "nope"), "nope|null|true|2|true|0|nope=null:2;");
        assert_eq!(
            shown(&entries, "listener.name.plaintext.ssl.keystore.password"),
            "listener.name.plaintext.ssl.keystore.password|null|true|2|true|9|\
             listener.name.plaintext.ssl.keystore.password=null:2;"
        );
        assert_eq!(
            shown(&entries, "listener.name.plaintext.ssl.keystore.type"),
            "listener.name.plaintext.ssl.keystore.type|PKCS12|true|2|false|2|\
             listener.name.plaintext.ssl.keystore.type=PKCS12:2;ssl.keystore.type=JKS:5;"
        );
        assert_eq!(
            shown(&entries, "leader.replication.throttled.rate"),
            "leader.replication.throttled.rate|5|false|2|false|5|leader.replication.throttled.rate=5:2;"
        );
    }

    #[test]
    fn a_groups_configs_are_told_whether_there_is_such_a_group_or_not() {
        let mut store = store(&[]);
        let entries = store.describe_group(1, "g");
        assert_eq!(entries.len(), 17);
        assert_eq!(
            shown(&entries, "consumer.session.timeout.ms"),
            "consumer.session.timeout.ms|45000|false|5|false|3|group.consumer.session.timeout.ms=45000:5;"
        );
        let group = ConfigResource::Group("g".to_owned());
        store.replace(group, overrides(&[("share.auto.offset.reset", "earliest")]));
        assert_eq!(
            shown(&store.describe_group(1, "g"), "share.auto.offset.reset"),
            "share.auto.offset.reset|earliest|false|8|false|2|share.auto.offset.reset=earliest:8;share.auto.offset.reset=latest:5;"
        );
    }
}
