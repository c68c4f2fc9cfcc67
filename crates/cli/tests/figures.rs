//! `unbent figures`: what is written for a real run, what is left out and why, and what it says when it cannot.

mod program;

use std::fs;

use serde_json::Value;

use self::program::Place;

const INCOMPLETE: i32 = 3;
const USAGE: i32 = 2;
const IO: i32 = 7;

/// A run of two simulated subjects under two conditions, which leaves out a size and nothing else.
fn place() -> Place {
    let place = Place::new();
    let line = "run trap --model sim/refuse --model sim/echo --sample 32 --set judge=all --set condition=none,authority --out a.unbent";
    let ended = place.unbent(line.split(' '));
    assert!(place.path("a.unbent").is_file(), "{}", ended.stderr);
    place
}

#[test]
fn figures_of_a_run_are_written_with_their_data_and_what_is_left_out_is_said() {
    let place = place();
    let ended = place.unbent(["figures", "a.unbent", "--out", "drawn/here", "--json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let left_out: Vec<_> =
        told["left_out"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(left_out, ["fig3_architecture_success"]);
    assert!(told["left_out"][0]["why"].as_str().unwrap().contains("how large"));
    let figures = told["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 10);
    for figure in figures {
        let read = |form: &str| fs::read_to_string(place.path(figure[form].as_str().unwrap())).unwrap();
        let (svg, csv) = (read("svg"), read("csv"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{figure}");
        assert!(svg.contains("SIMULATED") && svg.contains("role=\"img\""), "{figure}");
        assert!(csv.starts_with("panel,group,series,x,value,low,high,count,n\r\n"), "{figure}");
        assert_eq!(csv.lines().count() as u64, figure["rows"].as_u64().unwrap() + 1);
    }
    // Two files each, and nothing that was written beside.
    assert_eq!(fs::read_dir(place.path("drawn/here")).unwrap().count(), 20);

    // The same again gives the same bytes; the dark theme gives others, and the same data.
    let name = "fig5_three_layer_metrics";
    let read = |folder: &str, form: &str| fs::read(place.path(&format!("{folder}/{name}.{form}"))).unwrap();
    let before = read("drawn/here", "svg");
    for (folder, dark) in [("drawn/here", None), ("dark", Some("--dark"))] {
        let line = ["figures", "a.unbent", "--only", "fig5", "--out", folder];
        let ended = place.unbent(line.into_iter().chain(dark));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(
            ended.stdout.contains("Three layers") && ended.stdout.contains("1 figures"),
            "{}",
            ended.stdout
        );
    }
    assert_eq!(read("drawn/here", "svg"), before);
    assert_ne!(read("dark", "svg"), before);
    assert_eq!(read("dark", "csv"), read("drawn/here", "csv"));
    assert_eq!(fs::read_dir(place.path("dark")).unwrap().count(), 2);

    // One that is asked for and cannot be drawn is missed.
    let ended = place.unbent(["figures", "a.unbent", "--only", "fig3_architecture_success", "--out", "none"]);
    assert_eq!(ended.code, Some(INCOMPLETE));
    assert!(ended.stdout.contains("left out: fig3_architecture_success"), "{}", ended.stdout);
    let ended = place.unbent(["figures", "a.unbent", "--only", "fig12", "--out", "none"]);
    assert_eq!(ended.code, Some(USAGE));
    assert!(ended.stderr.contains("fig10_failure_direction"), "{}", ended.stderr);

    // A folder that cannot be made is said, and nothing is written over it.
    place.put("taken", "a file");
    let ended = place.unbent(["figures", "a.unbent", "--out", "taken"]);
    assert_eq!(ended.code, Some(IO));
    assert!(ended.stderr.contains("taken") && ended.stderr.contains("--out"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(place.path("taken")).unwrap(), "a file");
}

#[test]
fn a_suite_without_figures_says_so() {
    let place = Place::new();
    let line = "run independence --model sim/steadfast --limit 2 --out i.unbent";
    assert_eq!(place.unbent(line.split(' ')).code, Some(0));
    let ended = place.unbent(["figures", "i.unbent", "--out", "figures"]);
    assert_eq!(ended.code, Some(USAGE));
    assert!(
        ended.stderr.contains("independence has no figures") && ended.stderr.contains("unbent leaderboard")
    );
    assert!(!place.path("figures").exists());
}
