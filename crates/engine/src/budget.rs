//! What a run may spend. Knows no prices.

use std::sync::{Mutex, MutexGuard, PoisonError};

use unbent_core::Meter;

/// The most that a run may spend in all, earlier executions included.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Caps {
    /// US dollars.
    pub usd: Option<f64>,
    /// Tokens, read and written.
    pub tokens: Option<u64>,
}

/// What has been spent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// US dollars, as far as prices are known.
    pub usd: f64,
    /// Tokens, read and written.
    pub tokens: u64,
}

/// What a run may spend, and what it has spent.
#[derive(Debug, Default)]
pub struct Budget {
    caps: Caps,
    spent: Mutex<Spent>,
}

impl Budget {
    /// A budget of which earlier executions have spent so much.
    pub fn new(caps: Caps, spent: Spent) -> Self {
        Self { caps, spent: Mutex::new(spent) }
    }

    /// Whether nothing more may be asked. Calls in flight may still add to what was spent.
    pub fn is_spent(&self) -> bool {
        let spent = self.locked();
        self.caps.usd.is_some_and(|cap| spent.usd >= cap)
            || self.caps.tokens.is_some_and(|cap| spent.tokens >= cap)
    }

    /// Whether dollars are counted, so that an answer whose price is not known cannot be allowed.
    pub fn counts_usd(&self) -> bool {
        self.caps.usd.is_some()
    }

    /// What has been spent.
    pub fn spent(&self) -> Spent {
        *self.locked()
    }

    /// Takes in what a call used.
    pub(crate) fn add(&self, meter: &Meter) {
        let mut spent = self.locked();
        spent.usd += meter.cost_usd.unwrap_or_default();
        spent.tokens += meter.usage.total();
    }

    fn locked(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use unbent_core::{Meter, Usage};

    use super::{Budget, Caps, Spent};

    #[test]
    fn either_cap_ends_the_spending() {
        let meter = Meter {
            usage: Usage { input: 60, output: 40, ..Usage::default() },
            cost_usd: Some(0.4),
            ..Meter::default()
        };
        let dollars = Budget::new(Caps { usd: Some(1.0), tokens: None }, Spent { usd: 0.5, tokens: 0 });
        dollars.add(&meter);
        assert!(!dollars.is_spent());
        dollars.add(&meter);
        assert!(dollars.is_spent());
        let tokens = Budget::new(Caps { usd: None, tokens: Some(100) }, Spent::default());
        assert!(!tokens.is_spent());
        tokens.add(&meter);
        assert!(tokens.is_spent());
        let free = Budget::default();
        free.add(&meter);
        assert!(!free.is_spent());
        assert_eq!(free.spent(), Spent { usd: 0.4, tokens: 100 });
    }
}
