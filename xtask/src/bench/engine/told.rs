//! What the measurements tell, as a table while they go on or as one JSON object at the end.

use serde_json::{Value, json};

use crate::Failure;

/// What a figure is held to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// A figure.
#[derive(Debug, Clone)]
pub(super) struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    spread: Option<(f64, f64)>,
    target: Option<Target>,
}

impl Row {
    pub(super) fn new(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, unit, spread: None, target: None }
    }

    /// With the least and the most of what was measured.
    pub(super) fn spread(self, values: &[f64]) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { spread: Some((least, most)), ..self }
    }

    pub(super) fn target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Whether the target is met, and by which factor the figure is better than it; worse below 1.
    fn verdict(&self) -> Option<(bool, f64)> {
        let factor = match self.target? {
            Target::AtLeast(target) => self.value / target,
            Target::AtMost(target) => target / self.value,
        };
        Some((factor >= 1.0, factor))
    }

    fn to_text(&self) -> String {
        let mut line = format!("  {:<34} {:>11} {:<2}", self.name, number(self.value), self.unit);
        if let Some((least, most)) = self.spread {
            line.push_str(&format!("  ({} to {})", number(least), number(most)));
        }
        if let (Some(target), Some((met, factor))) = (self.target, self.verdict()) {
            let (sign, target) = match target {
                Target::AtLeast(target) => ("≥", target),
                Target::AtMost(target) => ("≤", target),
            };
            let verdict = if met { "met" } else { "MISSED" };
            line.push_str(&format!("   target {sign} {}   {verdict}, factor {factor:.2}", number(target)));
        }
        line.trim_end().to_owned()
    }

    fn to_json(&self) -> Value {
        let mut row = json!({ "name": self.name, "value": self.value, "unit": self.unit });
        if let Some((least, most)) = self.spread {
            row["spread"] = json!([least, most]);
        }
        if let (Some(target), Some((met, factor))) = (self.target, self.verdict()) {
            row["target"] = match target {
                Target::AtLeast(target) => json!({ "at_least": target }),
                Target::AtMost(target) => json!({ "at_most": target }),
            };
            row["met"] = json!(met);
            row["factor"] = json!(factor);
        }
        row
    }
}

/// A number with about four digits that say something.
fn number(value: f64) -> String {
    match value.abs() {
        small if small < 1.0 => format!("{value:.4}"),
        small if small < 100.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

/// What has been told.
pub(super) struct Told {
    json: bool,
    parts: Vec<Value>,
}

impl Told {
    pub(super) fn new(json: bool) -> Self {
        Self { json, parts: Vec::new() }
    }

    /// Begins a part.
    pub(super) fn part(&mut self, about: &str) {
        if !self.json {
            println!("{about}");
        }
        self.parts.push(json!({ "about": about, "rows": [] }));
    }

    /// Tells a figure of the part.
    pub(super) fn row(&mut self, row: &Row) {
        if !self.json {
            println!("{}", row.to_text());
        }
        if let Some(Value::Array(rows)) = self.parts.last_mut().and_then(|part| part.get_mut("rows")) {
            rows.push(row.to_json());
        }
    }

    /// Says that something was not measured, and why.
    pub(super) fn skipped(&mut self, what: &str, why: &str) {
        if !self.json {
            println!("{what}: not measured, {why}");
        }
        self.parts.push(json!({ "about": what, "skipped": why }));
    }

    /// Prints what has not been printed yet.
    pub(super) fn end(&self) -> Result<(), Failure> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&json!({ "parts": self.parts }))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Target};

    #[test]
    fn a_row_says_by_how_much_its_target_is_met_or_missed() {
        let fast = Row::new("rate", 12_000.0, "/s").target(Target::AtLeast(8_000.0));
        assert!(fast.to_text().ends_with("target ≥ 8000   met, factor 1.50"), "{}", fast.to_text());
        let big = Row::new("peak", 400.0, "MB").spread(&[390.0, 410.0]).target(Target::AtMost(200.0));
        let text = big.to_text();
        assert!(text.ends_with("(390 to 410)   target ≤ 200   MISSED, factor 0.50"), "{text}");
        assert_eq!(big.to_json()["met"], false);
    }
}
