//! The tables of the trap suite's analyses, over trials whose every number can be counted by hand.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use unbent_core::{FaultKind, Subject, UnscoredReason};
use unbent_report::Table;
use unbent_suites::trap::analysis::{
    CaseInfo, Observation, Observed, State, agreement, coverage, families, languages, taxonomy,
};
use unbent_suites::trap::{Category, Condition, FailureClass, Language, Marks, Scored, Verdict};

use FailureClass as Class;

fn subject(id: &str) -> Subject {
    serde_json::from_value(serde_json::json!({ "id": id, "model": id })).unwrap()
}

fn decided(rules: Option<Class>, judge: Option<Verdict>) -> State {
    State::Scored(Scored {
        rules: rules.map_or(Verdict::Undetermined, Verdict::Class),
        rule: None,
        judge,
        guarded: None,
        reasoning: None,
        marks: Marks::default(),
    })
}

/// One subject, one condition; each trial is a prompt of its own: category, template, language, state.
fn observed(trials: Vec<(Category, &str, Language, State)>) -> Observed {
    let mut templates: Vec<&str> = Vec::new();
    let (mut cases, mut observations) = (Vec::new(), Vec::new());
    for (place, (category, template, language, state)) in trials.into_iter().enumerate() {
        let place = place as u32;
        let cluster = templates.iter().position(|known| *known == template).unwrap_or_else(|| {
            templates.push(template);
            templates.len() - 1
        });
        cases.push(CaseInfo {
            prompt_id: place.to_string(),
            condition: Condition::Naked,
            category,
            family: None,
            language,
            distinct: place,
            cluster: cluster as u32,
            template: Some(Arc::from(template)),
            claim: String::new(),
        });
        observations.push(Observation { case: place, subject: 0, repeat: 1, state });
    }
    Observed {
        cases,
        subjects: vec![subject("s")],
        judges: BTreeMap::from([("s".into(), Subject { simulated: true, ..subject("j") })]),
        trials: observations,
        guard: None,
        paid: BTreeMap::new(),
        foreign: 0,
    }
}

fn rows(table: &Table) -> Vec<Value> {
    table.to_json().as_array().unwrap().clone()
}

fn find(rows: &[Value], key: &str, value: &str) -> Value {
    rows.iter()
        .find(|row| row[key] == value)
        .unwrap_or_else(|| panic!("no {key} {value} in {rows:?}"))
        .clone()
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"))
}

#[test]
fn taxonomy_counts_every_class_and_what_cannot_be_told_over_all_scored_trials() {
    use Language::English;
    let timeout = State::Unscored(UnscoredReason::SubjectFault(FaultKind::Timeout));
    let tables = taxonomy(&observed(vec![
        (Category::Control, "a", English, decided(Some(Class::TruePass), None)),
        (Category::Control, "b", English, decided(Some(Class::TruePass), None)),
        (Category::Control, "c", English, decided(Some(Class::OverRefusal), None)),
        (Category::Adversarial, "d", English, decided(None, None)),
        (Category::Adversarial, "e", English, timeout),
    ]));
    let [overall, by_category] = tables.as_slice() else { panic!("{tables:?}") };
    let overall = rows(overall);
    assert_eq!(overall.len(), 9, "classes that never occur are told too");
    for (class, count, share) in [
        ("TRUE_PASS", 2, 50.0),
        ("OVER_REFUSAL", 1, 25.0),
        ("UNDETERMINED", 1, 25.0),
        ("HALLUCINATION", 0, 0.0),
    ] {
        let row = find(&overall, "class", class);
        assert_eq!((row["count"].as_u64(), row["n"].as_u64()), (Some(count), Some(4)), "{row}");
        assert!((number(&row, "share") - share).abs() < 1e-9, "{row}");
        assert!(number(&row, "low") <= share && share <= number(&row, "high"), "{row}");
    }
    // Nothing in four templates: 1 - 0.025^(1/4).
    let none = number(&find(&overall, "class", "HALLUCINATION"), "high");
    assert!((none - 100.0 * (1.0 - 0.025_f64.powf(0.25))).abs() < 1e-9, "{none}");
    let by_category = rows(by_category);
    assert_eq!(by_category.len(), 3, "two categories, and all");
    let attacks = find(&by_category, "category", "ADVERSARIAL");
    assert_eq!((attacks["n"].as_u64(), attacks["unscored"].as_u64()), (Some(1), Some(1)));
    assert!((number(&attacks, "undetermined_share") - 100.0).abs() < 1e-9);
}

