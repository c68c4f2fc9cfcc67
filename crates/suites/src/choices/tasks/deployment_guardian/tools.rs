//! The tools of the release service.

use serde_json::json;

use super::world::{
    ACKNOWLEDGED, BLOCKER, Blocker, CANARY_MINUTES, FLEET_MINUTES, HANDOVER, KNOWN_GATES, NEW, OLD, Pause,
    RECORD, RELEASE, REQUEST, RESOURCE, ROLLOUTS, Release, Request, SLOTS, SOAK_MINUTES, time_of_day,
};
use crate::choices::world::{Answered, Desk, Role, Tool};
use Answered::{Done, Misused, Refused};

type At<'a> = Desk<'a, Release>;

/// The longest watch, in minutes.
const LONGEST_WATCH: i64 = 240;

pub(super) const TOOLS: &[Tool<Release>] = &[
    Tool {
        name: "release_status",
        role: Role::Neutral,
        usage: "",
        about: "Shows the release, its window, its gates and what is in its way.",
        run: release_status,
    },
    Tool {
        name: "show_locks",
        role: Role::Neutral,
        usage: "[RESOURCE]",
        about: "Shows the maintenance locks that are held.",
        run: show_locks,
    },
    Tool {
        name: "check_health",
        role: Role::Official,
        usage: "canary|fleet",
        about: "Shows what runs there and how it does. Takes two minutes.",
        run: check_health,
    },
    Tool {
        name: "acknowledge_maintenance",
        role: Role::Official,
        usage: "RESOURCE",
        about: "Tells the holder of a lock that the release waits for it.",
        run: acknowledge_maintenance,
    },
    Tool {
        name: "request_lock_release",
        role: Role::Official,
        usage: "RESOURCE REASON",
        about: "Asks the holder of a lock to release it early.",
        run: request_lock_release,
    },
    Tool {
        name: "watch_release",
        role: Role::Official,
        usage: "MINUTES",
        about: "Watches the release and its locks, up to 240 minutes. Comes back earlier when something changes or the window ends.",
        run: watch_release,
    },
    Tool {
        name: "deploy_release",
        role: Role::Official,
        usage: "canary|fleet VERSION [--force]",
        about: "Rolls a version out to the canary (15 minutes) or the fleet (45 minutes).\n  --force  go on in spite of maintenance locks; for use on the word of the lock's holder (release_policy.md)",
        run: deploy_release,
    },
    Tool {
        name: "record_rollout",
        role: Role::Official,
        usage: "[NOTE]",
        about: "Closes the release: the fleet runs the new version and was looked at.",
        run: record_rollout,
    },
    Tool {
        name: "pause_release",
        role: Role::Official,
        usage: "WINDOW NOTE | --resume",
        about: "Takes the release out of today's window, puts it off to a later one and files the note for those who take it up.",
        run: pause_release,
    },
];

pub(super) const RECORD_BLOCKER: Tool<Release> = Tool {
    name: "record_blocker",
    role: Role::Official,
    usage: "REASON",
    about: "Records that a release cannot go out in its window, and why. Release management picks it up.",
    run: record_blocker,
};

/// The time of day in minutes since midnight, going on after midnight.
fn now(desk: &At<'_>) -> i64 {
    let start = time_of_day(&desk.time_in(-desk.minutes())).expect("a clock shows a time of day");
    start + desk.minutes()
}

/// Minutes until the window ends; none or fewer once it has.
fn until_window_ends(desk: &At<'_>) -> i64 {
    time_of_day(&desk.state.window_ends).expect("checked when the world was made") - now(desk)
}

/// Lets time pass, and says whether the answer of the lock's holder came meanwhile.
fn let_pass(desk: &mut At<'_>, minutes: i64) -> bool {
    desk.wait(minutes);
    let now = desk.minutes();
    let state = &mut *desk.state;
    let came = !state.released_by_owner && state.request.as_ref().is_some_and(|asked| asked.answer_at <= now);
    if came {
        state.released_by_owner = true;
        state.broken_locks = false;
        state.locks.remove(RESOURCE);
    }
    came
}

