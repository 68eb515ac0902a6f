//! Markdown as a tree of [`Block`]s. Knows headings, text and fenced blocks, not what they mean in a lesson.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use shared::lesson::{Block, Inline};

use super::error::Mistakes;

/// A heading of the second level with what follows it.
pub(super) struct Section {
    pub(super) offset: usize,
    pub(super) title: String,
    pub(super) id: Option<String>,
    pub(super) items: Vec<Item>,
}

/// A block with the byte offset where it begins in the file.
pub(super) struct Item {
    pub(super) offset: usize,
    pub(super) block: Block,
}

/// A link with the byte offset where it stands in the file.
pub(super) struct FoundLink {
    pub(super) offset: usize,
    pub(super) href: String,
}

/// Reads the text of a lesson, which begins at byte `body` of the file.
pub(super) fn read(text: &str, body: usize, mistakes: &mut Mistakes<'_>) -> (Vec<Section>, Vec<FoundLink>) {
    let options = Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_TABLES;
    let parser = Parser::new_ext(text.get(body..).unwrap_or_default(), options);
    let events =
        parser.into_offset_iter().map(|(event, range)| (event, range.start + body..range.end + body));
    let mut reader = Reader { events: Box::new(events), links: Vec::new(), mistakes };
    let sections = reader.sections();
    (sections, reader.links)
}

type Events<'a> = Box<dyn Iterator<Item = (Event<'a>, Range<usize>)> + 'a>;

struct Reader<'a, 'm, 't> {
    events: Events<'a>,
    links: Vec<FoundLink>,
    mistakes: &'m mut Mistakes<'t>,
}

