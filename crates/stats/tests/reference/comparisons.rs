//! Effect sizes, stratified and permuted comparisons, ranks and corrected rates against values of other programs.

use std::num::{NonZeroU32, NonZeroU64};

use serde_json::Value;
use unbent_stats::{
    Continuity, Draws, Effect, Leads, Level, PairedCounts, Strata, Stratum, cliffs_delta, cohens_h,
    corrected_prevalence, discordant_odds_ratio, max_t, paired_effect, paired_risk_ratio, risk_ratio,
    sign_flip_test,
};

use super::{close, close_interval, count, level, number, numbers, rows, size, values};

fn pair(value: &Value) -> (u64, NonZeroU64) {
    (count(&value[0]), size(&value[1]))
}

#[track_caller]
fn close_effect(what: &str, ours: Effect, ratio: &Value, interval: &Value) {
    close(what, ours.value, ratio);
    close_interval(what, ours.interval, interval);
}

#[test]
fn effect_sizes_are_those_of_statsmodels_scipy_and_the_papers() {
    let values = values("effects");
    for row in rows(&values["h"]) {
        close("h", cohens_h(number(&row["p"]), number(&row["q"])), &row["h"]);
    }
    for row in rows(&values["paired"]) {
        let ours = paired_effect(&numbers(&row["first"]), &numbers(&row["second"])).unwrap();
        close("d_z", ours.d_z, &row["d_z"]);
        close("g_av", ours.g_av, &row["g_av"]);
    }
    for row in rows(&values["cliff"]) {
        let ours = cliffs_delta(&numbers(&row["first"]), &numbers(&row["second"])).unwrap();
        close("delta", ours, &row["delta"]);
    }
    for row in rows(&values["ratio"]) {
        let ours = risk_ratio(pair(&row["first"]), pair(&row["second"]), Level::P95).unwrap();
        close_effect("risk ratio", ours, &row["ratio"], &row["interval"]);
    }
    let counts = |row: &Value| PairedCounts {
        both: row["a"].as_u64().unwrap_or(1),
        only_first: count(&row["b"]),
        only_second: count(&row["c"]),
        neither: 3,
    };
    for row in rows(&values["odds"]) {
        let ours = discordant_odds_ratio(counts(row), Level::P95).unwrap();
        close_effect("discordant odds", ours, &row["ratio"], &row["interval"]);
    }
    for row in rows(&values["paired_ratio"]) {
        let ours = paired_risk_ratio(counts(row), Level::P95).unwrap();
        close_effect("paired ratio", ours, &row["ratio"], &row["interval"]);
    }
}

#[test]
fn corrected_rates_are_those_of_the_papers() {
    for row in rows(&values("prevalence")) {
        let [reported, found, passed_over] =
            ["reported", "found", "passed_over"].map(|name| pair(&row[name]));
        let ours = corrected_prevalence(reported, found, passed_over, level(&row["level"])).unwrap();
        close("unbounded", ours.unbounded, &row["unbounded"]);
        close_interval(&row.to_string(), ours.interval, &row["interval"]);
    }
}

#[test]
fn stratified_comparisons_are_those_of_statsmodels() {
    for row in rows(&values("stratified")) {
        let stratum = |cells: &Value| {
            let [first_hits, first, second_hits, second] = [0, 1, 2, 3].map(|at| count(&cells[at]));
            Stratum { first_hits, first, second_hits, second }
        };
        let strata: Vec<Stratum> = rows(&row["strata"]).iter().map(stratum).collect();
        let strata = Strata::new(&strata).unwrap();
        let plain = strata.cochran_mantel_haenszel(Continuity::Uncorrected);
        let corrected = strata.cochran_mantel_haenszel(Continuity::Corrected);
        close("CMH", plain.chi_squared, &row["chi2"]);
        close("CMH", plain.p_value, &row["p"]);
        close("corrected CMH", corrected.chi_squared, &row["chi2_corrected"]);
        close("corrected CMH", corrected.p_value, &row["p_corrected"]);
        let ratio = strata.odds_ratio(Level::P95).unwrap();
        close_effect("common odds ratio", ratio, &row["odds_ratio"], &row["interval"]);
        let fit = strata.breslow_day().unwrap();
        close("Breslow-Day", fit.chi_squared, &row["breslow_day"]);
        close("Tarone", fit.chi_squared_tarone, &row["tarone"]);
        close("Tarone", fit.p_value, &row["p_homogeneous"]);
        let difference = strata.risk_difference(Level::P95);
        close_effect("risk difference", difference, &row["difference"], &row["difference_interval"]);
    }
}

#[test]
fn sign_flips_are_those_of_scipy_and_of_all_flips() {
    let draws = Draws::new(NonZeroU32::MIN, 0);
    for row in rows(&values("permutation")) {
        let table: Vec<Vec<f64>> = rows(&row["contributions"]).iter().map(numbers).collect();
        let table: Vec<&[f64]> = table.iter().map(Vec::as_slice).collect();
        let adjusted = max_t(&table, &draws).unwrap();
        for (metric, contributions) in table.iter().enumerate() {
            let alone = sign_flip_test(contributions, &draws).unwrap();
            close("alone", alone.p_value, &row["alone"][metric]);
            close("adjusted", adjusted[metric].p_value, &row["adjusted"][metric]);
        }
    }
}

#[test]
fn ranks_are_those_of_tests_adjusted_by_statsmodels() {
    for row in rows(&values("ranks")) {
        let covariance: Vec<Vec<f64>> = rows(&row["covariance"]).iter().map(numbers).collect();
        let degrees = row["degrees"].as_f64().unwrap_or(f64::INFINITY);
        let leads = Leads::of_covariance(&numbers(&row["estimates"]), &covariance, degrees).unwrap();
        let ranks = leads.rank(Level::P95);
        for (subject, interval) in ranks.intervals.iter().enumerate() {
            let theirs = (count(&row["best"][subject]), count(&row["worst"][subject]));
            assert_eq!((interval.best as u64, interval.worst as u64), theirs, "subject {subject}");
        }
        for (pair, adjusted) in rows(&row["pairs"]).iter().zip(rows(&row["adjusted"])) {
            let [first, second] = [0, 1].map(|at| usize::try_from(count(&pair[at])).unwrap());
            close("adjusted", ranks.p_value(first, second), adjusted);
        }
    }
}
