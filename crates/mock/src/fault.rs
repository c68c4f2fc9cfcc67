//! Which faults there are and which requests meet them. Does not know what a fault looks like on the wire.

use std::fmt;
use std::str::FromStr;

use crate::chance::{drawn, unit};

/// What may go wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// 429 with `retry-after` and `retry-after-ms`.
    RateLimit,
    /// 429 with `retry-after` as a date.
    RateLimitDate,
    /// 429 that does not say when to come back.
    RateLimitBare,
    /// No money left: 429 `insufficient_quota`, or 402 where the API says so.
    Quota,
    /// 529 from the Messages API, 503 elsewhere.
    Overloaded,
    /// 500 with an error in JSON.
    Server,
    /// 502 with a page for people.
    BadGateway,
    /// 200 with an error instead of an answer.
    ErrorIn200,
    /// 200 without any choice, candidate or content.
    NoChoices,
    /// 200 with an empty text.
    Empty,
    /// An answer whose counts of tokens are all zero; it counts as an answer too.
    ZeroUsage,
    /// A body that ends before its declared length, or a stream without its end.
    Cut,
    /// 200 with a page for people.
    Html,
    /// 200 with bytes that are no UTF-8.
    NotUtf8,
    /// 200 with JSON that breaks off.
    NotJson,
    /// The connection is closed without an answer.
    HangUp,
    /// Nothing comes until the client gives up.
    Silence,
    /// 401 that repeats the key it was sent, raw and in base64.
    Unauthorized,
    /// 400.
    BadRequest,
    /// 404.
    NotFound,
}

/// Every fault by its name on the command line.
const NAMES: &[(FaultKind, &str)] = &[
    (FaultKind::RateLimit, "rate-limit"),
    (FaultKind::RateLimitDate, "rate-limit-date"),
    (FaultKind::RateLimitBare, "rate-limit-bare"),
    (FaultKind::Quota, "quota"),
    (FaultKind::Overloaded, "overloaded"),
    (FaultKind::Server, "server"),
    (FaultKind::BadGateway, "bad-gateway"),
    (FaultKind::ErrorIn200, "error-in-200"),
    (FaultKind::NoChoices, "no-choices"),
    (FaultKind::Empty, "empty"),
    (FaultKind::ZeroUsage, "zero-usage"),
    (FaultKind::Cut, "cut"),
    (FaultKind::Html, "html"),
    (FaultKind::NotUtf8, "not-utf8"),
    (FaultKind::NotJson, "not-json"),
    (FaultKind::HangUp, "hang-up"),
    (FaultKind::Silence, "silence"),
    (FaultKind::Unauthorized, "unauthorized"),
    (FaultKind::BadRequest, "bad-request"),
    (FaultKind::NotFound, "not-found"),
];

/// Faults after which the same request may succeed. Without `silence`, which costs the client its whole patience, and
/// `zero-usage`, which leaves nothing to try again.
const TRANSIENT: &[FaultKind] = &[
    FaultKind::RateLimit,
    FaultKind::RateLimitDate,
    FaultKind::RateLimitBare,
    FaultKind::Overloaded,
    FaultKind::Server,
    FaultKind::BadGateway,
    FaultKind::ErrorIn200,
    FaultKind::NoChoices,
    FaultKind::Empty,
    FaultKind::Cut,
    FaultKind::Html,
    FaultKind::NotUtf8,
    FaultKind::NotJson,
    FaultKind::HangUp,
];

impl FaultKind {
    /// Every kind, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(kind, _)| *kind)
    }

    /// The kinds that a bare probability in a plan spreads over.
    pub fn transient() -> &'static [Self] {
        TRANSIENT
    }

    /// Name on the command line, in the ledger and after `fault-` in the name of a model.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).expect("every kind has a name").1
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A plan of faults that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ParseFaultError {
    /// No fault has this name.
    #[error("no fault is called `{0}`")]
    Kind(String),
    /// Not a number between 0 and 1.
    #[error("`{0}` is no probability between 0 and 1")]
    Probability(String),
    /// More than every request would fail.
    #[error("the probabilities add up to {0}, which is more than 1")]
    Sum(f64),
}

impl FromStr for FaultKind {
    type Err = ParseFaultError;

    fn from_str(name: &str) -> Result<Self, ParseFaultError> {
        let found = NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(kind, _)| *kind).ok_or_else(|| ParseFaultError::Kind(name.to_owned()))
    }
}

/// Probabilities of faults: `0.3` for all transient kinds together, or `rate-limit=0.1,cut=0.05`.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    shares: Vec<(FaultKind, f64)>,
}

impl FaultPlan {
    /// Draws the fault of a request: a function of the seed, the request and how often it was seen before.
    pub(crate) fn drawn_fault(&self, seed: u64, identity: u128, seen: u64) -> Option<FaultKind> {
        if self.shares.is_empty() {
            return None;
        }
        let mut rest = unit(drawn(seed, PURPOSE, identity, seen));
        for (kind, share) in &self.shares {
            if rest < *share {
                return Some(*kind);
            }
            rest -= share;
        }
        None
    }
}

const PURPOSE: u64 = 0xfa17;

impl FromStr for FaultPlan {
    type Err = ParseFaultError;

    fn from_str(spec: &str) -> Result<Self, ParseFaultError> {
        let mut shares = Vec::new();
        for part in spec.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if let Some((name, share)) = part.split_once('=') {
                shares.push((name.trim().parse()?, probability(share.trim())?));
            } else {
                let each = probability(part)? / TRANSIENT.len() as f64;
                shares.extend(TRANSIENT.iter().map(|kind| (*kind, each)));
            }
        }
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        if sum > 1.0 + 1e-9 { Err(ParseFaultError::Sum(sum)) } else { Ok(Self { shares }) }
    }
}

fn probability(text: &str) -> Result<f64, ParseFaultError> {
    let wrong = || ParseFaultError::Probability(text.to_owned());
    let share: f64 = text.parse().map_err(|_| wrong())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::{FaultKind, FaultPlan};

    fn fates(plan: &str, seed: u64) -> Vec<Option<FaultKind>> {
        let plan: FaultPlan = plan.parse().unwrap();
        (0..2000).map(|request| plan.drawn_fault(seed, request / 2, (request % 2) as u64)).collect()
    }

    #[test]
    fn equal_seeds_give_equal_faults_and_others_give_others() {
        assert_eq!(fates("0.3", 1), fates("0.3", 1));
        assert_ne!(fates("0.3", 1), fates("0.3", 2));
    }

    #[test]
    fn as_many_requests_fail_as_the_plan_says() {
        let failed = fates("rate-limit=0.1,cut=0.2", 7).into_iter().flatten().count();
        assert!((500..700).contains(&failed), "{failed} of 2000");
    }

    #[test]
    fn a_plan_that_makes_no_sense_is_refused() {
        for spec in ["1.5", "-0.1", "x", "cut=0.6,server=0.6", "cot=0.1"] {
            assert!(spec.parse::<FaultPlan>().is_err(), "{spec}");
        }
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in FaultKind::all() {
            assert_eq!(kind.name().parse::<FaultKind>().unwrap(), kind);
        }
    }
}
