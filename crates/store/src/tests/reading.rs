//! What a reader sees, alone and beside a writer.

use std::collections::BTreeMap;

use unbent_core::{
    Entry, Event, Fault, FaultKind, Meter, ModelRole, Outcome, Source, TrialNo, TrialState, TrialView,
    UnscoredReason,
};

use super::{answered, append, case, finished, folder, key, manifest, opened, run_path, small_run};
use crate::lock::WriterLock;
use crate::{RunReader, RunWriter, StoreError};

fn entry(trial: u64, event: Event) -> Entry {
    Entry { trial: TrialNo(trial), at_ms: 5, event, blobs: Vec::new() }
}

fn faulted(trial: u64) -> Entry {
    let event = Event::Faulted {
        need: "q".into(),
        role: Some(ModelRole::Judge),
        tried: 2,
        fault: Fault::new(FaultKind::RateLimited, "slow down").with_status(429),
        retry_in_ms: Some(10),
        meter: Meter::default(),
        wire: None,
    };
    entry(trial, event)
}

fn unscored(trial: u64) -> Entry {
    let outcome = Outcome::unscored(UnscoredReason::JudgeFault(FaultKind::Timeout), "late");
    entry(trial, Event::Finished { outcome })
}

fn voided(trial: u64) -> Entry {
    entry(trial, Event::Voided { reason: "gone".to_owned() })
}

/// The views by the definition: every event of the file, folded.
fn folded(reader: &RunReader) -> Vec<TrialView> {
    (1..=reader.trial_count().unwrap())
        .map(TrialNo)
        .map(|no| {
            let mut view = TrialView::pending(no, reader.trial(no).unwrap().unwrap());
            for event in Source::events(reader, no).unwrap() {
                view.apply(&event);
            }
            view
        })
        .collect()
}

fn streamed(reader: &RunReader) -> Vec<TrialView> {
    reader.trials().map(Result::unwrap).collect()
}

#[test]
fn streamed_trials_are_the_folds_of_their_events() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = RunWriter::create(&path, &manifest()).unwrap();
    writer.add_cases(&[case("a")]).unwrap();
    // More than two portions, and trials without events at the end of each kind of row.
    let n = 2_500;
    writer.add_trials((1..=n).map(|n| key("a", "m2", n))).unwrap();
    let entries = (1..=u64::from(n)).flat_map(|trial| {
        let mut log = vec![
            opened(trial, 1),
            answered(trial, "q", "No."),
            faulted(trial),
            voided(trial),
            answered(trial, "q", "Never."),
            match trial % 3 {
                0 => unscored(trial),
                _ => finished(trial, trial as f64 / 7.0),
            },
            entry(trial, Event::Reopened),
        ];
        log.truncate((trial % 8) as usize);
        log
    });
    append(&writer, entries.collect());
    let reader = RunReader::open(&path).unwrap();
    let views = streamed(&reader);
    assert_eq!(views.len(), n as usize);
    assert_eq!(views, folded(&reader));
    let mut states = BTreeMap::new();
    for view in &views {
        let state = match view.state {
            TrialState::Pending => "pending",
            TrialState::Open => "open",
            TrialState::Finished(Outcome::Scored { .. }) => "scored",
            TrialState::Finished(Outcome::Unscored { .. }) => "unscored",
        };
        *states.entry(state).or_insert(0) += 1;
    }
    assert_eq!(states.len(), 4, "{states:?}");
}

#[test]
fn a_reader_sees_whole_trials_while_they_are_written() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = RunWriter::create(&path, &manifest()).unwrap();
    writer.add_cases(&[case("a")]).unwrap();
    let n = 300;
    writer.add_trials((1..=n).map(|n| key("a", "m1", n))).unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for trial in 1..=u64::from(n) {
                append(&writer, vec![opened(trial, 1), finished(trial, 1.0)]);
            }
        });
        let reader = RunReader::open(&path).unwrap();
        let mut seen = 0;
        loop {
            let is_over = writing.is_finished();
            let views = streamed(&reader);
            let done = views.iter().take_while(|view| view.outcome().is_some()).count();
            assert!(
                views[done..].iter().all(|view| view.state == TrialState::Pending),
                "both events of a trial are committed at once, and trials in their order"
            );
            assert!(done >= seen);
            seen = done;
            if is_over {
                break;
            }
        }
        assert_eq!(seen, n as usize);
    });
}

#[test]
fn a_trial_is_found_by_its_name_and_named_by_its_number() {
    let folder = folder();
    let _writer = small_run(&run_path(&folder));
    let reader = RunReader::open(&run_path(&folder)).unwrap();
    assert_eq!(reader.trial_count().unwrap(), 4);
    assert_eq!(reader.trial(TrialNo(3)).unwrap(), Some(key("b", "m1", 1)));
    assert_eq!(reader.find(&key("b", "m1", 1)).unwrap(), Some(TrialNo(3)));
    assert_eq!(reader.trial(TrialNo(5)).unwrap(), None);
    for stray in [key("b", "m1", 2), key("c", "m1", 1), key("b", "m3", 1)] {
        assert_eq!(reader.find(&stray).unwrap(), None, "{stray}");
    }
    assert_eq!(reader.case(&"s".into(), &"b".into()).unwrap(), Some(case("b")));
    assert_eq!(reader.case(&"s".into(), &"c".into()).unwrap(), None);
    assert_eq!(reader.manifest().unwrap(), manifest());
    assert_eq!(reader.seal().unwrap(), None);
}

