//! Reads a pack from where the user keeps it.

use std::collections::BTreeMap;
use std::path::Path;

use unbent_suites::kit::PackFiles;

use crate::error::{CommandError, Exit};

/// Reads a pack: a folder with `.toml` files, or a single file that stands for `pack.toml`.
pub(crate) fn read_pack(path: &Path) -> Result<PackFiles, CommandError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        CommandError::new(Exit::BadFile, format!("the pack {} cannot be read: {error}", path.display()))
            .hint("a pack is a folder with pack.toml and rubrics.toml, or a single pack.toml")
    };
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| unreadable(path, &error));
    let mut files = BTreeMap::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
            let entry = entry.map_err(|error| unreadable(path, &error))?.path();
            if entry.extension().is_some_and(|extension| extension == "toml") {
                let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.insert(name, read(&entry)?);
            }
        }
        if files.is_empty() {
            return Err(unreadable(path, &"there is no .toml file in it"));
        }
    } else {
        files.insert("pack.toml".to_owned(), read(path)?);
    }
    Ok(PackFiles { path: Some(path.display().to_string()), files })
}
