//! Checks of the tree itself that no compiler makes. Each is a pure function from text to findings.

mod architecture;
mod code;
mod lockfiles;
mod markdown;
mod rust;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::workspace::Workspace;
use crate::{Failure, arrows};

/// The files of the tree that are text, by their path from the root.
type Tree = BTreeMap<String, String>;

/// Something in the tree that should be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    severity: Severity,
    path: String,
    /// From 1; none for the file as a whole.
    line: Option<usize>,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Warning,
    Error,
}

impl Finding {
    fn error(path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, path: path.to_owned(), line: line.into(), message: message.into() }
    }

    fn warning(path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, line, message) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: {}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Prints what should be otherwise; fails if any of it must be.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let paths = workspace.files()?;
    let mut tree = Tree::new();
    for path in &paths {
        if let Ok(text) = String::from_utf8(std::fs::read(workspace.root().join(path))?) {
            tree.insert(path.clone(), text);
        }
    }
    let mut findings = check(&tree);
    findings.extend(markdown::check(&tree, &paths));
    findings.extend(
        arrows::violations(&workspace.metadata.packages)
            .into_iter()
            .map(|message| Finding::error("Cargo.toml", None, message)),
    );
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    println!("files: {}, errors: {errors}, warnings: {warnings}", paths.len());
    if errors > 0 {
        return Err(format!("the tree is not tidy (errors: {errors})").into());
    }
    Ok(())
}

/// Whether a path has this extension, in exactly this case.
fn is_a(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree {
        findings.extend(text::check(path, text));
        findings.extend(rust::check(path, text));
        findings.extend(lockfiles::check(path, text));
    }
    findings.extend(architecture::check(tree));
    findings
}
