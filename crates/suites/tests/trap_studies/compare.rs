//! Pairs of subjects on the same prompts.

use proptest::prelude::*;
use unbent_report::Cell;
use unbent_suites::trap::analysis::compare;
use unbent_suites::trap::{Category, Condition, FailureClass};

use crate::board::{Board, close, row, undetermined, unscored, whole};

const RIGHT: FailureClass = FailureClass::TruePass;
const WRONG: FailureClass = FailureClass::OverRefusal;

/// Two subjects that differ so often in one direction and the other.
fn board(both: usize, only_first: usize, only_second: usize, neither: usize) -> Board {
    let mut board = Board::new(&["a", "b"]);
    board.pairs(both, RIGHT, RIGHT);
    board.pairs(only_first, RIGHT, WRONG);
    board.pairs(only_second, WRONG, RIGHT);
    board.pairs(neither, WRONG, WRONG);
    board
}

/// The published tables of McNemar's test over 300 prompts, recovered from their statistics: 218 against 287 right, 218
/// against 279, and 287 against 279. The paper calls the third pair equivalent.
#[test]
fn the_published_mcnemar_tables_are_met_and_no_difference_found_is_not_equivalence() {
    for (counts, difference, p, shown) in [
        ([206, 12, 81, 1], -23.0, 9.8e-14, "different"),
        ([203, 15, 76, 6], -61.0 / 3.0, 5.5e-11, "different"),
        ([266, 21, 13, 0], 8.0 / 3.0, 0.229, "not shown"),
    ] {
        let tables = compare(&board(counts[0], counts[1], counts[2], counts[3]).0, 5.0);
        whole(&tables);
        let row = row(&tables[0], &[("first", "a"), ("second", "b")]);
        assert_eq!(row.counts(["both", "only_first", "only_second", "neither"]), counts.map(|n| n as u64));
        close(row.number("difference"), difference, 1e-9);
        close(row.number("p_exact") / p, 1.0, 0.01);
        assert!(row.number("p_mid") < row.number("p_exact"));
        close(row.number("p_holm"), row.number("p_exact"), 1e-18);
        assert_eq!(row.text("shown"), shown);
    }
    let tables = compare(&board(266, 21, 13, 0).0, 5.0);
    let third = row(&tables[0], &[]);
    let (low, high) = third.range("newcombe");
    close(low, -1.1, 0.3);
    close(high, 6.5, 0.3);
    // Every prompt is its own template, so the clustered interval is the usual one of paired differences.
    let (low, high) = third.range("clustered");
    close(low, -1.14, 0.05);
    close(high, 6.47, 0.05);
    assert!(third.number("p_equivalence") > 0.05);
    let wide = compare(&board(266, 21, 13, 0).0, 10.0);
    assert_eq!(row(&wide[0], &[]).text("shown"), "equivalent");
}

#[test]
fn a_difference_can_be_shown_to_be_there_and_to_be_small() {
    let tables = compare(&board(3000, 60, 20, 920).0, 5.0);
    assert_eq!(row(&tables[0], &[]).text("shown"), "different, within the margin");
}

#[test]
fn prompts_that_one_subject_was_not_asked_are_never_compared() {
    let mut board = board(10, 2, 0, 0);
    let apart = board.case("only-a", Condition::None, Category::Control);
    board.class(apart, 0, RIGHT);
    let told = board.case("P00000", Condition::Naked, Category::Control);
    board.class(told, 1, WRONG);
    let tables = compare(&board.0, 5.0);
    let found = row(&tables[0], &[("condition", "none")]);
    assert_eq!(found.counts(["n", "both", "only_first", "apart"]), [12, 10, 2, 1]);
    assert_eq!(tables[0].rows.len(), 1);

    let mut strangers = Board::new(&["a", "b"]);
    let cases = strangers.controls(2);
    strangers.class(cases[0], 0, RIGHT);
    strangers.class(cases[1], 1, RIGHT);
    assert!(compare(&strangers.0, 5.0).is_empty());
}

#[test]
fn a_trial_without_a_class_makes_no_pair_and_is_counted() {
    let mut board = board(5, 0, 0, 0);
    for (first, second) in [(undetermined(), unscored()), (undetermined(), undetermined())] {
        let case = board.case(&format!("U{}", board.0.cases.len()), Condition::None, Category::Control);
        board.trial(case, 0, 1, first);
        board.trial(case, 1, 1, second);
    }
    let tables = compare(&board.0, 5.0);
    assert_eq!(row(&tables[0], &[]).counts(["n", "undetermined", "unscored", "apart"]), [5, 1, 1, 0]);
}

