//! Verdicts, tests of pairs, effects and flips on small cases.

use super::{Effect, Flips, Verdict, Which, compare};
use crate::inference::pairing::tests::{Row, observed, sides};
use crate::inference::{Better, Group, Metric, Pairing, pair};

const CASES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

const RIGHT: Metric = Metric {
    id: "right",
    name: "Right",
    about: "a share",
    better: Better::Higher,
    is_headline: true,
    groups: &[Group { weight: 100.0, parts: &["p"] }],
    offset: 0.0,
};

const WRONG: Metric = Metric { id: "wrong", better: Better::Lower, ..RIGHT };

/// A pair a case, with these values.
fn pairing(values: &[(f64, f64)]) -> Pairing {
    let row = |subject: usize| {
        move |(case, (a, b)): (&&'static str, &(f64, f64))| -> Row {
            (subject, case, 1, "p", Some(if subject == 0 { *a } else { *b }))
        }
    };
    let rows: Vec<Row> =
        CASES.iter().zip(values).map(row(0)).chain(CASES.iter().zip(values).map(row(1))).collect();
    let seen = observed(&rows);
    let [a, b] = sides(&seen);
    pair(a, b)
}

/// Of twelve pairs the first so many turn from wrong to right.
fn turning(n: usize) -> Pairing {
    pairing(&(0..12).map(|place| (0.0, if place < n { 1.0 } else { 0.0 })).collect::<Vec<_>>())
}

#[test]
fn who_is_better_depends_on_which_way_is_better() {
    let compared = compare(&[RIGHT, WRONG], &turning(9), 2.0);
    assert_eq!(compared.metrics[0].verdict, Verdict::Better(Which::B));
    assert_eq!(compared.metrics[1].verdict, Verdict::Better(Which::A));
    let test = compared.metrics[0].mcnemar.unwrap();
    assert_eq!((test.b, test.c), (0, 9));
    assert!((test.p_value - 2.0 * 0.5_f64.powi(9)).abs() < 1e-12);
    // Two metrics alike: Holm doubles.
    let metric = &compared.metrics[0];
    assert!((metric.adjusted_p.unwrap() - 2.0 * metric.difference.p_value.unwrap()).abs() < 1e-12);
    // From 0 to three quarters: 2 asin(sqrt(0.75)), two thirds of pi.
    let Some(Effect::H(h)) = metric.effect else { panic!("{:?}", metric.effect) };
    assert!((h - 2.0 * std::f64::consts::PI / 3.0).abs() < 1e-12);
}

#[test]
fn few_changes_decide_nothing_and_small_ones_are_equivalent() {
    assert_eq!(compare(&[RIGHT], &turning(2), 2.0).metrics[0].verdict, Verdict::Undecided);
    assert_eq!(compare(&[RIGHT], &turning(0), 2.0).metrics[0].verdict, Verdict::Identical);
    let wobbling: Vec<_> = (0..12).map(|place| (0.5, 0.5 + [0.01, -0.01][place % 2])).collect();
    assert_eq!(compare(&[RIGHT], &pairing(&wobbling), 2.0).metrics[0].verdict, Verdict::Equivalent);
    let creeping: Vec<_> = (0..12).map(|place| (0.5, 0.51 + [0.001, -0.001][place % 2])).collect();
    let compared = compare(&[RIGHT], &pairing(&creeping), 2.0);
    assert_eq!(compared.metrics[0].verdict, Verdict::BetterWithinMargin(Which::B));
    assert_eq!(compared.metrics[0].mcnemar, None, "grades are no hits and misses");
    assert!(matches!(compared.metrics[0].effect, Some(Effect::Dz(_))));
}

#[test]
fn a_flip_is_a_change_by_half_of_the_scale_or_more() {
    let pairing = pairing(&[(0.0, 1.0), (0.9, 0.4), (0.5, 0.51), (1.0, 0.6), (0.7, 0.7)]);
    let flips = Flips::of(&RIGHT, &pairing);
    assert_eq!((flips.improved, flips.worsened, flips.same), (2, 2, 1));
    let cases: Vec<_> = flips.flips.iter().map(|flip| (flip.case.as_str(), flip.gain)).collect();
    assert_eq!(cases.iter().map(|(case, _)| *case).collect::<Vec<_>>(), ["a", "b"]);
    assert!((cases[0].1 - 20.0).abs() < 1e-9 && (cases[1].1 + 10.0).abs() < 1e-9);
    let other = Flips::of(&WRONG, &pairing);
    assert_eq!((other.improved, other.worsened), (2, 2));
    assert!((other.flips[0].gain + 20.0).abs() < 1e-9);
}
