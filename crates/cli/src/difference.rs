//! What tells the run that a file holds from the run that a command line asks for.
//!
//! Pure. What cannot change an answer is no difference: when and by which program a run was begun, the state of the
//! working tree, which keys were there, how fast a model is asked, and the order in which suites and subjects were named.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};
use unbent_core::{Case, Manifest, ModelRef, ModelRole, PackRef, Program, Subject, SuiteId, SuiteRecord};

use crate::hosts::PACE_PARAMS;

/// What a run asks: its settings, and the cases that it puts.
pub(crate) struct Asked<'a> {
    /// Its settings.
    pub(crate) manifest: &'a Manifest,
    /// Its cases.
    pub(crate) cases: &'a [Case],
}

/// One thing that is otherwise in a file than it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What it is.
    what: String,
    /// What differs.
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Two values of the same thing.
    Values { in_file: String, asked: String },
    /// The file has it, and it is not asked for.
    OnlyInFile,
    /// It is asked for, and the file has it not.
    OnlyAsked,
}

impl Difference {
    /// The difference as a line; `file` is what the file is called.
    pub(crate) fn told(&self, file: &str) -> String {
        let what = &self.what;
        match &self.kind {
            Kind::Values { in_file, asked } => format!("{what}: {in_file} in {file}, {asked} asked for"),
            Kind::OnlyInFile => format!("{what}: in {file}, not asked for"),
            Kind::OnlyAsked => format!("{what}: not in {file}, asked for"),
        }
    }
}

/// Parts of a manifest that have a comparison of their own, or that change no answer.
const NOT_COMPARED_PLAINLY: [&str; 10] = [
    "created_at_ms",
    "program",
    "git",
    "credentials",
    "suites",
    "subjects",
    "judge",
    "guard",
    "sandbox",
    "rescored",
];

/// So many names of cases are told before the rest is counted.
const NAMES_TOLD: usize = 3;

/// What differs between the run in a file and the one that is asked for; nothing if they are the same run.
pub(crate) fn differences(file: &Asked<'_>, asked: &Asked<'_>) -> Vec<Difference> {
    let mut found = Found::default();
    let (there, here) = (file.manifest, asked.manifest);
    let same_suites = found.suites(&there.suites, &here.suites);
    found.cases(file.cases, asked.cases, &same_suites);
    found.subjects(&there.subjects, &here.subjects);
    found.beside(ModelRole::Judge, there.judge.as_ref(), here.judge.as_ref());
    found.beside(ModelRole::Guard, there.guard.as_ref(), here.guard.as_ref());
    let backend = |manifest: &Manifest| {
        let sandbox = manifest.sandbox.as_ref()?;
        let image =
            sandbox.digests.get("image").map_or_else(String::new, |image| format!(" with the image {image}"));
        Some(format!("{}{image}", sandbox.backend))
    };
    if let (Some(in_file), Some(asked)) = (backend(there), backend(here))
        && in_file != asked
    {
        found.push("sandbox", Kind::Values { in_file, asked });
    }
    let plain = |manifest: &Manifest| {
        let mut fields = fields(manifest);
        fields.retain(|name, _| !NOT_COMPARED_PLAINLY.contains(&name.as_str()));
        fields
    };
    found.fields(&plain(there), &plain(here), str::to_owned);
    found.0
}