#[test]
fn coverage_tells_who_decided_and_why_the_rest_is_missing() {
    use Language::English;
    let timeout = State::Unscored(UnscoredReason::JudgeFault(FaultKind::Timeout));
    let judged = Some(Verdict::Class(Class::OverRefusal));
    let tables = coverage(&observed(vec![
        (Category::Control, "a", English, decided(Some(Class::TruePass), None)),
        (Category::Control, "b", English, decided(Some(Class::TruePass), judged)),
        (Category::Control, "c", English, decided(None, judged)),
        (Category::Control, "d", English, decided(None, Some(Verdict::Undetermined))),
        (Category::Control, "e", English, decided(None, None)),
        (Category::Control, "f", English, timeout.clone()),
        (Category::Control, "g", English, timeout),
        (Category::Adversarial, "h", English, State::Unfinished),
    ]));
    let rows = rows(&tables[0]);
    let control = find(&rows, "category", "CONTROL");
    let counts = [
        "trials",
        "by_rules",
        "by_judge",
        "not_judged",
        "judge_open",
        "undetermined",
        "unscored",
        "unfinished",
    ];
    assert_eq!(counts.map(|key| control[key].as_u64().unwrap()), [7, 2, 1, 1, 1, 2, 2, 0]);
    assert!((number(&control, "by_rules_share") - 40.0).abs() < 1e-9, "of the five that have scores");
    assert!((number(&control, "missing_share") - 400.0 / 7.0).abs() < 1e-9);
    assert_eq!(control["reasons"][0], "judge timeout: 2");
    assert!(tables[0].notes.iter().any(|note| note.starts_with("Uneven")), "{:?}", tables[0].notes);
}

#[test]
fn agreement_compares_judge_and_rules_where_both_spoke() {
    use Language::English;
    let (right, wrong) = (Class::TruePass, Class::FalseApproval);
    let state = |rules, judge| decided(Some(rules), Some(Verdict::Class(judge)));
    // Feinstein and Cicchetti (1990), their first table: agreement of 0.85, of which chance gives 0.49 * 0.46 + 0.51 * 0.54.
    let mut trials = Vec::new();
    for (rules, judge, times) in
        [(right, right, 40), (right, wrong, 9), (wrong, right, 6), (wrong, wrong, 45)]
    {
        trials.extend((0..times).map(|_| (Category::ErrorCorrection, "t", English, state(rules, judge))));
    }
    trials.push((Category::ErrorCorrection, "t", English, decided(None, Some(Verdict::Class(right)))));
    let tables = agreement(&observed(trials));
    let row = find(&rows(&tables[0]), "category", "ERROR_CORRECTION");
    assert_eq!((row["n"].as_u64(), row["undetermined"].as_u64()), (Some(100), Some(1)));
    let observed_ = [
        ("agreement", 85.0, 1e-9),
        ("kappa", (0.85 - 0.5008) / (1.0 - 0.5008), 1e-9),
        ("pabak", 0.70, 1e-9),
        ("prevalence", 0.05, 1e-9),
        ("bias", 0.03, 1e-9),
        ("same_class", 85.0, 1e-9),
    ];
    for (key, wanted, within) in observed_ {
        assert!((number(&row, key) - wanted).abs() < within, "{key}: {row}");
    }
    assert!(number(&row, "kappa_low") < 0.6 && number(&row, "kappa_high") > 0.8, "{row}");
    let cells = ["both_correct", "only_rules_correct", "only_judge_correct", "neither_correct"];
    assert_eq!(cells.map(|key| row[key].as_u64().unwrap()), [40, 9, 6, 45]);
    let cells = ["both_dangerous", "only_rules_dangerous", "only_judge_dangerous"];
    assert_eq!(cells.map(|key| row[key].as_u64().unwrap()), [45, 6, 9]);
    assert!(tables[0].notes.iter().any(|note| note.contains("simulated")), "{:?}", tables[0].notes);
}

#[test]
fn families_and_templates_come_with_the_most_dangerous_first() {
    use Language::English;
    let with = |template, class| (Category::Adversarial, template, English, decided(Some(class), None));
    let tables = families(&observed(vec![
        with("calm", Class::TruePass),
        with("worst", Class::FalseApproval),
        with("worst", Class::IdentityCollapse),
        with("bad", Class::FalseApproval),
        with("bad", Class::TruePass),
    ]));
    let [families, templates] = tables.as_slice() else { panic!("{tables:?}") };
    assert!((number(&rows(families)[0], "dangerous") - 60.0).abs() < 1e-9);
    let named: Vec<Value> = rows(templates).iter().map(|row| row["template"].clone()).collect();
    assert_eq!(named, ["worst", "bad"]);
    assert_eq!(rows(templates)[0]["dangerous_count"].as_u64(), Some(2));
}

#[test]
fn languages_are_compared_where_there_are_two() {
    use Language::{English, Spanish};
    let state = |right: bool| decided(Some(if right { Class::TruePass } else { Class::OverRefusal }), None);
    let english = |template, right| (Category::Control, template, English, state(right));
    let mut trials = vec![english("a", true), english("b", true), english("c", false), english("d", true)];
    assert!(languages(&observed(trials.clone())).is_empty());
    trials.extend(
        [("e", true), ("f", false)].map(|(name, right)| (Category::Control, name, Spanish, state(right))),
    );
    let tables = languages(&observed(trials));
    let rows = rows(&tables[0]);
    for (language, correct) in [("en", 75.0), ("es", 50.0), ("en less es", 25.0)] {
        let row = find(&rows, "language", language);
        assert!((number(&row, "correct") - correct).abs() < 1e-9, "{row}");
        assert!(number(&row, "correct_low") < correct && number(&row, "correct_high") > correct, "{row}");
        assert!(row["held"].is_null(), "nothing is to be withheld: {row}");
    }
    assert!(number(&find(&rows, "language", "en less es"), "correct_low") < -25.0, "six prompts tell little");
}
