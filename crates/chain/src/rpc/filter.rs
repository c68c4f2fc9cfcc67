//! Which logs somebody wants.

use std::ops::RangeInclusive;

use alloy_primitives::{Address, B256, Log};
use serde_json::{Map, Value};

use super::error::RpcError;
use super::params::{self, parse};
use crate::Chain;

/// Which logs somebody wants.
#[derive(Debug)]
pub(super) struct Filter {
    blocks: Option<RangeInclusive<u64>>,
    /// Of these contracts; of any if there are none.
    addresses: Vec<Address>,
    /// With one of these at each place; with any where there are none.
    topics: Vec<Vec<B256>>,
}

impl Filter {
    pub(super) fn of(chain: &Chain, object: &Map<String, Value>) -> Result<Self, RpcError> {
        let field = |name: &str| object.get(name).filter(|value| !value.is_null());
        let bound = |name: &str| -> Result<u64, RpcError> {
            let Some(value) = field(name) else { return Ok(chain.head().number()) };
            // A block to come bounds the range as the newest one does.
            Ok(params::block(chain, value)?.unwrap_or(u64::MAX))
        };
        let blocks = if let Some(hash) = field("blockHash") {
            if field("fromBlock").or(field("toBlock")).is_some() {
                return Err(RpcError::params("cannot specify both BlockHash and FromBlock/ToBlock"));
            }
            let hash = parse(hash, "blockHash", "a hash of 32 bytes")?;
            let block = chain.block_of(hash).ok_or_else(|| RpcError::node("unknown block"))?;
            Some(block.number()..=block.number())
        } else {
            let (from, to) = (bound("fromBlock")?, bound("toBlock")?);
            if from > to {
                return Err(RpcError::params("invalid block range params"));
            }
            let newest = chain.head().number();
            (from <= newest).then(|| from..=to.min(newest))
        };
        let topics = match field("topics") {
            None => Vec::new(),
            Some(Value::Array(places)) if places.len() > 4 => {
                return Err(RpcError::params("exceed max topics"));
            }
            Some(Value::Array(places)) => {
                places.iter().map(|place| one_or_more(Some(place), "topics")).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(RpcError::params("topics is no array")),
        };
        Ok(Self { blocks, addresses: one_or_more(field("address"), "address")?, topics })
    }

    /// The blocks to look in.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u64> + use<> {
        self.blocks.clone().into_iter().flatten()
    }

    /// Whether a log is wanted, wherever it stands.
    pub(super) fn wants(&self, log: &Log) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&log.address);
        address
            && self.topics.len() <= log.topics().len()
            && self
                .topics
                .iter()
                .zip(log.topics())
                .all(|(wanted, topic)| wanted.is_empty() || wanted.contains(topic))
    }
}

fn one_or_more<T: std::str::FromStr>(value: Option<&Value>, what: &str) -> Result<Vec<T>, RpcError> {
    let want = "an address or topic";
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(|value| parse(value, what, want)).collect(),
        Some(value) => Ok(vec![parse(value, what, want)?]),
    }
}
