//! Several run files read as one run: what leaderboards and analyses are made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use unbent_core::{Case, CaseId, Manifest, Subject, SubjectId, SuiteId, TrialView};
use unbent_store::{RunReader, StoreError};
use unbent_suites::kit::{Benchmark, RunData};

use crate::error::{CommandError, Exit};

/// The trials of one suite in several run files. Subjects whose label stands in several files are told apart by the
/// file's name.
pub(crate) struct Joined {
    runs: Vec<Run>,
    suite: SuiteId,
    labels: BTreeMap<(usize, SubjectId), SubjectId>,
    manifest: Manifest,
    notes: Notes,
    /// Who graded each subject's answers, where not all files have the same judge.
    judges: BTreeMap<SubjectId, Subject>,
    cases: BTreeMap<CaseId, Case>,
}

impl Joined {
    /// Opens the files; the suite must be named where they hold several.
    pub(crate) fn open(files: &[PathBuf], suite: Option<&str>) -> Result<Self, CommandError> {
        let runs = files.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>, _>>()?;
        let suite = the_suite(&runs, suite)?;
        let labels = labels(&runs);
        let judges = different_judges(&runs, &suite, &labels);
        let mut manifest = join(&runs, &labels);
        if judges.is_some() {
            manifest.judge = None;
        }
        let mut cases: BTreeMap<CaseId, Case> = BTreeMap::new();
        for run in &runs {
            for case in run.reader.cases()?.into_iter().filter(|case| case.suite == suite) {
                if cases.get(&case.id).is_some_and(|known| known.spec != case.spec) {
                    return Err(CommandError::usage(format!(
                        "the case {} of {} is another one in the files before it: the runs cannot be read as one",
                        case.id,
                        run.path.display()
                    ))
                    .hint("read each by itself, or runs of the same cases together"));
                }
                cases.insert(case.id.clone(), case);
            }
        }
        Ok(Self {
            runs,
            suite,
            labels,
            manifest,
            notes: Notes::LeftOut,
            judges: judges.unwrap_or_default(),
            cases,
        })
    }

    /// The same, read with the notes of outcomes, which takes longer.
    pub(crate) fn with_notes(self) -> Self {
        Self { notes: Notes::Read, ..self }
    }

    /// The suite.
    pub(crate) fn suite(&self) -> &SuiteId {
        &self.suite
    }

    /// The cases of the suite, by name.
    pub(crate) fn cases(&self) -> &BTreeMap<CaseId, Case> {
        &self.cases
    }

    /// The manifest of the first file with the subjects of all. It has a judge only if that is the judge of all of them.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Who graded the answers of each subject, where not all files have the same judge.
    pub(crate) fn judges(&self) -> &BTreeMap<SubjectId, Subject> {
        &self.judges
    }

    /// Who graded the answers of each subject in its own run, where a judge did.
    pub(crate) fn own_judges(&self) -> BTreeMap<SubjectId, Subject> {
        let mut judges = BTreeMap::new();
        for (file, run) in self.runs.iter().enumerate() {
            let Some(judge) = &run.manifest.judge else { continue };
            for subject in &run.manifest.subjects {
                let label = self.labels.get(&(file, subject.id.clone())).unwrap_or(&subject.id);
                judges.insert(label.clone(), judge.clone());
            }
        }
        judges
    }

