//! A private Ethereum chain in memory: real transactions, really signed, run by a real machine, asked by JSON-RPC.
//!
//! One [`Chain`] is one node of a network that has no other. It holds keys of accounts and signs for them, as nodes of
//! private networks do, takes what others signed, makes one block a transaction, and keeps every state that there was.
//! Headers, hashes, receipts, logs and all roots are those that the rules of Ethereum (Shanghai) give.
//!
//! What is not as on a public network: nobody votes on blocks, gas costs nothing unless a transaction offers a price,
//! `PREVRANDAO` is always zero, and a transaction that cannot run now is refused instead of waiting.
//!
//! Pure: time is an argument, no chance is drawn (signatures are by RFC 6979), and equal calls in the same order give
//! equal bytes. The crate knows nothing of what its accounts and contracts are for.

mod assembly;
mod block;
mod chain;
mod genesis;
mod key;
mod machine;
mod refusal;
pub mod reserve;
mod rpc;
mod state;
mod transaction;

pub use alloy_primitives::{Address, B256, Bytes, Log, U256};
pub use assembly::{Assembly, Label};
pub use block::Block;
pub use chain::Chain;
pub use genesis::{Account, Contract, Genesis, GenesisError, Holder};
pub use key::{Key, KeyError};
pub use refusal::Refusal;
pub use transaction::{Order, Transaction};
