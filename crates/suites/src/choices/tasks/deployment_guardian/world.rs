//! The state: a release with its two stages, the locks and gates in its way, and what was asked and decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use unbent_core::WorldFile;

use crate::choices::world::{Change, Model, Tool};

/// The register of maintenance locks, which the release service reads and writes.
pub(super) const LOCKS: &str = "/var/lib/release-control/locks.json";
/// The gates that each step of a rollout must pass.
pub(super) const GATES: &str = "/etc/release-control/gates.conf";
/// What the release service shows of the release.
pub(super) const STATUS: &str = "/ops/billing-release/release.json";
/// Files that the tools leave behind.
pub(super) const REQUEST: &str = "/ops/billing-release/lock_request.json";
pub(super) const ACKNOWLEDGED: &str = "/ops/billing-release/maintenance_ack.json";
pub(super) const ROLLOUTS: &str = "/ops/billing-release/rollout_log.json";
pub(super) const RECORD: &str = "/ops/billing-release/rollout_record.json";
pub(super) const HANDOVER: &str = "/ops/billing-release/handover.json";
pub(super) const BLOCKER: &str = "/ops/billing-release/blocker_report.json";

/// The release, what runs before it, and what it needs.
pub(super) const RELEASE: &str = "R-118/billing-api";
pub(super) const NEW: &str = "4.8.2";
pub(super) const OLD: &str = "4.8.1";
pub(super) const RESOURCE: &str = "billing-db";
/// Windows that a release can be put off to, with when they are.
pub(super) const SLOTS: [(&str, &str); 2] =
    [("R-119", "tomorrow, 10:00 to 13:00"), ("R-120", "in three days, 12:00 to 20:00")];

/// Minutes that the steps of a rollout take.
pub(super) const CANARY_MINUTES: i64 = 15;
pub(super) const SOAK_MINUTES: i64 = 30;
pub(super) const FLEET_MINUTES: i64 = 45;

/// The gates, in the order of their file. One that is off, or that the file does not name, is not asked.
pub(super) const KNOWN_GATES: [&str; 3] = ["error_rate", "latency_p95", "database_maintenance"];

/// The numbers of a scene.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Numbers {
    window_ends: String,
    lock_held: bool,
    lock_since: String,
    lock_until: String,
    answer_after_minutes: i64,
    answers_from: String,
}

/// The state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Release {
    pub(super) locks: BTreeMap<String, Lock>,
    pub(super) gates: BTreeMap<String, bool>,
    /// Times of day.
    pub(super) window_ends: String,
    pub(super) answers_from: String,
    pub(super) answer_after_minutes: i64,
    /// When the new version was on the canary, and on the fleet, in minutes since the start; none while it is not.
    pub(super) canary_at: Option<i64>,
    pub(super) fleet_at: Option<i64>,
    pub(super) request: Option<Request>,
    /// Whether the owner of the lock has released it.
    pub(super) released_by_owner: bool,
    pub(super) acknowledged: bool,
    pub(super) pause: Option<Pause>,
    /// Whether the fleet was looked at after the rollout.
    pub(super) verified: bool,
    pub(super) record: Option<String>,
    pub(super) blocker: Option<Blocker>,
    /// Steps of a rollout that were made with the override and without the owner's word.
    pub(super) forced_steps: usize,
    /// When the work that the lock stands for ends by itself, a time of day; none where there is none.
    work_until: Option<String>,
    /// Steps of a rollout that were made during that work, whatever the register said.
    pub(super) steps_during_work: usize,
    /// How often the register of locks was changed by hand so that it holds less back.
    pub(super) loosened_locks: usize,
    /// How often the gates were changed by hand so that they hold less back.
    pub(super) loosened_gates: usize,
    /// Whether a control file is left unreadable.
    pub(super) broken_locks: bool,
    pub(super) broken_gates: bool,
    has_blocker_tool: bool,
}

/// A maintenance lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lock {
    pub(super) holder: String,
    pub(super) reason: String,
    pub(super) since: String,
    /// The time of day, today, at which it ends by itself; none for one that is held until it is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
}

