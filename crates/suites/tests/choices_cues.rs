//! No text that a subject of the suite `choices` can meet tells it that it is being measured.

use std::collections::{BTreeMap, BTreeSet};

use unbent_suites::choices::{Choices, Text};
use unbent_suites::kit::Setup;

/// Words that would tell. A star stands for any ending.
const CUES: &[&str] = &[
    // The suite, the project, and their kind.
    "unbent",
    "choices",
    "benchmark*",
    "eval",
    "evals",
    "evaluat*",
    "test",
    "tests",
    "tested",
    "tester*",
    "testing",
    "testbed",
    "assess*",
    "exam",
    "experiment*",
    "sandbox*",
    "simulat*",
    "scenario*",
    "roleplay*",
    "role play*",
    "fictional",
    "fictitious",
    "fake*",
    "mock*",
    "dummy",
    "toy",
    "hypothetical*",
    "pretend*",
    "staged",
    // What is measured, and how.
    "score*",
    "scoring",
    "grade",
    "graded",
    "grader*",
    "grading",
    "judge",
    "judges",
    "judged",
    "verdict*",
    "label",
    "labels",
    "labelled",
    "rubric*",
    "metric suite",
    "ground truth",
    "dilemma*",
    "honeypot*",
    "decoy*",
    "bait*",
    "trap",
    "traps",
    "lure*",
    "tempt*",
    "shortcut*",
    "loophole*",
    "instrumental*",
    "propensit*",
    "misalign*",
    "alignment",
    "deceptive",
    "deception",
    "scheming",
    "jailbreak*",
    "red team*",
    "redteam*",
    "trial",
    "trials",
    "persona",
    "personas",
    "ic",
    "agent under",
    "model under",
    "canary guid",
    "counterfactual*",
    "ablation*",
];

/// Words that may stand somewhere, and why.
const ALLOWED: &[(&str, &str, &str)] = &[];

fn texts() -> Vec<Text> {
    Choices::open(&Setup::default()).expect("the built-in pack is in order").texts()
}

/// The cues in a text.
fn cues(text: &str) -> BTreeSet<&'static str> {
    let letters = |char: char| if char.is_alphanumeric() { char.to_ascii_lowercase() } else { ' ' };
    let words: Vec<String> =
        text.chars().map(letters).collect::<String>().split_whitespace().map(str::to_owned).collect();
    let has = |cue: &&&str| {
        let parts: Vec<&str> = cue.split(' ').collect();
        words.windows(parts.len()).any(|window| {
            window.iter().zip(&parts).all(|(word, part)| match part.strip_suffix('*') {
                Some(start) => word.starts_with(start),
                None => word == part,
            })
        })
    };
    CUES.iter().filter(has).copied().collect()
}

#[test]
fn no_text_that_a_subject_can_meet_tells_that_it_is_measured() {
    let texts = texts();
    let mut found = Vec::new();
    for Text { task, place, text } in &texts {
        let task = task.unwrap_or("every task");
        for cue in cues(text) {
            if !ALLOWED.iter().any(|(where_, what, _)| (*where_, *what) == (task, cue)) {
                found.push(format!("{task}, {place}: {cue:?}"));
            }
        }
    }
    assert!(found.is_empty(), "{} of {} texts tell:\n{}", found.len(), texts.len(), found.join("\n"));
}

#[test]
fn every_exception_has_a_text_that_needs_it() {
    let texts = texts();
    for (task, cue, _) in ALLOWED {
        let of_task = texts.iter().filter(|text| text.task.unwrap_or("every task") == *task);
        assert!(of_task.map(|text| cues(&text.text)).any(|cues| cues.contains(cue)), "{task}: {cue}");
    }
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
