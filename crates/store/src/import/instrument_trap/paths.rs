//! Which files there are to read. Lists folders, and opens no file.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

use crate::import::ImportError;

/// A file that may hold answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Whether it was named itself, and not found in a folder.
    pub(super) named: bool,
}

/// What stands at the paths that were named.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<Candidate>,
    pub(super) skipped: Vec<(PathBuf, String)>,
    pub(super) damaged: Vec<(PathBuf, String)>,
    /// Files that are listed already, however they were named.
    known: BTreeSet<PathBuf>,
}

/// Lists the files at these paths: a file as it is, of a folder and the folders in it those that may hold JSON, in the
/// order of their names. A file that is reached twice is listed once.
pub(super) fn find(paths: &[PathBuf]) -> Result<Found, ImportError> {
    let mut found = Found::default();
    for path in paths {
        let there = std::fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ImportError::Missing { path: path.clone() },
            _ => ImportError::io(path, source),
        })?;
        if there.is_dir() {
            found.folder(path);
        } else {
            found.file(path.clone(), true);
        }
    }
    Ok(found)
}

impl Found {
    fn folder(&mut self, folder: &Path) {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<DirEntry>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.damaged.push((folder.to_owned(), error.to_string()));
                return;
            }
        };
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            match entry.file_type() {
                Err(error) => self.damaged.push((path, error.to_string())),
                Ok(_) if is_hidden => self.skip(path, "hidden"),
                Ok(kind) if kind.is_dir() => self.folder(&path),
                // A link to a folder could lead back to where it stands.
                Ok(kind) if kind.is_symlink() && path.is_dir() => self.skip(path, "a link to a folder"),
                Ok(_) if may_hold_json(&path) => self.file(path, false),
                Ok(_) => self.skip(path, "neither .json nor .jsonl"),
            }
        }
    }

    fn file(&mut self, path: PathBuf, named: bool) {
        let canonical = path.canonicalize().unwrap_or_else(|_| path.clone());
        if self.known.insert(canonical) {
            self.files.push(Candidate { path, named });
        }
    }

    fn skip(&mut self, path: PathBuf, why: &str) {
        self.skipped.push((path, why.to_owned()));
    }
}

fn may_hold_json(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["json", "jsonl", "ndjson"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}
