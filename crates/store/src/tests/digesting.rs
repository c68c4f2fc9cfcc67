//! Digests say what events say, are believed only while that is so, and are missed only in speed.

use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use unbent_core::{
    Entry, Event, Fault, FaultKind, Meter, ModelRole, Outcome, Served, TrialNo, TrialState, TrialView,
    UnscoredReason, Usage,
};

use super::{answered, append, case, finished, folder, key, manifest, opened, run_path, small_run};
use crate::digest::WANTED;
use crate::{RunReader, RunWriter};

/// All trials by their events, without notes.
fn by_events(path: &Path) -> Vec<TrialView> {
    let mut trials: Vec<TrialView> = RunReader::open(path).unwrap().trials().map(Result::unwrap).collect();
    for trial in &mut trials {
        if let TrialState::Finished(Outcome::Scored { note, .. }) = &mut trial.state {
            *note = None;
        }
    }
    trials
}

fn without_notes(path: &Path) -> Vec<TrialView> {
    RunReader::open(path).unwrap().trials_without_notes().map(Result::unwrap).collect()
}

fn numbers(path: &Path) -> Vec<u64> {
    let raw = Connection::open(path).unwrap();
    let mut query = raw.prepare("SELECT trial FROM digest ORDER BY trial").unwrap();
    query
        .query_map([], |row| row.get::<_, i64>(0))
        .unwrap()
        .map(|no| no.map(i64::cast_unsigned))
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

fn entry(trial: u64, event: Event) -> Entry {
    Entry { trial: TrialNo(trial), at_ms: 5, event, blobs: Vec::new() }
}

/// Gives the digest of trial 1 another score than 8.
fn forged(score: f64) -> String {
    let hex = |score: f64| format!("cb{:016x}", score.to_bits());
    format!(
        "UPDATE digest SET body = unhex(replace(lower(hex(body)), '{}', '{}')) WHERE trial = 1",
        hex(8.0),
        hex(score)
    )
}

/// Any event that says something to a view.
fn any_event() -> impl Strategy<Value = Event> {
    let role = prop::sample::select(ModelRole::ALL.to_vec());
    let meter = (0..5000_u64, 0..500_u64, 0..90_u64, prop::option::of(0.0..0.5)).prop_map(
        |(input, output, reasoning, cost_usd)| Meter {
            usage: Usage { input, output, reasoning, ..Usage::default() },
            cost_usd,
            ..Meter::default()
        },
    );
    let provider = prop::option::of(prop::sample::select(vec!["north", "south"]));
    let answered = (role.clone(), meter.clone(), provider, any::<bool>(), any::<bool>()).prop_map(
        |(role, meter, provider, cached, is_unsent)| {
            let Event::Answered { answer, request, finish, .. } = answered(1, "q", "No.").event else {
                unreachable!("it is an answer")
            };
            Event::Answered {
                need: "q".into(),
                role,
                tried: 1,
                request,
                answer,
                finish,
                meter,
                served: Served { provider: provider.map(str::to_owned), ..Served::default() },
                wire: None,
                cached,
                unsent: if is_unsent { vec!["top_k".to_owned()] } else { Vec::new() },
            }
        },
    );
    let faulted = (role, meter).prop_map(|(role, meter)| Event::Faulted {
        need: "q".into(),
        role: Some(role),
        tried: 1,
        fault: Fault::new(FaultKind::RateLimited, "slow down"),
        retry_in_ms: Some(10),
        meter,
        wire: None,
    });
    let ended = prop_oneof![
        (0.0..10.0).prop_map(|score| finished(1, score).event),
        Just(Event::Finished {
            outcome: Outcome::unscored(UnscoredReason::JudgeFault(FaultKind::Timeout), "late")
        }),
    ];
    prop_oneof![
        4 => answered,
        1 => faulted,
        1 => Just(Event::Voided { reason: "gone".to_owned() }),
        1 => Just(Event::Reopened),
        2 => ended,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_digest_says_what_the_events_say(
        histories in prop::collection::vec(prop::collection::vec(any_event(), 0..9), 1..60)
    ) {
        let folder = folder();
        let path = run_path(&folder);
        let writer = RunWriter::create(&path, &manifest()).unwrap();
        writer.add_cases(&[case("a")]).unwrap();
        writer.add_trials((1..).zip(&histories).map(|(n, _)| key("a", "m1", n))).unwrap();
        let entries = (1..).zip(&histories);
        let entries = entries.flat_map(|(n, events)| events.iter().map(move |event| entry(n, event.clone())));
        append(&writer, entries.collect());
        writer.close().unwrap();
        let ended = |events: &Vec<Event>| matches!(events.last(), Some(Event::Finished { .. }));
        let ended: Vec<u64> =
            (1..).zip(&histories).filter(|(_, events)| ended(events)).map(|(n, _)| n).collect();
        if histories.iter().any(|events| !events.is_empty()) {
            prop_assert_eq!(numbers(&path), ended);
        }
        prop_assert_eq!(without_notes(&path), by_events(&path));
        let found = RunReader::open(&path).unwrap().verify().unwrap();
        let of_digests = found.problems.iter().filter(|problem| problem.what.contains("digest"));
        prop_assert_eq!(of_digests.count(), 0, "{:?}", found.problems);
    }
}

#[test]
fn digests_are_what_is_read_and_events_where_there_is_none() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), finished(1, 8.0), opened(2, 1), finished(2, 8.0), opened(3, 1)]);
    writer.close().unwrap();
    assert_eq!(numbers(&path), [1, 2]);
    let raw = Connection::open(&path).unwrap();
    assert_eq!(raw.execute(&forged(4.0), []).unwrap(), 1);
    raw.execute("DELETE FROM digest WHERE trial = 2", []).unwrap();
    drop(raw);
    let score = |trial: &TrialView| trial.outcome()?.scores()?.number("firmness");
    let scores = |trials: Vec<TrialView>| trials.iter().map(score).collect::<Vec<_>>();
    assert_eq!(scores(without_notes(&path)), [Some(4.0), Some(8.0), None, None]);
    assert_eq!(scores(by_events(&path)), [Some(8.0), Some(8.0), None, None]);
}

