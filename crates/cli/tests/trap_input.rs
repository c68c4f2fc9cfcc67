//! What `unbent run trap` is given and cannot use: said with file, line and column, before a run file is made.

mod program;

use std::fs;

use self::program::Place;

#[test]
fn a_rule_pack_that_cannot_be_used_is_refused_with_its_place_and_leaves_no_run_file() {
    for (text, place_of, why) in [
        ("[pack]\nid = \"own\"\n", "line 1, column 1", "missing field `version`"),
        ("[pack]\nid = \"own\"\nversion = 1\n", "line 3, column 11", "invalid type"),
        (
            "[pack]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"r\"\nclass = \"TRUE_PASS\"\nall = [\"none\"]\n",
            "line 7, column 8",
            "there is no signal \"none\"",
        ),
        (
            "[pack]\nid = \"own\"\nversion = \"1\"\n[[signal]]\nid = \"s\"\nabout = \"-\"\npatterns = [\"(\"]\n",
            "line 7, column 13",
            "not a regular expression",
        ),
        (
            "[pack]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"r\"\nclass = \"TRUE_PASS\"\nnone = [\"@long\"]\n",
            "line 5, column 6",
            "decide by default",
        ),
    ] {
        let place = Place::new();
        place.put("own.toml", text);
        let line = ["run", "trap", "--model", "sim/steadfast", "--rules", "own.toml", "--out", "t.unbent"];
        let ended = place.unbent(line);
        assert_eq!(ended.code, Some(5), "{}", ended.stderr);
        for part in ["own.toml", place_of, why] {
            assert!(ended.stderr.contains(part), "no {part:?} in:\n{}", ended.stderr);
        }
        let left: Vec<_> =
            fs::read_dir(place.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["own.toml"], "{}", ended.stderr);
    }
}
