//! A document as one HTML file.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Block, Document, Section};
use crate::figure::{Figure, Theme};
use crate::{Align, Shown, Table};

const STYLE: &str = include_str!("style.css");

pub(super) fn html(document: &Document) -> String {
    let ids = ids(&document.sections);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (document.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                header { h1 { (document.title) } p { (document.subtitle) } }
                nav aria-label="Contents" {
                    ol { @for (section, id) in document.sections.iter().zip(&ids) { li { a href={ "#" (id) } { (section.heading) } } } }
                }
                main id="content" {
                    @for (section, id) in document.sections.iter().zip(&ids) {
                        section aria-labelledby=(id) {
                            h2 id=(id) { (section.heading) }
                            @for block in &section.blocks { (block_html(block)) }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

/// Names for the sections, each of its own.
fn ids(sections: &[Section]) -> Vec<String> {
    let mut taken = BTreeSet::from(["content".to_owned()]);
    let mut id = |section: &Section| {
        let words: String = section
            .heading
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let name = format!("s-{}", words.trim_matches('-'));
        let mut free = name.clone();
        let mut number = 1;
        while taken.contains(&free) {
            number += 1;
            free = format!("{name}-{number}");
        }
        taken.insert(free.clone());
        free
    };
    sections.iter().map(&mut id).collect()
}

fn block_html(block: &Block) -> Markup {
    match block {
        Block::Heading(text) => html! { h3 { (text) } },
        Block::Paragraph(text) => html! { p { (text) } },
        Block::Points(points) => html! { ul { @for point in points { li { (point) } } } },
        Block::Facts(facts) => html! { dl { @for (name, value) in facts { dt { (name) } dd { (value) } } } },
        Block::Command(text) => html! { pre { code { (text) } } },
        Block::Table(table) => table_html(table),
        Block::Figure { name, figure } => figure_html(name, figure),
    }
}

fn table_html(table: &Table) -> Markup {
    let columns: Vec<_> = table.columns_for(Shown::ToPeople).collect();
    let class = |align| if align == Align::Right { "number" } else { "text" };
    html! {
        div class="table" tabindex="0" role="region" aria-label=(table.title) {
            table {
                caption { (table.title) " " (download(&table.title, "text/csv", "csv", &table.to_csv())) }
                thead { tr { @for (_, column) in &columns { th scope="col" class=(class(column.align)) { (column.heading) } } } }
                tbody {
                    @for row in &table.rows {
                        tr { @for (place, column) in &columns { td class=(class(column.align)) { (row[*place].to_text()) } } }
                    }
                }
            }
        }
        (notes(&table.notes))
    }
}

fn figure_html(name: &str, figure: &Figure) -> Markup {
    let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| data("image/svg+xml", &figure.to_svg(theme)));
    html! {
        figure {
            picture {
                source media="print" srcset=(light);
                source media="(prefers-color-scheme: dark)" srcset=(dark);
                // What stands in the picture, for those who do not see it.
                img src=(light) alt={ (figure.title) ". " (figure.subtitle) @for note in &figure.notes { " " (note) } };
            }
            figcaption { (figure.title) " " (download(name, "text/csv", "csv", &figure.to_csv())) }
        }
    }
}

fn notes(notes: &[String]) -> Markup {
    html! { @for note in notes { p class="note" { (note) } } }
}

fn download(title: &str, kind: &str, ending: &str, content: &str) -> Markup {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = title.chars().take(60).map(safe).collect();
    html! { a class="data" download={ (name) "." (ending) } href=(data(kind, content)) { "data" } }
}

fn data(kind: &str, content: &str) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(content))
}
