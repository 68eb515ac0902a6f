//! Each mistake that an author can make has its message here, as the author sees it.

mod mistakes;
mod step_blocks;

use std::path::PathBuf;

use shared::Command;
use shared::lesson::{Block, Inline, StepKind};

use super::{LessonError, Lessons, SourceFile, airports_json};

const FRONT_MATTER: &str = r#"+++
id = "topics"
title = "Topics"
summary = "About topics."
minutes = 10

[start_over]
delete_topics = ["airports-data"]
+++
"#;

const STEP: &str = r#"
## Look {#look}

Which topics are there?

```toml step
kind = "watch"

[[run]]
label = "List the topics"
list_topics = {}
```

**Because** each broker knows them all.
"#;

/// A good step block.
const LIST: &str = "kind = \"watch\"\n[[run]]\nlabel = \"List\"\nlist_topics = {}";

fn load(text: &str) -> Result<Lessons, Vec<LessonError>> {
    Lessons::from_files(vec![SourceFile {
        path: "data/lessons/01-topics.md".to_owned(),
        text: text.to_owned(),
    }])
}

/// The lines that an author sees, without the folder.
fn complaints(text: &str) -> Vec<String> {
    let errors = load(text).expect_err("the lesson has a mistake");
    errors.iter().map(|error| error.to_string().replace("data/lessons/", "")).collect()
}

/// A lesson whose only step has this text and this step block. The text begins in line 12.
fn step(text: &str, block: &str) -> String {
    format!("{FRONT_MATTER}\n## Look {{#look}}\n{text}\n\n```toml step\n{block}\n```\n")
}

/// A lesson whose only run has these lines, the first of them line 17.
fn run(lines: &str) -> String {
    step("Look.", &format!("kind = \"watch\"\n[[run]]\n{lines}"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/lessons")
}

fn ids(lessons: &Lessons) -> Vec<String> {
    lessons.summaries().into_iter().map(|summary| summary.id).collect()
}

#[test]
fn the_lessons_of_the_repository_have_no_mistakes() {
    if let Err(errors) = Lessons::from_dir(&folder()) {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        panic!("\n{}", lines.join("\n"));
    }
}

#[test]
fn the_embedded_lessons_are_those_of_the_repository() {
    let embedded = Lessons::embedded().expect("no mistakes");
    assert!(embedded == Lessons::from_dir(&folder()).expect("no mistakes"), "embedded at another time");
    assert_eq!(ids(&embedded), ["topics", "producing", "consuming"]);
    for summary in embedded.summaries() {
        let lesson = embedded.get(&summary.id).expect("a lesson for each summary");
        assert!((4..=9).contains(&lesson.steps.len()), "{} has {} steps", lesson.id, lesson.steps.len());
        for step in &lesson.steps {
            assert!(!step.because.is_empty(), "{}/{} does not say why", lesson.id, step.id);
        }
    }
    assert_eq!(embedded.get("no-such-lesson"), None);
}

#[test]
fn there_are_7884_airports_and_sixty_known_ones_come_first() {
    let airports: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(airports_json()).expect("an array of objects");
    assert_eq!(airports.len(), 7_884);
    let fields = [
        "city",
        "country",
        "elevation_ft",
        "iata",
        "icao",
        "latitude",
        "longitude",
        "name",
        "subdivision",
        "time_zone",
    ];
    for airport in &airports {
        let mut names: Vec<_> = airport.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, fields);
        assert!(["iata", "icao", "country", "time_zone"].iter().all(|name| airport[*name] != ""));
    }
    let codes: Vec<_> = airports.iter().filter_map(|airport| airport["iata"].as_str()).collect();
    let (first, others) = codes.split_at(60);
    assert!(first.is_sorted() && others.is_sorted());
    assert_eq!((first[0], first[59], others[0]), ("AKL", "YYZ", "AAA"));
    assert_eq!(airports[..60].iter().filter(|airport| airport["country"] == "US").count(), 18);
}

#[test]
fn a_lesson_becomes_what_the_page_draws() {
    let text = format!("{FRONT_MATTER}{STEP}");
    let text = text.replace(
        "Which topics are there?",
        "Which *topics*\nare **there**?\n\n- `one`\n- two\n\n  more\n\n1. first\n\n> said\n\n| a | b |\n|---|---|\n\
         | c | [d](https://kafka.apache.org/) |\n\n```python\nprint(1)\n```",
    );
    let lessons = load(&text).expect("no mistakes");
    let lesson = lessons.get("topics").expect("the lesson");
    assert_eq!((lesson.title.as_str(), lesson.minutes), ("Topics", 10));
    assert_eq!(lesson.start_over.delete_topics, ["airports-data"]);

    let step = &lesson.steps[0];
    assert_eq!((step.id.as_str(), step.title.as_str(), step.kind), ("look", "Look", StepKind::Watch));
    assert_eq!(step.runs[0].label, "List the topics");
    assert_eq!(step.runs[0].command, Command::ListTopics(shared::command::ListTopics {}));

    let text = |text: &str| Inline::Text(text.to_owned());
    let paragraph = |content: &str| Block::Paragraph(vec![text(content)]);
    let expected = vec![
        Block::Paragraph(vec![
            text("Which "),
            Inline::Emphasis(vec![text("topics")]),
            text(" are "),
            Inline::Strong(vec![text("there")]),
            text("?"),
        ]),
        Block::List {
            ordered: false,
            items: vec![
                vec![Block::Paragraph(vec![Inline::Code("one".to_owned())])],
                vec![paragraph("two"), paragraph("more")],
            ],
        },
        Block::List { ordered: true, items: vec![vec![paragraph("first")]] },
        Block::Quote(vec![paragraph("said")]),
        Block::Table {
            head: vec![vec![text("a")], vec![text("b")]],
            rows: vec![vec![
                vec![text("c")],
                vec![Inline::Link { href: "https://kafka.apache.org/".to_owned(), content: vec![text("d")] }],
            ]],
        },
        Block::Code { language: "python".to_owned(), code: "print(1)\n".to_owned() },
    ];
    assert_eq!(step.text, expected);
    assert_eq!(
        step.because,
        [Block::Paragraph(vec![Inline::Strong(vec![text("Because")]), text(" each broker knows them all.")])]
    );
}

#[test]
fn lessons_are_in_the_order_of_their_files_and_other_files_are_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("02-last.md", &format!("{FRONT_MATTER}{STEP}").replace("id = \"topics\"", "id = \"a\""));
    write("01-first.md", &format!("{FRONT_MATTER}{STEP}").replace("id = \"topics\"", "id = \"b\""));
    write("notes.txt", "not a lesson");
    assert_eq!(ids(&Lessons::from_dir(folder.path()).expect("no mistakes")), ["b", "a"]);
}

#[test]
fn unreadable_files_and_folders_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("01-a.md"), [0xff]).expect("written");
    let errors = Lessons::from_dir(folder.path()).expect_err("not UTF-8");
    assert!(errors[0].to_string().ends_with("01-a.md: The lesson is not UTF-8: save it as UTF-8."));
    let errors = Lessons::from_dir(&folder.path().join("nowhere")).expect_err("no folder");
    assert!(
        errors[0].to_string().contains("nowhere: The folder of lessons can't be read: "),
        "{}",
        errors[0]
    );
}
