//! The distinct profile of the trap suite: no two prompts alike, fair prefixes, and a library that says what it lacks.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use unbent_suites::kit::PackFiles;
use unbent_suites::trap::generate::distinct;
use unbent_suites::trap::{
    Category, CategoryCount, Census, Family, GenerateError, Language, Library, Profile, Target, TrapCase,
    fold, generate,
};

fn library() -> Library {
    Library::built_in(&Target::public()).unwrap()
}

fn cases(seed: u64) -> Vec<TrapCase> {
    generate(&library(), Profile::Distinct, seed).unwrap()
}

/// How many cases each value of a key has, as shares.
fn shares<K: Ord>(cases: &[TrapCase], key: impl Fn(&TrapCase) -> K) -> BTreeMap<K, f64> {
    let mut counts = BTreeMap::new();
    for case in cases {
        *counts.entry(key(case)).or_insert(0.0) += 1.0 / cases.len() as f64;
    }
    counts
}

#[test]
fn there_are_15_000_cases_in_the_published_proportions() {
    let census = Census::of(&cases(42));
    let counts: Vec<_> = census.categories.iter().map(|part| (part.category, part.count.cases)).collect();
    let expect = [7706, 1605, 1284, 1284, 1124, 963, 903, 131];
    assert_eq!(counts, Category::ALL.into_iter().zip(expect).collect::<Vec<_>>());
    let all = census.all;
    assert_eq!((all.cases, all.distinct, all.distinct_folded, all.most_repeats), (15_000, 15_000, 15_000, 1));
    assert!(all.languages[&Language::Spanish] > 1_000, "{:?}", all.languages);
    assert!(!all.languages.contains_key(&Language::Mixed), "{:?}", all.languages);
}

#[test]
fn no_template_makes_more_than_four_per_cent_of_its_category() {
    for CategoryCount { category, count, .. } in Census::of(&cases(42)).categories {
        assert!(count.largest_template_share <= 0.04, "{category}: {}", count.largest_template_share);
    }
}

#[test]
fn every_template_of_every_family_gives_a_case() {
    let library = library();
    let cases = cases(42);
    for family in Family::ALL {
        let used: BTreeSet<_> = cases.iter().filter(|c| c.family == family).map(|c| &*c.template).collect();
        let (there, _) = library.templates(family);
        // Of the controls there are more than are wanted.
        let expect = if family == Family::Question { 131 } else { there };
        assert_eq!(used.len(), expect, "{family}");
    }
    // Braces that are meant, and gaps that a spelling leaves.
    let has_braces = [
        "encoding/json-escape",
        "jailbreak/config-block",
        "encoding/double-braces",
        "encoding/template-comment",
    ];
    for case in &cases {
        let is_spelt = case.family == Family::Encoding;
        assert!(
            !case.prompt.contains(['{', '}']) || has_braces.contains(&&*case.template),
            "{}",
            case.prompt
        );
        assert_eq!(case.prompt.trim(), case.prompt, "{}", case.template);
        assert!(!case.prompt.contains("  ") || is_spelt, "{:?}", case.prompt);
    }
}

#[test]
fn spanish_prompts_contract_their_articles() {
    for case in cases(42).iter().chain(&cases(43)).filter(|case| case.language == Language::Spanish) {
        let is_spelt = case.family == Family::Encoding;
        let words = format!(" {} ", case.prompt.to_lowercase());
        assert!(is_spelt || !(words.contains(" de el ") || words.contains(" a el ")), "{words}");
    }
}

#[test]
fn the_first_500_are_the_whole_in_small() {
    let cases = cases(42);
    for n in [100, 500, 1_500, 7_000] {
        let part = &cases[..n];
        let margin = if n < 500 { 0.02 } else { 0.01 };
        let (whole, some) = (shares(&cases, |case| case.category), shares(part, |case| case.category));
        for (category, share) in &whole {
            assert!((some[category] - share).abs() <= margin, "{category} in the first {n}");
        }
        let (whole, some) = (shares(&cases, |case| case.family), shares(part, |case| case.family));
        for (family, share) in &whole {
            assert!((some[family] - share).abs() <= margin, "{family} in the first {n}");
        }
    }
    let spanish = |cases: &[TrapCase]| shares(cases, |case| case.language)[&Language::Spanish];
    assert!((spanish(&cases[..500]) - spanish(&cases)).abs() < 0.02);
}

#[test]
fn ids_are_numbered_within_their_category_in_the_order_of_the_suite() {
    let mut counters = BTreeMap::new();
    for case in cases(7) {
        let number = counters.entry(case.category).and_modify(|n| *n += 1).or_insert(1);
        assert_eq!(case.id, format!("D15K_{}_{number:05}", case.category.code()));
    }
}

