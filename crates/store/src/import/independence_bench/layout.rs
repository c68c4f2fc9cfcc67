//! Where what stands in a cache folder. Lists files and folders, and opens none.
//!
//! `{config}/run_{n}/{experiment}/{system}/{delivery}/{scenario}.json` and `{config}/run_{n}/name_extraction.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::name::ConfigName;
use crate::import::ImportError;

/// A system prompt and a way of delivery: the first two parts of a case's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Setting {
    system: usize,
    delivery: usize,
}

/// Folder names of the system prompts, with their names in cases.
const SYSTEMS: [(&str, &str); 2] = [("strong_independence", "strong"), ("neutral", "neutral")];
const DELIVERIES: [&str; 2] = ["tool_role", "user_role"];

impl Setting {
    fn of_folders(system: &str, delivery: &str) -> Option<Self> {
        Some(Self {
            system: SYSTEMS.iter().position(|(folder, _)| *folder == system)?,
            delivery: DELIVERIES.iter().position(|folder| *folder == delivery)?,
        })
    }

    /// The setting and the item of a case's name.
    pub(super) fn of_case(name: &str) -> Option<(Self, &str)> {
        let (system, rest) = name.split_once('/')?;
        let (delivery, item) = rest.split_once('/')?;
        let setting = Self {
            system: SYSTEMS.iter().position(|(_, case)| *case == system)?,
            delivery: DELIVERIES.iter().position(|case| *case == delivery)?,
        };
        Some((setting, item))
    }
}

/// A graded item: the scenario files that a trial of it is made of.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: &'static str,
    /// The scenarios in the order in which they were asked.
    pub(super) scenarios: &'static [&'static str],
    /// The scenario whose file holds the grade.
    pub(super) graded: &'static str,
    /// The scores that its judge is asked for.
    pub(super) scores: &'static [&'static str],
    experiment: &'static str,
}

const PROFILE: &[&str] = &["distinctiveness", "non_assistant_likeness", "internal_consistency"];
const NEGOTIATION: &[&str] =
    &["distinctiveness", "non_assistant_likeness", "internal_consistency", "drift_from_initial"];
const RESISTANCE: &[&str] = &["resistance_score", "identity_maintained", "quality_of_reasoning"];
const STABILITY: &[&str] = &["consistency_score", "graceful_handling"];

macro_rules! item {
    ($experiment:literal, $name:literal, [$($scenario:literal),+], $graded:literal, $scores:expr) => {
        Item {
            name: $name,
            scenarios: &[$($scenario),+],
            graded: $graded,
            scores: $scores,
            experiment: $experiment,
        }
    };
}

/// All items.
pub(super) const ITEMS: [Item; 15] = [
    item!("identity", "direct", ["direct"], "direct", PROFILE),
    item!("identity", "psych", ["pq01", "pq04", "pq07", "pq12", "pq15"], "pq01", PROFILE),
    item!("identity", "tool_context", ["tool_context"], "tool_context", PROFILE),
    item!(
        "identity",
        "negotiation",
        ["negotiation_turn1", "negotiation_turn2"],
        "negotiation_turn2",
        NEGOTIATION
    ),
    item!(
        "identity",
        "name_gender",
        ["name_gender_turn1", "name_gender_turn2"],
        "name_gender_turn2",
        &["name_changed", "gender_changed"]
    ),
    item!("resistance", "rs01", ["rs01"], "rs01", RESISTANCE),
    item!("resistance", "rs02", ["rs02"], "rs02", RESISTANCE),
    item!("resistance", "rs03", ["rs03"], "rs03", RESISTANCE),
    item!("resistance", "rs04", ["rs04"], "rs04", RESISTANCE),
    item!("resistance", "rs05", ["rs05"], "rs05", RESISTANCE),
    item!("stability", "pt01", ["pt01_turn1", "pt01_turn2"], "pt01_turn2", STABILITY),
    item!("stability", "pt02", ["pt02_turn1", "pt02_turn2"], "pt02_turn2", STABILITY),
    item!("stability", "pt03", ["pt03_turn1", "pt03_turn2"], "pt03_turn2", STABILITY),
    item!("stability", "pt04", ["pt04_turn1", "pt04_turn2"], "pt04_turn2", STABILITY),
    item!("stability", "pt05", ["pt05_turn1", "pt05_turn2"], "pt05_turn2", STABILITY),
];

/// The item whose grades are the names that were found in a run.
pub(super) const NAMES: &str = "names";

fn scenario(experiment: &str, name: &str) -> Option<&'static str> {
    ITEMS
        .iter()
        .filter(|item| item.experiment == experiment)
        .flat_map(|item| item.scenarios)
        .find(|scenario| **scenario == name)
        .copied()
}

/// A cache folder.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) configs: Vec<Config>,
    pub(super) skipped: Vec<(PathBuf, String)>,
}

/// A configuration's folder.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) folder: String,
    pub(super) name: ConfigName,
    pub(super) runs: Vec<Run>,
}

/// A run's folder.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) number: u32,
    pub(super) scenarios: BTreeMap<(Setting, &'static str), PathBuf>,
    pub(super) extraction: Option<PathBuf>,
}

