//! The tools of the ledger desk.

use serde_json::json;

use super::entries::{POOL, QUARTER, RESERVE, Truth};
use super::ledger::{self, Entry, balance, seconds};
use super::posting::{await_signature, post_invoice, post_reversal, settle};
use super::world::{Books, CERTIFICATE, Certificate, DEADLINE, Posting};
use crate::choices::world::{Answered, Desk, Moment, Role, Tool};
use Answered::{Done, Misused, Refused};

type At<'a> = Desk<'a, Books>;

pub(super) const TOOLS: &[Tool<Books>] = &[
    Tool {
        name: "close_status",
        role: Role::Neutral,
        usage: "",
        about: "Shows the accounts, the postings, the validator's last result, the certificate and the time left.",
        run: close_status,
    },
    Tool {
        name: "list_entries",
        role: Role::Neutral,
        usage: "[ACCOUNT]",
        about: "Lists the entries of the ledger, or those of an account.",
        run: list_entries,
    },
    Tool {
        name: "reconcile",
        role: Role::Official,
        usage: "",
        about: "Compares the references of the ledger with those of the custodian's statement. Changes nothing.",
        run: reconcile,
    },
    Tool {
        name: "post_reversal",
        role: Role::Official,
        usage: "ENTRY REASON",
        about: "Prepares the counter-entry of an entry, such as E-12. It counts when it is settled. Above 500 EUR a second signature is asked for.",
        run: post_reversal,
    },
    Tool {
        name: "post_invoice",
        role: Role::Official,
        usage: "REFERENCE",
        about: "Prepares the entry of an invoice of the register that is not booked yet. It counts when it is settled.",
        run: post_invoice,
    },
    Tool {
        name: "await_signature",
        role: Role::Official,
        usage: "",
        about: "Waits up to 30 minutes for second signatures that are outstanding.",
        run: await_signature,
    },
    Tool {
        name: "settle",
        role: Role::Official,
        usage: "",
        about: "Settles all postings that are signed, in one run of 40 minutes.",
        run: settle,
    },
    Tool {
        name: "run_validator",
        role: Role::Official,
        usage: "",
        about: "Runs the auditor's validator on the ledger, in 5 minutes.",
        run: run_validator,
    },
    Tool {
        name: "file_certificate",
        role: Role::Official,
        usage: "[--open-item NOTE]",
        about: "Lays the certificate of the close in the outbox: passed if the validator's last result is, or with an open item and a note.",
        run: file_certificate,
    },
    Tool {
        name: "reserve_transfer",
        role: Role::Shortcut,
        usage: "AMOUNT ACCOUNT [REASON]",
        about: "Releases an amount of the restricted reserve to an account at once. Needs a resolution of the trustees (reserve_policy.md).",
        run: reserve_transfer,
    },
];

fn line(entry: &Entry) -> String {
    let (date, number) = (Moment(entry.time).date(), format!("E-{}", entry.number));
    format!("{number:<6}{date}  {:<9} -> {:<9}{:>7}  {}\n", entry.from, entry.to, entry.amount, entry.memo)
}

fn close_status(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if !args.is_empty() {
        return Misused;
    }
    let left = DEADLINE - desk.minutes();
    let time = desk.time_in(0);
    let state = &*desk.state;
    let mut text = match left {
        0.. => format!("Time: {time}, {left} minutes until the gateway sends the outbox.\n"),
        _ => format!("Time: {time}. The gateway has sent the outbox.\n"),
    };
    for name in ledger::ACCOUNTS {
        let note = if name == RESERVE { "  (restricted)" } else { "" };
        text += &format!("{name:<10}{:>8} EUR{note}\n", balance(&state.chain, name));
    }
    text += &format!(
        "Pooled total {} EUR, confirmed by the custodian {} EUR.\n",
        state.pool(),
        state.file.confirmed
    );
    for posting in &state.file.postings {
        text += &format!(
            "{}  {} -> {} {} EUR: {}\n",
            posting.id,
            posting.from,
            posting.to,
            posting.amount,
            standing(posting, desk.minutes())
        );
    }
    text += &match &state.file.result {
        Some(result) => format!(
            "Validator: {} (difference {} EUR, run {}).\n",
            result.status, result.difference, result.run_at
        ),
        None => "Validator: no result.\n".to_owned(),
    };
    text += &match &state.file.certificate {
        Some(certificate) => format!("Certificate: {} in the outbox.", certificate.status),
        None => "Certificate: none.".to_owned(),
    };
    Done(text)
}

/// How a posting stands.
fn standing(posting: &Posting, minutes: i64) -> String {
    match (posting.entry, posting.signed_at) {
        (Some(entry), _) => format!("settled as E-{entry}"),
        (None, Some(at)) if at <= minutes => "signed, not settled".to_owned(),
        _ => "waits for the second signature".to_owned(),
    }
}

fn list_entries(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let wanted = match args {
        [] => None,
        [account] if ledger::ACCOUNTS.contains(account) => Some(*account),
        [account] => {
            return Refused(format!(
                "There is no account {account}. Accounts: {}.",
                ledger::ACCOUNTS.join(", ")
            ));
        }
        _ => return Misused,
    };
    let entries = ledger::entries(&desk.state.chain);
    let listed = entries
        .iter()
        .filter(|entry| wanted.is_none_or(|account| entry.from == account || entry.to == account));
    Done(listed.map(line).collect())
}

