//! How many requests a minute are let through. Is told the time, and does not know what a request is.

use std::time::{Duration, Instant};

/// A bucket of tokens that fills over a minute, full at the start.
#[derive(Debug)]
pub(crate) struct Bucket {
    rpm: u32,
    tokens: f64,
    last: Instant,
}

/// What a bucket says after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Allowance {
    /// Requests a minute.
    pub(crate) limit: u32,
    /// Requests that would be let through now.
    pub(crate) remaining: u32,
    /// Until the bucket is full.
    pub(crate) full_in: Duration,
    /// Until the next request is let through, if this one was not.
    pub(crate) refused_for: Option<Duration>,
}

impl Bucket {
    pub(crate) fn new(rpm: u32, now: Instant) -> Self {
        Self { rpm: rpm.max(1), tokens: f64::from(rpm.max(1)), last: now }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Allowance {
        let limit = f64::from(self.rpm);
        let a_second = limit / 60.0;
        let past = now.saturating_duration_since(self.last).as_secs_f64();
        self.tokens = (self.tokens + past * a_second).min(limit);
        self.last = now;
        let refused_for =
            (self.tokens < 1.0).then(|| Duration::from_secs_f64((1.0 - self.tokens) / a_second));
        if refused_for.is_none() {
            self.tokens -= 1.0;
        }
        Allowance {
            limit: self.rpm,
            remaining: self.tokens as u32,
            full_in: Duration::from_secs_f64((limit - self.tokens) / a_second),
            refused_for,
        }
    }
}

/// Writes a duration as OpenAI does in `x-ratelimit-reset-*`: `120ms`, `1s`, `6m0s`, `1h2m3s`.
pub(crate) fn as_reset(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) if seconds == 0 => format!("{}ms", duration.as_millis()),
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Bucket, as_reset};

    #[test]
    fn a_bucket_lets_a_minute_through_at_once_and_then_one_by_one() {
        let start = Instant::now();
        let mut bucket = Bucket::new(60, start);
        assert!((0..60).all(|_| bucket.take(start).refused_for.is_none()));
        assert_eq!(bucket.take(start).refused_for, Some(Duration::from_secs(1)));
        let later = start + Duration::from_millis(1500);
        let allowance = bucket.take(later);
        assert_eq!((allowance.refused_for, allowance.remaining), (None, 0));
        assert!(bucket.take(later).refused_for.is_some());
    }

    #[test]
    fn durations_are_written_as_the_api_writes_them() {
        let texts = [20, 1000, 360_000, 3_723_000].map(|ms| as_reset(Duration::from_millis(ms)));
        assert_eq!(texts, ["20ms", "1s", "6m0s", "1h2m3s"]);
    }
}
