//! Reference documents that the binary knows best, written from what it says about itself.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::workspace::{Profile, Workspace};

/// A document and the topic under which `unbent docs` prints it.
const DOCUMENTS: &[(&str, &str)] = &[("docs/cli.md", "cli"), ("docs/exit-codes.md", "exit-codes")];

/// Writes every document.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Failure> {
    let unbent = workspace.build_unbent(Profile::Dev)?;
    for (path, topic) in DOCUMENTS {
        let file = workspace.root().join(path);
        let text = printed(&unbent, topic)?;
        if std::fs::read_to_string(&file).is_ok_and(|present| present == text) {
            println!("{path} is up to date");
            continue;
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, text)?;
        println!("{path} written");
    }
    Ok(())
}

/// Fails if a document is not what the binary says.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let unbent = workspace.build_unbent(Profile::Dev)?;
    let mut stale = Vec::new();
    for (path, topic) in DOCUMENTS {
        let said = printed(&unbent, topic)?;
        let present = std::fs::read_to_string(workspace.root().join(path)).unwrap_or_default();
        if let Some(difference) = first_difference(&present, &said) {
            println!("{path}:{difference}");
            stale.push(*path);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("{} differ from what the binary says; run `cargo xtask codegen`", stale.join(" and ")).into())
}

fn printed(unbent: &Path, topic: &str) -> Result<String, Failure> {
    let output = Command::new(unbent).args(["docs", topic]).env("NO_COLOR", "1").output()?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("unbent docs {topic}: {}\n{complaint}", output.status).into());
    }
    let text = normalised(&String::from_utf8(output.stdout)?);
    if text.is_empty() {
        return Err(format!("unbent docs {topic} printed nothing").into());
    }
    Ok(text)
}

/// The text without white space at the ends of lines, ended by exactly one line end.
fn normalised(text: &str) -> String {
    let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
    if lines == [""] || lines.is_empty() {
        return String::new();
    }
    lines.join("\n") + "\n"
}

/// The number of the first line that differs, with both its forms.
fn first_difference(present: &str, said: &str) -> Option<String> {
    let (mut old, mut new) = (present.lines(), said.lines());
    for n in 1_usize.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (old, new) if old == new => {}
            (old, new) => {
                let shown = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
                return Some(format!("{n}\n  - {}\n  + {}", shown(old), shown(new)));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{first_difference, normalised};

    #[test]
    fn trailing_white_space_is_not_part_of_a_document() {
        assert_eq!(normalised("\na  \n\nb\t\n\n\n"), "a\n\nb\n");
        assert_eq!(normalised(" \n"), "");
    }

    #[test]
    fn the_first_line_that_differs_is_shown() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n").unwrap(), "2\n  - b\n  + c");
        assert_eq!(first_difference("a\n", "a\nb\n").unwrap(), "2\n  - (the end)\n  + b");
    }
}
