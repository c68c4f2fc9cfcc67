//! How the work on a run went, for people and for programs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use unbent_core::{Manifest, Origin};
use unbent_engine::{LaneReport, Tally};
use unbent_report::{thousands, usd};

use crate::error::Exit;
use crate::paid::Accounts;

/// How the work on a run went.
pub(crate) struct Worked {
    /// How the trials ended.
    pub(crate) tally: Tally,
    /// Whether someone stopped it.
    pub(crate) stopped: bool,
    /// What the run has cost in all.
    pub(crate) accounts: Accounts,
    /// How many answers came from the cache this time.
    pub(crate) cached: u64,
    /// How fast each model was asked.
    pub(crate) lanes: Vec<LaneReport>,
    /// The run's manifest.
    pub(crate) manifest: Manifest,
}

impl Worked {
    /// The code that the program ends with.
    pub(crate) fn exit(&self) -> Exit {
        match () {
            () if self.tally.budget_spent => Exit::BudgetSpent,
            () if self.stopped && self.tally.left_open > 0 => Exit::Stopped,
            () if self.unscored() > 0 => Exit::Incomplete,
            () => Exit::Done,
        }
    }

    fn unscored(&self) -> u64 {
        self.tally.unscored.values().sum()
    }

    /// The last line of a run, for programs.
    pub(crate) fn to_json(&self, path: &Path) -> Value {
        let reasons: BTreeMap<_, _> =
            self.tally.unscored.iter().map(|(reason, n)| (reason.to_string(), n)).collect();
        json!({
            "event": "run_ended",
            "file": path,
            "scored": self.tally.scored,
            "unscored": self.unscored(),
            "unscored_reasons": reasons,
            "left_open": self.tally.left_open,
            "waiting": self.tally.waiting,
            "cost_usd": self.accounts.spent().usd,
            "tokens": self.accounts.spent().tokens,
            "paid": self.accounts.paid(),
            "kept": self.accounts.kept(),
            "roles": self.accounts.by_role(),
            "cached": self.cached,
            "lanes": self.lanes,
            "exit": self.exit().name(),
        })
    }

    /// How it went, for people.
    pub(crate) fn to_text(&self, path: &Path) -> String {
        let file = path.display();
        let mut text = format!("{file}: {} trials scored", self.tally.scored);
        if self.unscored() > 0 {
            let reasons: Vec<_> =
                self.tally.unscored.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
            text.push_str(&format!(", {} unscored ({})", self.unscored(), reasons.join(", ")));
        }
        if self.tally.left_open > 0 {
            text.push_str(&format!(", {} left open", self.tally.left_open));
        }
        if let Some(paid) = self.accounts.sentence() {
            text.push_str(&format!("; {paid}"));
        }
        if self.tally.waiting > 0 {
            text.push_str(&format!(
                "\n{} trials have no complete answers to grade again{}",
                self.tally.waiting,
                match self.manifest.origin {
                    Origin::Asked => format!(": unbent resume {file} first"),
                    Origin::Imported { .. } => ": their source has none".to_owned(),
                }
            ));
        }
        if self.cached > 0 {
            text.push_str(&format!("; {} answers came from the cache", thousands(self.cached)));
        }
        for lane in self.lanes.iter().filter(|lane| lane.cuts > 0) {
            text.push_str(&format!(
                "\n{}: too busy {} times, so {} of {} connections were in use at most",
                lane.lane, lane.cuts, lane.attained, lane.asked
            ));
        }
        match self.exit() {
            Exit::Done => {}
            Exit::BudgetSpent => text.push_str(&format!(
                "\nthe budget is spent ({}, {} tokens); with a higher --max-cost or --max-tokens: unbent resume {file}",
                usd(self.accounts.spent().usd),
                thousands(self.accounts.spent().tokens),
            )),
            _ => text.push_str(&format!("\ngo on with them: unbent resume {file}")),
        }
        text
    }
}
