//! `unbent judges`: simulated judges of known bias and noise are found out through gradings of one run.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod program;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use program::Place;

/// A run of two simulated subjects, graded by the rules and twice by a judge that is noisy and two points too low.
fn graded() -> Place {
    let place = Place::new();
    let models = ["--model", "sim/steadfast", "--model", "sim/yielding?p=0.5"];
    let run = [&["run", "independence"][..], &models, &["--repeats", "4", "--out", "a.unbent"]].concat();
    assert_eq!(place.unbent(run).code, Some(0));
    let judge = "sim/noisy-judge?sd=1&bias=-2&flip=0.2";
    let again = place.unbent(["rejudge", "a.unbent", "--judge", judge, "--repeats", "2"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    place
}

/// The rows of a table of judges.
fn rows(place: &Place, table: &str, extra: &[&str]) -> Vec<Value> {
    let line = ["judges", "a.unbent", "--json", "--only", table].into_iter().chain(extra.iter().copied());
    let told = place.unbent(line);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    let tables: Value = serde_json::from_str(&told.stdout).unwrap();
    tables[0]["rows"].as_array().unwrap().clone()
}

fn of<'r>(rows: &'r [Value], score: &str) -> &'r Value {
    rows.iter().find(|row| row["score"] == score).unwrap()
}

#[test]
fn a_judge_of_known_bias_and_noise_is_found_out() {
    let place = graded();
    let judges = rows(&place, "judges", &[]);
    assert_eq!(judges.len(), 2, "{judges:?}");
    assert_eq!((&judges[1]["gradings"], &judges[1]["n"]), (&2.into(), &120.into()));
    assert_eq!(judges[1]["simulated"], true);

    let agreement = rows(&place, "agreement", &[]);
    let stability = of(&agreement, "consistency_score");
    assert_eq!((&stability["n"], &stability["one_only"]), (&40.into(), &0.into()));
    let difference = stability["difference"].as_f64().unwrap();
    assert!((-2.5..-0.8).contains(&difference), "two points too low, less where the scale ends: {stability}");
    assert!(stability["difference_high"].as_f64().unwrap() < 0.0, "{stability}");
    let kappa = stability["kappa"].as_f64().unwrap();
    assert!(kappa > 0.4 && kappa < 1.0, "{stability}");
    assert!(
        stability["kappa_low"].as_f64().unwrap() <= kappa
            && kappa <= stability["kappa_high"].as_f64().unwrap()
    );
    let kept = of(&agreement, "identity_maintained");
    assert!(kept["agreed"].as_f64().unwrap() < 95.0 && kept["agreed"].as_f64().unwrap() > 60.0, "{kept}");

    let consistency = rows(&place, "consistency", &[]);
    let own = of(&consistency, "consistency_score");
    let deviation = own["deviation"].as_f64().unwrap();
    assert!((0.4..1.5).contains(&deviation), "a point of noise, less where the scale ends: {own}");
    assert!(own["identical"].as_f64().unwrap() < 80.0 && own["intraclass"].as_f64().unwrap() > 0.5, "{own}");

    let bias = rows(&place, "bias", &[]);
    assert_eq!(bias[0]["metric"], "index");
    assert!(bias[0]["high"].as_f64().unwrap() < 0.0, "{bias:?}");
    let preference = rows(&place, "self_preference", &[]);
    assert!(
        preference.iter().all(|row| row["favour"].is_null() && row["why_not"].is_string()),
        "{preference:?}"
    );

    let shown = place.unbent(["judges", "a.unbent"]).stdout;
    for said in ["(simulated)", "Position: every judge here sees one answer at a time", "No labels of people"]
    {
        assert!(shown.contains(said), "{shown}");
    }
    let csv = place.unbent(["judges", "a.unbent", "--only", "alpha", "--csv"]).stdout;
    assert!(csv.starts_with("score,raters,n,alpha,low,high,units\r\n"), "{csv}");
}

#[test]
fn labels_of_people_tell_what_a_judge_gets_wrong_and_mistakes_in_them_are_located() {
    let place = graded();
    let mut labels = "case,subject,repeat,score,value\n".to_owned();
    for (subject, kept) in [("sim/steadfast", true), ("sim/yielding?p=0.5", false)] {
        for case in 1..=5 {
            for repeat in 1..=4 {
                labels +=
                    &format!("strong/tool_role/rs0{case},{subject},{repeat},identity_maintained,{kept}\n");
            }
        }
    }
    place.put("labels.csv", &labels);
    let found = rows(&place, "labels", &["--labels", "labels.csv"]);
    let by =
        |judge: &str| found.iter().find(|row| row["judge"].as_str().unwrap().starts_with(judge)).unwrap();
    let (rules, noisy) = (by("sim/rule-judge"), by("sim/noisy-judge"));
    assert_eq!((rules["sensitivity"].as_f64(), &rules["n"]), (Some(100.0), &40.into()), "{rules}");
    let sensitivity = noisy["sensitivity"].as_f64().unwrap();
    assert!((50.0..100.0).contains(&sensitivity), "one in five is wrong: {noisy}");
    assert!(rules["corrected_low"].as_f64().unwrap() < rules["corrected"].as_f64().unwrap(), "{rules}");

    for (text, said) in [
        (labels.replace(",false\n", ",perhaps\n"), "line 22, column value: \"perhaps\" is not true or false"),
        (
            labels.replace("rs03", "rs93"),
            "line 10, column case: \"strong/tool_role/rs93\" is not a case of the run",
        ),
        ("case;score\n".to_owned(), "line 1, column 1"),
    ] {
        place.put("labels.csv", text);
        let refused = place.unbent(["judges", "a.unbent", "--labels", "labels.csv"]);
        assert_eq!(refused.code, Some(5), "{}", refused.stderr);
        assert!(refused.stderr.contains(said) && refused.stderr.contains("labels.csv"), "{}", refused.stderr);
    }
}

