//! Differences against what is computed by hand, and whatever the order of the points.

use proptest::prelude::*;
use unbent_stats::{Interval, Level, student_t_critical};

use super::{Difference, Spread, difference};
use crate::inference::pairing::tests::{Row, observed, sides};
use crate::inference::test_rows::SHARE;
use crate::inference::{Group, Metric, pair};

const TWO: Metric = Metric {
    groups: &[Group { weight: 60.0, parts: &["a"] }, Group { weight: 40.0, parts: &["b"] }],
    ..SHARE
};

fn of(metric: &Metric, rows: &[Row]) -> Difference {
    let seen = observed(rows);
    let [a, b] = sides(&seen);
    difference(metric, &pair(a, b).pairs, Level::P95, 2.0)
}

/// A case, a repeat, a part and both values.
type Both = (&'static str, u32, &'static str, Option<f64>, Option<f64>);

/// The rows of both subjects.
fn both(rows: &[Both]) -> Vec<Row> {
    let side = |subject: usize| {
        move |row: &Both| (subject, row.0, row.1, row.2, if subject == 0 { row.3 } else { row.4 })
    };
    rows.iter().map(side(0)).chain(rows.iter().map(side(1))).collect()
}

fn near(got: f64, expect: f64) {
    assert!((got - expect).abs() < 1e-9, "{got}, not {expect}");
}

#[test]
fn with_a_pair_a_cluster_it_is_a_paired_t_test() {
    let pairs = [("a", 0.2, 0.4), ("b", 0.5, 0.4), ("c", 0.0, 0.6), ("d", 1.0, 0.9), ("e", 0.3, 0.7)];
    let rows: Vec<_> = pairs.iter().map(|(case, a, b)| (*case, 1, "a", Some(*a), Some(*b))).collect();
    let found = of(&SHARE, &both(&rows));
    near(found.value.unwrap(), 20.0);
    near(found.a.unwrap(), 40.0);
    near(found.b.unwrap(), 60.0);
    // Differences 0.2, -0.1, 0.6, -0.1, 0.4: squares about 0.2 sum to 0.38.
    let error = 100.0 * (0.38_f64 / 4.0).sqrt() / 5.0_f64.sqrt();
    near(found.standard_error().unwrap(), error);
    near(found.degrees_of_freedom().unwrap(), 4.0);
    let reach = student_t_critical(Level::P95, 4.0) * error;
    let interval = found.interval.unwrap();
    near(interval.low, 20.0 - reach);
    near(interval.high, 20.0 + reach);
    assert_eq!((found.n, found.missing, found.clusters, found.differing), (5, 0, 5, 5));
}

#[test]
fn repeats_of_a_cluster_add_no_certainty() {
    let values = [("a/1", 0.0), ("b/1", 1.0), ("c/1", 0.5), ("d/1", 0.0)];
    let rows = |repeats: u32| {
        let repeated = values
            .iter()
            .flat_map(|(case, b)| (1..=repeats).map(|repeat| (*case, repeat, "a", Some(0.5), Some(*b))));
        both(&repeated.collect::<Vec<_>>())
    };
    let (once, thrice) = (of(&SHARE, &rows(1)), of(&SHARE, &rows(3)));
    near(once.standard_error().unwrap(), thrice.standard_error().unwrap());
    assert_eq!((once.clusters, thrice.clusters, thrice.n), (4, 4, 12));
}

#[test]
fn parts_without_a_cluster_in_common_are_strata_with_their_own_degrees() {
    let rows = both(&[
        ("a", 1, "a", Some(0.0), Some(0.0)),
        ("b", 1, "a", Some(0.0), Some(1.0)),
        ("c", 1, "b", Some(0.0), Some(0.0)),
        ("d", 1, "b", Some(0.0), Some(1.0)),
    ]);
    let found = of(&TWO, &rows);
    near(found.value.unwrap(), 50.0);
    // Each part: two influences of half its weight over two, times 2 / 1, so a variance of (weight / 2)^2.
    near(found.standard_error().unwrap(), (900.0_f64 + 400.0).sqrt());
    near(found.degrees_of_freedom().unwrap(), 1300.0 * 1300.0 / (900.0 * 900.0 + 400.0 * 400.0));
}

#[test]
fn a_part_with_a_single_cluster_has_the_error_of_its_repeats() {
    let p = [("a", 1, "a", Some(0.5), Some(0.5)), ("b", 1, "a", Some(0.5), Some(0.5))];
    let q = [("c", 1, "b", Some(0.0), Some(0.0)), ("c", 2, "b", Some(0.0), Some(1.0))];
    let found = of(&TWO, &both(&[p, q].concat()));
    near(found.standard_error().unwrap(), 20.0);
    near(found.degrees_of_freedom().unwrap(), 1.0);
    let single = of(&TWO, &both(&[&p[..], &q[..1]].concat()));
    // One pair shows no spread: a difference from -1 to 1 has at most a deviation of 1.
    assert_eq!(single.lone_parts, ["b"]);
    near(single.standard_error().unwrap(), 40.0);
    near(single.value.unwrap(), 0.0);
}

