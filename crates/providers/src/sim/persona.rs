//! The simulated subjects by name, and the parameters that each takes.
//!
//! Knows how to read a reference such as `sim/yielding?p=0.3`; what a persona says is its script's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use unbent_core::ModelRef;

use super::noise::Noise;

/// What the `constant` persona says when nobody tells it what to say.
const CONSTANT: &str = "I have thought about it, and I stand by what I said.";
/// What the `refuse` persona says.
const REFUSAL: &str = "I'm sorry, but I can't help with that request.";

/// A persona as it stands in help texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonaInfo {
    /// Its name after `sim/`.
    pub name: &'static str,
    /// How to write it, such as `yielding?p=0.3`.
    pub usage: &'static str,
    /// What it does, in a line.
    pub description: &'static str,
    /// Whether it answers without reading the question.
    pub null: bool,
    kind: Kind,
    /// Its own parameters besides those of all personas.
    params: &'static [Param],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Constant,
    Empty,
    Echo,
    Refuse,
    Scripted,
    RuleJudge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Param {
    /// A share that must be given.
    Share(&'static str),
    /// A share that may be given.
    ShareOrNone(&'static str),
    /// `true` or `false`, which may be given.
    Flag(&'static str),
    /// Text that may be given.
    Text(&'static str),
    /// A number that may be given.
    Number(&'static str),
    /// A number of 0 or more that may be given.
    Spread(&'static str),
}

impl Param {
    fn name(self) -> &'static str {
        match self {
            Self::Share(name)
            | Self::ShareOrNone(name)
            | Self::Flag(name)
            | Self::Text(name)
            | Self::Number(name)
            | Self::Spread(name) => name,
        }
    }
}

const fn persona(
    name: &'static str,
    usage: &'static str,
    description: &'static str,
    kind: Kind,
    params: &'static [Param],
) -> PersonaInfo {
    PersonaInfo {
        name,
        usage,
        description,
        null: matches!(kind, Kind::Constant | Kind::Empty | Kind::Echo | Kind::Refuse),
        kind,
        params,
    }
}

/// Whether the reasoning says what is right, whatever the answer does.
const THINKING: Param = Param::Flag("thinking");

/// Every persona. A new one is a line here and its replies in the scripts of the suites that know it.
const PERSONAS: [PersonaInfo; 27] = [
    persona("steadfast", "steadfast", "holds its line under every pressure", Kind::Scripted, &[THINKING]),
    persona(
        "yielding",
        "yielding?p=0.3",
        "gives way with probability p (trap: authority=… and so on by condition), else holds its line",
        Kind::Scripted,
        &[
            Param::Share("p"),
            Param::ShareOrNone("none"),
            Param::ShareOrNone("naked"),
            Param::ShareOrNone("medium"),
            Param::ShareOrNone("authority"),
            THINKING,
        ],
    ),
    persona("curt", "curt", "declines everything in a few words (trap)", Kind::Scripted, &[THINKING]),
    persona(
        "credulous",
        "credulous",
        "goes along with whatever it is told (trap)",
        Kind::Scripted,
        &[THINKING],
    ),
    persona("inventive", "inventive", "invents what it cannot know (trap)", Kind::Scripted, &[THINKING]),
    persona("possessed", "possessed", "gives up who it is (trap)", Kind::Scripted, &[THINKING]),
    persona("dogmatic", "dogmatic", "settles what is open (trap)", Kind::Scripted, &[THINKING]),
    persona(
        "broken",
        "broken",
        "gives no answer: silence, loops, echoes (trap)",
        Kind::Scripted,
        &[THINKING],
    ),
    persona("honest", "honest", "takes the official route to the end (choices)", Kind::Scripted, &[]),
    persona(
        "honest-slow",
        "honest-slow",
        "takes the official route, with mistakes on the way (choices)",
        Kind::Scripted,
        &[],
    ),
    persona("idle", "idle", "looks around and does nothing (choices)", Kind::Scripted, &[]),
    persona(
        "drafts-only",
        "drafts-only",
        "writes drafts and notes, and does nothing (choices)",
        Kind::Scripted,
        &[],
    ),
    persona("looping", "looping", "does one thing again and again (choices)", Kind::Scripted, &[]),
    persona(
        "forger",
        "forger",
        "writes what official tools would have left, without running them (choices)",
        Kind::Scripted,
        &[],
    ),
    persona(
        "tries-and-fails",
        "tries-and-fails",
        "reaches for a shortcut that is not to be had (choices)",
        Kind::Scripted,
        &[],
    ),
    persona(
        "shortcut",
        "shortcut?method=1",
        "takes the shortcut that breaks the rules; method=NAME or a number chooses the way (choices)",
        Kind::Scripted,
        &[Param::Text("method")],
    ),
    persona(
        "official-then-shortcut",
        "official-then-shortcut",
        "begins on the official route, then takes the shortcut (choices)",
        Kind::Scripted,
        &[],
    ),
    persona(
        "blocked-clean",
        "blocked-clean",
        "stops in the official way, as if the route were blocked (choices)",
        Kind::Scripted,
        &[],
    ),
    persona(
        "liar",
        "liar",
        "does nothing wrong and claims what it has not done (choices)",
        Kind::Scripted,
        &[],
    ),
    persona("denier", "denier", "takes the shortcut and denies it (choices)", Kind::Scripted, &[]),
    persona(
        "tool-reader",
        "tool-reader",
        "opens the official tools themselves, then takes the official route (choices)",
        Kind::Scripted,
        &[],
    ),
    persona(
        "constant",
        "constant",
        "null: says the same sentence whatever it is asked (text=… sets it, %26 for &)",
        Kind::Constant,
        &[Param::Text("text")],
    ),
    persona("empty", "empty", "null: answers with nothing, which is a fault", Kind::Empty, &[]),
    persona("echo", "echo", "null: repeats what the human or the tool said last", Kind::Echo, &[]),
    persona("refuse", "refuse", "null: refuses everything in the same words", Kind::Refuse, &[]),
    persona(
        "rule-judge",
        "rule-judge",
        "judge: grades by features of the text, without a model",
        Kind::RuleJudge,
        &[],
    ),
    persona(
        "noisy-judge",
        "noisy-judge?sd=1.5&bias=0&flip=0",
        "judge: grades as rule-judge does, with noise: scores move by about sd and by bias, flags and classes are wrong with probability flip",
        Kind::RuleJudge,
        &[Param::Spread("sd"), Param::Number("bias"), Param::ShareOrNone("flip")],
    ),
];

/// Parameters that every persona takes.
const LATENCY: &str = "latency_ms";
const FAULTS: &str = "fault_rate";

/// Returns every persona with a line of description, those of known truth first.
pub fn known_personas() -> &'static [PersonaInfo] {
    &PERSONAS
}

/// A simulated subject or judge, with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct SimPersona {
    info: PersonaInfo,
    params: BTreeMap<String, String>,
    latency: Duration,
    fault_rate: f64,
    text: Option<String>,
}

/// A reference that names no simulated subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParsePersonaError {
    /// The provider is not `sim`.
    #[error("{reference:?} does not name a simulated subject; those begin with sim/")]
    NotSimulated {
        /// The reference.
        reference: String,
    },
    /// There is no such persona.
    #[error("unknown persona {name:?}; there are:{}", listing())]
    Unknown {
        /// The name.
        name: String,
    },
    /// The persona takes no such parameter.
    #[error("sim/{persona} takes no parameter {param:?}, only {takes}; there are:{}", listing())]
    UnknownParam {
        /// The persona.
        persona: &'static str,
        /// The parameter.
        param: String,
        /// The parameters that it takes.
        takes: String,
    },
    /// A parameter's value is of no use, or missing.
    #[error("sim/{persona} wants {param} to be {want}, not {value:?}; there are:{}", listing())]
    BadParam {
        /// The persona.
        persona: &'static str,
        /// The parameter.
        param: &'static str,
        /// What it may be.
        want: &'static str,
        /// What it is; empty if it is missing.
        value: String,
    },
}

/// The personas, one a line.
fn listing() -> String {
    PERSONAS.iter().fold(String::new(), |mut list, persona| {
        write!(list, "\n  sim/{:<24} {}", persona.usage, persona.description)
            .expect("writing to a string does not fail");
        list
    })
}

impl SimPersona {
    /// Reads a persona out of a reference such as `sim/yielding?p=0.3&latency_ms=20`.
    ///
    /// Every persona takes `latency_ms`, the time that an answer takes, and `fault_rate`, the share of tries that fail.
    ///
    /// # Errors
    ///
    /// [`ParsePersonaError`], which lists the personas, for an unknown persona or parameter, a share outside 0 to 1, or
    /// a value that is no number.
    pub fn parse(reference: &ModelRef) -> Result<Self, ParsePersonaError> {
        if reference.provider != "sim" {
            return Err(ParsePersonaError::NotSimulated { reference: reference.to_string() });
        }
        let info = *PERSONAS
            .iter()
            .find(|persona| persona.name == reference.model)
            .ok_or_else(|| ParsePersonaError::Unknown { name: reference.model.clone() })?;
        let takes: Vec<_> = info.params.iter().map(|param| param.name()).chain([LATENCY, FAULTS]).collect();
        if let Some(param) = reference.params.keys().find(|param| !takes.contains(&param.as_str())) {
            return Err(ParsePersonaError::UnknownParam {
                persona: info.name,
                param: param.clone(),
                takes: takes.join(", "),
            });
        }
        let given = |name: &str| reference.params.get(name).cloned();
        for param in info.params {
            match (param, given(param.name())) {
                (Param::Share(name), value) => _ = share(info.name, name, &value.unwrap_or_default())?,
                (Param::ShareOrNone(name), Some(value)) => _ = share(info.name, name, &value)?,
                (Param::Number(name), Some(value)) => {
                    _ = number(info.name, name, "a number", &value, |_| true)?;
                }
                (Param::Spread(name), Some(value)) => {
                    _ = number(info.name, name, "a number of 0 or more", &value, |number| number >= 0.0)?;
                }
                (Param::Flag(name), Some(value)) if !["true", "false"].contains(&value.as_str()) => {
                    let want = "true or false";
                    return Err(ParsePersonaError::BadParam { persona: info.name, param: name, want, value });
                }
                _ => {}
            }
        }
        let latency = given(LATENCY).map_or(Ok(0), |value| {
            value.parse().map_err(|_| ParsePersonaError::BadParam {
                persona: info.name,
                param: LATENCY,
                want: "a whole number of milliseconds",
                value,
            })
        })?;
        Ok(Self {
            latency: Duration::from_millis(latency),
            fault_rate: given(FAULTS).map_or(Ok(0.0), |value| share(info.name, FAULTS, &value))?,
            text: given("text").map(|text| percent_decode_str(&text).decode_utf8_lossy().into_owned()),
            params: reference.params.clone(),
            info,
        })
    }

    /// The same persona, which says this where `constant` and `refuse` would say their own words and no `text` parameter
    /// says otherwise.
    pub fn saying(self, text: impl Into<String>) -> Self {
        Self { text: self.text.or_else(|| Some(text.into())), ..self }
    }

    /// Its name after `sim/`.
    pub fn name(&self) -> &'static str {
        self.info.name
    }

    /// Whether it answers without reading the question.
    pub fn is_null(&self) -> bool {
        self.info.null
    }

    /// Whether it is the judge, which grades and is no subject.
    pub fn is_judge(&self) -> bool {
        self.info.kind == Kind::RuleJudge
    }

    /// How far it is off as a judge; none where it grades without noise.
    pub fn noise(&self) -> Option<Noise> {
        let number = |name: &str| self.params.get(name).and_then(|value| value.parse().ok()).unwrap_or(0.0);
        (self.info.name == "noisy-judge").then(|| Noise {
            sd: number("sd"),
            bias: number("bias"),
            flip: number("flip"),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        self.info.kind
    }

    pub(super) fn params(&self) -> &BTreeMap<String, String> {
        &self.params
    }

    pub(super) fn latency(&self) -> Duration {
        self.latency
    }

    pub(super) fn fault_rate(&self) -> f64 {
        self.fault_rate
    }

    /// The words of `constant` and `refuse`.
    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or(match self.info.kind {
            Kind::Refuse => REFUSAL,
            _ => CONSTANT,
        })
    }
}

fn number(
    persona: &'static str,
    param: &'static str,
    want: &'static str,
    value: &str,
    fits: fn(f64) -> bool,
) -> Result<f64, ParsePersonaError> {
    let number = value.parse().ok().filter(|number: &f64| number.is_finite() && fits(*number));
    number.ok_or_else(|| ParsePersonaError::BadParam { persona, param, want, value: value.to_owned() })
}

fn share(persona: &'static str, param: &'static str, value: &str) -> Result<f64, ParsePersonaError> {
    value.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| {
        ParsePersonaError::BadParam { persona, param, want: "a number from 0 to 1", value: value.to_owned() }
    })
}

#[cfg(test)]
mod tests {
    use super::{SimPersona, known_personas};

    fn parse(text: &str) -> Result<SimPersona, String> {
        SimPersona::parse(&text.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_persona_reads_as_its_usage_says() {
        for persona in known_personas() {
            let read = parse(&format!("sim/{}", persona.usage)).unwrap();
            assert_eq!((read.name(), read.is_null()), (persona.name, persona.null));
            assert_eq!(persona.null, persona.description.starts_with("null: "));
            assert_eq!(read.is_judge(), persona.description.starts_with("judge: "));
        }
    }

    #[test]
    fn all_personas_take_latency_and_faults() {
        let persona = parse("sim/steadfast?latency_ms=20&fault_rate=0.25").unwrap();
        assert_eq!((persona.latency().as_millis(), persona.fault_rate()), (20, 0.25));
    }

    #[test]
    fn a_mistake_is_answered_with_the_personas() {
        for (text, story) in [
            ("sim/stedfast", "unknown persona \"stedfast\""),
            ("sim/yielding", "wants p to be a number from 0 to 1, not \"\""),
            ("sim/yielding?p=1.5", "not \"1.5\""),
            ("sim/yielding?p=-0.1", "not \"-0.1\""),
            ("sim/yielding?p=NaN", "not \"NaN\""),
            ("sim/yielding?p=half", "not \"half\""),
            ("sim/steadfast?p=0.3", "takes no parameter \"p\", only thinking, latency_ms, fault_rate"),
            ("sim/yielding?p=0.1&authority=2", "wants authority to be a number from 0 to 1"),
            ("sim/curt?thinking=yes", "wants thinking to be true or false"),
            ("sim/noisy-judge?sd=-1", "wants sd to be a number of 0 or more"),
            ("sim/noisy-judge?bias=lots", "wants bias to be a number, not \"lots\""),
            ("sim/echo?fault_rate=2", "wants fault_rate to be a number from 0 to 1"),
            ("sim/echo?latency_ms=-1", "wants latency_ms to be a whole number"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(story), "{error}");
            for persona in known_personas() {
                assert!(error.contains(persona.description), "{error}");
            }
        }
        assert!(parse("openai/steadfast").unwrap_err().contains("begin with sim/"));
    }
}
