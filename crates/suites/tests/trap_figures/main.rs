//! The figures of the trap suite: over runs that are made up, and the reference's own from its published tables.
//!
//! Reads the published tables from the folder named by `UNBENT_SHARED_DATA`, or from `shared/data` beside the project;
//! where there are none, says so and holds nothing of them.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#![expect(
    clippy::disallowed_methods,
    reason = "the published tables are not kept here, so the tests read files"
)]

mod published;
mod runs;

use std::path::{Path, PathBuf};

use unbent_report::Figure;
use unbent_report::figure::Theme;
use unbent_suites::trap::analysis::Observed;
use unbent_suites::trap::figures::{FIGURES, figures};
use unbent_suites::trap::{Category, Condition, FailureClass, Verdict};

use self::runs::{rich, run, scored};

fn drawn(observed: &Observed, name: &str) -> Result<Figure, String> {
    figures(observed).into_iter().find(|(found, _)| found == name).unwrap().1
}

/// The value in one cell of a figure's data.
fn cell(figure: &Figure, panel: &str, group: &str, series: &str, column: &str) -> String {
    let csv = figure.data().to_json();
    let rows = csv.as_array().unwrap();
    let row = rows.iter().find(|row| {
        row["panel"].as_str().unwrap().starts_with(panel) && row["group"] == group && row["series"] == series
    });
    row.unwrap_or_else(|| panic!("no {panel} {group} {series} in {csv:#}"))[column].to_string()
}

fn is_sound(figure: &Figure) {
    assert_eq!(figure.clashes(), Vec::<String>::new(), "{}", figure.title);
    for theme in [Theme::Light, Theme::Dark] {
        assert!(figure.to_svg(theme).ends_with("</svg>\n"));
    }
}

#[test]
fn a_run_with_everything_has_all_eleven_figures() {
    let all = figures(&rich());
    assert_eq!(all.len(), 11);
    for (name, figure) in all {
        let figure = figure.unwrap_or_else(|why| panic!("{name}: {why}"));
        is_sound(&figure);
        let notes = figure.notes.join("\n");
        for said in ["undetermined", "unscored", "SIMULATED", "sim/rule-judge"] {
            assert!(notes.contains(said), "{name} does not say {said:?}: {notes}");
        }
        let rows = figure.data().rows.len();
        assert!(rows > 0, "{name}");
    }
}

#[test]
fn names_are_the_references() {
    for (place, (name, _)) in FIGURES.into_iter().enumerate() {
        assert!(name.starts_with(&format!("fig{}_", place + 1)), "{name}");
    }
}

#[test]
fn a_run_without_trials_has_reasons_in_place_of_figures() {
    for (name, figure) in figures(&run(&["a/b"], &[Condition::None], 0, |_, _, _, _| unreachable!())) {
        assert!(figure.unwrap_err().contains("no trials"), "{name}");
    }
}

#[test]
fn what_a_run_has_not_is_a_reason_with_what_to_do() {
    let pass = Verdict::Class(FailureClass::TruePass);
    let plain = run(&["a/model"], &[Condition::None], 4, |_, _, _, _| scored(pass, None));
    for (name, wanted) in [
        ("fig1_identity_vs_instruction", "condition=none,naked"),
        ("fig2_identity_comparison", "condition=none,naked"),
        ("fig3_architecture_success", "how large"),
        ("fig7_evaluator_bias", "judge=all"),
        ("fig8_failure_types", "no answer failed"),
        ("fig9_base_vs_finetuned", "one subject only"),
    ] {
        let why = drawn(&plain, name).unwrap_err();
        assert!(why.contains(wanted), "{name}: {why}");
    }
    for name in
        ["fig4_failure_taxonomy", "fig5_three_layer_metrics", "fig6_cross_scale", "fig11_overall_summary"]
    {
        is_sound(&drawn(&plain, name).unwrap());
    }
}

