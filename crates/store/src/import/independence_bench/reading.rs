//! One run's files made into the entries of its trials.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use unbent_core::{Answer, Blob, BlobRef, Entry, Event, Meter, ModelRole, NeedKey, Reply, TrialNo};

use super::Unit;
use super::extraction::{Extraction, SOURCES};
use super::layout::{Item, NAMES, Setting};
use super::scenario::Scenario;
use crate::pack::PackedEntry;

/// What was made of one run.
#[derive(Default)]
pub(super) struct Harvest {
    pub(super) entries: Vec<PackedEntry>,
    pub(super) damaged: Vec<(PathBuf, String)>,
    pub(super) files: u64,
    pub(super) finished: u64,
    pub(super) judges: BTreeSet<String>,
}

/// Makes entries of a run. Blobs that are in `seen` are left out, and those that are not are put there.
pub(super) fn harvest(unit: &Unit<'_>, seen: &Mutex<HashSet<BlobRef>>, now_ms: i64) -> Harvest {
    let reading = Reading { unit, seen, made: Harvest::default(), sources: BTreeMap::new(), last_ms: None };
    reading.harvest(now_ms)
}

/// A run on its way into entries.
struct Reading<'u> {
    unit: &'u Unit<'u>,
    /// Blobs that some run has handed on already: many first questions are the same in all runs.
    seen: &'u Mutex<HashSet<BlobRef>>,
    made: Harvest,
    /// The answers that names are looked for in, with the trials that they come from.
    sources: BTreeMap<(Setting, &'static str), (TrialNo, BlobRef)>,
    last_ms: Option<i64>,
}

impl Reading<'_> {
    fn harvest(mut self, now_ms: i64) -> Harvest {
        for (trial, slot) in &self.unit.trials {
            if let Some(item) = slot.item {
                self.item(*trial, slot.setting, item);
            }
        }
        for (trial, slot) in &self.unit.trials {
            if slot.item.is_none() {
                self.names(*trial, slot.setting, now_ms);
            }
        }
        self.made
    }

    fn item(&mut self, trial: TrialNo, setting: Setting, item: &'static Item) {
        let name = &self.unit.config.name;
        let scenarios: Vec<_> = item
            .scenarios
            .iter()
            .filter_map(|scenario| {
                let path = self.unit.run.scenarios.get(&(setting, *scenario))?;
                let graded = (*scenario == item.graded).then_some(item);
                let read = self.read(path, |bytes| {
                    Scenario::parse(bytes, &name.settings, name.provider.as_deref(), graded)
                })?;
                Some((*scenario, read))
            })
            .collect();
        let Some(first_ms) = scenarios.first().map(|(_, scenario)| scenario.at_ms) else {
            return;
        };
        let last_ms = scenarios.iter().map(|(_, scenario)| scenario.at_ms).max();
        self.last_ms = self.last_ms.max(last_ms);
        let graded_ms = last_ms.unwrap_or(first_ms);
        self.push(trial, first_ms, Event::Opened, Vec::new());
        let mut grade = (None, None);
        for (scenario, read) in scenarios {
            let request = Some(Blob::of_json(&read.ask));
            let answer = self.answered(trial, read.at_ms, scenario, ModelRole::Subject, request, read.reply);
            self.sources.insert((setting, scenario), (trial, answer));
            if scenario == item.graded {
                grade = (read.judged, read.outcome);
            }
        }
        if let Some(judged) = grade.0 {
            self.made.judges.extend(judged.served.model.clone());
            self.answered(trial, graded_ms, "judge", ModelRole::Judge, None, judged);
        }
        if let Some(outcome) = grade.1 {
            self.made.finished += 1;
            self.push(trial, graded_ms, Event::Finished { outcome }, Vec::new());
        }
    }

    fn names(&mut self, trial: TrialNo, setting: Setting, now_ms: i64) {
        let Some(path) = &self.unit.run.extraction else {
            return;
        };
        let Some(extraction) = self.read(path, Extraction::parse) else {
            return;
        };
        // The file has no time of its own: it was made after the answers that it is about.
        let at_ms = self.last_ms.unwrap_or(now_ms);
        self.push(trial, at_ms, Event::Opened, Vec::new());
        for scenario in SOURCES {
            if let Some((from, answer)) = self.sources.get(&(setting, scenario)).copied() {
                let need = NeedKey::from(scenario);
                self.push(trial, at_ms, Event::Given { need, from, answer }, Vec::new());
            }
        }
        self.answered(trial, at_ms, NAMES, ModelRole::Judge, None, extraction.reply);
        self.made.finished += 1;
        let outcome = extraction.outcome;
        self.push(trial, at_ms, Event::Finished { outcome }, Vec::new());
    }

    fn answered(
        &mut self,
        trial: TrialNo,
        at_ms: i64,
        need: &str,
        role: ModelRole,
        request: Option<Blob>,
        reply: Reply,
    ) -> BlobRef {
        let (meter, finish, served) = (Meter::of(&reply), reply.finish.clone(), reply.served.clone());
        let answer = Blob::of_json(&Answer::Reply(Box::new(reply)));
        let address = answer.address();
        let event = Event::Answered {
            need: need.into(),
            role,
            tried: 1,
            request: request.as_ref().map(Blob::address),
            answer: address,
            finish,
            meter,
            served,
            wire: None,
            cached: false,
            unsent: Vec::new(),
        };
        self.push(trial, at_ms, event, request.into_iter().chain([answer]).collect());
        address
    }

    fn push(&mut self, trial: TrialNo, at_ms: i64, event: Event, blobs: Vec<Blob>) {
        let entry = Entry { trial, at_ms, event, blobs };
        let is_first = |address| self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(address);
        self.made.entries.push(PackedEntry::new(&entry, None, is_first));
    }

    /// Reads a file; one that cannot be read is put on record.
    fn read<T>(&mut self, path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Option<T> {
        let read = std::fs::read(path).map_err(|error| error.to_string()).and_then(|bytes| parse(&bytes));
        match read {
            Ok(read) => {
                self.made.files += 1;
                Some(read)
            }
            Err(why) => {
                self.made.damaged.push((path.to_owned(), why));
                None
            }
        }
    }
}
