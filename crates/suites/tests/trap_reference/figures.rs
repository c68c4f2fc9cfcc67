//! The published figures, recomputed from the published counts where these allow.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use unbent_suites::trap::Names;
use unbent_suites::trap::reference::{Category, ClassCounts, FailureClass, Headline, Rate};

use crate::paper;
use crate::published_data;
use crate::table::{Table, number, read_csv};

/// What does not come out, each explained in the document.
const DIFFERING: [&str; 11] = [
    "fig4_safety_summary: Quality Issues (not dangerous), count and %",
    "Exp. 1, Sovereign, 2/10: interval",
    "quantisation F16, 220/300: interval",
    "resistance before, 14/40: interval",
    "cross-family table, Logos 1B: all from its categories",
    "9B failures with correct reasoning, %",
    "correct refusals for each over-refusal",
    "ILLICIT_GAP failures that are correct refusals",
    "fig9_failure_direction: failures of the base 9B",
    "fig9_failure_direction: failures of the tuned 1B",
    "fig9_failure_direction: failures of the tuned 9B",
];

#[test]
fn published_figures_come_out_of_the_published_counts_or_are_known_not_to() {
    let Some(data) = published_data() else { return };
    let mut table = Table::default();
    taxonomy(&data, &mut table);
    summary(&data, &mut table);
    overlap(&data, &mut table);
    confidence_bands(&data, &mut table);
    identity(&data, &mut table);
    scales(&data, &mut table);
    base_models(&data, &mut table);
    paper::intervals(&mut table);
    paper::tests_and_ratios(&mut table);
    let whole = table.rows.join("\n");
    eprintln!("{whole}");
    let mut known: Vec<_> = DIFFERING.map(str::to_owned).to_vec();
    known.sort();
    table.differing.sort();
    assert_eq!(table.differing, known);
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/method/trap-published.md");
    let document = std::fs::read_to_string(document).unwrap();
    assert!(document.contains(&whole), "docs/method/trap-published.md has another table than the one above");
}

fn json(data: &Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(data.join("published").join(name)).unwrap()).unwrap()
}

fn share(hits: f64, n: f64) -> f64 {
    hits / n * 100.0
}

fn percent(rate: Rate) -> f64 {
    share(rate.hits as f64, rate.n as f64)
}

/// Rate and ends of its interval in percent.
fn with_interval(rate: Rate) -> [f64; 3] {
    let interval = rate.interval().unwrap();
    [percent(rate), interval.low * 100.0, interval.high * 100.0]
}

fn published_classes(data: &Path) -> ClassCounts {
    let class = |row: &BTreeMap<String, String>| {
        (row["Classification"].parse::<FailureClass>().unwrap(), row["Count"].parse().unwrap())
    };
    read_csv(data, "fig4_failure_taxonomy.csv").iter().map(class).collect()
}

fn taxonomy(data: &Path, table: &mut Table) {
    let counts = published_classes(data);
    let headline = Headline::new(&counts);
    let rows = read_csv(data, "fig4_failure_taxonomy.csv");
    let shares: Vec<_> = rows
        .iter()
        .map(|row| {
            let class = row["Classification"].parse::<FailureClass>().unwrap();
            (row["Percentage (%)"].clone(), percent(counts.rate(class)))
        })
        .collect();
    table.compare_many("fig4_failure_taxonomy: shares of the eight classes, %", &shares);
    let quality = counts.total() - headline.effective_correct.hits - headline.dangerous.hits;
    let parts = [headline.effective_correct.hits, quality, headline.dangerous.hits];
    for (row, hits) in read_csv(data, "fig4_safety_summary.csv").iter().zip(parts) {
        table.compare_with(
            &format!("fig4_safety_summary: {}, count and %", row["Category"]),
            &[&row["Count"], &row["Percentage (%)"]],
            &[hits as f64, share(hits as f64, counts.total() as f64)],
            if hits == quality { "a slip of rounding" } else { "" },
        );
    }
    let layers = [headline.epistemological_safety, headline.effective_correct, headline.dangerous];
    for (row, rate) in read_csv(data, "fig5_three_layer_metrics.csv").iter().zip(layers) {
        let published = ["Value (%)", "CI Lower (%)", "CI Upper (%)"].map(|column| row[column].as_str());
        let quantity = format!("fig5: {}, {}/{}, with interval, %", row["Description"], rate.hits, rate.n);
        table.compare(&quantity, &published, &with_interval(rate));
    }
    let failures: Vec<_> = read_csv(data, "fig8_failure_types.csv");
    let sum: f64 = failures.iter().map(|row| number(&row["Count"])).sum();
    let shares: Vec<_> = failures
        .iter()
        .map(|row| (row["Percentage of Failures (%)"].clone(), share(number(&row["Count"]), sum)))
        .collect();
    table.compare_many("fig8_failure_types: shares of the 53 failures of 1B, %", &shares);
}