#[test]
fn a_trial_that_ended_twice_is_counted_once() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    append(&writer, vec![unscored(1), entry(1, Event::Reopened), finished(1, 1.0), unscored(2)]);
    let reader = RunReader::open(&run_path(&folder)).unwrap();
    assert_eq!(reader.finished_count().unwrap(), 2);
}

#[test]
fn cases_and_subjects_added_after_opening_are_known_to_the_reader() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    let reader = RunReader::open(&run_path(&folder)).unwrap();
    assert_eq!(streamed(&reader).len(), 4);
    writer.add_cases(&[case("c")]).unwrap();
    writer.add_trials([key("c", "m1", 1)]).unwrap();
    assert_eq!(streamed(&reader)[4].key, key("c", "m1", 1));
}

#[test]
fn reading_leaves_no_files_behind() {
    let folder = folder();
    let path = run_path(&folder);
    small_run(&path).close().unwrap();
    let content = std::fs::read(&path).unwrap();
    let reader = RunReader::open(&path).unwrap();
    assert_eq!(streamed(&reader).len(), 4);
    drop(reader);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

/// A dead link in place of the file that SQLite needs beside the database stands in for a folder that takes no files.
fn deny_shared_memory(path: &std::path::Path) {
    std::os::unix::fs::symlink("/nowhere/at/all", format!("{}-shm", path.display())).unwrap();
}

#[test]
fn a_run_whose_folder_takes_no_files_is_read_as_it_lies() {
    let folder = folder();
    let path = folder.path().join("a run?#%41.unbent");
    let writer = small_run(&path);
    append(&writer, vec![opened(1, 1)]);
    writer.close().unwrap();
    deny_shared_memory(&path);
    let reader = RunReader::open(&path).unwrap();
    assert_eq!(reader.event_count().unwrap(), 1);
    assert!(reader.verify().unwrap().is_clean());
}

#[test]
fn a_run_that_cannot_share_memory_is_not_read_past_a_writer_or_its_log() {
    let folder = folder();
    let path = run_path(&folder);
    small_run(&path).close().unwrap();
    deny_shared_memory(&path);
    let lock = WriterLock::take(&path).unwrap();
    let error = RunReader::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Sqlite { .. }), "{error:?}");
    drop(lock);
    assert!(RunReader::open(&path).is_ok());
    std::fs::write(format!("{}-wal", path.display()), "something committed").unwrap();
    let error = RunReader::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Sqlite { .. }), "{error:?}");
}

#[test]
fn fifty_thousand_trials_are_planned_and_streamed() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = RunWriter::create(&path, &manifest()).unwrap();
    writer.add_cases(&[case("a")]).unwrap();
    let n: u32 = 50_000;
    assert_eq!(writer.add_trials((1..=n).map(|n| key("a", "m1", n))).unwrap(), u64::from(n));
    let reader = RunReader::open(&path).unwrap();
    let mut trials = reader.trials();
    let last = trials.by_ref().map(Result::unwrap).last().unwrap();
    assert_eq!((last.no, last.key), (TrialNo(u64::from(n)), key("a", "m1", n)));
    assert!(trials.most_held() <= 1024, "a portion, not the run: {}", trials.most_held());
}

#[test]
fn without_notes_trials_are_the_same_but_for_their_notes() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = small_run(&path);
    let unscored = Outcome::unscored(UnscoredReason::NoAnswer, "silence");
    append(&writer, vec![opened(1, 1), answered(1, "q", "yes"), finished(1, 7.5), faulted(2)]);
    append(&writer, vec![entry(2, Event::Finished { outcome: unscored }), finished(3, 2.0), opened(4, 9)]);
    let reader = RunReader::open(&path).unwrap();
    let mut whole: Vec<TrialView> = reader.trials().map(Result::unwrap).collect();
    let mut left_out = 0;
    for trial in &mut whole {
        if let TrialState::Finished(Outcome::Scored { note, .. }) = &mut trial.state {
            left_out += u32::from(note.take().is_some());
        }
    }
    assert_eq!(left_out, 2);
    let brief: Vec<TrialView> = reader.trials_without_notes().map(Result::unwrap).collect();
    assert_eq!(brief, whole);
}

#[test]
fn portions_hold_every_trial_once_and_in_order() {
    let folder = folder();
    let path = run_path(&folder);
    let writer = RunWriter::create(&path, &manifest()).unwrap();
    writer.add_cases(&[case("a")]).unwrap();
    writer.add_trials((1..=1_500).map(|n| key("a", "m1", n))).unwrap();
    let reader = RunReader::open(&path).unwrap();
    let mut trials = reader.trials();
    let portions: Vec<Vec<TrialView>> = std::iter::from_fn(|| trials.portion()).map(Result::unwrap).collect();
    assert!(portions.len() > 1 && portions.iter().all(|portion| portion.len() <= 512));
    let numbers: Vec<u64> = portions.iter().flatten().map(|trial| trial.no.0).collect();
    assert_eq!(numbers, (1..=1_500).collect::<Vec<_>>());
}