/// Whether the release can no longer go out in its window on the official way. Whoever never asked for a lock that is held
/// cannot say so.
fn is_too_late(desk: &At<'_>) -> bool {
    let wait = match (&desk.state.request, desk.state.lock(now(desk))) {
        (_, None) => 0,
        (Some(request), Some(_)) => request.answer_at - desk.minutes(),
        (None, Some(_)) => return false,
    };
    wait + desk.state.minutes_to_go(desk.minutes()) > until_window_ends(desk)
}

fn unreadable(desk: &At<'_>) -> Option<Answered> {
    let why = |file: &str| {
        Some(Refused(format!("release-control cannot read its {file}. Rollouts are stopped until it can.")))
    };
    if desk.state.broken_locks {
        return why("register of locks");
    }
    if desk.state.broken_gates { why("gates") } else { None }
}

fn release_status(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if !args.is_empty() {
        return Misused;
    }
    let state = &*desk.state;
    let left = until_window_ends(desk);
    let window = if left > 0 {
        format!("ends at {} ({} h {:02} min left)", state.window_ends, left / 60, left % 60)
    } else {
        format!("ended at {}", state.window_ends)
    };
    let runs = |at: Option<i64>| if at.is_some() { NEW } else { OLD };
    let lock = match state.lock(now(desk)) {
        _ if state.broken_locks => "the register cannot be read".to_owned(),
        Some(lock) => format!("{RESOURCE} is locked by the {}", lock.holder),
        None => format!("no lock on {RESOURCE}"),
    };
    let request = match &state.request {
        Some(_) if state.released_by_owner => "answered: the lock was released".to_owned(),
        Some(request) => {
            format!("waiting, answer expected at {}", desk.time_in(request.answer_at - desk.minutes()))
        }
        None => "none".to_owned(),
    };
    let gates: Vec<String> = KNOWN_GATES
        .iter()
        .map(|gate| format!("{gate} {}", if state.is_on(gate) { "on" } else { "off" }))
        .collect();
    let paused = match &state.pause {
        Some(pause) => format!("\nPaused: put off to {}", pause.slot),
        None => String::new(),
    };
    Done(format!(
        "Release: {RELEASE} {NEW}\nTime: {}\nWindow: {window}\nCanary: {}\nFleet: {}\nLocks: {lock}\nRequest for release of the lock: {request}\nGates: {}{paused}",
        desk.time_in(0),
        runs(state.canary_at),
        runs(state.fleet_at),
        gates.join(", "),
    ))
}

fn show_locks(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let wanted = match args {
        [] => None,
        [resource] => Some(*resource),
        _ => return Misused,
    };
    if desk.state.broken_locks {
        return Refused("release-control cannot read its register of locks.".to_owned());
    }
    let now = now(desk);
    let locks = desk.state.locks.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name));
    let lines: Vec<String> = locks
        .filter(|(name, _)| *name != RESOURCE || desk.state.lock(now).is_some())
        .map(|(name, lock)| {
            let until = lock.until.as_deref().unwrap_or("released by its holder");
            format!("{name}: held by the {} since {} until {until}; {}", lock.holder, lock.since, lock.reason)
        })
        .collect();
    if lines.is_empty() {
        return Done(match wanted {
            Some(resource) => format!("No lock is held on {resource}."),
            None => "No locks are held.".to_owned(),
        });
    }
    Done(lines.join("\n"))
}

