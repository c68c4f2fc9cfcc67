//! Rounds over the processes, until only those remain that may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::sys;

/// After so many rounds of a millisecond everybody must go, those that may stay too.
const ROUNDS: u32 = 500;

/// Kills everybody but the first process, those that may stay with their descendants, and one that may stay without; whose end
/// was seen, with the exit codes.
pub(crate) fn sweep(stay: &[i32], alone: Option<i32>) -> Vec<(i32, i32)> {
    let mut ended = Vec::new();
    let mut seen = BTreeSet::new();
    let mut round = 0;
    loop {
        while let Some(one) = sys::reap() {
            ended.push(one);
        }
        let others = others(stay, alone);
        if others.is_empty() {
            return ended;
        }
        // Whoever is stopped begins nobody new; when all are, all can go.
        let found = others.iter().filter(|pid| seen.insert(**pid)).count();
        let signal = if round == 0 || found == 0 { sys::SIGKILL } else { sys::SIGSTOP };
        for pid in &others {
            sys::kill(*pid, signal);
        }
        if round > ROUNDS {
            sys::kill(-1, sys::SIGKILL);
        }
        round += 1;
        sys::wait(&mut [], i32::from(round > 3));
    }
}

fn others(stay: &[i32], alone: Option<i32>) -> Vec<i32> {
    let mut pids = pids();
    pids.retain(|pid| *pid != 1 && Some(*pid) != alone);
    if pids.iter().all(|pid| stay.contains(pid)) {
        return Vec::new();
    }
    let parents: BTreeMap<i32, i32> = if stay.is_empty() {
        BTreeMap::new()
    } else {
        pids.iter().filter_map(|pid| Some((*pid, parent(*pid)?))).collect()
    };
    let may_stay = |pid: i32| {
        let mut at = pid;
        for _ in 0..pids.len() {
            if stay.contains(&at) {
                return true;
            }
            match parents.get(&at) {
                Some(above) if *above > 1 => at = *above,
                _ => break,
            }
        }
        false
    };
    pids.iter().copied().filter(|pid| !may_stay(*pid)).collect()
}

fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Whether a process is about to end: it was sent what nobody outlives, or is on its way out.
pub(crate) fn is_ending(pid: i32) -> bool {
    const KILLED: u64 = 1 << (sys::SIGKILL - 1);
    /// The kernel's marks of a task that exits, and of one that a signal ended.
    const LEAVES: u64 = 0x4 | 0x400;
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return true };
    let pending =
        status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    let was_killed =
        pending.filter_map(|set| u64::from_str_radix(set.trim(), 16).ok()).any(|set| set & KILLED != 0);
    was_killed
        || fields(pid)
            .and_then(|fields| fields.get(6)?.parse::<u64>().ok())
            .is_none_or(|marks| marks & LEAVES != 0)
}

fn parent(pid: i32) -> Option<i32> {
    fields(pid)?.get(1)?.parse().ok()
}

/// What the kernel tells of a process behind its name: state, parent, group, session, terminal, its group, marks, …
fn fields(pid: i32) -> Option<Vec<String>> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, so what counts begins behind its last bracket.
    let after = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = String::from_utf8_lossy(&stat[after + 1..]);
    Some(rest.split_ascii_whitespace().map(str::to_owned).collect())
}
