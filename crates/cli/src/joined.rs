//! Several run files read as one run: what leaderboards and analyses are made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use unbent_core::{Case, CaseId, Manifest, SubjectId, SuiteId, TrialView};
use unbent_store::RunReader;
use unbent_suites::kit::RunData;

use crate::error::{CommandError, Exit};

/// The trials of one suite in several run files. Subjects whose label stands in several files are told apart by the
/// file's name.
pub(crate) struct Joined {
    runs: Vec<Run>,
    suite: SuiteId,
    labels: BTreeMap<(usize, SubjectId), SubjectId>,
    manifest: Manifest,
    cases: BTreeMap<CaseId, Case>,
}

impl Joined {
    /// Opens the files; the suite must be named where they hold several.
    pub(crate) fn open(files: &[PathBuf], suite: Option<&str>) -> Result<Self, CommandError> {
        let runs = files.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>, _>>()?;
        let suite = the_suite(&runs, suite)?;
        let labels = labels(&runs);
        let manifest = join(&runs, &labels);
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
        Ok(Self { runs, suite, labels, manifest, cases })
    }

    /// The suite.
    pub(crate) fn suite(&self) -> &SuiteId {
        &self.suite
    }

    /// The manifest of the first file with the subjects of all.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads the trials: `seen` sees each of them, `analyse` makes something of them.
    pub(crate) fn read<T>(
        &self,
        mut seen: impl FnMut(&TrialView, &Manifest),
        analyse: impl FnOnce(&mut RunData<'_>) -> T,
    ) -> Result<T, CommandError> {
        let mut unreadable = None;
        let mut trials = self.runs.iter().enumerate().flat_map(|(file, run)| {
            run.reader.trials().map(move |trial| {
                trial.map(|mut trial: TrialView| {
                    if let Some(label) = self.labels.get(&(file, trial.key.subject.clone())) {
                        trial.key.subject = label.clone();
                    }
                    trial
                })
            })
        });
        let mut trials = std::iter::from_fn(|| match trials.next()? {
            Ok(trial) => Some(trial),
            Err(error) => {
                unreadable = Some(error);
                None
            }
        })
        .filter(|trial| trial.key.suite == self.suite)
        .inspect(|trial| seen(trial, &self.manifest));
        let mut run = RunData { manifest: &self.manifest, cases: &self.cases, trials: &mut trials };
        let made = analyse(&mut run);
        match unreadable {
            Some(error) => Err(error.into()),
            None => Ok(made),
        }
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
        if let Some(judge) = run.manifest.judge.as_ref().filter(|judge| judge.simulated) {
            manifest.judge = Some(judge.clone());
        }
    }
    manifest
}
