//! Checks a pack: what would break a run is an error, what would spoil a measurement quietly is a warning.

use std::collections::BTreeSet;

use super::item::Item;
use super::pack::{PACK_FILE, Pack, RUBRICS_FILE, Rubrics};
use crate::kit::{FieldKind, Finding, Rubric};

/// Words that would tell a subject that it is being measured.
const CUES: [&str; 9] = [
    "benchmark",
    "evaluation",
    "evaluated",
    "being tested",
    "this is a test",
    "scored",
    "rubric",
    "judge",
    "experiment",
];

/// What is wrong, or merely odd, with these texts.
pub(super) fn lint(pack: &Pack, rubrics: &Rubrics) -> Vec<Finding> {
    let mut findings = Vec::new();
    if pack.pack.suite != "independence" {
        findings.push(error("pack.suite", format!("is {:?}, not \"independence\"", pack.pack.suite)));
    }
    for (place, text) in subject_texts(pack) {
        lint_subject_text(&mut findings, &place, text);
    }
    lint_wish(&mut findings, pack);
    lint_tool(&mut findings, pack);
    lint_ids(&mut findings, pack);
    lint_rubrics(&mut findings, rubrics);
    findings
}

fn error(place: impl AsRef<str>, message: impl Into<String>) -> Finding {
    Finding::error(format!("{PACK_FILE}: {}", place.as_ref()), message)
}

fn warning(place: impl AsRef<str>, message: impl Into<String>) -> Finding {
    Finding::warning(format!("{PACK_FILE}: {}", place.as_ref()), message)
}

/// Every text that a subject reads, with its place.
fn subject_texts(pack: &Pack) -> Vec<(String, &str)> {
    let (system, identity) = (&pack.system, &pack.identity);
    let mut texts = vec![
        ("system.strong".to_owned(), system.strong.as_str()),
        ("system.length_guidance".to_owned(), &system.length_guidance),
        ("system.tool_role_suffix".to_owned(), &system.tool_role_suffix),
        ("system.tool_context_note".to_owned(), &system.tool_context_note),
        ("tool.description".to_owned(), &pack.tool.description),
        ("tool.parameter_description".to_owned(), &pack.tool.parameter_description),
        ("dialogue.bridge".to_owned(), &pack.dialogue.bridge),
        ("dialogue.greeting".to_owned(), &pack.dialogue.greeting),
        ("dialogue.boundary_opener".to_owned(), &pack.dialogue.boundary_opener),
        ("identity.companion_wish".to_owned(), &identity.companion_wish),
        ("identity.direct".to_owned(), &identity.direct),
        ("identity.tool_context".to_owned(), &identity.tool_context),
        ("identity.negotiation_turn1".to_owned(), &identity.negotiation_turn1),
        ("identity.negotiation_turn2".to_owned(), &identity.negotiation_turn2),
        ("identity.name_gender_turn1".to_owned(), &identity.name_gender_turn1),
        ("identity.name_gender_turn2".to_owned(), &identity.name_gender_turn2),
    ];
    texts.extend(system.neutral.as_deref().map(|text| ("system.neutral".to_owned(), text)));
    texts.extend(
        identity
            .questions
            .iter()
            .map(|question| (format!("questions.{}", question.id), question.text.as_str())),
    );
    for boundary in &pack.boundary {
        texts.push((format!("boundary.{}.setup", boundary.id), &boundary.setup));
        texts.push((format!("boundary.{}.pressure", boundary.id), &boundary.pressure));
    }
    for topic in &pack.stability {
        texts.push((format!("stability.{}.question", topic.id), &topic.question));
        texts.push((format!("stability.{}.contradiction", topic.id), &topic.contradiction));
    }
    texts
}

fn lint_subject_text(findings: &mut Vec<Finding>, place: &str, text: &str) {
    if text.trim().is_empty() {
        findings.push(error(place, "is empty"));
    } else if text.trim() != text {
        findings.push(error(place, "begins or ends with white space"));
    }
    let lower = text.to_lowercase();
    for cue in CUES.iter().filter(|cue| lower.contains(*cue)) {
        findings.push(warning(place, format!("tells the subject that it is being measured: {cue:?}")));
    }
}

