//! Files: read and written from outside, as whoever is inside would.

use serde_json::json;
use unbent_core::Done;

use super::room::{Host, open, open_with};

fn content(text: &str) -> Done {
    Done::Read { content: text.to_owned() }
}

fn refused(why: &str) -> Done {
    Done::Refused { why: why.to_owned() }
}

pub(crate) async fn files_are_written_and_read_as_they_are(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.read("notes.txt").await, content("first line\n"));
    for (path, text) in [("new/deep/er.txt", "é\n\tx"), ("/srv/data/empty", ""), ("../up", "up")] {
        assert_eq!(room.write(path, text).await, Done::Written);
        assert_eq!(room.read(path).await, content(text));
    }
    assert_eq!(
        room.says("cat new/deep/er.txt; cat /home/ana/up; stat -c %a:%s /srv/data/empty").await,
        "é\n\txup644:0"
    );
    room.write("notes.txt", "new").await;
    assert_eq!(room.says("cat notes.txt").await, "new");
    room.says("ln -s /srv/data/empty link").await;
    assert_eq!(room.write("link", "through").await, Done::Written);
    assert_eq!(room.read("/srv/data/empty").await, content("through"));
}

pub(crate) async fn what_is_not_there_is_told_apart_from_what_cannot_be_read(host: &Host) {
    let room = open(host).await;
    room.says("touch shut; chmod 0 shut; ln -s nowhere dangling; ln -s loop loop").await;
    for path in ["none", "none/below", "notes.txt/below", "dangling", ""] {
        let expected = if path.is_empty() {
            refused("Is a directory")
        } else {
            Done::NotFound { path: path.to_owned() }
        };
        assert_eq!(room.read(path).await, expected, "{path}");
    }
    assert_eq!(room.read("/ops").await, refused("Is a directory"));
    assert_eq!(room.read("shut").await, refused("Permission denied"));
    assert_eq!(room.read("loop").await, refused("Too many levels of symbolic links"));
    assert_eq!(room.read(&"n".repeat(300)).await, refused("File name too long"));
}

pub(crate) async fn bytes_that_are_no_text_are_replaced(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.read("/home/ana/bytes").await, content("\0\u{fffd}\u{fffd}\u{fffd}"));
    assert_eq!(room.says("printf 'a\\377b'").await, "a\u{fffd}b");
}

pub(crate) async fn long_files_lose_their_middle_and_say_how_much(host: &Host) {
    let room = open(host).await;
    room.says("seq 1 1000000 > long; truncate -s 200M sparse").await;
    let Done::Read { content } = room.read("long").await else { panic!("it is a file") };
    assert!(content.starts_with("1\n2\n") && content.ends_with("\n1000000\n"));
    let cut = 6_888_896 - (16 << 10);
    assert!(content.contains(&format!("\n[… {cut} bytes cut …]\n")), "{content}");
    let Done::Read { content } = room.read("sparse").await else { panic!("it is a file") };
    assert!(content.contains(&format!("\n[… {} bytes cut …]\n", (200 << 20) - (16 << 10))));
}

pub(crate) async fn what_cannot_be_written_is_refused_with_the_reason(host: &Host) {
    let room = open(host).await;
    for (path, why) in [
        ("/usr/bin/x", "Read-only file system"),
        ("/usr/local/lib/ops/svc", "Read-only file system"),
        ("/opt/tools/ledger", "Read-only file system"),
        ("/x", "Read-only file system"),
        ("/ops/policy.md", "Permission denied"),
        ("/ops", "Is a directory"),
        ("notes.txt/below", "Not a directory"),
    ] {
        let done = room.write(path, "x").await;
        // Back ends differ in how they close a folder, not in whether it is closed.
        let closed = why == "Read-only file system" && done == refused("Permission denied");
        assert!(closed || done == refused(why), "{path}: {done:?}");
    }
    assert_eq!(room.says("cat /ops/policy.md").await, "be kind");
}

pub(crate) async fn files_have_the_permissions_of_the_layout(host: &Host) {
    let room = open_with(host, json!({ "files": { "/srv/run.sh": "#!/bin/bash\necho ran $1\n" } })).await;
    assert_eq!(
        room.says("stat -c '%a %U' notes.txt /ops/policy.md /home/ana/bytes").await,
        "644 root\n444 root\n600 root"
    );
    assert_eq!(room.says("/srv/run.sh well").await, "ran well");
}

pub(crate) async fn pipes_and_devices_are_refused_and_keep_nobody_waiting(host: &Host) {
    let room = open(host).await;
    room.says("mkfifo pipe; ln -s /proc/1/fd/0 mine; ln -s /dev/zero zeros; ln -s /proc/self/environ env")
        .await;
    for path in [
        "pipe",
        "mine",
        "zeros",
        "env",
        "/dev/zero",
        "/proc/self/environ",
        "/proc/1/mem",
        "/dev/full",
        "/dev/tty",
    ] {
        for done in [room.read(path).await, room.write(path, "x").await] {
            assert!(matches!(done, Done::Refused { .. } | Done::NotFound { .. }), "{path}: {done:?}");
        }
    }
    let peeked = room.says("ledger peek pipe zeros env").await;
    assert_eq!(peeked.matches(": unreadable ").count(), 3, "{peeked}");
}

pub(crate) async fn names_that_are_no_text_do_no_harm(host: &Host) {
    let room = open(host).await;
    room.says("mkdir odd; touch $'odd/\\377\\001' \"odd/$(printf 'n%.0s' {1..255})\" $'odd/two\\nlines' $'odd/\\e[31m'").await;
    let picture = room.picture().await;
    assert_eq!(picture["paths"]["/home/ana/desk"], "folder notes.txt odd");
    let peeked = room.says("ledger peek odd").await;
    assert!(peeked.contains('\u{fffd}') && peeked.contains("two\nlines"), "{peeked}");
}
