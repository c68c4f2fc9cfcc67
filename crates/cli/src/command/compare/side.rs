//! A subject of a run file, as it is named on the command line and as it is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use unbent_core::{
    ByRole, Case, CaseId, Event, Manifest, ModelRole, RoleMeters, Subject, SubjectId, SuiteId, SuiteRecord,
    TrialNo,
};
use unbent_report::{Cell, Column, Table};
use unbent_store::RunReader;
use unbent_suites::inference::{Observations, Side, SubjectMark};
use unbent_suites::kit::{Benchmark, Setup};

use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

/// A run file, read once for all its subjects.
pub(super) struct RunFile {
    pub(super) path: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) suite: SuiteId,
    pub(super) benchmark: std::sync::Arc<dyn Benchmark>,
    pub(super) observations: Observations,
    reader: RunReader,
    serving: Serving,
    trials: BTreeMap<SubjectId, Trials>,
}

/// The trials of a subject.
#[derive(Default)]
struct Trials {
    numbers: BTreeMap<(CaseId, u32), TrialNo>,
    paid: ByRole<RoleMeters>,
}

impl RunFile {
    /// Reads a run file.
    pub(super) fn read(path: &Path, suite: Option<&str>) -> Result<Rc<Self>, CommandError> {
        let joined = Joined::open(&[path.to_owned()], suite)?;
        // What a trial shows depends neither on the parameters nor on the pack that it ran with.
        let benchmark = open_suite(joined.suite().as_str(), &Setup::default())?;
        let mut serving = Serving::default();
        let mut trials: BTreeMap<SubjectId, Trials> = BTreeMap::new();
        let observations = joined.read(
            |trial, manifest| {
                serving.add(trial, manifest);
                let of_subject = trials.entry(trial.key.subject.clone()).or_default();
                of_subject.numbers.insert((trial.key.case.clone(), trial.key.repeat), trial.no);
                of_subject.paid.absorb(&trial.meters);
            },
            |run| benchmark.observe(run),
        )?;
        Ok(Rc::new(Self {
            path: path.to_owned(),
            manifest: joined.manifest().clone(),
            suite: joined.suite().clone(),
            benchmark,
            observations,
            reader: RunReader::open(path)?,
            serving,
            trials,
        }))
    }

    /// How the suite ran.
    pub(super) fn record(&self) -> Option<&SuiteRecord> {
        self.manifest.suites.iter().find(|record| record.id == self.suite)
    }

    /// The cases of the suite, by name.
    pub(super) fn cases(&self) -> Result<BTreeMap<CaseId, Case>, CommandError> {
        let cases = self.reader.cases()?.into_iter().filter(|case| case.suite == self.suite);
        Ok(cases.map(|case| (case.id.clone(), case)).collect())
    }

    /// The subject of this name; the only one if none is named.
    pub(super) fn subject(self: &Rc<Self>, name: Option<&str>) -> Result<Contestant, CommandError> {
        let subjects = &self.observations.subjects;
        let file = self.path.display();
        let place = match (name, subjects.len()) {
            (Some(name), _) => self
                .observations
                .subject(name)
                .ok_or_else(|| CommandError::usage(format!("{file} holds no subject {name:?}"))),
            (None, 1) => Ok(0),
            (None, n) => Err(CommandError::usage(format!("{file} holds {n} subjects, and none is named"))),
        };
        let place = place.map_err(|error| {
            let labels: Vec<_> = subjects.iter().map(|subject| subject.id.as_str()).collect();
            let example =
                labels.first().map_or_else(String::new, |label| format!(", such as {file}#{label}"));
            error
                .hint(format!("name one as FILE#SUBJECT{example}"))
                .hint(format!("it holds {}", labels.join(", ")))
        })?;
        Ok(Contestant { file: Rc::clone(self), place })
    }
}

/// A subject of a run file.
#[derive(Clone)]
pub(super) struct Contestant {
    pub(super) file: Rc<RunFile>,
    pub(super) place: usize,
}

impl Contestant {
    /// The subject.
    pub(super) fn subject(&self) -> &Subject {
        &self.file.observations.subjects[self.place]
    }

    /// What is known of its trials as a whole.
    pub(super) fn mark(&self) -> &SubjectMark {
        &self.file.observations.marks[self.place]
    }

