//! The parameters of the suite.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use unbent_core::Sampling;

use super::case::Language;
use super::condition::Condition;
use super::generate::sample::stratified;
use super::generate::{Profile, distinct};
use super::pack::Loaded;
use super::spec::Prompt;
use crate::kit::{ParamInfo, SetupError};

/// The parameters, for people.
pub(super) const PARAMS: &[ParamInfo] = &[
    ParamInfo {
        name: "condition",
        default: "none",
        about: "what the subject is told about itself, separated by commas: none (nothing), naked (instructions only), medium, authority",
    },
    ParamInfo {
        name: "profile",
        default: "distinct",
        about: "which cases are made: distinct (15,000 prompts, no two alike) or published (the reference's 14,950, with its duplicates)",
    },
    ParamInfo { name: "seed", default: "42", about: "the seed that the cases are made from" },
    ParamInfo {
        name: "size",
        default: "all",
        about: "how many cases the distinct profile has: a number, or all for 15,000",
    },
    ParamInfo {
        name: "sample",
        default: "all",
        about: "a sample of so many cases, stratified by category as the reference does it; or all",
    },
    ParamInfo { name: "sample-seed", default: "2026", about: "the seed of the sample" },
    ParamInfo { name: "language", default: "all", about: "only prompts in this language: en, es; or all" },
    ParamInfo {
        name: "judge",
        default: "open",
        about: "which answers the judge reads: open (those that the rules leave open), all, never",
    },
    ParamInfo {
        name: "guard",
        default: "off",
        about: "whether a second model (--guard) decides what the user gets to see of each answer: off, on",
    },
    ParamInfo {
        name: "sampling",
        default: "standard",
        about: "how subjects draw: standard (temperature 0.1, 1024 tokens), published-chat and published-base (the reference's settings), model (each model's own)",
    },
];

/// Which answers the judge reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judging {
    Open,
    All,
    Never,
}

/// How subjects draw their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    Standard,
    PublishedChat,
    PublishedBase,
    Model,
}

impl Preset {
    /// The parameters of the reference are those of its runners: `benchmark_15k_runner` and `benchmark_9b_runner` for
    /// chat (there with a context of 4,096 tokens, which is a parameter of the reference to the model here:
    /// `ollama/NAME?num_ctx=4096`), `benchmark_base_runner` for base models.
    pub(super) fn sampling(self) -> Sampling {
        let plain = Sampling { temperature: Some(0.1), max_tokens: Some(1024), ..Sampling::default() };
        let published = Sampling { max_tokens: Some(512), repeat_penalty: Some(1.5), ..plain.clone() };
        match self {
            Self::Standard => plain,
            Self::PublishedChat => Sampling { top_k: Some(30), top_p: Some(0.9), ..published },
            Self::PublishedBase => published,
            Self::Model => Sampling { max_tokens: Some(1024), ..Sampling::default() },
        }
    }
}

/// The parameters as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Params {
    pub(super) conditions: Vec<Condition>,
    pub(super) judging: Judging,
    pub(super) is_guarded: bool,
    pub(super) preset: Preset,
    profile: Profile,
    seed: u64,
    size: Option<usize>,
    sample: Option<usize>,
    sample_seed: u64,
    language: Option<Language>,
}

impl Params {
    /// Reads the parameters.
    ///
    /// # Errors
    ///
    /// A parameter that there is not, or a value that it does not take.
    pub(super) fn read(given: &BTreeMap<String, String>) -> Result<Self, SetupError> {
        if let Some(name) = given.keys().find(|name| PARAMS.iter().all(|known| known.name != **name)) {
            // A run of a user's own cases records which they were; its cases are in the run file.
            if name != CASES {
                return Err(SetupError::UnknownParam { name: name.clone() });
            }
        }
        let read = Given(given);
        let conditions = read.list("condition", Condition::ALL)?;
        let params = Self {
            conditions,
            judging: read.choice(
                "judge",
                &[("open", Judging::Open), ("all", Judging::All), ("never", Judging::Never)],
            )?,
            is_guarded: read.choice("guard", &[("off", false), ("on", true)])?,
            preset: read.choice(
                "sampling",
                &[
                    ("standard", Preset::Standard),
                    ("published-chat", Preset::PublishedChat),
                    ("published-base", Preset::PublishedBase),
                    ("model", Preset::Model),
                ],
            )?,
            profile: read
                .choice("profile", &[("distinct", Profile::Distinct), ("published", Profile::Published)])?,
            seed: read.number("seed", "a whole number")?,
            size: read.at_most("size", distinct::CASES)?,
            sample: read.at_most("sample", usize::MAX)?,
            sample_seed: read.number("sample-seed", "a whole number")?,
            language: read.choice(
                "language",
                &[("all", None), ("en", Some(Language::English)), ("es", Some(Language::Spanish))],
            )?,
        };
        if params.size.is_some() && params.profile == Profile::Published {
            let takes = "the published profile has its own size; use --sample, or profile=distinct";
            return Err(read.bad("size", takes));
        }
        Ok(params)
    }

