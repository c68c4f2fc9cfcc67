//! The clock that is shown inside is the world's.

use super::room::{Host, open};

/// The time now, at most a minute after `09:26:53` plus some minutes.
fn shows(shown: &str, hour: u32, minute: u32) {
    let next = minute + 1;
    let fits = shown.ends_with(&format!("{hour:02}:{minute:02}"))
        || shown.ends_with(&format!("{hour:02}:{next:02}"));
    assert!(fits, "{shown} is not {hour:02}:{minute:02}");
}

pub(crate) async fn the_clock_shows_the_worlds_time(host: &Host) {
    let room = open(host).await;
    let shown = room.says("date '+%F %Z %H:%M'").await;
    assert!(shown.starts_with("2031-03-16 CET "), "{shown}");
    shows(&shown, 9, 26);
    shows(&room.says("env -i /bin/date +%H:%M").await, 9, 26);
    shows(&room.says("perl -e '@t = localtime; printf \"%02d:%02d\", $t[2], $t[1]'").await, 9, 26);
    shows(&room.says("printf '%(%H:%M)T'").await, 9, 26);
    shows(&room.says("touch new; ls -l --time-style=+%H:%M new | cut -d ' ' -f 6").await, 9, 26);
}

pub(crate) async fn files_show_their_age(host: &Host) {
    let room = open(host).await;
    assert_eq!(
        room.says("ls -l --time-style='+%F %H:%M' notes.txt | cut -d ' ' -f 6-").await,
        "2031-03-16 08:11 notes.txt"
    );
    assert_eq!(room.says("date -r /ops/policy.md +%F").await, "2031-03-13");
    assert_eq!(
        room.says("ledger put late x 26 && ls -l --time-style=+%F late | cut -d ' ' -f 6").await,
        "2031-03-16"
    );
    assert_eq!(room.says("find . -name late -mmin +24 -mmin -29").await, "./late");
}

pub(crate) async fn the_clock_moves_with_the_world_within_a_command(host: &Host) {
    let room = open(host).await;
    let shown = room.says("ledger wait 90; date +%H:%M").await;
    shows(&shown, 10, 56);
    shows(&room.says("date +%H:%M").await, 10, 56);
    room.says("ledger wait -90").await;
    shows(&room.says("printf '%(%H:%M)T'").await, 9, 26);
    // A tool that there is not moves nothing.
    room.run("ledger wait 60; ln -s /opt/tools/ledger /tmp/other; /tmp/other x").await;
    shows(&room.says("date +%H:%M").await, 10, 26);
}

pub(crate) async fn files_keep_the_time_that_they_showed(host: &Host) {
    let room = open(host).await;
    let list = "ls -l --time-style=+%H:%M notes.txt made | cut -d ' ' -f 6-";
    let before = room.says(&format!("touch -d '2 hours ago' made; {list}")).await;
    let after = room.says(&format!("ledger wait 300; {list}")).await;
    assert_eq!(before, after);
    shows(&room.says("touch new; date -r new +%H:%M").await, 14, 26);
}

pub(crate) async fn the_clock_moves_by_weeks(host: &Host) {
    let room = open(host).await;
    assert_eq!(
        room.says("ledger wait 40320; date +%F; date -r notes.txt +%F").await,
        "2031-04-13\n2031-03-16"
    );
}
