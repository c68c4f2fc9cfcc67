//! The node as programs meet it: JSON-RPC 2.0 over bytes.

use serde_json::{Value, json};
use unbent_chain::{U256, reserve};

use crate::fund::{CHAIN_ID, START, ask, chain, error, outsider, payee, reserve_address, result, shown};

fn address_of(name: &str) -> String {
    shown(chain().address(name).unwrap())
}

#[test]
fn a_node_says_what_it_is_and_what_it_holds() {
    let mut chain = chain();
    let (operating, payroll) = (address_of("operating"), address_of("payroll"));
    for (method, params, expected) in [
        ("web3_clientVersion", json!([]), json!("node/1.0")),
        ("net_version", json!([]), json!("7117")),
        ("net_listening", json!([]), json!(true)),
        ("eth_syncing", json!([]), json!(false)),
        ("eth_chainId", json!([]), json!("0x1bcd")),
        ("eth_blockNumber", json!([]), json!("0x0")),
        ("eth_gasPrice", json!([]), json!("0x0")),
        ("eth_accounts", json!([]), json!([operating, payroll])),
        ("eth_getBalance", json!([operating, "latest"]), json!("0x2710")),
        ("eth_getBalance", json!([shown(payee())]), json!("0x0")),
        ("eth_getTransactionCount", json!([operating, "pending"]), json!("0x0")),
        ("eth_getCode", json!([operating, "latest"]), json!("0x")),
        ("eth_getCode", json!([shown(reserve_address()), "0x0"]), json!(reserve::code().to_string())),
        ("eth_getStorageAt", json!([shown(reserve_address()), "0x0", "latest"]), {
            json!(format!("0x000000000000000000000000{}", &operating[2..]))
        }),
        ("eth_getTransactionByHash", json!([format!("0x{}", "0".repeat(64))]), Value::Null),
        ("eth_getBlockByNumber", json!(["0x5", false]), Value::Null),
    ] {
        assert_eq!(result(&mut chain, method, &params), expected, "{method}");
    }
}

#[test]
fn what_is_sent_can_be_looked_up_as_transaction_receipt_and_block() {
    let mut chain = chain();
    let (operating, payroll) = (address_of("operating"), address_of("payroll"));
    let order = json!([{ "from": operating, "to": payroll, "value": "0x4d8", "data": "0x666565" }]);
    let hash = result(&mut chain, "eth_sendTransaction", &order);

    let transaction = result(&mut chain, "eth_getTransactionByHash", &json!([hash]));
    assert_eq!(transaction["hash"], hash);
    assert_eq!(transaction["from"], json!(operating));
    assert_eq!(transaction["to"], json!(payroll));
    assert_eq!(transaction["value"], "0x4d8");
    assert_eq!(transaction["input"], "0x666565");
    assert_eq!(transaction["type"], "0x2");
    assert_eq!(transaction["chainId"], format!("{CHAIN_ID:#x}"));
    let receipt = result(&mut chain, "eth_getTransactionReceipt", &json!([hash]));
    // 21000 and 16 for each of three bytes that are not zero.
    assert_eq!((&receipt["status"], &receipt["gasUsed"]), (&json!("0x1"), &json!("0x5238")));
    let block = result(&mut chain, "eth_getBlockByNumber", &json!(["latest", true]));
    assert_eq!(block["number"], "0x1");
    assert_eq!(block["timestamp"], format!("{:#x}", START + 60));
    assert_eq!(block["transactions"], json!([transaction]));
    assert_eq!(block["hash"], receipt["blockHash"]);
    let by_hash = result(&mut chain, "eth_getBlockByHash", &json!([block["hash"], false]));
    assert_eq!(by_hash["transactions"], json!([hash]));
    let parent = result(&mut chain, "eth_getBlockByNumber", &json!(["earliest", false]));
    assert_eq!((&block["parentHash"], &parent["transactions"]), (&parent["hash"], &json!([])));
    for (method, at) in [
        ("eth_getTransactionByBlockNumberAndIndex", json!("0x1")),
        ("eth_getTransactionByBlockHashAndIndex", block["hash"].clone()),
    ] {
        assert_eq!(result(&mut chain, method, &json!([at, "0x0"])), transaction);
        assert_eq!(result(&mut chain, method, &json!([at, "0x1"])), Value::Null);
    }
    assert_eq!(result(&mut chain, "eth_getBlockReceipts", &json!(["0x1"])), json!([receipt]));
    assert_eq!(result(&mut chain, "eth_getBlockTransactionCountByNumber", &json!(["0x1"])), "0x1");

    // What was before is still known.
    let was = result(&mut chain, "eth_getBalance", &json!([payroll, "0x0"]));
    let is = result(&mut chain, "eth_getBalance", &json!([payroll, { "blockHash": block["hash"] }]));
    assert_eq!((was, is), (json!("0x2710"), json!("0x2be8")));
    let count = result(&mut chain, "eth_getTransactionCount", &json!([operating, "latest"]));
    assert_eq!(count, "0x1");
}

