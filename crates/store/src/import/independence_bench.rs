//! The cache of AI Independence Bench: one folder of JSON files for each configuration and run.
//!
//! Everything recorded is taken over as it is, flaws included; nothing is graded here. What the cache does not record
//! is absent: requests have no tool definitions, judges no requests, and the time of a grade is that of the last
//! answer that it can have read.

mod extraction;
mod layout;
mod name;
mod reading;
mod scenario;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use rayon::prelude::*;
use unbent_core::{
    Case, Manifest, Origin, Program, Sampling, Subject, SubjectId, SuiteId, SuiteRecord, TrialKey, TrialNo,
};

use self::layout::{Config, ITEMS, Item, Layout, NAMES, Run, Setting};
use self::reading::{Harvest, harvest};
use super::{ImportError, ImportReport, Progress, parse_json, parse_time};
use crate::bulk::BulkWriter;
use crate::error::StoreError;

/// The name under which the importer stands in manifests.
const IMPORTER: &str = "independence-bench";

/// So many runs are read together and written in one transaction: some megabytes.
const RUNS_A_PORTION: usize = 16;

/// Makes a run file at `out` from a cache folder, or from the folder that holds one under the name `cache`.
///
/// `cases` are those of the suite, named `{system}/{delivery}/{item}`; the file gets those of which there are results.
/// `out` appears only when it is complete, and is never overwritten.
pub fn import_independence_bench(
    dir: &Path,
    cases: &[Case],
    out: &Path,
    now_ms: i64,
    program: Program,
    progress: &mut dyn FnMut(Progress),
) -> Result<ImportReport, ImportError> {
    let layout = layout::scan(dir)?;
    let slots = slots(cases, &layout);
    let mut report = ImportReport {
        configs: layout.configs.len() as u64,
        runs: layout.configs.iter().map(|config| config.runs.len() as u64).sum(),
        ..ImportReport::default()
    };
    let suite = slots.first().map(|slot| slot.case.suite.clone());
    let mut manifest = manifest(&layout, suite, now_ms, program);
    let units = units(&layout, &slots, &mut report);
    report.skipped.extend(layout.skipped.iter().cloned());

    let mut writer = BulkWriter::create(out, &manifest)?;
    let used: Vec<Case> = slots.iter().map(|slot| slot.case.clone()).collect();
    writer.add_cases(&used)?;
    report.trials = writer.add_trials(units.iter().flat_map(Unit::keys))?;

    let (writer, judges) = read_and_write(writer, &units, now_ms, &mut report, progress)?;
    report.unfinished = report.trials - report.finished;
    manifest.origin = Origin::Imported {
        importer: IMPORTER.to_owned(),
        files: report.files,
        damaged: report.damaged.len() as u64,
        sources: BTreeMap::new(),
        notes: Vec::new(),
    };
    manifest.judge = only_judge(judges);
    let mut writer = writer;
    writer.set_manifest(&manifest)?;
    writer.finish()?;
    Ok(report)
}

/// A case of which there are results somewhere.
#[derive(Debug, Clone, Copy)]
struct Slot<'c> {
    case: &'c Case,
    setting: Setting,
    /// None for the case about names.
    item: Option<&'static Item>,
}

fn slots<'c>(cases: &'c [Case], layout: &Layout) -> Vec<Slot<'c>> {
    let occurring: BTreeSet<Setting> = layout.configs.iter().flat_map(settings).collect();
    cases
        .iter()
        .filter_map(|case| {
            let (setting, name) = Setting::of_case(case.id.as_str())?;
            let item = ITEMS.iter().find(|item| item.name == name);
            let is_ours = item.is_some() || name == NAMES;
            (is_ours && occurring.contains(&setting)).then_some(Slot { case, setting, item })
        })
        .collect()
}

fn settings(config: &Config) -> BTreeSet<Setting> {
    config.runs.iter().flat_map(Run::settings).collect()
}

/// A run of a configuration, with the trials that are made of it.
struct Unit<'l> {
    config: &'l Config,
    subject: SubjectId,
    run: &'l Run,
    trials: Vec<(TrialNo, Slot<'l>)>,
}

impl Unit<'_> {
    fn keys(&self) -> impl Iterator<Item = TrialKey> {
        self.trials.iter().map(|(_, slot)| TrialKey {
            suite: slot.case.suite.clone(),
            case: slot.case.id.clone(),
            subject: self.subject.clone(),
            repeat: self.run.number,
        })
    }
}

