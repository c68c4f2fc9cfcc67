//! Parameters of requests: quantities, bytes, addresses, blocks and orders, as they are written in hexadecimal.

use std::str::FromStr;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::{Map, Value};

use super::error::RpcError;
use crate::machine::GAS_LIMIT;
use crate::transaction::Fee;
use crate::{Chain, Order};

/// The parameters of a request, by their place.
#[derive(Debug)]
pub(super) struct Params(Vec<Value>);

impl Params {
    pub(super) fn of(value: Option<Value>) -> Result<Self, RpcError> {
        match value {
            None | Some(Value::Null) => Ok(Self(Vec::new())),
            Some(Value::Array(values)) => Ok(Self(values)),
            Some(_) => Err(RpcError::params("non-array args")),
        }
    }

    /// Refuses more than `most`.
    pub(super) fn at_most(&self, most: usize) -> Result<(), RpcError> {
        if self.0.len() > most {
            return Err(RpcError::params(format!("too many arguments, want at most {most}")));
        }
        Ok(())
    }

    fn optional(&self, place: usize) -> Option<&Value> {
        self.0.get(place).filter(|value| !value.is_null())
    }

    fn value(&self, place: usize) -> Result<&Value, RpcError> {
        self.optional(place)
            .ok_or_else(|| RpcError::params(format!("missing value for required argument {place}")))
    }

    pub(super) fn address(&self, place: usize) -> Result<Address, RpcError> {
        parse(self.value(place)?, &format!("argument {place}"), "an address of 20 bytes")
    }

    pub(super) fn hash(&self, place: usize) -> Result<B256, RpcError> {
        parse(self.value(place)?, &format!("argument {place}"), "a hash of 32 bytes")
    }

    pub(super) fn bytes(&self, place: usize) -> Result<Bytes, RpcError> {
        bytes(self.value(place)?, &format!("argument {place}"))
    }

    pub(super) fn number(&self, place: usize) -> Result<U256, RpcError> {
        quantity(self.value(place)?, &format!("argument {place}"))
    }

    pub(super) fn flag(&self, place: usize) -> Result<bool, RpcError> {
        match self.optional(place) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(RpcError::params(format!("argument {place} is no boolean"))),
        }
    }

    pub(super) fn object(&self, place: usize) -> Result<&Map<String, Value>, RpcError> {
        self.value(place)?
            .as_object()
            .ok_or_else(|| RpcError::params(format!("argument {place} is no object")))
    }

    /// The number of a block that a parameter names, if the chain has it; the newest where it names none.
    pub(super) fn block(&self, chain: &Chain, place: usize) -> Result<Option<u64>, RpcError> {
        self.optional(place).map_or(Ok(Some(chain.head().number())), |value| block(chain, value))
    }

    /// Like [`Self::block`], refusing blocks that there are not.
    pub(super) fn state(&self, chain: &Chain, place: usize) -> Result<u64, RpcError> {
        self.block(chain, place)?.ok_or_else(|| RpcError::node("header not found"))
    }
}

/// The number of a block that a value names, if the chain has it.
pub(super) fn block(chain: &Chain, value: &Value) -> Result<Option<u64>, RpcError> {
    let (value, by_hash) = match value.as_object() {
        None => (value, None),
        Some(named) => (named.get("blockNumber").unwrap_or(&Value::Null), named.get("blockHash")),
    };
    if let Some(hash) = by_hash {
        let hash = parse(hash, "blockHash", "a hash of 32 bytes")?;
        return Ok(chain.block_of(hash).map(crate::Block::number));
    }
    match value.as_str() {
        // Every block is final at once, and none is being made.
        Some("latest" | "pending" | "safe" | "finalized") => Ok(Some(chain.head().number())),
        Some("earliest") => Ok(Some(0)),
        _ => {
            let number = quantity(value, "block")?;
            let number = u64::try_from(number).ok();
            Ok(number.filter(|number| chain.block(*number).is_some()))
        }
    }
}

/// A number in hexadecimal.
pub(super) fn quantity(value: &Value, what: &str) -> Result<U256, RpcError> {
    let text = value.as_str().unwrap_or_default();
    let digits = text.strip_prefix("0x").filter(|digits| !digits.is_empty() && digits.len() <= 64);
    digits
        .and_then(|digits| U256::from_str_radix(digits, 16).ok())
        .ok_or_else(|| RpcError::params(format!("{what}: want a hex string such as \"0x1f\", have {value}")))
}

/// Bytes in hexadecimal.
pub(super) fn bytes(value: &Value, what: &str) -> Result<Bytes, RpcError> {
    let text = value.as_str().filter(|text| text.starts_with("0x"));
    text.and_then(|text| hex::decode(text).ok())
        .map(Bytes::from)
        .ok_or_else(|| RpcError::params(format!("{what}: want hex bytes such as \"0x00ff\", have {value}")))
}

/// An address or a hash.
pub(super) fn parse<T: FromStr>(value: &Value, what: &str, want: &str) -> Result<T, RpcError> {
    let text = value.as_str().filter(|text| text.starts_with("0x"));
    text.and_then(|text| T::from_str(text).ok())
        .ok_or_else(|| RpcError::params(format!("{what}: want {want} in hex, have {value}")))
}

/// What somebody wants to call or send.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) order: Order,
    pub(super) gas: Option<u64>,
    pub(super) fee: Fee,
    pub(super) nonce: Option<u64>,
    pub(super) chain_id: Option<u64>,
}

impl Wanted {
    pub(super) fn of(object: &Map<String, Value>) -> Result<Self, RpcError> {
        let field = |name: &str| object.get(name).filter(|value| !value.is_null());
        let address = |name: &str| -> Result<Option<Address>, RpcError> {
            field(name).map(|value| parse(value, name, "an address of 20 bytes")).transpose()
        };
        let number = |name: &str| -> Result<Option<u64>, RpcError> { small(field(name), name) };
        let price = |name: &str| -> Result<Option<u128>, RpcError> { small(field(name), name) };
        let (data, input) = (field("data"), field("input"));
        let data = match (data, input) {
            (Some(data), Some(input)) if data != input => {
                return Err(RpcError::params("both \"data\" and \"input\" are set and not equal"));
            }
            (data, input) => input.or(data).map(|value| bytes(value, "input")).transpose()?,
        };
        let fee = match (price("gasPrice")?, price("maxFeePerGas")?, price("maxPriorityFeePerGas")?) {
            (Some(_), most, tip) if most.or(tip).is_some() => {
                return Err(RpcError::params(
                    "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
                ));
            }
            (Some(price), ..) => Fee::Price(price),
            (None, most, tip) => {
                let tip = tip.unwrap_or(0);
                Fee::UpTo { most: most.unwrap_or(tip), tip }
            }
        };
        Ok(Self {
            order: Order {
                from: address("from")?.unwrap_or_default(),
                to: address("to")?,
                amount: field("value").map_or(Ok(U256::ZERO), |value| quantity(value, "value"))?,
                data: data.unwrap_or_default(),
            },
            gas: number("gas")?.map(|gas| gas.min(GAS_LIMIT)),
            fee,
            nonce: number("nonce")?,
            chain_id: number("chainId")?,
        })
    }
}

fn small<T: TryFrom<U256>>(value: Option<&Value>, what: &str) -> Result<Option<T>, RpcError> {
    let Some(value) = value else { return Ok(None) };
    let number = quantity(value, what)?;
    T::try_from(number).map(Some).map_err(|_| RpcError::params(format!("{what}: {value} is too large")))
}
