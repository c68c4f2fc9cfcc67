//! Compares the 15,000 distinct prompts with so many made-up training texts, for measuring how long it takes:
//! `time overlap 1000000 exact` (or `minhash`, or `none` for what making the texts takes).
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program to be run by hand"
)]

use unbent_suites::trap::analysis::{Search, Training, likeness};
use unbent_suites::trap::{Library, Profile, Target, generate};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let lines: usize = arguments.next().unwrap().parse().unwrap();
    let search = match arguments.next().as_deref() {
        Some("exact") => Some(Search::Exact),
        Some("minhash") => Some(Search::MinHash { seed: 42 }),
        _ => None,
    };
    let library = Library::built_in(&Target::public()).unwrap();
    let cases = generate(&library, Profile::Distinct, 42).unwrap();
    let other = generate(&library, Profile::Distinct, 7).unwrap();
    let words: Vec<&str> = other.iter().flat_map(|case| case.prompt.split(' ')).collect();
    // Texts of 8 to 27 words, two of three as frequent as in prompts, the others of a large vocabulary.
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut text = || {
        let length = 8 + draw(20);
        let word = |place: usize| {
            if place.is_multiple_of(3) {
                format!("word{}", draw(50_000))
            } else {
                words[draw(words.len())].to_owned()
            }
        };
        (0..length).map(word).collect::<Vec<_>>().join(" ")
    };
    let claims = (0..lines).map(|_| text()).collect();
    let training = Training { name: "made up".to_owned(), entries: lines as u64, claims, without_user: 0 };
    if let Some(search) = search {
        let found = likeness(cases.iter().map(|case| case.prompt.as_str()), &training, search);
        println!(
            "{} of {} prompts overlap",
            found.nearest.iter().filter(|index| **index > 0.0).count(),
            cases.len()
        );
    }
}
