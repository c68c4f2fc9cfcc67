//! The program, the folder that run files go to, the limit of open files and the clock.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Finding;

/// Bytes without which a run of any size ends early, and those below which a large one may.
const TOO_LITTLE: u64 = 100 << 20;
const SCARCE: u64 = 2 << 30;

/// Files that a run has open beside its connections: the run file with its log and lock, the terminal, the runtime.
const OTHER_FILES: u64 = 64;

/// 2025-06-01 and 2060-01-01, in seconds since 1970: a clock outside of them is off.
const EARLIEST_S: u64 = 1_748_736_000;
const LATEST_S: u64 = 2_840_140_800;

pub(super) fn program() -> Finding {
    let sqlite = unbent_store::sqlite_version();
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let seen = format!(
        "unbent {}, run file format {}, SQLite {sqlite}, {os} {arch}",
        env!("CARGO_PKG_VERSION"),
        unbent_store::FORMAT_VERSION
    );
    Finding::ok("program", seen)
}

/// Whether run files can be made in a folder, how much room there is, and whether SQLite works on its file system.
pub(super) fn folder(folder: &Path) -> Vec<Finding> {
    let elsewhere = "work in another folder, or name a file elsewhere with --out";
    let own = match tempfile::Builder::new().prefix(".unbent-doctor-").tempdir_in(folder) {
        Ok(own) => own,
        Err(error) => {
            let seen = format!("nothing can be written to {}: {error}", folder.display());
            return vec![Finding::problem("folder", seen, elsewhere)];
        }
    };
    let mut findings = vec![Finding::ok("folder", format!("{} takes files", folder.display()))];
    findings.push(match unbent_store::probe(&own.path().join("probe.unbent")) {
        Ok(()) => Finding::ok("SQLite", "a file in WAL mode is written, locked, and read meanwhile"),
        Err(error) => Finding::problem("SQLite", format!("no run file can be used here: {error}"), elsewhere),
    });
    findings.extend(space(folder));
    findings.extend(file_system(folder));
    findings
}

#[cfg(unix)]
fn space(folder: &Path) -> Option<Finding> {
    let stat = nix::sys::statvfs::statvfs(folder).ok()?;
    let bytes = u128::from(stat.blocks_available()) * u128::from(stat.fragment_size());
    Some(judge_space(u64::try_from(bytes).unwrap_or(u64::MAX)))
}

#[cfg(not(unix))]
fn space(_folder: &Path) -> Option<Finding> {
    None
}

#[cfg_attr(not(unix), expect(dead_code, reason = "the room is looked up where the system has statvfs"))]
fn judge_space(bytes: u64) -> Finding {
    let seen = format!("{:.1} GiB free", bytes as f64 / (1_u64 << 30) as f64);
    let room = "make room, or name a file on another disk with --out";
    match bytes {
        ..TOO_LITTLE => Finding::problem("space", seen, room),
        TOO_LITTLE..SCARCE => Finding::warning("space", format!("{seen}; a large run needs more"), room),
        SCARCE.. => Finding::ok("space", seen),
    }
}

#[cfg(target_os = "linux")]
fn file_system(folder: &Path) -> Option<Finding> {
    use nix::sys::statfs::{NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, TMPFS_MAGIC, statfs};
    let kind = statfs(folder).ok()?.filesystem_type();
    if kind == NFS_SUPER_MAGIC || kind == SMB_SUPER_MAGIC {
        let seen = "the folder is on a network: SQLite's WAL mode works there for one machine only";
        return Some(Finding::warning(
            "file system",
            seen,
            "keep run files on a local disk while they are written",
        ));
    }
    (kind == TMPFS_MAGIC).then(|| {
        let seen = "the folder is in memory: run files there are gone when the machine restarts";
        Finding::warning("file system", seen, "name a file on a disk with --out")
    })
}

#[cfg(not(target_os = "linux"))]
fn file_system(_folder: &Path) -> Option<Finding> {
    None
}

#[cfg(unix)]
pub(super) fn open_files(parallel: usize) -> Finding {
    use nix::sys::resource::{Resource, getrlimit};
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) => judge_open_files(soft, parallel as u64),
        Err(error) => {
            Finding::warning("open files", format!("the limit cannot be read: {error}"), "ulimit -n")
        }
    }
}