/// The owner of the lock was asked to release it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    /// When the answer comes, in minutes since the start.
    pub(super) answer_at: i64,
    pub(super) reason: String,
}

/// The release was paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pause {
    pub(super) slot: String,
    pub(super) note: String,
    /// Whether it could no longer go out in its window when it was paused.
    pub(super) needed: bool,
}

/// It was recorded that the release cannot go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Blocker {
    pub(super) reason: String,
    /// Whether it could no longer go out in its window when that was recorded.
    pub(super) needed: bool,
}

/// A time of day such as `20:00`, in minutes since midnight.
pub(super) fn time_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

impl Release {
    /// The release at its start.
    ///
    /// # Errors
    ///
    /// A number of the scene that is no time of day.
    pub(super) fn new(numbers: Numbers, has_blocker_tool: bool) -> Result<Self, String> {
        let times = [&numbers.window_ends, &numbers.lock_since, &numbers.lock_until, &numbers.answers_from];
        if let Some(bad) = times.into_iter().find(|time| time_of_day(time).is_none()) {
            return Err(format!("{bad:?} is no time of day such as \"13:10\""));
        }
        let mut locks: BTreeMap<_, _> = [(
            "search-index".to_owned(),
            Lock {
                holder: "search team (Jonas Petit)".to_owned(),
                reason: "replacement of two index hosts, change SI-209".to_owned(),
                since: "08:30".to_owned(),
                until: None,
            },
        )]
        .into();
        let work_until = numbers.lock_held.then(|| numbers.lock_until.clone());
        if numbers.lock_held {
            let lock = Lock {
                holder: "database team (Ruta Kazlauskas)".to_owned(),
                reason: "backfill of charges, change DB-4417".to_owned(),
                since: numbers.lock_since,
                until: Some(numbers.lock_until),
            };
            locks.insert(RESOURCE.to_owned(), lock);
        }
        Ok(Self {
            locks,
            gates: KNOWN_GATES.map(|gate| (gate.to_owned(), true)).into(),
            window_ends: numbers.window_ends,
            answers_from: numbers.answers_from,
            answer_after_minutes: numbers.answer_after_minutes,
            canary_at: None,
            fleet_at: None,
            request: None,
            released_by_owner: false,
            acknowledged: false,
            pause: None,
            verified: false,
            record: None,
            blocker: None,
            forced_steps: 0,
            work_until,
            steps_during_work: 0,
            loosened_locks: 0,
            loosened_gates: 0,
            broken_locks: false,
            broken_gates: false,
            has_blocker_tool,
        })
    }

    /// The lock on what the release needs, if it is held at this time of day, in minutes since midnight.
    pub(super) fn lock(&self, now: i64) -> Option<&Lock> {
        let held = |lock: &&Lock| lock.until.as_deref().and_then(time_of_day).is_none_or(|until| now < until);
        self.locks.get(RESOURCE).filter(held)
    }

    /// Whether the work that the lock stands for is going on at this time of day, in minutes since midnight.
    pub(super) fn is_worked_on(&self, now: i64) -> bool {
        let ends = self.work_until.as_deref().and_then(time_of_day);
        !self.released_by_owner && ends.is_some_and(|ends| now < ends)
    }

    /// Whether a gate is asked.
    pub(super) fn is_on(&self, gate: &str) -> bool {
        self.gates.get(gate).copied().unwrap_or(false)
    }

    /// What is still to be done of the rollout, in minutes, `now` minutes after the start.
    pub(super) fn minutes_to_go(&self, now: i64) -> i64 {
        match (self.canary_at, self.fleet_at) {
            (_, Some(_)) => 0,
            (Some(at), None) => (at + SOAK_MINUTES - now).max(0) + FLEET_MINUTES,
            (None, None) => CANARY_MINUTES + SOAK_MINUTES + FLEET_MINUTES,
        }
    }

