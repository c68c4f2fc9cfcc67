//! Programs that some suites need: git, and bubblewrap or an engine of containers for sandboxes.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use unbent_sandbox::{Gap, bubblewrap, docker};

use super::Finding;
use crate::output::harmless;

/// What became of a program.
enum Ran {
    /// Its output.
    Well(String),
    /// What it complained of.
    Badly(String),
    /// There is no such program.
    Absent,
}

fn run(program: &str, args: &[&str]) -> Ran {
    let first_line =
        |bytes: &[u8]| harmless(String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().trim());
    match Command::new(program).args(args).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ran::Well(first_line(&output.stdout)),
        Ok(output) => Ran::Badly(format!("{}: {}", output.status, first_line(&output.stderr))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ran::Absent,
        Err(error) => Ran::Badly(error.to_string()),
    }
}

pub(super) fn tools() -> Vec<Finding> {
    vec![
        judge_git(run("git", &["--version"])),
        judge_bubblewrap(run("bwrap", &["--version"]), &bubblewrap::probe()),
        judge_docker(&docker::probe()),
    ]
}

fn judge_git(version: Ran) -> Finding {
    let install = "install git; suites of this version do without";
    match version {
        Ran::Well(version) => Finding::ok("git", version),
        Ran::Badly(why) => Finding::warning("git", format!("it does not run: {why}"), install),
        Ran::Absent => Finding::warning("git", "there is none", install),
    }
}

/// `gaps` are what is missing for sandboxes by it.
fn judge_bubblewrap(version: Ran, gaps: &[Gap]) -> Finding {
    let seen = |gap: &Gap| format!("{}; {}", harmless(&gap.missing), gap.works);
    match (version, gaps) {
        (Ran::Well(version), []) => Finding::ok("bubblewrap", format!("{version}; sandboxes work")),
        (_, []) => Finding::ok("bubblewrap", "sandboxes work"),
        // One that stops everything is told before one that does not.
        (_, [first, ..]) => {
            let worst = gaps.iter().find(|gap| gap.fatal).unwrap_or(first);
            Finding::warning("bubblewrap", seen(worst), worst.remedy.clone())
        }
    }
}

/// An engine is not needed, so only one that should work and does not is told of.
fn judge_docker(found: &docker::Found) -> Finding {
    match found {
        docker::Found::Absent(gap) => {
            Finding::ok("docker", format!("{}; sandboxes by bubblewrap need none", gap.missing))
        }
        docker::Found::Unusable(gap) => Finding::warning(
            "docker",
            format!("{}; {}", harmless(&gap.missing), gap.works),
            gap.remedy.clone(),
        ),
        docker::Found::Usable { engine, socket, gaps, remarks } => {
            let weaker: Vec<String> = gaps
                .iter()
                .map(|gap| format!("; {}: {}", gap.missing, gap.works))
                .chain(remarks.iter().map(|gap| format!("; {} ({})", gap.missing, gap.remedy)))
                .collect();
            let seen = harmless(&format!("{engine} at {socket}{}", weaker.concat()));
            match gaps.first() {
                None => Finding::ok("docker", seen),
                Some(gap) => Finding::warning("docker", seen, gap.remedy.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use unbent_sandbox::{Gap, docker};

    use super::super::Health;
    use super::{Ran, judge_bubblewrap, judge_docker, judge_git, run};

    fn gap(missing: &str, fatal: bool) -> Gap {
        let (works, remedy) = ("the rest works".to_owned(), format!("mend {missing}"));
        Gap { missing: missing.to_owned(), works, remedy, fatal }
    }

    #[test]
    fn what_is_not_there_or_does_not_work_is_a_warning() {
        assert_eq!(judge_git(Ran::Absent).health, Health::Warning);
        assert_eq!(judge_git(Ran::Well("git version 2".into())).health, Health::Ok);
        let tried = |gaps: &[Gap]| judge_bubblewrap(Ran::Well("bubblewrap 0.9".into()), gaps);
        assert_eq!(tried(&[]).health, Health::Ok);
        let weak = tried(&[gap("groups", false)]);
        assert_eq!((weak.health, weak.to_do.as_deref()), (Health::Warning, Some("mend groups")));
        let barred = tried(&[gap("groups", false), gap("namespaces", true)]);
        assert_eq!(barred.to_do.as_deref(), Some("mend namespaces"));
        assert_eq!(barred.seen, "namespaces; the rest works");
        assert_eq!(judge_bubblewrap(Ran::Absent, &[gap("bwrap", true)]).health, Health::Warning);
    }

    #[test]
    fn an_engine_may_be_missing_but_not_out_of_order() {
        assert_eq!(judge_docker(&docker::Found::Absent(gap("no socket", true))).health, Health::Ok);
        let barred = judge_docker(&docker::Found::Unusable(gap("permission", true)));
        assert_eq!((barred.health, barred.to_do.as_deref()), (Health::Warning, Some("mend permission")));
        let usable = |gaps| docker::Found::Usable {
            engine: "Docker 5".into(),
            socket: "/s".into(),
            gaps,
            remarks: vec![gap("remap", false)],
        };
        let finding = judge_docker(&usable(Vec::new()));
        assert_eq!(
            (finding.health, finding.seen.as_str()),
            (Health::Ok, "Docker 5 at /s; remap (mend remap)")
        );
        let weak = judge_docker(&usable(vec![gap("limits", false)]));
        assert_eq!((weak.health, weak.to_do.as_deref()), (Health::Warning, Some("mend limits")));
    }

    #[test]
    fn a_program_is_run_and_told_from_one_that_is_not_there() {
        assert!(matches!(run("unbent-no-such-program", &[]), Ran::Absent));
        assert!(matches!(run("sh", &["-c", "echo a; echo b"]), Ran::Well(line) if line == "a"));
        assert!(
            matches!(run("sh", &["-c", "echo no >&2; exit 3"]), Ran::Badly(why) if why.contains("3: no"))
        );
    }
}
