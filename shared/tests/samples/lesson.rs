//! Lessons as the page gets them.

use shared::Command;
use shared::command::{ListTopics, StartOver};
use shared::lesson::{Block, Inline, Lesson, Run, Step, StepKind};

use super::samples;

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn inlines() -> Vec<Inline> {
    samples!(Inline {
        Inline::Text(_) => [text("A topic is a log")],
        Inline::Emphasis(_) => [Inline::Emphasis(vec![text("next")])],
        Inline::Strong(_) => [Inline::Strong(vec![text("offset")])],
        Inline::Code(_) => [Inline::Code("poll()".to_owned())],
        Inline::Link { .. } => [
            Inline::Link { href: "/lessons/topics".to_owned(), content: vec![text("topics")] },
        ],
    })
}

fn blocks() -> Vec<Block> {
    let paragraph = || Block::Paragraph(vec![text("one")]);
    samples!(Block {
        Block::Paragraph(_) => [Block::Paragraph(inlines())],
        Block::List { .. } => [
            Block::List { ordered: true, items: vec![vec![paragraph()], vec![paragraph(), paragraph()]] },
        ],
        Block::Code { .. } => [
            Block::Code { language: "python".to_owned(), code: "producer.flush()\n".to_owned() },
        ],
        Block::Table { .. } => [
            Block::Table { head: vec![vec![text("acks")]], rows: vec![vec![vec![text("all")]]] },
        ],
        Block::Quote(_) => [Block::Quote(vec![paragraph()])],
    })
}

pub(crate) fn lessons() -> Vec<Lesson> {
    let step = |kind| Step {
        id: "look".to_owned(),
        title: "Look".to_owned(),
        kind,
        needs: vec!["broker.stop".to_owned()],
        text: blocks(),
        runs: vec![Run {
            label: "List the topics".to_owned(),
            open: vec!["topic".to_owned()],
            command: Command::ListTopics(ListTopics {}),
        }],
        because: vec![Block::Paragraph(vec![text("It is so.")])],
    };
    let bare = Step { needs: Vec::new(), because: Vec::new(), ..step(StepKind::Watch) };
    let kinds = samples!(StepKind {
        StepKind::Watch => [StepKind::Watch],
        StepKind::Complete => [StepKind::Complete],
    });
    vec![Lesson {
        id: "topics".to_owned(),
        title: "Topics".to_owned(),
        summary: "About topics.".to_owned(),
        minutes: 10,
        start_over: StartOver::default(),
        steps: kinds.into_iter().map(step).chain([bare]).collect(),
    }]
}
