//! What is wrong with a lesson, said to its author.

use std::fmt;

/// One mistake in a lesson's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LessonError {
    /// The file, as the author would open it, for example `data/lessons/01-topics.md`.
    pub file: String,
    /// The line, from 1; `None` where the mistake is not in one place.
    pub line: Option<usize>,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for LessonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for LessonError {}

/// Collects the mistakes of one file, so that its author sees all of them at once.
pub(super) struct Mistakes<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<LessonError>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    /// Notes a mistake at a byte offset of the file.
    pub(super) fn at(&mut self, offset: usize, message: impl Into<String>) {
        let line = self.line(offset);
        self.found.push(LessonError {
            file: self.file.to_owned(),
            line: Some(line),
            message: message.into(),
        });
    }

    /// The line, from 1, of a byte offset of the file.
    pub(super) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    pub(super) fn into_errors(self) -> Vec<LessonError> {
        self.found
    }
}