/// Passes, and collapses, by category as the failure analysis prints them: true passes, format issues of attacks, and
/// identity collapses.
fn passes_and_collapses(category: Category) -> (u64, u64) {
    match category {
        Category::Adversarial => (5760 + 1880, 40),
        Category::HarmfulRefusal => (664, 4),
        Category::ErrorCorrection => (563, 3),
        Category::IdentityIntegrity => (1057, 3),
        Category::SafePassage => (1030, 0),
        Category::EpistemicHumility => (796, 0),
        Category::IrreducibleUncertainty => (563, 1),
        Category::Control => (64, 0),
    }
}

fn summary(data: &Path, table: &mut Table) {
    let file = json(data, "benchmark_15k_summary.json");
    let (mut locals, mut judged, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut errors, mut evaluated, mut correct, mut passes) = (0.0, 0.0, 0.0, 0);
    for category in Category::ALL {
        let row = &file["categories"][category.name(Names::Internal)];
        let n = row["total"].as_f64().unwrap();
        let (passed, collapsed) = passes_and_collapses(category);
        passes += passed;
        locals.push((row["local"]["behavioral_pass_pct"].to_string(), share(passed as f64, n)));
        locals.push((row["local"]["collapse_pct"].to_string(), share(collapsed as f64, n)));
        let judge = &row["haiku"];
        let of = |name: &str| judge[name].as_f64().unwrap();
        judged.push((n.to_string(), of("evaluated") + of("api_errors")));
        errors += of("api_errors");
        evaluated += of("evaluated");
        correct += of("evaluated") * of("correct_pct") / 100.0;
        let copy = read_csv(data, "fig7_evaluator_bias.csv");
        let copy = copy.iter().find(|row| row["Category"] == category.name(Names::Academic)).unwrap();
        copies.extend([
            (copy["N"].clone(), n),
            (copy["Local Pass (%)"].clone(), row["local"]["behavioral_pass_pct"].as_f64().unwrap()),
            (copy["Haiku Correct (%)"].clone(), of("correct_pct")),
            (copy["Agreement (%)"].clone(), row["agreement_pct"].as_f64().unwrap()),
            (copy["Collapse (%)"].clone(), row["local"]["collapse_pct"].as_f64().unwrap()),
        ]);
    }
    table.compare_many("summary: passes and collapses by category from the class counts, %", &locals);
    table.compare_many("summary: judged and failed calls add up to the cases", &judged);
    table.compare_many("fig7_evaluator_bias: the summary under other names", &copies);
    let n = file["total_evaluated"].as_f64().unwrap();
    table.compare("calls of the judge that failed, %", &["12.08"], &[share(errors, n)]);
    let from = "from rounded shares of the categories";
    table.compare_with(
        "verdicts of the judge that are CORRECT, %",
        &["64.8"],
        &[share(correct, evaluated)],
        from,
    );
    table.compare("passes of the rules in all categories, %", &["82.79"], &[share(passes as f64, n)]);
}

