//! What a model's tokens cost.

use serde::{Deserialize, Serialize};

use crate::Usage;

/// Prices of a model in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of tokens read.
    pub input: f64,
    /// Of tokens written, reasoning included.
    pub output: f64,
    /// Of tokens read from the provider's cache; as `input` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Of tokens written to the provider's cache; as `input` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

impl Price {
    /// What these tokens cost in US dollars.
    pub fn usd(&self, usage: &Usage) -> f64 {
        let plain = usage.input.saturating_sub(usage.cached_input).saturating_sub(usage.cache_write);
        let cached = self.cached_input.unwrap_or(self.input);
        let written = self.cache_write.unwrap_or(self.input);
        (plain as f64 * self.input
            + usage.cached_input as f64 * cached
            + usage.cache_write as f64 * written
            + usage.output as f64 * self.output)
            / 1e6
    }

    /// Whether nothing costs anything.
    pub fn is_free(&self) -> bool {
        [Some(self.input), Some(self.output), self.cached_input, self.cache_write]
            .into_iter()
            .flatten()
            .all(|price| price == 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Price;
    use crate::Usage;

    #[test]
    fn each_kind_of_token_has_its_price() {
        let price = Price { input: 3.0, output: 15.0, cached_input: Some(0.3), cache_write: Some(3.75) };
        let usage = Usage {
            input: 1_000_000,
            output: 100_000,
            cached_input: 400_000,
            cache_write: 200_000,
            reasoning: 5,
        };
        let usd = 0.4 * 3.0 + 0.4 * 0.3 + 0.2 * 3.75 + 0.1 * 15.0;
        assert!((price.usd(&usage) - usd).abs() < 1e-12);
        let plain = Price { cached_input: None, cache_write: None, ..price };
        assert!((plain.usd(&usage) - 4.5).abs() < 1e-12);
    }
}
