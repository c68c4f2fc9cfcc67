//! Numbers that stand in the paper only: intervals, tests and ratios, from the counts printed or recovered with them.

use std::num::NonZeroU64;

use unbent_stats::{
    Continuity, Interval, Level, PairedCounts, agresti_coull_interval, clopper_pearson_interval,
    jeffreys_interval, mcnemar_asymptotic, round_to_places, sample_std_dev, wald_interval,
    wilson_corrected_interval, wilson_interval,
};
use unbent_suites::trap::reference::Rate;

use crate::table::Table;

/// A rate of the paper, the ends of its interval as printed, and why they differ if they do.
type Printed = (&'static str, u64, u64, [&'static str; 2], &'static str);

const INTERVALS: [Printed; 15] = [
    ("external fabrication", 0, 14950, ["0.00", "0.03"], ""),
    ("identity collapse", 51, 14950, ["0.26", "0.45"], ""),
    ("Exp. 1, Evaluator", 10, 10, ["72.2", "100"], ""),
    ("Exp. 1, Sovereign", 2, 10, ["5.7", "50.7"], "no usual method gives it"),
    ("9B, passes", 292, 300, ["94.83", "98.64"], ""),
    ("9B, collapses", 2, 300, ["0.18", "2.40"], ""),
    ("quantisation Q4_K_M", 226, 300, ["70.2", "79.9"], ""),
    ("quantisation F16", 220, 300, ["68.1", "78.1"], "it is the Jeffreys interval"),
    ("resistance before", 14, 40, ["21.1", "51.7"], "it is the Wilson interval with continuity correction"),
    ("resistance after", 38, 40, ["83.5", "98.6"], ""),
    ("resistance, all categories", 249, 300, ["78.3", "86.8"], ""),
    ("cross-family, Logos 1B", 218, 300, ["67.4", "77.4"], ""),
    ("cross-family, Nemotron", 287, 300, ["92.7", "97.5"], ""),
    ("cross-family, StableLM", 279, 300, ["89.5", "95.4"], ""),
    ("effective correct", 12127, 14950, ["80.5", "81.7"], ""),
];

pub(crate) fn intervals(table: &mut Table) {
    for (name, hits, n, published, why) in INTERVALS {
        let interval = Rate { hits, n }.interval().unwrap();
        let computed = [interval.low * 100.0, interval.high * 100.0];
        table.compare_with(&format!("{name}, {hits}/{n}: interval"), &published, &computed, why);
    }
}

/// Cases by category of the sample that Tables 20, 21 and 26 imply, and the printed shares of three models.
const CROSS_FAMILY: [(&str, [f64; 8], &str, &str); 3] = [
    (
        "Logos 1B",
        [100.0, 93.3, 72.5, 76.7, 72.5, 70.0, 57.5, 42.5],
        "72.7",
        "its categories hold two passes more",
    ),
    ("Nemotron", [100.0, 90.0, 97.5, 100.0, 87.5, 90.0, 97.5, 100.0], "95.7", ""),
    ("StableLM", [100.0, 96.7, 90.0, 100.0, 82.5, 93.3, 90.0, 92.5], "93.0", ""),
];
const EQUAL_SAMPLE: [f64; 8] = [50.0, 30.0, 40.0, 30.0, 40.0, 30.0, 40.0, 40.0];

pub(crate) fn tests_and_ratios(table: &mut Table) {
    let tests = [
        ("1B and Nemotron", 12, 81, ["51.19", "8.4e-13"], ""),
        ("1B and StableLM", 15, 76, ["40.89", "1.6e-10"], ""),
        ("Nemotron and StableLM", 21, 13, ["1.88", "0.170"], "counts recovered, not published"),
    ];
    for (pair, only_first, only_second, published, why) in tests {
        let counts = PairedCounts { both: 0, only_first, only_second, neither: 0 };
        let test = mcnemar_asymptotic(counts, Continuity::Uncorrected);
        let quantity = format!("McNemar, {pair}, {only_first} and {only_second}: chi-squared and p");
        table.compare_with(&quantity, &published, &[test.chi_squared.unwrap(), test.p_value], why);
    }
    let seeds = [221.0, 226.0, 227.0, 222.0, 233.0].map(|hits: f64| hits / 3.0);
    table.compare("five seeds: shares of 300, %", &["73.7", "75.3", "75.7", "74.0", "77.7"], &seeds);
    table.compare("five seeds: standard deviation, points", &["1.6"], &[sample_std_dev(&seeds).unwrap()]);
    for (model, shares, published, why) in CROSS_FAMILY {
        let passes: f64 =
            shares.iter().zip(EQUAL_SAMPLE).map(|(percent, n)| (percent * n / 100.0).round()).sum();
        let quantity = format!("cross-family table, {model}: all from its categories");
        table.compare_with(&quantity, &[published], &[passes / 3.0], why);
    }
    let of_all = "46 of 68 failures; the paper divides by the 51 that have reasoning at all";
    table.compare_with("9B failures with correct reasoning, %", &["90"], &[46.0 / 68.0 * 100.0], of_all);
    table.compare_with("correct refusals for each over-refusal", &["10"], &[1630.0 / 232.0], "1,630 and 232");
    let default = "932 and four collapses; and the 932 are the rule's default, not evidence";
    table.compare_with("ILLICIT_GAP failures that are correct refusals", &["936"], &[932.0], default);
}

/// The three intervals that are not Wilson's, held to what is said of them.
#[test]
fn intervals_that_differ_come_from_other_methods_or_from_none() {
    type Method = fn(u64, NonZeroU64, Level) -> Interval;
    let methods: [(&str, Method); 6] = [
        ("wilson", wilson_interval),
        ("wilson corrected", wilson_corrected_interval),
        ("clopper-pearson", clopper_pearson_interval),
        ("jeffreys", jeffreys_interval),
        ("agresti-coull", agresti_coull_interval),
        ("wald", wald_interval),
    ];
    let that_give = |hits, n, low: f64, high: f64| -> Vec<&str> {
        let printed = |end: f64| round_to_places(end * 100.0, 1);
        let gives = |method: Method| {
            let interval = method(hits, NonZeroU64::new(n).unwrap(), Level::P95);
            printed(interval.low) == low && printed(interval.high) == high
        };
        methods.iter().filter(|(_, method)| gives(*method)).map(|(name, _)| *name).collect()
    };
    assert_eq!(that_give(220, 300, 68.1, 78.1), ["jeffreys"]);
    assert_eq!(that_give(14, 40, 21.1, 51.7), ["wilson corrected"]);
    assert_eq!(that_give(2, 10, 5.7, 50.7), [""; 0]);
}