    /// What its trials show.
    pub(super) fn side(&self) -> Side<'_> {
        Side { observations: &self.file.observations, subject: self.place }
    }

    /// How it would be named on the command line.
    pub(super) fn name(&self) -> String {
        format!("{}#{}", self.file.path.display(), self.subject().id)
    }

    /// The number of its trial.
    pub(super) fn trial(&self, case: &CaseId, repeat: u32) -> Option<TrialNo> {
        self.file.trials.get(&self.subject().id)?.numbers.get(&(case.clone(), repeat)).copied()
    }

    /// What was asked of each role for it, and what that used.
    pub(super) fn paid(&self) -> ByRole<RoleMeters> {
        self.file.trials.get(&self.subject().id).map(|trials| trials.paid.clone()).unwrap_or_default()
    }

    /// The median time that an answer of it took, in milliseconds, where times are recorded.
    pub(super) fn latency_ms(&self) -> Result<Option<f64>, CommandError> {
        let mut times: Vec<u64> = Vec::new();
        let trials = self.file.trials.get(&self.subject().id);
        for no in trials.iter().flat_map(|trials| trials.numbers.values()) {
            for logged in self.file.reader.events(*no)? {
                if let Event::Answered { role: ModelRole::Subject, meter, cached: false, .. } = logged.event {
                    times.extend(meter.latency_ms);
                }
            }
        }
        times.sort_unstable();
        let middle = times.len() / 2;
        Ok(match times.len() {
            0 => None,
            n if n % 2 == 1 => Some(times[middle] as f64),
            _ => Some(f64::midpoint(times[middle - 1] as f64, times[middle] as f64)),
        })
    }

    /// Who served its answers, with what must be said of that; refused if several did and nobody said that this is fine.
    pub(super) fn served_by(&self, pooling: Pooling) -> Result<(Cell, Vec<String>), CommandError> {
        let mut table = Table::new("", vec![Column::text("subject", "")]);
        table.rows.push(vec![Cell::Text(self.subject().id.to_string())]);
        self.file.serving.tell(&mut table, &self.file.manifest, pooling)?;
        let cell = table.column("served_by").map_or(Cell::Missing, |place| table.rows[0][place].clone());
        Ok((cell, table.notes))
    }
}

/// A run file and perhaps a subject of it, as typed: `FILE` or `FILE#SUBJECT`.
pub(super) fn split(text: &str) -> (&Path, Option<&str>) {
    match text.split_once('#') {
        Some((file, subject)) if !Path::new(text).exists() => (Path::new(file), Some(subject)),
        _ => (Path::new(text), None),
    }
}

/// Reads each run file once.
pub(super) struct Library<'a> {
    suite: Option<&'a str>,
    files: Vec<Rc<RunFile>>,
}

impl<'a> Library<'a> {
    /// Nothing read yet; the suite where it is named.
    pub(super) fn new(suite: Option<&'a str>) -> Self {
        Self { suite, files: Vec::new() }
    }

    /// A run file.
    pub(super) fn file(&mut self, path: &Path) -> Result<Rc<RunFile>, CommandError> {
        if let Some(known) = self.files.iter().find(|file| file.path == path) {
            return Ok(Rc::clone(known));
        }
        let file = RunFile::read(path, self.suite)?;
        self.files.push(Rc::clone(&file));
        Ok(file)
    }

    /// The subjects that a command line names: one, or two.
    pub(super) fn named(
        &mut self,
        a: &str,
        b: Option<&str>,
    ) -> Result<(Contestant, Option<Contestant>), CommandError> {
        let (path, subject) = split(a);
        let file = self.file(path)?;
        let Some(b) = b else {
            return match (subject, file.observations.subjects.len()) {
                (None, 2) => {
                    Ok((Contestant { file: Rc::clone(&file), place: 0 }, Some(Contestant { file, place: 1 })))
                }
                _ => Ok((file.subject(subject)?, None)),
            };
        };
        let first = file.subject(subject)?;
        if let Some(place) = file.observations.subject(b) {
            return Ok((first, Some(Contestant { file, place })));
        }
        let (path, subject) = split(b);
        if subject.is_none() && !path.exists() {
            let error = CommandError::new(
                Exit::BadFile,
                format!("{b} is neither a run file nor a subject of {}", file.path.display()),
            );
            let labels = file.observations.subjects.iter().map(|subject| subject.id.to_string());
            return Err(error.hint(format!(
                "{} holds {}",
                file.path.display(),
                labels.collect::<Vec<_>>().join(", ")
            )));
        }
        let second = self.file(path)?.subject(subject)?;
        Ok((first, Some(second)))
    }
}
