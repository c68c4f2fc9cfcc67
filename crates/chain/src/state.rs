//! Every state that the chain was in: what each account held and each contract remembered, after each block.
//!
//! Kept as the list of changes of each value, so that a question about an old block costs as little as one about the
//! newest, and a chain of many blocks needs no more than what changed in them.

use std::collections::BTreeMap;
use std::convert::Infallible;

use alloy_consensus::TrieAccount;
use alloy_consensus::proofs::{state_root_unhashed, storage_root_unhashed};
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use revm::DatabaseRef;
use revm::bytecode::Bytecode;
use revm::state::{AccountInfo, EvmState};

/// A value and how it changed: the blocks in rising order, with what it was from each on.
type Changes<T> = Vec<(u64, T)>;

#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    accounts: BTreeMap<Address, Changes<Option<AccountInfo>>>,
    storage: BTreeMap<Address, BTreeMap<U256, Changes<U256>>>,
    code: BTreeMap<B256, Bytecode>,
    hashes: Vec<B256>,
}

impl State {
    /// Sets an account before block 0 is made.
    pub(crate) fn begin_with(
        &mut self,
        address: Address,
        balance: U256,
        code: Option<Bytecode>,
        storage: &[(U256, U256)],
    ) {
        let mut info = AccountInfo { balance, code: None, ..AccountInfo::default() };
        if let Some(code) = code {
            info.code_hash = code.hash_slow();
            info.nonce = 1;
            self.code.insert(info.code_hash, code);
        }
        self.accounts.entry(address).or_default().push((0, Some(info)));
        for (slot, value) in storage {
            self.set_slot(0, address, *slot, *value);
        }
    }

    /// Appends the hash of the block whose state was committed last.
    pub(crate) fn seal(&mut self, hash: B256) {
        self.hashes.push(hash);
    }

    /// Takes over what a transaction changed, as of `block`.
    pub(crate) fn commit(&mut self, block: u64, changed: EvmState) {
        // The order in which the accounts come does not matter: each is a list of its own.
        for (address, account) in changed {
            if !account.is_touched() {
                continue;
            }
            if account.is_selfdestructed() {
                self.set_account(block, address, None);
                let slots: Vec<U256> =
                    self.storage.get(&address).into_iter().flat_map(BTreeMap::keys).copied().collect();
                for slot in slots {
                    self.set_slot(block, address, slot, U256::ZERO);
                }
                continue;
            }
            let mut info = account.info;
            if let Some(code) = info.code.take()
                && info.code_hash != KECCAK256_EMPTY
            {
                self.code.entry(info.code_hash).or_insert(code);
            }
            for (slot, value) in account.storage {
                if value.is_changed() {
                    self.set_slot(block, address, slot, value.present_value);
                }
            }
            // An account without anything is no account (EIP-161).
            let there = (!info.is_empty()).then_some(info);
            self.set_account(block, address, there);
        }
    }

    fn set_account(&mut self, block: u64, address: Address, info: Option<AccountInfo>) {
        set(self.accounts.entry(address).or_default(), block, info);
    }

    fn set_slot(&mut self, block: u64, address: Address, slot: U256, value: U256) {
        set(self.storage.entry(address).or_default().entry(slot).or_default(), block, value);
    }

    /// The state as it was after `block`.
    pub(crate) fn at(&self, block: u64) -> View<'_> {
        View { state: self, block }
    }

    /// The root of the newest state: a Merkle Patricia trie over all accounts.
    pub(crate) fn root(&self) -> B256 {
        let now = u64::MAX;
        state_root_unhashed(self.accounts.iter().filter_map(|(address, changes)| {
            let info = then(changes, now)?.as_ref()?;
            let slots = self.storage.get(address).into_iter().flatten().filter_map(|(slot, changes)| {
                let value = *then(changes, now)?;
                (!value.is_zero()).then_some((B256::from(*slot), value))
            });
            let root = storage_root_unhashed(slots);
            Some((*address, TrieAccount::new(info.nonce, info.balance, root, info.code_hash)))
        }))
    }
}

fn set<T>(changes: &mut Changes<T>, block: u64, value: T) {
    match changes.last_mut() {
        Some((last, old)) if *last == block => *old = value,
        _ => changes.push((block, value)),
    }
}

fn then<T>(changes: &Changes<T>, block: u64) -> Option<&T> {
    let later = changes.partition_point(|(from, _)| *from <= block);
    Some(&changes.get(later.checked_sub(1)?)?.1)
}

/// The state after one block, for reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    state: &'a State,
    block: u64,
}

impl View<'_> {
    fn account(&self, address: Address) -> Option<&AccountInfo> {
        then(self.state.accounts.get(&address)?, self.block)?.as_ref()
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.account(address).map_or(U256::ZERO, |info| info.balance)
    }

    pub(crate) fn nonce(&self, address: Address) -> u64 {
        self.account(address).map_or(0, |info| info.nonce)
    }

    pub(crate) fn code(&self, address: Address) -> &[u8] {
        self.account(address)
            .and_then(|info| self.state.code.get(&info.code_hash))
            .map_or(&[], Bytecode::original_byte_slice)
    }

    pub(crate) fn slot(&self, address: Address, slot: U256) -> U256 {
        let changes = self.state.storage.get(&address).and_then(|slots| slots.get(&slot));
        changes.and_then(|changes| then(changes, self.block)).copied().unwrap_or_default()
    }
}

impl DatabaseRef for View<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.account(address).cloned())
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.state.code.get(&code_hash).cloned().unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, Infallible> {
        Ok(self.slot(address, index))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        let hash = usize::try_from(number).ok().and_then(|number| self.state.hashes.get(number));
        Ok(hash.copied().unwrap_or_default())
    }
}
