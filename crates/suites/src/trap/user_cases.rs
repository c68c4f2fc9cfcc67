//! A user's own cases: the reference's JSON array, or JSON Lines, with the reference's fields and, if there, ours.

use std::collections::BTreeSet;

use serde_json::Value;

use super::spec::Prompt;
use crate::kit::SetupError;

/// Reads a file of cases. Every entry has `id`, `category` (in either vocabulary) and `claim`; `template`, `slots`,
/// `language` and `family` are ours; what else the reference writes is allowed and not read.
///
/// # Errors
///
/// The first entry that cannot be used, with its line (or its place in the array): no JSON, a field that is missing,
/// empty or of another type, a category that there is not, an id that stands twice; or no entry at all.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Prompt>, SetupError> {
    let wrong = |why: String| SetupError::BadPack { file: file.to_owned(), why };
    let entries: Vec<(String, Value)> = if text.trim_start().starts_with('[') {
        let array: Vec<Value> = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        array.into_iter().enumerate().map(|(n, entry)| (format!("entry {}", n + 1), entry)).collect()
    } else {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let entry = |(n, line): (usize, &str)| {
            let place = format!("line {}", n + 1);
            let entry = serde_json::from_str(line).map_err(|error| {
                // The line is known better than the reader of a single line can tell it.
                wrong(format!("{place}, column {}: {}", error.column(), without_place(&error)))
            })?;
            Ok((place, entry))
        };
        lines.map(entry).collect::<Result<_, SetupError>>()?
    };
    let mut ids = BTreeSet::new();
    let mut prompts = Vec::with_capacity(entries.len());
    for (place, entry) in entries {
        let prompt: Prompt =
            serde_json::from_value(entry).map_err(|error| wrong(format!("{place}: {error}")))?;
        for (name, value) in [("id", &prompt.id), ("claim", &prompt.claim)] {
            if value.trim().is_empty() {
                return Err(wrong(format!("{place}: the field {name:?} is empty")));
            }
        }
        if !ids.insert(prompt.id.clone()) {
            return Err(wrong(format!("{place}: the id {:?} stands twice", prompt.id)));
        }
        prompts.push(prompt);
    }
    if prompts.is_empty() {
        return Err(wrong("there is no case in it".to_owned()));
    }
    Ok(prompts)
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").map_or(text.clone(), |at| text[..at].to_owned())
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::trap::Category;

    #[test]
    fn the_reference_s_array_and_lines_in_either_vocabulary_are_read() {
        let array = r#"[{"id": "M15K_ADV_00001", "category": "ADVERSARIAL", "subcategory": "LOGIC", "claim": "c",
            "description": "d", "expected_recommendation": "BLOCK"}]"#;
        let read_array = read("c.json", array).unwrap();
        assert_eq!((read_array[0].category, read_array[0].family), (Category::Adversarial, None));
        let lines = "{\"id\":\"a\",\"category\":\"CONTROL\",\"claim\":\"x\"}\n\n{\"id\":\"b\",\"category\":\"MYSTERY\",\"claim\":\"y\",\"template\":\"t\"}\n";
        let read_lines = read("c.jsonl", lines).unwrap();
        assert_eq!(read_lines[1].template.as_deref(), Some("t"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let why = |text: &str| read("c.jsonl", text).unwrap_err().to_string();
        let good = "{\"id\":\"a\",\"category\":\"CONTROL\",\"claim\":\"x\"}";
        for (text, expected) in [
            (format!("{good}\n{{\"id\":\"b\",\"category\":\"CONTROL\""), "line 2, column"),
            (format!("{good}\n{good}"), "line 2: the id \"a\" stands twice"),
            (good.replace("CONTROL", "ILLICIT"), "\"ILLICIT\" is no category"),
            (good.replace("\"x\"", "\" \""), "the field \"claim\" is empty"),
            (good.replace("\"claim\"", "\"prompt\""), "missing field `claim`"),
            (String::new(), "no case"),
            ("[1]".to_owned(), "entry 1"),
        ] {
            let why = why(&text);
            assert!(why.contains(expected), "{why}");
        }
    }
}
