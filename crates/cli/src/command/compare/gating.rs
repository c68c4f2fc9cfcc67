//! A gate on a subject: read, decided, told.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use unbent_report::{Cell, Column, Table, fixed};
use unbent_suites::inference::{Evidence, Gate, GateResult, Pairing, Ruling, pair};

use super::likeness::Likeness;
use super::side::{Contestant, Library, split};
use crate::args::CompareArgs;
use crate::error::{CommandError, Exit};

/// Reads the gate of the command line, on this subject.
pub(super) fn read(text: &str, subject: &Contestant) -> Result<Gate, CommandError> {
    let metrics = subject.file.benchmark.metrics();
    Gate::parse(text, metrics).map_err(|error| {
        let (before, after): (String, String) = (
            text.chars().take(error.position - 1).collect(),
            text.chars().skip(error.position - 1).collect(),
        );
        let example = metrics.first().map_or("index", |metric| metric.id);
        CommandError::usage(format!("--gate: {error}"))
            .hint(format!("it stands at the mark: {before}⟨here⟩{after}"))
            .hint(format!("a gate looks so: \"{example} >= 90 and unscored <= 1% and not worse than BASELINE.unbent by 2\""))
    })
}

/// Decides the gate on a subject; `other` is whom it is compared with anyway. Returns what must be said beside.
pub(super) fn decide(
    gate: &Gate,
    subject: &Contestant,
    other: Option<&Contestant>,
    library: &mut Library<'_>,
    args: &CompareArgs,
) -> (GateResult, Vec<String>) {
    let (mut baselines, mut notes) = (BTreeMap::new(), Vec::new());
    for name in gate.baselines() {
        let matched = match (name, other) {
            (Some(name), _) => named(name, subject, library),
            (None, Some(other)) => Ok(other.clone()),
            (None, None) => Err("it names no baseline, and there is one subject only".to_owned()),
        };
        let matched = matched.and_then(|baseline| matching(&baseline, subject, args, &mut notes));
        baselines.insert(name.map(str::to_owned), matched);
    }
    let result = gate.evaluate(Evidence { side: subject.side(), baselines: &baselines });
    (result, notes)
}

/// The subject that a gate calls so: the only one of a file, or the one with the label of the subject of the gate.
fn named(name: &str, subject: &Contestant, library: &mut Library<'_>) -> Result<Contestant, String> {
    let (path, label) = split(name);
    let file = library.file(path).map_err(|error| error.to_string())?;
    let own = subject.subject().id.as_str();
    let label = label.or_else(|| file.observations.subject(own).map(|_| own));
    file.subject(label).map_err(|error| error.to_string())
}

fn matching(
    baseline: &Contestant,
    subject: &Contestant,
    args: &CompareArgs,
    notes: &mut Vec<String>,
) -> Result<Pairing, String> {
    let likeness = Likeness::of(baseline, subject)
        .and_then(|likeness| likeness.settle(baseline, subject, args.allow_different_packs));
    for note in likeness.map_err(|error| error.to_string())? {
        let note = format!("Against A, {}: {note}", baseline.name());
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let pairing = pair(baseline.side(), subject.side());
    if pairing.trials == 0 {
        return Err(format!("{} and {} have no trial in common", baseline.name(), subject.name()));
    }
    Ok(pairing)
}

/// What came of the gate, a row for each part of the condition.
pub(super) fn table(text: &str, subject: &Contestant, result: &GateResult, notes: Vec<String>) -> Table {
    let mut table = Table::new(
        format!("Gate on {}: {}", subject.name(), result.ruling.name()),
        vec![
            Column::text("condition", "Condition"),
            Column::text("ruling", "Ruling"),
            Column::number("value", "Value"),
            Column::number("interval", "95 % CI"),
            Column::number("n", "n"),
            Column::number("missing", "Missing"),
            Column::text("why", "Why"),
        ],
    );
    for leaf in &result.leaves {
        let count = |n: Option<u64>| n.map_or(Cell::Missing, Cell::Count);
        table.rows.push(vec![
            Cell::Text(leaf.text.clone()),
            Cell::Text(leaf.ruling.name().to_owned()),
            Cell::number(leaf.value, 1),
            leaf.interval.map_or(Cell::Missing, |interval| Cell::Range(interval.low, interval.high, 1)),
            count(leaf.n),
            count(leaf.missing),
            Cell::Text(leaf.why.clone()),
        ]);
    }
    table.notes.push(format!("The whole: {text}"));
    let mark = subject.mark();
    table.notes.push(format!(
        "Of the subject's trials {} are scored, {} unscored, {} unfinished.",
        mark.scored, mark.unscored, mark.unfinished
    ));
    table.notes.extend(notes);
    table
}

/// What came of the gate, for programs.
pub(super) fn to_json(text: &str, result: &GateResult) -> Value {
    json!({ "condition": text, "ruling": result.ruling.name() })
}

/// The error that a gate ends the command with, if it does not hold.
pub(super) fn ended(result: &GateResult, subject: &Contestant) -> Result<Exit, CommandError> {
    let told = |wanted: Ruling| {
        let leaves = result.leaves.iter().filter(|leaf| leaf.ruling == wanted);
        leaves
            .map(|leaf| format!("`{}` {} ({})", leaf.text, wanted.name(), leaf.why))
            .collect::<Vec<_>>()
            .join("; ")
    };
    match result.ruling {
        Ruling::Holds => Ok(Exit::Done),
        Ruling::Fails => {
            // Under `not`, a part that holds is what fails the whole.
            let why = Some(told(Ruling::Fails)).filter(|why| !why.is_empty());
            Err(CommandError::new(
                Exit::GateFailed,
                format!(
                    "the gate on {} fails: {}",
                    subject.name(),
                    why.unwrap_or_else(|| told(Ruling::Holds))
                ),
            )
            .hint(format!("what it failed on, trial by trial: unbent compare BASELINE {}", subject.name())))
        }
        Ruling::Undecided => Err(CommandError::new(
            Exit::GateUndecided,
            format!("the gate on {} cannot be decided: {}", subject.name(), told(Ruling::Undecided)),
        )
        .hint("neither passed nor failed: mend what is missing, or ask for what is known")),
    }
}

/// Writes what came of the gate as JUnit XML.
pub(super) fn write_junit(
    path: &Path,
    text: &str,
    subject: &Contestant,
    result: &GateResult,
) -> Result<(), CommandError> {
    let refused = |why: &dyn std::fmt::Display| {
        CommandError::new(Exit::Io, format!("--junit: {} cannot be written: {why}", path.display()))
            .hint("name a file in a folder that is there and has room")
    };
    let xml = super::junit::xml(text, &subject.name(), result).map_err(|error| refused(&error))?;
    crate::whole_file::write(path, xml.as_bytes()).map_err(|error| refused(&error))
}

/// The line that people read last.
pub(super) fn line(result: &GateResult) -> String {
    let of = |ruling: Ruling| result.leaves.iter().filter(|leaf| leaf.ruling == ruling).count();
    let count = fixed(of(Ruling::Holds) as f64, 0);
    format!("gate: {} ({count} of {} conditions hold)", result.ruling.name(), result.leaves.len())
}
