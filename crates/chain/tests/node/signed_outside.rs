//! Transactions that others signed, with keys that the node does not have. All were made by the Python package
//! eth-account 0.14; the first one is also the example of EIP-155.

use unbent_chain::{Account, Chain, Genesis, Holder, Key, Refusal, U256};

use crate::fund::{CHAIN_ID, START, bytes, chain, genesis, hash, outsider, payee};

/// The example of EIP-155: number 9 of the key 0x46…46 on chain 1.
const LEGACY: &str = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080\
    25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc\
    64214b297fb1966a3b6d83";
/// Number 0 of the key 0x11…11: 1240 and the words "invoice 17", with a dynamic fee of nothing.
const DYNAMIC: &str = "02f870821bcd80808082ea609435353535353535353535353535353535353535358204d88a696e766f6963652031\
    37c001a0398622cc9661029cdcd074fab742488c0a0bb9d0218e8492fe41c6f763684904a026007df914857dd1696df1f5fe6410f05b44fd\
    a23d15398331f3c646fabb1ebe";
/// Number 1 of the same key: 1, with an access list of nothing.
const LISTED: &str = "01f863821bcd018082ea609435353535353535353535353535353535353535350180c080a0b1849260eb1a29df4c4e\
    75eb82ad032b3aa1fb7bd790ffa6d1cefae1a9d69774a0615c364346e3cbd1299759c84a34226f668bd09e18d2e2b5f54acaba9d3d20ca";
/// Number 0 of the same key, for chain 1.
const ELSEWHERE: &str = "02f8620180808082ea609435353535353535353535353535353535353535350180c001a066f4f9e294aac81a31\
    75271f90d97087509cc38eef708b46c6266c96f9be25b1a0247c931775da2cbbdde8004223d1549f2286e08b0404a0e4133623043b383500";
/// Number 0 of the same key, for any chain, as before EIP-155.
const UNPROTECTED: &str = "f85f808082520894353535353535353535353535353535353535353501801ba09c0e4566dcca355abd4458f3c\
    c0e0e0b94b450785d8a733849f577e97c7fa91fa0062ee4231e94efd34ccd4e0bdc4eef5ccbf4d42d2c3efdc67cf5976b70698acf";

#[test]
fn the_example_of_eip_155_is_taken_and_its_sender_is_found() {
    let key = Key::try_from_bytes([0x46; 32]).unwrap();
    let sender = key.address();
    let one = U256::from(10).pow(U256::from(18));
    let account = Account { name: "a".into(), holder: Holder::Node(key), balance: one + one };
    let genesis = Genesis { chain_id: 1, accounts: vec![account], contracts: Vec::new(), ..genesis() };
    let mut chain = Chain::new(&genesis).unwrap();
    let raw = bytes(LEGACY);
    assert_eq!(chain.take(&raw, START), Err(Refusal::NonceTooHigh { have: 9, next: 0 }));
    for _ in 0..9 {
        chain.transfer(sender, sender, U256::ZERO, "", START).unwrap();
    }

    let taken = chain.take(&raw, START).unwrap();

    assert_eq!(taken, hash("33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788"));
    let transaction = chain.transaction(taken).unwrap();
    assert_eq!(transaction.from.to_string(), "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F");
    assert_eq!((transaction.to, transaction.amount, transaction.nonce), (Some(payee()), one, 9));
    // 21000 gas at the price that it offers go to the beneficiary.
    let fee = U256::from(21_000) * U256::from(20_000_000_000_u64);
    assert_eq!(chain.balance(genesis.beneficiary), fee);
    assert_eq!(chain.balance(sender), one - fee);
    assert_eq!(chain.balance(payee()), one);
    assert_eq!(chain.take(&raw, START), Err(Refusal::Known));
}

