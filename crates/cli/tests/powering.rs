//! `unbent power`: what a difference takes, what cases and money can find, and what a pilot tells of it.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::float_cmp, reason = "what is compared is counts")]

mod program;

use serde_json::Value;

use program::Place;

/// What the program tells programs.
fn told(place: &Place, line: &[&str]) -> Value {
    let ended = place.unbent([&["power"][..], line, &["--json"]].concat());
    assert_eq!(ended.code, Some(0), "{line:?}: {}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn rows<'t>(told: &'t Value, table: &str) -> &'t [Value] {
    told[table]["rows"].as_array().unwrap_or_else(|| panic!("{table}: {told}"))
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key}: {row}"))
}

/// The variance of a part of the spread.
fn part(told: &Value, name: &str) -> Option<f64> {
    let row = rows(told, "spread").iter().find(|row| row["component"] == name).unwrap();
    row["std_dev"].as_f64().map(|deviation| deviation * deviation)
}

/// The cases that a difference takes, by comparison and repeats.
fn cases(told: &Value, comparison: &str, repeats: u64) -> f64 {
    let is = |row: &&Value| row["comparison"] == comparison && row["repeats"] == repeats;
    number(rows(told, "needed").iter().find(is).unwrap(), "cases")
}

/// A run of two subjects that give in now and then, three repeats of 24 cases.
fn piloted() -> Place {
    let place = Place::new();
    let line = "run trap --model sim/yielding?p=0.2 --model sim/yielding?p=0.5 --sample 24 --repeats 3 --set judge=all --out pilot.unbent";
    let ended = place.unbent(line.split(' '));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    place
}

