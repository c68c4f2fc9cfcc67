//! The engine under a scripted world and paused time.

mod scripted;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use scripted::{Scripted, answered, jobs, outcomes, trial_keys, world};
use unbent_core::{Event, Fault, FaultKind, Outcome, TrialNo, TrialState, UnscoredReason};
use unbent_engine::{EngineError, MemoryLog, StopHandle, StopLevel, Tally, World, execute};

async fn run(world: &Arc<World>, log: &MemoryLog) -> Result<Tally, EngineError> {
    execute(world, jobs(log).into_iter(), &StopHandle::new().1).await
}

fn willing() -> Arc<Scripted> {
    Scripted::new(100, |_| Ok(()))
}

#[tokio::test(start_paused = true)]
async fn needs_named_together_are_met_together() {
    let log = MemoryLog::new(trial_keys(1).into_iter().filter(|key| key.case.as_str() == "Fan"));
    let begin = tokio::time::Instant::now();
    run(&world(&log, willing(), 8, 8), &log).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::from_millis(200), "three questions at once, then judge and guard");
}

#[tokio::test(start_paused = true)]
async fn every_shape_of_trial_is_scored() {
    let log = MemoryLog::new(trial_keys(2));
    let tally = run(&world(&log, willing(), 8, 8), &log).await.unwrap();
    assert_eq!(tally, Tally { scored: 8, ..Tally::default() });
    let labels: Vec<_> = outcomes(&log)
        .into_iter()
        .take(4)
        .map(|outcome| outcome.unwrap().scores().unwrap().label("said").unwrap().to_owned())
        .collect();
    assert_eq!(labels, ["<<begin>>", "<<a> <b> <c>>", "<how many?> 3", "<<<begin>>>"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_in_flight_than_allowed() {
    let log = MemoryLog::new(trial_keys(10));
    let provider = willing();
    run(&world(&log, Arc::clone(&provider), 3, 40), &log).await.unwrap();
    assert_eq!(provider.most_in_flight.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_trials_are_open_than_the_window_holds() {
    let log = MemoryLog::new(trial_keys(10));
    run(&world(&log, willing(), 40, 2), &log).await.unwrap();
    let (mut open, mut most) = (0, 0);
    for (_, event) in log.entries() {
        match event {
            Event::Opened => open += 1,
            Event::Finished { .. } => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    assert_eq!(most, 2);
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_is_recorded_and_tried_again() {
    let log = MemoryLog::new(trial_keys(1));
    let provider = Scripted::new(1, |call| {
        let fails = call.need.as_str() == "first" && call.tried < 3;
        if fails { Err(Fault::new(FaultKind::Server, "503")) } else { Ok(()) }
    });
    let tally = run(&world(&log, provider, 8, 8), &log).await.unwrap();
    assert_eq!(tally.scored, 4);
    let waits: Vec<_> = log
        .entries()
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::Faulted { tried, retry_in_ms, .. } => Some((tried, retry_in_ms.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(waits, [(1, true), (2, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_fault_leaves_its_trial_unscored_and_the_others_alone() {
    let log = MemoryLog::new(trial_keys(1));
    let provider = Scripted::new(1, |call| match call.need.as_str() {
        "b" => Err(Fault::new(FaultKind::Timeout, "no answer")),
        _ => Ok(()),
    });
    let tally = run(&world(&log, provider, 8, 8), &log).await.unwrap();
    assert_eq!(tally.scored, 3);
    assert_eq!(tally.unscored, [(UnscoredReason::SubjectFault(FaultKind::Timeout), 1)].into());
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_has_its_outcome_records_what_is_in_flight_and_asks_nothing_more() {
    let fan = || MemoryLog::new(trial_keys(1).into_iter().filter(|key| key.case.as_str() == "Fan"));
    let refusing = || {
        Scripted::new(100, |call| match call.need.as_str() {
            "b" => Err(Fault::new(FaultKind::Rejected, "400")),
            _ => Ok(()),
        })
    };
    let (log, provider) = (fan(), refusing());
    run(&world(&log, Arc::clone(&provider), 3, 3), &log).await.unwrap();
    assert_eq!(answered(&log), ["a".into(), "c".into()], "both were in flight when b failed");
    assert!(matches!(outcomes(&log)[0], Some(Outcome::Unscored { .. })));
    let (log, provider) = (fan(), refusing());
    run(&world(&log, Arc::clone(&provider), 1, 1), &log).await.unwrap();
    assert_eq!((answered(&log), provider.total_calls()), (vec!["a".into()], 2), "c was never sent");
}

#[tokio::test(start_paused = true)]
async fn an_unscored_trial_is_taken_up_again_and_asks_only_what_is_missing() {
    let log = MemoryLog::new(trial_keys(1).into_iter().filter(|key| key.case.as_str() == "Chain"));
    let failing = Scripted::new(1, |call| match call.need.as_str() {
        "second" => Err(Fault::new(FaultKind::Rejected, "400")),
        _ => Ok(()),
    });
    run(&world(&log, failing, 8, 8), &log).await.unwrap();
    assert!(matches!(outcomes(&log)[0], Some(Outcome::Unscored { .. })));
    let provider = willing();
    let tally = run(&world(&log, Arc::clone(&provider), 8, 8), &log).await.unwrap();
    assert_eq!((tally.scored, provider.total_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_asks_nothing_when_resumed() {
    let log = MemoryLog::new(trial_keys(2));
    run(&world(&log, willing(), 8, 8), &log).await.unwrap();
    let provider = willing();
    let before = log.entries();
    let tally = run(&world(&log, Arc::clone(&provider), 8, 8), &log).await.unwrap();
    assert_eq!((tally.scored, provider.total_calls()), (8, 0));
    assert_eq!(log.entries(), before);
}

#[tokio::test(start_paused = true)]
async fn draining_records_what_is_in_flight_and_begins_nothing() {
    let log = MemoryLog::new(trial_keys(20));
    let provider = willing();
    let world = world(&log, Arc::clone(&provider), 4, 8);
    let (handle, stop) = StopHandle::new();
    let stopper = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let asked = provider.total_calls();
        handle.raise(StopLevel::Drain);
        asked
    };
    let (tally, asked) = tokio::join!(execute(&world, jobs(&log).into_iter(), &stop), stopper);
    assert_eq!(provider.total_calls(), asked, "nothing is asked after the stop");
    assert_eq!(answered(&log).len(), asked, "every answer in flight is recorded");
    assert!(tally.unwrap().left_open > 0);
    let resumed = willing();
    let world = scripted::world(&log, Arc::clone(&resumed), 4, 8);
    assert_eq!(run(&world, &log).await.unwrap().scored, 80);
    assert_eq!(answered(&log).len(), asked + resumed.total_calls());
}

#[tokio::test(start_paused = true)]
async fn aborting_ends_at_once() {
    let log = MemoryLog::new(trial_keys(20));
    let world = world(&log, Scripted::new(3_600_000, |_| Ok(())), 4, 8);
    let (handle, stop) = StopHandle::new();
    let stopper = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        handle.raise(StopLevel::Abort);
    };
    let begin = tokio::time::Instant::now();
    let (tally, ()) = tokio::join!(execute(&world, jobs(&log).into_iter(), &stop), stopper);
    assert_eq!(begin.elapsed(), Duration::from_millis(50));
    assert_eq!(tally.unwrap().left_open, 80);
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_every_call_would_meet_stops_the_run() {
    let log = MemoryLog::new(trial_keys(20));
    let provider = Scripted::new(10, |_| Err(Fault::new(FaultKind::Unauthorized, "401")));
    let error = run(&world(&log, Arc::clone(&provider), 2, 4), &log).await.unwrap_err();
    assert!(matches!(error, EngineError::Fatal { fault } if fault.kind == FaultKind::Unauthorized));
    assert!(provider.total_calls() <= 4, "{} calls", provider.total_calls());
    let tally = run(&world(&log, willing(), 2, 4), &log).await.unwrap();
    assert_eq!(tally.scored, 80, "the fault counts no more when the run is resumed");
}

#[tokio::test(start_paused = true)]
async fn a_full_log_stops_the_run_with_its_reason() {
    let log = MemoryLog::new(trial_keys(20)).failing_after(5);
    let error = run(&world(&log, willing(), 2, 4), &log).await.unwrap_err();
    assert!(matches!(error, EngineError::Sink(error) if error.disk_full));
    assert_eq!(log.entries().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn equal_worlds_give_equal_logs() {
    let flaky = || {
        Scripted::new(10, |call| match (call.need.as_str(), call.tried) {
            ("a" | "second", 1) => Err(Fault::new(FaultKind::RateLimited, "429")),
            _ => Ok(()),
        })
    };
    let (one, two) = (MemoryLog::new(trial_keys(5)), MemoryLog::new(trial_keys(5)));
    run(&world(&one, flaky(), 3, 6), &one).await.unwrap();
    run(&world(&two, flaky(), 3, 6), &two).await.unwrap();
    assert_eq!(one.entries(), two.entries());
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_event_and_a_resume_give_the_same_outcomes() {
    let flaky = || {
        Scripted::new(10, |call| match (call.need.as_str(), call.tried) {
            ("a", 1) => Err(Fault::new(FaultKind::Connection, "reset")),
            _ => Ok(()),
        })
    };
    let whole = MemoryLog::new(trial_keys(2));
    run(&world(&whole, flaky(), 3, 4), &whole).await.unwrap();
    let expected = outcomes(&whole);
    for n in 0..whole.entries().len() {
        let log = whole.cut_after(n);
        let provider = flaky();
        run(&world(&log, Arc::clone(&provider), 3, 4), &log).await.unwrap();
        assert_eq!(outcomes(&log), expected, "after event {n}");
        let voided = log.entries().iter().filter(|(_, event)| matches!(event, Event::Voided { .. })).count();
        let again = answered(&log).len() - answered(&whole).len();
        assert!(again <= voided, "after event {n}: {again} answers asked again, {voided} trials voided");
    }
}

#[tokio::test(start_paused = true)]
async fn a_trial_whose_world_is_gone_starts_over_in_a_new_one() {
    let whole = MemoryLog::new(trial_keys(1).into_iter().filter(|key| key.case.as_str() == "Worldly"));
    run(&world(&whole, willing(), 1, 1), &whole).await.unwrap();
    let log = whole.cut_after(3);
    assert!(matches!(log.entries()[1], (TrialNo(1), Event::Acted { .. })));
    run(&world(&log, willing(), 1, 1), &log).await.unwrap();
    assert!(log.entries().iter().any(|(_, event)| matches!(event, Event::Voided { .. })));
    assert_eq!(log.views()[0].state, TrialState::Finished(outcomes(&whole)[0].clone().unwrap()));
}
