//! The chain: its blocks, its state and the keys of its node.

use std::collections::BTreeMap;

use alloy_consensus::{Receipt, ReceiptEnvelope, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::bytecode::Bytecode;
use revm::context::TxEnv;

use crate::machine::{self, GAS_LIMIT, Surroundings};
use crate::state::{State, View};
use crate::transaction::{self, Fee, Unsigned};
use crate::{Block, Genesis, GenesisError, Holder, Key, Order, Refusal, Transaction, rpc};

/// A chain with the node that serves it.
///
/// Time is given with each call, in seconds since 1970. A block is later than the one before it, so where no time has
/// passed it is one second ahead.
#[derive(Debug, Clone)]
pub struct Chain {
    id: u64,
    client: String,
    beneficiary: Address,
    names: Vec<(String, Address)>,
    managed: Vec<Address>,
    keys: BTreeMap<Address, Key>,
    state: State,
    blocks: Vec<Block>,
    /// Block `n` holds transaction `n - 1` and no other.
    transactions: Vec<Transaction>,
    numbers: BTreeMap<B256, u64>,
}

impl Chain {
    /// The chain at its block 0.
    ///
    /// # Errors
    ///
    /// If a name or an address is given twice, or the balances do not add up to a number.
    pub fn new(genesis: &Genesis) -> Result<Self, GenesisError> {
        genesis.check()?;
        let (mut state, mut managed, mut keys) = (State::default(), Vec::new(), BTreeMap::new());
        for account in &genesis.accounts {
            let address = account.holder.address();
            if let Holder::Node(key) = &account.holder {
                managed.push(address);
                keys.insert(address, key.clone());
            }
            if !account.balance.is_zero() {
                state.begin_with(address, account.balance, None, &[]);
            }
        }
        for contract in &genesis.contracts {
            let code = Bytecode::new_legacy(contract.code.clone());
            state.begin_with(contract.address, contract.balance, Some(code), &contract.storage);
        }
        let first = Block::seal(None, genesis.start_time, genesis.beneficiary, state.root(), None);
        state.seal(first.hash);
        Ok(Self {
            id: genesis.chain_id,
            client: genesis.client.clone(),
            beneficiary: genesis.beneficiary,
            names: genesis.names().map(|(name, address)| (name.to_owned(), address)).collect(),
            managed,
            keys,
            state,
            numbers: BTreeMap::from([(first.hash, 0)]),
            blocks: vec![first],
            transactions: Vec::new(),
        })
    }

    /// Answers JSON-RPC 2.0, single or batched. Empty where nothing is to be answered.
    pub fn request(&mut self, body: &[u8], now: u64) -> String {
        rpc::answer(self, body, now)
    }

    /// Signs for an account that the node has the key of, and makes the block with it. Gas is free and as much as is needed.
    ///
    /// # Errors
    ///
    /// If the node cannot sign for it, or it would not take effect.
    pub fn send(&mut self, order: Order, now: u64) -> Result<B256, Refusal> {
        let gas_limit = self.estimate(&order, self.head().number())?;
        self.sign_and_take(order, gas_limit, Fee::NOTHING, None, now)
    }

    /// Signs with a key that the node does not have, as its holder would elsewhere, and takes what was signed. See
    /// [`Self::send`].
    ///
    /// # Errors
    ///
    /// If the key is not that of the order's account, or it would not take effect.
    pub fn send_with(&mut self, key: &Key, order: Order, now: u64) -> Result<B256, Refusal> {
        if order.from != key.address() {
            return Err(Refusal::UnknownAccount(order.from));
        }
        let gas_limit = self.estimate(&order, self.head().number())?;
        let signed = self.signed(key, order, gas_limit, Fee::NOTHING, None);
        self.take(&signed, now)
    }

    /// Moves an amount between accounts, with what it is for. See [`Self::send`].
    ///
    /// # Errors
    ///
    /// If the node cannot sign for `from`, or it has too little.
    pub fn transfer(
        &mut self,
        from: Address,
        to: Address,
        amount: U256,
        memo: &str,
        now: u64,
    ) -> Result<B256, Refusal> {
        let data = Bytes::copy_from_slice(memo.as_bytes());
        self.send(Order { from, to: Some(to), amount, data }, now)
    }

    /// Takes a signed transaction and makes the block with it.
    ///
    /// # Errors
    ///
    /// If it is none for this chain, its signature is nobody's, its number is not the next one of its sender, or the
    /// sender has too little. One that ends badly in the machine is none of these: it stands in its block, without effect.
    pub fn take(&mut self, raw: &[u8], now: u64) -> Result<B256, Refusal> {
        let (envelope, from) = transaction::read(raw, self.id)?;
        if self.numbers.contains_key(envelope.tx_hash()) {
            return Err(Refusal::Known);
        }
        let head = self.head().number();
        let time = now.max(self.head().time() + 1);
        let around = self.around(head + 1, time);
        let ran = machine::run(self.state.at(head), around, transaction::to_run(&envelope, from))?;
        self.state.commit(head + 1, ran.state);
        let receipt = receipt(&envelope, &ran.result);
        let block = Block::seal(
            Some(self.head()),
            time,
            self.beneficiary,
            self.state.root(),
            Some((&envelope, &receipt)),
        );
        let hash = *envelope.tx_hash();
        self.state.seal(block.hash);
        self.numbers.insert(block.hash, head + 1);
        self.numbers.insert(hash, head + 1);
        self.blocks.push(block);
        self.transactions.push(Transaction::new(envelope, from, receipt, &ran.result, head + 1, time));
        Ok(hash)
    }

    /// What a call of a contract returns, without making a block.
    ///
    /// # Errors
    ///
    /// If the contract undoes it or the machine breaks off.
    pub fn call(&self, order: &Order) -> Result<Bytes, Refusal> {
        self.call_at(order, GAS_LIMIT, self.head().number())
    }

    /// What an account has, in the smallest unit.
    pub fn balance(&self, address: Address) -> U256 {
        self.at(self.head().number()).balance(address)
    }

    /// What an account had after a block, in the smallest unit; as now for blocks to come.
    pub fn balance_at(&self, address: Address, block: u64) -> U256 {
        self.at(block).balance(address)
    }

    /// The blocks in their order, from 0.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The transactions in their order: the first stands in block 1.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// The transaction of this hash.
    pub fn transaction(&self, hash: B256) -> Option<&Transaction> {
        let number = *self.numbers.get(&hash)?;
        self.transaction_in(number).filter(|transaction| transaction.hash == hash)
    }

    /// The address of the account or contract of this name.
    pub fn address(&self, name: &str) -> Option<Address> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, address)| *address)
    }

    /// The name of the account or contract at this address.
    pub fn name(&self, address: Address) -> Option<&str> {
        self.names.iter().find(|(_, known)| *known == address).map(|(name, _)| name.as_str())
    }

    pub(crate) fn chain_id(&self) -> u64 {
        self.id
    }

    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    pub(crate) fn beneficiary(&self) -> Address {
        self.beneficiary
    }

    pub(crate) fn managed(&self) -> &[Address] {
        &self.managed
    }

    pub(crate) fn head(&self) -> &Block {
        self.blocks.last().expect("a chain begins with a block")
    }

    pub(crate) fn block(&self, number: u64) -> Option<&Block> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn block_of(&self, hash: B256) -> Option<&Block> {
        self.block(*self.numbers.get(&hash)?).filter(|block| block.hash == hash)
    }

    pub(crate) fn transaction_in(&self, block: u64) -> Option<&Transaction> {
        self.transactions.get(usize::try_from(block.checked_sub(1)?).ok()?)
    }

    pub(crate) fn at(&self, block: u64) -> View<'_> {
        self.state.at(block)
    }

    /// Signs as the node and takes what it signed, like anybody's.
    pub(crate) fn sign_and_take(
        &mut self,
        order: Order,
        gas_limit: u64,
        fee: Fee,
        nonce: Option<u64>,
        now: u64,
    ) -> Result<B256, Refusal> {
        let key = self.keys.get(&order.from).ok_or(Refusal::UnknownAccount(order.from))?;
        let signed = self.signed(key, order, gas_limit, fee, nonce);
        self.take(&signed, now)
    }

    fn signed(&self, key: &Key, order: Order, gas_limit: u64, fee: Fee, nonce: Option<u64>) -> Vec<u8> {
        let nonce = nonce.unwrap_or_else(|| self.at(self.head().number()).nonce(order.from));
        Unsigned { chain_id: self.id, nonce, gas_limit, fee, order }.sign(key).encoded_2718()
    }

    /// The gas that an order needs after a block.
    pub(crate) fn estimate(&self, order: &Order, block: u64) -> Result<u64, Refusal> {
        let tx = self.trial(order, GAS_LIMIT, block);
        machine::least_gas(self.at(block), self.around_block(block), &tx)
    }

    /// What a call returns after a block.
    pub(crate) fn call_at(&self, order: &Order, gas_limit: u64, block: u64) -> Result<Bytes, Refusal> {
        let tx = self.trial(order, gas_limit, block);
        let result = machine::run(self.at(block), self.around_block(block), tx)?.result;
        machine::succeeded(&result)?;
        Ok(result.into_output().unwrap_or_default())
    }

    fn trial(&self, order: &Order, gas_limit: u64, block: u64) -> TxEnv {
        let nonce = self.at(block).nonce(order.from);
        Unsigned { chain_id: self.id, nonce, gas_limit, fee: Fee::NOTHING, order: order.clone() }.to_run()
    }

    fn around_block(&self, number: u64) -> Surroundings {
        self.around(number, self.block(number).unwrap_or_else(|| self.head()).time())
    }

    fn around(&self, number: u64, time: u64) -> Surroundings {
        Surroundings { chain_id: self.id, number, time, beneficiary: self.beneficiary }
    }
}

fn receipt(envelope: &TxEnvelope, result: &revm::context::result::ExecutionResult) -> ReceiptEnvelope {
    let logs = if result.is_success() { result.logs().to_vec() } else { Vec::new() };
    let receipt =
        Receipt { status: result.is_success().into(), cumulative_gas_used: result.tx_gas_used(), logs };
    ReceiptEnvelope::from_typed(envelope.tx_type(), receipt.with_bloom())
}
