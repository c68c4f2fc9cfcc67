//! Files that are no run files, or not of this version, are refused with their own reasons.

use std::path::Path;

use rusqlite::Connection;
use unbent_core::Manifest;

use super::{folder, manifest, run_path, small_run};
use crate::{FORMAT_VERSION, RunReader, RunWriter, StoreError, plan_run};

/// Neither a reader nor a writer opens the file; both say the same.
fn refusal(path: &Path) -> StoreError {
    let reading = RunReader::open(path).unwrap_err();
    let writing = RunWriter::open(path).unwrap_err();
    assert_eq!(reading.to_string(), writing.to_string());
    reading
}

fn check_foreign(path: &Path, expected: &str) {
    match refusal(path) {
        StoreError::NotARunFile { why, path: named } => {
            assert_eq!(why, expected);
            assert_eq!(named, path);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_not_a_run_file_is_told_apart() {
    let folder = folder();
    let path = run_path(&folder);
    check_foreign(folder.path(), "it is a folder");
    std::fs::write(&path, "").unwrap();
    check_foreign(&path, "it is empty");
    std::fs::write(&path, "some text that is no database ".repeat(50)).unwrap();
    check_foreign(&path, "it is not an SQLite database");
    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    drop(other);
    check_foreign(&path, "it is an SQLite database of another program");
    let content = std::fs::read(&path).unwrap();
    refusal(&path);
    assert_eq!(std::fs::read(&path).unwrap(), content, "a foreign file is left as it is");
}

#[test]
fn a_missing_file_is_named() {
    let folder = folder();
    let error = refusal(&run_path(&folder));
    assert!(matches!(&error, StoreError::NotFound { path } if *path == run_path(&folder)));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn a_newer_format_is_refused_with_both_versions() {
    let folder = folder();
    let path = run_path(&folder);
    small_run(&path).close().unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", FORMAT_VERSION + 1).unwrap();
    drop(raw);
    let error = refusal(&path);
    assert!(matches!(error, StoreError::NewerVersion { found: 3, reads: 2, .. }));
    let text = error.to_string();
    assert!(text.contains("format version 3") && text.contains("up to 2"), "{text}");
}

#[test]
fn a_run_without_a_guard_says_nothing_of_one() {
    let guard = manifest().subjects.remove(0);
    for guard in [None, Some(guard)] {
        let folder = folder();
        let path = run_path(&folder);
        let manifest = Manifest { guard, ..manifest() };
        plan_run(&path, &manifest, &[], []).unwrap();
        assert_eq!(RunReader::open(&path).unwrap().manifest().unwrap(), manifest);
        let json = serde_json::to_value(&manifest).unwrap();
        assert_eq!(json.get("guard").is_some(), manifest.guard.is_some());
    }
}

#[test]
fn a_cut_off_run_file_is_damaged() {
    let folder = folder();
    let path = run_path(&folder);
    small_run(&path).close().unwrap();
    let content = std::fs::read(&path).unwrap();
    std::fs::write(&path, &content[..content.len() / 2]).unwrap();
    let error = RunReader::open(&path).and_then(|reader| reader.verify()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}
