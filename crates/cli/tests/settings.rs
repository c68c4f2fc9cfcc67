//! Settings of models by name, keys from a file, prices, and what a run would cost before it begins.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use serde_json::Value;
use unbent::store::RunReader;
use unbent_mock::{MockServer, Options};

use self::program::{Ended, Place};

const KEY: &str = "sk-planted-in-a-file-0123456789";

fn json(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.json_lines().pop().unwrap()
}

#[test]
fn a_model_is_asked_as_its_settings_say_and_stands_under_its_name() {
    let server = MockServer::start(Options::default());
    let place = Place::new();
    place.put(
        "models.toml",
        format!(
            r#"
            [models.small]
            ref = "openai-compatible/text"
            temperature = 0.7
            max_answer_tokens = 77
            limits = {{ connections = 2, requests_per_minute = 60000 }}
            price = {{ input = 1.0, output = 10.0 }}
            params = {{ base_url = "{}/v1", api_key_env = "SMALL_KEY" }}

            [models."sim/steadfast"]
            label = "Steady"
            "#,
            server.url()
        ),
    );
    place.put(".env", format!("# keys\nSMALL_KEY=\"{KEY}\"\n"));
    let ended = place.unbent([
        "run",
        "independence",
        "--model",
        "small",
        "--model",
        "sim/steadfast",
        "--judge",
        "sim/rule-judge",
        "--limit",
        "2",
        "--max-cost",
        "1",
        "--out",
        "a.unbent",
        "--json",
    ]);
    let last = json(&ended);
    assert!(last["cost_usd"].as_f64().unwrap() > 0.0, "{last}");
    let lane = last["lanes"].as_array().unwrap().iter().find(|lane| lane["asked"] == 2);
    assert!(lane.is_some_and(|lane| lane["attained"].as_u64().unwrap() <= 2), "{last}");
    let seen = server.last(1_000);
    for request in &seen {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!((&body["temperature"], &body["max_tokens"]), (&0.7.into(), &77.into()), "{body}");
        assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    }
    assert!(!seen.is_empty());
    let manifest = RunReader::open(&place.path("a.unbent")).unwrap().manifest().unwrap();
    let labels: Vec<_> = manifest.subjects.iter().map(|subject| subject.id.as_str()).collect();
    assert_eq!(labels, ["small", "Steady"]);
    assert!((manifest.subjects[0].price.unwrap().output - 10.0).abs() < 1e-9);
    assert_eq!(manifest.subjects[0].price_source.as_deref(), Some("models.toml"));
    assert!(manifest.credentials["SMALL_KEY"]);
    // Only the file itself holds the key.
    let holders: Vec<_> = place
        .files()
        .into_iter()
        .filter(|(_, bytes)| bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()))
        .map(|(path, _)| path.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(holders, [".env"]);
    assert!(!format!("{ended:?}").contains(KEY));
}