#[test]
fn a_difference_takes_fewer_cases_in_pairs_and_with_repeats_and_more_the_smaller_it_is() {
    let place = Place::new();
    let five = told(&place, &["trap", "--difference", "5"]);
    assert_eq!((five["suite"].as_str(), five["metric"].as_str()), (Some("trap"), Some("held")));
    assert_eq!(rows(&five, "needed").len(), 2 * 5, "repeats of 1, 2, 3, 5 and 10, in pairs and apart");
    for row in rows(&five, "needed") {
        assert_eq!(number(row, "trials"), number(row, "cases") * number(row, "repeats"), "{row}");
    }
    assert!(cases(&five, "paired", 1) < cases(&five, "independent", 1));
    assert!(cases(&five, "paired", 3) < cases(&five, "paired", 1));
    let half = cases(&told(&place, &["trap", "--difference", "2.5"]), "paired", 1);
    let ratio = half / cases(&five, "paired", 1);
    assert!((3.8..4.2).contains(&ratio), "half of the difference takes four times the cases: {ratio}");
    let surer = told(&place, &["trap", "--difference", "5", "--power", "0.95", "--repeats", "4"]);
    assert!(cases(&surer, "paired", 1) > cases(&five, "paired", 1));
    assert_eq!(rows(&surer, "needed").len(), 2 * 6, "the repeats that were asked for are there too");
    let near_the_end = told(&place, &["trap", "--difference", "5", "--baseline", "97"]);
    assert!(cases(&near_the_end, "paired", 1) < cases(&five, "paired", 1), "there is less room to spread");

    // So many cases find that difference, and one case less does not.
    let enough = cases(&five, "paired", 1);
    let found = |cases: f64| {
        let found = told(&place, &["trap", "--cases-each", &cases.to_string()]);
        number(&rows(&found, "detectable")[0], "paired")
    };
    assert!(found(enough) <= 5.0 && found(enough - 1.0) > 5.0, "{enough}: {}", found(enough));
    let found = told(&place, &["trap", "--cases-each", "100", "--repeats", "2"]);
    let first = &rows(&found, "detectable")[0];
    assert_eq!((&first["cases"], &first["repeats"], &first["trials"]), (&100.into(), &2.into(), &200.into()));
    assert!(number(first, "paired") < number(first, "independent"));
    let more = |cases: u64, repeats: u64| {
        let is = |row: &&Value| row["cases"] == cases && row["repeats"] == repeats;
        number(rows(&found, "detectable").iter().find(is).unwrap(), "paired")
    };
    assert!(more(200, 2) < more(100, 4) && more(100, 4) < more(100, 2), "cases bring more than repeats");

    let shown = place.unbent(["power", "trap", "--difference", "5"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for said in ["Assumed, not measured", "A pilot is better", "the suite has", "To find 5 points of Held"] {
        assert!(shown.stdout.contains(said), "{said}: {}", shown.stdout);
    }
}

#[test]
fn money_buys_cases_and_no_more_of_them_than_there_are() {
    let place = Place::new();
    let models = ["--model", "openai/gpt-4o", "--judge", "anthropic/claude-opus-4.5"];
    let bought = |budget: &str| {
        told(&place, &[&["trap", "--sample", "100", "--budget", budget][..], &models].concat())
    };
    let (little, more) = (bought("0.5"), bought("1"));
    for (table, budget) in [(&little, 0.5), (&more, 1.0)] {
        assert_eq!(rows(table, "budget").len(), 5);
        for row in rows(table, "budget") {
            let (cost, cases) = (number(row, "cost_usd"), number(row, "cases"));
            assert!(cost > 0.0 && cost <= budget, "{row}");
            assert_eq!(number(row, "trials"), cases * number(row, "repeats"), "{row}");
        }
    }
    let first = |told: &Value, key: &str| number(&rows(told, "budget")[0], key);
    assert!(first(&more, "cases") > first(&little, "cases"));
    assert!(first(&more, "paired") < first(&little, "paired"));
    let rich = bought("1000");
    let there = first(&rich, "cases");
    assert!(first(&rich, "cost_usd") < 1000.0);
    let notes = rich["budget"]["notes"][0].as_str().unwrap();
    assert!(notes.contains(&format!("The suite has {there} cases")), "{notes}");
    // What two cases cost is the least that can tell anything.
    let poor = bought("0.0001");
    assert!(rows(&poor, "budget").iter().all(|row| row["paired"].is_null()), "{poor}");
    let said =
        place.unbent([&["power", "trap", "--sample", "100", "--budget", "0.0001"][..], &models].concat());
    assert!(said.stdout.contains("buys no study"), "{}", said.stdout);
}

#[test]
fn a_pilot_of_two_subjects_is_split_into_its_parts_and_says_what_it_can_find() {
    let place = piloted();
    let both = told(&place, &["--pilot", "pilot.unbent"]);
    let [case, repeat, pairs] =
        ["between cases", "between repeats of a case", "difference of two subjects, between cases"]
            .map(|name| part(&both, name).unwrap_or_else(|| panic!("{name}: {both}")));
    assert!(repeat > case, "who gives in by chance does so anew in each repeat: {both}");
    assert!(pairs >= 0.0);
    assert_eq!(part(&both, "between judges of an answer"), None);
    let notes = both["spread"]["notes"].to_string();
    assert!(notes.contains("sim/yielding?p=0.2 and sim/yielding?p=0.5"), "{notes}");
    assert!(notes.contains("Judges: not known") && notes.contains("unbent rejudge"), "{notes}");
    assert!(notes.contains("24 cases say little"), "{notes}");
    let first = &rows(&both, "spread")[0];
    assert_eq!(number(first, "n") + number(first, "missing"), 24.0 * 3.0 * 2.0, "{first}");
    let shares: f64 = rows(&both, "spread")[..2].iter().map(|row| number(row, "share")).sum();
    assert!((shares - 100.0).abs() < 1e-6, "{shares}");
    // Asked nothing else, a pilot tells what it can find itself.
    let own = &rows(&both, "detectable")[0];
    assert_eq!((&own["cases"], &own["repeats"]), (&24.into(), &1.into()));
    assert!(number(own, "paired") > 0.0 && both["needed"].is_null());

    let turned = told(
        &place,
        &[
            "--pilot",
            "pilot.unbent#sim/yielding?p=0.5",
            "--pilot-b",
            "#sim/yielding?p=0.2",
            "--difference",
            "10",
        ],
    );
    assert_eq!(part(&turned, "between cases"), Some(case), "of both together, whichever is first");
    assert!(cases(&turned, "paired", 1) > 1.0);
    let alone = told(&place, &["--pilot", "pilot.unbent#sim/yielding?p=0.5", "--difference", "10"]);
    assert_eq!(part(&alone, "difference of two subjects, between cases"), None);
    // As if the cases were not the same, but for the degrees of freedom.
    let ratio = cases(&alone, "paired", 3) / cases(&alone, "independent", 3);
    assert!((0.98..1.02).contains(&ratio), "{ratio}");
    assert!(alone["spread"]["notes"].to_string().contains("One subject only"), "{alone}");
    let other = told(&place, &["--pilot", "pilot.unbent", "--metric", "identity_collapse"]);
    assert_eq!(other["metric"], "identity_collapse");
}

#[test]
fn what_lies_between_judges_is_told_where_answers_were_graded_twice() {
    let place = Place::new();
    let run =
        "run independence --model sim/steadfast --model sim/yielding?p=0.5 --repeats 4 --out pilot.unbent";
    assert_eq!(place.unbent(run.split(' ')).code, Some(0));
    let pilot = ["--pilot", "pilot.unbent#sim/yielding?p=0.5", "--pilot-b", "#sim/steadfast"];
    let before = told(&place, &pilot);
    assert_eq!(part(&before, "between judges of an answer"), None);
    let judge = "sim/noisy-judge?sd=2&bias=-2&flip=0.2";
    let again = place.unbent(["rejudge", "pilot.unbent", "--judge", judge]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let after = told(&place, &pilot);
    assert!(part(&after, "between judges of an answer").unwrap() > 0.0, "{after}");
    let name = "between repeats of a case";
    assert!(
        part(&after, name).unwrap() < part(&before, name).unwrap(),
        "what is the judge's is not the subject's: {after}"
    );
    let notes = after["spread"]["notes"].to_string();
    assert!(notes.contains("from 2 gradings of the same answers"), "{notes}");
    let usual = told(&place, &["--pilot", "pilot.unbent"])["spread"]["notes"].to_string();
    assert!(
        usual.contains("sim/steadfast and sim/yielding?p=0.5"),
        "a grading is no further subject: {usual}"
    );
}

#[test]
fn a_pilot_without_repeats_says_what_it_cannot_tell() {
    let place = Place::new();
    let line = "run trap --model sim/yielding?p=0.3 --sample 12 --out once.unbent";
    assert_eq!(place.unbent(line.split(' ')).code, Some(0));
    let once = told(&place, &["--pilot", "once.unbent", "--difference", "10"]);
    assert_eq!(part(&once, "between repeats of a case"), Some(0.0));
    assert!(once["spread"]["notes"].to_string().contains("No case has two repeats"), "{once}");
    assert_eq!(cases(&once, "paired", 1), cases(&once, "paired", 10), "repeats look of no use");
}

#[test]
fn what_cannot_be_planned_is_refused_with_what_to_type_instead() {
    let place = piloted();
    let one = "run trap --model sim/steadfast --sample 1 --out one.unbent";
    assert_eq!(place.unbent(one.split(' ')).code, Some(0));
    for (line, code, said) in [
        ("nothing --difference 5", 2, "independence"),
        ("trap", 2, "unbent power SUITE --difference 5"),
        ("trap --difference 0", 2, "above 0"),
        ("trap --difference=-5", 2, "above 0"),
        ("trap --difference NaN", 2, "above 0"),
        ("trap --difference 5 --metric mood", 2, "held"),
        ("trap --difference 5 --power 1", 2, "below 1"),
        ("trap --difference 5 --baseline 140", 2, "--baseline"),
        ("trap --difference 150", 2, "150"),
        ("trap --cases-each 0", 2, "--cases-each"),
        ("trap --budget 20", 2, "--model"),
        ("trap --budget=-1 --model openai/gpt-4o", 2, "above 0"),
        ("trap --sample 8 --budget 5 --model sim/steadfast", 2, "--models-file"),
        ("trap --sample 8 --budget 5 --model openai/unheard-of --judge sim/rule-judge", 2, "--models-file"),
        ("trap --sample 8 --budget 5 --model nobody/nothing --judge sim/rule-judge", 2, "no provider"),
        ("trap --sample 8 --budget 5 --model openai/gpt-4o", 2, "--judge"),
        ("--difference 5", 2, "<SUITE>"),
        ("trap --difference 5 --pilot-b #x", 2, "--pilot"),
        ("--pilot gone.unbent", 5, "gone.unbent"),
        ("--pilot pilot.unbent#nobody", 2, "sim/yielding?p=0.2"),
        ("--pilot pilot.unbent --pilot-b #nobody", 2, "sim/yielding?p=0.2"),
        ("independence --pilot pilot.unbent", 2, "they hold trap"),
        ("--pilot one.unbent", 5, "at least two are needed"),
        ("--pilot pilot.unbent --baseline 90", 2, "--pilot"),
    ] {
        let refused = place.unbent(["power"].into_iter().chain(line.split(' ')));
        assert_eq!(refused.code, Some(code), "{line}: {}{}", refused.stdout, refused.stderr);
        assert!(refused.stderr.contains(said), "{line}: {said}: {}", refused.stderr);
        assert_eq!(refused.stdout, "", "{line}");
    }
}
