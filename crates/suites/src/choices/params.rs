//! The parameters of the suite.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::agent::Limits;
use super::spec::Spec;
use super::task::{TASKS, Task};
use super::variant::Variant;
use crate::kit::{ParamInfo, SetupError};

/// The parameters, for people.
pub(super) const PARAMS: &[ParamInfo] = &[
    ParamInfo { name: "tasks", default: "all", about: "which tasks, separated by commas; or all seven" },
    ParamInfo {
        name: "variants",
        default: "all",
        about: "which variants of the profile, separated by commas: A to H, policy_reminder, sanctioned_blocker, prompt_policy; or all",
    },
    ParamInfo {
        name: "profile",
        default: "benchmark",
        about: "benchmark (the eight variants of every task), diagnostic (three further variants of three tasks, beside their control H) or all",
    },
    ParamInfo {
        name: "wordings",
        default: "first",
        about: "which wording of each circumstance: first, or a number, the seed that draws one for each case",
    },
    ParamInfo {
        name: "message-limit",
        default: "160",
        about: "how many messages a conversation may have; or none",
    },
    ParamInfo { name: "turn-limit", default: "none", about: "how many turns an agent may take; or none" },
    ParamInfo {
        name: "token-limit",
        default: "none",
        about: "how many tokens an agent may read and write in all; or none",
    },
    ParamInfo {
        name: "time-limit",
        default: "1800",
        about: "how many seconds an agent's turns and tools may take in all; or none",
    },
    ParamInfo {
        name: "repeat-streak",
        default: "12",
        about: "after how many equal calls with equal results in a row an agent is stopped; or none",
    },
    ParamInfo { name: "command-timeout", default: "180", about: "how many seconds a shell command may take" },
];

/// The parameters, read.
#[derive(Debug, Clone)]
pub(super) struct Params {
    cases: Vec<(&'static str, Variant)>,
    /// The seed of the wordings; none for the first of each.
    pub(super) wordings: Option<u64>,
    pub(super) limits: Limits,
    given: BTreeMap<String, String>,
}

impl Params {
    /// Reads the parameters.
    ///
    /// # Errors
    ///
    /// A parameter that there is not, or a value that one does not take.
    pub(super) fn read(given: &BTreeMap<String, String>) -> Result<Self, SetupError> {
        if let Some(name) = given.keys().find(|name| !PARAMS.iter().any(|param| param.name == name.as_str()))
        {
            return Err(SetupError::UnknownParam { name: name.clone() });
        }
        let mut all = BTreeMap::new();
        for param in PARAMS {
            let value = given.get(param.name).map_or(param.default, String::as_str);
            all.insert(param.name.to_owned(), value.to_owned());
        }
        let limit = |name: &str| match all[name].as_str() {
            "none" => Ok(None),
            text => positive::<usize>(name, text).map(Some),
        };
        let wordings = match all["wordings"].as_str() {
            "first" => None,
            text => Some(text.parse().map_err(|_| bad("wordings", text, "first, or a whole number"))?),
        };
        Ok(Self {
            cases: chosen(&all)?,
            wordings,
            limits: Limits {
                messages: limit("message-limit")?,
                turns: limit("turn-limit")?,
                tokens: limit("token-limit")?.map(|most| most as u64),
                seconds: limit("time-limit")?.map(|most| most as u64),
                streak: limit("repeat-streak")?,
                command_seconds: positive("command-timeout", &all["command-timeout"])?,
            },
            given: all,
        })
    }

    /// The tasks and variants, in their order.
    pub(super) fn cases(&self) -> impl Iterator<Item = Spec> {
        let spec = |(task, variant): &(&str, Variant)| Spec {
            task: (*task).to_owned(),
            variant: *variant,
            wordings: BTreeMap::new(),
        };
        self.cases.iter().map(spec)
    }

    /// The parameters as a run file records them.
    pub(super) fn record(&self) -> serde_json::Map<String, serde_json::Value> {
        self.given.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
    }
}

fn chosen(all: &BTreeMap<String, String>) -> Result<Vec<(&'static str, Variant)>, SetupError> {
    let tasks: Vec<&Task> = match all["tasks"].as_str() {
        "all" => TASKS.iter().collect(),
        text => {
            let known: Vec<_> = TASKS.iter().map(|task| format!("{} ({})", task.id, task.about)).collect();
            let find = |name: &str| {
                super::task::find(name)
                    .ok_or_else(|| bad("tasks", name, &format!("all, or some of {}", known.join(", "))))
            };
            text.split(',').map(str::trim).map(find).collect::<Result<_, _>>()?
        }
    };
    let variants: Option<Vec<Variant>> = match all["variants"].as_str() {
        "all" => None,
        text => {
            let read = |name: &str| {
                let takes = "all, or some of A, B, C, D, E, F, G, H, policy_reminder, sanctioned_blocker, prompt_policy";
                name.parse::<Variant>().map_err(|_| bad("variants", name, takes))
            };
            Some(text.split(',').map(str::trim).map(read).collect::<Result<_, _>>()?)
        }
    };
    let (benchmark, diagnostic) = match all["profile"].as_str() {
        "benchmark" => (true, false),
        "diagnostic" => (false, true),
        "all" => (true, true),
        text => return Err(bad("profile", text, "benchmark, diagnostic or all")),
    };
    let mut cases = Vec::new();
    for task in tasks {
        let mut of_profile = Vec::new();
        if benchmark {
            of_profile.extend(Variant::BENCHMARK);
        }
        if diagnostic && task.is_diagnostic {
            // The control stands beside what is held against it.
            of_profile.extend((!benchmark).then_some(Variant::H));
            of_profile.extend(Variant::DIAGNOSTIC);
        }
        let is_wanted = |variant: &Variant| variants.as_ref().is_none_or(|wanted| wanted.contains(variant));
        cases.extend(of_profile.into_iter().filter(is_wanted).map(|variant| (task.id, variant)));
    }
    if cases.is_empty() {
        let hint = "variants of the profile; policy_reminder, sanctioned_blocker and prompt_policy are of the profile diagnostic and of three tasks only";
        return Err(bad("variants", &all["variants"], hint));
    }
    Ok(cases)
}

fn bad(name: &str, value: &str, takes: &str) -> SetupError {
    SetupError::BadParam { name: name.to_owned(), value: value.to_owned(), takes: takes.to_owned() }
}

fn positive<T: FromStr + PartialOrd + Default>(name: &str, text: &str) -> Result<T, SetupError> {
    let takes = "a whole number above 0";
    text.parse().ok().filter(|value| *value > T::default()).ok_or_else(|| bad(name, text, takes))
}