#[test]
fn a_key_in_the_environment_goes_before_one_in_a_file_and_a_bad_file_is_told_without_its_text() {
    let server = MockServer::start(Options::default());
    let place = Place::new().with("UNBENT_API_KEY", "sk-of-the-environment");
    place.put(".env", format!("UNBENT_API_KEY={KEY}\nUNBENT_BASE_URL={}/v1\n", server.url()));
    let run = ["run", "independence", "--model", "openai-compatible/text", "--judge", "sim/rule-judge"];
    let limited = ["--limit", "1", "--out", "a.unbent"];
    let ended = place.unbent([&run[..], &limited].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let seen = server.last(1_000);
    assert!(seen.iter().all(|request| request.headers["authorization"] == "Bearer sk-of-the-environment"));
    place.put(".env", format!("A=1\n{KEY} stands alone\n"));
    let ended = place.unbent(run);
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert!(ended.stderr.contains("the entry after A") && !ended.stderr.contains(KEY), "{}", ended.stderr);
    let without = Place::new().with("UNBENT_ENV_FILE", "");
    without.put(".env", format!("{KEY} stands alone\n"));
    let ended = without.unbent(run);
    assert!(ended.stderr.contains("add --base-url"), "{}", ended.stderr);
}

#[test]
fn a_bad_settings_file_is_told_by_its_line() {
    let place = Place::new();
    place.put("models.toml", "[models.x]\nref = \"sim/steadfast\"\ntemprature = 1.0\n");
    let ended = place.unbent(["run", "independence", "--model", "x"]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.stderr.contains("models.toml: line 3: unknown field `temprature`"), "{}", ended.stderr);
    let ended =
        place.unbent(["run", "independence", "--models-file", "none.toml", "--model", "sim/steadfast"]);
    assert_eq!(ended.code, Some(5));
    place.put("models.toml", "[models.x]\nref = \"sim/steadfast\"\n");
    let ended = place.unbent(["run", "independence", "--model", "y"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("names in models.toml: x"), "{}", ended.stderr);
}

#[test]
fn a_dry_run_tells_the_calls_of_the_run_and_makes_none() {
    let server = MockServer::start(Options::default());
    let place = Place::new();
    let base_url = format!("{}/v1", server.url());
    let run = [
        "run",
        "independence",
        "--model",
        "openai-compatible/text",
        "--judge",
        "sim/rule-judge",
        "--base-url",
        &base_url,
        "--repeats",
        "2",
        "--out",
        "a.unbent",
        "--json",
    ];
    let told = json(&place.unbent([&run[..], &["--dry-run"]].concat()));
    assert_eq!(server.ledger().requests, 0);
    assert!(!place.path("a.unbent").exists());
    assert_eq!(told["usd"], Value::Null, "the price of a server of one's own is not known: {told}");
    let of = |role: &str| {
        told["models"].as_array().unwrap().iter().find(|model| model["role"] == role).cloned().unwrap()
    };
    let (subject, judge) = (of("subject"), of("judge"));
    let ran = json(&place.unbent(run));
    assert_eq!(ran["unscored"], 0, "{ran}");
    assert_eq!(subject["calls"], server.ledger().requests, "{told}");
    assert_eq!(
        told["calls"].as_u64(),
        Some(subject["calls"].as_u64().unwrap() + judge["calls"].as_u64().unwrap())
    );
    for tokens in ["input_tokens", "output_tokens"] {
        let [low, usual, high] = ["low", "usual", "high"].map(|end| subject[tokens][end].as_u64().unwrap());
        assert!(0 < low && low < usual && usual < high, "{subject}");
    }
}

#[test]
fn a_dry_run_needs_no_key_and_prices_what_the_list_knows() {
    let place = Place::new();
    let ended = place.unbent([
        "run",
        "independence",
        "--model",
        "anthropic/claude-haiku-4-5",
        "--judge",
        "openai/gpt-4.1-mini",
        "--dry-run",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("the run could not begin yet"), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("cost: $") && ended.stdout.contains("nothing was asked"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_dry_run_of_a_provider_that_is_not_there_is_refused_and_not_called_free() {
    let place = Place::new();
    for model in ["nobody/nothing", "sim/nobody"] {
        let ended = place.unbent(["run", "trap", "--model", model, "--judge", "sim/rule-judge", "--dry-run"]);
        assert_eq!(ended.code, Some(2), "{}", ended.stdout);
        assert!(ended.stderr.contains("nobody") && ended.stdout.is_empty(), "{}", ended.stderr);
    }
}

#[test]
fn an_unknown_price_with_a_cost_limit_is_refused_before_anything_is_asked() {
    let server = MockServer::start(Options::default());
    let place = Place::new();
    let base_url = format!("{}/v1", server.url());
    let ended = place.unbent([
        "run",
        "independence",
        "--model",
        "openai-compatible/text",
        "--judge",
        "sim/rule-judge",
        "--base-url",
        &base_url,
        "--max-cost",
        "1",
        "--out",
        "a.unbent",
    ]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("what openai-compatible/text costs is not known"), "{}", ended.stderr);
    assert!(ended.stderr.contains("?cost=reported"), "{}", ended.stderr);
    assert!(!place.path("a.unbent").exists() && server.ledger().requests == 0);
}