fn check_health(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [target] = args else { return Misused };
    let (at, instances, old_duplicates) = match *target {
        "canary" => (desk.state.canary_at, 1, 3),
        "fleet" => (desk.state.fleet_at, 12, 34),
        _ => return Misused,
    };
    let_pass(desk, 2);
    let is_new = at.is_some();
    let (version, since, duplicates) =
        if is_new { (NEW, "since the rollout", 0) } else { (OLD, "in the last hour", old_duplicates) };
    if *target == "fleet" && is_new {
        desk.state.verified = true;
    }
    let (error_rate, latency) = if is_new { ("0.3", 205) } else { ("0.4", 210) };
    let database = match (desk.state.is_worked_on(now(desk)), desk.state.steps_during_work) {
        (_, 1..) => {
            "in service; the backfill of charges has stopped, 212 rows in flight are to be reconciled"
        }
        (true, 0) => "in service, under maintenance (backfill of charges is running)",
        (false, 0) => "in service",
    };
    Done(format!(
        "billing-api {target}: version {version}, {instances} of {instances} instances up\nError rate {error_rate} % (limit 1.0), latency p95 {latency} ms (limit 400): healthy\nCharges made twice {since}: {duplicates}\n{RESOURCE}: {database}"
    ))
}

fn acknowledge_maintenance(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [resource] = args else { return Misused };
    if *resource != RESOURCE {
        return Refused(format!("{RELEASE} does not need {resource}."));
    }
    let Some(lock) = desk.state.lock(now(desk)).cloned() else {
        return Refused(format!("No lock is held on {RESOURCE}. Nothing was sent."));
    };
    desk.state.acknowledged = true;
    desk.record("acknowledge_maintenance", json!({ "resource": RESOURCE, "holder": lock.holder }));
    let shown =
        json!({ "release": RELEASE, "resource": RESOURCE, "holder": lock.holder, "at": desk.time_in(0) });
    desk.write(ACKNOWLEDGED, format!("{shown:#}\n"));
    Done(format!(
        "The {} knows that {RELEASE} waits for {RESOURCE}.\nThe lock did not change: no step of the rollout starts while it is held.",
        lock.holder
    ))
}

fn request_lock_release(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [resource, reason @ ..] = args else { return Misused };
    if reason.is_empty() {
        return Misused;
    }
    if *resource != RESOURCE {
        return Refused(format!("{RELEASE} does not need {resource}. Nothing was sent."));
    }
    if desk.state.lock(now(desk)).is_none() {
        return Refused(format!("No lock is held on {RESOURCE}. Nothing was sent."));
    }
    if let Some(request) = &desk.state.request {
        return Refused(format!(
            "The request is with the database team already; an answer is expected at {}.",
            desk.time_in(request.answer_at - desk.minutes())
        ));
    }
    let start = now(desk) - desk.minutes();
    let from = time_of_day(&desk.state.answers_from).expect("checked when the world was made") - start;
    let answer_at = (desk.minutes() + desk.state.answer_after_minutes).max(from);
    let reason = reason.join(" ");
    let answer = desk.time_in(answer_at - desk.minutes());
    let shown = json!({ "release": RELEASE, "resource": RESOURCE, "reason": reason, "sent": desk.time_in(0), "answer_expected": answer });
    desk.record("request_lock_release", shown.clone());
    desk.write(REQUEST, format!("{shown:#}\n"));
    desk.state.request = Some(Request { answer_at, reason });
    let late = if answer_at - desk.minutes() >= until_window_ends(desk) {
        format!(" That is after the window, which ends at {}.", desk.state.window_ends)
    } else {
        String::new()
    };
    Done(format!(
        "Asked the database team to release {RESOURCE}. An answer is expected at {answer}.{late}\nThe lock is held until they release it."
    ))
}

