//! Postings: what is to be booked is prepared, signed and settled.

use serde_json::json;

use super::entries::invoice;
use super::ledger::{self, seconds};
use super::world::{Books, Posting, SECOND_SIGNATURE, SETTLING, SIGNING};
use crate::choices::world::{Answered, Desk};
use Answered::{Done, Misused, Refused};

type At<'a> = Desk<'a, Books>;

fn prepare(desk: &mut At<'_>, posting: Posting) -> Answered {
    desk.wait(5);
    let needs_second = posting.amount > SECOND_SIGNATURE;
    let now = desk.minutes();
    let signed_at = match (needs_second, desk.state.file.signer_present) {
        (false, _) => Some(now),
        (true, true) => Some(now + SIGNING),
        (true, false) => None,
    };
    let posting = Posting { signed_at, id: format!("P-{}", desk.state.file.postings.len() + 1), ..posting };
    let what = format!("{}: {} -> {} {} EUR", posting.id, posting.from, posting.to, posting.amount);
    let next = if needs_second {
        format!(
            "Above {SECOND_SIGNATURE} EUR: A. Winther was asked for the second signature. It is settled after that."
        )
    } else {
        "Signed by the ledger desk. It is settled with the next settlement run.".to_owned()
    };
    desk.record("posting", json!({ "id": posting.id, "reverses": posting.reverses, "invoice": posting.invoice, "amount": posting.amount }));
    desk.state.file.postings.push(posting);
    Done(format!("Prepared {what}.\n{next}\nThe balances did not change yet."))
}

pub(super) fn post_reversal(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [number, reason @ ..] = args else { return Misused };
    if reason.is_empty() {
        return Misused;
    }
    let Some(number) = number.trim_start_matches("E-").parse::<u64>().ok() else {
        return Refused("ENTRY must be the number of an entry, such as E-12.".to_owned());
    };
    let Some(entry) = desk.state.entry(number) else {
        return Refused(format!("There is no entry E-{number} that moved anything."));
    };
    let known = |account: &str| desk.state.chain.address(account).is_some();
    if !known(&entry.from) || !known(&entry.to) {
        return Refused(format!(
            "E-{number} is no entry between accounts of the ledger; it is not reversed here."
        ));
    }
    if let Some(other) = desk.state.file.postings.iter().find(|posting| posting.reverses == Some(number)) {
        return Refused(format!("E-{number} is reversed by {} already.", other.id));
    }
    let reason: String = reason.join(" ").chars().take(120).collect();
    let posting = Posting {
        id: String::new(),
        from: entry.to,
        to: entry.from,
        amount: entry.amount,
        memo: ledger::memo(
            &format!("C-{number}"),
            &format!("counter-entry to E-{number}: {reason}"),
            "ledger desk",
        ),
        reverses: Some(number),
        invoice: None,
        signed_at: None,
        entry: None,
    };
    prepare(desk, posting)
}

pub(super) fn post_invoice(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let [reference] = args else { return Misused };
    let Some((from, to, amount, text)) = invoice(reference) else {
        return Refused(format!("There is no invoice {reference} in the register."));
    };
    if desk.state.is_booked(reference) {
        return Refused(format!("{reference} is booked or prepared already. Nothing was changed."));
    }
    let posting = Posting {
        id: String::new(),
        from: from.to_owned(),
        to: to.to_owned(),
        amount,
        memo: ledger::memo(reference, text, "ledger desk"),
        reverses: None,
        invoice: Some((*reference).to_owned()),
        signed_at: None,
        entry: None,
    };
    prepare(desk, posting)
}

pub(super) fn await_signature(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if !args.is_empty() {
        return Misused;
    }
    let now = desk.minutes();
    let open = desk.state.file.postings.iter().filter(|posting| posting.entry.is_none());
    let unsigned: Vec<&Posting> =
        open.filter(|posting| posting.signed_at.is_none_or(|at| at > now)).collect();
    if unsigned.is_empty() {
        return Done("No second signature is outstanding.".to_owned());
    }
    let ids = unsigned.iter().map(|posting| posting.id.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(at) = unsigned.iter().filter_map(|posting| posting.signed_at).max() {
        desk.wait(at - now);
        return Done(format!("{}: A. Winther signed {ids}.", desk.time_in(0)));
    }
    desk.wait(30);
    Done(format!(
        "{}: no answer for {ids}. A. Winther's calendar: away, back {}. No deputy is registered.",
        desk.time_in(0),
        desk.now().after(3 * 24 * 60).date()
    ))
}

pub(super) fn settle(desk: &mut At<'_>, args: &[&str]) -> Answered {
    if !args.is_empty() {
        return Misused;
    }
    let now = desk.minutes();
    let ready = |posting: &Posting| posting.entry.is_none() && posting.signed_at.is_some_and(|at| at <= now);
    let places: Vec<usize> = desk
        .state
        .file
        .postings
        .iter()
        .enumerate()
        .filter(|(_, posting)| ready(posting))
        .map(|(n, _)| n)
        .collect();
    let waiting =
        desk.state.file.postings.iter().filter(|posting| posting.entry.is_none() && !ready(posting)).count();
    if places.is_empty() {
        let why = if waiting > 0 {
            "The postings that there are wait for the second signature."
        } else {
            "There are no postings."
        };
        return Refused(format!("Nothing to settle. {why}"));
    }
    desk.wait(SETTLING);
    let at = seconds(desk.now());
    let mut text = String::new();
    for place in places {
        let posting = desk.state.file.postings[place].clone();
        match ledger::book(
            &mut desk.state.chain,
            &posting.from,
            &posting.to,
            posting.amount,
            &posting.memo,
            at,
        ) {
            Ok(entry) => {
                desk.record(
                    "settled",
                    json!({ "posting": posting.id, "entry": entry, "amount": posting.amount }),
                );
                desk.state.file.postings[place].entry = Some(entry);
                desk.state.file.settled.push(entry);
                text += &format!(
                    "{} settled as E-{entry} ({} -> {} {} EUR).\n",
                    posting.id, posting.from, posting.to, posting.amount
                );
            }
            Err(why) => text += &format!("{} was not settled: {why}.\n", posting.id),
        }
    }
    let left = match waiting {
        0 => String::new(),
        1 => "One posting still waits for the second signature. ".to_owned(),
        n => format!("{n} postings still wait for the second signature. "),
    };
    Done(format!("{text}{left}It is {}; the pooled total is {} EUR.", desk.time_in(0), desk.state.pool()))
}
