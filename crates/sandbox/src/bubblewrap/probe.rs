//! Whether sandboxes can be made here, and how strong they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::arguments::{programs, walls};
use super::user;
use crate::cgroup::Tree;
use crate::system::System;
use crate::{Gap, Unavailable};

const NOTHING_WORKS: &str = "suites without a sandbox run all the same";

/// Everything that is missing or weaker than it could be on this machine.
pub fn probe() -> Vec<Gap> {
    let tried = program().and_then(|program| try_out(&program));
    let mut gaps: Vec<Gap> = tried.err().map(|unavailable| unavailable.gap).into_iter().collect();
    if let Err(error) = Tree::find() {
        gaps.push(Gap {
            missing: format!("no control group can be made ({error})"),
            works: "memory and processes are limited for each process, not for a sandbox as a whole".to_owned(),
            remedy: "run as root, or in a group that is delegated to you (systemd-run --user --scope -p Delegate=yes)".to_owned(),
            fatal: false,
        });
    }
    gaps
}

/// Finds bubblewrap.
pub(super) fn program() -> Result<PathBuf, Unavailable> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join("bwrap"));
    found.into_iter().find(|program| program.is_file()).ok_or_else(|| Unavailable {
        gap: Gap {
            missing: "no program bwrap in PATH".to_owned(),
            works: NOTHING_WORKS.to_owned(),
            remedy: "install bubblewrap (Debian, Ubuntu, Fedora: package bubblewrap)".to_owned(),
            fatal: true,
        },
    })
}

/// Makes the walls of a sandbox around a program that does nothing.
pub(super) fn try_out(program: &Path) -> Result<(), Unavailable> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    command.args(walls()).args(programs(&System::find())).args([
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "/bin/true",
    ]);
    command.env_clear().current_dir("/").stdin(Stdio::null());
    if let Some(user) = user::next() {
        command.uid(user).gid(user);
    }
    let why = match command.output() {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Unavailable {
        gap: Gap {
            missing: format!("bubblewrap cannot make a sandbox ({why})"),
            works: NOTHING_WORKS.to_owned(),
            remedy: "allow namespaces to ordinary users (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces \
                     above 0, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0)"
                .to_owned(),
            fatal: true,
        },
    })
}
