//! Blocks, transactions, receipts and logs as JSON, with the names and the order that nodes have.

use std::fmt::LowerHex;

use alloy_consensus::{Transaction as _, TxEnvelope, Typed2718};
use alloy_primitives::Log;
use serde_json::{Map, Value, json};

use crate::{Block, Transaction};

/// A number.
pub(super) fn hex(number: impl LowerHex) -> Value {
    format!("{number:#x}").into()
}

/// Bytes.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    alloy_primitives::hex::encode_prefixed(bytes).into()
}

/// A hash or an address, in small letters.
pub(super) fn data(data: impl AsRef<[u8]>) -> Value {
    bytes(data.as_ref())
}

/// A block with its transaction, whole or by its hash.
pub(super) fn block(block: &Block, ran: Option<&Transaction>, whole: bool) -> Value {
    let header = &block.header;
    let transactions: Vec<Value> =
        ran.map(|ran| if whole { transaction(block, ran) } else { data(ran.hash) }).into_iter().collect();
    json!({
        "number": hex(header.number),
        "hash": data(block.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.ommers_hash),
        "logsBloom": data(header.logs_bloom),
        "transactionsRoot": data(header.transactions_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipts_root),
        "withdrawalsRoot": header.withdrawals_root.map(data),
        "miner": data(header.beneficiary),
        "difficulty": hex(0_u64),
        "totalDifficulty": hex(0_u64),
        "extraData": bytes(&header.extra_data),
        "baseFeePerGas": hex(0_u64),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "uncles": [],
        "withdrawals": [],
        "transactions": transactions,
    })
}

/// A transaction in its block.
pub(super) fn transaction(block: &Block, transaction: &Transaction) -> Value {
    let envelope = &transaction.envelope;
    let signature = envelope.signature();
    let parity = u64::from(signature.v());
    let mut shown = object(json!({
        "blockHash": data(block.hash),
        "blockNumber": hex(block.number()),
        "transactionIndex": hex(0_u64),
        "hash": data(transaction.hash),
        "type": hex(u64::from(envelope.ty())),
        "from": data(transaction.from),
        "to": transaction.to.map(data),
        "value": hex(transaction.amount),
        "input": bytes(&transaction.data),
        "nonce": hex(transaction.nonce),
        "gas": hex(envelope.gas_limit()),
        "gasPrice": hex(price(envelope)),
        "chainId": envelope.chain_id().map(hex),
    }));
    if envelope.is_dynamic_fee() {
        shown.insert("maxFeePerGas".into(), hex(envelope.max_fee_per_gas()));
        let tip = envelope.max_priority_fee_per_gas().unwrap_or(0);
        shown.insert("maxPriorityFeePerGas".into(), hex(tip));
    }
    let v = if envelope.is_legacy() {
        parity + 35 + 2 * envelope.chain_id().unwrap_or(0)
    } else {
        let list: Vec<Value> = envelope
            .access_list()
            .into_iter()
            .flat_map(|list| &list.0)
            .map(|item| {
                let keys: Vec<Value> = item.storage_keys.iter().map(data).collect();
                json!({ "address": data(item.address), "storageKeys": keys })
            })
            .collect();
        shown.insert("accessList".into(), list.into());
        shown.insert("yParity".into(), hex(parity));
        parity
    };
    shown.insert("v".into(), hex(v));
    shown.insert("r".into(), hex(signature.r()));
    shown.insert("s".into(), hex(signature.s()));
    Value::Object(shown)
}

/// What became of a transaction.
pub(super) fn receipt(block: &Block, transaction: &Transaction) -> Value {
    let receipt = &transaction.receipt;
    let logs: Vec<Value> =
        transaction.logs.iter().enumerate().map(|(place, one)| log(block, transaction, place, one)).collect();
    json!({
        "transactionHash": data(transaction.hash),
        "transactionIndex": hex(0_u64),
        "blockHash": data(block.hash),
        "blockNumber": hex(block.number()),
        "from": data(transaction.from),
        "to": transaction.to.map(data),
        "contractAddress": transaction.created.map(data),
        "cumulativeGasUsed": hex(receipt.cumulative_gas_used()),
        "gasUsed": hex(receipt.cumulative_gas_used()),
        "effectiveGasPrice": hex(price(&transaction.envelope)),
        "logs": logs,
        "logsBloom": data(receipt.logs_bloom()),
        "type": hex(u64::from(transaction.envelope.ty())),
        "status": hex(u64::from(transaction.succeeded)),
    })
}

/// What a contract reported.
pub(super) fn log(block: &Block, transaction: &Transaction, place: usize, log: &Log) -> Value {
    let topics: Vec<Value> = log.topics().iter().map(data).collect();
    json!({
        "address": data(log.address),
        "topics": topics,
        "data": bytes(&log.data.data),
        "blockNumber": hex(block.number()),
        "blockHash": data(block.hash),
        "blockTimestamp": hex(block.time()),
        "transactionHash": data(transaction.hash),
        "transactionIndex": hex(0_u64),
        "logIndex": hex(place as u64),
        "removed": false,
    })
}

/// What was paid for each gas: the chain itself asks nothing.
fn price(envelope: &TxEnvelope) -> u128 {
    envelope.effective_gas_price(Some(0))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