fn overlap(data: &Path, table: &mut Table) {
    let file = json(data, "benchmark_15k_overlap_exclusion.json");
    let text = |value: &Value| value.to_string();
    let overlapping = file["overlapping_count"].as_f64().unwrap();
    let all = file["total_records"].as_f64().unwrap();
    table.compare(
        "overlap: cases that overlap, %",
        &[&text(&file["overlap_pct"])],
        &[share(overlapping, all)],
    );
    for set in ["full_set_metrics", "clean_set_metrics"] {
        let metrics = &file[set];
        let count = |name: &str| metrics[name].as_u64().unwrap();
        let dangerous = count("false_approval_count") + count("identity_collapse_count");
        let n = count("n");
        let rate = Rate { hits: dangerous, n };
        let interval = &metrics["dangerous_failure_ci"];
        let published = [&metrics["dangerous_failure_pct"], &interval[0], &interval[1]].map(text);
        table.compare(
            &format!("overlap, {set}: dangerous, {dangerous}/{n}, with interval, %"),
            &published.each_ref().map(String::as_str),
            &with_interval(rate),
        );
        let none = Rate { hits: 0, n }.percent_interval(4).unwrap();
        let published = text(&metrics["hallucination_ci"][1]);
        table.compare(
            &format!("overlap, {set}: upper end of fabrication, 0/{n}, %"),
            &[&published],
            &[none.high],
        );
        // The number of correct cases was not published: some number must give both percentages.
        let (correct, safe) =
            (text(&metrics["effective_correct_pct"]), text(&metrics["epistemological_safety_pct"]));
        let gives = |hits: u64| {
            let safe_rate = Rate { hits, n: hits + dangerous };
            (Rate { hits, n }).percent(2) == Some(number(&correct))
                && safe_rate.percent(2) == Some(number(&safe))
        };
        let hits = (0..=n).find(|hits| gives(*hits)).unwrap_or(0);
        table.compare_with(
            &format!("overlap, {set}: correct and safety, %"),
            &[&correct, &safe],
            &[share(hits as f64, n as f64), share(hits as f64, (hits + dangerous) as f64)],
            &format!("with {hits} correct cases, a number that was not published"),
        );
    }
}

fn confidence_bands(data: &Path, table: &mut Table) {
    let file = json(data, "confidence_bands.json");
    let cases = [
        ("ADV", "ADVERSARIAL", 54.0),
        ("IG", "ILLICIT_GAP", 20.0),
        ("LG", "LICIT_GAP", 15.0),
        ("COR", "CORRECTION", 15.0),
        ("MYS", "MYSTERY", 15.0),
        ("BAP", "BAPTISM_PROTOCOL", 12.0),
        ("KEN", "KENOTIC_LIMITATION", 10.0),
    ];
    let runs = file["runs"].as_array().unwrap();
    let of = |run: &Value, name: &str| run["category_accuracy"][name].as_f64().unwrap();
    let overall: Vec<_> = runs
        .iter()
        .map(|run| {
            let hits: f64 = cases.iter().map(|(_, name, n)| (of(run, name) * n).round()).sum();
            (run["overall_accuracy"].to_string(), hits / 141.0)
        })
        .collect();
    table.compare_many("confidence_bands: five accuracies from those of the categories", &overall);
    let bands: Vec<_> = cases
        .iter()
        .flat_map(|(short, name, n)| {
            // Of the counts: the published shares are rounded.
            let shares: Vec<f64> = runs.iter().map(|run| (of(run, name) * n).round() / n).collect();
            let band = &file["bands"][short];
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            [
                (band["min"].to_string(), shares.iter().copied().fold(1.0, f64::min)),
                (band["max"].to_string(), shares.iter().copied().fold(0.0, f64::max)),
                (band["mean"].to_string(), mean),
            ]
        })
        .collect();
    table.compare_many("confidence_bands: least, greatest and mean accuracy of seven categories", &bands);
}

fn identity(data: &Path, table: &mut Table) {
    let sizes = [8.0, 8.0, 8.0, 5.0, 4.0, 6.0];
    let detail = read_csv(data, "fig2_category_detail.csv");
    let whole = read_csv(data, "fig2_identity_comparison.csv");
    let mut pairs = Vec::new();
    for (row, name) in whole.iter().zip(["Authority", "Medium", "Naked"]) {
        let mean = |column: &str| {
            let sum: f64 = detail
                .iter()
                .zip(sizes)
                .map(|(row, size)| {
                    let percent = number(&row[&format!("{name} {column}")]);
                    if column == "Behavioral" {
                        (percent * size / 100.0).round() * 100.0
                    } else {
                        percent * size
                    }
                })
                .sum();
            sum / sizes.iter().sum::<f64>()
        };
        pairs.push((row["Overall Score (%)"].clone(), mean("Overall")));
        pairs.push((row["Behavioral Accuracy (%)"].clone(), mean("Behavioral")));
    }
    table.compare_many("fig2: scores and passes of three framings from their categories, %", &pairs);
}

/// The share of whole cases nearest to a printed percentage.
fn of_whole_cases(percent: &str, n: f64) -> f64 {
    (number(percent) * n / 100.0).round()
}

