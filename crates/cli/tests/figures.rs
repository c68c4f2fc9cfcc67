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
    assert_eq!(left_out, ["fig3_architecture_success", "ranks", "cost"], "null subjects have no rank");
    assert!(told["left_out"][0]["why"].as_str().unwrap().contains("how large"));
    let figures = told["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 12);
    for figure in figures {
        let drawn = figure["drawn"].as_array().unwrap();
        let formats: Vec<_> = drawn.iter().map(|drawn| drawn["format"].as_str().unwrap()).collect();
        assert_eq!(formats, ["svg", "png"], "{figure}");
        let read = |file: &Value| fs::read(place.path(file.as_str().unwrap())).unwrap();
        let svg = String::from_utf8(read(&drawn[0]["file"])).unwrap();
        let csv = String::from_utf8(read(&figure["csv"])).unwrap();
        assert!(read(&drawn[1]["file"]).starts_with(b"\x89PNG\r\n"), "{figure}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{figure}");
        assert!(svg.contains("SIMULATED") && svg.contains("role=\"img\""), "{figure}");
        assert!(csv.starts_with("panel,group,series,x,value,low,high,count,n\r\n"), "{figure}");
        assert_eq!(csv.lines().count() as u64, figure["rows"].as_u64().unwrap() + 1);
    }
    // Three files each, and nothing that was written beside.
    assert_eq!(fs::read_dir(place.path("drawn/here")).unwrap().count(), 3 * figures.len());

    // The same again gives the same bytes; the dark theme gives others, under another name, and the same data.
    let read = |file: &str| fs::read(place.path(file)).unwrap();
    let drawn = ["drawn/here/fig5_three_layer_metrics.svg", "drawn/here/fig5_three_layer_metrics.png"];
    let before = drawn.map(read);
    let line = ["figures", "a.unbent", "--only", "fig5", "--theme", "both", "--out", "both"];
    let ended = place.unbent(line);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("Three layers") && ended.stdout.contains("1 figure,"), "{}", ended.stdout);
    for (file, before) in drawn.iter().zip(before) {
        let file = file.replace("drawn/here", "both");
        assert_eq!(read(&file), before, "{file}");
        assert_ne!(read(&file.replace("metrics.", "metrics.dark.")), before, "{file}");
    }
    assert_eq!(read("both/fig5_three_layer_metrics.csv"), read("drawn/here/fig5_three_layer_metrics.csv"));
    assert_eq!(fs::read_dir(place.path("both")).unwrap().count(), 5);
    let line =
        ["figures", "a.unbent", "--only", "fig5", "--theme", "dark", "--format", "png", "--out", "dark"];
    assert_eq!(place.unbent(line).code, Some(0));
    assert_eq!(fs::read_dir(place.path("dark")).unwrap().count(), 2);
    assert_eq!(
        read("dark/fig5_three_layer_metrics.dark.png"),
        read("both/fig5_three_layer_metrics.dark.png")
    );

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
fn every_suite_has_the_figures_of_its_metrics() {
    let place = Place::new();
    let line = "run independence --model sim/steadfast --model sim/yielding?p=0.3 --model sim/refuse --repeats 2 --out i.unbent";
    assert_eq!(place.unbent(line.split(' ')).code, Some(0));
    let ended = place.unbent(["figures", "i.unbent", "--out", "figures", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let names = |what: &str| {
        let rows = told[what].as_array().unwrap();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("figures"), ["ranks", "metrics", "parts"]);
    assert_eq!(names("left_out"), ["cost"], "nobody knows what a simulated subject costs");
    let svg = fs::read_to_string(place.path("figures/metrics.svg")).unwrap();
    assert!(svg.contains("Independence Index") && svg.contains("SIMULATED"));
    // The ranks are those of the leaderboard.
    let board = place.unbent(["leaderboard", "i.unbent", "--json"]);
    let rows: Value = serde_json::from_str(&board.stdout).unwrap();
    let csv = fs::read_to_string(place.path("figures/ranks.csv")).unwrap();
    for row in rows.as_array().unwrap() {
        let [rank, low, high] = ["rank", "rank_low", "rank_high"]
            .map(|key| row[key].as_u64().map_or_else(String::new, |n| n.to_string()));
        assert_eq!(rank.is_empty(), row["config"] == "sim/refuse", "a null subject has no rank: {row}");
        let name = format!(",{},rank,", row["config"].as_str().unwrap());
        let drawn = csv.lines().find(|line| line.contains(&name)).unwrap();
        assert!(drawn.contains(&format!("{name},{rank},{low},{high},")), "{row}: {drawn}");
    }
}
