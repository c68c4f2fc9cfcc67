//! Documents: sections of text, tables and figures, as one HTML file that needs nothing else, and as Markdown.

mod html;
mod markdown;

use crate::{Figure, Table};

/// A document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What it is about, in a sentence or two.
    pub subtitle: String,
    /// Its sections, in their order.
    pub sections: Vec<Section>,
}

/// A part of a document with a heading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// Something that stands in a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading within the section.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// Points, one below the other.
    Points(Vec<String>),
    /// Names with their values.
    Facts(Vec<(String, String)>),
    /// What is to be typed.
    Command(String),
    /// A table.
    Table(Table),
    /// A figure with the name of its files.
    Figure {
        /// The name of its files, without the ending.
        name: String,
        /// The figure.
        figure: Box<Figure>,
    },
}

impl Section {
    /// A section without anything in it.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), blocks: Vec::new() }
    }

    /// Adds a paragraph.
    pub fn say(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// The figures in it, with the names of their files.
    pub fn figures(&self) -> impl Iterator<Item = (&str, &Figure)> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure { name, figure } => Some((name.as_str(), figure.as_ref())),
            _ => None,
        })
    }

    /// The tables in it.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }
}

impl Document {
    /// The document as one HTML file: styles, figures in both themes, and the data of figures and tables are in it, and there
    /// is no script. Prints on A4.
    pub fn to_html(&self) -> String {
        html::html(self)
    }

    /// The document as Markdown. Figures are links to `FOLDER/NAME.svg`.
    pub fn to_markdown(&self, folder: &str) -> String {
        markdown::markdown(self, folder)
    }
}

#[cfg(test)]
mod tests {
    use html5gum::Token;

    use super::{Block, Document, Section};
    use crate::figure::{Axis, Chart, Figure, Plot, Role, Unit, Value};
    use crate::{Cell, Column, Shown, Table};

    fn document() -> Document {
        let mut table = Table::new(
            "Scores <of> all",
            vec![
                Column::text("subject", "Subject"),
                Column::number("index", "Index"),
                Column::number("low", "").shown(Shown::ToPrograms),
            ],
        );
        table.rows.push(vec![
            Cell::Text("a<script>alert(1)</script>".to_owned()),
            Cell::Number(81.25, 1),
            Cell::Number(80.0, 1),
        ]);
        table.rows.push(vec![Cell::Text("b | c".to_owned()), Cell::Missing, Cell::Missing]);
        table.notes.push("A note & more.".to_owned());
        let chart = Chart::new(Axis::new("Share", Unit::Percent), ["<g>"]).with(
            "s",
            Role::Nth(0),
            vec![Some(Value::of(0.3))],
        );
        let figure = Figure::new("Shares", "of all").with("", Plot::Bars(chart)).noted("Simulated.");
        let mut section = Section::new("Results & more");
        section.say("Words with <tags>.");
        section.blocks.extend([
            Block::Points(vec!["one".to_owned(), "two".to_owned()]),
            Block::Facts(vec![("seed".to_owned(), "7".to_owned())]),
            Block::Command("unbent run x".to_owned()),
            Block::Table(table),
            Block::Figure { name: "shares".to_owned(), figure: Box::new(figure) },
        ]);
        Document {
            title: "A report".to_owned(),
            subtitle: "of a run".to_owned(),
            sections: vec![section.clone(), section],
        }
    }

    #[test]
    fn the_html_is_without_fault_and_nothing_of_a_model_becomes_a_tag() {
        let html = document().to_html();
        let (mut tags, mut ids, mut cells, mut in_cell) = (Vec::new(), Vec::new(), Vec::new(), false);
        for token in html5gum::Tokenizer::new(&html) {
            match token.unwrap() {
                Token::StartTag(tag) => {
                    let name = String::from_utf8(tag.name.to_vec()).unwrap();
                    in_cell = name == "td";
                    cells.extend(in_cell.then(String::new));
                    ids.extend(
                        tag.attributes.get(&b"id"[..]).map(|id| String::from_utf8(id.to_vec()).unwrap()),
                    );
                    tags.push(name);
                }
                Token::EndTag(_) => in_cell = false,
                Token::String(text) if in_cell => {
                    cells.last_mut().unwrap().push_str(std::str::from_utf8(&text).unwrap());
                }
                Token::Error(error) => panic!("{error:?}"),
                _ => {}
            }
        }
        let count = |what: &str| tags.iter().filter(|tag| *tag == what).count();
        assert_eq!((count("script"), count("table"), count("img"), count("h2")), (0, 2, 2, 2));
        assert_eq!(cells[..4], ["a<script>alert(1)</script>", "81.2", "b | c", "—"]);
        assert_eq!(ids, ["content", "s-results---more", "s-results---more-2"]);
    }

    #[test]
    fn the_html_asks_nobody_for_anything() {
        let html = document().to_html();
        for word in ["http:", "https:", "src=\"/", "@import"] {
            assert!(!html.contains(word), "{word}");
        }
    }

    #[test]
    fn markdown_has_the_same_parts() {
        let markdown = document().to_markdown("figures");
        for part in [
            "# A report\n",
            "## Results & more\n",
            "- one\n",
            "- **seed:** 7\n",
            "    unbent run x\n",
            "| b \\| c | — |",
        ] {
            assert!(markdown.contains(part), "{part:?} is not in {markdown}");
        }
        assert!(!markdown.contains("<script>"));
    }
}