impl Reader<'_, '_, '_> {
    fn sections(&mut self) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        while let Some((event, range)) = self.events.next() {
            let offset = range.start;
            if let Event::Start(Tag::Heading { level, id, .. }) = event {
                let id = id.map(|id| id.to_string());
                let title = plain(&self.inlines());
                if level == HeadingLevel::H2 {
                    sections.push(Section { offset, title, id, items: Vec::new() });
                } else {
                    self.mistakes
                        .at(offset, "Only steps have headings, of the second level: ## Title {#id}.");
                }
            } else if let Some(block) = self.block(event, offset) {
                match sections.last_mut() {
                    Some(section) => section.items.push(Item { offset, block }),
                    None => self.mistakes.at(
                        offset,
                        "Text stands before the first step: move it below a heading, ## Title {#id}.",
                    ),
                }
            }
        }
        sections
    }

    /// Reads one block, whose first event has been taken. `None`: there is nothing of it to show.
    fn block(&mut self, event: Event<'_>, offset: usize) -> Option<Block> {
        match event {
            Event::Start(Tag::Paragraph) => Some(Block::Paragraph(self.inlines())),
            Event::Start(Tag::List(first)) => {
                let mut items = Vec::new();
                while let Some((Event::Start(_), _)) = self.events.next() {
                    items.push(self.blocks());
                }
                Some(Block::List { ordered: first.is_some(), items })
            }
            Event::Start(Tag::BlockQuote(_)) => Some(Block::Quote(self.blocks())),
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let mut code = String::new();
                while let Some((Event::Text(text), _)) = self.events.next() {
                    code.push_str(&text);
                }
                Some(Block::Code { language, code })
            }
            Event::Start(Tag::Table(_)) => Some(self.table()),
            Event::Start(Tag::HtmlBlock) => {
                self.mistakes.at(offset, NO_HTML);
                self.skip();
                None
            }
            Event::Start(Tag::Heading { .. }) => {
                self.mistakes.at(offset, "A heading can't stand inside a list or a quotation.");
                self.skip();
                None
            }
            Event::Start(_) => {
                self.mistakes
                    .at(offset, "This Markdown has no place in a lesson: use text, lists, tables and code.");
                self.skip();
                None
            }
            Event::Rule => {
                self.mistakes.at(offset, "A lesson has no rules (---): leave the line out.");
                None
            }
            _ => None,
        }
    }

    /// Reads the content of a list item or quotation up to its end. An item of a tight list has its text without a
    /// paragraph around it.
    fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut loose = Vec::new();
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::End(TagEnd::Item | TagEnd::BlockQuote(_)) => break,
                event if is_inline(&event) => self.inline(event, range.start, &mut loose),
                event => {
                    flush(&mut loose, &mut blocks);
                    blocks.extend(self.block(event, range.start));
                }
            }
        }
        flush(&mut loose, &mut blocks);
        blocks
    }

    fn table(&mut self) -> Block {
        let mut head = Vec::new();
        let mut rows = Vec::new();
        let mut row = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::Start(Tag::TableCell) => row.push(self.inlines()),
                Event::End(TagEnd::TableHead) => head = std::mem::take(&mut row),
                Event::End(TagEnd::TableRow) => rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table { head, rows }
    }

    /// Reads inline content up to the end of what it is in.
    fn inlines(&mut self) -> Vec<Inline> {
        let mut inlines = Vec::new();
        while let Some((event, range)) = self.events.next() {
            if matches!(event, Event::End(_)) {
                break;
            }
            self.inline(event, range.start, &mut inlines);
        }
        inlines
    }

    fn inline(&mut self, event: Event<'_>, offset: usize, to: &mut Vec<Inline>) {
        match event {
            Event::Text(text) => push_text(to, &text),
            Event::SoftBreak => push_text(to, " "),
            Event::Code(code) => to.push(Inline::Code(code.to_string())),
            Event::Start(Tag::Emphasis) => to.push(Inline::Emphasis(self.inlines())),
            Event::Start(Tag::Strong) => to.push(Inline::Strong(self.inlines())),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let content = self.inlines();
                if link_type == LinkType::Email {
                    self.mistakes.at(offset, "A lesson has no mail addresses.");
                    return;
                }
                let href = dest_url.to_string();
                self.links.push(FoundLink { offset, href: href.clone() });
                to.push(Inline::Link { href, content });
            }
            Event::Start(Tag::Image { .. }) => {
                self.skip();
                self.mistakes.at(offset, "A lesson has no images: say it in words, or in a table.");
            }
            Event::InlineHtml(_) | Event::Html(_) => self.mistakes.at(offset, NO_HTML),
            Event::HardBreak => self.mistakes.at(
                offset,
                "A line break inside a paragraph is not shown: remove the backslash or the two spaces at the end of \
                 the line, or begin a new paragraph.",
            ),
            _ => self.mistakes.at(offset, "This Markdown has no place in a paragraph."),
        }
    }

    /// Passes over what has begun, up to its end.
    fn skip(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.events.next() {
                Some((Event::Start(_), _)) => depth += 1,
                Some((Event::End(_), _)) => depth -= 1,
                Some(_) => {}
                None => break,
            }
        }
    }
}

const NO_HTML: &str = "A lesson has no HTML: write Markdown, and put a name with < or > between backticks.";

fn is_inline(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::InlineHtml(_)
            | Event::Start(Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. })
    )
}

/// Neighbouring texts become one: the parser splits them at each character that could have been markup.
fn push_text(to: &mut Vec<Inline>, text: &str) {
    if let Some(Inline::Text(last)) = to.last_mut() {
        last.push_str(text);
    } else {
        to.push(Inline::Text(text.to_owned()));
    }
}

fn flush(loose: &mut Vec<Inline>, blocks: &mut Vec<Block>) {
    if !loose.is_empty() {
        blocks.push(Block::Paragraph(std::mem::take(loose)));
    }
}

/// What remains of inline content when all markup is taken away.
pub(super) fn plain(inlines: &[Inline]) -> String {
    inlines
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) | Inline::Code(text) => text.clone(),
            Inline::Emphasis(content) | Inline::Strong(content) | Inline::Link { content, .. } => {
                plain(content)
            }
        })
        .collect()
}
