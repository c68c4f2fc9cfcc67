//! Blocks: what was agreed on, and when.

use alloy_consensus::constants::EMPTY_WITHDRAWALS;
use alloy_consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, ReceiptEnvelope, TxEnvelope};
use alloy_primitives::{Address, B256, Bloom};

use crate::machine::GAS_LIMIT;

/// A block. Block 0 is the beginning; each of the others holds one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub(crate) hash: B256,
    pub(crate) header: Header,
}

impl Block {
    /// Makes the block after `parent` (none for the beginning) out of what ran in it.
    pub(crate) fn seal(
        parent: Option<&Self>,
        time: u64,
        beneficiary: Address,
        state_root: B256,
        ran: Option<(&TxEnvelope, &ReceiptEnvelope)>,
    ) -> Self {
        let transactions: Vec<&TxEnvelope> = ran.iter().map(|(transaction, _)| *transaction).collect();
        let receipts: Vec<&ReceiptEnvelope> = ran.iter().map(|(_, receipt)| *receipt).collect();
        let header = Header {
            parent_hash: parent.map_or(B256::ZERO, Self::hash),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary,
            state_root,
            transactions_root: calculate_transaction_root(&transactions),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom: ran.map_or(Bloom::ZERO, |(_, receipt)| *receipt.logs_bloom()),
            number: parent.map_or(0, |parent| parent.number() + 1),
            gas_limit: GAS_LIMIT,
            gas_used: ran.map_or(0, |(_, receipt)| receipt.cumulative_gas_used()),
            timestamp: time,
            base_fee_per_gas: Some(0),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            ..Header::default()
        };
        Self { hash: header.hash_slow(), header }
    }

    /// Its place, from 0.
    pub fn number(&self) -> u64 {
        self.header.number
    }

    /// The hash of its header.
    pub fn hash(&self) -> B256 {
        self.hash
    }

    /// When it was made, in seconds since 1970; later than the one before.
    pub fn time(&self) -> u64 {
        self.header.timestamp
    }

    /// The root of the state after it.
    pub fn state_root(&self) -> B256 {
        self.header.state_root
    }
}
