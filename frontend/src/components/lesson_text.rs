//! The text of a lesson: each block of its tree as an element, so that nothing in it can be more than text.

use leptos::prelude::*;
use shared::lesson::{Block, Inline};

/// Text as elements. Headings stand elsewhere.
pub(crate) fn blocks(blocks: &[Block]) -> AnyView {
    blocks.iter().map(block).collect_view().into_any()
}

fn block(block: &Block) -> AnyView {
    match block {
        Block::Paragraph(content) => view! { <p>{inlines(content)}</p> }.into_any(),
        Block::List { ordered, items } => {
            let items = items.iter().map(|item| view! { <li>{list_item(item)}</li> }).collect_view();
            if *ordered {
                view! { <ol>{items}</ol> }.into_any()
            } else {
                view! { <ul>{items}</ul> }.into_any()
            }
        }
        // Focusable, since a long line scrolls.
        Block::Code { code, .. } => {
            view! { <pre tabindex="0" role="region" aria-label="Code"><code>{code.clone()}</code></pre> }
                .into_any()
        }
        Block::Table { head, rows } => {
            let head = head.iter().map(|cell| view! { <th scope="col">{inlines(cell)}</th> }).collect_view();
            let rows = rows
                .iter()
                .map(|row| {
                    let cells = row.iter().map(|cell| view! { <td>{inlines(cell)}</td> }).collect_view();
                    view! { <tr>{cells}</tr> }
                })
                .collect_view();
            view! { <table class="data"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table> }
                .into_any()
        }
        Block::Quote(content) => view! { <blockquote>{blocks(content)}</blockquote> }.into_any(),
    }
}

/// An item of one paragraph stands without its paragraph.
fn list_item(item: &[Block]) -> AnyView {
    match item {
        [Block::Paragraph(content)] => inlines(content),
        more => blocks(more),
    }
}

fn inlines(content: &[Inline]) -> AnyView {
    content.iter().map(inline).collect_view().into_any()
}

fn inline(inline: &Inline) -> AnyView {
    match inline {
        Inline::Text(text) => text.clone().into_any(),
        Inline::Emphasis(content) => view! { <em>{inlines(content)}</em> }.into_any(),
        Inline::Strong(content) => view! { <strong>{inlines(content)}</strong> }.into_any(),
        Inline::Code(code) => view! { <code>{code.clone()}</code> }.into_any(),
        Inline::Link { href, content } if href.starts_with("/lessons/") => {
            view! { <a href=href.clone()>{inlines(content)}</a> }.into_any()
        }
        Inline::Link { href, content } if href.starts_with("https://") => {
            view! { <a href=href.clone() rel="external noreferrer">{inlines(content)}</a> }.into_any()
        }
        // Any other address is no link of a lesson.
        Inline::Link { content, .. } => inlines(content),
    }
}
