//! `unbent rescore`: computes the outcomes of a run again from what is recorded. Nobody is asked and nothing is done.
//!
//! What is otherwise is told, and with `--write` appended to the log: a trial then has one more `finished` event, the last
//! of which counts. What was recorded before stays there.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use unbent_core::{
    Case, CaseId, Clock as _, Entry, Event, Outcome, Rescoring, SuiteId, TrialKey, TrialNo, TrialState,
};
use unbent_engine::{Rescored, World};
use unbent_report::{Cell, Column, Table, thousands};
use unbent_store::{RunReader, RunWriter};

use super::run::program;
use crate::args::RescoreArgs;
use crate::error::{CommandError, Exit};
use crate::output::{self, harmless};
use crate::session::{ProgramClock, Suites, open_suites};

/// So many differences, and so many trials that are left out, are shown to people; JSON has all.
const SHOWN: usize = 40;
/// Values are shown to people up to so many characters.
const WIDTH: usize = 60;
/// So many outcomes are handed to the writer at once.
const AT_ONCE: usize = 1024;

pub(super) fn rescore(args: &RescoreArgs, json: bool) -> Result<Exit, CommandError> {
    // From here on nobody else writes, so what is compared is what is added to.
    let writer = args.write.then(|| RunWriter::open(&args.file)).transpose()?;
    let reader = RunReader::open(&args.file)?;
    let manifest = reader.manifest()?;
    let suites = open_suites(&manifest)?;
    for suite in manifest.suites.iter().filter(|suite| suite.files.is_empty()) {
        let id = &suite.id;
        output::warn(
            &format!(
                "the file does not hold the texts and rules of {id}; those of the built-in pack are taken"
            ),
            json,
        );
    }
    let found = Found::of(&reader, &suites)?;
    let written = match writer {
        Some(writer) if !found.changed.is_empty() => {
            write(&writer, &reader, &found)?;
            writer.close()?;
            true
        }
        _ => false,
    };
    if json {
        output::out(&format!("{:#}\n", found.to_json(&args.file, written)));
    } else {
        found.tell(&args.file, written);
    }
    let is_settled = (found.changed.is_empty() || written) && found.left_out.is_empty();
    Ok(if is_settled { Exit::Done } else { Exit::Incomplete })
}

/// What comes of computing every outcome again.
#[derive(Default)]
struct Found {
    /// Trials in all.
    trials: u64,
    /// Trials that have not ended, so that there is nothing to compute.
    unfinished: u64,
    /// Trials whose outcome is the recorded one.
    same: u64,
    /// Trials with another outcome.
    changed: Vec<Changed>,
    /// Trials whose outcome cannot be computed, and why.
    left_out: Vec<(TrialNo, TrialKey, String)>,
}

/// A trial with another outcome.
struct Changed {
    no: TrialNo,
    key: TrialKey,
    outcome: Outcome,
    differences: Vec<Difference>,
}

/// A label of an outcome that is otherwise; null where there is none.
struct Difference {
    label: String,
    was: Value,
    is: Value,
}

impl Found {
    fn of(reader: &RunReader, suites: &Suites) -> Result<Self, CommandError> {
        let cases: HashMap<(SuiteId, CaseId), Arc<Case>> = World::index_cases(reader.cases()?);
        let mut found = Self::default();
        for trial in reader.trials() {
            let trial = trial?;
            found.trials += 1;
            let TrialState::Finished(was) = trial.state else {
                found.unfinished += 1;
                continue;
            };
            let (no, key) = (trial.no, trial.key);
            let case = cases.get(&(key.suite.clone(), key.case.clone()));
            let Some((suite, case)) = suites.get(&key.suite).zip(case) else {
                found.left_out.push((no, key, "its suite or its case is not in the file".to_owned()));
                continue;
            };
            let rescored = unbent_engine::rescore(&**suite, case, reader, no)
                .map_err(|error| CommandError::from_engine(&error, reader.path()))?;
            match rescored {
                Rescored::Outcome(outcome) => {
                    let differences = differences(&was, &outcome);
                    if differences.is_empty() {
                        found.same += 1;
                    } else {
                        found.changed.push(Changed { no, key, outcome, differences });
                    }
                }
                // It ended for want of something, and still wants it.
                Rescored::Wants(_) if matches!(was, Outcome::Unscored { .. }) => found.same += 1,
                Rescored::Wants(needs) => {
                    let needs: Vec<_> = needs.iter().map(ToString::to_string).collect();
                    let why = format!("its record does not hold what its suite wants: {}", needs.join(", "));
                    found.left_out.push((no, key, why));
                }
                Rescored::Unreadable(error) => found.left_out.push((no, key, error.to_string())),
            }
        }
        Ok(found)
    }

