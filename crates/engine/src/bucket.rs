//! A token bucket that may be overdrawn: what a call uses is often known only afterwards.

/// So much a minute, of which a minute's worth may be used at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    per_minute: f64,
    level: f64,
    filled_at_ms: Option<i64>,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn per_minute(per_minute: f64) -> Self {
        Self { per_minute, level: per_minute, filled_at_ms: None }
    }

    /// How long until something may be taken, in milliseconds.
    pub(crate) fn wait_ms(&mut self, now_ms: i64) -> u64 {
        let elapsed = now_ms.saturating_sub(self.filled_at_ms.replace(now_ms).unwrap_or(now_ms)).max(0);
        self.level = (self.level + elapsed as f64 * self.per_minute / 60_000.0).min(self.per_minute);
        // At least one unit, or all that a bucket of less than one ever holds.
        let wanted = self.per_minute.min(1.0);
        if self.level >= wanted {
            0
        } else {
            ((wanted - self.level) * 60_000.0 / self.per_minute).ceil() as u64
        }
    }

    /// Takes so much, if need be in advance.
    pub(crate) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    #[test]
    fn a_minutes_worth_goes_at_once_and_the_rest_at_its_pace() {
        let mut bucket = Bucket::per_minute(3.0);
        for _ in 0..3 {
            assert_eq!(bucket.wait_ms(0), 0);
            bucket.take(1.0);
        }
        assert_eq!(bucket.wait_ms(0), 20_000);
        assert_eq!(bucket.wait_ms(20_000), 0);
    }

    #[test]
    fn what_was_overdrawn_is_waited_for() {
        let mut bucket = Bucket::per_minute(600.0);
        assert_eq!(bucket.wait_ms(0), 0);
        bucket.take(700.0);
        assert_eq!(bucket.wait_ms(0), 10_100);
        assert_eq!(bucket.wait_ms(10_100), 0);
    }
}
