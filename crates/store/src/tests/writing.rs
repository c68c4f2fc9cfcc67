//! What is appended is durable, ordered and never changed.

use std::sync::Arc;

use rusqlite::Connection;
use unbent_core::{Entry, Sink, TrialNo};

use super::{
    answered, append, case, finished, folder, key, manifest, opened, run_path, small_run, subject, wait,
};
use crate::{RunReader, RunWriter, StoreError, plan_run};

#[test]
fn what_was_appended_is_read_back_in_order_with_its_times() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    append(&writer, vec![opened(2, 10), answered(2, "q", "No.")]);
    append(&writer, vec![opened(1, 20), finished(2, 9.0)]);
    writer.close().unwrap();

    let reader = RunReader::open(&run_path(&folder)).unwrap();
    let logged = reader.events(TrialNo(2)).unwrap();
    let times: Vec<_> = logged.iter().map(|logged| logged.at_ms).collect();
    assert_eq!(times, [10, 2_000, 3_000]);
    assert_eq!(logged[1].event, answered(2, "q", "No.").event);
    for blob in &answered(2, "q", "No.").blobs {
        assert_eq!(reader.blob(blob.address()).unwrap(), blob.bytes());
    }
    assert_eq!(reader.events(TrialNo(1)).unwrap().len(), 1);
    assert_eq!(reader.events(TrialNo(3)).unwrap(), []);
}

#[test]
fn a_run_goes_on_where_it_was_closed() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 10)]);
    writer.close().unwrap();

    let writer = RunWriter::open(&path).unwrap();
    append(&writer, vec![finished(1, 3.0)]);
    drop(writer);

    let found = RunReader::open(&path).unwrap().verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    assert_eq!(found.events, 2);
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = folder();
    let path = run_path(&folder);
    std::fs::write(&path, "mine").unwrap();
    let error = RunWriter::create(&path, &manifest()).unwrap_err();
    assert!(matches!(error, StoreError::AlreadyExists { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn a_run_cannot_be_made_in_a_folder_that_is_not_there() {
    let folder = folder();
    let error = RunWriter::create(&folder.path().join("no/run.unbent"), &manifest()).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { path } if path.ends_with("no")));
}

#[test]
fn trials_planned_twice_are_planned_once_and_new_ones_get_the_next_numbers() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    let keys = [key("a", "m1", 1), key("a", "m1", 2), key("b", "m2", 1), key("b", "m2", 2)];
    assert_eq!(writer.add_trials(keys).unwrap(), 2);
    assert_eq!(writer.find(&key("b", "m2", 1)).unwrap(), Some(TrialNo(4)));
    assert_eq!(writer.find(&key("a", "m1", 2)).unwrap(), Some(TrialNo(5)));
    assert_eq!(writer.find(&key("b", "m2", 2)).unwrap(), Some(TrialNo(6)));
    assert_eq!(writer.find(&key("b", "m2", 3)).unwrap(), None);
}

#[test]
fn a_trial_of_an_unknown_case_or_subject_is_refused_and_plans_nothing() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    for stray in [key("c", "m1", 1), key("a", "m3", 1)] {
        let error = writer.add_trials([key("a", "m1", 2), stray]).unwrap_err();
        assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
    }
    assert_eq!(writer.add_trials([key("a", "m1", 2)]).unwrap(), 1);
    assert_eq!(writer.find(&key("a", "m1", 2)).unwrap(), Some(TrialNo(5)));
}

#[test]
fn a_subject_is_known_once_the_manifest_names_it() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    let mut more = manifest();
    more.subjects.push(subject("m3"));
    writer.set_manifest(&more).unwrap();
    assert_eq!(writer.add_trials([key("a", "m3", 1)]).unwrap(), 1);
    let reader = RunReader::open(&run_path(&folder)).unwrap();
    assert_eq!(reader.manifest().unwrap(), more);
}