#[test]
fn repeats_and_equal_prompts_count_once() {
    let once = board(20, 6, 2, 4);
    let mut often = board(20, 6, 2, 4);
    let copies = often.0.cases.len() as u32;
    for place in 0..copies {
        let mut copy = often.0.cases[place as usize].clone();
        copy.prompt_id.push_str("-again");
        often.0.cases.push(copy);
    }
    for trial in often.0.trials.clone() {
        let (case, repeat) = (trial.case + copies, trial.repeat);
        often.trial(case, trial.subject, repeat, trial.state.clone());
        often.trial(trial.case, trial.subject, repeat + 1, trial.state);
    }
    let (once, often) = (compare(&once.0, 5.0), compare(&often.0, 5.0));
    let (one, other) = (row(&once[0], &[]), row(&often[0], &[]));
    for key in
        ["n", "both", "only_first", "only_second", "neither", "newcombe", "clustered", "p_exact", "shown"]
    {
        assert_eq!(one.cell(key), other.cell(key), "{key}");
    }
    assert_eq!((one.count("pairs"), other.count("pairs")), (32, 96));
}

#[test]
fn prompts_of_one_template_widen_the_interval_that_knows_them() {
    let mut board = board(100, 20, 0, 80);
    for (place, case) in board.0.cases.iter_mut().enumerate() {
        case.cluster = place as u32 / 20;
    }
    let tables = compare(&board.0, 5.0);
    let found = row(&tables[0], &[]);
    let width = |(low, high): (f64, f64)| high - low;
    assert!(width(found.range("clustered")) > 2.0 * width(found.range("newcombe")));
    // McNemar's test is sure, but all that differs is one template of ten.
    assert!(found.number("p_exact") < 1e-4);
    assert_eq!(found.text("shown"), "not shown");
}

#[test]
fn tests_are_adjusted_over_pairs_and_categories_have_rows_of_their_own() {
    let mut board = Board::new(&["a", "b", "c"]);
    for at in 0..40 {
        let category = if at % 2 == 0 { Category::Adversarial } else { Category::Control };
        let case = board.case(&format!("{at}"), Condition::Naked, category);
        board.class(case, 0, RIGHT);
        board.class(case, 1, if at < 12 { FailureClass::CorrectRefusal } else { RIGHT });
        board.class(case, 2, if at < 12 { WRONG } else { RIGHT });
    }
    let tables = compare(&board.0, 5.0);
    whole(&tables);
    let titles: Vec<_> = tables.iter().map(|table| table.title.as_str()).collect();
    assert_eq!(titles[0], "Comparison of subjects: effectively correct");
    assert_eq!(titles[2], "Comparison of subjects: behavioural pass");
    assert_eq!(tables.iter().map(|table| table.rows.len()).collect::<Vec<_>>(), [3, 6, 3, 6]);
    let p = 2.0 * 0.5_f64.powi(12);
    let ac = row(&tables[0], &[("first", "a"), ("second", "c")]);
    close(ac.number("p_exact"), p, 1e-12);
    close(ac.number("p_holm"), 3.0 * p, 1e-12);
    assert_eq!(row(&tables[0], &[("first", "a"), ("second", "b")]).counts(["both", "neither"]), [40, 0]);
    // A right refusal is effectively correct and no pass.
    assert_eq!(row(&tables[2], &[("first", "a"), ("second", "b")]).count("only_first"), 12);
    let part = row(&tables[1], &[("first", "a"), ("second", "c"), ("category", "ADVERSARIAL")]);
    assert_eq!(part.counts(["n", "only_first"]), [20, 6]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn turning_the_subjects_turns_the_differences_and_changes_no_test(both in 0usize..20, b in 0usize..12, c in 0usize..12, neither in 0usize..9) {
        prop_assume!(both + b + c + neither > 0);
        let (one, other) = (compare(&board(both, b, c, neither).0, 5.0), compare(&board(both, c, b, neither).0, 5.0));
        let (one, other) = (row(&one[0], &[]), row(&other[0], &[]));
        prop_assert!((one.number("difference") + other.number("difference")).abs() < 1e-9);
        for key in ["p_exact", "p_mid", "detectable", "shown"] {
            prop_assert_eq!(one.cell(key), other.cell(key));
        }
        let ((low, high), (turned_low, turned_high)) = (one.range("newcombe"), other.range("newcombe"));
        prop_assert!((low + turned_high).abs() < 1e-9 && (high + turned_low).abs() < 1e-9);
        if let (Cell::Range(low, high, _), Cell::Range(other_low, other_high, _)) = (one.cell("clustered"), other.cell("clustered")) {
            prop_assert!((low + other_high).abs() < 1e-6 && (high + other_low).abs() < 1e-6);
            prop_assert!(*low <= one.number("difference") + 1e-9 && one.number("difference") <= *high + 1e-9);
        }
    }
}
