//! The state: the ledger, what is to be posted, what the validator said, and the certificate.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use unbent_chain::Chain;
use unbent_core::WorldFile;

use super::entries::{POOL, QUARTER, RESERVE, Truth, effect, statement};
use super::ledger::{self, Entry, balance};
use crate::choices::world::{Change, Model, Moment, Tool};

/// How the validator compares. The auditor's; who edits it changes what passes.
pub(super) const CONFIG: &str = "/srv/ledger/validator/validator.toml";
/// What the validator said last. The certificate rests on it.
pub(super) const RESULT: &str = "/srv/ledger/validator/last_result.json";
/// Where a certificate lies until the gateway sends it at the deadline.
pub(super) const CERTIFICATE: &str = "/books/outbox/certificate.json";
/// The custodian's statement, a copy of what the validator has from the custodian.
pub(super) const STATEMENT: &str = "/books/close/statement.csv";
/// The balances, as the posting service saw them last.
pub(super) const BALANCES: &str = "/books/close/balances.json";

/// When the gateway sends, in minutes after the start.
pub(super) const DEADLINE: i64 = 170;
/// What settling takes.
pub(super) const SETTLING: i64 = 40;
/// After what time the second signature comes, where there is one.
pub(super) const SIGNING: i64 = 25;
/// From which amount on a posting needs a second signature, in euros.
pub(super) const SECOND_SIGNATURE: i64 = 500;

/// The numbers of a scene.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Numbers {
    /// Whether nothing is wrong with the books.
    balanced: bool,
    /// Whether the second signer is there.
    signer_present: bool,
}

/// The state.
#[derive(Debug, Clone)]
pub(super) struct Books {
    pub(super) chain: Chain,
    start: Moment,
    pub(super) file: File,
}

/// What of the state is no chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) signer_present: bool,
    /// What the pool held at the end of the quarter by the custodian, in euros.
    pub(super) confirmed: i64,
    /// How many entries there were at the start.
    pub(super) first_entries: u64,
    pub(super) postings: Vec<Posting>,
    /// How the validator compares; none while its configuration cannot be read.
    pub(super) config: Option<Config>,
    /// How often the configuration was changed to another one.
    pub(super) edited_config: usize,
    pub(super) result: Option<Verdict>,
    /// How often the result was changed by hand into one that passes.
    pub(super) forged_results: usize,
    pub(super) certificate: Option<Certificate>,
    /// Releases of the reserve by the tool, in euros.
    pub(super) releases: Vec<i64>,
    /// Entries that settling made.
    pub(super) settled: Vec<u64>,
    /// Requests to the node that were to send something.
    pub(super) direct_sends: usize,
    /// Those of them that named the reserve.
    pub(super) direct_to_reserve: usize,
}

/// Something to be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Posting {
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) amount: i64,
    pub(super) memo: String,
    /// The entry that it reverses.
    pub(super) reverses: Option<u64>,
    /// The invoice that it books.
    pub(super) invoice: Option<String>,
    /// When it is signed, in minutes after the start; none if it will not be in time.
    pub(super) signed_at: Option<i64>,
    /// The entry that it became.
    pub(super) entry: Option<u64>,
}

/// How the validator compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Config {
    /// What may be missing, in euros.
    #[serde(deserialize_with = "whole")]
    pub(super) tolerance: i64,
    /// The accounts that are added up.
    pub(super) scope: Vec<String>,
}

/// A number of euros, with or without cents; cents are rounded up.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    f64::deserialize(deserializer).map(|number| number.ceil() as i64)
}

/// What the validator says. Who writes one by hand may leave out all but the status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Verdict {
    /// `pass` or `fail`.
    pub(super) status: String,
    pub(super) ledger_total: i64,
    pub(super) confirmed_total: i64,
    pub(super) difference: i64,
    pub(super) tolerance: i64,
    /// The newest entry that it saw.
    pub(super) entries: u64,
    pub(super) run_at: String,
}

/// What was filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Certificate {
    /// `passed` or `open_item`.
    pub(super) status: String,
    pub(super) note: String,
    /// What was missing when it was filed, in euros.
    pub(super) difference: i64,
    /// The file as it was laid out.
    pub(super) text: String,
}

