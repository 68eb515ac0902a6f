//! Which broker configs stand in for each other.

/// The configs that give a broker config its value, most important first: itself, and its forms in coarser units; of a
/// listener's config also the one without the listener.
pub(crate) fn broker_synonyms(name: &str) -> Vec<&str> {
    match name {
        "log.roll.ms" | "log.roll.hours" => vec!["log.roll.ms", "log.roll.hours"],
        "log.roll.jitter.ms" | "log.roll.jitter.hours" => vec!["log.roll.jitter.ms", "log.roll.jitter.hours"],
        "log.flush.interval.ms" => vec!["log.flush.interval.ms", "log.flush.scheduler.interval.ms"],
        "log.retention.ms" | "log.retention.minutes" | "log.retention.hours" => {
            vec!["log.retention.ms", "log.retention.minutes", "log.retention.hours"]
        }
        _ => match listener_base(name) {
            Some(base) => vec![name, base],
            None => vec![name],
        },
    }
}

/// Configs that a listener may have for one SASL mechanism: the mechanism stands before them.
const OF_MECHANISMS: [&str; 5] = [
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "sasl.server.callback.handler.class",
    "connections.max.reauth.ms",
];

/// The config without its listener: `ssl.keystore.type` of `listener.name.internal.ssl.keystore.type`.
pub(super) fn listener_base(name: &str) -> Option<&str> {
    let base = without_listener(name)?;
    Some(OF_MECHANISMS.iter().find(|config| base.ends_with(**config)).copied().unwrap_or(base))
}

/// What follows the listener's name in the config of one listener.
pub(super) fn without_listener(name: &str) -> Option<&str> {
    let (_listener, base) = name.strip_prefix("listener.name.")?.split_once('.')?;
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_milliseconds_comes_before_the_same_in_hours() {
        let all = ["log.retention.ms", "log.retention.minutes", "log.retention.hours"];
        for name in all {
            assert_eq!(broker_synonyms(name), all);
        }
        assert_eq!(broker_synonyms("log.flush.scheduler.interval.ms"), ["log.flush.scheduler.interval.ms"]);
    }

    #[test]
    fn a_listeners_config_falls_back_on_the_one_without_the_listener() {
        assert_eq!(
            broker_synonyms("listener.name.internal.ssl.keystore.type"),
            ["listener.name.internal.ssl.keystore.type", "ssl.keystore.type"]
        );
        assert_eq!(
            broker_synonyms("listener.name.internal.plain.sasl.jaas.config"),
            ["listener.name.internal.plain.sasl.jaas.config", "sasl.jaas.config"]
        );
    }
}