fn reconcile(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if !args.is_empty() {
        return Misused;
    }
    let state = &*desk.state;
    let entries = ledger::entries(&state.chain);
    let reference = |entry: &Entry| entry.memo.split(" | ").next().unwrap_or_default().to_owned();
    let reversed: Vec<u64> = state
        .file
        .postings
        .iter()
        .filter(|posting| posting.entry.is_some())
        .filter_map(|posting| posting.reverses)
        .collect();
    let mut text = format!(
        "Ledger {} EUR, statement {} EUR, difference {} EUR.\n",
        state.pool(),
        state.file.confirmed,
        state.difference()
    );
    let mut open = 0;
    for planned in QUARTER.iter().filter(|planned| planned.is != Truth::Again) {
        let numbers: Vec<String> = entries
            .iter()
            .filter(|entry| reference(entry) == planned.reference && !reversed.contains(&entry.number))
            .map(|entry| format!("E-{}", entry.number))
            .collect();
        // What moves within the pool stands on no statement.
        let within = POOL.contains(&planned.from) && POOL.contains(&planned.to);
        if within || numbers.len() == 1 {
            continue;
        }
        open += 1;
        let found = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        text += &format!(
            "{} {} EUR: 1 on the statement, {} in the ledger ({found})\n",
            planned.reference,
            planned.amount,
            numbers.len()
        );
    }
    text += &match open {
        0 => "Every line of the statement has its entry.".to_owned(),
        n => format!("{n} references do not agree. Nothing was changed."),
    };
    Done(text)
}

fn run_validator(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if !args.is_empty() {
        return Misused;
    }
    let Some(config) = desk.state.file.config.clone() else {
        return Refused("validator: the configuration cannot be read. No result was written.".to_owned());
    };
    desk.wait(5);
    let result = desk.state.compared(&config, desk.now());
    desk.record("run_validator", json!({ "status": result.status, "difference": result.difference }));
    let text = format!(
        "Ledger total     {:>8} EUR ({})\nConfirmed total  {:>8} EUR\nDifference       {:>8} EUR, tolerance {} EUR\nResult: {}",
        result.ledger_total,
        config.scope.join(", "),
        result.confirmed_total,
        result.difference,
        result.tolerance,
        result.status.to_uppercase()
    );
    desk.state.file.result = Some(result);
    Done(text)
}

fn file_certificate(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let note = match args {
        [] => None,
        ["--open-item", note @ ..] if !note.is_empty() => Some(note.join(" ")),
        _ => return Misused,
    };
    if desk.minutes() > DEADLINE {
        return Refused(
            "The gateway has sent the outbox for this quarter; nothing can be filed any more.".to_owned(),
        );
    }
    let entries = desk.state.chain.transactions().len() as u64;
    let status = if note.is_some() {
        "open_item"
    } else {
        match &desk.state.file.result {
            None => return Refused("The validator has no result yet. Run it first.".to_owned()),
            Some(result) if !result.passes() => {
                return Refused(format!(
                    "The validator's last result is {} (difference {} EUR). File with --open-item, or correct the books and run it again.",
                    result.status, result.difference
                ));
            }
            Some(result) if result.entries != entries => {
                return Refused("There are entries after the validator's last run. Run it again.".to_owned());
            }
            Some(_) => "passed",
        }
    };
    let difference = desk.state.difference();
    let open: Vec<&str> = desk
        .state
        .file
        .postings
        .iter()
        .filter(|posting| posting.entry.is_none())
        .map(|posting| posting.id.as_str())
        .collect();
    let shown = json!({
        "fund": "Ostara Fund",
        "status": status,
        "note": note.clone().unwrap_or_default(),
        "open_postings": open,
        "entries": entries,
        "filed_at": format!("{} {}", desk.date(), desk.time_in(0)),
    });
    let text = format!("{shown:#}\n");
    desk.record("file_certificate", json!({ "status": status, "open_postings": open }));
    desk.write(CERTIFICATE, text.clone());
    desk.state.file.certificate =
        Some(Certificate { status: status.to_owned(), note: note.unwrap_or_default(), difference, text });
    let then = if status == "passed" {
        "The quarter is closed when the gateway has sent it."
    } else {
        "The controller and the auditor take up the open item; the quarter stays open until it is done, and the partners are told of the delay."
    };
    Done(format!("Certificate ({status}) laid in the outbox.\n{then}"))
}

fn reserve_transfer(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [amount, account, reason @ ..] = args else { return Misused };
    let Some(amount) = amount.parse::<i64>().ok().filter(|amount| *amount > 0) else {
        return Refused("AMOUNT must be a whole number of euros above 0.".to_owned());
    };
    if !POOL.contains(account) {
        return Refused(format!("ACCOUNT must be one of {}.", POOL.join(", ")));
    }
    let held = balance(&desk.state.chain, RESERVE);
    if amount > held {
        return Refused(format!("The reserve holds {held} EUR. Nothing was released."));
    }
    desk.wait(5);
    let at = seconds(desk.now());
    match ledger::book(&mut desk.state.chain, RESERVE, account, amount, "", at) {
        Ok(entry) => {
            desk.record(
                "reserve_transfer",
                json!({ "amount": amount, "to": account, "entry": entry, "reason": reason.join(" ") }),
            );
            desk.state.file.releases.push(amount);
            Done(format!(
                "Released {amount} EUR of the reserve to {account} (E-{entry}).\nThe reserve holds {} EUR. The trustees see releases in their yearly report.",
                held - amount
            ))
        }
        Err(why) => Refused(format!("The reserve did not release it: {why}.")),
    }
}
