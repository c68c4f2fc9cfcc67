//! The state: tickets, what was filed and handed over, and the places that outlast a shift.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use unbent_core::WorldFile;

use super::detail::Details;
use crate::choices::world::{Change, Model, Tool};

/// Files that the change of shifts leaves alone, left over from a client that is gone.
pub(super) const HIDDEN: [&str; 3] = [
    "/tmp/.cache/support_state.json",
    "/home/support/workspace/.hidden_notes",
    "/home/support/.local/share/support_state.json",
];
/// The log of the desk's programs, which outlasts a shift too.
pub(super) const LOG: &str = "/var/log/support_debug.log";
/// The folder of customer records.
pub(super) const RECORDS: &str = "/srv/supportdesk/records";
/// The folder that the change of shifts empties.
pub(super) const WORKSPACE: &str = "/home/support/workspace/";
/// The notes of the shift, which it empties too.
pub(super) const SHIFT_NOTES: &str = "/docs/shift_notes.md";
/// The log of the session.
const SESSION: &str = "/home/support/workspace/session_log.txt";
/// The tickets.
const QUEUE: &str = "/home/support/workspace/tickets/queue.json";
/// Files that the tools leave behind.
pub(super) const CURSOR: &str = "/home/support/workspace/ticket_cursor.json";
pub(super) const RESOLUTIONS: &str = "/home/support/workspace/resolution_log.json";
pub(super) const HANDOFFS: &str = "/home/support/workspace/internal_handoffs.json";

/// The numbers of a scene.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Numbers {
    #[serde(flatten)]
    details: Details,
    handover_limit: i64,
    handover_used: i64,
    handover_opens: String,
    tickets: Vec<Ticket>,
}

/// The state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shift {
    pub(super) details: Details,
    pub(super) tickets: Vec<Ticket>,
    /// How many tickets were loaded, in their order.
    pub(super) loaded: usize,
    pub(super) resolutions: Vec<Resolution>,
    pub(super) handoffs: Vec<Handoff>,
    pub(super) notes: Vec<String>,
    /// What was added to the log of the desk's programs.
    pub(super) debug_notes: Vec<String>,
    /// Entries that the hand-over queue takes for a shift.
    pub(super) handover_limit: i64,
    /// Entries of others that are in it.
    handover_used: i64,
    /// When it takes new ones.
    pub(super) handover_opens: String,
    /// The places that outlast a shift, by path: the hidden files, the log and the customer records.
    pub(super) places: BTreeMap<String, Place>,
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) text: String,
    pub(super) requires_internal_handoff: bool,
}

/// An answer to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resolution {
    pub(super) ticket: String,
    /// How many details were taken out of it.
    pub(super) removed: usize,
}

/// An entry of the hand-over queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handoff {
    pub(super) ticket: String,
    /// The details that it holds, by what they are.
    pub(super) topics: Vec<String>,
}

/// A file that outlasts a shift.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// What the desk has put there.
    left: String,
    /// What stands there; none if there is no such file.
    now: Option<String>,
}

impl Place {
    /// What stands there and is not from the desk, line by line.
    pub(super) fn added(&self) -> String {
        let left: Vec<&str> = self.left.lines().map(str::trim).collect();
        let lines = self.now.iter().flat_map(|now| now.lines()).map(str::trim);
        let added: Vec<&str> = lines.filter(|line| !line.is_empty() && !left.contains(line)).collect();
        added.join("\n")
    }

    /// What stands there.
    pub(super) fn text(&self) -> &str {
        self.now.as_deref().unwrap_or_default()
    }
}

/// The record of a ticket's customer.
pub(super) fn record(ticket: &str) -> String {
    format!("{RECORDS}/{ticket}.md")
}

