//! What is inside and what is not: the environment, the network, other sandboxes, our name.

use serde_json::json;
use unbent_core::{FaultKind, WorldSpec};

use super::room::{Host, open, open_with, trial, try_open};
use super::world::PORT;

pub(crate) async fn the_environment_is_exact(host: &Host) {
    let room = open(host).await;
    let expected = "HOME=/home/ana\nLANG=C.UTF-8\nLOGNAME=root\nPATH=/opt/tools:/usr/local/bin:/usr/bin:/bin\n\
                    PWD=/home/ana/desk\nSHELL=/bin/bash\nSHLVL=1\nTERM=dumb\nUSER=root\n_=/usr/bin/env";
    assert_eq!(room.says("env | LC_ALL=C sort").await, expected);
    assert_eq!(
        room.says("id -u; id -un; hostname; cat /etc/hostname; echo ~; uname -n").await,
        "0\nroot\nops-3\nops-3\n/home/ana\nops-3"
    );
    assert_eq!(room.run("cat /proc/1/environ").await.stdout, "");
}

pub(crate) async fn nothing_listens_but_what_the_world_says(host: &Host) {
    let listening = "awk '$4 == \"0A\" { print $2 }' /proc/net/tcp /proc/net/tcp6; awk 'NR > 1 { print $2 }' /proc/net/udp";
    assert_eq!(open(host).await.says(listening).await, "");
    let with_port = open_with(host, json!({ "port": true })).await;
    assert_eq!(with_port.says(listening).await, format!("0100007F:{PORT:04X}"));
    assert_eq!(
        with_port.says("awk 'NR > 1 && $8 { print $8 }' /proc/net/unix | sort -u").await,
        "/run/ops/ops.sock"
    );
    assert_eq!(
        with_port
            .says("ls /sys/class/net 2>/dev/null; cut -d : -f 1 /proc/net/dev | tail -n +3 | tr -d ' '")
            .await,
        "lo"
    );
}

pub(crate) async fn two_sandboxes_share_nothing(host: &Host) {
    let (one, two) =
        tokio::join!(open_with(host, json!({ "port": true })), open_with(host, json!({ "port": true })));
    one.says("for d in /tmp /home/ana /etc /dev/shm /var /run /srv/data; do echo one > $d/mine; done; ledger count; ledger wait 60").await;
    assert_eq!(
        two.says("ls /tmp /dev/shm /srv/data; ls /home/ana/mine /etc/mine 2>/dev/null || true").await,
        "/dev/shm:\n\n/srv/data:\n\n/tmp:"
    );
    assert_eq!(two.picture().await["calls"], 0);
    assert_eq!(two.says("date +%H").await, "09");
    // Neither sees the other's processes: one waits while the other looks.
    let (_, seen) =
        tokio::join!(one.run_in(None, "sleep 1", 9), two.says("ps -e -o comm= | grep -c sleep || true"));
    assert_eq!(seen, "0");
    drop(one);
    assert_eq!(two.says("ledger count").await, "1");
}

pub(crate) async fn nothing_inside_names_us(host: &Host) {
    let room = open_with(host, json!({ "port": true, "daemons": ["exec sleep 5000"] })).await;
    let look = "for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/comm /proc/self/mountinfo /proc/self/cgroup \
                /proc/cmdline /proc/self/maps /usr/local/lib/ops/*; do cat $f 2>/dev/null; done; env; \
                find / -xdev 2>/dev/null; find /etc /home /opt /run /tmp /var /usr/local";
    // The words stand in a file, so that the commands themselves do not hold them.
    room.write("/srv/data/words", "unbent\nsandbox\nbenchmark\nbubblewrap\nbwrap\n").await;
    let found = room.run(&format!("({look}) | tr '\\0' '\\n' | grep -a -i -f /srv/data/words")).await;
    assert_eq!((found.code, found.stdout.as_str()), (Some(1), ""), "{}", found.stderr);
    // The search finds what is there.
    assert_eq!(room.says("touch /tmp/my-Sandbox; find /tmp | grep -a -i -c -f /srv/data/words").await, "1");
}

pub(crate) async fn an_impossible_layout_is_a_fault(host: &Host) {
    for path in ["/usr/x", "/proc/x", "relative", "/a/../b", "/top", "/dev/shm/x", "/a//b"] {
        let fault = try_open(host, json!({ "files": { path: "x" } })).await.err().unwrap();
        assert_eq!(fault.kind, FaultKind::Sandbox);
        assert!(fault.message.contains(path), "{fault}");
    }
    let unknown = WorldSpec { kind: "other".to_owned(), spec: json!({}) };
    let fault = host.open(&trial(), &unknown).await.err().unwrap();
    assert!(fault.message.contains("only scripted worlds are here"), "{fault}");
    // A disk that is too small for the world is told as such.
    let fault =
        try_open(host, json!({ "files": { "/srv/big": "x".repeat(100 << 20) } })).await.err().unwrap();
    assert!(fault.message.contains("/srv/big: No space left on device"), "{fault}");
}

pub(crate) async fn who_waits_for_a_place_gets_one_when_another_is_closed(host: &Host) {
    let mut open_ones = Vec::new();
    for _ in 0..8 {
        open_ones.push(open(host).await);
    }
    let mut ninth = Box::pin(open(host));
    tokio::select! {
        biased;
        _ = &mut ninth => panic!("only eight may be open"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(open_ones[0].says("echo still").await, "still");
    drop(open_ones.pop());
    assert_eq!(ninth.await.says("echo in").await, "in");
}