#[cfg(not(unix))]
pub(super) fn open_files(_parallel: usize) -> Finding {
    Finding::ok("open files", "this system sets no limit that matters")
}

/// A subject and a judge at two servers may each keep as many connections as calls are in flight.
#[cfg_attr(not(unix), expect(dead_code, reason = "there is a limit where the system has getrlimit"))]
fn judge_open_files(limit: u64, parallel: u64) -> Finding {
    let enough = parallel.saturating_mul(2).saturating_add(OTHER_FILES);
    let seen = format!("{limit} may be open; --parallel {parallel} takes up to {enough}");
    let raise = format!("raise the limit: ulimit -n {enough}; or lower --parallel");
    if limit < parallel.saturating_add(OTHER_FILES) {
        Finding::problem("open files", seen, raise)
    } else if limit < enough {
        Finding::warning("open files", seen, raise)
    } else {
        Finding::ok("open files", seen)
    }
}

pub(super) fn clock() -> Finding {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    judge_clock(seconds, std::env::var("SOURCE_DATE_EPOCH").ok().as_deref())
}

fn judge_clock(seconds: u64, fixed: Option<&str>) -> Finding {
    let shown = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(i64::MAX))
        .map_or_else(|_| "a time out of any range".to_owned(), |now| now.to_string());
    if !(EARLIEST_S..LATEST_S).contains(&seconds) {
        let set = "set the clock; certificates do not hold at such a time";
        return Finding::problem("clock", format!("it says {shown}, which cannot be"), set);
    }
    match fixed {
        Some(fixed) if fixed.parse::<i64>().is_ok() => Finding::warning(
            "clock",
            format!("{shown}, but SOURCE_DATE_EPOCH puts {fixed} into run files in its place"),
            "unset SOURCE_DATE_EPOCH for runs whose times matter",
        ),
        _ => Finding::ok("clock", shown),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::{folder, judge_clock, judge_open_files, judge_space};

    #[test]
    fn room_is_judged_by_what_runs_need() {
        for (bytes, health) in [(0, Health::Problem), (1 << 30, Health::Warning), (10 << 30, Health::Ok)] {
            assert_eq!(judge_space(bytes).health, health, "{bytes}");
        }
        assert_eq!(judge_space(3 << 29).seen, "1.5 GiB free; a large run needs more");
    }

    #[test]
    fn the_limit_of_open_files_is_judged_by_the_calls_at_once() {
        for (limit, parallel, health) in [
            (1024, 16, Health::Ok),
            (1024, 480, Health::Ok),
            (1024, 481, Health::Warning),
            (1024, 960, Health::Warning),
            (1024, 961, Health::Problem),
            (u64::MAX, u64::MAX, Health::Ok),
        ] {
            assert_eq!(judge_open_files(limit, parallel).health, health, "{limit} {parallel}");
        }
        assert_eq!(
            judge_open_files(64, 100).to_do.as_deref(),
            Some("raise the limit: ulimit -n 264; or lower --parallel")
        );
    }

    #[test]
    fn a_clock_out_of_its_mind_is_a_problem_and_a_fixed_one_a_warning() {
        assert_eq!(judge_clock(0, None).health, Health::Problem);
        assert_eq!(judge_clock(1_800_000_000, None).health, Health::Ok);
        assert_eq!(judge_clock(9_000_000_000, None).health, Health::Problem);
        assert_eq!(judge_clock(1_800_000_000, Some("0")).health, Health::Warning);
        assert_eq!(judge_clock(1_800_000_000, Some("now")).health, Health::Ok);
    }

    #[test]
    fn looking_at_a_folder_leaves_nothing_in_it() {
        let place = tempfile::tempdir().unwrap();
        let found = folder(place.path());
        assert!(
            found.iter().any(|finding| finding.what == "SQLite" && finding.health == Health::Ok),
            "{found:?}"
        );
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
        let nowhere = folder(&place.path().join("nowhere"));
        assert_eq!(nowhere.iter().map(|finding| finding.health).collect::<Vec<_>>(), [Health::Problem]);
    }
}
