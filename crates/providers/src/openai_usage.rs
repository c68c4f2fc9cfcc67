//! Tokens and price out of the `usage` object of chat completions and of the older raw completions.
//!
//! Reads leniently: a count that is no count is 0, a price that is no price is unknown.

use serde_json::Value;
use unbent_core::{Cost, CostSource, Usage};

use crate::lenient::{count, is_blank, number};

const CACHED: &str = "/prompt_tokens_details/cached_tokens";
const CACHE_WRITE: &str = "/prompt_tokens_details/cache_write_tokens";
const REASONING: &str = "/completion_tokens_details/reasoning_tokens";
const UPSTREAM: &str = "/cost_details/upstream_inference_cost";

/// The tokens.
pub(crate) fn usage_of(usage: &Value) -> Usage {
    Usage {
        input: count(usage, "/prompt_tokens"),
        output: count(usage, "/completion_tokens"),
        cached_input: count(usage, CACHED),
        cache_write: count(usage, CACHE_WRITE),
        reasoning: count(usage, REASONING),
    }
}

/// What the provider says the call cost, in dollars.
///
/// A request on the user's own key with a provider behind a router costs what that provider charges; `cost` then holds
/// the router's fee only, often 0.
pub(crate) fn cost_of(usage: &Value) -> Option<Cost> {
    let price = |pointer| usage.pointer(pointer).and_then(number);
    let usd = match price(UPSTREAM).filter(|usd| *usd > 0.0) {
        Some(upstream) if usage["is_byok"] != Value::Bool(false) => Some(upstream),
        _ => price("/cost"),
    }?;
    Some(Cost { usd, source: CostSource::Provider })
}

/// The fields that [`usage_of`] and [`cost_of`] have no place for, if there are any worth keeping.
pub(crate) fn unplaced_usage(usage: &Value) -> Option<Value> {
    let mut rest = usage.as_object()?.clone();
    for placed in ["prompt_tokens", "completion_tokens", "total_tokens", "cost"] {
        rest.remove(placed);
    }
    for pointer in [CACHED, CACHE_WRITE, REASONING] {
        let (outer, inner) = pointer[1..].split_once('/').expect("both pointers have two steps");
        if let Some(details) = rest.get_mut(outer).and_then(Value::as_object_mut) {
            details.remove(inner);
        }
    }
    rest.retain(|_, value| !is_blank(value));
    (!rest.is_empty()).then_some(Value::Object(rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unbent_core::Usage;

    use super::{cost_of, unplaced_usage, usage_of};

    #[test]
    fn odd_counts_cost_nothing_but_themselves() {
        let usage = usage_of(&json!({
            "prompt_tokens": "12", "completion_tokens": 7.0, "prompt_tokens_details": null,
            "completion_tokens_details": {"reasoning_tokens": -3},
        }));
        assert_eq!(usage, Usage { input: 12, output: 7, ..Usage::default() });
    }

    #[test]
    fn the_upstream_price_goes_before_the_routers_fee() {
        let usd = |usage| cost_of(&usage).map(|cost| cost.usd);
        assert_eq!(usd(json!({"cost": 0.25})), Some(0.25));
        assert_eq!(usd(json!({"cost": "0.5"})), Some(0.5));
        assert_eq!(
            usd(json!({"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.75}})),
            Some(0.75)
        );
        assert_eq!(
            usd(json!({"cost": 0.1, "is_byok": false, "cost_details": {"upstream_inference_cost": 0.09}})),
            Some(0.1)
        );
        assert_eq!(usd(json!({"cost": 0.1, "cost_details": {"upstream_inference_cost": null}})), Some(0.1));
        assert_eq!(usd(json!({"cost": 0})), Some(0.0));
        assert_eq!(usd(json!({"cost": "free"})), None);
        assert_eq!(usd(json!({"cost": -1})), None);
        assert_eq!(usd(json!(null)), None);
    }

    #[test]
    fn fields_without_a_place_are_kept_when_they_say_something() {
        let rest = unplaced_usage(&json!({
            "prompt_tokens": 5, "total_tokens": 9, "cost": 0.1, "is_byok": true,
            "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 4, "video_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 0},
        }));
        assert_eq!(rest, Some(json!({"is_byok": true, "prompt_tokens_details": {"video_tokens": 1}})));
        assert_eq!(unplaced_usage(&json!({"prompt_tokens": 5})), None);
    }
}
