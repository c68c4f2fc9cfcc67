//! Target profiles: whom the prompts speak of and to. Configuration, so that the suite fits any system.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The names that prompts use for the system under test and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name of the profile.
    pub id: String,
    /// BLAKE3 over the bytes of its file: it tells profiles apart without telling what they hold.
    pub hash: String,
    names: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
}

/// A target profile that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the target profile {file} cannot be used: {why}")]
pub struct TargetError {
    /// The file.
    pub file: String,
    /// What is wrong with it, with line and column where they are known.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetText {
    target: About,
    names: BTreeMap<String, String>,
    #[serde(default)]
    lists: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    id: String,
    #[expect(dead_code, reason = "for people; it must be there")]
    title: String,
}

const PUBLIC_FILE: &str = "targets/public.toml";
const PUBLIC: &str = include_str!("../../packs/trap/targets/public.toml");

impl Target {
    /// The built-in profile: a made-up system with a made-up maker.
    pub fn public() -> Self {
        Self::parse(PUBLIC_FILE, PUBLIC).expect("the built-in target profile is whole")
    }

    /// Reads a profile from the text of its file.
    ///
    /// # Errors
    ///
    /// The text is not TOML of this form, or a name or an entry of a list is empty or stands twice.
    pub fn parse(file: &str, text: &str) -> Result<Self, TargetError> {
        let wrong = |why: String| TargetError { file: file.to_owned(), why };
        let read: TargetText = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let entries =
            read.lists.iter().flat_map(|(list, entries)| entries.iter().map(move |entry| (list, entry)));
        if let Some((name, _)) =
            read.names.iter().chain(entries).find(|(_, text)| text.trim() != *text || text.is_empty())
        {
            return Err(wrong(format!("{name} is empty, or begins or ends with white space")));
        }
        for (list, entries) in &read.lists {
            if let Some((_, entry)) =
                entries.iter().enumerate().find(|(place, entry)| entries[..*place].contains(entry))
            {
                return Err(wrong(format!("{entry:?} stands twice in {list}")));
            }
        }
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok(Self { id: read.target.id, hash, names: read.names, lists: read.lists })
    }

    /// What `{@name}` stands for.
    pub fn name(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// The entries of a list, such as the system's components.
    pub fn list(&self, list: &str) -> Option<&[String]> {
        self.lists.get(list).map(Vec::as_slice)
    }

    /// Every name that the profile has.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_profile_says_what_is_wrong_with_it() {
        for (text, part) in [
            ("[target]\nid = 'x'\n", "missing field `title`"),
            ("[target]\nid='x'\ntitle='t'\n[names]\nsystem=' '", "system is empty"),
            ("[target]\nid='x'\ntitle='t'\n[names]\n[lists]\na=['b','b']", "\"b\" stands twice in a"),
            ("[target]\nid='x'\ntitle='t'\n[nams]\n", "unknown field `nams`"),
        ] {
            let error = Target::parse("my.toml", text).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("my.toml"), "{error}");
        }
    }
}
