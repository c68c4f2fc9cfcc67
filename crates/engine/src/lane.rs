//! How fast one model may be asked: connections that adapt, rate limits, pauses and a circuit breaker.
//!
//! A lane belongs to one combination of provider, model and key; every respondent with the same shares it. Knows no
//! provider: it learns from faults, from what the other side says of its limits, and from time.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unbent_core::{Clock, Fault, FaultKind, Pace};

use crate::bucket::Bucket;

/// Connections that a lane begins with at least, if it may have as many …
const FIRST_CONNECTIONS: usize = 32;
/// … and the share of all that it may have.
const FIRST_SHARE: usize = 4;
/// A wait that the other side asks for and that is longer than this is a used-up quota: the run stops instead.
const LONGEST_PAUSE_MS: u64 = 15 * 60_000;
/// Calls in a row that cannot reach a model that was never reached, after which no more is tried.
const FAILURES_BEFORE_FIRST_ANSWER: u32 = 3;
/// Calls in a row that fail after a model has answered, after which no more is tried …
const FAILURES_IN_A_ROW: u32 = 20;
/// … if it has not answered for so long either.
const SILENCE_MS: i64 = 60_000;

/// What a lane is held to beside what it learns.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LaneLimits {
    /// Connections at most; those of the run if absent.
    pub connections: Option<NonZeroUsize>,
    /// Requests a minute.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute, read and written.
    pub tokens_per_minute: Option<f64>,
}

/// How fast one model may be asked.
pub struct Lane {
    label: String,
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    /// Connections that may be open now.
    window: usize,
    most: usize,
    /// Whether the window still doubles; it does until the first cut.
    slow_start: bool,
    /// Answers since the window last grew, once it grows by one at a time.
    since_growth: usize,
    /// Slots of a window that was cut while they were in use; they vanish as they come back.
    debt: usize,
    last_cut_ms: i64,
    not_before_ms: i64,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    in_flight: usize,
    attained: usize,
    cuts: u64,
    failures: u32,
    answered_at_ms: Option<i64>,
    closed: Option<Fault>,
}

/// Leave to ask once.
pub struct Pass {
    slot: Option<OwnedSemaphorePermit>,
    lane: Arc<Lane>,
    began_ms: i64,
}

/// How a lane fared.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LaneReport {
    /// The model.
    pub lane: String,
    /// Connections that the run asked for.
    pub asked: usize,
    /// The most that were in use at once.
    pub attained: usize,
    /// Connections that the lane would open now.
    pub window: usize,
    /// How often the other side was too busy and the window was cut.
    pub cuts: u64,
}

impl Lane {
    /// A lane that may grow to so many connections.
    pub fn new(label: impl Into<String>, parallel: NonZeroUsize, limits: LaneLimits) -> Self {
        let most =
            limits.connections.map_or(parallel, |most| most.min(parallel)).get().min(Semaphore::MAX_PERMITS);
        let window = most.min(FIRST_CONNECTIONS.max(most / FIRST_SHARE));
        Self {
            label: label.into(),
            slots: Arc::new(Semaphore::new(window)),
            state: Mutex::new(State {
                window,
                most,
                slow_start: true,
                since_growth: 0,
                debt: 0,
                last_cut_ms: i64::MIN,
                not_before_ms: i64::MIN,
                requests: limits.requests_per_minute.map(Bucket::per_minute),
                tokens: limits.tokens_per_minute.map(Bucket::per_minute),
                in_flight: 0,
                attained: 0,
                cuts: 0,
                failures: 0,
                answered_at_ms: None,
                closed: None,
            }),
        }
    }