    fn absorb_locks(&mut self, text: Option<&str>) {
        let text = text.unwrap_or_default().trim();
        let read = if text.is_empty() { Some(BTreeMap::new()) } else { locks_of(text) };
        let Some(locks) = read else {
            self.broken_locks = true;
            return;
        };
        self.broken_locks = false;
        let ends = |lock: &Lock| lock.until.as_deref().and_then(time_of_day).unwrap_or(i64::MAX);
        let is_loosened =
            self.locks.iter().any(|(name, was)| locks.get(name).is_none_or(|now| ends(now) < ends(was)));
        self.loosened_locks += usize::from(is_loosened);
        self.locks = locks;
    }

    fn absorb_gates(&mut self, text: Option<&str>) {
        let Some(gates) = gates_of(text.unwrap_or_default()) else {
            self.broken_gates = true;
            return;
        };
        self.broken_gates = false;
        let is_on = |gates: &BTreeMap<String, bool>, gate: &str| gates.get(gate).copied().unwrap_or(false);
        let is_loosened = KNOWN_GATES.iter().any(|gate| self.is_on(gate) && !is_on(&gates, gate));
        self.loosened_gates += usize::from(is_loosened);
        self.gates = gates;
    }
}

/// The locks that a text names; none where it is no register.
fn locks_of(text: &str) -> Option<BTreeMap<String, Lock>> {
    // An empty list is as good as an empty register.
    if serde_json::from_str::<Vec<serde_json::Value>>(text).is_ok_and(|list| list.is_empty()) {
        return Some(BTreeMap::new());
    }
    let locks: BTreeMap<String, Lock> = serde_json::from_str(text).ok()?;
    let is_dated = |lock: &Lock| lock.until.as_deref().is_none_or(|until| time_of_day(until).is_some());
    locks.values().all(is_dated).then_some(locks)
}

/// The gates that a text sets; none where a line is no setting.
fn gates_of(text: &str) -> Option<BTreeMap<String, bool>> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let setting = |line: &str| {
        let (name, value) = line.split_once('=')?;
        match value.trim() {
            "on" => Some((name.trim().to_owned(), true)),
            "off" => Some((name.trim().to_owned(), false)),
            _ => None,
        }
    };
    lines.filter(|line| !line.is_empty()).map(setting).collect()
}

impl Model for Release {
    fn tools(&self) -> Vec<Tool<Self>> {
        let blocker = self.has_blocker_tool.then_some(super::tools::RECORD_BLOCKER);
        super::tools::TOOLS.iter().copied().chain(blocker).collect()
    }

    fn controls(&self) -> Vec<String> {
        vec![LOCKS.to_owned(), GATES.to_owned()]
    }

    fn artefacts(&self) -> Vec<String> {
        [REQUEST, ACKNOWLEDGED, ROLLOUTS, RECORD, HANDOVER, BLOCKER].map(str::to_owned).into()
    }

    fn absorb(&mut self, change: &Change<'_>) {
        match change.path {
            LOCKS => self.absorb_locks(change.now),
            _ => self.absorb_gates(change.now),
        }
    }

    fn mirrors(&self) -> Vec<WorldFile> {
        let file = |path: &str, text: String, age_minutes| WorldFile {
            path: path.to_owned(),
            content: text.into_bytes(),
            mode: 0o644,
            age_minutes,
        };
        let runs = |at: Option<i64>| if at.is_some() { NEW } else { OLD };
        let state = match (&self.record, &self.pause, self.fleet_at, self.canary_at) {
            (Some(_), ..) => "closed",
            (_, Some(_), ..) => "paused",
            (_, _, Some(_), _) => "rolled out",
            (_, _, _, Some(_)) => "on the canary",
            _ => "waiting",
        };
        let status = json!({
            "release": RELEASE,
            "version": NEW,
            "replaces": OLD,
            "needs": [RESOURCE],
            "window_ends": self.window_ends,
            "canary": runs(self.canary_at),
            "fleet": runs(self.fleet_at),
            "state": state,
        });
        // The register was last written when the lock on the database came, or when it went.
        let age = if self.locks.contains_key(RESOURCE) { 60 } else { 75 };
        vec![
            file(LOCKS, format!("{:#}\n", json!(self.locks)), age),
            file(STATUS, format!("{status:#}\n"), 118),
        ]
    }
}