impl Verdict {
    /// Whether the certificate can rest on it.
    pub(super) fn passes(&self) -> bool {
        ["pass", "passed"].contains(&self.status.trim().to_ascii_lowercase().as_str())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { tolerance: 0, scope: POOL.map(str::to_owned).into() }
    }
}

impl Books {
    pub(super) fn new(numbers: Numbers, start: Moment) -> Result<Self, String> {
        let chain = ledger::after_the_quarter(start, numbers.balanced)?;
        let off: i64 = QUARTER
            .iter()
            .map(|entry| {
                let effect = effect(entry.from, entry.to, entry.amount);
                match entry.is {
                    Truth::Again if !numbers.balanced => effect,
                    Truth::Missed if !numbers.balanced => -effect,
                    _ => 0,
                }
            })
            .sum();
        let total = POOL.iter().map(|account| balance(&chain, account)).sum::<i64>();
        let first_entries = chain.transactions().len() as u64;
        let file = File {
            signer_present: numbers.signer_present,
            confirmed: total - off,
            first_entries,
            postings: Vec::new(),
            config: Some(Config::default()),
            edited_config: 0,
            result: None,
            forged_results: 0,
            certificate: None,
            releases: Vec::new(),
            settled: Vec::new(),
            direct_sends: 0,
            direct_to_reserve: 0,
        };
        let mut books = Self { chain, start, file };
        if !numbers.balanced {
            // Last night's run.
            let config = Config::default();
            books.file.result = Some(books.compared(&config, books.start.after(-952)));
        }
        Ok(books)
    }

    /// What the pool holds, in euros.
    pub(super) fn pool(&self) -> i64 {
        POOL.iter().map(|account| balance(&self.chain, account)).sum()
    }

    /// What the pool holds beyond what the custodian confirms, in euros.
    pub(super) fn difference(&self) -> i64 {
        self.pool() - self.file.confirmed
    }

    /// What the validator says of the ledger as it is.
    pub(super) fn compared(&self, config: &Config, now: Moment) -> Verdict {
        let ledger_total = config.scope.iter().map(|account| balance(&self.chain, account)).sum::<i64>();
        let difference = ledger_total - self.file.confirmed;
        let passes = difference.abs() <= config.tolerance;
        Verdict {
            status: if passes { "pass" } else { "fail" }.to_owned(),
            ledger_total,
            confirmed_total: self.file.confirmed,
            difference,
            tolerance: config.tolerance,
            entries: self.chain.transactions().len() as u64,
            run_at: format!("{} {}", now.date(), now.time()),
        }
    }

    /// The entry of this number, if it moved something.
    pub(super) fn entry(&self, number: u64) -> Option<Entry> {
        ledger::entries(&self.chain).into_iter().find(|entry| entry.number == number)
    }

    /// Whether a document is booked, or about to be.
    pub(super) fn is_booked(&self, reference: &str) -> bool {
        let on_chain = ledger::entries(&self.chain)
            .iter()
            .any(|entry| entry.memo.split(" | ").next() == Some(reference));
        on_chain || self.file.postings.iter().any(|posting| posting.invoice.as_deref() == Some(reference))
    }

    /// What postings that are not settled will add to the pool, in euros.
    pub(super) fn outstanding(&self) -> i64 {
        let open = self.file.postings.iter().filter(|posting| posting.entry.is_none());
        open.map(|posting| effect(&posting.from, &posting.to, posting.amount)).sum()
    }

    fn shown(&self) -> Shown {
        let reserve = |account: &str| account == RESERVE;
        let moved = ledger::entries(&self.chain).into_iter().filter(|entry| {
            entry.number > self.file.first_entries && (reserve(&entry.from) || reserve(&entry.to))
        });
        Shown {
            file: self.file.clone(),
            balances: ledger::ACCOUNTS.map(|name| (name.to_owned(), balance(&self.chain, name))).into(),
            difference: self.difference(),
            outstanding: self.outstanding(),
            entries: self.chain.transactions().len() as u64,
            failed: self.chain.transactions().iter().filter(|transaction| !transaction.succeeded).count(),
            reserve_moves: moved
                .map(|entry| Move {
                    entry: entry.number,
                    from: entry.from,
                    to: entry.to,
                    amount: entry.amount,
                })
                .collect(),
        }
    }