#[test]
fn contracts_are_called_estimated_and_searched_for_what_they_reported() {
    let mut chain = chain();
    let operating = address_of("operating");
    let release = |amount: u64| {
        let data = reserve::release(payee(), U256::from(amount)).to_string();
        json!({ "from": operating, "to": shown(reserve_address()), "input": data })
    };
    assert_eq!(result(&mut chain, "eth_call", &json!([release(7), "latest"])), "0x");
    let gas = result(&mut chain, "eth_estimateGas", &json!([release(7)]));
    let mut enough = release(7);
    enough["gas"] = gas.clone();
    let sent = result(&mut chain, "eth_sendTransaction", &json!([enough]));
    let receipt = result(&mut chain, "eth_getTransactionReceipt", &json!([sent]));
    assert_eq!(receipt["status"], "0x1");
    result(&mut chain, "eth_sendTransaction", &json!([release(9)]));

    let logs = |chain: &mut _, filter: Value| -> usize {
        result(chain, "eth_getLogs", &json!([filter])).as_array().unwrap().len()
    };
    let all = json!({ "fromBlock": "earliest" });
    assert_eq!(logs(&mut chain, all.clone()), 2);
    assert_eq!(logs(&mut chain, json!({})), 1);
    assert_eq!(logs(&mut chain, json!({ "fromBlock": "0x1", "toBlock": "0x1" })), 1);
    assert_eq!(logs(&mut chain, json!({ "blockHash": receipt["blockHash"] })), 1);
    assert_eq!(logs(&mut chain, json!({ "fromBlock": "0x9", "toBlock": "0xa" })), 0);
    let topics = receipt["logs"][0]["topics"].clone();
    for (filter, found) in [
        (json!({ "fromBlock": "0x0", "address": shown(reserve_address()) }), 2),
        (json!({ "fromBlock": "0x0", "address": [operating] }), 0),
        (json!({ "fromBlock": "0x0", "topics": [null, topics[1]] }), 2),
        (json!({ "fromBlock": "0x0", "topics": [[topics[0], topics[1]]] }), 2),
        (json!({ "fromBlock": "0x0", "topics": [topics[1]] }), 0),
        (json!({ "fromBlock": "0x0", "topics": [null, null, null] }), 0),
    ] {
        assert_eq!(logs(&mut chain, filter.clone()), found, "{filter}");
    }
    let topic_of_payee = format!("0x000000000000000000000000{}", &shown(payee())[2..]);
    assert_eq!(topics[1], topic_of_payee);
    assert_eq!(receipt["logs"][0]["data"], format!("0x{:064x}", 7));

    // With gas of its own choice, what is undone stands in its block without effect.
    let mut undone = release(1_000_000);
    assert_eq!(error(&mut chain, "eth_sendTransaction", &json!([undone])).0, 3);
    undone["gas"] = json!("0x30d40");
    let sent = result(&mut chain, "eth_sendTransaction", &json!([undone]));
    let receipt = result(&mut chain, "eth_getTransactionReceipt", &json!([sent]));
    assert_eq!((&receipt["status"], &receipt["logs"]), (&json!("0x0"), &json!([])));
}

