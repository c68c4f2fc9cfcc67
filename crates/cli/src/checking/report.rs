//! What a check found, as data.

use unbent_core::{Ask, FaultKind, ModelRef, Reply, Returned};

use super::parameters::{Parameter, Verdict, parameters};
use super::trouble::refused_parameters;

/// A call that was made, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked<'a> {
    /// The model, complete with where it is.
    pub(crate) reference: &'a ModelRef,
    /// What was asked.
    pub(crate) ask: &'a Ask,
    /// The parameters that were left out of the request.
    pub(crate) unsent: &'a [String],
    /// The variable that the key came from; none if none was sent.
    pub(crate) key_variable: Option<&'a str>,
    /// Whether addresses of its kind end in a version, such as `/v1`.
    pub(crate) is_versioned: bool,
    /// What came back.
    pub(crate) returned: &'a Returned,
    /// From request to answer or fault, in milliseconds.
    pub(crate) took_ms: u64,
}

/// What the API says of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A call with it was taken.
    Accepted,
    /// A call without one was taken.
    NotNeeded,
    /// It is wrong or may not do this.
    Refused,
    /// None was sent, and one is wanted.
    Missing,
    /// It did not come to that.
    Unknown,
}

impl Key {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotNeeded => "not_needed",
            Self::Refused => "refused",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone)]
pub(crate) struct Report<'a> {
    /// The call.
    pub(crate) checked: Checked<'a>,
    /// The address that was asked; none if the request could not be made.
    pub(crate) address: Option<&'a str>,
    /// The status of the response; none if none came.
    pub(crate) status: Option<u16>,
    /// What the API says of the key.
    pub(crate) key: Key,
    /// What became of each parameter.
    pub(crate) parameters: Vec<Parameter>,
    /// What is worth a second look.
    pub(crate) warnings: Vec<String>,
}

impl<'a> Report<'a> {
    /// Reads what a call says.
    pub(crate) fn of(checked: Checked<'a>) -> Self {
        let returned = checked.returned;
        let wire = returned.wire.as_deref();
        let refused = refused_parameters(&checked);
        let left = left_by_reference(checked.reference);
        let parameters = parameters(checked.ask, returned, checked.unsent, &refused, &left);
        let warnings = warnings(&checked, &parameters);
        Self {
            address: wire.map(|wire| wire.url.as_str()),
            status: wire.and_then(|wire| wire.status),
            key: key(&checked),
            parameters,
            warnings,
            checked,
        }
    }

    /// The answer, if one came.
    pub(crate) fn reply(&self) -> Option<&'a Reply> {
        self.checked.returned.result.as_ref().ok()
    }

    /// A header of the response.
    pub(crate) fn header(&self, names: &[&str]) -> Option<&'a str> {
        let headers = &self.checked.returned.wire.as_deref()?.headers;
        headers.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
    }
}

/// The parameters that the reference says to leave out.
fn left_by_reference(reference: &ModelRef) -> Vec<&str> {
    reference.params.get("refuses").map(|names| names.split(',').collect()).unwrap_or_default()
}

fn key(checked: &Checked<'_>) -> Key {
    let was_sent = checked.key_variable.is_some();
    let taken = if was_sent { Key::Accepted } else { Key::NotNeeded };
    match &checked.returned.result {
        Ok(_) => taken,
        Err(fault) => match fault.kind {
            FaultKind::Unauthorized if was_sent => Key::Refused,
            FaultKind::Unauthorized => Key::Missing,
            FaultKind::ZeroUsage => taken,
            FaultKind::Exhausted if was_sent => Key::Accepted,
            _ => Key::Unknown,
        },
    }
}

fn warnings(checked: &Checked<'_>, parameters: &[Parameter]) -> Vec<String> {
    let ignored = parameters.iter().filter(|parameter| parameter.verdict == Verdict::Ignored);
    let mut warnings: Vec<_> = ignored
        .map(|parameter| format!("{} was sent and ignored: {}", parameter.name, parameter.why))
        .collect();
    let pin = checked.reference.pin.as_deref();
    let served = checked.returned.result.as_ref().ok().and_then(|reply| reply.served.provider.as_deref());
    if let (Some(pin), Some(served)) = (pin, served)
        && !is_same_provider(pin, served)
    {
        warnings.push(format!("it is pinned to {pin}, and {served} says that it answered"));
    }
    warnings
}

/// Whether a router's name of a provider, such as `Google AI Studio`, and the slug that it is pinned by, such as
/// `google-ai-studio/us`, are of one.
fn is_same_provider(pin: &str, served: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let pin = letters(pin.split('/').next().unwrap_or(pin));
    let served = letters(served);
    served.starts_with(&pin) || pin.starts_with(&served)
}

#[cfg(test)]
mod tests {
    use unbent_core::{AssistantMessage, Fault, FaultKind, ModelRef, Reply, Returned, Served};

    use super::super::question::{Asking, question};
    use super::{Checked, Key, Report, is_same_provider};

    fn with<T>(
        reference: &str,
        key_variable: Option<&str>,
        returned: &Returned,
        read: impl Fn(&Report<'_>) -> T,
    ) -> T {
        let reference: ModelRef = reference.parse().unwrap();
        let ask = question(&Asking { max_tokens: 64, ..Asking::default() });
        read(&Report::of(Checked {
            reference: &reference,
            ask: &ask,
            unsent: &[],
            key_variable,
            is_versioned: true,
            returned,
            took_ms: 5,
        }))
    }

    #[test]
    fn a_key_is_accepted_only_where_one_was_sent_and_taken() {
        let good = || Returned::from(Ok(Reply::of(AssistantMessage::text("one"))));
        let bad = |kind| Returned::from(Err(Fault::new(kind, "told")));
        for (variable, returned, key) in [
            (Some("K"), good(), Key::Accepted),
            (None, good(), Key::NotNeeded),
            (Some("K"), bad(FaultKind::Unauthorized), Key::Refused),
            (None, bad(FaultKind::Unauthorized), Key::Missing),
            (Some("K"), bad(FaultKind::Exhausted), Key::Accepted),
            (Some("K"), bad(FaultKind::Connection), Key::Unknown),
            (Some("K"), bad(FaultKind::RateLimited), Key::Unknown),
        ] {
            assert_eq!(with("openai/m", variable, &returned, |report| report.key), key, "{returned:?}");
        }
    }

    #[test]
    fn ignored_parameters_and_another_provider_than_the_pinned_one_are_warned_of() {
        let served = Served { provider: Some("Beta".into()), ..Served::default() };
        let reply = Reply { served, ..Reply::of(AssistantMessage::text("one two three four five six")) };
        let warnings = with("openrouter/m+alpha", Some("K"), &Returned::from(Ok(reply)), |report| {
            report.warnings.clone()
        });
        let joined = warnings.join("\n");
        assert!(joined.contains("logprobs was sent and ignored"), "{joined}");
        assert!(joined.contains("stop was sent and ignored"), "{joined}");
        assert!(joined.contains("pinned to alpha, and Beta"), "{joined}");
    }

    #[test]
    fn a_router_spells_a_provider_in_two_ways() {
        assert!(is_same_provider("google-ai-studio", "Google AI Studio"));
        assert!(is_same_provider("deepinfra/fp8", "DeepInfra"));
        assert!(is_same_provider("google-vertex/us-east5", "Google Vertex (US)"));
        assert!(!is_same_provider("alpha", "Beta"));
    }
}