    /// How many trials each label is otherwise in.
    fn labels(&self) -> BTreeMap<&str, u64> {
        let mut labels = BTreeMap::new();
        for difference in self.changed.iter().flat_map(|changed| &changed.differences) {
            *labels.entry(difference.label.as_str()).or_default() += 1;
        }
        labels
    }

    fn to_json(&self, file: &Path, written: bool) -> Value {
        let named = |no: TrialNo, key: &TrialKey| json!({ "trial": no.0, "suite": key.suite, "case": key.case, "subject": key.subject, "repeat": key.repeat });
        let difference = |changed: &Changed, difference: &Difference| {
            let mut row = named(changed.no, &changed.key);
            row["label"] = json!(difference.label);
            row["was"] = difference.was.clone();
            row["is"] = difference.is.clone();
            row
        };
        let differences: Vec<Value> = self
            .changed
            .iter()
            .flat_map(|changed| changed.differences.iter().map(move |one| difference(changed, one)))
            .collect();
        let left_out = self.left_out.iter().map(|(no, key, why)| {
            let mut row = named(*no, key);
            row["why"] = json!(why);
            row
        });
        json!({
            "file": file,
            "program": program(),
            "trials": self.trials,
            "unfinished": self.unfinished,
            "same": self.same,
            "changed": self.changed.len(),
            "written": written,
            "labels": self.labels(),
            "differences": differences,
            "left_out": left_out.collect::<Vec<_>>(),
        })
    }

    fn tell(&self, file: &Path, written: bool) {
        let file = file.display();
        let unfinished = match self.unfinished {
            0 => String::new(),
            n => format!(", {} not finished", thousands(n)),
        };
        output::line(&format!(
            "{file}: of {} trials {} have the outcome that is recorded, {} another{unfinished}; {} cannot be computed again",
            thousands(self.trials),
            thousands(self.same),
            thousands(self.changed.len() as u64),
            thousands(self.left_out.len() as u64),
        ));
        if !self.changed.is_empty() {
            output::out(&format!("\n{}", self.table().to_text(output::terminal_width())));
            let counts = self.labels();
            let counts: Vec<String> = counts.iter().map(|(label, n)| format!("{label} {n}")).collect();
            output::line(&format!("\ntrials by label: {}", counts.join(", ")));
        }
        for (no, key, why) in self.left_out.iter().take(SHOWN) {
            output::err_line(&format!(
                "left out: trial {no} ({}): {}",
                harmless(&key.to_string()),
                harmless(why)
            ));
        }
        if self.left_out.len() > SHOWN {
            output::err_line(&format!("left out: {} more; --json lists all", self.left_out.len() - SHOWN));
        }
        if written {
            output::line(&format!(
                "written: {} trials have a new outcome; what was recorded before stays in the log",
                thousands(self.changed.len() as u64)
            ));
        } else if !self.changed.is_empty() {
            output::err_line("nothing was written");
            output::err_line(&format!("  hint: record the new outcomes: unbent rescore {file} --write"));
        }
    }

