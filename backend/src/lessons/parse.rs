//! One file as a [`Lesson`].

use shared::lesson::{Block, Inline, Lesson, Step};

use super::error::{LessonError, Mistakes};
use super::markdown::{self, Item, Section};
use super::{front_matter, lint, step};

/// What stands after the fence of a step block.
const STEP_BLOCK: &str = "toml step";

/// A lesson with what can only be checked beside the other lessons.
pub(super) struct Parsed {
    pub(super) lesson: Lesson,
    pub(super) file: String,
    /// The links within the workshop, each with its line.
    pub(super) links: Vec<(usize, String)>,
}

/// Reads the lesson in `text`, which is the content of `file`.
pub(super) fn parse(file: &str, text: &str) -> Result<Parsed, Vec<LessonError>> {
    let mut mistakes = Mistakes::new(file, text);
    let Some((front_matter, body)) = front_matter::read(text, &mut mistakes) else {
        return Err(mistakes.into_errors());
    };
    lint::front_matter(&front_matter, &mut mistakes);

    let (sections, found_links) = markdown::read(text, body, &mut mistakes);
    let mut links = Vec::new();
    for link in found_links {
        if lint::link(&link, &mut mistakes) {
            links.push((mistakes.line(link.offset), link.href));
        }
    }
    if sections.is_empty() {
        mistakes.at(body, "A lesson has at least one step: add a heading, ## Title {#id}.");
    }
    let mut steps: Vec<Step> = Vec::new();
    for section in sections {
        let offset = section.offset;
        let Some(step) = read_step(section, text, &mut mistakes) else { continue };
        if steps.iter().any(|other| other.id == step.id) {
            mistakes.at(offset, format!("Two steps have the id `{}`: give this one another.", step.id));
        }
        steps.push(step);
    }

    let errors = mistakes.into_errors();
    if !errors.is_empty() {
        return Err(errors);
    }
    let lesson = Lesson {
        id: front_matter.id,
        title: front_matter.title,
        summary: front_matter.summary,
        minutes: front_matter.minutes,
        start_over: front_matter.start_over,
        steps,
    };
    Ok(Parsed { lesson, file: file.to_owned(), links })
}

fn read_step(section: Section, text: &str, mistakes: &mut Mistakes<'_>) -> Option<Step> {
    let Section { offset, title, id, items } = section;
    match &id {
        None => mistakes.at(
            offset,
            format!(
                "The step “{title}” has no id: write it behind the title, ## {title} {{#{}}}.",
                lint::slug(&title)
            ),
        ),
        Some(id) => lint::id(id, offset, mistakes),
    }
    if title.trim().is_empty() {
        mistakes.at(offset, "The step has no title: write one before its id, ## Title {#id}.");
    }

    let mut before = Vec::new();
    let mut block = None;
    let mut after: Vec<Item> = Vec::new();
    for item in items {
        match (&item.block, &block) {
            (Block::Code { language, code }, None) if language == STEP_BLOCK => {
                block = Some((code.clone(), first_line_after(text, item.offset)));
            }
            (Block::Code { language, .. }, Some(_)) if language == STEP_BLOCK => {
                mistakes.at(item.offset, "A step has one step block: put all of its runs into the first.");
            }
            (_, None) => before.push(item.block),
            (_, Some(_)) => after.push(item),
        }
    }
    lint::text(&before, offset, mistakes);
    if let Some(first) = after.first().filter(|first| !begins_with_because(&first.block)) {
        mistakes.at(
            first.offset,
            "What follows the step block opens after the run: begin it with **Because**, or move it before the block.",
        );
    }

    let Some((toml, start)) = block else {
        mistakes.at(offset, "The step has no step block: add a fenced block that begins with ```toml step.");
        return None;
    };
    let block = step::read(&toml, start, mistakes)?;
    Some(Step {
        id: id?,
        title,
        kind: block.kind,
        needs: block.needs,
        text: before,
        runs: block.runs,
        because: after.into_iter().map(|item| item.block).collect(),
    })
}

fn begins_with_because(block: &Block) -> bool {
    matches!(
        block,
        Block::Paragraph(inlines)
            if matches!(inlines.first(), Some(Inline::Strong(strong)) if markdown::plain(strong) == "Because")
    )
}

/// The byte offset of the line after the one that contains `offset`.
fn first_line_after(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    offset + rest.find('\n').map_or(rest.len(), |newline| newline + 1)
}