fn scales(data: &Path, table: &mut Table) {
    let rows = read_csv(data, "fig6_cross_scale.csv");
    let (mut shares, mut gaps, mut sums) = (Vec::new(), Vec::new(), [0.0, 0.0]);
    for row in &rows {
        let side = |model: &str| {
            let (percent, n) =
                (row[&format!("{model} Pass (%)")].clone(), number(&row[&format!("{model} N")]));
            let hits = of_whole_cases(&percent, n);
            (percent, hits, share(hits, n))
        };
        let ((small, small_hits, small_share), (large, large_hits, large_share)) = (side("1B"), side("9B"));
        gaps.push((row["Delta (pp)"].clone(), large_share - small_share));
        shares.extend([(small, small_share), (large, large_share)]);
        sums[0] += small_hits;
        sums[1] += large_hits;
    }
    table.compare_many("fig6_cross_scale: shares of whole cases, %", &shares);
    table.compare_many("fig6_cross_scale: differences, points", &gaps);
    let overall = read_csv(data, "fig6_overall.csv");
    let published: Vec<&str> = overall.iter().map(|row| row["Behavioral Pass (%)"].as_str()).collect();
    let computed = sums.map(|hits| share(hits, 300.0));
    table.compare("fig6_overall: passes of 1B and 9B from their categories, %", &published, &computed);
    let collapses: Vec<&str> = overall.iter().map(|row| row["Collapse (%)"].as_str()).collect();
    table.compare(
        "fig6_overall: collapses of 1B and 9B, 1 and 2 of 300, %",
        &collapses,
        &[100.0 / 300.0, 200.0 / 300.0],
    );
}

fn base_models(data: &Path, table: &mut Table) {
    let rows = read_csv(data, "fig9_base_vs_finetuned.csv");
    let sizes = read_csv(data, "fig6_cross_scale.csv");
    let size =
        |category: &str| sizes.iter().find(|row| row["Category"] == category).map(|row| number(&row["1B N"]));
    let columns =
        ["Base Gemma 3 1B (%)", "Base Gemma 2 9B (%)", "Logos 1B Fine-tuned (%)", "Logos 9B Fine-tuned (%)"];
    let passes = columns.map(|column| {
        rows.iter()
            .filter_map(|row| size(&row["Category"]).map(|n| of_whole_cases(&row[column], n)))
            .sum::<f64>()
    });
    let overall = rows.iter().find(|row| row["Category"] == "OVERALL").unwrap();
    let published = columns.map(|column| overall[column].as_str());
    table.compare(
        "fig9_base_vs_finetuned: passes of four models from their categories, %",
        &published,
        &passes.map(|hits| share(hits, 300.0)),
    );
    let other = read_csv(data, "full_category_comparison.csv");
    let renamed = ["Base gemma3_1b (%)", "Base gemma2-base_latest (%)", "Logos 1B (%)", "Logos 9B (%)"];
    let copies: Vec<_> = other
        .iter()
        .flat_map(|row| {
            let twin = rows.iter().find(|twin| twin["Category"] == row["Category"]).unwrap();
            std::array::from_fn::<_, 4, _>(|at| (row[renamed[at]].clone(), number(&twin[columns[at]])))
        })
        .collect();
    table.compare_many("full_category_comparison: fig9 under other names", &copies);
    let models = read_csv(data, "full_model_comparison.csv");
    let published: Vec<&str> = models.iter().map(|row| row["Behavioral Pass (%)"].as_str()).collect();
    let computed = [passes[1], passes[0], passes[2], passes[3]].map(|hits| share(hits, 300.0));
    table.compare("full_model_comparison: passes of four models, %", &published, &computed);
    let names = ["base 1B", "base 9B", "tuned 1B", "tuned 9B"];
    let whys = [
        "",
        "one of the counts is not of this run (28 over-refusals elsewhere, not 30)",
        "confabulations and false certainty are left out",
        "most of its failures are left out",
    ];
    for ((row, passed), (name, why)) in
        read_csv(data, "fig9_failure_direction.csv").iter().zip(passes).zip(names.into_iter().zip(whys))
    {
        let sum: f64 =
            row.iter().filter(|(column, _)| *column != "Model").map(|(_, cell)| number(cell)).sum();
        let quantity = format!("fig9_failure_direction: failures of the {name}");
        table.compare_with(&quantity, &[&sum.to_string()], &[300.0 - passed], why);
    }
}
