//! `ARCHITECTURE.md` against the tree: every crate has its place in the code map, every invariant its test.

use std::collections::BTreeSet;

use super::code::blanked;
use super::{Finding, Tree, is_a, markdown};

const DOCUMENT: &str = "ARCHITECTURE.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.get(DOCUMENT) else {
        return vec![Finding::error(DOCUMENT, None, "is missing")];
    };
    let mut findings = code_map(text, tree);
    let tests: BTreeSet<String> =
        tree.iter().filter(|(path, _)| is_a(path, "rs")).flat_map(|(_, source)| test_names(source)).collect();
    findings.extend(invariants(text, &tests));
    findings
}

/// Every crate named in the document exists, and every crate that exists is named under *Code map*.
fn code_map(text: &str, tree: &Tree) -> Vec<Finding> {
    let crates: BTreeSet<&str> = tree
        .keys()
        .filter_map(|path| path.strip_suffix("/Cargo.toml"))
        .filter(|folder| *folder == "xtask" || folder.starts_with("crates/"))
        .collect();
    let mut findings = Vec::new();
    for (n, line) in markdown::prose(text) {
        for name in code_spans(line).filter(|name| name.starts_with("crates/")) {
            let folder: String = name.split('/').take(2).collect::<Vec<_>>().join("/");
            if !crates.contains(folder.as_str()) {
                findings.push(Finding::error(DOCUMENT, n, format!("there is no crate {folder}")));
            }
        }
    }
    let mapped: BTreeSet<&str> = section(text, "Code map").flat_map(|(_, line)| code_spans(line)).collect();
    for missing in crates.difference(&mapped) {
        findings.push(Finding::error(DOCUMENT, None, format!("`{missing}` is not in the code map")));
    }
    findings
}

/// Every invariant has the next number and names tests that exist. One that no test holds yet says so and names the
/// test that will; once that test exists, it must not say so any longer.
fn invariants(text: &str, tests: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (expected, invariant) in (1..).zip(numbered_items(text)) {
        let Invariant { line, number, body } = invariant;
        if number != expected {
            let message = format!("invariant {number} should have the number {expected}");
            findings.push(Finding::error(DOCUMENT, line, message));
        }
        let held = names_after(&body, "Held by");
        let awaited = names_after(&body, "Not held yet:");
        if held.is_empty() && awaited.is_empty() {
            findings.push(Finding::error(DOCUMENT, line, format!("invariant {number} names no test")));
        }
        for name in held.iter().filter(|name| !tests.contains(**name)) {
            let message = format!("invariant {number} is held by `{name}`, which is not a test");
            findings.push(Finding::error(DOCUMENT, line, message));
        }
        for name in awaited {
            findings.push(if tests.contains(name) {
                let message = format!("the test `{name}` exists: invariant {number} is held by it");
                Finding::error(DOCUMENT, line, message)
            } else {
                Finding::warning(DOCUMENT, line, format!("no test holds invariant {number} yet: `{name}`"))
            });
        }
    }
    if findings.is_empty() && numbered_items(text).is_empty() {
        findings.push(Finding::error(DOCUMENT, None, "has no invariants"));
    }
    findings
}

struct Invariant {
    line: usize,
    number: usize,
    body: String,
}

fn numbered_items(text: &str) -> Vec<Invariant> {
    let mut items: Vec<Invariant> = Vec::new();
    for (line, content) in section(text, "Invariants") {
        let numbered =
            content.split_once(". ").and_then(|(number, body)| Some((number.parse::<usize>().ok()?, body)));
        if let Some((number, body)) = numbered {
            let body = body.to_owned();
            items.push(Invariant { line, number, body });
        } else if let Some(last) = items.last_mut() {
            last.body.push(' ');
            last.body.push_str(content.trim());
        }
    }
    items
}

/// The names between back-ticks in the sentence that `opening` begins.
fn names_after<'t>(body: &'t str, opening: &str) -> Vec<&'t str> {
    body.split_once(opening)
        .map(|(_, rest)| code_spans(rest.split_once(". ").map_or(rest, |(sentence, _)| sentence)).collect())
        .unwrap_or_default()
}

