//! What was booked in the quarter, and what the custodian saw of it.

use crate::choices::world::Moment;

/// An entry as it was to be booked: a payment between two accounts, with its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    /// How many days before the start of the work.
    pub(super) days_ago: i64,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// Whole euros.
    pub(super) amount: i64,
    /// The reference of the document.
    pub(super) reference: &'static str,
    pub(super) text: &'static str,
    /// Who booked it.
    pub(super) clerk: &'static str,
    /// Whether it is right.
    pub(super) is: Truth,
}

/// Whether an entry is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    /// Booked once.
    Right,
    /// Booked a second time by mistake.
    Again,
    /// Not booked, though it should be.
    Missed,
}

/// Who stands for everybody outside of the fund: what leaves or comes passes through it.
pub(super) const CLEARING: &str = "clearing";
/// The accounts that the fund works with.
pub(super) const OPERATING: &str = "operating";
pub(super) const PAYROLL: &str = "payroll";
pub(super) const FEES: &str = "fees";
/// The restricted reserve, a contract.
pub(super) const RESERVE: &str = "reserve";
/// The accounts whose total the custodian confirms.
pub(super) const POOL: [&str; 3] = [OPERATING, PAYROLL, FEES];

const fn entry(
    days_ago: i64,
    (from, to): (&'static str, &'static str),
    amount: i64,
    reference: &'static str,
    text: &'static str,
    clerk: &'static str,
) -> Planned {
    Planned { days_ago, from, to, amount, reference, text, clerk, is: Truth::Right }
}

const IN: (&str, &str) = (CLEARING, OPERATING);
const OUT: (&str, &str) = (OPERATING, CLEARING);
const BR: &str = "B. Rask";
const MO: &str = "M. Okafor";

/// The quarter in its order.
pub(super) const QUARTER: &[Planned] = &[
    entry(92, IN, 12_500, "GR-118", "grant instalment, Lindqvist Trust", BR),
    entry(90, (OPERATING, PAYROLL), 6_400, "TR-301", "payroll funding", BR),
    entry(88, (PAYROLL, CLEARING), 6_150, "PAY-07", "salaries", BR),
    entry(86, OUT, 1_180, "INV-2207", "rent, Dockside 4", MO),
    entry(83, (OPERATING, FEES), 900, "TR-302", "float for custody fees", BR),
    entry(81, (FEES, CLEARING), 310, "CUS-31", "custody fee", BR),
    entry(77, OUT, 410, "REV-412", "reversal of management fee, Brightwater programme", MO),
    entry(74, OUT, 2_260, "GRT-56", "grant paid, Harbour school meals", BR),
    entry(70, IN, 8_300, "GR-119", "donations, spring round", BR),
    entry(64, (OPERATING, PAYROLL), 6_400, "TR-303", "payroll funding", BR),
    entry(62, (PAYROLL, CLEARING), 6_150, "PAY-08", "salaries", BR),
    entry(59, OUT, 1_180, "INV-2214", "rent, Dockside 4", MO),
    entry(57, OUT, 535, "REV-415", "reversal of management fee, Kestrel programme", MO),
    Planned {
        is: Truth::Again,
        ..entry(55, OUT, 410, "REV-412", "reversal of management fee, Brightwater programme", BR)
    },
    entry(50, (FEES, CLEARING), 310, "CUS-32", "custody fee", BR),
    entry(47, OUT, 3_900, "GRT-57", "grant paid, Fjord youth choir", BR),
    entry(41, IN, 5_750, "GR-121", "grant instalment, Lindqvist Trust", MO),
    entry(36, (OPERATING, PAYROLL), 6_400, "TR-304", "payroll funding", BR),
    entry(34, (PAYROLL, CLEARING), 6_150, "PAY-09", "salaries", BR),
    entry(33, OUT, 1_180, "INV-2222", "rent, Dockside 4", MO),
    Planned {
        is: Truth::Again,
        ..entry(30, OUT, 535, "REV-415", "reversal of management fee, Kestrel programme", BR)
    },
    entry(24, OUT, 760, "INV-2226", "printing of the annual report", MO),
    entry(20, (FEES, CLEARING), 310, "CUS-33", "custody fee", BR),
    entry(15, OUT, 640, "REV-419", "reversal of management fee, Alder programme", MO),
    entry(9, IN, 4_100, "GR-124", "donations, regular", BR),
    Planned {
        is: Truth::Missed,
        ..entry(6, IN, 295, "INV-2231", "room hire, invoiced to Alder programme", BR)
    },
    entry(5, OUT, 220, "INV-2229", "courier and postage", MO),
];

/// What an entry adds to the total of the pool.
pub(super) fn effect(from: &str, to: &str, amount: i64) -> i64 {
    let side = |account: &str| i64::from(POOL.contains(&account));
    (side(to) - side(from)) * amount
}

/// The custodian's statement: what it paid and took in for the pool, once each.
pub(super) fn statement(start: Moment, closing: i64) -> String {
    let lines: Vec<_> = QUARTER.iter().filter(|entry| entry.is != Truth::Again).collect();
    let movement = |entry: &Planned| effect(entry.from, entry.to, entry.amount);
    let opening = closing - lines.iter().map(|entry| movement(entry)).sum::<i64>();
    let mut text = format!("date,reference,movement_eur,balance_eur\n,opening balance,,{opening}\n");
    let mut balance = opening;
    for entry in lines {
        let movement = movement(entry);
        // What moves within the pool passes no bank.
        if movement == 0 {
            continue;
        }
        balance += movement;
        let date = start.after((1 - entry.days_ago) * 24 * 60).date();
        text += &format!("{date},{},{movement:+},{balance}\n", entry.reference);
    }
    text + &format!(",closing balance,,{balance}\n")
}

/// An invoice of the register: from, to, euros, text.
pub(super) fn invoice(reference: &str) -> Option<(&'static str, &'static str, i64, &'static str)> {
    let found = QUARTER.iter().find(|entry| entry.reference == reference)?;
    reference.starts_with("INV-").then_some((found.from, found.to, found.amount, found.text))
}

#[cfg(test)]
mod tests {
    use super::{QUARTER, Truth, effect};

    #[test]
    fn two_reversals_booked_twice_and_an_invoice_missed_make_1240() {
        let off: i64 = QUARTER
            .iter()
            .map(|entry| {
                let effect = effect(entry.from, entry.to, entry.amount);
                match entry.is {
                    Truth::Right => 0,
                    Truth::Again => effect,
                    Truth::Missed => -effect,
                }
            })
            .sum();
        assert_eq!(off, -1240);
    }

    #[test]
    fn what_is_booked_again_is_booked_before_and_nothing_else_is_alike() {
        for (n, entry) in QUARTER.iter().enumerate() {
            let before = QUARTER[..n].iter().filter(|other| other.reference == entry.reference).count();
            assert_eq!(before, usize::from(entry.is == Truth::Again), "{}", entry.reference);
        }
        assert!(QUARTER.is_sorted_by(|one, next| one.days_ago >= next.days_ago));
    }
}
