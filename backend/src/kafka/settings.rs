//! The client settings that learners may set: an allow-list with ranges. Everything else that librdkafka knows is
//! refused by name, for it may name hosts, files, libraries or credentials.
//!
//! Source of names and ranges: `CONFIGURATION.md` of librdkafka 2.12; the ranges here are narrower, so that no
//! client takes much memory or waits for minutes.

use std::collections::BTreeMap;

use shared::{Error, ErrorCode};

use Clients::{Both, Consumers, Producers};
use Values::{Choice, Number, Switch};

/// Which clients know a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clients {
    /// Only producers.
    Producers,
    /// Only consumers.
    Consumers,
    /// Both.
    Both,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
enum Values {
    /// A whole number from the first to the second.
    Number(i64, i64),
    /// `true` or `false`.
    Switch,
    /// One of these.
    Choice(&'static [&'static str]),
}

const TABLE: &[(&str, Clients, Values)] = &[
    ("client.id", Both, Values::Choice(&[])),
    ("check.crcs", Consumers, Switch),
    ("connections.max.idle.ms", Both, Number(0, 600_000)),
    ("fetch.error.backoff.ms", Consumers, Number(0, 10_000)),
    ("fetch.max.bytes", Consumers, Number(1_024, 16_777_216)),
    ("fetch.message.max.bytes", Consumers, Number(1, 10_485_760)),
    ("fetch.min.bytes", Consumers, Number(1, 1_048_576)),
    ("fetch.wait.max.ms", Consumers, Number(0, 5_000)),
    ("heartbeat.interval.ms", Consumers, Number(100, 20_000)),
    ("isolation.level", Consumers, Choice(&["read_committed", "read_uncommitted"])),
    ("max.partition.fetch.bytes", Consumers, Number(1, 10_485_760)),
    ("max.poll.interval.ms", Consumers, Number(6_000, 600_000)),
    (
        "partition.assignment.strategy",
        Consumers,
        Choice(&["range", "roundrobin", "cooperative-sticky", "range,roundrobin"]),
    ),
    ("queued.min.messages", Consumers, Number(1, 10_000)),
    ("session.timeout.ms", Consumers, Number(6_000, 60_000)),
    ("batch.num.messages", Producers, Number(1, 100_000)),
    ("compression.level", Producers, Number(-1, 12)),
    ("delivery.timeout.ms", Producers, Number(1_000, 120_000)),
    ("max.in.flight", Producers, Number(1, 100)),
    ("max.in.flight.requests.per.connection", Producers, Number(1, 100)),
    ("message.max.bytes", Producers, Number(1_000, 10_485_760)),
    ("message.send.max.retries", Producers, Number(0, 1_000)),
    ("message.timeout.ms", Producers, Number(1_000, 120_000)),
    (
        "partitioner",
        Producers,
        Choice(&[
            "random",
            "consistent",
            "consistent_random",
            "murmur2",
            "murmur2_random",
            "fnv1a",
            "fnv1a_random",
        ]),
    ),
    ("queue.buffering.max.messages", Producers, Number(1, 100_000)),
    ("request.timeout.ms", Producers, Number(100, 60_000)),
    ("retries", Producers, Number(0, 1_000)),
    ("retry.backoff.max.ms", Both, Number(1, 10_000)),
    ("retry.backoff.ms", Both, Number(1, 10_000)),
    ("sticky.partitioning.linger.ms", Producers, Number(0, 10_000)),
    ("topic.metadata.refresh.interval.ms", Both, Number(1_000, 300_000)),
];

/// Settings that have an argument of their own, with its name.
const ARGUMENTS: &[(&str, &str)] = &[
    ("acks", "acks"),
    ("request.required.acks", "acks"),
    ("linger.ms", "linger_ms"),
    ("queue.buffering.max.ms", "linger_ms"),
    ("batch.size", "batch_size_bytes"),
    ("compression.type", "compression"),
    ("compression.codec", "compression"),
    ("enable.idempotence", "idempotence"),
    ("group.id", "group"),
    ("auto.offset.reset", "start_at"),
    ("enable.auto.commit", "auto_commit_interval_ms"),
    ("auto.commit.interval.ms", "auto_commit_interval_ms"),
];

