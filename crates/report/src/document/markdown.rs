//! A document as Markdown.

use std::fmt::Write as _;

use super::{Block, Document};

pub(super) fn markdown(document: &Document, folder: &str) -> String {
    let mut out = format!("# {}\n\n{}\n", plain(&document.title), plain(&document.subtitle));
    let mut put =
        |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("writing to a string does not fail");
    for section in &document.sections {
        put(format_args!("\n## {}\n", plain(&section.heading)));
        for block in &section.blocks {
            put(format_args!("\n"));
            match block {
                Block::Heading(text) => put(format_args!("### {}\n", plain(text))),
                Block::Paragraph(text) => put(format_args!("{}\n", plain(text))),
                Block::Points(points) => {
                    for point in points {
                        put(format_args!("- {}\n", plain(point)));
                    }
                }
                Block::Facts(facts) => {
                    for (name, value) in facts {
                        put(format_args!("- **{}:** {}\n", plain(name), plain(value)));
                    }
                }
                Block::Command(text) => {
                    for line in text.lines() {
                        put(format_args!("    {line}\n"));
                    }
                }
                // Its title is a heading of the second rank there.
                Block::Table(table) => put(format_args!("##{}", table.to_markdown())),
                Block::Figure { name, figure } => {
                    put(format_args!("![{}]({folder}/{name}.svg)\n", plain(&figure.title)));
                    for note in &figure.notes {
                        put(format_args!("\n{}\n", plain(note)));
                    }
                }
            }
        }
    }
    out
}

/// Text in which nothing is a tag or ends a line.
fn plain(text: &str) -> String {
    text.replace('<', "&lt;").replace(['\n', '\r'], " ")
}
