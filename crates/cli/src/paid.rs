//! What a run paid for and what it keeps of that, and which parameters its models were never sent.
//!
//! *Paid* is everything: calls that failed and attempts that started over included. *Kept* is what the answers used that
//! count.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use unbent_core::{
    Ask, Event, History, Manifest, ModelRole, NeedKind, Provider, RoleMeters, RunView, Sampling, Step,
    Subject, SubjectId, TrialNo,
};
use unbent_engine::Spent;
use unbent_report::{Cell, Column, Table, thousands, usd};
use unbent_store::RunReader;

use crate::error::{CommandError, Exit};
use crate::output::harmless;
use crate::session::Suites;

/// What a run paid and keeps, and what it could not send.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// The trials, summed by subject.
    view: RunView,
    /// By subject and role, the first trial in which a parameter was not sent.
    unsent: BTreeMap<(SubjectId, ModelRole, String), TrialNo>,
}

impl Accounts {
    /// Adds up a run as it stands.
    pub(crate) fn of(reader: &RunReader) -> Result<Self, CommandError> {
        let mut accounts = Self::default();
        for trial in reader.trials_without_notes() {
            let trial = trial?;
            for (role, meters) in trial.meters.iter() {
                for name in &meters.unsent {
                    let key = (trial.key.subject.clone(), role, name.clone());
                    accounts.unsent.entry(key).or_insert(trial.no);
                }
            }
            accounts.view.apply(&trial);
        }
        Ok(accounts)
    }

    /// The trials, summed by subject.
    pub(crate) fn view(&self) -> &RunView {
        &self.view
    }

    /// What counts against a budget.
    pub(crate) fn spent(&self) -> Spent {
        let all = self.view.total().meters.sum();
        Spent { usd: all.cost_usd, tokens: all.usage.total() }
    }

    /// All that was paid: `usd` and `tokens`.
    pub(crate) fn paid(&self) -> Value {
        paid(&self.view.total().meters.sum())
    }

    /// Of that, what counts: `usd` and `tokens`.
    pub(crate) fn kept(&self) -> Value {
        kept(&self.view.total().meters.sum())
    }

    /// The same for each role.
    pub(crate) fn by_role(&self) -> Value {
        let total = self.view.total();
        let role = |meters: &RoleMeters| {
            json!({
                "answers": meters.answers,
                "faults": meters.faults,
                "paid": paid(meters),
                "kept": kept(meters),
            })
        };
        total.meters.iter().map(|(name, meters)| (name.name().to_owned(), role(meters))).collect()
    }

    /// What was paid and kept, for people; none if nothing was called that costs money.
    pub(crate) fn sentence(&self) -> Option<String> {
        let RoleMeters { usage, cost_usd: cost, unpriced, kept, .. } = self.view.total().meters.sum();
        if cost == 0.0 {
            return None;
        }
        let tokens = usage.total();
        let all = kept.usage.total() == tokens && (cost - kept.cost_usd).abs() < 1e-9;
        let of_it = if all { "all".to_owned() } else { usd(kept.cost_usd) };
        let unpriced = if unpriced == 0 {
            String::new()
        } else {
            format!("; the price of {} answers is not known", thousands(unpriced))
        };
        Some(format!(
            "{} paid in all ({} tokens), {of_it} of it for answers that count{unpriced}",
            usd(cost),
            thousands(tokens)
        ))
    }

    /// Who was called for what, for people.
    pub(crate) fn calls(&self, manifest: &Manifest) -> Table {
        let mut table = Table::new(
            "Calls, paid and kept",
            vec![
                Column::text("subject", "Subject"),
                Column::text("asked", "Asked"),
                Column::text("role", "As"),
                Column::number("answers", "Answers"),
                Column::number("faults", "Faults"),
                Column::number("input", "Tokens in"),
                Column::number("cached_input", "cached"),
                Column::number("output", "out"),
                Column::number("reasoning", "reasoning"),
                Column::number("paid", "Paid"),
                Column::number("kept", "Kept"),
            ],
        );
        for (id, sums) in &self.view.subjects {
            for (role, meters) in sums.meters.iter() {
                let asked = match role {
                    ModelRole::Subject => "itself".to_owned(),
                    ModelRole::Judge | ModelRole::Guard => asked_as(manifest, role, id)
                        .map_or_else(|| role.name().to_owned(), |asked| asked.id.to_string()),
                };
                if meters.answers + meters.faults == 0 {
                    continue;
                }
                table.rows.push(vec![
                    Cell::Text(harmless(id.as_str())),
                    Cell::Text(harmless(&asked)),
                    Cell::Text(role.name().to_owned()),
                    Cell::Count(meters.answers),
                    Cell::Count(meters.faults),
                    Cell::Count(meters.usage.input),
                    Cell::Count(meters.usage.cached_input),
                    Cell::Count(meters.usage.output),
                    Cell::Count(meters.usage.reasoning),
                    meters.known_cost_usd().map_or(Cell::Missing, Cell::Usd),
                    meters.known_cost_usd().map_or(Cell::Missing, |_| Cell::Usd(meters.kept.cost_usd)),
                ]);
            }
        }
        table
    }

