//! Answers recorded by the runners and evaluators of the Instrument Trap Benchmark: files of one record for each prompt.
//!
//! Knows the source's files and not the suite: what a case is, and what becomes of an answer, is told by the functions
//! in [`Trap`]. What the source itself made of an answer is kept beside it, under names that begin with `published_`.

mod contents;
mod paths;
mod plan;
mod record;
#[cfg(test)]
mod tests;
mod writing;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use unbent_core::{Case, History, NeedKey, Outcome, Program, SuiteRecord};

use self::contents::{Contents, Unusable};
use self::paths::Candidate;
use super::{ImportError, Progress};

/// The name under which the importer stands in manifests.
const IMPORTER: &str = "instrument-trap";

/// What is looked for, for people.
const EXPECTED: &str = "answers as the runners of the Instrument Trap Benchmark write them (records with id, category, \
                        claim and logos_response, base_response or full_response)";

/// What the importer asks of the suite, which it does not know.
#[derive(Clone, Copy)]
pub struct Trap<'s> {
    /// What the run file records of the suite: the texts that answers are evaluated by.
    pub record: &'s SuiteRecord,
    /// The need that a subject's answer meets.
    pub need: &'s NeedKey,
    /// Makes the case of a prompt, or says why there is none.
    pub case: &'s (dyn Fn(&Asked<'_>) -> Result<Case, String> + Sync),
    /// The outcome of a trial by what it was answered, or why there is none.
    pub evaluate: &'s (dyn Fn(&Case, &History) -> Result<Outcome, String> + Sync),
    /// Whether scores say that the evaluation could not tell.
    pub is_undetermined: &'s (dyn Fn(&Outcome) -> bool + Sync),
}

/// A prompt as the source names it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What the subject was told about itself: `authority`, `medium`, `naked`, or `none` where nothing is known.
    pub condition: &'a str,
    /// The prompt's name.
    pub id: &'a str,
    /// The category, in either of the source's vocabularies.
    pub category: &'a str,
    /// The prompt.
    pub claim: &'a str,
}

/// What an import brought in, and what it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrapReport {
    /// Files that were taken in, in whole or in part.
    pub files: u64,
    /// Records that were taken in: each is a trial.
    pub records: u64,
    /// The subjects in the order of their files.
    pub subjects: Vec<SubjectReport>,
    /// Files and folders that were passed over, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// Files, and records in them, that could not be read, and why.
    pub damaged: Vec<(PathBuf, String)>,
    /// What must be known of the data to read them well.
    pub notes: Vec<String>,
}

impl TrapReport {
    /// Trials with scores.
    pub fn scored(&self) -> u64 {
        self.subjects.iter().map(|subject| subject.scored).sum()
    }

    /// Of those, the trials of which the rules cannot tell.
    pub fn undetermined(&self) -> u64 {
        self.subjects.iter().map(|subject| subject.undetermined).sum()
    }

    /// Trials that ended without scores.
    pub fn unscored(&self) -> u64 {
        self.subjects.iter().map(|subject| subject.unscored).sum()
    }
}

/// What was imported of a subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectReport {
    /// Its label.
    pub label: String,
    /// The file that its answers stand in.
    pub file: PathBuf,
    /// The condition that its answers stand under.
    pub condition: String,
    /// Its trials.
    pub records: u64,
    /// Trials with scores.
    pub scored: u64,
    /// Of those, the trials of which the rules cannot tell.
    pub undetermined: u64,
    /// Trials that ended without scores.
    pub unscored: u64,
}

/// A file that holds answers.
struct Source {
    path: PathBuf,
    /// BLAKE3 of its bytes.
    hash: String,
    contents: Contents,
}

/// Makes a run file at `out` from files of answers, and from folders that hold such files.
///
/// Every file is read by what it holds and not by its name. Those that hold something else are passed over and told;
/// one that was named itself counts as damaged then. A record that cannot be read is told with its line, and the others
/// of its file are taken in.
///
/// `out` appears only when it is complete, and is never overwritten.
///
/// # Errors
///
/// A path at which there is nothing, no file with answers at all, or a run file that cannot be written.
pub fn import_instrument_trap(
    paths: &[PathBuf],
    trap: Trap<'_>,
    out: &Path,
    now_ms: i64,
    program: Program,
    progress: &mut dyn FnMut(Progress),
) -> Result<TrapReport, ImportError> {
    let found = paths::find(paths)?;
    let mut report = TrapReport { skipped: found.skipped, damaged: found.damaged, ..TrapReport::default() };
    let total = found.files.len() as u64;
    let mut sources = Vec::new();
    for (done, candidate) in (1..).zip(found.files) {
        sources.extend(read(candidate, &mut report));
        progress(Progress { files_done: done, files_total: total });
    }
    let plan = plan::plan(sources, trap, &mut report);
    if plan.trials.is_empty() {
        let why = report.damaged.into_iter().chain(report.skipped).collect();
        return Err(ImportError::Useless { expected: EXPECTED, why });
    }
    writing::write(plan, trap, out, now_ms, program, &mut report)?;
    Ok(report)
}

/// Reads a file; one without answers is put on record.
fn read(candidate: Candidate, report: &mut TrapReport) -> Option<Source> {
    let Candidate { path, named } = candidate;
    let read = std::fs::read(&path).map_err(|error| Unusable::Damaged(error.to_string())).and_then(|bytes| {
        let hash = blake3::hash(&bytes).to_hex().to_string();
        Ok((hash, contents::read(&bytes)?))
    });
    match read {
        Ok((hash, mut contents)) => {
            let wrong = std::mem::take(&mut contents.wrong);
            report.damaged.extend(wrong.into_iter().map(|why| (path.clone(), why)));
            Some(Source { path, hash, contents })
        }
        Err(Unusable::Damaged(why)) => {
            report.damaged.push((path, why));
            None
        }
        Err(Unusable::Foreign(why)) => {
            // Whoever names a file wants it read; in a folder there may be anything.
            let list = if named { &mut report.damaged } else { &mut report.skipped };
            list.push((path, why));
            None
        }
    }
}

/// The elements of a list, each turned into something on all cores, in their order.
fn each<T: Sync, R: Send>(list: &[T], make: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    list.par_iter().map(make).collect()
}
