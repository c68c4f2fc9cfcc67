//! What a report says of the runs themselves: how they were made, what is missing, what to keep in mind, how to do it again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unbent_core::{Manifest, Origin, Outcome, Subject, SubjectId, TrialState};
use unbent_report::document::{Block, Section};
use unbent_report::{Cell, Column, Table, thousands};
use unbent_store::RunReader;

use super::read;
use crate::error::{CommandError, Exit};
use crate::paid::Accounts;
use crate::readiness::blocking;

/// The suites that the files hold, or the one that is wanted, each with the files that hold it.
pub(in crate::command) fn suites_of(
    files: &[PathBuf],
    wanted: Option<&str>,
) -> Result<BTreeMap<String, Vec<PathBuf>>, CommandError> {
    let mut suites: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        let (_, manifest) = read(file)?;
        for suite in &manifest.suites {
            suites.entry(suite.id.to_string()).or_default().push(file.clone());
        }
    }
    if suites.is_empty() {
        return Err(CommandError::new(Exit::BadFile, "the files hold no suite"));
    }
    if let Some(wanted) = wanted.filter(|wanted| !suites.contains_key(*wanted)) {
        let names = suites.into_keys().collect::<Vec<_>>().join(", ");
        return Err(CommandError::usage(format!("the files hold no suite {wanted:?}"))
            .hint(format!("they hold {names}")));
    }
    suites.retain(|suite, _| wanted.is_none_or(|wanted| wanted == suite));
    Ok(suites)
}

/// A run file as far as this part of a report minds it.
pub(super) struct Run {
    path: PathBuf,
    reader: RunReader,
    manifest: Manifest,
    accounts: Accounts,
    /// By subject and reason, `unfinished` among the reasons.
    missing: BTreeMap<SubjectId, BTreeMap<String, u64>>,
    trials: BTreeMap<SubjectId, u64>,
}