    /// Waits for leave to ask; none if the lane is closed.
    pub async fn enter(self: &Arc<Self>, clock: &dyn Clock) -> Option<Pass> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        loop {
            let now = clock.now_ms();
            let wait = self.state().wait_ms(now);
            match wait {
                None => return None,
                Some(0) => return Some(Pass { slot: Some(slot), lane: Arc::clone(self), began_ms: now }),
                Some(ms) => clock.sleep(ms).await,
            }
        }
    }

    /// What it is called.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The fault for which the lane was closed, if it was.
    pub fn closed(&self) -> Option<Fault> {
        self.state().closed.clone()
    }

    /// How the lane fares.
    pub fn report(&self) -> LaneReport {
        let state = self.state();
        LaneReport {
            lane: self.label.clone(),
            asked: state.most,
            attained: state.attained,
            window: state.window,
            cuts: state.cuts,
        }
    }

    fn close(&self, state: &mut State, fault: Fault) {
        state.closed.get_or_insert(fault);
        self.slots.close();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long to wait before the next call, which is then counted as in flight; none if there is none.
    fn wait_ms(&mut self, now: i64) -> Option<u64> {
        if self.closed.is_some() {
            return None;
        }
        let mut wait = self.not_before_ms.saturating_sub(now).max(0).cast_unsigned();
        for bucket in [&mut self.requests, &mut self.tokens].into_iter().flatten() {
            wait = wait.max(bucket.wait_ms(now));
        }
        if wait == 0 {
            if let Some(requests) = &mut self.requests {
                requests.take(1.0);
            }
            self.in_flight += 1;
            self.attained = self.attained.max(self.in_flight);
        }
        Some(wait)
    }

    fn pause(&mut self, until_ms: i64) {
        self.not_before_ms = self.not_before_ms.max(until_ms);
    }

    /// The fault that closes the lane, if what went wrong is nothing that passes.
    fn lasting(&mut self, fault: &Fault, now: i64) -> Option<Fault> {
        if fault.kind.stops_the_run() {
            return Some(fault.clone());
        }
        if fault.kind == FaultKind::RateLimited
            && let Some(wait_ms) = fault.retry_after_ms.filter(|ms| *ms > LONGEST_PAUSE_MS)
        {
            let minutes = wait_ms / 60_000;
            let story = format!("the other side asks to wait {minutes} minutes: {}", fault.message);
            return Some(Fault { message: story, kind: FaultKind::Exhausted, ..fault.clone() });
        }
        let unreachable = matches!(
            fault.kind,
            FaultKind::Connection | FaultKind::WebPage | FaultKind::Timeout | FaultKind::Server
        );
        if !unreachable {
            self.failures = 0;
            return None;
        }
        self.failures += 1;
        let is_over = match self.answered_at_ms {
            None => {
                matches!(fault.kind, FaultKind::Connection | FaultKind::WebPage)
                    && self.failures >= FAILURES_BEFORE_FIRST_ANSWER
            }
            Some(at) => self.failures >= FAILURES_IN_A_ROW && now.saturating_sub(at) >= SILENCE_MS,
        };
        is_over.then(|| {
            let story = format!("{} calls in a row failed, the last so: {}", self.failures, fault.message);
            Fault { message: story, ..fault.clone() }
        })
    }
}

