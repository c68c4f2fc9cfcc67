//! Holds the crate to values that other programs compute (`make.py` beside this file), to a relative 1e-9.

#![expect(clippy::unwrap_used, reason = "malformed values fail the test")]

mod comparisons;
mod studies;

use std::num::{NonZeroU32, NonZeroU64};

use serde_json::Value;
use unbent_stats::{
    Clusters, Confusion, Continuity, Equivalence, IndependentDesign, Interval, Level, PairedCounts,
    PairedDesign, ResamplePlan, Scale, Step, Weights, agresti_coull_interval, benjamini_hochberg,
    clopper_pearson_interval, cochran_armitage, fleiss_kappa, fleiss_kappa_interval, holm, jeffreys_interval,
    kish_effective_size, krippendorff_alpha, krippendorff_alpha_interval, mcnemar_asymptotic, mcnemar_exact,
    mcnemar_mid_p, newcombe_interval, newcombe_paired_interval, tost_means, tost_paired_means,
    tost_paired_proportions, wald_interval, wilson_corrected_interval, wilson_interval,
};

type Method = fn(u64, NonZeroU64, Level) -> Interval;

/// The committed values of one method.
fn values(of: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("values.json")).unwrap();
    all[of].clone()
}

fn rows(of: &Value) -> &[Value] {
    let rows = of.as_array().unwrap();
    assert!(!rows.is_empty());
    rows
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    rows(value).iter().map(number).collect()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn size(value: &Value) -> NonZeroU64 {
    NonZeroU64::new(count(value)).unwrap()
}

fn level(value: &Value) -> Level {
    Level::parse(number(value)).unwrap()
}

/// Whether two numbers agree to a relative 1e-9, or to 1e-15 where the reference rounds to about zero.
#[track_caller]
fn close(what: &str, ours: f64, theirs: &Value) {
    let theirs = number(theirs);
    let apart = (ours - theirs).abs();
    assert!(apart <= 1e-9 * theirs.abs() + 1e-15, "{what}: {ours:e}, not {theirs:e}");
}

#[track_caller]
fn close_interval(what: &str, ours: Interval, theirs: &Value) {
    close(&format!("low end, {what}"), ours.low, &theirs[0]);
    close(&format!("high end, {what}"), ours.high, &theirs[1]);
}

fn paired_counts(value: &Value) -> PairedCounts {
    let [both, only_first, only_second, neither] = [0, 1, 2, 3].map(|at| count(&value[at]));
    PairedCounts { both, only_first, only_second, neither }
}

fn plan(of: usize, resamples: u32) -> ResamplePlan {
    let of = NonZeroU32::new(u32::try_from(of).unwrap()).unwrap();
    ResamplePlan::new(of, NonZeroU32::new(resamples).unwrap(), 42)
}

#[test]
fn intervals_of_a_proportion_are_those_of_statsmodels() {
    for row in rows(&values("binomial")) {
        let (k, n, level) = (count(&row["k"]), size(&row["n"]), level(&row["level"]));
        let what = |method: &str| format!("{method} of {k}/{n} at {}", level.fraction());
        let methods: [(&str, Method); 6] = [
            ("wilson", wilson_interval),
            ("wilson_corrected", wilson_corrected_interval),
            ("clopper_pearson", clopper_pearson_interval),
            ("jeffreys", jeffreys_interval),
            ("agresti_coull", agresti_coull_interval),
            ("wald", wald_interval),
        ];
        for (name, method) in methods {
            close_interval(&what(name), method(k, n, level), &row[name]);
        }
    }
}

#[test]
fn mcnemar_s_tests_are_those_of_statsmodels() {
    for row in rows(&values("mcnemar")) {
        let counts = paired_counts(&row["counts"]);
        let what = format!("{counts:?}");
        let plain = mcnemar_asymptotic(counts, Continuity::Uncorrected);
        let corrected = mcnemar_asymptotic(counts, Continuity::Corrected);
        assert_eq!((plain.b, plain.c), (counts.only_first, counts.only_second));
        close(&what, mcnemar_exact(counts).p_value, &row["exact"]);
        close(&what, mcnemar_mid_p(counts).p_value, &row["mid_p"]);
        close(&what, plain.chi_squared.unwrap(), &row["chi2"]);
        close(&what, plain.p_value, &row["p"]);
        close(&what, corrected.chi_squared.unwrap(), &row["chi2_corrected"]);
        close(&what, corrected.p_value, &row["p_corrected"]);
    }
}

#[test]
fn differences_of_proportions_are_those_of_statsmodels_and_of_the_papers() {
    let values = values("differences");
    for row in rows(&values["independent"]) {
        let pair = |side: &str| (count(&row[side][0]), size(&row[side][1]));
        let ours = newcombe_interval(pair("first"), pair("second"), Level::P95);
        close_interval(&row.to_string(), ours, &row["interval"]);
    }
    for row in rows(&values["paired"]) {
        let ours = newcombe_paired_interval(paired_counts(&row["counts"]), level(&row["level"])).unwrap();
        close_interval(&row.to_string(), ours, &row["interval"]);
    }
    for row in rows(&values["tost_paired"]) {
        let ours = tost_paired_proportions(paired_counts(&row["counts"]), number(&row["margin"])).unwrap();
        close(&row.to_string(), ours.p_above_low, &row["p_above_low"]);
        close(&row.to_string(), ours.p_below_high, &row["p_below_high"]);
    }
}

#[test]
fn equivalence_of_means_is_that_of_statsmodels() {
    let check = |what: &str, ours: Equivalence, theirs: &Value| {
        close(what, ours.p_above_low, &theirs[0]);
        close(what, ours.p_below_high, &theirs[1]);
    };
    for row in rows(&values("tost_means")) {
        let (first, second, margin) =
            (numbers(&row["first"]), numbers(&row["second"]), number(&row["margin"]));
        check("paired", tost_paired_means(&first, &second, margin).unwrap(), &row["paired"]);
        let shorter = &second[..second.len() - 2];
        check("welch", tost_means(&first, shorter, margin).unwrap(), &row["welch"]);
    }
}

#[test]
fn agreement_is_that_of_scikit_learn_statsmodels_and_krippendorff() {
    let values = values("agreement");
    for row in rows(&values["cohen"]) {
        let categories = usize::try_from(count(&row["categories"])).unwrap();
        let rater = |name: &str| rows(&row[name]).iter().map(|value| usize::try_from(count(value)).unwrap());
        let pairs: Vec<_> = rater("first").zip(rater("second")).collect();
        let table = Confusion::count(&pairs, categories).unwrap();
        let all = [
            ("unweighted", Weights::Unweighted),
            ("linear", Weights::Linear),
            ("quadratic", Weights::Quadratic),
        ];
        for (name, weights) in all {
            let kappa = table.kappa(weights).unwrap().kappa;
            close(name, kappa, &row[name]);
            let around =
                Confusion::kappa_interval(&pairs, categories, weights, &plan(pairs.len(), 500), Level::P95);
            assert!(around.unwrap().interval.contains(kappa), "{name}");
        }
    }
    for row in rows(&values["fleiss"]) {
        let ratings: Vec<Vec<u64>> =
            rows(&row["ratings"]).iter().map(|item| rows(item).iter().map(count).collect()).collect();
        let kappa = fleiss_kappa(&ratings).unwrap();
        close("fleiss", kappa, &row["kappa"]);
        let around = fleiss_kappa_interval(&ratings, &plan(ratings.len(), 500), Level::P95).unwrap();
        assert!(around.interval.contains(kappa));
    }
    for row in rows(&values["krippendorff"]) {
        let raters = rows(&row["raters"]);
        let items: Vec<Vec<f64>> = (0..rows(&raters[0]).len())
            .map(|item| raters.iter().filter_map(|rater| rater[item].as_f64()).collect())
            .collect();
        for (name, scale) in
            [("nominal", Scale::Nominal), ("ordinal", Scale::Ordinal), ("interval", Scale::Interval)]
        {
            let alpha = krippendorff_alpha(&items, scale).unwrap();
            close(name, alpha, &row[name]);
            let around =
                krippendorff_alpha_interval(&items, scale, &plan(items.len(), 500), Level::P95).unwrap();
            assert!(around.interval.contains(alpha), "{name}: {around:?}");
        }
    }
}

#[test]
fn adjusted_p_values_are_those_of_statsmodels() {
    for row in rows(&values("multiplicity")) {
        let p_values = numbers(&row["p"]);
        let check = |name: &str, ours: Vec<f64>| {
            ours.iter().zip(rows(&row[name])).for_each(|(ours, theirs)| close(name, *ours, theirs));
        };
        check("holm", holm(&p_values).unwrap());
        check("benjamini_hochberg", benjamini_hochberg(&p_values).unwrap());
    }
}

#[test]
fn clustered_means_are_those_of_statsmodels_and_numpy() {
    for row in rows(&values("clusters")) {
        let (observed, names) = (numbers(&row["values"]), rows(&row["clusters"]));
        let names: Vec<u64> = names.iter().map(count).collect();
        let clusters = Clusters::group(&observed, &names).unwrap();
        let sizes: Vec<u64> = (0..clusters.count() as u64)
            .map(|wanted| names.iter().filter(|name| **name == wanted).count() as u64)
            .collect();
        close("mean", clusters.mean(), &row["mean"]);
        close("standard error", clusters.standard_error(), &row["standard_error"]);
        close("of independent values", clusters.independent_standard_error(), &row["independent"]);
        close("intraclass correlation", clusters.intraclass_correlation().unwrap(), &row["icc"]);
        close("kish", kish_effective_size(&sizes), &row["kish"]);
        let plan = plan(clusters.count(), 2000);
        close_interval(
            "percentile",
            clusters.percentile_interval(&plan, Level::P95).unwrap(),
            &row["percentile"],
        );
        close_interval("bca", clusters.bca_interval(&plan, Level::P95).unwrap().unwrap(), &row["bca"]);
    }
}

#[test]
fn power_is_that_of_the_formulas() {
    let values = values("power");
    for row in rows(&values["paired"]) {
        let design = PairedDesign {
            pairs: count(&row["pairs"]),
            discordant: number(&row["discordant"]),
            level: Level::P95,
        };
        close("paired", design.power(number(&row["difference"])).unwrap(), &row["power"]);
        close("paired", design.minimum_detectable_difference(0.8).unwrap(), &row["smallest_at_80"]);
    }
    for row in rows(&values["independent"]) {
        let design = IndependentDesign {
            first: count(&row["first"]),
            second: count(&row["second"]),
            level: Level::P95,
        };
        let baseline = number(&row["baseline"]);
        close("independent", design.power(baseline, number(&row["difference"])).unwrap(), &row["power"]);
        close("independent", design.minimum_detectable_rise(baseline, 0.8).unwrap(), &row["smallest_at_80"]);
    }
}

#[test]
fn the_trend_is_that_of_statsmodels() {
    for row in rows(&values("trend")) {
        let step = |step: &Value| Step { score: number(&step[0]), hits: count(&step[1]), n: count(&step[2]) };
        let steps: Vec<Step> = rows(&row["steps"]).iter().map(step).collect();
        let trend = cochran_armitage(&steps).unwrap();
        close("z", trend.z, &row["z"]);
        close("p", trend.p_value, &row["p"]);
    }
}
