//! Environment variables: those of the process, and after them those of a `.env` file.
//!
//! The file is only read when a variable is asked for that the process does not have. Nothing of it is handed on to
//! other programs, and nothing of it is ever shown: it holds keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::{CommandError, Exit};

/// The variable that names a file in place of `.env`; empty for none.
const ENV_FILE: &str = "UNBENT_ENV_FILE";

/// A variable that is set to something.
pub(crate) fn variable(name: &str) -> Result<Option<String>, CommandError> {
    let filled = |value: &String| !value.trim().is_empty();
    if let Some(value) = std::env::var(name).ok().filter(filled) {
        return Ok(Some(value));
    }
    static FILE: OnceLock<Result<BTreeMap<String, String>, String>> = OnceLock::new();
    match FILE.get_or_init(read_env_file) {
        Ok(variables) => Ok(variables.get(name).filter(|value| filled(value)).cloned()),
        Err(message) => Err(CommandError::new(Exit::BadFile, message.clone())
            .hint("a line of it reads NAME=VALUE, and one that begins with # is left out")
            .hint(format!("to go on without it: {ENV_FILE}= unbent …"))),
    }
}

/// Whether a variable is set to something; one in a file that cannot be read is not.
pub(crate) fn is_set(name: &str) -> bool {
    variable(name).is_ok_and(|value| value.is_some())
}

fn read_env_file() -> Result<BTreeMap<String, String>, String> {
    let named = std::env::var_os(ENV_FILE).map(PathBuf::from);
    match &named {
        Some(path) if path.as_os_str().is_empty() => Ok(BTreeMap::new()),
        Some(path) => read(path),
        None if Path::new(".env").is_file() => read(Path::new(".env")),
        None => Ok(BTreeMap::new()),
    }
}

/// Reads a file of variables. Its errors tell the line and never what stands in it.
fn read(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let told = |why: &str| format!("{} cannot be read: {why}", path.display());
    let lines = dotenvy::from_path_iter(path).map_err(|error| match error {
        dotenvy::Error::Io(error) => told(&error.to_string()),
        _ => told("it is no file of variables"),
    })?;
    let mut variables = BTreeMap::new();
    let mut last = None;
    for line in lines {
        let Ok((name, value)) = line else {
            let place = last.map_or("its first entry".to_owned(), |name| format!("the entry after {name}"));
            return Err(told(&format!("{place} is not of the form NAME=VALUE")));
        };
        last = Some(name.clone());
        variables.entry(name).or_insert(value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_bad_line_is_told_by_its_place_and_never_by_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "# keys\nexport A=\"one\"\nB='two # not a comment'\n").unwrap();
        let variables = read(&path).unwrap();
        assert_eq!((variables["A"].as_str(), variables["B"].as_str()), ("one", "two # not a comment"));
        std::fs::write(&path, "A=1\nsk-secret without a name\n").unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.contains("the entry after A") && !error.contains("secret"), "{error}");
    }
}