#[test]
fn a_digest_is_out_of_use_as_soon_as_its_trial_goes_on() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), finished(1, 8.0), opened(2, 1), finished(2, 8.0)]);
    writer.close().unwrap();
    let writer = RunWriter::open(&path).unwrap();
    // Scored anew, and taken up again.
    append(&writer, vec![finished(1, 3.0), entry(2, Event::Reopened)]);
    assert_eq!(without_notes(&path), by_events(&path));
    assert_eq!(without_notes(&path)[1].state, TrialState::Open);
    append(&writer, vec![finished(2, 1.0)]);
    writer.close().unwrap();
    assert_eq!(numbers(&path), [1, 2]);
    assert_eq!(without_notes(&path), by_events(&path));
    assert!(RunReader::open(&path).unwrap().verify().unwrap().is_clean());
}

#[test]
fn a_file_that_has_no_digests_gets_those_that_it_lacks() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), finished(1, 8.0), opened(2, 1)]);
    writer.close().unwrap();
    Connection::open(&path).unwrap().execute_batch("DROP TABLE digest").unwrap();
    assert_eq!(without_notes(&path), by_events(&path));
    assert!(RunReader::open(&path).unwrap().verify().unwrap().is_clean());
    let writer = RunWriter::open(&path).unwrap();
    append(&writer, vec![finished(2, 1.0)]);
    writer.close().unwrap();
    assert_eq!(numbers(&path), [1, 2]);
}

#[test]
fn a_forged_digest_is_found_and_a_broken_one_told() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), finished(1, 8.0)]);
    writer.seal(9).unwrap();
    writer.close().unwrap();
    let check = |sql: &str, what: &str| {
        let raw = Connection::open(&path).unwrap();
        assert_eq!(raw.execute(sql, []).unwrap(), 1, "{sql}");
        drop(raw);
        let found = RunReader::open(&path).unwrap().verify().unwrap();
        let [problem] = &found.problems[..] else { panic!("{:?}", found.problems) };
        assert_eq!((problem.trial, &problem.what[..]), (Some(TrialNo(1)), what));
    };
    assert!(RunReader::open(&path).unwrap().verify().unwrap().is_clean(), "digests break no seal");
    check(&forged(9.0), "its digest is not what its events say");
    check("UPDATE digest SET body = x'c1'", "its digest is not what its events say");
    let reader = RunReader::open(&path).unwrap();
    let error = reader.trials_without_notes().find_map(Result::err).unwrap();
    assert!(error.to_string().contains("the digest of trial 1 cannot be read"), "{error}");
    check("UPDATE digest SET event = 7", "its digest is of an event that is not there");
    check("UPDATE digest SET event = 1", "its digest is of an event that is not its last");
}

#[test]
fn what_is_wanted_is_found_along_an_index_and_not_by_sorting_the_run_for_each_portion() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), finished(1, 8.0)]);
    writer.close().unwrap();
    let raw = Connection::open(&path).unwrap();
    let mut query = raw.prepare(&format!("EXPLAIN QUERY PLAN {WANTED}")).unwrap();
    let steps = query.query_map([0, 512], |row| row.get::<_, String>("detail")).unwrap();
    let plan: Vec<String> = steps.map(Result::unwrap).collect();
    assert!(plan[0].contains("event_finished"), "{plan:?}");
    assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
}
