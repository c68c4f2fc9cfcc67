//! A table as data.

use serde_json::Value;

/// A table with what must be said under it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; each has a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// What must be said under it.
    pub notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub fn new(title: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { title: title.into(), columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// The place of the column of this name.
    pub fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in files.
    pub key: &'static str,
    /// Its heading for people.
    pub heading: String,
    /// Where its text stands.
    pub align: Align,
    /// Who gets to see it.
    pub shown: Shown,
}

impl Column {
    /// A column of numbers for everyone.
    pub fn number(key: &'static str, heading: impl Into<String>) -> Self {
        Self { key, heading: heading.into(), align: Align::Right, shown: Shown::Everywhere }
    }

    /// A column of text for everyone.
    pub fn text(key: &'static str, heading: impl Into<String>) -> Self {
        Self { align: Align::Left, ..Self::number(key, heading) }
    }

    /// The same column with another audience.
    #[must_use]
    pub fn shown(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }
}

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// Who gets to see a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// People and programs.
    Everywhere,
    /// Only people: text and Markdown.
    ToPeople,
    /// Only programs: JSON and CSV.
    ToPrograms,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is nothing to say. Never written as a number.
    Missing,
    /// Text.
    Text(String),
    /// A number, which people see with so many decimals.
    Number(f64, u8),
    /// A count.
    Count(u64),
    /// An amount in US dollars.
    Usd(f64),
    /// From, to, which people see with so many decimals.
    Range(f64, f64, u8),
    /// Yes or no.
    Flag(bool),
    /// Several numbers.
    Numbers(Vec<f64>),
    /// Several texts.
    Texts(Vec<String>),
}

impl Cell {
    /// A number, or nothing.
    pub fn number(value: Option<f64>, decimals: u8) -> Self {
        value.map_or(Self::Missing, |value| Self::Number(value, decimals))
    }

    /// The cell as a program reads it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Missing => Value::Null,
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(value, _) | Self::Usd(value) => Value::from(*value),
            Self::Count(count) => Value::from(*count),
            Self::Range(low, high, _) => Value::from(vec![*low, *high]),
            Self::Flag(flag) => Value::from(*flag),
            Self::Numbers(values) => Value::from(values.clone()),
            Self::Texts(texts) => Value::from(texts.clone()),
        }
    }
}
