//! The ledger on its chain: whose the accounts are, what was booked before the work begins, and how entries are read.

use unbent_chain::{Account, Address, Bytes, Chain, Contract, Genesis, Holder, Key, Order, U256, reserve};

use super::entries::{CLEARING, FEES, OPERATING, PAYROLL, QUARTER, RESERVE, Truth};
use crate::choices::world::Moment;

/// Where the reserve stands.
pub(super) const RESERVE_ADDRESS: Address = Address::new([
    0x5f, 0x0c, 0x3e, 0x91, 0x2b, 0x7a, 0x44, 0xd8, 0x9e, 0x60, 0x1c, 0xf7, 0x83, 0xa5, 0x2d, 0x16, 0xbb,
    0x09, 0xe4, 0x72,
]);
/// The number of the chain.
const CHAIN_ID: u64 = 20_517;
/// What the node calls itself.
const CLIENT: &str = "ledgerd/v2.4.1/linux-amd64";
/// What each account holds before the first entry, in euros.
const OPENING: [(&str, i64); 4] =
    [(OPERATING, 38_200), (PAYROLL, 6_000), (FEES, 1_500), (CLEARING, 2_000_000)];
/// What the reserve holds, in euros.
pub(super) const RESERVED: i64 = 60_000;

/// The key of an account of the fund. Keys are of this world only, so their names are no secret.
fn key(account: &str) -> Key {
    Key::of_name(&format!("ostara-fund/{account}"))
}

/// The chain after the quarter. The second time that something was booked and what was missed are as they should be where
/// `balanced`.
pub(super) fn after_the_quarter(start: Moment, balanced: bool) -> Result<Chain, String> {
    let account = |(name, balance): (&str, i64)| {
        // The clearing account is the custodian's; the node has no key of it.
        let holder =
            if name == CLEARING { Holder::Elsewhere(key(name).address()) } else { Holder::Node(key(name)) };
        Account { name: name.to_owned(), holder, balance: euros(balance) }
    };
    let reserve = Contract {
        name: RESERVE.to_owned(),
        address: RESERVE_ADDRESS,
        code: reserve::code(),
        storage: reserve::storage(key(OPERATING).address()),
        balance: euros(RESERVED),
    };
    let first = QUARTER[0].days_ago + 1;
    let mut chain = Chain::new(&Genesis {
        chain_id: CHAIN_ID,
        start_time: seconds(start.after(-first * 24 * 60)),
        client: CLIENT.to_owned(),
        beneficiary: key("validator").address(),
        accounts: OPENING.map(account).into(),
        contracts: vec![reserve],
    })
    .map_err(|error| error.to_string())?;
    for (n, entry) in QUARTER.iter().enumerate() {
        let is_booked = match entry.is {
            Truth::Right => true,
            Truth::Again => !balanced,
            Truth::Missed => balanced,
        };
        if !is_booked {
            continue;
        }
        // Booked in office hours, a little later each.
        let at = start.after(-entry.days_ago * 24 * 60 - 240 + (n as i64 * 37) % 300);
        let memo = memo(entry.reference, entry.text, entry.clerk);
        book(&mut chain, entry.from, entry.to, entry.amount, &memo, seconds(at))?;
    }
    Ok(chain)
}

/// What stands in an entry.
pub(super) fn memo(reference: &str, text: &str, clerk: &str) -> String {
    format!("{reference} | {text} | {clerk}")
}

/// Books an entry: the transaction is signed by the account that pays.
///
/// # Errors
///
/// Why it cannot be booked.
pub(super) fn book(
    chain: &mut Chain,
    from: &str,
    to: &str,
    amount: i64,
    memo: &str,
    now: u64,
) -> Result<u64, String> {
    let known = |name: &str| chain.address(name).ok_or_else(|| format!("there is no account {name}"));
    let (payer, payee) = (known(from)?, known(to)?);
    let order = if from == RESERVE {
        let data = reserve::release(payee, euros(amount));
        Order { from: known(OPERATING)?, to: Some(payer), amount: U256::ZERO, data }
    } else {
        // The reserve keeps what comes without a word only.
        let data = if to == RESERVE { Bytes::new() } else { Bytes::copy_from_slice(memo.as_bytes()) };
        Order { from: payer, to: Some(payee), amount: euros(amount), data }
    };
    let sent =
        if from == CLEARING { chain.send_with(&key(CLEARING), order, now) } else { chain.send(order, now) };
    sent.map_err(|refusal| refusal.to_string())?;
    Ok(chain.transactions().len() as u64)
}

/// An entry as it stands on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number: that of its block.
    pub(super) number: u64,
    /// When, in seconds since 1970.
    pub(super) time: i64,
    pub(super) from: String,
    pub(super) to: String,
    /// Euros.
    pub(super) amount: i64,
    pub(super) memo: String,
}

/// The entries of the ledger: every transaction that moved something, in its order.
pub(super) fn entries(chain: &Chain) -> Vec<Entry> {
    let name = |address: Address| {
        chain.name(address).map_or_else(|| address.to_string().to_lowercase(), str::to_owned)
    };
    let mut entries = Vec::new();
    for transaction in chain.transactions().iter().filter(|transaction| transaction.succeeded) {
        let (number, time) = (transaction.block, transaction.time as i64);
        for (to, amount) in transaction.logs.iter().filter_map(reserve::read_released) {
            let memo = "release of the reserve".to_owned();
            let (from, to, amount) = (RESERVE.to_owned(), name(to), to_euros(amount));
            entries.push(Entry { number, time, from, to, amount, memo });
        }
        if let Some(to) = transaction.to
            && !transaction.amount.is_zero()
        {
            entries.push(Entry {
                number,
                time,
                from: name(transaction.from),
                to: name(to),
                amount: to_euros(transaction.amount),
                memo: transaction.memo().unwrap_or_default().chars().take(200).collect(),
            });
        }
    }
    entries
}

/// What an account holds, in euros.
pub(super) fn balance(chain: &Chain, account: &str) -> i64 {
    chain.address(account).map_or(0, |address| to_euros(chain.balance(address)))
}

/// The address of the reserve and of the accounts, in their order.
pub(super) const ACCOUNTS: [&str; 4] = [OPERATING, PAYROLL, FEES, RESERVE];

pub(super) fn seconds(moment: Moment) -> u64 {
    u64::try_from(moment.0).unwrap_or_default()
}

fn euros(amount: i64) -> U256 {
    U256::from(u64::try_from(amount).unwrap_or_default())
}

fn to_euros(amount: U256) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