#[test]
fn a_case_keeps_its_description() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    writer.add_cases(&[case("a"), case("c")]).unwrap();
    let mut other = case("a");
    other.spec = "something else".into();
    let error = writer.add_cases(&[case("d"), other]).unwrap_err();
    assert!(matches!(error, StoreError::Contradiction { .. }), "{error}");
    let reader = RunReader::open(&run_path(&folder)).unwrap();
    assert_eq!(reader.cases().unwrap(), ["a", "b", "c"].map(case));
}

#[test]
fn events_and_blobs_cannot_be_changed_or_deleted() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), answered(1, "q", "No.")]);
    drop(writer);
    let raw = Connection::open(&path).unwrap();
    for sql in [
        "UPDATE event SET at_ms = 0",
        "DELETE FROM event",
        "UPDATE blob SET bytes = x'00'",
        "DELETE FROM blob",
        "UPDATE trial SET repeat = 9",
        "DELETE FROM trial",
    ] {
        let error = raw.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("never"), "{sql}: {error}");
    }
}

#[test]
fn appends_from_many_threads_are_all_committed_and_each_trial_keeps_its_order() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = RunWriter::create(&path, &manifest()).unwrap();
    writer.add_cases(&[case("a")]).unwrap();
    writer.add_trials((1..=64).map(|n| key("a", "m1", n))).unwrap();
    let sink = writer.sink();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let sink: &Arc<dyn Sink> = &sink;
            scope.spawn(move || {
                for trial in (1..=64).filter(|trial| trial % 8 == thread) {
                    let acks = [
                        sink.append(vec![opened(trial, 1)]),
                        sink.append(vec![answered(trial, "q", &format!("answer {trial}"))]),
                        sink.append(vec![finished(trial, 1.0)]),
                    ];
                    for ack in acks {
                        wait(ack).unwrap();
                    }
                }
            });
        }
    });
    let reader = RunReader::open(&path).unwrap();
    for trial in 1..=64 {
        let kinds: Vec<_> =
            reader.events(TrialNo(trial)).unwrap().iter().map(|logged| logged.event.kind()).collect();
        assert_eq!(kinds, ["opened", "answered", "finished"], "trial {trial}");
    }
    assert!(reader.verify().unwrap().is_clean());
}

#[test]
fn an_acknowledged_entry_is_in_the_files_before_the_writer_closes() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), answered(1, "q", "No.")]);
    append(&writer, vec![finished(1, 8.0)]);

    let copy = folder.path().join("copy.unbent");
    for suffix in ["", "-wal"] {
        let part = |name: &std::path::Path| format!("{}{suffix}", name.display());
        std::fs::copy(part(&path), part(&copy)).unwrap();
    }
    let found = RunReader::open(&copy).unwrap().verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    assert_eq!((found.events, found.blobs), (3, 2));
}

/// Runs itself again as a child that dies in the middle of writing.
#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged_and_locks_nobody_out() {
    const DIES_ON: &str = "UNBENT_TEST_DIES_ON";
    if let Some(path) = std::env::var_os(DIES_ON) {
        let writer = small_run(path.as_ref());
        append(&writer, vec![opened(1, 1), answered(1, "q", "No.")]);
        append(&writer, vec![opened(2, 1)]);
        std::process::abort();
    }
    let folder = folder();
    let path = run_path(&folder);
    let name = std::thread::current().name().unwrap().to_owned();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--test-threads", "1"])
        .env(DIES_ON, &path)
        .output()
        .unwrap()
        .status;
    assert!(!status.success());
    assert!(crate::lock::lock_path(&path).exists(), "the killed writer leaves its lock file");

    assert_eq!(RunReader::open(&path).unwrap().event_count().unwrap(), 3);
    let writer = RunWriter::open(&path).unwrap();
    append(&writer, vec![finished(1, 8.0)]);
    writer.close().unwrap();
    let found = RunReader::open(&path).unwrap().verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    assert_eq!(found.events, 4);
    assert!(!crate::lock::lock_path(&path).exists());
}

