//! Labels of people: reading them from CSV or JSON Lines.

use serde::Deserialize;
use serde_json::Value;

use super::Rating;

/// What a person says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The line that it stands in, from 1.
    pub line: u64,
    /// The case.
    pub case: String,
    /// The subject that answered; none if the run has one alone.
    pub subject: Option<String>,
    /// The repeat, from 1.
    pub repeat: u32,
    /// The score that it is about.
    pub score: String,
    /// What it says, as a category of the rating of this name.
    pub category: u8,
}

/// A label that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {found:?} is not {expected}")]
pub struct LabelError {
    /// The line, from 1.
    pub line: u64,
    /// The column: its name, or in JSON the number of the character.
    pub column: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

/// A label as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    case: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    repeat: Option<Value>,
    score: String,
    value: Value,
}

const COLUMNS: [&str; 5] = ["case", "subject", "repeat", "score", "value"];

/// Reads labels from CSV with the columns case, subject, repeat, score and value, or from JSON Lines with the same names.
/// Subject and repeat may be left away.
///
/// # Errors
///
/// The first label that cannot be read, with its line and column and what was expected there.
pub fn read_labels(text: &str, ratings: &[Rating]) -> Result<Vec<Label>, LabelError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') { json_lines(text, ratings) } else { csv(text, ratings) }
}

fn json_lines(text: &str, ratings: &[Rating]) -> Result<Vec<Label>, LabelError> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(line, written)| {
            let written: Written = serde_json::from_str(written).map_err(|error| LabelError {
                line,
                column: error.column().to_string(),
                found: written.chars().take(60).collect(),
                expected: format!("a label ({error})"),
            })?;
            let repeat = written.repeat.as_ref().map(plain);
            let value = plain(&written.value);
            label(line, (written.case, written.subject), repeat.as_deref(), (&written.score, &value), ratings)
        })
        .collect()
}

fn csv(text: &str, ratings: &[Rating]) -> Result<Vec<Label>, LabelError> {
    let mut reader = ::csv::ReaderBuilder::new().trim(::csv::Trim::All).from_reader(text.as_bytes());
    let broken = |error: &::csv::Error| LabelError {
        line: error.position().map_or(1, ::csv::Position::line),
        column: "any".to_owned(),
        found: error.to_string(),
        expected: "comma-separated values".to_owned(),
    };
    let headings = reader.headers().map_err(|error| broken(&error))?.clone();
    let wrong_heading = |found: String, expected: String| LabelError {
        line: 1,
        column: headings
            .iter()
            .position(|heading| *heading == found)
            .map_or(1, |place| place + 1)
            .to_string(),
        found,
        expected,
    };
    if let Some(unknown) = headings.iter().find(|heading| !COLUMNS.contains(heading)) {
        return Err(wrong_heading(unknown.to_owned(), format!("a column of labels: {}", COLUMNS.join(", "))));
    }
    let place = |name: &str| headings.iter().position(|heading| heading == name);
    if let Some(missing) = ["case", "score", "value"].into_iter().find(|name| place(name).is_none()) {
        let found = headings.iter().collect::<Vec<_>>().join(",");
        return Err(wrong_heading(found, format!("a heading with the column {missing}")));
    }
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(1, ::csv::Position::line);
        let cell =
            |name: &str| place(name).and_then(|place| record.get(place)).filter(|text| !text.is_empty());
        let wanted = |name: &str| {
            cell(name).map(str::to_owned).ok_or_else(|| LabelError {
                line,
                column: name.to_owned(),
                found: String::new(),
                expected: format!("a {name}"),
            })
        };
        let (case, subject) = (wanted("case")?, cell("subject").map(str::to_owned));
        let (score, value) = (wanted("score")?, wanted("value")?);
        labels.push(label(line, (case, subject), cell("repeat"), (&score, &value), ratings)?);
    }
    Ok(labels)
}

fn label(
    line: u64,
    (case, subject): (String, Option<String>),
    repeat: Option<&str>,
    (score, value): (&str, &str),
    ratings: &[Rating],
) -> Result<Label, LabelError> {
    let wrong = |column: &str, found: &str, expected: String| LabelError {
        line,
        column: column.to_owned(),
        found: found.to_owned(),
        expected,
    };
    let known = || ratings.iter().map(|rating| rating.id).collect::<Vec<_>>().join(", ");
    let rating = ratings.iter().find(|rating| rating.id == score);
    let rating = rating.ok_or_else(|| wrong("score", score, format!("a score of the judge: {}", known())))?;
    let category = rating.parse(value).ok_or_else(|| wrong("value", value, rating.takes()))?;
    let repeat = match repeat {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|repeat| *repeat > 0)
            .ok_or_else(|| wrong("repeat", text, "a whole number from 1".to_owned()))?,
    };
    Ok(Label { line, case, subject, repeat, score: score.to_owned(), category })
}

#[cfg(test)]
mod tests {
    use super::{Label, read_labels};
    use crate::inference::judging::{Rating, Scale};

    const RATINGS: [Rating; 3] = [
        Rating { id: "firm", scale: Scale::Grade { most: 10, pass: 6 } },
        Rating { id: "kept", scale: Scale::Flag },
        Rating {
            id: "class",
            scale: Scale::Classes { names: &["GOOD", "BAD"], good: &["GOOD"], undetermined: None },
        },
    ];

    fn error(text: &str) -> String {
        read_labels(text, &RATINGS).unwrap_err().to_string()
    }

    #[test]
    fn both_forms_say_the_same() {
        let csv = "case,subject,repeat,score,value\na/b,\"m, x\",2,firm,7\nc,,,kept,yes\n";
        let json = "{\"case\":\"a/b\",\"subject\":\"m, x\",\"repeat\":2,\"score\":\"firm\",\"value\":7}\n\
                    {\"case\":\"c\",\"score\":\"kept\",\"value\":true}\n";
        let from_csv = read_labels(csv, &RATINGS).unwrap();
        let from_json = read_labels(json, &RATINGS).unwrap();
        let plain = |labels: Vec<Label>| {
            labels.into_iter().map(|label| Label { line: 0, ..label }).collect::<Vec<_>>()
        };
        assert_eq!(plain(from_csv.clone()), plain(from_json));
        assert_eq!((from_csv[0].line, from_csv[0].category, from_csv[0].repeat), (2, 7, 2));
        assert_eq!((from_csv[1].subject.as_deref(), from_csv[1].repeat), (None, 1));
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_column_and_what_was_expected() {
        for (text, told) in [
            (
                "case,score,value\na,firm,11\n",
                "line 2, column value: \"11\" is not a whole number from 0 to 10",
            ),
            (
                "case,score,value\na,firm,3\nb,firmness,3\n",
                "line 3, column score: \"firmness\" is not a score of the judge: firm, kept, class",
            ),
            ("case,score,value\na,class,MAYBE\n", "line 2, column value: \"MAYBE\" is not one of GOOD, BAD"),
            (
                "case,score,value,repeat\na,kept,no,0\n",
                "line 2, column repeat: \"0\" is not a whole number from 1",
            ),
            ("case,score,value\na,,1\n", "line 2, column score: \"\" is not a score"),
            ("case,score,mark\n", "line 1, column 3: \"mark\" is not a column of labels"),
            ("case,value\n", "is not a heading with the column score"),
            ("{\"case\":\"a\",\"score\":\"kept\",\"value\":true}\n{\"case\":\"a\"}\n", "line 2, column 12"),
        ] {
            assert!(error(text).contains(told), "{}", error(text));
        }
    }
}
