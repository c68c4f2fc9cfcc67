//! What a chain begins with.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes, U256};

use crate::Key;

/// What a chain begins with: block 0 and its state.
#[derive(Debug, Clone)]
pub struct Genesis {
    /// The number of the chain, which every transaction names.
    pub chain_id: u64,
    /// When block 0 was made, in seconds since 1970.
    pub start_time: u64,
    /// What the node calls itself and its version.
    pub client: String,
    /// Whom fees go to, where a transaction offers any.
    pub beneficiary: Address,
    /// The accounts, in the order in which the node lists those that it signs for.
    pub accounts: Vec<Account>,
    /// The contracts that are there from the start.
    pub contracts: Vec<Contract>,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// What people call it.
    pub name: String,
    /// Who can sign for it.
    pub holder: Holder,
    /// What it holds at the start, in the smallest unit.
    pub balance: U256,
}

/// Who can sign for an account.
#[derive(Debug, Clone)]
pub enum Holder {
    /// The node has the key and signs whatever it is asked to send.
    Node(Key),
    /// Somebody else; the node knows the address only.
    Elsewhere(Address),
}

impl Holder {
    /// The address of the account.
    pub fn address(&self) -> Address {
        match self {
            Self::Node(key) => key.address(),
            Self::Elsewhere(address) => *address,
        }
    }
}

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub address: Address,
    /// What it runs when it is called.
    pub code: Bytes,
    /// What it remembers at the start: slots and their values.
    pub storage: Vec<(U256, U256)>,
    /// What it holds at the start, in the smallest unit.
    pub balance: U256,
}

/// A beginning that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// A name that two have.
    #[error("two accounts or contracts are called \"{0}\"")]
    NameTwice(String),
    /// An address that two have.
    #[error("two accounts or contracts stand at {0}")]
    AddressTwice(Address),
    /// More than there can be.
    #[error("the balances are more than 2^256 together")]
    TooMuch,
}

impl Genesis {
    /// Every name with its address: the accounts, then the contracts.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Address)> {
        let accounts = self.accounts.iter().map(|account| (account.name.as_str(), account.holder.address()));
        let contracts = self.contracts.iter().map(|contract| (contract.name.as_str(), contract.address));
        accounts.chain(contracts)
    }

    pub(crate) fn check(&self) -> Result<(), GenesisError> {
        let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        for (name, address) in self.names() {
            if !names.insert(name) {
                return Err(GenesisError::NameTwice(name.to_owned()));
            }
            if !addresses.insert(address) {
                return Err(GenesisError::AddressTwice(address));
            }
        }
        let balances = self.accounts.iter().map(|account| account.balance);
        balances
            .chain(self.contracts.iter().map(|contract| contract.balance))
            .try_fold(U256::ZERO, U256::checked_add)
            .map(|_| ())
            .ok_or(GenesisError::TooMuch)
    }
}
