//! `unbent leaderboard`: ranks the subjects of run files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use unbent_core::{Manifest, SubjectId, SuiteId, TrialView};
use unbent_report::Table;
use unbent_store::RunReader;
use unbent_suites::kit::{Method, Setup};

use crate::args::{LeaderboardArgs, MethodArg};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

pub(super) fn leaderboard(args: &LeaderboardArgs, json: bool) -> Result<Exit, CommandError> {
    if json && (args.csv || args.md) {
        return Err(CommandError::usage("--json, --csv and --md exclude each other").hint("name one of them"));
    }
    let pooling = if args.pool_providers { Pooling::Told } else { Pooling::Refused };
    let table = table(&args.files, args.suite.as_deref(), args.method, pooling)?;
    output::out(&match () {
        () if json => format!("{:#}\n", table.to_json()),
        () if args.csv => table.to_csv(),
        () if args.md => table.to_markdown(),
        () => table.to_text(output::terminal_width()),
    });
    // Programs get rows; what must be said about them goes where a person sees it.
    if json || args.csv {
        table.notes.iter().for_each(|note| output::err_line(note));
    }
    Ok(Exit::Done)
}

/// The leaderboard over the subjects of these files.
pub(super) fn table(
    files: &[PathBuf],
    suite: Option<&str>,
    method: MethodArg,
    pooling: Pooling,
) -> Result<Table, CommandError> {
    let runs = files.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>, _>>()?;
    let suite = the_suite(&runs, suite)?;
    let method = match method {
        MethodArg::Published => Method::Published,
        MethodArg::Corrected => Method::Corrected,
    };
    // How a table is made depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(suite.as_str(), &Setup::default())?;
    let labels = labels(&runs);
    let manifest = joined(&runs, &labels);
    let mut unreadable = None;
    let mut serving = Serving::default();
    let mut trials = runs.iter().enumerate().flat_map(|(file, run)| {
        let labels = &labels;
        run.reader.trials().map(move |trial| {
            trial.map(|mut trial: TrialView| {
                if let Some(label) = labels.get(&(file, trial.key.subject.clone())) {
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
    .filter(|trial| trial.key.suite == suite)
    .inspect(|trial| serving.add(trial, &manifest));
    let mut table = benchmark.leaderboard(&manifest, &mut trials, method);
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    table.notes.extend(pack_note(&runs, &suite));
    serving.tell(&mut table, &manifest, pooling)?;
    Ok(table)
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
fn joined(runs: &[Run], labels: &BTreeMap<(usize, SubjectId), SubjectId>) -> Manifest {
    let mut manifest = runs[0].manifest.clone();
    manifest.subjects.clear();
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

/// Says so where the files did not ask the same questions.
fn pack_note(runs: &[Run], suite: &SuiteId) -> Option<String> {
    let pack = |run: &Run| {
        let record = run.manifest.suites.iter().find(|record| record.id == *suite)?;
        Some(record.pack.as_ref().map_or_else(
            || "the source's own texts".to_owned(),
            |pack| format!("{} {} ({:.8})", pack.id, pack.version, pack.hash),
        ))
    };
    let mut packs: Vec<_> = runs.iter().filter_map(pack).collect();
    packs.sort();
    packs.dedup();
    (packs.len() > 1)
        .then(|| format!("The files differ in what was asked: {}. Compare with care.", packs.join(", ")))
}
