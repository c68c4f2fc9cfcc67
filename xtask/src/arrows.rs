//! Which crate may know which, and what the pure crates may not reach for.
//!
//! Reads names of dependencies only. What a pure crate may call of the standard library is held by its `clippy.toml`.

use cargo_metadata::{Dependency, DependencyKind, Package};

/// What one crate of ours may depend on.
struct Row {
    krate: &'static str,
    /// Crates of ours that its code may use.
    may_know: &'static [&'static str],
    /// Crates of ours that its tests may use beyond those and core.
    tests_may_know: &'static [&'static str],
    /// Whether it is pure: no I/O, clock, runtime or source of chance.
    purity: Purity,
}

#[derive(PartialEq)]
enum Purity {
    Pure,
    Edge,
}

const EVERYTHING: &[&str] = &[
    "unbent-core",
    "unbent-engine",
    "unbent-providers",
    "unbent-report",
    "unbent-sandbox",
    "unbent-stats",
    "unbent-store",
    "unbent-suites",
];

const CORE: &str = "unbent-core";
const MOCK: &str = "unbent-mock";

/// One row a crate. Nothing may know `unbent-cli`, and `xtask` may know nothing.
const TABLE: &[Row] = &[
    row(CORE, &[], &[], Purity::Pure),
    row("unbent-stats", &[], &[], Purity::Pure),
    row("unbent-report", &[CORE, "unbent-stats"], &[], Purity::Pure),
    row("unbent-suites", &[CORE, "unbent-stats", "unbent-report"], &[], Purity::Pure),
    row("unbent-store", &[CORE], &[], Purity::Edge),
    // A crash test of the engine needs something to run, something that answers and something that remembers.
    row("unbent-engine", &[CORE], &["unbent-suites", "unbent-providers", "unbent-store", MOCK], Purity::Edge),
    row("unbent-providers", &[CORE], &["unbent-suites", MOCK], Purity::Edge),
    row("unbent-sandbox", &[CORE], &[], Purity::Edge),
    row("unbent-cli", EVERYTHING, &[MOCK], Purity::Edge),
    // The other side of the wire: it shares nothing with the side that it tests.
    row(MOCK, &[], &[], Purity::Edge),
    row("xtask", &[], &[], Purity::Edge),
];

const fn row(
    krate: &'static str,
    may_know: &'static [&'static str],
    tests_may_know: &'static [&'static str],
    purity: Purity,
) -> Row {
    Row { krate, may_know, tests_may_know, purity }
}

/// Crates that reach outside of the process, run things or draw chance from the system.
const NOT_PURE: &[&str] =
    &["async-std", "getrandom", "hyper", "reqwest", "rusqlite", "smol", "tokio", "tokio-util", "ureq"];

/// Features of `rand` that draw from the system.
const RAND_FROM_SYSTEM: &[&str] = &["default", "os_rng", "sys_rng", "thread_rng"];

/// What is wrong with the dependencies of these packages, one sentence each.
pub(crate) fn violations(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(violations_of).collect()
}

fn violations_of(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some(row) = TABLE.iter().find(|row| row.krate == name) else {
        return vec![format!("{name} has no row in the table of arrows in xtask/src/arrows.rs")];
    };
    package
        .dependencies
        .iter()
        .filter_map(|dependency| refusal(row, dependency))
        .map(|why| format!("{name} may not depend on {why}"))
        .collect()
}

fn refusal(row: &Row, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    let for_tests = dependency.kind == DependencyKind::Development;
    if name.starts_with("unbent-") || name == "xtask" {
        let allowed = row.may_know.contains(&name)
            || (for_tests && row.krate != "xtask" && (name == CORE || row.tests_may_know.contains(&name)));
        return (!allowed).then(
            || {
                if for_tests { format!("{name}, even for tests") } else { name.to_owned() }
            },
        );
    }
    if row.purity == Purity::Edge || for_tests {
        return None;
    }
    if NOT_PURE.contains(&name) {
        return Some(format!("{name}: it is a pure crate"));
    }
    let draws = dependency.uses_default_features
        || dependency.features.iter().any(|feature| RAND_FROM_SYSTEM.contains(&feature.as_str()));
    (name == "rand" && draws).then(|| format!("{name} with chance from the system: it is a pure crate"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{TABLE, violations};
    use crate::workspace::Workspace;

    fn dependency(name: &str, kind: Option<&str>, features: &[&str]) -> Value {
        json!({
            "name": name, "source": null, "req": "*", "kind": kind, "rename": null, "optional": false,
            "uses_default_features": false, "features": features, "target": null, "registry": null,
        })
    }

    fn package(name: &str, dependencies: &[Value]) -> cargo_metadata::Package {
        serde_json::from_value(json!({
            "name": name, "version": "0.0.0", "id": name, "source": null, "targets": [], "features": {},
            "manifest_path": "Cargo.toml", "dependencies": dependencies,
            "license": null, "license_file": null, "description": null, "metadata": null, "publish": null,
            "authors": [], "categories": [], "keywords": [], "readme": null, "repository": null,
            "homepage": null, "documentation": null, "edition": "2024", "links": null, "default_run": null,
            "rust_version": null,
        }))
        .unwrap()
    }

    fn refused(name: &str, dependency: Value) -> bool {
        !violations(&[package(name, &[dependency])]).is_empty()
    }

    #[test]
    fn every_crate_depends_only_on_those_it_may_know() {
        let workspace = Workspace::find().unwrap();
        assert_eq!(violations(&workspace.metadata.packages), Vec::<String>::new());
    }

    #[test]
    fn every_row_of_the_table_is_a_crate() {
        let workspace = Workspace::find().unwrap();
        for row in TABLE {
            let found = workspace.metadata.packages.iter().any(|package| package.name.as_str() == row.krate);
            assert!(found, "{}", row.krate);
        }
    }

    #[test]
    fn an_arrow_against_the_table_is_refused() {
        assert!(refused("unbent-core", dependency("unbent-stats", None, &[])));
        assert!(refused("unbent-engine", dependency("unbent-store", None, &[])));
        assert!(refused("unbent-store", dependency("unbent-cli", None, &[])));
        assert!(refused("xtask", dependency("unbent-core", Some("dev"), &[])));
        assert!(!refused("unbent-suites", dependency("unbent-report", None, &[])));
    }

    #[test]
    fn tests_may_know_more_than_code() {
        assert!(!refused("unbent-engine", dependency("unbent-store", Some("dev"), &[])));
        assert!(!refused("unbent-stats", dependency("unbent-core", Some("dev"), &[])));
        assert!(!refused("unbent-providers", dependency("unbent-mock", Some("dev"), &[])));
        assert!(refused("unbent-providers", dependency("unbent-mock", None, &[])));
        assert!(refused("unbent-stats", dependency("unbent-store", Some("dev"), &[])));
    }

    #[test]
    fn a_pure_crate_reaches_for_no_runtime_network_database_or_entropy() {
        for name in ["tokio", "reqwest", "rusqlite", "getrandom"] {
            assert!(refused("unbent-suites", dependency(name, None, &[])), "{name}");
            assert!(!refused("unbent-suites", dependency(name, Some("dev"), &[])), "{name}");
        }
        assert!(refused("unbent-stats", dependency("rand", None, &["thread_rng"])));
        assert!(!refused("unbent-stats", dependency("rand", None, &[])));
        assert!(!refused("unbent-engine", dependency("tokio", None, &[])));
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert_eq!(violations(&[package("unbent-viewer", &[])]).len(), 1);
    }
}
