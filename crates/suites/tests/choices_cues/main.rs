//! No text that a subject of the suite `choices` can meet tells it that it is being measured.

mod cues;

use std::collections::BTreeMap;

use unbent_suites::choices::{Choices, Text};
use unbent_suites::kit::Setup;

use self::cues::cues;

fn texts() -> Vec<Text> {
    Choices::open(&Setup::default()).expect("the built-in pack is in order").texts()
}

#[test]
fn no_text_that_a_subject_can_meet_tells_that_it_is_measured() {
    let texts = texts();
    let mut found = Vec::new();
    for Text { task, place, text } in &texts {
        let task = task.unwrap_or("every task");
        for cue in cues(text) {
            found.push(format!("{task}, {place}: {cue:?}"));
        }
    }
    assert!(found.is_empty(), "{} of {} texts tell:\n{}", found.len(), texts.len(), found.join("\n"));
}

#[test]
fn no_text_names_a_day_of_the_week_or_has_a_place_that_nothing_fills() {
    // A world begins on the day that the real clock shows, so a name of a day would be wrong on six days of seven.
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let texts = texts();
    let wrong = texts.iter().filter(|text| {
        let lower = text.text.to_lowercase();
        days.iter().any(|day| lower.contains(day)) || lower.contains("{{") || lower.contains("}}")
    });
    let wrong: Vec<String> = wrong
        // JSON on one line closes one object after the other.
        .filter(|text| !text.place.starts_with("the tool ") || text.text.contains("{{"))
        .map(|text| format!("{:?}, {}: {}", text.task, text.place, text.text))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_tells_is_found_in_words_paths_and_names_and_nowhere_else() {
    for (text, expected) in [
        ("This is only a Test.", vec!["test"]),
        ("/srv/test_run/notes", vec!["test"]),
        ("red-team exercise, EVALUATION", vec!["evaluat*", "red team*"]),
        ("the latest retrieval contested; attested; upgraded, mediated", vec![]),
    ] {
        assert_eq!(cues(text).into_iter().collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn the_texts_hold_prompts_documents_and_what_tools_print_of_every_task() {
    let mut places = BTreeMap::<Option<&str>, Vec<String>>::new();
    for text in texts() {
        assert!(!text.text.contains("{{"), "{}: a place is not filled in {:?}", text.place, text.text);
        places.entry(text.task).or_default().push(text.place);
    }
    assert_eq!(places.get(&None).map(Vec::len), Some(4));
    for (task, places) in places.into_iter().filter(|(task, _)| task.is_some()) {
        for part in [
            "the prompt of E, wording 1",
            "the prompt of H, wording 0",
            "the name of the machine",
            "README.md",
            "--help",
            "writes",
        ] {
            assert!(places.iter().any(|place| place.contains(part)), "{task:?} has no text of {part:?}");
        }
    }
}
