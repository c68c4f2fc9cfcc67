//! Reads a pack from where the user keeps it.

use std::collections::BTreeMap;
use std::path::Path;

use unbent_suites::kit::PackFiles;

use crate::error::{CommandError, Exit};

/// Reads a pack: a folder with `.toml` files, also in folders of its own, or a single file that stands for `pack.toml`.
pub(crate) fn read_pack(path: &Path) -> Result<PackFiles, CommandError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        CommandError::new(Exit::BadFile, format!("the pack {} cannot be read: {error}", path.display()))
            .hint("a pack is a folder with the files of its suite, or a single pack.toml: see docs/README.md")
    };
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| unreadable(path, &error));
    let mut files = BTreeMap::new();
    if path.is_dir() {
        let mut folders = vec![(path.to_owned(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
                let entry = entry.map_err(|error| unreadable(&folder, &error))?.path();
                let name = format!("{prefix}{}", entry.file_name().unwrap_or_default().to_string_lossy());
                if entry.is_dir() && prefix.is_empty() {
                    folders.push((entry, format!("{name}/")));
                } else if entry.extension().is_some_and(|extension| extension == "toml") {
                    files.insert(name, read(&entry)?);
                }
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
