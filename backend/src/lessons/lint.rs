//! What makes a lesson good beyond being readable: ids that work in URLs, links that lead somewhere, texts that are
//! short enough to be read before acting.

use shared::kafka::{GroupId, TopicName};
use shared::lesson::{Block, Inline};

use super::error::{LessonError, Mistakes};
use super::front_matter::FrontMatter;
use super::markdown::FoundLink;
use super::parse::Parsed;

/// The most words before a step's buttons. Code blocks do not count.
const MAX_WORDS: usize = 120;

/// Where links within the workshop begin.
const LESSONS: &str = "/lessons/";

pub(super) fn front_matter(front_matter: &FrontMatter, mistakes: &mut Mistakes<'_>) {
    id(&front_matter.id, 0, mistakes);
    for (name, value) in [("title", &front_matter.title), ("summary", &front_matter.summary)] {
        if value.trim().is_empty() {
            mistakes.at(0, format!("Front matter: `{name}` is empty."));
        }
    }
    if front_matter.minutes == 0 {
        mistakes.at(0, "Front matter: `minutes` is 0; say how long the lesson takes.");
    }
    let start_over = &front_matter.start_over;
    let created = start_over.create.iter().map(|create| &create.topic);
    let written = start_over.produce.iter().map(|produce| &produce.topic);
    for topic in start_over.delete_topics.iter().chain(created).chain(written) {
        if let Err(error) = TopicName::parse(topic) {
            mistakes.at(0, format!("Front matter: start_over names the topic “{topic}”. {error}"));
        }
    }
    for group in &start_over.delete_groups {
        if let Err(error) = GroupId::parse(group) {
            mistakes.at(0, format!("Front matter: start_over names the group “{group}”. {error}"));
        }
    }
}

/// Checks an id of a lesson or step.
pub(super) fn id(id: &str, offset: usize, mistakes: &mut Mistakes<'_>) {
    if id.is_empty() || id != slug(id) {
        mistakes.at(
            offset,
            format!("The id `{id}` is not usable in a URL: use small letters, digits and single hyphens."),
        );
    }
}

/// A text as an id: small letters, digits and single hyphens.
pub(super) fn slug(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Checks the shape of a link. `true`: it leads to a lesson, which has to be there.
pub(super) fn link(link: &FoundLink, mistakes: &mut Mistakes<'_>) -> bool {
    let within = link.href.starts_with(LESSONS);
    if !within && !link.href.starts_with("https://") {
        mistakes.at(
            link.offset,
            format!(
                "The link to `{}` leads neither to a lesson, /lessons/ID or /lessons/ID/STEP, nor to https://.",
                link.href
            ),
        );
    }
    within
}

/// Checks what stands before a step's buttons.
pub(super) fn text(blocks: &[Block], offset: usize, mistakes: &mut Mistakes<'_>) {
    let words = words(blocks);
    if words == 0 {
        mistakes.at(offset, "The step says nothing before its buttons: write what they will do.");
    }
    if words > MAX_WORDS {
        mistakes.at(
            offset,
            format!(
                "{words} words before the step's buttons, {MAX_WORDS} are allowed: move some behind the step block, \
                 into **Because**, or make two steps."
            ),
        );
    }
}

/// Checks what takes more than one lesson to see: ids that two lessons share, and dead links.
pub(super) fn across_lessons(lessons: &[Parsed]) -> Vec<LessonError> {
    let mut errors = Vec::new();
    for (index, parsed) in lessons.iter().enumerate() {
        let same_id = |other: &&Parsed| other.lesson.id == parsed.lesson.id;
        if let Some(first) = lessons.iter().take(index).find(same_id) {
            let message = format!("The id `{}` is that of {} too: change one.", parsed.lesson.id, first.file);
            errors.push(LessonError { file: parsed.file.clone(), line: Some(1), message });
        }
        for (line, href) in parsed.links.iter().filter(|(_, href)| !leads_somewhere(href, lessons)) {
            let ids: Vec<_> = lessons.iter().map(|parsed| parsed.lesson.id.as_str()).collect();
            let message = format!(
                "The link to `{href}` is dead: no lesson or step has this id. The lessons are {}.",
                ids.join(", ")
            );
            errors.push(LessonError { file: parsed.file.clone(), line: Some(*line), message });
        }
    }
    errors
}

fn leads_somewhere(href: &str, lessons: &[Parsed]) -> bool {
    let path = href.strip_prefix(LESSONS).unwrap_or_default();
    let (lesson_id, step_id) =
        path.split_once('/').map_or((path, None), |(lesson, step)| (lesson, Some(step)));
    lessons
        .iter()
        .map(|parsed| &parsed.lesson)
        .filter(|lesson| lesson.id == lesson_id)
        .any(|lesson| step_id.is_none_or(|step_id| lesson.steps.iter().any(|step| step.id == step_id)))
}

/// How many words blocks have, without those in code blocks.
fn words(blocks: &[Block]) -> usize {
    blocks
        .iter()
        .map(|block| match block {
            Block::Paragraph(inlines) => words_in_line(inlines),
            Block::List { items, .. } => items.iter().map(|item| words(item)).sum(),
            Block::Code { .. } => 0,
            Block::Table { head, rows } => {
                head.iter().chain(rows.iter().flatten()).map(|cell| words_in_line(cell)).sum()
            }
            Block::Quote(blocks) => words(blocks),
        })
        .sum()
}

fn words_in_line(inlines: &[Inline]) -> usize {
    super::markdown::plain(inlines).split_whitespace().count()
}
