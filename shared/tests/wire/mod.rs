//! What travels, as JSON. A snapshot that changes means a new version of the protocol, or a page and a server that
//! do not understand each other.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::{ClientFrame, Command};

use super::samples;

/// Each sample, written as JSON and read again, is the same.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(samples: Vec<T>) -> Vec<T> {
    for sample in &samples {
        let json = serde_json::to_string(sample).expect("JSON");
        assert_eq!(&serde_json::from_str::<T>(&json).expect(&json), sample);
    }
    samples
}

macro_rules! snapshots {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                insta::assert_json_snapshot!(stringify!($name), round_trip(samples::$name()));
            }
        )+
    };
}

snapshots!(
    acks,
    all_bytes,
    client_frames,
    close_reasons,
    cluster_kinds,
    cluster_states,
    cluster_views,
    commands,
    commit_each_records,
    compressions,
    config_sources,
    consumer_events,
    error_codes,
    events,
    faulty_apis,
    injected_error_codes,
    lessons,
    outcomes,
    replies,
    sendings,
    server_frames,
    start_ats,
);

#[test]
fn a_command_is_named_as_its_json_is() {
    for command in samples::commands() {
        let json = serde_json::to_value(&command).expect("JSON");
        let keys: Vec<_> = json.as_object().expect("an object").keys().collect();
        assert_eq!(keys, [command.name()]);
    }
}

#[test]
fn each_field_of_a_form_is_an_argument_of_its_command() {
    let mut seen = BTreeSet::new();
    for command in samples::commands() {
        // The first sample of each command has all of its arguments.
        if !seen.insert(command.name()) {
            continue;
        }
        let json = serde_json::to_value(&command).expect("JSON");
        let arguments = &json[command.name()];
        let names: Vec<_> = command.fields().iter().map(|field| field.name).collect();
        for name in &names {
            assert!(arguments.get(name).is_some(), "{} has no argument {name}", command.name());
        }
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}

#[test]
fn arguments_that_are_left_out_have_defaults() {
    let commands = [
        r#"{ "create_topic": { "topic": "a" } }"#,
        r#"{ "produce": { "topic": "a", "count": 1 } }"#,
        r#"{ "start_consumer": { "group": "g", "topics": ["a"] } }"#,
        r#"{ "commit": { "consumer": 4 } }"#,
        r#"{ "start_over": {} }"#,
        r#"{ "cut_off_broker": { "broker": 1 } }"#,
        r#"{ "inject_error": { "api": "Fetch", "error": "NOT_LEADER_OR_FOLLOWER" } }"#,
    ];
    for json in commands {
        let command: Command = serde_json::from_str(json).expect(json);
        match command {
            Command::Commit(commit) => assert!(commit.synchronous),
            Command::CutOffBroker(cut) => assert!(cut.cut_off),
            Command::InjectError(inject) => assert_eq!((inject.times, inject.broker), (1, None)),
            _ => {}
        }
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let frames = [
        r#"{ "type": "run", "id": 1, "command": { "list_topics": { "all": true } } }"#,
        r#"{ "type": "run", "id": 1, "command": { "format_disk": {} } }"#,
        r#"{ "type": "run", "id": 1, "command": { "list_topics": {} }, "now": true }"#,
        r#"{ "type": "run", "id": -1, "command": { "list_topics": {} } }"#,
        r#"{ "type": "cancel" }"#,
        r#"{ "type": "welcome" }"#,
        r#"{ "type": "hello", "version": 2, "resume": { "session": "s", "received": 0, "sent": 0 } }"#,
    ];
    for json in frames {
        assert!(serde_json::from_str::<ClientFrame>(json).is_err(), "{json}");
    }
}
