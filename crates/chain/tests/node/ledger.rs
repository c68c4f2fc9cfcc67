//! What accounts hold: nothing is made, nothing is lost, and every block is remembered.

use proptest::prelude::*;
use serde_json::json;
use unbent_chain::{
    Account, Address, Bytes, Chain, Contract, Genesis, GenesisError, Holder, Order, Refusal, U256, reserve,
};

use crate::fund::{EACH, START, chain, genesis, hash, outsider, payee, reserve_address, result, shown};

/// Everybody who can come to hold something here.
fn everybody(chain: &Chain) -> Vec<Address> {
    let named = ["operating", "payroll", "outsider", "reserve"].map(|name| chain.address(name).unwrap());
    [&named[..], &[payee(), genesis().beneficiary]].concat()
}

fn total(chain: &Chain, block: u64) -> U256 {
    everybody(chain).into_iter().map(|address| chain.balance_at(address, block)).sum()
}

#[test]
fn a_transfer_moves_the_amount_and_says_what_for() {
    let mut chain = chain();
    let [operating, payroll] = ["operating", "payroll"].map(|name| chain.address(name).unwrap());
    let sent = chain.transfer(operating, payroll, U256::from(1240), "fees, march", START + 300).unwrap();

    let transaction = chain.transaction(sent).unwrap();
    assert_eq!((transaction.from, transaction.to), (operating, Some(payroll)));
    assert_eq!((transaction.block, transaction.time), (1, START + 300));
    assert_eq!(transaction.memo(), Some("fees, march"));
    assert!(transaction.succeeded);
    assert_eq!(chain.balance(operating), U256::from(EACH - 1240));
    assert_eq!(chain.balance_at(operating, 0), U256::from(EACH));
    assert_eq!(chain.name(payroll), Some("payroll"));
    assert_eq!(chain.blocks().len(), 2);
}

#[test]
fn nobody_pays_what_he_has_not_or_for_whom_the_node_has_no_key() {
    let mut chain = chain();
    let operating = chain.address("operating").unwrap();
    let outsider = outsider().address();
    let too_much = chain.transfer(operating, payee(), U256::from(EACH + 1), "", START);
    let funds = Refusal::Funds { have: U256::from(EACH), want: U256::from(EACH + 1) };
    assert_eq!(too_much, Err(funds));
    let foreign = chain.transfer(outsider, payee(), U256::from(1), "", START);
    assert_eq!(foreign, Err(Refusal::UnknownAccount(outsider)));
    assert_eq!(chain.blocks().len(), 1);
}

#[test]
fn who_has_a_key_that_the_node_has_not_signs_for_himself() {
    let mut chain = chain();
    let key = outsider();
    let order = |from| Order { from, to: Some(payee()), amount: U256::from(5), data: Bytes::new() };
    let foreign = order(chain.address("payroll").unwrap());
    assert_eq!(chain.send_with(&key, foreign.clone(), START), Err(Refusal::UnknownAccount(foreign.from)));
    let sent = chain.send_with(&key, order(key.address()), START).unwrap();
    assert_eq!(chain.transaction(sent).unwrap().from, key.address());
    assert_eq!(chain.balance(payee()), U256::from(5));
}