impl Pass {
    /// Tells how the call went. `tokens` are those that it used.
    pub fn leave(mut self, fault: Option<&Fault>, pace: &Pace, tokens: u64, clock: &dyn Clock) {
        let now = clock.now_ms();
        let lane = Arc::clone(&self.lane);
        let mut state = lane.state();
        if let Some(bucket) = &mut state.tokens {
            bucket.take(tokens as f64);
        }
        for allowance in [pace.requests, pace.tokens] {
            if let (Some(0), Some(ms)) = (allowance.remaining, allowance.resets_in_ms) {
                state.pause(now.saturating_add_unsigned(ms.min(LONGEST_PAUSE_MS)));
            }
        }
        match fault {
            None => {
                state.failures = 0;
                state.answered_at_ms = Some(now);
                lane.grow(&mut state);
            }
            Some(fault) => {
                if let Some(lasting) = state.lasting(fault, now) {
                    lane.close(&mut state, lasting);
                } else if fault.kind == FaultKind::RateLimited {
                    if let Some(ms) = fault.retry_after_ms {
                        state.pause(now.saturating_add_unsigned(ms));
                    }
                    // Calls that went out before the last cut tell nothing new.
                    if self.began_ms > state.last_cut_ms {
                        state.cut(now);
                    }
                }
            }
        }
        if state.debt > 0
            && let Some(slot) = self.slot.take()
        {
            state.debt -= 1;
            slot.forget();
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.lane.state().in_flight -= 1;
    }
}

impl State {
    fn cut(&mut self, now: i64) {
        let cut = (self.window / 2).max(1);
        self.debt += self.window - cut;
        self.window = cut;
        self.slow_start = false;
        self.since_growth = 0;
        self.last_cut_ms = now;
        self.cuts += 1;
    }
}

impl Lane {
    /// Doubles the window in each round of answers until the first cut, then adds one slot a round.
    fn grow(&self, state: &mut State) {
        state.since_growth += 1;
        if state.window >= state.most || !(state.slow_start || state.since_growth >= state.window) {
            return;
        }
        state.window += 1;
        state.since_growth = 0;
        if state.debt > 0 {
            state.debt -= 1;
        } else {
            self.slots.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::Arc;

    use unbent_core::{Allowance, BoxFuture, Clock, Fault, FaultKind, Pace};

    use super::{Lane, LaneLimits, Pass};

    /// Tokio's clock, which tests stop.
    struct Stopped(tokio::time::Instant);

    impl Clock for Stopped {
        fn now_ms(&self) -> i64 {
            self.0.elapsed().as_millis() as i64
        }

        fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
            Box::pin(tokio::time::sleep(std::time::Duration::from_millis(ms)))
        }
    }

    fn clock() -> Stopped {
        Stopped(tokio::time::Instant::now())
    }

    fn lane(parallel: usize, limits: LaneLimits) -> Arc<Lane> {
        Arc::new(Lane::new("m", NonZeroUsize::new(parallel).unwrap(), limits))
    }

    async fn enter_all(lane: &Arc<Lane>, clock: &Stopped) -> Vec<Pass> {
        let mut passes = Vec::new();
        while lane.slots.available_permits() > 0 {
            passes.push(lane.enter(clock).await.unwrap());
        }
        passes
    }

    fn limited(retry_after_ms: Option<u64>) -> Fault {
        Fault { retry_after_ms, ..Fault::new(FaultKind::RateLimited, "429") }
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_doubles_until_the_first_cut_and_then_creeps() {
        let (clock, lane) = (clock(), lane(128, LaneLimits::default()));
        for expected in [32, 64] {
            let passes = enter_all(&lane, &clock).await;
            assert_eq!(passes.len(), expected);
            clock.sleep(10).await;
            for pass in passes {
                pass.leave(None, &Pace::default(), 1, &clock);
            }
        }
        let passes = enter_all(&lane, &clock).await;
        assert_eq!(passes.len(), 128);
        clock.sleep(10).await;
        for pass in passes {
            pass.leave(Some(&limited(None)), &Pace::default(), 0, &clock);
        }
        // One burst of refusals is one cut.
        let report = lane.report();
        assert_eq!((report.window, report.cuts, report.attained), (64, 1, 128));
        let passes = enter_all(&lane, &clock).await;
        assert_eq!(passes.len(), 64);
        for pass in passes {
            pass.leave(None, &Pace::default(), 1, &clock);
        }
        assert_eq!(lane.report().window, 65);
    }

    #[test]
    fn a_lane_begins_with_a_quarter_of_what_it_may_have_or_with_some() {
        for (parallel, first) in [(16, 16), (64, 32), (500, 125), (10_000, 2_500)] {
            assert_eq!(lane(parallel, LaneLimits::default()).report().window, first);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_asked_for_holds_back_the_whole_lane() {
        let (clock, lane) = (clock(), lane(4, LaneLimits::default()));
        let pass = lane.enter(&clock).await.unwrap();
        pass.leave(Some(&limited(Some(5_000))), &Pace::default(), 0, &clock);
        let _pass = lane.enter(&clock).await.unwrap();
        assert_eq!(clock.now_ms(), 5_000);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_asked_while_nothing_is_left_of_a_limit() {
        let (clock, lane) = (clock(), lane(4, LaneLimits::default()));
        let none_left = Allowance { remaining: Some(0), resets_in_ms: Some(2_000) };
        let pace = Pace { requests: none_left, tokens: Allowance::default() };
        lane.enter(&clock).await.unwrap().leave(None, &pace, 1, &clock);
        let _pass = lane.enter(&clock).await.unwrap();
        assert_eq!(clock.now_ms(), 2_000);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_a_minute_are_kept() {
        let limits = LaneLimits { requests_per_minute: Some(60.0), ..LaneLimits::default() };
        let (clock, lane) = (clock(), lane(4, limits));
        for _ in 0..63 {
            lane.enter(&clock).await.unwrap().leave(None, &Pace::default(), 1, &clock);
        }
        assert!((2_000..=3_100).contains(&clock.now_ms()), "{}", clock.now_ms());
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_a_minute_are_kept() {
        let limits = LaneLimits { tokens_per_minute: Some(600.0), ..LaneLimits::default() };
        let (clock, lane) = (clock(), lane(4, limits));
        lane.enter(&clock).await.unwrap().leave(None, &Pace::default(), 700, &clock);
        let _pass = lane.enter(&clock).await.unwrap();
        assert!((10_000..=10_200).contains(&clock.now_ms()), "{}", clock.now_ms());
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_closes_the_lane() {
        let unreachable = Fault::new(FaultKind::Connection, "refused");
        for (faults, closes) in [
            (vec![Fault::new(FaultKind::Unauthorized, "401")], true),
            (vec![Fault::new(FaultKind::Exhausted, "quota")], true),
            (vec![limited(Some(3_600_000))], true),
            (vec![limited(Some(60_000))], false),
            (vec![unreachable.clone(); 2], false),
            (vec![unreachable.clone(); 3], true),
            (vec![Fault::new(FaultKind::Rejected, "400"); 50], false),
        ] {
            let (clock, lane) = (clock(), lane(4, LaneLimits::default()));
            for fault in &faults {
                lane.enter(&clock).await.unwrap().leave(Some(fault), &Pace::default(), 0, &clock);
            }
            assert_eq!(lane.closed().is_some(), closes, "{faults:?}");
            assert_eq!(lane.enter(&clock).await.is_none(), closes);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_has_answered_is_given_a_minute() {
        let (clock, lane) = (clock(), lane(4, LaneLimits::default()));
        lane.enter(&clock).await.unwrap().leave(None, &Pace::default(), 1, &clock);
        let down = Fault::new(FaultKind::Server, "500");
        for _ in 0..25 {
            lane.enter(&clock).await.unwrap().leave(Some(&down), &Pace::default(), 0, &clock);
        }
        assert_eq!(lane.closed(), None);
        clock.sleep(60_000).await;
        lane.enter(&clock).await.unwrap().leave(Some(&down), &Pace::default(), 0, &clock);
        assert!(lane.closed().unwrap().message.contains("26 calls in a row"));
    }
}
