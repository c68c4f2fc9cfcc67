//! A thousand runs under seeded faults of all kinds, each in a real run file, over real HTTP: nothing is lost, nothing
//! that was finished is asked again, and the run file's accounts are the server's.
//!
//! One run alone: `UNBENT_FAULT_SEED=17 cargo nextest run -p unbent-engine --test fault_schedule`.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accounts;
mod scheduled;
#[path = "../wired/mod.rs"]
mod wired;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use self::accounts::Seen;
use self::scheduled::Scheduled;

const RUNS: u64 = 1_000;

/// Runs at once: more than there are processors, because a fault of silence costs a client its patience.
const AT_ONCE: usize = 12;

/// Runs the schedule of a seed to its end and checks what is left of it.
fn run(seed: u64) -> Seen {
    let scheduled = Scheduled::new(seed);
    let executions = scheduled.run_to_its_end();
    let seen = scheduled.checked();
    Seen { executions, ..seen }
}

#[test]
fn a_thousand_runs_under_seeded_faults_lose_no_trial_repeat_no_finished_call_and_keep_the_servers_accounts() {
    if let Ok(seed) = std::env::var("UNBENT_FAULT_SEED") {
        println!("{:?}", run(seed.parse().unwrap()));
        return;
    }
    let (next, started) = (AtomicU64::new(0), Instant::now());
    let (total, failed) = (Mutex::new(Seen::default()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= RUNS {
                        return;
                    }
                    match std::panic::catch_unwind(|| run(seed)) {
                        Ok(seen) => *total.lock().unwrap() += seen,
                        Err(_) => failed.lock().unwrap().push(seed),
                    }
                }
            });
        }
    });
    let (total, failed) = (total.into_inner().unwrap(), failed.into_inner().unwrap());
    println!("{total:?} in {:.1} s", started.elapsed().as_secs_f64());
    assert!(
        failed.is_empty(),
        "{} seeds failed; alone: UNBENT_FAULT_SEED={} cargo nextest run -p unbent-engine --test fault_schedule; all: \
         {failed:?}",
        failed.len(),
        failed[0]
    );
    // The schedule was what it says: every part of it came up.
    assert_eq!(total.runs, RUNS);
    assert!(total.faults * 100 > total.calls * 25 && total.faults * 100 < total.calls * 35, "{total:?}");
    assert!(total.unscored > 0 && total.executions > RUNS && total.untold > 0, "{total:?}");
}
