//! Programs that some suites need: git, and bubblewrap for sandboxes.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

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
        judge_bubblewrap(run("bwrap", &["--version"]), || {
            run("bwrap", &["--unshare-all", "--ro-bind", "/", "/", "true"])
        }),
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

/// `try_out` puts a program into a sandbox.
fn judge_bubblewrap(version: Ran, try_out: impl FnOnce() -> Ran) -> Finding {
    let unneeded = "no suite of this version needs it";
    let version = match version {
        Ran::Well(version) => version,
        Ran::Badly(why) => {
            return Finding::warning(
                "bubblewrap",
                format!("bwrap does not run: {why}; {unneeded}"),
                "reinstall bubblewrap",
            );
        }
        Ran::Absent => {
            return Finding::warning(
                "bubblewrap",
                format!("there is no bwrap; {unneeded}"),
                "install the package bubblewrap",
            );
        }
    };
    match try_out() {
        Ran::Well(_) => Finding::ok("bubblewrap", format!("{version}; user namespaces work")),
        Ran::Badly(why) => Finding::warning(
            "bubblewrap",
            format!("{version}, but it cannot make a sandbox: {why}; {unneeded}"),
            "allow user namespaces: kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, \
             or a container with that right",
        ),
        Ran::Absent => Finding::warning("bubblewrap", "bwrap is gone", "install the package bubblewrap"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::{Ran, judge_bubblewrap, judge_git, run};

    #[test]
    fn what_is_not_there_or_does_not_work_is_a_warning() {
        assert_eq!(judge_git(Ran::Absent).health, Health::Warning);
        assert_eq!(judge_git(Ran::Well("git version 2".into())).health, Health::Ok);
        let tried = |ran| judge_bubblewrap(Ran::Well("bubblewrap 0.9".into()), || ran);
        assert_eq!(tried(Ran::Well(String::new())).health, Health::Ok);
        let barred = tried(Ran::Badly("exit status: 1: no permission".into()));
        assert_eq!(barred.health, Health::Warning);
        assert!(
            barred.seen.contains("no permission") && barred.to_do.unwrap().contains("user"),
            "{}",
            barred.seen
        );
        assert_eq!(judge_bubblewrap(Ran::Absent, || panic!("nothing to try")).health, Health::Warning);
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
