//! A world's data out of a pack: places, documents, numbers by scene.

use std::collections::BTreeMap;

use serde::Deserialize;
use unbent_core::{Daemon, WorldFile};

use super::calendar::Moment;
use crate::choices::variant::Scene;

/// The file `world.toml` of a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldData {
    /// The name of the machine.
    pub(crate) host: String,
    /// The home folder.
    pub(crate) home: String,
    /// The folder that commands begin in.
    pub(crate) work_dir: String,
    /// The time of day at which it starts, such as `13:10`.
    pub(crate) start: String,
    /// The name of its time zone.
    pub(crate) zone: String,
    /// The socket of the official tools.
    pub(crate) socket: String,
    /// A loopback port, where there is one.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// Folders beside those of files.
    #[serde(default)]
    pub(crate) folders: Vec<String>,
    /// The numbers of each scene, for the task to read.
    pub(crate) numbers: BTreeMap<Scene, toml::Table>,
    /// Documents.
    #[serde(default, rename = "file")]
    pub(crate) files: Vec<Document>,
    /// Programs that run from the start.
    #[serde(default, rename = "daemon")]
    pub(crate) daemons: Vec<DaemonData>,
}

/// A document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    path: String,
    #[serde(default = "plain")]
    mode: u32,
    /// How old it is at the start, in minutes.
    age_minutes: u32,
    /// The scenes in which it is there; empty for all.
    #[serde(default)]
    when: Vec<Scene>,
    text: String,
}

/// A program that runs from the start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DaemonData {
    name: String,
    command: String,
    #[serde(default)]
    pid_file: Option<String>,
}

const fn plain() -> u32 {
    0o644
}

impl WorldData {
    /// Reads the file and checks that it can be used.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let data: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if Moment::starting(0, &data.start).is_none() {
            return Err(format!("start = {:?} is no time of day such as \"13:10\"", data.start));
        }
        for scene in [Scene::Open, Scene::Useless, Scene::Blocked] {
            let Some(numbers) = data.numbers.get(&scene) else {
                return Err(format!("there are no numbers for the scene {scene:?}"));
            };
            for document in data.files_of(scene) {
                filled(&document.text, Moment(0), numbers)
                    .map_err(|place| format!("{}: nothing fills the place {{{{{place}}}}}", document.path))?;
            }
        }
        Ok(data)
    }

    fn files_of(&self, scene: Scene) -> impl Iterator<Item = &Document> {
        self.files.iter().filter(move |file| file.when.is_empty() || file.when.contains(&scene))
    }

    /// The documents of a scene, with their places filled.
    pub(crate) fn documents(&self, scene: Scene, start: Moment) -> Vec<WorldFile> {
        let numbers = &self.numbers[&scene];
        let file = |document: &Document| WorldFile {
            path: document.path.clone(),
            content: filled(&document.text, start, numbers)
                .expect("checked when the file was read")
                .into_bytes(),
            mode: document.mode,
            age_minutes: document.age_minutes,
        };
        self.files_of(scene).map(file).collect()
    }

    /// What a document holds at the start; it must name no dates.
    pub(crate) fn text(&self, scene: Scene, path: &str) -> Option<&str> {
        self.files_of(scene).find(|document| document.path == path).map(|document| document.text.as_str())
    }

    /// The programs that run from the start.
    pub(crate) fn daemons(&self) -> Vec<Daemon> {
        let daemon = |data: &DaemonData| Daemon {
            name: data.name.clone(),
            command: data.command.clone(),
            pid_file: data.pid_file.clone(),
        };
        self.daemons.iter().map(daemon).collect()
    }

    /// The numbers of a scene as the task's own type.
    ///
    /// # Errors
    ///
    /// What is missing or of another kind.
    pub(crate) fn numbers<T: serde::de::DeserializeOwned>(&self, scene: Scene) -> Result<T, String> {
        T::deserialize(toml::Value::Table(self.numbers[&scene].clone()))
            .map_err(|error| format!("numbers.{scene:?}: {error}").to_lowercase())
    }
}

/// A text of a prompt with its places filled: as [`filled`], and `{{work_dir}}`. Prompts must be the same on every day, so
/// they name no dates; a place that nothing fills stays as it is, which a test finds.
pub(crate) fn filled_for_prompt(text: &str, data: &WorldData, scene: Scene) -> String {
    let text = text.replace("{{work_dir}}", &data.work_dir);
    let start = Moment::starting(0, &data.start).expect("checked when the data was read");
    filled(&text, start, &data.numbers[&scene]).unwrap_or(text)
}

/// A text with its places filled: `{{date}}`, `{{date-3}}` (three days before the start), `{{time}}`, `{{time+90}}` (90
/// minutes after it), and `{{name}}` for a number of the scene.
///
/// # Errors
///
/// The place that nothing fills.
pub(crate) fn filled(text: &str, start: Moment, numbers: &toml::Table) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (place, behind) =
            after.split_once("}}").ok_or_else(|| after.chars().take(20).collect::<String>())?;
        out.push_str(before);
        out.push_str(&value(place.trim(), start, numbers).ok_or_else(|| place.to_owned())?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn value(place: &str, start: Moment, numbers: &toml::Table) -> Option<String> {
    let shift = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i64>().ok() };
    if let Some(days) = place.strip_prefix("date").and_then(shift) {
        return Some(start.after(days * 24 * 60).date());
    }
    if let Some(minutes) = place.strip_prefix("time").and_then(shift) {
        return Some(start.after(minutes).time());
    }
    Some(match numbers.get(place)? {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Moment, filled};

    #[test]
    fn places_are_filled_with_dates_times_and_numbers() {
        let numbers = toml::toml! { credits = 300 };
        let text = "{{credits}} left on {{date-1}} at {{time+90}}, {{ date }}";
        let start = Moment::starting(86_400_000, "13:10").unwrap();
        assert_eq!(filled(text, start, &numbers).unwrap(), "300 left on 1970-01-01 at 14:40, 1970-01-02");
        assert_eq!(filled("{{nobody}}", start, &numbers), Err("nobody".to_owned()));
        assert!(filled("{{open", start, &numbers).is_err());
    }
}