impl Run {
    pub(super) fn open(path: &Path) -> Result<Self, CommandError> {
        let (reader, manifest) = read(path)?;
        let accounts = Accounts::of(&reader)?;
        let (mut missing, mut trials) = (BTreeMap::new(), BTreeMap::new());
        for trial in reader.trials_without_notes() {
            let trial = trial?;
            *trials.entry(trial.key.subject.clone()).or_default() += 1;
            let reason = match &trial.state {
                TrialState::Finished(Outcome::Scored { .. }) => continue,
                TrialState::Finished(Outcome::Unscored { reason, .. }) => reason.to_string(),
                TrialState::Pending | TrialState::Open => "unfinished".to_owned(),
            };
            let reasons: &mut BTreeMap<String, u64> = missing.entry(trial.key.subject.clone()).or_default();
            *reasons.entry(reason).or_default() += 1;
        }
        Ok(Self { path: path.to_owned(), reader, manifest, accounts, missing, trials })
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

pub(super) fn subtitle(runs: &[Run]) -> String {
    let trials: u64 = runs.iter().flat_map(|run| run.trials.values()).sum();
    let subjects: usize = runs.iter().map(|run| run.manifest.subjects.len()).sum();
    let names = runs.iter().map(Run::name).collect::<Vec<_>>().join(", ");
    format!(
        "{} of {}, from {names}. Made by unbent {}.",
        counted(trials, "trial"),
        counted(subjects as u64, "subject"),
        env!("CARGO_PKG_VERSION")
    )
}

fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// What has no scores, by reason.
pub(super) fn missing(runs: &[Run]) -> Section {
    let mut section = Section::new("What is missing");
    section.say(
        "A trial that could not be scored is no finding: it is never counted as a zero. What missing trials could move stands \
         in the bounds beside each number.",
    );
    let mut table = Table::new(
        "Trials without scores",
        vec![
            Column::text("file", "File"),
            Column::text("subject", "Subject"),
            Column::number("trials", "Trials"),
            Column::text("reason", "Reason"),
            Column::number("n", "n"),
        ],
    );
    for run in runs {
        for (subject, reasons) in &run.missing {
            for (reason, n) in reasons {
                table.rows.push(vec![
                    Cell::Text(run.name()),
                    Cell::Text(subject.to_string()),
                    Cell::Count(run.trials.get(subject).copied().unwrap_or(0)),
                    Cell::Text(reason.clone()),
                    Cell::Count(*n),
                ]);
            }
        }
    }
    if table.rows.is_empty() {
        section.say("Nothing is missing: every trial has scores.");
    } else {
        section.blocks.push(Block::Table(table));
    }
    section
}

/// What keeps the runs from standing in a paper, and what every reader must know.
pub(super) fn caveats(runs: &[Run]) -> Result<Section, CommandError> {
    let mut section = Section::new("What to keep in mind");
    let mut points = Vec::new();
    for run in runs {
        let reasons = blocking(&run.path, &run.reader, &run.manifest)?;
        points.extend(reasons.into_iter().map(|reason| format!("{}: {reason}", run.name())));
        if let Origin::Imported { notes, .. } = &run.manifest.origin {
            points.extend(notes.iter().map(|note| format!("{}: {note}", run.name())));
        }
    }
    let is_simulated = |subject: &Subject| subject.simulated || subject.null;
    if runs.iter().any(|run| run.manifest.models().any(|(_, model)| is_simulated(model))) {
        points.push(
            "Subjects and judges named sim/… are simulated: their numbers show that the program measures, and nothing about a \
             model. Null subjects do not read what they are asked; a metric marked ° can be won without looking."
                .to_owned(),
        );
    }
    points.push(
        "A judge's grades are measurements with an error of their own; intervals do not hold it.".to_owned(),
    );
    section.blocks.push(Block::Points(points));
    Ok(section)
}

/// How the runs were made.
pub(super) fn made(runs: &[Run]) -> Section {
    let mut section = Section::new("How it was made");
    for run in runs {
        let manifest = &run.manifest;
        section.blocks.push(Block::Heading(run.name()));
        let mut facts = vec![
            (
                "created".to_owned(),
                jiff::Timestamp::from_millisecond(manifest.created_at_ms).unwrap_or_default().to_string(),
            ),
            ("program".to_owned(), format!("{} {}", manifest.program.name, manifest.program.version)),
        ];
        let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
        match &manifest.origin {
            Origin::Asked => fact("answers", "asked for by this program".to_owned()),
            Origin::Imported { importer, files, damaged, .. } => {
                fact(
                    "answers",
                    format!(
                        "imported by {importer} from {}, {damaged} of them damaged",
                        counted(*files, "file")
                    ),
                );
            }
        }
        for suite in &manifest.suites {
            let pack = suite.pack.as_ref().map_or_else(String::new, |pack| {
                format!(", pack {} {} (BLAKE3 {})", pack.id, pack.version, pack.hash)
            });
            fact("suite", format!("{}{pack}", suite.id));
        }
        for (role, model) in manifest.models().filter(|(role, _)| role.name() != "subject") {
            fact(role.name(), model.model.clone());
        }
        fact("subjects", manifest.subjects.len().to_string());
        fact("repeats", manifest.repeats.to_string());
        fact("seed", manifest.seed.to_string());
        if let Some(sandbox) = &manifest.sandbox {
            fact("sandbox", format!("{} {}", sandbox.backend, sandbox.version));
        }
        if let Some(git) = &manifest.git {
            fact("git", format!("{}{}", git.commit, if git.dirty { ", with changes" } else { "" }));
        }
        for (name, is_set) in &manifest.credentials {
            fact("credential", format!("{name} {}", if *is_set { "was set" } else { "was not set" }));
        }
        if let Some(sentence) = run.accounts.sentence() {
            fact("paid", sentence);
        }
        section.blocks.push(Block::Facts(facts));
        let calls = run.accounts.calls(manifest);
        if !calls.rows.is_empty() && calls.rows.len() <= MANY {
            section.blocks.push(Block::Table(calls));
        }
    }
    section
}

/// More rows than this are left to `unbent show`.
const MANY: usize = 200;

/// What to type to have it again.
pub(super) fn again(runs: &[Run]) -> Section {
    let mut section = Section::new("How to do it again");
    section.say("The run files hold every question and answer. Whoever has them gets the same report; whoever has a key can ask again:");
    for run in runs {
        let file = run.name();
        match &run.manifest.origin {
            Origin::Imported { importer, .. } => {
                section.blocks.push(Block::Command(format!("unbent import {importer} PATH --out {file}")));
            }
            Origin::Asked => run.manifest.suites.iter().for_each(|suite| {
                let mut words = vec!["unbent run".to_owned(), suite.id.to_string()];
                let own = run.manifest.subjects.iter().filter(|subject| subject.regraded.is_none());
                words.extend(own.map(|subject| format!("--model {}", quoted(&subject.model))));
                words.extend(
                    run.manifest.judge.iter().map(|judge| format!("--judge {}", quoted(&judge.model))),
                );
                words.extend(
                    run.manifest.guard.iter().map(|guard| format!("--guard {}", quoted(&guard.model))),
                );
                words.push(format!("--repeats {} --seed {}", run.manifest.repeats, run.manifest.seed));
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                words.extend(
                    suite
                        .params
                        .iter()
                        .map(|(name, value)| format!("--set {}", quoted(&format!("{name}={}", text(value))))),
                );
                words.push(format!(
                    "--out {}",
                    quoted(&format!("again-{}", run.path.file_name().unwrap_or_default().to_string_lossy()))
                ));
                section.blocks.push(Block::Command(words.join(" ")));
            }),
        }
    }
    let files = runs.iter().map(|run| quoted(&run.name())).collect::<Vec<_>>().join(" ");
    section.say("This report:");
    section.blocks.push(Block::Command(format!("unbent report {files} --out DIR")));
    section
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%#".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) && !word.starts_with('#') {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
