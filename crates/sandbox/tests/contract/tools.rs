//! Tools, the port and pictures: what goes between the inside and the world.

use serde_json::json;
use unbent_core::FaultKind;

use super::room::{Host, open, open_with};
use super::world::PORT;

pub(crate) async fn a_tool_prints_and_ends_as_the_world_says(host: &Host) {
    let room = open(host).await;
    let ended = room.run("/opt/tools/ledger say a 'b c' \"\" é").await;
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (Some(0), "ledger a|b c||é\n", "4 words\n")
    );
    assert_eq!(room.run("clerk say").await.stdout, "clerk \n");
    assert_eq!(room.run("ledger code 7").await.code, Some(7));
    assert_eq!(room.run("ledger").await.stderr, "usage: ledger COMMAND\n");
    assert_eq!(room.run("env -i /opt/tools/ledger code 9 < /dev/zero").await.code, Some(9));
}

pub(crate) async fn a_tool_knows_where_it_was_called(host: &Host) {
    let room = open(host).await;
    assert_eq!(room.says("ledger where; cd /srv/data; ledger where").await, "/home/ana/desk\n/srv/data");
    // From a folder that is gone.
    assert_eq!(room.says("mkdir gone; cd gone; rmdir ../gone; ledger where").await, "/");
}

pub(crate) async fn a_world_sees_the_files_that_it_wants_to_see(host: &Host) {
    let room = open(host).await;
    let peeked =
        room.says("ln -s notes.txt link; ledger peek link none /ops /home/ana/desk/notes.txt/x").await;
    let expected = "/home/ana/desk/link: file 11 644 first line\n\n/home/ana/desk/none: absent\n\
                    /home/ana/desk/notes.txt/x: absent\n/ops: folder policy.md";
    assert_eq!(peeked, expected);
    room.says("chmod 0 notes.txt").await;
    assert_eq!(
        room.says("ledger peek notes.txt").await,
        "/home/ana/desk/notes.txt: unreadable Permission denied"
    );
    // More than a world is shown of one file.
    room.says("head -c 3000000 /dev/zero > big").await;
    assert!(room.says("ledger peek big").await.starts_with("/home/ana/desk/big: file 3000000 644 "));
}

pub(crate) async fn a_world_changes_files_whatever_stands_there(host: &Host) {
    let room = open(host).await;
    let put = "ledger put a/b.txt hello 90 && stat -c %a a/b.txt && cat a/b.txt";
    assert_eq!(room.says(put).await, "640\nhello");
    room.says("touch shut; chmod 0 shut; ln -s /ops/policy.md link; mkfifo pipe; mkdir -p full/of; ln notes.txt twin").await;
    for path in ["shut", "link", "pipe", "full", "twin"] {
        let said = room.says(&format!("ledger put {path} new 0; stat -c '%F %s' {path}")).await;
        assert_eq!(said, "regular file 3", "{path}");
    }
    assert_eq!(room.says("cat /ops/policy.md notes.txt").await, "be kind\nfirst line");
    assert_eq!(room.says("ledger drop a/b.txt; ledger drop none; ls a").await, "");
    // What cannot be done is said, and the world goes on.
    let ended = room.run("ledger put /usr/x new 0").await;
    assert!(ended.stderr.starts_with("cannot write /usr/x: "), "{}", ended.stderr);
}

pub(crate) async fn many_tools_run_at_once_and_the_world_counts_every_one(host: &Host) {
    let room = open(host).await;
    let command = "for n in $(seq 40); do ledger count > c$n & done; wait; cat c* | sort -n | tr '\\n' ' '";
    let expected: Vec<String> = (1..=40).map(|n| n.to_string()).collect();
    assert_eq!(room.says(command).await.trim(), expected.join(" "));
}

pub(crate) async fn a_tool_that_prints_much_prints_all(host: &Host) {
    let room = open(host).await;
    assert_eq!(
        room.says("ledger flood 5000000 | wc -c; ledger flood 5000000 | head -c 3").await,
        "5000000\nxxx"
    );
}

pub(crate) async fn rubbish_at_the_socket_does_no_harm(host: &Host) {
    let room = open(host).await;
    let rubbish = r#"
        use Socket; sub c { socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un("/run/ops/ops.sock")) or die; $s }
        for my $bytes ("", "\xff" x 100, "\x04\0\0\0abcd", "\x08\0\0\0\xff\xff\xff\x7f\0\0\0\0", "GET / HTTP/1.1\r\n\r\n") {
            my $s = c(); syswrite($s, $bytes); shutdown($s, 1); sysread($s, my $b, 100); }
        my @open = map { c() } 1..50;
        print "done";
    "#;
    assert_eq!(room.says(&format!("perl -e '{rubbish}'")).await, "done");
    assert_eq!(room.says("ledger count").await, "1");
}

