//! What a running broker does not let itself be changed to, though it could be started so (KIP-226).

use super::error::InvalidValue;
use super::layers::BrokerLayers;
use super::value::Value;

/// Whether a running broker goes along with a change. The error is a message.
pub(super) fn check_reconfiguration(old: &BrokerLayers<'_>, new: &BrokerLayers<'_>) -> Result<(), String> {
    check_connections(old, new)?;
    check_threads(old, new)?;
    let (from, to) = (old.integer("log.cleaner.threads"), new.integer("log.cleaner.threads"));
    if let (Some(from), Some(to)) = (from, to) {
        if to < from / 2 {
            return Err(format!(
                "Log cleaner threads cannot be reduced to less than half the current value {from}"
            ));
        }
        if to > from * 2 {
            return Err(format!(
                "Log cleaner threads cannot be increased to more than double the current value {from}"
            ));
        }
    }
    let retention_ms = match new.for_topics("log.retention.ms") {
        Some(Value::Integer(ms)) => ms,
        _ => -1,
    };
    local_retention(new, "log.local.retention.ms", "log.retention.ms", retention_ms)?;
    let retention_bytes = new.integer("log.retention.bytes").unwrap_or(-1);
    local_retention(new, "log.local.retention.bytes", "log.retention.bytes", retention_bytes)
}

/// A broker may begin without room for connections, and can't come to that.
fn check_connections(old: &BrokerLayers<'_>, new: &BrokerLayers<'_>) -> Result<(), String> {
    let limits = ["max.connections", "max.connection.creation.rate"];
    if limits.iter().all(|name| old.integer(name) == new.integer(name)) {
        return Ok(());
    }
    match limits.iter().find_map(|name| new.integer(name).filter(|limit| *limit <= 0).map(|it| (name, it))) {
        Some((name, limit)) => Err(format!("Invalid {name} {limit}")),
        None => Ok(()),
    }
}

/// Pools of threads grow and shrink by no more than their half at a time.
fn check_threads(old: &BrokerLayers<'_>, new: &BrokerLayers<'_>) -> Result<(), String> {
    let pools = [
        "num.io.threads",
        "num.replica.fetchers",
        "num.recovery.threads.per.data.dir",
        "background.threads",
        "num.network.threads",
        "remote.log.reader.threads",
        "remote.log.manager.copier.thread.pool.size",
        "remote.log.manager.expiration.thread.pool.size",
        "remote.log.manager.follower.thread.pool.size",
    ];
    for name in pools {
        let (Some(from), Some(to)) = (old.integer(name), new.integer(name)) else { continue };
        let failed = format!("Dynamic thread count update validation failed for {name}={to}");
        if to < from / 2 {
            return Err(format!("{failed}, value should be at least half the current value {from}"));
        }
        if to > from * 2 {
            return Err(format!(
                "{failed}, value should not be greater than double the current value {from}"
            ));
        }
    }
    Ok(())
}

/// What is kept here can't be more than what is kept at all.
fn local_retention(new: &BrokerLayers<'_>, local: &str, total: &str, total_value: i64) -> Result<(), String> {
    let Some(value) = new.integer(local).filter(|value| *value != -2 && total_value != -1) else {
        return Ok(());
    };
    let reason = if value == -1 {
        format!("Value must not be -1 as {total} value is set as {total_value}.")
    } else if value > total_value {
        format!("Value must not be more than {total} property value: {total_value}")
    } else {
        return Ok(());
    };
    Err(InvalidValue::of(local, value, reason).to_string())
}