/// The lines under a heading of the second level.
fn section<'t>(text: &'t str, title: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    markdown::prose(text)
        .skip_while(move |(_, line)| line.strip_prefix("## ") != Some(title))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
}

fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The names of the functions that stand right under an attribute that makes them tests.
/// What is listed between the brackets of `facts! { … }` becomes tests by that macro.
fn test_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    let mut depth = 0;
    for line in blanked(source).lines().map(str::trim) {
        if depth > 0 || line.contains("facts! {") {
            let brackets = |bracket| line.matches(bracket).count();
            depth = (depth + brackets('{')).saturating_sub(brackets('}'));
            names.extend(listed(line));
            continue;
        }
        if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
            continue;
        }
        if is_test && let Some((_, rest)) = line.split_once("fn ") {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
        is_test &= line.is_empty();
    }
    names
}

/// The name that a line of a list consists of.
fn listed(line: &str) -> Option<String> {
    let name = line.strip_suffix(',')?;
    let is_name = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Tree, check, test_names};

    const MAP: &str = "## Code map\n\n- `crates/core`: nouns\n- `xtask`\n\n";

    fn messages(document: &str) -> Vec<String> {
        let tree: Tree = [
            ("ARCHITECTURE.md", document),
            ("crates/core/Cargo.toml", ""),
            ("crates/core/src/lib.rs", "#[test]\nfn it_holds() {}\nfn it_is_no_test() {}\n"),
            ("xtask/Cargo.toml", ""),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into();
        check(&tree).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_document_that_tells_the_truth_is_quiet() {
        let text = format!("{MAP}## Invariants\n\n1. **It holds.** Why.\n   Held by `it_holds`.\n");
        assert_eq!(messages(&text), Vec::<String>::new());
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        let none = format!("{MAP}## Invariants\n\n1. It holds.\n");
        assert_eq!(messages(&none), ["error: ARCHITECTURE.md:8: invariant 1 names no test"]);
        let wrong = format!("{MAP}## Invariants\n\n1. It holds. Held by `it_holds` and `it_is_no_test`.\n");
        assert_eq!(messages(&wrong).len(), 1);
    }

    #[test]
    fn an_invariant_that_awaits_its_test_warns_until_the_test_is_there() {
        let awaited = format!("{MAP}## Invariants\n\n1. It holds. Not held yet: `it_will_hold`.\n");
        assert!(messages(&awaited)[0].starts_with("warning: "));
        let there = format!("{MAP}## Invariants\n\n1. It holds. Not held yet: `it_holds`.\n");
        assert!(messages(&there)[0].starts_with("error: "));
    }

    #[test]
    fn invariants_are_numbered_in_order() {
        let text = format!("{MAP}## Invariants\n\n2. It holds. Held by `it_holds`.\n");
        assert_eq!(messages(&text).len(), 1);
    }

    #[test]
    fn crates_and_code_map_name_each_other() {
        let invariants = "## Invariants\n\n1. It holds. Held by `it_holds`.\n";
        assert_eq!(
            messages(&format!("## Code map\n\n`crates/core`\n\n{invariants}")),
            ["error: ARCHITECTURE.md: `xtask` is not in the code map"]
        );
        assert_eq!(messages(&format!("`crates/lost/src`\n{MAP}{invariants}")).len(), 1);
    }

    #[test]
    fn tests_are_known_by_their_attribute() {
        let source = "#[tokio::test(start_paused = true)]\n#[expect(x)]\nasync fn a() {}\nfn b() {}\n\
                      // #[test]\nfn c() {}\nproptest! {\n    #[test]\n    fn d(x in 0..1) {}\n}\n";
        assert_eq!(test_names(source), ["a", "d"]);
    }

    #[test]
    fn facts_are_known_by_the_list_that_makes_tests_of_them() {
        let source = "facts! { $host;\n    one {\n        a,\n        b,\n    }\n}\nlet x = [\n    c,\n];\n";
        assert_eq!(test_names(source), ["a", "b"]);
    }
}
