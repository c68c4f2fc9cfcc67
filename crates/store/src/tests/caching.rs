//! Answers are kept whole, by several processes at once, and a file that is damaged or not ours is told from a cache.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use unbent_core::{AnswerCache as _, AssistantMessage, BlobRef, Reply};

use super::{folder, manifest};
use crate::{CacheError, CacheFile, RunWriter};

fn cache_path(folder: &TempDir) -> PathBuf {
    folder.path().join("cache/answers.sqlite")
}

fn key(text: &str) -> BlobRef {
    BlobRef::of(text.as_bytes())
}

fn reply(text: &str) -> Reply {
    Reply { latency_ms: Some(12), ..Reply::of(AssistantMessage::text(text)) }
}

/// A cache of one answer, closed.
fn filled(path: &Path) {
    CacheFile::open_or_create(path).unwrap().put(key("q"), &reply(&"No. ".repeat(100))).unwrap();
}

fn tamper(path: &Path, sql: &str) {
    assert_eq!(Connection::open(path).unwrap().execute(sql, []).unwrap(), 1);
}

#[test]
fn what_is_kept_is_found_again_and_stays() {
    let folder = folder();
    let path = cache_path(&folder);
    let cache = CacheFile::open_or_create(&path).unwrap();
    assert_eq!(cache.get(key("q")).unwrap(), None);
    cache.put(key("q"), &reply("first")).unwrap();
    cache.put(key("q"), &reply("second")).unwrap();
    cache.put(key("r"), &reply("other")).unwrap();
    drop(cache);

    let cache = CacheFile::open_or_create(&path).unwrap();
    cache.put(key("r"), &reply("another")).unwrap();
    drop(cache);
    let cache = CacheFile::open(&path).unwrap();
    assert_eq!(cache.get(key("q")).unwrap(), Some(reply("first")));
    assert_eq!(cache.get(key("r")).unwrap(), Some(reply("other")));
    let summary = cache.summary().unwrap();
    assert_eq!(summary.answers, 2);
    assert!(summary.bytes > 0);
    let error = cache.put(key("s"), &reply("third")).unwrap_err();
    assert!(error.message.contains("answers.sqlite"), "{error}");
}

#[test]
fn many_make_and_fill_one_cache_at_once() {
    const WRITERS: usize = 8;
    const ANSWERS: usize = 50;
    let folder = folder();
    let path = cache_path(&folder);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = &path;
            scope.spawn(move || {
                let cache = CacheFile::open_or_create(path).unwrap();
                for n in 0..ANSWERS {
                    cache.put(key(&format!("{writer} {n}")), &reply("own")).unwrap();
                    cache.put(key(&format!("shared {n}")), &reply("shared")).unwrap();
                }
            });
        }
    });
    let cache = CacheFile::open(&path).unwrap();
    assert_eq!(cache.summary().unwrap().answers, (WRITERS * ANSWERS + ANSWERS) as u64);
    assert_eq!(cache.get(key("shared 7")).unwrap(), Some(reply("shared")));
}

#[test]
fn an_entry_that_is_not_what_was_kept_is_an_error_that_names_the_file() {
    for sql in [
        "UPDATE answer SET hash = zeroblob(32)",
        "UPDATE answer SET bytes = zeroblob(20)",
        "UPDATE answer SET size = 1 << 40",
        "UPDATE answer SET size = -1",
        "UPDATE answer SET coding = 9",
        "UPDATE answer SET coding = 0",
    ] {
        let folder = folder();
        let path = cache_path(&folder);
        filled(&path);
        tamper(&path, sql);
        let error = CacheFile::open(&path).unwrap().get(key("q")).unwrap_err();
        for part in [path.to_str().unwrap(), "damaged", "delete the file"] {
            assert!(error.message.contains(part), "{sql}: {error}");
        }
    }
}

