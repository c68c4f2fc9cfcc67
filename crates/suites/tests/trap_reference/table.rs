//! The table of what was published, what comes out, and whether they agree.

use std::collections::BTreeMap;
use std::path::Path;

use unbent_stats::round_to_places;

/// Rows of the table, and the names of those that differ.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<String>,
    pub(crate) differing: Vec<String>,
}

impl Table {
    /// Compares printed numbers with computed ones, each to the decimals that were printed.
    pub(crate) fn compare(&mut self, quantity: &str, published: &[&str], computed: &[f64]) {
        self.compare_with(quantity, published, computed, "");
    }

    /// The same, with a reason for whoever reads of a difference.
    pub(crate) fn compare_with(&mut self, quantity: &str, published: &[&str], computed: &[f64], why: &str) {
        assert_eq!(published.len(), computed.len(), "{quantity}");
        let as_printed: Vec<String> =
            published.iter().zip(computed).map(|(text, value)| printed_like(text, *value)).collect();
        let same = published.iter().zip(&as_printed).all(|(text, ours)| number(text) == number(ours));
        self.push(quantity, &published.join(", "), &as_printed.join(", "), same, why);
    }

    /// Compares many numbers under one name and counts those that agree.
    pub(crate) fn compare_many(&mut self, quantity: &str, pairs: &[(String, f64)]) {
        let agrees = |(text, value): &&(String, f64)| number(text) == number(&printed_like(text, *value));
        let agreeing = pairs.iter().filter(agrees).count();
        let all = pairs.len();
        self.push(quantity, &format!("{all} numbers"), &format!("{agreeing} agree"), agreeing == all, "");
    }

    fn push(&mut self, quantity: &str, published: &str, computed: &str, same: bool, why: &str) {
        let verdict = match (same, why) {
            (true, "") => "yes".to_owned(),
            (true, why) => format!("yes: {why}"),
            (false, why) => format!("**no**: {why}"),
        };
        self.rows.push(format!("| {quantity} | {published} | {computed} | {verdict} |"));
        if !same {
            self.differing.push(quantity.to_owned());
        }
    }
}

pub(crate) fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

/// A value with as many decimals, and in the notation, of a printed one.
fn printed_like(text: &str, value: f64) -> String {
    if let Some((digits, _)) = text.split_once('e') {
        let places = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        return format!("{value:.places$e}");
    }
    let places = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    format!("{:.places$}", round_to_places(value, u8::try_from(places).unwrap()))
}

/// The rows of a published CSV file by column; cells may be quoted.
pub(crate) fn read_csv(data: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(data.join("published").join(name)).unwrap();
    let mut lines = text.lines().map(cells);
    let columns = lines.next().unwrap();
    lines.map(|cells| columns.iter().cloned().zip(cells).collect()).collect()
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}