    /// Reads the trials: `seen` sees each of them, `analyse` makes something of them, while the next are read.
    pub(crate) fn read<T>(
        &self,
        mut seen: impl FnMut(&TrialView, &Manifest),
        analyse: impl FnOnce(&mut RunData<'_>) -> T,
    ) -> Result<T, CommandError> {
        thread::scope(|scope| {
            let (portions, ready) = sync_channel(READY);
            scope.spawn(move || self.send_trials(&portions));
            let mut unreadable = None;
            let mut portions =
                ready.into_iter().map_while(|portion| portion.map_err(|error| unreadable = Some(error)).ok());
            let mut portion = Vec::new().into_iter();
            let mut trials = std::iter::from_fn(|| {
                loop {
                    if let Some(trial) = portion.next() {
                        return Some(trial);
                    }
                    portion = portions.next()?.into_iter();
                }
            })
            .inspect(|trial| seen(trial, &self.manifest));
            let made = analyse(&mut RunData {
                manifest: &self.manifest,
                judges: &self.judges,
                cases: &self.cases,
                trials: &mut trials,
            });
            match unreadable {
                Some(error) => Err(error.into()),
                None => Ok(made),
            }
        })
    }

    /// Reads the trials of the suite portion by portion, until nobody wants more.
    fn send_trials(&self, portions: &SyncSender<Result<Vec<TrialView>, StoreError>>) {
        for (file, run) in self.runs.iter().enumerate() {
            let mut trials = match self.notes {
                Notes::Read => run.reader.trials(),
                Notes::LeftOut => run.reader.trials_without_notes(),
            };
            while let Some(portion) = trials.portion() {
                let portion = portion.map(|mut portion| {
                    portion.retain(|trial| trial.key.suite == self.suite);
                    if !self.labels.is_empty() {
                        for trial in &mut portion {
                            if let Some(label) = self.labels.get(&(file, trial.key.subject.clone())) {
                                trial.key.subject = label.clone();
                            }
                        }
                    }
                    portion
                });
                if portions.send(portion).is_err() {
                    return;
                }
            }
        }
    }

    /// What must be said where the files did not ask the same questions or do not have the same judge.
    pub(crate) fn notes(&self, benchmark: &dyn Benchmark) -> Vec<String> {
        let judged = (!benchmark.ratings().is_empty()).then(|| self.judge_note()).flatten();
        self.pack_note().into_iter().chain(judged).collect()
    }

    /// Says who judged whom where the files do not have the same judge.
    fn judge_note(&self) -> Option<String> {
        if self.judges.is_empty() {
            return None;
        }
        let mut graded: BTreeMap<Option<&SubjectId>, Vec<&str>> = BTreeMap::new();
        for subject in &self.manifest.subjects {
            let regraded = subject.regraded.as_ref().map(|regraded| &regraded.judge);
            let judge = regraded.or_else(|| self.judges.get(&subject.id)).map(|judge| &judge.id);
            graded.entry(judge).or_default().push(subject.id.as_str());
        }
        let told = graded.into_iter().map(|(judge, subjects)| {
            let judge = judge.map_or("no judge", SubjectId::as_str);
            let (named, others) = subjects.split_at(subjects.len().min(NAMED));
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            format!("{judge} ({}{more})", named.join(", "))
        });
        Some(format!(
            "The files differ in who judged: {}. Rows judged by different judges are not comparable one to one: to compare them, \
             grade all by one judge with unbent rejudge FILE --judge REF.",
            told.collect::<Vec<_>>().join("; ")
        ))
    }

    /// Says so where the files did not ask the same questions.
    pub(crate) fn pack_note(&self) -> Option<String> {
        let pack = |run: &Run| {
            let record = run.manifest.suites.iter().find(|record| record.id == self.suite)?;
            Some(record.pack.as_ref().map_or_else(
                || "the source's own texts".to_owned(),
                |pack| format!("{} {} ({:.8})", pack.id, pack.version, pack.hash),
            ))
        };
        let mut packs: Vec<_> = self.runs.iter().filter_map(pack).collect();
        packs.sort();
        packs.dedup();
        (packs.len() > 1)
            .then(|| format!("The files differ in what was asked: {}. Compare with care.", packs.join(", ")))
    }
}

/// So many subjects of a judge are named in a note.
const NAMED: usize = 6;

/// Whether the notes of outcomes are read.
#[derive(Clone, Copy)]
enum Notes {
    Read,
    LeftOut,
}

/// So many portions of trials are read ahead of who takes them.
const READY: usize = 1;

struct Run {
    path: PathBuf,
    reader: RunReader,
    manifest: Manifest,
}

impl Run {
    fn open(path: &Path) -> Result<Self, CommandError> {
        let reader = RunReader::open(path)?;
        let manifest = reader.manifest()?;
        Ok(Self { path: path.to_owned(), reader, manifest })
    }
}

fn the_suite(runs: &[Run], wanted: Option<&str>) -> Result<SuiteId, CommandError> {
    let mut suites: Vec<&SuiteId> =
        runs.iter().flat_map(|run| run.manifest.suites.iter().map(|suite| &suite.id)).collect();
    suites.sort();
    suites.dedup();
    let names = || suites.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (wanted, suites.as_slice()) {
        (Some(wanted), _) => {
            suites.iter().find(|suite| suite.as_str() == wanted).map(|suite| (*suite).clone()).ok_or_else(
                || {
                    CommandError::usage(format!("the files hold no suite {wanted:?}"))
                        .hint(format!("they hold {}", names()))
                },
            )
        }
        (None, [only]) => Ok((*only).clone()),
        (None, []) => Err(CommandError::new(Exit::BadFile, "the files hold no suite")),
        (None, _) => Err(CommandError::usage("the files hold several suites")
            .hint(format!("name one with --suite: {}", names()))),
    }
}

/// New labels for subjects whose label stands in several files: `FILE#label`.
fn labels(runs: &[Run]) -> BTreeMap<(usize, SubjectId), SubjectId> {
    let mut files: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
    for (file, run) in runs.iter().enumerate() {
        for subject in &run.manifest.subjects {
            files.entry(&subject.id).or_default().push(file);
        }
    }
    let shared = files.into_iter().filter(|(_, files)| files.len() > 1);
    shared
        .flat_map(|(label, files)| {
            files.into_iter().map(move |file| {
                let new = SubjectId::new(format!("{}#{label}", runs[file].path.display()));
                ((file, label.clone()), new)
            })
        })
        .collect()
}

/// By subject, the judge of its file, if the files that hold the suite do not all have the same one; those who are of one name
/// and differ are told apart by the file's name. What a judge costs does not make it another.
fn different_judges(
    runs: &[Run],
    suite: &SuiteId,
    labels: &BTreeMap<(usize, SubjectId), SubjectId>,
) -> Option<BTreeMap<SubjectId, Subject>> {
    let grades = |judge: &Subject| {
        let judge = judge.clone();
        Subject { price: None, price_source: None, ..judge }
    };
    let holding: Vec<(usize, &Run, Option<Subject>)> = runs
        .iter()
        .enumerate()
        .filter(|(_, run)| run.manifest.suites.iter().any(|record| record.id == *suite))
        .map(|(file, run)| (file, run, run.manifest.judge.as_ref().map(grades)))
        .collect();
    let (_, _, first) = holding.first()?;
    if holding.iter().all(|(_, _, judge)| judge == first) {
        return None;
    }
    let mut judges = BTreeMap::new();
    for (file, run, judge) in &holding {
        let Some(judge) = judge else { continue };
        let is_of_its_name = |other: &Subject| other.id == judge.id && other != judge;
        let mut named = judge.clone();
        if holding.iter().filter_map(|(_, _, other)| other.as_ref()).any(is_of_its_name) {
            named.id = SubjectId::new(format!("{}#{}", run.path.display(), judge.id));
        }
        for subject in &run.manifest.subjects {
            let label = labels.get(&(*file, subject.id.clone())).unwrap_or(&subject.id);
            judges.insert(label.clone(), named.clone());
        }
    }
    Some(judges)
}

/// The manifest of the first file with the subjects of all.
fn join(runs: &[Run], labels: &BTreeMap<(usize, SubjectId), SubjectId>) -> Manifest {
    let mut manifest = runs[0].manifest.clone();
    manifest.subjects.clear();
    if runs.iter().any(|run| run.manifest.guard != manifest.guard) {
        manifest.guard = None;
    }
    for (file, run) in runs.iter().enumerate() {
        for subject in &run.manifest.subjects {
            let mut subject = subject.clone();
            if let Some(label) = labels.get(&(file, subject.id.clone())) {
                subject.id = label.clone();
            }
            if let Some(regraded) = &mut subject.regraded
                && let Some(label) = labels.get(&(file, regraded.of.clone()))
            {
                regraded.of = label.clone();
            }
            manifest.subjects.push(subject);
        }
    }
    manifest
}
