//! As whom bubblewrap is started when we are root: what stays user 0 of the machine may write to its settings.

use std::fs;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The first of the numbers of users that nobody has.
const FIRST: u32 = 1_900_000_000;

/// How many of them there are for each process of ours, and for how many processes.
const EACH: u32 = 1_000;
const PROCESSES: u32 = 100_000;

/// The user that everybody knows and that owns nothing.
const NOBODY: u32 = 65_534;

/// The users of this machine, or of the container that we are in, both as users and as groups.
static KNOWN: LazyLock<Vec<Range<u64>>> = LazyLock::new(|| {
    let read = |map| ranges(&fs::read_to_string(map).unwrap_or_default());
    common(&read("/proc/self/uid_map"), &read("/proc/self/gid_map"))
});

/// A number of a user, which no other sandbox of ours has now unless there are too few; none if we are not root.
pub(super) fn next() -> Option<u32> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    nix::unistd::geteuid().is_root().then(|| chosen(&KNOWN, std::process::id(), number))
}

fn chosen(known: &[Range<u64>], process: u32, number: u32) -> u32 {
    let all = u64::from(FIRST)..u64::from(FIRST + EACH * PROCESSES);
    if known.iter().any(|range| range.start <= all.start && all.end <= range.end) {
        return FIRST + process % PROCESSES * EACH + number % EACH;
    }
    if known.iter().any(|range| range.contains(&u64::from(NOBODY))) {
        return NOBODY;
    }
    // Few are known: the last one is the least likely to be somebody.
    known
        .iter()
        .map(|range| range.end.saturating_sub(1))
        .max()
        .and_then(|last| u32::try_from(last).ok())
        .unwrap_or(NOBODY)
}

/// The numbers inside, from lines of first inside, first outside, count.
fn ranges(map: &str) -> Vec<Range<u64>> {
    let range = |line: &str| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u64>);
        let (first, _, count) = (numbers.next()?.ok()?, numbers.next(), numbers.next()?.ok()?);
        Some(first..first + count)
    };
    map.lines().filter_map(range).collect()
}

fn common(users: &[Range<u64>], groups: &[Range<u64>]) -> Vec<Range<u64>> {
    let both = |user: &Range<u64>| {
        let user = user.clone();
        groups.iter().map(move |group| user.start.max(group.start)..user.end.min(group.end))
    };
    users.iter().flat_map(both).filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{chosen, common, ranges};

    #[test]
    fn on_a_machine_every_sandbox_has_its_own() {
        let known = ranges("         0          0 4294967295\n");
        assert_eq!(chosen(&known, 7, 0), 1_900_007_000);
        assert_ne!(chosen(&known, 7, 1), chosen(&known, 8, 1));
        assert_eq!(chosen(&known, 4_194_304, 999), 1_994_304_999);
    }

    #[test]
    fn in_a_container_of_few_users_it_is_nobody_or_the_last() {
        let known = ranges("0 100000 65536\n");
        assert_eq!(chosen(&known, 7, 1), 65_534);
        let known = ranges("0 1000 1\n1 100000 1000\n");
        assert_eq!(chosen(&known, 7, 1), 1_000);
        assert_eq!(chosen(&[], 7, 1), 65_534);
    }

    #[test]
    fn a_user_is_one_that_is_a_group_too() {
        assert_eq!(common(&ranges("0 0 100\n200 200 100"), &ranges("50 0 200")), [50..100, 200..250]);
    }
}
