//! Ways out of a sandbox, each of which must fail, and fail as it should.

use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::json;
use unbent_core::Done;

use super::room::{Host, Room, open, open_with};
use super::world::INTRUDER;

const EPERM: i32 = 1;
const ENOSYS: i32 = 38;

async fn with_intruder(host: &Host) -> Room {
    open_with(host, json!({ "intruder": true })).await
}

/// What a system call returns, with the error.
async fn calls(room: &Room, number: i64, arguments: &str) -> (i64, i32) {
    let said = room.says(&format!("{INTRUDER} {number} {arguments}")).await;
    let (result, error) = said.split_once(' ').unwrap();
    (result.parse().unwrap(), error.parse().unwrap())
}

async fn is_refused(room: &Room, name: &str, number: i64, arguments: &str) {
    assert_eq!(calls(room, number, arguments).await, (-1, EPERM), "{name}");
}

pub(crate) async fn the_hosts_files_are_not_there(host: &Host) {
    let canary = tempfile::tempdir().unwrap();
    let at = canary.path().join("canary");
    std::fs::write(&at, "a word of the host").unwrap();
    let room = open(host).await;
    assert_eq!(
        room.read(at.to_str().unwrap()).await,
        Done::NotFound { path: at.to_str().unwrap().to_owned() }
    );
    assert_eq!(room.run(&format!("cat {}", at.display())).await.code, Some(1));
    for path in [
        "/etc/shadow",
        "/etc/ssh",
        "/var/lib/dpkg",
        "/sys/*",
        "/boot",
        "/root/.ssh",
        "/run/systemd",
        "/var/run/docker.sock",
    ] {
        assert_eq!(room.says(&format!("ls -d {path} 2>/dev/null || echo none")).await, "none", "{path}");
    }
    let by_processes = format!(
        "cat /proc/[0-9]*/root{0} /proc/[0-9]*/cwd/../../../..{0} 2>&1 | grep -c 'of the host'",
        at.display()
    );
    assert_eq!(room.run(&by_processes).await.stdout, "0\n");
}

pub(crate) async fn the_first_process_shows_nothing(host: &Host) {
    let room = open(host).await;
    for look in [
        "cat /proc/1/environ",
        "cat /proc/1/fd/0",
        "ls /proc/1/root/",
        "ls /proc/1/cwd/",
        "cat /proc/1/maps",
        "cat /proc/1/mem",
        "readlink /proc/1/exe",
    ] {
        let ended = room.run(look).await;
        assert!(ended.code != Some(0) || ended.stdout.is_empty(), "{look}: {}", ended.stdout);
    }
    for fd in 0..6 {
        let ended = room.run(&format!("echo x > /proc/1/fd/{fd}")).await;
        assert_ne!(ended.code, Some(0));
        assert!(ended.stderr.contains("denied") || ended.stderr.contains("No such"), "{}", ended.stderr);
    }
    assert_eq!(room.says("echo on").await, "on");
}

pub(crate) async fn no_descriptor_of_ours_is_open_inside(host: &Host) {
    // Duplicates are inherited by whatever is started, unless somebody closes them.
    let file = tempfile::tempfile().unwrap();
    let _open = [nix::unistd::dup(&file).unwrap(), nix::unistd::dup(&file).unwrap()];
    let room = open_with(host, json!({ "daemons": ["exec sleep 5000"] })).await;
    assert_eq!(room.says("ls /proc/self/fd").await, "0\n1\n2\n3");
    assert_eq!(room.says("ls /proc/$(cat /var/run/d0.pid)/fd").await, "0\n1\n2");
    let links = room.says("for fd in 0 1 2; do readlink /proc/self/fd/$fd; done").await;
    assert!(links.starts_with("/dev/null\npipe:[") && !links.contains("socket"), "{links}");
}

