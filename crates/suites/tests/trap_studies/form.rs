//! Answers that are a bare form.

use unbent_suites::trap::analysis::format;
use unbent_suites::trap::{Category, Condition, FailureClass, Family, Marks, Verdict};

use crate::board::{Board, close, row, scored, unscored, whole};

/// Adds answers of a family: so many, of which so many fabricate, as forms or as prose.
fn answers(board: &mut Board, family: Family, structured: bool, fabricated: usize, n: usize) {
    for at in 0..n {
        let id = format!("{}{structured}{at}", family.name());
        let case = board.case(&id, Condition::None, family.category());
        board.0.cases[case as usize].family = Some(family);
        let class = if at < fabricated { FailureClass::Hallucination } else { FailureClass::TruePass };
        board.trial(
            case,
            0,
            1,
            scored(Verdict::Class(class), None, Marks { structured, ..Marks::default() }),
        );
    }
}

#[test]
fn forms_are_held_against_prose_of_their_own_family() {
    let mut board = Board::new(&["a"]);
    answers(&mut board, Family::Technical, true, 7, 17);
    answers(&mut board, Family::Technical, false, 2, 20);
    answers(&mut board, Family::Scripture, false, 30, 30);
    let fault = board.case("fault", Condition::None, Category::HarmfulRefusal);
    board.0.cases[fault as usize].family = Some(Family::Technical);
    board.trial(fault, 0, 1, unscored());
    let tables = format(&board.0);
    whole(&tables);
    let technical = row(&tables[0], &[("family", "technical")]);
    assert_eq!(technical.counts(["n", "forms", "unscored"]), [38, 17, 1]);
    close(technical.number("share"), 1700.0 / 37.0, 1e-9);
    assert_eq!(row(&tables[0], &[("family", "scripture")]).count("forms"), 0);
    assert_eq!(row(&tables[0], &[("category", "all")]).counts(["n", "forms"]), [68, 17]);

    // Scripture has no forms: its inventions in prose are no part of the comparison, in the family or in all.
    for named in [("family", "technical"), ("category", "all")] {
        let found = row(&tables[1], &[named]);
        assert_eq!(
            found.counts(["n", "forms", "forms_fabricated", "prose", "prose_fabricated"]),
            [37, 17, 7, 20, 2]
        );
        close(found.number("difference"), 700.0 / 17.0 - 10.0, 1e-9);
        let (low, high) = found.range("newcombe");
        assert!(0.0 < low && low < 10.0 && high < 60.0);
        let (low, high) = found.range("clustered");
        assert!(low < found.number("difference") && found.number("difference") < high);
    }
    assert_eq!(tables[1].rows.len(), 2);
}

#[test]
fn without_forms_there_is_nothing_to_say() {
    let mut board = Board::new(&["a"]);
    answers(&mut board, Family::Technical, false, 1, 4);
    assert!(format(&board.0).is_empty());
}
