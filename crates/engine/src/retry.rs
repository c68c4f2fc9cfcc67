//! When a failed call is tried again.

use unbent_core::{Fault, FaultKind, Stream};

/// How often and how soon a failed call is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all for a fault that may pass, the first included.
    pub tries: u32,
    /// The longest wait before the second try, in milliseconds; doubles with each further try.
    pub base_ms: u64,
    /// The longest wait before any try, in milliseconds.
    pub cap_ms: u64,
}

/// The empty answers to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empties {
    /// How many have come.
    pub came: u32,
    /// After how many the suite takes them for final.
    pub most: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { tries: 6, base_ms: 1_000, cap_ms: 60_000 }
    }
}

impl RetryPolicy {
    /// How long to wait before the next try in milliseconds; none if the need is to be given up.
    ///
    /// Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): uniform between 0 and the doubled base, drawn
    /// from `jitter`. A wait that the other side asked for is kept and the jitter added, so that waiting callers do
    /// not come back all at once. An empty answer is asked again without a wait, until as many
    /// have come as the suite asks for or the tries are used up.
    pub fn wait_ms(&self, fault: &Fault, tried: u32, empties: Empties, jitter: &mut Stream) -> Option<u64> {
        if fault.kind == FaultKind::Empty {
            return (empties.came < empties.most && tried < self.tries.max(empties.most)).then_some(0);
        }
        if !fault.kind.is_transient() || tried >= self.tries {
            return None;
        }
        let doubled = self.base_ms.saturating_mul(1_u64.checked_shl(tried - 1).unwrap_or(u64::MAX));
        let spread = (jitter.unit() * doubled.min(self.cap_ms) as f64) as u64;
        Some(fault.retry_after_ms.map_or(spread, |asked| asked.saturating_add(spread.min(self.base_ms))))
    }
}

#[cfg(test)]
mod tests {
    use unbent_core::{Fault, FaultKind, Stream};

    use super::{Empties, RetryPolicy};

    const POLICY: RetryPolicy = RetryPolicy { tries: 4, base_ms: 100, cap_ms: 300 };

    fn wait(fault: &Fault, tried: u32) -> Option<u64> {
        wait_if_empty(fault, tried, tried)
    }

    fn wait_if_empty(fault: &Fault, tried: u32, came: u32) -> Option<u64> {
        POLICY.wait_ms(
            fault,
            tried,
            Empties { came, most: 2 },
            &mut Stream::new(1, "retry", &tried.to_string()),
        )
    }

    #[test]
    fn waits_double_up_to_the_cap_and_end_with_the_tries() {
        let fault = Fault::new(FaultKind::Server, "500");
        for (tried, most) in [(1, 100), (2, 200), (3, 300)] {
            assert!(wait(&fault, tried).unwrap() <= most);
        }
        assert_eq!(wait(&fault, 4), None);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept() {
        let fault = Fault { retry_after_ms: Some(5_000), ..Fault::new(FaultKind::RateLimited, "429") };
        let waited = wait(&fault, 3).unwrap();
        assert!((5_000..=5_100).contains(&waited), "{waited}");
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        assert_eq!(wait(&Fault::new(FaultKind::Rejected, "400"), 1), None);
        assert_eq!(wait(&Fault::new(FaultKind::Unauthorized, "401"), 1), None);
    }

    #[test]
    fn an_empty_answer_is_asked_again_as_often_as_the_suite_says() {
        let fault = Fault::new(FaultKind::Empty, "nothing");
        assert_eq!(wait(&fault, 1), Some(0));
        assert_eq!(wait(&fault, 2), None);
    }

    #[test]
    fn faults_of_other_kinds_do_not_count_as_empty_answers() {
        let fault = Fault::new(FaultKind::Empty, "nothing");
        assert_eq!(wait_if_empty(&fault, 3, 1), Some(0));
        assert_eq!(wait_if_empty(&fault, 4, 1), None);
    }
}
