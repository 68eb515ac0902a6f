//! A form in plain Rust: what stands in each input, what is wrong with it, and the command that it makes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use shared::Command;
use shared::form::{Field, Input};

/// What the learner has typed, by the name of the argument. What is not here stands as the lesson wrote it.
pub(crate) type Drafts = BTreeMap<&'static str, String>;

/// The fields of a command that a step opens, in the command's order.
pub(crate) fn open_fields(command: &Command, open: &[String]) -> Vec<Field> {
    command.fields().iter().filter(|field| open.iter().any(|name| name == field.name)).copied().collect()
}

/// What stands in an input: the draft, else the value that the lesson wrote.
pub(crate) fn shown(field: &Field, command: &Command, drafts: &Drafts) -> String {
    drafts.get(field.name).cloned().unwrap_or_else(|| write(arguments(command).get(field.name)))
}

/// The command with the drafts in place, or what is wrong, by the name of the argument.
pub(crate) fn fill(
    command: &Command,
    fields: &[Field],
    drafts: &Drafts,
    brokers: u64,
) -> Result<Command, BTreeMap<&'static str, String>> {
    let mut arguments = arguments(command);
    let mut problems = BTreeMap::new();
    for field in fields {
        let Some(draft) = drafts.get(field.name) else { continue };
        match read(field.input, draft, brokers) {
            Ok(Some(value)) => {
                arguments.insert(field.name.to_owned(), value);
            }
            Ok(None) => {
                arguments.remove(field.name);
            }
            Err(problem) => {
                problems.insert(field.name, problem);
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let filled = Value::Object(Map::from_iter([(command.name().to_owned(), Value::Object(arguments))]));
    serde_json::from_value(filled).map_err(|error| {
        let name = fields.first().map_or("", |field| field.name);
        BTreeMap::from([(name, format!("This is not understood: {error}."))])
    })
}

/// What an input's text means; `None`: nothing, so the argument is left out.
pub(crate) fn read(input: Input, text: &str, brokers: u64) -> Result<Option<Value>, String> {
    let text = text.trim();
    match input {
        Input::Text => Ok(Some(text.into())),
        Input::Names => {
            let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            if names.is_empty() { Err("Give at least one name.".to_owned()) } else { Ok(Some(names.into())) }
        }
        Input::Pairs => pairs(text).map(Some),
        Input::Integer { min, max } => integer(text, min, max).map(Some),
        Input::OptionalInteger { .. } | Input::Replicas if text.is_empty() => Ok(None),
        Input::OptionalInteger { min, max } => integer(text, min, max).map(Some),
        // More than there are brokers is an error worth seeing; that is Kafka's to say.
        Input::Replicas => integer(text, 1, brokers.max(100)).map(Some),
        Input::Choice(_) | Input::GroupedChoice(_) => Ok(Some(text.into())),
        Input::OptionalChoice { .. } if text.is_empty() => Ok(None),
        Input::OptionalChoice { .. } => Ok(Some(text.into())),
        Input::Toggle => Ok(Some((text == "true").into())),
    }
}

fn integer(text: &str, min: u64, max: u64) -> Result<Value, String> {
    let digits: String = text.chars().filter(|&c| c != ',' && c != ' ' && c != '_').collect();
    match digits.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number.into()),
        _ => Err(format!(
            "Give a whole number from {} to {}.",
            super::text::thousands(min),
            super::text::thousands(max)
        )),
    }
}

fn pairs(text: &str) -> Result<Value, String> {
    let mut pairs = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
            return Err(format!("“{line}” is not name=value."));
        };
        if pairs.insert(name.trim().to_owned(), value.trim().into()).is_some() {
            return Err(format!("“{}” is there twice.", name.trim()));
        }
    }
    Ok(pairs.into())
}

/// A value as an input shows it.
fn write(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(Value::Object(pairs)) => pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join("\n"),
        Some(other) => other.to_string(),
    }
}

fn arguments(command: &Command) -> Map<String, Value> {
    match serde_json::to_value(command) {
        Ok(Value::Object(mut object)) => match object.remove(command.name()) {
            Some(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use shared::command::{Acks, CreateTopic, Produce};

    use super::*;

    fn create() -> Command {
        Command::CreateTopic(CreateTopic {
            topic: "airports-data".to_owned(),
            partitions: Some(3),
            replication_factor: None,
            configs: BTreeMap::from([("retention.ms".to_owned(), "60000".to_owned())]),
        })
    }

    fn all(command: &Command) -> Vec<Field> {
        command.fields().to_vec()
    }

    #[test]
    fn a_form_begins_with_what_the_lesson_wrote() {
        let command = create();
        let shown: Vec<String> =
            all(&command).iter().map(|field| shown(field, &command, &Drafts::new())).collect();
        assert_eq!(shown, ["airports-data", "3", "", "retention.ms=60000"]);
        assert_eq!(fill(&command, &all(&command), &Drafts::new(), 3), Ok(command));
    }

    #[test]
    fn only_open_arguments_are_offered() {
        let open = open_fields(&create(), &["partitions".to_owned()]);
        assert_eq!(open.iter().map(|field| field.name).collect::<Vec<_>>(), ["partitions"]);
    }

    #[test]
    fn what_is_typed_takes_its_place() {
        let command = create();
        let drafts = Drafts::from([
            ("topic", " second ".to_owned()),
            ("partitions", String::new()),
            ("replication_factor", "2".to_owned()),
            ("configs", "cleanup.policy=compact\n\n".to_owned()),
        ]);
        let Ok(Command::CreateTopic(filled)) = fill(&command, &all(&command), &drafts, 3) else {
            panic!("it fills")
        };
        assert_eq!(filled.topic, "second");
        assert_eq!((filled.partitions, filled.replication_factor), (None, Some(2)));
        assert_eq!(filled.configs, BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]));
    }

    #[test]
    fn what_is_wrong_is_said_beside_its_input() {
        let command = create();
        let drafts = Drafts::from([("partitions", "0".to_owned()), ("configs", "x".to_owned())]);
        let problems = fill(&command, &all(&command), &drafts, 3).unwrap_err();
        assert_eq!(problems["partitions"], "Give a whole number from 1 to 100.");
        assert_eq!(problems["configs"], "“x” is not name=value.");
    }

    #[test]
    fn choices_and_toggles_become_their_values() {
        let command: Command =
            serde_json::from_value(serde_json::json!({ "produce": { "topic": "t", "count": 5 } })).unwrap();
        let drafts = Drafts::from([
            ("acks", "1".to_owned()),
            ("idempotence", "true".to_owned()),
            ("key", "iata".to_owned()),
            ("count", "1,000".to_owned()),
        ]);
        let Ok(Command::Produce(Produce { acks, idempotence, key, count, .. })) =
            fill(&command, &all(&command), &drafts, 3)
        else {
            panic!("it fills")
        };
        assert_eq!((acks, idempotence, key.as_deref(), count), (Acks::Leader, true, Some("iata"), 1000));
    }
}
