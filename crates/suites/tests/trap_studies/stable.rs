//! The same prompts several times.

use unbent_report::Cell;
use unbent_suites::trap::FailureClass::{self, CorrectRefusal, FalseApproval, OverRefusal, TruePass};
use unbent_suites::trap::analysis::stability;
use unbent_suites::trap::{Category, Condition};

use crate::board::{Board, classified, close, row, undetermined, whole};

#[test]
fn agreement_is_taken_over_the_same_prompts() {
    let mut board = Board::new(&["a"]);
    // Three draws of five prompts; the last has no class in one of them.
    let drawn: [&[FailureClass]; 5] = [
        &[TruePass, TruePass, TruePass],
        &[TruePass, CorrectRefusal, TruePass],
        &[OverRefusal, OverRefusal, OverRefusal],
        &[OverRefusal, TruePass, FalseApproval],
        &[TruePass, TruePass],
    ];
    for (at, classes) in drawn.iter().enumerate() {
        let category = if at < 2 { Category::Adversarial } else { Category::Control };
        let case = board.case(&format!("{at}"), Condition::None, category);
        for (class, repeat) in classes.iter().zip(1..) {
            board.trial(case, 0, repeat, classified(*class));
        }
        if classes.len() == 2 {
            board.trial(case, 0, 3, undetermined());
        }
    }
    let tables = stability(&board.0);
    whole(&tables);
    let all = row(&tables[0], &[("category", "all")]);
    assert_eq!(all.counts(["draws", "n", "incomplete", "undetermined"]), [3, 4, 1, 1]);
    // Pairs that agree: 3, 1, 3 and 0 of 3 by class. Classes: 6 TP, 1 CR, 4 OR, 1 FA of 12.
    close(all.number("class_agreement"), 700.0 / 12.0, 1e-9);
    let expected = f64::from(36 + 1 + 16 + 1) / 144.0;
    close(all.number("class_kappa"), (7.0 / 12.0 - expected) / (1.0 - expected), 1e-9);
    close(all.number("class_flips"), 50.0, 1e-9);
    // By correctness: 3, 3, 3 and 1 of 3; 7 right of 12.
    close(all.number("correct_agreement"), 1000.0 / 12.0, 1e-9);
    let expected = f64::from(49 + 25) / 144.0;
    close(all.number("correct_kappa"), (10.0 / 12.0 - expected) / (1.0 - expected), 1e-9);
    close(all.number("correct_flips"), 25.0, 1e-9);
    let part = row(&tables[0], &[("category", "ADVERSARIAL")]);
    assert_eq!((part.count("n"), part.cell("correct_kappa")), (2, &Cell::Missing));
}

#[test]
fn seeds_of_one_model_are_draws_and_other_settings_are_not() {
    let mut board = Board::new(&["a", "b", "c"]);
    for (place, subject) in board.0.subjects.iter_mut().enumerate() {
        subject.model = "openai/one".into();
        subject.settings.seed = Some(place as u64);
    }
    board.0.subjects[2].settings.top_p = Some(0.5);
    for case in board.controls(4) {
        board.class(case, 0, TruePass);
        board.class(case, 1, if case == 0 { OverRefusal } else { TruePass });
        board.class(case, 2, TruePass);
    }
    let tables = stability(&board.0);
    let all = row(&tables[0], &[("category", "all")]);
    assert_eq!((all.text("subject"), all.count("draws")), ("a + b", 2));
    close(all.number("class_flips"), 25.0, 1e-9);
    assert!(tables[0].notes[0].contains("Put once only") && tables[0].notes[0].contains(": c."));
}

#[test]
fn of_one_draw_nothing_is_claimed() {
    let mut board = Board::new(&["a"]);
    for case in board.controls(2) {
        board.class(case, 0, TruePass);
    }
    let tables = stability(&board.0);
    assert!(tables[0].rows.is_empty() && tables[0].notes[0].contains("nothing is known of its stability: a"));
    whole(&tables);
}
