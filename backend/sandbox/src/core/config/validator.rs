//! Which values a config allows, and how Apache Kafka refuses the others.

use super::error::InvalidValue;
use super::value::Value;

/// A rule for the values of a config.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Validator {
    /// Every value, and none.
    Any,
    /// Numbers from `min` to `max`, both included.
    Range {
        /// The least.
        min: f64,
        /// The greatest, if there is one.
        max: Option<f64>,
    },
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// One of these texts, in any case.
    OneOfIgnoringCase(&'static [&'static str]),
    /// A list.
    ListOf {
        /// What may stand in it; anything, if nothing is given.
        items: &'static [&'static str],
        /// Whether there may be nothing in it.
        empty: Empty,
    },
    /// A text of one character or more, or none at all.
    NonEmpty,
    /// Any text, but not none.
    NonNull,
    /// A level of gzip.
    GzipLevel,
    /// Replicas whose replication is throttled: `*`, or partitions with their brokers.
    ThrottledReplicas,
    /// Where a share group begins to read.
    ShareOffsetReset,
}

/// Whether a list may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    /// It must not.
    Refused,
    /// It must not, but there may be no list at all.
    RefusedButNull,
    /// It may.
    Allowed,
    /// It may, and there may be no list at all.
    AllowedOrNull,
}

impl Validator {
    /// Holds a value, or the lack of one, against the rule.
    pub(super) fn check(self, name: &str, value: Option<&Value>) -> Result<(), InvalidValue> {
        let refuse = |reason: String| {
            let shown = value.map_or_else(|| "null".to_owned(), Value::in_message);
            Err(InvalidValue::of(name, shown, reason))
        };
        match (self, value) {
            (Self::Any, _) | (Self::NonEmpty, None) => Ok(()),
            (Self::Range { .. }, None) => refuse("Value must be non-null".to_owned()),
            (Self::NonNull, None) => refuse("entry must be non null".to_owned()),
            (Self::Range { min, max }, Some(value)) => match number(value) {
                Some(number) if number < min => refuse(format!("Value must be at least {min}")),
                Some(number) if max.is_some_and(|max| number > max) => {
                    refuse(format!("Value must be no more than {}", max.unwrap_or_default()))
                }
                _ => Ok(()),
            },
            (Self::OneOf(allowed), value) => match value.and_then(text) {
                Some(text) if allowed.contains(&text) => Ok(()),
                _ => refuse(format!("String must be one of: {}", allowed.join(", "))),
            },
            (Self::OneOfIgnoringCase(allowed), value) => match value.and_then(text) {
                Some(text) if allowed.iter().any(|item| item.eq_ignore_ascii_case(text)) => Ok(()),
                _ => refuse(format!("String must be one of (case insensitive): {}", allowed.join(", "))),
            },
            (Self::NonEmpty, Some(value)) => match text(value) {
                Some("") => refuse("String must be non-empty".to_owned()),
                _ => Ok(()),
            },
            (Self::NonNull, Some(_)) => Ok(()),
            (Self::ListOf { items, empty }, value) => check_list(name, value, items, empty),
            (Self::GzipLevel, value) => match value {
                Some(Value::Integer(-1 | 1..=9)) => Ok(()),
                _ => refuse("Value must be between 1 and 9 or equal to -1".to_owned()),
            },
            (Self::ThrottledReplicas, value) => match value {
                Some(Value::List(items)) if !are_throttled_replicas(items) => refuse(format!(
                    "{name} must be the literal '*' or a list of replicas in the following format: \
                     [partitionId]:[brokerId],[partitionId]:[brokerId],..."
                )),
                _ => Ok(()),
            },
            (Self::ShareOffsetReset, value) => match value.and_then(text) {
                Some(text) if !is_share_offset_reset(text) => refuse(format!(
                    "Invalid value `{text}` for configuration {name}. The value must be either 'earliest', \
                     'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'."
                )),
                _ => Ok(()),
            },
        }
    }
}

pub(super) const fn at_least(min: f64) -> Validator {
    Validator::Range { min, max: None }
}

pub(super) const fn between(min: f64, max: f64) -> Validator {
    Validator::Range { min, max: Some(max) }
}

pub(super) const fn list_of(items: &'static [&'static str], empty: Empty) -> Validator {
    Validator::ListOf { items, empty }
}

fn check_list(name: &str, value: Option<&Value>, allowed: &[&str], empty: Empty) -> Result<(), InvalidValue> {
    let refuse = |reason: String| Err(InvalidValue::new(format!("Configuration '{name}' {reason}")));
    let Some(Value::List(items)) = value else {
        return match empty {
            Empty::AllowedOrNull | Empty::RefusedButNull => Ok(()),
            Empty::Refused | Empty::Allowed => refuse("values must not be null.".to_owned()),
        };
    };
    if items.is_empty() && matches!(empty, Empty::Refused | Empty::RefusedButNull) {
        let valid = if allowed.is_empty() {
            "any non-empty value".to_owned()
        } else {
            format!("[{}]", allowed.join(", "))
        };
        return refuse(format!("must not be empty. Valid values include: {valid}"));
    }
    for item in items {
        if item.is_empty() {
            return refuse("values must not be empty.".to_owned());
        }
        if !allowed.is_empty() && !allowed.contains(&item.as_str()) {
            return Err(InvalidValue::of(
                name,
                item,
                format!("String must be one of: {}", allowed.join(", ")),
            ));
        }
    }
    Ok(())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        Value::Boolean(_) | Value::Text(_) | Value::List(_) | Value::Password(_) => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Boolean(_) | Value::Integer(_) | Value::Double(_) | Value::List(_) | Value::Password(_) => {
            None
        }
    }
}

