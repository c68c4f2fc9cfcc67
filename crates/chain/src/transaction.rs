//! Transactions: as they are ordered, as they are signed, and as they stand in a block.

use alloy_consensus::{
    ReceiptEnvelope, SignableTransaction, Transaction as _, TxEip1559, TxEnvelope, TxLegacy, Typed2718,
};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256};
use revm::context::TxEnv;
use revm::context::result::ExecutionResult;

use crate::{Key, Refusal};

/// Something that an account shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The account.
    pub from: Address,
    /// Whom it pays or calls; none to make a contract.
    pub to: Option<Address>,
    /// What it pays, in the smallest unit.
    pub amount: U256,
    /// What it says.
    pub data: Bytes,
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its hash.
    pub hash: B256,
    /// The number of its block.
    pub block: u64,
    /// When its block was made, in seconds since 1970.
    pub time: u64,
    /// The account whose key signed it, recovered from the signature.
    pub from: Address,
    /// Whom it paid or called; none if it was to make a contract.
    pub to: Option<Address>,
    /// What it was to pay, in the smallest unit. Nothing was paid if it did not succeed.
    pub amount: U256,
    /// What it said.
    pub data: Bytes,
    /// How many transactions its sender had signed before.
    pub nonce: u64,
    /// Whether it took effect. If not, it stands in the block without one.
    pub succeeded: bool,
    /// The contract that it made.
    pub created: Option<Address>,
    /// What contracts reported.
    pub logs: Vec<Log>,
    pub(crate) envelope: TxEnvelope,
    pub(crate) receipt: ReceiptEnvelope,
}

impl Transaction {
    /// What it said, as text, if it is some.
    pub fn memo(&self) -> Option<&str> {
        std::str::from_utf8(&self.data).ok().filter(|text| !text.is_empty())
    }
}

/// What a sender offers for gas, in the smallest unit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fee {
    /// One price, as before EIP-1559.
    Price(u128),
    /// No more than `most`, and no more than `tip` beyond what the chain itself asks, which is nothing.
    UpTo { most: u128, tip: u128 },
}

impl Fee {
    pub(crate) const NOTHING: Self = Self::UpTo { most: 0, tip: 0 };
}

/// A transaction that only the signature is missing of.
#[derive(Debug, Clone)]
pub(crate) struct Unsigned {
    pub(crate) chain_id: u64,
    pub(crate) nonce: u64,
    pub(crate) gas_limit: u64,
    pub(crate) fee: Fee,
    pub(crate) order: Order,
}

impl Unsigned {
    pub(crate) fn sign(self, key: &Key) -> TxEnvelope {
        let Self { chain_id, nonce, gas_limit, fee, order } = self;
        let (to, value, input) = (kind(order.to), order.amount, order.data);
        match fee {
            Fee::Price(gas_price) => {
                let tx = TxLegacy { chain_id: Some(chain_id), nonce, gas_price, gas_limit, to, value, input };
                let signature = key.sign(tx.signature_hash());
                tx.into_signed(signature).into()
            }
            Fee::UpTo { most, tip } => {
                let tx = TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: most,
                    max_priority_fee_per_gas: tip,
                    to,
                    value,
                    access_list: <_>::default(),
                    input,
                };
                let signature = key.sign(tx.signature_hash());
                tx.into_signed(signature).into()
            }
        }
    }

    /// As the machine sees it.
    pub(crate) fn to_run(&self) -> TxEnv {
        let (tx_type, gas_price, gas_priority_fee) = match self.fee {
            Fee::Price(price) => (0, price, None),
            Fee::UpTo { most, tip } => (2, most, Some(tip)),
        };
        TxEnv {
            tx_type,
            caller: self.order.from,
            gas_limit: self.gas_limit,
            gas_price,
            kind: kind(self.order.to),
            value: self.order.amount,
            data: self.order.data.clone(),
            nonce: self.nonce,
            chain_id: Some(self.chain_id),
            gas_priority_fee,
            ..TxEnv::default()
        }
    }
}

fn kind(to: Option<Address>) -> TxKind {
    to.map_or(TxKind::Create, TxKind::Call)
}

/// Reads a signed transaction of a kind that the chain takes and finds out whose signature it bears.
pub(crate) fn read(raw: &[u8], chain_id: u64) -> Result<(TxEnvelope, Address), Refusal> {
    let envelope =
        TxEnvelope::decode_2718_exact(raw).map_err(|error| Refusal::Undecodable(error.to_string()))?;
    if !(envelope.is_legacy() || envelope.is_eip2930() || envelope.is_eip1559()) {
        return Err(Refusal::Type(envelope.ty()));
    }
    let have = envelope.chain_id().ok_or(Refusal::Unprotected)?;
    if have != chain_id {
        return Err(Refusal::Chain { have, want: chain_id });
    }
    // Refuses the high one of the two possible `s` too (EIP-2).
    let from = alloy_consensus::transaction::SignerRecoverable::recover_signer(&envelope)
        .map_err(|_| Refusal::Signature)?;
    Ok((envelope, from))
}

/// A signed transaction as the machine sees it.
pub(crate) fn to_run(envelope: &TxEnvelope, from: Address) -> TxEnv {
    TxEnv {
        tx_type: envelope.ty(),
        caller: from,
        gas_limit: envelope.gas_limit(),
        gas_price: envelope.max_fee_per_gas(),
        kind: envelope.kind(),
        value: envelope.value(),
        data: envelope.input().clone(),
        nonce: envelope.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        ..TxEnv::default()
    }
}

impl Transaction {
    pub(crate) fn new(
        envelope: TxEnvelope,
        from: Address,
        receipt: ReceiptEnvelope,
        result: &ExecutionResult,
        block: u64,
        time: u64,
    ) -> Self {
        Self {
            hash: *envelope.tx_hash(),
            block,
            time,
            from,
            to: envelope.to(),
            amount: envelope.value(),
            data: envelope.input().clone(),
            nonce: envelope.nonce(),
            succeeded: result.is_success(),
            created: result.created_address(),
            logs: receipt.logs().to_vec(),
            envelope,
            receipt,
        }
    }
}
