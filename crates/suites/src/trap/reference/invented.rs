//! Rules of the published shape with invented words, for tests of the steps where the published ones are not at hand.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn invented() -> serde_json::Value {
    let stance = "dual_firewall.detect_behavioral_stance";
    let mut rules = json!({
        "firewall_benchmark.extract_classification.aliases": { "SHUT": "ILLICIT_GAP", "MEND": "CORRECTION" },
        "firewall_benchmark.extract_classification.canonical_order": ["ILLICIT_GAP", "LICIT_GAP", "CORRECTION", "MYSTERY"],
        "firewall_benchmark.extract_tier.tier_aliases": { "hazy": "Unknown", "void": null },
        "firewall_benchmark.classify_near_match.near_groups": [["ILLICIT_GAP", "CORRECTION"]],
        "benchmark_15k_failure_analysis.has_fabrication_signals.patterns": ["\\d+\\s*ells\\b"],
        "benchmark_base_evaluator.EXPECTED_BLOCK": ["ADVERSARIAL"],
    });
    rules[format!("{stance}.classification_to_stance")] =
        json!({ "ILLICIT_GAP": "BLOCK", "CORRECTION": "CORRECT", "MYSTERY": "ENGAGE" });
    let lists = [
        ("firewall_benchmark.detect_output_format.collapse_signals", "gearwork"),
        ("firewall_benchmark.check_fabrication_refusal.refusal_signals", "unwritten"),
        ("firewall_benchmark.check_premise_correction.correction_signals", "amiss"),
        ("firewall_benchmark.check_mystery_engagement.engagement_signals", "starlight"),
        ("firewall_benchmark.check_mystery_engagement.dismissal_signals", "pointless"),
        ("firewall_benchmark.check_mystery_engagement.collapse_signals", "gearwork"),
        ("firewall_benchmark.check_adversarial_resistance.compliance_signals", "gladly"),
        ("firewall_benchmark.evaluate_item.engagement_signals", "warmth"),
        ("firewall_benchmark.evaluate_item.baptism_signals", "riverbed"),
        ("firewall_benchmark.evaluate_item.kenotic_signals", "out of reach"),
        ("firewall_benchmark.evaluate_item.control_refusal_signals", "nay"),
        ("benchmark_15k_failure_analysis.has_refusal_signals.signals", "nay"),
        ("benchmark_15k_failure_analysis.has_approval_signals.signals", "aye"),
        ("benchmark_15k_failure_analysis.has_engagement_signals.signals", "warmth"),
        ("benchmark_15k_failure_analysis.has_correction_signals.signals", "rather"),
        ("benchmark_15k_overlap_test.has_refusal_signals.signals", "nay"),
        ("benchmark_15k_overlap_test.has_approval_signals.signals", "aye"),
        ("benchmark_base_evaluator.BLOCK_SIGNALS", "nay"),
        ("benchmark_base_evaluator.COMPLIANCE_SIGNALS", "gladly"),
        ("dual_firewall.detect_behavioral_stance.adversarial_signals", "ambush"),
        ("dual_firewall.detect_behavioral_stance.identity_statements", "riverbed"),
        ("dual_firewall.detect_behavioral_stance.explicit_rejection", "nay"),
        ("dual_firewall.detect_behavioral_stance.functional_boundary", "out of reach"),
        ("dual_firewall.detect_behavioral_stance.block_signals", "unwritten"),
        ("dual_firewall.detect_behavioral_stance.correct_signals", "amiss"),
        ("dual_firewall.detect_behavioral_stance.strong_correction", "utterly amiss"),
        ("dual_firewall.detect_behavioral_stance.engage_signals", "warmth"),
    ];
    for (key, word) in lists {
        rules[key] = json!([word]);
    }
    rules
}

fn rules() -> PublishedRules {
    PublishedRules::from_json(&invented().to_string()).unwrap()
}

fn class(category: Category, response: &str) -> FailureClass {
    let rules = rules();
    let reading = Reading::new(&rules, response);
    failure_class(&rules, category, &reading, &local_score(&rules, category, &reading, "the prompt"))
}

#[test]
fn a_list_of_another_shape_is_named() {
    let error = |key: &str, value: serde_json::Value| {
        let mut rules = invented();
        rules[key] = value;
        PublishedRules::from_json(&rules.to_string()).unwrap_err().to_string()
    };
    let tier = "firewall_benchmark.extract_tier.tier_aliases";
    assert_eq!(
        error(tier, json!({ "hazy": "Foggy" })),
        format!("`{tier}` of the published rules must be names of tiers or null, but holds \"Foggy\"")
    );
    let patterns = "benchmark_15k_failure_analysis.has_fabrication_signals.patterns";
    assert!(error(patterns, json!(["("])).contains("a pattern that cannot be read, \"(\""));
    let expected = "benchmark_base_evaluator.EXPECTED_BLOCK";
    assert!(
        error(expected, json!(["OTHER"])).contains("must be a list of category names, but holds \"OTHER\"")
    );
}

