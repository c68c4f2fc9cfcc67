//! Variance components and the power of studies against values of other programs.

use serde_json::Value;
use unbent_stats::{IndependentDesign, Level, MeansDesign, PairedDesign, Samples, VarianceComponents};

use super::{close, count, number, rows, values};

/// Whether a power agrees to an absolute 1e-8: both sides integrate numerically.
#[track_caller]
fn near(what: &str, ours: f64, theirs: &Value) {
    let theirs = number(theirs);
    assert!((ours - theirs).abs() <= 1e-8, "{what}: {ours:e}, not {theirs:e}");
}

#[test]
fn components_are_those_of_projections_and_traces() {
    let values = values("components");
    for row in rows(&values["two"]) {
        let named = rows(&row["rows"]).iter().map(|row| (count(&row[0]), number(&row[1])));
        let ours = VarianceComponents::two_levels(named).unwrap();
        close("case", ours.case.estimate, &row["components"][0]);
        close("repeat", ours.repeat.estimate, &row["components"][1]);
    }
    for row in rows(&values["three"]) {
        let named = rows(&row["rows"]).iter().map(|row| (count(&row[0]), count(&row[1]), number(&row[2])));
        let ours = VarianceComponents::three_levels(named).unwrap();
        let parts = [ours.case, ours.repeat, ours.grade.unwrap()];
        for (place, part) in parts.iter().enumerate() {
            close("component", part.estimate, &row["components"][place]);
            assert_eq!(part.degrees_of_freedom, count(&row["degrees"][place]));
        }
    }
}

#[test]
fn the_power_of_means_is_that_of_statsmodels_and_of_quadrature() {
    let values = values("power_of_means");
    for row in rows(&values["paired"]) {
        let design = MeansDesign::new(Samples::Paired, 1.0, Level::P95);
        let (n, d) = (number(&row["n"]), number(&row["d"]));
        near("paired", design.power(n, d).unwrap(), &row["power"]);
        assert_eq!(design.cases(d, 0.8).unwrap(), number(&row["n_at_80"]).ceil() as u64);
        let smallest = design.minimum_detectable_difference(n, 0.8).unwrap();
        assert!((smallest / number(&row["d_at_80"]) - 1.0).abs() < 1e-7, "{smallest}");
    }
    for row in rows(&values["independent"]) {
        let design = MeansDesign::new(Samples::Independent { ratio: number(&row["ratio"]) }, 1.0, Level::P95);
        let (n, d) = (number(&row["n"]), number(&row["d"]));
        near("independent", design.power(n, d).unwrap(), &row["power"]);
        assert_eq!(design.cases(d, 0.8).unwrap(), number(&row["n_at_80"]).ceil() as u64);
    }
    for row in rows(&values["equivalence"]) {
        let design = MeansDesign::new(Samples::Paired, 1.0, Level::P95);
        let ours = design.equivalence_power(number(&row["n"]), number(&row["d"]), number(&row["margin"]));
        near("equivalence", ours.unwrap(), &row["power"]);
    }
}

#[test]
fn numbers_of_cases_are_the_first_that_suffice() {
    let values = values("power_of_means");
    for row in rows(&values["pairs"]) {
        let (share, difference) = (number(&row["discordant"]), number(&row["difference"]));
        assert_eq!(PairedDesign::pairs(share, difference, 0.8, Level::P95), Ok(count(&row["pairs"])));
    }
    for row in rows(&values["cases"]) {
        let (baseline, difference) = (number(&row["baseline"]), number(&row["difference"]));
        assert_eq!(IndependentDesign::cases(baseline, difference, 0.9, Level::P95), Ok(count(&row["cases"])));
    }
}