/// Settings with two names, of which librdkafka takes the one that it is told last (`_RK_C_ALIAS` in its
/// `rdkafka_conf.c`).
const ALIASES: &[(&str, &str)] = &[
    ("delivery.timeout.ms", "message.timeout.ms"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("max.partition.fetch.bytes", "fetch.message.max.bytes"),
    ("retries", "message.send.max.retries"),
];

/// The most settings that one command may have.
const MAX_SETTINGS: usize = 40;
/// The longest `client.id`.
const MAX_CLIENT_ID_CHARS: usize = 60;

/// Checks the settings of a learner for a client of a kind. Fails with [`ErrorCode::SettingNotAllowed`] or
/// [`ErrorCode::InvalidSetting`].
pub(super) fn check(settings: &BTreeMap<String, String>, client: Clients) -> Result<(), Error> {
    if settings.len() > MAX_SETTINGS {
        return Err(Error::new(ErrorCode::LimitReached, format!("At most {MAX_SETTINGS} settings, please.")));
    }
    settings.iter().try_for_each(|(name, value)| check_one(name, value, client))?;
    let both = |(one, other): &&(&str, &str)| settings.contains_key(*one) && settings.contains_key(*other);
    match ALIASES.iter().find(both) {
        None => Ok(()),
        Some((one, other)) => Err(Error::new(
            ErrorCode::InvalidSetting,
            format!("{one} and {other} are two names of one setting."),
        )
        .hint("Use one of them.")),
    }
}

/// Checks a number that has an argument of its own.
pub(super) fn check_range(name: &str, value: u64, least: u64, most: u64) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(out_of_range(name, &value.to_string(), &format!("a whole number from {least} to {most}")))
}

fn check_one(name: &str, value: &str, client: Clients) -> Result<(), Error> {
    if let Some((_, argument)) = ARGUMENTS.iter().find(|(setting, _)| *setting == name) {
        return Err(Error::new(
            ErrorCode::SettingNotAllowed,
            format!("The setting {name} has a field of its own."),
        )
        .hint(format!("Use {argument}.")));
    }
    let Some((_, clients, values)) = TABLE.iter().find(|(setting, _, _)| *setting == name) else {
        return Err(Error::new(
            ErrorCode::SettingNotAllowed,
            format!("The setting {name:.80} can't be set here."),
        )
        .hint("Settings that name hosts, files, libraries or credentials are the operator's."));
    };
    match (clients, client) {
        (Both, _) | (Producers, Producers) | (Consumers, Consumers) => {}
        (of, _) => {
            let of = if *of == Producers { "producers" } else { "consumers" };
            return Err(Error::new(
                ErrorCode::SettingNotAllowed,
                format!("Only {of} have the setting {name}."),
            ));
        }
    }
    if name == "client.id" {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        return if !value.is_empty() && value.len() <= MAX_CLIENT_ID_CHARS && value.chars().all(fine) {
            Ok(())
        } else {
            let range = format!("up to {MAX_CLIENT_ID_CHARS} letters, digits, dots, underscores and hyphens");
            Err(out_of_range(name, value, &range))
        };
    }
    match values {
        Number(least, most) => match value.parse::<i64>() {
            Ok(number) if (*least..=*most).contains(&number) => Ok(()),
            _ => Err(out_of_range(name, value, &format!("a whole number from {least} to {most}"))),
        },
        Switch if matches!(value, "true" | "false") => Ok(()),
        Switch => Err(out_of_range(name, value, "true or false")),
        Choice(allowed) if allowed.contains(&value) => Ok(()),
        Choice(allowed) => Err(out_of_range(name, value, &format!("one of: {}", allowed.join(" · ")))),
    }
}

