//! A table as text, Markdown, CSV and JSON.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle};
use serde_json::{Map, Value};

use crate::{Align, Cell, Column, Shown, Table, fixed, thousands, usd};

/// A rule under the headings, and nothing else.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

impl Table {
    /// The table for a terminal that is `width` characters wide, or as wide as it needs.
    pub fn to_text(&self, width: Option<u16>) -> String {
        let mut text = comfy_table::Table::new();
        text.load_style(RULED);
        if let Some(width) = width {
            text.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        let columns: Vec<_> = self.columns_for(Shown::ToPeople).collect();
        text.set_header(columns.iter().map(|(_, column)| column.heading.as_str()));
        for row in &self.rows {
            text.add_row(columns.iter().map(|(place, _)| people_text(&row[*place])));
        }
        for ((_, column), laid) in columns.iter().zip(text.column_iter_mut()) {
            laid.set_padding((0, 1));
            if column.align == Align::Right {
                laid.set_cell_alignment(CellAlignment::Right);
                laid.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        let mut out = format!("{}\n{text}\n", self.title);
        for note in &self.notes {
            out.push_str(note);
            out.push('\n');
        }
        out
    }

    /// The table in GitHub's Markdown.
    pub fn to_markdown(&self) -> String {
        let columns: Vec<_> = self.columns_for(Shown::ToPeople).collect();
        let line = |cells: &mut dyn Iterator<Item = String>| {
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut out = format!("## {}\n\n", self.title);
        out.push_str(&line(&mut columns.iter().map(|(_, column)| escape_markdown(&column.heading))));
        out.push_str(&line(&mut columns.iter().map(|(_, column)| match column.align {
            Align::Left => ":---".to_owned(),
            Align::Right => "---:".to_owned(),
        })));
        for row in &self.rows {
            out.push_str(&line(
                &mut columns.iter().map(|(place, _)| escape_markdown(&people_text(&row[*place]))),
            ));
        }
        for note in &self.notes {
            out.extend(["\n", &escape_markdown(note), "\n"]);
        }
        out
    }

    /// The table as CSV (RFC 4180) with the names of the columns in the first line and numbers in full.
    pub fn to_csv(&self) -> String {
        let columns: Vec<_> = self.columns_for(Shown::ToPrograms).collect();
        let line =
            |cells: &mut dyn Iterator<Item = String>| format!("{}\r\n", cells.collect::<Vec<_>>().join(","));
        let mut out = line(&mut columns.iter().map(|(_, column)| escape_csv(column.key)));
        for row in &self.rows {
            out.push_str(&line(
                &mut columns.iter().map(|(place, _)| escape_csv(&program_text(&row[*place]))),
            ));
        }
        out
    }

    /// The rows as JSON objects, keyed by the names of the columns, with numbers in full.
    pub fn to_json(&self) -> Value {
        let columns: Vec<_> = self.columns_for(Shown::ToPrograms).collect();
        let object = |row: &Vec<Cell>| {
            let pairs = columns.iter().map(|(place, column)| (column.key.to_owned(), row[*place].to_json()));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }

    pub(crate) fn columns_for(&self, audience: Shown) -> impl Iterator<Item = (usize, &Column)> {
        let seen = move |column: &Column| column.shown == Shown::Everywhere || column.shown == audience;
        self.columns.iter().enumerate().filter(move |(_, column)| seen(column))
    }
}

impl Cell {
    /// The cell as people read it.
    pub fn to_text(&self) -> String {
        people_text(self)
    }
}

fn people_text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "—".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Number(value, decimals) => fixed(*value, *decimals),
        Cell::Count(count) => thousands(*count),
        Cell::Usd(amount) => usd(*amount),
        Cell::Range(low, high, decimals) => format!("{}–{}", fixed(*low, *decimals), fixed(*high, *decimals)),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Cell::Numbers(values) => values.iter().map(|value| fixed(*value, 1)).collect::<Vec<_>>().join(", "),
        Cell::Texts(texts) => texts.join(", "),
    }
}

fn program_text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(value, _) | Cell::Usd(value) => value.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Range(low, high, _) => format!("{low};{high}"),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Numbers(values) => values.iter().map(f64::to_string).collect::<Vec<_>>().join(";"),
        Cell::Texts(texts) => texts.join(";"),
    }
}

fn escape_csv(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn escape_markdown(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Cell, Column, Shown, Table};

    fn table() -> Table {
        let mut table = Table::new(
            "Rates",
            vec![
                Column::text("who", "Who"),
                Column::number("rate", "Rate"),
                Column::number("range", "95 %").shown(Shown::ToPeople),
                Column::number("low", "").shown(Shown::ToPrograms),
            ],
        );
        let row = |who: &str, rate| {
            vec![Cell::Text(who.to_owned()), rate, Cell::Range(0.125, 0.5, 1), Cell::Number(0.125, 1)]
        };
        table.rows = vec![row("a, \"b\"", Cell::Number(2.0 / 3.0, 1)), row("c|<d", Cell::Missing)];
        table.notes = vec!["n = 3".to_owned()];
        table
    }

    #[test]
    fn people_see_rounded_numbers_and_a_dash_for_what_is_missing() {
        let text = table().to_text(None);
        assert!(
            text.contains("0.7")
                && text.contains("0.1–0.5")
                && text.contains('—')
                && text.ends_with("n = 3\n")
        );
    }

    #[test]
    fn programs_see_full_numbers_and_null_for_what_is_missing() {
        let expected = json!([
            { "who": "a, \"b\"", "rate": 2.0 / 3.0, "low": 0.125 },
            { "who": "c|<d", "rate": null, "low": 0.125 },
        ]);
        assert_eq!(table().to_json(), expected);
        assert_eq!(
            table().to_csv(),
            "who,rate,low\r\n\"a, \"\"b\"\"\",0.6666666666666666,0.125\r\nc|<d,,0.125\r\n"
        );
    }

    #[test]
    fn markdown_keeps_bars_and_brackets_from_being_markup() {
        assert!(table().to_markdown().contains("| c\\|&lt;d | — | 0.1–0.5 |"));
    }
}