pub(crate) async fn a_world_that_fails_is_a_fault(host: &Host) {
    let room = open(host).await;
    let fault = room.try_run("ledger fail", 60).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Sandbox);
    assert!(fault.message.contains("the world failed"), "{fault}");
    assert!(room.try_run("true", 60).await.is_err(), "it stays broken");
}

pub(crate) async fn an_unknown_tool_is_told_so(host: &Host) {
    let room = open(host).await;
    let ended = room.run("ln -s /opt/tools/ledger /tmp/other; /tmp/other say").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(127), "other: no such service\n"));
}

pub(crate) async fn a_picture_shows_what_the_world_watches(host: &Host) {
    let room = open_with(host, json!({ "watches": ["/home/ana/new"], "daemons": ["sleep 1000"] })).await;
    room.says("ledger count; ledger wait 5; echo x > ../new; rm notes.txt").await;
    let expected = json!({
        "calls": 2,
        "minutes": 5,
        "paths": {
            "/home/ana/new": "file 2 644 x\n",
            "/home/ana/desk": "folder ",
            "/home/ana/desk/notes.txt": "absent",
            "/ops/policy.md": "file 8 444 be kind\n",
            "/srv/none": "absent",
        },
        "daemons": { "d0": true },
    });
    assert_eq!(room.picture().await, expected);
}

/// Posts a body of `n` bytes and prints the answer, by bash alone.
fn post(n: usize, extra: &str) -> String {
    format!(
        "exec 3<>/dev/tcp/127.0.0.1/{PORT}; printf 'POST / HTTP/1.1\\r\\nHost: x\\r\\ncontent-length: {n}\\r\\n{extra}\\r\\n' >&3; \
         printf 'b%.0s' {{1..{n}}} >&3; "
    )
}

pub(crate) async fn the_port_is_served(host: &Host) {
    let room = open_with(host, json!({ "port": true })).await;
    let answer = room.says(&format!("{}cat <&3", post(5, "Connection: close\\r\\n"))).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"calls":1,"length":5,"body":"bbbbb"}"#), "{answer}");
    // Two requests on one connection, and a long one.
    let twice = "req='POST /x HTTP/1.1\\r\\nContent-Length: 1\\r\\n\\r\\na'; exec 3<>/dev/tcp/127.0.0.1/8377; printf \"$req$req\" >&3; \
                 printf 'POST / HTTP/1.0\\r\\nContent-Length: 1\\r\\n\\r\\nz' >&3; cat <&3 | grep -o '\"calls\":[0-9]*' | tr '\\n' ' '";
    assert_eq!(room.says(twice).await, "\"calls\":2 \"calls\":3 \"calls\":4 ");
    let long = room
        .says(&format!("{}cat <&3 | grep -o '\"length\":[0-9]*'", post(300_000, "Connection: close\\r\\n")))
        .await;
    assert_eq!(long, "\"length\":300000");
    assert_eq!(room.says("ledger count").await, "6");
}

pub(crate) async fn what_is_no_request_does_no_harm_to_the_port(host: &Host) {
    let room = open_with(host, json!({ "port": true })).await;
    for (request, answer) in [
        ("GET / HTTP/1.1\\r\\n\\r\\n", "HTTP/1.1 405 Method Not Allowed"),
        ("POST / HTTP/1.1\\r\\nContent-Length: 9999999999\\r\\n\\r\\n", "HTTP/1.1 413 Content Too Large"),
        ("POST / HTTP/1.1\\r\\nContent-Length: x\\r\\n\\r\\n", "HTTP/1.1 413 Content Too Large"),
    ] {
        let command =
            format!("exec 3<>/dev/tcp/127.0.0.1/{PORT}; printf '{request}' >&3; head -n 1 <&3 | tr -d '\\r'");
        assert_eq!(room.says(&command).await, answer);
    }
    let flood =
        format!("exec 3<>/dev/tcp/127.0.0.1/{PORT}; trap '' PIPE; head -c 10000000 /dev/zero >&3; true");
    assert_eq!(room.run(&flood).await.code, Some(0));
    assert!(
        room.says(&format!("{}cat <&3", post(1, "Connection: close\\r\\n"))).await.contains("\"length\":1")
    );
}
