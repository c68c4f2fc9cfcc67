//! The clock that is shown: the real one in a zone of our own, which moves when the world's time does.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::sys;

const ZONE_FILE: &str = "/etc/localtime";

/// How many files are kept at their age when the clock moves.
const FILES: usize = 20_000;

/// Sets the zone: its name, and how far it is ahead of UTC in seconds.
///
/// A file in place of a variable, since programs that run already and those that clear their environment see it too,
/// and since it knows no limit of hours.
pub(crate) fn set(name: &[u8], ahead: i64) -> io::Result<()> {
    let mut data = b"TZif".to_vec();
    data.extend_from_slice(&[0; 16]);
    // No indicators, no leap seconds, no changes; one kind of time with one name.
    for count in [0, 0, 0, 0, 1, name.len() as u32 + 1] {
        data.extend_from_slice(&count.to_be_bytes());
    }
    data.extend_from_slice(&(ahead.clamp(-i64::from(i32::MAX), i64::from(i32::MAX)) as i32).to_be_bytes());
    data.extend_from_slice(&[0, 0]);
    data.extend_from_slice(name);
    data.push(0);
    let new = format!("{ZONE_FILE}.new");
    fs::write(&new, data)?;
    fs::rename(new, ZONE_FILE)
}

/// Makes files older by so many seconds, so that they keep the time that they showed before the clock moved.
pub(crate) fn age(tops: &[PathBuf], seconds: i64) {
    let mut left = FILES;
    for top in tops {
        let device = fs::metadata(top).map(|about| about.dev()).ok();
        age_below(top, device, seconds, &mut left);
    }
}

fn age_below(folder: &Path, device: Option<u64>, seconds: i64, left: &mut usize) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let path = entry.path();
        let Ok(about) = fs::symlink_metadata(&path) else { continue };
        if Some(about.dev()) != device {
            continue;
        }
        if about.is_dir() {
            age_below(&path, device, seconds, left);
        }
        let _ = sys::set_changed(&path, about.mtime() - seconds, about.mtime_nsec());
    }
}
