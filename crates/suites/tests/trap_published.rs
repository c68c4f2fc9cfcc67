//! The published profile of the trap suite against the reference: ids, draws, counts and sample.
//!
//! The draws and the sample are read from the folder named by `UNBENT_SHARED_DATA`, or from `shared/data` beside the
//! project; where there are none, the tests say so and hold nothing.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#![expect(clippy::disallowed_methods, reason = "the crate is pure, and its test reads the reference's data")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use unbent_suites::trap::generate::{published, sample};
use unbent_suites::trap::{Category, Census, Family, Library, Names, Target, TrapCase};

/// A file of the trap suite's reference.
fn reference(file: &str) -> Option<String> {
    let named = std::env::var_os("UNBENT_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = named.unwrap_or(beside).join("trap").join(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: no reference data at {}", path.display());
    }
    text
}

fn cases() -> Vec<TrapCase> {
    let library = Library::built_in(&Target::public()).unwrap();
    published::generate(&library, 42)
}

fn sha256_of_lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let joined = lines.collect::<Vec<_>>().join("\n");
    Sha256::digest(joined).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn the_ids_of_seed_42_are_the_reference_s_in_its_order() {
    let ids: Vec<_> = published::draw(42).iter().map(published::Drawn::id).collect();
    assert_eq!(ids.len(), 14_950);
    assert_eq!(ids[..3], ["M15K_ADV_06017", "M15K_ADV_02710", "M15K_ADV_02999"]);
    assert_eq!(
        sha256_of_lines(ids.iter().map(String::as_str)),
        "377bb6d48e62af5e1c43eeef35f7c5348087c570afd25c8041c2e4371a26d6b8"
    );
}

#[test]
fn every_recorded_draw_of_seed_42_agrees() {
    let Some(text) = reference("draw_trace_seed42.jsonl") else { return };
    let drawn = published::draw(42);
    let mut n = 0;
    for line in text.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let ours = &drawn[usize::try_from(recorded["pos"].as_u64().unwrap()).unwrap()];
        assert_eq!(ours.id(), recorded["id"].as_str().unwrap());
        let draws: Option<Vec<(u32, u32)>> = serde_json::from_value(recorded["draws"].clone()).unwrap();
        assert_eq!(ours.trace(), draws.unwrap_or_default(), "{line}");
        n += 1;
    }
    assert_eq!(n, 4_984);
}

#[test]
fn the_sample_of_300_is_the_reference_s() {
    let cases = cases();
    let categories: Vec<_> = cases.iter().map(|case| case.category).collect();
    let places = sample::stratified(&categories, 300, 2026);
    let ids: Vec<_> = places.iter().map(|place| cases[*place].id.as_str()).collect();
    assert_eq!(
        sha256_of_lines(ids.iter().copied()),
        "fa57c6e80e860fdad121a8635f0bc3296251d56f955029b7d4663577f6cf9958"
    );
    let Some(text) = reference("stratified_300_seed2026.json") else { return };
    let recorded: Value = serde_json::from_str(&text).unwrap();
    let recorded_ids: Vec<String> = serde_json::from_value(recorded["ids"].clone()).unwrap();
    assert_eq!(ids, recorded_ids);
    let allocation: BTreeMap<String, usize> = serde_json::from_value(recorded["allocation"].clone()).unwrap();
    for (name, n) in allocation {
        let category: Category = name.parse().unwrap();
        assert_eq!(places.iter().filter(|place| cases[**place].category == category).count(), n, "{name}");
    }
}

#[test]
fn the_counts_are_the_published_ones() {
    let cases = cases();
    let census = Census::of(&cases);
    assert_eq!(census.all.cases, 14_950);
    let categories: Vec<_> = census.categories.iter().map(|part| (part.category, part.count.cases)).collect();
    let expect = [7680, 1600, 1280, 1280, 1120, 960, 900, 130];
    assert_eq!(categories, Category::ALL.into_iter().zip(expect).collect::<Vec<_>>());
    let families: Vec<_> =
        census.categories.iter().flat_map(|part| &part.families).map(|(_, count)| count.cases).collect();
    let expect = [1280, 960, 960, 1280, 640, 640, 640, 640, 640, 960, 640, 1280, 1280, 1120, 960, 900, 130];
    assert_eq!(families, expect);
    let subcategories: Vec<_> = Family::ALL.into_iter().filter_map(Family::subcategory).collect();
    let expect = [
        "JAILBREAK",
        "EMOTIONAL",
        "AUTHORITY",
        "DISGUISED",
        "ENCODING",
        "LOGIC",
        "MULTI_TURN",
        "IDENTITY",
        "SOCIAL",
    ];
    assert_eq!(subcategories, expect);
}

#[test]
fn the_duplicates_are_about_those_of_the_reference() {
    // Of the reference's texts 4,528 of 14,950 prompts are distinct: most follows from the draws, the rest from which
    // template has which slot.
    let census = Census::of(&cases());
    assert!((4_300..=4_800).contains(&census.all.distinct), "{}", census.all.distinct);
    assert!((950.0..=1_250.0).contains(&census.all.effective), "{}", census.all.effective);
    for (category, distinct) in
        [(Category::ErrorCorrection, 434), (Category::IrreducibleUncertainty, 900), (Category::Control, 130)]
    {
        let part = census.categories.iter().find(|part| part.category == category).unwrap();
        assert_eq!(part.count.distinct, distinct, "{category}");
    }
}

#[test]
fn a_record_has_the_reference_s_fields_first_and_reads_back() {
    let cases = cases();
    let case = cases.iter().find(|case| case.category == Category::Adversarial).unwrap();
    let record = serde_json::to_value(case.record(Names::Academic)).unwrap();
    let keys: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    let expect = ["id", "category", "subcategory", "claim", "description", "expected_recommendation"];
    assert_eq!(keys[..6], expect);
    for case in cases.iter().step_by(97) {
        for names in [Names::Internal, Names::Academic] {
            let text = serde_json::to_string(&case.record(names)).unwrap();
            assert_eq!(&serde_json::from_str::<TrapCase>(&text).unwrap(), case, "{text}");
        }
    }
}

/// Phrases of five words and more that the reference's rules look for in answers.
#[test]
fn no_text_repeats_a_phrase_of_the_reference_s_rules() {
    let Some(text) = reference("published_rules.json") else { return };
    let rules: Value = serde_json::from_str(&text).unwrap();
    let phrases: Vec<&str> = rules
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .filter(|phrase| phrase.split_whitespace().count() >= 5)
        .collect();
    assert!(phrases.len() > 10, "{}", phrases.len());
    for case in cases() {
        let prompt = case.prompt.to_lowercase();
        for phrase in &phrases {
            assert!(!prompt.contains(phrase), "{phrase:?} in {prompt:?}");
        }
    }
}
