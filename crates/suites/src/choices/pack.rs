//! The suite's pack: what every task tells, and of each task its prompt and its world.

use std::collections::BTreeMap;
use std::sync::Arc;

use unbent_core::PackRef;

use super::prompt::{SystemTexts, TaskTexts};
use super::spec::WorldSetup;
use super::task::{TASKS, Task};
use super::variant::Variant;
use super::world::WorldData;
use crate::kit::{Setup, SetupError, hash_files};

/// The file that holds what every task tells.
const SYSTEM_FILE: &str = "system.toml";
const SYSTEM: &str = include_str!("../../packs/choices/system.toml");
/// Its name and version where it is built in.
const ID: &str = "choices";
const VERSION: &str = "1";

/// Everything that the suite reads.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) system: SystemTexts,
    pub(super) tasks: BTreeMap<&'static str, TaskPack>,
    /// What a run file keeps.
    pub(super) files: BTreeMap<String, String>,
    pub(super) reference: PackRef,
}

/// What is read of a task.
#[derive(Debug, Clone)]
pub(super) struct TaskPack {
    pub(super) texts: TaskTexts,
    pub(super) world: Arc<WorldData>,
}

/// The names of a task's files, with what is built in.
fn files_of(task: &Task) -> [(String, &'static str); 2] {
    [
        (format!("{}/prompt.toml", task.id), task.prompt_file),
        (format!("{}/world.toml", task.id), task.world_file),
    ]
}

/// Reads the pack; a file that is not given is the built-in one.
pub(super) fn load(setup: &Setup) -> Result<Loaded, SetupError> {
    let mut files: BTreeMap<String, String> = [(SYSTEM_FILE.to_owned(), SYSTEM.to_owned())].into();
    files.extend(TASKS.iter().flat_map(files_of).map(|(name, text)| (name, text.to_owned())));
    if let Some(pack) = &setup.pack {
        for (name, text) in &pack.files {
            let Some(file) = files.get_mut(name) else {
                let why = format!(
                    "a pack of this suite has the files {SYSTEM_FILE}, TASK/prompt.toml and TASK/world.toml only"
                );
                return Err(SetupError::BadPack { file: name.clone(), why });
            };
            file.clone_from(text);
        }
    }
    let bad = |file: &str| {
        let file = file.to_owned();
        move |why: String| SetupError::BadPack { file, why }
    };
    let system = SystemTexts::parse(&files[SYSTEM_FILE]).map_err(bad(SYSTEM_FILE))?;
    let mut tasks = BTreeMap::new();
    for task in TASKS {
        let [(prompt, _), (world, _)] = files_of(task);
        let texts = TaskTexts::parse(&files[&prompt], task.is_diagnostic).map_err(bad(&prompt))?;
        let data = Arc::new(WorldData::parse(&files[&world]).map_err(bad(&world))?);
        // What is built in is known to open: a test does it.
        let scenes = [Variant::A, Variant::G, Variant::H].into_iter().filter(|_| setup.pack.is_some());
        for variant in scenes {
            (task.open)(Arc::clone(&data), WorldSetup::of(variant), 0).map_err(bad(&world))?;
        }
        tasks.insert(task.id, TaskPack { texts, world: data });
    }
    let given = setup.pack.as_ref();
    let reference = PackRef {
        id: if given.is_some() { "custom".to_owned() } else { ID.to_owned() },
        version: VERSION.to_owned(),
        hash: hash_files(&files),
        path: given.and_then(|pack| pack.path.clone()),
    };
    Ok(Loaded { system, tasks, files, reference })
}
