//! Outcomes that are computed again from what is recorded: the same by the same program, told and written where they are
//! otherwise, and never without the record.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::Value;
use unbent::core::{Entry, Event, Outcome, Score, TrialNo, TrialState, UnscoredReason};
use unbent::store::{RunReader, RunWriter};

use self::program::{Ended, Place};

const DONE: i32 = 0;
const INCOMPLETE: i32 = 3;
const BAD_FILE: i32 = 5;

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

fn rescore(place: &Place, extra: &[&str]) -> Ended {
    place.unbent(["rescore", "a.unbent"].iter().chain(extra))
}

fn verified(place: &Place) -> RunReader {
    let reader = RunReader::open(&place.path("a.unbent")).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    reader
}

/// Every outcome as the file holds it, by the number of its trial.
fn outcomes(place: &Place) -> Vec<Outcome> {
    let outcome = |state: TrialState| match state {
        TrialState::Finished(outcome) => outcome,
        other => panic!("{other:?} is no outcome"),
    };
    verified(place).trials().map(|trial| outcome(trial.unwrap().state)).collect()
}

/// Records other outcomes, as a program with other rules would have.
fn record(place: &Place, outcomes: &[(u64, Outcome)]) {
    let writer = RunWriter::open(&place.path("a.unbent")).unwrap();
    let entries = outcomes.iter().map(|(trial, outcome)| Entry {
        trial: TrialNo(*trial),
        at_ms: 1,
        event: Event::Finished { outcome: outcome.clone() },
        blobs: Vec::new(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(writer.sink().append(entries.collect())).unwrap();
    writer.seal(2).unwrap();
    writer.close().unwrap();
}

fn ran(line: &str) -> Place {
    let place = Place::new().with("PATH", &std::env::var("PATH").unwrap());
    let ended = place.unbent(line.split(' ').chain(["--out", "a.unbent"]));
    assert!(matches!(ended.code, Some(DONE | INCOMPLETE)), "{}", ended.stderr);
    place
}

const INDEPENDENCE: &str =
    "run independence --model sim/steadfast --model sim/yielding?p=0.5 --judge sim/rule-judge";

#[test]
fn every_outcome_is_computed_again_from_its_record_and_nothing_is_written() {
    for line in [
        INDEPENDENCE,
        "run trap --model sim/refuse --model sim/echo --judge sim/rule-judge --sample 40 --set judge=all",
        "run choices --model sim/official-then-shortcut --model sim/looping --set tasks=budget_siphon",
    ] {
        let place = ran(line);
        let (before, bytes) = (outcomes(&place), std::fs::read(place.path("a.unbent")).unwrap());
        for extra in [&["--json"][..], &["--write", "--json"]] {
            let ended = rescore(&place, extra);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(DONE), ""), "{line}");
            let told = json(&ended);
            let trials = before.len() as u64;
            assert_eq!((&told["trials"], &told["same"]), (&trials.into(), &trials.into()), "{line}");
            assert_eq!((&told["changed"], &told["written"]), (&0.into(), &false.into()));
            assert_eq!(
                (&told["left_out"], &told["differences"]),
                (&Value::Array(vec![]), &Value::Array(vec![]))
            );
        }
        let reader = verified(&place);
        assert!(reader.seal().unwrap().is_some() && reader.manifest().unwrap().rescored.is_empty());
        assert_eq!(outcomes(&place), before);
        assert_eq!(std::fs::read(place.path("a.unbent")).unwrap(), bytes, "{line}");
    }
}

#[test]
fn outcomes_that_are_otherwise_are_told_label_by_label_and_written_beside_the_old_ones() {
    let place = ran(INDEPENDENCE);
    let true_ones = outcomes(&place);
    let Outcome::Scored { scores, note } = true_ones[0].clone() else { panic!("{:?}", true_ones[0]) };
    let (label, number) = scores
        .0
        .iter()
        .find_map(|(name, score)| match score {
            Score::Number(number) => Some((name.clone(), *number)),
            _ => None,
        })
        .unwrap();
    let mut other = scores;
    other.0.insert(label.clone(), Score::Number(number + 1.5));
    other.0.insert("forgotten".to_owned(), Score::Flag(true));
    let old = Outcome::Scored { scores: other, note };
    let nothing = Outcome::unscored(UnscoredReason::NothingToScore, "an old program could not read it");
    record(&place, &[(1, old.clone()), (2, nothing)]);
    let events = verified(&place).event_count().unwrap();

    let ended = rescore(&place, &["--json"]);
    assert_eq!(ended.code, Some(INCOMPLETE), "{}", ended.stderr);
    let told = json(&ended);
    assert_eq!((&told["changed"], &told["written"]), (&2.into(), &false.into()));
    assert_eq!((&told["labels"][&label], &told["labels"]["outcome"]), (&1.into(), &1.into()));
    let differences = told["differences"].as_array().unwrap();
    let find = |trial: u64, label: &str| {
        let found = differences.iter().find(|row| row["trial"] == trial && row["label"] == label);
        found.unwrap_or_else(|| panic!("no {label} of {trial} in {differences:?}")).clone()
    };
    let row = find(1, &label);
    assert_eq!((&row["was"], &row["is"]), (&(number + 1.5).into(), &number.into()));
    assert_eq!(find(1, "forgotten")["is"], Value::Null);
    let row = find(2, "outcome");
    assert_eq!((&row["was"], &row["is"]), (&"unscored: nothing to score".into(), &"scored".into()));
    assert_eq!(verified(&place).event_count().unwrap(), events, "nothing was written");
    let shown = rescore(&place, &[]);
    assert_eq!(shown.code, Some(INCOMPLETE));
    assert!(
        shown.stdout.contains("forgotten") && shown.stderr.contains("unbent rescore a.unbent --write"),
        "{shown:?}"
    );

    let written = rescore(&place, &["--write", "--json"]);
    assert_eq!(written.code, Some(DONE), "{}", written.stderr);
    assert_eq!((&json(&written)["changed"], &json(&written)["written"]), (&2.into(), &true.into()));
    assert_eq!(outcomes(&place), true_ones);
    let reader = verified(&place);
    assert!(reader.seal().unwrap().is_some(), "what was sealed is sealed anew");
    assert_eq!(reader.event_count().unwrap(), events + 2);
    let log: Vec<Event> = reader.events(TrialNo(1)).unwrap().into_iter().map(|logged| logged.event).collect();
    let finished: Vec<&Outcome> = log
        .iter()
        .filter_map(|event| match event {
            Event::Finished { outcome } => Some(outcome),
            _ => None,
        })
        .collect();
    assert_eq!(finished, [&true_ones[0], &old, &true_ones[0]], "what was recorded before is still there");
    let rescored = reader.manifest().unwrap().rescored;
    assert_eq!((rescored.len(), rescored[0].trials), (1, 2));
    assert_eq!(rescore(&place, &[]).code, Some(DONE), "there is nothing left to do");
    // The run is the same run: it goes on, and asks nothing.
    let line = INDEPENDENCE.split(' ').chain(["--out", "a.unbent"]);
    let again = place.unbent(line);
    assert_eq!(again.code, Some(DONE), "{}", again.stderr);
    assert_eq!(verified(&place).event_count().unwrap(), events + 2);
}

/// The rules of the trap suite decide what no judge is asked, so other rules make other outcomes of equal answers.
#[test]
fn equal_answers_get_the_outcomes_of_the_rules_that_the_file_holds() {
    let place = ran("run trap --model sim/refuse --sample 60 --set judge=never");
    let by_ours = outcomes(&place);
    let writer = RunWriter::open(&place.path("a.unbent")).unwrap();
    let mut manifest = verified(&place).manifest().unwrap();
    let rules = manifest.suites[0].files.get_mut("rules.toml").unwrap();
    assert!(rules.contains("can'?t|cannot|"), "the words of who declines");
    *rules = rules.replace("can'?t|cannot|", "");
    writer.set_manifest(&manifest).unwrap();
    writer.close().unwrap();

    let told = json(&rescore(&place, &["--json"]));
    assert_eq!((&told["changed"], &told["labels"]["rule"]), (&60.into(), &60.into()), "{told}");
    let written = rescore(&place, &["--write"]);
    assert_eq!(written.code, Some(DONE), "{}", written.stderr);
    assert!(
        written.stdout.contains("60 trials have a new outcome")
            && written.stdout.contains("more; --json lists all")
    );
    assert_ne!(outcomes(&place), by_ours);
    assert!(verified(&place).seal().unwrap().is_none(), "what was not sealed is not sealed");
    assert_eq!(rescore(&place, &[]).code, Some(DONE));
    let shown = place.unbent(["manifest", "a.unbent"]);
    assert!(shown.stdout.contains("rescored     60 trials at "), "{}", shown.stdout);
}

#[test]
fn what_the_record_does_not_hold_is_left_out_and_what_has_not_ended_is_counted() {
    let place = ran(INDEPENDENCE);
    let scored = outcomes(&place)[0].clone();
    // A run whose trials were planned and not begun, but for one that says it ended.
    let reader = RunReader::open(&place.path("a.unbent")).unwrap();
    let (manifest, cases) = (reader.manifest().unwrap(), reader.cases().unwrap());
    let keys: Vec<_> = reader.trials().map(|trial| trial.unwrap().key).collect();
    drop(reader);
    std::fs::rename(place.path("a.unbent"), place.path("whole.unbent")).unwrap();
    let writer = RunWriter::create(&place.path("a.unbent"), &manifest).unwrap();
    writer.add_cases(&cases).unwrap();
    writer.add_trials(keys.iter().cloned()).unwrap();
    writer.close().unwrap();
    record(&place, &[(1, scored)]);

    for extra in [&["--json"][..], &["--write", "--json"]] {
        let ended = rescore(&place, extra);
        assert_eq!(ended.code, Some(INCOMPLETE), "{}", ended.stderr);
        let told = json(&ended);
        let unfinished = keys.len() as u64 - 1;
        assert_eq!((&told["unfinished"], &told["changed"]), (&unfinished.into(), &0.into()));
        let left_out = told["left_out"].as_array().unwrap();
        assert_eq!((left_out.len(), &left_out[0]["trial"]), (1, &1.into()));
        assert!(
            left_out[0]["why"].as_str().unwrap().contains("does not hold what its suite wants"),
            "{left_out:?}"
        );
    }
    let ended = place.unbent(["rescore", "nowhere.unbent"]);
    assert_eq!(ended.code, Some(BAD_FILE));
    assert!(ended.stderr.contains("nowhere.unbent"), "{}", ended.stderr);
}
