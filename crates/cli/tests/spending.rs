//! What a run may spend, and what keeps it from spending in vain.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use unbent_mock::{MockServer, Options};

use self::program::Place;
use self::program::server::{ModelServer, Response};

fn tokens_of(place: &Place, line: &[&str]) -> (Option<i32>, u64, u64) {
    let ended = place.unbent(line);
    let last = ended.json_lines().pop().unwrap();
    (ended.code, last["tokens"].as_u64().unwrap(), last["left_open"].as_u64().unwrap())
}

#[test]
fn a_run_stops_at_its_tokens_within_the_calls_in_flight_and_goes_on_with_more() {
    let place = Place::new();
    let run = ["run", "independence", "--model", "sim/steadfast", "--out"];
    let whole = [&run[..], &["whole.unbent", "--json"]].concat();
    let (code, all, _) = tokens_of(&place, &whole);
    assert_eq!(code, Some(0));
    let cap = (all / 2).to_string();
    let capped = [&run[..], &["half.unbent", "--json", "--parallel", "2", "--max-tokens", &cap]].concat();
    let (code, spent, open) = tokens_of(&place, &capped);
    assert_eq!(code, Some(9));
    assert!(open > 0 && spent >= all / 2 && spent < all, "{spent} of {all}, {open} open");
    // Without more to spend nothing is asked.
    let again = ["resume", "half.unbent", "--json", "--max-tokens", &cap];
    assert_eq!(tokens_of(&place, &again), (Some(9), spent, open));
    assert_eq!(tokens_of(&place, &["resume", "half.unbent", "--json"]), (Some(0), all, 0));
    assert_eq!(place.leaderboards("half.unbent"), place.leaderboards("whole.unbent"));
}

#[test]
fn a_priced_run_stops_at_its_cost_and_says_so_in_its_last_line() {
    let place = Place::new();
    let server = MockServer::start(Options { price_usd: 0.01, ..Options::default() });
    let base_url = format!("{}/v1", server.url());
    let ended = place.unbent([
        "run",
        "independence",
        "--model",
        "openai-compatible/priced?cost=reported",
        "--judge",
        "sim/rule-judge",
        "--base-url",
        &base_url,
        "--parallel",
        "4",
        "--max-cost",
        "0.10",
        "--out",
        "a.unbent",
    ]);
    assert_eq!(ended.code, Some(9), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().contains("the budget is spent"), "{}", ended.stderr);
    let first = server.ledger();
    assert!((10..=14).contains(&first.answers), "{first:?}");
    let resumed = place.unbent(["resume", "a.unbent", "--max-cost", "10", "--json"]);
    let last = resumed.json_lines().pop().unwrap();
    let ledger = server.ledger();
    assert_eq!(last["left_open"], 0);
    assert_eq!(ledger.repeated_answers, first.repeated_answers, "nothing that was answered is asked again");
    assert!((last["cost_usd"].as_f64().unwrap() - ledger.cost_usd).abs() < 1e-9, "{last} {ledger:?}");
}

#[test]
fn a_server_that_is_not_there_ends_the_run_at_once_and_leaves_its_trials_open() {
    let place = Place::new();
    let ended = place.unbent([
        "run",
        "independence",
        "--model",
        "openai-compatible/m",
        "--judge",
        "sim/rule-judge",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--parallel",
        "1",
        "--out",
        "a.unbent",
    ]);
    assert_eq!(ended.code, Some(8), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot reach http://127.0.0.1:9/v1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("check that the server is there"), "{}", ended.stderr);
    assert!(ended.stderr.contains("unbent resume a.unbent"), "{}", ended.stderr);
}

#[test]
fn an_address_that_is_no_api_ends_the_run_at_once_and_leaves_its_trials_open() {
    let place = Place::new();
    let server = ModelServer::start(|_| Response::status(404, "<html>Nothing here</html>".to_owned()));
    let line = ["run", "independence", "--model", "openai-compatible/m", "--judge", "sim/rule-judge"];
    let url = server.base_url();
    let rest = ["--base-url", &url, "--parallel", "1", "--out", "a.unbent"];
    let ended = place.unbent([&line[..], &rest].concat());
    assert_eq!(ended.code, Some(8), "{}", ended.stderr);
    assert!(ended.stderr.contains("Nothing here") && ended.stderr.contains("base URL"), "{}", ended.stderr);
    assert!(ended.stderr.contains("unbent resume a.unbent"), "{}", ended.stderr);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_price_that_is_not_known_is_not_told_as_nothing() {
    let place = Place::new();
    let server = MockServer::start(Options::default());
    let url = format!("{}/v1", server.url());
    let line = ["run", "independence", "--model", "openai-compatible/text", "--model", "sim/steadfast"];
    let rest = ["--judge", "sim/rule-judge", "--base-url", &url, "--limit", "1", "--out", "a.unbent"];
    let ended = place.unbent([&line[..], &rest].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let table = place.leaderboard("a.unbent", "corrected");
    let cost = |subject: &str| {
        let row = table.as_array().unwrap().iter().find(|row| row["config"] == subject).unwrap();
        row["cost_usd"].as_f64()
    };
    assert_eq!(cost("openai-compatible/text"), None);
    assert_eq!(cost("sim/steadfast"), Some(0.0));
}

#[test]
fn a_companys_key_goes_to_no_other_address() {
    let place = Place::new().with("OPENAI_API_KEY", "sk-of-openai-only").with("UNBENT_API_KEY", "");
    let server = MockServer::start(Options::default());
    for reference in [
        format!("openai/text?base_url={}/v1", server.url()),
        format!("openai-compatible/text?base_url={}/v1", server.url()),
    ] {
        place.unbent([
            "run",
            "independence",
            "--model",
            &reference,
            "--judge",
            "sim/rule-judge",
            "--limit",
            "1",
            "--out",
            "a.unbent",
        ]);
        std::fs::remove_file(place.path("a.unbent")).unwrap();
    }
    let seen = server.last(1_000);
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|request| !request.headers.contains_key("authorization")));
}

#[test]
fn a_pin_is_for_routers_and_a_router_without_one_is_warned_of() {
    let place = Place::new().with("OPENROUTER_API_KEY", "k");
    let refused = place.unbent([
        "run",
        "independence",
        "--model",
        "openai-compatible/m+x",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--judge",
        "sim/rule-judge",
    ]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("only a router's models can be pinned"), "{}", refused.stderr);
    let server = MockServer::start(Options::default());
    for (pin, warned) in [("", true), ("+Alpha", false)] {
        let reference = format!(
            "openrouter/unpinned{pin}?base_url={}/api/v1&api_key_env=OPENROUTER_API_KEY",
            server.url()
        );
        let ended = place.unbent([
            "run",
            "independence",
            "--model",
            &reference,
            "--judge",
            "sim/rule-judge",
            "--limit",
            "1",
            "--out",
            &format!("a{pin}.unbent"),
        ]);
        assert_eq!(ended.stderr.contains("is not pinned"), warned, "{}", ended.stderr);
    }
}