#[test]
fn a_seed_gives_the_same_cases_again_and_another_seed_gives_others() {
    let first = cases(1);
    assert_eq!(first, cases(1));
    let prompts: BTreeSet<_> = first.iter().map(|case| case.prompt.as_str()).collect();
    let others = cases(2);
    assert!(others.iter().filter(|case| !prompts.contains(case.prompt.as_str())).count() > 3_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn prompts_are_distinct_under_every_seed(seed in any::<u64>(), n in 1_usize..=15_000) {
        let cases = distinct::generate(&library(), seed, n).unwrap();
        prop_assert_eq!(cases.len(), n);
        let folded: BTreeSet<_> = cases.iter().map(|case| fold(&case.prompt)).collect();
        prop_assert_eq!(folded.len(), n);
        let ids: BTreeSet<_> = cases.iter().map(|case| &case.id).collect();
        prop_assert_eq!(ids.len(), n);
    }
}

#[test]
fn a_library_that_is_too_small_says_which_family_and_by_how_much() {
    let error = distinct::generate(&library(), 0, 60_000).unwrap_err();
    let GenerateError::TooSmall { family, wanted, found } = error;
    assert!(found < wanted, "{family}");
    assert!(
        error.to_string().contains(family.name()) && error.to_string().contains("more templates"),
        "{error}"
    );
}

const JAILBREAK: (&str, &str) =
    ("library/jailbreak.toml", include_str!("../packs/trap/library/jailbreak.toml"));
const MYTH: (&str, &str) = ("library/myth.toml", include_str!("../packs/trap/library/myth.toml"));
const ENCODING: (&str, &str) = ("library/encoding.toml", include_str!("../packs/trap/library/encoding.toml"));

/// The problems of the built-in library with this text in the place of one of its files.
fn problems(file: &str, text: String) -> Vec<String> {
    let pack = PackFiles { path: None, files: BTreeMap::from([(file.to_owned(), text)]) };
    let error = Library::load(Some(&pack), &Target::public()).unwrap_err();
    error.0.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_with_a_library_is_said_with_file_and_line() {
    for ((file, text), from, to, part) in [
        (
            JAILBREAK,
            "{@creator}",
            "{@maker}",
            "line 11: the template \"i-am-the-maker\": {@maker} is not in the target profile \"public\"",
        ),
        (
            JAILBREAK,
            "{persona}, and you have never",
            "{hero}, and you have never",
            "line 5: the template \"forget-and-become\": there is no slot \"hero\"",
        ),
        (JAILBREAK, "\"ZED\", ", "", "draws from 20 values of \"persona\", not 19"),
        (JAILBREAK, "\"ZED\"", "\"\"", "the value \"\" is empty"),
        (JAILBREAK, "\"ZED\"", "\"freemind\"", "\"FreeMind\" stands twice"),
        (
            JAILBREAK,
            "id = \"mode-confirm\"",
            "id = \"start-fresh\"",
            "the template \"start-fresh\" stands twice",
        ),
        (JAILBREAK, "family = \"jailbreak\"", "family = \"social\"", "says that it is that of \"social\""),
        (JAILBREAK, "family = ", "famly = ", "unknown field `famly`"),
        (MYTH, "{myth.claim}. How do I", "{myth.cause}. How do I", "no field"),
        (ENCODING, "{payload|rot13}", "{payload|rot14}", "there is no encoding \"rot14\""),
    ] {
        assert!(text.contains(from), "{from}");
        let problems = problems(file, text.replacen(from, to, 1));
        assert!(
            problems.iter().any(|problem| problem.starts_with(file) && problem.contains(part)),
            "{part}: {problems:?}"
        );
    }
}

#[test]
fn a_target_of_one_s_own_fills_every_prompt() {
    let text = "[target]\nid = 'mine'\ntitle = 'Mine'\n[names]\nsystem = 'Quill'\ncreator = 'A. Nother'\nvendor = 'Inkwell'\n\
        chief = 'B. Nother'\nbase_model = 'Base-1'\nbase_vendor = 'Basers'\nruntime = 'Runner'\nprotocol = 'the Quill rules'\n[lists]\n";
    let list = |name: &str, n: usize| {
        let entries: Vec<_> = (0..n).map(|k| format!("'{name}{k}'")).collect();
        format!("{name} = [{}]\n", entries.join(", "))
    };
    let whole = format!("{text}{}{}{}", list("components", 9), list("methods", 10), list("concepts", 5));
    let target = Target::parse("mine.toml", &whole).unwrap();
    let library = Library::built_in(&target).unwrap();
    let cases = generate(&library, Profile::Published, 42).unwrap();
    assert!(cases.iter().any(|case| case.prompt.contains("Quill")));
    assert!(cases.iter().all(|case| !case.prompt.contains("Halden") && !case.prompt.contains("Northquay")));

    let short = format!("{text}{}{}{}", list("components", 8), list("methods", 10), list("concepts", 5));
    let error = Library::built_in(&Target::parse("mine.toml", &short).unwrap()).unwrap_err();
    assert!(error.to_string().contains("draws from 9 values of \"module\", not 8"), "{error}");
}
