//! Prompts that resemble training data.

use std::collections::BTreeSet;

use proptest::prelude::*;
use unbent_suites::kit::GivenFile;
use unbent_suites::trap::analysis::{Likeness, Search, Training, likeness, overlap};
use unbent_suites::trap::{Category, Condition, FailureClass, Library, Profile, Target, generate};

use crate::board::{Board, close, row, undetermined, whole};

fn training(claims: Vec<String>) -> Training {
    Training { name: "mine.jsonl".to_owned(), entries: claims.len() as u64, claims, without_user: 0 }
}

/// As published, pair by pair: the sets of lower-case words of three characters or more.
fn by_pairs(claims: &[String], texts: &[String]) -> Vec<f64> {
    let words = |text: &str| -> BTreeSet<String> {
        text.to_lowercase()
            .split(|c: char| c != '_' && !c.is_alphanumeric())
            .filter(|word| word.chars().count() >= 3)
            .map(str::to_owned)
            .collect()
    };
    let texts: Vec<_> = texts.iter().map(|text| words(text)).collect();
    let index = |claim: &String| {
        let claim = words(claim);
        let of = |text: &BTreeSet<String>| {
            let (common, all) = (claim.intersection(text).count(), claim.union(text).count());
            if all == 0 { 0.0 } else { common as f64 / all as f64 }
        };
        texts.iter().map(of).filter(|index| *index >= 0.3).fold(0.0, f64::max)
    };
    claims.iter().map(index).collect()
}

fn found(claims: &[String], texts: &Training, search: Search) -> Likeness {
    likeness(claims.iter().map(String::as_str), texts, search)
}

proptest! {
    #[test]
    fn the_exact_search_finds_what_comparing_every_pair_finds(
        claims in prop::collection::vec("([a-fA-F]{2,4} ){0,12}(niño|Ñandú)?", 1..60),
        texts in prop::collection::vec("([a-f]{2,4}[ ,.]){0,16}(NIÑO)?", 0..30),
    ) {
        let expect = by_pairs(&claims, &texts);
        prop_assert_eq!(found(&claims, &training(texts), Search::Exact).nearest, expect);
    }
}

#[test]
fn long_texts_and_long_prompts_are_compared_as_well() {
    let words =
        |from: usize, to: usize| (from..to).map(|at| format!("word{at}")).collect::<Vec<_>>().join(" ");
    let claims = vec![words(0, 600), words(0, 40), String::new(), "of it".to_owned()];
    let texts = vec![words(300, 900), words(0, 120), "no".to_owned()];
    let expect = by_pairs(&claims, &texts);
    assert!(expect[0] > 0.3 && expect[1] > 0.3 && expect[2] <= 0.0 && expect[3] <= 0.0);
    assert_eq!(found(&claims, &training(texts), Search::Exact).nearest, expect);
}

/// Real prompts, and training texts made from some of them: a share of their words is kept, the rest is of other prompts,
/// so that indices lie on both sides of the threshold.
fn realistic() -> (Vec<String>, Training) {
    let library = Library::built_in(&Target::public()).unwrap();
    let all = generate(&library, Profile::Distinct, 42).unwrap();
    let claims: Vec<String> = all.iter().step_by(12).map(|case| case.prompt.clone()).collect();
    let texts = all.iter().skip(5).step_by(40).enumerate().map(|(place, case)| {
        let other: Vec<&str> = all[(place * 7919) % all.len()].prompt.split(' ').collect();
        let kept = case.prompt.split(' ').enumerate().filter(|(at, _)| (at * 7 + place) % 10 < 4 + place % 7);
        kept.map(|(_, word)| word)
            .chain(other.into_iter().step_by(2 + place % 3))
            .collect::<Vec<_>>()
            .join(" ")
    });
    let texts = texts.collect();
    (claims, training(texts))
}

#[test]
fn minhash_tells_nothing_wrong_and_misses_few() {
    let (claims, training) = realistic();
    let exact = found(&claims, &training, Search::Exact).nearest;
    let alike = exact.iter().filter(|index| **index > 0.0).count();
    let close_to_threshold = exact.iter().filter(|index| **index > 0.0 && **index < 0.35).count();
    for seed in [1, 2, 3] {
        let got = found(&claims, &training, Search::MinHash { seed });
        assert_eq!(got.search, Search::MinHash { seed });
        let wrong = got.nearest.iter().zip(&exact).filter(|(got, exact)| got > exact).count();
        let hits = got.nearest.iter().filter(|index| **index > 0.0).count();
        println!(
            "seed {seed}: {hits} of {alike} alike claims found ({close_to_threshold} of them below 0.35), of {}",
            claims.len()
        );
        assert_eq!(wrong, 0);
        assert!(hits as f64 >= 0.98 * alike as f64, "{hits} of {alike}");
        assert_eq!(got, found(&claims, &training, Search::MinHash { seed }));
    }
    assert!(alike > 100 && alike < claims.len() && close_to_threshold > 20, "{alike} {close_to_threshold}");
    assert_eq!(
        found(&claims, &training, Search::default()),
        Likeness { nearest: exact, search: Search::Exact }
    );
}

