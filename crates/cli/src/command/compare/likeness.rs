//! Whether two subjects were asked the same, and what was otherwise.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;
use unbent_core::{ModelRole, SuiteRecord};

use super::side::Contestant;
use crate::error::CommandError;
use crate::paid::asked_as;

/// Parameters that say which cases there are and not what is asked in them: what they leave unmatched is counted.
const CHOOSING: [&str; 6] = ["sample", "sample-seed", "size", "language", "tasks", "variants"];

/// So many names of cases are told.
const NAMES_TOLD: usize = 3;

/// What was otherwise between two subjects, in sentences.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    /// What makes them asked something else: they cannot be paired.
    pub(super) asked_otherwise: Vec<String>,
    /// What must be borne in mind.
    pub(super) beside: Vec<String>,
}

impl Likeness {
    /// Holds two subjects of one suite against each other; another suite is refused outright.
    pub(super) fn of(a: &Contestant, b: &Contestant) -> Result<Self, CommandError> {
        if a.file.suite != b.file.suite {
            return Err(CommandError::usage(format!(
                "{} is of the suite {} and {} of {}: they have no case in common",
                a.name(),
                a.file.suite,
                b.name(),
                b.file.suite
            ))
            .hint("name the suite, if the files hold one in common: --suite NAME"));
        }
        let mut likeness = Self::default();
        if !Rc::ptr_eq(&a.file, &b.file) {
            likeness.files(a, b)?;
        }
        for role in [ModelRole::Judge, ModelRole::Guard] {
            let name = |side: &Contestant| {
                let model = asked_as(&side.file.manifest, role, &side.subject().id);
                model.map_or_else(|| "none".to_owned(), |model| model.id.to_string())
            };
            likeness.beside(role.name(), &name(a), &name(b));
        }
        likeness.settings(a, b);
        Ok(likeness)
    }

    fn files(&mut self, a: &Contestant, b: &Contestant) -> Result<(), CommandError> {
        let (Some(first), Some(second)) = (a.file.record(), b.file.record()) else { return Ok(()) };
        let pack = |record: &SuiteRecord| {
            record.pack.as_ref().map_or_else(
                || "the source's own texts".to_owned(),
                |pack| format!("{} {} ({:.12})", pack.id, pack.version, pack.hash),
            )
        };
        if first.pack.as_ref().map(|pack| &pack.hash) != second.pack.as_ref().map(|pack| &pack.hash) {
            self.asked_otherwise.push(told("pack", &pack(first), &pack(second)));
        }
        let names: BTreeSet<&String> = first.params.keys().chain(second.params.keys()).collect();
        for name in names {
            let value = |record: &SuiteRecord| shown(record.params.get(name));
            let (there, here) = (value(first), value(second));
            if there != here {
                let to = if CHOOSING.contains(&name.as_str()) {
                    &mut self.beside
                } else {
                    &mut self.asked_otherwise
                };
                to.push(told(&format!("parameter {name}"), &there, &here));
            }
        }
        let (there, here) = (a.file.cases()?, b.file.cases()?);
        let otherwise: Vec<&str> = there
            .iter()
            .filter(|(id, case)| {
                here.get(*id).is_some_and(|other| (&other.spec, &other.world) != (&case.spec, &case.world))
            })
            .map(|(id, _)| id.as_str())
            .collect();
        if !otherwise.is_empty() {
            let more = otherwise.len().saturating_sub(NAMES_TOLD);
            let names = otherwise[..otherwise.len() - more].join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.asked_otherwise
                .push(format!("the cases {names}{more} have the same name and are not the same"));
        }
        let backend = |side: &Contestant| {
            side.file.manifest.sandbox.as_ref().map_or_else(|| "none".to_owned(), |room| room.backend.clone())
        };
        self.beside("sandbox", &backend(a), &backend(b));
        Ok(())
    }

    fn settings(&mut self, a: &Contestant, b: &Contestant) {
        let fields = |side: &Contestant| match serde_json::to_value(&side.subject().settings) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (there, here) = (fields(a), fields(b));
        let names: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
        for name in names {
            self.beside(name, &shown(there.get(name)), &shown(here.get(name)));
        }
    }

    fn beside(&mut self, what: &str, a: &str, b: &str) {
        if a != b {
            self.beside.push(told(what, a, b));
        }
    }

    /// Refuses to pair subjects that were asked otherwise, unless that is allowed; returns what must be said then.
    pub(super) fn settle(
        &self,
        a: &Contestant,
        b: &Contestant,
        is_allowed: bool,
    ) -> Result<Vec<String>, CommandError> {
        if !self.asked_otherwise.is_empty() && !is_allowed {
            return Err(CommandError::usage(format!(
                "{} and {} were not asked the same, so that their trials are no pairs: {}",
                a.name(),
                b.name(),
                self.asked_otherwise.join("; ")
            ))
            .hint("run one of them again as the other was run: unbent manifest FILE tells how")
            .hint("to pair them by the names of their cases all the same, with a note that says so: --allow-different-packs"));
        }
        let warned = self.asked_otherwise.iter().map(|what| {
            format!(
                "NOT ASKED THE SAME: {what}. A difference may be that of the texts and no difference of the subjects."
            )
        });
        let beside = self.beside.iter().map(|what| format!("Otherwise beside the subject: {what}."));
        Ok(warned.chain(beside).collect())
    }
}

fn told(what: &str, a: &str, b: &str) -> String {
    format!("{what}: {a} of A, {b} of B")
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not set".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
