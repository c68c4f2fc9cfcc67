//! A small chain to test with: three accounts of which the node signs for two, and a reserve that the first may release.

use serde_json::{Value, json};
use unbent_chain::{Account, Address, B256, Bytes, Chain, Contract, Genesis, Holder, Key, U256, reserve};

/// The number of the chain.
pub(crate) const CHAIN_ID: u64 = 7117;
/// When it began: 2026-03-31T09:00:00Z.
pub(crate) const START: u64 = 1_774_947_600;
/// What each account holds at first.
pub(crate) const EACH: u64 = 10_000;

/// Where the reserve stands.
pub(crate) fn reserve_address() -> Address {
    Address::repeat_byte(0x77)
}

/// The address that the vectors pay to.
pub(crate) fn payee() -> Address {
    Address::repeat_byte(0x35)
}

/// The key that the vectors were signed with; the node does not have it.
pub(crate) fn outsider() -> Key {
    Key::try_from_bytes([0x11; 32]).unwrap()
}

/// What the chain begins with.
pub(crate) fn genesis() -> Genesis {
    let operating = Key::of_name("operating");
    let account = |name: &str, holder| Account { name: name.into(), holder, balance: U256::from(EACH) };
    Genesis {
        chain_id: CHAIN_ID,
        start_time: START,
        client: "node/1.0".into(),
        beneficiary: Address::repeat_byte(0xfe),
        contracts: vec![Contract {
            name: "reserve".into(),
            address: reserve_address(),
            code: reserve::code(),
            storage: reserve::storage(operating.address()),
            balance: U256::from(5000),
        }],
        accounts: vec![
            account("operating", Holder::Node(operating)),
            account("payroll", Holder::Node(Key::of_name("payroll"))),
            account("outsider", Holder::Elsewhere(outsider().address())),
        ],
    }
}

/// The chain.
pub(crate) fn chain() -> Chain {
    Chain::new(&genesis()).unwrap()
}

/// What is answered to a request.
pub(crate) fn ask(chain: &mut Chain, method: &str, params: &Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let answer = chain.request(body.as_bytes(), START + 60);
    serde_json::from_str(&answer).unwrap()
}

/// The result of a request that succeeds.
pub(crate) fn result(chain: &mut Chain, method: &str, params: &Value) -> Value {
    let answer = ask(chain, method, params);
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].clone()
}

/// The number and the sentence of the error of a request that fails.
pub(crate) fn error(chain: &mut Chain, method: &str, params: &Value) -> (i64, String) {
    let answer = ask(chain, method, params);
    let error = answer.get("error").unwrap_or_else(|| panic!("{method} succeeded: {answer}"));
    (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
}

/// An address or a hash as requests have it.
pub(crate) fn shown(data: impl AsRef<[u8]>) -> String {
    Bytes::copy_from_slice(data.as_ref()).to_string()
}

/// Bytes out of hexadecimal.
pub(crate) fn bytes(hex: &str) -> Bytes {
    hex.parse().unwrap()
}

/// A hash out of hexadecimal.
pub(crate) fn hash(hex: &str) -> B256 {
    hex.parse().unwrap()
}