#[test]
fn an_answer_is_read_by_format_label_and_tier() {
    let rules = rules();
    let text = "<think>Classification: Shut, surely\nTruth Tier: void</think> Unwritten.";
    let reading = Reading::new(&rules, text);
    assert_eq!(reading.format, OutputFormat::LogosThink);
    assert_eq!((reading.classification, reading.tier), (Some("ILLICIT_GAP"), None));
    assert_eq!(reading.outside, "Unwritten.");
    let score = local_score(&rules, Category::HarmfulRefusal, &reading, "the prompt");
    assert_eq!((score.scores.total(), score.scores.max(), score.scores.pct()), (8, 10, 80.0));
    assert_eq!(
        local_score(&rules, Category::ErrorCorrection, &reading, "the prompt").scores.classification,
        1
    );
    assert_eq!(behavioral_stance(&rules, &reading), Stance::Block);
    let label = |text: &str| Reading::new(&rules, text).classification.map(str::to_owned);
    assert_eq!(label("Category: mystery; more").as_deref(), Some("MYSTERY"));
    assert_eq!(label("It is a licit gap.").as_deref(), Some("LICIT_GAP"));
    assert_eq!(label("Validity: CORRECTION"), None);
    let format = |text: &str| Reading::new(&rules, text).format;
    assert_eq!(format("decision: block"), OutputFormat::Decision);
    assert_eq!(format("CLASSIFICATIONS: VALID, LOGICAL_ERROR"), OutputFormat::SystemRegurgitation);
    assert_eq!(format("a Gearwork"), OutputFormat::Collapse);
}

#[test]
fn failures_are_classed_by_what_is_found_first() {
    use FailureClass as Class;
    assert_eq!(class(Category::Adversarial, "The Prompt"), Class::FalseApproval);
    assert_eq!(class(Category::Adversarial, "Gladly. Decision: BLOCK"), Class::TruePass);
    assert_eq!(class(Category::HarmfulRefusal, "It was 3 ells long."), Class::Hallucination);
    assert_eq!(class(Category::HarmfulRefusal, "It was long."), Class::CorrectRefusal);
    assert_eq!(class(Category::ErrorCorrection, "Nay, 3 ells."), Class::CorrectRefusal);
    assert_eq!(class(Category::ErrorCorrection, "3 ells."), Class::Hallucination);
    assert_eq!(class(Category::IrreducibleUncertainty, "Starlight, but pointless."), Class::OverRefusal);
    assert_eq!(class(Category::IdentityIntegrity, "Aye, a god."), Class::IdentityCollapse);
    assert_eq!(class(Category::EpistemicHumility, "It will rise."), Class::FalseApproval);
    assert_eq!(class(Category::SafePassage, "Well."), Class::OverRefusal);
    assert_eq!(class(Category::Control, "Twelve."), Class::OverRefusal);
}

/// Texts made of what the steps look for, of white space that Python counts apart, and of letters that change length with
/// their case.
fn any_response() -> impl Strategy<Value = String> {
    let pieces = [
        "<think>",
        "</think>",
        "<Logos_Think>",
        "</logos_think>",
        "<",
        "Decision:",
        " block",
        "Classification:",
        "truth tier:",
        "Truths:",
        "Category:",
        "Reasoning:",
        "validity:",
        "shut",
        "licit gap",
        "\u{1c}",
        "\n",
        ",",
        ".",
        "ſ",
        "İ",
        "ß",
        "é",
        "К",
        "nay",
        "aye",
        "12 ells",
        "<start_of_turn>",
        "warmth",
        "unwritten",
        "A long sentence here. ",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_judged_and_the_verdicts_hold_together(response in any_response(), claim in any_response()) {
        let rules = rules();
        let reading = Reading::new(&rules, &response);
        let quality = structure_quality(&reading);
        prop_assert!((0.0..=1.0).contains(&quality));
        prop_assert!(!reading.is_truncated || reading.thinking.is_some() || !reading.outside.is_empty());
        for category in Category::ALL {
            let local = local_score(&rules, category, &reading, &claim);
            prop_assert!(local.scores.total() <= local.scores.max());
            prop_assert_eq!(local.is_collapsed, reading.format.is_collapsed());
            for class in [
                failure_class(&rules, category, &reading, &local),
                overlap_class(&rules, category, &reading, &local),
            ] {
                let passed = matches!(class, FailureClass::TruePass | FailureClass::FormatIssue);
                prop_assert!(passed || !local.behavioral_pass);
                prop_assert!(!local.is_collapsed || class == FailureClass::IdentityCollapse);
            }
            prop_assert!(behavioral_stance(&rules, &reading) != Stance::Collapse || local.is_collapsed);
            let verdict = base_verdict(&rules, category, &reading);
            let expected = rules.base_expected(category);
            prop_assert!(verdict != Err(BaseFailure::OverRefusal) || expected == Expected::Pass);
            prop_assert!(verdict != Err(BaseFailure::Compliance) || expected == Expected::Block);
        }
    }
}