#[test]
fn what_every_two_judges_said_is_drawn() {
    let place = graded();
    place.put(
        "labels.csv",
        "case,subject,repeat,score,value\nstrong/tool_role/rs01,sim/steadfast,1,identity_maintained,true\n",
    );
    let line = ["judges", "a.unbent", "--labels", "labels.csv", "--figures", "drawn", "--json"];
    let ended = place.unbent(line);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let tables: Value = serde_json::from_str(&ended.stdout).unwrap();
    let confusion = tables.as_array().unwrap().iter().find(|table| table["id"] == "confusion").unwrap();
    let rows = confusion["rows"].as_array().unwrap();
    let counted: u64 = rows.iter().map(|row| row["n"].as_u64().unwrap()).sum();
    let pairs: BTreeSet<_> =
        rows.iter().map(|row| ["score", "first", "second"].map(|key| row[key].to_string())).collect();
    assert!(
        ended.stderr.contains(&format!("{} figures, each with its data", pairs.len())),
        "{}",
        ended.stderr
    );
    let files = fs::read_dir(place.path("drawn")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 3 * pairs.len(), "{names:?}");
    let mut drawn = 0;
    for name in names.iter().filter(|name| name.contains(".csv")) {
        let csv = fs::read_to_string(place.path("drawn").join(name)).unwrap();
        let place = csv.lines().next().unwrap().split(',').position(|column| column == "count").unwrap();
        let cells =
            csv.lines().skip(1).map(|line| line.split(',').nth(place).unwrap().parse::<u64>().unwrap());
        drawn += cells.sum::<u64>();
    }
    assert_eq!(drawn, counted, "every pair of grades is in a cell");
    let people = "confusion_identity_maintained_sim-rule-judge_human.svg";
    let svg = fs::read_to_string(place.path("drawn").join(people)).unwrap();
    assert!(svg.contains("identity maintained") && svg.contains("SIMULATED"), "{svg}");

    let run = ["run", "independence", "--model", "sim/steadfast", "--out", "one.unbent"];
    assert_eq!(place.unbent(run).code, Some(0));
    let none = place.unbent(["judges", "one.unbent", "--figures", "none"]);
    assert_eq!(none.code, Some(3), "{}", none.stderr);
    assert!(none.stderr.contains("unbent rejudge"), "{}", none.stderr);
}

#[test]
fn classes_of_the_trap_are_compared_and_what_no_judge_decides_is_refused() {
    let place = Place::new();
    let run = ["run", "trap", "--model", "sim/yielding?p=0.3", "--sample", "40", "--set", "judge=all"];
    assert_eq!(place.unbent(run.iter().copied().chain(["--out", "a.unbent"])).code, Some(0));
    let judge = "sim/noisy-judge?flip=0.3";
    let again = place.unbent(["rejudge", "a.unbent", "--judge", judge]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let agreement = rows(&place, "agreement", &[]);
    let verdict = of(&agreement, "judge");
    assert_eq!((&verdict["n"], verdict["weights"].as_str()), (&40.into(), Some("none")));
    let agreed = verdict["agreed"].as_f64().unwrap();
    assert!((45.0..90.0).contains(&agreed), "three in ten are wrong: {verdict}");
    let confusion = rows(&place, "confusion", &[]);
    let counted: u64 = confusion.iter().map(|row| row["n"].as_u64().unwrap()).sum();
    assert_eq!(counted, 40);

    let refuse = |line: &[&str], code: i32, said: &str| {
        let refused = place.unbent(line.iter().copied());
        assert_eq!(refused.code, Some(code), "{}", refused.stderr);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    };
    refuse(&["judges", "a.unbent", "--csv"], 2, "--only agreement");
    refuse(&["judges", "a.unbent", "--only", "mood"], 2, "self_preference");
    refuse(&["judges", "a.unbent", "--only", "labels"], 3, "--labels FILE");
    let never = ["run", "trap", "--model", "sim/steadfast", "--sample", "8", "--set", "judge=never"];
    assert_eq!(place.unbent(never.iter().copied().chain(["--out", "never.unbent"])).code, Some(0));
    refuse(&["judges", "never.unbent"], 3, "judge=all");
}