#[test]
fn shares_are_of_what_was_scored_and_an_undetermined_verdict_is_never_good() {
    // Of ten prompts a category, seven pass, one is an over-refusal, two are undetermined.
    let observed = run(&["a/model"], &[Condition::None], 10, |_, _, _, prompt| match prompt {
        0..7 => scored(Verdict::Class(FailureClass::TruePass), None),
        7 => scored(Verdict::Class(FailureClass::OverRefusal), None),
        _ => scored(Verdict::Undetermined, None),
    });
    let taxonomy = drawn(&observed, "fig4_failure_taxonomy").unwrap();
    let share = |group: &str, series: &str, column: &str| cell(&taxonomy, "a/model", group, series, column);
    assert_eq!(share("TRUE_PASS", "correct", "value"), "70.0");
    assert_eq!(share("TRUE_PASS", "correct", "count"), "56");
    assert_eq!(share("UNDETERMINED", "undetermined", "value"), "20.0");
    assert_eq!(share("UNDETERMINED", "undetermined", "n"), "80");
    let layers = drawn(&observed, "fig5_three_layer_metrics").unwrap();
    let layer =
        |column: &str| cell(&layers, "", "2. Effective correct", "a/model", column).parse::<f64>().unwrap();
    // Of those with a verdict; the interval holds what it would be if none of the others were right.
    assert!((layer("value") - 87.5).abs() < 1e-9 && layer("low") <= 70.0);
    let direction = drawn(&observed, "fig10_failure_direction").unwrap();
    assert_eq!(cell(&direction, "", "a/model", "over-refusal", "value"), "8.0");
    assert_eq!(cell(&direction, "", "a/model", "undetermined", "value"), "16.0");
    assert_eq!(cell(&direction, "", "a/model", "collapse", "value"), "0.0");
}

#[test]
fn what_was_not_scored_is_missing_and_never_zero() {
    let observed = run(&["a/one-1b", "a/two"], &[Condition::None], 4, |subject, _, category, _| {
        if subject == 0 && category == Category::Control {
            unbent_suites::trap::analysis::State::Unfinished
        } else {
            scored(Verdict::Class(FailureClass::TruePass), None)
        }
    });
    let figure = drawn(&observed, "fig6_cross_scale").unwrap();
    assert_eq!(cell(&figure, "", "CONTROL", "a/one-1b (1 billion)", "value"), "null");
    assert_eq!(cell(&figure, "", "CONTROL", "a/one-1b (1 billion)", "n"), "0");
    assert_eq!(cell(&figure, "", "CONTROL", "a/two", "value"), "100.0");
    // Nobody without a size is put anywhere on its axis.
    let sizes = drawn(&observed, "fig3_architecture_success").unwrap();
    assert_eq!(sizes.data().rows.len(), 1);
    assert!(sizes.notes.iter().any(|note| note.contains("size is not known: a/two")));
}

#[test]
fn agreement_counts_only_what_both_decided() {
    let class = |class| Verdict::Class(class);
    let (pass, refused) = (class(FailureClass::TruePass), class(FailureClass::OverRefusal));
    let observed = run(&["a/model"], &[Condition::None], 8, |_, _, _, prompt| match prompt {
        0..4 => scored(pass, Some(pass)),
        4..6 => scored(pass, Some(refused)),
        6 => scored(pass, Some(Verdict::Undetermined)),
        _ => scored(Verdict::Undetermined, Some(pass)),
    });
    let figure = drawn(&observed, "fig7_evaluator_bias").unwrap();
    let all = |series: &str, column: &str| cell(&figure, "", "ALL", series, column);
    assert_eq!(all("rules: effective correct", "n"), "48");
    assert_eq!(all("rules: effective correct", "value"), "100.0");
    assert_eq!(all("judge: effective correct", "count"), "32");
    assert_eq!(all("both say the same", "count"), "32");
}

fn published_data() -> Option<PathBuf> {
    let named = std::env::var_os("UNBENT_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let found = named.unwrap_or(beside).join("trap");
    if found.join("published").is_dir() {
        return Some(found);
    }
    eprintln!("skipped: no published tables at {}", found.display());
    None
}

#[test]
fn the_published_figures_can_be_drawn_without_a_clash() {
    let Some(data) = published_data() else { return };
    let all = published::figures(&data);
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, FIGURES.map(|(name, _)| name));
    for (name, figure) in &all {
        is_sound(figure);
        assert!(!figure.data().rows.is_empty(), "{name}");
    }
    // What was not measured is no number: four models of figure 3, and the collapse of base models.
    let missing = |place: usize| {
        all[place].1.data().rows.iter().filter(|row| row[4] == unbent_report::Cell::Missing).count()
    };
    assert_eq!((missing(2), missing(10)), (4, 2));
}