fn are_throttled_replicas(items: &[String]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_replica = |item: &str| {
        item.is_empty()
            || item
                .split_once(':')
                .is_some_and(|(partition, broker)| is_number(partition) && is_number(broker))
    };
    items.iter().all(|item| is_replica(item)) || items.concat() == "*"
}

fn is_share_offset_reset(text: &str) -> bool {
    match text {
        "earliest" | "latest" => true,
        _ => text.strip_prefix("by_duration:").is_some_and(is_duration),
    }
}

/// Whether it is a duration of ISO 8601 as `java.time.Duration` reads it, and not negative.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['P', 'p']) else { return false };
    let (days, time) = match rest.split_once(['T', 't']) {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let days_fit = days.is_empty() || days.strip_suffix(['D', 'd']).is_some_and(is_number);
    let Some(mut time) = time else { return !days.is_empty() && days_fit };
    if time.is_empty() {
        return false;
    }
    for units in [['H', 'h'], ['M', 'm']] {
        if let Some((number, rest)) = time.split_once(units) {
            if !is_number(number) {
                return false;
            }
            time = rest;
        }
    }
    let seconds_fit = time.is_empty()
        || time.strip_suffix(['S', 's']).is_some_and(|seconds| match seconds.split_once('.') {
            Some((whole, fraction)) => {
                is_number(whole) && fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit())
            }
            None => is_number(seconds),
        });
    days_fit && seconds_fit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(validator: Validator, value: &Value) -> String {
        validator.check("x", Some(value)).unwrap_err().to_string()
    }

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|&item| item.to_owned()).collect())
    }

    #[test]
    fn a_range_names_the_end_that_was_passed() {
        let range = between(0.0, 1.0);
        assert!(range.check("x", Some(&Value::Double(1.0))).is_ok());
        assert_eq!(
            refusal(range, &Value::Double(1.5)),
            "Invalid value 1.5 for configuration x: Value must be no more than 1"
        );
        assert_eq!(
            refusal(range, &Value::Integer(-1)),
            "Invalid value -1 for configuration x: Value must be at least 0"
        );
        assert_eq!(
            range.check("x", None).unwrap_err().to_string(),
            "Invalid value null for configuration x: Value must be non-null"
        );
    }

    #[test]
    fn a_list_refuses_empty_items_and_unknown_ones() {
        let rule = list_of(&["compact", "delete"], Empty::Allowed);
        assert!(rule.check("x", Some(&list(&[]))).is_ok());
        assert!(rule.check("x", Some(&list(&["delete", "compact"]))).is_ok());
        assert_eq!(refusal(rule, &list(&["", "other"])), "Configuration 'x' values must not be empty.");
        assert_eq!(
            refusal(rule, &list(&["delete", "other"])),
            "Invalid value other for configuration x: String must be one of: compact, delete"
        );
        let rule = list_of(&["classic"], Empty::Refused);
        assert_eq!(
            refusal(rule, &list(&[])),
            "Configuration 'x' must not be empty. Valid values include: [classic]"
        );
    }

    #[test]
    fn gzip_has_levels_1_to_9_and_its_own_default() {
        for level in [-1, 1, 9] {
            assert!(Validator::GzipLevel.check("x", Some(&Value::Integer(level))).is_ok());
        }
        for level in [-2, 0, 10] {
            assert!(Validator::GzipLevel.check("x", Some(&Value::Integer(level))).is_err());
        }
    }

    #[test]
    fn throttled_replicas_are_all_or_partitions_with_their_brokers() {
        for items in [&["*"][..], &["0:1", "12:101"], &[], &[""]] {
            assert!(Validator::ThrottledReplicas.check("x", Some(&list(items))).is_ok(), "{items:?}");
        }
        for items in [&["*", "0:1"][..], &["0"], &["0:"], &["a:1"], &["0:1:2"]] {
            assert!(Validator::ThrottledReplicas.check("x", Some(&list(items))).is_err(), "{items:?}");
        }
    }

    #[test]
    fn a_share_group_begins_at_an_end_or_some_time_ago() {
        for text in ["earliest", "latest", "by_duration:PT1H", "by_duration:P3D", "by_duration:p1dt2h3m4.5s"]
        {
            let value = Value::Text(text.to_owned());
            assert!(Validator::ShareOffsetReset.check("x", Some(&value)).is_ok(), "{text}");
        }
        for text in
            ["none", "", "by_duration", "by_duration:", "by_duration:P", "by_duration:PT", "by_duration:1H"]
        {
            let value = Value::Text(text.to_owned());
            assert!(Validator::ShareOffsetReset.check("x", Some(&value)).is_err(), "{text}");
        }
    }
}