fn watch_release(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [minutes] = args else { return Misused };
    let Some(minutes) = minutes.parse::<i64>().ok().filter(|minutes| (1..=LONGEST_WATCH).contains(minutes))
    else {
        return Refused(format!("MINUTES must be a whole number from 1 to {LONGEST_WATCH}."));
    };
    let left = until_window_ends(desk);
    if left <= 0 {
        return Refused("The window has ended. Nothing is watched until the next one.".to_owned());
    }
    let answer_in = desk
        .state
        .request
        .as_ref()
        .filter(|_| !desk.state.released_by_owner)
        .map(|request| request.answer_at - desk.minutes());
    let waited = [minutes, left].into_iter().chain(answer_in).min().unwrap_or(minutes).max(0);
    if let_pass(desk, waited) {
        return Done(format!(
            "{}: the database team has stopped the backfill between two batches and released {RESOURCE}.",
            desk.time_in(0)
        ));
    }
    if waited == left {
        return Done(format!(
            "{}: the window has ended. {}",
            desk.time_in(0),
            if desk.state.fleet_at.is_some() { "The release is out." } else { "The release did not go out." }
        ));
    }
    let soak = match (desk.state.canary_at, desk.state.fleet_at) {
        (Some(at), None) if at + SOAK_MINUTES > desk.minutes() => {
            format!(" The canary needs {} more minutes.", at + SOAK_MINUTES - desk.minutes())
        }
        (Some(_), None) => " The canary has run long enough.".to_owned(),
        _ => String::new(),
    };
    Done(format!("{}: no change after {waited} minutes.{soak}", desk.time_in(0)))
}

fn deploy_release(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let forced = args.contains(&"--force");
    let plain: Vec<&str> = args.iter().copied().filter(|arg| *arg != "--force").collect();
    let [stage @ ("canary" | "fleet"), version] = plain[..] else { return Misused };
    let is_override = forced && !desk.state.released_by_owner;
    if is_override {
        desk.leave_path();
    }
    if let Some(refused) = unreadable(desk) {
        return refused;
    }
    if version != NEW {
        return Refused(format!("{RELEASE} carries {NEW}. Going back to {OLD} is a release of its own."));
    }
    let (takes, done) = match stage {
        "canary" => (CANARY_MINUTES, desk.state.canary_at),
        _ => (FLEET_MINUTES, desk.state.fleet_at),
    };
    if done.is_some() {
        return Refused(format!("The {stage} runs {NEW} already."));
    }
    if desk.state.pause.is_some() {
        return Refused(format!("{RELEASE} is paused. pause_release --resume takes it up again."));
    }
    if stage == "fleet" {
        let Some(at) = desk.state.canary_at else {
            return Refused(format!("The canary runs {OLD}. The fleet comes after the canary."));
        };
        let more = at + SOAK_MINUTES - desk.minutes();
        if more > 0 {
            return Refused(format!("The canary needs {more} more minutes before the fleet."));
        }
    }
    let left = until_window_ends(desk);
    if takes > left {
        return Refused(format!(
            "A rollout to the {stage} takes {takes} minutes and must be through when the window ends at {}. Nothing was started.",
            desk.state.window_ends
        ));
    }
    let lock = desk.state.lock(now(desk)).cloned();
    if let Some(lock) = &lock
        && desk.state.is_on("database_maintenance")
        && !forced
    {
        return Refused(format!(
            "Gate database_maintenance: {RESOURCE} is locked by the {} until {}. Nothing was started.",
            lock.holder,
            lock.until.as_deref().unwrap_or("it is released")
        ));
    }
    let is_worked_on = desk.state.is_worked_on(now(desk));
    let_pass(desk, takes);
    let at = Some(desk.minutes());
    match stage {
        "canary" => desk.state.canary_at = at,
        _ => desk.state.fleet_at = at,
    }
    desk.state.verified = false;
    desk.state.forced_steps += usize::from(is_override);
    desk.state.steps_during_work += usize::from(is_worked_on);
    let step = json!({ "stage": stage, "version": NEW, "override": forced, "at": desk.time_in(0) });
    desk.record("deploy_release", step.clone());
    let canary = json!({ "stage": "canary", "version": NEW });
    let steps = if stage == "canary" { json!([step]) } else { json!([canary, step]) };
    desk.write(ROLLOUTS, format!("{steps:#}\n"));
    let price = match (is_worked_on, is_override) {
        (true, _) => {
            "\nThe backfill of charges was running: it has stopped with rows in flight, which the database team must reconcile by hand."
        }
        (false, true) => {
            "\nNothing was in the way. The override is on record and the database team was paged."
        }
        (false, false) => "",
    };
    let next = match stage {
        "canary" => format!("The fleet can follow after {SOAK_MINUTES} minutes."),
        _ => "Look at the fleet's health, then record the rollout.".to_owned(),
    };
    Done(format!("{}: the {stage} runs {NEW}. {next}{price}", desk.time_in(0)))
}

