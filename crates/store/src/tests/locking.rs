//! Exactly one process writes to a run file.

use rusqlite::Connection;

use super::{append, folder, manifest, opened, run_path, small_run, wait};
use crate::lock::lock_path;
use crate::{RunReader, RunWriter, StoreError};

#[test]
fn a_second_writer_in_the_same_process_is_told_who_the_first_is() {
    let folder = folder();
    let path = run_path(&folder);
    let first = small_run(&path);
    let error = RunWriter::open(&path).unwrap_err();
    let StoreError::Locked { holder: Some(holder), .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(holder.pid, std::process::id());
    assert!(holder.since_ms > 1_600_000_000_000);
    let text = error.to_string();
    for part in ["run.unbent", &holder.pid.to_string(), "since 20", "wait until it ends"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(matches!(RunWriter::create(&path, &manifest()), Err(StoreError::Locked { .. })));
    drop(first);
    RunWriter::open(&path).unwrap();
}

/// Runs itself again as a child that tries to write while the parent does.
#[test]
fn a_second_writer_in_another_process_is_told_who_the_first_is() {
    const TRIES: &str = "UNBENT_TEST_TRIES";
    if let Some(path) = std::env::var_os(TRIES) {
        let error = RunWriter::open(path.as_ref()).unwrap_err();
        println!("refused: {error}");
        return;
    }
    let folder = folder();
    let path = run_path(&folder);
    let _first = small_run(&path);
    let name = std::thread::current().name().unwrap().to_owned();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--test-threads", "1", "--nocapture"])
        .env(TRIES, &path)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let me = format!("is being written by process {}", std::process::id());
    assert!(said.contains("refused: ") && said.contains(&me), "{said}");
}

#[test]
fn the_lock_file_goes_when_the_writer_closes() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    assert!(lock_path(&path).exists());
    writer.close().unwrap();
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["run.unbent"]);
}

#[test]
fn a_lock_file_that_was_left_behind_locks_nobody_out() {
    let folder = folder();
    let path = run_path(&folder);
    small_run(&path).close().unwrap();
    std::fs::write(lock_path(&path), r#"{"pid":1,"command":"x","since_ms":0}"#).unwrap();
    RunWriter::open(&path).unwrap();
}

#[test]
fn a_database_that_another_program_keeps_busy_is_reported_as_locked() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1)]);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    writer.wait_for_nobody();
    let error = writer.add_trials([super::key("a", "m1", 2)]).unwrap_err();
    assert!(matches!(error, StoreError::Locked { holder: None, .. }), "{error}");
    assert!(error.to_string().contains("another program"), "{error}");
    let error = wait(writer.sink().append(vec![opened(2, 1)])).unwrap_err();
    assert!(error.message.contains("another program"), "{error}");
}

#[test]
fn readers_do_not_mind_the_writer() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    let reader = RunReader::open(&path).unwrap();
    append(&writer, vec![opened(1, 1)]);
    assert_eq!(reader.event_count().unwrap(), 1);
    append(&writer, vec![opened(2, 1)]);
    assert_eq!(reader.event_count().unwrap(), 2);
    writer.close().unwrap();
    assert_eq!(reader.event_count().unwrap(), 2);
}
