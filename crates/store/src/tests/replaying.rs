//! Recorded answers are found again.

use unbent_core::{Entry, Event, ReplaySource, TrialNo};

use super::{answered, append, ask, folder, key, run_path, small_run};
use crate::{Replay, StoreError};

fn said(replay: &Replay, case: &str, subject: &str, need: &str) -> Option<String> {
    let unbent_core::Recorded { asked, reply } =
        replay.recorded(&key(case, subject, 1), &need.into()).unwrap()?;
    let text = reply.message.content.unwrap();
    assert_eq!(asked, Some(ask(&format!("about {text}"))));
    Some(text)
}

#[test]
fn an_answer_is_found_by_case_repeat_and_need_whoever_asks() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    append(&writer, vec![answered(1, "q", "one"), answered(2, "q", "two"), answered(2, "r", "only two")]);
    let any = Replay::open(&run_path(&folder), None).unwrap();
    assert_eq!(said(&any, "a", "someone", "q").as_deref(), Some("one"));
    assert_eq!(said(&any, "a", "someone", "r").as_deref(), Some("only two"));
    assert_eq!(said(&any, "a", "m1", "other"), None);
    assert_eq!(said(&any, "b", "m1", "q"), None);
    assert_eq!(any.recorded(&key("a", "m1", 2), &"q".into()).unwrap(), None);

    let second = Replay::open(&run_path(&folder), Some("m2".into())).unwrap();
    assert_eq!(said(&second, "a", "m1", "q").as_deref(), Some("two"));
    let first = Replay::open(&run_path(&folder), Some("m1".into())).unwrap();
    assert_eq!(said(&first, "a", "m1", "r"), None);
}

#[test]
fn the_last_answer_counts_and_one_of_a_voided_attempt_does_not() {
    let folder = folder();
    let writer = small_run(&run_path(&folder));
    let voided = |trial| Entry {
        trial: TrialNo(trial),
        at_ms: 1,
        event: Event::Voided { reason: "gone".to_owned() },
        blobs: Vec::new(),
    };
    append(
        &writer,
        vec![
            answered(1, "q", "early"),
            voided(1),
            answered(1, "q", "late"),
            answered(3, "q", "lost"),
            voided(3),
        ],
    );
    let replay = Replay::open(&run_path(&folder), None).unwrap();
    assert_eq!(said(&replay, "a", "m1", "q").as_deref(), Some("late"));
    assert_eq!(said(&replay, "b", "m1", "q"), None);
}

#[test]
fn a_subject_that_is_not_in_the_file_is_refused() {
    let folder = folder();
    let _writer = small_run(&run_path(&folder));
    let error = Replay::open(&run_path(&folder), Some("m9".into())).unwrap_err();
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
}
