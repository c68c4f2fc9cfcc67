//! `unbent import instrument-trap`: answers recorded by the Instrument Trap Benchmark, evaluated by our rules.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use unbent_core::{Case, Clock as _, History, NeedKey, Outcome, Step, SuiteRecord};
use unbent_report::{Cell, Column, Table};
use unbent_store::import::instrument_trap::{Asked, Trap, TrapReport, import_instrument_trap};
use unbent_suites::kit::Setup;
use unbent_suites::trap::{self, Category, Condition, Language, Prompt, Scored, Slots, Spec};

use super::{import_error, listed};
use crate::command::run::program;
use crate::error::{CommandError, Exit};
use crate::output::{self, harmless};
use crate::progress::{ImportBar, Telling};
use crate::session::{ProgramClock, open_suite};

/// So many lines about files or records are told to a person; programs get all.
const TOLD: usize = 20;

pub(super) fn import(paths: &[PathBuf], out: &Path, json: bool) -> Result<Exit, CommandError> {
    let never = [("judge".to_owned(), "never".to_owned())];
    let suite = open_suite(trap::REGISTRATION.id, &Setup { params: never.into(), ..Setup::default() })?;
    let evaluate = |case: &Case, history: &History| match suite.next(case, history) {
        Ok(Step::Done(outcome)) => Ok(outcome),
        Ok(Step::Needs(_)) => Err("the suite asks for more than the answer".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let record = record(suite.record());
    let trap = Trap {
        record: &record,
        need: &NeedKey::from(trap::ANSWER),
        case: &case,
        evaluate: &evaluate,
        is_undetermined: &is_undetermined,
    };
    let now_ms = ProgramClock::from_environment().now_ms();
    let bar = ImportBar::new(Telling::suiting(json));
    let report = import_instrument_trap(paths, trap, out, now_ms, program(), &mut |at| bar.show(at));
    bar.end();
    let report = report.map_err(import_error)?;
    if json {
        output::line(&format!("{:#}", as_json(&report, out)));
    } else {
        tell(&report, out);
    }
    Ok(if report.damaged.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// What the run file records of the suite: the rules that answers were evaluated by, and what a judge is asked when they
/// are graded again. The pack is absent, since the subjects were asked with the source's own texts.
fn record(full: SuiteRecord) -> SuiteRecord {
    let evaluates = |name: &str| matches!(name, "rules.toml" | "judge.toml");
    SuiteRecord {
        params: Map::from_iter([("judge".to_owned(), Value::from("open"))]),
        pack: None,
        files: full.files.into_iter().filter(|(name, _)| evaluates(name)).collect(),
        ..full
    }
}

fn case(asked: &Asked<'_>) -> Result<Case, String> {
    let condition: Condition = asked.condition.parse().map_err(|error| format!("{error}"))?;
    let category: Category = asked.category.parse().map_err(|error| format!("{error}"))?;
    let prompt = Prompt {
        id: asked.id.to_owned(),
        category,
        family: None,
        claim: asked.claim.to_owned(),
        template: None,
        slots: Slots::default(),
        language: Language::default(),
    };
    let spec = Spec { condition, prompt };
    Ok(Case {
        suite: trap::REGISTRATION.id.into(),
        id: spec.case_id(),
        spec: serde_json::to_value(spec).map_err(|error| error.to_string())?,
        world: None,
        inherits: Vec::new(),
    })
}

fn is_undetermined(outcome: &Outcome) -> bool {
    let scored = outcome.scores().and_then(Scored::read);
    scored.is_some_and(|scored| scored.verdict().class().is_none())
}

fn as_json(report: &TrapReport, out: &Path) -> Value {
    let subjects = report.subjects.iter().map(|subject| {
        json!({
            "subject": subject.label,
            "condition": subject.condition,
            "file": subject.file,
            "n": subject.records,
            "scored": subject.scored,
            "undetermined": subject.undetermined,
            "unscored": subject.unscored,
        })
    });
    json!({
        "file": out,
        "files": report.files,
        "records": report.records,
        "scored": report.scored(),
        "undetermined": report.undetermined(),
        "unscored": report.unscored(),
        "subjects": subjects.collect::<Vec<_>>(),
        "damaged": listed(&report.damaged),
        "skipped": listed(&report.skipped),
        "notes": report.notes,
    })
}

fn tell(report: &TrapReport, out: &Path) {
    let file = out.display();
    let mut table = Table::new(
        format!(
            "{file}: {} records of {} subjects in {} files; {} scored ({} of them undetermined by the rules), {} unscored",
            report.records,
            report.subjects.len(),
            report.files,
            report.scored(),
            report.undetermined(),
            report.unscored()
        ),
        vec![
            Column::text("subject", "Subject"),
            Column::text("condition", "Condition"),
            Column::number("n", "n"),
            Column::number("scored", "Scored"),
            Column::number("undetermined", "Undetermined"),
            Column::number("unscored", "Unscored"),
            Column::text("file", "File"),
        ],
    );
    for subject in &report.subjects {
        table.rows.push(vec![
            Cell::Text(harmless(&subject.label)),
            Cell::Text(subject.condition.clone()),
            Cell::Count(subject.records),
            Cell::Count(subject.scored),
            Cell::Count(subject.undetermined),
            Cell::Count(subject.unscored),
            Cell::Text(subject.file.display().to_string()),
        ]);
    }
    table.notes = report.notes.iter().map(|note| harmless(note)).collect();
    output::out(&table.to_text(output::terminal_width()));
    list("skipped", &report.skipped);
    list("damaged", &report.damaged);
    if output::is_watched() {
        output::err_line(&format!("see how they rank: unbent leaderboard {file}"));
    }
}

fn list(what: &str, files: &[(PathBuf, String)]) {
    for (path, why) in files.iter().take(TOLD) {
        output::err_line(&format!("{what}: {}: {}", path.display(), harmless(why)));
    }
    if files.len() > TOLD {
        output::err_line(&format!("{what}: {} more; all of them with --json", files.len() - TOLD));
    }
}