pub(crate) async fn the_kernels_settings_cannot_be_written(host: &Host) {
    let settings = [
        "kernel/core_pattern",
        "kernel/hostname",
        "vm/drop_caches",
        "kernel/modprobe",
        "net/ipv4/ip_forward",
        "user/max_user_namespaces",
    ];
    let read = |name: &str| std::fs::read_to_string(format!("/proc/sys/{name}")).ok();
    let before: Vec<_> = settings.iter().map(|name| read(name)).collect();
    let room = open(host).await;
    for name in settings {
        let ended = room.run(&format!("echo 0 > /proc/sys/{name}")).await;
        let refused =
            ["Permission denied", "Read-only", "No such file"].iter().any(|why| ended.stderr.contains(why));
        assert!(ended.code != Some(0) && refused, "{name}: {}", ended.stderr);
        assert!(matches!(room.write(&format!("/proc/sys/{name}"), "0").await, Done::Refused { .. }));
    }
    for path in ["/proc/sysrq-trigger", "/proc/1/oom_score_adj", "/proc/1/uid_map"] {
        let ended = room.run(&format!("echo b > {path}")).await;
        assert_ne!(ended.code, Some(0), "{path}");
    }
    assert_eq!(before, settings.iter().map(|name| read(name)).collect::<Vec<_>>());
}

pub(crate) async fn nothing_can_be_mounted(host: &Host) {
    let room = with_intruder(host).await;
    for (name, number, arguments) in [
        ("mount", libc::SYS_mount, "text:none text:/tmp text:tmpfs 0 0"),
        ("remount", libc::SYS_mount, "text:none text:/usr/local text:none 32 0"),
        ("umount2", libc::SYS_umount2, "text:/tmp 0"),
        ("pivot_root", libc::SYS_pivot_root, "text:/tmp text:/tmp"),
        ("chroot", libc::SYS_chroot, "text:/tmp"),
        ("fsopen", libc::SYS_fsopen, "text:tmpfs 0"),
        ("open_tree", libc::SYS_open_tree, "-100 text:/ 1"),
        ("move_mount", libc::SYS_move_mount, "-100 text:/tmp -100 text:/srv 0"),
        ("mount_setattr", libc::SYS_mount_setattr, "-100 text:/ 0 zeros 32"),
        ("mknodat", libc::SYS_mknodat, "-100 text:/tmp/disk 24960 2049"),
    ] {
        is_refused(&room, name, number, arguments).await;
    }
    assert_ne!(room.run("mount -t tmpfs none /tmp").await.code, Some(0));
}

pub(crate) async fn no_namespace_can_be_made(host: &Host) {
    let room = with_intruder(host).await;
    for flag in [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000] {
        is_refused(&room, "unshare", libc::SYS_unshare, &flag.to_string()).await;
        is_refused(&room, "clone", libc::SYS_clone, &format!("{} 0 0 0 0", flag | libc::SIGCHLD)).await;
    }
    is_refused(&room, "setns", libc::SYS_setns, "0 0").await;
    assert_eq!(calls(&room, libc::SYS_clone3, "zeros 64").await, (-1, ENOSYS));
    assert_ne!(room.run("unshare -U true").await.code, Some(0));
    assert_ne!(room.run("unshare -Ur mount -t tmpfs none /tmp").await.code, Some(0));
}

pub(crate) async fn no_socket_reaches_past_the_inside(host: &Host) {
    let room = with_intruder(host).await;
    for (name, family) in [
        ("vsock", libc::AF_VSOCK),
        ("packet", libc::AF_PACKET),
        ("netlink", libc::AF_NETLINK),
        ("alg", libc::AF_ALG),
        ("key", libc::AF_KEY),
        ("xdp", libc::AF_XDP),
        ("bluetooth", libc::AF_BLUETOOTH),
        ("can", libc::AF_CAN),
        ("tipc", libc::AF_TIPC),
    ] {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW] {
            is_refused(&room, name, libc::SYS_socket, &format!("{family} {kind} 0")).await;
        }
    }
    is_refused(&room, "raw", libc::SYS_socket, &format!("{} {} 1", libc::AF_INET, libc::SOCK_RAW)).await;
    assert!(calls(&room, libc::SYS_socket, &format!("{} 1 0", libc::AF_UNIX)).await.0 >= 0);
}