#[test]
fn what_is_not_a_cache_is_refused_and_left_as_it_is() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text"), "a long enough text that is no database at all".repeat(20)).unwrap();
    drop(RunWriter::create(&path("run.unbent"), &manifest()).unwrap());
    Connection::open(path("other.sqlite")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    fs::create_dir(path("folder")).unwrap();
    for (name, why) in [
        ("text", "it is not an SQLite database"),
        ("run.unbent", "of another kind"),
        ("other.sqlite", "of another kind"),
        ("folder", "it is a folder"),
    ] {
        let before = fs::read(path(name)).ok();
        for opened in [CacheFile::open(&path(name)), CacheFile::open_or_create(&path(name))] {
            let error = opened.unwrap_err();
            assert!(matches!(error, CacheError::NotACache { .. }), "{name}: {error}");
            assert!(error.to_string().contains(why), "{name}: {error}");
        }
        assert!(CacheFile::delete(&path(name)).is_err(), "{name}");
        assert_eq!(fs::read(path(name)).ok(), before, "{name}");
    }
}

#[test]
fn damage_anywhere_is_an_error_and_never_a_panic() {
    let folder = folder();
    let path = cache_path(&folder);
    filled(&path);
    let whole = fs::read(&path).unwrap();
    let page = 4096;
    for (from, to) in [(0, 16), (18, 20), (100, page), (page, 2 * page), (2 * page, whole.len())] {
        let mut bytes = whole.clone();
        bytes[from..to].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        let error = match CacheFile::open(&path) {
            Ok(cache) => cache.get(key("q")).expect_err(&format!("{from}..{to}")).message,
            Err(error) => error.to_string(),
        };
        assert!(error.contains("answers.sqlite"), "{from}..{to}: {error}");
    }
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(CacheFile::open(&path).is_err_and(|error| error.to_string().contains("answers.sqlite")));
    CacheFile::delete(&path).unwrap();
}

#[test]
fn a_cache_of_another_version_is_not_touched() {
    let folder = folder();
    let path = cache_path(&folder);
    filled(&path);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for opened in [CacheFile::open(&path), CacheFile::open_or_create(&path)] {
        assert!(matches!(opened.unwrap_err(), CacheError::OtherVersion { found: 2, .. }));
    }
}

#[test]
fn a_deleted_cache_leaves_nothing_behind_and_can_be_made_anew() {
    let folder = folder();
    let path = cache_path(&folder);
    assert!(matches!(CacheFile::delete(&path).unwrap_err(), CacheError::NotFound { .. }));
    let open = CacheFile::open_or_create(&path).unwrap();
    open.put(key("q"), &reply("No.")).unwrap();
    drop(open);
    CacheFile::delete(&path).unwrap();
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    assert!(matches!(CacheFile::open(&path).unwrap_err(), CacheError::NotFound { .. }));
    let cache = CacheFile::open_or_create(&path).unwrap();
    assert_eq!(cache.get(key("q")).unwrap(), None);
}

#[test]
fn an_empty_file_is_a_cache_to_be_made() {
    let folder = folder();
    let path = folder.path().join("empty");
    fs::write(&path, "").unwrap();
    assert!(matches!(CacheFile::open(&path).unwrap_err(), CacheError::NotFound { .. }));
    CacheFile::open_or_create(&path).unwrap().put(key("q"), &reply("No.")).unwrap();
    assert_eq!(CacheFile::open(&path).unwrap().summary().unwrap().answers, 1);
}

#[test]
fn a_failure_to_write_is_told_to_whoever_puts_next() {
    let folder = folder();
    let path = cache_path(&folder);
    filled(&path);
    let cache = CacheFile::open_or_create(&path).unwrap();
    // Another program takes the table away; what is put from then on cannot be written.
    Connection::open(&path).unwrap().execute_batch("ALTER TABLE answer RENAME TO elsewhere").unwrap();
    cache.put(key("r"), &reply("lost")).unwrap();
    let begin = std::time::Instant::now();
    let error = loop {
        match cache.put(key("s"), &reply("lost")) {
            Err(error) => break error,
            Ok(()) => assert!(begin.elapsed().as_secs() < 60, "nobody is told"),
        }
        std::thread::yield_now();
    };
    assert!(error.message.contains("answers.sqlite"), "{error}");
}