#[test]
fn a_missing_value_widens_by_what_it_could_move_and_no_more() {
    let mut rows: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .zip([1.0, 0.0, 1.0, 0.0])
        .map(|(case, b)| (case, 1, "a", Some(0.5), Some(b)))
        .collect();
    let whole = of(&SHARE, &both(&rows));
    assert_eq!(whole.bounds, Interval { low: 0.0, high: 0.0 });
    // Left open: -1 to 0 where the first is 1, -0.75 to 0.25 where the second is 0.25, -1 to 1 where nothing is known.
    rows.extend([("e", 1, "a", Some(1.0), None), ("f", 1, "a", None, Some(0.25)), ("g", 1, "a", None, None)]);
    let holed = of(&SHARE, &both(&rows));
    near(holed.value.unwrap(), 0.0);
    near(holed.bounds.low, 100.0 * (-1.0 - 0.75 - 1.0) / 7.0);
    near(holed.bounds.high, 100.0 * (0.0 + 0.25 + 1.0) / 7.0);
    let reach = whole.interval.unwrap().high;
    near(holed.interval.unwrap().high, (holed.bounds.high + reach).min(100.0));
    assert_eq!((holed.n, holed.missing), (4, 3));
    near(holed.p_value.unwrap(), 1.0);
}

#[test]
fn where_no_pair_differs_there_is_no_width_and_no_equivalence() {
    let rows: Vec<_> = ["a", "b", "c"].into_iter().map(|case| (case, 1, "a", Some(0.5), Some(0.5))).collect();
    let same = of(&SHARE, &both(&rows));
    assert_eq!((same.spread, same.interval), (Spread::None, Some(Interval { low: 0.0, high: 0.0 })));
    assert_eq!((same.p_value, same.equivalence_p, same.differing), (Some(1.0), None, 0));
    let shifted: Vec<_> =
        ["a", "b", "c"].into_iter().map(|case| (case, 1, "a", Some(0.0), Some(1.0))).collect();
    // All three to one side: twice an eighth.
    near(of(&SHARE, &both(&shifted)).p_value.unwrap(), 0.25);
}

#[test]
fn a_group_without_pairs_leaves_the_metric_without_a_value() {
    let found = of(&TWO, &both(&[("a", 1, "a", Some(0.0), Some(1.0)), ("b", 1, "a", Some(0.0), Some(0.0))]));
    assert_eq!((found.value, found.interval, found.p_value), (None, None, None));
    near(found.bounds.low, 30.0 - 40.0);
    near(found.bounds.high, 30.0 + 40.0);
}

const CASES: [&str; 6] = ["a/1", "a/2", "b/1", "c/1", "d/1", "e/1"];

proptest! {
    #[test]
    fn the_order_of_points_does_not_matter_and_exchanging_the_sides_turns_the_sign(
        rows in prop::collection::vec((0..6_usize, 1..3_u32, prop::bool::ANY, 0..2_usize, prop::option::of(0..=4_u8)), 8..60),
        turn in 0..60_usize,
    ) {
        let mut rows: Vec<Row> = rows.into_iter().map(|(case, repeat, is_p, subject, value)| {
            (subject, CASES[case], repeat, if is_p { "a" } else { "b" }, value.map(|value| f64::from(value) / 4.0))
        }).collect();
        // One point of each trial and part.
        let mut seen = std::collections::BTreeSet::new();
        rows.retain(|row| seen.insert((row.0, row.1, row.2, row.3)));
        let found = of(&TWO, &rows);
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        turned.reverse();
        prop_assert_eq!(&of(&TWO, &turned), &found);
        let exchanged: Vec<Row> = rows.iter().map(|row| (1 - row.0, row.1, row.2, row.3, row.4)).collect();
        let other = of(&TWO, &exchanged);
        prop_assert!((found.bounds.low + other.bounds.high).abs() < 1e-9);
        prop_assert_eq!(found.value.is_some(), other.value.is_some());
        if let (Some(one), Some(two)) = (found.value, other.value) {
            prop_assert!((one + two).abs() < 1e-9);
            prop_assert!(found.bounds.low <= one + 1e-9 && one <= found.bounds.high + 1e-9 || found.missing > 0);
        }
        if let (Some(one), Some(two)) = (found.interval, other.interval) {
            prop_assert!((one.low + two.high).abs() < 1e-7 && one.contains(found.value.unwrap()));
        }
    }
}