    /// One warning for each model and parameter that it was not sent.
    pub(crate) fn warnings(
        &self,
        reader: &RunReader,
        manifest: &Manifest,
    ) -> Result<Vec<String>, CommandError> {
        let mut warnings = Vec::new();
        let mut told = BTreeSet::new();
        for ((subject, role, name), trial) in &self.unsent {
            let asked = asked_as(manifest, *role, subject);
            let model = asked.map_or_else(|| role.name(), |asked| asked.id.as_str());
            if told.insert((model, name)) {
                let asked = asked_for(reader, *trial, *role, name)?;
                warnings.push(takes_no(&harmless(model), name, asked.as_ref(), "was asked for and not sent"));
            }
        }
        Ok(warnings)
    }
}

fn paid(meters: &RoleMeters) -> Value {
    json!({ "usd": meters.cost_usd, "tokens": meters.usage.total() })
}

fn kept(meters: &RoleMeters) -> Value {
    json!({ "usd": meters.kept.cost_usd, "tokens": meters.kept.usage.total() })
}

/// Who has a role in the trials of a subject of a run.
pub(crate) fn asked_as<'m>(
    manifest: &'m Manifest,
    role: ModelRole,
    subject: &SubjectId,
) -> Option<&'m Subject> {
    let described = manifest.subjects.iter().find(|other| other.id == *subject)?;
    match role {
        ModelRole::Subject => Some(described),
        ModelRole::Judge => {
            let regraded = described.regraded.as_ref().map(|regraded| &regraded.judge);
            regraded.or(manifest.judge.as_ref())
        }
        ModelRole::Guard => manifest.guard.as_ref(),
    }
}

/// The value of a parameter in the first question of a trial that it was not sent with.
fn asked_for(
    reader: &RunReader,
    trial: TrialNo,
    wanted: ModelRole,
    name: &str,
) -> Result<Option<Value>, CommandError> {
    for logged in reader.events(trial)? {
        if let Event::Answered { role, request: Some(request), unsent, .. } = logged.event
            && role == wanted
            && unsent.iter().any(|unsent| unsent == name)
        {
            let ask: Ask = serde_json::from_slice(&reader.blob(request)?).map_err(|error| {
                CommandError::new(Exit::BadFile, format!("blob {request} cannot be read: {error}"))
            })?;
            return Ok(parameter(&ask, name));
        }
    }
    Ok(None)
}

fn parameter(ask: &Ask, name: &str) -> Option<Value> {
    let sampling = serde_json::to_value(&ask.sampling).ok()?;
    sampling.get(name).filter(|value| !value.is_object()).cloned()
}

fn takes_no(model: &str, name: &str, value: Option<&Value>, what: &str) -> String {
    match value {
        Some(value) => format!("{model} takes no {name}: {value} {what}"),
        None => format!("{model} takes no {name}: it {what}"),
    }
}

/// One warning for each parameter of the first questions of these suites that a subject will not be sent.
///
/// Later questions may ask for more, and what a judge or a guard is asked is not known before there are answers; the end of a run
/// tells those.
pub(crate) fn foreseen(suites: &Suites, subject: &Subject, provider: &dyn Provider) -> Vec<String> {
    let mut warnings = Vec::new();
    for suite in suites.values() {
        let Some(case) = suite.cases().into_iter().next() else { continue };
        let Ok(Step::Needs(needs)) = suite.next(&case, &History::new()) else { continue };
        for need in needs {
            let NeedKind::Ask(ask) = need.kind else { continue };
            let sampling: Sampling = subject.settings.or(&ask.sampling);
            let ask = Ask { sampling, ..ask };
            for name in provider.unsent(&ask) {
                let value = parameter(&ask, &name);
                let warning = takes_no(subject.id.as_str(), &name, value.as_ref(), "is not sent");
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
    }
    warnings
}
