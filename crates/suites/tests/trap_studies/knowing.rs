//! Reasoning against the answer after it.

use unbent_suites::trap::analysis::gap;
use unbent_suites::trap::{Category, Condition, FailureClass, Marks, Verdict};

use crate::board::{Board, close, row, scored, whole};

#[test]
fn the_gap_is_of_those_whose_reasoning_is_right() {
    let right = Verdict::Class(FailureClass::CorrectRefusal);
    let wrong = Verdict::Class(FailureClass::FalseApproval);
    let reasoned = Marks { reasoned: true, ..Marks::default() };
    let mut board = Board::new(&["thinks", "does not"]);
    let rows = [
        (5, Some(right), right),
        (3, Some(right), wrong),
        (2, Some(wrong), right),
        (4, Some(wrong), wrong),
        (1, None, wrong),
        (1, Some(Verdict::Undetermined), right),
        (1, Some(right), Verdict::Undetermined),
    ];
    for (place, (n, reasoning, answer)) in rows.into_iter().enumerate() {
        for at in 0..n {
            let category = if at == 0 { Category::Adversarial } else { Category::HarmfulRefusal };
            let case = board.case(&format!("{place}-{at}"), Condition::None, category);
            board.trial(case, 0, 1, scored(answer, reasoning, reasoned));
            board.trial(case, 1, 1, scored(answer, None, Marks::default()));
        }
    }
    let tables = gap(&board.0);
    whole(&tables);
    let all = row(&tables[0], &[("category", "all")]);
    let keys = [
        "n",
        "reasoned",
        "both_right",
        "only_reasoning_right",
        "only_answer_right",
        "both_wrong",
        "reasoning_open",
        "answer_open",
        "undetermined",
    ];
    assert_eq!(all.counts(keys), [17, 17, 5, 3, 2, 4, 2, 1, 1]);
    close(all.number("gap"), 37.5, 1e-9);
    close(all.number("of_wrong"), 300.0 / 7.0, 1e-9);
    let (low, high) = all.range("gap_interval");
    assert!(low < 12.0 && high > 70.0);
    let part = row(&tables[0], &[("category", "ADVERSARIAL")]);
    assert_eq!(part.counts(["both_right", "only_reasoning_right"]), [1, 1]);
    assert!(tables[0].rows.iter().all(|row| row[0] == unbent_report::Cell::Text("thinks".to_owned())));
}

#[test]
fn without_reasoning_there_is_nothing_to_say() {
    let mut board = Board::new(&["a"]);
    for case in board.controls(2) {
        board.class(case, 0, FailureClass::TruePass);
    }
    assert!(gap(&board.0).is_empty());
}
