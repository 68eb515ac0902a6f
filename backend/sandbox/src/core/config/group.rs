//! What a group goes by, and which overrides a group may have.

use super::definition::ConfigDef;
use super::error::ConfigError;
use super::layers::BrokerLayers;
use super::store::Overrides;
use super::table::GROUP_CONFIGS;
use super::value::Value;

/// A group's config that the broker keeps within bounds.
struct Bound {
    name: &'static str,
    min: Option<&'static str>,
    max: &'static str,
    checked: Checked,
}

/// When the value of a group that is altered has to lie within its bounds.
#[derive(PartialEq, Eq)]
enum Checked {
    /// Whoever set it.
    Always,
    /// When the group itself sets it.
    WhenSetByTheGroup,
}

const fn bound(name: &'static str, min: &'static str, max: &'static str, checked: Checked) -> Bound {
    Bound { name, min: Some(min), max, checked }
}

/// In the order in which Apache Kafka checks them.
const BOUNDS: [Bound; 13] = [
    bound(
        "consumer.heartbeat.interval.ms",
        "group.consumer.min.heartbeat.interval.ms",
        "group.consumer.max.heartbeat.interval.ms",
        Checked::Always,
    ),
    bound(
        "consumer.session.timeout.ms",
        "group.consumer.min.session.timeout.ms",
        "group.consumer.max.session.timeout.ms",
        Checked::Always,
    ),
    bound(
        "consumer.assignment.interval.ms",
        "group.consumer.min.assignment.interval.ms",
        "group.consumer.max.assignment.interval.ms",
        Checked::WhenSetByTheGroup,
    ),
    bound(
        "share.heartbeat.interval.ms",
        "group.share.min.heartbeat.interval.ms",
        "group.share.max.heartbeat.interval.ms",
        Checked::Always,
    ),
    bound(
        "share.session.timeout.ms",
        "group.share.min.session.timeout.ms",
        "group.share.max.session.timeout.ms",
        Checked::Always,
    ),
    bound(
        "share.record.lock.duration.ms",
        "group.share.min.record.lock.duration.ms",
        "group.share.max.record.lock.duration.ms",
        Checked::Always,
    ),
    bound(
        "share.delivery.count.limit",
        "group.share.min.delivery.count.limit",
        "group.share.max.delivery.count.limit",
        Checked::Always,
    ),
    bound(
        "share.partition.max.record.locks",
        "group.share.min.partition.max.record.locks",
        "group.share.max.partition.max.record.locks",
        Checked::Always,
    ),
    bound(
        "share.assignment.interval.ms",
        "group.share.min.assignment.interval.ms",
        "group.share.max.assignment.interval.ms",
        Checked::WhenSetByTheGroup,
    ),
    bound(
        "streams.heartbeat.interval.ms",
        "group.streams.min.heartbeat.interval.ms",
        "group.streams.max.heartbeat.interval.ms",
        Checked::Always,
    ),
    bound(
        "streams.session.timeout.ms",
        "group.streams.min.session.timeout.ms",
        "group.streams.max.session.timeout.ms",
        Checked::Always,
    ),
    Bound {
        name: "streams.num.standby.replicas",
        min: None,
        max: "group.streams.max.standby.replicas",
        checked: Checked::Always,
    },
    bound(
        "streams.assignment.interval.ms",
        "group.streams.min.assignment.interval.ms",
        "group.streams.max.assignment.interval.ms",
        Checked::WhenSetByTheGroup,
    ),
];

/// The value of a group's config: the group's own, the broker's, Kafka's.
pub(super) fn group_value(
    layers: &BrokerLayers<'_>,
    overrides: &Overrides,
    def: &ConfigDef,
) -> Option<Value> {
    if let Some(value) = overrides.get(def.name).and_then(|text| def.parse(text).ok()) {
        return Some(value);
    }
    match def.synonym {
        Some(synonym) => layers.value(synonym),
        None => def.default_value().ok().flatten(),
    }
}

/// Whether a group may have these overrides, as Apache Kafka's controller decides it.
pub(super) fn validate(layers: &BrokerLayers<'_>, new: &Overrides) -> Result<(), ConfigError> {
    if let Some(unknown) = new.keys().find(|name| GROUP_CONFIGS.get(name).is_none()) {
        return Err(ConfigError::invalid_config(format!("Unknown group config name: {unknown}")));
    }
    for def in GROUP_CONFIGS.iter() {
        if let Some(text) = new.get(def.name) {
            def.parse(text)?;
        }
    }
    let value = |name: &str| match GROUP_CONFIGS.get(name).and_then(|def| group_value(layers, new, def)) {
        Some(Value::Integer(value)) => value,
        _ => 0,
    };
    for Bound { name, min, max, checked } in &BOUNDS {
        if *checked == Checked::WhenSetByTheGroup && !new.contains_key(*name) {
            continue;
        }
        if let Some(min) = min
            && layers.integer(min).is_some_and(|min| value(name) < min)
        {
            return Err(ConfigError::invalid_config(format!(
                "{name} must be greater than or equal to {min}"
            )));
        }
        if layers.integer(max).is_some_and(|max| value(name) > max) {
            return Err(ConfigError::invalid_config(format!("{name} must be less than or equal to {max}")));
        }
    }
    for kind in ["consumer", "share", "streams"] {
        let (session, heartbeat) =
            (format!("{kind}.session.timeout.ms"), format!("{kind}.heartbeat.interval.ms"));
        if value(&session) <= value(&heartbeat) {
            return Err(ConfigError::invalid_config(format!("{session} must be greater than {heartbeat}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    static NOTHING: Overrides = Overrides::new();

    fn overrides(pairs: &[(&str, &str)]) -> Overrides {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn layers(started_with: &Overrides) -> BrokerLayers<'_> {
        BrokerLayers { broker: &NOTHING, cluster: &NOTHING, started_with }
    }

    fn refusal(pairs: &[(&str, &str)]) -> String {
        validate(&layers(&NOTHING), &overrides(pairs)).unwrap_err().message
    }

    #[test]
    fn a_group_may_set_what_lies_within_the_brokers_bounds() {
        assert!(validate(&layers(&NOTHING), &overrides(&[("consumer.session.timeout.ms", "60000")])).is_ok());
        assert_eq!(
            refusal(&[("consumer.session.timeout.ms", "5")]),
            "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms"
        );
        assert_eq!(
            refusal(&[("consumer.assignment.interval.ms", "99999")]),
            "consumer.assignment.interval.ms must be less than or equal to group.consumer.max.assignment.interval.ms"
        );
        assert_eq!(
            refusal(&[("streams.num.standby.replicas", "3")]),
            "streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas"
        );
    }

    #[test]
    fn a_session_lasts_longer_than_a_heartbeat_interval() {
        let broker = overrides(&[
            ("group.share.min.session.timeout.ms", "1000"),
            ("group.share.max.heartbeat.interval.ms", "15000"),
        ]);
        let group =
            overrides(&[("share.session.timeout.ms", "9000"), ("share.heartbeat.interval.ms", "9000")]);
        assert_eq!(
            validate(&layers(&broker), &group).unwrap_err().message,
            "share.session.timeout.ms must be greater than share.heartbeat.interval.ms"
        );
    }

    #[test]
    fn a_group_config_that_does_not_exist_is_named() {
        assert_eq!(refusal(&[("nope", "5")]), "Unknown group config name: nope");
    }
}