#[test]
fn a_dynamic_fee_and_an_access_list_are_taken_too() {
    let mut chain = chain();
    let first = chain.take(&bytes(DYNAMIC), START).unwrap();
    let second = chain.take(&bytes(LISTED), START).unwrap();

    assert_eq!(first, hash("a3d8d7b58629531bea1c55e9f86a9a6fb1d6af701083fe9f90b36d404454d9f3"));
    assert_eq!(second, hash("39bc26f92e0d468c280aecf26da11158016709e24012415acaf47a83383c0a31"));
    assert_eq!(chain.transaction(first).unwrap().memo(), Some("invoice 17"));
    for transaction in chain.transactions() {
        assert_eq!(transaction.from, outsider().address());
        assert_eq!(transaction.from.to_string(), "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A");
    }
    assert_eq!(chain.balance(payee()), U256::from(1241));
}

#[test]
fn what_the_node_signs_for_somebody_is_what_he_would_have_signed() {
    let key = outsider();
    let account = Account { name: "a".into(), holder: Holder::Node(key.clone()), balance: U256::from(5000) };
    let genesis = Genesis { accounts: vec![account], contracts: Vec::new(), ..genesis() };
    let mut chain = Chain::new(&genesis).unwrap();
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_sendTransaction","params":[{{"from":"{}","to":"{}",
        "value":"0x4d8","gas":"0xea60","input":"0x696e766f696365203137"}}]}}"#,
        key.address(),
        payee()
    );
    chain.request(body.as_bytes(), START);
    let signed = &chain.transactions()[0];
    assert_eq!(signed.hash, hash("a3d8d7b58629531bea1c55e9f86a9a6fb1d6af701083fe9f90b36d404454d9f3"));
}

#[test]
fn wrong_chains_kinds_numbers_and_signatures_are_refused_and_change_nothing() {
    let mut chain = chain();
    let refused = |chain: &mut Chain, raw: &[u8]| chain.take(raw, START).unwrap_err();
    let before = chain.blocks().to_vec();

    let wrong = Refusal::Chain { have: 1, want: CHAIN_ID };
    assert_eq!(refused(&mut chain, &bytes(ELSEWHERE)), wrong);
    assert_eq!(refused(&mut chain, &bytes(UNPROTECTED)), Refusal::Unprotected);
    assert_eq!(refused(&mut chain, &bytes(LISTED)), Refusal::NonceTooHigh { have: 1, next: 0 });
    assert!(matches!(refused(&mut chain, b"\x02no"), Refusal::Undecodable(_)));
    assert!(matches!(refused(&mut chain, b""), Refusal::Undecodable(_)));

    // Another amount under the same signature is another, unknown account's, which has nothing.
    let mut changed = bytes(DYNAMIC).to_vec();
    let amount = changed.windows(2).position(|two| two == [0x04, 0xd8]).unwrap();
    changed[amount] = 0x05;
    let refusal = refused(&mut chain, &changed);
    assert!(matches!(refusal, Refusal::Funds { .. } | Refusal::Signature), "{refusal}");

    // An `r` that is no point of the curve is nobody's signature.
    let mut nobody = bytes(DYNAMIC).to_vec();
    let r = nobody.windows(2).position(|two| two == [0x39, 0x86]).unwrap();
    nobody[r..r + 32].fill(0xff);
    assert_eq!(refused(&mut chain, &nobody), Refusal::Signature);

    // The same signature with the high one of the two `s` (the order of the curve less the low one) is refused.
    let mut high = bytes(DYNAMIC).to_vec();
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let s = high.len() - 32;
    let low = U256::from_be_slice(&high[s..]);
    let other: U256 = U256::from_be_slice(&bytes(order)) - low;
    high[s..].copy_from_slice(&other.to_be_bytes::<32>());
    let parity = s - 1 - 32 - 1 - 1;
    high[parity] = 0x80;
    assert_eq!(refused(&mut chain, &high), Refusal::Signature);

    assert_eq!(chain.blocks(), before);
    chain.take(&bytes(DYNAMIC), START).unwrap();
    assert_eq!(refused(&mut chain, &bytes(DYNAMIC)), Refusal::Known);
}