pub(crate) async fn nothing_can_be_reached_by_tcp_or_udp(host: &Host) {
    // The address that this machine would send from, if it has one.
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = probe
        .connect("192.0.2.1:9")
        .and_then(|()| probe.local_addr())
        .map(|address| address.ip().to_string());
    let addresses = ["127.0.0.1".to_owned()].into_iter().chain(own);
    let tcp = TcpListener::bind("0.0.0.0:0").unwrap();
    let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    udp.set_nonblocking(true).unwrap();
    let room = open(host).await;
    for address in addresses {
        let command = format!("exec 3<>/dev/tcp/{address}/{}", tcp.local_addr().unwrap().port());
        let ended = room.run(&command).await;
        let refused = ended.stderr.contains("refused") || ended.stderr.contains("unreachable");
        assert!(ended.code != Some(0) && refused, "{address}: {}", ended.stderr);
        room.run(&format!("echo x > /dev/udp/{address}/{}", udp.local_addr().unwrap().port())).await;
    }
    let ended = room.run("exec 3<>/dev/tcp/192.0.2.1/80").await;
    assert!(ended.stderr.contains("unreachable"), "{}", ended.stderr);
    assert_ne!(room.run("getent hosts example.com").await.code, Some(0));
    assert_eq!(tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(udp.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

pub(crate) async fn no_process_of_the_host_can_be_signalled(host: &Host) {
    let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let room = open(host).await;
    let ended = room.run(&format!("kill -9 {0}; ls /proc/{0}", child.id())).await;
    assert!(ended.stderr.contains("No such"), "{}", ended.stderr);
    room.run("kill -9 -1; kill -9 $(seq 2 5000)").await;
    assert!(child.try_wait().unwrap().is_none(), "it lives");
    assert_eq!(room.says("echo on").await, "on");
    child.kill().unwrap();
    child.wait().unwrap();
}

pub(crate) async fn what_namespaces_do_not_cover_is_refused(host: &Host) {
    let room = with_intruder(host).await;
    for (name, number, arguments) in [
        ("add_key", libc::SYS_add_key, "text:user text:name text:secret 6 -3"),
        ("request_key", libc::SYS_request_key, "text:user text:name 0 -3"),
        ("keyctl", libc::SYS_keyctl, "0 -3 0"),
        ("bpf", libc::SYS_bpf, "0 zeros 64"),
        ("io_uring_setup", libc::SYS_io_uring_setup, "8 zeros"),
        ("perf_event_open", libc::SYS_perf_event_open, "zeros 0 -1 -1 0"),
        ("userfaultfd", libc::SYS_userfaultfd, "1"),
        ("ptrace", libc::SYS_ptrace, "16 1 0 0"),
        ("ptrace of itself", libc::SYS_ptrace, "0 0 0 0"),
        ("process_vm_readv", libc::SYS_process_vm_readv, "1 zeros 1 zeros 1 0"),
        ("process_vm_writev", libc::SYS_process_vm_writev, "1 zeros 1 zeros 1 0"),
        ("pidfd_getfd", libc::SYS_pidfd_getfd, "0 0 0"),
        ("kcmp", libc::SYS_kcmp, "1 1 0 0 0"),
        ("init_module", libc::SYS_init_module, "zeros 16 text:"),
        ("kexec_load", libc::SYS_kexec_load, "0 0 0 0"),
        ("open_by_handle_at", libc::SYS_open_by_handle_at, "-100 zeros 0"),
        ("name_to_handle_at", libc::SYS_name_to_handle_at, "-100 text:/ zeros zeros 0"),
        ("syslog", libc::SYS_syslog, "3 zeros 100"),
        ("reboot", libc::SYS_reboot, "0 0 0 0"),
        ("swapon", libc::SYS_swapon, "text:/tmp/x 0"),
        ("acct", libc::SYS_acct, "text:/tmp/x"),
        ("clock_settime", libc::SYS_clock_settime, "0 zeros"),
        ("sethostname", libc::SYS_sethostname, "text:other 5"),
        ("fanotify_init", libc::SYS_fanotify_init, "0 0"),
        ("quotactl", libc::SYS_quotactl, "0 text:/ 0 zeros"),
        ("personality", libc::SYS_personality, "262144"),
        ("a terminal's input", libc::SYS_ioctl, "0 21522 text:x"),
    ] {
        is_refused(&room, name, number, arguments).await;
    }
}

pub(crate) async fn calls_by_other_doors_are_refused(host: &Host) {
    let room = with_intruder(host).await;
    let newest = libc::SYS_mseal + 1;
    for number in [newest, newest + 100, 0x4000_0000, 0x4000_0000 + libc::SYS_mount] {
        assert_eq!(calls(&room, number, "0 0 0").await, (-1, ENOSYS), "{number}");
    }
    // 20 is the old number of getpid: it would do no harm, but the door is shut.
    let ended = room.run(&format!("{INTRUDER} 20 old-door")).await;
    assert!(ended.stdout.is_empty() && ended.code.is_some_and(|code| code > 128), "{ended:?}");
}

pub(crate) async fn links_lead_nowhere_outside(host: &Host) {
    let canary = tempfile::tempdir().unwrap();
    let at = canary.path().join("canary");
    std::fs::write(&at, "a word of the host").unwrap();
    let room = open(host).await;
    room.says(&format!(
        "ln -s {} link; ln -s /proc/1/root{} first; ln -s /proc/self/root up",
        at.display(),
        at.display()
    ))
    .await;
    let up = "../".repeat(40);
    for path in [
        "link".to_owned(),
        "first".to_owned(),
        format!("up{}", at.display()),
        format!("{up}{}", at.display()),
    ] {
        let read = room.read(&path).await;
        assert!(!matches!(read, Done::Read { .. }), "{path}: {read:?}");
    }
    // What is written stands inside, where the path leads to.
    room.write("link", "changed").await;
    room.write(&format!("{up}{}", at.display()), "changed").await;
    let peeked = room.says("ledger peek link first").await;
    assert!(!peeked.contains("a word of the host"), "{peeked}");
    room.says("ledger put link new 0; ledger drop first; ledger drop up").await;
    assert_eq!(std::fs::read_to_string(&at).unwrap(), "a word of the host");
}

pub(crate) async fn no_rights_can_be_gained(host: &Host) {
    let room = with_intruder(host).await;
    assert_eq!(room.says("grep -E '^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t' | tr '\\n' ' '").await,
        "CapPrm:0000000000000000 CapEff:0000000000000000 CapBnd:0000000000000000 CapAmb:0000000000000000 NoNewPrivs:1 Seccomp:2 ");
    // To another user of the inside, and to a program that would run as another.
    assert_eq!(calls(&room, libc::SYS_setuid, "1000").await.0, -1);
    assert_ne!(room.run("chown 1000 notes.txt").await.code, Some(0));
    assert_eq!(room.says("cp /bin/id own; chmod u+s own; ./own -u").await, "0");
    assert_eq!(room.run("echo 0 0 1 > /proc/self/uid_map").await.code, Some(1));
}

pub(crate) async fn a_fork_bomb_is_held_and_disturbs_no_other(host: &Host) {
    let (room, other) = (open(host).await, open(host).await);
    let bomb = room.run_in(None, "f() { f | f & }; f; while :; do f 2>/dev/null; done", 2);
    let look = async {
        let mut answers = 0;
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(1) {
            assert_eq!(other.says("ledger where").await, "/home/ana/desk");
            answers += 1;
        }
        answers
    };
    let (ended, answers) = tokio::join!(bomb, look);
    assert_eq!(ended.code, None);
    assert!(answers > 3, "{answers}");
    assert_eq!(room.says("ps -e -o comm= > /tmp/running; wc -l < /tmp/running").await, "4");
}

pub(crate) async fn a_memory_hog_is_killed_and_the_rest_goes_on(host: &Host) {
    let room = open_with(host, json!({ "daemons": ["exec sleep 5000"] })).await;
    let ended = room.run("perl -e '$x .= q(y) x (16 << 20) while 1'; echo after $?").await;
    assert!(ended.stdout == "after 137\n" || ended.stderr.contains("memory"), "{ended:?}");
    // Many that share what there is.
    let many = "for n in $(seq 5); do perl -e '$x .= q(y) x (16 << 20) while 1' & done; wait";
    room.run_in(None, many, 20).await;
    assert_eq!(room.says("ledger count; cat notes.txt").await, "1\nfirst line");
    assert_eq!(room.picture().await["calls"], 1);
}

pub(crate) async fn a_full_disk_is_said_to_be_full_and_the_rest_goes_on(host: &Host) {
    let room = open(host).await;
    let ended = room.run("head -c 10G /dev/zero > /tmp/fill").await;
    assert!(ended.code != Some(0), "{ended:?}");
    let fill = "for d in /tmp /home/ana /etc /var /run /srv/data /ops /opt /root /dev/shm; do cat /dev/zero > $d/fill 2>/tmp/why; done; \
                du -cm /*/fill /*/*/fill 2>/dev/null | tail -n 1 | cut -f 1";
    let filled: u64 = room.run(fill).await.stdout.trim().parse().unwrap();
    assert!(filled <= 256 + 64, "{filled} MiB");
    let full = Done::Refused { why: "No space left on device".to_owned() };
    assert_eq!(room.write("more", &"x".repeat(100_000)).await, full);
    let ended = room.run("ledger put more x 0; cat notes.txt").await;
    assert_eq!(ended.stdout, "first line\n");
    room.picture().await;
    room.run("rm -f /*/fill /*/*/fill").await;
    assert_eq!(room.write("more", &"x".repeat(100_000)).await, Done::Written);
}

pub(crate) async fn a_flood_of_output_is_thrown_away(host: &Host) {
    let room = open(host).await;
    let ended = room.run_in(None, "yes flood & yes more >&2 & sleep 1000", 1).await;
    assert_eq!(ended.code, None);
    for output in [ended.stdout, ended.stderr] {
        assert!(output.contains(" bytes cut …]\n") && output.len() < 17 << 10, "{}", output.len());
    }
}

pub(crate) async fn the_first_process_cannot_be_killed(host: &Host) {
    let room = open(host).await;
    for signal in ["KILL", "TERM", "STOP", "SEGV", "CHLD", "PIPE", "31", "34"] {
        room.run(&format!("kill -{signal} 1")).await;
        assert_eq!(room.says("ledger where").await, "/home/ana/desk", "{signal}");
    }
}

pub(crate) async fn the_tools_cannot_be_changed(host: &Host) {
    let room = open(host).await;
    for attempt in [
        "rm /opt/tools/ledger",
        "echo x > /opt/tools/ledger",
        "mv /opt/tools /opt/other",
        "ln -sf /bin/true /opt/tools/ledger",
        "chmod 777 /opt/tools && touch /opt/tools/new",
        "rm /usr/local/lib/ops/svc",
        "echo /tmp/own > /usr/local/lib/ops/svc.conf",
        "cp /bin/true /usr/local/bin/ledger",
    ] {
        assert_ne!(room.run(attempt).await.code, Some(0), "{attempt}");
    }
    let ended = room
        .run("printf 'void x(void){}' > /tmp/x; LD_PRELOAD=/tmp/x LD_LIBRARY_PATH=/tmp ledger say on")
        .await;
    assert!(ended.stdout.contains("ledger on"), "{ended:?}");
}

pub(crate) async fn everything_ends_when_the_sandbox_is_dropped(host: &Host) {
    let mark = format!("{}", 5_000_000 + std::process::id());
    let room = open_with(host, json!({ "daemons": [format!("exec sleep {mark}")] })).await;
    let running = || {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter(|entry| {
                std::fs::read(entry.path().join("cmdline"))
                    .is_ok_and(|line| line == format!("sleep\0{mark}\0").as_bytes())
            })
            .count()
    };
    // The host sees what runs inside, once it has become what it shall.
    while running() < 1 {
        tokio::task::yield_now().await;
    }
    // Even while a command runs, which nobody waits for any more.
    let command = format!("setsid sleep {mark} & sleep 1000");
    tokio::select! {
        _ = room.run_in(None, &command, 60) => panic!("it lasts longer"),
        () = async { while running() < 2 { tokio::task::yield_now().await } } => {}
    }
    drop(room);
    let began = Instant::now();
    while running() > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "something of it lives on");
        std::thread::yield_now();
    }
}
