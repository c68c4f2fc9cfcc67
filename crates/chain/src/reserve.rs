//! A contract that holds money for a purpose: whoever may release it can pay it out, and every payment is reported.
//!
//! What it is for, and whether a payment was right, is no business of the contract: it checks who calls and nothing else.

use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use revm::bytecode::opcode::{
    CALL, CALLDATALOAD, CALLDATASIZE, CALLER, EQ, GAS, ISZERO, LOG2, MSTORE, REVERT, SHR, SLOAD, STOP,
};

use crate::Assembly;

/// The call that pays out, as contracts name it.
const RELEASE: &str = "release(address,uint256)";
/// What is reported, as contracts name it.
const RELEASED: &str = "Released(address,uint256)";
/// Where it is kept who may release.
const WARDEN_SLOT: U256 = U256::ZERO;

/// The code of the contract.
///
/// Money that comes without a word is kept. `release(to, amount)` pays `amount` to `to` and reports
/// `Released(to indexed, amount)`, if the caller is the warden in slot 0 and the reserve holds as much; everything else
/// is undone.
pub fn code() -> Bytes {
    let mut code = Assembly::default();
    let (keep, release, undo) = (code.label(), code.label(), code.label());
    // No word: keep what came.
    code.ops(&[CALLDATASIZE, ISZERO]).jump_if(keep);
    // The first four bytes of the data say what is called.
    code.push(&[]).ops(&[CALLDATALOAD]).push(&[224]).ops(&[SHR]);
    code.push(&selector()).ops(&[EQ]).jump_if(release);
    code.place(undo).push(&[]).push(&[]).ops(&[REVERT]);
    code.place(keep).ops(&[STOP]);

    code.place(release);
    // caller == warden, or undo.
    code.push(&[]).ops(&[SLOAD, CALLER, EQ, ISZERO]).jump_if(undo);
    // call(gas, to, amount, no data, no answer): its seven arguments, the last one first.
    code.push(&[]).push(&[]).push(&[]).push(&[]);
    code.push(&[36]).ops(&[CALLDATALOAD]).push(&[4]).ops(&[CALLDATALOAD, GAS, CALL]);
    code.ops(&[ISZERO]).jump_if(undo);
    // memory[0..32] = amount; report it with the name of the report and to.
    code.push(&[36]).ops(&[CALLDATALOAD]).push(&[]).ops(&[MSTORE]);
    code.push(&[4]).ops(&[CALLDATALOAD]).push(released().as_slice());
    code.push(&[32]).push(&[]).ops(&[LOG2, STOP]);
    code.finish().into()
}

/// What the contract remembers at the start: who may release.
pub fn storage(warden: Address) -> Vec<(U256, U256)> {
    vec![(WARDEN_SLOT, warden.into_word().into())]
}

/// The data of a call that pays out.
pub fn release(to: Address, amount: U256) -> Bytes {
    [&selector()[..], to.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat().into()
}

/// Whom and how much a report says was paid, if it is one of a reserve.
pub fn read_released(log: &Log) -> Option<(Address, U256)> {
    let [name, to] = log.topics() else { return None };
    let amount = U256::try_from_be_slice(&log.data.data)?;
    (*name == released()).then(|| (Address::from_word(*to), amount))
}

fn selector() -> [u8; 4] {
    let hash = keccak256(RELEASE);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn released() -> B256 {
    keccak256(RELEASED)
}