fn lint_wish(findings: &mut Vec<Finding>, pack: &Pack) {
    let texts = [
        ("identity.tool_context", &pack.identity.tool_context),
        ("identity.negotiation_turn2", &pack.identity.negotiation_turn2),
    ];
    for (place, text) in texts {
        if text.matches("{{wish}}").count() != 1 {
            findings.push(error(place, "must hold {{wish}} once"));
        }
    }
    for (place, text) in subject_texts(pack) {
        let may_hold_wish = texts.iter().any(|(other, _)| *other == place);
        if text.contains("{{") && !(may_hold_wish && text.replace("{{wish}}", "").find("{{").is_none()) {
            findings.push(error(place, "holds a placeholder that nothing fills"));
        }
    }
}

fn lint_tool(findings: &mut Vec<Finding>, pack: &Pack) {
    let tool = &pack.tool;
    let is_plain = |name: &str| {
        (1..=64).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    for (place, name) in [("tool.name", &tool.name), ("tool.parameter", &tool.parameter)] {
        if !is_plain(name) {
            findings.push(error(
                place,
                "must be 1 to 64 letters, digits, _ or -: providers refuse anything else",
            ));
        }
    }
    if !pack.system.tool_role_suffix.contains(&tool.name) {
        findings.push(error("system.tool_role_suffix", format!("does not name the tool {}", tool.name)));
    }
}

fn lint_ids(findings: &mut Vec<Finding>, pack: &Pack) {
    let mut seen = BTreeSet::new();
    let questions = pack.identity.questions.iter().map(|question| question.id.as_str());
    for id in Item::graded(pack).chain(["names", "judge"]).chain(questions) {
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            findings.push(error(id, "an id must be of letters, digits and _"));
        }
        if !seen.insert(id) {
            findings.push(error(id, "stands twice, or is a name that the suite keeps for itself"));
        }
    }
    let prefixed = pack.boundary.iter().map(|boundary| (&boundary.id, "rs"));
    for (id, prefix) in prefixed.chain(pack.stability.iter().map(|topic| (&topic.id, "pt"))) {
        if !id.starts_with(prefix) {
            findings.push(error(id, format!("must begin with {prefix}: scoring tells scenarios by it")));
        }
    }
    for (place, n) in [
        ("identity.questions", pack.identity.questions.len()),
        ("boundary", pack.boundary.len()),
        ("stability", pack.stability.len()),
    ] {
        match n {
            0 => findings.push(error(place, "has no entry")),
            5 => {}
            n => {
                findings.push(warning(place, format!("has {n} entries; the published index is made from 5")));
            }
        }
    }
}

/// The fields that the index is made from, by rubric.
const SCORED: [(&str, &[(&str, FieldKind)]); 8] = {
    const PROFILE: [(&str, FieldKind); 3] = [
        ("distinctiveness", FieldKind::Score),
        ("non_assistant_likeness", FieldKind::Score),
        ("internal_consistency", FieldKind::Score),
    ];
    [
        ("direct", &PROFILE),
        ("psych_batch", &PROFILE),
        ("tool_context", &PROFILE),
        (
            "negotiation",
            &[
                ("distinctiveness", FieldKind::Score),
                ("non_assistant_likeness", FieldKind::Score),
                ("internal_consistency", FieldKind::Score),
                ("drift_from_initial", FieldKind::Score),
            ],
        ),
        ("name_gender", &[("name_changed", FieldKind::Flag), ("gender_changed", FieldKind::Flag)]),
        (
            "boundary",
            &[
                ("resistance_score", FieldKind::Score),
                ("identity_maintained", FieldKind::Flag),
                ("quality_of_reasoning", FieldKind::Score),
            ],
        ),
        ("stability", &[("consistency_score", FieldKind::Score), ("graceful_handling", FieldKind::Score)]),
        ("names", &[("names", FieldKind::Names), ("primary_name", FieldKind::OptionalText)]),
    ]
};

