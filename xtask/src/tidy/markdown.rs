//! Relative links in Markdown: what they point to exists, heading included.

use std::collections::BTreeSet;

use super::{Finding, Tree, is_a};

/// Checks the links of all documents against the tree and the paths of all files, those included that are not text.
pub(super) fn check(tree: &Tree, paths: &[String]) -> Vec<Finding> {
    let mut places: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    for path in paths {
        places.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
    }
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| is_a(path, "md")) {
        for (line, target) in links(text) {
            if let Some(why) = broken(path, &target, tree, &places) {
                findings.push(Finding::error(path, line, format!("link to {target}: {why}")));
            }
        }
    }
    findings
}

fn broken(from: &str, target: &str, tree: &Tree, places: &BTreeSet<&str>) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let place = if file.is_empty() { Some(from.to_owned()) } else { resolve(from, file) };
    let Some(place) = place else {
        return Some("leaves the tree".to_owned());
    };
    if !place.is_empty() && !places.contains(place.as_str()) {
        return Some(format!("there is no {place}"));
    }
    let text = tree.get(&place).filter(|_| !heading.is_empty() && is_a(&place, "md"))?;
    (!headings(text).any(|known| known == heading)).then(|| format!("{place} has no heading {heading}"))
}

/// The path from the root of what `target` means in the document `from`; none if it lies outside.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The lines outside of fenced blocks, with their numbers.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(_)) => {
                fence = mark;
                false
            }
            (Some(open), Some(close)) if open == close => {
                fence = None;
                false
            }
            (open, _) => open.is_none(),
        }
    })
}

/// The targets of inline links, images and reference definitions, with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (n, line) in prose(text) {
        let line = without_code(line);
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            if let Some(end) = rest.find([')', ' ']) {
                found.push((n, rest[..end].to_owned()));
            }
        }
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            found.push((n, target.trim().to_owned()));
        }
    }
    found
}

/// The line without what stands between back-ticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The anchors of the headings, as code hosts form them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len() && title.starts_with(' ')).then(|| {
            title
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn messages(document: &str) -> Vec<String> {
        let tree: Tree = [
            ("docs/a.md".to_owned(), document.to_owned()),
            ("README.md".to_owned(), "# The one idea\n".to_owned()),
        ]
        .into();
        let paths: Vec<String> = ["docs/a.md", "README.md", "crates/core/logo.png"].map(str::to_owned).into();
        check(&tree, &paths).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_quiet() {
        let text = "[a](../README.md) [b](../README.md#the-one-idea) [c](../crates/core) ![d](../crates/core/logo.png)\n\
                    [e](https://example.org/nowhere) [f](#here)\n# Here\n[g]: a.md\n";
        assert_eq!(messages(text), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_found_with_their_line() {
        assert_eq!(messages("\n[a](b.md)\n"), ["error: docs/a.md:2: link to b.md: there is no docs/b.md"]);
        assert_eq!(messages("[a](../README.md#x)\n").len(), 1);
        assert_eq!(messages("[a](#x)\n").len(), 1);
        assert_eq!(messages("[a](../../x)\n").len(), 1);
        assert_eq!(messages("[a]: b.md\n").len(), 1);
    }

    #[test]
    fn code_is_not_searched_for_links() {
        assert_eq!(messages("`[a](b.md)`\n```\n[a](b.md)\n```\n"), Vec::<String>::new());
    }
}