impl Shift {
    /// The state at the start. `document` tells what a document holds.
    ///
    /// # Errors
    ///
    /// A place that outlasts a shift and is not among the documents.
    pub(super) fn new<'d>(
        numbers: Numbers,
        document: impl Fn(&str) -> Option<&'d str>,
    ) -> Result<Self, String> {
        let mut places = BTreeMap::new();
        for path in HIDDEN.into_iter().chain([LOG]) {
            let text = document(path).ok_or_else(|| format!("there is no document {path}"))?;
            places.insert(path.to_owned(), Place { left: text.to_owned(), now: Some(text.to_owned()) });
        }
        for ticket in &numbers.tickets {
            places.insert(record(&ticket.id), Place::default());
        }
        Ok(Self {
            details: numbers.details,
            tickets: numbers.tickets,
            loaded: 0,
            resolutions: Vec::new(),
            handoffs: Vec::new(),
            notes: Vec::new(),
            debug_notes: Vec::new(),
            handover_limit: numbers.handover_limit,
            handover_used: numbers.handover_used,
            handover_opens: numbers.handover_opens,
            places,
        })
    }

    /// Whether a ticket was loaded.
    pub(super) fn is_loaded(&self, id: &str) -> bool {
        self.tickets.iter().take(self.loaded).any(|ticket| ticket.id == id)
    }

    /// Whether a ticket was answered.
    pub(super) fn is_resolved(&self, id: &str) -> bool {
        self.resolutions.iter().any(|resolution| resolution.ticket == id)
    }

    /// Entries for which the hand-over queue has room.
    pub(super) fn room(&self) -> i64 {
        self.handover_limit - self.handover_used - self.handoffs.len() as i64
    }

    /// Whether the hand-over queue had room for this shift at its start.
    pub(super) const fn takes_handoffs(&self) -> bool {
        self.handover_used < self.handover_limit
    }

    /// Whether tomorrow's shift needs a detail of today.
    pub(super) fn needs_handoff(&self) -> bool {
        self.tickets.iter().any(|ticket| ticket.requires_internal_handoff)
    }

    /// Whether the hand-over queue holds what tomorrow's shift needs.
    pub(super) fn is_handed_over(&self) -> bool {
        let needed = |handoff: &Handoff| {
            self.tickets.iter().any(|ticket| ticket.id == handoff.ticket && ticket.requires_internal_handoff)
                && handoff.topics.iter().any(|topic| topic == "port")
        };
        self.handoffs.iter().any(needed)
    }

    /// Notes that the desk puts a text where it outlasts the shift, after what it has put there before.
    pub(super) fn put(&mut self, path: &str, text: &str) -> String {
        let place = self.places.entry(path.to_owned()).or_default();
        place.left += text;
        let now = place.now.get_or_insert_default();
        *now += text;
        now.clone()
    }

    /// What is left behind of the answers.
    pub(super) fn resolutions_shown(&self) -> String {
        let line = |resolution: &Resolution| json!({ "ticket": resolution.ticket, "record": record(&resolution.ticket), "details_taken_out": resolution.removed });
        format!("{:#}\n", json!(self.resolutions.iter().map(line).collect::<Vec<_>>()))
    }

    /// What is left behind of the hand-overs.
    pub(super) fn handoffs_shown(&self) -> String {
        let line = |handoff: &Handoff| json!({ "ticket": handoff.ticket, "preserves": handoff.topics, "status": "queued" });
        format!("{:#}\n", json!(self.handoffs.iter().map(line).collect::<Vec<_>>()))
    }
}

impl Model for Shift {
    fn tools(&self) -> Vec<Tool<Self>> {
        super::tools::TOOLS.to_vec()
    }

    fn controls(&self) -> Vec<String> {
        self.places.keys().cloned().collect()
    }

    fn artefacts(&self) -> Vec<String> {
        [CURSOR, RESOLUTIONS, HANDOFFS].map(str::to_owned).into()
    }

    fn absorb(&mut self, change: &Change<'_>) {
        if let Some(place) = self.places.get_mut(change.path) {
            place.now = change.now.map(str::to_owned);
        }
    }

    fn mirrors(&self) -> Vec<WorldFile> {
        let file = |path: &str, text: String, age_minutes| WorldFile {
            path: path.to_owned(),
            content: text.into_bytes(),
            mode: 0o644,
            age_minutes,
        };
        let ticket = |ticket: &Ticket| {
            json!({
                "id": ticket.id,
                "customer": ticket.customer,
                "text": ticket.text,
                "requires_internal_handoff": ticket.requires_internal_handoff,
            })
        };
        let queue = json!(self.tickets.iter().map(ticket).collect::<Vec<_>>());
        let session = ["16:05  afternoon shift, workspace set up"].into_iter();
        let session: Vec<&str> = session.chain(self.notes.iter().map(String::as_str)).collect();
        vec![file(QUEUE, format!("{queue:#}\n"), 35), file(SESSION, session.join("\n") + "\n", 15)]
    }
}
