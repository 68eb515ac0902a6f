//! The fenced block `toml step` of a step: how it teaches and what its buttons send.
//!
//! ```toml
//! kind = "complete"
//! needs = []
//!
//! [[run]]
//! label = "Create the topic"
//! open = ["partitions"]
//! create_topic = { topic = "airports-data", partitions = 3 }
//! ```
//!
//! A `[[run]]` is a button. Beside `label` and `open` it has exactly one key: the name of a [`Command`], whose value
//! is the command's arguments. A key that is not known is a mistake, so that what a later version adds (predictions,
//! checks) never goes unnoticed in this one.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::Command;
use shared::lesson::{Run, StepKind};
use toml::Spanned;

use super::error::Mistakes;
use super::front_matter::one_line;

/// What the block says.
pub(super) struct StepBlock {
    pub(super) kind: StepKind,
    pub(super) needs: Vec<String>,
    pub(super) runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    kind: StepKind,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    run: Vec<Spanned<SourceRun>>,
}

type SourceRun = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

/// Reads a block whose TOML begins at byte `start` of the file.
pub(super) fn read(toml: &str, start: usize, mistakes: &mut Mistakes<'_>) -> Option<StepBlock> {
    let source: Source = match toml::from_str(toml) {
        Ok(source) => source,
        Err(error) => {
            let offset = start + error.span().map_or(0, |span| span.start);
            mistakes.at(offset, format!("Step block: {}.", one_line(error.message())));
            return None;
        }
    };
    if source.run.is_empty() {
        mistakes.at(start, "A step needs a button: add a [[run]] with a label and a command.");
    }
    let runs: Vec<Run> = source.run.into_iter().filter_map(|run| read_run(run, start, mistakes)).collect();
    if source.kind == StepKind::Complete && !runs.is_empty() && runs.iter().all(|run| run.open.is_empty()) {
        mistakes.at(
            start,
            "A step of kind \"complete\" leaves something to fill in: name arguments in a run's `open`, or make it \
             \"watch\".",
        );
    }
    Some(StepBlock { kind: source.kind, needs: source.needs, runs })
}

fn read_run(run: Spanned<SourceRun>, start: usize, mistakes: &mut Mistakes<'_>) -> Option<Run> {
    let run_at = start + run.span().start;
    let (mut label, mut open, mut commands) = (None, None, Vec::new());
    for (key, value) in run.into_inner() {
        let at = start + key.span().start;
        match key.get_ref().as_str() {
            "label" => label = value.into_inner().as_str().map(str::to_owned),
            "open" => open = Some((at, value.into_inner())),
            _ => commands.push((at, key.into_inner(), value.into_inner())),
        }
    }

    let label = label.filter(|label| !label.trim().is_empty());
    if label.is_none() {
        mistakes.at(run_at, "A run needs a label, what stands on its button: label = \"…\".");
    }
    commands.sort_by_key(|(at, _, _)| *at);
    let command = if let [(at, name, arguments)] = commands.as_slice() {
        read_command(name, arguments, *at, mistakes)
    } else {
        let names: Vec<_> = commands.iter().map(|(_, name, _)| format!("`{name}`")).collect();
        let found = if names.is_empty() { "none".to_owned() } else { names.join(" and ") };
        mistakes.at(run_at, format!("Beside label and open, a run has exactly one command; found {found}."));
        None
    };
    let open = match (&command, open) {
        (Some(command), Some((at, names))) => read_open(command, names, at, mistakes),
        _ => Vec::new(),
    };
    Some(Run { label: label?, open, command: command? })
}

fn read_command(
    name: &str,
    arguments: &toml::Value,
    at: usize,
    mistakes: &mut Mistakes<'_>,
) -> Option<Command> {
    let tagged = toml::Table::from_iter([(name.to_owned(), arguments.clone())]);
    match Command::deserialize(toml::Value::Table(tagged)) {
        Ok(command) => Some(command),
        Err(error) => {
            let reason = one_line(error.message());
            let message = match reason.strip_prefix("unknown variant") {
                Some(_) => format!("`{name}` is not a command: {reason}."),
                None => format!("Command `{name}`: {reason}."),
            };
            mistakes.at(at, message);
            None
        }
    }
}

fn read_open(command: &Command, names: toml::Value, at: usize, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let Ok(names) = names.try_into::<Vec<String>>() else {
        mistakes.at(at, "`open` is a list of names of arguments, for example open = [\"topic\"].");
        return Vec::new();
    };
    let fields: Vec<_> = command.fields().iter().map(|field| field.name).collect();
    for name in names.iter().filter(|name| !fields.contains(&name.as_str())) {
        let choice =
            if fields.is_empty() { "none, so leave `open` out".to_owned() } else { fields.join(", ") };
        let command = command.name();
        mistakes.at(
            at,
            format!("`open` names `{name}`, which `{command}` does not have; it can open: {choice}."),
        );
    }
    names
}
