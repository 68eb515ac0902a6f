//! A broker's configs, from the most to the least important: its own dynamic ones, those of all brokers, those that it
//! was started with, Kafka's defaults.

use super::error::InvalidValue;
use super::store::Overrides;
use super::table::BROKER_CONFIGS;
use super::value::{Value, java_trim};

const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;

/// A value of a broker config in the unit in which its topics have it.
pub(super) fn in_topic_units(name: &str, written: &str) -> String {
    let unit_ms = match name {
        "log.retention.minutes" => MS_PER_MINUTE,
        "log.retention.hours" | "log.roll.hours" | "log.roll.jitter.hours" => MS_PER_HOUR,
        _ => return written.to_owned(),
    };
    match java_trim(written).parse::<i64>() {
        Ok(value) => value.saturating_mul(unit_ms).to_string(),
        Err(_) => written.to_owned(),
    }
}

/// What a broker's configs come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrokerLayers<'a> {
    /// Set for this broker while it runs.
    pub(crate) broker: &'a Overrides,
    /// Set for all brokers while they run.
    pub(crate) cluster: &'a Overrides,
    /// What the broker was started with.
    pub(crate) started_with: &'a Overrides,
}

impl BrokerLayers<'_> {
    /// What is set, as it was written, by whoever set it with the most right.
    pub(super) fn set(&self, name: &str) -> Option<&str> {
        [self.broker, self.cluster, self.started_with]
            .iter()
            .find_map(|layer| layer.get(name))
            .map(String::as_str)
    }

    /// The names of all that is set.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [self.broker, self.cluster, self.started_with]
            .into_iter()
            .flat_map(|layer| layer.keys().map(String::as_str))
    }

    /// The value of a config; `None` where the default is no value.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        let def = BROKER_CONFIGS.get(name)?;
        // What is stored was validated before: a text that is no value can't be met.
        let set = self.set(name).and_then(|text| def.parse(text).ok());
        set.or_else(|| def.default_value().ok().flatten())
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Integer(value) => Some(value),
            Value::Boolean(_) | Value::Double(_) | Value::Text(_) | Value::List(_) | Value::Password(_) => {
                None
            }
        }
    }

    pub(super) fn boolean(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Boolean(true))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Boolean(_)
            | Value::Integer(_)
            | Value::Double(_)
            | Value::List(_)
            | Value::Password(_) => None,
        }
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        }
    }

    /// What a topic has that sets nothing itself: the value of the broker config `synonym`, or of one in a coarser unit
    /// that stands in for it.
    pub(super) fn for_topics(&self, synonym: &str) -> Option<Value> {
        let in_units =
            |name: &str, unit_ms: i64| self.integer(name).map(|value| value.saturating_mul(unit_ms));
        let ms = match synonym {
            "log.retention.ms" => in_units("log.retention.ms", 1)
                .or_else(|| in_units("log.retention.minutes", MS_PER_MINUTE))
                .or_else(|| in_units("log.retention.hours", MS_PER_HOUR))
                .map(|ms| ms.max(-1)),
            "log.roll.ms" => in_units("log.roll.ms", 1).or_else(|| in_units("log.roll.hours", MS_PER_HOUR)),
            "log.roll.jitter.ms" => {
                in_units("log.roll.jitter.ms", 1).or_else(|| in_units("log.roll.jitter.hours", MS_PER_HOUR))
            }
            "log.flush.interval.ms" => in_units("log.flush.interval.ms", 1)
                .or_else(|| in_units("log.flush.scheduler.interval.ms", 1)),
            _ => return self.value(synonym),
        };
        ms.map(Value::Integer)
    }

    /// Whether a broker could run with these configs: every value by itself, and those that depend on each other.
    pub(super) fn validate(&self) -> Result<(), InvalidValue> {
        for def in BROKER_CONFIGS.iter() {
            if let Some(text) = self.set(def.name) {
                def.parse(text)?;
            }
        }
        self.validate_groups()?;
        self.validate_together()
    }

    /// The bounds of what groups may set, and what they begin with.
    fn validate_groups(&self) -> Result<(), InvalidValue> {
        let integer = |name: &str| self.integer(name).unwrap_or(0);
        let require =
            |holds: bool, message: String| if holds { Ok(()) } else { Err(InvalidValue::new(message)) };
        for kind in ["consumer", "share", "streams"] {
            let config = |name: &str| format!("group.{kind}.{name}");
            for name in ["heartbeat.interval.ms", "session.timeout.ms", "assignment.interval.ms"] {
                let (value, min, max) =
                    (config(name), config(&format!("min.{name}")), config(&format!("max.{name}")));
                let at_least = |a: &str, b: &str| {
                    require(integer(a) >= integer(b), format!("{a} must be greater than or equal to {b}"))
                };
                at_least(&max, &min)?;
                at_least(&value, &min)?;
                require(
                    integer(&value) <= integer(&max),
                    format!("{value} must be less than or equal to {max}"),
                )?;
                if name == "session.timeout.ms" {
                    let heartbeat = config("heartbeat.interval.ms");
                    require(
                        integer(&heartbeat) < integer(&value),
                        format!("{heartbeat} must be less than {value}"),
                    )?;
                }
            }
        }
        Ok(())
    }

    fn validate_together(&self) -> Result<(), InvalidValue> {
        let require = |holds: bool, message: &str| {
            if holds { Ok(()) } else { Err(InvalidValue::new(format!("requirement failed: {message}"))) }
        };
        let for_topics = |synonym: &str| match self.for_topics(synonym) {
            Some(Value::Integer(value)) => value,
            _ => 0,
        };
        let integer = |name: &str| self.integer(name).unwrap_or(0);
        require(for_topics("log.roll.ms") >= 1, "log.roll.ms must be greater than or equal to 1")?;
        require(
            for_topics("log.roll.jitter.ms") >= 0,
            "log.roll.jitter.ms must be greater than or equal to 0",
        )?;
        let retention_ms = for_topics("log.retention.ms");
        require(
            retention_ms >= 1 || retention_ms == -1,
            "log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
        )?;
        let buffer = integer("log.cleaner.dedupe.buffer.size").checked_div(integer("log.cleaner.threads"));
        require(
            buffer.ok_or_else(|| InvalidValue::new("/ by zero"))? > 1024 * 1024,
            "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.",
        )?;
        let fetch_wait_ms = integer("replica.fetch.wait.max.ms");
        require(
            fetch_wait_ms <= integer("replica.socket.timeout.ms"),
            "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary \
             socket timeouts",
        )?;
        require(
            fetch_wait_ms <= integer("replica.lag.time.max.ms"),
            "replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent \
             frequent changes in ISR",
        )?;
        require(
            integer("max.connections.per.ip") != 0
                || self
                    .text("max.connections.per.ip.overrides")
                    .is_some_and(|overrides| !overrides.is_empty()),
            "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
        )
    }
}