#[test]
fn a_full_disk_stops_the_writer_and_keeps_what_was_committed() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1), answered(1, "q", "No.")]);
    writer.limit_to_its_present_pages();

    let sink = writer.sink();
    let long: String =
        (0..4_000_u32).map(|n| unbent_core::BlobRef::of(&n.to_le_bytes()).to_string()).collect();
    let error = wait(sink.append(vec![answered(2, "q", &long)])).unwrap_err();
    assert!(error.disk_full, "{error}");
    assert!(error.message.contains("run.unbent"), "{error}");

    writer.lift_the_limit();
    let again = wait(sink.append(vec![opened(2, 1)])).unwrap_err();
    assert_eq!((again.message, again.disk_full), (error.message, true));
    assert!(matches!(writer.seal(5), Err(StoreError::Stopped(_))));
    let reader = RunReader::open(&path).unwrap();
    assert_eq!(reader.event_count().unwrap(), 2);
    assert!(reader.verify().unwrap().is_clean());
}

#[test]
fn an_event_of_a_trial_that_is_not_planned_is_refused() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    let error = wait(writer.sink().append(vec![opened(5, 1)])).unwrap_err();
    assert!(error.message.contains("trial 5"), "{error}");
    assert!(!error.disk_full);
}

#[test]
fn a_sink_that_outlives_its_writer_takes_nothing() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    let sink = writer.sink();
    let before = sink.append(vec![opened(1, 1)]);
    writer.close().unwrap();
    assert!(wait(before).is_ok(), "what was handed over before closing is written");
    assert!(wait(sink.append(vec![opened(2, 1)])).is_err());
    let reader = RunReader::open(&run_path(&folder)).unwrap();
    assert_eq!(reader.event_count().unwrap(), 1);
}

#[test]
fn equal_blobs_are_stored_once() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    append(&writer, vec![answered(1, "q", "No."), answered(2, "q", "No.")]);
    append(&writer, vec![answered(3, "q", "No.")]);
    let found = RunReader::open(&run_path(&folder)).unwrap().verify().unwrap();
    assert_eq!((found.events, found.blobs), (3, 2));
    assert!(found.is_clean());
}

#[test]
fn more_trials_than_the_writer_remembers_keep_their_chains() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = RunWriter::create(&path, &manifest()).unwrap();
    writer.add_cases(&[case("a")]).unwrap();
    let n = 70_000;
    assert_eq!(writer.add_trials((1..=n).map(|n| key("a", "m1", n))).unwrap(), u64::from(n));
    let all = |entry: fn(u64) -> Entry| (1..=u64::from(n)).map(entry).collect::<Vec<_>>();
    append(&writer, all(|trial| opened(trial, 1)));
    append(&writer, all(|trial| finished(trial, 1.0)));
    drop(writer);
    let found = RunReader::open(&path).unwrap().verify().unwrap();
    assert!(found.is_clean(), "{:?}", &found.problems[..1]);
    assert_eq!(found.events, 2 * u64::from(n));
}

#[test]
fn a_planned_run_appears_whole_or_not_at_all() {
    let folder = folder();
    let path = run_path(&folder);
    let keys = |case: &'static str| (1..=3).map(move |repeat| key(case, "m1", repeat));
    let watched =
        |case| keys(case).inspect(|_| assert!(!path.exists(), "it is not there before it is whole"));
    let cases = [case("a")];
    assert!(plan_run(&path, &manifest(), &cases, watched("unknown")).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of a failure");
    assert_eq!(plan_run(&path, &manifest(), &cases, watched("a")).unwrap(), 3);
    assert_eq!(RunReader::open(&path).unwrap().trial_count().unwrap(), 3);
    let again = plan_run(&path, &manifest(), &cases, keys("a"));
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })));
    let writer = RunWriter::open(&path).unwrap();
    append(&writer, vec![answered(1, "q", "one")]);
    writer.close().unwrap();
    assert!(RunReader::open(&path).unwrap().verify().unwrap().is_clean());
}