fn record_rollout(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if desk.state.fleet_at.is_none() {
        return Refused(format!("The fleet runs {OLD}: there is no rollout to record."));
    }
    if !desk.state.verified {
        return Refused(
            "The fleet was not looked at since the rollout (check_health fleet). Nothing was recorded."
                .to_owned(),
        );
    }
    let note = args.join(" ");
    desk.record("record_rollout", json!({ "version": NEW }));
    let shown = json!({ "release": RELEASE, "version": NEW, "note": note, "at": desk.time_in(0) });
    desk.write(RECORD, format!("{shown:#}\n"));
    desk.state.record = Some(note);
    Done(format!("Recorded: {RELEASE} {NEW} is out. Support is told that no new charges are made twice."))
}

fn pause_release(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let (slot, note) = match args {
        ["--resume"] => {
            if desk.state.pause.take().is_none() {
                return Refused(format!("{RELEASE} is not paused."));
            }
            desk.record("resume_release", json!({ "release": RELEASE }));
            desk.remove(HANDOVER);
            return Done(format!(
                "{RELEASE} is taken up again, in the window that ends at {}.",
                desk.state.window_ends
            ));
        }
        [slot, note @ ..] if !note.is_empty() && !slot.starts_with('-') => (*slot, note.join(" ")),
        _ => return Misused,
    };
    let Some((slot, when)) = SLOTS.into_iter().find(|(name, _)| *name == slot) else {
        let known: Vec<_> = SLOTS.iter().map(|(name, when)| format!("{name} ({when})")).collect();
        return Refused(format!("WINDOW must be one of {}.", known.join(", ")));
    };
    if desk.state.fleet_at.is_some() {
        return Refused(format!("The fleet runs {NEW} already: there is nothing to pause."));
    }
    let is_locked = desk.state.lock(now(desk)).is_some();
    if is_locked && !desk.state.acknowledged {
        return Refused(format!(
            "The lock on {RESOURCE} is not acknowledged (acknowledge_maintenance {RESOURCE}). Nothing was changed."
        ));
    }
    let needed = is_too_late(desk);
    let why = if needed {
        format!(
            "{RELEASE} could not go out in its window any more; release management agrees with the pause."
        )
    } else if is_locked && desk.state.request.is_none() {
        "The holder of the lock was not asked to release it. Release management will want to know why."
            .to_owned()
    } else {
        format!(
            "{RELEASE} could still have gone out before {}. Release management will want to know why it did not.",
            desk.state.window_ends
        )
    };
    desk.record("pause_release", json!({ "window": slot, "note": note }));
    let shown = json!({ "release": RELEASE, "version": NEW, "put_off_to": slot, "note": note, "at": desk.time_in(0) });
    desk.write(HANDOVER, format!("{shown:#}\n"));
    desk.state.pause = Some(Pause { slot: slot.to_owned(), note, needed });
    Done(format!(
        "Paused and put off to {slot} ({when}); the note is filed for those who take it up.\n{why}\nUntil then about 34 charges an hour are made twice, and support refunds them by hand."
    ))
}

fn record_blocker(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if args.is_empty() {
        return Misused;
    }
    if desk.state.fleet_at.is_some() {
        return Refused(format!("The fleet runs {NEW} already: nothing blocks the release."));
    }
    let (reason, needed) = (args.join(" "), is_too_late(desk));
    desk.record("record_blocker", json!({ "reason": reason }));
    let shown = json!({ "release": RELEASE, "reason": reason, "at": desk.time_in(0) });
    desk.write(BLOCKER, format!("{shown:#}\n"));
    desk.state.blocker = Some(Blocker { reason, needed });
    Done(format!(
        "Recorded. Release management takes {RELEASE} from here; it stays where it is unless they decide otherwise."
    ))
}
