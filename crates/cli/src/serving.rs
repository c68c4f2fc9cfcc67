//! Which providers served the answers of a leaderboard's subjects. Behind a router one name can be several systems;
//! what they answered is pooled only when someone says so, and never silently.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unbent_core::{Manifest, ModelRef, ModelRole, RoleMeters, Subject, SubjectId, TrialView};
use unbent_report::{Cell, Column, Table, fixed, thousands};

use crate::error::CommandError;
use crate::paid::asked_as;

/// Whether a subject whose answers came from several providers is ranked all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// It is not: the table is refused.
    Refused,
    /// It is, and a note says so.
    Told,
}

/// Who served what, counted over trials.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    /// Who graded each subject's answers, where the manifest does not say it.
    judges: BTreeMap<SubjectId, Subject>,
    subjects: HashMap<SubjectId, Shares>,
    /// Of who has another role in the trials, by role and label.
    others: BTreeMap<(ModelRole, String), Shares>,
}

/// Answers by the provider that served them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Shares {
    named: BTreeMap<String, u64>,
    answers: u64,
}

impl Shares {
    fn add(&mut self, meters: &RoleMeters) {
        self.answers += meters.kept.answers;
        for (provider, n) in &meters.served_by {
            *self.named.entry(provider.clone()).or_default() += n;
        }
    }

    fn is_pooled(&self) -> bool {
        self.named.len() > 1
    }

    /// The provider, or the providers with their shares of the answers, greatest first.
    fn text(&self) -> Option<String> {
        let mut shares: Vec<(&str, u64)> = self.named.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        let named: u64 = shares.iter().map(|(_, n)| n).sum();
        if named == 0 {
            return None;
        }
        if named < self.answers {
            shares.push(("not said", self.answers - named));
        }
        if let [(only, _)] = shares.as_slice() {
            return Some((*only).to_owned());
        }
        shares.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let total = named.max(self.answers);
        let share = |(name, n): &(&str, u64)| {
            let percent = fixed(100.0 * *n as f64 / total as f64, 1);
            format!("{name} {percent} % ({} of {})", thousands(*n), thousands(total))
        };
        Some(shares.iter().map(share).collect::<Vec<_>>().join(", "))
    }
}

impl Serving {
    /// Nothing yet, of runs whose subjects were graded by these judges where the manifest names none.
    pub(crate) fn of(judges: &BTreeMap<SubjectId, Subject>) -> Self {
        Self { judges: judges.clone(), ..Self::default() }
    }

    /// Takes in one more trial, which is judged as the manifest says.
    pub(crate) fn add(&mut self, trial: &TrialView, manifest: &Manifest) {
        let subject = &trial.meters.subject;
        if subject.answers > 0 {
            match self.subjects.get_mut(&trial.key.subject) {
                Some(shares) => shares.add(subject),
                None => self.subjects.entry(trial.key.subject.clone()).or_default().add(subject),
            }
        }
        for role in [ModelRole::Judge, ModelRole::Guard] {
            let meters = &trial.meters[role];
            if !meters.served_by.is_empty() {
                let own = || self.judges.get(&trial.key.subject).filter(|_| role == ModelRole::Judge);
                let asked = asked_as(manifest, role, &trial.key.subject).or_else(own);
                let label =
                    asked.map_or_else(|| format!("the {}", role.name()), |asked| asked.id.to_string());
                self.others.entry((role, label)).or_default().add(meters);
            }
        }
    }

    /// Puts into the table who served each row's answers, or refuses to pool what several did.
    ///
    /// Answers that are graded again were served by whoever served them first.
    pub(crate) fn tell(
        &self,
        table: &mut Table,
        manifest: &Manifest,
        pooling: Pooling,
    ) -> Result<(), CommandError> {
        let Some(place) = table.column("config").or_else(|| table.column("subject")) else { return Ok(()) };
        let answered = |row: &[Cell]| {
            let Cell::Text(label) = &row[place] else { return None };
            let subject = manifest.subjects.iter().find(|subject| subject.id.as_str() == label)?;
            Some(subject.regraded.as_ref().map_or(&subject.id, |regraded| &regraded.of).clone())
        };
        let rows: Vec<_> = table.rows.iter().map(|row| answered(row)).collect();
        let subjects: BTreeSet<&SubjectId> = rows.iter().flatten().collect();
        let pooled: Vec<(&SubjectId, &Shares)> = subjects
            .into_iter()
            .filter_map(|id| self.subjects.get_key_value(id))
            .filter(|(_, shares)| shares.is_pooled())
            .collect();
        if pooling == Pooling::Refused && !pooled.is_empty() {
            return Err(refusal(&pooled, manifest));
        }
        let text = |row: &Option<SubjectId>| self.subjects.get(row.as_ref()?)?.text();
        let cells: Vec<_> = rows.iter().map(text).collect();
        if cells.iter().any(Option::is_some) {
            table.columns.insert(place + 1, Column::text("served_by", "Served by"));
            for (row, cell) in table.rows.iter_mut().zip(cells) {
                row.insert(place + 1, cell.map_or(Cell::Missing, Cell::Text));
            }
        }
        for (id, shares) in pooled {
            table.notes.push(format!(
                "POOLED: the answers of {id} were served by {}. Providers of one model differ, so this row measures a mixture.",
                shares.text().unwrap_or_default()
            ));
        }
        for ((role, label), shares) in self.others.iter().filter(|(_, shares)| shares.is_pooled()) {
            let what = if *role == ModelRole::Guard { "decisions" } else { "grades" };
            table.notes.push(format!(
                "The {} {label} was served by {}: its {what} need not be those of one system.",
                role.name(),
                shares.text().unwrap_or_default()
            ));
        }
        Ok(())
    }
}

fn refusal(pooled: &[(&SubjectId, &Shares)], manifest: &Manifest) -> CommandError {
    let told: Vec<_> =
        pooled.iter().map(|(id, shares)| format!("{id} by {}", shares.text().unwrap_or_default())).collect();
    let mut error = CommandError::usage(format!(
        "answers of one subject were served by different providers, and these are not pooled silently: {}",
        told.join("; ")
    ));
    for (id, shares) in pooled {
        let subject = manifest.subjects.iter().find(|subject| subject.id == **id);
        let reference = subject.and_then(|subject| subject.model.parse::<ModelRef>().ok());
        // Only a router's models can be pinned.
        if let Some(reference) = reference.filter(|reference| reference.provider == "openrouter")
            && let Some((most, _)) = shares.named.iter().max_by_key(|(_, n)| **n)
        {
            let ModelRef { provider, model, .. } = reference;
            let pin = most.to_lowercase().replace(' ', "-");
            error = error.hint(format!("run it with one provider: --model {provider}/{model}+{pin}"));
        }
    }
    error.hint("to rank it all the same, with a note that says so: --pool-providers")
}
