//! Commands: what they print, how they end, what they know and what they leave.

use unbent_core::{Deed, Done};

use super::room::{Ended, Host, open};

pub(crate) async fn outputs_are_kept_apart_and_the_exit_code_is_told(host: &Host) {
    let room = open(host).await;
    let ended = room.run("echo out; echo err >&2; exit 3").await;
    let expected = Ended {
        code: Some(3),
        cwd: "/home/ana/desk".to_owned(),
        stdout: "out\n".to_owned(),
        stderr: "err\n".to_owned(),
    };
    assert_eq!(ended, expected);
    assert_eq!(room.run("true").await.code, Some(0));
    assert_eq!(room.run("nosuchprogram").await.code, Some(127));
    assert_eq!(room.run("nosuchprogram").await.stderr, "bash: line 1: nosuchprogram: command not found\n");
    assert_ne!(room.run("if").await.code, Some(0));
}

pub(crate) async fn a_signal_is_told_as_128_and_its_number(host: &Host) {
    let room = open(host).await;
    for (signal, code) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
        assert_eq!(room.run(&format!("kill -{signal} $$")).await.code, Some(code), "{signal}");
        assert_eq!(room.run(&format!("exec sh -c 'kill -{signal} $$'")).await.code, Some(code), "{signal}");
    }
}

pub(crate) async fn a_command_begins_where_it_shall(host: &Host) {
    let room = open(host).await;
    for (cwd, place) in [
        (None, "/home/ana/desk"),
        (Some("/ops"), "/ops"),
        (Some(".."), "/home/ana"),
        (Some("/ops/../srv/data/"), "/srv/data"),
    ] {
        let ended = room.run_in(cwd, "pwd", 60).await;
        assert_eq!((ended.stdout.trim_end(), ended.cwd.as_str()), (place, place));
    }
    for (cwd, why) in [("/nowhere", "No such file or directory"), ("/ops/policy.md", "Not a directory")] {
        let deed = Deed::Exec { command: "pwd".into(), cwd: Some(cwd.to_owned()), timeout_s: 9 };
        assert_eq!(room.try_do(deed).await.unwrap(), Done::Refused { why: why.to_owned() });
    }
    assert_eq!(room.says("pwd").await, "/home/ana/desk");
}

pub(crate) async fn a_command_ends_when_its_time_is_up(host: &Host) {
    let room = open(host).await;
    let command = "trap '' TERM INT HUP; echo begun; (setsid sleep 1000 &) ; sleep 1000";
    let ended = room.run_in(None, command, 1).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (None, "begun\n"));
    assert_eq!(room.says("pgrep -c sleep || true").await, "0");
}

pub(crate) async fn nothing_but_files_outlives_a_command(host: &Host) {
    let room = open(host).await;
    room.run(
        "cd /; X=1; export Y=2; umask 077; shopt -s extglob; f() { :; }; echo kept > /tmp/kept; ulimit -n 10",
    )
    .await;
    let left =
        "pwd; echo \"$X-$Y-$OLDPWD\"; umask; shopt -q extglob; echo $?; type -t f; ulimit -n; cat /tmp/kept";
    assert_eq!(room.says(left).await, "/home/ana/desk\n--\n0022\n1\n1024\nkept");
}

pub(crate) async fn a_command_reads_nothing(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.says("cat; read x; echo $?; readlink /proc/self/fd/0").await, "1\n/dev/null");
    // Nothing is open but input and outputs; the fourth is that of the listing.
    assert_eq!(room.says("ls /proc/self/fd").await, "0\n1\n2\n3");
}

pub(crate) async fn commands_are_taken_as_they_are(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.says(r#"  printf '%s|' "a\tb" 'é "q"' $'x\ny' \\"#).await, "a\\tb|é \"q\"|x\ny|\\|");
    assert_eq!(room.says("cat <<'END'\n  two\nlines\nEND\n").await, "  two\nlines");
    for n in [4_000, 5_000, 100_000] {
        let long = format!("cat <<'END' | wc -c\n{}\nEND", "y".repeat(n));
        assert_eq!(room.says(&long).await, (n + 1).to_string());
    }
    let deed = |command: String| Deed::Exec { command, cwd: None, timeout_s: 9 };
    for command in ["echo a\0b".to_owned(), format!(": {}", "y".repeat(200_000))] {
        let done = room.try_do(deed(command)).await.unwrap();
        assert!(matches!(done, Done::Refused { .. }), "{done:?}");
    }
    assert_eq!(room.says("").await, "");
    assert_eq!(room.says("# nothing").await, "");
}

pub(crate) async fn what_a_shell_knows_of_itself_is_that_of_a_fresh_one(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.says("echo \"$0 $# $SECONDS $SHLVL $- $PPID\"").await, "bash 0 0 1 hBc 1");
    assert_eq!(room.says("trap; jobs; alias; set -o | grep -c pipefail.*off").await, "1");
}

pub(crate) async fn long_outputs_lose_their_middle_and_say_how_much(host: &Host) {
    let room = open(host).await;
    let ended = room.run("seq 1 2000000; seq 1 2000000 >&2; exit 4").await;
    assert_eq!(ended.code, Some(4));
    for output in [ended.stdout, ended.stderr] {
        assert!(output.starts_with("1\n2\n3\n") && output.ends_with("1999999\n2000000\n"), "{output}");
        let missing = output.split_once("[… ").unwrap().1.split_once(" bytes cut …]\n").unwrap().0;
        let all: usize = (1..=2_000_000).map(|n: u32| n.to_string().len() + 1).sum();
        assert_eq!(missing.parse::<usize>().unwrap() + (16 << 10), all);
        assert!(output.len() < (16 << 10) + 100, "{}", output.len());
    }
    let exactly = room.run("head -c 16384 /dev/zero | tr '\\0' x").await;
    assert_eq!(exactly.stdout, "x".repeat(16_384));
}

pub(crate) async fn a_folder_that_was_removed_can_be_made_again(host: &Host) {
    let room = open(host).await;
    room.says("rm -r /home/ana/desk").await;
    assert_eq!(room.says("pwd").await, "/");
    room.says("mkdir /home/ana/desk").await;
    assert_eq!(room.says("touch new; pwd; ls /home/ana/desk").await, "/home/ana/desk\nnew");
    room.says("cd /; rm -r /home/ana/desk; mkdir /home/ana/desk; touch /home/ana/desk/again").await;
    assert_eq!(room.says("ls").await, "again");
}

pub(crate) async fn a_command_that_kills_everybody_harms_the_next_one_not(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.run("kill -9 -1; kill -9 1; kill -9 $$").await.code, Some(137));
    assert_eq!(room.says("echo alive").await, "alive");
    assert_eq!(room.says("ledger count").await, "1");
}