#[test]
fn blocks_follow_each_other_in_time_even_if_none_passes() {
    let mut chain = chain();
    let operating = chain.address("operating").unwrap();
    for now in [START, START, START + 600, START + 5] {
        chain.transfer(operating, payee(), U256::from(1), "", now).unwrap();
    }
    let times: Vec<u64> = chain.blocks().iter().map(|block| block.time() - START).collect();
    assert_eq!(times, [0, 1, 2, 600, 601]);
    let numbers: Vec<u64> = chain.transactions().iter().map(|transaction| transaction.block).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn a_reserve_pays_for_its_warden_only_and_reports_it() {
    let mut chain = chain();
    let [operating, payroll] = ["operating", "payroll"].map(|name| chain.address(name).unwrap());
    let call = |from, amount: u64| Order {
        from,
        to: Some(reserve_address()),
        amount: U256::ZERO,
        data: reserve::release(payee(), U256::from(amount)),
    };

    // Who is not the warden, asks for more than there is or calls something else, is undone before it is sent.
    assert_eq!(chain.send(call(payroll, 1240), START), Err(Refusal::Reverted(Bytes::new())));
    assert_eq!(chain.send(call(operating, 5001), START), Err(Refusal::Reverted(Bytes::new())));
    let other = Order { data: vec![1, 2, 3, 4].into(), ..call(operating, 1) };
    assert_eq!(chain.call(&other), Err(Refusal::Reverted(Bytes::new())));
    assert_eq!(chain.call(&call(operating, 1240)), Ok(Bytes::new()));
    assert_eq!(chain.blocks().len(), 1);

    let sent = chain.send(call(operating, 1240), START).unwrap();
    let transaction = chain.transaction(sent).unwrap();
    assert_eq!(transaction.logs.len(), 1);
    assert_eq!(reserve::read_released(&transaction.logs[0]), Some((payee(), U256::from(1240))));
    assert_eq!(chain.balance(payee()), U256::from(1240));
    assert_eq!(chain.balance(reserve_address()), U256::from(5000 - 1240));

    // What is paid in without a word is kept, and reported by nobody.
    chain.transfer(payroll, reserve_address(), U256::from(240), "", START).unwrap();
    assert_eq!(chain.balance(reserve_address()), U256::from(4000));
    assert_eq!(chain.transactions()[1].logs, []);
}

#[test]
fn a_contract_can_be_made_and_stands_where_it_was_made() {
    let mut chain = chain();
    let operating = chain.address("operating").unwrap();
    // PUSH1 42, PUSH0, MSTORE8, PUSH1 1, PUSH0, RETURN: makes a contract whose code is the byte 42.
    let data = Bytes::from_static(&[0x60, 42, 0x5f, 0x53, 0x60, 1, 0x5f, 0xf3]);
    let sent = chain.send(Order { from: operating, to: None, amount: U256::ZERO, data }, START).unwrap();
    // Where a contract stands follows from who made it and how many transactions it had sent.
    assert_eq!(chain.transaction(sent).unwrap().created, Some(operating.create(0)));
}

#[test]
fn a_contract_that_ends_itself_is_gone_from_then_on_and_was_there_before() {
    let (last, gone) = (Address::repeat_byte(0x44), Address::repeat_byte(0x55));
    let mut with = genesis();
    // CALLER, SELFDESTRUCT: whoever calls is paid everything.
    let code = Bytes::from_static(&[0x33, 0xff]);
    let storage = vec![(U256::from(1), U256::from(9))];
    let contract = Contract { name: "gone".into(), address: gone, code, storage, balance: U256::from(300) };
    with.contracts.push(contract);
    let mut chain = Chain::new(&with).unwrap();
    let operating = chain.address("operating").unwrap();
    chain.transfer(operating, gone, U256::ZERO, "", START).unwrap();
    assert_eq!(chain.balance(operating), U256::from(EACH + 300));

    let at = |chain: &mut Chain, method: &str, block: &str| match method {
        "eth_getStorageAt" => result(chain, method, &json!([shown(gone), "0x1", block])),
        _ => result(chain, method, &json!([shown(gone), block])),
    };
    assert_eq!(at(&mut chain, "eth_getCode", "0x0"), "0x33ff");
    assert_eq!(at(&mut chain, "eth_getCode", "0x1"), "0x");
    assert_eq!(at(&mut chain, "eth_getStorageAt", "0x0"), format!("0x{:064x}", 9));
    assert_eq!(at(&mut chain, "eth_getStorageAt", "0x1"), format!("0x{:064x}", 0));
    assert_eq!(chain.balance_at(gone, 0), U256::from(300));
    // The state without it is that of a chain that never had it, once the rest is alike.
    let mut without = genesis();
    without.accounts[0].balance += U256::from(300);
    let mut other = Chain::new(&without).unwrap();
    other.transfer(operating, last, U256::ZERO, "", START).unwrap();
    assert_eq!(chain.blocks()[1].state_root(), other.blocks()[1].state_root());
}

/// The roots and the hash were computed out of the accounts, the transaction and the receipt, with rlp 5, trie 4 and
/// eth-account 0.14 for Python, which share no code with what is tested here.
#[test]
fn roots_and_hashes_are_those_of_another_implementation() {
    let mut chain = chain();
    let operating = chain.address("operating").unwrap();
    chain.transfer(operating, payee(), U256::from(1240), "fees", START + 60).unwrap();
    let [first, second] = chain.blocks() else { panic!("two blocks") };
    assert_eq!(first.state_root(), hash(FIRST_STATE));
    assert_eq!(first.hash(), hash(FIRST_HASH));
    assert_eq!(second.state_root(), hash(SECOND_STATE));
    assert_eq!(second.hash(), hash(SECOND_HASH));
}

const FIRST_STATE: &str = "00160a49829bca61d3091558707555b2b2bb5a8a9f10b91087576c113923cbc8";
const FIRST_HASH: &str = "6f623c62a87317065bb325c043cb6e6aacd07d48b902756539956f0d9b516fc1";
const SECOND_STATE: &str = "c0660b19c9f343517c56ff0eb2942f887b13686365f10845e475c9d1f74aa686";
const SECOND_HASH: &str = "31bb5c63345477bcffb8dacb03c95c5bbc5b94fb0bf6b870b6a1b522447d9f80";

#[test]
fn a_beginning_that_contradicts_itself_is_refused() {
    let with = |change: fn(&mut Vec<Account>)| {
        let mut genesis = genesis();
        change(&mut genesis.accounts);
        Chain::new(&genesis).unwrap_err()
    };
    assert_eq!(
        with(|accounts| accounts[1].name = "reserve".into()),
        GenesisError::NameTwice("reserve".into())
    );
    let twice = with(|accounts| accounts[1].holder = Holder::Elsewhere(reserve_address()));
    assert_eq!(twice, GenesisError::AddressTwice(reserve_address()));
    assert_eq!(with(|accounts| accounts[1].balance = U256::MAX), GenesisError::TooMuch);
    let empty = Genesis { accounts: Vec::new(), contracts: Vec::new(), ..genesis() };
    assert_eq!(Chain::new(&empty).unwrap().blocks().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sent_nothing_is_made_and_nothing_is_lost(
        moves in prop::collection::vec((0..2_usize, 0..6_usize, 0..12_000_u64, any::<bool>()), 1..12),
    ) {
        let mut chain = chain();
        let everybody = everybody(&chain);
        let sum = total(&chain, 0);
        for (from, to, amount, release) in moves {
            let amount = U256::from(amount);
            let (from, to) = (everybody[from], everybody[to]);
            let before = (chain.blocks().len(), chain.balance(from), chain.balance(to));
            let order = if release {
                let data = reserve::release(to, amount);
                Order { from, to: Some(reserve_address()), amount: U256::ZERO, data }
            } else {
                Order { from, to: Some(to), amount, data: Bytes::new() }
            };
            let sent = chain.send(order, START);
            let now = chain.blocks().len();
            prop_assert_eq!(now, before.0 + usize::from(sent.is_ok()));
            if sent.is_ok() && !release && from != to {
                prop_assert_eq!(chain.balance(from), before.1 - amount);
                prop_assert_eq!(chain.balance(to), before.2 + amount);
            }
        }
        for block in chain.blocks() {
            prop_assert_eq!(total(&chain, block.number()), sum);
        }
    }
}