    /// The prompts that the parameters choose: the user's own, or those that the library makes.
    pub(super) fn prompts(&self, loaded: &Loaded) -> Vec<Prompt> {
        let Loaded { library, cases, .. } = loaded;
        let mut prompts: Vec<Prompt> = match cases {
            Some(cases) => cases.prompts.clone(),
            None => match self.profile {
                Profile::Published => super::generate::published::generate(library, self.seed),
                Profile::Distinct => {
                    let size = self.size.unwrap_or(distinct::CASES);
                    distinct::generate(library, self.seed, size)
                        .expect("the library was checked to be large enough when it was loaded")
                }
            }
            .into_iter()
            .map(Prompt::from)
            .collect(),
        };
        if let Some(language) = self.language {
            prompts.retain(|prompt| prompt.language == language);
        }
        match self.sample {
            None => prompts,
            Some(n) => {
                let categories: Vec<_> = prompts.iter().map(|prompt| prompt.category).collect();
                let places = stratified(&categories, n, self.sample_seed);
                places.into_iter().map(|place| prompts[place].clone()).collect()
            }
        }
    }

    /// The parameters as a run file records them, by name.
    pub(super) fn record(&self, loaded: &Loaded) -> BTreeMap<String, String> {
        let all = |n: Option<usize>| n.map_or_else(|| "all".to_owned(), |n| n.to_string());
        let conditions: Vec<_> = self.conditions.iter().map(ToString::to_string).collect();
        let mut params: BTreeMap<_, _> = [
            ("condition", conditions.join(",")),
            ("judge", name_of(self.judging, &[("open", Judging::Open), ("all", Judging::All)], "never")),
            (
                "sampling",
                name_of(
                    self.preset,
                    &[
                        ("standard", Preset::Standard),
                        ("published-chat", Preset::PublishedChat),
                        ("published-base", Preset::PublishedBase),
                    ],
                    "model",
                ),
            ),
            ("sample", all(self.sample)),
            ("sample-seed", self.sample_seed.to_string()),
            ("language", self.language.map_or("all", Language::tag).to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        // Runs of programs that knew no guard do not record it, and are the same runs as those without one.
        if self.is_guarded {
            params.insert("guard".to_owned(), "on".to_owned());
        }
        if let Some(cases) = &loaded.cases {
            params.insert(CASES.to_owned(), format!("{} {}", cases.name, cases.hash));
        } else {
            params.insert("profile".to_owned(), self.profile.name().to_owned());
            params.insert("seed".to_owned(), self.seed.to_string());
            params.insert("size".to_owned(), all(self.size));
        }
        params
    }
}

/// The record of a user's own cases: the file's name and its BLAKE3 hash.
const CASES: &str = "cases";

fn name_of<T: PartialEq + Copy>(value: T, names: &[(&str, T)], otherwise: &str) -> String {
    names.iter().find(|(_, known)| *known == value).map_or(otherwise, |(name, _)| name).to_owned()
}

/// Parameters as given, with the defaults of [`PARAMS`].
struct Given<'a>(&'a BTreeMap<String, String>);

impl Given<'_> {
    fn text(&self, name: &str) -> &str {
        let default = || PARAMS.iter().find(|known| known.name == name).map_or("", |known| known.default);
        self.0.get(name).map_or_else(default, String::as_str)
    }

    fn bad(&self, name: &str, takes: impl Into<String>) -> SetupError {
        SetupError::BadParam { name: name.to_owned(), value: self.text(name).to_owned(), takes: takes.into() }
    }

    fn number<N: FromStr>(&self, name: &str, takes: &str) -> Result<N, SetupError> {
        self.text(name).parse().map_err(|_| self.bad(name, takes))
    }

    /// A number of cases; none for all.
    fn at_most(&self, name: &str, most: usize) -> Result<Option<usize>, SetupError> {
        if self.text(name) == "all" {
            return Ok(None);
        }
        let takes = if most == usize::MAX {
            "a number of cases, or all".to_owned()
        } else {
            format!("a number of cases up to {most}, or all")
        };
        let n: usize = self.number(name, &takes)?;
        if (1..=most).contains(&n) { Ok(Some(n)) } else { Err(self.bad(name, takes)) }
    }

    fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, SetupError> {
        let text = self.text(name);
        let found = choices.iter().find(|(known, _)| *known == text).map(|(_, value)| *value);
        found.ok_or_else(|| {
            self.bad(name, choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
        })
    }

    /// Several values by their names, each once, in the order of `all`.
    fn list<T: Copy + Display, const N: usize>(&self, name: &str, all: [T; N]) -> Result<Vec<T>, SetupError> {
        let wanted: Vec<_> = self.text(name).split(',').map(str::trim).collect();
        let names = all.map(|value| value.to_string());
        if wanted.iter().any(|wanted| !names.iter().any(|name| name == wanted)) {
            return Err(self.bad(name, format!("one or several of {}", names.join(", "))));
        }
        let chosen = all.into_iter().zip(&names).filter(|(_, name)| wanted.contains(&name.as_str()));
        Ok(chosen.map(|(value, _)| value).collect())
    }
}