    fn table(&self) -> Table {
        let columns = vec![
            Column::number("trial", "Trial"),
            Column::text("case", "Case"),
            Column::text("subject", "Subject"),
            Column::number("repeat", "Repeat"),
            Column::text("label", "Label"),
            Column::text("was", "Was"),
            Column::text("is", "Is"),
        ];
        let mut table = Table::new("Outcomes that are otherwise than recorded", columns);
        let all =
            self.changed.iter().flat_map(|changed| changed.differences.iter().map(move |one| (changed, one)));
        let total = all.clone().count();
        for (Changed { no, key, .. }, Difference { label, was, is }) in all.take(SHOWN) {
            table.rows.push(vec![
                Cell::Count(no.0),
                Cell::Text(format!("{}:{}", key.suite, key.case)),
                Cell::Text(key.subject.to_string()),
                Cell::Count(u64::from(key.repeat)),
                Cell::Text(label.clone()),
                shown(was),
                shown(is),
            ]);
        }
        if total > SHOWN {
            table.notes.push(format!("{} more; --json lists all.", total - SHOWN));
        }
        table
    }
}

/// A value as people see it.
fn shown(value: &Value) -> Cell {
    let text = match value {
        Value::Null => return Cell::Missing,
        Value::String(text) => harmless(text).replace('\n', " "),
        other => other.to_string(),
    };
    let short: String = text.chars().take(WIDTH).collect();
    Cell::Text(if short.len() < text.len() { format!("{short}…") } else { short })
}

/// What two outcomes differ in, label by label; one that has scores and one that has none, in that alone.
fn differences(was: &Outcome, is: &Outcome) -> Vec<Difference> {
    let is_scored = |outcome: &Outcome| matches!(outcome, Outcome::Scored { .. });
    let is_other_kind = is_scored(was) != is_scored(is);
    let (was, is) = (labels(was), labels(is));
    let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
    names.sort();
    names.dedup();
    let value =
        |labels: &BTreeMap<String, Value>, name: &String| labels.get(name).cloned().unwrap_or(Value::Null);
    let both =
        |name: &String| Difference { label: name.clone(), was: value(&was, name), is: value(&is, name) };
    let differs = |one: &Difference| one.was != one.is && (!is_other_kind || one.label == OUTCOME);
    names.into_iter().map(both).filter(differs).collect()
}

/// The name of whether an outcome has scores.
const OUTCOME: &str = "outcome";

/// Everything that an outcome says, by name. The values are those that a file would hold.
fn labels(outcome: &Outcome) -> BTreeMap<String, Value> {
    match outcome {
        Outcome::Scored { scores, note } => {
            let scores = scores.0.iter().map(|(name, score)| (name.clone(), json!(score)));
            let beside = [(OUTCOME.to_owned(), json!("scored"))];
            let note = note.iter().map(|note| ("note".to_owned(), json!(note)));
            scores.chain(beside).chain(note).collect()
        }
        Outcome::Unscored { reason, detail } => {
            let outcome = (OUTCOME.to_owned(), json!(format!("unscored: {reason}")));
            [outcome, ("detail".to_owned(), json!(detail))].into()
        }
    }
}

/// Appends the new outcomes, and says in the manifest that they were computed again. What was sealed is sealed anew.
fn write(writer: &RunWriter, reader: &RunReader, found: &Found) -> Result<(), CommandError> {
    let was_sealed = reader.seal()?.is_some();
    let at_ms = ProgramClock::from_environment().now_ms();
    let mut manifest = reader.manifest()?;
    let trials = found.changed.len() as u64;
    // Said first: who stops half-way has said too much, and never too little.
    manifest.rescored.push(Rescoring { at_ms, program: program(), trials });
    writer.set_manifest(&manifest)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| {
        CommandError::new(Exit::Io, format!("the system refuses to start threads: {error}"))
    })?;
    let sink = writer.sink();
    for changed in found.changed.chunks(AT_ONCE) {
        let entry = |changed: &Changed| Entry {
            trial: changed.no,
            at_ms,
            event: Event::Finished { outcome: changed.outcome.clone() },
            blobs: Vec::new(),
        };
        runtime.block_on(sink.append(changed.iter().map(entry).collect())).map_err(|error| {
            let exit = CommandError::new(Exit::Io, error.message);
            exit.hint("what was written before stays; the same command again writes the rest")
        })?;
    }
    if was_sealed {
        writer.seal(at_ms)?;
    }
    Ok(())
}