fn units<'l>(layout: &'l Layout, slots: &[Slot<'l>], report: &mut ImportReport) -> Vec<Unit<'l>> {
    let mut last = 0;
    let mut units = Vec::new();
    for config in &layout.configs {
        let settings = settings(config);
        for run in &config.runs {
            // Names are looked for once a run, whatever its settings: in the first that it has.
            let named = run.settings().next().or(settings.first().copied());
            let trials: Vec<_> = slots
                .iter()
                .filter(|slot| match slot.item {
                    Some(_) => settings.contains(&slot.setting),
                    None => named == Some(slot.setting),
                })
                .map(|slot| {
                    last += 1;
                    (TrialNo(last), *slot)
                })
                .collect();
            let unit = Unit { config, subject: SubjectId::new(config.folder.as_str()), run, trials };
            report.skipped.extend(homeless(&unit));
            units.push(unit);
        }
    }
    units
}

/// The files of a run that no trial takes in.
fn homeless<'u>(unit: &'u Unit<'_>) -> impl Iterator<Item = (PathBuf, String)> + 'u {
    let takes = |setting: Setting, scenario: &str| {
        unit.trials.iter().any(|(_, slot)| {
            slot.setting == setting && slot.item.is_some_and(|item| item.scenarios.contains(&scenario))
        })
    };
    let has_names = unit.trials.iter().any(|(_, slot)| slot.item.is_none());
    let scenarios = unit.run.scenarios.iter();
    scenarios
        .filter(move |((setting, scenario), _)| !takes(*setting, scenario))
        .map(|(_, path)| path)
        .chain(unit.run.extraction.iter().filter(move |_| !has_names))
        .map(|path| (path.clone(), "the suite has no case for it".to_owned()))
}

fn manifest(layout: &Layout, suite: Option<SuiteId>, now_ms: i64, program: Program) -> Manifest {
    let subjects = layout.configs.iter().map(|config| Subject {
        id: SubjectId::new(config.folder.as_str()),
        model: config.name.model.clone(),
        settings: config.name.settings.clone(),
        simulated: false,
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    });
    let runs = layout.configs.iter().flat_map(|config| &config.runs);
    Manifest {
        created_at_ms: now_ms,
        program,
        origin: Origin::Imported {
            importer: IMPORTER.to_owned(),
            files: 0,
            damaged: 0,
            sources: BTreeMap::new(),
            notes: Vec::new(),
        },
        suites: suite
            .into_iter()
            .map(|id| SuiteRecord { id, params: serde_json::Map::new(), pack: None, files: BTreeMap::new() })
            .collect(),
        subjects: subjects.collect(),
        judge: None,
        guard: None,
        seed: 0,
        repeats: runs.map(|run| run.number).max().unwrap_or(0),
        credentials: BTreeMap::new(),
        sandbox: None,
        rescored: Vec::new(),
        git: None,
    }
}

fn only_judge(judges: BTreeSet<String>) -> Option<Subject> {
    let mut judges = judges.into_iter();
    let judge = judges.next().filter(|_| judges.len() == 0)?;
    Some(Subject {
        id: SubjectId::new(judge.as_str()),
        model: judge,
        settings: Sampling::default(),
        simulated: false,
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    })
}

/// Reads portions of runs on all cores while a thread writes the portion before, in the order of the runs.
fn read_and_write(
    writer: BulkWriter,
    units: &[Unit<'_>],
    now_ms: i64,
    report: &mut ImportReport,
    progress: &mut dyn FnMut(Progress),
) -> Result<(BulkWriter, BTreeSet<String>), ImportError> {
    let mut judges = BTreeSet::new();
    let mut done = Progress { files_done: 0, files_total: units.iter().map(|unit| unit.run.files()).sum() };
    let seen = Mutex::new(HashSet::new());
    let writer = std::thread::scope(|scope| {
        let (portions, inbox) = sync_channel::<Vec<Harvest>>(1);
        let writing = scope.spawn(move || {
            let mut writer = writer;
            for portion in inbox {
                writer.append(portion.iter().flat_map(|harvest| &harvest.entries))?;
            }
            Ok::<_, StoreError>(writer)
        });
        for portion in units.chunks(RUNS_A_PORTION) {
            let mut harvests: Vec<Harvest> =
                portion.par_iter().map(|unit| harvest(unit, &seen, now_ms)).collect();
            for harvest in &mut harvests {
                report.files += harvest.files;
                report.finished += harvest.finished;
                report.damaged.append(&mut harvest.damaged);
                judges.append(&mut harvest.judges);
            }
            done.files_done += portion.iter().map(|unit| unit.run.files()).sum::<u64>();
            if portions.send(harvests).is_err() {
                // The writer has given up; joining it says why.
                break;
            }
            progress(done);
        }
        drop(portions);
        writing.join().expect("the writing thread only returns")
    })?;
    Ok((writer, judges))
}
