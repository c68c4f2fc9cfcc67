//! A disk with no room left: what was recorded stays readable, and the run goes on when there is room.
//!
//! The disk is a small file system in memory. Mounting one takes a right that not every machine gives; where it does
//! not, the tests say so and end.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stdout, reason = "a test that cannot take place says so")]

mod program;

use std::fs;

use unbent::store::RunReader;

use self::program::{Ended, Place, UNBENT, answers};

/// How to get a file system of one's own: as root, or as root of a name space of one's own.
const ALONE: [&[&str]; 2] = [&["--mount"], &["--mount", "--user", "--map-root-user"]];

/// Runs a shell script in the working folder that may mount file systems which nobody else sees; none, with a word on
/// why, where that is not allowed. `$UNBENT` is the program, `$1` what it is to run.
fn script(place: &Place, text: &str, line: &str) -> Option<Ended> {
    fs::create_dir_all(place.path("disk")).unwrap();
    let run = |alone: &[&str], text: &str| {
        let mut command = place.command("unshare");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("UNBENT", UNBENT);
        command.args(alone).args(["sh", "-euc", text, "sh", line]).output()
    };
    let mut why = String::new();
    for alone in ALONE {
        match run(alone, "mount -t tmpfs -o size=64k none disk") {
            Ok(output) if output.status.success() => return Some(Ended::of(&run(alone, text).unwrap())),
            Ok(output) => why = String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => why = error.to_string(),
        }
    }
    println!("not tested: no file system can be mounted here: {why}");
    None
}

const RUN: &str = "run independence --model sim/steadfast --model sim/yielding?p=0.5 --repeats 10 --seed 7";

#[test]
fn a_run_on_a_full_disk_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let place = Place::new();
    let undisturbed = place.unbent(RUN.split(' ').chain(["--out", "undisturbed.unbent"]));
    assert_eq!(undisturbed.code, Some(0), "{}", undisturbed.stderr);
    let text = r"
        mount -t tmpfs -o size=32m none disk
        head -c 31868k /dev/zero > disk/ballast
        code=0; $UNBENT $1 --out disk/a.unbent > run.out 2> run.err || code=$?; echo $code
        ls disk > after
        code=0; $UNBENT leaderboard disk/a.unbent > leaderboard.out 2> leaderboard.err || code=$?; echo $code
        code=0; $UNBENT show disk/a.unbent 1 > show.out 2> show.err || code=$?; echo $code
        mkdir copy; cp disk/a.unbent* copy
        code=0; $UNBENT resume disk/a.unbent > again.out 2> again.err || code=$?; echo $code
        rm disk/ballast
        code=0; $UNBENT resume disk/a.unbent > resume.out 2> resume.err || code=$?; echo $code
        cp disk/a.unbent resumed.unbent
    ";
    let Some(ended) = script(&place, text, RUN) else { return };
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    let told = || {
        ["run.err", "after", "leaderboard.err", "show.err", "again.err", "resume.err"]
            .map(|name| format!("{name}: {}", read(name)))
            .join("\n")
    };
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let codes: Vec<_> = ended.stdout.split_whitespace().collect();
    assert_eq!(codes, ["7", "0", "0", "7", "0"], "{}", told());

    for name in ["run.err", "again.err"] {
        let message = read(name);
        for part in ["disk is full", "disk/a.unbent", "unbent resume disk/a.unbent"] {
            assert!(message.contains(part), "no {part:?} in {message}");
        }
    }
    assert!(read("leaderboard.out").contains("sim/steadfast"));

    let reader = RunReader::open(&place.path("copy/a.unbent")).unwrap();
    let found = reader.verify().unwrap();
    assert!(found.is_clean(), "{:?}", found.problems);
    let kept = answers(&reader);
    assert!(!kept.is_empty());
    assert!(reader.finished_count().unwrap() < reader.trial_count().unwrap());

    let all = RunReader::open(&place.path("resumed.unbent")).unwrap();
    assert!(all.verify().unwrap().is_clean());
    let all = answers(&all);
    assert!(kept.iter().all(|(need, kept)| all[need] == *kept));
    assert!(all.values().all(|answers| answers.len() == 1));
    let undisturbed = place.leaderboards("undisturbed.unbent");
    assert_eq!(place.leaderboards("resumed.unbent"), undisturbed);

    let moved = place.unbent(["resume", "copy/a.unbent"]);
    assert_eq!(moved.code, Some(0), "{}", moved.stderr);
    assert_eq!(place.leaderboards("copy/a.unbent"), undisturbed);
}

#[test]
fn a_run_file_on_a_full_disk_is_readable_or_not_there() {
    let place = Place::new();
    let text = r"
        for size in $(seq 8 8 256); do
            mount -t tmpfs -o size=${size}k none disk
            code=0; $UNBENT $1 --out disk/a.unbent > /dev/null 2> $size.err || code=$?
            read=0; test ! -e disk/a.unbent || $UNBENT leaderboard disk/a.unbent > /dev/null 2>> $size.err || read=$?
            echo $size $code $read $(ls disk)
            umount disk
        done
    ";
    let Some(ended) = script(&place, text, RUN) else { return };
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (mut without, mut with) = (0, 0);
    for line in ended.stdout.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let message = fs::read_to_string(place.path(&format!("{}.err", words[0]))).unwrap();
        let says = |part: &str| assert!(message.contains(part), "{line}: no {part:?} in {message}");
        assert_eq!(words[1..3], ["7", "0"], "{line}: {message}");
        says("the disk is full: disk/a.unbent");
        if words[3..].contains(&"a.unbent") {
            with += 1;
            says("unbent resume disk/a.unbent");
        } else {
            without += 1;
            assert_eq!(words[3..], [""; 0], "{line}: {message}");
            says("no run file was made");
            assert!(!message.contains("unbent resume"), "{message}");
        }
    }
    assert!(without > 0 && with > 0, "{}", ended.stdout);
}

#[test]
fn an_import_on_a_full_disk_leaves_nothing_behind() {
    let place = Place::new();
    let answer = r#"{"metadata": {"timestamp": "2026-01-02T03:04:05+00:00"}, "response": "No.", "gen_cost": {},
        "request_messages": []}"#;
    place.put("cache/lab--model-x@low-t0.7/run_1/resistance/strong_independence/tool_role/rs01.json", answer);
    let text = r"
        for size in 4 8 16; do
            mount -t tmpfs -o size=${size}k none disk
            code=0; $UNBENT $1 --out disk/a.unbent > /dev/null 2>> err || code=$?
            echo $code $(ls -A disk)
            umount disk
        done
    ";
    let Some(ended) = script(&place, text, "import independence-bench cache") else { return };
    assert_eq!(ended.stdout, "7\n7\n7\n", "{}", fs::read_to_string(place.path("err")).unwrap());
    let message = fs::read_to_string(place.path("err")).unwrap();
    for part in ["the disk is full: disk/a.unbent", "no run file was made"] {
        assert_eq!(message.matches(part).count(), 3, "{message}");
    }
    assert!(!message.contains("unbent resume"), "{message}");
}
