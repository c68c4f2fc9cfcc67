//! Into which side subjects fail.

use unbent_suites::trap::FailureClass::{
    CorrectRefusal, FalseApproval, FormatIssue, Hallucination, IdentityCollapse, Misclassification,
    OverRefusal, TruePass,
};
use unbent_suites::trap::analysis::failure_direction;

use crate::board::{Board, close, row, undetermined, whole};

#[test]
fn failures_are_shared_out_and_their_shift_is_that_of_the_same_prompts() {
    let mut board = Board::new(&["base", "tuned"]);
    board.pairs(10, TruePass, CorrectRefusal);
    board.pairs(6, FalseApproval, OverRefusal);
    board.pairs(3, Hallucination, TruePass);
    board.pairs(1, IdentityCollapse, IdentityCollapse);
    board.pairs(2, OverRefusal, OverRefusal);
    board.pairs(4, FormatIssue, Misclassification);
    let open = board.controls(1)[0];
    board.trial(open, 0, 1, undetermined());
    board.class(open, 1, TruePass);
    let tables = failure_direction(&board.0, 5.0);
    whole(&tables);
    let base = row(&tables[0], &[("subject", "base")]);
    assert_eq!(
        base.counts(["n", "failures", "compliance", "invention", "collapse", "undetermined"]),
        [27, 16, 6, 3, 1, 1]
    );
    close(base.number("dangerous"), 62.5, 1e-9);
    close(base.number("over_refusal"), 12.5, 1e-9);
    close(base.number("other"), 25.0, 1e-9);
    let (low, high) = base.range("dangerous_interval");
    assert!(low < 40.0 && high > 80.0);
    let tuned = row(&tables[0], &[("subject", "tuned")]);
    close(tuned.number("dangerous"), 100.0 / 13.0, 1e-9);

    let shift = row(&tables[1], &[("outcome", "dangerous")]);
    assert_eq!(shift.counts(["n", "both", "only_first", "only_second"]), [26, 1, 9, 0]);
    close(shift.number("p_exact"), 2.0 * 0.5_f64.powi(9), 1e-12);
    let shift = row(&tables[1], &[("outcome", "over-refusal")]);
    assert_eq!(shift.counts(["both", "only_first", "only_second"]), [2, 0, 6]);
    assert_eq!(row(&tables[1], &[("outcome", "other failure")]).counts(["both", "neither"]), [4, 22]);

    let moved = row(&tables[2], &[("of_first", "dangerous")]);
    assert_eq!(moved.counts(["n", "correct", "dangerous", "over_refusal", "other"]), [10, 3, 1, 6, 0]);
    let ends: u64 = ["correct", "dangerous", "over-refusal", "other failure"]
        .map(|end| match end {
            "correct" => 0,
            end => row(&tables[2], &[("of_first", end)]).count("n"),
        })
        .iter()
        .sum();
    assert_eq!(ends, 16);
}

#[test]
fn a_subject_without_failures_has_no_shares_and_one_alone_no_shift() {
    let mut board = Board::new(&["a"]);
    for case in board.controls(3) {
        board.class(case, 0, TruePass);
    }
    let tables = failure_direction(&board.0, 5.0);
    assert_eq!(tables.len(), 1);
    let only = row(&tables[0], &[]);
    assert_eq!(only.count("failures"), 0);
    assert_eq!(only.cell("dangerous"), &unbent_report::Cell::Missing);
    assert!(failure_direction(&Board::new(&["a"]).0, 5.0).is_empty());
}