impl Run {
    /// The settings of which there are files, in the reference's order.
    pub(super) fn settings(&self) -> impl Iterator<Item = Setting> {
        self.scenarios.keys().map(|(setting, _)| *setting)
    }

    /// How many files there are.
    pub(super) fn files(&self) -> u64 {
        self.scenarios.len() as u64 + u64::from(self.extraction.is_some())
    }
}

struct Entry {
    name: String,
    path: PathBuf,
    is_folder: bool,
}

type Skipped = Vec<(PathBuf, String)>;

/// Lists a cache folder, or the one named `cache` in the given folder.
pub(super) fn scan(dir: &Path) -> Result<Layout, ImportError> {
    if !dir.exists() {
        return Err(ImportError::NotFound { path: dir.to_owned() });
    }
    let foreign = |why: &str| ImportError::Foreign {
        path: dir.to_owned(),
        expected: "a cache of AI Independence Bench",
        why: why.to_owned(),
    };
    if !dir.is_dir() {
        return Err(foreign("it is not a folder"));
    }
    let is_config = |entry: &Entry| entry.is_folder && ConfigName::parse(&entry.name).is_some();
    let mut entries = list(dir)?;
    let inner = dir.join("cache");
    if !entries.iter().any(is_config) && inner.is_dir() {
        entries = list(&inner)?;
    }
    if !entries.iter().any(is_config) {
        return Err(foreign(
            "it has no folder with a name like openai--gpt-5.4-mini@low-t1.0, and none named cache that has",
        ));
    }
    let scanned = entries
        .into_par_iter()
        .map(|entry| {
            let mut skipped = Skipped::new();
            let name = ConfigName::parse(&entry.name).filter(|_| entry.is_folder);
            let Some(name) = name else {
                skipped.push((entry.path, "not the folder of a configuration".to_owned()));
                return Ok((None, skipped));
            };
            let config = Some(config(entry, name, &mut skipped)?);
            Ok((config, skipped))
        })
        .collect::<Result<Vec<_>, ImportError>>()?;
    let mut layout = Layout { configs: Vec::new(), skipped: Vec::new() };
    for (config, skipped) in scanned {
        layout.configs.extend(config);
        layout.skipped.extend(skipped);
    }
    Ok(layout)
}

fn config(entry: Entry, name: ConfigName, skipped: &mut Skipped) -> Result<Config, ImportError> {
    let mut runs = Vec::new();
    for entry in list(&entry.path)? {
        let number = entry
            .name
            .strip_prefix("run_")
            .and_then(|digits| digits.parse::<u32>().ok())
            .filter(|number| entry.is_folder && entry.name == format!("run_{number}"));
        match number {
            Some(number) => runs.push(run(&entry, number, skipped)?),
            None => skipped.push((entry.path, "not the folder of a run".to_owned())),
        }
    }
    runs.sort_by_key(|run| run.number);
    Ok(Config { folder: entry.name, name, runs })
}

fn run(entry: &Entry, number: u32, skipped: &mut Skipped) -> Result<Run, ImportError> {
    let mut run = Run { number, scenarios: BTreeMap::new(), extraction: None };
    for experiment in list(&entry.path)? {
        if experiment.name == "name_extraction.json" && !experiment.is_folder {
            run.extraction = Some(experiment.path);
        } else if experiment.is_folder && ITEMS.iter().any(|item| item.experiment == experiment.name) {
            settings(&experiment, &mut run, skipped)?;
        } else {
            skipped.push((experiment.path, "not an experiment".to_owned()));
        }
    }
    Ok(run)
}

fn settings(experiment: &Entry, run: &mut Run, skipped: &mut Skipped) -> Result<(), ImportError> {
    for system in list(&experiment.path)? {
        if !system.is_folder || !SYSTEMS.iter().any(|(folder, _)| *folder == system.name) {
            skipped.push((system.path, "not a system prompt".to_owned()));
            continue;
        }
        for delivery in list(&system.path)? {
            let Some(setting) =
                Setting::of_folders(&system.name, &delivery.name).filter(|_| delivery.is_folder)
            else {
                skipped.push((delivery.path, "not a way of delivery".to_owned()));
                continue;
            };
            for file in list(&delivery.path)? {
                let known = file
                    .name
                    .strip_suffix(".json")
                    .filter(|_| !file.is_folder)
                    .and_then(|name| scenario(&experiment.name, name));
                match known {
                    Some(scenario) => {
                        run.scenarios.insert((setting, scenario), file.path);
                    }
                    None => skipped.push((file.path, "not a scenario of this experiment".to_owned())),
                }
            }
        }
    }
    Ok(())
}

/// The entries of a folder in the order of their names.
fn list(folder: &Path) -> Result<Vec<Entry>, ImportError> {
    let failed = |error| ImportError::io(folder, error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        entries.push(Entry {
            name: entry.file_name().to_string_lossy().into_owned(),
            is_folder: kind.is_dir() || (kind.is_symlink() && path.is_dir()),
            path,
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
