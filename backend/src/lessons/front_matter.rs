//! The TOML between the `+++` lines at the top of a lesson.

use serde::Deserialize;
use shared::command::StartOver;

use super::error::Mistakes;

const FENCE: &str = "+++";

/// What stands in the front matter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrontMatter {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) minutes: u32,
    pub(super) start_over: StartOver,
}

/// Reads the front matter and says at which byte offset the lesson's text begins after it.
pub(super) fn read(text: &str, mistakes: &mut Mistakes<'_>) -> Option<(FrontMatter, usize)> {
    let Some((start, end, body)) = bounds(text) else {
        mistakes.at(
            0,
            "A lesson begins with front matter: TOML with id, title, summary, minutes and start_over between two \
             lines of +++.",
        );
        return None;
    };
    match toml::from_str(text.get(start..end).unwrap_or_default()) {
        Ok(front_matter) => Some((front_matter, body)),
        Err(error) => {
            let offset = start + error.span().map_or(0, |span| span.start);
            mistakes.at(offset, format!("Front matter: {}.", one_line(error.message())));
            None
        }
    }
}

/// Where the TOML begins and ends, and where the text after it begins.
fn bounds(text: &str) -> Option<(usize, usize, usize)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == FENCE)?;
    let mut offset = first.len();
    for line in lines {
        if line.trim_end() == FENCE {
            return Some((first.len(), offset, offset + line.len()));
        }
        offset += line.len();
    }
    None
}

/// A message of the TOML parser, which may take several lines, as one.
pub(super) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
