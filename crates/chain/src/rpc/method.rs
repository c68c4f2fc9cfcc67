//! The methods of the node.

use alloy_primitives::B256;
use serde_json::Value;

use super::error::RpcError;
use super::filter::Filter;
use super::params::{Params, Wanted};
use super::shape::{self, hex};
use crate::machine::GAS_LIMIT;
use crate::{Block, Chain, Transaction};

/// Does what a request wants.
pub(super) fn call(chain: &mut Chain, method: &str, params: &Params, now: u64) -> Result<Value, RpcError> {
    if matches!(method, "eth_sendTransaction" | "eth_sendRawTransaction") {
        params.at_most(1)?;
        let hash = match method {
            "eth_sendTransaction" => send(chain, &Wanted::of(params.object(0)?)?, now)?,
            _ => chain.take(&params.bytes(0)?, now)?,
        };
        return Ok(shape::data(hash));
    }
    read(chain, method, params)
}

/// Signs and takes; what is left open is filled in.
fn send(chain: &mut Chain, wanted: &Wanted, now: u64) -> Result<B256, RpcError> {
    let order = wanted.order.clone();
    if !chain.managed().contains(&order.from) {
        return Err(crate::Refusal::UnknownAccount(order.from).into());
    }
    if let Some(have) = wanted.chain_id
        && have != chain.chain_id()
    {
        return Err(crate::Refusal::Chain { have, want: chain.chain_id() }.into());
    }
    let gas_limit = match wanted.gas {
        Some(gas) => gas,
        None => chain.estimate(&order, chain.head().number())?,
    };
    Ok(chain.sign_and_take(order, gas_limit, wanted.fee, wanted.nonce, now)?)
}

fn read(chain: &Chain, method: &str, params: &Params) -> Result<Value, RpcError> {
    let most = match method {
        "eth_getStorageAt" => 3,
        "eth_getBalance"
        | "eth_getTransactionCount"
        | "eth_getCode"
        | "eth_call"
        | "eth_estimateGas"
        | "eth_getBlockByNumber"
        | "eth_getBlockByHash"
        | "eth_getTransactionByBlockNumberAndIndex"
        | "eth_getTransactionByBlockHashAndIndex" => 2,
        "eth_getTransactionByHash"
        | "eth_getTransactionReceipt"
        | "eth_getLogs"
        | "eth_getBlockTransactionCountByNumber"
        | "eth_getBlockTransactionCountByHash"
        | "eth_getBlockReceipts" => 1,
        _ => 0,
    };
    params.at_most(most)?;
    Ok(match method {
        "web3_clientVersion" => chain.client().into(),
        "net_version" => chain.chain_id().to_string().into(),
        "net_listening" => true.into(),
        "net_peerCount" | "eth_gasPrice" | "eth_maxPriorityFeePerGas" => hex(0_u64),
        "eth_syncing" => false.into(),
        "eth_chainId" => hex(chain.chain_id()),
        "eth_blockNumber" => hex(chain.head().number()),
        "eth_coinbase" => shape::data(chain.beneficiary()),
        "eth_accounts" => chain.managed().iter().map(shape::data).collect(),

        "eth_getBalance" => hex(chain.at(params.state(chain, 1)?).balance(params.address(0)?)),
        "eth_getTransactionCount" => hex(chain.at(params.state(chain, 1)?).nonce(params.address(0)?)),
        "eth_getCode" => shape::bytes(chain.at(params.state(chain, 1)?).code(params.address(0)?)),
        "eth_getStorageAt" => {
            let value = chain.at(params.state(chain, 2)?).slot(params.address(0)?, params.number(1)?);
            shape::data(B256::from(value))
        }
        "eth_call" => {
            let wanted = Wanted::of(params.object(0)?)?;
            let gas = wanted.gas.unwrap_or(GAS_LIMIT);
            shape::bytes(&chain.call_at(&wanted.order, gas, params.state(chain, 1)?)?)
        }
        "eth_estimateGas" => {
            let wanted = Wanted::of(params.object(0)?)?;
            hex(chain.estimate(&wanted.order, params.state(chain, 1)?)?)
        }

        "eth_getBlockByNumber" | "eth_getBlockByHash" => {
            let block = named_block(chain, method, params)?;
            let whole = params.flag(1)?;
            block.map_or(Value::Null, |block| shape::block(block, transaction_of(chain, block), whole))
        }
        "eth_getBlockTransactionCountByNumber" | "eth_getBlockTransactionCountByHash" => {
            let block = named_block(chain, method, params)?;
            let count = block.map(|block| hex(u64::from(transaction_of(chain, block).is_some())));
            count.unwrap_or_default()
        }
        "eth_getTransactionByBlockNumberAndIndex" | "eth_getTransactionByBlockHashAndIndex" => {
            let first = params.number(1)?.is_zero();
            let block = named_block(chain, method, params)?.filter(|_| first);
            let found = block.and_then(|block| Some((block, transaction_of(chain, block)?)));
            found.map_or(Value::Null, |(block, transaction)| shape::transaction(block, transaction))
        }
        "eth_getBlockReceipts" => {
            let block = params.block(chain, 0)?.and_then(|number| chain.block(number));
            let receipts = block.map(|block| {
                transaction_of(chain, block)
                    .map(|transaction| shape::receipt(block, transaction))
                    .into_iter()
                    .collect()
            });
            receipts.unwrap_or_default()
        }
        "eth_getTransactionByHash" => transaction_with(chain, params, shape::transaction)?,
        "eth_getTransactionReceipt" => transaction_with(chain, params, shape::receipt)?,
        "eth_getLogs" => {
            let filter = Filter::of(chain, params.object(0)?)?;
            filter.blocks().flat_map(|number| logs_in(chain, number, &filter)).collect()
        }
        _ => return Err(RpcError::method(method)),
    })
}

fn named_block<'a>(chain: &'a Chain, method: &str, params: &Params) -> Result<Option<&'a Block>, RpcError> {
    if method.contains("Hash") {
        return Ok(chain.block_of(params.hash(0)?));
    }
    Ok(params.block(chain, 0)?.and_then(|number| chain.block(number)))
}

fn transaction_of<'a>(chain: &'a Chain, block: &Block) -> Option<&'a Transaction> {
    chain.transaction_in(block.number())
}

fn transaction_with(
    chain: &Chain,
    params: &Params,
    show: fn(&Block, &Transaction) -> Value,
) -> Result<Value, RpcError> {
    let transaction = chain.transaction(params.hash(0)?);
    let found = transaction.and_then(|transaction| Some((chain.block(transaction.block)?, transaction)));
    Ok(found.map_or(Value::Null, |(block, transaction)| show(block, transaction)))
}

fn logs_in(chain: &Chain, number: u64, filter: &Filter) -> Vec<Value> {
    let (Some(block), Some(transaction)) = (chain.block(number), chain.transaction_in(number)) else {
        return Vec::new();
    };
    let logs = transaction.logs.iter().enumerate();
    logs.filter(|(_, log)| filter.wants(log))
        .map(|(place, log)| shape::log(block, transaction, place, log))
        .collect()
}