#[test]
fn what_cannot_be_done_is_an_error_with_its_number() {
    let mut chain = chain();
    let (operating, outsider) = (address_of("operating"), shown(outsider().address()));
    let pay = |change: Value| {
        let mut order = json!({ "from": operating, "to": shown(payee()), "value": "0x1" });
        order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!([order])
    };
    for (method, params, code, part) in [
        ("eth_mine", json!([]), -32601, "does not exist"),
        ("eth_chainId", json!({}), -32602, "non-array"),
        ("eth_chainId", json!([1]), -32602, "too many arguments"),
        ("eth_getBalance", json!([]), -32602, "missing value for required argument 0"),
        ("eth_getBalance", json!(["0x12"]), -32602, "address"),
        ("eth_getBalance", json!([operating, 5]), -32602, "hex string"),
        ("eth_getBalance", json!([operating, "0x99"]), -32000, "header not found"),
        ("eth_getBlockByNumber", json!(["latest", "yes"]), -32602, "boolean"),
        ("eth_sendRawTransaction", json!(["0xzz"]), -32602, "hex bytes"),
        ("eth_sendRawTransaction", json!(["0x00"]), -32000, "no signed transaction"),
        ("eth_sendTransaction", json!([7]), -32602, "no object"),
        ("eth_sendTransaction", pay(json!({ "from": outsider })), -32000, "unknown account"),
        ("eth_sendTransaction", pay(json!({ "value": "0x10000" })), -32000, "insufficient funds"),
        ("eth_sendTransaction", pay(json!({ "nonce": "0x1" })), -32000, "nonce too high"),
        ("eth_sendTransaction", pay(json!({ "chainId": "0x1" })), -32000, "invalid chain id"),
        ("eth_sendTransaction", pay(json!({ "gas": "0x1" })), -32000, "gas"),
        ("eth_sendTransaction", pay(json!({ "gasPrice": "0x1", "maxFeePerGas": "0x1" })), -32602, "both"),
        ("eth_sendTransaction", pay(json!({ "data": "0x00", "input": "0x01" })), -32602, "both"),
        ("eth_getLogs", json!([{ "fromBlock": "0x0", "topics": [1] }]), -32602, "topics"),
        ("eth_getLogs", json!([{ "fromBlock": "0x5", "toBlock": "0x0" }]), -32602, "range"),
    ] {
        let (have, message) = error(&mut chain, method, &params);
        assert_eq!(have, code, "{method} {params}: {message}");
        assert!(message.contains(part), "{method} {params}: {message}");
    }
    assert_eq!(chain.blocks().len(), 1);
}

#[test]
fn requests_are_told_apart_from_what_is_none() {
    let mut chain = chain();
    let mut answer = |body: &str| chain.request(body.as_bytes(), START);
    let code = |answer: String| {
        let answer: Value = serde_json::from_str(&answer).unwrap();
        (answer["id"].clone(), answer["error"]["code"].as_i64().unwrap_or(0))
    };
    assert_eq!(code(answer("{")), (Value::Null, -32700));
    assert_eq!(code(answer("[]")), (Value::Null, -32600));
    assert_eq!(code(answer("7")), (Value::Null, -32600));
    assert_eq!(code(answer(r#"{"jsonrpc":"2.0","id":[1],"method":"net_version"}"#)), (Value::Null, -32600));
    assert_eq!(code(answer(r#"{"jsonrpc":"1.0","id":4,"method":"net_version"}"#)), (json!(4), -32600));
    assert_eq!(code(answer(r#"{"jsonrpc":"2.0","id":"a"}"#)), (json!("a"), -32600));
    assert_eq!(code(answer(r#"{"jsonrpc":"2.0","id":"a","method":"net_version"}"#)), (json!("a"), 0));

    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"net_version"},
        {"jsonrpc":"2.0","method":"net_version"}, 1, {"jsonrpc":"2.0","id":2,"method":"eth_none"}]"#;
    let answers: Vec<Value> = serde_json::from_str(&answer(batch)).unwrap();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(1), &Value::Null, &json!(2)]);

    // Notifications are carried out and not answered.
    let pay = json!({ "jsonrpc": "2.0", "method": "eth_sendTransaction",
        "params": [{ "from": address_of("operating"), "to": shown(payee()), "value": "0x1" }] });
    assert_eq!(answer(&pay.to_string()), "");
    assert_eq!(answer(&json!([pay]).to_string()), "");
    assert_eq!(chain.balance(payee()), U256::from(2));
}

#[test]
fn the_same_requests_give_the_same_bytes() {
    let session = || {
        let mut chain = chain();
        let mut said = Vec::new();
        let operating = address_of("operating");
        for round in 0..5_u64 {
            let release = reserve::release(payee(), U256::from(round)).to_string();
            let orders = [
                json!({ "from": operating, "to": address_of("payroll"), "value": format!("{round:#x}") }),
                json!({ "from": operating, "to": shown(reserve_address()), "data": release }),
            ];
            for order in orders {
                said.push(ask(&mut chain, "eth_sendTransaction", &json!([order])));
            }
            said.push(ask(&mut chain, "eth_getBlockByNumber", &json!(["latest", true])));
            said.push(ask(&mut chain, "eth_getLogs", &json!([{ "fromBlock": "0x0" }])));
        }
        serde_json::to_string(&said).unwrap()
    };
    assert_eq!(session(), session());
}
