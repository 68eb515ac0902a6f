//! Lessons as the page gets them. The server reads them from `data/lessons`.

use serde::{Deserialize, Serialize};

use crate::command::{Command, StartOver};

/// A lesson in the list of lessons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonSummary {
    /// Its name in URLs. Never changes.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What one learns, in a sentence.
    pub summary: String,
    /// How long it takes.
    pub minutes: u32,
    /// Its steps in order.
    pub steps: Vec<StepSummary>,
}

/// A step in the list of steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSummary {
    /// Its name in URLs, unique in its lesson. Never changes.
    pub id: String,
    /// Its name for people.
    pub title: String,
}

/// A whole lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its name in URLs. Never changes.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What one learns, in a sentence.
    pub summary: String,
    /// How long it takes.
    pub minutes: u32,
    /// What brings the cluster into the state in which the lesson begins.
    pub start_over: StartOver,
    /// At least one.
    pub steps: Vec<Step>,
}

impl Lesson {
    /// What the list of lessons says of it.
    pub fn to_summary(&self) -> LessonSummary {
        LessonSummary {
            id: self.id.clone(),
            title: self.title.clone(),
            summary: self.summary.clone(),
            minutes: self.minutes,
            steps: self
                .steps
                .iter()
                .map(|step| StepSummary { id: step.id.clone(), title: step.title.clone() })
                .collect(),
        }
    }
}

/// One step of a lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name in URLs, unique in its lesson. Never changes.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// How it teaches.
    pub kind: StepKind,
    /// Capabilities of the cluster without which it can't be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// What stands before the buttons.
    pub text: Vec<Block>,
    /// Its buttons.
    pub runs: Vec<Run>,
    /// What opens after the first run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Block>,
}

/// How a step teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A worked example.
    Watch,
    /// A command with blanks to fill.
    Complete,
}

/// A button of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What stands on it.
    pub label: String,
    /// The names of the arguments that the learner may change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// What it sends.
    pub command: Command,
}

/// A piece of text. A tree rather than HTML, so that nothing in a lesson can be more than text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list.
    List {
        /// Whether it is numbered.
        ordered: bool,
        /// Its items.
        items: Vec<Vec<Block>>,
    },
    /// Code as it stands.
    Code {
        /// The language after the fence; may be empty.
        language: String,
        /// The code.
        code: String,
    },
    /// A table.
    Table {
        /// The cells of its first row.
        head: Vec<Vec<Inline>>,
        /// The cells of the others.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A remark set apart.
    Quote(Vec<Block>),
}

/// A piece of a line of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// As it stands.
    Text(String),
    /// Stressed.
    Emphasis(Vec<Inline>),
    /// Strongly stressed.
    Strong(Vec<Inline>),
    /// A name from code.
    Code(String),
    /// A link, within the workshop (`/lessons/…`) or to `https://`.
    Link {
        /// Where to.
        href: String,
        /// What stands there.
        content: Vec<Inline>,
    },
}