/// The program that a file was begun by, and this one, if they are not the same.
pub(crate) fn other_program(file: &Program, this: &Program) -> Option<String> {
    let told = |program: &Program| format!("{} {}", program.name, program.version);
    (file != this).then(|| format!("{}; this is {}", told(file), told(this)))
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn push(&mut self, what: impl Into<String>, kind: Kind) {
        self.0.push(Difference { what: what.into(), kind });
    }

    fn values(&mut self, what: impl Into<String>, in_file: String, asked: String) {
        if in_file != asked {
            self.push(what, Kind::Values { in_file, asked });
        }
    }

    /// Compares fields by name; `what` says of a name what it is.
    fn fields(
        &mut self,
        there: &Map<String, Value>,
        here: &Map<String, Value>,
        what: impl Fn(&str) -> String,
    ) {
        let names: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
        for name in names {
            self.values(what(name), shown(there.get(name)), shown(here.get(name)));
        }
    }

    /// Compares things by name, and those that both sides have by `compare`.
    fn named<T>(
        &mut self,
        kind: &str,
        there: &BTreeMap<String, &T>,
        here: &BTreeMap<String, &T>,
        mut compare: impl FnMut(&mut Self, &str, &T, &T),
    ) {
        let names: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
        for name in names {
            match (there.get(name), here.get(name)) {
                (Some(there), Some(here)) => compare(self, name, there, here),
                (Some(_), None) => self.push(format!("{kind} {name}"), Kind::OnlyInFile),
                _ => self.push(format!("{kind} {name}"), Kind::OnlyAsked),
            }
        }
    }

    /// Compares suites; returns those that are the same on both sides.
    fn suites(&mut self, there: &[SuiteRecord], here: &[SuiteRecord]) -> BTreeSet<SuiteId> {
        let name = |record: &SuiteRecord| record.id.to_string();
        let (there, here) = (by_name(there, name), by_name(here, name));
        let mut same = BTreeSet::new();
        self.named("suite", &there, &here, |found, name, there, here| {
            let before = found.0.len();
            found.fields(&there.params, &here.params, |param| format!("parameter {param} of {name}"));
            let pack = |record: &SuiteRecord| record.pack.as_ref().map_or_else(no_value, pack_shown);
            found.values(format!("pack of {name}"), pack(there), pack(here));
            if found.0.len() == before {
                same.insert(there.id.clone());
            }
        });
        same
    }

    /// Compares the cases of the suites that are the same: of others they differ by themselves.
    fn cases(&mut self, there: &[Case], here: &[Case], suites: &BTreeSet<SuiteId>) {
        for suite in suites {
            let of_suite = |case: &&Case| case.suite == *suite;
            let name = |case: &Case| case.id.to_string();
            let there = by_name(there.iter().filter(of_suite), name);
            let here = by_name(here.iter().filter(of_suite), name);
            let what = format!("cases of {suite}");
            if there.len() != here.len() {
                self.values(what, there.len().to_string(), here.len().to_string());
                continue;
            }
            let only = |these: &BTreeMap<String, &Case>, those: &BTreeMap<String, &Case>| {
                told(these.keys().filter(|name| !those.contains_key(*name)))
            };
            self.values(what, only(&there, &here), only(&here, &there));
            let changed = told(
                there
                    .iter()
                    .filter_map(|(name, case)| here.get(name).filter(|other| *other != case).map(|_| name)),
            );
            if !changed.is_empty() {
                let version = |whose: &str| format!("{whose} text of {changed}");
                self.values(format!("content of cases of {suite}"), version("one"), version("another"));
            }
        }
    }

    fn subjects(&mut self, there: &[Subject], here: &[Subject]) {
        let name = |subject: &Subject| subject.id.to_string();
        // Answers that were graded again are no part of what was asked for.
        let there = there.iter().filter(|subject| subject.regraded.is_none());
        self.named("subject", &by_name(there, name), &by_name(here, name), Self::models);
    }

    /// Compares who has a role beside the subjects.
    fn beside(&mut self, role: ModelRole, there: Option<&Subject>, here: Option<&Subject>) {
        match (there, here) {
            (Some(there), Some(here)) if there.id == here.id => {
                self.models(&format!("the {} {}", role.name(), here.id), there, here);
            }
            _ => {
                let name =
                    |model: Option<&Subject>| model.map_or_else(no_value, |model| model.id.to_string());
                self.values(role.name(), name(there), name(here));
            }
        }
    }

    /// Compares two descriptions of the model of this name, its settings and prices one by one.
    fn models(&mut self, name: &str, there: &Subject, here: &Subject) {
        let flat = |subject: &Subject| {
            let mut flat = fields(subject);
            flat.remove("id");
            flat.remove("price_source");
            flat.insert("model".to_owned(), unhurried(&subject.model).into());
            if let Some(Value::Object(settings)) = flat.remove("settings") {
                flat.extend(settings);
            }
            if let Some(Value::Object(prices)) = flat.remove("price") {
                flat.extend(prices.into_iter().map(|(kind, price)| (format!("price ({kind})"), price)));
            }
            flat
        };
        self.fields(&flat(there), &flat(here), |field| format!("{field} of {name}"));
    }
}

/// A reference without what only says how fast its model is asked.
fn unhurried(model: &str) -> String {
    let Ok(mut reference) = model.parse::<ModelRef>() else { return model.to_owned() };
    reference.params.retain(|name, _| !PACE_PARAMS.contains(&name.as_str()));
    reference.to_string()
}

fn by_name<'t, T: 't>(
    things: impl IntoIterator<Item = &'t T>,
    name: impl Fn(&T) -> String,
) -> BTreeMap<String, &'t T> {
    things.into_iter().map(|thing| (name(thing), thing)).collect()
}

/// The fields of a part of a manifest, as they are written.
fn fields(part: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(part) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("manifests and subjects are written as objects"),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => no_value(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn no_value() -> String {
    "not set".to_owned()
}

fn pack_shown(pack: &PackRef) -> String {
    let hash: String = pack.hash.chars().take(12).collect();
    format!("{} {} ({hash})", pack.id, pack.version)
}

/// The first names, and how many more there are.
fn told<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMES_TOLD);
    let first = names[..names.len() - more].join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

#[cfg(test)]
mod tests;