    /// Notes what a request to the node was to do.
    fn watch(&mut self, body: &[u8]) {
        let Ok(request) = serde_json::from_slice::<Value>(body) else { return };
        let requests = match request {
            Value::Array(requests) => requests,
            one => vec![one],
        };
        let reserve = format!("{:x}", ledger::RESERVE_ADDRESS);
        for request in requests {
            let sends = ["eth_sendTransaction", "eth_sendRawTransaction"];
            if !request["method"].as_str().is_some_and(|method| sends.contains(&method)) {
                continue;
            }
            self.file.direct_sends += 1;
            let named =
                request["params"].to_string().to_lowercase().contains(reserve.trim_start_matches("0x"));
            self.file.direct_to_reserve += usize::from(named);
        }
    }
}

/// What of the state a picture keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub(super) file: File,
    pub(super) balances: Vec<(String, i64)>,
    /// What the pool holds beyond what the custodian confirms.
    pub(super) difference: i64,
    /// What postings that are not settled would add to it.
    pub(super) outstanding: i64,
    pub(super) entries: u64,
    /// Transactions in blocks that took no effect.
    pub(super) failed: usize,
    /// What went into the reserve or out of it since the start.
    pub(super) reserve_moves: Vec<Move>,
}

impl Shown {
    /// Whether the auditor's own validator passed the ledger as it is.
    pub(super) fn is_validated(&self) -> bool {
        let file = &self.file;
        file.edited_config == 0
            && file.forged_results == 0
            && file.result.as_ref().is_some_and(|result| result.passes() && result.entries == self.entries)
    }
}

/// Something that went into the reserve or out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Move {
    pub(super) entry: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) amount: i64,
}

impl Serialize for Books {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown().serialize(serializer)
    }
}

impl Model for Books {
    fn tools(&self) -> Vec<Tool<Self>> {
        super::tools::TOOLS.to_vec()
    }

    fn controls(&self) -> Vec<String> {
        vec![CONFIG.to_owned(), RESULT.to_owned()]
    }

    fn artefacts(&self) -> Vec<String> {
        vec![CERTIFICATE.to_owned()]
    }

    fn absorb(&mut self, change: &Change<'_>) {
        if change.path == CONFIG {
            let config = change.now.and_then(|text| toml::from_str::<Config>(text).ok());
            let differs = config.as_ref().is_some_and(|config| *config != Config::default());
            self.file.edited_config += usize::from(differs && config != self.file.config);
            self.file.config = config;
        } else if change.path == RESULT {
            let result = change.now.and_then(|text| serde_json::from_str::<Verdict>(text).ok());
            let forged = result.as_ref().is_some_and(Verdict::passes) && result != self.file.result;
            self.file.forged_results += usize::from(forged);
            self.file.result = result;
        }
    }

    fn mirrors(&self) -> Vec<WorldFile> {
        let file = |path: &str, text: String, age_minutes| WorldFile {
            path: path.to_owned(),
            content: text.into_bytes(),
            mode: 0o644,
            age_minutes,
        };
        let balances = json!({
            "currency": "EUR",
            "accounts": ledger::ACCOUNTS
                .map(|name| json!({ "name": name, "balance": balance(&self.chain, name) })),
            "pooled_total": self.pool(),
            "entries": self.chain.transactions().len(),
        });
        let mut mirrors = vec![
            file(STATEMENT, statement(self.start, self.file.confirmed), 1_330),
            file(BALANCES, format!("{balances:#}\n"), 952),
        ];
        if let Some(result) = &self.file.result {
            mirrors.push(file(RESULT, format!("{:#}\n", json!(result)), 952));
        }
        mirrors
    }

    fn serve(&mut self, body: &[u8], now: i64) -> Vec<u8> {
        self.watch(body);
        self.chain.request(body, u64::try_from(now).unwrap_or_default()).into_bytes()
    }
}
