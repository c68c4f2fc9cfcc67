//! One transaction or call through the virtual machine, on one state.

use std::convert::Infallible;

use alloy_primitives::{Address, B256, U256};
use revm::context::result::{EVMError, ExecutionResult, ResultAndState};
use revm::context::{BlockEnv, TxEnv};
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteEvm, MainBuilder, MainContext};

use crate::Refusal;
use crate::state::View;

/// The rules: Shanghai, the last ones before blocks carried data for other chains.
pub(crate) const RULES: SpecId = SpecId::SHANGHAI;

/// What all transactions of a block may use together, in gas.
pub(crate) const GAS_LIMIT: u64 = 10_000_000;

/// The block that something runs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings {
    pub(crate) chain_id: u64,
    pub(crate) number: u64,
    pub(crate) time: u64,
    pub(crate) beneficiary: Address,
}

/// Runs a transaction on a state, which stays as it is.
pub(crate) fn run(view: View<'_>, around: Surroundings, tx: TxEnv) -> Result<ResultAndState, Refusal> {
    let block = BlockEnv {
        number: U256::from(around.number),
        timestamp: U256::from(around.time),
        beneficiary: around.beneficiary,
        gas_limit: GAS_LIMIT,
        basefee: 0,
        prevrandao: Some(B256::ZERO),
        blob_excess_gas_and_price: None,
        ..BlockEnv::default()
    };
    let mut machine = Context::mainnet()
        .with_ref_db(view)
        .with_block(block)
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(RULES);
            cfg.chain_id = around.chain_id;
        })
        .build_mainnet();
    machine.transact(tx).map_err(|error: EVMError<Infallible>| Refusal::of_machine(&error))
}

/// What a call came to, if it succeeded.
///
/// # Errors
///
/// If the contract undid it or the machine broke off.
pub(crate) fn succeeded(result: &ExecutionResult) -> Result<(), Refusal> {
    match result {
        ExecutionResult::Success { .. } => Ok(()),
        ExecutionResult::Revert { output, .. } => Err(Refusal::Reverted(output.clone())),
        ExecutionResult::Halt { reason, .. } => Err(Refusal::Halted(reason.to_string())),
    }
}

/// The least gas limit with which a transaction succeeds, to within a sixty-fourth.
///
/// More than what it used may be needed, because gas is given back at the end and a call keeps a part of it back.
pub(crate) fn least_gas(view: View<'_>, around: Surroundings, tx: &TxEnv) -> Result<u64, Refusal> {
    let with = |gas_limit: u64| {
        let result = run(view, around, TxEnv { gas_limit, ..tx.clone() })?.result;
        succeeded(&result).map(|()| result.tx_gas_used())
    };
    let (mut enough, mut short) = (tx.gas_limit, 0);
    let used = with(enough)?;
    if with(used).is_ok() {
        return Ok(used);
    }
    short = short.max(used);
    while enough - short > short / 64 + 1 {
        let middle = short + (enough - short) / 2;
        if with(middle).is_ok() {
            enough = middle;
        } else {
            short = middle;
        }
    }
    Ok(enough)
}
