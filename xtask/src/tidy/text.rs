//! What holds for every text: white space, and no word that is true on one machine only.

use super::Finding;

/// A line that holds this mark may name a path that is absolute on some machine.
const MARK: &str = "tidy: a path on purpose";

/// Beginnings of paths that exist on one person's machine.
const MACHINE_PATHS: &[&str] = &["/home/", "/root/", "/Users/"]; // tidy: a path on purpose

/// Beginnings of files whose paths are those of invented machines: sandboxes and the worlds in them.
const INVENTED: &[&str] = &[
    "crates/core/src/world.rs",
    "crates/sandbox/",
    "crates/suites/packs/choices",
    "crates/suites/src/choices/",
];

/// Endings of files that people write and that need not keep anyone else's bytes.
const WRITTEN: &[&str] = &[
    ".css", ".html", ".js", ".md", ".rs", ".sh", ".sql", ".toml", ".ts", ".tsx", ".yaml", ".yml", ".ci/run",
    "dev",
];

pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let invented = INVENTED.iter().any(|beginning| path.starts_with(beginning));
    let written = WRITTEN.iter().any(|ending| path.ends_with(ending));
    for (n, line) in (1..).zip(text.split('\n')) {
        if written {
            findings.extend(white_space(line).map(|what| Finding::error(path, n, what)));
        }
        if let Some(place) = machine_path(line).filter(|_| !invented && !line.contains(MARK)) {
            let message = format!("a path that exists on one machine only: {place}…");
            findings.push(Finding::error(path, n, message));
        }
    }
    if written && !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        findings.push(Finding::error(path, None, "must end with exactly one line end"));
    }
    findings
}

fn white_space(line: &str) -> Option<&'static str> {
    if line.ends_with('\r') {
        Some("a carriage return at the end of the line")
    } else if line.ends_with([' ', '\t']) {
        Some("white space at the end of the line")
    } else if line.contains('\t') {
        Some("a tab")
    } else {
        None
    }
}

fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_PATHS.iter().copied().find(|place| {
        line.match_indices(place).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~}$".contains(before))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::check;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(path, text).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn stray_white_space_is_found_with_its_line() {
        assert_eq!(messages("a.rs", "a\nb \n"), ["error: a.rs:2: white space at the end of the line"]);
        assert_eq!(messages("a.md", "a\tb\n"), ["error: a.md:1: a tab"]);
        assert_eq!(messages("a.toml", "a\r\n").len(), 1);
        assert_eq!(messages("a.toml", "a").len(), 1);
        assert_eq!(messages("a.toml", "a\n\n").len(), 1);
        assert_eq!(messages("a.snap", "a \t\n").len(), 0);
    }

    #[test]
    fn a_path_of_one_machine_is_found_unless_it_is_marked() {
        assert_eq!(messages("a.json", "x: /home/someone/file").len(), 1); // tidy: a path on purpose
        assert_eq!(messages("a.rs", "/root/x // tidy: a path on purpose\n").len(), 0);
        assert_eq!(messages("a.md", "https://example.org/home/page\n").len(), 0);
    }
}
