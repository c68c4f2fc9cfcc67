//! Processes: which end with their command and which last.

use serde_json::json;

use super::room::{Host, Room, open, open_with};

/// Whatever runs, with the listing, its shell and the shell from which that one came.
async fn running(room: &Room) -> String {
    room.says("ps -e -o comm= > /tmp/running; sort /tmp/running | tr '\\n' ' '").await
}

pub(crate) async fn what_a_command_leaves_is_killed(host: &Host) {
    let room = open(host).await;
    let leave = "sleep 1001 & disown; setsid sleep 1002 & nohup sleep 1003 >/dev/null 2>&1 & (sleep 1004 & ) ; \
                 perl -e 'use POSIX; fork && exit; setsid; fork && exit; $SIG{TERM} = $SIG{HUP} = q(IGNORE); sleep 1005' ; \
                 bash -c 'while :; do sleep 0.01; done' & echo left";
    let ended = room.run(leave).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "left\n"));
    assert_eq!(running(&room).await, "bash bash ps svc ");
    // Nobody is left to be waited for either.
    assert_eq!(room.says("ps -e -o stat= | grep -c Z || true").await, "0");
}

pub(crate) async fn programs_that_last_outlive_commands_with_their_children(host: &Host) {
    let ticking = "bash -c 'while :; do sleep 0.02; echo x >> /tmp/ticks; done'";
    let room = open_with(host, json!({ "daemons": ["exec sleep 5000", ticking] })).await;
    assert_eq!(room.says("ps -o args= -p $(cat /var/run/d0.pid)").await, "sleep 5000");
    for _ in 0..3 {
        // It goes on ticking: the file grows while this command waits for it.
        let ticks = "cat /tmp/ticks 2>/dev/null | wc -l";
        room.says(&format!("n=$({ticks}); until [ $({ticks}) -gt $n ]; do :; done")).await;
    }
    assert_eq!(room.picture().await["daemons"], json!({ "d0": true, "d1": true }));
    assert_eq!(room.says("kill -0 $(cat /var/run/d0.pid) $(cat /var/run/d1.pid) && echo both").await, "both");
}

pub(crate) async fn a_program_that_was_killed_is_told(host: &Host) {
    let room = open_with(host, json!({ "daemons": ["sleep 5000", "sleep 5001", "exit 3"] })).await;
    room.says("while kill -0 $(cat /var/run/d2.pid) 2>/dev/null; do :; done; kill -9 $(cat /var/run/d0.pid)")
        .await;
    assert_eq!(room.picture().await["daemons"], json!({ "d0": false, "d1": true, "d2": false }));
    room.says("ledger count").await;
    assert_eq!(room.picture().await["daemons"], json!({ "d0": false, "d1": true, "d2": false }));
}

pub(crate) async fn a_program_that_multiplies_ends_with_its_command(host: &Host) {
    let room = open_with(host, json!({ "daemons": ["exec sleep 5000"] })).await;
    let ended = room.run_in(None, "f() { f & f & }; while :; do f 2>/dev/null; done", 1).await;
    assert_eq!(ended.code, None);
    assert_eq!(room.says("echo calm").await, "calm");
    assert_eq!(running(&room).await, "bash bash ps sleep svc ");
    assert_eq!(room.picture().await["daemons"], json!({ "d0": true }));
}
