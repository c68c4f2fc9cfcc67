//! Why a transaction or a call was not carried out.

use alloy_primitives::{Address, Bytes, U256};
use revm::context::result::{EVMError, InvalidTransaction};

/// Why a transaction was not taken, or a call gave nothing. Nothing has changed. The words are close to those of the nodes
/// that people know, because they are read through JSON-RPC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Bytes that are no signed transaction.
    #[error("the bytes are no signed transaction: {0}")]
    Undecodable(String),
    /// A transaction of a kind that the chain does not take.
    #[error("transaction type not supported: {0}")]
    Type(u8),
    /// A transaction that could be sent again on another chain.
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    Unprotected,
    /// A transaction for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    Chain {
        /// The chain that it was signed for.
        have: u64,
        /// This chain.
        want: u64,
    },
    /// A signature that is nobody's.
    #[error("invalid transaction v, r, s values")]
    Signature,
    /// A transaction that is in a block already.
    #[error("already known")]
    Known,
    /// A number that was used already.
    #[error("nonce too low: next nonce {next}, tx nonce {have}")]
    NonceTooLow {
        /// The number of the transaction.
        have: u64,
        /// The next number of its sender.
        next: u64,
    },
    /// A number that is not yet due.
    #[error("nonce too high: next nonce {next}, tx nonce {have}")]
    NonceTooHigh {
        /// The number of the transaction.
        have: u64,
        /// The next number of its sender.
        next: u64,
    },
    /// A sender who has less than that.
    #[error("insufficient funds for gas * price + value: have {have} want {want}")]
    Funds {
        /// What the sender has.
        have: U256,
        /// What the value and the most that its gas can cost come to.
        want: U256,
    },
    /// An account that the node cannot sign for.
    #[error("unknown account: {0}")]
    UnknownAccount(Address),
    /// What the machine refuses to begin with.
    #[error("{0}")]
    Invalid(String),
    /// The contract ended the call and undid it.
    #[error("execution reverted{}", reason(.0))]
    Reverted(Bytes),
    /// The machine broke off.
    #[error("{0}")]
    Halted(String),
}

impl Refusal {
    pub(crate) fn of_machine<E: std::error::Error>(error: &EVMError<E>) -> Self {
        match error {
            EVMError::Transaction(InvalidTransaction::NonceTooLow { tx, state }) => {
                Self::NonceTooLow { have: *tx, next: *state }
            }
            EVMError::Transaction(InvalidTransaction::NonceTooHigh { tx, state }) => {
                Self::NonceTooHigh { have: *tx, next: *state }
            }
            EVMError::Transaction(InvalidTransaction::LackOfFundForMaxFee { fee, balance }) => {
                Self::Funds { have: **balance, want: **fee }
            }
            EVMError::Transaction(other) => Self::Invalid(other.to_string()),
            other => Self::Invalid(other.to_string()),
        }
    }
}

/// What `Error(string)`, the usual form of a reason, says.
fn reason(output: &Bytes) -> String {
    const SELECTOR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
    let text = || {
        let body = output.strip_prefix(&SELECTOR)?;
        let length = usize::try_from(U256::from_be_slice(body.get(32..64)?)).ok()?;
        let bytes = body.get(64..64usize.checked_add(length)?)?;
        std::str::from_utf8(bytes).ok()
    };
    text().map(|text| format!(": {text}")).unwrap_or_default()
}