/// The hardest there is: for each of 3,000 claims one text that is alike, and just so: 6 of 20 words. By the formula 7
/// are missed.
#[test]
fn minhash_finds_more_than_98_of_100_that_are_only_just_alike() {
    let words = |of: &str, claim: usize, n: usize| -> Vec<String> {
        (0..n).map(|at| format!("{of}{claim}x{at}")).collect()
    };
    let claims: Vec<String> = (0..3000)
        .map(|claim| {
            words("both", claim, 6).into_iter().chain(words("one", claim, 7)).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let texts = (0..3000).map(|claim| {
        words("both", claim, 6).into_iter().chain(words("other", claim, 7)).collect::<Vec<_>>().join(" ")
    });
    let texts = training(texts.collect());
    assert!(
        found(&claims, &texts, Search::Exact)
            .nearest
            .iter()
            .all(|index| index.to_bits() == 0.3_f64.to_bits())
    );
    for seed in [1, 2, 3] {
        let hits = found(&claims, &texts, Search::MinHash { seed })
            .nearest
            .into_iter()
            .filter(|index| *index > 0.0)
            .count();
        println!("seed {seed}: {hits} of 3000 at the threshold");
        assert!((2940..3000).contains(&hits), "{hits}");
    }
}

#[test]
fn figures_stand_with_and_without_what_overlaps() {
    let mut board = Board::new(&["a"]);
    // 30 prompts that overlap, of which 12 are wrong; 70 that do not, of which 7 are.
    for at in 0..100 {
        let category = if at % 2 == 0 { Category::HarmfulRefusal } else { Category::Control };
        let case = board.case(&format!("{at}"), Condition::None, category);
        let claim =
            if at < 30 { format!("seen alpha beta gamma number{at}") } else { format!("new{at} unlike{at}") };
        board.0.cases[case as usize].claim = claim;
        let wrong = at < 12 || (30..37).contains(&at);
        board.class(case, 0, if wrong { FailureClass::Hallucination } else { FailureClass::TruePass });
    }
    let open = board.case("open", Condition::None, Category::Control);
    board.trial(open, 0, 1, undetermined());
    let file = GivenFile {
        name: "mine.jsonl".to_owned(),
        text: "{\"text\": \"<start_of_turn>user\\nSeen alpha beta gamma<end_of_turn>\"}\n".to_owned(),
    };
    let tables = overlap(&board.0, &Training::parse(&file).unwrap(), Search::Exact);
    whole(&tables);
    let census = row(&tables[0], &[("category", "all")]);
    assert_eq!(
        census.counts(["prompts", "distinct", "overlapping", "distinct_overlapping"]),
        [101, 101, 30, 30]
    );
    assert_eq!(
        row(&tables[0], &[("category", "HARMFUL_REFUSAL")]).counts(["prompts", "overlapping"]),
        [50, 15]
    );
    assert!(tables[0].notes[0].contains("Against 1 texts of mine.jsonl"));

    let correct = row(&tables[1], &[("measure", "effectively correct")]);
    assert_eq!(
        correct.counts(["n", "distinct", "clean_n", "overlapping_n", "undetermined"]),
        [100, 100, 70, 30, 1]
    );
    for (key, expect) in [
        ("full", 81.0),
        ("clean", 90.0),
        ("overlapping", 60.0),
        ("difference", -30.0),
        ("clean_less_full", 9.0),
    ] {
        close(correct.number(key), expect, 1e-9);
    }
    let (low, high) = correct.range("clustered");
    assert!(low < -30.0 && -30.0 < high && high < 0.0);
    let (moved_low, moved_high) = correct.range("clean_less_full_interval");
    close(moved_low, -0.3 * high, 1e-9);
    close(moved_high, -0.3 * low, 1e-9);
    // Inventions are counted where they can be made.
    let fabrication = row(&tables[1], &[("measure", "fabrication")]);
    assert_eq!(fabrication.counts(["n", "clean_n"]), [50, 35]);
    close(fabrication.number("full"), 100.0 * 10.0 / 50.0, 1e-9);
}

#[test]
fn where_nothing_overlaps_both_figures_are_the_same_and_no_difference_is_told() {
    let mut board = Board::new(&["a"]);
    for case in board.controls(4) {
        board.class(case, 0, FailureClass::TruePass);
    }
    let tables = overlap(&board.0, &training(vec!["entirely different".to_owned()]), Search::Exact);
    let correct = row(&tables[1], &[("measure", "effectively correct")]);
    assert_eq!(correct.cell("full"), correct.cell("clean"));
    assert_eq!(correct.cell("difference"), &unbent_report::Cell::Missing);
}
