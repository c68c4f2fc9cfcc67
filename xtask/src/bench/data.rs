//! The published answers that measurements work on, and copies of them where more are needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Runs that a configuration must have to be copied: those published with an interval have five or six.
const RUNS: usize = 5;

/// The arguments that import a cache into a run file.
pub(super) fn import_args(cache: &Path, out: &Path) -> [OsString; 5] {
    ["import".into(), "independence-bench".into(), cache.into(), "--out".into(), out.into()]
}

/// Removes a run file and what SQLite keeps beside it.
pub(super) fn remove_run_file(file: &Path) -> Result<(), Failure> {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Fails if an import wrote no run file: then nothing was measured.
pub(super) fn must_be_there(file: &Path) -> Result<(), Failure> {
    if file.is_file() { Ok(()) } else { Err("the import wrote no run file".into()) }
}

/// How many files a folder holds, at any depth.
pub(super) fn count_files(folder: &Path) -> Result<usize, Failure> {
    let mut files = 0;
    for entry in entries(folder)? {
        files += if entry.is_dir() { count_files(&entry)? } else { 1 };
    }
    Ok(files)
}

/// A tree of configurations, some of them copies of others.
pub(super) struct Grown {
    pub(super) copies: usize,
    pub(super) runs: usize,
    pub(super) files: usize,
}

/// Copies the configurations of five or more runs to `into`, over and over under new names, until there are `wanted`.
pub(super) fn grow(cache: &Path, into: &Path, wanted: usize) -> Result<Grown, Failure> {
    let mut sources = Vec::new();
    for folder in entries(cache)? {
        let runs = entries(&folder)?.len();
        if runs >= RUNS {
            sources.push((folder, runs));
        }
    }
    if sources.is_empty() {
        return Err(format!("no configuration of {RUNS} runs in {}", cache.display()).into());
    }
    let mut grown = Grown { copies: wanted.saturating_sub(sources.len()), runs: 0, files: 0 };
    for (n, (source, runs)) in sources.iter().cycle().take(wanted).enumerate() {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        grown.files += copy(source, &into.join(copy_name(&name, n / sources.len())))?;
        grown.runs += runs;
    }
    Ok(grown)
}

/// The name of a configuration's `n`th copy: its model is called otherwise, its settings are the same.
fn copy_name(name: &str, n: usize) -> String {
    match name.rsplit_once('@') {
        _ if n == 0 => name.to_owned(),
        Some((model, settings)) => format!("{model}-copy{n}@{settings}"),
        None => format!("{name}-copy{n}"),
    }
}

fn copy(from: &Path, to: &Path) -> Result<usize, Failure> {
    std::fs::create_dir_all(to)?;
    let mut files = 0;
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            files += copy(&entry, &target)?;
        } else {
            std::fs::write(target, std::fs::read(&entry)?)?;
            files += 1;
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::{copy_name, count_files, grow};

    #[test]
    fn a_copy_keeps_its_settings() {
        assert_eq!(copy_name("a--b@low-t0.7", 0), "a--b@low-t0.7");
        assert_eq!(copy_name("a--b@low-t0.7", 2), "a--b-copy2@low-t0.7");
        assert_eq!(copy_name("a--b+pinned@low-t0.7", 1), "a--b+pinned-copy1@low-t0.7");
    }

    #[test]
    fn a_tree_grows_by_copies_of_configurations_with_enough_runs() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        for (name, runs) in [("one@low-t0.7", 1), ("five@low-t0.7", 5), ("six@none-t1.0", 6)] {
            for run in 1..=runs {
                let place = cache.join(name).join(format!("run_{run}"));
                std::fs::create_dir_all(&place).unwrap();
                std::fs::write(place.join("a.json"), "{}").unwrap();
            }
        }
        let into = folder.path().join("grown");
        let grown = grow(&cache, &into, 5).unwrap();
        assert_eq!((grown.copies, grown.runs, grown.files), (3, 5 + 6 + 5 + 6 + 5, 27));
        assert_eq!(count_files(&into).unwrap(), 27);
        assert!(into.join("five-copy2@low-t0.7").is_dir());
    }
}