/// How many texts the judge of a scenario is shown, by rubric.
const MATERIALS: [(&str, usize); 8] = [
    ("direct", 1),
    ("psych_batch", 1),
    ("tool_context", 2),
    ("negotiation", 3),
    ("name_gender", 3),
    ("boundary", 3),
    ("stability", 4),
    ("names", 3),
];

fn lint_rubrics(findings: &mut Vec<Finding>, rubrics: &Rubrics) {
    let place = |id: &str| format!("{RUBRICS_FILE}: {id}");
    if !rubrics.judge.output.contains("{{fields}}") {
        findings.push(Finding::error(place("judge.output"), "does not hold {{fields}}"));
    }
    for (id, wanted) in SCORED {
        let Some(rubric) = rubrics.find(id) else {
            findings.push(Finding::error(place(id), "there is no such rubric"));
            continue;
        };
        if rubric.fields.first().is_none_or(|field| field.name != "reasoning") {
            findings.push(Finding::warning(place(id), "the reasoning does not come before the grades"));
        }
        for (name, kind) in wanted {
            if !has(rubric, name, *kind) {
                findings
                    .push(Finding::error(place(id), format!("has no field {name:?} of the kind {kind:?}")));
            }
        }
    }
    for (id, wanted) in MATERIALS {
        if let Some(rubric) = rubrics.find(id)
            && rubric.materials.len() != wanted
        {
            let n = rubric.materials.len();
            findings.push(Finding::error(
                place(id),
                format!("labels {n} texts, but the judge is shown {wanted}"),
            ));
        }
    }
}

fn has(rubric: &Rubric, name: &str, kind: FieldKind) -> bool {
    rubric.fields.iter().any(|field| field.name == name && field.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::lint;
    use crate::independence::pack::{Loaded, load};
    use crate::kit::Severity;

    fn findings(spoil: impl FnOnce(&mut Loaded)) -> Vec<(Severity, String)> {
        let mut loaded = load(None).unwrap();
        spoil(&mut loaded);
        let findings = lint(&loaded.pack, &loaded.rubrics);
        findings.into_iter().map(|finding| (finding.severity, finding.place)).collect()
    }

    #[test]
    fn the_built_in_pack_is_clean() {
        assert_eq!(findings(|_| ()), []);
    }

    #[test]
    fn what_would_break_a_run_is_an_error() {
        type Spoil = fn(&mut Loaded);
        let spoils: [(&str, Spoil); 7] = [
            ("pack.toml: identity.direct", |l| l.pack.identity.direct.push(' ')),
            ("pack.toml: identity.tool_context", |l| l.pack.identity.tool_context = "no wish".into()),
            ("pack.toml: stability.pt01.question", |l| l.pack.stability[0].question = "{{name}}?".into()),
            ("pack.toml: tool.name", |l| l.pack.tool.name = "say it".into()),
            ("pack.toml: rs01", |l| l.pack.boundary[1].id = "rs01".into()),
            ("rubrics.toml: stability", |l| l.rubrics.rubrics.retain(|rubric| rubric.id != "stability")),
            ("rubrics.toml: boundary", |l| {
                let boundary = l.rubrics.rubrics.iter_mut().find(|rubric| rubric.id == "boundary").unwrap();
                boundary.materials.pop();
            }),
        ];
        for (place, spoil) in spoils {
            let found = findings(spoil);
            assert!(found.contains(&(Severity::Error, place.to_owned())), "{place}: {found:?}");
        }
    }

    #[test]
    fn what_would_spoil_a_measurement_is_a_warning() {
        let found = findings(|l| l.pack.identity.direct = "This is a test of who you are.".into());
        assert_eq!(found, [(Severity::Warning, "pack.toml: identity.direct".to_owned())]);
        let found = findings(|l| {
            l.pack.stability.pop();
        });
        assert_eq!(found, [(Severity::Warning, "pack.toml: stability".to_owned())]);
    }
}
