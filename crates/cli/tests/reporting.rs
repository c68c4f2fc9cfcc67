//! Reports and cards: one file that needs nothing else, true to the run, and with a command that makes the run again.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::Value;

use self::program::Place;

/// A place with a run of the independence suite in `i.unbent` and one of the trap suite in `t.unbent`.
fn place() -> Place {
    let place = Place::new();
    let independence = [
        "run",
        "independence",
        "--model",
        "sim/steadfast",
        "--model",
        "sim/refuse",
        "--judge",
        "sim/rule-judge",
    ];
    let made =
        place.unbent(independence.into_iter().chain(["--repeats", "2", "--seed", "5", "--out", "i.unbent"]));
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let trap = [
        "run",
        "trap",
        "--model",
        "sim/steadfast",
        "--set",
        "judge=never",
        "--sample",
        "60",
        "--out",
        "t.unbent",
    ];
    let made = place.unbent(trap);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    place
}

fn rows(place: &Place, file: &str) -> Value {
    let board = place.unbent(["leaderboard", file, "--json"]);
    assert_eq!(board.code, Some(0), "{}", board.stderr);
    serde_json::from_str(&board.stdout).unwrap()
}

#[test]
fn a_report_is_one_file_that_asks_nobody_and_its_command_makes_the_run_again() {
    let place = place();
    let made = place.unbent(["report", "i.unbent", "t.unbent", "--out", "report", "--json"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let told: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(told["suites"], serde_json::json!(["independence", "trap"]));
    for file in told["files"].as_array().unwrap() {
        assert!(std::fs::metadata(place.path(file.as_str().unwrap())).unwrap().len() > 0, "{file}");
    }
    let read = |name: &str| std::fs::read_to_string(place.path("report").join(name)).unwrap();
    let (html, markdown) = (read("index.html"), read("report.md"));
    for (form, text) in [("html", &html), ("md", &markdown)] {
        for part in
            ["sim/steadfast", "Independence Index", "Held", "are simulated", "What is missing", "seed"]
        {
            assert!(text.contains(part), "{part:?} is not in the {form}");
        }
    }
    assert!(!html.contains("<script") && !html.contains("src=\"http") && !html.contains("href=\"http"));
    assert!(markdown.contains("](figures/") && place.path("report/figures").read_dir().unwrap().count() > 0);
    // Every suite has ranks, drawn and in its leaderboards.
    for suite in ["independence", "trap"] {
        assert!(markdown.contains(&format!("](figures/{suite}_ranks.svg)")), "{suite}");
        assert!(place.path("report/figures").join(format!("{suite}_ranks.csv")).is_file(), "{suite}");
    }
    assert!(markdown.contains("| Ranks |"), "{markdown}");

    let command = markdown.lines().find_map(|line| line.strip_prefix("    unbent run independence")).unwrap();
    let words = command.split_whitespace().map(|word| word.trim_matches('\''));
    let again = place.unbent(["run", "independence"].into_iter().chain(words));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(rows(&place, "again-i.unbent"), rows(&place, "i.unbent"));
}

#[test]
fn a_card_has_each_suite_of_a_subject_in_its_own_metrics() {
    let place = place();
    let card = place.unbent(["profile", "i.unbent", "t.unbent", "--subject", "sim/steadfast", "--json"]);
    assert_eq!(card.code, Some(0), "{}", card.stderr);
    let card: Value = serde_json::from_str(&card.stdout).unwrap();
    assert_eq!(card.as_array().unwrap().len(), 1);
    let suites = &card[0]["suites"];
    assert_eq!(suites["independence"][0]["metric"], "index");
    assert_eq!(suites["trap"][0]["metric"], "held");
    // What the leaderboard says of it, by the corrected method.
    let index = rows(&place, "i.unbent")[0]["index"].as_f64().unwrap();
    assert!((suites["independence"][0]["value"].as_f64().unwrap() - index).abs() < 1e-9, "{index}");
    let unknown = place.unbent(["profile", "i.unbent", "--subject", "nobody"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("sim/steadfast"), "{}", unknown.stderr);
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let place = place();
    std::fs::write(place.path("taken"), "").unwrap();
    let made = place.unbent(["report", "i.unbent", "--out", "taken"]);
    assert_eq!(made.code, Some(7), "{}", made.stderr);
    assert!(made.stderr.contains("taken"), "{}", made.stderr);
    let none = place.unbent(["report", "i.unbent", "--suite", "choices", "--out", "r"]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
    assert!(none.stderr.contains("they hold independence"), "{}", none.stderr);
}
