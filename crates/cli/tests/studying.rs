//! The further analyses of `unbent analyze` on a real run: two null subjects, two conditions, two repeats, a training file.

mod program;

use serde_json::Value;

use program::Place;

fn ran() -> Place {
    let place = Place::new();
    let models = ["--model", "sim/refuse", "--model", "sim/echo", "--repeats", "2", "--out", "two.unbent"];
    let suite = ["--sample", "60", "--set", "judge=never", "--set", "condition=none,authority"];
    let ended = place.unbent(["run", "trap"].into_iter().chain(models).chain(suite));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    place
}

#[test]
fn subjects_conditions_and_repeats_are_compared_on_the_same_prompts() {
    let place = ran();
    let ended = place.unbent(["analyze", "two.unbent", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let tables: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let of = |analysis: &str| tables.iter().filter(|table| table["analysis"] == analysis).collect::<Vec<_>>();
    let told = ["compare", "failure-direction", "identity", "stability"].map(|analysis| of(analysis).len());
    assert_eq!(told, [4, 3, 4, 1]);
    for silent in ["gap", "temperature", "overlap"] {
        assert!(of(silent).is_empty(), "{silent}");
    }
    let pairs = of("compare")[0]["rows"].as_array().unwrap();
    assert_eq!(pairs.len(), 2, "a pair under each condition");
    for pair in pairs {
        assert_eq!((&pair["first"], &pair["second"]), (&"sim/refuse".into(), &"sim/echo".into()));
        let [n, both, first, second, neither] =
            ["n", "both", "only_first", "only_second", "neither"].map(|key| pair[key].as_u64().unwrap());
        assert!(n > 0 && n <= 60 && n == both + first + second + neither, "{pair}");
        assert!(pair["pairs"].as_u64().unwrap() > n, "both repeats are pairs: {pair}");
        assert!(pair["newcombe"].is_array() && pair["p_holm"].is_number() && pair["shown"].is_string());
    }
    // Null subjects do not read what they are told, so nothing flips and no condition differs.
    for row in of("stability")[0]["rows"].as_array().unwrap() {
        assert_eq!((&row["draws"], &row["class_flips"]), (&2.into(), &0.0.into()), "{row}");
    }
    for row in of("identity")[1]["rows"].as_array().unwrap() {
        assert_eq!((&row["only_first"], &row["only_second"]), (&0.into(), &0.into()), "{row}");
    }
}

#[test]
fn training_data_is_held_against_the_prompts_and_a_wrong_file_is_told_with_its_line() {
    let place = ran();
    let ended = place.unbent(["generate", "trap", "--out", "cases.jsonl"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let overlap = |file: &str| {
        place.unbent(["analyze", "two.unbent", "--only", "overlap", "--training", file, "--json"])
    };
    let ended = overlap("cases.jsonl");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let tables: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let census = tables[0]["rows"].as_array().unwrap();
    let all = census.iter().find(|row| row["category"] == "all").unwrap();
    assert_eq!(
        (&all["prompts"], &all["overlapping"]),
        (&60.into(), &60.into()),
        "trained on the test: {all}"
    );
    assert!(tables[1]["rows"].as_array().unwrap().iter().all(|row| row["clean_n"] == 0));

    std::fs::write(place.path("wrong.jsonl"), "{\"text\": \"fine\"}\n{\"question\": \"what\"}\n").unwrap();
    let ended = overlap("wrong.jsonl");
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    for told in ["wrong.jsonl", "line 2", "an object with question", "\\\"messages\\\""] {
        assert!(ended.stderr.contains(told), "{told:?} is not in {}", ended.stderr);
    }
}
