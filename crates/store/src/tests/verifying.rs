//! Whatever was changed behind the writer's back is found.

use std::path::Path;

use rusqlite::Connection;
use unbent_core::TrialNo;

use super::{answered, append, finished, folder, key, manifest, opened, run_path, small_run};
use crate::{RunReader, RunWriter, Verification};

/// A sealed run: trial 1 has the events 1 to 3, trial 2 the event 4.
fn sealed_run(path: &Path) {
    let writer = small_run(path);
    append(&writer, vec![opened(1, 1), answered(1, "q", "No."), finished(1, 8.0)]);
    append(&writer, vec![opened(2, 1)]);
    let seal = writer.seal(77).unwrap();
    assert_eq!((seal.sealed_at_ms, seal.trials, seal.events), (77, 4, 4));
    writer.close().unwrap();
}

/// Changes a file as someone would who wants to hide it.
fn tampered(sql: &str) -> Verification {
    let folder = folder();
    let path = run_path(&folder);
    sealed_run(&path);
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "foreign_keys", "OFF").unwrap();
    for table in ["event", "blob", "trial"] {
        for what in ["rows", "content"] {
            raw.execute_batch(&format!("DROP TRIGGER {table}_keeps_its_{what}")).unwrap();
        }
    }
    assert_eq!(raw.execute(sql, []).unwrap(), 1, "{sql}");
    drop(raw);
    RunReader::open(&path).unwrap().verify().unwrap()
}

fn check(sql: &str, trial: u64, event: u64, what: &str) {
    let found = tampered(sql);
    let hit = found.problems.iter().any(|problem| {
        problem.trial == Some(TrialNo(trial)) && problem.event == Some(event) && problem.what.contains(what)
    });
    assert!(hit, "{sql}: {:?}", found.problems);
}

#[test]
fn an_untouched_run_is_clean_and_matches_its_seal() {
    let folder = folder();
    let path = run_path(&folder);
    sealed_run(&path);
    let reader = RunReader::open(&path).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    assert_eq!((found.trials, found.events, found.blobs), (4, 4, 2));
    assert_eq!(found.seal, reader.seal().unwrap());
    assert_eq!(found.seal.unwrap().root, found.root.map(|root| root.to_string()));
}

#[test]
fn a_changed_event_is_found() {
    check("UPDATE event SET body = replace(body, '8.0', '9.0') WHERE id = 3", 1, 3, "chain breaks");
    check("UPDATE event SET at_ms = 4 WHERE id = 2", 1, 2, "chain breaks");
    check("UPDATE event SET body = '{' WHERE id = 4", 2, 4, "cannot be read");
    check("UPDATE event SET kind = 'opened' WHERE id = 3", 1, 3, "filed as \"opened\"");
    check("UPDATE event SET trial = 9 WHERE id = 4", 9, 4, "not planned");
}

#[test]
fn a_removed_event_is_found() {
    check("DELETE FROM event WHERE id = 1", 1, 2, "chain breaks");
    let last = tampered("DELETE FROM event WHERE id = 3");
    let texts: Vec<_> = last.problems.iter().map(|problem| &problem.what[..]).collect();
    assert_eq!(
        texts,
        [
            "its digest is of an event that is not there",
            "the events are not those that were sealed: the Merkle root differs",
            "4 events were sealed, and there are 3",
        ]
    );
}

#[test]
fn a_changed_or_removed_blob_is_found() {
    let answer = answered(1, "q", "No.").blobs[1].address();
    let at = format!("WHERE address = x'{answer}'");
    check(&format!("UPDATE blob SET coding = 0, size = 2, bytes = x'6869' {at}"), 1, 2, "other content");
    check(&format!("UPDATE blob SET coding = 1, bytes = x'00' {at}"), 1, 2, "does not decompress");
    check(&format!("UPDATE blob SET coding = 7 {at}"), 1, 2, "does not decompress");
    check(&format!("DELETE FROM blob {at}"), 1, 2, "is missing");
}

#[test]
fn a_renamed_trial_breaks_its_chain() {
    check("UPDATE trial SET repeat = 2 WHERE no = 1", 1, 1, "chain breaks");
}

#[test]
fn a_changed_manifest_contradicts_the_seal() {
    let found = tampered("UPDATE manifest SET value = replace(value, 'test', 'fake') WHERE key = 'manifest'");
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].to_string(), "the manifest is not the one that was sealed");
}

#[test]
fn a_problem_names_its_trial_and_event() {
    let found = tampered("UPDATE event SET at_ms = 4 WHERE id = 2");
    assert!(
        found.problems[0].to_string().starts_with("trial 1: event 2: the hash chain"),
        "{}",
        found.problems[0]
    );
}

#[test]
fn writing_on_takes_the_seal_away() {
    let folder = folder();
    let path = run_path(&folder);
    for change in [
        (|writer| append(writer, vec![opened(3, 1)])) as fn(&RunWriter),
        |writer| writer.set_manifest(&manifest()).unwrap(),
        |writer| {
            writer.add_trials([key("a", "m1", 2)]).unwrap();
        },
    ] {
        if !path.exists() {
            sealed_run(&path);
        }
        let writer = RunWriter::open(&path).unwrap();
        writer.seal(1).unwrap();
        change(&writer);
        drop(writer);
        let found = RunReader::open(&path).unwrap().verify().unwrap();
        assert_eq!(found.seal, None);
        assert!(found.is_clean(), "{:?}", found.problems);
    }
}