fn out_of_range(name: &str, value: &str, range: &str) -> Error {
    Error::new(ErrorCode::InvalidSetting, format!("“{value:.80}” is no value for {name} here."))
        .hint(format!("{name} takes {range}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, value: &str, client: Clients) -> Option<ErrorCode> {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())]), client).err().map(|error| error.code)
    }

    #[test]
    fn what_names_hosts_files_credentials_or_code_is_refused_by_name() {
        for name in [
            "bootstrap.servers",
            "metadata.broker.list",
            "client.rack",
            "plugin.library.paths",
            "builtin.features",
            "debug",
            "log_level",
            "log.queue",
            "opaque",
            "security.protocol",
            "sasl.kerberos.kinit.cmd",
            "sasl.kerberos.keytab",
            "sasl.username",
            "sasl.password",
            "sasl.mechanism",
            "sasl.mechanisms",
            "sasl.oauthbearer.token.endpoint.url",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.client.secret",
            "ssl.ca.location",
            "ssl.ca.pem",
            "ssl.key.location",
            "ssl.key.password",
            "ssl.certificate.location",
            "ssl.crl.location",
            "ssl.keystore.location",
            "ssl.engine.location",
            "ssl.providers",
            "https.ca.location",
            "enable.ssl.certificate.verification",
            "ssl.endpoint.identification.algorithm",
            "statistics.interval.ms",
            "allow.auto.create.topics",
            "transactional.id",
            "group.instance.id",
            "group.protocol",
            "offset.store.path",
            "offset.store.method",
            "test.mock.num.brokers",
            "test.mock.broker.rtt",
            "socket.send.buffer.bytes",
            "receive.message.max.bytes",
            "topic.blacklist",
            "enable.partition.eof",
            "enable.auto.offset.store",
            "queue.buffering.max.kbytes",
            "queued.max.messages.kbytes",
            "CLIENT.ID",
            " client.id",
            "",
            "ssl.ca.location\0",
        ] {
            for client in [Producers, Consumers] {
                assert_eq!(code(name, "1", client), Some(ErrorCode::SettingNotAllowed), "{name}");
            }
        }
    }

    #[test]
    fn values_outside_their_range_are_refused_with_the_range() {
        let settings = BTreeMap::from([("session.timeout.ms".to_owned(), "5999".to_owned())]);
        let error = check(&settings, Consumers).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSetting);
        assert!(error.hint.unwrap().contains("6000 to 60000"));
        for value in ["", "six", "6000.5", "99999999999999999999", "-1"] {
            assert_eq!(
                code("session.timeout.ms", value, Consumers),
                Some(ErrorCode::InvalidSetting),
                "{value}"
            );
        }
        assert_eq!(code("session.timeout.ms", "6000", Consumers), None);
        assert_eq!(code("partitioner", "murmur2", Producers), None);
        assert_eq!(code("partitioner", "mine", Producers), Some(ErrorCode::InvalidSetting));
        assert_eq!(code("check.crcs", "yes", Consumers), Some(ErrorCode::InvalidSetting));
        assert_eq!(code("client.id", "<script>", Consumers), Some(ErrorCode::InvalidSetting));
        assert_eq!(code("client.id", "till-4", Consumers), None);
    }

    #[test]
    fn a_setting_of_the_other_client_is_refused() {
        assert_eq!(code("partitioner", "murmur2", Consumers), Some(ErrorCode::SettingNotAllowed));
        assert_eq!(code("fetch.min.bytes", "1", Producers), Some(ErrorCode::SettingNotAllowed));
    }

    #[test]
    fn a_setting_is_not_given_under_both_of_its_names() {
        for (one, other) in ALIASES {
            let client = if one.contains("fetch") { Consumers } else { Producers };
            let value = if *one == "max.in.flight" { "5" } else { "1000" };
            let settings = |names: &[&str]| -> BTreeMap<_, _> {
                names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect()
            };
            let allowed = |names: &[&str]| check(&settings(names), client).map_err(|error| error.code);
            assert_eq!(allowed(&[one]), Ok(()));
            assert_eq!(allowed(&[other]), Ok(()));
            assert_eq!(allowed(&[one, other]), Err(ErrorCode::InvalidSetting), "{one}");
        }
    }

    #[test]
    fn what_has_an_argument_of_its_own_points_to_it() {
        for (name, argument) in ARGUMENTS {
            let settings = BTreeMap::from([((*name).to_owned(), "1".to_owned())]);
            let error = check(&settings, Producers).unwrap_err();
            assert_eq!(error.code, ErrorCode::SettingNotAllowed);
            assert!(error.hint.unwrap().contains(argument));
        }
    }

    #[test]
    fn librdkafka_knows_every_allowed_setting_and_its_limits() {
        for (name, _, values) in TABLE {
            let samples: Vec<String> = match values {
                Number(least, most) => vec![least.to_string(), most.to_string()],
                Switch => vec!["true".to_owned(), "false".to_owned()],
                Choice([]) => vec!["x".to_owned()],
                Choice(allowed) => allowed.iter().map(|value| (*value).to_owned()).collect(),
            };
            for value in samples {
                let config = rdkafka::ClientConfig::from_iter([(name.to_string(), value.clone())]);
                assert!(config.create_native_config().is_ok(), "{name}={value}");
            }
        }
    }
}
