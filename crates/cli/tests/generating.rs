//! `unbent generate`: the file that comes out, what is told about it, and what is refused.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::fs;

use serde_json::Value;

use self::program::Place;

fn ids(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_published_profile_is_written_as_lines_and_as_an_array() {
    let place = Place::new();
    let line = ["generate", "trap", "--seed", "42", "--profile", "published", "--out"];
    let lines = place.unbent(line.into_iter().chain(["t.jsonl"]));
    assert_eq!((lines.code, lines.stdout.as_str()), (Some(0), ""), "{}", lines.stderr);
    for part in ["ADVERSARIAL", "· JAILBREAK", "CONTROL_LEGITIMATE", "14950 cases", "target public"] {
        assert!(lines.stderr.contains(part), "no {part:?} in:\n{}", lines.stderr);
    }
    let text = fs::read_to_string(place.path("t.jsonl")).unwrap();
    let ids = ids(&text);
    assert_eq!(
        (ids.len(), ids[0].as_str(), ids[14_949].as_str()),
        (14_950, "M15K_ADV_06017", "M15K_CTRL_00063")
    );

    let array = place.unbent(line.into_iter().chain(["t.json", "--names", "academic"]));
    assert_eq!(array.code, Some(0), "{}", array.stderr);
    let text = fs::read_to_string(place.path("t.json")).unwrap();
    assert!(text.starts_with(
        "[\n  {\n    \"id\": \"M15K_ADV_06017\",\n    \"category\": \"ADVERSARIAL\",\n    \"subcategory\": "
    ));
    assert!(text.ends_with("\n]") && text.contains("HARMFUL_REFUSAL") && !text.contains("ILLICIT_GAP"));
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 14_950);
    let left: Vec<_> = fs::read_dir(place.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_sample_goes_to_standard_output_and_its_census_to_standard_error() {
    let place = Place::new();
    let line = ["generate", "trap", "--profile", "published", "--sample", "300", "--out", "-", "--json"];
    let made = place.unbent(line);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let ids = ids(&made.stdout);
    assert_eq!((ids.len(), ids[0].as_str(), ids[9].as_str()), (300, "M15K_MYS_00833", "M15K_KEN_00616"));
    let told: Value = serde_json::from_str(&made.stderr).unwrap();
    assert_eq!((&told["cases"], &told["sample"]["seed"]), (&Value::from(300), &Value::from(2026)));
    assert!(place.files().is_empty());
}

#[test]
fn the_distinct_profile_has_a_language_and_a_target_of_one_s_own() {
    let place = Place::new();
    let public =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../suites/packs/trap/targets/public.toml"))
            .unwrap();
    place.put("mine.toml", public.replace("\"Halden\"", "\"Quill\""));
    let line =
        ["generate", "trap", "--target", "mine.toml", "--language", "es", "--out", "es.jsonl", "--json"];
    let made = place.unbent(line);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let told: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(told["cases"], told["distinct"]);
    let text = fs::read_to_string(place.path("es.jsonl")).unwrap();
    assert!(text.contains("Quill") && !text.contains("Halden"));
    for line in text.lines() {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap()["language"], "es");
    }
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_is_written() {
    let place = Place::new();
    place.put("bad.toml", "[target]\nid = 'bad'\ntitle = 'Bad'\n[names]\nsystem = 'X'\n");
    place.put("library/jailbreak.toml", "family = 'jailbreak'\ndescription = ");
    place.put("stray/poetry.toml", "family = 'poetry'\n");
    let before = place.files();
    for (line, code, parts) in [
        (
            &["--out", "t.csv"][..],
            2,
            &["t.csv ends neither with .jsonl nor with .json", "hint: --out FILE.jsonl"][..],
        ),
        (&["--out", "t.jsonl", "--target", "none.toml"], 5, &["none.toml cannot be read", "[names]"]),
        (
            &["--out", "t.jsonl", "--target", "bad.toml"],
            5,
            &["{@creator} is not in the target profile \"bad\"", "authority.toml, line"],
        ),
        (&["--out", "t.jsonl", "--library", "library"], 5, &["library/jailbreak.toml, line 2"]),
        (
            &["--out", "t.jsonl", "--library", "stray"],
            5,
            &["library/poetry.toml: the library has no such file", "library/shared.toml"],
        ),
        (&["--out", "t.jsonl", "--library", "bad.toml"], 5, &["bad.toml is not a folder"]),
        (
            &["--out", "t.jsonl", "--sample", "20000"],
            2,
            &["a sample of 20000 is wanted, and there are 15000 cases"],
        ),
        (&["--out", "no/such/t.jsonl"], 7, &["no/such/t.jsonl cannot be written"]),
    ] {
        let ended = place.unbent(["generate", "trap"].iter().chain(line));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{line:?}: {}", ended.stderr);
        for part in parts {
            assert!(ended.stderr.contains(part), "{line:?}: no {part:?} in:\n{}", ended.stderr);
        }
        assert!(place.files() == before, "{line:?} wrote something");
    }
}
