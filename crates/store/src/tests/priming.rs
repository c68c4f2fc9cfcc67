//! Blobs that are stored by what is new in them are read back whole, and need what they were made with.

use std::path::Path;

use rusqlite::Connection;
use unbent_core::{Blob, Entry, TrialNo};

use super::{answered, append, folder, run_path, small_run};
use crate::{RunReader, RunWriter};

/// An answer to a question of which most stands in every other question too.
fn long_answer(n: usize) -> Entry {
    let rules = (0..150)
        .map(|line| format!("Rule {} is not rule {line}. ", line * line))
        .collect::<Vec<_>>()
        .concat();
    answered(1 + n as u64 % 4, &format!("q{n}"), &format!("{rules}So what about {n}?"))
}

fn write(writer: &RunWriter, answers: std::ops::Range<usize>) -> Vec<Blob> {
    let entries: Vec<_> = answers.map(long_answer).collect();
    let blobs = entries.iter().flat_map(|entry| entry.blobs.clone()).collect();
    for entry in entries {
        append(writer, vec![entry]);
    }
    blobs
}

fn primed(path: &Path) -> u32 {
    let raw = Connection::open(path).unwrap();
    raw.query_one("SELECT count(*) FROM blob WHERE coding = 2", [], |row| row.get(0)).unwrap()
}

fn check(path: &Path, blobs: &[Blob]) {
    let reader = RunReader::open(path).unwrap();
    for blob in blobs {
        assert_eq!(reader.blob(blob.address()).unwrap(), blob.bytes());
    }
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
}

#[test]
fn what_blobs_share_is_stored_once_and_all_are_read_back_by_every_later_writer() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    let mut blobs = write(&writer, 0..100);
    check(&path, &blobs);
    writer.close().unwrap();
    let first = primed(&path);
    assert!(first > 50, "{first}");
    let (stored, told): (u32, u32) = Connection::open(&path)
        .unwrap()
        .query_one("SELECT sum(length(bytes)), sum(size) FROM blob WHERE coding = 2", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert!(stored * 4 < told, "{stored} bytes on disk of {told}");

    let writer = RunWriter::open(&path).unwrap();
    blobs.extend(write(&writer, 100..200));
    writer.close().unwrap();
    assert!(primed(&path) > first);
    check(&path, &blobs);
}

#[test]
fn a_file_of_the_first_version_goes_on_without_primed_blobs() {
    let folder = folder();
    let path = run_path(&folder);
    small_run(&path).close().unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let writer = RunWriter::open(&path).unwrap();
    let blobs = write(&writer, 0..100);
    writer.close().unwrap();
    assert_eq!(primed(&path), 0);
    check(&path, &blobs);
}

#[test]
fn a_changed_primer_is_found_in_the_events_that_need_it() {
    for change in ["UPDATE blob SET bytes = zeroblob(1)", "DELETE FROM blob"] {
        let folder = folder();
        let path = run_path(&folder);
        let writer = small_run(&path);
        let blobs = write(&writer, 0..100);
        writer.close().unwrap();
        check(&path, &blobs);
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch("DROP TRIGGER blob_keeps_its_rows; DROP TRIGGER blob_keeps_its_content").unwrap();
        let of_the_primer =
            "WHERE address = (SELECT substr(bytes, 1, 32) FROM blob WHERE coding = 2 LIMIT 1)";
        assert_eq!(raw.execute(&format!("{change} {of_the_primer}"), []).unwrap(), 1);
        drop(raw);
        let found = RunReader::open(&path).unwrap().verify().unwrap();
        let hit = |trial| found.problems.iter().any(|problem| problem.trial == Some(TrialNo(trial)));
        assert!((1..=4).all(hit), "{change}: {:?}", found.problems);
    }
}
