//! What holds for every Rust file: its size, its name, its first line and what it may not contain.

use super::code::blanked;
use super::{Finding, is_a};

/// Production lines above which a file must be split.
const TOO_LONG: usize = 800;
/// Production lines above which a file should be split.
const LONG: usize = 400;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["common", "handler", "handlers", "helper", "helpers", "manager", "managers", "misc", "util", "utils"];

/// Code that must not be committed. Taken apart so that a plain search of the tree finds uses only.
const UNFINISHED: &[&str] =
    &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!("), concat!("#[", "ignore")];

pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if !is_a(path, "rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(name(path));
    findings.extend(opening(path, text));
    findings.extend(length(path, text));
    findings.extend(forbidden(path, text));
    findings
}

fn name(path: &str) -> Option<Finding> {
    path.trim_end_matches(".rs").split('/').find(|part| EMPTY_NAMES.contains(part)).map(|part| {
        Finding::error(path, None, format!("the name {part:?} says nothing about what is inside"))
    })
}

fn opening(path: &str, text: &str) -> Option<Finding> {
    let builds = path.ends_with("/build.rs");
    (!builds && !text.starts_with("//! ")).then(|| {
        Finding::error(path, 1, "must begin with `//!`: what this is and what it deliberately does not know")
    })
}

fn length(path: &str, text: &str) -> Option<Finding> {
    let all = text.lines().count();
    let lines = if is_test_file(path) { 0 } else { first_test_line(text).unwrap_or(all) };
    if lines > TOO_LONG {
        let message = format!("{lines} production lines; more than {TOO_LONG} must be split");
        Some(Finding::error(path, None, message))
    } else if lines > LONG {
        let message = format!("{lines} production lines; more than {LONG} should be split");
        Some(Finding::warning(path, None, message))
    } else if all > TOO_LONG {
        Some(Finding::warning(path, None, format!("{all} lines with tests; look for the seam")))
    } else {
        None
    }
}

fn forbidden(path: &str, text: &str) -> Vec<Finding> {
    let code = blanked(text);
    let tests_from = if is_test_file(path) { Some(0) } else { first_test_line(text) };
    let mut findings = Vec::new();
    for (at, line) in code.lines().enumerate() {
        for word in UNFINISHED {
            if line.contains(word) {
                findings.push(Finding::error(path, at + 1, format!("`{word}` must not be committed")));
            }
        }
        if tests_from.is_some_and(|from| at >= from) && line.contains("thread::sleep") {
            findings.push(Finding::error(path, at + 1, "a test must not sleep; wait for what must happen"));
        }
    }
    findings
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The index of the line where the tests of a file begin.
fn first_test_line(text: &str) -> Option<usize> {
    text.lines().position(|line| line == "#[cfg(test)]")
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::{UNFINISHED, check};

    fn severities(path: &str, text: &str) -> Vec<Severity> {
        check(path, text).into_iter().map(|finding| finding.severity).collect()
    }

    fn with_lines(n: usize) -> String {
        format!("//! a\n{}", "x\n".repeat(n - 1))
    }

    #[test]
    fn long_files_warn_and_then_fail() {
        assert_eq!(severities("src/a.rs", &with_lines(400)), []);
        assert_eq!(severities("src/a.rs", &with_lines(401)), [Severity::Warning]);
        assert_eq!(severities("src/a.rs", &with_lines(801)), [Severity::Error]);
    }

    #[test]
    fn tests_are_not_production_lines() {
        let text = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", with_lines(300), "y\n".repeat(300));
        assert_eq!(severities("src/a.rs", &text), []);
        assert_eq!(severities("tests/a.rs", &with_lines(700)), []);
        assert_eq!(severities("tests/a.rs", &with_lines(801)), [Severity::Warning]);
    }

    #[test]
    fn a_file_says_first_what_it_is() {
        assert_eq!(severities("src/a.rs", "use a;\n"), [Severity::Error]);
        assert_eq!(severities("crates/a/build.rs", "fn main() {}\n"), []);
    }

    #[test]
    fn empty_names_are_refused() {
        assert_eq!(severities("src/utils.rs", "//! a\n"), [Severity::Error]);
        assert_eq!(severities("tests/common/mod.rs", "//! a\n"), [Severity::Error]);
        assert_eq!(severities("src/commons.rs", "//! a\n"), []);
    }

    #[test]
    fn unfinished_code_is_refused_and_text_about_it_is_not() {
        for word in UNFINISHED {
            assert_eq!(severities("src/a.rs", &format!("//! a\n{word}\n")), [Severity::Error], "{word}");
            assert_eq!(severities("src/a.rs", &format!("//! a\n// {word}\n")), [], "{word}");
        }
    }

    #[test]
    fn a_sleep_is_refused_in_tests_only() {
        let sleep = "fn f() { std::thread::sleep(d); }\n";
        assert_eq!(severities("src/a.rs", &format!("//! a\n{sleep}")), []);
        assert_eq!(severities("src/a.rs", &format!("//! a\n#[cfg(test)]\n{sleep}")), [Severity::Error]);
        assert_eq!(severities("crates/a/tests/a.rs", &format!("//! a\n{sleep}")), [Severity::Error]);
    }
}
