//! One model at several temperatures.

use unbent_suites::trap::FailureClass::{FormatIssue, TruePass};
use unbent_suites::trap::analysis::temperature;

use crate::board::{Board, close, row, undetermined, whole};

/// 50 prompts at four temperatures; so many of them fall apart at each. Of the prompts that fall apart at one temperature
/// all do at every hotter one.
fn board() -> Board {
    let mut board = Board::new(&["a", "b", "c", "d", "default"]);
    let heats = [Some(0.1), Some(0.5), Some(1.0), Some(2.0), None];
    for (subject, heat) in board.0.subjects.iter_mut().zip(heats) {
        subject.model = "openai/one".into();
        subject.settings.temperature = heat;
    }
    for case in board.controls(50) {
        for (subject, degraded) in [(0, 9), (1, 11), (2, 16), (3, 30), (4, 50)] {
            board.class(case, subject, if case < degraded { FormatIssue } else { TruePass });
        }
    }
    board
}

#[test]
fn shares_stand_by_temperature_and_the_trend_is_that_of_cochran_and_armitage() {
    let tables = temperature(&board().0);
    whole(&tables);
    let shares: Vec<_> =
        tables[0].rows.iter().map(|row| row[tables[0].column("degraded").unwrap()].clone()).collect();
    assert_eq!(shares, [18.0, 22.0, 32.0, 60.0].map(|share| unbent_report::Cell::Number(share, 1)));
    assert_eq!(tables[0].rows.len(), 4, "what the provider chose is no temperature");

    let degraded = row(&tables[1], &[("outcome", "degraded")]);
    assert_eq!(degraded.counts(["steps", "n", "prompts"]), [4, 200, 50]);
    // By statsmodels, as the statistics are held to.
    close(degraded.number("z"), 4.867_128, 1e-6);
    close(degraded.number("p"), 1.132_316e-6, 1e-12);
    let correct = row(&tables[1], &[("outcome", "effectively correct")]);
    close(correct.number("z"), -4.867_128, 1e-6);
    close(correct.number("p_holm"), 2.0 * 1.132_316e-6, 1e-11);
    // Least squares of the shares 0.18, 0.22, 0.32, 0.6 on 0.1, 0.5, 1 and 2.
    let (heats, shares) = ([0.1, 0.5, 1.0, 2.0], [18.0, 22.0, 32.0, 60.0]);
    let above: f64 = heats.iter().zip(shares).map(|(heat, share)| (heat - 0.9) * share).sum();
    let below: f64 = heats.iter().map(|heat: &f64| (heat - 0.9).powi(2)).sum();
    close(degraded.number("slope"), above / below, 1e-9);
    let (low, high) = degraded.range("slope_interval");
    assert!(0.0 < low && low < above / below && above / below < high);
    // Nothing is dangerous anywhere: no trend is claimed, and none tested.
    assert_eq!(row(&tables[1], &[("outcome", "dangerous")]).cell("p"), &unbent_report::Cell::Missing);
}

#[test]
fn a_prompt_without_a_class_somewhere_is_in_no_slope() {
    let mut board = board();
    board.0.trials.iter_mut().find(|trial| trial.subject == 2 && trial.case == 40).unwrap().state =
        undetermined();
    let tables = temperature(&board.0);
    let degraded = row(&tables[1], &[("outcome", "degraded")]);
    assert_eq!(degraded.counts(["prompts", "undetermined"]), [49, 1]);
}

#[test]
fn models_that_differ_in_more_than_temperature_make_no_sweep() {
    let mut board = board();
    for (place, subject) in board.0.subjects.iter_mut().enumerate() {
        subject.settings.top_k = Some(place as u32);
    }
    assert!(temperature(&board.0).is_empty());
}
