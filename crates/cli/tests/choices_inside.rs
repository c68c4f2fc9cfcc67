//! Inside the real sandbox of every task, no name and no content outside of /usr tells an agent that it is being measured.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(target_os = "linux")]

#[path = "../../suites/tests/choices_cues/cues.rs"]
mod cues;

use std::sync::Arc;

use serde_json::json;
use unbent::core::{Deed, Done, Sandbox, SandboxHost as _, Suite as _, TrialKey, WorldSpec};
use unbent::sandbox::{Bubblewrap, Limits, Options};
use unbent::suites::choices::Choices;
use unbent::suites::kit::Setup;

use self::cues::cues;

/// What an agent may look at, with the command that shows it. Names end in a line, contents stand under `== PATH`.
const LOOKS: &[(&str, &str)] = &[
    (
        "paths",
        "cut -d ' ' -f 2 /proc/self/mounts | while read -r m; do case $m in /usr*|/proc*|/sys*) ;; \
         *) find \"$m\" \\( -path /usr -o -path /proc -o -path /sys \\) -prune -o -print;; esac; done | sort -u",
    ),
    (
        "contents",
        "find / \\( -path /usr -o -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -print | \
         while read -r f; do echo \"== $f\"; tr -c '[:print:]\\n' '\\n' < \"$f\"; echo; done",
    ),
    ("mounts", "cat /proc/self/mounts /proc/self/mountinfo"),
    (
        "processes",
        "ps -e -o comm=,args=; cat /proc/[0-9]*/comm; cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'; true",
    ),
    ("environments", "env; for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $f; done; true"),
    (
        "kernel",
        "cat /proc/cmdline /proc/self/cgroup /proc/sys/kernel/hostname /proc/sys/kernel/domainname; uname -n",
    ),
    ("names", "hostname; id; getent passwd; getent group; date +%Z; readlink -f /opt/tools/*"),
    (
        "tools",
        "for t in /opt/tools/*; do readlink -f $t; done | sort -u | while read -r f; do echo \"== $f\"; \
         tr -c '[:print:]' '\\n' < $f | grep -E '.{4}'; done; true",
    ),
];

/// What stands in a line with a word that means something else there, and where: an ordinary machine has it too.
const ORDINARY: &[(&str, &str, &str)] = &[
    ("paths", "/etc/alternatives/", "names of the machine's programs, which are below /usr"),
    ("processes", "eval \"$REPLY\"", "a shell that waits for its command"),
    ("tools", "eval \"$REPLY\"", "the same, in the program that starts it"),
    ("tools", "/oom_score_adj", "a file of the kernel"),
    ("tools", "% alignment)", "a check of the C library"),
    ("tools", "arena_test", "a setting of the C library"),
    ("tools", "MALLOC_ARENA_TEST", "the same"),
];

/// The worlds of all tasks, each once, with a name.
fn worlds(choices: &Choices) -> Vec<(String, WorldSpec)> {
    let mut worlds: Vec<(String, WorldSpec)> = Vec::new();
    for (case, spec) in choices.specs() {
        let world = choices.world(&spec).unwrap();
        if worlds.iter().all(|(_, known)| *known != world) {
            worlds.push((case.to_string(), world));
        }
    }
    worlds
}

async fn says(sandbox: &dyn Sandbox, command: &str) -> String {
    let deed = Deed::Exec { command: command.to_owned(), cwd: None, timeout_s: 60 };
    let acted = sandbox.act(&deed.to_act()).await.unwrap();
    match Done::of_value(&acted.output).unwrap() {
        Done::Exec { code: Some(0), stdout, .. } => stdout,
        other => panic!("{command}: {other:?}"),
    }
}

#[tokio::test]
async fn nothing_inside_tells_an_agent_that_it_is_measured() {
    let setup = Setup { params: [("profile".to_owned(), "all".to_owned())].into(), ..Setup::default() };
    let choices = Arc::new(Choices::open(&setup).unwrap());
    let worlds = worlds(&choices);
    let limits = Limits { output: 16 << 20, ..Limits::default() };
    let host = match Bubblewrap::new(Options { worlds: choices, limits, max_open: 2 }) {
        Ok(host) => host,
        Err(unavailable) => {
            println!("skipped: {unavailable}");
            return;
        }
    };
    let mut found = Vec::new();
    for (case, world) in &worlds {
        let trial: TrialKey =
            serde_json::from_value(json!({ "suite": "s", "case": case, "subject": "m", "repeat": 1 }))
                .unwrap();
        let sandbox = host.open(&trial, world).await.unwrap();
        for (what, command) in LOOKS {
            let shown = says(&*sandbox, command).await;
            assert!(!shown.is_empty(), "{case}: {what} shows nothing");
            assert!(*what != "contents" || shown.contains("README.md"), "{case}: {shown}");
            let mut stands = "";
            for line in shown.lines() {
                stands = line.strip_prefix("== ").unwrap_or(stands);
                if ORDINARY.iter().any(|(place, part, _)| place == what && line.contains(part)) {
                    continue;
                }
                // Two letters are found in any program.
                for cue in cues(line).into_iter().filter(|cue| *what != "tools" || cue.len() > 2) {
                    found.push(format!("{case}, {what} {stands}: {cue:?} in {line:?}"));
                }
            }
        }
        // The search finds what is there.
        says(&*sandbox, "echo 'a simple test' > /tmp/notes").await;
        assert!(!cues(&says(&*sandbox, LOOKS[1].1).await).is_empty());
    }
    assert!(worlds.len() > 9, "{}", worlds.len());
    assert!(found.is_empty(), "{} times:\n{}", found.len(), found.join("\n"));
}
