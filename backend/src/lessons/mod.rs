//! The lessons: read from Markdown, checked, and handed to pages as [`shared::lesson`] has them; and the airports
//! that they write. Knows nothing of Kafka or of learners.
//!
//! A lesson is a file `NN-slug.md`. TOML front matter between `+++` lines gives `id`, `title`, `summary`, `minutes`
//! and the table `start_over`, whose fields are those of [`shared::command::StartOver`]. Each step is a heading
//! `## Title {#id}` with text, one fenced block of kind `toml step` (see `step.rs`) and, from a paragraph that begins
//! with `**Because**` on, what opens after the step's first run.

mod error;
mod front_matter;
mod lint;
mod markdown;
mod parse;
mod step;
#[cfg(test)]
mod tests;

use std::path::Path;

use rust_embed::RustEmbed;
use shared::lesson::{Lesson, LessonSummary};

pub use error::LessonError;

/// Where the lessons are in the repository, and so the folder that embedded ones are said to be in.
const FOLDER: &str = "data/lessons";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../data/lessons"]
struct Embedded;

/// `data/airports.json`: one JSON array of objects, in the order in which they are written. `data/airports.md` says
/// what is in it, where it is from, and its licence.
pub fn airports_json() -> &'static [u8] {
    include_bytes!("../../../data/airports.json")
}

/// All lessons, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Lessons {
    lessons: Vec<Lesson>,
}

impl Lessons {
    /// The lessons that the server carries inside it. A test makes sure that they have no mistakes.
    pub fn embedded() -> Result<Self, Vec<LessonError>> {
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        for name in Embedded::iter().filter(|name| name.ends_with(".md")) {
            let path = format!("{FOLDER}/{name}");
            match Embedded::get(&name).map(|file| String::from_utf8(file.data.into_owned())) {
                Some(Ok(text)) => files.push(SourceFile { path, text }),
                _ => unreadable.push(not_utf8(path)),
            }
        }
        if unreadable.is_empty() { Self::from_files(files) } else { Err(unreadable) }
    }

    /// The lessons in a folder: each of its files whose name ends in `.md`, by name.
    pub fn from_dir(folder: &Path) -> Result<Self, Vec<LessonError>> {
        let unreadable = |error: &std::io::Error| {
            vec![LessonError {
                file: folder.display().to_string(),
                line: None,
                message: format!("The folder of lessons can't be read: {error}."),
            }]
        };
        let mut files = Vec::new();
        let mut errors = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(&error))? {
            let path = entry.map_err(|error| unreadable(&error))?.path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let name = path.display().to_string();
            match std::fs::read(&path).map(String::from_utf8) {
                Ok(Ok(text)) => files.push(SourceFile { path: name, text }),
                Ok(Err(_)) => errors.push(not_utf8(name)),
                Err(error) => errors.push(LessonError {
                    file: name,
                    line: None,
                    message: format!("The lesson can't be read: {error}."),
                }),
            }
        }
        if errors.is_empty() { Self::from_files(files) } else { Err(errors) }
    }

    /// Parses and checks all files together. They are ordered by their paths.
    fn from_files(mut files: Vec<SourceFile>) -> Result<Self, Vec<LessonError>> {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let mut errors = Vec::new();
        let mut parsed = Vec::new();
        for file in &files {
            match parse::parse(&file.path, &file.text) {
                Ok(lesson) => parsed.push(lesson),
                Err(mistakes) => errors.extend(mistakes),
            }
        }
        // A lesson with mistakes would make links to it look dead, so these are looked at last.
        if errors.is_empty() {
            errors = lint::across_lessons(&parsed);
        }
        if errors.is_empty() {
            Ok(Self { lessons: parsed.into_iter().map(|parsed| parsed.lesson).collect() })
        } else {
            errors.sort();
            Err(errors)
        }
    }

    /// What a list of lessons shows of each, in order.
    pub fn summaries(&self) -> Vec<LessonSummary> {
        self.lessons.iter().map(Lesson::to_summary).collect()
    }

    /// The lesson with this id.
    pub fn get(&self, id: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| lesson.id == id)
    }
}

/// A file as it was read.
struct SourceFile {
    path: String,
    text: String,
}

fn not_utf8(file: String) -> LessonError {
    LessonError { file, line: None, message: "The lesson is not UTF-8: save it as UTF-8.".to_owned() }
}
