//! The topic configs that learners may set: an allow-list with ranges. On a cluster that others use too, a config that
//! makes many small files takes file handles from everybody.
//!
//! Source of names: "Topic configs" in the documentation of Apache Kafka 4.1.

use std::collections::BTreeMap;

use shared::{Error, ErrorCode};

use Values::{Any, Number};

/// The most configs that one command may set.
const MAX_CONFIGS: usize = 50;
/// The shortest time after which a topic may begin a new file.
const MIN_SEGMENT_MS: i64 = 60_000;
/// The least size at which a topic may begin a new file.
const MIN_SEGMENT_BYTES: i64 = 1 << 20;
/// The largest size of a batch.
const MAX_MESSAGE_BYTES: i64 = 10 << 20;

/// What a config may be.
#[derive(Clone, Copy, Debug)]
enum Values {
    /// Whatever Kafka takes.
    Any,
    /// A whole number from the first to the second.
    Number(i64, i64),
}

const ALLOWED: &[(&str, Values)] = &[
    ("cleanup.policy", Any),
    ("compression.type", Any),
    ("delete.retention.ms", Any),
    // After this a compacted topic begins a new file, whatever segment.ms says.
    ("max.compaction.lag.ms", Number(MIN_SEGMENT_MS, i64::MAX)),
    ("max.message.bytes", Number(0, MAX_MESSAGE_BYTES)),
    ("message.timestamp.after.max.ms", Any),
    ("message.timestamp.before.max.ms", Any),
    ("message.timestamp.type", Any),
    ("min.cleanable.dirty.ratio", Any),
    ("min.compaction.lag.ms", Any),
    ("min.insync.replicas", Any),
    ("retention.bytes", Any),
    ("retention.ms", Any),
    ("segment.bytes", Number(MIN_SEGMENT_BYTES, i32::MAX as i64)),
    ("segment.ms", Number(MIN_SEGMENT_MS, i64::MAX)),
    ("unclean.leader.election.enable", Any),
];

/// What Kafka knows and learners may not set.
const REFUSED: &[&str] = &[
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "message.downconversion.enable",
    "message.format.version",
    "message.timestamp.difference.max.ms",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "segment.index.bytes",
    "segment.jitter.ms",
];

/// Checks the configs of a learner for a topic. Fails with [`ErrorCode::SettingNotAllowed`], with
/// [`ErrorCode::InvalidConfig`] or, where they are too many, with [`ErrorCode::LimitReached`].
pub(super) fn check(configs: &BTreeMap<String, String>) -> Result<(), Error> {
    if configs.len() > MAX_CONFIGS {
        return Err(Error::new(ErrorCode::LimitReached, format!("At most {MAX_CONFIGS} configs, please.")));
    }
    configs.iter().try_for_each(|(name, value)| check_one(name, value))
}

fn check_one(name: &str, value: &str) -> Result<(), Error> {
    match ALLOWED.iter().find(|(allowed, _)| *allowed == name) {
        Some((_, Any)) => Ok(()),
        // What has no digit is no number to Kafka either, and Kafka says so itself.
        Some(_) if !value.contains(char::is_numeric) => Ok(()),
        Some((_, Number(least, most))) => match value.parse::<i64>() {
            Ok(number) if (*least..=*most).contains(&number) => Ok(()),
            _ => Err(Error::new(
                ErrorCode::InvalidConfig,
                format!("“{value:.80}” is no value for {name} on this cluster."),
            )
            .hint(format!("{name} takes a whole number from {least} to {most}."))),
        },
        None if REFUSED.contains(&name) => {
            Err(Error::new(ErrorCode::SettingNotAllowed, format!("The config {name} can't be set here."))
                .hint("It would touch those who use the cluster too: it is the operator's."))
        }
        // A compatible cluster may have configs of its own, so this is not left to it.
        None => Err(Error::new(
            ErrorCode::InvalidConfig,
            format!("There is no topic config “{name:.80}” to set here."),
        )
        .hint("Look at the topic's description for names and values as Kafka writes them.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, value: &str) -> Option<ErrorCode> {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())])).err().map(|error| error.code)
    }

    #[test]
    fn configs_that_make_many_files_are_refused() {
        for (name, value) in [
            ("segment.ms", "1"),
            ("segment.ms", "59999"),
            ("segment.ms", " 1 "),
            // Java reads these digits too.
            ("segment.ms", "١"),
            ("segment.bytes", "1048575"),
            ("max.compaction.lag.ms", "1"),
            ("max.message.bytes", "10485761"),
        ] {
            assert_eq!(code(name, value), Some(ErrorCode::InvalidConfig), "{name}={value}");
        }
        for name in REFUSED {
            assert_eq!(code(name, "1"), Some(ErrorCode::SettingNotAllowed), "{name}");
        }
        let configs = BTreeMap::from([("segment.ms".to_owned(), "1".to_owned())]);
        assert!(check(&configs).unwrap_err().hint.unwrap().contains("60000 to"));
    }

    #[test]
    fn what_lessons_need_is_allowed_and_nonsense_is_left_to_kafka() {
        for (name, value) in [
            ("cleanup.policy", "compact"),
            ("retention.ms", "-1"),
            ("retention.ms", "soon"),
            ("min.insync.replicas", "2"),
            ("max.message.bytes", "280"),
            ("segment.bytes", "1048576"),
            ("segment.ms", "60000"),
            ("segment.ms", "soon"),
        ] {
            assert_eq!(code(name, value), None, "{name}={value}");
        }
        assert_eq!(code("no.such.config", "1"), Some(ErrorCode::InvalidConfig));
        assert_eq!(code("SEGMENT.MS", "1"), Some(ErrorCode::InvalidConfig));
    }
}
